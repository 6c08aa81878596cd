"""The temperatures of two cities, one cold and one warm: synthetic, drawn by NumPy.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Mode collapse", figure 6.23, has a cold city A high in the mountains and a warm city B at
the equator, and gives no numbers. Here the mean is 0 degrees Celsius in A and 30 in B, the standard
deviation is 4 in both, and each city has half of the temperatures: two modes with nothing between.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data.order import WithReplacement
from gan_tf1.data.training_set import checksum

KEY = "two_cities"
TITLE = "temperatures of two cities (synthetic)"
CITIES = ("A", "B")
MEANS = (0., 30.)    # degrees Celsius
DEVIATION = 4.       # degrees Celsius
COUNT = 60_000       # as many as MNIST has training images
LOW, HIGH = -20, 50  # degrees Celsius that are 0 and 1 in the training set
NEAR = 3 * DEVIATION  # 99.7 % of a city's temperatures are closer to its mean


class Temperatures(WithReplacement):
    """A `TrainingSet` of temperatures and their cities, for steps that draw with replacement.

    `images` is float32 [N, 1]: the temperatures, scaled so that `LOW` is 0 and `HIGH` is 1.
    `labels` is uint8 [N]: the city, an index of `CITIES`.
    """

    def __init__(self, celsius, labels):
        """`celsius` [N, 1] in degrees Celsius, and `labels` [N]."""
        self.celsius, self.labels = np.asarray(celsius, np.float32), np.asarray(labels, np.uint8)
        self.images, _ = self.decode(self.celsius, self.labels)

    @property
    def num_examples(self):
        return len(self.celsius)

    @property
    def points(self):
        """The temperatures [N, 1] in the range of the generator's samples, -1 to 1."""
        return self.images * 2 - 1

    def stored(self):
        """Degrees Celsius float32 [N, 1], and cities uint8 [N]."""
        return self.celsius, self.labels

    @staticmethod
    def decode(celsius, labels):
        """Temperatures [B, 1], scaled so that `LOW` is 0 and `HIGH` is 1, and cities [B]."""
        return (celsius - LOW) / np.float32(HIGH - LOW), labels

    def fingerprint(self):
        return checksum(self.celsius, self.labels)


class Data(NamedTuple):
    """The data set that a run is opened with."""
    key: str             # `KEY`, as in --data and config.json
    title: str           # for logs and figure titles
    train: Temperatures


def load(seed=0, count=COUNT) -> Data:
    """`count` temperatures, each from either city with probability 1/2.

    `seed`, an int, determines them.
    """
    rng = seeds.stream(seed, seeds.ORDER)
    cities = rng.integers(0, len(CITIES), count)
    celsius = rng.normal(np.take(MEANS, cities), DEVIATION)
    return Data(KEY, TITLE, Temperatures(celsius[:, None], cities))


def celsius(samples) -> np.ndarray:
    """Samples in the range of tanh, -1 to 1, in degrees Celsius: float64 of the same shape."""
    return LOW + (HIGH - LOW) * (np.asarray(samples, np.float64) + 1) / 2
