"""The log lines of every chapter, as its book, its repository and this package's script print them.

`CHAPTERS` is a table: to read the logs of one more chapter, add a `Chapter` to it. The parts of its lines
are in log_patterns.py. The tests parse an example of every `Line`, and what each model's own `log_line`
returns.

The MNIST GAN, the DCGAN on SVHN and the semi-supervised GAN stem from Udacity's deep learning
course, the DCGAN of the article from a blog post by Jason Brownlee, and the chapters of "Generative
AI with Python and TensorFlow 2" from Erik Linder-Norén's Keras-GAN.
"""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.published.log_patterns import (BLANK_BETWEEN, DOTS, END, EPOCH_BEGINS, EPOCH_WORD, FIRST, NUMBER, OWN,
                                            SKIPPED, STEP, STEP_BEGINS, WITHOUT_DOTS, Line, losses, pattern, whole)

SHARES = ("disc_acc", "train_accuracies", "test_accuracies", "real", "fake")  # columns in [0, 1]


class Chapter(NamedTuple):
    """The log of a chapter."""
    columns: dict       # column of the run's table -> its title, in the order of `Line.values`
    data_title: str     # of the data set on which the book trained, "" if there is no such book
    windows: dict       # name -> (first, last) epoch, both included, of the windows to compare
    beginning: Any      # pattern of the beginning of a line
    lines: tuple        # of `Line`: all ways in which a line is printed, first that of the book
    unit: str = "nats"              # of the columns that are not accuracies; see `unit_of`
    bounds: tuple = (0, math.inf)   # of their values, as of cross-entropies; see `bounds_of`
    counted: str = "epoch"          # there is a row per "epoch" or "step"
    count: Callable = whole         # from the groups before the values to the number of the row
    every: int = 1                  # epochs or steps between lines that do not print their number
    repeated: bool = False          # there may be several lines per epoch, of which the last counts
    steps: str = ""                 # the chapter of a log with several lines per epoch, all of which count
    unnumbered: bool = False        # a row is a step, and its line has the number of its epoch alone
    intervals: bool = False         # a line counts images or iterations, the table counts lines
    extra: tuple = ()               # columns of the run's table that are not compared
    aliases: dict = {}              # column of another program's table -> the column here, or ""
    convert: dict = {}              # column of another program's table -> from its values to those here
    file: str = "losses.csv"        # the run's table
    part_of: str = ""               # the chapter of the run, if its log has lines of two kinds
    stand_in: str = ""              # the title of a part of the data set, whose envelope stands for that of the whole

    @property
    def one(self) -> str:
        """"an epoch" or "a step"."""
        return f"an {self.counted}" if self.counted == "epoch" else f"a {self.counted}"

    @property
    def example(self) -> str:
        """An example of a line, as the book prints it."""
        return self.lines[0].example

    @property
    def several(self) -> bool:
        """Whether an epoch may have several lines."""
        return self.repeated or self.unnumbered

    @property
    def first(self) -> int:
        """The number of the first epoch or step."""
        return min(first for first, _ in self.windows.values())

    @property
    def last(self) -> int:
        """The number of the last epoch or step."""
        return max(last for _, last in self.windows.values())

    def unit_of(self, column) -> str:
        """The unit of `column`; an accuracy has none."""
        return "" if column in SHARES else self.unit

    def bounds_of(self, column) -> tuple:
        """The least and the greatest possible value of `column`."""
        return (0, 1) if column in SHARES else self.bounds


def _share(percent):
    return percent / 100


def _share_of_column(values):
    """Accuracies in percent as shares; if none is above 1, they are shares already."""
    values = np.asarray(values, float)
    return values / 100 if np.nanmax(values, initial=0) > 1 else values


def _one_minus(value):
    return 1 - value


_LOSSES = {"disc_loss": "disc loss", "gen_loss": "gen loss"}
_ACCURACIES = {"train_accuracies": "train accuracy", "test_accuracies": "test accuracy"}
_CRITIC = {"unit": "units of the critic", "bounds": (-math.inf, math.inf)}
_ITERATIONS = {"first": (0, 9), "start": (10, 99), "early": (100, 999), "middle": (1000, 9999),
               "late": (10_000, 29_999)}
_KERAS_TABLE = {"iteration": "step", "d_loss": "disc_loss", "g_loss": "gen_loss"}
_TABLE = {"d_loss": "disc_loss", "g_loss": "gen_loss", "discriminator_loss": "disc_loss", "generator_loss": "gen_loss"}
_DISC, _GEN = r"D(?:isc(?:riminator)?)?", r"G(?:en(?:erator)?)?"

# Three chapters may have a log of this form, which none of them prints.
_CHANGED = losses(_DISC, _GEN, WITHOUT_DOTS, "Epoch 1/100, |d_loss: 0.3678|, |g_loss: 3.5898")

PRINTED = "dcgan_svhn_steps"  # the chapter of the lines that the original of the DCGAN on SVHN prints
_OF_SVHN = losses(r"D(?:iscriminator)?", r"G(?:enerator)?", DOTS,
                  "Epoch 1/25... |Discriminator Loss: 1.1517|... |Generator Loss: 1.0138")

# Three chapters print the same line, in the words of the book or in those of Keras-GAN.
_WITH_ACCURACY = Chapter(
    columns={"disc_loss": "disc loss", "disc_acc": "disc accuracy", "gen_loss": "gen loss"},
    data_title="MNIST", counted="step", windows=_ITERATIONS, beginning=STEP_BEGINS,
    lines=(Line(pattern(rf"{STEP}D(?:iscriminator)? loss:\s*{FIRST},?\s*acc(?:uracy)?\.?:\s*{NUMBER}\s*%\],?\s*"
                        rf"\[G(?:enerator)? loss:\s*{FIRST}\]"),
                "0 [Discriminator loss: 0.693147, acc.: 50.00%] [Generator loss: 0.693147]",
                lambda disc_loss, accuracy, gen_loss: (disc_loss, _share(accuracy), gen_loss)),
           Line(pattern(rf"{STEP}D loss:\s*\[\s?{NUMBER}[\s,]{{1,9}}{NUMBER}\s{{0,9}}\]\],?\s*\[G loss:\s*{FIRST}\]"),
                "0 [D loss: [0.693147 0.5]] [G loss: 0.693147]")),
    aliases={**_KERAS_TABLE, "acc": "disc_acc"}, convert={"acc": _share_of_column})
# The critics of Keras-GAN. Its Wasserstein GAN prints 1 - loss.
_KERAS_CRITIC = pattern(rf"{STEP}D loss:\s*{NUMBER}\]\s*\[G loss:\s*{NUMBER}\]")

CHAPTERS = {
    "mnist_gan": Chapter(
        columns=_LOSSES, data_title="MNIST",
        windows={"first": (1, 2), "early": (3, 33), "middle": (34, 66), "late": (67, 100),
                 "printed": (71, 100)},
        beginning=EPOCH_BEGINS,
        lines=(*losses(_DISC, _GEN, DOTS, "Epoch 1/100... |Disc Loss: 1.078|... |Gen Loss: 1.361",
                       after=rf"(?!{DOTS}Gen Gradient)"), *_CHANGED),
        aliases={"disc": "disc_loss", "gen": "gen_loss", **_TABLE}),
    "dcgan_svhn": Chapter(
        columns=_LOSSES, data_title="SVHN",
        windows={"first": (1, 2), "early": (3, 10), "late": (11, 25)},
        beginning=EPOCH_BEGINS, repeated=True, steps=PRINTED,
        lines=(*_OF_SVHN, *_CHANGED), aliases={"step": "", "d": "disc_loss", "g": "gen_loss", **_TABLE}),
    PRINTED: Chapter(  # one line after every ten steps
        columns=_LOSSES, data_title="SVHN", counted="step",
        windows={"first": (10, 50), "start": (51, 100), "early": (101, 300), "middle": (301, 5720),
                 "late": (5721, 14_325)},  # the discriminator wins until about step 100, and then it no longer does
        beginning=EPOCH_BEGINS, every=10, unnumbered=True,
        lines=(*_OF_SVHN, *_CHANGED), aliases={"epoch": "", "d": "disc_loss", "g": "gen_loss", **_TABLE},
        file="printed_losses.csv", part_of="dcgan_svhn", stand_in="SVHN subset (8,483 digits)"),
    "semi_supervised": Chapter(
        columns=_ACCURACIES, unit="", bounds=(0, 1), data_title="SVHN",
        windows={"first": (0, 4), "early": (5, 14), "late": (15, 24), "printed": (24, 24)},
        beginning=pattern(r"Classifier train accuracy[\s:',]{0,9}[\d.]"),
        # A warning may come between an epoch and its accuracies.
        lines=(Line(pattern(rf"{EPOCH_WORD}(\d{{1,9}})(?!\d)" + "".join(
            rf"(?:(?!{EPOCH_WORD}\d|Classifier)[\s\S]){{0,1000}}Classifier {which} accuracy[\s:',]{{0,9}}{NUMBER}"
            for which in ("train", "test")) + END),
                    "Epoch 0, Classifier train accuracy: 0.1, Classifier test accuracy 0.1, "
                    "each on a line of its own"),),
        extra=("d_loss", "g_loss"),
        aliases={"train": "train_accuracies", "test": "test_accuracies"}),
    "dcgan_mnist": Chapter(
        columns=_LOSSES, data_title="MNIST", counted="step",
        windows={"first": (1, 6), "start": (7, 100), "early": (101, 234), "late": (11_701, 23_400),
                 "printed": (23_396, 23_400)},
        beginning=re.compile(r">\s?\**\d{1,6}\**(?:/\d{1,6})?,\s*\**\d{1,6}\**\s*/\s*\**\d|"
                             r"(?<!\S)\d{1,6}(?:/\d{1,6})?,\s?\d{1,6}/\d{1,6},\s?d"),
        # Markdown takes the > for the mark of a quotation, and leaves it out.
        lines=(Line(re.compile(r"(?:>\s?|(?<!\S))\**(\d{1,6})\**(?:/\d{1,6})?,\s*\**(\d{1,6})\**\s*/\s*"
                               rf"\**(\d{{1,6}})\**,\s*d=\s*{NUMBER},\s*g=\s*{NUMBER}{END}"),
                    ">1, 1/234, d=0.711, g=0.678"),),
        count=lambda epoch, batch, batches: (int(epoch) - 1) * int(batches) + int(batch),
        aliases={"d": "disc_loss", "g": "gen_loss"}),
    "dcgan_mnist_accuracies": Chapter(  # of 100 real and 100 generated images, every ten epochs
        columns={"real": "accuracy on real images", "fake": "accuracy on generated images"},
        unit="", bounds=(0, 1), data_title="MNIST", windows={"printed": (10, 100)},
        beginning=pattern(r">\s*Accuracy real:"),
        lines=(Line(pattern(r"(?:>\s?\**(\d{1,6})\**(?:/\d{1,6})?,[^>%]*)?>\s*Accuracy real:\s*"
                            rf"{NUMBER}%,\s*fake:\s*{NUMBER}%"),
                    ">Accuracy real: 51%, fake: 78%", lambda real, fake: (_share(real), _share(fake))),),
        count=lambda epoch: int(epoch) if epoch else None, every=10,
        aliases={"d": "real", "g": "fake"}, convert={"d": _share, "g": _share},
        file="accuracies.csv", part_of="dcgan_mnist"),
    "vanilla_gan": _WITH_ACCURACY,
    "conditional_gan": _WITH_ACCURACY,
    "dcgan_upsampling": _WITH_ACCURACY,
    "wasserstein_gan": Chapter(
        columns=_LOSSES, data_title="MNIST", **_CRITIC, counted="step", windows=_ITERATIONS,
        beginning=STEP_BEGINS,
        lines=(Line(pattern(rf"{OWN},\s*estimate:\s*{SKIPPED}\]\s*\[Generator loss:\s*{NUMBER}\]"),
                    "0 [Discriminator loss: 0.000010, estimate: 0.002000] "
                    "[Generator loss: -0.000030]"),
               Line(_KERAS_CRITIC, "0 [D loss: 0.999970] [G loss: 1.000050]",
                    lambda disc_loss, gen_loss: (_one_minus(disc_loss), _one_minus(gen_loss)))),
        extra=("estimate",), aliases=_KERAS_TABLE,
        convert={"d_loss": _one_minus, "g_loss": _one_minus}),
    "wasserstein_gan_gp": Chapter(
        columns=_LOSSES, data_title="MNIST", **_CRITIC, counted="step", windows=_ITERATIONS,
        beginning=STEP_BEGINS,
        lines=(Line(pattern(rf"{OWN},\s*estimate:\s*{SKIPPED},\s*penalty:\s*{SKIPPED}\]\s*"
                            rf"\[Generator loss:\s*{NUMBER}\]"),
                    "0 [Discriminator loss: 8.410000, estimate: 0.300000, penalty: 0.800000] "
                    "[Generator loss: -0.100000]"),
               Line(_KERAS_CRITIC, "0 [D loss: 8.410000] [G loss: -0.100000]")),
        extra=("estimate", "penalty"), aliases=_KERAS_TABLE),
    "dcgan_class": Chapter(
        columns=_LOSSES, data_title="MNIST",
        windows={"first": (1, 2), "early": (3, 20), "middle": (21, 100), "late": (101, 200)},
        beginning=EPOCH_BEGINS, aliases=_TABLE,
        lines=(Line(pattern(BLANK_BETWEEN), "Epoch 1/200... Discriminator Loss: 0.7500 Generator Loss: 1.2000"),
               *_CHANGED)),
    # The other scripts print lines of their own.
    "progressive_gan": Chapter(
        columns=_LOSSES, data_title="", **_CRITIC, windows={"all": (1, 10**6)},
        beginning=pattern(r"(?<!\d)\d{1,12} images, \d+x\d+, alpha"), intervals=True,
        lines=(Line(pattern(rf"(?<!\d)(\d{{1,12}}) images, \d+x\d+, alpha {SKIPPED} "
                            rf"\[Critic loss:\s*{NUMBER}, "
                            rf"estimate:\s*{SKIPPED}, penalty:\s*{SKIPPED}\] "
                            rf"\[Generator loss:\s*{NUMBER}\]"),
                    "8000 images, 4x4, alpha 1.000 [Critic loss: -0.500000, estimate: 0.600000, "
                    "penalty: 0.010000] [Generator loss: 0.200000]"),),
        extra=("estimate", "penalty", "resolution", "alpha")),
    "pix2pix": Chapter(
        columns={**_LOSSES, "l1": "L1"}, data_title="", counted="step",
        windows=_ITERATIONS, beginning=STEP_BEGINS,
        lines=(Line(pattern(rf"{OWN}\]\s*\[Generator loss:\s*{NUMBER}, L1:\s*{NUMBER}\]"),
                    "0 [Discriminator loss: 1.400000] [Generator loss: 0.900000, L1: 0.400000]"),)),
    "cyclegan": Chapter(
        columns={"disc_a": "D of A", "disc_b": "D of B", "gan_ab": "A to B", "gan_ba": "B to A",
                 "cycle_a": "cycle A", "cycle_b": "cycle B"},
        data_title="", unit="",
        windows={"first": (1, 2), "early": (3, 100), "late": (101, 200)},
        beginning=pattern(r"\(epoch: \d+\) disc_a"),
        lines=(Line(pattern(r"\(epoch: (\d+)\) " + " ".join(
            f"{name}: {NUMBER}" for name in ("disc_a", "disc_b", "gan_ab", "gan_ba", "cycle_a", "cycle_b"))),
            "(epoch: 1) disc_a: 0.222 disc_b: 0.228 gan_ab: 0.301 gan_ba: 0.311 cycle_a: 0.821 "
            "cycle_b: 0.897"),),
        extra=("disc_loss", "gen_loss", "identity_a", "identity_b")),
    "mnist_gan_objectives": Chapter(
        columns=_LOSSES, data_title="MNIST", windows={"first": (1, 2), "early": (3, 15)},
        beginning=EPOCH_BEGINS, bounds=(-math.inf, math.inf),  # of the minimax cost
        lines=(Line(pattern(rf"Epoch\s+(\d{{1,9}})\s*/\s*\d+{DOTS}Disc Loss:\s*{NUMBER}{DOTS}Gen Loss:\s*{NUMBER}{DOTS}"
                            rf"Gen Gradient:"),
                    "Epoch 1/15... Disc Loss: 0.357... Gen Loss: 4.066... Gen Gradient: 0.1200... "
                    "D(G(z)): 0.050"),),
        extra=("gen_grad_norm", "disc_prob_fake")),
    "remedies_gan": Chapter(
        columns=_LOSSES, data_title="", windows={"all": (1, 10**6)}, intervals=True,
        beginning=pattern(r"Iteration \d+\.\.\. Disc Loss"),
        lines=(Line(pattern(rf"Iteration (\d+)\.\.\. Disc Loss:\s*{NUMBER}\.\.\. Gen Loss:\s*{NUMBER}{END}"),
                    "Iteration 100... Disc Loss: 1.300... Gen Loss: 0.800"),)),
    "mixture_gan": Chapter(
        columns=_LOSSES, data_title="", windows={"all": (1, 10**6)}, intervals=True,
        beginning=STEP_BEGINS,
        lines=(Line(pattern(rf"{OWN}\]\s*\[Generator loss:\s*{NUMBER}\]\s*\[modes:"),
                    "500 [Discriminator loss: 1.300000] [Generator loss: 0.800000] [modes: 20, "
                    "high quality: 80.0 %, reverse KL: 0.300]"),),
        extra=("modes", "high_quality", "reverse_kl")),
    "stacked_mnist_gan": Chapter(
        columns=_LOSSES, data_title="", windows={"all": (1, 10**6)}, intervals=True,
        beginning=STEP_BEGINS,
        lines=(Line(pattern(rf"{OWN}\]\s*\[Generator loss:\s*{NUMBER}\](?!\s*\[)"),
                    "500 [Discriminator loss: 1.300000] [Generator loss: 0.800000]"),)),
    "salimans_gan": Chapter(
        columns={"labelled_loss": "labelled loss", "unlabelled_loss": "unlabelled loss",
                 **_ACCURACIES},
        data_title="SVHN", windows={"first": (1, 2), "early": (3, 100), "late": (101, 900)},
        beginning=pattern(r"Iteration \d+, (?:time = \w+, )?loss_lab"),
        lines=(Line(pattern(rf"Iteration (\d+), (?:time = \w+, )?loss_lab = {NUMBER}, loss_unl = {NUMBER}, "
                            rf"(?:loss_gen = {SKIPPED}, )?train err = {NUMBER}, test err = {NUMBER}{END}"),
                    "Iteration 1, loss_lab = 2.1000, loss_unl = 0.6000, train err = 0.8000, "
                    "test err = 0.7000",
                    lambda lab, unl, train, test: (lab, unl, 1 - train, 1 - test)),),
        extra=("gen_loss",)),
}
