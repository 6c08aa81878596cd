"""The layout that all figures share: titles that wrap, legends beside the data, whole-number ticks.

Everything here works on matplotlib's figures and axes, and knows nothing of what they show.
"""

import textwrap

import numpy as np

TITLE, TEXT, SMALL = 12, 10, 8.33  # points: matplotlib's "large", "medium" and "small"
WIDTH = 0.62                       # mean width of a character of its font, in units of its size
GAP = 0.08                         # least distance of two ticks, as a share of the axis
TICK = 0.75                        # inches that a tick's number needs, up to "200,000"


def wrapped(text, inches, points=TITLE):
    """`text` with line breaks, so that no line of it is wider than `inches` at size `points`."""
    characters = max(8, int(72 * inches / (WIDTH * points)))
    return "\n".join(textwrap.fill(line, characters, break_on_hyphens=False) for line in str(text).split("\n"))


def new_figure(width, height, title=""):
    """An empty figure, `width` inches wide and `height` inches high below its `title`.

    The title wraps, and the figure grows by the lines that it needs. Matplotlib's constrained
    layout keeps the parts of the figure from overlapping.
    """
    # matplotlib takes half a second to import: --help and bad input answer without it.
    from matplotlib.figure import Figure
    lines = wrapped(title, width - 0.3)
    room = 0.1 + 1.25 * TITLE / 72 * (1 + lines.count("\n")) if title else 0
    figure = Figure(figsize=(width, height + room), layout="constrained")
    if title:
        figure.suptitle(lines, parse_math=False)
    return figure


def legend_below(figure, *axes):
    """One legend for all `axes`, below them, where it can't cover any data.

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


def count_along(axes, name, inches=7):
    """Name the x-axis of `axes`, `inches` wide, which counts something: whole numbers alone."""
    from matplotlib.ticker import MaxNLocator
    axes.set_xlabel(name)
    bins = max(1, min(9, int(inches / TICK)))
    axes.xaxis.set_major_locator(
        MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10], integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def signed_log(axes, values, linear):
    """A y-axis for `values` of either sign: logarithmic beyond `linear`, and linear about 0.

    Its ticks are 0 and powers of ten, except those that would lie too close to the one before.
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


def positive_log(axes, values):
    """A logarithmic y-axis for positive `values`, with ticks between the powers if they are few."""
    from matplotlib.ticker import LogLocator, NullFormatter
    axes.set_yscale("log")
    if np.max(values) < 100 * np.min(values):
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
