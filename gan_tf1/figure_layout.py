"""The layout that all figures share: titles that wrap, legends beside the data, integer ticks.

Everything here works on matplotlib's figures and axes, and does not depend on what they show.
"""

from __future__ import annotations

import textwrap
import typing
from collections.abc import Sequence

import numpy as np

if typing.TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, TEXT, SMALL = 12, 10, 8.33  # points: matplotlib's "large", "medium" and "small"
WIDTH = 0.62                       # mean width of a character, in units of the font's size
GAP = 0.08                         # smallest distance of two ticks, as a share of the axis
TICK = 0.75                        # inches that the label of a tick needs, up to "200,000"


def wrapped(text: str, inches: float, points: float = TITLE) -> str:
    """`text` with line breaks, so that no line is wider than `inches` at size `points`."""
    characters = max(8, int(72 * inches / (WIDTH * points)))
    return "\n".join(textwrap.fill(line, characters, break_on_hyphens=False)
                     for line in str(text).split("\n"))


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure, `width` inches wide and `height` inches high below its `title`.

    The title wraps, and the figure is as much higher as its lines need. Matplotlib's constrained
    layout keeps the parts of the figure from overlapping.
    """
    # matplotlib takes half a second to import: --help and bad input need not wait for it.
    from matplotlib.figure import Figure
    lines = wrapped(title, width - 0.3)
    room = 0.1 + 1.25 * TITLE / 72 * (1 + lines.count("\n")) if title else 0
    figure = Figure(figsize=(width, height + room), layout="constrained")
    if title:
        figure.suptitle(lines, parse_math=False)
    return figure


def legend_below(figure: Figure, *axes: Axes) -> None:
    """Add one legend for all `axes`, below them, where it can't cover any data.

    Each label is listed once. The figure grows by the rows that the legend needs.
    """
    entries = {}
    for one in axes:
        for handle, label in zip(*one.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    width = figure.get_figwidth() - 0.3
    labels = [wrapped(label, width - 0.7, SMALL) for label in entries]
    widest = max(len(line) for label in labels for line in label.split("\n"))
    columns = int(width / (0.7 + WIDTH * SMALL / 72 * widest))
    columns = max(1, min(columns, len(labels)))
    rows = -(-len(labels) // columns) * max(1 + label.count("\n") for label in labels)
    figure.set_figheight(figure.get_figheight() + 0.15 + 0.19 * rows)
    legend = figure.legend(entries.values(), labels, loc="outside lower center", ncols=columns,
                           fontsize="small")
    for text in legend.get_texts():
        text.set_parse_math(False)


def confusion(axes: Axes, counts: np.ndarray, true: Sequence[str], taken: Sequence[str]) -> None:
    """Draw how many of each `true` class, a row of `counts`, were taken for which class, a column.

    The numbers are percent of the row; those below 1 % are left out.
    """
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 1:
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize="x-small",
                      color="white" if share > 50 else "black")
    axes.set_xticks(range(len(taken)), taken, rotation=90 if max(map(len, taken)) > 4 else 0, fontsize="small")
    axes.set_yticks(range(len(true)), true, fontsize="small")


def count_along(axes: Axes, name: str, inches: float = 7) -> None:
    """Label the x-axis, `inches` wide, with `name`, and give it ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator
    axes.set_xlabel(name)
    bins = max(1, min(9, int(inches / TICK)))
    axes.xaxis.set_major_locator(
        MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10], integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def signed_log(axes: Axes, values: np.ndarray, linear: float) -> None:
    """Make the y-axis logarithmic for `values` of either sign, but linear up to +-`linear`.

    Its ticks are 0 and powers of ten, without those that would be too close to the one before.
    """
    from matplotlib.ticker import NullLocator
    axes.set_yscale("symlog", linthresh=linear, linscale=2)
    low, high = min(0, np.min(values)), max(0, np.max(values))
    place = axes.yaxis.get_transform().transform
    least = GAP * np.ptp(place(np.array([low, high])))
    ticks = [0.0]
    for sign, end in ((1, high), (-1, -low)):
        last = 0.0
        for exponent in range(int(np.floor(np.log10(linear))), 39):
            tick = sign * 10.0 ** exponent
            if abs(tick) <= end and np.ptp(place(np.array([tick, last]))) >= least:
                ticks.append(tick)
                last = tick
    axes.set_yticks(ticks)
    axes.yaxis.set_minor_locator(NullLocator())


def positive_log(axes: Axes, values: np.ndarray) -> None:
    """Make the y-axis logarithmic for positive `values`.

    If they span less than two powers of ten, it has ticks between these.
    """
    from matplotlib.ticker import LogLocator, NullFormatter
    axes.set_yscale("log")
    if np.max(values) < 100 * np.min(values):
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
