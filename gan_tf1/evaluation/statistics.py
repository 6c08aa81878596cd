"""Standard errors, confidence intervals and the divergence from a uniform distribution, all by SciPy."""

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.wording import percent

LEVEL = 0.95  # confidence level of all intervals
DRAWS = 100   # bootstrap resamples; with 100, the standard error itself is accurate to 7 %


def mean_interval(values) -> tuple[float, float, float]:
    """The mean of `values` [n] and Student's confidence interval for it: `(mean, low, high)`.

    The ends are NaN for a single value.
    """
    # Not `t.interval`, which is NaN if all values are equal.
    mean = np.mean(values)
    half = scipy.stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * scipy.stats.sem(values)
    return float(mean), float(mean - half), float(mean + half)


def share_interval(hits) -> tuple[float, float, float]:
    """The share of true values in `hits` [n] bool, n >= 1, and its confidence interval: `(share, low, high)`.

    The interval is the exact one of Clopper and Pearson (1934).
    """
    exact = scipy.stats.binomtest(int(np.sum(hits)), len(hits)).proportion_ci(LEVEL, "exact")
    return float(np.mean(hits)), float(exact.low), float(exact.high)


def share_in_words(hits) -> tuple[str, str]:
    """The share of true values in `hits` [n] bool, and its interval: "90.8 %", "95 % interval from ..."."""
    share, low, high = share_interval(hits)
    return percent(share, 1), f"{percent(LEVEL)} interval from {percent(low, 1)} to {percent(high, 1)}"


def share_with_interval(hits) -> str:
    """The same shorter: "90.8 % (90.1 to 91.4 %)"."""
    share, low, high = share_interval(hits)
    return f"{percent(share, 1)} ({percent(low, 1)} to {percent(high, 1)})"


def mean_and_error(values) -> tuple[float, float]:
    """The mean of `values` [n] and its standard error, which is NaN for a single value."""
    error = scipy.stats.sem(values) if len(values) > 1 else np.nan
    return float(np.mean(values)), float(error)


def kl_to_uniform(counts):
    """KL(q || uniform) in nats, where q are `counts` [..., K] divided by their sum over the last axis.

    It lies between 0, if all K counts are equal, and log K, if only one is not zero. The result has
    the shape [...]; it is NaN where all counts are zero.
    """
    counts = np.asarray(counts, np.float64)
    with np.errstate(invalid="ignore"):
        return scipy.stats.entropy(counts, np.ones_like(counts), axis=-1)


def standard_error(metric, samples, rng, draws=None) -> float:
    """The bootstrap standard error of `metric(samples)`, a single number (Efron 1979).

    This is the standard deviation of the metric over `draws` resamples, by default `DRAWS`. Each
    consists of n rows of the array `samples` [n, ...], drawn with replacement by `rng`, a
    `numpy.random.Generator`.

    The samples are not split into disjoint parts instead, because a part of a tenth of the samples
    has a Frechet distance with ten times the bias of the whole, and may lack a rare class. Only the
    standard deviation over the resamples is used. Their mean has more bias than the metric of the
    samples themselves, since resamples contain rows twice. Whatever the metric compares with, such
    as the reference images, is held fixed.
    """
    # SciPy passes one column at a time to a metric, so the indices of the rows are resampled instead.
    # (`random_state` is also called `rng` from SciPy 1.15 on.)
    return float(scipy.stats.bootstrap(
        (np.arange(len(samples)),), lambda rows: float(metric(samples[rows])),
        n_resamples=draws or DRAWS, vectorized=False, method="percentile", random_state=rng).standard_error)
