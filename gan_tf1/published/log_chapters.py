"""Find out which chapter a log is of: by what it says, by its lines, or by the columns of its table."""

import itertools
import re

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.published.log_formats import CHAPTERS
from gan_tf1.training.run_results import table
from gan_tf1.wording import quantity

# The beginning of a CSV file: comments, and then a row of names.
TABLE = re.compile(r"(?:#.*\n|[^\S\n]*\n)*[ \t]*[A-Za-z_]\w*(?:,[ \t]*[A-Za-z_]\w*)+[ \t]*(?:\n|$)")
_NAME = re.compile(r"[A-Za-z_]\w*")
# The first line of a log of this package: chapter, data and settings.
HEADLINE = re.compile(r"^(\w+) on (.+?), seed \d+(?:, with (.*))?", re.MULTILINE)


def chapter_of(text, given=None) -> str:
    """The chapter whose log is in `text`, a table or text with log lines; the `given` one, if it is not None.

    Raises InputError if there is none, if several chapters have such logs, or if the log names another
    chapter than the one that is given.
    """
    own = stated(text)
    if given:
        if own and of_run(own) != of_run(given):
            raise InputError(f"it is a log of {own}, as it says itself, and not of {given}: leave out --chapter")
        return given
    if own:
        return own
    if not text.strip():
        raise InputError("it is empty")
    rows = as_table(text)
    found = _of_table(table(rows)) if rows else _of_lines(text)
    if len(found) > 1:
        *others, last = found
        raise InputError(f"{', '.join(others)} and {last} have logs of this form: say with "
                         "--chapter which of them it is")
    return found[0]


def stated(text) -> str:
    """The chapter that the log in `text` names: in its first line, as this package's logs do, or in a comment.

    It is "" if there is none, or if there are logs of several chapters.
    """
    comment = re.search(r"^# chapter: (\w+)$", text, re.MULTILINE)
    named = {printed_chapter(match[1], "print-every " in (match[3] or "")) for match in HEADLINE.finditer(text)}
    known = (named | ({comment[1]} if comment else set())) & set(CHAPTERS)
    return known.pop() if len(known) == 1 else ""


def printed_chapter(name, every) -> str:
    """The chapter whose log a run of the chapter `name` prints; `every` is whether it prints one every few steps."""
    return (every and name in CHAPTERS and CHAPTERS[name].steps) or name


def of_table(chapter, file) -> str | None:
    """The chapter whose log is the table `file` of the runs of `chapter`, None if such tables are not compared."""
    return next((name for name, form in CHAPTERS.items() if (of_run(name), form.file) == (chapter, file)), None)


def of_run(chapter) -> str:
    """The chapter of the run whose log is one of `chapter`."""
    return CHAPTERS[chapter].part_of or chapter


def as_table(text) -> str:
    """`text` in the form that `run_results.table` reads, or "" if it is not a table.

    The columns may be separated by commas, semicolons or tabs, their names may be in quotes and contain
    blanks and capitals, and the first, of row numbers, may have no name, as pandas and spreadsheets write
    them: "Disc Loss" becomes disc_loss. Raises InputError if the first row of numbers has other columns than
    the names above it.
    """
    lines = text.split("\n")
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    if not rows or len(rows) == 1:
        return text if TABLE.match(text) else ""
    for mark in ",;\t":
        names = [re.sub(r"\W+", "_", name.strip().strip("\"'").strip()).lower() for name in rows[0].split(mark)]
        names[0] = names[0] or "row"
        first = rows[1].split(mark)
        if len(first) != len(names) and min(len(first), len(names)) > 1 and is_number(first[0]) and (
                all(map(_NAME.fullmatch, names)) and {"epoch", "step", "iteration"} & set(names)):
            raise InputError(f"its first row has {quantity(len(first), 'cell')}, and there are "
                             f"{quantity(len(names), 'name')} above it: {', '.join(names)} (a decimal comma "
                             "would divide a number)")
        if len(names) == len(first) > 1 and all(map(_NAME.fullmatch, names)) and any(map(is_number, first)):
            comments = [line for line in lines if line.startswith("#")]
            body = [",".join(cell.strip().strip('"').replace(",", ".") for cell in row.split(mark)) for row in rows[1:]]
            return "\n".join([*comments, ",".join(names), *body]) + "\n"
    return ""


def is_number(cell) -> bool:
    """Whether the text `cell` is a number, "nan" or "inf"."""
    try:
        float(cell.strip().strip('"').replace(",", "."))
    except ValueError:
        return False
    return True


def refuse_words(text, chapter) -> None:
    """Raise InputError if a compared column of the table `text` has a cell that is not a number."""
    form = CHAPTERS[chapter]
    lines = [line.split(",") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    names, *rows = lines or [[]]
    compared = [place for place, name in enumerate(names) if form.aliases.get(name, name) in form.columns]
    for number, row in enumerate(rows, 1):
        for place in compared:
            if len(row) > place and not is_number(row[place]):
                raise InputError(f"{names[place]} in row {number} is {row[place]!r}, which is not a number")


def _of_lines(text):
    """The chapters that print the lines in `text`, at least one."""
    forms = {name: form for name, form in CHAPTERS.items() if not form.part_of}
    # Several chapters have the same patterns, and a long text should be searched only once for each.
    patterns = {line.whole for form in forms.values() for line in form.lines if line.telling}
    matches = {one: [(match[1], match[0]) for match in one.finditer(text)] for one in patterns}
    whole = {name: [match for line in form.lines if line.telling for match in matches[line.whole]]
             for name, form in forms.items()}
    found = [name for name, numbers in whole.items() if numbers]
    # Udacity's DCGAN on SVHN prints many lines per epoch, and the MNIST GAN one, in the same form.
    for name in [name for name in found if CHAPTERS[name].repeated]:
        numbers = [number for number, _ in whole[name]]
        # A line that is there once more, as after resuming a run, does not make them many.
        several = len(numbers) >= 2 * len(set(numbers)) and not printed_twice(whole[name]) and any(
            one == other for one, other in itertools.pairwise(numbers))
        found = [CHAPTERS[name].steps] if several else [other for other in found if other != name] or [name]
    if found := found or [name for name, form in forms.items()
                          if any(line.whole.search(text) for line in form.lines if not line.telling)]:
        return found
    for form in CHAPTERS.values():
        if match := form.beginning.search(text):
            raise InputError(f"no line is like `{form.example}`: `{line_at(text, match.start())}` begins like it, "
                             f"but does not continue so: {remedy(form)}")
    raise InputError(f"there is no line like `{CHAPTERS['mnist_gan'].example}`, nor a line of "
                     f"another chapter ({', '.join(CHAPTERS)})")


def printed_twice(lines) -> bool:
    """Whether each of several `lines` comes twice, as when a program prints and logs it."""
    return len(lines) > 2 and lines[::2] == lines[1::2] and all(
        one != other for one, other in zip(lines[1::2], lines[2::2]))


def line_at(text, place) -> str:
    """The line of `text` at `place`, or its first 80 characters."""
    line = text[place:].partition("\n")[0].strip()
    return line if len(line) <= 80 else line[:76] + " ..."


def remedy(form) -> str:
    """What to do with a log that is not read, though a person can read it."""
    return f"write the values as a table (.csv) with the columns {_listed(form)}, and with decimal points"


def _of_table(columns):
    """The chapters whose tables have such `columns`, at least one.

    A chapter whose tables need another column is left out. Of the others, those remain whose tables
    know the most of the `columns`. If no column has the name that another program gives it, it is the
    table of a run, so that a chapter's further columns are not missing.
    """
    found = {}
    for name, form in CHAPTERS.items():
        if form.part_of:
            continue
        renamed, needed = set(translated(columns, form)), {form.counted, *form.columns}
        if needed <= renamed:
            strange, missing = renamed - needed - {*form.extra}, {*form.extra} - renamed
            found[name] = len(strange) + len(missing) * set(form.aliases).isdisjoint(columns)
    if not found:
        raise InputError(f"it has the columns {', '.join(columns)}, and no chapter has such a "
                         f"table: that of the MNIST GAN has {_listed(CHAPTERS['mnist_gan'])}")
    # A table may count both steps and epochs, and have several rows for each epoch.
    each_step = "step" in columns and (np.diff(columns["step"]) > 0).all() and (
        "epoch" not in columns or len(set(columns["epoch"])) < len(columns["step"]))
    return [printed_chapter(name, each_step) for name in found if found[name] == min(found.values())]


def _listed(form):
    return ", ".join((form.counted, *form.columns))


def translated(columns, form):
    """The `columns` of a table, under the names and in the units that the chapter has for them."""
    if {"epoch", "batch"} <= set(columns) and (form.counted == "step" or form.part_of):
        columns = _of_batches(columns, accuracies=bool(form.part_of))
    return {form.aliases.get(name, name): form.convert.get(name, lambda same: same)(values)
            for name, values in columns.items() if form.aliases.get(name, name)}


def _of_batches(columns, accuracies):
    """The rows of steps or `accuracies` in a table that counts the batches of an epoch from 1.

    The accuracies that are printed after every tenth epoch have the word "acc" as their batch, which
    `table` reads as nan.
    """
    rows = np.isnan(columns["batch"]) == accuracies
    epochs, batches = columns["epoch"][rows], columns["batch"][rows]
    count = ({"epoch": epochs} if accuracies else
             {"step": (epochs - 1) * max(batches, default=0) + batches})
    return count | {name: values[rows] for name, values in columns.items()
                    if name not in ("epoch", "batch")}
