"""What a user may get wrong, and how a script says so.

A mistake that the user can mend ends in one line on stderr that names the
thing and the remedy, and exit status 2. A training that fails by itself (a
loss that is no longer finite) ends in one line and exit status 1.
"""

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
        try:
            return main(argv)
        except (InputError, TrainingError) as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(2 if isinstance(error, InputError) else 1)
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
            sys.exit(130)
        except BrokenPipeError:  # `| head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)

    return wrapper
