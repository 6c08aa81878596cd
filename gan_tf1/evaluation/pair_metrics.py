"""What is said of translated images, beside their targets: nearness, and how much colour.

Images are uint8 [n, H, W, 3]; figures are float64.
"""

import numpy as np

from gan_tf1.data.pairs import grey_levels
from gan_tf1.evaluation.statistics import mean_and_error

ROUNDING = 1 / 12  # the mean square of what rounding to whole levels takes away
BINS = 64  # of a colour difference's histogram, from -128 to 127; what is beyond counts as that


def absolute_error(images, targets):
    """Each image's mean absolute difference from its target: [n], in levels of 255."""
    return np.abs(images.astype(np.int16) - targets).mean((1, 2, 3), dtype=np.float64)


def psnr(images, targets):
    """Each image's peak signal-to-noise ratio: [n], in dB.

    An image that is its target has the 58.9 dB of an error by rounding alone, not infinitely many.
    """
    squares = ((images.astype(np.int32) - targets) ** 2).mean((1, 2, 3), dtype=np.float64)
    return 10 * np.log10(255 ** 2 / np.maximum(squares, ROUNDING))


def colourfulness(images):
    """Each image's colourfulness after Hasler and Suesstrunk 2003: [n]; 0 of grey, 109 "extremely".

    Of the opponents rg = R - G and yb = (R + G) / 2 - B over an image's pixels::

        M = sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)
    """
    red, green, blue = np.moveaxis(images.astype(np.float64), -1, 0)
    opponents = [opponent.reshape(len(images), -1)
                 for opponent in (red - green, (red + green) / 2 - blue)]
    deviation, mean = (np.hypot(*(measure(opponent, axis=1) for opponent in opponents))
                       for measure in (np.std, np.mean))
    return deviation + 0.3 * mean


def colour_overlap(images, targets):
    """How far the colours of all pixels together have the targets' distribution: 0 to 1.

    The intersection of two histograms, the mean over the differences of red and
    of blue from grey. It is blind to whether the colours are in the right places.
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


def mean_colours(inputs, targets):
    """For each grey level of inputs the mean of the targets' colours there: float64 [256, 3].

    A level that no input has is its own grey.
    """
    levels = grey_levels(inputs).ravel()
    counts = np.bincount(levels, minlength=256)[:, None]
    sums = np.stack([np.bincount(levels, targets[..., channel].ravel(), 256)
                     for channel in range(3)], axis=1)
    own = np.repeat(np.arange(256.)[:, None], 3, axis=1)
    return np.where(counts, sums / np.maximum(counts, 1), own)


def by_level(inputs, colours):
    """The images that a table `mean_colours` makes of inputs."""
    return np.rint(colours[grey_levels(inputs)]).astype(np.uint8)


def table(rows, targets):
    """The lines of a table of `rows`, pairs of a name and its images, and of the targets.

    Means over the images, with the standard errors of those over images.
    """
    lines = [f"{'':34} {'MAE (of 255)':>16} {'PSNR (dB)':>15} {'colourfulness':>15} "
             f"{'colour overlap':>14}"]
    for name, images in rows:
        cells = [f"{mean:.2f} +- {error:.2f}" for mean, error in map(mean_and_error, (
            absolute_error(images, targets), psnr(images, targets), colourfulness(images)))]
        overlap = colour_overlap(images, targets)
        lines.append(f"{name:34} {cells[0]:>16} {cells[1]:>15} {cells[2]:>15} {overlap:14.3f}")
    mean, error = mean_and_error(colourfulness(targets))
    cell = f"{mean:.2f} +- {error:.2f}"
    lines.append(f"{'targets':34} {'0':>16} {'':>15} {cell:>15} {1:14.3f}")
    return lines
