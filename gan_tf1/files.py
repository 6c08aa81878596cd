"""Files that are whole or not there."""

import argparse
import contextlib
import errno
import os
import pathlib
import shutil
import tempfile

from gan_tf1.errors import InputError

UNFINISHED = ".writing-"  # how the name of a file begins that isn't whole yet


def flush(path):
    """Make a file's content, or the names in a folder, survive a power cut (`fsync`)."""
    if os.name == "nt" and pathlib.Path(path).is_dir():
        return  # Windows can't open a folder, and keeps its names in order by itself
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that can't
            raise
    finally:
        os.close(handle)


def make_folder(path):
    """Make the folder `path` and those above it, where they are missing, to survive a power cut."""
    path = pathlib.Path(path).absolute()
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        flush(folder.parent)


@contextlib.contextmanager
def replacing(path, flush=flush):
    """A temporary path beside `path` to write to; it takes `path`'s place when the block succeeds.

    A block that fails, a process that is killed, or a power cut leaves what was
    at `path` before. A link is followed. Waiting for the disk takes some
    milliseconds: a caller that passes a `flush` which does nothing saves them,
    but then a power cut can damage the file. Raises InputError if the folder
    can't be written, or if `path` is a folder or a device.
    """
    path = pathlib.Path(path)
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is no file: name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        # The temporary name keeps the ending: NumPy and matplotlib choose the format by it.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED,
                                             suffix=path.suffix)
    except (OSError, RuntimeError) as error:  # a ring of links is a RuntimeError
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} can't be written: {reason}") from error
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


def unoccupied(path):
    """Raise InputError where `path` is a file, or a folder that isn't empty."""
    path = pathlib.Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(f"{path} is occupied, and is not overwritten: name another")


@contextlib.contextmanager
def making(path):
    """A temporary folder beside `path` to fill; it becomes `path` when the block succeeds.

    A block that fails leaves nothing. Raises InputError where `path` is occupied, or can't be made.
    """
    path = pathlib.Path(path)
    try:
        unoccupied(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.mkdtemp(dir=path.parent, prefix=UNFINISHED)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} can't be written: {reason}") from error
    try:
        os.chmod(temporary, 0o777 & ~_umask())
        yield pathlib.Path(temporary)
        os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def user_path(text):
    """An argparse type: a path, `~` expanded, for arguments that must not be empty."""
    try:
        if not text:
            raise ValueError("it is empty")
        return pathlib.Path(text).expanduser()
    except (ValueError, RuntimeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no path: {error}") from error


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
