"""The drawn digits: repeatable, in the layout of MNIST, legible, and with correct labels."""

import numpy as np
import pytest
from scipy import ndimage

from gan_tf1.data import drawn_digits
from gan_tf1.errors import InputError


@pytest.fixture(scope="module")
def digits():
    return drawn_digits.draw(4000, seed=1)


def assert_equal(one, other):
    for name, a, b in zip(one._fields, one, other):
        assert a.dtype == b.dtype and np.array_equal(a, b), name


def lean(images):
    """The slant of each image to the right in degrees, from its second moments."""
    ink = images / 255.0
    mass = ink.sum((1, 2))
    row, column = np.mgrid[:28, :28]
    y = row - ((ink * row).sum((1, 2)) / mass)[:, None, None]
    x = column - ((ink * column).sum((1, 2)) / mass)[:, None, None]
    return np.degrees(np.arctan(-(ink * x * y).sum((1, 2)) / (ink * y * y).sum((1, 2))))


def extent(images, axis):
    """Pixels from the first to the last half-inked row (axis=2) or column (axis=1), inclusive."""
    inked = (images > 127).any(axis)
    return 28 - inked.argmax(1) - inked[:, ::-1].argmax(1)


# --- repeatable ---


def test_the_seed_determines_the_digits():
    once = drawn_digits.draw(50, seed=3)
    assert_equal(once, drawn_digits.draw(50, seed=3))
    other = drawn_digits.draw(50, seed=4)
    assert not np.array_equal(once.labels, other.labels)
    assert (once.images != other.images).any((1, 2)).all()


def test_a_longer_draw_starts_like_a_shorter_one():
    longer = drawn_digits.draw(64, seed=5)
    for count in (1, 10, 33):
        part = drawn_digits.draw(count, seed=5)
        assert_equal(part, drawn_digits.DrawnDigits(*(a[:count] for a in longer)))


def test_the_chunk_size_changes_nothing(monkeypatch):
    whole = drawn_digits.draw(60, seed=6)
    monkeypatch.setattr(drawn_digits, "CHUNK", 7)
    assert_equal(whole, drawn_digits.draw(60, seed=6))


def test_drawing_leaves_numpys_global_random_state_alone():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    drawn_digits.draw(3, seed=0)
    assert np.random.random() == expected


# --- shapes, ranges, labels ---


def test_shapes_types_and_ranges(digits):
    assert digits.images.shape == (4000, 28, 28)
    assert digits.images.dtype == np.uint8
    for name in ("labels", "typeface"):
        assert getattr(digits, name).dtype == np.uint8
    for name in ("weight", "slant"):
        assert getattr(digits, name).dtype == np.float32
    assert all(a.shape == (4000,) for a in digits[1:])
    assert (digits.images.max((1, 2)) > 200).all()  # every digit has a visible stroke
    assert digits.weight.min() >= 1.79 and digits.weight.max() <= 3.41
    assert digits.slant.min() >= -20 and digits.slant.max() <= 30


def test_labels_are_balanced_and_in_random_order(digits):
    assert (np.bincount(digits.labels) == 400).all()
    counts = np.bincount(drawn_digits.draw(37, seed=0).labels, minlength=10)
    assert set(counts) == {3, 4}
    tens = digits.labels.reshape(-1, 10)
    assert len(np.unique(tens, axis=0)) > 390


def test_every_typeface_is_used(digits):
    names = drawn_digits.typefaces()
    assert len(names) >= 15 and list(names) == sorted(names)
    assert "DejaVuSans" in names
    # These have a glyph at the code of each digit, but it is not a digit.
    assert not {"cmex10", "cmsy10", "LastResortHE-Regular"} & set(names)
    assert set(digits.typeface) == set(range(len(names)))


# --- like MNIST, and legible ---


def test_layout_is_like_mnists(digits):
    assert digits.images.mean() / 255 == pytest.approx(0.13, abs=0.02)  # MNIST: 0.1307
    assert (digits.images == 0).mean() == pytest.approx(0.81, abs=0.05)  # MNIST: 0.81
    height, width = extent(digits.images, axis=2), extent(digits.images, axis=1)
    assert np.median(np.maximum(height, width)) == pytest.approx(20, abs=1)
    assert np.percentile(height, 1) >= 14 and height.max() <= 25 and width.max() <= 25
    mass = digits.images.sum((1, 2), dtype=float)
    for axis in (1, 2):
        centre = (digits.images.sum(axis) * np.arange(28)).sum(1) / mass
        assert abs(centre.mean() - 13.5) < 0.25 and centre.std() < 1


def test_nothing_is_cut_at_the_border(digits):
    ring = np.ones((28, 28), bool)
    ring[1:-1, 1:-1] = False
    darkest = digits.images[:, ring].max(1)
    assert (darkest > 0).mean() < 0.02
    assert (darkest > 127).mean() < 0.002


def test_labels_are_those_of_the_digits(digits):
    """A linear map, fitted on drawn digits, recognizes other drawn digits."""
    pixels = np.c_[digits.images.reshape(-1, 784) / 255.0, np.ones(4000)]
    train, test = slice(0, 3000), slice(3000, None)
    one_hot = np.eye(10)[digits.labels]
    gram = pixels[train].T @ pixels[train] + 10 * np.eye(785)
    scores = pixels[test] @ np.linalg.solve(gram, pixels[train].T @ one_hot[train])
    right = scores.argmax(1) == digits.labels[test]
    assert right.mean() > 0.9
    for digit in range(10):
        assert right[digits.labels[test] == digit].mean() > 0.75, digit


def test_digits_have_their_holes(digits):
    """There are no blobs and no broken rings. In a few digits, a tail may touch the bowl."""
    images, labels = digits.images[:1500], digits.labels[:1500]
    holes = np.array([ndimage.label(image < 128)[1] - 1 for image in images])
    for digit, expected in {0: 1, 2: 0, 3: 0, 5: 0, 6: 1, 7: 0, 8: 2, 9: 1}.items():
        least = 0.98 if digit in (0, 8) else 0.75
        assert (holes[labels == digit] == expected).mean() > least, digit
    # Some typefaces have a dot in the zero.
    middle = images[labels == 0][:, 13:15, 13:15].max((1, 2))
    assert (middle < 128).mean() > 0.98


def test_digits_are_neither_mirrored_nor_upside_down(digits):
    """A 2 is open at the upper left and lower right, and a 5 the other way; a 6 has more ink below."""
    mean = [digits.images[digits.labels == digit].mean(0) for digit in range(10)]
    two_less_five = mean[2] - mean[5]
    assert two_less_five[7:14, :14].sum() < 0 < two_less_five[7:14, 14:].sum()
    assert two_less_five[14:21, 14:].sum() < 0 < two_less_five[14:21, :14].sum()
    six_less_nine = mean[6] - mean[9]
    assert six_less_nine[7:14, 14:].sum() < 0 < six_less_nine[14:21, :14].sum()


# --- weight and slant are those of the image ---


def test_a_heavier_weight_has_more_ink(digits):
    ink = digits.images.mean((1, 2))
    for digit in range(10):
        own = digits.labels == digit
        assert np.corrcoef(digits.weight[own], ink[own])[0, 1] > 0.5, digit


def test_weight_is_the_width_of_a_stroke_in_pixels(digits):
    """The ink of a stroke is its length times its width, and a 0 is a single closed stroke."""
    zeros = (digits.labels == 0) & (abs(digits.slant) < 10)
    images = digits.images[zeros]
    height, width = extent(images, axis=2), extent(images, axis=1)
    weight = digits.weight[zeros]
    a, b = (height - weight) / 2, (width - weight) / 2
    length = np.pi * (3 * (a + b) - np.sqrt((3 * a + b) * (a + 3 * b)))  # Ramanujan's ellipse
    measured = images.sum((1, 2)) / 255 / length
    assert np.median(measured / weight) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(measured, weight)[0, 1] > 0.9


def test_a_positive_slant_is_to_the_right(digits):
    seen = lean(digits.images)
    for digit in range(10):
        own = digits.labels == digit
        slope, _ = np.polyfit(digits.slant[own], seen[own], 1)
        assert np.corrcoef(digits.slant[own], seen[own])[0, 1] > 0.75, digit
        assert 0.8 < slope < 1.2, digit


def test_slant_includes_that_of_an_italic_typeface(digits):
    zeros = digits.labels == 0
    excess = lean(digits.images[zeros]) - digits.slant[zeros]
    for index, name in enumerate(drawn_digits.typefaces()):
        own = excess[digits.typeface[zeros] == index]
        assert abs(own.mean()) < 4, name


# --- bad arguments ---


@pytest.mark.parametrize("function", [drawn_digits.draw, drawn_digits.load])
@pytest.mark.parametrize(
    "count, seed, named",
    [(0, 0, "count"), (-5, 0, "count"), (10, -1, "seed"), (2.5, 0, "count"), (10, "0", "seed")],
)
def test_bad_arguments_are_named_in_one_line(function, count, seed, named):
    with pytest.raises(InputError, match=named) as caught:
        function(count, seed)
    assert "\n" not in str(caught.value)
