"""Shares, cycles and coverage of modes, on series with known answers, and the two cities."""

import numpy as np
import pytest

from gan_tf1.data import two_cities
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier_metrics as metrics
from gan_tf1.experiments import collapse_figures
from gan_tf1.training import mode_shares


def of_a(series):
    """Shares of two modes; `series` is the share of the first."""
    return np.stack([series, 1 - np.asarray(series)], axis=1)


STEPS = np.arange(240)
SINE = of_a(0.5 + 0.5 * np.sin(2 * np.pi * STEPS / 24))
SQUARE = of_a((STEPS // 10 % 2).astype(float))
CONSTANT = of_a(np.full(240, 0.5))
ALONE = of_a(np.ones(240))
ONE_SWITCH = of_a((STEPS < 150).astype(float))
NOISE = of_a(np.random.default_rng(0).normal(0.5, 0.08, 240).clip(0, 1))
FLICKER = of_a(np.where(STEPS % 2, 0.95, 0.5))   # it returns, but no other mode comes in between


# --- cycles ---

@pytest.mark.parametrize("shares, switches, returns, period, verdict, cycles", [
    (SINE, 19, 18, 24, "full", True), (SQUARE, 23, 22, 20, "full", True),
    (CONSTANT, 0, 0, np.nan, "none", False), (ALONE, 0, 0, np.nan, "full", False),
    (ONE_SWITCH, 1, 0, np.nan, "full", False), (NOISE, 0, 0, np.nan, "none", False),
    (FLICKER, 0, 0, np.nan, "full", False)])
def test_series_with_known_answers(shares, switches, returns, period, verdict, cycles):
    found = mode_shares.switching(shares)
    assert (found.switches, found.cycles) == (switches, returns)
    assert found.period == pytest.approx(period, nan_ok=True)
    assert mode_shares.verdict(shares) == verdict
    assert mode_shares.cycles(shares) == cycles


def test_hysteresis_a_mode_is_left_only_when_another_has_four_fifths():
    series = [0.9, 0.3, 0.9, 0.21, 0.79, 0.2, 0.5, 0.79, 0.8]
    assert mode_shares.dominant(of_a(series)).tolist() == [0, -1, 0, -1, -1, 1, -1, -1, 0]
    assert mode_shares.switching(of_a(series)) == (2, 1, 8)


def test_a_switch_to_a_third_mode_is_not_a_return():
    modes = np.eye(3)[[0, 1, 2, 0, 2, 0]]
    assert mode_shares.switching(modes)[:2] == (5, 2)   # 2, 0, 2 and 0, 2, 0
    assert mode_shares.switching(modes).period == pytest.approx((3 + 2 + 2) / 3)


def test_the_first_half_of_a_training_does_not_affect_the_verdict():
    learned = np.concatenate([SQUARE[:120], CONSTANT[:120]])
    assert mode_shares.verdict(learned) == "none" and not mode_shares.cycles(learned)
    assert mode_shares.switching(learned).switches == 11
    lost = np.concatenate([CONSTANT[:120], SQUARE[:120]])
    assert mode_shares.verdict(lost) == "full" and mode_shares.cycles(lost)


def test_two_returns_make_a_cycle_but_one_may_be_chance():
    def ending(*turns):
        return np.concatenate([CONSTANT[:50], of_a(np.repeat(turns, 10)),
                               CONSTANT[:50 - 10 * len(turns)]])
    assert not mode_shares.cycles(ending(1., 0., 1.))
    assert mode_shares.cycles(ending(1., 0., 1., 0.))


# --- coverage ---

def test_full_partial_and_no_collapse_of_ten_classes():
    even = np.full((20, 10), 0.1)
    some = np.tile([0.4, 0.3, 0.3] + 7 * [0], (20, 1))
    one = np.tile([0.05, 0.85, 0.1] + 7 * [0], (20, 1))
    assert [mode_shares.verdict(shares) for shares in (even, some, one)] == ["none", "partial", "full"]
    nine = np.tile([0.2] + 8 * [0.1] + [0], (20, 1))
    eight = np.tile([0.2, 0.2] + 6 * [0.1] + [0, 0], (20, 1))
    assert [mode_shares.verdict(shares) for shares in (nine, eight)] == ["none", "partial"]
    assert mode_shares.verdict(np.tile([0.97, 0.03], (20, 1))) == "full"
    assert mode_shares.verdict(np.tile([0.3, 0.03], (20, 1))) == "partial"  # most belong to no mode


def test_a_mode_with_a_tenth_of_an_even_share_is_covered():
    shares = np.array([[0.01] * 2 + [0.00999] + [0.1] * 6 + [0.3], [1] + 9 * [0]])
    assert mode_shares.covered(shares).tolist() == [9, 1]
    assert mode_shares.covered([[0.05, 0.95], [0.049, 0.951], [0., 0.04]]).tolist() == [2, 1, 0]


def test_coverage_agrees_with_the_classifiers_metrics():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(10, 0.1), 300)
    shares = metrics.class_shares(probabilities)[None]
    assert mode_shares.covered(shares) == metrics.classes_covered(probabilities)


def test_near_counts_only_values_within_the_radius():
    values = [[0, 12, -12, 12.1], [30, 18, 15, 100]]
    assert mode_shares.near(values, (0, 30), 12).tolist() == [[0.75, 0], [0, 0.5]]


@pytest.mark.parametrize("call, complaint", [
    (lambda: mode_shares.near([[1, np.nan]], (0,), 1), "must be finite"),
    (lambda: mode_shares.near([1, 2], (0,), 1), "[sets, n]"),
    (lambda: mode_shares.covered([0.5, 0.5]), "[sets, modes]"),
    (lambda: mode_shares.verdict([[0.7, 0.7]]), "sums of at most 1"),
    (lambda: mode_shares.dominant([[-0.1, 0.5]]), "at least 0"),
    (lambda: mode_shares.dominant([[np.nan, 0.5]]), "at least 0")])
def test_invalid_shares_are_refused(call, complaint):
    with pytest.raises(InputError) as error:
        call()
    assert complaint in str(error.value)


# --- the cities ---

def test_the_cities_are_two_normal_modes_with_nothing_in_between():
    data = two_cities.load(seed=1)
    train, celsius = data.train, data.train.celsius[:, 0]
    assert "synthetic" in data.title and train.num_examples == 60_000
    for city, mean in enumerate(two_cities.MEANS):
        own = celsius[train.labels == city]
        assert len(own) == pytest.approx(30_000, rel=0.02)
        assert (own.mean(), own.std()) == (pytest.approx(mean, abs=0.1), pytest.approx(4, rel=0.02))
    assert mode_shares.near(celsius[None], two_cities.MEANS, two_cities.NEAR).sum() > 0.996
    assert train.images.dtype == np.float32 and train.images.shape == (60_000, 1)
    np.testing.assert_allclose(two_cities.celsius(train.images * 2 - 1), train.celsius, atol=1e-5)
    assert np.abs(train.images * 2 - 1).max() < 1  # within the range of tanh


def test_the_cities_are_fixed_by_their_seed():
    first, same, other = (two_cities.load(seed, 500).train for seed in (1, 1, 2))
    assert first.fingerprint() == same.fingerprint() != other.fingerprint()
    assert (first.decode(*first.stored())[0] == first.images).all()


def test_the_middle_of_the_longest_stay_with_each_mode():
    alone = {"a": [1, 0], "b": [0, 1], "-": [0.5, 0.5]}
    series = [alone[letter] for letter in "ab-aaa-bbbbb-a"]
    assert collapse_figures.stays(np.array(series)) == [4, 9]
    assert collapse_figures.stays(np.array(series[2:3])) == []
