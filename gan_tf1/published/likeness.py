"""What went wrong? Which known program does a log look most like: the chapter's, or one with a mistake?

Each known program has an envelope of some seeds. Its statistics (`window_statistics`, with means on a log
scale where losses can't be negative) are described by a multivariate t distribution:

- its location is the mean over the seeds of the program;
- its standard deviations are those of the program's own seeds, but since a standard deviation of ten
  seeds is inaccurate, its square is averaged with the median of all programs, which counts as much as
  `PRIOR_SEEDS` further seeds; for `MANY` seeds or more it is half the distance between their quantiles of
  16 and 84 %, so that a few odd ones don't make the usual losses of the program improbable;
- it has the heavy tails of so many seeds, but of `TAILS` at most: however many seeds there are, a few lie
  much further out than a normal distribution allows, and light tails would count each of them as proof
  that the log is of another program, or let nothing else look far away;
- its correlations are those within programs, pooled over all of them, and shrunk as in
  `max_statistic.correlation`.

This is quadratic discriminant analysis with pooled correlations (Fisher 1936 has equal variances too). Each
program has variances of its own, since those of a program that learns nothing are many times smaller than the
chapter's. But no standard deviation is smaller than the least error of its statistic: whether one image of a
batch was wrong says nothing. The distribution is that of one more seed: its covariance is larger than that of
the seeds by the factor 1 + 1/n, and it has heavy tails, since mean and variances of n seeds are inaccurate.

The probabilities are the likelihoods of the log under the programs, times equal prior ones: before the log
is seen, each known program is taken to be equally probable. The likelihoods of several logs are multiplied
as if the logs were independent, although all of them share the error of a program's estimated mean. In
simulations, three logs are right as often as their probability says nevertheless. Such probabilities are
too certain wherever the model is wrong: if single statistics have heavy tails or are skewed, or if the
correlations of the programs differ. How much too certain, the seeds themselves show. Each is left out in
turn, and its likelihood under its own program is computed from the others (except for the correlations,
which are pooled over all seeds). All log-likelihoods are then multiplied by the `caution`, a factor of at
most 1, with which the probabilities of the seeds' own programs are best on average (the logarithmic score;
this is the temperature scaling of Guo et al. 2017, by cross-validation). With simulated programs, of which
the truth is known, the most likely program is then right about as often as its probability says.

If the N seeds of two programs are all judged correctly, that does not show that the two are never confused:
the next log may be the first. So the probability of an error is taken to be at least 1 / (N + 1), where N is
the number of seeds of the two most likely programs, and no program has a probability above N / (N + 1).
(This is Laplace's rule of succession with one imagined error and no imagined success.)

The probabilities say nothing about programs that are not known. That is asked separately: does the log fit
any program that has a probability of at least `LEAST` by its likelihood? Its squared Mahalanobis distance
to a program, divided by k, would have an F distribution, whose tail probability says how far away it is. It
is compared with the distances of all seeds from their own programs, each computed with that seed left out.
If the log is among the 1 % that are furthest away, the answer is "none of these". (With fewer than 99
seeds, it must be further away than any of them, which is meant to happen by chance to one log in N + 1. In
simulations, with ten times four programs of 10 to 25 seeds, it happened to 7 % of logs instead of 2 %,
since the correlations are estimated from all seeds.) Of several logs, the one in the middle decides, or the
nearer of the two: all of them share the errors of the program's estimated mean and variances, so that a
test that takes them for independent would find too many programs unknown. In these simulations, 2 % of
pairs, 4 % of groups of three, and 2 % of groups of ten were unknown.
"""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.published import max_statistic, window_statistics
from gan_tf1.published.envelopes import FEWEST_KNOWN
from gan_tf1.wording import percent

PRIOR_SEEDS = 4
MANY = 40         # seeds whose quantiles show how far the usual ones scatter
FIT = 0.01        # level of "none of these"
LISTED = 3        # programs that a sentence names
NAMED = 0.01      # programs with a lower probability are not named
LEAST = 0.005     # programs with a lower one by their likelihood are not asked whether the log fits them
LEAST_CAUTION = 0.05
TAILS = 10        # seeds: the tails of a program's distribution are not lighter than those of so many
CHAPTER, OWN = "chapter", "the chapter's own program"  # its name and title among the programs


class Likeness(NamedTuple):
    """The probabilities of the known programs, name -> number in decreasing order, and whether the best fits."""
    probabilities: dict
    titles: dict        # name -> title
    fit: float          # the p-value of the test whether the logs fit a likely program
    level: float        # of "none of these"
    compared: str = ""  # how many epochs or steps were compared, and which

    @property
    def none(self) -> bool:
        """Whether no known program fits."""
        return self.fit <= self.level

    @property
    def best(self) -> str:
        """The name of the most likely program, or "" if none fits."""
        return "" if self.none else next(iter(self.probabilities))

    @property
    def sentence(self) -> str:
        """"Most like: no label smoothing (97 %); Adam 0.002 (2 %)"."""
        if self.none:
            likeliest = self.titles[next(iter(self.probabilities))]
            return (f"Like none of the {len(self.probabilities)} known programs; the most likely of them is "
                    f"{likeliest}.")
        named = {name: share for name, share in list(self.probabilities.items())[:LISTED] if share >= NAMED}
        parts = [f"{self.titles[name]} ({percent(share) if share < 1 - NAMED / 2 else f'over {percent(1 - NAMED)}'})"
                 for name, share in named.items()]
        if (rest := 1 - sum(named.values())) >= NAMED / 2:
            others = len(self.probabilities) - len(named)
            parts.append(f"{'another' if others == 1 else f'{others} others'} ({percent(rest)})")
        return f"Most like: {'; '.join(parts)}."


class Fitted(NamedTuple):
    """The distributions of programs, in the order of their names."""
    names: list
    means: np.ndarray    # [programs, k]
    scales: np.ndarray   # [programs, k] standard deviations
    seeds: np.ndarray    # [programs] numbers of seeds
    inverse: np.ndarray  # [k, k] of the correlations
    caution: float       # the factor of all log-likelihoods
    far: np.ndarray      # increasing: how far all seeds are from their own programs, see `_far`

    @property
    def level(self) -> float:
        """The level of "none of these": `FIT`, or the lowest that the seeds allow."""
        return max(FIT, 1 / (len(self.far) + 1))


def fitted(programs, asked=()) -> Fitted:
    """The `Fitted` distributions of `programs`, a dict of name -> statistics [seeds, k].

    `asked` are the k `window_statistics.Measure`s of the statistics, which have least errors. Raises
    InputError if there are fewer than two programs, or one has fewer than three seeds.
    """
    few = [name for name, values in programs.items() if len(values) < FEWEST_KNOWN]
    if len(programs) < 2 or few:
        raise InputError("to find the most likely program, there must be envelopes of two programs or "
                         f"more, with three seeds or more each: {', '.join(few) or 'there is one'}")
    variances = np.array([_variance(values) for values in programs.values()])
    typical = np.median(variances, axis=0)
    means = np.array([values.mean(axis=0) for values in programs.values()])
    seeds = np.array([*map(len, programs.values())])
    scales = np.array([_scale(*one, typical, asked) for one in zip(means, variances, seeds)])
    residuals = np.concatenate([(values - mean) / scale for values, mean, scale in
                                zip(programs.values(), means, scales)])
    shape = max_statistic.correlation(residuals)
    # A little more independence, so that nearly equal statistics don't make the inverse explode.
    shape = 0.95 * shape + 0.05 * np.eye(len(shape))
    known = Fitted(list(programs), means, scales, seeds, np.linalg.inv(shape), 1.0, np.empty(0))
    logs, far = [], []
    for place, values in enumerate(programs.values()):
        others = len(values) - 1
        rest = np.stack([np.delete(values, row, axis=0) for row in range(len(values))])
        mean, variance = rest.mean(axis=1), _variance(rest)
        scale = _scale(mean, variance, others, _typical_without(variances, place, variance), asked)
        logs.append(_log_likelihoods(values, known))
        logs[-1][:, place] = _log_density(values, mean, scale, others, known.inverse)
        far.append(_far((values - mean) / scale, known.inverse, others))
    return known._replace(caution=_caution(logs, seeds), far=np.sort(np.concatenate(far)))


def _typical_without(variances, place, of_rest):
    """The median variances [seeds, k] if the program at `place` has those `of_rest` [seeds, k] instead."""
    every = np.repeat(variances[:, None], len(of_rest), axis=1)
    every[place] = of_rest
    return np.median(every, axis=0)


def _variance(values):
    """The variances [..., k] of seeds `values` [..., seeds, k], or of the usual ones among many."""
    if values.shape[-2] < MANY:
        return values.var(axis=-2, ddof=1)
    low, high = np.quantile(values, scipy.stats.norm.cdf([-1, 1]), axis=-2)
    return ((high - low) / 2) ** 2


def _scale(means, variances, seeds, typical, asked):
    """Standard deviations [..., k] of so many `seeds` with these `means` and `variances`; `typical` are variances."""
    free = seeds - 1
    least = window_statistics.least_errors(asked, means) if asked else 0
    return np.maximum(np.sqrt((PRIOR_SEEDS * typical + free * variances) / (PRIOR_SEEDS + free)),
                      np.maximum(least, 1e-6))


def _log_density(values, means, scales, seeds, inverse):
    """The logarithm of the density of one more seed at `values` [m, k], [m].

    `means` and `scales`, [k] or [m, k], are those of so many `seeds`.
    """
    k, free, wider = values.shape[1], _degrees(seeds), 1 + 1 / seeds
    z = (values - means) / scales
    squared = np.einsum("mj,jk,mk->m", z, inverse, z) / wider
    gammas = scipy.special.gammaln((free + k) / 2) - scipy.special.gammaln(free / 2)
    return (gammas - k / 2 * np.log(free * np.pi * wider) - np.log(scales).sum(axis=-1)
            + np.linalg.slogdet(inverse)[1] / 2 - (free + k) / 2 * np.log1p(squared / free))


def _log_likelihoods(values, known):
    """The log-likelihoods [m, programs] of `values` [m, k]."""
    return np.stack([_log_density(values, *own, known.inverse)
                     for own in zip(known.means, known.scales, known.seeds)], axis=1)


def _doubted(chances, seeds):
    """The `chances` [m, programs] of programs of so many `seeds`, with something left for an error.

    It is the less, the more seeds the two most likely programs have (`fitted` has at least two programs).
    """
    doubt = 1 / (1 + seeds[np.argsort(-chances, axis=1, kind="stable")[:, :2]].sum(axis=1, keepdims=True))
    return (1 - doubt) * chances + doubt * (1 - chances) / (len(seeds) - 1)


def _caution(logs, seeds):
    """The factor with which the log-likelihoods of held-out seeds give the best probabilities on average.

    `logs` has an array [seeds, programs] for each program, of its own seeds. All programs weigh the same.
    """
    def score(exponent):
        stated = [_doubted(scipy.special.softmax(np.exp(exponent) * of_seeds, axis=1), seeds) for of_seeds in logs]
        return -np.mean([np.log(chances[:, place]).mean() for place, chances in enumerate(stated)])

    found = scipy.optimize.minimize_scalar(score, bounds=(np.log(LEAST_CAUTION), 0), method="bounded",
                                           options={"xatol": 0.01})
    return 1.0 if score(0) <= found.fun + 1e-6 else float(np.exp(found.x))


def _far(z, inverse, seeds):
    """How far standardized statistics `z` [m, k] are from a program of so many `seeds`, [m].

    This is minus the logarithm of the tail probability of the squared Mahalanobis distance.
    """
    k = z.shape[1]
    squared = np.einsum("mj,jk,mk->m", z, inverse, z) / (1 + 1 / seeds)
    return -scipy.stats.f.logsf(squared / k, k, _degrees(seeds))


def _degrees(seeds):
    """The degrees of freedom of the distribution of a program of so many `seeds`."""
    return PRIOR_SEEDS + min(seeds, TAILS) - 1


def classify(runs, fit) -> tuple[dict, float]:
    """The probabilities of the statistics `runs` [m, k], name -> number in decreasing order, and their fit."""
    likely = scipy.special.softmax(fit.caution * _log_likelihoods(runs, fit).sum(axis=0))
    [chances] = _doubted(likely[None], fit.seeds)
    order = np.argsort(-chances, kind="stable")
    found = max(_p_value(_far((runs - fit.means[place]) / fit.scales[place], fit.inverse, fit.seeds[place]), fit.far)
                for place in np.flatnonzero(likely >= LEAST))
    return {fit.names[place]: float(chances[place]) for place in order}, found


def _p_value(far, of_seeds):
    """That the middle one of logs would be `far` [m] from its program, or further, if it were one more seed."""
    return float((1 + np.sum(of_seeds >= np.quantile(far, 0.5, method="lower"))) / (1 + len(of_seeds)))


def statistics(programs, logs=()) -> tuple[dict, list]:
    """The statistics of all `programs`, name -> `Envelope`, and what they measure.

    The epochs that all of them and all `logs` have are used. Raises InputError if there are none.
    """
    chapter = next(iter(programs.values())).chapter
    epochs = functools.reduce(np.intersect1d, [one.epochs for one in (*programs.values(), *logs)])
    spans = window_statistics.windows(epochs, epochs, chapter.windows)
    if not spans:
        raise InputError(f"the known programs and the log have no {chapter.counted}s in common")
    asked = window_statistics.measures(spans, chapter, several=True)
    return {name: window_statistics.values(asked, one.epochs, one.losses)
            for name, one in programs.items()}, asked


def most_like(logs, programs) -> Likeness:
    """The `Likeness` of `logs` of one program to known `programs`, a dict of name -> `Envelope`."""
    values, asked = statistics(programs, logs)
    known = fitted(values, asked)
    chances, fit = classify(window_statistics.values_of_logs(asked, logs), known)
    [counted] = {one.chapter.counted for one in programs.values()}
    return Likeness(chances, {name: one.title or OWN for name, one in programs.items()}, fit, known.level,
                    window_statistics.compared(asked, counted))


def held_out(programs, asked=(), count=1) -> Iterator[tuple[str, dict, bool]]:
    """Cross-validation: `count` seeds at a time are left out, and classified together by all others.

    `programs` are statistics, name -> [seeds, k], and `asked` is as in `fitted`. For each group of seeds, in
    their order, the name of their program, the probabilities of all programs, and whether the group fits none
    of them. Of a program that would have too few seeds left, none is left out.
    """
    for name, values in programs.items():
        for start in range(0, len(values) - count + 1 if len(values) - count >= FEWEST_KNOWN else 0, count):
            group = range(start, start + count)
            known = fitted({**programs, name: np.delete(values, group, axis=0)}, asked)
            chances, fit = classify(values[group], known)
            yield name, chances, fit <= known.level


def confusion(programs, asked=()) -> tuple[list, np.ndarray]:
    """For which programs the seeds are taken if each is left out in turn, by `held_out`.

    Returns the names, and counts [programs, programs + 1]: a row per true program, a column per answer, the
    last for "none of these".
    """
    names = list(programs)
    counts = np.zeros((len(names), len(names) + 1), int)
    for name, chances, none in held_out(programs, asked):
        counts[names.index(name), len(names) if none else names.index(next(iter(chances)))] += 1
    return names, counts
