"""How similar are translated images to their targets, and how colourful are they?

Images are uint8 [n, H, W, 3], and all metrics are float64.
"""

import numpy as np

from gan_tf1 import tables
from gan_tf1.data.pairs import grey_levels
from gan_tf1.evaluation.image_metrics import compared
from gan_tf1.evaluation.statistics import mean_and_error
from gan_tf1.tf1 import tf

ROUNDING = 1 / 12  # the mean squared error of rounding to whole levels
BINS = 64          # of a colour difference's histogram, from -128 to 127; others count as these two
HEADERS = ("", "MAE (of 255)", "PSNR (dB)", "colourfulness", "colour overlap")


def absolute_error(images, targets) -> np.ndarray:
    """The mean absolute error of each image, in levels of 0 to 255: [n]."""
    return np.abs(images.astype(np.int16) - targets).mean((1, 2, 3), dtype=np.float64)


def psnr(images, targets) -> np.ndarray:
    """The peak signal-to-noise ratio of each image, in dB, by `tf.image.psnr`: [n].

    An image that equals its target gets 58.9 dB, the value for an error by rounding alone, so that
    means stay finite. TensorFlow computes in float32, which changes values by less than 1e-5 dB.
    """
    ratios = compared(lambda *pair: tf.image.psnr(*pair, 255), images, targets)
    return np.minimum(ratios, 10 * np.log10(255 ** 2 / ROUNDING))


def colourfulness(images) -> np.ndarray:
    """The colourfulness of each image: [n]; 0 for grey, 109 for "extremely colourful".

    Hasler and Suesstrunk 2003, with the opponents rg = R - G and yb = (R + G) / 2 - B of the pixels
    of an image::

        M = sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)
    """
    red, green, blue = np.moveaxis(images.astype(np.float64), -1, 0)
    opponents = [opponent.reshape(len(images), -1)
                 for opponent in (red - green, (red + green) / 2 - blue)]
    variation, mean = (np.hypot(*(measure(opponent, axis=1) for opponent in opponents))
                       for measure in (np.std, np.mean))
    return variation + 0.3 * mean


def colour_overlap(images, targets) -> float:
    """How similar the colour distributions of all images and of all targets are, from 0 to 1.

    This is the intersection of two histograms, averaged over two colour differences: red less grey,
    and blue less grey. Whether the colours are in the right places makes no difference.
    """
    overlaps = []
    for channel in (0, 2):
        shares = []
        for stack in (images, targets):
            difference = stack[..., channel].astype(np.int16) - grey_levels(stack)
            counts, _ = np.histogram(difference.clip(-128, 127), BINS, (-128, 128))
            shares.append(counts / difference.size)
        overlaps.append(np.minimum(*shares).sum())
    return float(np.mean(overlaps))


def mean_colours(inputs, targets) -> np.ndarray:
    """The mean colour of the targets at the pixels of each grey level of the inputs: [256, 3].

    For a level that no input has, it is that grey.
    """
    levels = grey_levels(inputs).ravel()
    counts = np.bincount(levels, minlength=256)[:, None]
    sums = np.stack([np.bincount(levels, targets[..., channel].ravel(), 256)
                     for channel in range(3)], axis=1)
    own = np.repeat(np.arange(256.)[:, None], 3, axis=1)
    return np.where(counts, sums / np.maximum(counts, 1), own)


def by_level(inputs, colours) -> np.ndarray:
    """The images that result if each grey level of the inputs is replaced by its colour.

    `colours` [256, 3] are those that `mean_colours` returns.
    """
    return np.rint(colours[grey_levels(inputs)]).astype(np.uint8)


def table(rows, targets) -> list[str]:
    """The lines of a table with one row for each pair (name, images) of `rows`, and for the targets.

    Each cell has the mean over images and its standard error.
    """
    def cell(values):
        return "{:.2f} +- {:.2f}".format(*mean_and_error(values))

    return tables.lines(HEADERS, [
        *([name, cell(absolute_error(images, targets)), cell(psnr(images, targets)),
           cell(colourfulness(images)), f"{colour_overlap(images, targets):.3f}"]
          for name, images in rows),
        ["targets", "0", "", cell(colourfulness(targets)), "1.000"]])
