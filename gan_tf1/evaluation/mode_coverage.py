"""How many modes of a known distribution samples have: pure functions of float64 arrays.

Srivastava et al. 2017 (VEEGAN), section 4.1, and Lin et al. 2018 (PacGAN), section 4.1, count of
n samples x_1, ..., x_n, where the modes have the means c_k and the standard deviation sigma::

    k_i = argmin_k |x_i - c_k|          the mode that sample i is nearest to
    high quality                        the share of i with |x_i - c_k_i| <= 3 sigma
    modes captured                      how many k are k_i of a sample of high quality
    g_k = #{i: k_i = k} / n             the modes' histogram in the samples, those far off counted
    reverse KL = sum_k g_k log(g_k / p_k), in nats, p_k = 1 / K: the modes' histogram in the data

A perfect generator of Gaussians in the plane has high quality 1 - exp(-9/2) = 98.9 %: it is no
goal to have more. Its reverse KL is about (K - 1) / 2n and not 0: n samples are never even.

Of stacked MNIST a mode is a triple of digits, as a classifier reads them, and any one
sample captures it; quality isn't judged.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.evaluation.classifier_metrics import finite_table

RADIUS = 3.  # standard deviations from a mode's mean within which a sample is of high quality


class Counted(NamedTuple):
    """What one set of samples has."""
    modes: int           # captured
    high_quality: float  # share of the samples, 0 to 1; not a number where it isn't judged
    reverse_kl: float    # nats, 0 to log K


def nearest(samples, means):
    """Of each sample [n, d] which of the `means` [K, d] is nearest, and how far: [n] both.

    Raises InputError where a sample is not finite, or of another dimension.
    """
    samples = finite_table(samples, "samples")
    means = np.asarray(means, np.float64)
    if samples.shape[1] != means.shape[1]:
        raise InputError(f"samples of {samples.shape[1]} coordinates have no distance to modes of "
                         f"{means.shape[1]}")
    distances = np.linalg.norm(samples[:, None] - means, axis=2)
    return distances.argmin(axis=1), distances.min(axis=1)


def of_points(samples, means, deviation):
    """The `Counted` of points [n, d] for modes with `means` [K, d] and a standard deviation."""
    labels, distances = nearest(samples, means)
    good = distances <= RADIUS * deviation
    return Counted(len(np.unique(labels[good])), float(good.mean()),
                   reverse_kl(labels, len(means)))


def of_labels(labels, count):
    """The `Counted` of samples whose modes `labels` [n] are known, of `count` modes."""
    return Counted(len(np.unique(labels)), np.nan, reverse_kl(labels, count))


def of_digits(digits):
    """Which of the 1,000 modes of stacked MNIST a triple of `digits` [n, 3] is: [n]."""
    return digits @ np.array([100, 10, 1])


def reverse_kl(labels, count):
    """sum g log(g K) in nats, g the shares of `labels` [n], which are below `count` = K.

    Raises InputError where there are no labels, or one is not of 0 to K - 1.
    """
    labels = np.asarray(labels)
    if not len(labels) or labels.min() < 0 or labels.max() >= count:
        raise InputError(f"labels must be whole numbers from 0 to {count - 1}, at least one")
    shares = np.bincount(labels, minlength=count) / len(labels)
    there = shares[shares > 0]
    return float((there * np.log(there * count)).sum())
