"""A log beside published logs of single runs, for a chapter without an envelope.

The published values depend on more than the network: which images were tested, which label the
digit 0 had, how many logits there were. So each published run has its settings, and a comparison
states which of them differ from those of the log.
"""

import json
import re
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models, tables
from gan_tf1.config import as_flag
from gan_tf1.published.logs import BOOK_LOGS, CHAPTERS, Log, book, has_book, of_columns
from gan_tf1.training.run_results import table

LENGTH = "epochs"  # a setting that has no influence on the epochs that two runs have in common


class Published(NamedTuple):
    """A published run: `settings` are those that differ from the chapter's, None if not known."""
    name: str           # "book" or "run 1"
    log: Log
    settings: dict
    source: str
    note: str           # what a reader of its values needs to know


def of_chapter(chapter) -> list[Published]:
    """The published runs of a chapter: first the book's own, then those of others, if any."""
    if not has_book(chapter):
        return []
    text = (BOOK_LOGS / f"{chapter}.csv").read_text()
    about = dict(re.findall(r"^# (settings|note): (.*)$", text, re.MULTILINE))
    source = re.search(r'^# source: ("[^"]*" \([^)]*\), [^:]*):', text, re.MULTILINE)
    found = [Published("book", book(chapter), json.loads(about.get("settings", "{}")),
                       source[1] if source else "the book", about.get("note", ""))]
    others = BOOK_LOGS / f"{chapter}_runs.csv"
    if others.exists():
        text = others.read_text()
        columns = table(text)
        for number, about in re.findall(r"^# run (\d+): (.*)$", text, re.MULTILINE):
            own = {name: values[columns["run"] == int(number)] for name, values in columns.items()}
            found.append(Published(f"run {number}", of_columns(own, chapter), **json.loads(about)))
    return found


def beside(log, chapter) -> tuple[list[str], bool]:
    """The lines that show a log beside the published ones, and whether it can be compared at all.

    A table for each column has one row for each epoch that the log and a published run have in
    common. Below, each published run is named with its settings, and with those that the log's run
    has instead.
    """
    form, runs = CHAPTERS[chapter], of_chapter(chapter)
    printed = {int(epoch) for run in runs for epoch in run.log.epochs}
    epochs = [epoch for epoch in log.epochs if epoch in printed]
    if log.incomparable:
        return [f"Cannot be compared: {log.incomparable}."], False
    if not runs:
        return [f"Cannot be compared: there is neither a printed log nor an envelope of {chapter}. "
                "make_envelope.py makes an envelope, and --envelope names it."], False
    if not epochs:
        return [f"Cannot be compared: {form.counted}s {_listed(sorted(printed))} are published, "
                "and the log has none of them."], False
    runs = [run for run in runs if np.isin(run.log.epochs, epochs).any()]
    lines, shown = [], [log, *(run.log for run in runs)]
    for column, title in form.columns.items():
        lines += [title, *tables.lines(
            (form.counted, "here", *(run.name for run in runs)),
            [(str(epoch), *(_value(each, column, epoch) for each in shown)) for epoch in epochs],
            left=0)]
    for run in runs:
        lines += _about(run, log, chapter)
    return [*lines, "This compares single runs: without an envelope of many seeds, it can't be "
            "said whether they differ by more than seeds do."], True


def differing(log, run, chapter) -> dict[str, tuple[Any, Any]]:
    """The settings that differ: name -> (the log's, the published run's).

    `log.settings` must be known. A setting that is not known of the published run is left out.
    """
    model = models.of_chapter(chapter)
    chapters = vars(model.Config())  # also for settings that older runs do not have
    here, there = chapters | log.settings, chapters | run.settings
    return {name: (value, there[name]) for name, value in here.items()
            if name != LENGTH and there.get(name, value) not in (value, None)}


def _about(run, log, chapter):
    """The lines on one published run."""
    known = [_shown(name, value) for name, value in run.settings.items() if value is not None]
    unknown = [as_flag(name, "").strip().removeprefix("--")
               for name, value in run.settings.items() if value is None]
    yield f"{run.name}: {run.source}" + (f", with {', '.join(known)}" if known else "") + (
        f"; not known: {', '.join(unknown)}" if unknown else "")
    if run.note:
        yield f"  {run.note}"
    if log.settings is None:
        yield "  here: the settings are not known"
    elif other := differing(log, run, chapter):
        own = ", ".join(_shown(name, value) for name, (value, _) in other.items())
        yield f"  here instead: {own}"
    else:
        yield "  here: the same settings" + (", as far as they are known" if unknown else "")


def _shown(name, value):
    return as_flag(name, value).removeprefix("--")


def _value(log, column, epoch):
    """The value of an epoch as a text, "-" if there is none."""
    [*found] = log.losses[column][log.epochs == epoch]
    return f"{found[0]:.3f}" if found and np.isfinite(found[0]) else "-"


def _listed(epochs):
    """Increasing epochs as "0-8, 24"."""
    parts = np.split(epochs, np.flatnonzero(np.diff(epochs) > 1) + 1)
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
