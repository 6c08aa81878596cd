"""The figures in checkpoints/, drawn again from the numbers that are kept beside them."""

import re

import numpy as np

from gan_tf1 import figures, tables
from gan_tf1.bench import table
from gan_tf1.evaluation import judged
from gan_tf1.experiments import (
    collapse_figures, detection, label_translation, seed_scores, semi_supervised,
    semi_supervised_figures, theory, theory_figures)
from gan_tf1.figure_layout import new_figure
from gan_tf1.places import SHIPPED as KEPT
from gan_tf1.published import comparison_figure, envelope_figures, envelopes, logs, other_logs
from gan_tf1.training import seed_ranges
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import load_losses


RENAMED = {"the discriminator's win": "discriminator dominance"}  # signs in texts that are older than their names


def benchmark():
    """The training times that `benchmark.py` has measured."""
    rows = tables.rows_at(KEPT / "benchmark" / "benchmark.csv")
    read = table.Line.__annotations__
    lines = [table.Line(*(read[name](row[name]) for name in table.Line._fields[:-2]),
                        row["seconds_of_rounds"], row["versions"]) for row in rows]
    return table.figure(lines, {row["work"]: row["data"] for row in rows})


def objectives(folder):
    """The trainings of the MNIST GAN with three objectives, side by side."""
    rows = tables.rows_at(folder / "objectives.csv")
    data = re.search("^# data: (.*)$", (folder / "objectives.csv").read_text(), re.M)[1]
    runs = {}
    for row in rows:
        runs.setdefault((row["objective"], row["seed"]), []).append(row)
    return theory_figures.trainings(
        [(objective, {name: np.array([row[name] for row in own], float)
                      for name in theory.COLUMNS}) for (objective, _), own in runs.items()],
        theory.compared(data, {int(row["seed"]) for row in rows},
                        {float(row["label_smooth"]) for row in rows}))


def sweep():
    """The losses for several learning rates and ratios of updates."""
    text = (KEPT / "instability" / "sweep.txt").read_text()
    heading, *lines = text.split("\n\n")[1].splitlines()
    signs = re.split(r"\s{2,}", heading)[1:]
    rows, panels = tables.rows_at(KEPT / "instability" / "sweep.csv"), []
    names = list(rows[0])[:list(rows[0]).index("seed")]
    for line in lines:
        called, *counts = re.split(r"\s{2,}", line)
        values = dict(zip(names, [part.split(" ")[1] for part in called.split(", ")]))
        own = [row for row in rows if all(row[name] == value for name, value in values.items())]
        runs = [{column: np.array([row[column] for row in own if row["seed"] == seed], float)
                 for column in ("epoch", "disc_loss", "gen_loss")}
                for seed in dict.fromkeys(row["seed"] for row in own)]
        found = [f"{RENAMED.get(sign, sign)}: {count}" for sign, count in zip(signs, counts) if count[0] != "0"]
        panels.append((called + "\n" + ", ".join(found), runs))
    last = {row[names[-1]] for row in rows}
    seeds = seed_ranges.listed(sorted({int(row["seed"]) for row in rows}))
    return figures.loss_envelopes(panels, f"Losses of the MNIST GAN on MNIST, seeds {seeds}", len(last))


def remedies(data):
    """The shares of the modes over training, with and without remedies."""
    path = KEPT / "mode_collapse" / f"{data}.csv"
    rows = tables.rows_at(path)
    iterations = np.array(list(rows[0])[3:], int)
    runs = {}
    for row in rows:
        shares = [float(value) for value in list(row.values())[3:] if value]
        runs.setdefault(row["row"], {}).setdefault(row["seed"], []).append(shares)
    return collapse_figures.remedies(
        [(name, [(iterations[:len(modes[0])], np.transpose(modes)) for modes in seeds.values()])
         for name, seeds in runs.items()],
        list(dict.fromkeys(row["mode"] for row in rows)),
        path.read_text().splitlines()[0].removeprefix("# "),
        list(dict.fromkeys(row["seed"] for row in rows)))


def ways_to_train(folder):
    """The test accuracies of the semi-supervised GAN, trained in the ways that `folder` holds."""
    return semi_supervised_figures.curves(*_accuracies(folder))


def over_labels(folder):
    """The test accuracies of the semi-supervised GAN over the number of labels."""
    return semi_supervised_figures.over_labels(*_accuracies(folder))


def confused(folder):
    """Which classes the networks in `folder` take the test images for."""
    with open(folder / "confusion.csv", newline="") as file:
        counts = semi_supervised.read_confusion(file)
    return semi_supervised_figures.confusions(counts, semi_supervised.class_names(folder.name),
                                              _data_title(folder))


def _accuracies(folder):
    """The accuracies of every run of the semi-supervised GAN in `folder`, and the title of its data."""
    with open(folder / "accuracies.csv", newline="") as file:
        return semi_supervised.read_rows(file), _data_title(folder)


def _data_title(folder):
    first = (folder / "table.txt").read_text().splitlines()[0]
    return re.search("GAN on (.*), seeds", first)[1]


def facades():
    """The scores of pix2pix on facades, from labels to photographs."""
    path = KEPT / "pix2pix" / "facades" / "scores.csv"
    title = re.match("# (pix2pix on .* pixels), ", path.read_text())[1]
    with open(path, newline="") as file:
        scores = seed_scores.read(file)
    names = {row: way.name for row, way in label_translation.ways(int(title.split()[-2])).items()}
    return seed_scores.bars(scores, label_translation.BARS, names, title)


def losses():
    """The losses of the MNIST GAN that is shipped."""
    stored = read_config(KEPT / "mnist_gan")
    return figures.loss_curves(load_losses(KEPT / "mnist_gan"), "Losses: MNIST GAN on "
                               f"{stored['data_title']}, seed {stored['seed']}")


def losses_beside_the_book():
    """The losses of the shipped MNIST GAN beside those of the book and of many seeds."""
    chapter, stored = "mnist_gan", read_config(KEPT / "mnist_gan")
    return comparison_figure.comparison(
        logs.read(KEPT / chapter, chapter), logs.book(chapter), envelopes.envelope(chapter),
        f"the MNIST GAN on {stored['data_title']}, seed {stored['seed']}", logs.CHAPTERS[chapter])


def method_of_comparing():
    """A published log without label smoothing beside the seeds of the chapter's program."""
    return envelope_figures.method(envelopes.envelope("mnist_gan"), other_logs.named("A023").log,
                                   "log A023 (no label smoothing)")


def detection_rates():
    """How often known changes of the MNIST GAN are found by a comparison with its envelope."""
    with open(KEPT / "detection" / "detection.csv") as file:
        return detection.figure(detection.read_rows(file), "mnist_gan")


def confused_programs():
    """Which known program each seed of the MNIST GAN and of its known changes is most like."""
    with open(KEPT / "detection" / "confusion.csv") as file:
        return detection.confusion_figure(detection.read_confusion(file), "mnist_gan")


def stretches(inked):
    """The stretches of a line that are `inked` (a bool array), as pairs (first, one past the last)."""
    return np.flatnonzero(np.diff(np.pad(inked, 1).astype(int))).reshape(-1, 2)


def read_progress(path, rows=10, columns=6) -> np.ndarray:
    """The samples that `figures.progress` drew to the PNG at `path`: [rows, columns, 28, 28] in [0, 1].

    The figure shows every pixel of a sample as a rectangle of one grey, so that the grey in the middle
    of the rectangle gives the pixel's value. White lines separate the samples, which have black frames.
    """
    from matplotlib import colormaps
    from matplotlib.image import imread
    picture = imread(path)[:, :, 0]
    inked = picture < 0.5
    down = stretches(inked.any(axis=1))[-rows:]                   # the title is above these
    across = stretches(inked[down[0][0]:].any(axis=0))[-columns:]  # the labels are left of these
    # A sample reaches from the middle of its frame's first pixel to the middle of the last.
    down, across = ([(first + 0.5 + (last - first - 1) * (np.arange(28) + 0.5) / 28).astype(int)
                     for first, last in cells] for cells in (down, across))
    greys = np.array([[picture[np.ix_(row, column)] for column in across] for row in down])
    values = np.linspace(0, 1, 256)
    return np.interp(greys, colormaps["Greys_r"](values)[:, 0], values)


def noise_to_digits():
    """Noise becoming digits: samples of the MNIST GAN, one column for every tenth epoch."""
    samples = read_progress(KEPT / "mnist_gan" / "figures" / "progress.png")
    figure = new_figure(9, 2.1)
    grid = figure.subplots(2, len(samples))
    for number, (column, images) in enumerate(zip(grid.T, samples)):
        column[0].set_title(f"epoch {10 * number + 1}", fontsize="small")
        for axes, image in zip(column, images):
            axes.imshow(image, cmap="Greys_r", vmin=0, vmax=1, interpolation="nearest")
            axes.axis("off")
    return figure


def every():
    """Pairs of a figure's path below checkpoints/ and the figure itself."""
    yield "benchmark/benchmark.png", benchmark()
    for folder in ("gan_objectives", "gan_objectives/label_smooth_0"):
        yield f"{folder}/objectives.png", objectives(KEPT / folder)
    yield "envelopes/method.png", method_of_comparing()
    yield "detection/detection.png", detection_rates()
    yield "detection/confusion.png", confused_programs()
    yield "instability/sweep.png", sweep()
    yield "mnist_gan/figures/losses.png", losses()
    yield "mnist_gan/figures/comparison.png", losses_beside_the_book()
    yield "mnist_gan/figures/noise_to_digits.png", noise_to_digits()
    yield "mnist_generators/evaluation.png", judged.bars(*judged.read_evaluation(
        (KEPT / "mnist_generators" / "evaluation.txt").read_text()))
    for data in ("mnist", "two_cities"):
        yield f"mode_collapse/{data}_remedies.png", remedies(data)
    for path in sorted((KEPT / "semi_supervised").glob("*/accuracies.png")):
        folder, name = path.parent, path.parent.name
        yield f"semi_supervised/{name}/accuracies.png", ways_to_train(folder)
        if (folder / "confusion.csv").exists():
            yield f"semi_supervised/{name}/confusion.png", confused(folder)
    yield "semi_supervised/cifar10_labels/labels.png", over_labels(
        KEPT / "semi_supervised" / "cifar10_labels")
    yield "pix2pix/facades/scores.png", facades()
    for name in ("estimate", "estimate_seed_1", "penalty"):
        yield f"wasserstein_gan/{name}.png", figures.estimate_and_distance(*judged.read_estimate(
            (KEPT / "wasserstein_gan" / f"{name}.txt").read_text()))
