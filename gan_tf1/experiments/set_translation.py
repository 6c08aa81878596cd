"""CycleGAN between two sets of photographs: ways to train, and how the translations are judged.

Zhu et al. 2017 judge horses and zebras by eye, and compare losses on other data (their tables 4 and
5). Here a classifier that was trained to tell the two sets apart says whether a translated image
belongs to the set that it was translated to, and whether it belongs to its own set again after the
way back; and the Frechet distance in its features compares the translations with real images of
that set. `translation.py` measures drawn digits in other ways, since more is known about them.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1.evaluation import classifier_metrics as metrics, pair_metrics
from gan_tf1.experiments import translation
from gan_tf1.experiments.seed_scores import Column, Score, Way

DRAWN_BY = 5  # the seed of the choice of as many test images of each set
TAKEN = "taken for the target"
COLUMNS = {TAKEN: Column(factor=100, head="taken for the target set (%)"),
           "back": Column(factor=100, head="translated back, taken for its own set (%)"),
           "distance": Column(".2f", head="distance to the target set"),
           "changed": Column(head="changed by"),
           "cycle error": Column(), "identity error": Column()}
NOTES = (
    "taken for: the share of the held-out images that the classifier takes for images of a set",
    "distance: the Frechet distance, in the features of the classifier, to the training images of the "
    "set that is translated to; all rows have equally many images, and with few of them it is too large",
    "without cycle and identity loss: to be compared with the row without the identity loss",
    "changed by, cycle error, identity error: the mean absolute difference, of 255, between an image and "
    "its translation, between it and its translation there and back, and between an image of the target "
    "set and its translation to that set; mean +- standard deviation over the seeds")


WAYS = {
    "cyclegan": Way("CycleGAN with identity loss and pool"),
    "no-identity": Way("without the identity loss", ("--identity-weight", 0)),
    # The identity loss is weighted by lambda too, so without the cycle loss there is none, as in the authors' code.
    # Its own weight of 0 leaves out the networks that would compute it.
    "no-cycle": Way("without cycle and identity loss", ("--cycle-weight", 0, "--identity-weight", 0)),
    "no-pool": Way("without a pool", ("--pool-size", 0))}


class Judge(NamedTuple):
    """The classifier, and what translations in one direction are compared with."""
    judge: Any         # images uint8 [n, s, s, 3] -> (probabilities [n, 2], features [n, F])
    target: int        # the number of the set that is translated to: 0 for A, 1 for B
    reference: tuple   # mean and covariance of the features of its training images


class Judged(NamedTuple):
    """Translations in one direction and what was measured of them."""
    score: Score
    stacks: dict        # "image", "translation", "and back" -> uint8 [n, s, s, 3]
    confidence: Any     # of each translation: the probability of the set that it was translated to [n]


def judges(judge, sets) -> dict[str, Judge]:
    """The `Judge` of each direction; `sets` are the training images of A and of B, uint8."""
    references = [metrics.gaussian(judge(images)[1]) for images in sets]
    return {direction: Judge(judge, target, references[target])
            for direction, target in zip(translation.DIRECTIONS, (1, 0))}


def of_images(row, judge, images) -> Score:
    """The `Score` of `images` as they are, real ones of one of the two sets."""
    probabilities, features = judge.judge(images)
    return Score(row, None, {
        TAKEN: float((probabilities.argmax(axis=1) == judge.target).mean()),
        "distance": metrics.frechet_distance(*metrics.gaussian(features), *judge.reference)})


def of_run(row, seed, path, judges_, tests) -> list[Judged]:
    """The `Judged` translations from A to B and from B to A of the run at `path`.

    `tests` are the held-out images of A and of B, uint8 [n, s, s, 3], equally many of each.
    """
    with translation.restored(path) as translate:
        found = {direction: [translate(images, direction) for images in tests]
                 for direction in translation.DIRECTIONS}
    judged = []
    for direction, judge in judges_.items():
        own = tests[1 - judge.target]
        (there, back), (same, _) = (found[direction][side] for side in (1 - judge.target, judge.target))
        score = of_images(f"{row} {direction}", judge, there)
        cycled = judge.judge(back)[0].argmax(axis=1)
        judged.append(Judged(
            score._replace(seed=seed, values={
                **score.values, "back": float((cycled != judge.target).mean()),
                "changed": _difference(there, own), "cycle error": _difference(back, own),
                "identity error": _difference(same, tests[judge.target])}),
            {"image": own, "translation": there, "and back": back},
            judge.judge(there)[0][:, judge.target]))
    return judged


def bounds(judges_, tests) -> list[Score]:
    """Of each direction: the images as they are, not translated, and real images of the target set."""
    return [score for direction, judge in judges_.items() for score in (
        of_images(f"as they are {direction}", judge, tests[1 - judge.target]),
        of_images(f"real images of the target set {direction}", judge, tests[judge.target]))]


def unseen(tests, training) -> list[np.ndarray]:
    """The held-out images `tests` of each set without those that are also among its `training` images.

    The authors' horses have such an image. All arrays are uint8 [n, s, s, 3].
    """
    seen = [{image.tobytes() for image in images} for images in training]
    return [images[[image.tobytes() not in known for image in images]] for images, known in zip(tests, seen)]


def equally_many(tests) -> list[np.ndarray]:
    """As many images of each of the two `tests` as the smaller one has, drawn at random, in their order."""
    count, rng = min(map(len, tests)), np.random.default_rng(DRAWN_BY)
    return [images[np.sort(rng.permutation(len(images))[:count])] for images in tests]


def row_names(sets) -> dict[str, str]:
    """The names of the rows in tables; `sets` are the names of A and B, such as "horse" and "zebra"."""
    a, b = sets
    where = {"AtoB": f"{a} to {b}", "BtoA": f"{b} to {a}"}
    named = {**{row: way.name for row, way in WAYS.items()}, "as they are": "not translated",
             "real images of the target set": "real images of the target set"}
    return {f"{row} {direction}": f"{where[direction]}: {name}"
            for direction in where for row, name in named.items()}


def _difference(images, others):
    return float(pair_metrics.absolute_error(images, others).mean())
