"""Figures of points in the plane: a generator's samples over the mixture that it should learn."""

import io

import numpy as np

from gan_tf1.evaluation.mode_coverage import RADIUS
from gan_tf1.figure_layout import SMALL, count_along, legend_below, new_figure, wrapped
from gan_tf1.figures import DISC_COLOUR, GEN_COLOUR

MARGIN = 0.3  # on each side, as a share of the means' range; at least six standard deviations
PIXELS = 160  # width and height of the density


def window(mixture) -> tuple[float, float]:
    """The limits (low, high) of both axes."""
    low, high = mixture.means.min(), mixture.means.max()
    margin = max(MARGIN * (high - low), 2 * RADIUS * mixture.deviation)
    return low - margin, high + margin


def density_png(points, mixture) -> bytes:
    """A picture of the number of `points` [n, 2] per pixel, on a log scale: the bytes of a PNG."""
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], PIXELS, [window(mixture)] * 2)
    buffer = io.BytesIO()
    from matplotlib.image import imsave
    imsave(buffer, np.log1p(counts)[::-1], format="png", cmap="Greys")
    return buffer.getvalue()


def scatter(axes, points, mixture, title) -> None:
    """Draw `points` [n, 2], and a circle of three standard deviations around each mode."""
    from matplotlib.collections import EllipseCollection
    axes.plot(*np.transpose(points), ".", color=GEN_COLOUR, markersize=2, alpha=0.5,
              rasterized=True)
    size = np.full(len(mixture.means), 2 * RADIUS * mixture.deviation)
    axes.add_collection(EllipseCollection(
        size, size, np.zeros_like(size), units="xy", offsets=mixture.means,
        offset_transform=axes.transData, facecolors="none", edgecolors=DISC_COLOUR, linewidths=0.8))
    axes.plot([], [], ".", color=GEN_COLOUR, markersize=6, label="sample of the generator")
    axes.plot([], [], "o", markerfacecolor="none", color=DISC_COLOUR, markersize=6,
              label=f"{RADIUS:g} standard deviations around a mode (synthetic data)")
    axes.set_title(title, fontsize="small", parse_math=False)
    axes.set(xlim=window(mixture), ylim=window(mixture), aspect="equal",
             xlabel="first coordinate", ylabel="second coordinate")
    axes.tick_params(labelsize="small")


def samples(points, mixture, title):
    """A figure of one set of `points` [n, 2] over its mixture."""
    figure = new_figure(5.5, 5.3, title)
    scatter(figure.subplots(), points, mixture, "")
    legend_below(figure, *figure.axes)
    return figure


def panels(rows, title):
    """A figure of several sets of samples: each of `rows` is a list of (points, mixture, title)."""
    columns = max(map(len, rows))
    figure = new_figure(3.4 * columns, 3.6 * len(rows), title)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, axes_of_row in zip(rows, grid):
        for axes in axes_of_row[len(row):]:
            axes.axis("off")
        for axes, (points, mixture, name) in zip(axes_of_row, row):
            scatter(axes, points, mixture, wrapped(name, 2.9, SMALL))
    legend_below(figure, figure.axes[0])
    return figure


def counted_curves(losses, each, modes, title):
    """A figure of the modes captured over training, and of the share of high quality if known.

    `losses` are the columns of losses.csv, `each` is the number of iterations per epoch in it, and
    `modes` the number of modes of the data.
    """
    iterations = losses["epoch"] * each
    marker = "o" if len(iterations) == 1 else None
    figure = new_figure(8, 4, title)
    axes = figure.subplots()
    axes.plot(iterations, losses["modes"], color=DISC_COLOUR, marker=marker)
    axes.set_ylabel(f"modes captured, of {modes}", color=DISC_COLOUR)
    count_along(axes, "iteration")
    axes.set_ylim(0, 1.05 * modes)
    axes.grid(alpha=0.3)
    if "high_quality" in losses:
        other = axes.twinx()
        other.plot(iterations, losses["high_quality"], color=GEN_COLOUR, marker=marker)
        other.set_ylabel("share of samples of high quality", color=GEN_COLOUR)
        other.set_ylim(0, 1.05)
    return figure
