"""Intervals and standard errors: how far a number from few samples or few seeds can be trusted."""

import numpy as np
import scipy  # its parts are imported when they are first used

LEVEL = 0.95  # of all intervals
DRAWS = 100   # bootstrap resamples: the standard error itself is good to 7 %


def mean_interval(values):
    """Mean of `values` [n], and Student's interval: `(mean, low, high)`."""
    half = scipy.stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * scipy.stats.sem(values)
    return float(np.mean(values)), float(np.mean(values) - half), float(np.mean(values) + half)


def share_interval(hits):
    """Share of `hits` [n] bool, and Clopper and Pearson's exact interval: `(share, low, high)`."""
    exact = scipy.stats.binomtest(int(np.sum(hits)), len(hits)).proportion_ci(LEVEL, "exact")
    return float(np.mean(hits)), float(exact.low), float(exact.high)


def mean_and_error(values):
    """The mean of `values` [S] and its standard error; that is not a number for a single value."""
    values = np.asarray(values, np.float64)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(error)


def standard_error(metric, samples, rng, draws=DRAWS):
    """The standard error of `metric(samples)`: its standard deviation over bootstrap resamples.

    Efron 1979. `samples` is an array [n, ...]; each of the `draws` resamples takes n of its rows
    with replacement, by `rng` (a `numpy.random.Generator`).

    The bootstrap and not disjoint splits, for its resamples are of n samples: a
    tenth of the samples has about ten times the bias of the whole in its
    distance, and a class that is rare may be missing from it. Only the spread is
    used: the mean over resamples, which repeat rows, has more bias than the
    number itself. What the metric compares with is held fixed.
    """
    values = [metric(samples[rng.integers(0, len(samples), len(samples))]) for _ in range(draws)]
    return float(np.std(values, ddof=1))
