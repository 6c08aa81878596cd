"""Reading the tables and the samples of a run as arrays."""

import math
import pathlib
import zipfile

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.training.run_config import read_config

FIXED = "fixed.f32"  # the images of the same latent vectors over training, of a run with --record
PEAK_MEMORY = "peak_memory.txt"  # of the process that completed the run, in bytes


def load_losses(path, name="losses.csv") -> dict[str, np.ndarray]:
    """The columns of the table `name` in the run directory `path`: a dict name -> float64 [rows].

    The first column is `epoch` or `step`. Raises InputError if the file cannot be read, or if it
    has no rows yet.
    """
    file = pathlib.Path(path) / name
    try:
        return table(file.read_text())
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{file} can't be read: {error}") from error


def table(text) -> dict[str, np.ndarray]:
    """The columns of a CSV table with a header and comments: a dict name -> float64 [rows].

    Raises InputError if `text` is not such a table, or if it has no rows.
    """
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(rows) < 2:
        raise InputError("it has no rows")
    try:
        columns = np.genfromtxt(rows, delimiter=",", names=True, ndmin=1)
        return {name: columns[name] for name in columns.dtype.names}
    except (ValueError, TypeError, IndexError) as error:
        raise InputError(" ".join(str(error).split())) from error


def is_complete(path) -> bool:
    """Whether the run at `path` has all of its epochs: `Run.finish` has removed samples.f32."""
    losses, grown = (pathlib.Path(path) / name for name in ("losses.csv", "samples.f32"))
    return losses.exists() and losses.stat().st_size > 0 and not grown.exists()


def peak_memory(path) -> int | None:
    """The peak memory in bytes of the complete run at `path`, or None if it is not known."""
    try:
        return int((pathlib.Path(path) / PEAK_MEMORY).read_text())
    except (OSError, ValueError):
        return None


def diverged(path, name="losses.csv") -> bool:
    """Whether the run at `path` has stopped at a loss that is not finite, as its table `name` shows."""
    try:
        last = [column[-1] for column in load_losses(path, name).values()]
    except (InputError, IndexError):
        return False
    return not np.isfinite(last).all()


def samples_so_far(path) -> np.ndarray:
    """The samples of a run, complete or not: float32 [epochs, n, ...], with 0 epochs if none.

    Raises InputError if `path` does not contain a run, or if the samples cannot be read.
    """
    path, shape = pathlib.Path(path), read_config(path)["sample_shape"]
    if (path / "samples.npz").exists():
        return load_samples(path)
    return _grown(path / "samples.f32", shape)


def fixed_so_far(path) -> np.ndarray:
    """The images of the same latent vectors after each epoch: float32 [epochs, n, ...], with 0 epochs if none.

    Raises InputError if `path` does not contain a run.
    """
    return _grown(pathlib.Path(path) / FIXED, read_config(path)["sample_shape"])


def _grown(file, shape):
    """The complete sets [sets, *shape] in a file of float32 numbers, which may not exist."""
    if not shape or not file.exists():
        return np.empty((0, *shape), np.float32)
    grown = np.fromfile(file, np.float32)
    return grown[:len(grown) // math.prod(shape) * math.prod(shape)].reshape(-1, *shape)


def load_samples(path) -> np.ndarray:
    """The samples of a complete run: float32 [epochs, n, ...].

    Raises InputError if samples.npz is missing or damaged.
    """
    file = pathlib.Path(path) / "samples.npz"
    try:
        with zipfile.ZipFile(file) as members, members.open("samples.npy") as member:
            return np.lib.format.read_array(member, allow_pickle=False)
    except Exception as error:  # a damaged file can cause any kind of error
        reason = getattr(error, "strerror", None) or error or type(error).__name__
        raise InputError(f"{file} can't be read: {reason}") from error
