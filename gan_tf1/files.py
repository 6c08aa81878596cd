"""Files that are whole or not there."""

import contextlib
import os
import pathlib
import tempfile

from gan_tf1.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path` to write to; it takes `path`'s place when the block succeeds.

    A block that fails, or a process that is killed, leaves what was at `path`
    before. Raises InputError where the folder can't be written.
    """
    path = pathlib.Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The temporary name keeps the ending: NumPy and matplotlib choose the format by it.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-",
                                             suffix=path.suffix)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}") from error
    os.close(handle)
    try:
        os.chmod(temporary, 0o666 & ~_umask())
        yield pathlib.Path(temporary)
        os.replace(temporary, path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
