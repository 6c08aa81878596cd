"""The figures of mode collapse: shares of modes over training, and what the samples look like."""

import numpy as np

from gan_tf1.data import two_cities
from gan_tf1.figures import new_figure, tiled

CITY_COLOURS = "#1f77b4", "#d62728"  # cold, warm
NEITHER = "0.85"
CELLS = np.linspace(two_cities.LOW, two_cities.HIGH, 71)  # one degree Celsius each
SHOWN = 25  # digits of a panel, as in figure 6.24


def cities(runs, data, title):
    """Figure 6.23 and what became of it: a row for each of `runs`, (name, iterations, celsius, shares).

    `celsius` [E, n] are a run's samples after each of `iterations` [E], `shares` [E, 2] those near
    A and B; `data` [N] is what it was trained on.
    """
    figure = new_figure(13, 3.6 * len(runs) + 0.4)
    figure.suptitle(title, parse_math=False)
    for (name, iterations, celsius, shares), part in zip(
            runs, np.atleast_1d(figure.subfigures(len(runs), 1))):
        part.suptitle(name, fontsize="medium", parse_math=False)
        left, middle = part.subplots(1, 2, width_ratios=(1, 3), sharey=True)
        left.hist(data, CELLS, density=True, orientation="horizontal", color="0.8",
                  label="data (figure 6.23)")
        for city, colour in enumerate(CITY_COLOURS):
            at = np.flatnonzero(shares[:, city] == shares[:, city].max())[-1]
            left.hist(celsius[at], CELLS, density=True, orientation="horizontal", color=colour,
                      histtype="step", linewidth=1.5, label=f"samples, step {iterations[at]}")
        left.set(xlabel="density", ylabel="degrees Celsius")
        left.legend(fontsize="x-small", loc="center right")
        density = np.stack([np.histogram(each, CELLS)[0] / len(each) for each in celsius], axis=1)
        middle.imshow(density, origin="lower", aspect="auto", cmap="Greys", vmax=0.2,
                      interpolation="nearest", extent=(*_ends(iterations), *CELLS[[0, -1]]))
        middle.set(xlabel="step", title="samples: darkest where a fifth lies within one degree")
        middle.title.set_fontsize("small")
        over = middle.twinx()
        for city, colour, letter in zip(range(2), CITY_COLOURS, two_cities.CITIES):
            over.plot(iterations, shares[:, city], color=colour, linewidth=1, alpha=0.8,
                      label=f"share near {letter}")
        over.set(ylim=(-0.02, 1.02), ylabel="share of samples")
        over.legend(fontsize="x-small", loc="center right")
    return figure


def digits(runs, title):
    """Figure 6.24 and its measure: a column for each of `runs`, (name, iterations, images, shares).

    `images` [n, 784] in the range of tanh are a run's last, `shares` [E, 10] those of the classes.
    """
    figure = new_figure(4 * len(runs) + 1, 6.2)
    figure.suptitle(title, parse_math=False)
    above, below = np.reshape(figure.subplots(2, len(runs), height_ratios=(1.2, 1)), (2, -1))
    for (name, iterations, images, shares), picture, axes in zip(runs, above, below):
        columns = int(np.ceil(np.sqrt(SHOWN)))
        picture.imshow(tiled(images[:SHOWN], columns, margin=2), cmap="Greys_r", vmin=0, vmax=1)
        picture.set_title(name, fontsize="medium", parse_math=False)
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
    figure = new_figure(2.6 * columns + 3, 0.85 * len(rows) + 1)
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    for (name, runs), line in zip(rows, grid):
        for axes, run in zip(line, runs):
            areas(axes, *run)
        for axes in line[len(runs):]:
            axes.set_visible(False)
        line[0].set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    figure.supxlabel("step", fontsize="medium")
    _legend(figure, grid[0, 0], modes)
    return figure


def areas(axes, iterations, shares):
    """The shares [E, K] stacked over `iterations` [E]; what is of no mode stays grey."""
    count = shares.shape[1]
    colours = CITY_COLOURS if count == 2 else [f"C{number}" for number in range(count)]
    axes.set(facecolor=NEITHER, ylim=(0, 1), xlim=_ends(iterations))
    axes.stackplot(iterations, shares.T, colors=colours, step="mid", linewidth=0)


def _ends(iterations):
    """Where the first interval begins and the last one ends."""
    each = iterations[0] if len(iterations) < 2 else iterations[1] - iterations[0]
    return iterations[0] - each / 2, iterations[-1] + each / 2


def _legend(figure, axes, names):
    figure.legend(axes.collections, map(str, names), loc="outside right center", fontsize="small")
