"""How good samples are, by what a classifier says of them: pure functions of float64 arrays.

A classifier (here `gan_tf1.evaluation.classifier`) gives each image x its
class probabilities and its features::

    p(y | x)   probabilities   [n, K], rows that sum to 1
    f(x)       features        [n, F]

Five numbers, each with its source at its function: the classifier score (the
Inception Score, of another classifier), the Frechet classifier distance (the
Frechet Inception Distance, likewise), the classes covered, the divergence of
the classes from a uniform draw, and, where samples were asked to be of a class,
the share that is read as such. Neither of the first two is comparable with
published Inception figures, nor between two classifiers.

Sampling noise: `statistics.standard_error` is the spread of a number over bootstrap
resamples of the samples. Bias is another matter, and no repetition shows it:
the distance between two finite draws of one and the same distribution is above
0, in first order by a constant times 1/n + 1/m for n samples and m reference
images, and the score grows with n for a like reason. So compare numbers of
equal sample sizes only, and read a distance against that of real images of the
same number.

Raises InputError throughout where an array is not finite, empty, or no
[n, columns].
"""

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError

COVERED_SHARE = 0.01  # a tenth of a uniform draw's, for ten classes


def classifier_score(probabilities):
    """exp(E_x KL(p(y | x) || p(y))), from 1 to the number of classes K; higher is better.

    Salimans et al. 2016, section 4, there with the Inception network. It is K for
    samples that are each surely of one class, with all classes equally often,
    and 1 where no sample tells anything about its class, or all say the same.
    """
    p = distributions(probabilities)
    marginal = p.mean(axis=0)
    return float(np.exp(_sum_p_log_ratio(p, marginal).mean()))


def class_shares(probabilities):
    """The share [K] of the samples of which each class is the likeliest, by argmax."""
    p = distributions(probabilities)
    return np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)


def classes_covered(probabilities, share=COVERED_SHARE):
    """How many classes have at least `share` of the samples, from 1 to K.

    1 and not 0, as long as `share` is at most 1/K.
    """
    # Shares are counts over n: a rounding error must not decide at the boundary.
    return int((class_shares(probabilities) >= share - 1e-12).sum())


def kl_to_uniform(probabilities):
    """KL(q || uniform) in nats of the class shares q: 0 if all are equal, log K for one class."""
    q = class_shares(probabilities)
    return float(_sum_p_log_ratio(q, np.full(len(q), 1 / len(q))))


def read_back(probabilities, labels):
    """Of each sample 1. where its likeliest class is its label of `labels` [n], else 0.: [n].

    Their mean is the share of the samples that are what they were asked to be. A
    sample that the classifier reads wrongly counts against the generator.
    """
    p = distributions(probabilities)
    if np.shape(labels) != (len(p),):
        raise InputError(f"{len(p)} samples need as many labels, not {list(np.shape(labels))}")
    return (p.argmax(axis=1) == labels).astype(np.float64)


def gaussian(features):
    """Mean [F] and unbiased covariance [F, F] of features [n, F]; InputError below two samples."""
    features = finite_table(features, "features")
    if len(features) < 2:
        raise InputError("a covariance needs at least 2 samples")
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def frechet_distance(mean1, cov1, mean2, cov2):
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)), not below 0, of two Gaussians.

    Dowson and Landau 1982, equation 4: the squared 2-Wasserstein distance. Of
    Gaussians fitted to the features of samples and of reference images it is the
    Frechet classifier distance: Heusel et al. 2017, equation 6, there with the
    Inception network's features. It is in the features' own units, squared. With
    fewer samples than features a covariance is singular, which is no obstacle,
    but the bias (see above) is then large. Raises InputError if the numbers of
    features differ.

    The trace of (C1 C2)^(1/2) is taken as the sum of the singular values of
    C1^(1/2) C2^(1/2), which are the square roots of the eigenvalues of C1 C2.
    `scipy.linalg.sqrtm(C1 @ C2)` is the same on paper, but C1 C2 isn't symmetric:
    where it is singular (a feature that never fires, few samples) it needs no
    square root, and rounding gives eigenvalues that should be 0 a sign or an
    imaginary part. Here both roots are of symmetric matrices, singular values
    are real and not negative, and nothing has to be added to the diagonals.
    """
    if mean1.shape != mean2.shape or cov1.shape != cov2.shape:
        raise InputError(f"{len(mean1)} features can't be compared with {len(mean2)}")
    difference = mean1 - mean2
    trace_of_root = scipy.linalg.svdvals(root(cov1) @ root(cov2)).sum()
    distance = difference @ difference + np.trace(cov1) + np.trace(cov2) - 2 * trace_of_root
    return max(0., float(distance))


def root(covariance):
    """The symmetric square root of a covariance [F, F], which may be singular.

    Eigenvalues below 0 are rounding's, and count as 0.
    """
    values, vectors = scipy.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def distributions(probabilities):
    """`probabilities` as float64 [n, K]; InputError where a row is no distribution."""
    p = finite_table(probabilities, "probabilities")
    # float32 of a softmax misses 1 by 1e-7 or so.
    if (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 1e-4).any():
        raise InputError("probabilities must not be negative, and must sum to 1 in each row")
    return p / p.sum(axis=1, keepdims=True)


def finite_table(values, name):
    """`values` as float64 [n, columns]; InputError, with `name`, where it is none or not finite."""
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or not values.size:
        raise InputError(f"{name} of shape {list(values.shape)}: [n, columns] is needed, n at "
                         "least 1")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise InputError(f"{name} are not finite in row {row}")
    return values


def _sum_p_log_ratio(p, q):
    """sum p log(p / q) over the last axis, in nats; 0 log 0 is 0. `q` is 0 only where `p` is."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=-1)
