"""Translate images with a trained CycleGAN, and measure what it changes in drawn digits.

A translation between digits drawn with a regular pen and with a bold one should change the weight
of the strokes to that of the other set, and preserve the digit. `stroke.py` measures the weight,
and a classifier reads the digit: before the translation, after it, and after the way back.
"""

import contextlib
from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.config import make
from gan_tf1.data import images, svhn
from gan_tf1.errors import InputError
from gan_tf1.evaluation.statistics import LEVEL, mean_interval, share_with_interval
from gan_tf1.experiments import stroke
from gan_tf1.generators import sample_files
from gan_tf1.models import cyclegan
from gan_tf1.training.run_config import read_config_of
from gan_tf1.wording import percent

DIRECTIONS = ("AtoB", "BtoA")


class Way(NamedTuple):
    """Digits [n, 784] in [0, 1] before and after translation and back again, with their labels."""
    before: np.ndarray
    after: np.ndarray
    back: np.ndarray
    labels: np.ndarray  # [n]


def of_run(path):
    """The `Config` of the CycleGAN in the run directory `path`, and its channels, 1 or 3."""
    stored = read_config_of(cyclegan.CHAPTER, path)
    return (make(cyclegan.Config, stored["settings"]), 3 if len(stored["sample_shape"]) == 4 else 1)


@contextlib.contextmanager
def restored(path):
    """Restore the newest generators in the run directory `path` as `translate(imgs, direction)`.

    `imgs` are uint8 [n, size, size, channels], and `direction` is "AtoB" or "BtoA". The result is
    a list of two such arrays: the images translated, and translated back.
    """
    with sample_files.restored(path, cyclegan) as (sess, gan, _, _):
        def translate(imgs, direction):
            there_and_back = cyclegan.translate(sess, gan, svhn.scaled(imgs), direction)
            return [images.as_bytes(part) for part in there_and_back]

        yield translate


def ways(path, pens, count):
    """Yield a `Way` from A and one from B, for `count` digits of each of the two `unpaired.Pens`.

    Raises InputError if the run wasn't trained on drawn digits in their original size.
    """
    stored = read_config_of(cyclegan.CHAPTER, path)
    if stored["data"] != "drawn" or of_run(path)[0].size != 32:
        raise InputError(f"{path} was trained on {stored['data_title']}, whose pen is unknown, or "
                         "in another size: give a run of --data drawn --load-size 32 --size 32")
    with restored(path) as translate:
        for direction, known in zip(DIRECTIONS, pens):
            before = known.images[:count]
            after, back = map(_without_margin, translate(images.padded(before), direction))
            yield Way(before / 255, after, back, known.labels[:count])


def _without_margin(stack):
    """Crop digits uint8 [n, 32, 32, 1] to [n, 784] in [0, 1]."""
    inner = slice(images.MARGIN, -images.MARGIN)
    return stack[:, inner, inner].reshape(-1, 784) / 255


def report(found, names, classifier):
    """The lines of a report on two `Way`s between the sets called `names`.

    `classifier` is the run directory of the classifier that reads the digits.
    """
    gauge = stroke.gauge()
    stages = [way[:3] for way in found]
    judged = iter(sample_files.judged(classifier, [stage for three in stages for stage in three]))
    weights = [[stroke.weight(gauge, stage) for stage in three] for three in stages]
    right = [[next(judged)[0].argmax(axis=1) == way.labels for _ in three]
             for way, three in zip(found, stages)]
    yield (f"weight: estimated with R^2 {gauge.r_squared:.2f} and an error of {gauge.error:.2f} "
           f"pixels on {gauge.held_out} held-out drawn digits; digits are read by "
           f"{classifier.resolve().name}")
    yield f"in brackets: {percent(LEVEL)} intervals, for these generators"
    yield ""
    yield from tables.lines(("", "images", "weight in pixels", "read as their label"), [
        (name, str(len(hit)), _mean(weight, ".2f"), share_with_interval(hit))
        for (one, other), pens, hits in zip((names, names[::-1]), weights, right)
        for name, weight, hit in zip((one, f"{one} to {other}", f"{one} to {other} to {one}"),
                                     pens, hits)])
    yield ""
    for side, (one, other) in enumerate((names, names[::-1])):
        (before, after, back), (was, stays, comes) = weights[side], right[side]
        aim = weights[1 - side][0].mean() - before.mean()
        yield (f"{one} to {other}: {_mean(after - before, '+.2f')} pixels; the two sets differ by "
               f"{aim:+.2f}")
        yield (f"  of the {was.sum()} digits that were read correctly, {share_with_interval(stays[was])} still "
               f"are, and {share_with_interval(comes[was])} after the way back")
        away, left = (np.abs(part - found[side].before).mean()
                      for part in (found[side].after, found[side].back))
        yield (f"  the way back ends {_mean(back - before, '+.2f')} pixels of weight from the "
               f"start; a pixel's mean error is {left:.3f}, against {away:.3f} after one way")


def _mean(values, form):
    mean, low, high = mean_interval(values)
    return f"{mean:{form}} ({low:{form}} to {high:{form}})"
