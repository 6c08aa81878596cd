"""What a user may get wrong, and how a script says so.

A mistake that the user can correct ends in one line on stderr that names the
thing and the remedy, and exit status 2. A training that fails by itself (a
loss that is no longer finite, a full disk) ends in one line and exit status 1.

This module imports nothing but Python's own: it is the first that a script loads.
"""

import errno
import functools
import importlib.util
import os
import signal
import sys

PACKAGES = {  # what setup.py requires: the name of the import, where it differs from pip's
    "numpy": "", "scipy": "", "matplotlib": "", "PIL": "pillow", "tqdm": "", "tensorflow": "",
    "tf_keras": "tf-keras", "tensorflow_datasets": "tensorflow-datasets"}


_AT_END = []  # what is still to be done when the script ends


class InputError(Exception):
    """Bad input: the message is one line that names the thing and the remedy."""


class TrainingError(Exception):
    """A run that cannot go on: the message names the epoch and what is saved."""


def at_end(function):
    """Have `function()` called when the script ends, whether it succeeds or fails."""
    _AT_END.append(function)


def script(main):
    """Decorate a script's `main(argv=None)`: known failures become one line and an exit status."""

    @functools.wraps(main)
    def wrapper(argv=None):
        _open_missing_streams()
        if signal.getsignal(signal.SIGINT) is _interrupted_early:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            main(argv)
            sys.stdout.flush()
        except (InputError, TrainingError) as error:
            _end(str(error), 2 if isinstance(error, InputError) else 1)
        except KeyboardInterrupt:
            _end("interrupted", 130)
        except BrokenPipeError:  # `| head` has read enough
            _discard_stdout()
            sys.exit(141)
        except MemoryError as error:
            _end(f"not enough memory: {' '.join(str(error).split()) or 'choose smaller sizes'}", 1)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                _discard_stdout()
                _end(f"{error.strerror}: free some space; a run goes on with --resume", 1)
            _end(f"{error.filename or 'a file'}: {error.strerror or error}", 2)
        finally:
            while _AT_END:
                _AT_END.pop()()

    return wrapper


def refuse_missing(packages):
    """Raise InputError if one of `packages`, keys of `PACKAGES`, is not installed."""
    missing = [PACKAGES[name] or name for name in packages
               if importlib.util.find_spec(name) is None]
    if missing:
        folder = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
        raise InputError(f"not installed: {', '.join(missing)}. Install what gan_tf1 needs, best in "
                         f'a virtual environment: python -m pip install -e "{folder}"')


def begin_script():
    """Before a script's imports: one line, too, for Ctrl-C and for packages that are missing."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted_early)
    try:
        refuse_missing(PACKAGES)
    except InputError as error:
        _end(str(error), 2)


def _interrupted_early(number, frame):
    # An exception might be taken for a failure of the import that it arrives in.
    try:
        os.write(2, b"error: interrupted\n")
    finally:
        os._exit(130)


def _end(message, status):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def _open_missing_streams():
    """Give a process that was started with `>&-` or `2>&-` somewhere to write to."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", closefd=False))


def _discard_stdout():
    # What a full disk or a closed pipe didn't take would fail again when Python flushes at exit.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
