"""Scripts that do several things: the first argument names a subcommand, as in `git commit`.

Each subcommand is a function of the script, with the same name, that takes the arguments after it.
"""

import os
import shlex
import sys

from gan_tf1.config import Parser


def run(argv, *commands, former=None):
    """Call the one of the functions `commands` that `argv` begins with; by default the first one.

    `former` maps each flag by which older command lines chose a subcommand to what is written
    instead, such as {"--label": "draw --label"}. They still work: a note on stderr tells how such a
    command is written now.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    by_name = {command.__name__: command for command in commands}
    if argv and argv[0] not in by_name:
        argv = _present(argv, former or {})
    if argv and argv[0] in by_name:
        by_name[argv[0]](argv[1:])
    else:
        commands[0](argv)


def _present(argv, former):
    """`argv` as it is written now."""
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
