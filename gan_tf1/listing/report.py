"""Notices while a listing runs, and the message for a block that failed."""

import re
import sys
from typing import NamedTuple

from gan_tf1.errors import InputError

MESSAGE_LINES = 12
GRAPH_ERROR = "Graph execution error:"


def note(message) -> None:
    """Print a notice to stderr, in order with the listing's own output."""
    sys.stdout.flush()
    print(f"listing: {message}", file=sys.stderr, flush=True)


class Place(NamedTuple):
    """A place in a listing, or in a module beside it."""
    block: int
    line: int         # of the block
    file_line: int    # 0 in a notebook
    function: str
    text: str         # the line itself
    module: str = ""  # the module's file name, if it isn't the listing itself


class Failure(NamedTuple):
    """The failure of a block."""
    error: BaseException
    places: tuple     # the calls that led to it, outermost first
    hint: str | None  # with its heading
    op: tuple = ()    # if an op of the graph failed: its name, and the `Place` where it was made


def told(failure, path) -> str:
    """A `Failure` as text of several lines: the place, the error, the calls and the hint."""
    last = failure.places[-1]
    begin = "" if last.module else f"{path.name}, "
    lines = [f"{begin}{_where(last)}: {_message(failure.error)}", f"    {last.text}"]
    for place in failure.places[-2::-1]:
        lines += [f"  called in {_where(place)}", f"    {place.text}"]
    if failure.op:
        name, place = failure.op
        lines += [f"  the op {name!r} was made in {_where(place)}", f"    {place.text}"]
    if failure.hint:
        lines.append(f"{failure.hint}.")
    return "\n".join(lines)


def _where(place):
    line = f"{place.module or f'block {place.block}'}, line {place.line}"
    if place.file_line and place.file_line != place.line:
        line += f" (line {place.file_line} of the file)"
    return line if place.function == "<module>" else f"{line}, in {place.function}"


def _message(error):
    """The error's type and text; of the failure of an op only TensorFlow's reason."""
    if isinstance(error, SystemExit):
        return f"the listing exited with status {error.code}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    text = re.split(r"\n\s*(Original stack trace for|Defined at)\b", text)[0].strip()
    if text.startswith(GRAPH_ERROR):
        text = _reason(text)
    lines = text.splitlines()
    if len(lines) > MESSAGE_LINES:
        lines = lines[:MESSAGE_LINES] + ["..."]
    kind = "" if isinstance(error, InputError) else type(error).__name__
    return ": ".join(part for part in (kind, "\n".join(lines)) if part)


def _reason(text):
    """The reason in the text of a `GRAPH_ERROR`, without the places where the op was made."""
    text = text.removeprefix(GRAPH_ERROR).strip()
    text = re.split(r"(?:^|\n)Node: '[^\n]*'\n", text)[-1]
    text = re.sub(r"^\d+ root error\(s\) found\.\s*\(0\) [A-Z_ ]+: ", "", text)
    return re.split(r"\n\s*(?:\[\[|\(1\) |Traceback \(most recent)", text)[0].strip()
