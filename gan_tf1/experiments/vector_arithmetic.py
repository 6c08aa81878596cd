"""Vector arithmetic on a generator's latent vectors: concepts, means, trials, intervals.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Vector arithmetic", which tells of Radford et al.
2016 (section 6.3.2), where men, women and glasses are the concepts. Digits have
boldness ::

    z = mean(bold 7) - mean(regular 7) + mean(regular 3)     is G(z) a bold 3?

One latent vector doesn't make a concept, says the section: it takes the mean of
at least three. Of normal noise with deviation 1 the mean of k vectors has
deviation 1 / sqrt(k) in each number, and the sum of three means sqrt(3 / k). At
k = 3 that is the noise which the generator was trained on; of more exemplars,
z is shorter, and what they have in common counts for more.

One picture proves nothing, so there are many trials, each with exemplars of its
own, none used twice, and each with a control: a random vector as long as
mean(bold 7) - mean(regular 7) in its place. A result may be bolder than the 3s
that it came of only because means and sums of latent vectors are drawn otherwise
than latent vectors; what it is bolder than its control is the arithmetic's. The
trials are all but independent draws of one generator: the intervals are about
that one, and another training is another matter.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.errors import InputError
from gan_tf1.evaluation.statistics import LEVEL, mean_interval, share_interval

SURE = 0.9      # probability from which on a reading counts as sure
BOLD = 0.1      # share of a digit's images, the heaviest
REGULAR = 0.2   # share of a digit's images, around the median weight
LEAST = 3       # exemplars, as the section says


class Read(NamedTuple):
    """What is known of n images."""
    digit: np.ndarray    # [n], the likeliest
    sure: np.ndarray     # [n] bool, whether its probability is at least `SURE`
    weight: np.ndarray   # [n], of the strokes, in pixels

    def only(self, chosen):
        """The images that an index array, a mask or a slice chooses."""
        return Read(*(part[chosen] for part in self))


class Trials(NamedTuple):
    """Exemplars by their number among the drawn vectors, each [trials, exemplars]."""
    bold: np.ndarray     # of the first digit
    regular: np.ndarray  # of the first digit
    other: np.ndarray    # of the second digit, regular


def read(probabilities, weight):
    """The `Read` of a classifier's `probabilities` [n, 10] and of `weight` [n]."""
    return Read(probabilities.argmax(axis=1), probabilities.max(axis=1) >= SURE, weight)


def between(images, digit, low, high):
    """Which of `images`, a `Read`, are surely `digit`: from quantile `low` to `high` by weight."""
    own = np.flatnonzero((images.digit == digit) & images.sure)
    by_weight = own[np.argsort(images.weight[own], kind="stable")]
    return by_weight[int(np.ceil(low * len(own))):int(high * len(own))]


def names(first, second):
    """What the three concepts are called."""
    return f"bold {first}s", f"regular {first}s", f"regular {second}s"


def trials(images, first, second, exemplars, limit, rng):
    """Disjoint groups of `exemplars` for each concept, at random: `Trials`, `limit` at most.

    They are chosen among `images`, a `Read`: bold and regular ones of digit `first`, regular ones
    of digit `second`. Raises InputError where a concept has too few images for two trials.
    """
    found = (between(images, first, 1 - BOLD, 1),
             between(images, first, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2),
             between(images, second, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2))
    for name, own in zip(names(first, second), found):
        if len(own) < 2 * exemplars:
            raise InputError(f"of {len(images.digit)} images {len(own)} are {name}, and two trials "
                             f"need {2 * exemplars}: draw more (--samples), or train longer")
    count = min(limit, *(len(own) // exemplars for own in found))
    return Trials(*(rng.permutation(own)[:count * exemplars].reshape(count, exemplars)
                    for own in found))


def means(z, groups):
    """The mean of each group's latent vectors: [trials, Z] of `z` [n, Z]."""
    return z[groups].mean(axis=1)


def as_long(vectors, rng):
    """A vector in a random direction for each of `vectors` [n, Z], of the same length."""
    random = rng.normal(size=vectors.shape)
    return random * (np.linalg.norm(vectors, axis=1) / np.linalg.norm(random, axis=1))[:, None]


def spherical(start, end, steps):
    """`steps` latent vectors from `start` [Z] to `end` [Z] on the great circle: [steps, Z].

    Normal noise of 100 numbers is nearly always about 10 long, and half-way on the straight
    line it would be 7: shorter than what the generator was trained on. The length goes from
    one's to the other's. Raises InputError where a vector is 0, or the two point in opposite
    directions: no circle is the greatest then.
    """
    lengths = np.linalg.norm([start, end], axis=1)
    if not lengths.all():
        raise InputError("a latent vector of length 0 has no direction to start from")
    cosine = np.clip(start @ end / lengths.prod(), -1, 1)
    angle = np.arccos(cosine)
    if np.pi - angle < 1e-6:
        raise InputError("two latent vectors in opposite directions have no one way between them")
    share = np.linspace(0, 1, steps)[:, None]
    if angle < 1e-6:
        return (1 - share) * start + share * end
    direction = (np.sin((1 - share) * angle) * start / lengths[0]
                 + np.sin(share * angle) * end / lengths[1]) / np.sin(angle)
    return direction * ((1 - share) * lengths[0] + share * lengths[1])


class Outcome(NamedTuple):
    """What many trials gave."""
    digits: tuple       # the first and the second
    images: np.ndarray  # [n, 784] in [0, 1], of all latent vectors drawn
    drawn: Read         # of these
    trials: Trials
    result: np.ndarray  # latent vectors [trials, Z]
    found: dict         # name -> images [trials, 784] of means, results and controls
    read: dict          # name -> `Read` of these


def experiment(z, generate, judge, digits, exemplars, limit, rng):
    """The arithmetic on latent vectors `z` [n, Z], trial after trial: its `Outcome`.

    `generate(z)` gives images [n, 784] in [0, 1] of latent vectors, `judge(images)` their `Read`.
    Raises InputError as `trials` does.
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
    """The lines that tell an `Outcome`: a table, how much bolder, and how often still the digit."""
    first, second = outcome.digits
    concepts = zip(names(first, second), outcome.trials)
    rows = {"all drawn": outcome.drawn,
            **{name: outcome.drawn.only(group.ravel()) for name, group in concepts},
            **outcome.read}
    yield f"result: bold {first} - regular {first} + regular {second}, {len(outcome.result)} trials"
    yield f"control: a random vector as long as bold {first} - regular {first}, + regular {second}"
    yield f"in brackets: {LEVEL:.0%} intervals, for this one generator"
    yield ""
    yield from tables.lines(("", "images", "weight in pixels", f"read as {second}"), [
        (name, str(len(images.digit)), "{:.2f} ({:.2f} to {:.2f})".format(*mean_interval(images.weight)),
         "{:.1%} ({:.1%} to {:.1%})".format(*share_interval(images.digit == second)))
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

    share, low, high = share_interval(same)
    chance = np.mean(outcome.drawn.digit == second)
    verdict = ("more than" if low > chance else "less than" if high < chance
               else "not told apart from")
    yield (f"a {second}: {share:.1%} ({low:.1%} to {high:.1%}) of the results, {verdict} the "
           f"{chance:.1%} of all drawn; {np.mean(control.digit == second):.1%} of the controls")


def difference(name, pixels):
    """A line: the mean of `pixels`, one number a trial, and whether it is surely not 0."""
    if len(pixels) < 2:
        return f"  {name}: too few trials"
    mean, low, high = mean_interval(pixels)
    verdict = "bolder" if low > 0 else "lighter" if high < 0 else "undecided"
    return f"  {name}: {mean:+.2f} ({low:+.2f} to {high:+.2f}), {verdict}"
