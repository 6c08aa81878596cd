"""The rows of an earlier report on the semi-supervised GAN, to which further rows are added.

The runs of the earlier report are not needed: `accuracies.csv`, `confusion.csv` and `table.txt` are enough.
"""

import pathlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.experiments import semi_supervised as experiment
from gan_tf1.training import seed_ranges

TITLE = re.compile(r"# the semi-supervised GAN on (.+), seeds ([-\d ]+)")
HOW = re.compile(r"# (?:earlier, ([\w, ]+): )?((?:command|data|versions|processor|peak memory of a run): .*)")


class Earlier(NamedTuple):
    """What an earlier report says; empty if there is none."""
    found: list[experiment.Found] = []
    confusion: dict[str, np.ndarray] = {}  # row -> counts [10, 10 or 11]
    title: str = ""                        # of the data set
    how: list[tuple[str, str]] = []        # (rows, line): command, data, versions, ... of these rows

    @property
    def data(self) -> list[str]:
        """Its lines on the data."""
        return [line for _, line in self.how if line.startswith("data: ")]

    @property
    def notes(self) -> list[str]:
        """How its rows were made, a line each."""
        return [f"earlier, {rows}: {line}" for rows, line in self.how]

    @property
    def rows(self) -> list[str]:
        """The names of its rows, in order."""
        return list(dict.fromkeys(each.row for each in self.found))

    def only(self, rows: Sequence[str]) -> "Earlier":
        """The same with these of its rows, in this order for each number of labels, and what is said of them."""
        labels = dict.fromkeys(each.labels for each in self.found)
        return self._replace(
            found=[each for number in labels for row in rows for each in self.found
                   if (each.labels, each.row) == (number, row)],
            confusion={row: self.confusion[row] for row in rows if row in self.confusion},
            how=[(several, line) for several, line in self.how if set(rows) & set(several.split(", "))])


def read(folder: pathlib.Path, kept: Sequence[str], seeds: Sequence[int], rows: Sequence[str],
         labels: Sequence[int]) -> Earlier:
    """The `Earlier` report in `folder`, to which `rows` with these `seeds` and numbers of `labels` are added.

    `kept` names the rows of the report that are wanted, in order; if it is empty, all are. Raises InputError
    if a file of the report is missing or can't be read, or if the report

    - has no row that `kept` names, or one that is not known here,
    - has other seeds or other numbers of labels,
    - has one of the `rows` already.
    """
    def lines(name):
        return (folder / name).read_text().splitlines()

    try:
        table = lines("table.txt")
        title, listed = TITLE.fullmatch(table[0]).groups()
        found = experiment.read_rows(lines("accuracies.csv"))
        own = list(dict.fromkeys(each.labels for each in found))
        confusion = experiment.read_confusion(lines("confusion.csv")) if len(own) == 1 else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{folder} is not a report of semi_supervised_report.py, or a part of it is "
                         f"damaged: {error}") from error
    how = [match.groups() for match in map(HOW.fullmatch, table) if match]
    older = {row for several, _ in how if several for row in several.split(", ")}  # than this report
    newer = ", ".join(dict.fromkeys(each.row for each in found if each.row not in older))
    earlier = Earlier(found, confusion, title, [(rows or newer, line) for rows, line in how])
    if lacking := [row for row in kept if row not in earlier.rows]:
        raise InputError(f"the report in {folder} has no row {lacking[0]}: choose from {', '.join(earlier.rows)}")
    if unknown := [row for row in kept or earlier.rows if row not in experiment.ROWS]:
        raise InputError(f"the report in {folder} has the row {unknown[0]}, which is not known: name those "
                         "that are wanted with --with-rows")
    earlier = earlier.only(kept) if kept else earlier
    if any(each.seeds != tuple(seeds) for each in found):
        raise InputError(f"the report in {folder} has the seeds {listed}, not {seed_ranges.listed(seeds)}: "
                         f"give --seeds {listed}")
    if own != list(labels):
        raise InputError(f"the report in {folder} has {_words(own)} labels, not {_words(labels)}: "
                         f"give --num-labels {_words(own)}")
    if twice := [row for row in rows if row in earlier.rows]:
        raise InputError(f"the report in {folder} has the row {twice[0]} already: leave it out of --rows")
    return earlier


def _words(numbers):
    return " ".join(map(str, numbers))
