"""Start child processes that end when this process ends, and find the process that holds the lock of a file.

A report that is stopped must not leave trainings running. If this process is interrupted or
terminated, it ends its children itself (`ending_children`, `end_children`). If it is killed, it
cannot do so. On Linux, each child therefore asks the kernel to be killed when its parent dies
(prctl(2), PR_SET_PDEATHSIG), and then runs the program; exec(2) keeps the request. On other
systems, children survive a parent that is killed. A training can be ended at any moment without
damage: it can be resumed from its last checkpoint.
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


def run(arguments, environment=()) -> subprocess.CompletedProcess:
    """Run this Python with `arguments`, wait for its end, and return a `CompletedProcess`.

    Its stdout and stderr are strings. Variables in the dict `environment` are set for the child
    unless this process has them already. If it runs a module (`-m`), it finds this copy of the package.
    """
    from gan_tf1 import places  # here, since this file is also run by its path (below)
    begin = [sys.executable]
    if sys.platform == "linux":
        # By its path, since the package need not be installed.
        begin += [__file__, str(os.getpid()), sys.executable]
    with subprocess.Popen([*begin, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace",
                          env={**dict(environment), **os.environ,
                               **(places.importing() if arguments[0] == "-m" else {})}) as process:
        _running.add(process)
        try:
            stdout, stderr = process.communicate()
        finally:
            process.kill()  # if communicate was interrupted
            _running.discard(process)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def end_children() -> None:
    """Kill every process that a call of `run`, in any thread, is waiting for."""
    for process in list(_running):
        process.kill()


@contextlib.contextmanager
def ending_children():
    """A context at whose end all children are ended, also if it fails or is interrupted.

    Within the block, the signals SIGTERM and SIGHUP raise SystemExit, unless they are ignored (as
    with nohup) or have another handler.
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


def holder(file) -> str:
    """The process that has locked the open `file`, as "process 123", or "another process"."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = str(os.fstat(file.fileno()).st_ino)
        with open("/proc/locks") as locks:
            for line in locks:  # such as "1: FLOCK ADVISORY WRITE 123 fd:01:4567 0 EOF"
                _, kind, _, _, pid, place, *_ = line.split()
                if kind == "FLOCK" and place.rpartition(":")[2] == inode and int(pid) > 0:
                    return f"process {pid}"
    return "another process"


def _become(parent, program):
    """Replace this process by `program`, a list of arguments, to be killed when `parent` dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request
        os._exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
