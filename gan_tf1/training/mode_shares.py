"""Which modes a generator's samples belong to, over training: pure functions of float64 arrays.

A series of shares [E, K] gives, for E sets of samples in the order of training, the
share of each set that lies near each of K modes: the cities that a temperature may
belong to, or the digits that a classifier reads. A row sums to 1, or to less if some
samples are near no mode.

The words are those of *Generative AI with Python and TensorFlow 2* (section "Mode
collapse"); here they mean:

    full collapse      one mode has `FULL` of a set's samples or more
    partial collapse   some modes are missing: they have less than `LEAST` of an even share
    cycle              a generator that sits on one mode, changes to another and comes back
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError

FULL = 0.8     # of a set: above it on one mode means below 0.2 on any other
LEAST = 0.1    # of an even share: 1 % of the samples for ten classes, as in `classifier_metrics`
SECOND = 0.5   # share of a run that a verdict leaves out: what comes first is learning
OFTEN = 0.5    # of the sets in that half: a collapse, not a moment
CYCLES = 2     # in that half: one return may be chance
GOOD = 0.5     # of the points near a mode: with fewer, modes are missed rather than lost


def near(values, means, radius):
    """The shares [E, K] of values [E, n] that lie within `radius` of each of the `means` [K].

    Raises InputError where a value isn't finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise InputError(f"values of shape {list(values.shape)}: finite ones, [sets, n], are "
                         "needed")
    return np.stack([(np.abs(values - mean) <= radius).mean(axis=1) for mean in means], axis=1)


def covered(shares):
    """How many modes [E] each set of samples has: those with `LEAST` of an even share or more."""
    shares = checked(shares)
    # Shares are counts over n: a rounding error must not decide at the boundary.
    return (shares >= LEAST / shares.shape[1] - 1e-12).sum(axis=1)


def dominant(shares):
    """The number [E] of the mode that has `FULL` of each set or more, -1 where none has."""
    shares = checked(shares)
    return np.where(shares.max(axis=1) >= FULL - 1e-12, shares.argmax(axis=1), -1)


class Switching(NamedTuple):
    """How a generator goes from mode to mode."""
    switches: int   # changes from one mode's full collapse to another's
    cycles: int     # of them those that come back to the mode before: A, B, A is one
    period: float   # sets from one arrival at a mode to the next there, the mean; NaN without one


def switching(shares):
    """The `Switching` of a series of shares.

    It has hysteresis: a mode is left when another one has `FULL`, whatever lies between.
    """
    found = dominant(shares)
    places = np.flatnonzero(found >= 0)
    arrivals = places[np.flatnonzero(np.diff(found[places], prepend=-1))]
    modes = found[arrivals]
    waits = [np.diff(arrivals[modes == mode]) for mode in np.unique(modes)]
    waits = np.concatenate(waits) if waits else np.empty(0)
    return Switching(max(0, len(arrivals) - 1), int((modes[2:] == modes[:-2]).sum()),
                     float(waits.mean()) if len(waits) else np.nan)


def settled(shares):
    """The sets of the second half, on which verdicts are based."""
    shares = checked(shares)
    return shares[int(SECOND * len(shares)):]


def verdict(shares):
    """The first of "full", "partial" and "none" that fits the second half of a series.

    "full": half of the sets or more have one mode alone; "partial": half of them or more lack more
    than a tenth of the modes; "none": the modes are there.
    """
    end = settled(shares)
    if (dominant(end) >= 0).mean() >= OFTEN:
        return "full"
    enough = 0.9 * end.shape[1]  # of ten classes a rare one may be missed by chance
    return "partial" if (covered(end) < enough - 1e-12).mean() >= OFTEN else "none"


def cycles(shares):
    """Whether the second half of a series comes back to a mode `CYCLES` times or more."""
    return switching(settled(shares)).cycles >= CYCLES


class Modes(NamedTuple):
    """What became of the modes in the second half of a run."""
    verdict: str   # "full", "partial" or "none", as from `verdict`
    told: str      # the numbers on which it rests, as a part of a sentence


def of_shares(shares, each, unit):
    """The `Modes` of a series of shares [E, K], one every `each` of what the log counts in `unit`s.

    Raises InputError if they are no shares.
    """
    end = settled(shares)
    found = switching(end)
    text = (f"over the second half {covered(end).mean():.1f} of {end.shape[1]} modes are covered, "
            f"and {max(0., 1 - end.sum(axis=1).mean()):.0%} of the samples are near none")
    if found.switches:
        text += f"; the generator switches from mode to mode {found.switches} times"
    if not np.isnan(found.period):
        text += f" and returns to one every {found.period * each:.0f} {unit}s on average"
    return Modes(verdict(shares), text)


def of_counts(captured, high_quality, count):
    """The `Modes` of points: how many of `count` modes each set captures, [E], and how well.

    `high_quality` [E] is the share of the points that lie near a mode. A generator whose points
    are seldom near any has not lost modes, but has not found them yet: it has not collapsed.
    """
    first = int(SECOND * len(captured))
    modes, good = captured[first:].mean(), high_quality[first:].mean()
    lost = good >= GOOD and modes < 0.9 * count
    return Modes(("full" if modes <= 1 else "partial") if lost else "none",
                 f"over the second half {modes:.1f} of {count} modes are captured, and {good:.0%} "
                 "of the points are near one")


def checked(shares):
    """`shares` as float64 [E, K]; InputError where a row isn't one of shares."""
    shares = np.asarray(shares, np.float64)
    if (shares.ndim != 2 or not shares.size or not (shares >= 0).all()
            or (shares.sum(axis=1) > 1 + 1e-9).any()):
        raise InputError(f"shares of shape {list(shares.shape)}: [sets, modes] is needed, each "
                         "number at least 0 and a row's sum at most 1")
    return shares
