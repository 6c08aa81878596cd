"""How heavy the pen was that drew a digit: one measurement, and a line fitted to known weights.

A stroke of length L and width w covers L w pixels, and its outline is 2 L long. So twice the ink
over the length of the outline is the width, whatever the digit. Drawn digits tell the width of the
pen that drew them (`gan_tf1.data.drawn_digits`): a line takes the measurement to it, and digits
that the line hasn't seen say how good that is.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.data import drawn_digits

COUNT, SEED = 5000, 1  # drawn digits, half of them to fit; not those of training, whose seed is 0
CHUNK = 1000           # images measured at a time: bounds memory


class Gauge(NamedTuple):
    """weight = slope * width + intercept, in pixels, and how good it is on digits not fitted."""
    slope: float
    intercept: float
    r_squared: float   # share of the variance of the held-out digits' weights
    error: float       # pixels, root mean square
    held_out: int      # digits


def width(images):
    """Twice the ink over the length of its outline, in pixels: [n] of `images` [n, 784] in [0, 1].

    The outline's length is the sum of the gradient's length (total variation), so a soft edge
    counts as much as a hard one. The width of nothing, a blank image, is 0.
    """
    images = np.reshape(images, (-1, 28, 28))
    ink, outline = np.empty(len(images)), np.empty(len(images))
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        padded = np.pad(images[part].astype(np.float64), [(0, 0), (1, 1), (1, 1)])
        down, right = np.diff(padded, axis=1)[:, :, :-1], np.diff(padded, axis=2)[:, :-1]
        ink[part], outline[part] = padded.sum((1, 2)), np.hypot(down, right).sum((1, 2))
    return np.divide(2 * ink, outline, out=np.zeros(len(images)), where=outline > 0)


def gauge(cache_dir=None):
    """The `Gauge` of `COUNT` drawn digits: the first half is fitted, the second held out."""
    drawn = drawn_digits.load(COUNT, SEED, cache_dir)
    widths, half = width(drawn.images / 255), COUNT // 2
    slope, intercept = np.polyfit(widths[:half], drawn.weight[:half], 1)
    left = drawn.weight[half:] - (slope * widths[half:] + intercept)
    r_squared = 1 - (left ** 2).mean() / drawn.weight[half:].var()
    return Gauge(float(slope), float(intercept), float(r_squared),
                 float(np.sqrt((left ** 2).mean())), COUNT - half)


def weight(gauge, images):
    """The pen's width in pixels by `gauge`: [n] of `images` [n, 784] in [0, 1]."""
    return gauge.slope * width(images) + gauge.intercept
