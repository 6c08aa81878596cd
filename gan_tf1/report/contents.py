"""What a report says of runs, read from their directories: losses, verdict, diagnosis, settings.

Nothing here knows HTML. `of_runs` reads everything, and `page.py` writes it.
"""

import dataclasses
import pathlib
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.errors import InputError
from gan_tf1.published import comparison, envelopes, likeness, logs, single_runs
from gan_tf1.training import diagnosis, run_config, run_results, titles

MOST_SHARES = 4    # modes whose shares have charts of their own
LOG_LINES = 200    # of a log that are shown, from its beginning and from its end


class Run(NamedTuple):
    """One run of a report."""
    path: pathlib.Path
    name: str            # the last part of its path, unless two runs share it
    stored: dict         # config.json
    diagnosis: str
    count: np.ndarray    # [E] the number of each row of its losses: an epoch, step or interval
    unit: str            # what its log counts: "epoch", "step", "iteration" or "image"
    each: int            # of them per row of losses.csv
    losses: dict         # column -> [E]
    samples: np.ndarray  # float32 [sets, n, ...], possibly no sets
    fixed: bool          # whether the samples of all sets are of the same latent vectors
    log: Any             # a `logs.Log`, or None if the losses of the chapter are not compared
    lines: list          # of log.txt, the middle of a long one left out

    @property
    def differing(self) -> list[str]:
        """The settings that differ from the chapter's, as flags without dashes."""
        return titles.parts(self.stored)


class Judgement(NamedTuple):
    """A verdict on one run, or on several runs of the same program."""
    name: str
    word: str            # as in `comparison.Verdict`, or "no envelope"
    sentence: str
    limits: str = ""
    likely: str = ""     # which known program it looks most like
    statistics: tuple = ()
    beside: str = ""     # the losses beside those of published single runs, if there is no envelope


class Contents(NamedTuple):
    """Everything that a report says."""
    chapter: str
    runs: list
    unit: str            # what is counted, that of the runs
    part: str            # what the generators of the runs are counted in: "epoch" or "interval"
    columns: dict        # column of the losses -> (title, unit)
    envelope: Any        # an `envelopes.Envelope`, or None
    book: Any            # the `logs.Log` that the book prints, or None
    judgements: list


def of_runs(paths) -> Contents:
    """The `Contents` of a report on the run directories `paths`, complete or not.

    Raises InputError if one of them is not a run or has no losses yet, or if they are runs of
    several chapters.
    """
    stored = [run_config.read_config(path) for path in paths]
    chapters = list(dict.fromkeys(config["chapter"] for config in stored))
    if len(chapters) > 1:
        raise InputError(f"runs of several chapters ({', '.join(map(repr, chapters))}) have different losses: "
                         "make a report of each chapter")
    [chapter] = chapters
    model = models.of_chapter(chapter)
    if model is None:
        raise InputError(f"{paths[0]} is a run of {chapter!r}, which is not a chapter of this version")
    settings = [diagnosis.settings_of(config, model) for config in stored]  # refuses a damaged config.json
    form = logs.CHAPTERS.get(chapter)
    runs = [_run(*one, model, form) for one in zip(paths, names(paths), stored, settings)]
    path = envelopes.path_of(chapter, stored[0]["data_title"]) if form else None
    envelope = envelopes.envelope(chapter, path) if path else None
    part = "interval" if hasattr(model, "LOGGED") else "epoch"
    return Contents(chapter, runs, runs[0].unit, part, _columns(runs, form), envelope,
                    logs.book(chapter) if form else None, _judgements(runs, chapter, envelope))


def names(paths) -> list[str]:
    """A short name for each path: its last part, or all of it if several have the same last part."""
    last = [pathlib.Path(path).resolve().name for path in paths]
    return [str(path) if last.count(name) > 1 else name for path, name in zip(paths, last)]


def _run(path, name, stored, settings, model, form):
    path = pathlib.Path(path)
    log = None
    if form:
        try:
            log = logs.read(path, stored["chapter"])
        except InputError:  # its losses can still be drawn
            log = None
    columns = run_results.load_losses(path)
    counted, *rest = columns
    losses = {name: columns[name] for name in rest} | _shares(path, len(columns[counted]))
    fixed = run_results.fixed_so_far(path)
    unit, each = diagnosis.unit_of_log(settings, model, counted)
    return Run(path, name, stored, diagnosis.of_run(path).sentence, columns[counted], unit, each, losses,
               fixed if len(fixed) else run_results.samples_so_far(path), bool(len(fixed)), log, _lines(path))


def _shares(path, rows):
    """The share of each mode over training, if the run knows its modes and there are few: column -> [E]."""
    if not (path / diagnosis.SHARES).exists():
        return {}
    _, *shares = (table := run_results.load_losses(path, diagnosis.SHARES))
    return {name: table[name] for name in shares if len(table[name]) == rows and len(shares) <= MOST_SHARES}


def _lines(path):
    """The lines of the log of the run `path`, of which a long one loses its middle."""
    try:
        lines = (path / "log.txt").read_text(errors="replace").splitlines()
    except OSError:
        return []
    if len(lines) > LOG_LINES:
        half = LOG_LINES // 2
        lines = [*lines[:half], f"... ({len(lines) - 2 * half:,} lines left out) ...", *lines[-half:]]
    return lines


def _columns(runs, form):
    """The columns that a run has, first those that are compared: column -> (title, unit)."""
    compared = {name: (title, form.unit_of(name)) for name, title in form.columns.items()} if form else {}
    unit = "" if form else _unit(runs[0].stored["chapter"])
    shown = dict.fromkeys([*compared, *(name for run in runs for name in run.losses)])
    return {name: compared.get(name, (name.replace("_", " "), unit if name.endswith("_loss") else ""))
            for name in shown}


def _unit(chapter):
    """"nats" if the losses of the chapter are cross-entropies."""
    return "nats" if hasattr(models.of_chapter(chapter), "CHANCE") else ""


def _judgements(runs, chapter, envelope):
    """The verdict on each run and, if several differ in nothing but the seed, on all of them."""
    readable = [run for run in runs if run.log is not None]
    if envelope is None:
        return [*_beside(readable, chapter)] or [Judgement(
            "", "no envelope", f"Cannot be compared: the package has no envelope of {chapter}, the losses of many "
            "seeds. make_envelope.py makes one.")]
    known = envelopes.known_changes(chapter, data=envelope.data_title)
    found = [_judgement(run.name, [run.log], envelope, known) for run in readable]
    if len(readable) > 1 and len({_program(run) for run in readable}) == 1 and (
            len({run.stored["seed"] for run in readable}) == len(readable)):
        found.append(_judgement(f"all {len(readable)} runs together", [run.log for run in readable], envelope,
                                known))
    return found


def _beside(runs, chapter):
    """For each of `runs` that has epochs of the published single runs, what `compare_logs.py` prints."""
    for run in runs if logs.has_book(chapter) else []:
        lines, comparable = single_runs.beside(run.log, chapter)
        *table, last = lines
        yield Judgement(run.name, "no envelope", last, beside="\n".join(table)) if comparable else Judgement(
            run.name, "cannot be compared", " ".join(lines))


def _program(run):
    """What two runs have in common if they differ in the seed alone."""
    return repr((sorted(run.stored["settings"].items()), run.stored.get("loop"), run.stored["data_crc32"]))


def _judgement(name, found, envelope, known):
    try:
        verdict = comparison.judge_runs(found, envelope)
        likely = (likeness.most_like(found, {likeness.CHAPTER: envelope, **known}).sentence
                  if known and verdict.word == "differs" and verdict.statistics else "")
    except InputError as error:
        return Judgement(name, "cannot be compared", f"Cannot be compared: {error}.")
    return Judgement(name, verdict.word, verdict.sentence, verdict.limits, likely, tuple(verdict.statistics))


class Setting(NamedTuple):
    """A row of the table of settings: the chapter's value, and that of each run."""
    name: str
    chapters: str
    values: list

    @property
    def differ(self) -> bool:
        """Whether the runs have different values."""
        return len(set(self.values)) > 1


def settings(contents) -> list[Setting]:
    """The settings in which the runs differ from each other or from the chapter, then data, seed and loop."""
    model = models.of_chapter(contents.chapter)
    own = {field.name: field.default for field in dataclasses.fields(model.Config)}
    differing = dict.fromkeys(name for run in contents.runs for name in titles.differing(run.stored)
                              if name in run.stored["settings"])
    rows = [Setting(name.replace("_", " "), _value(own.get(name, "not a setting")),
                    [_value(run.stored["settings"].get(name, own.get(name))) for run in contents.runs])
            for name in differing]
    form = logs.CHAPTERS.get(contents.chapter)
    rows.append(Setting("data", form.data_title if form else "", [run.stored["data_title"] for run in contents.runs]))
    rows.append(Setting("seed", "", [str(run.stored["seed"]) for run in contents.runs]))
    rows.append(Setting("loop", "feed", [_loop(run.stored.get("loop", {"loop": "feed"})) for run in contents.runs]))
    return rows


def _value(value):
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _loop(loop):
    return ", ".join([loop["loop"], *(name.replace("_", " ") for name, on in loop.items() if on is True)])
