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
LAB_BINS = {"L": (50, 0, 100), "a": (128, -128, 128), "b": (128, -128, 128)}  # count, lowest, highest
# Linear red, green and blue of sRGB to X, Y, Z, and the X, Y, Z of its white (D65): IEC 61966-2-1.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
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


def lab(images) -> np.ndarray:
    """Images uint8 [n, H, W, 3] in sRGB as CIE L*a*b* (1976, D65), float64 of the same shape.

    L is between 0 and 100, a (green to red) and b (blue to yellow) between -128 and 128.
    """
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    ratios = linear[images] @ (XYZ / XYZ.sum(axis=1, keepdims=True)).T  # to those of white
    roots = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(roots, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_overlap(images, targets) -> dict[str, float]:
    """The intersection of the histograms of all images and of all targets: of L, a and b, 0 to 1.

    Isola et al. 2016, section 4.2 and figure 7, compare the distributions of colours in Lab in this
    way, each channel by itself. They don't state the bins; these are 2 wide.
    """
    found, stacks = {}, [lab(stack) for stack in (images, targets)]
    for channel, (name, (bins, low, high)) in enumerate(LAB_BINS.items()):
        shares = [np.histogram(stack[..., channel], bins, (low, high))[0] / stack[..., channel].size
                  for stack in stacks]
        found[name] = float(np.minimum(*shares).sum())
    return found


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
