"""Read logs of training: those that the books print, those of runs, and those of any notebook.

`read` reads a run directory, a table with the columns of losses.csv, or any text that contains lines in
the format of a chapter. `book` returns what the book prints.
"""

import dataclasses
import math
import pathlib
import re
from typing import Any, Callable, NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.config import flag
from gan_tf1.errors import InputError
from gan_tf1.training.run_config import read_config_of
from gan_tf1.training.run_results import load_losses, table

BOOK_LOGS = pathlib.Path(__file__).parent / "book_logs"

_NUMBER = r"([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf))"
# The beginning of a CSV file: comments, and then a row of names.
_TABLE = re.compile(r"\ufeff?(?:#.*\n|\s*\n)*[ \t]*[A-Za-z_]\w*(?:,[ \t]*[A-Za-z_]\w*)+[ \t\r]*(?:\n|$)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # the recording of a terminal contains these


class Chapter(NamedTuple):
    """The format of the log of a chapter."""
    columns: dict       # column of losses.csv -> its title, in the order of the printed line
    unit: str           # of all columns
    data_title: str     # of the data set on which the book trained
    windows: dict       # name -> (first, last) epoch, both included, of the windows to compare
    beginning: Any      # pattern of the beginning of an epoch's line
    line: Any           # pattern of the whole line: its number, and then each column
    example: str        # an example of such a line
    counted: str = "epoch"          # there is a line per "epoch" or "step"
    count: Callable = float         # from the groups before the columns to the number of the line
    bounds: tuple = (0, math.inf)   # of all values; the default is for cross-entropies

    @property
    def one(self) -> str:
        """"an epoch" or "a step"."""
        return f"an {self.counted}" if self.counted == "epoch" else f"a {self.counted}"


CHAPTERS = {
    "mnist_gan": Chapter(
        columns={"disc_loss": "disc loss", "gen_loss": "gen loss"}, unit="nats",
        data_title="MNIST",
        windows={"first": (1, 2), "early": (3, 33), "middle": (34, 66), "late": (67, 100),
                 "printed": (71, 100)},
        beginning=re.compile(r"Epoch\s+\d{1,9}\s*/\s*\d+\s*\.\.\.", re.IGNORECASE),
        line=re.compile(r"Epoch\s+(\d{1,9})\s*/\s*\d+\s*\.\.\.\s*"
                        rf"Disc(?:riminator)? Loss:\s*{_NUMBER}\s*\.\.\.\s*"
                        rf"Gen(?:erator)? Loss:\s*{_NUMBER}(?![\d,])", re.IGNORECASE),
        example="Epoch 1/100... Disc Loss: 1.078... Gen Loss: 1.361"),
    "semi_supervised": Chapter(
        columns={"train_accuracies": "train accuracy", "test_accuracies": "test accuracy"}, unit="",
        data_title="SVHN",
        windows={"printed": (24, 24)}, bounds=(0, 1),
        beginning=re.compile(r"Epoch\s+\d{1,9}\s+Classifier train", re.IGNORECASE),
        line=re.compile(rf"Epoch\s+(\d{{1,9}})\s+Classifier train accuracy:?\s*{_NUMBER}\s+"
                        rf"Classifier test accuracy:?\s*{_NUMBER}(?![\d,])", re.IGNORECASE),
        example="Epoch 0, Classifier train accuracy: 0.1, Classifier test accuracy 0.1, "
                "each on a line of its own"),
    "dcgan_mnist": Chapter(
        columns={"disc_loss": "disc loss", "gen_loss": "gen loss"}, unit="nats",
        data_title="MNIST",
        windows={"first": (1, 6), "late": (11_701, 23_400), "printed": (23_396, 23_400)},
        beginning=re.compile(r">\d{1,6},\s*\d{1,6}\s*/\s*\d"),
        line=re.compile(r">(\d{1,6}),\s*(\d{1,6})\s*/\s*(\d{1,6}),\s*"
                        rf"d=\s*{_NUMBER},\s*g=\s*{_NUMBER}(?![\d,])"),
        example=">1, 1/234, d=0.711, g=0.678",
        counted="step",
        count=lambda epoch, batch, batches: (int(epoch) - 1) * int(batches) + int(batch)),
}


class Log(NamedTuple):
    """The losses of one run. Its `epochs` increase, and may have gaps."""
    epochs: np.ndarray      # [E] int, numbered as in the chapter; steps, if it prints every step
    losses: dict            # column -> [E] float
    incomparable: str = ""  # why this log can't be compared with the book's; empty if it can
    settings: Any = None    # a dict of the run's settings, or of those that its first line states


def parse(text, chapter) -> Log:
    """The `Log` in any text that contains lines in the chapter's format, in the spelling of either book.

    Raises InputError if there is no such line, if a line begins like one and continues differently,
    or if an epoch occurs twice.
    """
    form = CHAPTERS[chapter]
    text = _COLOUR.sub("", text)
    ahead = form.line.groups - len(form.columns)
    rows = [(form.count(*row[:ahead]), *map(float, row[ahead:])) for row in form.line.findall(text)]
    if not rows:
        raise InputError(f"there is no line like `{form.example}`")
    begun = len(form.beginning.findall(text))
    if begun != len(rows):
        raise InputError(f"{begun - len(rows)} of {begun} lines begin with {form.one}, but don't "
                         f"continue like `{form.example}`")
    # Our own logs begin with their data and settings. Others are assumed to be of the book's data.
    headline = re.search(
        rf"^{chapter} on (.+?), seed \d+(?:, with ([^\r\n]*))?", text, re.MULTILINE)
    why = other_data(form, headline[1]) if headline else ""
    settings = stated_settings(headline[2] or "", chapter) if headline else None
    columns = dict(zip((form.counted, *form.columns), np.array(rows).T))
    return of_columns(columns, form, why, settings)


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


def read(path, chapter) -> Log:
    """The `Log` of a run directory, of a table with the chapter's columns, or of a text.

    Raises InputError, which names the file, if it can't be read.
    """
    path = pathlib.Path(path)
    form = CHAPTERS[chapter]
    if path.is_dir():
        config = read_config_of(chapter, path)
        why = other_data(form, config["data_title"])
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


def book(chapter) -> Log:
    """The `Log` that the book prints for a chapter."""
    return read(BOOK_LOGS / f"{chapter}.csv", chapter)


def other_data(form, title) -> str:
    """Why a log of a run on the data set `title` can't be compared, as a part of a sentence.

    This is "" if it is the book's data set, even if other images of it were tested.
    """
    if title.partition(", tested on ")[0] == form.data_title:
        return ""
    return f"it was trained on {title}, the book's on {form.data_title}"


def of_columns(found, form, incomparable="", settings=None) -> Log:
    """The `Log` of the columns `found`, a dict of name -> [E], whose epochs may be in any order.

    Raises InputError if a column is missing or empty, or if they are not those of a single run.
    """
    if missing := [name for name in (form.counted, *form.columns) if name not in found]:
        raise InputError(f"it has the columns {', '.join(found)}, but lacks {', '.join(missing)}")
    if not len(found[form.counted]):
        raise InputError(f"it has no rows below {', '.join(found)}")
    epochs = np.asarray(found[form.counted])
    if not (np.isfinite(epochs).all() and (epochs == np.round(epochs)).all()):
        raise InputError(f"the number of {form.one} is not a whole number")
    places = np.argsort(epochs, kind="stable")
    epochs = epochs[places].astype(int)
    twice = epochs[1:][np.diff(epochs) == 0]
    if len(twice):
        raise InputError(f"{form.counted} {twice[0]} occurs more than once: give the log of a single "
                         "run")
    return Log(epochs, {name: np.asarray(found[name])[places] for name in form.columns},
               incomparable, settings)
