"""Files that only grow while a run trains, and their checksums."""

import errno
import os
import pathlib
import zlib

PIECE = 2**20  # bytes to read at a time


class GrowingFile:
    """A file that is open for appending, with its `size` in bytes and its CRC-32, `crc`."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._file = open(path, "ab", buffering=0)
        self._measure()

    def append(self, content) -> None:
        """Append the bytes `content`. Raises OSError if the disk is full."""
        if self._file.write(content) != len(content):  # a nearly full disk writes only a part
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self.size += len(content)
        self.crc = zlib.crc32(content, self.crc)

    def cut(self, size) -> None:
        """Cut the file back to its first `size` bytes."""
        self._file.truncate(size)
        self._measure()

    def flush(self) -> None:
        """Flush the content to the disk, so that it survives a power cut."""
        os.fsync(self._file.fileno())

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def _measure(self):
        self.size = self.path.stat().st_size
        self.crc = crc32(self.path, self.size)


def crc32(path, size) -> int | None:
    """The CRC-32 of the first `size` bytes of a file, or None if it is missing or shorter."""
    try:
        with open(path, "rb") as file:
            total = 0
            while size:
                content = file.read(min(size, PIECE))
                if not content:
                    return None
                total = zlib.crc32(content, total)
                size -= len(content)
            return total
    except FileNotFoundError:
        return None
