"""The logs of training that other people published with their notebooks, as CSV files.

other_logs/README.md says what they are. Their values are those that were printed, all of them.
"""

import csv
import functools
import gzip
import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.published import logs
from gan_tf1.training.run_results import table

FOLDER = pathlib.Path(__file__).parent / "other_logs"
NO_CHANGE, UNKNOWN = "", "?"
COUNTS = ("epoch", "batch", "step", "iteration")  # columns that say which line it is


class OtherLog(NamedTuple):
    """A published log; index.csv has a row for each."""
    id: str         # such as "A016"
    program: str    # which public program was run
    chapter: str    # the chapter whose log it can be compared with, "" if there is none
    kind: str       # "same", "same-but-...", "variant", "other" or "unclear"
    change: str     # the known change of the chapter that this is, `NO_CHANGE`, or `UNKNOWN`
    lines: int      # how many lines were printed
    blob: str       # the beginning of the git blob of the notebook
    differs: str    # what differs from the program

    @property
    def log(self) -> logs.Log:
        """Its `Log`, whose `chapter` is "" if there is none; then it has the columns of the file."""
        return self.log_of(self.chapter)

    def log_of(self, chapter) -> logs.Log:
        """Its `Log` in a format of `CHAPTERS`: a DCGAN's log also has accuracies."""
        columns = table(self.text())
        if chapter:
            return logs.of_columns(columns, chapter)
        values = {name: column for name, column in columns.items() if name not in COUNTS}
        return logs.Log(np.arange(1, self.lines + 1), values)

    @property
    def has_second_lines(self) -> bool:
        """Whether it also has the accuracies that a DCGAN prints every ten epochs."""
        return "\n10,acc," in self.text()

    def text(self) -> str:
        """The CSV file: a row for each printed line."""
        plain = FOLDER / f"{self.id}.csv"
        if plain.exists():
            return plain.read_text()
        return gzip.decompress((FOLDER / f"{self.id}.csv.gz").read_bytes()).decode()


@functools.cache
def every() -> tuple[OtherLog, ...]:
    """All published logs, in the order of their ids."""
    with open(FOLDER / "index.csv", newline="") as file:
        return tuple(OtherLog(row["id"], row["program"], row["chapter"], row["class"], row["change"],
                              int(row["lines"]), row["blob"], row["differs"])
                     for row in csv.DictReader(file))


def of_program(program, kind=None) -> list[OtherLog]:
    """The logs of a program, all or those of one kind, such as "same"."""
    return [one for one in every() if one.program == program and kind in (None, one.kind)]


def of_chapter(chapter) -> list[OtherLog]:
    """The logs that can be compared with those of a chapter."""
    return [one for one in every() if one.chapter == chapter]


def named(name) -> OtherLog | None:
    """The published log whose id is `name`, in capitals or not; None if there is none."""
    return next((one for one in every() if one.id == str(name).upper()), None)


def read(path, chapter=None, part=None) -> logs.Log:
    """As `logs.read`, but `path` may also be the id of a published log, if there is no such file.

    Raises InputError as `logs.read` does, and if the published log is not of the `chapter` or has no parts.
    """
    found = None if pathlib.Path(path).exists() else named(path)
    if found is None:
        return logs.read(path, chapter, part)
    logs.refuse_part(part, path)
    if found.chapter == "" or chapter not in (None, found.chapter):
        whose = f"of {found.chapter}" if found.chapter else "of none of the chapters"
        raise InputError(f"{found.id} is a log {whose}: {found.differs}")
    return found.log
