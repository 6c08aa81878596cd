"""Mixtures of Gaussians in the plane. Their modes are known, so they can be counted in samples.

From memory, Srivastava et al. 2017 (VEEGAN), section 4.1, and Lin et al. 2018 (PacGAN), section
4.1, use these mixtures, whose components are all equally likely:

===========  ===============================================  ================================
mixture      means                                            standard deviation, per coordinate
===========  ===============================================  ================================
ring         (cos 2 pi i / 8, sin 2 pi i / 8), 8 of them      0.01
wide_ring    the same                                         0.1
grid         (-4 + 2 i, -4 + 2 j), 25 of them                 0.05: a variance of 0.0025
===========  ===============================================  ================================

We do not know whether the 0.01 that is given for the ring is a standard deviation or a variance, so
there are two rings.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data.images import Rows
from gan_tf1.errors import refuse_unknown

CHOICES = ("ring", "grid", "wide_ring")
DEVIATIONS = {"ring": 0.01, "grid": 0.05, "wide_ring": 0.1}


class Points(Rows):
    """Points in shuffled batches, `(points,)`, float32 [B, 2]."""

    @property
    def points(self):
        """All points, float32 [N, 2]."""
        return self.columns[0]

    @staticmethod
    def decode(*columns):
        """The rows as they are stored."""
        return columns


class Mixture(NamedTuple):
    """A mixture of equally likely Gaussians, and points drawn from it for training."""
    key: str            # one of `CHOICES`, as in --data and config.json
    title: str          # for logs and figure titles
    means: np.ndarray   # float64 [modes, 2]
    deviation: float    # standard deviation of every Gaussian, per coordinate
    train: Points


def means(choice) -> np.ndarray:
    """The means of the mixture `choice`: float64 [modes, 2]."""
    if choice == "grid":
        ticks = np.arange(-4., 5., 2.)
        return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)
    angles = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def drawn(choice, count, rng) -> np.ndarray:
    """`count` points of the mixture `choice`, drawn by `rng`: float32 [count, 2]."""
    centres = means(choice)
    modes = rng.integers(0, len(centres), count)
    return np.float32(centres[modes] + rng.normal(0, DEVIATIONS[choice], (count, 2)))


def load(choice, count, seed) -> Mixture:
    """The mixture named by `choice`, one of `CHOICES`, with `count` points for training.

    `seed`, an int, determines the points and their order. Raises InputError if there is no such
    mixture.
    """
    refuse_unknown("--data", choice, CHOICES)
    centres = means(choice)
    shape = "grid" if choice == "grid" else "ring"
    title = f"a {shape} of {len(centres)} Gaussians, deviation {DEVIATIONS[choice]}"
    points = drawn(choice, count, seeds.stream(seed, seeds.POINTS))
    train = Points(points, seed=[seed, seeds.ORDER])
    return Mixture(choice, title, centres, DEVIATIONS[choice], train)
