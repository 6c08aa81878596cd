"""Figures of the semi-supervised GAN: accuracies over epochs and labels, and confused classes."""

from collections.abc import Sequence

import numpy as np

from gan_tf1.experiments.semi_supervised import ROWS, Found
from gan_tf1.figure_layout import confusion, count_along, legend_below, new_figure
from gan_tf1.wording import quantity

FAKE = "fake"
CONFUSED = ("labelled", "printed", "corrected", "chapter", "salimans")  # rows of `confusions`
FEW = 5  # rows: the ranges of more would hide each other
# Okabe and Ito's colours, which readers with any colour vision can tell apart, and dashes for those of one colour.
BLACK, BLUE, RED, GREEN, PURPLE, ORANGE, SKY = (
    "#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLES = {"labelled": (BLACK, "-"), "corrected": (BLUE, "-"), "printed": (RED, "--"), "chapter": (ORANGE, ":"),
          "salimans": (PURPLE, "-."), "mend_bn2": (GREEN, "-"), "mend_dropout": (PURPLE, "-"),
          "mend_test_statistics": (SKY, "-"), "revive_x6": (ORANGE, "-"), "as_trained": (SKY, "--"),
          "batch": (GREEN, "--"), "matching_l2": (ORANGE, "--"), "additional": (GREEN, "-."), "gan": (PURPLE, ":")}


def style(row):
    """The colour and line of `row`, the same in all figures."""
    colour, line = STYLES[row]
    return {"color": colour, "linestyle": line}


def curves(found: Sequence[Found], data_title: str):
    """The test accuracy over epochs, one line per row: its mean over the seeds.

    All rows have as many labels and seeds as the first. If there are at most `FEW` rows, their
    range over the seeds is shown too. The axis shows the second half of the training and as much below
    it, so that small differences at the end can be seen.
    """
    figure = new_figure(9, 5, f"Semi-supervised GAN on {data_title}, {found[0].labels:,} labels: mean"
                        f"{' and range' * (1 < len(found) <= FEW)} of {quantity(len(found[0].seeds), 'seed')}")
    axes = figure.subplots()
    for each in found:
        test = 100 * each.columns["test_accuracies"]
        epochs = each.epochs - each.epochs[0] + 1  # one of the models counts from 0
        axes.plot(epochs, test.mean(axis=0), **style(each.row), label=ROWS[each.row].meaning)
        if len(found) <= FEW:
            axes.fill_between(epochs, test.min(axis=0), test.max(axis=0), linewidth=0,
                              color=style(each.row)["color"], alpha=0.12)
    late = 100 * np.concatenate([each.columns["test_accuracies"][:, len(each.epochs) // 2:].ravel() for each in found])
    count_along(axes, "epoch")
    axes.set(ylabel="test accuracy (%)", ylim=(max(0, 2 * late.min() - late.max()), None))
    axes.grid(alpha=0.3)
    legend_below(figure, axes)
    return figure


def over_labels(found: Sequence[Found], data_title: str):
    """The test accuracy after the last epoch over the number of labels, with every seed."""
    figure = new_figure(8, 5, f"Semi-supervised GAN on {data_title}: mean and each of "
                        f"{quantity(len(found[0].seeds), 'seed')}")
    axes = figure.subplots()
    for row in dict.fromkeys(each.row for each in found):
        own = sorted((each for each in found if each.row == row), key=lambda each: each.labels)
        labels = [each.labels for each in own]
        axes.plot(labels, [each.test.mean() for each in own], **style(row),
                  label=ROWS[row].meaning)
        for each in own:
            axes.plot([each.labels] * len(each.test), each.test, "o", color=style(row)["color"],
                      markersize=3)
    ticks = sorted({each.labels for each in found})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="labelled images", ylabel="test accuracy (%)")
    axes.grid(alpha=0.3)
    legend_below(figure, axes)
    return figure


def confusions(counts: dict[str, np.ndarray], classes: Sequence[str], data_title: str):
    """For each row in `CONFUSED`, or for all rows if none is, which classes are taken for which.

    `counts` has the numbers of test images of each row, [10, 10] or [10, 11]; in the latter, the last
    column counts the images that were taken for fakes. `classes` are the names of the ten classes.
    """
    tables = {row: counts[row] for row in CONFUSED if row in counts} or counts
    title = (f"Confusion matrices on {data_title}: percent of the test images of each class, all seeds together "
             "(blank: below 1 %)")
    columns = min(2, len(tables))
    lines = -(-len(tables) // columns)
    figure = new_figure(4.7 * columns, 4.7 * lines, title)
    every = figure.subplots(lines, columns, squeeze=False).flat
    for axes in every[len(tables):]:
        axes.axis("off")
    for (row, table), axes in zip(tables.items(), every):
        confusion(axes, table, classes, [*classes, FAKE][:table.shape[1]])
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.set_title(ROWS[row].meaning, fontsize="small", wrap=True)
    return figure
