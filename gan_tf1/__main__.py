"""`gan-tf1`, or `python -m gan_tf1`: list the chapters and the other scripts, or run one of them.

    gan-tf1                      list all scripts
    gan-tf1 01 --epochs 10       run a chapter by its number
    gan-tf1 01 --help            list its flags
    gan-tf1 evaluate RUN         run another script by its name

In any folder, `gan-tf1 01` does what `python scripts/01_mnist_gan.py` does in a clone.
"""

import os
import sys

from gan_tf1 import __version__, errors

if __name__ == "__main__" or os.path.basename(sys.argv[0]).startswith("gan-tf1"):
    errors.catch_early_ctrl_c()  # the imports below take a while

import argparse
import ast
import importlib.util
import pathlib
import shutil
import textwrap
from typing import NamedTuple

from gan_tf1.config import Parser
from gan_tf1.places import SCRIPTS

CALLED = "python -m gan_tf1" if __name__ == "__main__" else "gan-tf1"
TIMES = {  # roughly, with default settings, on two cores
    "00": "seconds", "01": "5 minutes", "02": "seconds", "03": "5 minutes", "04": "5 minutes",
    "05": "10 minutes", "06": "5 minutes", "07": "2 minutes", "08": "1 minute", "09": "10 minutes",
    "10": "5 minutes", "11": "2 minutes", "12": "5 minutes", "13": "5 minutes", "14": "seconds",
    "15": "5 minutes", "16": "5 minutes", "17": "1 minute", "18": "1 minute", "19": "5 minutes",
    "20": "2 minutes", "21": "10 minutes"}


class Script(NamedTuple):
    """A script in the folder `scripts`."""
    path: pathlib.Path
    number: str  # two digits if the script belongs to a chapter, else ""
    name: str    # the name of its file without the number

    @property
    def names(self) -> set[str]:
        """All names by which the command line accepts it."""
        return {self.name, self.path.name, self.path.stem, *(
            {self.number, str(int(self.number))} if self.number else ())}

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return ast.get_docstring(ast.parse(self.path.read_bytes())).partition("\n")[0]


def scripts() -> list[Script]:
    """All scripts: first those with a number, in order, then the others by name."""
    found = []
    for path in sorted(SCRIPTS.glob("*.py")):
        number, _, name = path.stem.partition("_")
        if number.isdecimal():
            found.append(Script(path, number, name))
        elif path.stem != "gan_tf1":  # not a script: the scripts import it to find the package
            found.append(Script(path, "", path.stem))
    return found


def listing(width: int) -> str:
    """The text that `gan-tf1` prints, in lines of at most `width` characters if that is possible."""
    found = scripts()
    chapters = [(f"{script.number}  {script.name}", TIMES[script.number], script.summary)
                for script in found if script.number]
    others = [(script.name, script.summary) for script in found if not script.number]
    return "\n\n".join([
        "The chapters, with the rough time of each script by default, on two processor cores:",
        _table(chapters, width),
        "Scripts that inspect, judge or use runs, or make many of them:",
        _table(others, width),
        textwrap.fill("`gan-tf1 01` runs a chapter by its number, `gan-tf1 01 --help` lists its "
                      "flags, and `gan-tf1 runs` runs another script by its name.", width)])


def _table(rows, width):
    """Format `rows` of texts in columns, and wrap the last column."""
    *widths, _ = (max(map(len, column)) for column in zip(*rows))
    lines = []
    for *cells, last in rows:
        start = "".join(f"{cell:{size}}  " for cell, size in zip(cells, widths))
        lines.append(textwrap.fill(last, max(width, len(start) + 30), initial_indent=start,
                                   subsequent_indent=" " * len(start), break_on_hyphens=False))
    return "\n".join(lines)


def run(name: str, argv: list[str]) -> None:
    """Run the script called `name` with the arguments `argv`.

    Raises InputError if there is no such script.
    """
    chosen = [script for script in scripts() if name in script.names]
    if not chosen:
        raise errors.InputError(f"there is no script called {name[:40]!r}: `{CALLED}` without "
                                "arguments lists all scripts")
    errors.begin_script()
    path = chosen[0].path
    spec = importlib.util.spec_from_file_location(f"gan_tf1_script_{chosen[0].name}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        Parser.called = f"{CALLED} {name}"
        spec.loader.exec_module(module)
        module.main(argv)
    finally:
        Parser.called = None


@errors.script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv and not argv[0].startswith("-"):
        return run(argv[0], argv[1:])
    parser = Parser(prog=CALLED, usage=f"{CALLED} [NAME [ARGUMENT ...]]", description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"gan_tf1 {__version__}")
    parser.parse_args(argv)
    print(listing(shutil.get_terminal_size((100, 24)).columns))


if __name__ == "__main__":
    main()
