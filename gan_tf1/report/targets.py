"""The modes that samples should find, for data whose modes are known: mixtures of Gaussians, and two cities."""

from typing import NamedTuple

import numpy as np

from gan_tf1.data import mixtures, two_cities


class Targets(NamedTuple):
    """Equally likely Gaussians, in the coordinates of the samples."""
    means: np.ndarray   # [modes, dimensions]
    deviation: float


def of_data(key) -> Targets | None:
    """The `Targets` of the data set `key` of config.json, or None if its modes are not known."""
    if key in mixtures.CHOICES:
        return Targets(mixtures.means(key), mixtures.DEVIATIONS[key])
    if key == two_cities.KEY:
        wide = two_cities.HIGH - two_cities.LOW  # samples are in [-1, 1]
        means = 2 * (np.array(two_cities.MEANS) - two_cities.LOW) / wide - 1
        return Targets(means[:, None], 2 * two_cities.DEVIATION / wide)
    return None
