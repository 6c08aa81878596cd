"""How much a run's samples differ from each other, and whether the generator has collapsed.

A generator has collapsed if its samples are all one sample, or nearly so. How that is measured
depends on what the samples are, which each model says by its `SAMPLES`:

=============  ===============================================  ===================================
samples        measure                                          compared with
=============  ===============================================  ===================================
images         `diversity`, the share of their variance that    the diversity of the training
               lies between images                              images
points         `spread`, their total variance in the data's     the spread of the training points
               own units
translations   the diversity of the outputs, by themselves:     the diversity of their inputs, or
               inputs and images translated back are no         of the training inputs if a run
               generated images                                 doesn't keep its own
=============  ===============================================  ===================================

What these measures miss: a generator that has lost some of the modes. Points on two opposite modes
of a ring have the spread of the whole ring. Where the modes are known they are counted too
(`gan_tf1/training/mode_shares.py`).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data.training_set import TrainingSet

ALIKE = 1 / 3        # of the reference: a single class of digits has more
RISING = 1.1         # times the samples' own before: the generator is still learning
LOST = 0.1           # of the reference, for points: so little is a collapse even if it rises
END = 0.2            # share of the sets that counts as their end
FEWEST_SETS = 10     # sets of samples: fewer have no beginning and no end
FEWEST_SAMPLES = 8   # in a set, for its diversity to be more than chance
FEWEST_INPUTS = 4    # in a set of translations: chance affects their own inputs in the same way


class Series(NamedTuple):
    """How much the samples of a run differ in each set, in the order of training."""
    what: str            # "samples", or "translations from A to B"
    values: Any          # [E]: a diversity, or a spread as a share of the reference
    reference: Any       # what a healthy generator would have; None if it is not known
    compared: str        # with what: "training images", "training points", "their inputs", ...


def diversity(images, fewest=FEWEST_SAMPLES):
    """How much `images` [n, ...] differ: the share of their variance that lies between images.

    0 if all are the same image, 1 if their mean is a plain grey. The range of the values makes no
    difference. NaN for fewer than `fewest` images, and for single numbers, which are no images.
    """
    if len(images) < fewest or images[0].size < 2:
        return math.nan
    images = np.asarray(images, np.float64).reshape(len(images), -1)
    between = images.var(axis=0, ddof=1).mean()
    # A mean of n images differs from pixel to pixel by chance too.
    within = max(0., images.mean(axis=0).var() - between / len(images))
    return float(between / (between + within)) if between > 1e-12 else 0.


def spread(points):
    """The total variance of `points` [n, d]: the sum over the coordinates. NaN for too few."""
    if len(points) < FEWEST_SAMPLES:
        return math.nan
    return float(np.asarray(points, np.float64).var(axis=0, ddof=1).sum())


def of_data(train_set: TrainingSet, most=1000) -> dict:
    """What a training set's samples are compared with, as a dict for config.json.

    `data_spread` if the set says by its `points` [N, d] that its rows are points, in the units of
    the samples; else `data_diversity`, of `most` images taken evenly from the set. None for too few.
    """
    if hasattr(train_set, "points"):
        name, found = "data_spread", spread(train_set.points)
    else:
        images = train_set.images if hasattr(train_set, "images") else train_set.stored()[0]
        name, found = "data_diversity", diversity(images[::max(1, len(images) // most)][:most])
    return {name: None if math.isnan(found) else round(found, 4)}


def of_samples(model, samples, stored):
    """The `Series` of a run's `samples` [E, n, ...], none or more; `stored` is its config.json."""
    kind = getattr(model, "SAMPLES", None)
    if isinstance(kind, dict):
        kind = kind.get(math.prod(samples.shape[2:]))
    if kind == "images":
        return [Series("samples", _each(samples), stored.get("data_diversity"), "training images")]
    if kind == "points":
        of_points = stored.get("data_spread")
        values = np.array([spread(points) for points in samples])
        return [Series("samples", values / (of_points or 1), of_points and 1., "training points")]
    if kind == "translations" and len(samples):
        return [Series(f"translations from {name}", *_translated(inputs, outputs, stored))
                for name, (inputs, outputs) in model.translated(samples).items()]
    return []


def _each(samples, fewest=FEWEST_SAMPLES):
    return np.array([diversity(images, fewest) for images in samples])


def _translated(inputs, outputs, stored):
    if inputs is None:
        return _each(outputs), stored.get("data_diversity"), "training inputs"
    # The inputs are the same test images every time.
    return _each(outputs, FEWEST_INPUTS), diversity(inputs[0], FEWEST_INPUTS), "their inputs"


def enough(series):
    """Whether there are sets enough to judge, each with enough samples."""
    return len(series.values) >= FEWEST_SETS and bool(np.isfinite(series.values).all())


def needed(series):
    """What `enough` asks for, in words."""
    fewest = FEWEST_INPUTS if series.compared == "their inputs" else FEWEST_SAMPLES
    return f"{FEWEST_SETS} sets of at least {fewest} samples"


def collapsed(series):
    """Whether the last samples differ far less than the reference does, and no more than before.

    Without a reference, that is: far less than before.
    """
    value, before = _ended(series.values)
    reference = series.reference or before
    # The diversity of a generator that is still learning is low too, but rises. The width of a
    # single mode may rise by chance, though.
    rises = value > RISING * before
    if series.compared == "training points" and value < LOST * reference:
        rises = False
    return not rises and value < ALIKE * reference


def _ended(values):
    """The medians of the last values and of those before them."""
    last = max(1, round(END * len(values)))
    return float(np.median(values[-last:])), float(np.median(values[:-last]))


def told(series):
    """The numbers on which `collapsed` rests, as a part of a sentence."""
    value, before = _ended(series.values)
    if series.compared == "training points":
        if series.reference is None:
            return f"the variance of the last samples is {value:.3g} (before: {before:.3g})"
        return (f"the last samples have {_percent(value)} of the variance of the training points "
                f"(before: {_percent(before)})")
    reference = (f"; {series.compared}: {_percent(series.reference)}" if series.reference else "")
    return (f"{_percent(value)} of the variance of the last {series.what} is between images "
            f"(before: {_percent(before)}{reference})")


def _percent(share):
    return f"{100 * share:.3g}%"
