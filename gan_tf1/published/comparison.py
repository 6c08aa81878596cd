"""Compare a training log with the log that a book prints, and with many runs of the same model.

The losses of a GAN differ from seed to seed, so one log says little about another. The package
therefore contains an *envelope*: the losses of 20 seeds of the chapter's model on real MNIST. A log is
taken to be of the same model if it looks like that of a 21st seed.

Method
------
For each window of epochs (the first few, early, middle, late, and those that the book prints) and each
loss, two statistics are compared: the mean over the epochs of the window, and their spread (the standard
deviation over epochs, on a log scale). Each is computed for every seed of the envelope over exactly the
epochs that the log has, which gives n = 20 values with mean m and standard deviation s. A further run of
the same model lies in the prediction interval

    m -+ t(1 - a/2, n - 1) s sqrt(1 + 1/n)

with probability 1 - a. The table shows this interval for a = 1 %. If there are k statistics in the table,
some lie outside of a 99 % interval by chance, so the verdict uses a = 1 % / k (Bonferroni): under the
assumptions below, the verdict on a run of the same model is "differs" in at most 1 % of cases.

A cross-entropy cannot be negative, and an accuracy lies between 0 and 1. Intervals are clipped to these
bounds. They are not computed on a log scale, because the logarithms of the 20 seeds' mean losses are no
closer to a normal distribution than the losses themselves.

"Agrees" only means that no difference was found. If one statistic of the tested run is shifted by d standard
deviations of the seeds, its t statistic has a noncentral t distribution with n - 1 degrees of freedom and
noncentrality d / sqrt(1 + 1/n). `smallest_shift` solves this for the d that is detected in 80 % of cases:
5.2 standard deviations with 20 seeds and 18 statistics, 13.6 with 5 seeds. Each comparison states its d.
Fewer than `FEWEST_SEEDS` seeds are refused.

In addition, the table states the share of single epochs that lie inside their own 95 % prediction
interval. It is not part of the verdict, because neighbouring epochs of a run are not independent.

There are two assumptions: seeds are independent, and the statistic of a window is approximately normally
distributed over seeds. Nothing is assumed about the epochs within a run. The second assumption holds for 19
of the 20 seeds of the MNIST GAN. In the other one (1018), the generator falls behind and never catches up.
This seed is kept, because what happens with one seed in twenty is a property of the model. It makes the
later intervals about twice as wide, so that "differs" stays rare and "agrees" says less. Judged by the 19
others, seed 1018 "differs", as the only one of the 20.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.published.envelopes import Envelope, envelope, has_envelope  # noqa: F401  (for callers)
from gan_tf1.wording import percent, quantity

FEWEST_EPOCHS = 5   # in a window whose spread is compared
FEWEST_SEEDS = 5    # in an envelope: with 4, only a shift of 22 standard deviations is detected
SIGNIFICANCE = 0.01
POWER = 0.8
LISTED = 3          # statistics that a verdict lists; the table marks all of them


class Statistic(NamedTuple):
    """One row of the comparison: a statistic of a window, the envelope's mean, and two intervals."""
    window: str
    epochs: str
    loss: str
    kind: str               # "mean" or "spread"
    value: float
    expected: float
    interval: tuple         # (low, high): 99 % for this statistic alone
    joint: tuple            # (low, high): 99 % for all statistics of the table together

    @property
    def outside(self) -> bool:
        """Whether the value lies outside of the joint interval."""
        return not self.joint[0] <= self.value <= self.joint[1]


class Verdict(NamedTuple):
    """The result of a comparison: `word` is "agrees", "differs" or "cannot be compared".

    `sentence` says where it differs, or why it cannot be compared. If it differs, a line for each of
    the first `LISTED` statistics outside of their interval follows.
    """
    word: str
    sentence: str
    statistics: list
    shares: dict            # loss -> share of single epochs inside their 95 % interval
    limits: str = ""        # a sentence on what this comparison cannot detect


@functools.cache
def _t_quantile(probability, degrees):
    return float(scipy.stats.t.ppf(probability, degrees))


def prediction_interval(values, significance) -> tuple[np.ndarray, np.ndarray]:
    """The ends `(low, high)`, [...] each, of the interval for one more value beside `values` [n, ...].

    If the values are independent and normally distributed over axis 0, it lies inside with
    probability 1 - `significance` (Whitmore 1986; the formula is at the top of this module).
    """
    n = len(values)
    reach = (_t_quantile(1 - significance / 2, n - 1) * values.std(axis=0, ddof=1)
             * math.sqrt(1 + 1 / n))
    return values.mean(axis=0) - reach, values.mean(axis=0) + reach


@functools.cache
def smallest_shift(seeds, statistics) -> float:
    """The shift of one statistic, in standard deviations of the seeds, that is detected with 80 % power.

    `seeds` is the number of seeds in the envelope, and `statistics` that of the statistics that are
    judged together.
    """
    edge = _t_quantile(1 - SIGNIFICANCE / statistics / 2, seeds - 1)
    found = scipy.optimize.brentq(
        lambda shift: scipy.stats.nct.sf(edge, seeds - 1, shift) - POWER, 0, 2 * edge)
    return found * math.sqrt(1 + 1 / seeds)


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


# Functions to and from the scale on which a statistic is judged. The logarithms of spreads are
# approximately normally distributed.
SCALES = {"mean": (lambda x: x, lambda x: x), "spread": (np.log, np.exp)}


def judge(log, envelope) -> Verdict:
    """The `Verdict` on `log`: does it look like the log of one more seed of `envelope`?

    Raises InputError if the envelope has fewer than `FEWEST_SEEDS` seeds.
    """
    titles, counted = envelope.chapter.columns, envelope.chapter.counted
    seeds = len(next(iter(envelope.losses.values())))
    if seeds < FEWEST_SEEDS:
        raise InputError(f"an envelope of {quantity(seeds, 'seed')} is too small to detect a "
                         f"difference: make one of at least {FEWEST_SEEDS} seeds, better 20, with "
                         "make_envelope.py --seeds 0-19")
    spans = windows(log.epochs, envelope.epochs, envelope.chapter.windows)
    if log.incomparable or not spans:
        why = log.incomparable or (f"it has none of the {counted}s {_span(envelope.epochs)} that "
                                   "are compared")
        return Verdict("cannot be compared", f"Cannot be compared: {why}.", [], {})
    bad = log.epochs[~np.isfinite(list(log.losses.values())).all(axis=0)]
    if len(bad):
        return Verdict("differs", f"Differs: a loss is not finite in {counted} {bad[0]}.", [], {})

    kinds = {window: ("mean", "spread") if len(epochs) >= FEWEST_EPOCHS else ("mean",)
             for window, epochs in spans.items()}
    count = len(titles) * sum(map(len, kinds.values()))
    statistics = [_statistic(window, epochs, loss, kind, log, envelope, count)
                  for window, epochs in spans.items() for loss in titles
                  for kind in kinds[window]]
    shares = {title: _share_inside(log, envelope, loss) for loss, title in titles.items()}
    limits = (f"With {seeds} seeds and {count} statistics, a statistic that is shifted by less than "
              f"{smallest_shift(seeds, count):.1f} of the seeds' standard deviations is missed in "
              f"more than {percent(1 - POWER)} of cases.")
    if outside := [each for each in statistics if each.outside]:
        return Verdict("differs", _differs(outside, count, counted), statistics, shares, limits)
    every = "both" if count == 2 else f"all {count}"
    return Verdict("agrees", f"Agrees: {every} statistics lie where one more seed's would.",
                   statistics, shares, limits)


def _statistic(window, epochs, loss, kind, log, envelope, count):
    """The `Statistic` of one loss over `epochs`, if `count` statistics are judged together."""
    to_scale, back = SCALES[kind]
    measure = np.mean if kind == "mean" else _spread
    own = log.losses[loss][np.isin(log.epochs, epochs)]
    seeds = envelope.losses[loss][:, np.isin(envelope.epochs, epochs)]
    values = to_scale(measure(seeds, axis=1))
    low, high = envelope.chapter.bounds if kind == "mean" else (0, math.inf)
    single, joint = (tuple(float(np.clip(back(end), low, high))
                           for end in prediction_interval(values, significance))
                     for significance in (SIGNIFICANCE, SIGNIFICANCE / count))
    return Statistic(window, _span(epochs), envelope.chapter.columns[loss], kind,
                     float(measure(own, axis=0)), float(back(values.mean())), single, joint)


def _differs(outside, count, counted):
    """The sentence of "differs", and a line for each of the first statistics `outside`."""
    lie = "lie" if len(outside) > 1 else "lies"
    lines = [f"Differs: {len(outside)} of {count} statistics {lie} where one more seed's would not."]
    lines += [f"  {each.kind} of the {each.loss} in {_in_words(each.epochs, counted)}: "
              f"{each.value:.3f}, {abs(each.value - each.expected):.3f} "
              f"{'above' if each.value > each.expected else 'below'} the envelope's "
              f"{each.expected:.3f}" for each in outside[:LISTED]]
    if len(outside) > LISTED:
        lines.append(f"  and {len(outside) - LISTED} more, marked in the table")
    return "\n".join(lines)


def _in_words(span, counted):
    return f"{counted}s {span}" if "-" in span else f"{counted} {span}"


def _span(epochs):
    return f"{epochs[0]}-{epochs[-1]}" if len(epochs) > 1 else str(epochs[0])


def _spread(values, axis):
    # The spread of a log that repeats one number would be 0, whose logarithm is not finite.
    return np.maximum(np.std(values, axis=axis, ddof=1), np.finfo(float).tiny)


def _share_inside(log, envelope, loss):
    """The share of the log's epochs that lie inside the 95 % prediction interval of the same epoch."""
    both = np.intersect1d(log.epochs, envelope.epochs)
    low, high = prediction_interval(
        envelope.losses[loss][:, np.isin(envelope.epochs, both)], 0.05)
    own = log.losses[loss][np.isin(log.epochs, both)]
    return float(np.mean((low <= own) & (own <= high)))
