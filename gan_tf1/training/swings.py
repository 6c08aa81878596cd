"""How much the losses of a run swing over its second half, and whether they oscillate.

A second half of 100 rows or more is averaged to 50 to 99 points. Then the regression line is
subtracted. The standard deviation of the rest is compared with the mean of the loss. The spectrum of
the rest gives the share of the variance that belongs to the strongest period, which shows whether the
loss oscillates or is only noisy.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.wording import percent

POINTS = 50         # the fewest points to which a longer second half is averaged
FEWEST = 30         # points of the second half: with fewer, a period does not stand out from noise
CYCLES = 3          # cycles in the second half: fewer are a drift
WIDE = 0.25         # standard deviation over mean: twice that of the losses of 20 healthy seeds
ONE_PERIOD = 0.6    # share of the variance: the strongest period of noise has 0.2 to 0.5
WILD = 0.5          # standard deviation over mean, with any period or none


class Swing(NamedTuple):
    """How a loss swings about its trend."""
    deviation: float    # standard deviation, divided by the mean absolute value of the loss
    share: float        # share of the variance that belongs to the strongest period
    cycles: int         # how many cycles of that period there are


def swing(values) -> Swing | None:
    """The `Swing` of `values` [n] about their regression line; None if n is below `FEWEST`."""
    if len(values) < FEWEST:
        return None
    places = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(places, values, 1), places)
    power = np.abs(np.fft.rfft(rest)) ** 2
    power[0] = 0
    cycles = CYCLES + int(np.argmax(power[CYCLES:]))
    around = power[cycles - 1:cycles + 2].sum()  # a period rarely fits a whole number of times
    scale = np.abs(values).mean()
    return Swing(float(rest.std() / scale) if scale else 0.,
                 float(around / power.sum()) if power.any() else 0., cycles)


def of_second_half(values) -> Swing | None:
    """The `Swing` of the second half of `values` [n], averaged to fewer points if it is long."""
    half = values[len(values) // 2:]
    block = max(1, len(half) // POINTS)
    return swing(half[len(half) % block:].reshape(-1, block).mean(axis=1))


def rows_needed() -> int:
    """How many values `of_second_half` needs to find a `Swing`."""
    return 2 * FEWEST - 1


def oscillation(names, swings, bounded) -> str:
    """A clause that says how the losses `names` with these `swings` oscillate, or "" if not.

    Losses that are `bounded` below by 0, such as cross-entropies, also count as oscillating if both
    swing wildly, with any period. For other losses this says nothing, since their mean may be close
    to 0.
    """
    periodic = [f"{name} swings by {percent(each.deviation)} of its mean, and a single period, "
                f"which fits {each.cycles} times, makes up {percent(each.share)} of the variance"
                for name, each in zip(names, swings)
                if each.deviation >= WIDE and each.share >= ONE_PERIOD]
    wild = [f"{name} swings by {percent(each.deviation)} of its mean"
            for name, each in zip(names, swings) if each.deviation >= WILD]
    if periodic:
        return "over the second half " + "; ".join(periodic)
    if bounded and len(wild) == len(names):
        return "over the second half " + " and ".join(wild)
    return ""
