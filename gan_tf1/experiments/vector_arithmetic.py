"""Vector arithmetic on a generator's latent vectors, in many trials with a control.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Vector arithmetic", which presents Radford et al. 2016 (section 6.3.2). There the concepts
are men, women and glasses; here the concept is the boldness of digits::

    z = mean(bold 7) - mean(regular 7) + mean(regular 3)     is G(z) a bold 3?

The section says that a single latent vector doesn't make a concept, and takes the mean of at least
three. For standard normal noise, each coordinate of the mean of k vectors has the standard
deviation 1 / sqrt(k), and that of the sum of three such means sqrt(3 / k). With k = 3 this is the
noise that the generator was trained on. With more exemplars z is shorter, and what they have in
common counts for more.

One picture proves nothing, so there are many trials. No exemplar is used in two of them. Each trial
has a control, in which a random vector of the same length replaces mean(bold 7) - mean(regular 7).
The control is needed because means and sums of latent vectors are distributed differently from
latent vectors, which alone may make the result bolder. Only the difference between the result and
its control is due to the arithmetic. The trials are nearly independent draws from one generator,
and so the intervals hold for that generator only, not for another training.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.errors import InputError
from gan_tf1.evaluation.statistics import LEVEL, mean_interval, share_interval, share_with_interval
from gan_tf1.wording import percent

SURE = 0.9      # the least probability of a sure reading
BOLD = 0.1      # bold is this share of a digit's images, the heaviest
REGULAR = 0.2   # regular is this share of a digit's images, around the median weight
LEAST = 3       # the least number of exemplars, as the section says


class Read(NamedTuple):
    """The readings of n images."""
    digit: np.ndarray    # [n], the most probable digit
    sure: np.ndarray     # [n] bool, whether its probability is at least `SURE`
    weight: np.ndarray   # [n], the weight of the strokes in pixels

    def only(self, chosen):
        """The readings that an index array, a mask or a slice selects."""
        return Read(*(part[chosen] for part in self))


class Trials(NamedTuple):
    """The exemplars as indices of the drawn vectors, each [trials, exemplars]."""
    bold: np.ndarray     # bold images of the first digit
    regular: np.ndarray  # regular images of the first digit
    other: np.ndarray    # regular images of the second digit


def read(probabilities, weight) -> Read:
    """The `Read` of a classifier's `probabilities` [n, 10] and of `weight` [n]."""
    return Read(probabilities.argmax(axis=1), probabilities.max(axis=1) >= SURE, weight)


def between(images, digit, low, high) -> np.ndarray:
    """The indices of sure readings of `digit` with a weight from quantile `low` to `high`."""
    own = np.flatnonzero((images.digit == digit) & images.sure)
    by_weight = own[np.argsort(images.weight[own], kind="stable")]
    return by_weight[int(np.ceil(low * len(own))):int(high * len(own))]


def names(first, second) -> tuple[str, ...]:
    """The names of the three concepts."""
    return f"bold {first}s", f"regular {first}s", f"regular {second}s"


def trials(images, first, second, exemplars, limit, rng) -> Trials:
    """Draw disjoint groups of `exemplars` for each concept: at most `limit` `Trials`.

    They are chosen among `images`, a `Read`: bold and regular images of the digit `first`, and
    regular ones of `second`. Raises InputError if a concept has too few images for two trials.
    """
    found = (between(images, first, 1 - BOLD, 1),
             between(images, first, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2),
             between(images, second, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2))
    for name, own in zip(names(first, second), found):
        if len(own) < 2 * exemplars:
            raise InputError(f"{len(own)} of {len(images.digit)} images are {name}, but two trials "
                             f"need {2 * exemplars}: draw more (--samples), or train longer")
    count = min(limit, *(len(own) // exemplars for own in found))
    return Trials(*(rng.permutation(own)[:count * exemplars].reshape(count, exemplars)
                    for own in found))


def means(z, groups) -> np.ndarray:
    """The mean latent vector of each group, [trials, Z], from `z` [n, Z]."""
    return z[groups].mean(axis=1)


def as_long(vectors, rng) -> np.ndarray:
    """A vector of the same length in a random direction, for each of `vectors` [n, Z]."""
    random = rng.normal(size=vectors.shape)
    return random * (np.linalg.norm(vectors, axis=1) / np.linalg.norm(random, axis=1))[:, None]


def spherical(start, end, steps) -> np.ndarray:
    """Spherical interpolation: `steps` latent vectors from `start` [Z] to `end` [Z], [steps, Z].

    Normal noise of dimension 100 nearly always has a length of about 10. Half-way on the straight
    line the length would be 7, which the generator never saw in training. On the great circle it
    changes linearly from one length to the other. Raises InputError if a vector is 0, or if the
    two point in opposite directions, since there are then many great circles.
    """
    lengths = np.linalg.norm([start, end], axis=1)
    if not lengths.all():
        raise InputError("a latent vector of length 0 has no direction to start from")
    cosine = np.clip(start @ end / lengths.prod(), -1, 1)
    angle = np.arccos(cosine)
    if np.pi - angle < 1e-6:
        raise InputError("there are many shortest ways between two latent vectors in opposite "
                         "directions")
    share = np.linspace(0, 1, steps)[:, None]
    if angle < 1e-6:
        return (1 - share) * start + share * end
    direction = (np.sin((1 - share) * angle) * start / lengths[0]
                 + np.sin(share * angle) * end / lengths[1]) / np.sin(angle)
    return direction * ((1 - share) * lengths[0] + share * lengths[1])


class Outcome(NamedTuple):
    """The outcome of many trials."""
    digits: tuple       # the first and the second digit
    images: np.ndarray  # [n, 784] in [0, 1], the images of all drawn latent vectors
    drawn: Read         # the readings of `images`
    trials: Trials
    result: np.ndarray  # the resulting latent vectors [trials, Z]
    found: dict         # name -> images [trials, 784] of means, results or controls
    read: dict          # name -> the readings of these images


def experiment(z, generate, judge, digits, exemplars, limit, rng) -> Outcome:
    """Do the arithmetic on latent vectors `z` [n, Z] in at most `limit` trials: an `Outcome`.

    `generate(z)` returns the images [n, 784] in [0, 1] of latent vectors, and `judge(images)`
    their `Read`. Raises InputError if there are too few exemplars, as `trials` does.
    """
    images = generate(z)
    drawn = judge(images)
    chosen = trials(drawn, *digits, exemplars, limit, rng)
    bold, regular, other = (means(z, group) for group in chosen)
    result = bold - regular + other
    control = as_long(bold - regular, rng) + other
    concepts = (f"mean of {name}" for name in names(*digits))
    vectors = dict(zip(concepts, (bold, regular, other)), result=result, control=control)
    generated = generate(np.concatenate(list(vectors.values())))
    judged = judge(generated)
    count = len(result)
    parts = {name: slice(start * count, (start + 1) * count) for start, name in enumerate(vectors)}
    return Outcome(tuple(digits), images, drawn, chosen, result,
                   {name: generated[part] for name, part in parts.items()},
                   {name: judged.only(part) for name, part in parts.items()})


def report(outcome):
    """The lines of a report on an `Outcome`: weights, differences, and how often the digit is kept."""
    first, second = outcome.digits
    concepts = zip(names(first, second), outcome.trials)
    rows = {"all drawn": outcome.drawn,
            **{name: outcome.drawn.only(group.ravel()) for name, group in concepts},
            **outcome.read}
    yield f"result: bold {first} - regular {first} + regular {second}, {len(outcome.result)} trials"
    yield f"control: a random vector as long as bold {first} - regular {first}, + regular {second}"
    yield f"in brackets: {percent(LEVEL)} intervals, for this one generator"
    yield ""
    yield from tables.lines(("", "images", "weight in pixels", f"read as {second}"), [
        (name, str(len(images.digit)), "{:.2f} ({:.2f} to {:.2f})".format(*mean_interval(images.weight)),
         share_with_interval(images.digit == second))
        for name, images in rows.items()])

    name = names(first, second)[2]
    result, control = outcome.read["result"], outcome.read["control"]
    mean, before = outcome.read[f"mean of {name}"], outcome.drawn.weight[outcome.trials.other]
    heavier, same = result.weight - before.mean(axis=1), result.digit == second
    yield "\nheavier, in pixels, the result than"
    yield difference(f"its {name}", heavier)
    yield difference(f"the mean of its {name}", result.weight - mean.weight)
    yield difference("its control", result.weight - control.weight)
    yield difference(f"its {name}, where it is read as a {second}", heavier[same])

    _, low, high = share_interval(same)
    chance = np.mean(outcome.drawn.digit == second)
    verdict = ("more than" if low > chance else "less than" if high < chance
               else "indistinguishable from")
    yield (f"a {second}: {share_with_interval(same)} of the results, {verdict} the {percent(chance, 1)} of all "
           f"drawn; {percent(np.mean(control.digit == second), 1)} of the controls")


def difference(name, pixels) -> str:
    """A line with the mean of `pixels`, one number per trial, and its 95 % interval's verdict."""
    if len(pixels) < 2:
        return f"  {name}: too few trials"
    mean, low, high = mean_interval(pixels)
    verdict = "bolder" if low > 0 else "lighter" if high < 0 else "undecided"
    return f"  {name}: {mean:+.2f} ({low:+.2f} to {high:+.2f}), {verdict}"
