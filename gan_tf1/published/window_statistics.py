"""The statistics of a log that are compared: means and spreads of the losses over windows of epochs.

For each window of epochs (the first few, early, middle, late, and those that the book prints) and each
loss, there are two statistics: the mean over the epochs of the window, and the spread, which is the
standard deviation over these epochs. Spreads are judged on a log scale, where they are closer to a normal
distribution. Means are judged as they are if a log is compared with one program: the logarithms of its
seeds' mean losses are no closer to a normal distribution than the losses themselves. If several programs are
compared, the means of losses that can't be negative are judged on a log scale too, because the losses of one
program can be a hundred times those of another.
"""

import math
from typing import NamedTuple

import numpy as np

from gan_tf1.wording import quantity

FEWEST_EPOCHS = 5  # in a window whose spread is compared
# Most logs print three decimals, so that a difference of half a unit of the third says nothing. Without a
# least spread, a discriminator that has won, with 0.000 in each line, would have the logarithm of 0. An
# accuracy counts the images of a batch, and is often exactly 1 in a whole window, with some seeds and not
# with others.
LEAST_SPREAD, LEAST_SPREAD_OF_SHARES = 5e-4, 1e-3
LEAST_ERROR, LEAST_ERROR_OF_SHARES = 5e-4, 2e-3  # standard errors for losses in nats, and for accuracies


class Measure(NamedTuple):
    """What one statistic measures: the `kind`, "mean" or "spread", of a loss in a window."""
    window: str
    epochs: np.ndarray  # those of the window that all compared runs have
    loss: str           # a column of losses.csv
    kind: str
    logarithmic: bool            # whether it is judged on a log scale
    least: float = LEAST_SPREAD  # smaller values are taken for this one before the logarithm
    least_error: float = 0.0     # smaller standard errors, in the unit of the loss, are taken for this one

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
        return np.exp(value) if self.logarithmic else value


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


def measures(spans, chapter, several=False) -> list[Measure]:
    """The `Measure`s of the windows `spans`, name -> epochs, which `windows` returned.

    With `several`, they are to compare several programs: means of losses that can't be negative are judged on
    a log scale, and spreads have least errors too.
    """
    def least(loss):
        """The least spread of a loss, and the least standard error of its statistics."""
        if chapter.bounds_of(loss) == (0, 1):
            return LEAST_SPREAD_OF_SHARES, LEAST_ERROR_OF_SHARES
        return LEAST_SPREAD, LEAST_ERROR if chapter.unit_of(loss) == "nats" else 0.0

    def logarithmic(loss, kind):
        return kind == "spread" or several and chapter.bounds_of(loss) == (0, math.inf)

    return [Measure(window, epochs, loss, kind, logarithmic(loss, kind), least(loss)[0],
                    least(loss)[1] if kind == "mean" or several else 0.0)
            for window, epochs in spans.items() for loss in chapter.columns
            for kind in (("mean", "spread") if len(epochs) >= FEWEST_EPOCHS else ("mean",))]


def compared(asked, counted) -> str:
    """The epochs that the statistics `asked` measure, in words: "30 epochs, 71 to 100"."""
    epochs = np.unique(np.concatenate([measure.epochs for measure in asked]))
    return f"{quantity(len(epochs), counted)}, {epochs[0]} to {epochs[-1]}"


def least_errors(asked, expected=0.) -> np.ndarray:
    """The least standard errors of the statistics `asked` on the scale on which they are judged, [..., k].

    `expected` [..., k] are means over seeds on that scale. They are needed if there are least errors of
    logarithms: the error of a logarithm is that of the value, divided by the value.
    """
    logarithmic = np.array([measure.logarithmic for measure in asked])
    return np.array([measure.least_error for measure in asked]) / np.exp(np.where(logarithmic, expected, 0))


def values(asked, epochs, losses) -> np.ndarray:
    """The statistics `asked`, k `Measure`s, of runs: [runs, k], on the scale on which they are judged.

    `losses` is a dict of column -> [runs, epochs], and `epochs` are those of its last axis.
    """
    columns = []
    for measure in asked:
        within = np.atleast_2d(losses[measure.loss])[:, np.isin(epochs, measure.epochs)]
        of_runs = within.mean(axis=1) if measure.kind == "mean" else np.std(within, axis=1, ddof=1)
        columns.append(np.log(np.maximum(of_runs, measure.least)) if measure.logarithmic else of_runs)
    return np.stack(columns, axis=1)


def values_of_logs(asked, logs) -> np.ndarray:
    """`values` of several `logs.Log`s, which may have other epochs beside those that are asked for."""
    return np.concatenate([values(asked, log.epochs, log.losses) for log in logs])
