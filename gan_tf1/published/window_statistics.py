"""The statistics of a log that are compared: means and spreads of the losses over windows of epochs.

For each window of epochs (the first few, early, middle, late, and those that the book prints) and each
loss, there are two statistics: the mean over the epochs of the window, and the spread, which is the
standard deviation over these epochs. Spreads are judged on a log scale, where they are closer to a normal
distribution. Means are judged as they are: the logarithms of the seeds' mean losses are no closer to a
normal distribution than the losses themselves.
"""

import math
from typing import NamedTuple

import numpy as np

FEWEST_EPOCHS = 5  # in a window whose spread is compared
# Most logs print three decimals, so that a difference of half a unit of the third says nothing. Without a
# least spread, a discriminator that has won, with 0.000 in each line, would have the logarithm of 0. An
# accuracy counts the images of a batch, and is often exactly 1 in a whole window, with some seeds and not
# with others.
LEAST_SPREAD, LEAST_SPREAD_OF_SHARES = 5e-4, 1e-3
LEAST_ERROR, LEAST_ERROR_OF_SHARES = 5e-4, 2e-3  # standard errors of means of losses in nats, of accuracies
# Functions to and from the scale on which a statistic is judged.
SCALES = {"mean": (lambda x: x, lambda x: x), "spread": (np.log, np.exp)}


class Measure(NamedTuple):
    """What one statistic measures: the `kind`, "mean" or "spread", of a loss in a window."""
    window: str
    epochs: np.ndarray  # those of the window that all compared runs have
    loss: str           # a column of losses.csv
    kind: str
    least: float = LEAST_SPREAD  # smaller spreads are taken for this one
    least_error: float = 0.0     # smaller standard errors of a mean are taken for this one

    @property
    def span(self) -> str:
        """The first and the last epoch, as "71-100"."""
        first, last = self.epochs[0], self.epochs[-1]
        return f"{first}-{last}" if last > first else str(first)

    def bounds(self, chapter) -> tuple:
        """The lowest and the highest value that the statistic can have."""
        return chapter.bounds_of(self.loss) if self.kind == "mean" else (0, math.inf)

    def back(self, value):
        """A `value` on the scale on which it is judged, on its own scale."""
        return SCALES[self.kind][1](value)


def windows(log_epochs, envelope_epochs, spans) -> dict[str, np.ndarray]:
    """The epochs that log and envelope have in common in each of the `spans`: a dict of name -> epochs.

    `spans` is a dict of name -> (first, last) epoch. A span without a common epoch is left out. If
    several spans have the same common epochs, only the last one is kept.
    """
    common = np.intersect1d(log_epochs, envelope_epochs)
    found = {}
    for name, (first, last) in spans.items():
        epochs = common[(common >= first) & (common <= last)]
        same = next((other for other in found if np.array_equal(found[other], epochs)), None)
        if len(epochs):
            found.pop(same, None)  # in the book's log, "late" has the same epochs as "printed"
            found[name] = epochs
    return found


def measures(spans, chapter) -> list[Measure]:
    """The `Measure`s of the windows `spans`, name -> epochs, which `windows` returned."""
    def least(loss):
        """The least spread of a loss, and the least standard error of its mean."""
        if chapter.bounds_of(loss) == (0, 1):
            return LEAST_SPREAD_OF_SHARES, LEAST_ERROR_OF_SHARES
        return LEAST_SPREAD, LEAST_ERROR if chapter.unit_of(loss) == "nats" else 0.0

    return [Measure(window, epochs, loss, kind, least(loss)[0], least(loss)[1] if kind == "mean" else 0.0)
            for window, epochs in spans.items() for loss in chapter.columns
            for kind in (("mean", "spread") if len(epochs) >= FEWEST_EPOCHS else ("mean",))]


def least_errors(asked) -> np.ndarray:
    """The least standard errors of the statistics `asked`, [k]."""
    return np.array([measure.least_error for measure in asked])


def values(asked, epochs, losses) -> np.ndarray:
    """The statistics `asked`, k `Measure`s, of runs: [runs, k], on the scale on which they are judged.

    `losses` is a dict of column -> [runs, epochs], and `epochs` are those of its last axis.
    """
    columns = []
    for measure in asked:
        within = np.atleast_2d(losses[measure.loss])[:, np.isin(epochs, measure.epochs)]
        of_runs = within.mean(axis=1) if measure.kind == "mean" else (
            np.maximum(np.std(within, axis=1, ddof=1), measure.least))
        columns.append(SCALES[measure.kind][0](of_runs))
    return np.stack(columns, axis=1)


def values_of_logs(asked, logs) -> np.ndarray:
    """`values` of several `logs.Log`s, which may have other epochs beside those that are asked for."""
    return np.concatenate([values(asked, log.epochs, log.losses) for log in logs])
