"""Tests of many statistics at once: how often they are wrong, and how much they find."""

import numpy as np
import pytest
import scipy

from gan_tf1.published import max_statistic

K = 12  # statistics
MIXED = np.linalg.cholesky(0.7 + 0.3 * np.eye(K))  # of correlations of 0.7


def drawn(kind, rng, count):
    """`count` runs of K correlated statistics, [count, K], whose distribution over seeds is of this `kind`."""
    z = rng.standard_normal((count, K)) @ MIXED.T
    return {"normal": z, "skewed": np.exp(z),
            "heavy-tailed": z / np.sqrt(rng.chisquare(3, (count, 1)) / 3),  # Student's t, 3 degrees
            # One seed in twenty behaves differently, in most statistics together.
            "with outliers": z + 8 * (rng.random((count, 1)) < 0.05) * (np.arange(K) > 2)}[kind]


def flagged(test, runs, seeds, level=0.01):
    cutoffs = test(runs, seeds, level)
    difference, error = max_statistic.differences(runs, seeds)
    np.testing.assert_array_equal(error, cutoffs.error)
    low, high = error * cutoffs.t * cutoffs.sides
    return bool(np.any((difference < -low) | (difference > high) | cutoffs.in_ranks))


def wrong(test, kind, runs, seeds, trials, level=0.01):
    """How many of so many `trials` find a difference between runs and seeds that are alike."""
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(trials):
        every = drawn(kind, rng, runs + seeds)
        found += flagged(test, every[:runs], every[runs:], level)
    return found


# --- one run ---

@pytest.mark.slow  # test_comparison.py tests the same of whole verdicts
def test_one_run_is_wrongly_flagged_in_one_case_in_a_hundred():
    assert wrong(max_statistic.one_run, "normal", 1, 20, 300) <= 9  # 3 expected, standard error 1.7


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["skewed", "heavy-tailed", "with outliers"])
def test_ranks_hold_the_level_whatever_the_distribution_if_there_are_99_seeds(kind):
    # In 100 trials 1 is expected, or with statistics that pass as normal a few more.
    assert wrong(max_statistic.one_run, kind, 1, 99, 100) <= 6


@pytest.mark.slow
def test_few_skewed_seeds_are_wrongly_flagged_more_often_than_asked_for():
    """What the docstring admits, and less often than by Bonferroni's intervals."""
    rng, bonferroni, trials = np.random.default_rng(7), 0, 200
    found = wrong(max_statistic.one_run, "skewed", 1, 20, trials)
    for _ in range(trials):
        every = drawn("skewed", rng, 21)
        difference, error = max_statistic.differences(every[:1], every[1:])
        bonferroni += np.any(np.abs(difference) > error * scipy.stats.t.isf(0.005 / K, 19))
    assert 0.01 * trials < found < 0.8 * bonferroni


def test_seeds_that_are_not_normal_are_found_out_where_they_are():
    rng = np.random.default_rng(1)
    seeds = np.concatenate([rng.standard_normal((40, 3)), np.exp(2 * rng.standard_normal((40, 2))),
                            np.full((40, 1), 0.5)], axis=1)
    assert max_statistic.not_normal(seeds)[-3:].tolist() == [True, True, False]
    cutoffs = max_statistic.one_run(seeds[:1], seeds, 0.01)
    assert cutoffs.contradicted.tolist() == max_statistic.not_normal(seeds).tolist()


def test_a_run_must_be_more_extreme_than_every_seed_where_seeds_are_not_normal():
    rng = np.random.default_rng(2)
    seeds = drawn("with outliers", rng, 60)
    other = max_statistic.not_normal(seeds)
    cutoffs = max_statistic.one_run(seeds[:1], seeds, 0.01)
    assert other.sum() >= 9 and np.ptp(cutoffs.t[other]) == 0
    for row in range(60):
        rest = np.delete(seeds, row, axis=0)
        # The cut-off has one degree of freedom more, which makes it a little smaller.
        assert np.all(np.abs(t_of_its_side(seeds[row], rest))[other] <= 1.05 * cutoffs.t[other])


def spreads_of_both_sides(values):
    """The root mean squares of the distances of values below their mean, and of those above it, [2, k]."""
    away = values - values.mean(axis=0)
    return np.array([[np.sqrt(np.mean(column[column * sign > 0] ** 2)) for column in away.T] for sign in (-1, 1)])


def t_of_its_side(run, seeds):
    """The t statistics [k] of a `run` [k], with the standard errors of the side on which it lies."""
    difference, error = max_statistic.differences(run[None], seeds)
    below, above = spreads_of_both_sides(seeds) / seeds.std(axis=0)
    return difference / error / np.where(difference < 0, below, above)


def test_a_run_below_all_seeds_is_found_though_a_few_seeds_are_far_above_the_others():
    """As with no label smoothing, if some seeds have a bad second epoch."""
    rng = np.random.default_rng(3)
    seeds = rng.normal(0.36, 0.01, (100, K))
    seeds[:4] += rng.uniform(0.1, 0.3, (4, 1))
    low, high = np.full((1, K), 0.1), np.full((1, K), 0.6)
    assert flagged(max_statistic.one_run, low, seeds)
    assert not flagged(max_statistic.one_run, high, seeds)  # no higher than the highest seed, as far as it matters


def test_the_errors_of_both_sides_are_those_of_the_seeds_on_that_side_and_equal_for_normal_ones():
    seeds = drawn("skewed", np.random.default_rng(2), 300)
    cutoffs = max_statistic.one_run(seeds[:1], seeds, 0.01)
    assert cutoffs.contradicted.all()
    np.testing.assert_allclose(cutoffs.sides, spreads_of_both_sides(seeds) / seeds.std(axis=0), rtol=1e-9)
    assert (cutoffs.sides[0] < 0.8).all() and (cutoffs.sides[1] > 1.2).all()
    even = drawn("normal", np.random.default_rng(2), 40)
    cutoffs = max_statistic.one_run(even[:1], even, 0.01)
    assert not cutoffs.contradicted.all() and (cutoffs.sides[:, ~cutoffs.contradicted] == 1).all()


def test_each_seed_is_compared_with_all_others():
    seeds = drawn("skewed", np.random.default_rng(2), 15)
    t, degrees = max_statistic._leave_one_out(seeds)
    for row in (4, 5, int(seeds[:, 0].argmax())):
        np.testing.assert_allclose(t[row], t_of_its_side(seeds[row], np.delete(seeds, row, axis=0)), rtol=1e-9)
    assert degrees == 13


# --- correlated statistics ---

def test_the_joint_level_is_sidaks_for_independent_statistics_and_none_for_equal_ones():
    level = max_statistic.joint_level(np.eye(K), 0.01)
    assert level == pytest.approx(1 - 0.99 ** (1 / K), rel=0.2)
    assert max_statistic.joint_level(np.ones((K, K)), 0.01) == pytest.approx(0.01, rel=0.2)
    between = max_statistic.joint_level(0.9 + 0.1 * np.eye(K), 0.01)
    assert 1.3 * level < between < 0.008


def test_correlations_of_few_seeds_are_shrunk_and_those_of_many_are_not():
    rng = np.random.default_rng(3)
    off = ~np.eye(K, dtype=bool)
    independent = max_statistic.correlation(rng.standard_normal((20, K)))
    assert np.abs(independent[off]).mean() < 0.5 * np.abs(np.corrcoef(rng.standard_normal((20, K)).T)[off]).mean()
    assert max_statistic.correlation(drawn("normal", rng, 2000))[off].mean() == pytest.approx(0.7, abs=0.05)
    constant = max_statistic.correlation(np.ones((20, K)))
    np.testing.assert_array_equal(constant, np.eye(K))


# --- several runs ---

@pytest.mark.parametrize("kind", ["normal", "skewed", "heavy-tailed", "with outliers"])
def test_a_permutation_test_holds_its_level_whatever_the_distribution(kind):
    # At 10 %, which fewer trials can check: 15 of 150 are expected, with a standard error of 3.7.
    found = wrong(max_statistic.permutation, kind, 2, 14, 150, 0.1)
    assert 3 <= found <= 27


def test_the_permutation_test_is_the_textbooks_for_one_statistic():
    """Twice the smaller p-value of the values and of their normal scores; with few choices, of values alone."""
    rng = np.random.default_rng(4)
    runs, seeds = rng.standard_normal((3, 1)) + 1, rng.standard_normal((9, 1))
    scores = scipy.stats.norm.ppf((scipy.stats.rankdata([*runs, *seeds]) - 0.5) / 12)

    def textbook(runs, seeds):
        return scipy.stats.permutation_test((runs, seeds), lambda x, y: abs(x.mean() - y.mean()),
                                            alternative="greater", n_resamples=np.inf).pvalue

    of_values, of_scores = textbook(runs[:, 0], seeds[:, 0]), textbook(scores[:3], scores[3:])
    assert max_statistic.permutation(runs, seeds, 0.05).p_value == pytest.approx(2 * min(of_values, of_scores))
    assert max_statistic.permutation(runs, seeds, 0.005).p_value == pytest.approx(of_values)  # 1.1 of 220 choices


def test_one_run_that_lies_very_far_out_does_not_hide_what_all_runs_have_in_common():
    """Each choice with that run, 3 % of all, has the same large |t|, and so says nothing of the second statistic."""
    rng = np.random.default_rng(11)
    seeds, runs = rng.standard_normal((100, 2)), np.array([[1000., 2.6], [-1., 2.8], [-1.2, 3.]])
    of_values = max_statistic._of_all_choices(np.concatenate([runs, seeds]), 3)
    assert max_statistic._of_the_real(of_values.max(axis=1), 0.01)[0] == pytest.approx(0.02, abs=0.01)
    cutoffs = max_statistic.permutation(runs, seeds, 0.01)
    assert cutoffs.p_value <= 0.01 and cutoffs.in_ranks.tolist() == [False, True]


def test_the_cutoff_and_the_p_value_say_the_same():
    rng = np.random.default_rng(5)
    for shift in np.linspace(0, 2.5, 12):
        for m, n in ((2, 15), (3, 30)):  # all choices, and random ones
            every = drawn("normal", rng, m + n)
            every[:m] += shift
            p_value = max_statistic.permutation(every[:m], every[m:], 0.05).p_value
            assert flagged(max_statistic.permutation, every[:m], every[m:], 0.05) == (p_value <= 0.05)


def test_a_test_is_the_same_every_time():
    every = drawn("heavy-tailed", np.random.default_rng(6), 45)
    for test, m in ((max_statistic.one_run, 1), (max_statistic.permutation, 5)):
        first = test(every[:m], every[m:], 0.01)
        max_statistic._choices.cache_clear(), max_statistic._normals.cache_clear()
        np.testing.assert_array_equal(first.t, test(every[:m], every[m:], 0.01).t)


def test_too_few_runs_and_seeds_can_show_nothing():
    every = drawn("normal", np.random.default_rng(6), 8)
    every[:2] += 100
    cutoffs = max_statistic.permutation(every[:2], every[2:], 0.01)
    assert cutoffs.p_value == pytest.approx(1 / 28) and np.isinf(cutoffs.t).all()
    assert max_statistic.smallest_shift(np.inf, 6) == np.inf
    exact, limit = (max_statistic.smallest_shift(at, 18) / at for at in (999., 1001.))
    assert limit == pytest.approx(exact, rel=1e-4)
    assert np.isfinite(max_statistic.smallest_shift(1e16, 18))


# --- what is found ---

@pytest.mark.parametrize("runs, seeds", [(1, 5), (1, 20), (3, 20)])
def test_the_smallest_shift_is_found_in_four_of_five_cases(runs, seeds):
    rng, trials = np.random.default_rng(8), 20_000
    degrees, cutoff = seeds + runs - 2, scipy.stats.t.isf(0.0005, seeds + runs - 2)
    shift = max_statistic.smallest_shift(cutoff, degrees) * np.sqrt(1 / runs + 1 / seeds)
    difference, error = max_statistic.differences(
        rng.standard_normal((runs, trials)) + shift, rng.standard_normal((seeds, trials)))
    # The standard error of the share is 0.003.
    assert np.mean(np.abs(difference) > cutoff * error) == pytest.approx(0.8, abs=0.015)


def test_a_shift_of_one_statistic_is_found_as_often_as_stated():
    rng, found, trials = np.random.default_rng(9), 0, 200
    for _ in range(trials):
        every = drawn("normal", rng, 23)
        cutoffs = max_statistic.permutation(every[:3], every[3:], 0.01)
        every[:3, 4] += max_statistic.smallest_shift(float(cutoffs.t[4]), cutoffs.degrees) * np.sqrt(
            1 / 3 + 1 / 20)  # the standard deviation of a statistic is 1
        found += flagged(max_statistic.permutation, every[:3], every[3:])
    assert 0.7 * trials < found < 0.95 * trials


def test_a_statistic_in_which_all_seeds_but_one_are_equal_is_not_judged_and_spoils_no_other():
    rng = np.random.default_rng(8)
    seeds = np.stack([rng.normal(size=20), np.ones(20), rng.lognormal(sigma=1.5, size=20)], axis=1)
    seeds[7, 1] = 0.9
    found = max_statistic.one_run(seeds[:1], seeds, 0.01)
    assert found.contradicted.tolist() == [False, True, True]
    assert np.isinf(found.t[1]) and 2 < found.t[0] < 5 and 2 < found.t[2] < 100
    alone = max_statistic.one_run(seeds[:1, 1:2], seeds[:, 1:2], 0.01)
    assert np.isinf(alone.t).all()
