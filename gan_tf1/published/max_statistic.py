"""Tests of many statistics at once: do some runs differ from the seeds of an envelope?

All functions take arrays of statistics, `seeds` [n, k] and `runs` [m, k]: n seeds of an envelope, m runs
that are judged, and k statistics, which are correlated. Each statistic is compared by the t statistic of
two samples with a pooled variance. For a single run it is (x - mean) / (s sqrt(1 + 1/n)), with n - 1
degrees of freedom, the quantity behind the prediction interval of Whitmore (1986).

A standard error is never taken to be smaller than `least`, a number for each statistic: what a log prints
has few decimals, and if all seeds have the same accuracy, nothing else says how far from it is far.

The joint question is whether the *largest* |t| of the table is larger than it is by chance.

Several runs: `permutation` (Westfall and Young 1993). If the runs are of the same program as the seeds,
all n + m of them are exchangeable: any m of them could have been the runs that are judged. So the largest
|t| is computed for every choice of m among the n + m, or for `DRAWS` random choices. The share of choices
with a largest |t| at least as large as that of the real runs is the p-value. Correlations between the
statistics and the shape of their distributions need not be known.

This is valid for any distribution, but blind if one of the runs or seeds lies much further out than all others
in some statistic: every choice that contains it has the same large |t|, and with three runs beside 100 seeds
these are 3 % of all choices. So the same is done with normal scores in place of the values, which depend on
ranks alone (van der Waerden 1952), each at half the level. The p-value is twice the smaller of the two
(Bonferroni). With so few choices that half the level is less than one of them, values are judged alone.

One run: n + 1 choices allow no p-value below 1 / (n + 1), which is 4.8 % with 20 seeds. `one_run` therefore
assumes that statistics are normally distributed over seeds, except where the seeds contradict it (test of
Shapiro and Wilk 1965, at 5 % for each statistic). The level for each statistic follows from the
distribution of the largest of k normal variables with the correlations of the seeds (`joint_level`). This
takes the place of the Bonferroni correction, which counts correlated statistics as if they were
independent. The statistics whose normality is contradicted are judged by ranks instead: each seed is
compared with all others, and the run must be more extreme than every seed (with very many seeds, than all
but a share of them: the level asked for, times the share of statistics that are judged by ranks). This
assumes nothing about those statistics. Upwards and downwards, distances from the mean are measured by
spreads of their own (`_sides`), because a loss that is skewed has a long tail on one side alone: a few
seeds with a much higher loss must not hide a run with a loss below all others. But n seeds can't make an
error rarer than 1 / (n + 1), and statistics with heavy tails can pass the test of normality. So a run of
the same program can get the verdict "differs" in more than one case in a hundred. In simulations with 18
statistics this happened in 9 % of runs with 20 log-normal seeds and 1 % with 99; with Student's t of 3
degrees, which is harder to notice, in 8 to 18 % with 20 seeds and in 3 to 4 % with 99.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

DRAWS = 9_999          # random choices of runs, and the most choices that are all tried
NORMAL_DRAWS = 50_000  # draws of the largest of k normal variables
SEED = 0               # of both
NORMALITY = 0.05       # level of the test of normality of each statistic
POWER = 0.8
FARTHEST = 1e6         # |t| of a seed that is infinitely far from all others, but for rounding
LARGE_CUTOFF = 1000   # far above it, SciPy's noncentral t is no longer finite


class Cutoffs(NamedTuple):
    """The largest |t| that a run of the same program may have."""
    t: np.ndarray             # [k]; infinite if no difference can be shown
    degrees: int              # degrees of freedom of t
    error: np.ndarray         # [k] standard error of the difference
    effective: float          # as how many independent statistics the k statistics count
    contradicted: np.ndarray  # [k] bool: not normally distributed over seeds, as far as that matters
    sides: np.ndarray         # [2, k] standard errors downwards and upwards, as multiples of `error`
    p_value: float = math.nan  # that some statistic differs; NaN for one run
    in_ranks: np.ndarray | bool = False  # [k] bool: whether a statistic of several runs differs in its ranks


def differences(runs, seeds, least=0.) -> tuple[np.ndarray, np.ndarray]:
    """The difference of means and its pooled standard error, at least `least`, [k] each."""
    n, m = len(seeds), len(runs)
    squares = ((seeds - seeds.mean(axis=0)) ** 2).sum(axis=0) + ((runs - runs.mean(axis=0)) ** 2).sum(axis=0)
    return (runs.mean(axis=0) - seeds.mean(axis=0),
            np.maximum(np.sqrt(squares / (n + m - 2) * (1 / n + 1 / m)), least))


def correlation(seeds) -> np.ndarray:
    """The correlation matrix [k, k] of the statistics over seeds, shrunk towards independence.

    A correlation of few seeds is mostly noise. The shrinkage of Schaefer and Strimmer (2005) multiplies
    all of them by 1 - (sum of their estimated variances) / (sum of their squares).
    """
    n, k = seeds.shape
    spread = seeds.std(axis=0)
    z = (seeds - seeds.mean(axis=0)) / np.where(spread > 0, spread, 1)
    products = z[:, :, None] * z[:, None, :]
    found = products.mean(axis=0)
    off = ~np.eye(k, dtype=bool)
    squares = (found[off] ** 2).sum()
    noise = products.var(axis=0)[off].sum() / (n - 1)
    kept = max(0.0, 1 - noise / squares) if squares > 0 else 0.0
    return np.where(off, kept * found, 1.0)


@functools.lru_cache(maxsize=8)
def _normals(k):
    return np.random.default_rng(SEED).standard_normal((NORMAL_DRAWS, k), np.float32)


def joint_level(correlations, significance) -> float:
    """The level for each statistic with which all of them together have the level `significance`.

    It is the two-sided tail probability of c, where the largest |z| of normal variables with these
    `correlations` [k, k] exceeds c with probability `significance`.
    """
    lengths, axes = np.linalg.eigh(correlations)
    root = axes * np.sqrt(np.maximum(lengths, 0))
    largest = np.abs(_normals(len(correlations)) @ root.T.astype(np.float32)).max(axis=1)
    level = 2 * scipy.stats.norm.sf(np.quantile(largest, 1 - significance))
    # Bonferroni's level is always enough; noise of the draws must not go below it.
    return float(np.clip(level, significance / len(correlations), significance))


def _leave_one_out(seeds, least=0.):
    """The t statistic of each seed beside all others, [n, k], and its degrees of freedom.

    Its standard error is that of the side, above or below the others' mean, on which the seed lies.
    """
    n, away = len(seeds), seeds - seeds.mean(axis=0)
    squares = np.maximum((away ** 2).sum(axis=0) - away ** 2 * n / (n - 1), 0)  # of the others
    error = np.maximum(np.sqrt(squares / (n - 2) * (1 + 1 / (n - 1))), least)
    difference = away * n / (n - 1)
    others = seeds - (seeds.sum(axis=0) - seeds)[:, None] / (n - 1)  # [n, n, k], each row with its own mean
    others[np.arange(n), np.arange(n)] = 0  # the seed itself
    below, above = _sides(others)
    return _ratio(difference, np.maximum(error * np.where(difference < 0, below, above), least)), n - 2


def _sides(away) -> np.ndarray:
    """The spreads below and above the mean as multiples of the spread on both sides, [2, ..., k].

    `away` [..., n, k] are the differences of n seeds from their mean; zeros do not count.
    """
    def spread(part):
        return np.sqrt((part ** 2).sum(axis=-2) / np.maximum((part != 0).sum(axis=-2), 1))

    both = spread(away)
    return np.stack([spread(np.minimum(away, 0)), spread(np.maximum(away, 0))]) / np.where(both > 0, both, 1)


def _ratio(difference, error):
    """`difference` / `error`, where a difference of 0 counts as 0 even if the error is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(difference / error, nan=0.0, posinf=np.inf, neginf=-np.inf)


def not_normal(seeds) -> np.ndarray:
    """Whether the seeds contradict a normal distribution, [k] bool, each at the level `NORMALITY`."""
    return np.array([np.ptp(column) > 0 and scipy.stats.shapiro(column).pvalue < NORMALITY
                     for column in np.transpose(seeds)])


def one_run(run, seeds, significance, least=0.) -> Cutoffs:
    """The `Cutoffs` for the statistics `run` [1, k] of a single run; `least` is a number or [k]."""
    n, k = seeds.shape
    least = np.broadcast_to(least, k)
    level = joint_level(correlation(seeds), significance)
    cutoffs = np.full(k, scipy.stats.t.isf(level / 2, n - 1))
    other, sides = not_normal(seeds), np.ones((2, k))
    _, error = differences(run, seeds, least)
    cutoffs[(np.ptp(seeds, axis=0) == 0) & (least == 0)] = np.inf  # nothing says how far from them is far
    if other.any():
        t, degrees = _leave_one_out(seeds[:, other], least[other])
        # The same if all seeds but one are equal.
        unknown = (np.abs(t) > FARTHEST).any(axis=0)
        columns = np.flatnonzero(other)
        own = _sides(seeds[:, other] - seeds[:, other].mean(axis=0))
        sides[:, other] = np.maximum(own, _ratio(least, error)[other])
        cutoffs[columns[unknown]] = np.inf
        if not unknown.all():
            extremes = np.sort(2 * scipy.stats.t.sf(np.abs(t[:, ~unknown]).max(axis=1), degrees))
            rank = math.floor((n + 1) * significance * other.mean() + 1e-9)
            ranked = extremes[rank - 1] if rank else min(extremes[0], level)
            cutoffs[columns[~unknown]] = scipy.stats.t.isf(ranked / 2, n - 1)
    return Cutoffs(cutoffs, n - 1, error, significance / level, other, sides)


@functools.lru_cache(maxsize=8)
def _choices(total, m):
    """Choices of `m` among `total` runs, [choices, total], as weights 1/m; the first is the real one."""
    count = math.comb(total, m)
    if count <= DRAWS + 1:
        chosen = np.array(list(itertools.combinations(range(total), m)))
    else:
        order = np.random.default_rng(SEED).random((DRAWS, total)).argpartition(m, axis=1)[:, :m]
        chosen = np.concatenate([np.arange(m)[None], order])
    weights = np.zeros((len(chosen), total))
    np.put_along_axis(weights, chosen, 1 / m, axis=1)
    return weights


def permutation(runs, seeds, significance, least=0.) -> Cutoffs:
    """The `Cutoffs` for the `runs` [m, k], m > 1, by a permutation test with the largest |t|.

    `least` is as in `one_run`.
    """
    n, m, k = len(seeds), len(runs), seeds.shape[1]
    pooled = np.concatenate([runs, seeds])
    kinds = [_of_all_choices(pooled, m, least)]
    if significance / 2 * len(kinds[0]) >= 1:
        scores = scipy.stats.norm.ppf((scipy.stats.rankdata(pooled, axis=0) - 0.5) / (n + m))
        # Where all differences are below the least error, ranks would call them large.
        kinds.append(_of_all_choices(np.where(pooled.std(axis=0) < least, 0, scores), m))
    significance /= len(kinds)
    p_values, cutoffs = zip(*(_of_the_real(t.max(axis=1), significance) for t in kinds))
    level = 2 * scipy.stats.t.sf(cutoffs[0], n + m - 2)
    return Cutoffs(np.full(k, cutoffs[0]), n + m - 2, differences(runs, seeds, least)[1],
                   float(np.clip(significance / level, 1, k)) if level else math.nan,
                   np.zeros(k, bool), np.ones((2, k)), min(1.0, len(kinds) * min(p_values)),
                   kinds[1][0] > cutoffs[1] if len(kinds) > 1 else False)


def _of_all_choices(pooled, m, least=0.):
    """The |t| [choices, k] of every choice of `m` of the `pooled` runs [total, k] beside all others."""
    n, spread = len(pooled) - m, pooled.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    # The variance of all is 1, so t depends on the means alone.
    means = np.abs(_choices(n + m, m) @ ((pooled - pooled.mean(axis=0)) / spread))
    within = np.maximum(n + m - means ** 2 * m * (n + m) / n, 1e-12)
    errors = np.sqrt(within / (n + m - 2) * (1 / n + 1 / m))
    return means * (n + m) / n / np.maximum(errors, least / spread)


def _of_the_real(largest, significance):
    """The p-value of the first choice, the real one, and the cutoff, from the largest |t| [choices] of all."""
    allowed = math.floor(significance * len(largest) + 1e-9)
    # Above the next largest: then at most `allowed` choices are as extreme.
    cutoff = np.sort(largest)[-allowed - 1] * (1 + 1e-9) if allowed else np.inf
    return float(np.mean(largest >= largest[0] * (1 - 1e-9))), cutoff


@functools.lru_cache(maxsize=1024)
def smallest_shift(cutoff, degrees) -> float:
    """The shift of one statistic, in standard errors, that is found with probability `POWER`.

    If a statistic is shifted by d standard errors, its t has a noncentral t distribution with
    noncentrality d. Infinite if the `cutoff` is.
    """
    if not math.isfinite(cutoff):
        return math.inf
    if cutoff > LARGE_CUTOFF:  # the noise of the run no longer matters, only that of the estimated error
        return cutoff * math.sqrt(scipy.stats.chi2.ppf(POWER, degrees) / degrees)
    return scipy.optimize.brentq(
        lambda shift: scipy.stats.nct.sf(cutoff, degrees, shift) - POWER, 0, 2 * cutoff + 5)
