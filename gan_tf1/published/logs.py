"""The logs that chapters print: those of the books, of runs, and of anybody's notebook.

`read` takes a run directory, a table with the columns of losses.csv, or any text
that holds lines in a chapter's format; `book` gives what the book prints.
"""

import math
import pathlib
import re
from typing import Any, Callable, NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.training.run_config import read_config_of
from gan_tf1.training.run_results import load_losses, table

BOOK_LOGS = pathlib.Path(__file__).parent / "book_logs"

_NUMBER = r"([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf))"
# Comments, and then a row of names: what a CSV begins with.
_TABLE = re.compile(r"\ufeff?(?:#.*\n|\s*\n)*[ \t]*[A-Za-z_]\w*(?:,[ \t]*[A-Za-z_]\w*)+[ \t\r]*(?:\n|$)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # what a terminal's recording is full of


class Chapter(NamedTuple):
    """What the log of a chapter is made of."""
    columns: dict       # column of losses.csv -> its title; in the order of the printed line
    unit: str           # of all columns
    data: str           # key of the data set that the book trained on
    data_title: str
    windows: dict       # name -> (first, last) epoch, both included; those that are compared
    beginning: Any      # pattern of what begins an epoch's line
    line: Any           # pattern of the whole: what counts it, then each column
    example: str        # such a line
    counted: str = "epoch"          # what a line is of: "epoch" or "step"
    count: Callable = float         # of what the pattern finds ahead of the columns
    bounds: tuple = (0, math.inf)   # between which the columns' values lie: cross entropies

    @property
    def one(self):
        return f"an {self.counted}" if self.counted == "epoch" else f"a {self.counted}"


CHAPTERS = {
    "mnist_gan": Chapter(
        columns={"disc_loss": "disc loss", "gen_loss": "gen loss"}, unit="nats",
        data="mnist", data_title="MNIST",
        windows={"first": (1, 2), "early": (3, 33), "middle": (34, 66), "late": (67, 100),
                 "printed": (71, 100)},
        beginning=re.compile(r"Epoch\s+\d{1,9}\s*/\s*\d+\s*\.\.\.", re.IGNORECASE),
        line=re.compile(r"Epoch\s+(\d{1,9})\s*/\s*\d+\s*\.\.\.\s*"
                        rf"Disc(?:riminator)? Loss:\s*{_NUMBER}\s*\.\.\.\s*"
                        rf"Gen(?:erator)? Loss:\s*{_NUMBER}(?![\d,])", re.IGNORECASE),
        example="Epoch 1/100... Disc Loss: 1.078... Gen Loss: 1.361"),
    "semi_supervised": Chapter(
        columns={"train_accuracies": "train accuracy", "test_accuracies": "test accuracy"}, unit="",
        data="svhn", data_title="SVHN",
        windows={"printed": (24, 24)}, bounds=(0, 1),
        beginning=re.compile(r"Epoch\s+\d{1,9}\s+Classifier train", re.IGNORECASE),
        line=re.compile(rf"Epoch\s+(\d{{1,9}})\s+Classifier train accuracy:?\s*{_NUMBER}\s+"
                        rf"Classifier test accuracy:?\s*{_NUMBER}(?![\d,])", re.IGNORECASE),
        example="Epoch 0, Classifier train accuracy: 0.1, Classifier test accuracy 0.1, "
                "each on a line of its own"),
    "dcgan_mnist": Chapter(
        columns={"disc_loss": "disc loss", "gen_loss": "gen loss"}, unit="nats",
        data="mnist", data_title="MNIST",
        windows={"first": (1, 6), "late": (11_701, 23_400), "printed": (23_396, 23_400)},
        beginning=re.compile(r">\d{1,6},\s*\d{1,6}\s*/\s*\d"),
        line=re.compile(r">(\d{1,6}),\s*(\d{1,6})\s*/\s*(\d{1,6}),\s*"
                        rf"d=\s*{_NUMBER},\s*g=\s*{_NUMBER}(?![\d,])"),
        example=">1, 1/234, d=0.711, g=0.678",
        counted="step",
        count=lambda epoch, batch, batches: (int(epoch) - 1) * int(batches) + int(batch)),
}


class Log(NamedTuple):
    """One run's figures; `epochs` rises, and may have gaps."""
    epochs: np.ndarray      # [E] int, as the chapter counts; steps, where it prints every step
    losses: dict            # column -> [E] float
    incomparable: str = ""  # why this log can't be held against the book's, if so
    settings: Any = None    # the run's settings, where they are known


def parse(text, chapter):
    """The `Log` in any text that holds lines of the chapter's format, in either book's spelling.

    Raises InputError where there is no such line, where a line begins like one
    and goes on otherwise, or where one epoch stands there twice.
    """
    form = CHAPTERS[chapter]
    text = _COLOUR.sub("", text)
    ahead = form.line.groups - len(form.columns)
    rows = [(form.count(*row[:ahead]), *map(float, row[ahead:])) for row in form.line.findall(text)]
    if not rows:
        raise InputError(f"no line reads like `{form.example}`")
    begun = len(form.beginning.findall(text))
    if begun != len(rows):
        raise InputError(f"{begun - len(rows)} of {begun} lines begin with {form.one}, but don't "
                         f"go on like `{form.example}`")
    # Our own logs begin with what they were trained on; a notebook's is taken at its word.
    headline = re.search(rf"^{chapter} on (.+?), seed \d+", text, re.MULTILINE)
    why = other_data(form, headline[1]) if headline and headline[1] != form.data_title else ""
    return of_columns(dict(zip((form.counted, *form.columns), np.array(rows).T)), form, why)


def read(path, chapter):
    """The `Log` of a run directory, of a table with the chapter's columns, or of a text.

    Raises InputError, naming the file, if it can't be read.
    """
    path = pathlib.Path(path)
    form = CHAPTERS[chapter]
    if path.is_dir():
        config = read_config_of(chapter, path)
        why = "" if config["data"] == form.data else other_data(form, config["data_title"])
        return of_columns(load_losses(path), form, why, config["settings"])
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # what PowerShell's > writes
    text = raw.decode("utf-16" if wide else "utf-8", errors="replace")
    try:
        if _TABLE.match(text):
            return of_columns(table(text.lstrip("\ufeff")), form)
        return parse(text, chapter)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def book(chapter):
    """The `Log` that the book prints."""
    return read(BOOK_LOGS / f"{chapter}.csv", chapter)


def other_data(form, title):
    """Why a log of a run on the data set `title` can't be compared."""
    return f"it was trained on {title}, the book's on {form.data_title}"


def of_columns(found, form, incomparable="", settings=None):
    """The `Log` of columns in any order of epochs; InputError if they don't hold a single run."""
    if missing := [name for name in (form.counted, *form.columns) if name not in found]:
        raise InputError(f"it has the columns {', '.join(found)}, and lacks {', '.join(missing)}")
    if not len(found[form.counted]):
        raise InputError(f"it has no rows below {', '.join(found)}")
    epochs = np.asarray(found[form.counted])
    if not (np.isfinite(epochs).all() and (epochs == np.round(epochs)).all()):
        raise InputError(f"{form.one} is no whole number")
    places = np.argsort(epochs, kind="stable")
    epochs = epochs[places].astype(int)
    twice = epochs[1:][np.diff(epochs) == 0]
    if len(twice):
        raise InputError(f"{form.counted} {twice[0]} stands there more than once: give the log of "
                         "one run")
    return Log(epochs, {name: np.asarray(found[name])[places] for name in form.columns},
               incomparable, settings)
