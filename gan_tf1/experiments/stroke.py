"""Estimate the weight of a digit's strokes, which is the width of the pen, in pixels.

A stroke of length L and width w covers L w pixels, and its outline is 2 L long. So twice the ink,
divided by the length of the outline, is the width, whatever the digit. For digits that
`gan_tf1.data.drawn_digits` draws, the width of the pen is known. A line is fitted from the
measured width to the known one, and held-out digits show how good the estimate is.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1.data import drawn_digits

COUNT, SEED = 5000, 1  # drawn digits; the seed of those in the training set is 0
CHUNK = 1000           # images measured at a time, to bound memory


class Gauge(NamedTuple):
    """The line weight = slope * width + intercept, in pixels, and its fit on held-out digits."""
    slope: float
    intercept: float
    r_squared: float   # share of the variance of the held-out digits' weights
    error: float       # root mean square, in pixels
    held_out: int      # number of held-out digits


def width(images) -> np.ndarray:
    """The measured width in pixels, [n], of the strokes in `images` [n, 784] in [0, 1].

    It is twice the ink divided by the length of the outline. That length is the total variation,
    the sum of the gradient's norm, so that a soft edge counts as much as a hard one. The width of
    a blank image is 0.
    """
    images = np.reshape(images, (-1, 28, 28))
    ink, outline = np.empty(len(images)), np.empty(len(images))
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        padded = np.pad(images[part].astype(np.float64), [(0, 0), (1, 1), (1, 1)])
        down, right = np.diff(padded, axis=1)[:, :, :-1], np.diff(padded, axis=2)[:, :-1]
        ink[part], outline[part] = padded.sum((1, 2)), np.hypot(down, right).sum((1, 2))
    return np.divide(2 * ink, outline, out=np.zeros(len(images)), where=outline > 0)


def gauge(cache_dir=None) -> Gauge:
    """Fit a `Gauge` to the first half of `COUNT` drawn digits; the second half is held out."""
    drawn = drawn_digits.load(COUNT, SEED, cache_dir)
    widths, half = width(drawn.images / 255), COUNT // 2
    slope, intercept = np.polyfit(widths[:half], drawn.weight[:half], 1)
    left = drawn.weight[half:] - (slope * widths[half:] + intercept)
    r_squared = 1 - (left ** 2).mean() / drawn.weight[half:].var()
    return Gauge(float(slope), float(intercept), float(r_squared),
                 float(np.sqrt((left ** 2).mean())), COUNT - half)


def weight(gauge, images) -> np.ndarray:
    """The weight in pixels, [n], that `gauge` estimates for `images` [n, 784] in [0, 1]."""
    return gauge.slope * width(images) + gauge.intercept
