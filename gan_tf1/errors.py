"""What can go wrong in a script, and how the script says so.

A mistake that the user can correct ends the script with one line on stderr, which names the
mistake and the remedy, and with exit status 2. A training that fails by itself (a loss that is no
longer finite, a full disk) ends it with one line and exit status 1.

This module and `places.py` import nothing but the standard library, because a script loads them
first.
"""

import errno
import functools
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from gan_tf1.places import REPOSITORY

PACKAGES = {  # what setup.py requires: name of the import -> name for pip if it differs, else ""
    "numpy": "", "scipy": "", "matplotlib": "", "PIL": "pillow", "tqdm": "", "tabulate": "",
    "tensorflow": "", "tf_keras": "tf-keras", "tensorflow_datasets": "tensorflow-datasets"}

_AT_END = []  # functions to be called when the script ends


class InputError(Exception):
    """Bad input. The message is one line that names the mistake and the remedy."""


class TrainingError(Exception):
    """A run that cannot continue. The message names the epoch and what has been saved."""


def at_end(function: Callable[[], object]) -> None:
    """Call `function()` when the script ends, whether it succeeds or fails."""
    _AT_END.append(function)


def script(main: Callable) -> Callable:
    """Decorate a script's `main(argv=None)`, so that known failures end it with one line.

    `main` may raise InputError (exit status 2), TrainingError (1), OSError (2, or 1 if the disk is
    full), MemoryError (1) and KeyboardInterrupt (130). Any other exception is a defect, and keeps
    its traceback.
    """

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
        except BrokenPipeError:  # the reader, such as `head`, has ended
            _discard_stdout()
            sys.exit(141)
        except MemoryError as error:
            _end(f"not enough memory: {' '.join(str(error).split()) or 'choose smaller sizes'}", 1)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                _discard_stdout()
                _end(f"{error.strerror}: free some space, then try again", 1)
            if error.errno == errno.EIO:
                _discard_stdout()
                _end(f"{error.filename or 'a file'}: {error.strerror}", 1)
            _end(f"{error.filename or 'a file'}: {error.strerror or error}", 2)
        finally:
            while _AT_END:
                _AT_END.pop()()

    return wrapper


def refuse_unknown(flag: str, value: object, choices: Iterable[str]) -> None:
    """Raise InputError if `value`, that of `flag`, is not one of `choices`."""
    if value not in choices:
        raise InputError(f"{flag} {value} is not known: choose one of {', '.join(choices)}")


def refuse_missing(packages: Iterable[str]) -> None:
    """Raise InputError if any of `packages`, which are keys of `PACKAGES`, is not installed."""
    missing = [PACKAGES[name] or name for name in packages
               if importlib.util.find_spec(name) is None]
    if missing:
        needed = f'-e "{REPOSITORY}"' if REPOSITORY else " ".join(missing)
        raise InputError(f"not installed: {', '.join(missing)}. Install what gan_tf1 needs, best "
                         f"in a virtual environment: python -m pip install {needed}")


def catch_early_ctrl_c() -> None:
    """Until a `main` with `@script` begins, let Ctrl-C end this process with one line.

    Ctrl-C is left alone if it is ignored or handled already.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted_early)


def begin_script() -> None:
    """Prepare for a script's imports: Ctrl-C and missing packages end them with one line, too."""
    catch_early_ctrl_c()
    try:
        refuse_missing(PACKAGES)
    except InputError as error:
        _end(str(error), 2)


def _interrupted_early(number, frame):
    # An exception could be mistaken for a failure of the import during which it is raised.
    try:
        os.write(2, b"error: interrupted\n")
    finally:
        os._exit(130)


def _end(message, status) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def _open_missing_streams():
    """Open the null device as stdout or stderr if the process was started without (`>&-`)."""
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
    # When Python exits, it flushes what could not be written, which would fail again.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
