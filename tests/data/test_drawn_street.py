"""The drawn street numbers: repeatable, varied, and with correct labels."""

import numpy as np
import pytest
from scipy import ndimage

from gan_tf1.data import drawn_street
from gan_tf1.errors import InputError


@pytest.fixture(scope="module")
def street():
    return drawn_street.draw(4000, seed=1)


def assert_equal(one, other):
    for name, a, b in zip(one._fields, one, other):
        assert a.dtype == b.dtype and np.array_equal(a, b), name


# --- repeatable ---


def test_the_seed_determines_the_pictures():
    once = drawn_street.draw(50, seed=3)
    assert_equal(once, drawn_street.draw(50, seed=3))
    other = drawn_street.draw(50, seed=4)
    assert not np.array_equal(once.labels, other.labels)
    assert (once.images != other.images).any((1, 2, 3)).all()


def test_a_longer_draw_starts_like_a_shorter_one_and_chunks_change_nothing(monkeypatch):
    longer = drawn_street.draw(64, seed=5)
    monkeypatch.setattr(drawn_street, "CHUNK", 7)
    for count in (1, 10, 33, 64):
        part = drawn_street.draw(count, seed=5)
        assert_equal(part, drawn_street.DrawnStreet(*(a[:count] for a in longer)))


def test_drawing_leaves_numpys_global_random_state_alone():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    drawn_street.draw(3, seed=0)
    assert np.random.random() == expected


# --- what is drawn ---


def test_shapes_types_and_ranges(street):
    assert street.images.shape == (4000, 32, 32, 3) and street.images.dtype == np.uint8
    assert street.labels.shape == (4000,) and street.labels.dtype == np.uint8
    assert street.images.min() == 0 and street.images.max() == 255
    counts = np.bincount(street.labels)
    assert len(counts) == 10 and counts.min() > 320 and counts.max() < 480  # 400 +- 19 expected


def test_no_two_pictures_are_alike(street):
    assert len(np.unique(street.images.reshape(4000, -1), axis=0)) == 4000


def test_contrast_brightness_colour_and_sharpness_vary(street):
    images = street.images / 255
    contrast = images.mean(3).std((1, 2))
    assert np.percentile(contrast, 5) < 0.08 and np.percentile(contrast, 95) > 0.2
    brightness = images.mean((1, 2, 3))
    assert np.percentile(brightness, 5) < 0.3 and np.percentile(brightness, 95) > 0.7
    red_less_blue = (images[..., 0] - images[..., 2]).mean((1, 2))
    assert np.percentile(red_less_blue, 10) < -0.05 and np.percentile(red_less_blue, 90) > 0.05
    roughness = np.abs(np.diff(images, axis=1)).mean((1, 2, 3)) / contrast
    assert np.percentile(roughness, 95) > 2 * np.percentile(roughness, 5)


def test_a_lower_jpeg_quality_loses_more_of_a_picture(street):
    pictures = street.images[:50].repeat(4, 0)
    found = drawn_street._compressed(pictures, np.tile([97, 80, 65, 20], 50))
    assert found.dtype == np.uint8 and found.shape == pictures.shape
    errors = ((found - pictures.astype(float)) ** 2).mean((1, 2, 3)).reshape(50, 4)
    assert (np.diff(errors.mean(0)) > 0).all() and errors.max() < 255 ** 2 / 10


def paint_and_ground(street):
    """Grey pictures of ones, the grey level of the paint in the middle, and that of the ground beside it."""
    grey = street.images[street.labels == 1].mean(3) / 255
    beside = np.r_[8:11, 21:24]
    return grey, grey[:, 10:22, 14:18].mean((1, 2)), grey[:, 10:22, beside].mean((1, 2))


def test_digits_are_light_on_dark_as_often_as_dark_on_light(street):
    _, paint, ground = paint_and_ground(street)
    assert 0.4 < (paint > ground).mean() < 0.6
    assert np.percentile(paint - ground, 10) < -0.1 and np.percentile(paint - ground, 90) > 0.1


@pytest.mark.parametrize("side", [slice(0, 4), slice(28, 32)], ids=["left", "right"])
def test_many_digits_have_neighbours_that_are_cut_off_and_some_have_none(street, side):
    grey, paint, ground = paint_and_ground(street)
    clear = abs(paint - ground) > 0.15
    share = (grey - ground[:, None, None]) / (paint - ground)[:, None, None]  # 1 is paint
    painted = (share[clear, 10:22, side] > 0.5).mean((1, 2)) > 0.15
    assert 0.3 < painted.mean() < 0.65


def features(images):
    """How strong edges of each direction are in each cell of the picture, [N, 8 * 8 * 4 + 1]."""
    grey = images.mean(3)
    grey = (grey - grey.mean((1, 2), keepdims=True)) / (grey.std((1, 2), keepdims=True) + 1)
    smooth = ndimage.gaussian_filter(grey, 1.0, axes=(1, 2))
    dy, dx = np.gradient(smooth, axis=(1, 2))
    # The angle is doubled, so that light on dark has the same direction as dark on light.
    size, angle = np.hypot(dx, dy), 2 * np.arctan2(dy, dx)
    turns = np.arange(4) * np.pi / 2
    maps = size[..., None] * np.maximum(0, np.cos(angle[..., None] - turns))
    cells = maps.reshape(len(images), 8, 4, 8, 4, 4).mean((2, 4)).reshape(len(images), -1)
    return np.c_[np.sqrt(cells), np.ones(len(images))]


def test_labels_are_those_of_the_digits_in_the_middle(street):
    """A linear map of edge directions, fitted on some pictures, recognizes others far above chance."""
    x, one_hot = features(street.images), np.eye(10)[street.labels]
    train, test = slice(0, 3200), slice(3200, None)
    gram = x[train].T @ x[train] + np.eye(x.shape[1])
    scores = x[test] @ np.linalg.solve(gram, x[train].T @ one_hot[train])
    right = scores.argmax(1) == street.labels[test]
    assert right.mean() > 0.5
    for digit in range(10):
        assert right[street.labels[test] == digit].mean() > 0.3, digit


def test_pixels_alone_do_not_reveal_the_digit(street):
    """The task is hard enough: a linear map of the pixels stays near chance."""
    x = np.c_[street.images.reshape(4000, -1)[:, ::3] / 255 - 0.5, np.ones(4000)]
    one_hot = np.eye(10)[street.labels]
    train, test = slice(0, 3200), slice(3200, None)
    gram = x[train].T @ x[train] + 100 * np.eye(x.shape[1])
    scores = x[test] @ np.linalg.solve(gram, x[train].T @ one_hot[train])
    assert (scores.argmax(1) == street.labels[test]).mean() < 0.35


# --- bad arguments ---


@pytest.mark.parametrize("function", [drawn_street.draw, drawn_street.load])
@pytest.mark.parametrize(
    "count, seed, named",
    [(0, 0, "count"), (-5, 0, "count"), (10, -1, "seed"), (2.5, 0, "count"), (10, "0", "seed")],
)
def test_bad_arguments_are_named_in_one_line(function, count, seed, named):
    with pytest.raises(InputError, match=named) as caught:
        function(count, seed)
    assert "\n" not in str(caught.value)
