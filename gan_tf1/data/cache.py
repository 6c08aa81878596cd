"""Data sets that took long to make, drawn or decoded, kept on disk to be read the next time."""

import operator
import os
import pathlib
import sys

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.files import replacing

SAID = 1_000_000  # bytes: a larger new file is announced on stderr


def checked(count, seed) -> list[int]:
    """`count` and `seed` as ints.

    Raises InputError if `count` < 1, if `seed` < 0, or if one of them is not a whole number.
    """
    values = []
    for name, value, least in (("count", count, 1), ("seed", seed, 0)):
        try:
            values.append(operator.index(value))
        except TypeError:
            raise InputError(f"{name} must be a whole number, not {value!r}") from None
        if values[-1] < least:
            raise InputError(f"{name} must be {least} or more, not {value}")
    return values


def load(name, forms, make, cache_dir=None) -> tuple:
    """The NamedTuple of arrays that `make()` returns, read from the file `name`.npz if it is there.

    If it is missing, damaged or has other contents, the arrays are made and stored in it. `forms`
    is the same NamedTuple of each array's (dtype, shape). The default of `cache_dir` is
    `$XDG_CACHE_HOME/gan_tf1`, or `~/.cache/gan_tf1`. A folder that can't be written to is not an
    error. A new file of more than `SAID` bytes is announced on stderr.
    """
    path = file(name, cache_dir)
    arrays = read(path, forms)
    if arrays is None:
        arrays = make()
        keep(path, arrays._asdict())
    return arrays


def file(name, cache_dir=None) -> pathlib.Path:
    """The path of `name`.npz in `cache_dir`, by default `$XDG_CACHE_HOME/gan_tf1`."""
    if cache_dir is None:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        cache_dir = os.path.join(base, "gan_tf1")
    return pathlib.Path(cache_dir, name + ".npz")


def keep(path, arrays) -> None:
    """Store the dict `arrays` in the file at `path`, if that is possible."""
    try:
        with replacing(path) as temporary:
            np.savez(temporary, **arrays)
        size = path.stat().st_size
        if size > SAID:
            print(f"kept for the next time ({size / 1e6:.0f} MB, may be deleted): {path}",
                  file=sys.stderr, flush=True)
    except (InputError, OSError):
        pass  # without the file, the arrays are made again the next time


def decoded(name, checksum, decode, cache_dir=None) -> dict[str, np.ndarray]:
    """The dict of arrays that `decode()` returns, read from the file `name`.npz if it has them.

    `checksum` is that of the files which are decoded. It is stored beside the arrays, so that those
    of other files with the same name are not taken for them.
    """
    path = file(name, cache_dir)
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["checksum"]) == checksum:
                return {field: stored[field] for field in stored.files if field != "checksum"}
    except Exception:  # as in `read`
        pass
    arrays = decode()
    keep(path, {**arrays, "checksum": np.array(checksum)})
    return arrays


def read(path, forms) -> tuple | None:
    """The NamedTuple of arrays in the file at `path`, or None if they don't have these `forms`."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = type(forms)(*(stored[field] for field in forms._fields))
    except Exception:  # a damaged file fails in many ways, and each has the same remedy
        return None
    return arrays if all((array.dtype, array.shape) == form
                         for array, form in zip(arrays, forms)) else None
