"""The lock of a run: however many commands share a folder, only one of them makes the run.

The lock is a file beside the run directory, RUN.lock, which names the process that holds it. A
process that is killed can't remove the file. Two signs tell whether the holder is alive:

- It keeps the file locked (flock(2)). The system ends this when the process ends, however it ends.
  So on one machine a lock that was left behind is free at once.
- It changes the time of the file every `BEAT` seconds. Not every file system tells one machine what
  another has locked. So the lock of another machine counts as left behind only if the file, too,
  has not changed for `SILENT` seconds. These are counted here: the clocks need not agree.

What this cannot do: if the file system does not pass on locks, and a machine was suspended, or cut
off from the shared folder, for longer than `SILENT`, two machines can make the same run. Linux's
NFS passes locks on, unless it is mounted with `nolock` or `local_lock`. With NFS before version 4,
the server keeps the locks of a machine that has crashed until it has started again, or until
someone deletes the file. Without `fcntl`, as on Windows, there is only the second sign.
"""

import contextlib
import functools
import json
import os
import pathlib
import socket
import threading
import time

from gan_tf1.errors import InputError

try:
    import fcntl
except ImportError:
    fcntl = None

BEAT = 20.     # seconds between two signs of life of a holder
SILENT = 120.  # seconds without one, after which a holder on another machine counts as ended

_seen = {}  # lock file of another machine -> (its time, when it was first found with this time)


def file_of(path) -> pathlib.Path:
    """The file that locks the run at `path`."""
    return path.with_name(f"{path.name}.lock")


@contextlib.contextmanager
def held(path):
    """Yield whether this process now holds the lock of the run at `path`, until the block ends.

    Raises InputError if the file system knows no locks.
    """
    lock = file_of(path)
    lock.parent.mkdir(parents=True, exist_ok=True)
    file = _taken(lock)
    if file is None:
        yield False
        return
    note, ended = _content(lock), threading.Event()
    beats = threading.Thread(target=_beat, args=(lock, ended), daemon=True)
    beats.start()
    try:
        yield True
    finally:
        ended.set()
        beats.join()
        with contextlib.suppress(OSError):  # Windows does not remove a file that is open
            if _content(lock) == note:  # otherwise another machine has taken the lock over
                lock.unlink()
        os.close(file)


def holder(path) -> str:
    """Who made the lock of the run at `path`: "process 12 on node7"; "" if nobody has."""
    note = _content(file_of(path))
    return f"process {note.get('process')} on {note.get('host')}" if note else ""


def _taken(lock):
    """The open file `lock`, now held by this process, or None if another process holds it."""
    while True:
        with contextlib.ExitStack() as closing:
            try:
                file, new = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
            except FileExistsError:
                try:
                    file, new = os.open(lock, os.O_RDWR), False
                except FileNotFoundError:  # its holder has just removed it
                    continue
            closing.callback(os.close, file)
            if not _locked(file, lock, wait=new):
                return None
            if not _is_at(file, lock):  # its holder has just removed it, and ended
                continue
            if not new and not _left_behind(lock, file):
                return None
            note = {"process": os.getpid(), "host": socket.gethostname(), "machine": machine(),
                    "since": time.time()}
            os.ftruncate(file, 0)
            os.write(file, json.dumps(note).encode() + b"\n")
            os.fsync(file)
            closing.pop_all()
            return file


def _locked(file, lock, wait):
    """Lock the open `file` at `lock`; whether that was possible. With `wait`, until it is.

    The process that makes the file waits: others lock it for a moment only, to look into it.
    """
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return True
    except BlockingIOError:
        return False
    except OSError as error:
        raise InputError(f"{lock} can't be locked ({error.strerror}): give a --work-dir on another "
                         "file system") from error


def _is_at(file, lock):
    try:
        return os.path.samestat(os.fstat(file), os.stat(lock))
    except FileNotFoundError:
        return False


def _left_behind(lock, file):
    """Whether the process that made `lock` has ended, although it did not remove the file."""
    if fcntl and _content(lock).get("machine") == machine():
        return True
    changed = os.fstat(file).st_mtime_ns
    known, since = _seen.get(lock, (None, 0))
    if known != changed:
        _seen[lock] = changed, time.monotonic()
        return False
    return time.monotonic() - since > SILENT


@functools.cache
def machine() -> str:
    """A name for this machine since it was started, or for this container on it.

    Containers count as machines, since each can have a connection of its own to the shared folder.
    """
    try:
        started = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        started = ""
    return f"{socket.gethostname()} {started}"


def _content(lock):
    """The note in the file `lock`, or {} if there is none or it is still being written."""
    try:
        note = json.loads(lock.read_text())
        return note if isinstance(note, dict) else {}
    except (OSError, ValueError):
        return {}


def _beat(lock, ended):
    """Change the time of the file `lock` every `BEAT` seconds until the event `ended`."""
    while not ended.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(lock)
