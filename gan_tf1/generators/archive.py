"""Unpack a .tar.gz from an untrusted source without writing anything outside of its folder.

`tarfile.extractall(filter="data")` would be enough if it were not for CVE-2025-4517: on several
versions of Python an archive with links can write anywhere. A SavedModel consists of files and
folders only. So this module reads the names and contents of the members with `tarfile`, refuses
everything else, and creates the files itself.
"""

import errno
import gzip
import pathlib
import shutil
import tarfile
import zlib

from gan_tf1.errors import InputError

MEMBERS = 1000         # files and folders; a SavedModel has about ten
TOTAL = 2 * 1024**3    # bytes once unpacked; progan-128 has 92 MB
NAME = 200             # characters, folders included
HEADER = 1024**2       # bytes that tarfile may read at once, since headers can claim any length


def unpack(archive, folder) -> None:
    """Unpack the .tar.gz at path `archive` into the empty `folder`.

    Raises InputError if the archive is damaged, contains an absolute name, a name with `..`, a
    link, a device, or the same name twice, or has more than `MEMBERS` members or `TOTAL` bytes.
    The message names the member. The files unpacked before it stay in `folder`.
    """
    folder = pathlib.Path(folder)
    try:
        with gzip.open(archive) as unzipped, \
                tarfile.open(fileobj=_Bounded(unzipped), mode="r:") as files:
            names = set()
            for member in files:
                parts = _parts(member, names)
                place = folder.joinpath(*parts)
                if member.isdir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                with open(place, "xb") as made:
                    shutil.copyfileobj(files.extractfile(member), made, HEADER)
    except _Refused as error:
        raise InputError(f"{archive} is refused: {error}") from error
    except (tarfile.TarError, EOFError, OSError, RecursionError, ValueError, zlib.error) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{archive} is not a .tar.gz, or it is damaged: {reason}") from error


class _Refused(Exception):
    """The reason why an archive is not unpacked."""


def _parts(member, names):
    """Add `member`'s name to the set `names`, and return its parts; _Refused if it is unsafe."""
    shown = repr(member.name[:NAME])
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise _Refused(f"{shown} is neither a plain file nor a folder")
    parts = pathlib.PurePosixPath(member.name).parts
    # On Windows a backslash separates folders, and a colon follows a drive.
    if member.name.startswith("/") or ".." in parts or len(member.name) > NAME or any(
            not character.isprintable() or character in "\\:" for character in member.name):
        raise _Refused(f"{shown} does not name a place inside of the folder")
    if parts in names:
        raise _Refused(f"{shown} occurs twice")
    if not 0 <= member.size <= TOTAL:
        raise _Refused(f"{shown} has {member.size} bytes, but at most {TOTAL} are unpacked")
    if len(names) >= MEMBERS:
        raise _Refused(f"it has more than {MEMBERS} members")
    names.add(parts)
    return parts


class _Bounded:
    """An unzipped archive, open for reading up to `TOTAL` bytes."""

    def __init__(self, file):
        self._file = file

    def read(self, size):
        """Like a file's `read`; _Refused if `size` is above `HEADER` or passes `TOTAL`."""
        if not 0 <= size <= HEADER:
            raise _Refused("a header is too long")
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, place):
        """Like a file's `seek`; _Refused if it passes `TOTAL`."""
        self._check(place)
        return self._file.seek(place)

    def tell(self):
        """Like a file's `tell`."""
        return self._file.tell()

    def _check(self, place):
        if place > TOTAL:
            raise _Refused(f"it unpacks to more than {TOTAL} bytes")
