"""How often is a known change of a chapter found, and how often is the chapter itself wrongly flagged?

The certificate of `published/comparison.py`: its verdict on the seeds of known changes, in groups of one,
three and five, and on the seeds of the chapter's own envelope, each group held out of the envelope with
which it is compared. Groups have no seed in common, so that their verdicts are nearly independent, as the
binomial intervals assume. (All of them are compared with the same envelope.)
"""

import csv
from typing import NamedTuple

import numpy as np

from gan_tf1 import figure_layout, tables
from gan_tf1.evaluation.statistics import share_interval
from gan_tf1.figure_layout import legend_below, new_figure
from gan_tf1.published import comparison, likeness
from gan_tf1.wording import percent, quantity

SIZES = (1, 3, 5)
MARKERS = "os^"
NONE = "none of these"


class Rate(NamedTuple):
    """How many of the groups of `runs` seeds of a program are found to differ."""
    program: str
    title: str
    epochs: str    # "all" or "printed"
    runs: int
    found: int
    groups: int

    @property
    def interval(self) -> tuple:
        """The share that is found, and its 95 % interval: (share, low, high)."""
        return share_interval(np.arange(self.groups) < self.found)


def cut(log, window):
    """`log` reduced to the epochs of a `window` (first, last)."""
    inside = (log.epochs >= window[0]) & (log.epochs <= window[1])
    return log._replace(epochs=log.epochs[inside],
                        losses={name: values[inside] for name, values in log.losses.items()})


def groups(count, size) -> list[list[int]]:
    """Disjoint groups of `size` of `count` places; those that are left over belong to none."""
    return [list(range(first, first + size)) for first in range(0, count - size + 1, size)]


def rates(envelope, programs, held_out=None) -> list[Rate]:
    """The `Rate`s of the envelope's own program and of all `programs`, a dict of name -> `Envelope`.

    `held_out` are further seeds of the chapter's program, an `Envelope`; each is then compared with all
    of `envelope`, in addition to the envelope's own seeds. The epochs are all that a log has, and those
    that the book prints, if the chapter has such a window.
    """
    form = envelope.chapter
    windows = {"all": (-np.inf, np.inf), **{"printed": window for name, window in form.windows.items()
                                            if name == "printed"}}
    others = {} if held_out is None else {"held_out": held_out._replace(title="further seeds of the chapter")}
    found = []
    for name, window in windows.items():
        for size in SIZES:
            logs = [cut(log, window) for log in envelope.logs()]
            found.append(_rate(likeness.CHAPTER, likeness.OWN, name, size, logs, envelope.without))
            for program, one in {**others, **programs}.items():
                logs = [cut(log, window) for log in one.logs()]
                found.append(_rate(program, one.title, name, size, logs, lambda rows: envelope))
    return [rate for rate in found if rate.groups]


def _rate(program, title, epochs, size, logs, beside):
    """One `Rate`; `beside(rows)` is the envelope with which the logs at the places `rows` are compared."""
    words = [comparison.judge_runs([logs[row] for row in rows], beside(rows)).word
             for rows in groups(len(logs), size) if all(len(logs[row].epochs) for row in rows)]
    return Rate(program, title, epochs, size, words.count("differs"), len(words))


def write_rows(file, found) -> None:
    """Write `Rate`s as CSV."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([*Rate._fields, "share", "low", "high"])
    for rate in found:
        rows.writerow([*rate, *(f"{value:.4f}" for value in rate.interval)])


def read_rows(file) -> list[Rate]:
    """The `Rate`s in a CSV file that `write_rows` wrote, without the comments above them."""
    return [Rate(row["program"], row["title"], row["epochs"], *(int(row[name]) for name in (
        "runs", "found", "groups"))) for row in tables.rows_of(file)]


def table(found) -> tuple[list, list]:
    """Headings and rows: a row per program, a column per epochs and number of runs."""
    columns = list(dict.fromkeys((rate.epochs, rate.runs) for rate in found))
    cells = {}
    for rate in found:
        _, low, high = rate.interval
        cells[rate.title, rate.epochs, rate.runs] = (
            f"{rate.found}/{rate.groups} ({percent(low).removesuffix(' %')}-{percent(high)})")
    return (["program", *(f"{epochs}, {quantity(runs, 'run')}" for epochs, runs in columns)],
            [[title, *(cells.get((title, *column), "-") for column in columns)]
             for title in dict.fromkeys(rate.title for rate in found)])


class Confusion(NamedTuple):
    """For what the seeds of each program are taken, each in turn by all others."""
    titles: list        # of the programs
    counts: np.ndarray  # [programs, programs + 1] seeds; the last column is "none of these"

    @property
    def right(self) -> int:
        """The number of seeds that are taken for their own program."""
        return int(self.counts.diagonal().sum())


def confusion(programs) -> Confusion:
    """The `Confusion` of `programs`, a dict of name -> `Envelope`; the epochs that all have are used."""
    statistics, asked = likeness.statistics(programs)
    _, counts = likeness.confusion(statistics, asked)
    return Confusion([one.title or likeness.OWN for one in programs.values()], counts)


def confusion_lines(confused) -> list[str]:
    """A line per program: how often cross-validation finds it, and what it is taken for instead; and all together."""
    titles, counts = confused
    lines = []
    for place, title in enumerate(titles):
        others = sorted(zip(counts[place], (*titles, NONE)), key=lambda pair: -pair[0])
        instead = [f", {count} as {other}" for count, other in others if count and other != title]
        lines.append(f"{title}: {counts[place, place]} of {counts[place].sum()} right" + "".join(instead))
    seeds, shares = counts.sum(), counts.diagonal() / np.maximum(1, counts.sum(axis=1))
    return [*lines, f"together: {confused.right} of {seeds} right ({percent(confused.right / seeds)}), and "
            f"{percent(shares[counts.any(axis=1)].mean())} on average over programs"]


def certainty_line(programs, count) -> str:
    """How often groups of `count` seeds that are left out are taken for their own program, and how surely.

    `programs` are those of `confusion`. A group that fits none of them is taken for a wrong one.
    """
    statistics, asked = likeness.statistics(programs)
    found = [(next(iter(chances)) == name and not none, next(iter(chances.values())))
             for name, chances, none in likeness.held_out(statistics, asked, count)]
    right, stated = np.mean(found, axis=0)
    return (f"{quantity(len(found), 'group')} of {quantity(count, 'seed')}, left out together: {percent(right)} right; "
            f"the most likely program has a probability of {percent(stated)} on average")


def write_confusion(file, confused) -> None:
    """Write a `Confusion` as CSV, a row for each program and each answer that some of its seeds got."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["program", "taken_for", "seeds"])
    for title, counts in zip(confused.titles, confused.counts):
        rows.writerows([title, answer, count] for answer, count in zip((*confused.titles, NONE), counts) if count)


def read_confusion(file) -> Confusion:
    """The inverse of `write_confusion`, without the comments above the table."""
    rows = tables.rows_of(file)
    titles = list(dict.fromkeys(row["program"] for row in rows))
    counts = np.zeros((len(titles), len(titles) + 1), int)
    for row in rows:
        counts[titles.index(row["program"]), [*titles, NONE].index(row["taken_for"])] = int(row["seeds"])
    return Confusion(titles, counts)


def figure(found, chapter):
    """The rates of detection with their intervals: a panel for each kind of epochs, a row per program."""
    kinds = list(dict.fromkeys(rate.epochs for rate in found))
    titles = list(dict.fromkeys(rate.title for rate in found))
    drawn = new_figure(10, 1.2 + 0.34 * len(titles),
                       f"How often known changes of {chapter} are found")
    panels = np.atleast_1d(drawn.subplots(1, len(kinds), sharey=True))
    for axes, kind in zip(panels, kinds):
        for place, size in enumerate(sorted({rate.runs for rate in found})):
            own = [rate for rate in found if (rate.epochs, rate.runs) == (kind, size)]
            share, low, high = np.array([rate.interval for rate in own]).T
            axes.errorbar(100 * share, [titles.index(rate.title) + 0.22 * (place - 1) for rate in own],
                          xerr=100 * np.abs([share - low, high - share]), fmt=MARKERS[place % 3],
                          markersize=4, linewidth=0.8, label=quantity(size, "run"))
        axes.axvline(100 * comparison.SIGNIFICANCE, color="0.5", linewidth=0.8, linestyle=":")
        axes.set(xlim=(-3, 103), xlabel=f"found to differ (%), {kind} epochs")
        axes.grid(alpha=0.3)
    panels[0].set_yticks(range(len(titles)), titles, fontsize="small")
    panels[0].invert_yaxis()
    legend_below(drawn, *panels)
    return drawn


def confusion_figure(confused, chapter):
    """A `Confusion` as a matrix: a row for each program, a column for each answer. The programs are numbered."""
    titles, counts = confused
    drawn = new_figure(5.6 + 0.34 * len(titles), 0.7 + 0.34 * len(titles),
                       f"Which program a seed of {chapter} is taken for by all other seeds: percent of the seeds of "
                       f"each program (blank: below 1\N{NO-BREAK SPACE}%); "
                       f"{confused.right} of {counts.sum()} seeds are right")
    axes = drawn.subplots()
    numbers = range(1, len(titles) + 1)
    figure_layout.confusion(axes, counts, [f"{title} ({quantity(row.sum(), 'seed')})  {number}"
                                           for number, title, row in zip(numbers, titles, counts)],
                            [*map(str, numbers), "none"])
    axes.set(xlabel="most like program number", ylabel="program", aspect="auto")
    return drawn
