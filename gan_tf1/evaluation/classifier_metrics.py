"""How good are samples, judged by a classifier: pure functions of float64 arrays.

A classifier, here `gan_tf1.evaluation.classifier`, assigns to each image x::

    p(y | x)   class probabilities   [n, K], each row sums to 1
    f(x)       features              [n, F]

Five metrics are computed from these, and the docstring of each function names its source: the
classifier score (the Inception Score with another classifier), the Frechet classifier distance (the
Frechet Inception Distance with another classifier), the number of classes covered, the divergence
of the class distribution from a uniform one, and, if the generator was given labels, the conditional
accuracy. The first two can neither be compared with published Inception figures nor between two
classifiers.

Both depend on the number of samples. `statistics.standard_error` estimates the sampling noise of a
metric by the bootstrap. The bias, however, cannot be seen by repeating a measurement: the distance
between two finite samples of the same distribution is above 0, to first order by a constant times
1/n + 1/m for n samples and m reference images, and the score grows with n for a similar reason.
Therefore compare only metrics of equal numbers of samples, and compare a distance with that of
equally many real images.

The functions of probabilities or features raise InputError if an array is not finite, is empty, or has
another shape than [n, columns].
"""

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.evaluation import statistics
from gan_tf1.wording import quantity

COVERED_SHARE = 0.01  # for ten classes, a tenth of the share that each would have if all were equal


def classifier_score(probabilities) -> float:
    """exp(E_x KL(p(y | x) || p(y))), from 1 to the number of classes K; higher is better.

    Salimans et al. 2016, section 4, who use the Inception network. The score is K if the classifier
    is certain of every sample and all classes are equally frequent. It is 1 if the prediction is the
    same for all samples.
    """
    p = distributions(probabilities)
    return float(np.exp(scipy.stats.entropy(p, p.mean(axis=0, keepdims=True), axis=1).mean()))


def class_shares(probabilities) -> np.ndarray:
    """The share [K] of samples that is assigned to each class, by argmax."""
    p = distributions(probabilities)
    return np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)


def classes_covered(probabilities, share=COVERED_SHARE) -> int:
    """The number of classes to which at least `share` of the samples is assigned, from 0 to K."""
    # Shares are counts divided by n: a rounding error must not decide at the boundary.
    return int((class_shares(probabilities) >= share - 1e-12).sum())


def kl_to_uniform(probabilities) -> float:
    """KL(q || uniform) in nats of the class shares q: 0 if all are equal, log K for a single class."""
    return float(statistics.kl_to_uniform(class_shares(probabilities)))


def matches_label(probabilities, labels) -> np.ndarray:
    """Whether each sample is assigned to its label of `labels` [n]: 1. or 0., float64 [n].

    The mean is the conditional accuracy: the share of samples that show what the generator was asked
    for. An error of the classifier counts against the generator. Raises InputError if there are not
    as many labels as samples.
    """
    p = distributions(probabilities)
    if np.shape(labels) != (len(p),):
        raise InputError(f"{quantity(len(p), 'sample')} must have as many labels, not "
                         f"{list(np.shape(labels))}")
    return (p.argmax(axis=1) == labels).astype(np.float64)


def gaussian(features) -> tuple[np.ndarray, np.ndarray]:
    """The mean [F] and the unbiased covariance [F, F] of features [n, F].

    Raises InputError if there are fewer than two samples.
    """
    features = finite_table(features, "features")
    if len(features) < 2:
        raise InputError("a covariance needs at least 2 samples")
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_distance(mean1, cov1, mean2, cov2) -> float:
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two Gaussians, at least 0.

    Dowson and Landau 1982, equation 4: the squared 2-Wasserstein distance. If the Gaussians are
    fitted to the features of samples and of reference images, it is the Frechet classifier distance
    (Heusel et al. 2017, equation 6, who use the Inception network). Its unit is that of the features,
    squared. With fewer samples than features a covariance is singular. The distance can still be
    computed, but its bias (see above) is large then. Raises InputError if the numbers of features
    differ.

    The trace of (C1 C2)^(1/2) is computed as the sum of the singular values of C1^(1/2) C2^(1/2),
    which are the square roots of the eigenvalues of C1 C2. `scipy.linalg.sqrtm(C1 @ C2)` is
    mathematically the same, but C1 C2 is not symmetric: if it is singular (a feature that is always
    0, or few samples), it need not have a square root, and rounding errors give eigenvalues that
    should be 0 a sign or an imaginary part. Here both square roots are those of symmetric matrices,
    the singular values are real and not negative, and nothing has to be added to the diagonals.
    """
    if mean1.shape != mean2.shape or cov1.shape != cov2.shape:
        raise InputError(f"{len(mean1)} features can't be compared with {len(mean2)}")
    difference = mean1 - mean2
    trace_of_root = scipy.linalg.svdvals(root(cov1) @ root(cov2)).sum()
    distance = difference @ difference + np.trace(cov1) + np.trace(cov2) - 2 * trace_of_root
    return max(0., float(distance))


def root(covariance) -> np.ndarray:
    """The symmetric square root of a covariance [F, F], which may be singular.

    Negative eigenvalues are rounding errors and are set to 0.
    """
    values, vectors = scipy.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def distributions(probabilities) -> np.ndarray:
    """`probabilities` as float64 [n, K]; InputError if a row is not a probability distribution."""
    p = finite_table(probabilities, "probabilities")
    # A softmax in float32 sums to 1 with an error of about 1e-7.
    if (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 1e-4).any():
        raise InputError("probabilities must not be negative, and must sum to 1 in each row")
    return p / p.sum(axis=1, keepdims=True)


def finite_table(values, name) -> np.ndarray:
    """`values` as float64 [n, columns]; InputError with `name` if the shape differs or one is not finite."""
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not values.size:
        raise InputError(f"{name} of shape {list(values.shape)}: [n, columns] is needed, n at "
                         "least 1")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise InputError(f"{name} are not finite in row {row}")
    return values
