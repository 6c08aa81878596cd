"""How much a run's samples differ from each other, and whether the generator has collapsed.

A generator has collapsed if all its samples are the same, or nearly so. How this is measured
depends on the kind of the samples, which each model states in its constant `SAMPLES`:

=============  ===============================================  ===================================
samples        measure                                          compared with
=============  ===============================================  ===================================
images         `diversity`, the share of their variance that    the diversity of the training
               lies between images                              images
points         `spread`, their total variance in the data's     the spread of the training points
               own units
translations   the diversity of the outputs, without inputs     the diversity of their inputs, or
               and without images that are translated back      of the training inputs if the run
                                                                does not keep its own
=============  ===============================================  ===================================

These measures may miss a generator that has lost some of the modes: points on two opposite modes of
a ring have the spread of the whole ring. If the modes are known, they are counted as well
(`gan_tf1/training/mode_shares.py`).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data.training_set import TrainingSet

ALIKE = 1 / 3        # of the reference: a single class of digits has more
RISING = 1.1         # times the earlier value: above it, the generator is still learning
LOST = 0.1           # of the reference: below it, points have collapsed even if the value rises
END = 0.2            # share of the sets that counts as the end of a run
FEWEST_SETS = 10     # sets of samples: fewer are too few for a beginning and an end
FEWEST_SAMPLES = 8   # samples per set: the diversity of fewer is mostly chance
FEWEST_INPUTS = 4    # translations per set: chance affects their inputs in the same way


class Series(NamedTuple):
    """How much the samples of a run differ in each of E sets, in the order of training."""
    what: str            # "samples", or "translations from A to B"
    values: Any          # [E]: a diversity, or a spread as a share of the reference
    reference: Any       # the value of a healthy generator; None if it is not known
    compared: str        # what the reference belongs to: "training images", "their inputs", ...


def diversity(images, fewest=FEWEST_SAMPLES) -> float:
    """How much `images` [n, ...] differ: the share of their variance that lies between images.

    It is 0 if all images are the same, and 1 if their mean is a uniform grey. It does not depend on
    the range of the values. It is NaN for fewer than `fewest` images, and for single numbers.
    """
    if len(images) < fewest or images[0].size < 2:
        return math.nan
    images = np.asarray(images, np.float64).reshape(len(images), -1)
    between = images.var(axis=0, ddof=1).mean()
    # By chance alone, the mean of n images varies from pixel to pixel too.
    within = max(0., images.mean(axis=0).var() - between / len(images))
    return float(between / (between + within)) if between > 1e-12 else 0.


def spread(points) -> float:
    """The total variance of `points` [n, d]: the sum over the coordinates. NaN for too few."""
    if len(points) < FEWEST_SAMPLES:
        return math.nan
    return float(np.asarray(points, np.float64).var(axis=0, ddof=1).sum())


def of_data(train_set: TrainingSet, most=1000) -> dict:
    """What the samples of a run on `train_set` are compared with, as a dict for config.json.

    If the set has `points` [N, d], in the units of the samples, this is their `data_spread`;
    otherwise it is the `data_diversity` of at most `most` images, taken evenly from the set. The
    value is None if the set is too small.
    """
    if hasattr(train_set, "points"):
        name, found = "data_spread", spread(train_set.points)
    else:
        images = train_set.images if hasattr(train_set, "images") else train_set.stored()[0]
        name, found = "data_diversity", diversity(images[::max(1, len(images) // most)][:most])
    return {name: None if math.isnan(found) else round(found, 4)}


def of_samples(model, samples, stored) -> list[Series]:
    """A list of the `Series` of a run's `samples` [E, n, ...]; `stored` is its config.json."""
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
    # The inputs are the same test images in every set.
    return _each(outputs, FEWEST_INPUTS), diversity(inputs[0], FEWEST_INPUTS), "their inputs"


def enough(series) -> bool:
    """Whether a `Series` has enough sets to be judged, each with enough samples."""
    return len(series.values) >= FEWEST_SETS and bool(np.isfinite(series.values).all())


def needed(series) -> str:
    """What `enough` requires, in words."""
    fewest = FEWEST_INPUTS if series.compared == "their inputs" else FEWEST_SAMPLES
    return f"{FEWEST_SETS} sets of at least {fewest} samples"


def collapsed(series) -> bool:
    """Whether the last samples differ far less than the reference, and not more than earlier ones.

    Without a reference, they must differ far less than earlier ones.
    """
    value, before = _ended(series.values)
    reference = series.reference or before
    # The diversity of a generator that is still learning may be low too, but it rises. The width of
    # a single mode, however, may rise by chance.
    rises = value > RISING * before
    if series.compared == "training points" and value < LOST * reference:
        rises = False
    return not rises and value < ALIKE * reference


def _ended(values):
    """The medians of the last values and of all earlier ones."""
    last = max(1, round(END * len(values)))
    return float(np.median(values[-last:])), float(np.median(values[:-last]))


def told(series) -> str:
    """A clause with the numbers on which `collapsed` depends."""
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
    return f"{100 * share:.3g} %"
