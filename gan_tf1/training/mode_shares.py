"""The modes that a generator's samples belong to during training.

All functions are pure functions of float64 arrays. A series of shares [E, K] gives, for
E sets of samples in the order of training, the share of each set that lies near each of
K modes. The modes may be cities, to which temperatures belong, or digits, as read by a
classifier. The sum of a row is 1, or less if some samples are not near any mode.

The terms are those of *Generative AI with Python and TensorFlow 2* (section "Mode
collapse"). Here they mean:

    full collapse      one mode has a share of `FULL` or more in a set
    partial collapse   some modes are missing: they have less than `LEAST` of an even share
    cycle              the generator collapses onto a mode, changes to another, and returns
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.wording import percent, quantity

FULL = 0.8     # share of a set: all other modes together then have at most 0.2
LEAST = 0.1    # of an even share: 1 % of the samples for ten classes, as in `classifier_metrics`
SECOND = 0.5   # share of a run that is not judged, since the generator is still learning
OFTEN = 0.5    # share of the other sets: with fewer, a collapse was only temporary
CYCLES = 2     # returns to a mode in the second half: a single one may be chance
GOOD = 0.5     # share of points near a mode: with fewer, modes are not found yet, and not lost


def near(values, means, radius) -> np.ndarray:
    """The shares [E, K] of `values` [E, n] that lie within `radius` of each of the `means` [K].

    Raises InputError if a value is not finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise InputError(f"the values must be finite and of shape [sets, n]; here the shape is "
                         f"{list(values.shape)}")
    return np.stack([(np.abs(values - mean) <= radius).mean(axis=1) for mean in means], axis=1)


def covered(shares) -> np.ndarray:
    """How many modes [E] each set covers: those with `LEAST` of an even share or more."""
    shares = checked(shares)
    # Shares are counts divided by n: at the boundary, a rounding error must not decide.
    return (shares >= LEAST / shares.shape[1] - 1e-12).sum(axis=1)


def dominant(shares) -> np.ndarray:
    """The index [E] of the mode with a share of `FULL` or more in each set, or -1."""
    shares = checked(shares)
    return np.where(shares.max(axis=1) >= FULL - 1e-12, shares.argmax(axis=1), -1)


class Switching(NamedTuple):
    """How often a generator switches from mode to mode."""
    switches: int   # changes from the full collapse onto one mode to that onto another
    cycles: int     # how many of the switches return to the previous mode: A, B, A is one cycle
    period: float   # mean number of sets between two arrivals at the same mode; NaN without any


def switching(shares) -> Switching:
    """The `Switching` of a series of shares.

    A mode counts as left only when another mode has a share of `FULL` (hysteresis).
    """
    found = dominant(shares)
    places = np.flatnonzero(found >= 0)
    arrivals = places[np.flatnonzero(np.diff(found[places], prepend=-1))]
    modes = found[arrivals]
    waits = [np.diff(arrivals[modes == mode]) for mode in np.unique(modes)]
    waits = np.concatenate(waits) if waits else np.empty(0)
    return Switching(max(0, len(arrivals) - 1), int((modes[2:] == modes[:-2]).sum()),
                     float(waits.mean()) if len(waits) else np.nan)


def settled(shares) -> np.ndarray:
    """The second half of a series, on which verdicts are based."""
    shares = checked(shares)
    return shares[int(SECOND * len(shares)):]


def verdict(shares) -> str:
    """The kind of collapse in the second half of a series: "full", "partial" or "none".

    It is "full" if half of the sets or more are collapsed onto one mode, and otherwise "partial" if
    half of the sets or more lack more than a tenth of the modes.
    """
    end = settled(shares)
    if (dominant(end) >= 0).mean() >= OFTEN:
        return "full"
    enough = 0.9 * end.shape[1]  # one of ten classes may be missing by chance
    return "partial" if (covered(end) < enough - 1e-12).mean() >= OFTEN else "none"


def cycles(shares) -> bool:
    """Whether the generator returns to a mode `CYCLES` times or more in the second half."""
    return switching(settled(shares)).cycles >= CYCLES


class Modes(NamedTuple):
    """The modes in the second half of a run."""
    verdict: str   # "full", "partial" or "none", as returned by `verdict`
    told: str      # a clause with the numbers on which the verdict depends


def of_shares(shares, each, unit) -> Modes:
    """The `Modes` of a series of shares [E, K], with one set for every `each` `unit`s of the log.

    Raises InputError if `shares` is not a series of shares.
    """
    end = settled(shares)
    found = switching(end)
    text = (f"over the second half {covered(end).mean():.1f} of {end.shape[1]} modes are covered, "
            f"and {percent(max(0., 1 - end.sum(axis=1).mean()))} of the samples are near none")
    if found.switches:
        text += f"; the generator switches from mode to mode {quantity(found.switches, 'time')}"
    if not np.isnan(found.period):
        text += f" and returns to one every {quantity(round(found.period * each), unit)} on average"
    return Modes(verdict(shares), text)


def of_counts(captured, high_quality, count) -> Modes:
    """The `Modes` of sets of points, each of which captures `captured` [E] of `count` modes.

    `high_quality` [E] is the share of the points that lie near a mode. If it is low, the generator
    has not collapsed: it has not found the modes yet.
    """
    first = int(SECOND * len(captured))
    modes, good = captured[first:].mean(), high_quality[first:].mean()
    lost = good >= GOOD and modes < 0.9 * count
    return Modes(("full" if modes <= 1 else "partial") if lost else "none",
                 f"over the second half {modes:.1f} of {count} modes are captured, and "
                 f"{percent(good)} of the points are near one")


def checked(shares) -> np.ndarray:
    """`shares` as float64 [E, K]. Raises InputError if they are not shares."""
    shares = np.asarray(shares, np.float64)
    if (shares.ndim != 2 or not shares.size or not (shares >= 0).all()
            or (shares.sum(axis=1) > 1 + 1e-9).any()):
        raise InputError("shares must have the shape [sets, modes], with numbers of at least 0 and "
                         f"sums of at most 1 per row; here the shape is {list(shares.shape)}")
    return shares
