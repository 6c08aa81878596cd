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


class Generator(NamedTuple):
    """A generator that was trained with several seeds, one `Row` each."""
    name: str
    seeds: int
    figures: dict           # metric -> (mean, standard error of a row, standard deviation over seeds)


def over_seeds(rows, kinds) -> list[Generator]:
    """The `Generator`s among the `Row`s, in their order.

    `kinds` has for each row a pair (name, seed), where runs that differ only in the seed have the
    same name, or None if the row is not of a run. Rows of one name are one generator, if there are
    two or more seeds; a seed that occurs again is left out. The standard error of a row is the root
    of the mean square of the rows' errors. It tells how well a row is measured, and the standard
    deviation over seeds how much another training would differ.
    """
    found = {}
    for row, kind in zip(rows, kinds):
        if kind is not None:
            found.setdefault(kind[0], {}).setdefault(kind[1], row)
    return [Generator(name, len(of_seeds), {
        metric: _both_errors([row.figures[metric] for row in of_seeds.values()])
        for metric in next(iter(of_seeds.values())).figures})
        for name, of_seeds in found.items() if len(of_seeds) > 1]


def _both_errors(pairs):
    values, errors = np.array(pairs, float).T
    return float(values.mean()), float(np.sqrt(np.mean(errors ** 2))), float(values.std(ddof=1))


def bars(rows, count, data_title):
    """The figure of the `Row`s, each of `count` images; the first row is of real images."""
    return figures.metric_bars(
        rows, f"{count:,} images per row, judged by a classifier; distance to the training images "
        f"of {data_title}; black lines: standard error", AXES)


def read_evaluation(text):
    """The arguments of `bars` in the report `text`.

    Raises InputError if it is not a report of evaluate.py.
    """
    told = re.search(r"^(\d+) images .*; distance to \d+ training images of (.*?)(?:, data_crc32 \w+)?$", text, re.M)
    if not told:
        raise InputError("the text is not a report of evaluate.py")
    # The rows that a later command added to the text are below an empty line.
    lines = text[told.end():].split("\n\n")[0].splitlines()
    cells = [re.fullmatch(r"(.+?)\s+" + r"\s+".join(4 * [rf"({NUMBER}) \+- ({NUMBER})"]), line)
             for line in lines]
    rows = []
    for one in filter(None, cells):
        numbers = list(map(float, one.groups()[1:]))
        rows.append(Row(one[1], dict(zip(AXES, zip(numbers[::2], numbers[1::2])))))
    if not rows:
        raise InputError("the text of evaluate.py has no table")
    return rows, int(told[1]), told[2]


def estimate_title(chapter, data_title, seed, count) -> str:
    """The title of the figure of a critic's estimate, with `count` samples per interval."""
    return f"{CRITICS[chapter]} on {data_title}, seed {seed}: {count:,} samples of each interval"


def read_estimate(text):
    """The arguments of `figures.estimate_and_distance` in the report `text`.

    Raises InputError if it is not a report of wasserstein_estimate.py.
    """
    told = re.search(r"^(\w+) \(.*\) on (.*?)(?:, data_crc32 [\w ]+)?(?:, seed (\d+))?, judged by .*: (\d+) samples "
                     "of each", text, re.M)
    real = re.search(rf"^distance of \d+ test images: ({NUMBER});", text, re.M)
    found = re.search(rf"^estimate +({NUMBER})", text, re.M)
    changes = re.search(rf"^estimate, changes +({NUMBER}) +\(({NUMBER}) to ({NUMBER})\)", text, re.M)
    rows = re.findall(rf"^ *(\d+) +({NUMBER}) +({NUMBER})$", text, re.M)
    if not (told and told[1] in CRITICS and real and found and changes and rows):
        raise InputError("the text is not a report of wasserstein_estimate.py")
    older = re.search(r"--seed (\d+)", text)  # texts without the seed name it in the command that is quoted there
    seed = told[3] or (older[1] if older else 0)
    return (*np.array(rows, float).T, float(real[1]),
            tuple(map(float, (found[1], *changes.groups()))),
            estimate_title(told[1], told[2], seed, int(told[4])))
