"""Child processes that end when this process ends, and the process that holds a file.

A report that is stopped must not leave trainings behind. If this process is interrupted or
terminated, it ends its children itself (`ending_children`, `end_children`). If it is killed, it
cannot: on Linux, each child therefore asks the kernel to be killed when its parent dies (prctl(2),
PR_SET_PDEATHSIG), and only then becomes the program to run; exec(2) keeps the request. On other
systems, children outlive a parent that was killed. Ending a training at any moment is safe: it
goes on from its last checkpoint.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1
_running = set()


def run(arguments, environment=()):
    """Run this Python with `arguments` to its end; returns a `subprocess.CompletedProcess`.

    Its stdout and stderr are texts. Variables in the dict `environment` don't replace those that
    are set already.
    """
    begin = [sys.executable]
    if sys.platform == "linux":
        # By its path: the package need not be installed.
        begin += [__file__, str(os.getpid()), sys.executable]
    with subprocess.Popen([*begin, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace",
                          env={**dict(environment), **os.environ}) as process:
        _running.add(process)
        try:
            stdout, stderr = process.communicate()
        finally:
            process.kill()  # if communicate was interrupted
            _running.discard(process)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def end_children():
    """Kill every process that `run` has started and still waits for, in whichever thread."""
    for process in list(_running):
        process.kill()


@contextlib.contextmanager
def ending_children():
    """End all children if the block fails, is interrupted, or this process is told to terminate.

    Within the block, SIGTERM and SIGHUP raise SystemExit, unless they are ignored (nohup) or
    handled already.
    """
    def leave(number, frame):
        sys.exit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    in_main_thread = threading.current_thread() is threading.main_thread()
    ours = [number for number in numbers
            if in_main_thread and signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, leave)
    try:
        yield
    finally:
        end_children()
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def holder(file):
    """Who holds the lock on the open `file`: "process 123", or "another process" if unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = str(os.fstat(file.fileno()).st_ino)
        with open("/proc/locks") as locks:
            for line in locks:  # such as "1: FLOCK ADVISORY WRITE 123 fd:01:4567 0 EOF"
                _, kind, _, _, pid, place, *_ = line.split()
                if kind == "FLOCK" and place.rpartition(":")[2] == inode and int(pid) > 0:
                    return f"process {pid}"
    return "another process"


def _become(parent, program):
    """Become `program` (a list of arguments), which is killed when the process `parent` dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request
        os._exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
