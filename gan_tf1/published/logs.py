"""Read logs of training: those that the books print, those of runs, and those of any notebook.

`read` reads a run directory, a table, a notebook, or any text that contains lines in the format of
a chapter. `book` returns what the book prints. log_chapters.py finds out which chapter a log is of, log_lines.py
finds its lines, and the formats are in log_formats.py.
"""

import collections
import dataclasses
import math
import pathlib
import re
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.config import flag
from gan_tf1.data import fingerprints
from gan_tf1.errors import InputError
from gan_tf1.published import log_chapters, log_formats, log_lines, log_text
from gan_tf1.published.log_formats import CHAPTERS, SHARES, Chapter
from gan_tf1.training.run_config import read_config, read_config_of
from gan_tf1.training.run_results import load_losses, table

MOST = 2**53  # above this, not all whole numbers have a float of their own
BOOK_LOGS = pathlib.Path(__file__).parent / "book_logs"


class Log(NamedTuple):
    """The losses of one run. Its `epochs` increase, and may have gaps."""
    epochs: np.ndarray      # [E] int, numbered as in the chapter; steps, if it prints every step
    losses: dict            # column -> [E] float
    incomparable: str = ""  # why this log can't be compared with the book's; empty if it can
    settings: Any = None    # a dict of the run's settings, or of those that its first line states
    chapter: str = ""       # the key of its chapter in `CHAPTERS`
    data: str = ""          # the title of the data set, "" if the log does not say
    note: str = ""          # on its data, if it is not the published one, and on how it was read


def parse(text, chapter=None, part=None) -> Log:
    """The `Log` in any text that contains lines in the format of a chapter.

    Without a `chapter`, it is found from the text. If the text has the lines of several runs, one after
    another, `part` says which of them is meant, counted from 1. Raises InputError if there is no such line,
    if a line begins like one and continues differently, if there are several runs and no `part`, or if
    several chapters print such lines.
    """
    return _of_plain(log_text.plain(text), chapter, part)


def _of_plain(text, chapter, part):
    """The `Log` in a `text` that is as `log_text.plain` makes it."""
    told, chapter = chapter, log_chapters.chapter_of(text, chapter)
    form = CHAPTERS[chapter]
    rows, left_out = log_lines.printed(text, form)
    rows, which = log_lines.one_run(rows, form, part)
    counts, *values = zip(*rows)
    if form.intervals:
        counts = np.array(counts) // max(1, math.gcd(*counts))
    # Our own logs begin with their data and settings. Others are assumed to be of the book's data.
    own = [match for match in log_chapters.HEADLINE.finditer(text) if match[1] == (form.part_of or chapter)]
    first = own[min(part or 1, len(own)) - 1] if own else None
    title = first[2] if own else ""
    settings = stated_settings(first[3] or "", form.part_of or chapter) if own else None
    if form.unnumbered:
        counts = _steps(counts, settings, chapter)
    elif None in counts:
        counts = [count or form.every * place for place, count in enumerate(counts, 1)]
    columns = {form.counted: counts, **dict(zip(form.columns, values))}
    said = re.search(r"^.+, but not the published (?:images|files): .+$", text, re.MULTILINE)
    log = of_columns(columns, chapter, title, settings)
    guessed = [] if own or not form.unnumbered else [
        *([] if told else [f"taken for a log of {chapter}, since it has several lines for each epoch; if it is of "
                           "another program, name it with --chapter"]),
        f"its lines are taken to be {form.every} steps apart, and to be of one training"]
    remarks = [said and said[0], *guessed, left_out, which, log_lines.missing(log.epochs, form), log.note]
    return log._replace(note="; ".join(filter(None, remarks)))


def _steps(epochs, settings, chapter):
    """The steps of lines that are printed in these `epochs`.

    `settings` are those of a run of this package, or None if the log is another program's. Raises InputError
    if there is one line after each epoch instead.
    """
    every = CHAPTERS[chapter].every if settings is None else settings.get("print_every", 0)
    if not every or settings is None and len(set(epochs)) == len(epochs) > 1:
        raise InputError(f"it has one line for each epoch, and a log of {chapter} has one for every few steps")
    return every * np.arange(1, len(epochs) + 1)


def stated_settings(text, chapter):
    """The settings in the first line of a run's log, after "with": a dict name -> value.

    "tested first_half, zero-label 10, no-mirror" has the values "first_half", 10 and False. The
    names are those of the fields in the chapter's `Config`, which its flags may not have.
    """
    fields = dataclasses.fields(models.of_chapter(chapter).Config)
    names = {flag(field.name).removeprefix("--"): field.name for field in fields}
    found = {}
    for flag_name, _, text_value in (part.partition(" ") for part in text.split(", ") if part):
        if text_value:
            name, value = flag_name, _number_or_text(text_value)
        else:
            name, value = flag_name.removeprefix("no-"), not flag_name.startswith("no-")
        found[names.get(name, name.replace("-", "_"))] = value
    return found


def _number_or_text(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def read(path, chapter=None, part=None) -> Log:
    """The `Log` of a run directory, a table, a Jupyter notebook, a web page, or a text with log lines.

    Without a `chapter`, it is found: from the config.json of the run, or beside its table, from the
    first line of a log, or from the form of the lines or columns. `part` is as in `parse`. Raises
    InputError, which names the file, if it can't be read, if it is of another chapter, if several chapters
    have logs of this form, or if it has the log lines of several runs.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        refuse_part(part, path)
        return _of_run(path, chapter)
    text = log_text.of_file(path)
    try:
        rows = log_chapters.as_table(text)
        if not rows:
            return _of_plain(text, chapter, part)
        refuse_part(part, path)
        if chapter is None and path.name in {form.file for form in CHAPTERS.values()} and (
                path.parent / "config.json").is_file():
            return _of_run(path.parent, log_chapters.of_table(read_config(path.parent)["chapter"], path.name))
        if path.name == CHAPTERS[log_formats.PRINTED].file:  # its columns are those of other chapters too
            chapter = chapter or log_formats.PRINTED
        chapter = log_chapters.chapter_of(text, chapter)
        log_chapters.refuse_words(rows, chapter)
        return of_columns(table(rows), chapter)
    except InputError as error:
        raise InputError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None


def refuse_part(part, path) -> None:
    """Raise InputError if a `part` is asked for of something that has the losses of one run: `path`."""
    if part is not None:
        raise InputError(f"{path}: --part is for a text or a notebook, and this is neither")


def _of_run(path, chapter):
    """The `Log` of the run directory `path`."""
    if chapter is None:
        config = read_config(path)
        chapter = config["chapter"]
        chapter = log_chapters.printed_chapter(chapter, config["settings"].get("print_every"))
        if chapter not in CHAPTERS:
            raise InputError(f"{path} is a run of {chapter!r}, whose losses are not compared: "
                             f"choose a run of {', '.join(CHAPTERS)}")
    form = CHAPTERS[chapter]
    config = read_config_of(form.part_of or chapter, path)
    _refuse_words(path / form.file, chapter)
    return of_columns(load_losses(path, form.file), chapter, config["data_title"],
                      config["settings"])._replace(note=fingerprints.remark(config))


def _refuse_words(file, chapter):
    """Raise InputError, naming `file`, if a table of a run has a cell that is not a number, as one that was cut off."""
    try:
        log_chapters.refuse_words(file.read_text(), chapter)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except (OSError, UnicodeDecodeError):
        pass  # `load_losses` says what is wrong with it


def has_book(chapter) -> bool:
    """Whether the book prints a log of the chapter."""
    return (BOOK_LOGS / f"{chapter}.csv").exists()


def book(chapter) -> Log | None:
    """The `Log` that the book prints for a chapter, None if it prints none."""
    return read(BOOK_LOGS / f"{chapter}.csv", chapter) if has_book(chapter) else None


def data_set(title) -> str:
    """The title of a data set, without the remark on which images were tested."""
    return title.partition(", tested on ")[0]


def other_data(form: Chapter, title) -> str:
    """Why a log of a run on the data set `title` can't be compared, as a part of a sentence.

    This is "" if it is the book's data set, even if other images of it were tested.
    """
    if not form.data_title or data_set(title) in (form.data_title, form.stand_in):
        return ""
    return f"it was trained on {title}, the book's on {form.data_title}"


def why_incomparable(log, data) -> str:
    """Why `log` can't be compared with an envelope of runs on the data set `data`, or "".

    An envelope may be of other data than the book's. A log that does not name its data is taken to be
    of the book's. `data` is "?" if an envelope does not name its data; then it is the book's too.
    """
    form = CHAPTERS.get(log.chapter)
    other = form and log.data and other_data(form, log.data)
    if form is None or log.incomparable not in ("", other):
        return log.incomparable  # for another reason than its data
    book = form.data_title
    own, theirs = (data_set(title.partition(";")[0])
                   for title in (log.data or book, book if data == "?" else data))
    if own == theirs or {own, theirs} == {book, form.stand_in}:
        return ""
    if theirs == book:
        return log.incomparable
    said = "it was trained on" if log.data else "it does not name its data, which is taken to be"
    return f"{said} {own}, and the envelope is of {theirs}"


def of_columns(found, chapter, data="", settings=None) -> Log:
    """The `Log` of the columns `found`, a dict of name -> [E], whose epochs may be in any order.

    `data` is the title of the data set, if it is known. Raises InputError if a column is missing or
    empty, or if they are not those of a single run.
    """
    form = CHAPTERS[chapter]
    given, found = found, log_chapters.translated(found, form)
    if missing := [name for name in (form.counted, *form.columns) if name not in found]:
        raise InputError(f"it has the columns {', '.join(given)}, but lacks {', '.join(missing)}")
    if not len(found[form.counted]):
        raise InputError(f"it has no rows below {', '.join(given)}")
    epochs = np.asarray(found[form.counted], float)
    if not ((np.abs(epochs) < MOST).all() and (epochs == np.round(epochs)).all()):
        raise InputError(f"the number of {form.one} is not a whole number")
    for name in set(form.columns) & set(SHARES):
        if np.nanmin(found[name], initial=0) < 0 or np.nanmax(found[name], initial=1) > 1:
            raise InputError(f"{name} is up to {np.nanmax(found[name]):g}: accuracies between 0 and 1 are needed")
    epochs, note = _numbered(epochs, form)
    places, why = np.argsort(epochs, kind="stable"), data and other_data(form, data)
    if form.repeated:
        places, cut = _last_of_each(epochs, places)
        why = why or cut
    epochs = epochs[places].astype(int)
    twice = epochs[1:][np.diff(epochs) == 0]
    if len(twice):
        raise InputError(f"{form.counted} {twice[0]} occurs more than once: give the log of a single "
                         "run")
    return Log(epochs, {name: np.asarray(found[name], float)[places] for name in form.columns},
               why, settings, chapter, data, note)


def _numbered(epochs, form):
    """The numbers `epochs` as the chapter counts them, and a note if they were counted from another one, or "".

    Steps that are counted in epochs and batches can begin a whole epoch too early. If the last number is the
    chapter's own, the numbers are too: a log may have a line before the first epoch.
    """
    least, past = int(epochs.min()), int(epochs.max()) - form.last
    too_early = past and least == form.first - 1 or form.counted == "step" and least < 1 <= form.first
    too_late = past == 1 and least == form.first + 1
    if form.intervals or form.unnumbered or not (too_early or too_late):
        return epochs, ""
    return epochs + form.first - least, (
        f"its {form.counted}s are numbered from {least}, and taken for {form.first} and so on")


def _last_of_each(epochs, places):
    """Those of `places` that are the last of their epoch, and why they can't be compared, or "".

    The last epoch is left out if it has fewer lines than the others. If there are no others, it is
    not known to be complete.
    """
    lines = collections.Counter(epochs[places])
    *before, last = lines
    if before and lines[last] < min(lines[epoch] for epoch in before):
        lines.pop(last)
    ends = np.cumsum([*lines.values()]) - 1
    cut = "" if before or lines[last] == 1 else (
        f"it has lines of epoch {last:.0f} alone, and does not show that this epoch is complete")
    return places[ends], cut
