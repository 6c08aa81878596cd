"""The metrics by a classifier: against closed forms and bounds, and for degenerate sets."""

import numpy as np
import pytest
from scipy import linalg

from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier_metrics as metrics, statistics


def one_hot(classes, count=10):
    return np.eye(count)[np.asarray(classes)]


def covariance(rng, size, rank=None):
    """A random covariance [size, size], of rank `rank`, or of full rank without it."""
    factor = rng.normal(size=(size, rank or 2 * size))
    return factor @ factor.T / factor.shape[1]


def with_moments(rng, mean, cov, count):
    """`count` vectors that have exactly this sample mean and this unbiased covariance."""
    x = rng.normal(size=(count, len(mean)))
    x -= x.mean(axis=0)
    whitening = np.linalg.inv(np.linalg.cholesky(np.cov(x.T)))
    return x @ whitening.T @ np.linalg.cholesky(cov).T + mean


# --- the Frechet distance ---

def test_distance_of_gaussians_with_one_covariance_is_that_of_their_means():
    rng = np.random.default_rng(0)
    cov = covariance(rng, 5)
    mean = rng.normal(size=5)
    distance = metrics.frechet_distance(mean, cov, mean + [3, 0, 4, 0, 0], cov)
    assert distance == pytest.approx(25, rel=1e-12)


def test_distance_of_scaled_covariances():
    """Tr(C + s^2 C - 2 s C) = (s - 1)^2 Tr C."""
    cov = covariance(np.random.default_rng(1), 6)
    mean = np.zeros(6)
    for scale in (0.0, 0.5, 1.0, 3.0):
        assert metrics.frechet_distance(mean, cov, mean, scale**2 * cov) == pytest.approx(
            (scale - 1) ** 2 * np.trace(cov), abs=1e-12)


def test_distance_of_commuting_covariances():
    """With the same eigenvectors: the squared differences of the standard deviations, summed."""
    rng = np.random.default_rng(2)
    vectors, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    first, second = np.array([1.0, 2.0, 3.0, 0.0]), np.array([2.0, 2.0, 0.5, 0.25])
    cov1, cov2 = (vectors @ np.diag(deviations**2) @ vectors.T for deviations in (first, second))
    mean = rng.normal(size=4)
    assert metrics.frechet_distance(mean, cov1, mean, cov2) == pytest.approx(
        ((first - second) ** 2).sum(), abs=1e-7)  # 7.3125, a root of rounding's 1e-16 away


def test_distance_of_covariances_that_do_not_commute():
    """Covariances of two dimensions, by hand: Tr (C1 C2)^(1/2) = sqrt(Tr C1 C2 + 2 sqrt(det C1 C2))."""
    cov1, cov2 = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 4.0]])
    expected = 4 + 5 - 2 * np.sqrt(10 + 2 * np.sqrt(12))
    mean = np.zeros(2)
    assert metrics.frechet_distance(mean, cov1, mean, cov2) == pytest.approx(expected, rel=1e-12)
    assert expected == pytest.approx(0.7712204, abs=1e-7)


def test_distance_equals_the_formula_with_scipys_square_root():
    rng = np.random.default_rng(3)
    mean1, mean2 = rng.normal(size=(2, 12))
    cov1, cov2 = covariance(rng, 12), covariance(rng, 12)
    expected = ((mean1 - mean2) ** 2).sum() + np.trace(
        cov1 + cov2 - 2 * linalg.sqrtm(cov1 @ cov2).real)
    assert metrics.frechet_distance(mean1, cov1, mean2, cov2) == pytest.approx(expected, rel=1e-10)
    assert metrics.frechet_distance(mean2, cov2, mean1, cov1) == pytest.approx(expected, rel=1e-10)


def test_distance_of_singular_covariances():
    """Ranks 3 and 4 of 64: the same as in a space of 7 dimensions that holds both."""
    rng = np.random.default_rng(4)
    factor1, factor2 = rng.normal(size=(64, 3)), rng.normal(size=(64, 4))
    basis, _ = np.linalg.qr(np.hstack([factor1, factor2]))
    cov1, cov2 = factor1 @ factor1.T, factor2 @ factor2.T
    small1, small2 = (basis.T @ cov @ basis for cov in (cov1, cov2))
    # The trace of the root is the nuclear norm of F1' F2, where C = F F'.
    expected = np.trace(small1 + small2) - 2 * np.linalg.svd(factor1.T @ factor2)[1].sum()
    mean = np.zeros(64)
    assert metrics.frechet_distance(mean, cov1, mean, cov2) == pytest.approx(expected, abs=1e-5)
    assert metrics.frechet_distance(mean, cov1, mean, cov1) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_distance(mean, cov1, mean, 0 * cov2) == pytest.approx(np.trace(cov1))


def distance(features, reference):
    return metrics.frechet_distance(*metrics.gaussian(features), *metrics.gaussian(reference))


def test_distance_of_features_is_that_of_their_gaussians():
    rng = np.random.default_rng(5)
    cov = covariance(rng, 4)
    features = with_moments(rng, np.zeros(4), cov, 50)
    reference = with_moments(rng, np.array([0.0, 1.0, 2.0, 2.0]), 4 * cov, 70)
    assert distance(features, reference) == pytest.approx(
        9 + np.trace(cov), rel=1e-10)
    np.testing.assert_allclose(metrics.gaussian(features)[1], np.cov(features.T), rtol=1e-12)


def test_identical_sets_are_at_distance_zero():
    rng = np.random.default_rng(6)
    for count in (2, 10, 500):  # fewer samples than features too
        features = rng.normal(size=(count, 64)).astype(np.float32)
        assert 0 <= distance(features, features[::-1]) < 1e-9


def test_larger_samples_of_one_distribution_are_closer():
    """The bias of which the docstring warns is approximately proportional to 1/n."""
    rng = np.random.default_rng(7)

    def mean_distance(count):
        return np.mean([distance(*rng.normal(size=(2, count, 8)))
                        for _ in range(20)])

    assert mean_distance(200) / mean_distance(2000) == pytest.approx(10, rel=0.3)


# --- score, classes, divergence ---

def test_score_of_certain_and_evenly_spread_samples_is_the_number_of_classes():
    assert metrics.classifier_score(one_hot(np.arange(50) % 10)) == pytest.approx(10, rel=1e-12)
    assert metrics.classifier_score(one_hot([0, 1, 2, 2, 1, 0], 3)) == pytest.approx(3, rel=1e-12)


def test_score_is_one_if_all_predictions_are_equal():
    for same in (np.full((7, 10), 0.1), one_hot([4] * 7), np.tile([0.2, 0.5, 0.3], (7, 1))):
        assert metrics.classifier_score(same) == pytest.approx(1, rel=1e-12)


def test_score_of_two_samples_by_hand():
    p = [[0.5, 0.5], [1.0, 0.0]]  # p(y) = 3/4, 1/4
    kl = (0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25) + np.log(1 / 0.75)) / 2
    assert metrics.classifier_score(p) == pytest.approx(np.exp(kl), rel=1e-12)
    assert np.exp(kl) == pytest.approx(1.2408065)


def test_score_stays_within_its_bounds():
    rng = np.random.default_rng(8)
    for sharpness in (0.01, 1, 100, 10_000):
        logits = sharpness * rng.normal(size=(200, 10))
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
        assert 1 <= metrics.classifier_score(p) <= 10


def test_a_class_is_covered_if_it_has_at_least_the_stated_share():
    classes = [0] * 980 + [1] * 10 + [2] * 9 + [3]
    assert metrics.classes_covered(one_hot(classes)) == 2
    assert metrics.classes_covered(one_hot(classes), share=0.009) == 3
    assert metrics.classes_covered(one_hot(classes), share=0.0011) == 3
    assert metrics.classes_covered(one_hot(classes), share=0.001) == 4
    assert metrics.classes_covered(one_hot([7] * 5)) == 1
    np.testing.assert_allclose(metrics.class_shares(one_hot(classes))[:4],
                               [0.98, 0.01, 0.009, 0.001])


def test_divergence_from_uniform():
    assert metrics.kl_to_uniform(one_hot(np.arange(30) % 10)) == pytest.approx(0, abs=1e-15)
    assert metrics.kl_to_uniform(one_hot([3] * 9)) == pytest.approx(np.log(10), rel=1e-12)
    # Half of the classes, all as often: log 2.
    assert metrics.kl_to_uniform(one_hot(np.arange(30) % 5)) == pytest.approx(np.log(2), rel=1e-12)
    # By argmax: how sure the classifier is plays no part.
    unsure = 0.9 * np.full((30, 10), 0.1) + 0.1 * one_hot(np.arange(30) % 5)
    assert metrics.kl_to_uniform(unsure) == pytest.approx(np.log(2), rel=1e-12)


def test_samples_match_a_label_if_it_is_their_likeliest_class():
    p = np.array([[0.5, 0.4, 0.1], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1]], np.float32)
    assert metrics.matches_label(p, np.array([0, 2, 1, 1], np.uint8)).tolist() == [1, 1, 1, 0]
    assert metrics.matches_label(one_hot([3, 4]), [4, 3]).tolist() == [0, 0]


# --- confidence ---

def test_standard_error_of_a_mean_is_that_of_the_textbook():
    samples = np.random.default_rng(9).normal(size=(400, 1))
    error = statistics.standard_error(np.mean, samples, np.random.default_rng(0))
    assert error == pytest.approx(samples.std() / 20, rel=0.2)
    assert error == statistics.standard_error(np.mean, samples, np.random.default_rng(0))


def test_standard_error_of_a_distance_is_its_spread_over_new_samples():
    rng = np.random.default_rng(10)
    reference = np.zeros(8), np.eye(8)

    def distance(features):
        return metrics.frechet_distance(*metrics.gaussian(features), *reference)

    def draw():
        return 1.5 * rng.normal(size=(500, 8)) + 0.5

    repeated = np.std([distance(draw()) for _ in range(100)], ddof=1)
    assert statistics.standard_error(distance, draw(), rng) == pytest.approx(repeated, rel=0.3)


def test_standard_error_of_samples_that_are_all_the_same_is_zero():
    p = one_hot([6] * 20)
    for metric in (metrics.classifier_score, metrics.classes_covered, metrics.kl_to_uniform):
        assert statistics.standard_error(metric, p, np.random.default_rng(0), draws=10) < 1e-12


# --- sets that degenerate, and bad input ---

def test_a_single_repeated_image_is_far_from_a_varied_set():
    rng = np.random.default_rng(11)
    reference = rng.normal(size=(300, 16))
    same = np.tile(reference.mean(axis=0), (300, 1))
    assert distance(same, reference) == pytest.approx(
        np.trace(np.cov(reference.T)), rel=1e-9)


@pytest.mark.parametrize("call, complaint", [
    (lambda: metrics.classifier_score([[0.5, np.nan]]), "probabilities are not finite in row 0"),
    (lambda: metrics.gaussian([[0.0], [np.inf]]), "features are not finite in row 1"),
    (lambda: metrics.classifier_score(np.zeros((0, 10))), r"shape \[0, 10\]"),
    (lambda: metrics.kl_to_uniform([0.5, 0.5]), r"shape \[2\]"),
    (lambda: metrics.classifier_score([[0.5, 0.4]]), "sum to 1"),
    (lambda: metrics.classes_covered([[1.5, -0.5]]), "must not be negative"),
    (lambda: distance(np.ones((1, 4)), np.ones((5, 4))),
     "at least 2 samples"),
    (lambda: distance(np.ones((5, 4)), np.ones((5, 3))),
     "4 features can't be compared with 3"),
    (lambda: metrics.matches_label(one_hot([1, 2, 3]), [1, 2]),
     r"3 samples must have as many labels, not \[2\]"),
])
def test_bad_input_is_one_line(call, complaint):
    with pytest.raises(InputError, match=complaint) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_results_are_plain_numbers_for_any_float_type():
    p = one_hot(np.arange(20) % 10).astype(np.float32)
    features = np.random.default_rng(12).normal(size=(20, 3)).astype(np.float32)
    assert type(metrics.classifier_score(p)) is float
    assert type(metrics.classes_covered(p)) is int
    assert type(metrics.kl_to_uniform(p)) is float
    assert type(distance(features, features + 1)) is float
    assert distance(features, features + 1) == pytest.approx(3, rel=1e-6)
