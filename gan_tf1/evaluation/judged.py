"""The figures of samples that a classifier judged, drawn from numbers or from a printed report.

`scripts/evaluate.py` and `scripts/wasserstein_estimate.py` print their results as text. The
functions `read_evaluation` and `read_estimate` read such a text, with or without comments above it,
so that a figure can be drawn again without the samples.
"""

import re
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures
from gan_tf1.errors import InputError

AXES = {"score": "classifier score (Inception-style)", "distance": "Fréchet classifier distance",
        "classes": "classes covered", "KL to uniform": "KL divergence from uniform classes (nats)"}
CRITICS = {"wasserstein_gan": "Wasserstein GAN",
           "wasserstein_gan_gp": "Wasserstein GAN with gradient penalty"}
NUMBER = r"-?\d[\d.e+-]*"


class Row(NamedTuple):
    """A row of the table that `scripts/evaluate.py` prints."""
    name: str
    figures: dict           # metric -> (value, standard error)
    accuracy: Any = None    # (conditional accuracy, standard error), or None without labels


class Kind(NamedTuple):
    """What a run was trained as. Runs that differ in nothing but the seed have the same `settings`."""
    name: str       # for tables and figures; it need not name all settings
    settings: str
    seed: int


class Generator(NamedTuple):
    """A generator that was trained with one or several seeds, one `Row` each."""
    name: str
    seeds: int
    first: int              # the place of its first row
    figures: dict           # metric -> (mean, standard error of a row, standard deviation over seeds)
    accuracy: Any = None    # the same of the conditional accuracy, or None without labels

    def row(self):
        """The `Row` of its means, with the standard deviation over seeds, or the error of its only seed."""
        return Row(self.name, {metric: (mean, spread if self.seeds > 1 else error)
                               for metric, (mean, error, spread) in self.figures.items()})


def over_seeds(rows, kinds) -> list[Generator]:
    """The `Generator`s of the `Row`s, in their order.

    `kinds` has for each row its `Kind`, or None if the row is not of a run. Rows whose settings are
    equal are one generator; a seed that occurs again is left out. The standard error of a row is the
    root of the mean square of the rows' errors. It tells how well a row is measured, and the standard
    deviation over seeds (NaN if there is one seed) how much another training would differ. Generators
    whose names are equal are named by their settings.
    """
    found = {}
    for place, (row, kind) in enumerate(zip(rows, kinds)):
        kind = kind or Kind(row.name, f"{row.name}, row {place}", 0)
        found.setdefault(kind.settings, {}).setdefault(kind.seed, (place, kind.name, row))
    names = [next(iter(of_seeds.values()))[1] for of_seeds in found.values()]
    generators = []
    for name, (settings, of_seeds) in zip(names, found.items()):
        places, _, own = zip(*of_seeds.values())
        generators.append(Generator(
            name if names.count(name) == 1 else settings, len(own), places[0],
            {metric: _both_errors([row.figures[metric] for row in own]) for metric in own[0].figures},
            _both_errors([row.accuracy for row in own]) if own[0].accuracy else None))
    return generators


def _both_errors(pairs):
    values, errors = np.array(pairs, float).T
    spread = values.std(ddof=1) if len(values) > 1 else np.nan
    return float(values.mean()), float(np.sqrt(np.mean(errors ** 2))), float(spread)


def bars(real, generators, count, data_title):
    """The figure of the `Row` of real images and of `Generator`s, each row of `count` images per seed."""
    unit, error = "row", "standard error"
    if any(one.seeds > 1 for one in generators):
        unit, error = "seed", "standard deviation over seeds, if there are several, else standard error"
    return figures.metric_bars(
        [real, *(one.row() for one in generators)],
        f"{count:,} images per {unit}, judged by a classifier; distance to the training images of "
        f"{data_title}; black lines: {error}", AXES)


def read_evaluation(text):
    """The arguments of `bars` in the report `text`.

    Raises InputError if it is not a report of evaluate.py.
    """
    told = re.search(r"^(\d+) images .*; distance to \d+ training images of (.*?)(?:, data_crc32 \w+)?$", text, re.M)
    if not told:
        raise InputError("the text is not a report of evaluate.py")
    rows = [Row(name, dict(zip(AXES, zip(numbers[::2], numbers[1::2])))) for name, *numbers in
            _cells(text[told.end():], "", rf"({NUMBER}) \+- ({NUMBER})")]
    if not rows:
        raise InputError("the text of evaluate.py has no table")
    # Without several seeds, each row is one generator, and there is no second table.
    generators = [
        Generator(name, int(seeds), 0, dict(zip(AXES, zip(numbers[::3], numbers[1::3], numbers[2::3]))))
        for name, seeds, *numbers in _cells(text, r"\s+(\d+)", rf"({NUMBER}) \(({NUMBER}); ({NUMBER}|-)\)")
    ] or over_seeds(rows[1:], [None] * (len(rows) - 1))
    return rows[0], generators, int(told[1]), told[2]


def _cells(text, column, numbers):
    """The name and the numbers of each line of a table whose cells match `numbers`, four in a line."""
    for one in re.finditer(rf"^(\S.*?){column}" + 4 * rf"\s+{numbers}" + "$", text, re.M):
        yield one[1], *(np.nan if number == "-" else float(number) for number in one.groups()[1:])


def estimate_title(chapter, data_title, seed, count) -> str:
    """The title of the figure of a critic's estimate, with `count` samples per interval."""
    return f"{CRITICS[chapter]} on {data_title}, seed {seed}: {count:,} samples of each interval"


def read_estimate(text):
    """The arguments of `figures.estimate_and_distance` in the report `text`.

    Raises InputError if it is not a report of wasserstein_estimate.py.
    """
    told = re.search(r"^(\w+) \(.*\) on (.*?)(?:, data_crc32 [\w ]+)?, seed (\d+), judged by .*: (\d+) samples "
                     "of each", text, re.M)
    real = re.search(rf"^distance of \d+ test images: ({NUMBER});", text, re.M)
    found = re.search(rf"^estimate +({NUMBER})", text, re.M)
    changes = re.search(rf"^estimate, changes +({NUMBER}) +\(({NUMBER}) to ({NUMBER})\)", text, re.M)
    rows = re.findall(rf"^ *(\d+) +({NUMBER}) +({NUMBER})$", text, re.M)
    if not (told and told[1] in CRITICS and real and found and changes and rows):
        raise InputError("the text is not a report of wasserstein_estimate.py")
    return (*np.array(rows, float).T, float(real[1]),
            tuple(map(float, (found[1], *changes.groups()))),
            estimate_title(told[1], told[2], told[3], int(told[4])))
