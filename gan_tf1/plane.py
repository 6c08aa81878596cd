"""Figures of points in the plane: a generator's samples over the mixture that it was to learn."""

import io

import numpy as np

from gan_tf1.figures import DISC_COLOUR, GEN_COLOUR, new_figure
from gan_tf1.modes import RADIUS

MARGIN = 0.3  # of the means' own width, on each side; never less than six deviations
PIXELS = 160


def window(mixture):
    """The square that is drawn, as (low, high), the same in both directions."""
    low, high = mixture.means.min(), mixture.means.max()
    margin = max(MARGIN * (high - low), 2 * RADIUS * mixture.deviation)
    return low - margin, high + margin


def density_png(points, mixture):
    """How many of `points` [n, 2] fall where, on a logarithmic scale, as the bytes of a PNG."""
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], PIXELS, [window(mixture)] * 2)
    buffer = io.BytesIO()
    from matplotlib.image import imsave
    imsave(buffer, np.log1p(counts)[::-1], format="png", cmap="Greys")
    return buffer.getvalue()


def scatter(axes, points, mixture, title):
    """`points` [n, 2] on `axes`, over a circle of three deviations about each mode."""
    from matplotlib.collections import EllipseCollection
    axes.plot(*np.transpose(points), ".", color=GEN_COLOUR, markersize=2, alpha=0.5,
              rasterized=True)
    size = np.full(len(mixture.means), 2 * RADIUS * mixture.deviation)
    axes.add_collection(EllipseCollection(
        size, size, np.zeros_like(size), units="xy", offsets=mixture.means,
        offset_transform=axes.transData, facecolors="none", edgecolors=DISC_COLOUR, linewidths=0.8))
    axes.set_title(title, fontsize="small", parse_math=False)
    axes.set(xlim=window(mixture), ylim=window(mixture), aspect="equal")
    axes.tick_params(labelsize="small")


def samples(points, mixture, title):
    """One set of `points` [n, 2] over its mixture."""
    figure = new_figure(5.5, 5.7)
    scatter(figure.subplots(), points, mixture, title)
    return figure


def panels(rows, title):
    """Sets of samples side by side: each of `rows` is a list of (points, mixture, title)."""
    columns = max(map(len, rows))
    figure = new_figure(3.2 * columns, 3.4 * len(rows) + 0.4)
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, axes_of_row in zip(rows, grid):
        for axes in axes_of_row[len(row):]:
            axes.axis("off")
        for axes, (points, mixture, name) in zip(axes_of_row, row):
            scatter(axes, points, mixture, name)
    return figure


def counted_curves(losses, each, modes, title):
    """Over training, the modes captured of so many, and the share of high quality where judged.

    `losses` are the columns of losses.csv, whose epochs are `each` of so many iterations.
    """
    iterations = losses["epoch"] * each
    figure = new_figure(8, 4)
    axes = figure.subplots()
    figure.suptitle(title, parse_math=False)
    axes.plot(iterations, losses["modes"], color=DISC_COLOUR)
    axes.set_ylabel(f"modes captured, of {modes}", color=DISC_COLOUR)
    axes.set(xlabel="iteration", ylim=(0, 1.05 * modes))
    axes.grid(alpha=0.3)
    if "high_quality" in losses:
        other = axes.twinx()
        other.plot(iterations, losses["high_quality"], color=GEN_COLOUR)
        other.set_ylabel("share of high quality", color=GEN_COLOUR)
        other.set_ylim(0, 1.05)
    return figure
