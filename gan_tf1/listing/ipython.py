"""IPython for listings: magics are reported and skipped, and nothing reaches a shell.

`blocks.py` replaces a notebook's `%` and `!` lines. This module handles the calls that nbconvert
writes in their place, such as `get_ipython().run_line_magic("matplotlib", "inline")`, in the same
way.
"""

import pathlib
import re
import shlex
import sys

from gan_tf1.listing import blocks
from gan_tf1.listing.modules import is_library
from gan_tf1.listing.report import note


class Shell:
    """The object that `get_ipython()` returns in a listing."""

    def __init__(self, workdir, names):
        """`workdir` is the path in which directories may be made, `names` the listing's globals."""
        self._workdir, self._names = workdir, names

    def run_line_magic(self, name, line="", *args, **options):
        """Run the code after `%time`; skip any other `%name line`, with a notice if it matters."""
        if name == "time" and line.strip():
            return self._run(line)
        if name == "pylab":
            return self._run(blocks.PYLAB)
        if name not in blocks.SETTINGS:
            note(f"%{f'{name} {line}'.strip()} is skipped")

    def run_cell_magic(self, name, line="", cell="", *args, **options):
        """Run `cell` if it is Python under the magic `%%name`, else skip it with a notice."""
        if name in blocks.PYTHON_CELLS:
            return self._run(cell)
        note(f"%%{f'{name} {line}'.strip()} and its cell is skipped")

    def magic(self, text):
        """Like `run_line_magic`, but with name and line in one text, as before IPython 2."""
        name, _, line = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, line)

    def getoutput(self, line, *args, **options) -> list[str]:
        """Handle a `!` line that is assigned, as in `lines = !ls`; its output is always empty."""
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if not words or words[0] != "mkdir" or re.search(r"[;&|<>$`{}*?]", line):
            note(f"!{line} is skipped: nothing is passed to a shell")
            return []
        for name in words[1:]:
            if not name.startswith("-"):
                self._make_directory(name, parents="-p" in words)
        return []

    def system(self, line, *args, **options) -> None:
        """Make a directory inside the work directory (`mkdir`), or skip `line` with a notice."""
        self.getoutput(line)

    def _run(self, source):
        exec(compile(source, "<get_ipython()>", "exec"), self._names)

    def _make_directory(self, name, parents):
        folder = pathlib.Path(name).resolve()
        if not folder.is_relative_to(self._workdir):
            note(f"!mkdir {name} is skipped: it is outside of {self._workdir}")
            return
        try:
            folder.mkdir(parents=parents, exist_ok=parents)
        except OSError as error:
            note(f"!mkdir {name}: {error.strerror}")


def asker(shell):
    """A function `get_ipython` that returns `shell` to listings, and None to libraries.

    Libraries would otherwise install hooks.
    """
    def get_ipython():
        return None if is_library(sys._getframe(1).f_code.co_filename) else shell
    return get_ipython
