"""Judge the logs that other people published by the envelopes of many seeds, and the other way round.

Each log is judged by the envelope of its chapter and, if its program is a known change of the
chapter, by the envelope of that change too. A chapter whose envelope is not in the package yet is
named as such, so that the result becomes more complete when envelopes are added.

Four questions are asked of the logs of one program:

- Do they lie inside the envelope of the same program, one by one and together? (`judged`, `counts`,
  `together`; a permutation test of all their logs and all our seeds treats both alike)
- Do our seeds lie inside theirs? (`ours_in_theirs`, if there are enough of their logs)
- How many of their logs does it take to tell them from another program? (`told_apart`)
- Which known program do they look most like? (`likes`, if there are envelopes of known changes)

A verdict that is not "differs" does not show that two programs are equal; `comparison.py` states
which differences it would have found.
"""

import collections
import math
from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.published import comparison, envelopes, likeness, other_logs
from gan_tf1.published.log_formats import CHAPTERS
from gan_tf1.wording import percent, quantity

NONE_YET = "no envelope yet"
SUBSETS = 20    # random choices of so many logs; their share of "differs" has an error of 11 %
WIDTH = 60      # characters of what differs, in the table


class Judged(NamedTuple):
    """A published log and the verdicts on it, None if there is no such envelope."""
    one: other_logs.OtherLog
    by_chapter: comparison.Verdict | None
    by_change: comparison.Verdict | None


def envelopes_of(chapter) -> dict[str, envelopes.Envelope]:
    """The envelopes of a chapter by the names of known changes; "" is the chapter itself."""
    if chapter not in CHAPTERS:
        return {}
    own = {other_logs.NO_CHANGE: envelopes.envelope(chapter)} if (
        envelopes.has_envelope(chapter)) else {}
    return own | envelopes.known_changes(chapter)


def judged(logs=None) -> list[Judged]:
    """The verdicts on all published logs, or on these `logs`, a list of `OtherLog`."""
    logs = other_logs.every() if logs is None else logs
    found = {chapter: envelopes_of(chapter) for chapter in {one.chapter for one in logs}}

    def verdict(one, change):
        envelope = found[one.chapter].get(change)
        enough = envelope and envelope.seeds >= comparison.FEWEST_SEEDS
        return comparison.judge(one.log, envelope) if enough else None

    return [Judged(one, verdict(one, other_logs.NO_CHANGE),
                   verdict(one, one.change) if one.change else None) for one in logs]


def table(results):
    """The lines of a table with a row for each `Judged`."""
    yield from tables.lines(
        ("log", "chapter", "class", "by the chapter's envelope", "by that of its change",
         "what differs from its program"),
        [(each.one.id, each.one.chapter or "none", each.one.kind,
          said(each.by_chapter) if each.one.chapter else "-",
          f"{each.one.change}: {said(each.by_change)}" if each.one.change not in (
              other_logs.NO_CHANGE, other_logs.UNKNOWN) else "-",
          _short(each.one.differs)) for each in results], left=6)


def said(verdict) -> str:
    """The verdict in a cell of the table."""
    if verdict is None:
        return NONE_YET
    outside = sum(each.outside for each in verdict.statistics)
    return f"{verdict.word}, {outside} of {len(verdict.statistics)}" if outside else verdict.word


def _short(text):
    return text if len(text) <= WIDTH else text[:WIDTH - 4].rstrip() + " ..."


def reasons(results):
    """A line for each reason why logs can't be compared, with the logs."""
    found = collections.defaultdict(list)
    for each in results:
        if each.by_chapter and each.by_chapter.word == "cannot be compared":
            found[each.by_chapter.sentence].append(each.one.id)
    for sentence, ids in found.items():
        yield f"{', '.join(ids)}: {sentence}"


def counts(results):
    """A line on each kind of log of each chapter: how many have which verdict."""
    groups = collections.defaultdict(list)
    for each in results:
        if each.by_chapter:
            groups[each.one.chapter, each.one.change, "the chapter's envelope"].append(each.by_chapter)
        if each.by_change:
            groups[each.one.chapter, each.one.change, "the envelope of this change"].append(each.by_change)
    for (chapter, change, envelope), verdicts in groups.items():
        words = collections.Counter(verdict.word for verdict in verdicts)
        program = {other_logs.NO_CHANGE: "as in the chapter",
                   other_logs.UNKNOWN: "with changes that have no name here"}.get(change, change)
        yield (f"{chapter}, {program}: {quantity(len(verdicts), 'log')} by {envelope}: "
               + ", ".join(f"{word} {number}" for word, number in words.most_common()))


def second_lines():
    """A line for each published log whose program prints lines of a second kind, such as accuracies."""
    for key, form in CHAPTERS.items():
        if form.part_of and envelopes.has_envelope(key):
            envelope = envelopes.envelope(key)
            for one in other_logs.of_chapter(form.part_of):
                if one.has_second_lines:
                    verdict = comparison.judge(one.log_of(key), envelope)
                    yield f"{one.id}, {key}: {said(verdict)}"


def together(chapter):
    """A line for each program with an envelope and several published logs: the verdict on all of them."""
    for change, envelope in envelopes_of(chapter).items():
        logs = complete(chapter, change, envelope.epochs)
        if len(logs) > 1 and envelope.seeds >= comparison.FEWEST_SEEDS:
            verdict = comparison.judge_runs(logs, envelope)
            shown = any(math.isfinite(each.smallest) for each in verdict.statistics)
            yield (f"{change or chapter}: {quantity(len(logs), 'published log')} beside "
                   f"{quantity(envelope.seeds, 'seed')} of ours: "
                   + (f"{said(verdict)} (p = {verdict.p_value:.2g})" if shown else
                      "too few to show a difference"))


def likes(chapter):
    """A line for each published log: which known program it looks most like, with probabilities."""
    programs = envelopes_of(chapter)
    if len(programs) > 1 and other_logs.NO_CHANGE in programs:
        programs[likeness.CHAPTER] = programs.pop(other_logs.NO_CHANGE)
        for one in other_logs.of_chapter(chapter):
            if not comparison.judge(one.log, programs[likeness.CHAPTER]).statistics:
                continue
            program = {other_logs.NO_CHANGE: "as in the chapter",
                       other_logs.UNKNOWN: _short(one.differs)}.get(one.change, one.change)
            yield f"{one.id} ({program}): {likeness.most_like([one.log], programs).sentence}"


def complete(chapter, change, epochs) -> list:
    """The published logs of a program, a change of the chapter, that have all of these `epochs`."""
    logs = [one.log for one in other_logs.of_chapter(chapter) if one.change == change]
    return [log for log in logs if np.isin(epochs, log.epochs).all()]


def as_envelope(logs, envelope) -> envelopes.Envelope:
    """The `logs` as an envelope with the epochs of `envelope`."""
    return envelope._replace(settings={}, losses={
        name: np.stack([log.losses[name][np.isin(log.epochs, envelope.epochs)] for log in logs])
        for name in envelope.losses})


def ours_in_theirs(chapter):
    """A line for each program with enough published logs: the verdicts on our seeds by these."""
    for change, envelope in envelopes_of(chapter).items():
        logs = complete(chapter, change, envelope.epochs)
        if len(logs) < comparison.FEWEST_SEEDS:
            continue
        theirs = as_envelope(logs, envelope)
        words = collections.Counter(comparison.judge(log, theirs).word for log in envelope.logs())
        yield (f"{change or chapter}: {quantity(envelope.seeds, 'seed')} of ours by "
               f"{quantity(len(logs), 'published log')}: "
               + ", ".join(f"{word} {number}" for word, number in words.most_common()))


def told_apart(chapter, change, numbers=(1, 2, 3, 5, 8, 13), seed=0):
    """Lines on how often so many published logs of a change differ from the chapter's envelope.

    Each number of logs is drawn `SUBSETS` times without replacement, or once if there are no more.
    """
    envelope = envelopes_of(chapter)[other_logs.NO_CHANGE]
    logs = complete(chapter, change, envelope.epochs)
    rng = np.random.default_rng(seed)
    for number in (number for number in numbers if number <= len(logs)):
        drawn = [rng.choice(len(logs), number, replace=False)
                 for _ in range(SUBSETS if number < len(logs) else 1)]
        found = [comparison.judge_runs([logs[place] for place in places], envelope).word == "differs"
                 for places in drawn]
        yield (f"{quantity(number, 'log')} of {change}: differs from {chapter} in "
               f"{percent(np.mean(found))} of {quantity(len(found), 'choice')}")
