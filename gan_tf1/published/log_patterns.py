r"""The parts of which the lines of a log consist, as patterns: numbers, epochs, steps and losses.

log_formats.py puts them together. Repetitions are bounded, or end at the first other character, so that the
time grows with the length of a text and no faster: one to three seconds per megabyte.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple


def pattern(text) -> re.Pattern:
    """The compiled `text`, for capitals and small letters alike."""
    return re.compile(text, re.IGNORECASE)


def whole(number) -> int:
    """The whole number in a text such as "1000" or "1,000"."""
    return int(number.replace(",", ""))


def _without_groups(text):
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", text)


class Line(NamedTuple):
    """One way in which a line of a log is printed."""
    whole: Any          # pattern of the whole line: groups for its number, then one for each column
    example: str
    values: Callable = lambda *printed: printed     # from the printed values to those of the columns
    telling: bool = True    # whether its form shows the chapter


# A number that is a group, and one that is not. The article prints >**1**, **1**/**234**.
_VALUE = r"[-+]?(?:(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[-+]?\d{1,4})?|nan|inf)"
NUMBER, SKIPPED = rf"\**({_VALUE})\**", rf"\**(?:{_VALUE})\**"
END = r"(?!\d|[.,]\d|e(?:[-+]|\Z))"  # the number before it is complete, and has no decimal comma
# Keras returns a loss alone, or in a list before the metrics.
FIRST = rf"\[?\s?{NUMBER}(?:(?:[\s,]{{1,9}}{SKIPPED}){{0,4}}\s{{0,9}}\])?"

# Lines of epochs. Python 2 prints the parts of a line as ('...', '...').
DOTS = r"\s{0,3}\.{2,9}[\s',]{0,9}"
WITHOUT_DOTS = r"\s{0,3}[,;|-]?\s{0,3}"
EPOCH_WORD = r"Epoch[\s:',]{1,6}"
_OF_ALL = r"\s{0,3}(?:/|of)\s{0,3}\d{1,9}[\])]?"
_EPOCH = r"Epoch\s{0,3}[:#=]?\s{0,3}[\[(]?(\d{1,9})(?!\d)"
_MARKS, _IS = r"[\s.,;:|'-]{1,12}", r"\s{0,3}(?:[:=]\s{0,3})?"
_LOSS = r"(?:D(?:isc(?:riminator)?)?|G(?:en(?:erator)?)?)[ _]?Loss"
# If the number of all epochs is missing, the losses are on the same line: "epoch = 100" may stand above a log.
_EPOCH_AND_MARKS = rf"{_EPOCH}(?:{_OF_ALL}{_MARKS}|[\])]?[ \t.,;:|'-]{{1,12}})"
# The diagnosis of a run says "in epoch 1 disc_loss is 1.97", which is no such line.
_LOSS_FOLLOWS = rf"(?:(?!Epoch)[^\n]){{0,120}}?\b{_LOSS}{_IS}(?:[-+.\d\[(<]|nan|inf|\s*\Z)"
_WORD_FOLLOWS = rf"{_OF_ALL}{_MARKS}(?:Disc|Gen|{_LOSS})"
EPOCH_BEGINS = pattern(rf"{_without_groups(_EPOCH)}(?:{_LOSS_FOLLOWS}|{_WORD_FOLLOWS})")
# What people add to the losses. A text is this in a single way at most, because otherwise all combinations
# would be tried.
_REMARK = r"\([^()\n]{0,80}\)"                                             # (3.2s)
_NAME = rf"[a-z](?:[a-z ()_]{{0,30}}[a-z()_])?{_IS}[-+]?"                  # Time:
_FIGURE = r"\d{1,12}(?:[.:/]\d{1,12}){0,4}(?![.:/]?\d)(?:e[-+]?\d{1,4})?"  # 3.21 or 12:00:05
_UNIT = r"\s?(?:s|secs?|seconds|ms|min|minutes|%)"
_ADDED = rf"(?!Epoch|{_LOSS}{_IS}[-+.\d])(?:{_REMARK}|(?:{_NAME})?{_FIGURE}(?:{_UNIT})?(?![a-z]))"
# The line of the class, whose losses are separated by a blank alone.
BLANK_BETWEEN = (rf"{_EPOCH}{_OF_ALL}{DOTS}Discriminator Loss:\s{{0,9}}{NUMBER}"
                 rf"\s{{1,9}}Generator Loss:\s{{0,9}}{NUMBER}{END}")

# Lines of steps: 5 [ or 5/10000 [ or 5: [, but neither the seconds of 12:00:05 [ nor the batch of an epoch.
STEP = (r"(?<![\d.,/])(?<!\d[:-])(?<!batch )(\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:\s{0,3}/\s{0,3}\d[\d,]{0,11})?"
        r"\s{0,3}[\]:,-]?\s{0,3}\[")
# In the code of a notebook, the words are followed by a format such as %f or {loss}, or a quotation mark.
STEP_BEGINS = pattern(r"""(?:\d[\d,]{0,11}[\]:,-]?\s{0,3})?\[D(?:iscriminator)? loss:(?!\s{0,3}[%{"'])""")
OWN = rf"{STEP}Discriminator loss:\s*{NUMBER}"  # the lines that only this package's scripts print


def losses(disc, gen, mark, example, after="") -> tuple[Line, Line]:
    """The `Line`s of an epoch with both losses, one for each order, and with `mark` before the second loss.

    `disc` and `gen` are patterns for "Discriminator" and "Generator". The `example` has a | before and
    after the first loss and what follows it. A line of the class, whose losses are separated by a blank
    alone, does not match, nor does a line that continues with `after`. Without dots between the losses, the
    form does not show the chapter.
    """
    def line(first, second):
        return pattern(rf"(?!{_without_groups(BLANK_BETWEEN)}){_EPOCH_AND_MARKS}(?:{_ADDED}{_MARKS}){{0,6}}"
                       rf"{first}[ _]?Loss{_IS}{NUMBER}{END}(?:{_MARKS}{_ADDED}){{0,6}}{mark}"
                       rf"{second}[ _]?Loss{_IS}{NUMBER}{END}{after}")

    epoch, one, separator, other = example.split("|")
    telling = mark == DOTS
    return (Line(line(disc, gen), epoch + one + separator + other, telling=telling),
            Line(line(gen, disc), epoch + other + separator + one, lambda gen, disc: (disc, gen), telling))
