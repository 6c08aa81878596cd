"""The temperatures of two cities, one cold and one warm: synthetic, drawn by NumPy.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Mode collapse", figure 6.23, has a cold city A high in
the mountains and a warm city B at the equator, and gives no numbers. Here A has
0 degrees Celsius in the mean, B has 30, both a standard deviation of 4, and half of
the temperatures are of each: two modes with nothing in between.
"""

import zlib
from typing import Any, NamedTuple

import numpy as np

KEY = "two_cities"
TITLE = "temperatures of two cities (synthetic)"
CITIES = ("A", "B")
MEANS = (0., 30.)    # degrees Celsius
DEVIATION = 4.
COUNT = 60_000       # as many as MNIST has training images
LOW, HIGH = -20, 50  # degrees Celsius: 0 and 1 of what is trained on
NEAR = 3 * DEVIATION  # from a city's mean: within are 99.7 % of its temperatures


class Data(NamedTuple):
    """What `command_line.Launch.open` asks for."""
    key: str
    title: str
    train: Any


class Temperatures:
    """Temperatures to draw from with replacement, and their cities, as `digits.Pool` has images.

    `images` is float32 [N, 1]: the temperature's place between `LOW` and `HIGH`, 0 to 1.
    `labels` is uint8 [N]: the city, a number of `CITIES`.
    """

    carries_over = True

    def __init__(self, celsius, labels):
        self.celsius, self.labels = np.asarray(celsius, np.float32), np.asarray(labels, np.uint8)
        self.images, _ = self.decode(self.celsius, self.labels)

    @property
    def num_examples(self):
        return len(self.celsius)

    @property
    def points(self):
        """The temperatures [N, 1] as the generator's samples have them, from -1 to 1."""
        return self.images * 2 - 1

    def stored(self):
        """The columns as they are kept on a device."""
        return self.celsius, self.labels

    @staticmethod
    def decode(celsius, labels):
        """Rows of `stored()` as training has them."""
        return (celsius - LOW) / np.float32(HIGH - LOW), labels

    def fingerprint(self):
        """CRC-32 of both columns."""
        return f"{zlib.crc32(self.labels, zlib.crc32(self.celsius)):08x}"

    def state(self):
        """Nothing: who draws with replacement has no place in the data."""
        return {}

    def restore(self, state):
        """Nothing to go back to."""


def load(seed=0, count=COUNT):
    """`count` temperatures, each of either city with probability one half."""
    rng = np.random.default_rng(seed)
    cities = rng.integers(0, len(CITIES), count)
    celsius = rng.normal(np.take(MEANS, cities), DEVIATION)
    return Data(KEY, TITLE, Temperatures(celsius[:, None], cities))


def celsius(samples):
    """Samples in the range of tanh, -1 to 1, as degrees Celsius."""
    return LOW + (HIGH - LOW) * (np.asarray(samples, np.float64) + 1) / 2
