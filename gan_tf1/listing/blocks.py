"""Read a listing's blocks of code: a `.py`, the cells of an `.ipynb`, or a chapter's fenced blocks.

The file itself is never changed. The lines that IPython wouldn't pass to Python (`%` and `!` lines)
are blanked in the text that is compiled, so that every line keeps its number.
"""

import json
import re
import textwrap
import tokenize
from typing import NamedTuple

from gan_tf1.errors import InputError

SHELL = "__listing_shell__"  # the function that replaces a `!` line
LARGEST = 50 * 1024**2       # bytes; a notebook contains its figures too
# Cell magics whose body is Python.
PYTHON_CELLS = ("time", "timeit", "capture", "prun")
FENCE = re.compile(r"^(?P<quote>> ?)?(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
PYTHON_FENCES = ("", "py", "py3", "python", "python3", "ipython", "ipython3", "pycon")
PROMPT = re.compile(r"^(?:>>>|\.\.\.|In \[\d*\]:|\s+\.\.\.:)(?: |$)")
# `name = !ls`, `name = %magic`
ASSIGNED = re.compile(r"^(?P<names>[\w, ]+=) *(?P<rest>[!%][\w./~].*)$")
# The code that IPython runs for %pylab.
PYLAB = ("import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; np = numpy; "
         "plt = pyplot; from pylab import *; from numpy import *")
# Line magics that are skipped without a notice.
SETTINGS = ("matplotlib", "config", "load_ext", "reload_ext", "autoreload", "timeit", "time")
HELP = re.compile(r"^\s*(\?+[\w.]+|[\w.]+\?+)\s*$")


class Block(NamedTuple):
    """One block: its text as written, and the line of the file where it begins."""
    number: int      # from 1
    source: str
    first_line: int  # from 1; 0 in a notebook, whose reader sees no line numbers of the file
    kind: str        # "script", "cell" or "fence"


class Code(NamedTuple):
    """The text of a block that is compiled, and what was left out."""
    text: str
    skipped: tuple   # pairs (line of the block, text)


def read(path) -> list[Block]:
    """All `Block`s of the listing at `path`.

    Raises InputError if it is not a file, is larger than `LARGEST`, isn't UTF-8, is a notebook
    that is damaged or not in Python, or has no block. Raises OSError if it can't be read.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a file")
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} has {path.stat().st_size} bytes: a listing has at most {LARGEST}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}") from error
    if "\0" in text:
        raise InputError(f"{path} is not text: it contains null bytes")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    suffix = path.suffix.lower()
    if suffix == ".ipynb":
        blocks = _cells(path, text)
    elif suffix in (".py", ".pyw", ".ipy"):
        blocks = [Block(1, text, 1, "script")]
    else:
        blocks = _fences(text)
    if not any(block.source.strip() for block in blocks):
        raise InputError(f"{path} has no block of code: in a chapter they stand between ``` lines")
    return blocks


def _cells(path, text):
    try:
        notebook = json.loads(text)
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        sheets = notebook.get("worksheets", [notebook])  # worksheets are those of nbformat 3
        cells = [cell for sheet in sheets for cell in sheet["cells"]
                 if cell["cell_type"] == "code"]
        sources = [cell["source"] if "source" in cell else cell["input"] for cell in cells]
        sources = [source if isinstance(source, str) else "".join(source) for source in sources]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is not a Jupyter notebook: {type(error).__name__}: "
                         f"{error}") from error
    if not str(language).lower().startswith("python"):
        raise InputError(f"{path} is a notebook of {language}, not of Python")
    return [Block(number, source, 0, "cell") for number, source in enumerate(sources, 1)]


def _fences(text):
    """The fenced blocks of a chapter, except outputs and blocks that name another language."""
    blocks, lines, at = [], text.split("\n"), 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        at += 1
        if not opening:
            continue
        first, body, indent = at, [], len(opening["indent"])
        quote = len(opening["quote"] or "")
        closing = re.compile(rf"^{'> ?' if quote else ''}[ \t]*{opening['fence'][0]}{{{len(opening['fence'])},}}[ \t]*$")
        while at < len(lines) and not closing.match(lines[at]):
            line = lines[at][quote:] if lines[at].startswith(">") else lines[at]
            body.append(line[min(indent, len(line) - len(line.lstrip())):])
            at += 1
        at += 1
        language = opening["info"].strip().strip("{}.").split(" ")[0].lower()
        written = next((line.strip() for line in body if line.strip()), "")
        if language in PYTHON_FENCES and written != "Output:":
            blocks.append(Block(len(blocks) + 1, "\n".join(body) + "\n", first + 1, "fence"))
    return blocks


def code(block) -> Code:
    """The `Code` of `block`, without IPython's lines and without a cell's common indentation."""
    text = textwrap.dedent(block.source) if block.kind == "cell" else block.source
    lines, skipped, at = _without_prompts(text.split("\n")), [], 0
    written = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[written].startswith("%%"):
        if lines[written][2:].split(" ")[0].strip() not in PYTHON_CELLS:
            skipped.append((written + 1, f"{lines[written].strip()} and its cell"))
            return Code("\n" * (len(lines) - 1), tuple(skipped))
        lines[written] = ""
    while at < len(lines):
        line, last = lines[at], at
        start = line.lstrip()
        indent = line[:len(line) - len(start)]
        assigned = ASSIGNED.match(start)
        if assigned:
            rest = _instead(assigned["rest"], at + 1, skipped) or "None"
            lines[at] = f"{indent}{assigned['names']} {rest}"
        elif start[:1] in ("%", "!") or HELP.match(line):
            while lines[last].endswith("\\") and last + 1 < len(lines):
                last += 1
            whole = " ".join(part.rstrip("\\").strip() for part in lines[at:last + 1])
            instead = _instead(whole, at + 1, skipped) or (indent and "pass")  # an `if:` needs a body
            lines[at:last + 1] = [indent + instead] + [""] * (last - at)
        else:
            last = _last_line(lines, at)
        at = last + 1
    return Code("\n".join(lines), tuple(skipped))


def _without_prompts(lines):
    """A session with an interpreter, as books print it, without its prompts and its output.

    If the first line has no prompt, the lines are unchanged.
    """
    written = next((line for line in lines if line.strip()), "")
    if not PROMPT.match(written):
        return lines
    return [line[found.end():] if found else "" for line, found in
            ((line, PROMPT.match(line)) for line in lines)]


def _instead(line, number, skipped):
    """The Python code that replaces IPython's `line`, or "". `skipped` records a skipped line."""
    if line.startswith("!"):
        return f"{SHELL}({line.strip('!').strip()!r})"
    timed = re.match(r"%time\s+(.+)", line)
    if timed:
        return timed[1]
    if re.match(r"%pylab\b", line):
        return PYLAB
    if line[1:].split(" ")[0] not in SETTINGS:
        skipped.append((number, line))
    return ""


def _last_line(lines, at):
    """The index of the last line of the statement that begins at `lines[at]`.

    It is needed since a `%` or `!` at the start of a line inside of a multi-line string or of
    brackets doesn't belong to IPython.
    """
    rest = (lines[number] + "\n" for number in range(at, len(lines)))  # read lazily, as far as needed
    depth = 0
    try:
        for token in tokenize.generate_tokens(lambda: next(rest, "")):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and depth == 0):
                return at + token.start[0] - 1
    except (tokenize.TokenError, SyntaxError):
        pass  # the compiler will report it
    return at
