"""Figures of mode collapse: the shares of modes over training, and the samples."""

import numpy as np

from gan_tf1.data import two_cities
from gan_tf1.figure_layout import SMALL, TEXT, count_along, new_figure, wrapped
from gan_tf1.figures import tiled
from gan_tf1.training import mode_shares

CITY_COLOURS = "#1f77b4", "#d62728"  # cold, warm
NEITHER = "0.85"
CELLS = np.linspace(two_cities.LOW, two_cities.HIGH, 71)  # edges of bins of one degree Celsius
SHOWN = 25  # digits per panel, as in figure 6.24


def cities(runs, data, title):
    """Figure 6.23, and beside it the samples over the whole training; one row per run.

    A run is (name, iterations, celsius, shares): `celsius` [E, n] are its samples in degrees
    Celsius after each of `iterations` [E], and `shares` [E, 2] are the shares of samples near the
    cities A and B. `data` [N] are the temperatures in the training set, in degrees Celsius.
    """
    figure = new_figure(13, 4.6 * len(runs), title)
    rows = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    for (name, iterations, celsius, shares), row in zip(runs, rows):
        row.suptitle(wrapped(name, 12.5, TEXT), fontsize="medium", parse_math=False)
        left, right = row.subfigures(1, 2, width_ratios=(1, 3))
        histogram, (above, below) = left.subplots(), right.subplots(2, 1, sharex=True,
                                                                    height_ratios=(2, 1))
        histogram.hist(data, CELLS, density=True, orientation="horizontal", color="0.8",
                       label="data (synthetic)")
        # One set from the middle of each city's longest stay, if there is one; else the last set.
        at = stays(shares) or [len(shares) - 1]
        for place, colour in zip(at, ("#2ca02c", "#9467bd")):
            histogram.hist(celsius[place], CELLS, density=True, orientation="horizontal",
                           color=colour, histtype="step", linewidth=1.5,
                           label=f"samples after step {iterations[place]:,.0f}")
        histogram.set(xlabel="density (per degree)", ylabel="temperature (°C)",
                      ylim=CELLS[[0, -1]])
        _legend(histogram, *histogram.get_legend_handles_labels(), inches=2.5,
                loc="lower center", bbox_to_anchor=(0.5, 1))
        density = np.stack([np.histogram(each, CELLS)[0] / len(each) for each in celsius], axis=1)
        above.imshow(density, origin="lower", aspect="auto", cmap="Greys", vmax=0.2,
                     interpolation="nearest", extent=(*_ends(iterations), *CELLS[[0, -1]]))
        above.set_title("samples: black means that a fifth or more lie within one degree",
                        fontsize="small")
        above.set(ylabel="temperature (°C)")
        areas(below, iterations, shares)
        count_along(below, "step", 8)
        below.set(ylabel="share of samples")
        _legend(below, *_of_modes(below, [f"near {city}" for city in two_cities.CITIES]),
                loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def stays(shares):
    """For each mode that ever dominates, the middle of its longest stay, as an index in [E]."""
    found, middles = mode_shares.dominant(shares), []
    for mode in np.unique(found[found >= 0]):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found == mode, [False]])))
        starts, ends = edges[::2], edges[1::2]
        longest = np.argmax(ends - starts)
        middles.append(int(starts[longest] + ends[longest] - 1) // 2)
    return middles


def digits(runs, title):
    """Figure 6.24, and below it the shares of the classes over training; one column per run.

    A run is (name, iterations, images, shares): `images` [n, 784] in [-1, 1] are its last samples,
    and `shares` [E, 10] are the shares of the classes after each of `iterations` [E].
    """
    figure = new_figure(3.6 * len(runs) + 1.4, 5.4, title)
    above, below = np.reshape(figure.subplots(2, len(runs), height_ratios=(1.2, 1)), (2, -1))
    for (name, iterations, images, shares), picture, axes in zip(runs, above, below):
        columns = int(np.ceil(np.sqrt(SHOWN)))
        picture.imshow(tiled(images[:SHOWN], columns, margin=2), cmap="Greys_r", vmin=0, vmax=1)
        picture.set_title(wrapped(name.replace(": ", "\n"), 3.4, TEXT), fontsize="medium",
                          parse_math=False)
        picture.axis("off")
        areas(axes, iterations, shares)
        count_along(axes, "step", 3)
        axes.set(ylabel="share of samples")
    drawn = next((axes for axes in below if axes.collections), below[-1])
    _legend(figure, *_of_modes(drawn, range(10)), loc="outside right center", title="read as")
    return figure


def remedies(rows, modes, title, seeds=()):
    """Small panels of shares over training; each of `rows` is (name, [(iterations, shares)]).

    A row has one panel per seed; `seeds` are their headings, `modes` the names of the K modes.
    """
    columns = max(len(runs) for _, runs in rows)
    names = 0.083 * max(len(name) for name, _ in rows)
    figure = new_figure(max(8, 2.4 * columns + names + 1.6), 0.85 * len(rows) + 0.6, title)
    grid = figure.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    for (name, runs), line in zip(rows, grid):
        for axes, run in zip(line, runs):
            areas(axes, *run)
        for axes in line[len(runs):]:
            axes.set_visible(False)
        line[0].set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", parse_math=False)
    for axes, seed in zip(grid[0], seeds):
        axes.set_title(f"seed {seed}", fontsize="medium")
    longest = max((run for _, runs in rows for run in runs), key=lambda run: len(run[0]))
    grid[0, 0].set_xlim(_ends(longest[0]))  # the panels share it, and a diverged run is shorter
    for axes in grid[-1]:
        count_along(axes, "", 2.3)
    figure.supxlabel("step", fontsize="medium")
    drawn = next(axes for axes in grid.flat if axes.collections)
    _legend(figure, *_of_modes(drawn, modes), loc="outside right center",
            title="share of samples")
    return figure


def areas(axes, iterations, shares) -> None:
    """Stack the shares [E, K] over `iterations` [E]; what belongs to no mode stays grey.

    All of it is grey if a run diverged before its first set of samples, E = 0.
    """
    axes.set_facecolor(NEITHER)
    if not len(shares):
        return
    count = shares.shape[1]
    colours = CITY_COLOURS if count == 2 else [f"C{number}" for number in range(count)]
    first, last = _ends(iterations)
    axes.set(ylim=(0, 1), xlim=(first, last))
    axes.stackplot([first, *iterations, last], np.pad(shares, [(1, 1), (0, 0)], "edge").T,
                   colors=colours, step="mid", linewidth=0)


def _ends(iterations):
    """The start of the first interval and the end of the last one."""
    each = iterations[0] if len(iterations) < 2 else iterations[1] - iterations[0]
    return iterations[0] - each / 2, iterations[-1] + each / 2


def _of_modes(axes, names):
    """The legend's handles and labels for the `areas` on `axes` and the grey behind them."""
    from matplotlib.patches import Patch
    return [*axes.collections, Patch(color=NEITHER)], [*map(str, names), "of no mode, or diverged"]


def _legend(where, handles, labels, inches=1.2, **options):
    where.legend(handles, [wrapped(label, inches, SMALL) for label in labels], fontsize="small",
                 **options)
