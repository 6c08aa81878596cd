"""Count the modes that plain and packed GANs capture, and compare them with two papers.

The papers are VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018).
"""

import csv
import itertools
import operator
from typing import NamedTuple

import numpy as np

from gan_tf1 import figures, tables
from gan_tf1.data import mixtures
from gan_tf1.evaluation import classifier, mode_coverage, statistics
from gan_tf1.experiments import plane
from gan_tf1.generators import sample_files
from gan_tf1.models import mixture_gan, stacked_mnist_gan
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import diverged, load_losses, load_samples
from gan_tf1.wording import percent, quantity

STACKED = "stacked"
SHOWN = 32  # images in a row of the figure
COLUMNS = {"modes": "modes captured", "high_quality": "high quality %", "reverse_kl": "reverse KL"}
NAN = np.nan
DIVERGED = mode_coverage.Counted(0, 0., NAN)  # none of the samples is finite

# (data, packing) -> rows (paper, modes, standard error, high quality in %, standard error, reverse
# KL, standard error). The reverse KL and the errors of the quality of PacGAN, and its packs of 3
# and 4, are quoted from memory.
PUBLISHED = {
    ("ring", 1): [("VEEGAN paper", 1, NAN, 99.3, NAN, NAN, NAN),
                  ("PacGAN paper", 6.3, 0.5, 98.2, 0.2, 0.45, 0.09)],
    ("ring", 2): [("PacGAN paper", 7.9, 0.1, 95.6, 2.0, 0.07, 0.03)],
    ("ring", 3): [("PacGAN paper", 7.8, 0.1, 97.7, 0.3, 0.10, 0.02)],
    ("ring", 4): [("PacGAN paper", 7.8, 0.1, 95.9, 1.4, 0.07, 0.02)],
    ("grid", 1): [("VEEGAN paper", 3.3, NAN, 0.5, NAN, NAN, NAN),
                  ("PacGAN paper", 17.3, 0.8, 94.8, 0.7, 0.70, 0.07)],
    ("grid", 2): [("PacGAN paper", 23.8, 0.7, 91.3, 0.8, 0.13, 0.04)],
    ("grid", 3): [("PacGAN paper", 24.6, 0.4, 94.2, 0.4, 0.06, 0.02)],
    ("grid", 4): [("PacGAN paper", 24.8, 0.2, 93.6, 0.6, 0.04, 0.01)],
    (STACKED, 1): [("VEEGAN paper", 99.0, NAN, NAN, NAN, 3.40, NAN),
                   ("PacGAN paper", 78.9, 6.5, NAN, NAN, 4.50, 0.14)],
    (STACKED, 2): [("PacGAN paper", 1000.0, 0.0, NAN, NAN, 0.06, 0.01)]}
# It isn't known which of the two rings the papers used.
PUBLISHED |= {("wide_ring", packing): PUBLISHED["ring", packing] for packing in range(1, 5)}


class Row(NamedTuple):
    """All runs of one data set and packing."""
    data: str
    packing: int
    paths: list    # of the runs, one per seed
    counted: list  # the `mode_coverage.Counted` of each


def of_runs(data, packing, paths) -> Row:
    """The `Row` of the runs at `paths`, each complete or diverged."""
    return Row(data, packing, paths, [counted(path) for path in paths])


def counted(path) -> mode_coverage.Counted:
    """The modes that the run at `path` had captured at its end; none if it diverged."""
    if diverged(path):
        return DIVERGED
    stored = read_config(path)
    if stored["chapter"] == mixture_gan.CHAPTER:
        losses = load_losses(path)
        return mode_coverage.Counted(int(losses["modes"][-1]), float(losses["high_quality"][-1]),
                                     float(losses["reverse_kl"][-1]))
    images, _ = sample_files.draw(path, stacked_mnist_gan, stored["settings"]["counted"],
                                  stored["seed"])
    channels = [(images[..., channel].reshape(-1, 784) + 1) / 2 for channel in range(3)]
    digits = [probabilities.argmax(axis=1)
              for probabilities, _ in sample_files.judged(classifier.SHIPPED, channels)]
    return mode_coverage.of_labels(mode_coverage.of_digits(np.stack(digits, 1)),
                                   stacked_mnist_gan.NUM_MODES)


def cell(value, error, decimals) -> str:
    """A number and its standard error, if it has one."""
    if np.isnan(value):
        return "-"
    return f"{value:.{decimals}f}" + ("" if np.isnan(error) else f" +- {error:.{decimals}f}")


def apart(ours, theirs) -> str:
    """The difference between two pairs (mean, error), in standard errors of the difference."""
    error = np.hypot(ours[1], theirs[1])
    return f"{abs(ours[0] - theirs[0]) / error:.1f}" if error > 0 else "-"


def table(rows) -> list[str]:
    """The lines of the table: each of our rows, and below it what has been published."""
    cells = []
    for row in rows:
        sound = [one for one in row.counted if one is not DIVERGED]
        means = [statistics.mean_and_error([factor * getattr(one, name) for one in runs])
                 if runs else (NAN, NAN) for name, factor, runs in
                 zip(COLUMNS, (1, 100, 1), (row.counted, row.counted, sound))]
        lost = f"{len(row.counted) - len(sound)} diverged" if len(sound) < len(row.counted) else ""
        cells.append((f"{row.data}, {mixture_gan.name(row.packing)}", str(len(row.counted)),
                      *(cell(*mean, decimals) for mean, decimals in zip(means, (1, 1, 2))), lost))
        for paper, *numbers in PUBLISHED.get((row.data, row.packing), []):
            theirs = list(zip(numbers[::2], numbers[1::2]))
            cells.append((f"- {paper}", "",
                          *(cell(*pair, decimals) for pair, decimals in zip(theirs, (1, 1, 2))),
                          ", ".join(itertools.starmap(apart, zip(means, theirs)))))
    return tables.lines(
        ("", "runs", *COLUMNS.values(), "difference in standard errors, of each"), cells)


def write_rows(file, seeds, rows) -> None:
    """Write one row per run to the open `file`."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["data", "packing", "seed", *COLUMNS])
    for row in rows:
        for seed, one in zip(seeds, row.counted):
            lines.writerow([row.data, row.packing, seed, one.modes, f"{one.high_quality:.6g}",
                            f"{one.reverse_kl:.6g}"])


def figure(rows, title):
    """The samples of the first seed of each row: points, or a grid of images if they are stacked."""
    if rows[0].data == STACKED:
        shown = np.concatenate([_last_samples(row.paths[0], -1)[:SHOWN] for row in rows])
        each = len(shown) // len(rows)
        # each beside one or two rows of images
        names = [f"stacked MNIST, {mixture_gan.name(row.packing)}: "
                 f"{quantity(row.counted[0].modes, 'mode')}" for row in rows]
        return figures.sample_grid(shown, title, each if each % 2 else each // 2, 0.4, names)
    panels = [[_panel(row) for row in own]
              for _, own in itertools.groupby(rows, operator.attrgetter("data"))]
    return plane.panels(panels, title)


def _panel(row):
    """The samples of a row's first seed, their mixture, and what was counted."""
    first = row.counted[0]
    return (_last_samples(row.paths[0], NAN), mixtures.load(row.data, 1, 0),
            f"{row.data}, {mixture_gan.name(row.packing)}: " + (
                "diverged" if first is DIVERGED else
                f"{quantity(first.modes, 'mode')}, {percent(first.high_quality)} of high quality"))


def _last_samples(path, blank):
    """The last samples of the run at `path`, or as many `blank` ones if it diverged."""
    if diverged(path):
        return np.full(read_config(path)["sample_shape"], blank)
    return load_samples(path)[-1]
