"""The figures of mode collapse: shares of modes over training, and what the samples look like."""

import numpy as np

from gan_tf1 import collapse
from gan_tf1.data import two_cities
from gan_tf1.figures import new_figure, tiled

CITY_COLOURS = "#1f77b4", "#d62728"  # cold, warm
NEITHER = "0.85"
CELLS = np.linspace(two_cities.LOW, two_cities.HIGH, 71)  # one degree Celsius each
SHOWN = 25  # digits of a panel, as in figure 6.24


def cities(runs, data, title):
    """Figure 6.23 and what became of it, a row for each of `runs`.

    A run is (name, iterations, celsius, shares): `celsius` [E, n] are its samples after each of
    `iterations` [E], `shares` [E, 2] those near A and B; `data` [N] is what it was trained on.
    """
    figure = new_figure(13, 4.2 * len(runs) + 0.4)
    figure.suptitle(title, parse_math=False)
    rows = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    for (name, iterations, celsius, shares), row in zip(runs, rows):
        row.suptitle(name, fontsize="medium", parse_math=False)
        left, right = row.subfigures(1, 2, width_ratios=(1, 3))
        histogram, (above, below) = left.subplots(), right.subplots(2, 1, sharex=True,
                                                                    height_ratios=(2, 1))
        histogram.hist(data, CELLS, density=True, orientation="horizontal", color="0.8",
                       label="data (synthetic)")
        # One set from the midst of either city's longest stay, if there is one; else the last set.
        at = stays(shares) or [len(shares) - 1]
        for place, colour in zip(at, ("#2ca02c", "#9467bd")):
            histogram.hist(celsius[place], CELLS, density=True, orientation="horizontal",
                           color=colour, histtype="step", linewidth=1.5,
                           label=f"samples, step {iterations[place]:.0f}")
        histogram.set(xlabel="density", ylabel="degrees Celsius", ylim=CELLS[[0, -1]])
        histogram.legend(fontsize="x-small", loc="upper right")
        density = np.stack([np.histogram(each, CELLS)[0] / len(each) for each in celsius], axis=1)
        above.imshow(density, origin="lower", aspect="auto", cmap="Greys", vmax=0.2,
                     interpolation="nearest", extent=(*_ends(iterations), *CELLS[[0, -1]]))
        above.set_title("samples: black where a fifth or more lies within one degree",
                        fontsize="small")
        above.set(ylabel="degrees Celsius")
        areas(below, iterations, shares)
        below.set(xlabel="step", ylabel="share")
        below.legend(below.collections, [f"near {city}" for city in two_cities.CITIES],
                     fontsize="x-small", loc="lower left")
    return figure


def stays(shares):
    """The middle of the longest stretch of sets of each mode alone: a number of [E] a mode."""
    found, middles = collapse.dominant(shares), []
    for mode in np.unique(found[found >= 0]):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found == mode, [False]])))
        starts, ends = edges[::2], edges[1::2]
        longest = np.argmax(ends - starts)
        middles.append(int(starts[longest] + ends[longest] - 1) // 2)
    return middles


def digits(runs, title):
    """Figure 6.24 and its measure: a column for each of `runs`, (name, iterations, images, shares).

    `images` [n, 784] in the range of tanh are a run's last, `shares` [E, 10] those of the classes.
    """
    figure = new_figure(3.6 * len(runs) + 1, 5.6)
    figure.suptitle(title, parse_math=False)
    above, below = np.reshape(figure.subplots(2, len(runs), height_ratios=(1.2, 1)), (2, -1))
    for (name, iterations, images, shares), picture, axes in zip(runs, above, below):
        columns = int(np.ceil(np.sqrt(SHOWN)))
        picture.imshow(tiled(images[:SHOWN], columns, margin=2), cmap="Greys_r", vmin=0, vmax=1)
        picture.set_title(name.replace(": ", "\n"), fontsize="medium", parse_math=False)
        picture.axis("off")
        areas(axes, iterations, shares)
        axes.set(xlabel="step", ylabel="share of samples")
    _legend(figure, below[-1], range(10))
    return figure


def remedies(rows, modes, title):
    """Shares over training, small: a row for each of `rows`, (name, [(iterations, shares)]).

    A row's panels are its seeds; `modes` are the names of the K modes.
    """
    columns = max(len(runs) for _, runs in rows)
    figure = new_figure(max(8, 2.6 * columns + 3), 0.85 * len(rows) + 1)
    figure.suptitle(title, fontsize="medium", parse_math=False)
    grid = figure.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    for (name, runs), line in zip(rows, grid):
        for axes, run in zip(line, runs):
            areas(axes, *run)
        for axes in line[len(runs):]:
            axes.set_visible(False)
        line[0].set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    longest = max((run for _, runs in rows for run in runs), key=lambda run: len(run[0]))
    grid[0, 0].set_xlim(_ends(longest[0]))  # of all: one that diverged is shorter
    figure.supxlabel("step", fontsize="medium")
    _legend(figure, next(axes for axes in grid.flat if axes.collections), modes)
    return figure


def areas(axes, iterations, shares):
    """The shares [E, K] stacked over `iterations` [E]; what is of no mode stays grey."""
    if not len(shares):
        return
    count = shares.shape[1]
    colours = CITY_COLOURS if count == 2 else [f"C{number}" for number in range(count)]
    first, last = _ends(iterations)
    axes.set(facecolor=NEITHER, ylim=(0, 1), xlim=(first, last))
    axes.stackplot([first, *iterations, last], np.pad(shares, [(1, 1), (0, 0)], "edge").T,
                   colors=colours, step="mid", linewidth=0)


def _ends(iterations):
    """Where the first interval begins and the last one ends."""
    each = iterations[0] if len(iterations) < 2 else iterations[1] - iterations[0]
    return iterations[0] - each / 2, iterations[-1] + each / 2


def _legend(figure, axes, names):
    figure.legend(axes.collections, map(str, names), loc="outside right center", fontsize="small")
