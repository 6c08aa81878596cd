"""How much memory and how many cores a process may use, and how much memory it has used.

What cannot fit in memory is refused before it is allocated. Many runs keep all cores busy.
"""

import os
import pathlib
import sys
from collections.abc import Iterator

from gan_tf1.errors import InputError

try:
    import resource
except ImportError:  # on Windows
    resource = None

UNLIMITED = 2**60  # bytes; a control group without a limit states a larger number
PERIOD = 100_000   # microseconds; in version 1 of control groups another file may state another
GROUPS = pathlib.Path("/proc/self/cgroup")  # the control groups of this process
STATUS = pathlib.Path("/proc/self/status")  # what Linux tells of this process
ROOT = pathlib.Path("/sys/fs/cgroup")       # the folder of all control groups


def available() -> int | None:
    """How many bytes of memory this process may use at most, or None if that is not known.

    This is the smallest of the machine's memory and the limits of Linux's control groups.
    """
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return min([machine, *_group_limits()]) if machine > 0 else None


def peak() -> int | None:
    """The peak resident memory of this process in bytes, or None on Windows, where it is not known.

    On Linux it is read from /proc, since `ru_maxrss` there starts at the parent's memory.
    """
    try:
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 2**10 * int(line.split()[1])
    except OSError:
        pass
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 2**10)


def threads() -> int:
    """How many threads TensorFlow computes an op with: TF_NUM_INTRAOP_THREADS, or as many as there are `cores`."""
    stated = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    return int(stated) if stated.isdecimal() and int(stated) else cores()


def cores() -> int:
    """How many processor cores this process may keep busy, at least 1.

    These are the cores that it is bound to, as by a batch system, or fewer if the limits of Linux's
    control groups, as of a container, allow less time.
    """
    try:
        bound = len(os.sched_getaffinity(0))
    except AttributeError:  # elsewhere than on Linux
        bound = os.cpu_count() or 1
    return max(1, int(min([bound, *_group_cores()])))


def _group_limits(groups=GROUPS, root=ROOT) -> Iterator[int]:
    """The limits, in bytes, of the process's control groups and of the groups that contain them."""
    for text in _group_files("memory", "memory.limit_in_bytes", "memory.max", groups, root):
        if text.isdecimal() and 0 < int(text) < UNLIMITED:  # or it says "max"
            yield int(text)


def _group_cores(groups=GROUPS, root=ROOT) -> Iterator[float]:
    """How many cores' time the process's control groups, and those that contain them, may use."""
    for text in _group_files("cpu", "cpu.cfs_quota_us", "cpu.max", groups, root):
        quota, _, period = text.partition(" ")  # microseconds; or "max 100000", or "-1"
        if quota.isdecimal():
            yield int(quota) / int(period or PERIOD)


def _group_files(controller, first, second, groups, root) -> Iterator[str]:
    """The texts of a file of the process's control groups and of the groups that contain them.

    The file is called `first` in version 1 of control groups, and `second` in version 2.
    """
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top, name = (root / controller, first) if controllers else (root, second)
        own = top / path.lstrip("/")
        # In a container the path can be that of the host; then its own group is at the top.
        for folder in (own, *own.parents):
            if not folder.is_relative_to(top):
                break
            try:
                yield (folder / name).read_text().strip()
            except (OSError, ValueError):  # there is no such file
                continue


def refuse_excess(size: float, what: str, margin: float = 1) -> None:
    """Raise InputError if `what`, which takes `size` bytes, exceeds `margin` times the memory."""
    limit = available()
    if limit is not None and size > margin * limit:
        raise InputError(f"{what} would take {in_words(size)} of memory, and this machine has "
                         f"{in_words(limit)}: choose smaller sizes")


def in_words(size: float) -> str:
    """`size`, in bytes, as a text such as "4.2 GB"."""
    for unit, bytes_ in (("TB", 1e12), ("GB", 1e9)):
        if size >= bytes_:
            break
    number = size / bytes_
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.2g} {unit}"
