"""pix2pix between labels and photographs of facades: ways to train, and how their outputs are judged.

The rows are those of Isola et al. 2016, figures 4 to 6 and tables 1 to 3: which losses, a U-Net or an
encoder-decoder, and how large a patch the discriminator judges. Photographs that were made from
labels are judged as there:

- a segmentation net labels them, and its labels are compared with the labels that they were made from
  (`evaluation/segmentation.py`);
- the distribution of their colours in Lab is compared with that of the true photographs.

Labels that were made from photographs are compared with the true labels directly, each pixel as the
class with the nearest colour.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import facades, images
from gan_tf1.data.svhn import scaled
from gan_tf1.evaluation import pair_metrics, segmentation
from gan_tf1.experiments.seed_scores import Column, Score, Way
from gan_tf1.generators.sample_files import restored
from gan_tf1.models import pix2pix as model
from gan_tf1.training.run_config import read_config

PATCHES = {1: 0, 16: 1, 70: 3}  # pixels of a patch -> --disc-layers
PIXEL, OVERLAPS = "pixel accuracy", ("L", "a", "b")
PERCENT = Column(factor=100)
BARS = {PIXEL: PIXEL, "class IoU": "class IoU",  # metric -> label of its panel
        **{name: f"histogram overlap of {name}" for name in OVERLAPS}}
COLUMNS = {PIXEL: PERCENT._replace(head="per-pixel (%)"),
           "class accuracy": PERCENT._replace(head="per-class (%)"),
           "class IoU": PERCENT._replace(head="class IoU (%)"),
           **{name: Column(".3f", head=f"{name} overlap") for name in OVERLAPS},
           "MAE": Column(".1f", head="MAE (of 255)")}
NOTES = {
    "BtoA": (
        "per-pixel, per-class accuracy and class IoU: a segmentation net, trained on the photographs, "
        "labels the translations; its labels are compared with those that they were made from",
        "L, a, b overlap: intersection of the colour histograms of all translations and of all true "
        "photographs, 1 if they are equal",
        "MAE: mean absolute error of the pixels; mean +- standard deviation over the seeds"),
    "AtoB": (
        "per-pixel, per-class accuracy and class IoU: each pixel of a translation is read as the class "
        "with the nearest colour, and compared with the true label",
        "L, a, b overlap: intersection of the colour histograms of all translations and of all label maps",
        "MAE: mean absolute error of the pixels; mean +- standard deviation over the seeds")}


def ways(size) -> dict[str, Way]:
    """The rows for images of `size` pixels: key -> `Way`.

    A patch of the whole image has as many layers of stride 2 as fit.
    """
    whole = max(layers for layers in range(1, 6) if 4 * 2 ** layers <= size)
    patches = {f"patch-{pixels}": Way(f"L1 + GAN, patches of {pixels}", ("--disc-layers", layers))
               for pixels, layers in PATCHES.items() if pixels != 70}
    return {
        "both": Way("L1 + GAN, patches of 70", ("--disc-layers", PATCHES[70])),
        "l1": Way("L1 alone", ("--gan-weight", 0)),
        "gan": Way("GAN alone", ("--l1-weight", 0)),
        "both-encoder-decoder": Way("L1 + GAN, encoder-decoder", ("--no-skips",)),
        "l1-encoder-decoder": Way("L1 alone, encoder-decoder", ("--gan-weight", 0, "--no-skips")),
        **patches,
        "patch-image": Way("L1 + GAN, the whole image", ("--disc-layers", whole))}


def wide_patches(size) -> list[str]:
    """A sentence for the table if the patches of 70 pixels are larger than images of `size` pixels."""
    return [f"patches of 70 are larger than these images of {size} pixels, so that row and the one of the whole "
            "image differ in the number of layers more than in what the discriminator sees"] if size < 70 else []


class Pairs(NamedTuple):
    """Held-out pairs and the class of each of their pixels."""
    inputs: np.ndarray   # uint8 [n, s, s, 3]
    targets: np.ndarray  # the same
    labels: np.ndarray   # uint8 [n, s, s]


def held_out(folder, size, direction) -> Pairs:
    """The held-out pairs of the facades in `folder`; "BtoA" is from labels to photographs.

    Raises InputError as `facades.load` does.
    """
    photographs, maps, labels = facades.held_out(folder, size)
    return Pairs(*((maps, photographs) if direction == "BtoA" else (photographs, maps)), labels)


def translated(path, inputs) -> np.ndarray:
    """The translations of `inputs` by the newest generator of the run at `path`, uint8 like these.

    The dropout is that of the run's seed.
    """
    rng = seeds.stream(read_config(path)["seed"], seeds.JUDGED)
    with restored(path, model) as (sess, gan, _, _):
        return images.as_bytes(model.translate(sess, gan, scaled(inputs), rng))


class Judged(NamedTuple):
    """Translations and what was measured of them."""
    score: Score
    images: np.ndarray   # uint8 [n, s, s, 3]
    accuracy: np.ndarray  # of each image: the share of its pixels with the right label [n]


def judge(row, seed, outputs, pairs, read) -> Judged:
    """The `Judged` translations `outputs`; `read(images)` is the class of each of their pixels."""
    classes = read(outputs)
    counts = segmentation.confusion(classes, pairs.labels, len(facades.CLASSES))
    values = {**segmentation.scores(counts), **pair_metrics.lab_overlap(outputs, pairs.targets),
              "MAE": float(pair_metrics.absolute_error(outputs, pairs.targets).mean())}
    return Judged(Score(row, seed, values), outputs, (classes == pairs.labels).mean((1, 2)))


def bounds(pairs, read, real) -> list[Judged]:
    """The `Judged` targets, called `real`, and those of the next pair in place of each.

    The first is the bound for translations, the second is what images get that have nothing to do
    with their inputs.
    """
    return [judge(real, None, pairs.targets, pairs, read),
            judge(f"{real} of other facades", None, np.roll(pairs.targets, 1, axis=0), pairs, read)]


def lines_of(judged: Judged, pairs) -> dict[str, Any]:
    """The lines of a row in the figure: input, translation and target."""
    return {"input": pairs.inputs, "translation": judged.images, "target": pairs.targets}
