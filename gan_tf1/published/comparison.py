"""Compare training logs with the losses of many seeds of the same model, an *envelope*.

The losses of a GAN differ from seed to seed, so one log says little about another. The package therefore
contains the losses of many seeds of the chapters' models. `judge` says whether one log, or several, look
like more seeds of the same model. There are three verdicts, and a fourth if logs can't be compared:

differs
    Some statistic of the log lies where another seed's hardly ever would. Statistics are the means and the
    spreads of the losses over windows of epochs (`window_statistics`). The tests aim at one wrong verdict
    in a hundred runs of the same model, all statistics together. `max_statistic` states the tests, what
    they assume, and how often they are wrong if that doesn't hold.

equivalent
    No difference was found, and the mean of every loss in every window differs by less than a stated
    margin from that of the envelope's model. This is shown by two one-sided tests (Schuirmann 1987), each
    at 5 %: the difference plus or minus t(95 %) standard errors lies within the margin. No correction for
    the number of means is needed, because all of them have to pass (Berger 1982). The margin is 0.1 nats
    unless another is given. A change of 0.1 nats means that the probabilities that the discriminator
    assigns change by a tenth, in the geometric mean. Normal distributions with the same variance in both
    models are assumed.

can't tell
    Neither could be shown. This is the usual verdict on a single run: it takes several to show that means
    are equivalent within 0.1 nats. A test that finds no difference doesn't show that there is none.

Beside each verdict stands how large a shift would have been found in 80 % of cases, in the units of the
loss. If the seeds of an envelope are few or differ a lot, this is large.

A cross-entropy cannot be negative, and an accuracy lies between 0 and 1. Intervals are clipped to these
bounds. In addition, the share of single epochs that lie inside their own 95 % prediction interval is
stated. It is not part of the verdict, because neighbouring epochs of a run are not independent.

Seeds are assumed to be independent, and nothing is assumed about the epochs within a run. Among the seeds of
the MNIST GAN are some whose generator falls behind and never catches up. They are kept: what happens with
a few seeds in a hundred is a property of the model. They make the later intervals wide.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.published import max_statistic, window_statistics
from gan_tf1.published.logs import why_incomparable
from gan_tf1.wording import listed, percent, quantity

FEWEST_SEEDS = 5     # in an envelope: with 4, only a shift of 22 standard deviations is detected
SIGNIFICANCE = 0.01  # of "differs"
EQUIVALENCE = 0.05   # of each of the two one-sided tests
MARGIN = 0.1         # of equivalent mean losses, in their unit
LARGEST = 1e100      # of a loss: the squares of larger ones are not finite
SHARE_MARGIN = 0.02  # of equivalent mean accuracies between 0 and 1
LISTED = 3           # statistics that a verdict lists; the table marks all of them


class Statistic(NamedTuple):
    """One row of the comparison: a statistic of a window, the envelope's mean, and two intervals."""
    window: str
    epochs: str
    loss: str
    kind: str               # "mean" or "spread"
    value: float            # of the log, or the mean of several; a geometric mean of spreads
    expected: float
    interval: tuple         # (low, high): 99 % for this statistic alone
    joint: tuple            # (low, high): 99 % for all statistics of the table together
    outside: bool           # whether the value lies outside of the joint interval, or its ranks differ
    smallest: float         # shift that is found with 80 % power: a difference of means, a factor of spreads


class Equivalence(NamedTuple):
    """The result of the two one-sided tests: `within[title]` is the smallest margin that they allow."""
    margins: dict           # title of a loss -> the stated margin, in its unit
    within: dict

    @property
    def holds(self) -> bool:
        """Whether every loss is equivalent within its margin."""
        return all(self.within[title] < margin for title, margin in self.margins.items())


class Verdict(NamedTuple):
    """The result of a comparison: `word` is "differs", "equivalent", "can't tell" or "cannot be compared".

    `sentence` says where it differs, or why it cannot be compared. If it differs, a line for each of
    the first `LISTED` statistics outside of their interval follows.
    """
    word: str
    sentence: str
    statistics: list
    shares: dict            # loss -> share of single epochs inside their 95 % interval
    limits: str = ""        # what this comparison can detect, and what it assumes
    equivalence: Any = None  # an `Equivalence`
    p_value: float = math.nan  # of several runs
    effective: float = math.nan  # as how many independent statistics those of the table count
    not_normal: int = 0     # statistics whose seeds contradict a normal distribution
    compared: str = ""      # how many epochs or steps were compared, and which: "6 steps, 1 to 6"


@functools.cache
def _t_quantile(probability, degrees):
    return float(scipy.stats.t.ppf(probability, degrees))


def prediction_interval(values, significance) -> tuple[np.ndarray, np.ndarray]:
    """The ends `(low, high)`, [...] each, of the interval for one more value beside `values` [n, ...].

    If the values are independent and normally distributed over axis 0, it lies inside with
    probability 1 - `significance`: the mean -+ t(1 - a/2, n - 1) s sqrt(1 + 1/n) (Whitmore 1986).
    """
    n = len(values)
    reach = (_t_quantile(1 - significance / 2, n - 1) * values.std(axis=0, ddof=1)
             * math.sqrt(1 + 1 / n))
    return values.mean(axis=0) - reach, values.mean(axis=0) + reach


def judge(log, envelope, margin=None) -> Verdict:
    """The `Verdict` on one `logs.Log`: does it look like the log of one more seed of `envelope`?

    `margin`, in the units of the losses, replaces `MARGIN` and `SHARE_MARGIN`. Raises InputError if the
    envelope has fewer than `FEWEST_SEEDS` seeds.
    """
    return judge_runs([log], envelope, margin)


def judge_runs(logs, envelope, margin=None) -> Verdict:
    """The `Verdict` on several logs of one program: do they look like more seeds of `envelope`?

    The epochs that all logs have are compared. Raises InputError as `judge` does.
    """
    form, counted = envelope.chapter, envelope.chapter.counted
    if envelope.seeds < FEWEST_SEEDS:
        raise InputError(f"an envelope of {quantity(envelope.seeds, 'seed')} is too small to detect a "
                         f"difference: make one of at least {FEWEST_SEEDS} seeds, better 20, with "
                         "make_envelope.py --seeds 0-19")
    epochs = functools.reduce(np.intersect1d, [log.epochs for log in logs])
    spans = window_statistics.windows(epochs, envelope.epochs, form.windows)
    why = next(filter(None, (why_incomparable(log, envelope.data) for log in logs)), "")
    if why or not spans:
        own = "it has" if len(logs) == 1 else "together, they have"
        why = why or f"{own} none of the {counted}s {_span(envelope.epochs)} that are compared"
        return Verdict("cannot be compared", f"Cannot be compared: {why}.", [], {})
    for log in logs:
        losses = np.abs([log.losses[name] for name in form.columns])
        bad = log.epochs[~(losses <= LARGEST).all(axis=0)]
        if len(bad):
            finite = np.isfinite(losses[:, log.epochs == bad[0]]).all()
            what = f"is beyond {LARGEST:g}" if finite else "is not finite"
            return Verdict("differs", f"Differs: a loss {what} in {counted} {bad[0]}.", [], {})

    asked = window_statistics.measures(spans, form)
    runs = window_statistics.values_of_logs(asked, logs)
    seeds = window_statistics.values(asked, envelope.epochs, envelope.losses)
    test = max_statistic.one_run if len(logs) == 1 else max_statistic.permutation
    cutoffs = test(runs, seeds, SIGNIFICANCE, window_statistics.least_errors(asked))
    statistics = [_statistic(measure, form, *of_one) for measure, *of_one in zip(
        asked, runs.mean(axis=0), seeds.mean(axis=0), (cutoffs.error * cutoffs.sides).T, cutoffs.t,
        np.full(len(asked), cutoffs.degrees), np.broadcast_to(cutoffs.in_ranks, len(asked)))]
    equivalence = _equivalence(asked, form, runs, seeds, cutoffs, margin)
    shares = {title: float(np.mean([_share_inside(log, envelope, loss) for log in logs]))
              for loss, title in form.columns.items()}
    word, sentence = _conclusion(statistics, equivalence, cutoffs, form, len(logs))
    return Verdict(word, sentence, statistics, shares, _limits(statistics, cutoffs, form, envelope, len(logs)),
                   equivalence, cutoffs.p_value, cutoffs.effective, int(cutoffs.contradicted.sum()),
                   window_statistics.compared(asked, counted))


def _statistic(measure, form, value, expected, errors, cutoff, degrees, in_ranks):
    """The `Statistic` of one measure; `value` and `expected` are on the scale on which it is judged.

    `errors` are the standard errors of a difference (downwards, upwards). `in_ranks` says whether it differs
    by its ranks, which the intervals do not show.
    """
    error = max(errors)
    below, above = errors if error else (1, 1)
    single, joint = ((expected - below * reach, expected + above * reach) for reach in (
        _t_quantile(1 - SIGNIFICANCE / 2, int(degrees)), cutoff if error else np.inf))
    with np.errstate(over="ignore"):  # an interval can reach to infinity
        single, joint = (tuple(float(np.clip(measure.back(end), *measure.bounds(form))) for end in ends)
                         for ends in (single, joint))
        shift = max_statistic.smallest_shift(float(cutoff), int(degrees)) * error if error else np.inf
        smallest = float(measure.back(shift))
    return Statistic(measure.window, measure.span, form.columns[measure.loss], measure.kind,
                     float(measure.back(value)), float(measure.back(expected)), single, joint,
                     bool(in_ranks or error and not -below * cutoff <= value - expected <= above * cutoff),
                     smallest)


def _equivalence(asked, form, runs, seeds, cutoffs, margin):
    """The `Equivalence` of the mean losses."""
    reach = (np.abs(runs.mean(axis=0) - seeds.mean(axis=0))
             + _t_quantile(1 - EQUIVALENCE, cutoffs.degrees) * cutoffs.error)
    margins = {title: default_margin(form, loss) if margin is None else margin
               for loss, title in form.columns.items()}
    within = {title: float(max(reach[place] for place, measure in enumerate(asked)
                               if (measure.loss, measure.kind) == (loss, "mean")))
              for loss, title in form.columns.items()}
    return Equivalence(margins, within)


def default_margin(form, loss) -> float:
    """The margin of a loss of a chapter, in its unit, unless another is given."""
    return SHARE_MARGIN if form.bounds_of(loss) == (0, 1) else MARGIN


def _conclusion(statistics, equivalence, cutoffs, form, runs):
    """The word and the sentence of a verdict."""
    outside = [each for each in statistics if each.outside]
    if outside:
        return "differs", _differs(outside, len(statistics), form.counted, cutoffs.p_value)
    found = "" if runs == 1 else f" (p = {cutoffs.p_value:.2g})"
    if equivalence.holds:
        return "equivalent", (
            f"Equivalent: no difference was found{found}, and the mean losses of all windows differ by less "
            f"than {_margins(equivalence.margins, form)}.")
    return "can't tell", (
        f"Can't tell: no difference was found{found}, but equivalence could only be shown within "
        f"{_margins(equivalence.within, form)}, and the margin is {_margins(equivalence.margins, form)}.")


def _margins(margins, form):
    """Margins by the titles of losses, in words: "0.1 nats", or "0.1 nats (disc loss) and 0.3 ..."."""
    shown = {title: f"{margins[title]:.2g} {form.unit_of(loss)}".rstrip()
             for loss, title in form.columns.items()}
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return listed((f"{text} ({title})" for title, text in shown.items()), "and")


def _limits(statistics, cutoffs, form, envelope, runs):
    """What the comparison can detect, and what it assumes."""
    seeds = quantity(envelope.seeds, "seed")
    if not np.isfinite(cutoffs.t).any():
        return (f"{seeds.capitalize()} and {quantity(runs, 'run')} are too few: no difference between "
                f"them can be shown at the level of {percent(SIGNIFICANCE)}.")
    shifts = []
    for loss, title in form.columns.items():
        means = [each for each in statistics if (each.loss, each.kind) == (title, "mean")
                 and np.isfinite(each.smallest)]
        if not means:
            continue
        low, high = (end(means, key=lambda each: each.smallest) for end in (min, max))
        shifts.append(f"{title} " + " to ".join(
            f"{each.smallest:.2g} {form.unit_of(loss)}".rstrip() + f" ({_in_words(each.epochs, form.counted)})"
            for each in dict.fromkeys((low, high))))
    beside = (f"{runs} runs" if runs > 1 else f"{len(statistics)} statistics that count as "
              f"{cutoffs.effective:.0f} independent ones")
    text = (f"With {seeds} and {beside}, these shifts of a mean are found in "
            f"{percent(max_statistic.POWER)} of cases: {'; '.join(shifts)}.")
    if number := int(cutoffs.contradicted.sum()):
        text += (f" {quantity(number, 'statistic')} {'is' if number == 1 else 'are'} not normally "
                 "distributed over seeds, and judged by ranks.")
    return text


def _differs(outside, count, counted, p_value):
    """The sentence of "differs", and a line for each of the first statistics `outside`."""
    lie = "lie" if len(outside) > 1 else "lies"
    where = ("where one more seed's would not" if math.isnan(p_value) else
             f"where those of as many seeds would not (p = {p_value:.2g})")
    lines = [f"Differs: {len(outside)} of {count} statistics {lie} {where}."]
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


def _share_inside(log, envelope, loss):
    """The share of the log's epochs that lie inside the 95 % prediction interval of the same epoch."""
    both = np.intersect1d(log.epochs, envelope.epochs)
    low, high = prediction_interval(
        envelope.losses[loss][:, np.isin(envelope.epochs, both)], 0.05)
    own = log.losses[loss][np.isin(log.epochs, both)]
    return float(np.mean((low <= own) & (own <= high)))
