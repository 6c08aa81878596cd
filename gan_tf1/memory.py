"""How much memory this machine has, so that what cannot fit is refused before it is allocated."""

import os
import pathlib
from collections.abc import Iterator

from gan_tf1.errors import InputError

UNLIMITED = 2**60  # bytes; a control group without a limit states a larger number


def available() -> int | None:
    """How many bytes of memory this process may use at most, or None if that is not known.

    This is the smallest of the machine's memory and the limits of Linux's control groups.
    """
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return min([machine, *_group_limits()]) if machine > 0 else None


def _group_limits(groups=pathlib.Path("/proc/self/cgroup"),
                  root=pathlib.Path("/sys/fs/cgroup")) -> Iterator[int]:
    """The limits, in bytes, of the process's control groups and of the groups that contain them."""
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = ((root / "memory", "memory.limit_in_bytes") if controllers else
                     (root, "memory.max"))
        own = top / path.lstrip("/")
        # In a container the path can be that of the host; then its own group is at the top.
        for folder in (own, *own.parents):
            if not folder.is_relative_to(top):
                break
            try:
                limit = int((folder / name).read_text())
            except (OSError, ValueError):  # there is no such file, or it says "max"
                continue
            if 0 < limit < UNLIMITED:
                yield limit


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
