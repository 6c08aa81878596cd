"""Sliced Wasserstein distance and MS-SSIM in cases with a known result."""

import numpy as np
import pytest
from scipy.special import gammaln

from double import float32_rounding
from gan_tf1.errors import InputError
from gan_tf1.evaluation import image_metrics as metrics


def pictures(count=8, size=32, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(size=(count, size, size, channels))


def smooth(count=8, size=32, channels=1, seed=0):
    """Pictures with less detail than noise: each pixel of a 4x4 picture is repeated."""
    blocks = np.random.default_rng(seed).uniform(size=(count, 4, 4, channels))
    return blocks.repeat(size // 4, 1).repeat(size // 4, 2)


# --- sliced Wasserstein distance ---

def test_a_sets_distance_to_itself_is_0():
    points = np.random.default_rng(0).normal(size=(50, 6))
    shuffled = np.random.default_rng(1).permutation(points)
    assert metrics.projected_distance(points, shuffled, np.random.default_rng(2)) < 1e-15


@pytest.mark.parametrize("dimension", [1, 3, 147])
def test_a_shift_is_seen_from_every_direction_by_its_cosine(dimension):
    """E|m u| = |m| Gamma(d/2) / (sqrt(pi) Gamma((d+1)/2)) for a random unit vector u."""
    rng = np.random.default_rng(0)
    points, shift = rng.normal(size=(200, dimension)), rng.normal(size=dimension)
    expected = np.linalg.norm(shift) * np.exp(
        gammaln(dimension / 2) - gammaln((dimension + 1) / 2)) / np.sqrt(np.pi)
    found = metrics.projected_distance(points, points + shift, rng, 4000)
    assert found == pytest.approx(expected, rel=0.03)


def test_of_two_gaussians_of_different_width_it_is_the_widths_difference():
    """Quantiles a q and b q: |a - b| E|q|, and E|q| of a normal is sqrt(2 / pi)."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20_000, 5)), rng.normal(0, 1.5, (20_000, 5))
    found = metrics.projected_distance(a, b, rng)
    assert found == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.05)


def test_the_pyramid_adds_up_to_the_image_and_has_one_level_per_octave():
    images = pictures(2, 64)
    pyramid = metrics.laplacian_pyramid(images)
    assert [level.shape[1] for level in pyramid] == [64, 32, 16]
    rebuilt = pyramid[-1]
    for band in reversed(pyramid[:-1]):
        larger = np.zeros_like(band)
        larger[:, ::2, ::2] = 4 * rebuilt
        rebuilt = band + metrics._blurred(larger)
    np.testing.assert_allclose(rebuilt, images, atol=1e-12)


def test_a_flat_image_is_all_in_the_coarsest_level():
    fine, coarse = metrics.laplacian_pyramid(np.full((1, 32, 32, 1), 0.3))
    np.testing.assert_allclose(fine, 0, atol=1e-15)
    np.testing.assert_allclose(coarse, 0.3, atol=1e-15)


def test_patches_lie_within_their_image_and_each_channel_is_normalized():
    images = pictures(5, 16) * [1, 5, 0] + [3, 0, 0.5]
    images[:, :, :, 0] += np.arange(5)[:, None, None] * 100  # which image a patch is of
    found = metrics.patches(images, np.random.default_rng(0))
    assert found.shape == (5 * 128, 3 * 49)
    red, green, blue = found.reshape(-1, 3, 49).transpose(1, 0, 2)
    for channel in (red, green):
        assert channel.mean() == pytest.approx(0, abs=1e-12)
        assert channel.std() == pytest.approx(1)
    assert (blue == 0).all()
    assert np.ptp(red, axis=1).max() < 0.02  # no patch reaches over two images
    np.testing.assert_array_equal(np.rint((red[:, 0] - red.min()) / np.ptp(red) * 4),
                                  np.arange(5).repeat(128))


def test_patches_are_drawn_at_every_place():
    grid = np.arange(8 * 8, dtype=float).reshape(1, 8, 8, 1)
    found = metrics.patches(grid, np.random.default_rng(0))
    assert len(np.unique(found, axis=0)) == 4  # 2 x 2 places of 7 pixels in 8


def test_distances_grow_with_what_is_wrong():
    rng = np.random.default_rng(0)
    real, same = smooth(64, seed=1), smooth(64, seed=2)
    noisy = same + rng.normal(0, 0.1, same.shape)
    repeated = same[:2].repeat(32, 0)  # only two different pictures

    def distance(images):
        found = metrics.sliced_wasserstein(images, real, np.random.default_rng(3))
        assert list(found) == [32, 16]
        return np.mean(list(found.values()))

    assert 1.5 * distance(same) < min(distance(noisy), distance(repeated))


def test_the_same_rng_gives_the_same_distance():
    a, b = pictures(4), pictures(4, seed=1)
    found = [metrics.sliced_wasserstein(a, b, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert found[0] == found[1] != found[2]


# --- MS-SSIM ---

# TensorFlow computes in float32. A variance is the difference of two means of squares, of at most 1
# and rounded, and is divided by sums that are at least 9e-4.
APART = float32_rounding(2, 1 / 9e-4)


def test_an_image_is_like_itself():
    np.testing.assert_allclose(metrics.ms_ssim(pictures(), pictures()), 1, rtol=0, atol=APART)


def test_of_flat_images_only_luminance_differs():
    """(2 a b + C1) / (a^2 + b^2 + C1), by hand: 0.6001 / 1.0001 for 0.1 and 0.3."""
    a, b = np.full((1, 16, 16, 1), 0.1), np.full((1, 16, 16, 1), 0.3)
    expected = (2 * 0.03 + 1e-4) / (0.01 + 0.09 + 1e-4)
    assert metrics.ms_ssim(a, b)[0] == pytest.approx(expected, abs=APART)


def similarity(a, b):
    """SSIM of images a, b [s, s] and SSIM without luminance, window by window as in the paper."""
    places = np.arange(-5, 6)
    window = np.exp(-(places[:, None] ** 2 + places ** 2) / (2 * 1.5 ** 2))
    window /= window.sum()
    a, b = (np.lib.stride_tricks.sliding_window_view(image, (11, 11)) for image in (a, b))
    mean_a, mean_b = ((window * x).sum((2, 3), keepdims=True) for x in (a, b))
    var_a, var_b, covariance = ((window * x).sum((2, 3)) for x in (
        (a - mean_a) ** 2, (b - mean_b) ** 2, (a - mean_a) * (b - mean_b)))
    mean_a, mean_b = mean_a[..., 0, 0], mean_b[..., 0, 0]
    structure = (2 * covariance + 9e-4) / (var_a + var_b + 9e-4)
    luminance = (2 * mean_a * mean_b + 1e-4) / (mean_a ** 2 + mean_b ** 2 + 1e-4)
    return (luminance * structure).mean(), structure.mean()


@pytest.mark.parametrize("size, weights", [
    (16, [1]), (32, [0.0448, 0.2856]), (64, [0.0448, 0.2856, 0.3001])])
def test_it_is_the_papers_formula_with_as_many_scales_as_fit(size, weights):
    a = smooth(2, size, 3)
    b = np.clip(a + np.random.default_rng(1).normal(0, 0.1, a.shape), 0, 1)
    found = metrics.ms_ssim(a, b)
    for image, other, value in zip(a, b, found):
        of_channels = []
        for x, y in zip(np.moveaxis(image, 2, 0), np.moveaxis(other, 2, 0)):
            product = 1
            for number, weight in enumerate(weights):
                whole, structure = similarity(x, y)
                last = number == len(weights) - 1
                product *= (whole if last else structure) ** (weight / sum(weights))
                x, y = (z.reshape(len(z) // 2, 2, -1, 2).mean((1, 3)) for z in (x, y))
            of_channels.append(product)
        assert value == pytest.approx(np.mean(of_channels), abs=APART)


def test_pairs_beyond_a_batch_are_compared_too(monkeypatch):
    a, b = smooth(7, 16), smooth(7, 16, seed=1)
    whole = metrics.ms_ssim(a, b)
    monkeypatch.setattr(metrics, "BATCH", 3)
    assert whole.shape == (7,) and whole.dtype == np.float64
    np.testing.assert_allclose(metrics.ms_ssim(a, b), whole, rtol=0, atol=APART)


def test_it_falls_with_noise_and_is_never_below_0():
    image = smooth(4)
    noise = np.random.default_rng(1).normal(size=image.shape)
    found = [metrics.ms_ssim(image, image + level * noise).mean() for level in (0, 0.02, 0.1, 0.5)]
    assert found[0] == pytest.approx(1, abs=APART) and (np.diff(found) < 0).all() and found[-1] < 0.7
    assert (metrics.ms_ssim(image, 1 - image) >= 0).all()


def test_variety_is_of_pairs_of_one_set():
    image = smooth(1)
    assert metrics.variety(image.repeat(6, 0)) == pytest.approx(1, abs=APART)
    several = smooth(6)
    expected = metrics.ms_ssim(several[:3], several[3:]).mean()
    assert metrics.variety(several) == pytest.approx(expected) and expected < 0.7
    assert metrics.variety(smooth(7)) == metrics.variety(smooth(7)[:6])


# --- what can't be judged ---

@pytest.mark.parametrize("call, complaint", [
    (lambda: metrics.ms_ssim(pictures(2, 8), pictures(2, 8)), "8 pixels are smaller than the window of 11"),
    (lambda: metrics.ms_ssim(pictures(2), pictures(3)), "can't be compared"),
    (lambda: metrics.sliced_wasserstein(pictures(2), pictures(3), None), "equal numbers"),
    (lambda: metrics.sliced_wasserstein(pictures(2, 8), pictures(2, 8), None), "at least 16"),
    (lambda: metrics.ms_ssim(*2 * [np.zeros((2, 24, 24, 1))]), "a power of two"),
    (lambda: metrics.ms_ssim(*2 * [np.zeros((2, 32, 16, 1))]), "a power of two"),
    (lambda: metrics.ms_ssim(*2 * [np.zeros((2, 784))]), "a power of two"),
    (lambda: metrics.variety(np.full((2, 32, 32), np.nan)), "not finite"),
    (lambda: metrics.variety(np.zeros((1, 32, 32))), "at least 2 images"),
])
def test_what_cannot_be_judged_is_named(call, complaint):
    with pytest.raises(InputError, match=complaint):
        call()
