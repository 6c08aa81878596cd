"""Scripts with subcommands: the first argument says what the script does, as in `git commit`.

Each subcommand is a function of the same name in the script. It takes the arguments after the name.
"""

import os
import shlex
import sys

from gan_tf1.config import Parser
from gan_tf1.errors import InputError


def run(argv, *commands, former=None) -> None:
    """Call the function in `commands` that `argv` names first, or the first one by default.

    `former` maps each flag that chose a subcommand in older command lines to its replacement, such
    as {"--label": "draw --label"}. Such command lines still work: a note on stderr shows how they
    are written now. Raises InputError if the first argument is neither a flag nor a subcommand.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    by_name = {command.__name__: command for command in commands}
    if argv and argv[0] not in by_name:
        if not argv[0].startswith("-"):
            raise InputError(f"there is no subcommand {argv[0][:40]!r}: choose one of "
                             f"{', '.join(by_name)}, or give flags alone")
        argv = _present(argv, former or {})
    if argv and argv[0] in by_name:
        by_name[argv[0]](argv[1:])
    else:
        commands[0](argv)


def _present(argv, former):
    """Translate `argv` from an older command line, and print a note if it is one."""
    command, rest = [], []
    for argument in argv:
        name, *value = argument.split("=", 1)
        if name in former:
            [subcommand, *kept] = former[name].split()
            command, rest = [subcommand], [*rest, *kept, *value]
        else:
            rest.append(argument)
    if command:
        script = Parser.called or os.path.basename(sys.argv[0])
        print(f"note: this is now written {script} {shlex.join(command + rest)}", file=sys.stderr)
    return command + rest
