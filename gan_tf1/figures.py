"""The chapters' figures as PNG files: loss curves, grids of samples, progress over epochs.

Images are [n, 784] or [n, H, W] or [n, H, W, 3], in the range of tanh, -1 to 1.
"""

import io

import numpy as np

from gan_tf1.files import replacing
from gan_tf1.run import load_losses, load_samples

COLOURS = DISC_COLOUR, GEN_COLOUR = "#1f77b4", "#ff7f0e"
SHOWN = 100  # samples in a run's grid: there may be a thousand, kept to be judged


def as_images(images):
    """`images` in the range of tanh, as brightness from 0 to 1; [n, 784] as [n, 28, 28]."""
    images = np.clip((np.asarray(images) + 1) / 2, 0, 1)
    return images.reshape(-1, 28, 28) if images.ndim == 2 else images


def save(figure, path):
    """Write `figure` to `path` as PNG, in one step; return `path`."""
    with replacing(path) as temporary:
        # No version or date in the file: the same figure gives the same bytes.
        figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})
    return path


def of_run(path, where, columns=4, inches=1.5, counted="epoch", each=1, names=None,
           shown=slice(6), loss_label=None):
    """Draw the complete run at `path`: its losses, last samples and progress; print the files.

    `where` says in the titles what was trained, on what data; `shown` are the samples that
    progress shows of each epoch; the rest is for `sample_grid`, `progress` and `loss_curves`.
    """
    losses, samples = load_losses(path), load_samples(path)
    some = samples[:, shown]
    for name, figure in (
            ("losses", loss_curves(losses, f"Losses: {where}", loss_label)),
            ("samples", sample_grid(samples[-1][:SHOWN], f"Last samples: {where}", columns,
                                    inches, names)),
            ("progress", progress(some, f"Samples over training:\n{where}",
                                  columns=some.shape[1], counted=counted, each=each))):
        print(save(figure, path / "figures" / f"{name}.png"))


def new_figure(width, height):
    """An empty figure of `width` by `height` inches, its parts kept from overlapping."""
    # matplotlib takes half a second to import: --help and bad input answer without it.
    from matplotlib.figure import Figure
    return Figure(figsize=(width, height), layout="constrained")


def loss_curves(losses, title, loss_label=None):
    """Both networks' losses over epochs (the first chapter's figure 6), or over steps.

    `losses` has the columns `epoch` or `step`, and `disc_loss`, `gen_loss`, in nats.
    `loss_label` says of what they are, where not of the epoch's last batch or the step's own.
    """
    counted, batch = ("step", "the step's") if "step" in losses else ("epoch", "the epoch's last")
    figure = new_figure(8, 4.5)
    axes = figure.subplots()
    axes.plot(losses[counted], losses["disc_loss"], color=DISC_COLOUR, label="Disc loss")
    axes.plot(losses[counted], losses["gen_loss"], color=GEN_COLOUR, label="Gen loss")
    axes.set_title(title, parse_math=False)
    axes.set(xlabel=counted, ylabel=loss_label or f"loss on {batch} batch (nats)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def loss_envelopes(panels, title, columns):
    """Both losses of many seeds: their median and the range that they span, in `columns` of panels.

    Each of `panels` is `(name, runs)`, a run being its losses as `loss_curves` takes them. Where
    one has stopped earlier, the others go on alone.
    """
    rows = -(-len(panels) // columns)
    figure = new_figure(4 * columns + 1, 2.8 * rows + 0.8)
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for axes, (name, runs) in zip(grid, panels):
        counted = next(iter(runs[0]))
        for loss, colour in zip(("disc_loss", "gen_loss"), COLOURS):
            numbers, middle, low, high = spanned([run[counted] for run in runs],
                                                 [run[loss] for run in runs])
            axes.plot(numbers, middle, color=colour, label=loss)
            axes.fill_between(numbers, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.set_title(name, fontsize="small", parse_math=False)
        # Losses that run away would press all others flat, and a critic's may be negative.
        axes.set_yscale("symlog", linthresh=5, linscale=2)
        axes.grid(alpha=0.3)
    for axes in figure.axes[len(panels):]:
        axes.axis("off")
    figure.supxlabel(counted, fontsize="medium")
    figure.supylabel("loss (beyond 5, on a logarithmic scale)", fontsize="medium")
    figure.axes[0].legend(fontsize="small")
    return figure


def spanned(numbers, values):
    """`(numbers, median, least, largest)` over runs at each number that any has; finite ones alone.

    `numbers` and `values` are lists of the runs' arrays [E], which may differ in length.
    """
    where = np.unique(np.concatenate(numbers))
    table = np.full((len(values), len(where)), np.nan)
    for row, own, column in zip(table, numbers, values):
        row[np.searchsorted(where, own)] = np.where(np.isfinite(column), column, np.nan)
    there = ~np.isnan(table).all(axis=0)
    table = table[:, there]
    return (where[there], np.nanmedian(table, axis=0), np.nanmin(table, axis=0),
            np.nanmax(table, axis=0))


def accuracy_curves(runs, title):
    """Accuracy on the labelled images (dashed) and on the test set over epochs.

    `runs` is a sequence of `(name, losses)`, one colour each. `losses` has the
    columns `epoch` and, in 0 to 1, `train_accuracies` and `test_accuracies`: [E],
    or [seeds, E], drawn as their mean and the range that they span.
    """
    figure = new_figure(8, 4.5)
    axes = figure.subplots()
    for number, (name, losses) in enumerate(runs):
        for split, style in (("train", "--"), ("test", "-")):
            seeds = np.atleast_2d(losses[f"{split}_accuracies"])
            axes.plot(losses["epoch"], seeds.mean(axis=0), style, color=f"C{number}",
                      label=f"{name}{split}".replace("$", r"\$"))
            if len(seeds) > 1 and split == "test":
                axes.fill_between(losses["epoch"], seeds.min(axis=0), seeds.max(axis=0),
                                  color=f"C{number}", alpha=0.2, linewidth=0)
    axes.set_title(title, parse_math=False)
    axes.set(xlabel="epoch", ylabel="share of images classified correctly", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def sample_grid(images, title, columns=4, inches=1.5, names=None):
    """`images` in rows of `columns`, each `inches` wide (figures 7 and 9).

    `names`, where given, stand left of the rows, one for each.
    """
    picture = tiled(images, columns, margin=2)
    height, width = picture.shape[:2]
    size = inches * columns
    room = 0.1 * max(len(str(name)) for name in names) if names is not None else 0
    figure = new_figure(size + room, size * height / width + 0.5)
    figure.suptitle(title, parse_math=False)
    axes = figure.subplots()
    axes.imshow(picture, cmap="Greys_r", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[], frame_on=False)
    if names is not None:
        middles = (np.arange(len(names)) + 0.5) * height / len(names)
        axes.set_yticks(middles, names)
        axes.tick_params(length=0)
        axes.set_anchor("E")  # all the room is on the left, where the names are
    return figure


def progress(samples, title, rows=10, columns=6, counted="epoch", each=1):
    """One row of `columns` samples for every tenth of the run (figure 8).

    `samples` is [epochs, n, ...]. The stride is the chapter's: the first epoch,
    then every (epochs // rows)-th, `rows` of them at most; each row is labelled, where an
    epoch is `each` of what is `counted`.
    """
    epochs = np.arange(0, len(samples), max(1, len(samples) // rows))[:rows]
    figure = new_figure(columns + 1, len(epochs) + 0.5)
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(len(epochs), columns, squeeze=False)
    for epoch, row in zip(epochs, grid):
        for axes, image in zip(row, as_images(samples[epoch])):
            axes.imshow(image, cmap="Greys_r", vmin=0, vmax=1)
        for axes in row:
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(f"{counted} {(epoch + 1) * each}", rotation=0, ha="right", va="center")
    return figure


def tiled(images, columns, margin=0):
    """`images` side by side in rows of `columns`, as one picture [height, width, ...] in 0 to 1.

    Between them are `margin` pixels of white.
    """
    images = as_images(images)
    space = [(0, 0)] + 2 * [(0, margin)] + [(0, 0)] * (images.ndim - 3)
    images = np.pad(images, space, constant_values=1)
    blank = np.ones((-len(images) % columns, *images.shape[1:]))
    images = np.concatenate([images, blank])
    return np.concatenate([np.concatenate(list(row), axis=1)
                           for row in images.reshape(-1, columns, *images.shape[1:])])


def grid_png(images, columns=4):
    """The first `SHOWN` of `images` in rows of `columns` as the bytes of a PNG, for TensorBoard."""
    buffer = io.BytesIO()
    from matplotlib.image import imsave
    imsave(buffer, tiled(images[:SHOWN], columns), format="png", cmap="Greys_r", vmin=0, vmax=1)
    return buffer.getvalue()


def comparison(log, book, envelope, name, chapter):
    """A run's figures over those of the book and the seed-to-seed envelope, one panel a figure.

    `log` and `book` are `logs.Log`, `chapter` is a `logs.Chapter`, `envelope` is a
    `published.Envelope`, or None where there is none.
    """
    # Here, so that drawing alone doesn't import SciPy's statistics.
    from gan_tf1.published import prediction_interval

    figure = new_figure(9, 7)
    seeds = f", and {len(next(iter(envelope.losses.values())))} seeds" if envelope else ""
    figure.suptitle(f"{name}, the book's printed log{seeds}", parse_math=False)
    name = name.replace("$", r"\$")  # legends have no switch for mathematics
    panels = figure.subplots(len(chapter.columns), sharex=True)
    for axes, colour, (loss, title) in zip(panels, COLOURS, chapter.columns.items()):
        if envelope:
            seeds = envelope.losses[loss]
            axes.fill_between(envelope.epochs, *prediction_interval(seeds, 0.05), color="0.85",
                              label=f"95 % of seeds, {chapter.counted} by {chapter.counted}")
            axes.plot(envelope.epochs, seeds.mean(axis=0), color="0.5", label="mean of the seeds")
        axes.plot(book.epochs, book.losses[loss], "x", color="black", markersize=5,
                  label="printed in the book")
        axes.plot(log.epochs, log.losses[loss], color=colour, linewidth=1.2, label=name)
        axes.set(ylabel=f"{title} ({chapter.unit})" if chapter.unit else title, ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", ncols=2)
    axes.set_xlabel(chapter.counted)
    return figure


def arithmetic(columns, result, title):
    """Latent arithmetic, as Radford et al. 2016 draw it (their figure 7, the book's 6.12).

    `columns` is a sequence of `(name, exemplars, mean)`: the images [k, 784] of some latent vectors
    and, apart and below them, that [784] of their mean. `result` is nine images, the fifth its own.
    """
    figure = new_figure(1.3 * len(columns) + 4, 5)
    figure.suptitle(title, parse_math=False)
    axes = figure.subplots(1, len(columns) + 1, width_ratios=[1] * len(columns) + [3])
    for place, (name, exemplars, mean) in zip(axes, columns):
        above, below = (tiled(images, 1, margin=2) for images in (exemplars, mean[None]))
        picture = np.concatenate([above, np.ones((6, above.shape[1])), below])
        place.imshow(picture, cmap="Greys_r", vmin=0, vmax=1)
        place.set_title(name, fontsize="medium", parse_math=False)
    axes[-1].imshow(tiled(result, 3, margin=2), cmap="Greys_r", vmin=0, vmax=1)
    axes[-1].set_title("=", fontsize="medium")
    for place in axes:
        place.axis("off")
    return figure


def estimate_and_distance(iterations, estimate, distance, real, correlation, title):
    """A critic's estimate and its samples' distance: both over iterations, and one over the other.

    `iterations`, `estimate` and `distance` are [E]; `real` is the distance of real images,
    `correlation` Spearman's, and the ends of its 95 % interval.
    """
    # The factor that an estimate has is unknown, so ratios count; but it may be 0, or below.
    linear = max(np.quantile(np.abs(estimate), 0.1), 1e-9)
    figure = new_figure(11, 4.5)
    figure.suptitle(title, parse_math=False)
    over_time, scatter = figure.subplots(1, 2, width_ratios=(3, 2))
    for axes in (over_time, scatter):
        axes.set_yscale("symlog", linthresh=linear, linscale=2)  # room for the tick at 0
    over_time.plot(iterations, estimate, color=DISC_COLOUR)
    over_time.set_xlabel("iteration")
    over_time.set_ylabel("the critic's estimate (its own units)", color=DISC_COLOUR)
    over_time.grid(alpha=0.3)
    other = over_time.twinx()
    other.plot(iterations, distance, color=GEN_COLOUR)
    other.axhline(real, color="0.5", linestyle="--", label="real images, as many")
    other.set_ylabel("Frechet classifier distance of the samples", color=GEN_COLOUR)
    other.legend(fontsize="small")
    other.set_ylim(bottom=0)
    points = scatter.scatter(distance, estimate, c=iterations, s=14)
    figure.colorbar(points, label="iteration")
    scatter.set(xlabel="Frechet classifier distance", ylabel="estimate", title="Spearman's "
                "correlation {:.2f} ({:.2f} to {:.2f})".format(*correlation))
    scatter.grid(alpha=0.3)
    return figure


def metric_bars(rows, title):
    """One panel a figure, one bar a row with its value, its standard error as a black line.

    Each of `rows` has a `name` and `figures`, a dict of `(value, standard error)`.
    """
    columns = list(rows[0].figures)
    figure = new_figure(3.2 * len(columns) + 2, 0.4 * len(rows) + 1.6)
    figure.suptitle(title, parse_math=False)
    for axes, column in zip(figure.subplots(1, len(columns), sharey=True), columns):
        values, errors = zip(*(row.figures[column] for row in rows))
        places = range(len(rows))
        bars = axes.barh(places, values, xerr=errors,
                         color=["0.6"] + [DISC_COLOUR] * (len(rows) - 1))  # grey: the real images
        axes.bar_label(bars, fmt="{:.3g}", padding=3)
        axes.margins(x=0.2)  # room for the values
        axes.set_yticks(places, [row.name for row in rows], parse_math=False)
        axes.set_xlabel(column)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()  # shared: the first row is on top in every panel
    return figure
