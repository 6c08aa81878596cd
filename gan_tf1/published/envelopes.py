"""Envelopes: the losses of many seeds of one program, kept in one CSV file.

The file begins with comments that say how it was made (`# settings: {...}`), and then has one row per
seed and epoch, or step. Seeds whose training diverged have no rows. A comment names them, with the epoch
at which a loss was no longer finite (`# diverged: {"3": 12}`).

The package contains an envelope of each chapter that could be trained with many seeds, in `book_logs`,
and envelopes of known changes of a chapter, in `known_changes`.
"""

import csv
import itertools
import json
import pathlib
import re
from typing import NamedTuple

import numpy as np

from gan_tf1 import files
from gan_tf1.errors import InputError
from gan_tf1.published import log_chapters
from gan_tf1.published.logs import BOOK_LOGS, CHAPTERS, Chapter, Log, data_set
from gan_tf1.training import many_runs, run_results, seed_ranges
from gan_tf1.training.run_results import load_losses, table
from gan_tf1.wording import quantity

LOSSES = "losses.csv"
FEWEST = 2  # seeds: one alone has no spread
FEWEST_KNOWN = 3  # seeds of a known change, for a probability
FIRST, LAST = 100, 10  # rows that a thinned envelope keeps in any case

KNOWN_CHANGES = pathlib.Path(__file__).parent / "known_changes"


class Envelope(NamedTuple):
    """The losses of many seeds: `losses[name]` is [seeds, epochs]."""
    chapter: Chapter
    epochs: np.ndarray
    losses: dict
    settings: dict
    data: str = "?"         # the title of the data set
    title: str = ""         # of the known change; empty if it is the chapter's own program
    data_crc32: str = ""    # the checksum of the training set; empty if not stated
    diverged: dict = {}     # seed -> the epoch, or step, at which its training diverged; not among `losses`

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len(next(iter(self.losses.values())))

    @property
    def data_title(self) -> str:
        """The title of the data set, without the remark on the images that may follow it."""
        return self.data.partition(";")[0]

    @property
    def trained_on(self) -> str:
        """The data set, with the checksum of the training set if it is stated."""
        return f"{self.data_title}, data_crc32 {self.data_crc32}" if self.data_crc32 else self.data_title

    def logs(self) -> list[Log]:
        """Each seed as a `Log`, in the order of the file."""
        return [Log(self.epochs, {name: values[row] for name, values in self.losses.items()}, data=self.data_title)
                for row in range(self.seeds)]

    def without(self, rows):
        """The envelope without the seeds at the places `rows`."""
        return self._replace(losses={name: np.delete(values, rows, axis=0)
                                     for name, values in self.losses.items()})


def has_envelope(chapter) -> bool:
    """Whether the package contains an envelope of the chapter on the book's data set."""
    return path_of(chapter) is not None


def path_of(chapter, data="") -> pathlib.Path | None:
    """The package's envelope of the chapter on the data set with the title `data`; None if it has none.

    If there is none of this data set, or no data set is named, it is the envelope of the book's data set.
    """
    for path in sorted(BOOK_LOGS.glob(f"{chapter}_*_envelope.csv")) if data else ():
        about = dict(comments_of(text_of(path)))
        if about.get("chapter") == chapter and about.get("data") == data_set(data):
            return path
    own = BOOK_LOGS / f"{chapter}_envelope.csv"
    return own if own.exists() else None


def envelope(chapter, path=None) -> Envelope:
    """The chapter's `Envelope`, from the package or from a file that scripts/make_envelope.py wrote.

    Raises InputError if there is none, if the file is not an envelope, or if an epoch of a seed is
    missing.
    """
    path = path or path_of(chapter)
    if path is None:
        raise InputError(f"the package has no envelope of {chapter}: make one with "
                         "make_envelope.py, and name it with --envelope")
    path = pathlib.Path(path)
    if chapter not in CHAPTERS:
        raise InputError(f"{path} has the losses of {chapter}, which are not compared")
    form = CHAPTERS[chapter]
    text = text_of(path)
    try:
        if lost := too_few(text):
            raise ValueError(lost)
        columns = table(text)
        if missing := [name for name in ("seed", form.counted, *form.columns)
                       if name not in columns]:
            raise ValueError(f"it has no column {', '.join(missing)}")
        comments = dict(comments_of(text))
        if (named := comments.get("chapter", chapter)) != chapter:
            raise ValueError(f"it is one of {named}, not of {chapter}")
        if "settings" not in comments:
            raise ValueError("it has no line that begins with `# settings:`")
        settings = json.loads(comments["settings"])
        if not isinstance(settings, dict):
            raise ValueError("its settings are not an object")
        counted = columns[form.counted]
        seeds, epochs = np.unique(columns["seed"]), np.unique(counted).astype(int)
        places = np.lexsort((counted, columns["seed"]))
        expected = np.stack(np.meshgrid(seeds, epochs, indexing="ij")).reshape(2, -1)
        if len(seeds) < FEWEST or not np.array_equal(
                expected, [columns["seed"][places], counted[places]]):
            raise ValueError(f"{form.one} of a seed is missing, or there are fewer than two seeds")
        losses = {name: columns[name][places].reshape(len(seeds), len(epochs))
                  for name in form.columns}
        for seed, *own in zip(seeds, *losses.values()):
            if not np.isfinite(own).all():
                raise ValueError(f"a loss of seed {seed:.0f} is not finite")
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise InputError(f"{path} is not an envelope: {error}") from error
    return Envelope(form, epochs, losses, settings, comments.get("data", "?"),
                    comments.get("change", ""), comments.get("data_crc32", ""), diverged_in(text))


def text_of(path) -> str:
    """The text of the file of an envelope.

    Raises InputError if the file can't be read, or if what it says of diverged seeds can't.
    """
    try:
        text = pathlib.Path(path).read_text()
        diverged_in(text)
        return text
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not an envelope: {error}") from error


def diverged_in(text) -> dict[str, int]:
    """The seeds that diverged, as the text of an envelope names them: seed -> epoch, or step."""
    found = json.loads(dict(comments_of(text)).get("diverged", "{}"))
    return {str(int(seed)): int(epoch) for seed, epoch in found.items()}


def chapter_of(path) -> str:
    """The chapter of the envelope in the file `path`, or "" if it is not a file of an envelope."""
    if not pathlib.Path(path).is_file():  # what is read from a pipe would be lost for the next reader
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            head = list(itertools.takewhile(lambda line: line.startswith("#"), file))
            file.seek(0)
            columns = next((line for line in file if not line.startswith("#")), "")
    except (OSError, UnicodeDecodeError):
        return ""
    chapters = [line.removeprefix("# chapter: ").strip() for line in head if line.startswith("# chapter: ")]
    return chapters[0] if columns.startswith("seed,") and chapters else ""


def known_changes(chapter, folder=None, data="") -> dict[str, Envelope]:
    """The envelopes of known changes of a chapter, by the names of their files.

    They are those of the package, or those in `folder`; if `data`, the title of a data set, is named, only
    those on it. A change with fewer than `FEWEST_KNOWN` seeds that did not diverge is not among them. Raises
    InputError if a file is not an envelope.
    """
    found = {path.stem: envelope(chapter, path) for path, text in _files_of_changes(chapter, folder, data)
             if _complete(text) >= FEWEST_KNOWN}
    return {name: one._replace(title=one.title or name) for name, one in found.items()}


def divergences(chapter, folder=None, data="") -> list[str]:
    """A line on each of the `known_changes` with seeds that diverged, or with too few seeds for a probability."""
    found = []
    for path, text in _files_of_changes(chapter, folder, data):
        lost, left = _lost(text), _complete(text)
        said = [lost] if lost else []
        if 0 < left < FEWEST_KNOWN:
            said.append(f"{'the others' if lost else quantity(left, 'seed')} are too few for a probability")
        if said:
            found.append(f"{dict(comments_of(text)).get('change', path.stem)}: {'; '.join(said)}")
    return found


def _files_of_changes(chapter, folder, data):
    """The files of the known changes and their texts, in the order of their names."""
    found = (KNOWN_CHANGES / chapter if folder is None else folder).glob("*.csv")
    for path in sorted(path for path in found if not path.name.startswith(files.UNFINISHED)):
        text = text_of(path)
        if not data or dict(comments_of(text)).get("data", "").partition(";")[0] == data:
            yield path, text


def comments_of(text) -> list[tuple[str, str]]:
    """The comments that say how an envelope was made, (key, value), from the text of its file."""
    return re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE)


def _lost(text):
    """ "3 of 10 seeds diverged", for the text of an envelope; "" if none did."""
    lost = len(diverged_in(text))
    return f"{lost} of {quantity(lost + _complete(text), 'seed')} diverged" if lost else ""


def _complete(text):
    """The number of seeds that have rows in the text of an envelope."""
    return len(set(re.findall(r"^(\d+),", text, re.MULTILINE)))


def too_few(text, fewest=FEWEST) -> str:
    """ "9 of 10 seeds diverged" if fewer than `fewest` seeds are left in the text of an envelope; else ""."""
    return _lost(text) if _complete(text) < fewest else ""


def write(file, seeds, paths, command, change="", name=LOSSES, thin=1) -> None:
    """Write the runs at `paths`, one per seed, to `file`: how they were made, then their losses.

    `command` made them, and `change` is the title of a known change, if it is one. `name` is that of
    the runs' table. If `thin` is above 1, only the rows of `kept` are written. Raises InputError if the
    runs differ in anything but the seed, or if such tables of the chapter are not compared. Of a run that
    diverged, only the seed and the epoch are written.
    """
    config = many_runs.refuse_unequal(paths, ("settings", "loop", "data_crc32", "versions"))
    key = _key(config["chapter"], name)
    diverged = diverged_seeds(seeds, paths, name)
    how = {"chapter": key, **({"change": change} if change else {}),
           "settings": config["settings"], "loop": config.get("loop"), "data": config["data_title"],
           "data_crc32": config["data_crc32"], "seeds": seed_ranges.listed(seeds),
           **({"diverged": diverged} if diverged else {}),
           **({"rows": f"the first {FIRST}, every {thin}th, and the last {LAST}"} if thin > 1 else {}),
           "command": command, "versions": config["versions"],
           **({"processor": processors} if (processors := many_runs.processors_of(paths)) else {})}
    for what, value in how.items():
        file.write(f"# {what}: {value if isinstance(value, str) else json.dumps(value)}\n")
    rows = csv.writer(file, lineterminator="\n")
    complete = [(seed, path) for seed, path in zip(seeds, paths) if seed not in diverged]
    rows.writerow(["seed", *(load_losses(complete[0][1], name) if complete else (
        CHAPTERS[key].counted, *CHAPTERS[key].columns))])
    for seed, path in complete:
        losses = load_losses(path, name)
        own = kept(len(next(iter(losses.values()))), thin)
        losses = {column: values[own] for column, values in losses.items()}
        for count, *values in zip(*losses.values()):
            rows.writerow([seed, int(count), *map(_written, values)])


def diverged_seeds(seeds, paths, name=LOSSES) -> dict[int, int]:
    """The seeds whose runs at `paths` diverged: seed -> the epoch, or step, at which they did.

    It is the last one of the table `name` if its losses are not finite there, otherwise that of losses.csv.
    """
    found = {}
    for seed, path in zip(seeds, paths):
        if run_results.diverged(path):
            counts, *_ = load_losses(path, name if run_results.diverged(path, name) else LOSSES).values()
            found[seed] = int(counts[-1])
    return found


def _written(value):
    """A loss with four decimals, or six significant digits if it is so small that these say more."""
    return f"{value:.4f}" if abs(value) >= 0.1 or value == 0 else f"{value:.6g}"


def kept(rows, thin) -> np.ndarray:
    """The places of the rows that are kept of so many: all of the first and last, and every `thin`th."""
    places = np.arange(rows)
    return places[(places < FIRST) | (places % thin == 0) | (places >= rows - LAST)]


def _key(chapter, name):
    """The chapter in `CHAPTERS` whose runs have the table `name`; `chapter` itself for its losses."""
    if name == LOSSES:
        return chapter
    key = log_chapters.of_table(chapter, name)
    if key is None:
        raise InputError(f"--table {name}: such tables of {chapter} are not compared, only {LOSSES}")
    return key
