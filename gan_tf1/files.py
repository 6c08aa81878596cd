"""Files and folders that are written completely, or not at all."""

import argparse
import contextlib
import errno
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator

from gan_tf1.errors import InputError

UNFINISHED = ".writing-"  # the start of the name of a file that is still being written

Path = str | os.PathLike


def flush(path: Path) -> None:
    """Write the content of a file, or the names in a folder, to the disk itself (`fsync`).

    After that, they survive a power cut.
    """
    if os.name == "nt" and pathlib.Path(path).is_dir():
        return  # Windows can't open a folder, and keeps its names consistent by itself
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # the file system can't do it
            raise
    finally:
        os.close(handle)


def flush_all(folder: Path) -> None:
    """`flush` the folder `folder` and everything in it."""
    for path in (*pathlib.Path(folder).rglob("*"), folder):
        flush(path)


def make_folder(path: Path) -> None:
    """Make the folder `path` and all missing folders above it, so that they survive a power cut."""
    path = pathlib.Path(path).absolute()
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        flush(folder.parent)


@contextlib.contextmanager
def replacing(path: Path, flush: Callable[[Path], object] = flush) -> Iterator[pathlib.Path]:
    """Yield a temporary path beside `path` to write to; it replaces `path` if the block succeeds.

    If the block fails, the process is killed or the power is cut, `path` is left as it was before.
    A link is followed. To wait for the disk takes some milliseconds: a caller can save them with
    a `flush` that does nothing, but then a power cut can damage the file. Raises InputError if
    the folder can't be written to, or if `path` is a folder or a device.
    """
    path = pathlib.Path(path)
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a file: name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        # The temporary name keeps the ending: NumPy and matplotlib choose the format by it.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED,
                                             suffix=path.suffix)
    except (OSError, RuntimeError) as error:  # links that form a circle raise RuntimeError
        raise InputError(f"{path} can't be written: {_reason(path, error)}") from error
    os.close(handle)
    try:
        os.chmod(temporary, 0o666 & ~_umask())
        yield pathlib.Path(temporary)
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def unoccupied(path: Path) -> None:
    """Raise InputError if `path` is a file, a folder that is not empty, or the current folder."""
    path = pathlib.Path(path)
    if path.resolve() == pathlib.Path.cwd():
        raise InputError(f"{path} is the current folder: name a new one")
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(f"{path} is occupied, and is not overwritten: name another")


@contextlib.contextmanager
def making(path: Path) -> Iterator[pathlib.Path]:
    """Yield a temporary folder beside `path` to fill; it becomes `path` if the block succeeds.

    If the block fails, nothing is left, and after a power cut `path` is complete or missing. Raises
    InputError if `path` is a file or a folder that is not empty, or if it can't be made.
    """
    path = pathlib.Path(path)
    try:
        path = path.resolve()
        unoccupied(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.mkdtemp(dir=path.parent, prefix=UNFINISHED)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} can't be written: {_reason(path, error)}") from error
    try:
        os.chmod(temporary, 0o777 & ~_umask())
        yield pathlib.Path(temporary)
        flush_all(temporary)
        if path.exists():
            path.rmdir()  # it is empty; Windows can't replace it
        os.rename(temporary, path)
        flush(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def user_path(text: str) -> pathlib.Path:
    """An argparse type: a path with `~` expanded, which must not be empty."""
    try:
        if not text:
            raise ValueError("it is empty")
        return pathlib.Path(text).expanduser()
    except (ValueError, RuntimeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a path: {error}") from error


def data_folder(text: str) -> pathlib.Path:
    """An argparse type: the folder that --data-dir names, as in `user_path`.

    Raises InputError, like `existing_data`, if it doesn't exist.
    """
    return existing_data(user_path(text))


def existing_data(path: Path) -> pathlib.Path:
    """Return `path`, which --data-dir names. Raises InputError if it doesn't exist.

    Without this, a misspelt name would lead to a download, or to drawn data.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise InputError(f"--data-dir {path} doesn't exist: name the folder that holds the data, "
                         "or make an empty one to download the data into it")
    return path


def _reason(path, error):
    """Why `path` can't be written. If a folder above it is a file, `error` says misleading things."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        for above in path.parents:
            if os.path.isfile(above):
                return f"{above} is a file, not a folder"
    return getattr(error, "strerror", None) or error


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
