"""The IPython that a listing finds: magics are reported and skipped, nothing reaches a shell.

A notebook's `%` and `!` lines never get here: `blocks.py` takes them out. What gets here is what
nbconvert writes in their place, `get_ipython().run_line_magic("matplotlib", "inline")`, and is
treated alike.
"""

import pathlib
import re
import shlex
import sys

from gan_tf1.listing import blocks
from gan_tf1.listing.modules import is_library
from gan_tf1.listing.report import note


class Shell:
    """What `get_ipython()` returns inside a listing."""

    def __init__(self, workdir, names):
        """`workdir`: the path in which directories may be made; `names`: the listing's globals."""
        self._workdir, self._names = workdir, names

    def run_line_magic(self, name, line="", *args, **options):
        """Skip `%name line`, with a notice unless it is a mere setting; run what `%time` times."""
        if name == "time" and line.strip():
            return self._run(line)
        if name == "pylab":
            return self._run(blocks.PYLAB)
        if name not in blocks.SETTINGS:
            note(f"%{f'{name} {line}'.strip()} is skipped")

    def run_cell_magic(self, name, line="", cell="", *args, **options):
        """Run `cell` if `%%name` leaves it Python, else skip it, with a notice."""
        if name in blocks.PYTHON_CELLS:
            return self._run(cell)
        note(f"%%{f'{name} {line}'.strip()} and its cell is skipped")

    def magic(self, text):
        """`run_line_magic` of name and line in one text, as IPython had it before version 2."""
        name, _, line = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, line)

    def getoutput(self, line, *args, **options):
        """The output of a `!` line, for `lines = !ls`: no line, whatever it does."""
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

    def system(self, line, *args, **options):
        """`mkdir` inside the work directory; anything else is skipped, with a notice."""
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
    """`get_ipython`: `shell` for a listing; None for libraries, which would use it to hook in."""
    def get_ipython():
        return None if is_library(sys._getframe(1).f_code.co_filename) else shell
    return get_ipython
