"""The chapters' figures as PNG files: loss curves, grids of samples, progress over epochs.

Images have shape [n, 784], [n, H, W] or [n, H, W, 3] and values in [-1, 1], the range of tanh.
Functions that return a figure do not write it; `save` does.
"""

from __future__ import annotations

import io
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from gan_tf1.figure_layout import (
    SMALL, TEXT, WIDTH, count_along, legend_below, new_figure, positive_log, signed_log, wrapped)
from gan_tf1.files import Path, replacing

if typing.TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = DISC_COLOUR, GEN_COLOUR = "#1f77b4", "#ff7f0e"
LOSSES = {"disc_loss": "discriminator loss", "gen_loss": "generator loss"}
LABELS = LOSSES | {"d_loss": "discriminator loss", "g_loss": "generator loss"}  # in the order of COLOURS
RUNAWAY = 5  # losses beyond this are drawn on a logarithmic scale in figures of many runs
SHOWN = 100  # samples in the grid of a run, which may keep a thousand for an evaluation

Losses = Mapping[str, np.ndarray]  # the columns of losses.csv, by name


def as_images(images: np.ndarray) -> np.ndarray:
    """`images`, scaled from [-1, 1] to [0, 1]; those of shape [n, 784] become [n, 28, 28].

    Values outside of [-1, 1] are clipped.
    """
    images = np.clip((np.asarray(images) + 1) / 2, 0, 1)
    return images.reshape(-1, 28, 28) if images.ndim == 2 else images


def save(figure: Figure, path: Path) -> Path:
    """Write `figure` to `path` as a PNG file, in one step, and return `path`.

    Raises InputError if `path` can't be written.
    """
    with replacing(path) as temporary:
        # Without version and date in the file, the same figure gives the same bytes.
        figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})
    return path


def loss_curves(losses: Losses, title: str, loss_label: str | None = None) -> Figure:
    """The losses of both networks over epochs (the first chapter's figure 6), or over steps.

    `losses` has the columns `epoch` or `step`, `disc_loss` and `gen_loss`, each [E]. `loss_label`
    is the label of the y-axis; by default, it says that these are the losses, in nats, of the
    epoch's last batch or of the step's own batch.
    """
    counted, batch = ("step", "the step's") if "step" in losses else ("epoch", "the epoch's last")
    figure = new_figure(8, 4, title)
    axes = figure.subplots()
    marker = "o" if len(losses[counted]) == 1 else None  # a line needs two points to be seen
    for (column, label), colour in zip(LOSSES.items(), COLOURS):
        axes.plot(losses[counted], losses[column], color=colour, marker=marker, label=label)
    count_along(axes, counted)
    axes.set_ylabel(wrapped(loss_label or f"loss on {batch} batch (nats)", 3.6, TEXT))
    axes.grid(alpha=0.3)
    legend_below(figure, axes)
    return figure


def loss_envelopes(panels: Sequence[tuple[str, Sequence[Losses]]], title: str,
                   columns: int, shown: Sequence[str] = tuple(LOSSES)) -> Figure:
    """The median and the range of the losses `shown` over the seeds, in `columns` of panels.

    Each of `panels` is `(name, runs)`, and the first column of each run is what is counted. Epochs
    after the end of a run show the statistics of the other runs.
    """
    rows = -(-len(panels) // columns)
    figure = new_figure(4 * columns + 1, 2.8 * rows + 0.3, title)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    lowest, ends = grid[max(0, len(panels) - columns):len(panels)], []
    for axes, (name, runs) in zip(grid, panels):
        counted = next(iter(runs[0]))
        for loss in shown:
            label, colour = LABELS.get(loss, loss.replace("_", " ")), colour_of(loss, shown)
            numbers, middle, low, high = spanned([run[counted] for run in runs],
                                                 [run[loss] for run in runs])
            axes.plot(numbers, middle, color=colour, label=f"{label}: median of the seeds")
            axes.fill_between(numbers, low, high, color=colour, alpha=0.25, linewidth=0,
                              label=f"{label}: range of the seeds")
            ends += [*low, *high]
        axes.set_title(wrapped(name, 3.8, SMALL), fontsize="small", parse_math=False)
        count_along(axes, counted if axes in lowest else "", 4)
        axes.tick_params(labelbottom=axes in lowest)
        axes.grid(alpha=0.3)
    for axes in figure.axes[len(panels):]:
        axes.axis("off")
    if np.max(np.abs(ends), initial=0) > RUNAWAY:  # on a linear scale, all others would be flat
        for axes in figure.axes[:len(panels)]:
            signed_log(axes, ends, RUNAWAY)
        figure.supylabel(f"loss (logarithmic beyond {RUNAWAY})", fontsize="medium")
    else:
        figure.supylabel("loss", fontsize="medium")
    legend_below(figure, figure.axes[0])
    return figure


def colour_of(loss: str, columns: Iterable[str]) -> str:
    """The colour of one of the losses `columns`: the networks' own for the first two of a GAN."""
    own = dict(zip(LABELS, 2 * COLOURS))
    others = [name for name in columns if name not in own]
    return own[loss] if loss in own else f"C{2 + others.index(loss)}"


def spanned(numbers: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Statistics over runs, `(numbers, median, minimum, maximum)`, each [N].

    `numbers` (of epochs or steps) and `values` are the runs' arrays [E], which may differ in
    length from run to run. The result has every number for which any run has a finite value;
    values that are not finite are left out.
    """
    where = np.unique(np.concatenate(numbers))
    table = np.full((len(values), len(where)), np.nan)
    for row, own, column in zip(table, numbers, values):
        row[np.searchsorted(where, own)] = np.where(np.isfinite(column), column, np.nan)
    there = ~np.isnan(table).all(axis=0)
    table = table[:, there]
    return (where[there], np.nanmedian(table, axis=0), np.nanmin(table, axis=0),
            np.nanmax(table, axis=0))


def accuracy_curves(runs: Iterable[tuple[str, Losses]], title: str) -> Figure:
    """Accuracy on the labelled training images (dashed) and on the test set over epochs.

    Each of `runs` is `(name, losses)` and has its own colour. `losses` has the column `epoch` [E],
    and `train_accuracies` and `test_accuracies` in [0, 1]. These are [E], or [seeds, E]; then their
    mean is drawn and, for the test set, their range.
    """
    figure = new_figure(8, 4, title)
    axes = figure.subplots()
    for number, (name, losses) in enumerate(runs):
        for split, style in (("train", "--"), ("test", "-")):
            seeds = np.atleast_2d(losses[f"{split}_accuracies"])
            marker = "o" if seeds.shape[1] == 1 else None
            axes.plot(losses["epoch"], seeds.mean(axis=0), style, color=f"C{number}",
                      marker=marker, label=f"{name}{split}")
            if len(seeds) > 1 and split == "test":
                axes.fill_between(losses["epoch"], seeds.min(axis=0), seeds.max(axis=0),
                                  color=f"C{number}", alpha=0.2, linewidth=0)
    count_along(axes, "epoch")
    axes.set(ylabel="share of images classified correctly", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    legend_below(figure, axes)
    return figure


def sample_grid(images: np.ndarray, title: str, columns: int = 4, inches: float = 1.5,
                names: Sequence | None = None) -> Figure:
    """`images` in rows of `columns`, each `inches` wide (the first chapter's figures 7 and 9).

    `names`, if given, has one label for each row, which is written to the left of it.
    """
    picture = tiled(images, columns, margin=2)
    height, width = picture.shape[:2]
    size = inches * columns
    longest = max(len(line) for name in names for line in str(name).split("\n")) if names is not None else 0
    room = 0.2 + WIDTH * TEXT / 72 * longest if longest else 0
    figure = new_figure(size + room, size * height / width + 0.1, title)
    axes = figure.subplots()
    axes.imshow(picture, cmap="Greys_r", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[], frame_on=False)
    if names is not None:
        middles = (np.arange(len(names)) + 0.5) * height / len(names)
        axes.set_yticks(middles, names, parse_math=False)
        axes.tick_params(length=0)
        axes.set_anchor("E")  # leaves all of the space on the left, for the names
    return figure


def progress(samples: np.ndarray, title: str, rows: int = 10, columns: int = 6,
             counted: str = "epoch", each: int = 1) -> Figure:
    """One row of `columns` samples for every tenth of the run (the first chapter's figure 8).

    `samples` is [epochs, n, ...], with each set of samples like `images` above. The stride is the
    chapter's: the first epoch, then every (epochs // `rows`)-th one, at most `rows` in all. Each row
    is labelled with what is `counted` and the number of the epoch times `each`.
    """
    epochs = np.arange(0, len(samples), max(1, len(samples) // rows))[:rows]
    figure = new_figure(columns + 1, len(epochs) + 0.1, title)
    grid = figure.subplots(len(epochs), columns, squeeze=False)
    for epoch, row in zip(epochs, grid):
        for axes, image in zip(row, as_images(samples[epoch])):
            axes.imshow(image, cmap="Greys_r", vmin=0, vmax=1)
        for axes in row:
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(f"{counted} {(epoch + 1) * each}", rotation=0, ha="right", va="center")
    return figure


def tiled(images: np.ndarray, columns: int, margin: int = 0) -> np.ndarray:
    """`images` in rows of `columns`, as one picture [height, width] or [height, width, 3].

    Its values are in [0, 1], and `margin` white pixels separate the images.
    """
    images = as_images(images)
    space = [(0, 0)] + 2 * [(0, margin)] + [(0, 0)] * (images.ndim - 3)
    images = np.pad(images, space, constant_values=1)
    blank = np.ones((-len(images) % columns, *images.shape[1:]))
    images = np.concatenate([images, blank])
    return np.concatenate([np.concatenate(list(row), axis=1)
                           for row in images.reshape(-1, columns, *images.shape[1:])])


def grid_png(images: np.ndarray, columns: int = 4) -> bytes:
    """The first `SHOWN` of `images` in rows of `columns`, as a PNG file for TensorBoard."""
    buffer = io.BytesIO()
    from matplotlib.image import imsave
    imsave(buffer, tiled(images[:SHOWN], columns), format="png", cmap="Greys_r", vmin=0, vmax=1)
    return buffer.getvalue()


def arithmetic(columns: Sequence[tuple[str, np.ndarray, np.ndarray]], result: np.ndarray,
               title: str) -> Figure:
    """Vector arithmetic as Radford et al. 2016 draw it (their figure 7, the book's figure 6.12).

    Each of `columns` is `(name, exemplars, mean)`: the images [k, 784] of some latent vectors and,
    at a distance below them, the image [784] of their mean. `result` is nine images [9, 784]: the
    fifth is that of the result, the others are those of its latent vector with noise added.
    """
    figure = new_figure(1.3 * len(columns) + 4, 4.6, title)
    axes = figure.subplots(1, len(columns) + 1, width_ratios=[1] * len(columns) + [3])
    for place, (name, exemplars, mean) in zip(axes, columns):
        above, below = (tiled(images, 1, margin=2) for images in (exemplars, mean[None]))
        picture = np.concatenate([above, np.ones((6, above.shape[1])), below])
        place.imshow(picture, cmap="Greys_r", vmin=0, vmax=1)
        place.set_title(wrapped(name, 1.25, TEXT), fontsize="medium", parse_math=False)
    axes[-1].imshow(tiled(result, 3, margin=2), cmap="Greys_r", vmin=0, vmax=1)
    axes[-1].set_title("=", fontsize="medium")
    for place in axes:
        place.axis("off")
    return figure


def estimate_and_distance(iterations: np.ndarray, estimate: np.ndarray, distance: np.ndarray,
                          real: float, correlation: Sequence[float], title: str) -> Figure:
    """A critic's estimate and the distance of the samples, over iterations and as a scatter plot.

    `iterations`, `estimate` and `distance` are [E]. `real` is the distance of real images, and
    `correlation` is Spearman's correlation, that of the changes, and both ends of the 95 % interval
    of the latter.
    """
    figure = new_figure(11, 4, title)
    over_time, scatter = figure.subplots(1, 2, width_ratios=(3, 2))
    for axes in (over_time, scatter):
        # The estimate has an unknown factor, so its ratios matter; but it can be 0 or negative.
        if np.min(estimate) > 0:
            positive_log(axes, estimate)
        else:
            signed_log(axes, estimate, max(np.quantile(np.abs(estimate), 0.1), 1e-9))
    over_time.plot(iterations, estimate, color=DISC_COLOUR, label="the critic's estimate")
    count_along(over_time, "iteration", 5)
    over_time.set_ylabel("the critic's estimate (its own units, logarithmic)", color=DISC_COLOUR)
    over_time.grid(alpha=0.3)
    other = over_time.twinx()
    other.plot(iterations, distance, color=GEN_COLOUR, label="distance of the samples")
    other.axhline(real, color="0.5", linestyle="--", label="distance of as many real images")
    other.set_ylabel("Fréchet classifier distance", color=GEN_COLOUR)
    other.set_ylim(bottom=0)
    points = scatter.scatter(distance, estimate, c=iterations, s=14)
    figure.colorbar(points, label="iteration", format="{x:,.0f}")
    scatter.set(xlabel="Fréchet classifier distance of the samples",
                ylabel="the critic's estimate (its own units)")
    scatter.set_title("Spearman's correlation {:.2f},\nof changes {:.2f} (95 % interval {:.2f} to {:.2f})".format(
        *correlation), fontsize="medium")
    scatter.grid(alpha=0.3)
    legend_below(figure, over_time, other)
    return figure


def metric_bars(rows: Sequence, title: str, labels: Mapping[str, str] = {},
                real: Collection[int] = (0,)) -> Figure:
    """One panel per metric, with one bar per row for its value and its standard error.

    Each of `rows` has a `name` and `figures`, a dict metric -> `(value, standard error)`. `real`
    has the numbers of the rows of real images, which are drawn in grey. `labels` maps a metric to the
    label of its axis, if its name does not say enough.
    """
    from matplotlib.ticker import MaxNLocator
    columns = list(rows[0].figures)
    names = 0.083 * max(len(row.name) for row in rows)
    figure = new_figure(3 * len(columns) + names, 0.4 * len(rows) + 0.8, title)
    grid = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axes, column in zip(grid, columns):
        values, errors = zip(*(row.figures[column] for row in rows))
        places = range(len(rows))
        bars = axes.barh(places, values, xerr=errors,
                         color=["0.6" if place in real else DISC_COLOUR for place in places])
        longest = np.nanmax(np.add(values, errors))
        middle = np.nanmedian(np.abs(values))  # which is written with three digits, or with three decimals
        digits = int(np.clip(2 - np.floor(np.log10(middle)), 0, 3)) if middle > 0 else 0
        axes.bar_label(bars, fmt=f"{{:,.{digits}f}}", padding=3)
        if longest > 0:
            axes.set_xlim(0, 1.4 * longest)  # room for the values beside the bars
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.set_yticks(places, [row.name for row in rows], parse_math=False)
        axes.set_xlabel(wrapped(labels.get(column, column), 2.8, TEXT))
        axes.grid(axis="x", alpha=0.3)
    grid[0].invert_yaxis()  # shared: the first row is at the top of every panel
    return figure
