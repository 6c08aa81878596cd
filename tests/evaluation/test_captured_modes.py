"""Mode coverage of samples whose modes are known, the mixtures themselves, and their figures."""

import numpy as np
import pytest

from gan_tf1.data import mixtures
from gan_tf1.errors import InputError
from gan_tf1.evaluation import mode_coverage, statistics
from gan_tf1.experiments import plane

CORNERS = np.array([[0., 0.], [10., 0.], [0., 10.], [10., 10.]])


# --- counting ---

def test_samples_on_two_of_four_modes():
    samples = np.array([[0., 0.]] * 3 + [[10., 10.]])
    found = mode_coverage.of_points(samples, CORNERS, 1.)
    assert found.modes == 2 and found.high_quality == 1
    # 3/4 log 3 + 1/4 log 1, the shares against 1/4 each.
    assert found.reverse_kl == pytest.approx(0.75 * np.log(3) + 0.25 * np.log(1))


@pytest.mark.parametrize("distance, good", [(0, True), (2.99, True), (3.01, False)])
def test_high_quality_ends_at_three_standard_deviations_in_every_direction(distance, good):
    for angle in (0, 1, 2.5, 4):
        sample = CORNERS[1] + 0.5 * distance * np.array([np.cos(angle), np.sin(angle)])
        found = mode_coverage.of_points(sample[None], CORNERS, 0.5)
        assert (found.high_quality, found.modes) == (good, good)


def test_a_sample_far_from_all_modes_captures_none_but_counts_in_the_histogram():
    samples = np.array([[0., 0.], [0.1, 0.], [6., 0.], [0., 0.2]])
    found = mode_coverage.of_points(samples, CORNERS, 0.1)
    assert (found.modes, found.high_quality) == (1, 0.75)
    assert found.reverse_kl == pytest.approx(0.75 * np.log(3) + 0.25 * np.log(1))


@pytest.mark.parametrize("modes_hit", [1, 2, 5, 10])
def test_reverse_kl_of_an_even_draw_of_some_modes_is_the_log_of_their_share(modes_hit):
    labels = np.repeat(np.arange(modes_hit), 7)
    found = mode_coverage.of_labels(labels, 10)
    assert found.modes == modes_hit and np.isnan(found.high_quality)
    assert found.reverse_kl == pytest.approx(np.log(10 / modes_hit), abs=1e-12)


def test_the_order_of_modes_and_samples_makes_no_difference():
    rng = np.random.default_rng(0)
    samples = rng.normal(5, 4, (200, 2))
    found = mode_coverage.of_points(samples, CORNERS, 1.)
    again = mode_coverage.of_points(samples[::-1], CORNERS[[2, 0, 3, 1]], 1.)
    assert found == pytest.approx(again)


def test_triples_of_digits_are_a_thousand_modes():
    triples = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 0], [1, 2, 3], [9, 9, 9]])
    assert mode_coverage.of_digits(triples).tolist() == [0, 9, 90, 123, 999]
    everything = np.array(np.meshgrid(*3 * [np.arange(10)])).reshape(3, -1).T
    found = mode_coverage.of_labels(mode_coverage.of_digits(everything), 1000)
    assert found.modes == 1000 and found.reverse_kl == pytest.approx(0, abs=1e-12)


def test_divergence_from_uniform_in_closed_form():
    counts = [[5, 5], [1, 0], [0.25, 0.25], [0.6, 0.2]]  # their sum makes no difference
    np.testing.assert_allclose(statistics.kl_to_uniform(counts), [
        0, np.log(2), 0, 0.75 * np.log(1.5) + 0.25 * np.log(0.5)], atol=1e-12)
    assert np.isnan(statistics.kl_to_uniform([[0., 0.]])).all()


def test_mean_and_standard_error():
    assert statistics.mean_and_error([6, 8]) == (7, pytest.approx(np.sqrt(2) / np.sqrt(2)))
    assert statistics.mean_and_error([1, 2, 3, 4])[1] == pytest.approx(np.sqrt(5 / 3) / 2)
    mean, error = statistics.mean_and_error([5])
    assert mean == 5 and np.isnan(error)


@pytest.mark.parametrize("call, complaint", [
    (lambda: mode_coverage.of_points(np.array([[np.nan, 0]]), CORNERS, 1), "not finite in row 0"),
    (lambda: mode_coverage.of_points(np.zeros((0, 2)), CORNERS, 1), r"\[n, columns\] is needed"),
    (lambda: mode_coverage.of_points(np.zeros((3, 3)), CORNERS, 1), "samples of 3 coordinates can't be compared with modes of 2"),
    (lambda: mode_coverage.reverse_kl([], 4), "whole numbers from 0 to 3"),
    (lambda: mode_coverage.reverse_kl([4], 4), "whole numbers from 0 to 3"),
    (lambda: mode_coverage.reverse_kl([-1], 4), "whole numbers from 0 to 3")])
def test_bad_input_is_refused(call, complaint):
    with pytest.raises(InputError, match=complaint):
        call()


# --- the mixtures ---

@pytest.mark.parametrize("choice, count, deviation", [
    ("ring", 8, 0.01), ("wide_ring", 8, 0.1), ("grid", 25, 0.05)])
def test_points_of_a_mixture_are_perfect_samples_of_it(choice, count, deviation):
    mixture = mixtures.load(choice, 20_000, 3)
    assert mixture.deviation == deviation
    [points] = mixture.train.stored()
    assert points.shape == (20_000, 2) and points.dtype == np.float32
    found = mode_coverage.of_points(points, mixture.means, mixture.deviation)
    assert found.modes == count
    assert found.high_quality == pytest.approx(1 - np.exp(-9 / 2), abs=0.003)
    assert found.reverse_kl == pytest.approx((count - 1) / 40_000, abs=0.0008)
    labels, distances = mode_coverage.nearest(points, mixture.means)
    assert np.sqrt((distances**2).mean() / 2) == pytest.approx(deviation, rel=0.02)


def test_the_means_are_those_of_the_paper():
    ring, grid = mixtures.means("ring"), mixtures.means("grid")
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1)
    np.testing.assert_allclose(ring[1], [np.sqrt(0.5), np.sqrt(0.5)])
    assert {tuple(mean) for mean in grid} == {(x, y) for x in (-4, -2, 0, 2, 4)
                                              for y in (-4, -2, 0, 2, 4)}


def test_a_seed_fixes_points_and_order():
    first, again, other = (mixtures.load("grid", 50, seed) for seed in (1, 1, 2))
    assert first.train.fingerprint() == again.train.fingerprint() != other.train.fingerprint()
    [batch], [same] = first.train.next_batch(20), again.train.next_batch(20)
    assert batch.dtype == np.float32 and (batch == same).all()
    place = first.train.state()
    [later] = first.train.next_batch(40)  # a pass ends within
    again.train.restore(place)
    assert (again.train.next_batch(40)[0] == later).all()
    rows = np.concatenate([batch, later[:30]])
    assert {tuple(row) for row in rows} == {tuple(row) for row in first.train.stored()[0]}


def test_an_unknown_mixture_is_refused():
    with pytest.raises(InputError, match="--data square is not known: choose one of ring, grid"):
        mixtures.load("square", 10, 0)


# --- figures ---

def test_the_density_shows_points_where_they_lie():
    from io import BytesIO

    from PIL import Image
    mixture = mixtures.load("grid", 10, 0)
    low, high = plane.window(mixture)
    assert low < -4.3 and high > 4.3
    right_and_up = np.full((50, 2), high - 0.01) - [0, 1e-3]
    picture = np.asarray(Image.open(BytesIO(plane.density_png(right_and_up, mixture))).convert("L"))
    dark = np.argwhere(picture < 128)
    assert dark.tolist() == [[0, picture.shape[1] - 1]]  # the first row is the top


def test_a_figure_has_a_circle_per_mode_and_a_panel_per_set():
    mixture = mixtures.load("ring", 10, 0)
    points = mixture.train.stored()[0]
    figure = plane.panels([[(points, mixture, "a"), (points, mixture, "b")],
                           [(points, mixture, "c")]], "title")
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", ""]
    assert len(figure.axes[0].lines[0].get_xdata()) == 10
    [circles] = figure.axes[0].collections
    assert len(circles.get_offsets()) == 8
    assert circles._widths * 2 == pytest.approx(2 * 3 * 0.01)  # a circle's is halved within
    assert not figure.axes[3].axison


def test_curves_of_modes_are_over_iterations():
    losses = {"epoch": np.array([1., 2.]), "modes": np.array([3., 8.]),
              "high_quality": np.array([0.1, 0.9])}
    left, right = plane.counted_curves(losses, 500, 8, "title").axes
    assert left.lines[0].get_xdata().tolist() == [500, 1000]
    assert left.lines[0].get_ydata().tolist() == [3, 8]
    assert right.lines[0].get_ydata().tolist() == [0.1, 0.9]
