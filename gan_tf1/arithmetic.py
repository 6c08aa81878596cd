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
own: none is used twice, and the trials are independent draws of one and the same
generator. Its intervals are about that generator; another training is another
matter.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from gan_tf1.errors import InputError

SURE = 0.9      # probability from which on a reading counts as sure
BOLD = 0.1      # share of a digit's images, the heaviest
REGULAR = 0.2   # share of a digit's images, around the median weight
LEVEL = 0.95    # of all intervals
LEAST = 3       # exemplars, as the section says


class Read(NamedTuple):
    """What is known of n images."""
    digit: np.ndarray    # [n], the likeliest
    sure: np.ndarray     # [n] bool, whether its probability is at least `SURE`
    weight: np.ndarray   # [n], of the strokes, in pixels

    def only(self, chosen):
        """The images with these numbers, an index array or a mask."""
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
    """Which images are surely `digit`, and from quantile `low` to `high` of these by weight."""
    own = np.flatnonzero((images.digit == digit) & images.sure)
    by_weight = own[np.argsort(images.weight[own], kind="stable")]
    return by_weight[int(np.ceil(low * len(own))):int(high * len(own))]


def trials(images, first, second, exemplars, limit, rng):
    """Disjoint groups of `exemplars` for each concept, at random: `Trials`, `limit` at most.

    Raises InputError where a concept has too few images for two trials.
    """
    found = {f"bold {first}": between(images, first, 1 - BOLD, 1),
             f"regular {first}": between(images, first, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2),
             f"regular {second}": between(images, second, 0.5 - REGULAR / 2, 0.5 + REGULAR / 2)}
    for name, own in found.items():
        if len(own) < 2 * exemplars:
            raise InputError(f"of {len(images.digit)} images {len(own)} are a {name}, and two "
                             f"trials need {2 * exemplars}: draw more (--n), or train longer")
    count = min(limit, *(len(own) // exemplars for own in found.values()))
    return Trials(*(rng.permutation(own)[:count * exemplars].reshape(count, exemplars)
                    for own in found.values()))


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


def mean_interval(values):
    """Mean of `values` [n], and Student's interval: `(mean, low, high)`."""
    half = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values)
    return float(np.mean(values)), float(np.mean(values) - half), float(np.mean(values) + half)


def share_interval(hits):
    """Share of `hits` [n] bool, and the exact interval of Clopper and Pearson: `(share, low, high)`."""
    exact = stats.binomtest(int(np.sum(hits)), len(hits)).proportion_ci(LEVEL, "exact")
    return float(np.mean(hits)), float(exact.low), float(exact.high)
