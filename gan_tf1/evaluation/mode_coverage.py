"""Mode coverage: how many modes of a known distribution do samples have? Pure functions of arrays.

Srivastava et al. 2017 (VEEGAN), section 4.1, and Lin et al. 2018 (PacGAN), section 4.1, compute from
n samples x_1, ..., x_n, if the K modes have the means c_k and the standard deviation sigma::

    k_i = argmin_k |x_i - c_k|          the mode nearest to sample i
    high quality                        the share of samples with |x_i - c_k_i| <= 3 sigma
    modes captured                      the number of modes that are the nearest one of at least one
                                        sample of high quality
    g_k = #{i: k_i = k} / n             the histogram of modes in all samples, near a mode or not
    reverse KL = sum_k g_k log(g_k / p_k), in nats, with p_k = 1 / K, the histogram in the data

A perfect generator of Gaussians in the plane has a high quality of 1 - exp(-9/2) = 98.9 %, so more is
not better. Its reverse KL is about (K - 1) / 2n and not 0, because n samples are never spread evenly.

A mode of stacked MNIST is a triple of digits, as a classifier reads them. A single sample captures
it, and quality is not measured.
"""

from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.evaluation import statistics
from gan_tf1.evaluation.classifier_metrics import finite_table

RADIUS = 3.  # a sample is of high quality within so many standard deviations from a mode's mean


class Counted(NamedTuple):
    """The mode coverage of one set of samples."""
    modes: int           # captured
    high_quality: float  # share of the samples, 0 to 1; NaN if quality is not measured
    reverse_kl: float    # nats, 0 to log K


def nearest(samples, means) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of the `means` [K, d] to each of the samples [n, d] and its distance: [n] each.

    Raises InputError if a sample is not finite or has another dimension than the means.
    """
    samples = finite_table(samples, "samples")
    means = np.asarray(means, np.float64)
    if samples.shape[1] != means.shape[1]:
        raise InputError(f"samples of {samples.shape[1]} coordinates can't be compared with modes "
                         f"of {means.shape[1]}")
    distances = scipy.spatial.distance.cdist(samples, means)
    return distances.argmin(axis=1), distances.min(axis=1)


def of_points(samples, means, deviation) -> Counted:
    """The `Counted` of points [n, d] if the modes have the `means` [K, d] and a standard deviation.

    Raises InputError as `nearest` does.
    """
    labels, distances = nearest(samples, means)
    good = distances <= RADIUS * deviation
    return Counted(len(np.unique(labels[good])), float(good.mean()),
                   reverse_kl(labels, len(means)))


def of_labels(labels, count) -> Counted:
    """The `Counted` of samples whose modes `labels` [n] are known, out of `count` modes.

    Raises InputError as `reverse_kl` does.
    """
    return Counted(len(np.unique(labels)), np.nan, reverse_kl(labels, count))


def of_digits(digits) -> np.ndarray:
    """The number, 0 to 999, of the mode of stacked MNIST that each triple of `digits` [n, 3] is: [n]."""
    return digits @ np.array([100, 10, 1])


def reverse_kl(labels, count) -> float:
    """sum_k g_k log(K g_k) in nats, where g_k is the share of `labels` [n] that are k and K = `count`.

    Raises InputError if there are no labels, or if one is not from 0 to K - 1.
    """
    labels = np.asarray(labels)
    if not len(labels) or labels.min() < 0 or labels.max() >= count:
        raise InputError(f"labels must be whole numbers from 0 to {count - 1}, at least one")
    return float(statistics.kl_to_uniform(np.bincount(labels, minlength=count)))
