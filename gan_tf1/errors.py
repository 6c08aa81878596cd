"""What a user may get wrong, and how a script says so.

A mistake that the user can mend ends in one line on stderr that names the
thing and the remedy, and exit status 2. A training that fails by itself (a
loss that is no longer finite, a full disk) ends in one line and exit status 1.
"""

import errno
import functools
import os
import sys


class InputError(Exception):
    """Bad input: the message is one line that names the thing and the remedy."""


class TrainingError(Exception):
    """A run that cannot go on: the message names the epoch and what is saved."""


def script(main):
    """Decorate a script's `main(argv=None)`: known failures become one line and an exit status."""

    @functools.wraps(main)
    def wrapper(argv=None):
        _open_missing_streams()
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
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                _discard_stdout()
                _end(f"{error.strerror}: free some space; a run goes on with --resume", 1)
            _end(f"{error.filename or 'a file'}: {error.strerror or error}", 2)

    return wrapper


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
