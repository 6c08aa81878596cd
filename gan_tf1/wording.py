"""How messages, tables and reports write a count, a share and a list, so that they do it alike."""

from collections.abc import Iterable


def quantity(number: int, noun: str, several: str = "") -> str:
    """`number` with its noun: "1 image", "2,000 images". `several` is an irregular plural."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def listed(names: Iterable[str], word: str = "or") -> str:
    """The `names` as in a sentence, with `word` before the last: "a, b or c"."""
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last


def percent(share: float, digits: int = 0) -> str:
    """A `share` between 0 and 1 in percent, with so many `digits` after the point: "5.2 %"."""
    return f"{100 * share:.{digits}f} %"
