"""What is said while a listing runs, and of a block that failed."""

import re
import sys
from typing import NamedTuple

from gan_tf1.errors import InputError

MESSAGE_LINES = 12


def note(message):
    """Say something of our own, apart from what the listing prints, but in its order."""
    sys.stdout.flush()
    print(f"listing: {message}", file=sys.stderr, flush=True)


class Place(NamedTuple):
    """Where in a listing something is: block, line of the block, line of the file (0: a notebook),
    the function, the line's text; and the file's name where it is a module beside the listing."""
    block: int
    line: int
    file_line: int
    function: str
    text: str
    module: str = ""


class Failure(NamedTuple):
    """How a block failed: the error, the way to it (outermost first), and what is known of it."""
    error: BaseException
    places: tuple
    hint: str | None


def told(failure, path):
    """A `Failure` as lines of text: block, line, source line, the way to it, error, and hint."""
    last = failure.places[-1]
    begin = "" if last.module else f"{path.name}, "
    lines = [f"{begin}{_where(last)}: {_message(failure.error)}", f"    {last.text}"]
    for place in failure.places[-2::-1]:
        lines += [f"  called in {_where(place)}", f"    {place.text}"]
    if failure.hint:
        lines.append(f"What is wrong with the listing: {failure.hint}.")
    return "\n".join(lines)


def _where(place):
    line = f"{place.module or f'block {place.block}'}, line {place.line}"
    if place.file_line and place.file_line != place.line:
        line += f" (line {place.file_line} of the file)"
    return line if place.function == "<module>" else f"{line}, in {place.function}"


def _message(error):
    """The error's type and text, without TensorFlow's own traceback of where an op was made."""
    if isinstance(error, SystemExit):
        return f"it ended itself with status {error.code}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    text = re.split(r"\n\s*(Original stack trace for|Defined at)\b", text)[0].strip()
    lines = text.splitlines()
    if len(lines) > MESSAGE_LINES:
        lines = lines[:MESSAGE_LINES] + ["..."]
    kind = "" if isinstance(error, InputError) else type(error).__name__
    return ": ".join(part for part in (kind, "\n".join(lines)) if part)
