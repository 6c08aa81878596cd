"""The theory of the objectives, in cases with a known closed form, and its figures."""

import warnings

import numpy as np
import pytest
import scipy
from scipy.special import expit

import double
from conftest import load_script, values
from double import assert_same, same
from gan_tf1.experiments import objectives, theory
from gan_tf1.models import gan_1d, two_gaussians
from gan_tf1.models.mnist_gan_objectives import OBJECTIVES
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_results
from gpu_kernels import between, without_gpu_kernel

LOG_4 = np.log(4)


@pytest.fixture(autouse=True)
def quadrature_that_converges():
    with warnings.catch_warnings():
        warnings.simplefilter("error", scipy.integrate.IntegrationWarning)
        yield


def normal(mean, std=1.):
    return scipy.stats.norm(mean, std)


# --- the value and the divergences ---

def test_the_value_of_equal_distributions_is_minus_log_4_and_of_disjoint_ones_0():
    for data, gen, expected in ((normal(1, 2), normal(1, 2), -LOG_4),
                                (normal(0), normal(40), 0),
                                (scipy.stats.uniform(0, 1), scipy.stats.uniform(0, 1), -LOG_4)):
        at_best = objectives.value(objectives.optimal_logit(data, gen), data, gen)
        assert at_best == pytest.approx(expected, abs=1e-10)
        assert 2 * objectives.jensen_shannon(data, gen) - LOG_4 == pytest.approx(at_best, abs=1e-10)


def test_the_value_at_the_optimal_discriminator_is_2_jsd_minus_log_4_and_the_maximum():
    data, gen = normal(0.5, 0.8), normal(-1, 1.5)
    best = objectives.optimal_logit(data, gen)
    highest = objectives.value(best, data, gen)
    assert highest == pytest.approx(2 * objectives.jensen_shannon(data, gen) - LOG_4, abs=1e-9)
    # To second order, the value falls by half the integral of (p + q) D (1 - D) error^2.
    for error in (lambda x: 0.01, lambda x: 0.01 * x):
        lost = objectives.expectation(lambda x: expit(-best(x)) * error(x) ** 2, data, gen) / 2
        other = objectives.value(lambda x: best(x) + error(x), data, gen)
        assert highest - other == pytest.approx(lost, rel=0.02) and lost > 1e-6
    assert objectives.value(lambda x: 0., data, gen) == pytest.approx(-LOG_4)  # D = 1/2


def test_quadrature_finds_a_narrow_peak_in_a_wide_range():
    narrow = normal(3, 1e-4)
    assert objectives.expectation(lambda x: x**2, narrow, normal(0), normal(100)) == (
        pytest.approx(9 + 1e-8, rel=1e-12))


def test_divergences_of_gaussians_in_closed_form():
    (m, s), (n, t) = (0.5, 0.8), (-1, 1.5)
    expected = np.log(t / s) + (s**2 + (m - n)**2) / (2 * t**2) - 1 / 2
    assert objectives.kullback_leibler(normal(m, s), normal(n, t)) == pytest.approx(expected)
    assert objectives.jensen_shannon(normal(0), normal(50)) == pytest.approx(np.log(2))
    assert objectives.jensen_shannon(normal(m, s), normal(n, t)) == pytest.approx(
        objectives.jensen_shannon(normal(n, t), normal(m, s)))


def test_each_objective_descends_on_its_divergence():
    """The costs' slopes are those of 2 JSD, KL(q, p) - 2 JSD, and KL(p, q); KL is s^2 / 2."""
    shifts = np.array([0, 1, 6])
    table = objectives.divergences(shifts)
    np.testing.assert_allclose(table["value"], table["bound"], atol=1e-9)
    for kl in ("kl_data_gen", "kl_gen_data"):
        np.testing.assert_allclose(table[kl], shifts**2 / 2, atol=1e-9)

    def twice_jsd(shift):
        return 2 * objectives.jensen_shannon(normal(0), normal(shift))

    rises = np.array([(twice_jsd(s + 1e-3) - twice_jsd(s - 1e-3)) / 2e-3 for s in shifts])
    np.testing.assert_allclose(table["minimax_slope"], rises, atol=1e-6)
    np.testing.assert_allclose(table["non_saturating_slope"], shifts - rises, atol=1e-6)
    np.testing.assert_allclose(table["maximum_likelihood_slope"], shifts, atol=1e-9)
    assert table["minimax_slope"][-1] < 0.02 < 5 < table["non_saturating_slope"][-1]


# --- the generator's costs ---

def test_costs_and_their_gradients_equal_the_closed_forms():
    d = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])
    expected = {  # the cost, its derivative by D, and by the logit; d logit / dD = 1 / (D (1 - D))
        "minimax": (np.log(1 - d), -1 / (1 - d), -d),
        "non_saturating": (-np.log(d), -1 / d, d - 1),
        "maximum_likelihood": (-d / (1 - d), -1 / (1 - d)**2, -d / (1 - d))}
    found = objectives.generator_costs(d)
    assert set(found) == set(expected) == set(OBJECTIVES)
    for name, costs in found.items():
        for field, value, closed in zip(costs._fields, costs, expected[name]):
            np.testing.assert_allclose(value, closed, rtol=1e-9, err_msg=f"{name} {field}")
        np.testing.assert_allclose(objectives.slope(name, np.log(d / (1 - d))), costs.by_logit,
                                   rtol=1e-9)


# --- the generator's density ---

EDGES = np.linspace(-4, 4, 81)
MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2


@pytest.mark.parametrize("mean, scale", [(0, 1), (0.7, -0.5)])
def test_the_density_of_a_linear_generator_is_a_gaussian(mean, scale):
    noise, share = objectives.noise_cells(4000)
    found = objectives.density(mean + scale * noise, share, EDGES)
    exact = np.diff(normal(mean, abs(scale)).cdf(EDGES)) / 0.1
    np.testing.assert_allclose(found, exact, atol=2e-3)
    assert found.sum() * 0.1 == pytest.approx(1, abs=2e-3)


def test_both_branches_count_if_the_generator_folds():
    """The square of normal noise is chi-squared with one degree of freedom."""
    noise, share = objectives.noise_cells(20_000)
    found = objectives.density(noise**2, share, EDGES)
    exact = np.diff(scipy.stats.chi2(1).cdf(EDGES)) / 0.1
    np.testing.assert_allclose(found, exact, atol=0.01)
    assert exact.max() > 2 and not found[:40].any()


def test_noise_cells_have_equal_probability():
    noise, share = objectives.noise_cells(50)
    np.testing.assert_allclose(np.diff(scipy.stats.norm.cdf(noise)), 1 / 50, rtol=2e-4)
    assert share == 1 / 50 and np.isfinite(noise).all()


def test_distance_of_a_discriminator_from_the_optimal_one():
    p, q, width = normal(0).pdf(MIDDLES), normal(1).pdf(MIDDLES), 0.1
    best = np.log(p / q)
    exact = objectives.deviation(best, p, q, width)
    assert exact.largest < 1e-12 and exact.mean < 1e-12
    assert exact.value == pytest.approx(exact.best_value)
    assert exact.best_value == pytest.approx(
        2 * objectives.jensen_shannon(normal(0), normal(1)) - LOG_4, abs=2e-3)
    # D = 1/2 everywhere: cells that see too few numbers don't count, so the maximum is smaller.
    half = objectives.deviation(0 * best, p, q, width)
    apart = np.abs(expit(best) - 0.5)
    few = p + q < 0.05 * (p + q).max()
    assert half.largest == pytest.approx(apart[~few].max()) and half.largest < apart.max()
    assert half.mean == pytest.approx(((p + q) * apart).sum() / (p + q).sum())
    assert half.value == pytest.approx(-LOG_4, abs=2e-3) and half.value < half.best_value


# --- the GAN on the line ---

SMALL = gan_1d.Config(batch_size=128, converging_steps=400, iterations=60)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of the small GAN on the line."""
    with new_graph(seed=1).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            gan = gan_1d.build(SMALL)
        sess.run(tf.global_variables_initializer())
        yield sess, gan, values(sess)


@pytest.fixture
def line(session):
    return session


def test_the_networks_and_their_losses_equal_numpy(line):
    sess, gan = line
    weights = values(sess)

    def network(x, scope, layers):
        for number in range(layers):
            end = f"_{number}" if number else ""
            x = np.tanh(x) if number else x
            x = x @ weights[f"{scope}/dense{end}/kernel"] + weights[f"{scope}/dense{end}/bias"]
        return x

    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 9, 1))
    fake = z + network(z, "generator", 2)
    assert_same(gan_1d.generate(sess, gan, z[:, 0]), fake[:, 0])
    assert_same(gan_1d.discriminate(sess, gan, x[:, 0]), network(x, "discriminator", 3)[:, 0])
    on_real, on_fake = (expit(network(part, "discriminator", 3)) for part in (x, fake))
    value = np.log(on_real).mean() + np.log(1 - on_fake).mean()
    losses = sess.run([gan.disc_loss, gan.gen_loss], {gan.real: x, gan.noise: z})
    assert losses == [same(-value), same(np.log(1 - on_fake).mean())]
    assert {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()} == {
        "generator/dense/kernel": (1, 16), "generator/dense/bias": (16,),
        "generator/dense_1/kernel": (16, 1), "generator/dense_1/bias": (1,),
        "discriminator/dense/kernel": (1, 32), "discriminator/dense/bias": (32,),
        "discriminator/dense_1/kernel": (32, 32), "discriminator/dense_1/bias": (32,),
        "discriminator/dense_2/kernel": (32, 1), "discriminator/dense_2/bias": (1,)}


def updated(sess, update):
    """The variable scopes in which `update()` changes a variable."""
    before = values(sess)
    update()
    return {name.partition("/")[0] for name, value in values(sess).items()
            if (value != before[name]).any()}


def test_each_update_changes_only_its_own_network(line):
    sess, gan = line
    rng = np.random.default_rng(0)
    for update, own in ((gan_1d.disc_step, {"discriminator", "disc_opt"}),
                        (gan_1d.gen_step, {"generator", "gen_opt"})):
        assert updated(sess, lambda: update(sess, gan, rng, 0.01, SMALL)) == own


def test_the_stages_update_d_then_d_again_then_g_then_both(line, monkeypatch):
    sess, gan = line
    done = []
    for letter, name in (("D", "disc_step"), ("G", "gen_step")):
        monkeypatch.setattr(gan_1d, name, lambda *given, letter=letter: done.append(
            (letter, given[3])))
    config = gan_1d.Config(partial_steps=2, converging_steps=3, guided_steps=4, iterations=2)
    told = [(letter, "".join(name for name, _ in done))
            for letter, number, count in gan_1d.updates(sess, gan, None, config) if number == count]
    assert told == [("a", "DD"), ("b", "DDDDD"), ("c", "DDDDDGGGG"),
                    ("d", "DDDDDGGGG" + 2 * "DDDDDG")]
    assert [rate for _, rate in done[5:9]] == [0.005, 0.00375, 0.0025, 0.00125]


@pytest.mark.numerics
def test_d_converges_to_the_closed_form_if_the_generator_is_frozen(line):
    """The fakes are drawn from N(0, 1) instead of the generator, so that D* is known exactly."""
    sess, gan = line
    rng = np.random.default_rng(0)
    data, gen = normal(SMALL.data_mean, SMALL.data_deviation), normal(0)
    x = np.linspace(-1.5, 3, 50)
    best = data.pdf(x) / (data.pdf(x) + gen.pdf(x))

    def largest():
        return np.abs(expit(gan_1d.discriminate(sess, gan, x)) - best).max()

    before = largest()
    for number in range(800):
        sess.run(gan.disc_opt, {
            gan.real: data.rvs((512, 1), rng), gan.generated: gen.rvs((512, 1), rng),
            gan.learning_rate: 0.01 * (1 - number / 800)})
    assert before > 0.3 and largest() < 0.05


@pytest.mark.numerics
def test_the_four_stages_show_what_figure_6_5_shows():
    config = gan_1d.Config(batch_size=256, converging_steps=1000, iterations=400)
    a, b, c, d = theory.stages(0, config)
    assert [stage.letter for stage in (a, b, c, d)] == list("abcd")
    assert b.deviation.mean < 0.02 and b.deviation.largest < 0.2
    assert a.deviation.mean > 3 * b.deviation.mean < c.deviation.mean
    assert (a.gen == b.gen).all() and (a.mapped == b.mapped).all()  # G is frozen
    assert (b.disc == c.disc).all()                                 # then D is frozen
    np.testing.assert_allclose([stage.gen.sum() * np.diff(stage.x[:2])[0] for stage in (a, d)], 1,
                               atol=0.02)

    def mean(stage):
        return np.average(stage.x, weights=stage.gen)

    assert abs(mean(d) - 1.5) < 0.1 and mean(a) < mean(c) < 1.6
    assert d.deviation.mean < 0.05 and abs(d.deviation.best_value + LOG_4) < 0.02
    assert np.abs(d.disc - 0.5)[objectives.seen(d.data, d.gen)].mean() < 0.05
    for stage in (a, b, c, d):  # no discriminator is better than the optimal one
        assert stage.deviation.value < stage.deviation.best_value


# --- two Gaussians ---

@pytest.fixture(scope="module")
def between_gaussians():
    return theory.gradients(0, two_gaussians.Config(steps=2000))


@pytest.mark.numerics
def test_the_discriminators_slope_vanishes_at_the_data_but_the_critics_does_not(
        between_gaussians):
    found = between_gaussians
    path, apart = np.abs(found.x) <= 3, np.abs(found.x) >= 1.25
    assert found.slopes["-f(x)"].min() > 0.1
    assert found.slopes["-f(x)"].max() <= 32**2 * 0.1**3 * (1 + 1e-5)
    assert found.slopes["D(x)"][apart].max() < 1e-2 < found.slopes["D(x)"][path].max()
    # At the fake numbers the minimax cost is flat, the non-saturating one is not.
    fake = found.x > 1.25
    assert found.slopes["log(1 - D(x))"][fake].max() < 1e-2
    assert found.slopes["-log D(x)"][fake].min() > 1
    # Both fall from the real numbers to the fake ones.
    assert (np.diff(found.critic) < 0).all()
    assert found.disc[150] > 0.999 and found.disc[450] < 0.001


def test_slopes_agree_with_finite_differences(between_gaussians):
    found = between_gaussians
    fake = (found.x > 1.5) & (found.x < 4)
    for name, curve in (("-f(x)", found.critic), ("D(x)", found.disc),
                        ("-log D(x)", np.log(found.disc)),
                        ("log(1 - D(x))", np.log1p(-found.disc))):
        np.testing.assert_allclose(found.slopes[name][fake],
                                   np.abs(np.gradient(curve, found.x))[fake],
                                   rtol=0.02, atol=1e-6, err_msg=name)


def test_an_update_changes_both_networks_and_clips_the_critic():
    config = two_gaussians.Config(hidden_size=4)
    with new_graph(seed=1).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            net = two_gaussians.build(config)
        sess.run(tf.global_variables_initializer())
        feed = {net.real: np.full((8, 1), -3.), net.fake: np.full((8, 1), 3.)}
        assert updated(sess, lambda: sess.run(net.disc_opt, feed)) == {"discriminator", "disc_opt"}
        assert max(np.abs(value).max() for name, value in values(sess).items()
                   if name.startswith("critic/")) > 0.1
        assert updated(sess, lambda: sess.run(net.critic_opt, feed)) == {"critic"}  # with its slots
        assert max(np.abs(value).max() for name, value in values(sess).items()
                   if name.startswith("critic/") and "RMSProp" not in name) == 0.1
        real, fake = np.random.default_rng(0).normal(size=(2, 5, 1))
        scores = [two_gaussians.measure(sess, net, part[:, 0]) for part in (real, fake)]
        disc_loss, critic_loss = sess.run([net.disc_loss, net.critic_loss],
                                          {net.real: real, net.fake: fake})
        (real_logits, real_scores, *_), (fake_logits, fake_scores, *_) = scores
        assert critic_loss == same(fake_scores.mean() - real_scores.mean())
        assert disc_loss == same(
            -(np.log(expit(real_logits)) + np.log(expit(-fake_logits))).mean())


def test_the_small_graphs_have_gpu_kernels_and_no_random_ops():
    with new_graph(seed=1).as_default():
        gan = gan_1d.build(SMALL)
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.generated, gan.disc_model]
    with new_graph(0).as_default():
        net = two_gaussians.build(two_gaussians.Config())
        others = [net.disc_opt, net.critic_opt, net.disc_slopes, net.critic_slopes]
        for each in (fetches, others):
            assert without_gpu_kernel(each) == []
            assert not [op.type for op in between(each) if "andom" in op.type]


# --- the script ---

@pytest.fixture
def main(monkeypatch):
    """The script, with networks that are trained for a few steps only."""
    for module, settings in ((gan_1d, dict(converging_steps=20, iterations=3)),
                             (two_gaussians, dict(steps=20))):
        config = module.Config(**settings)
        monkeypatch.setattr(module, "Config", lambda config=config: config)
    monkeypatch.setattr(theory, "SHIFTS", np.array([0., 1, 2]))
    return load_script("17_gan_objectives.py").main


FILES = ("stages", "generator_costs", "divergences", "gradients")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures_and_tables(main, tmp_path, capsys):
    for folder in "ab":
        main(["--out", str(tmp_path / folder), "--seed", "3"])
    out = capsys.readouterr().out
    assert out.count("amid the fake numbers") == 2 * 4
    assert {path.name for path in (tmp_path / "a").iterdir()} == {
        f"{name}.{kind}" for name in FILES for kind in ("csv", "png")}
    for name in FILES:
        png, csv = ((tmp_path / "a" / f"{name}.{kind}").read_bytes() for kind in ("png", "csv"))
        assert png[:4] == b"\x89PNG" and b"# seed: 3" in csv
        assert csv == (tmp_path / "b" / f"{name}.csv").read_bytes()
        assert png == (tmp_path / "b" / f"{name}.png").read_bytes()
    table = run_results.table((tmp_path / "a" / "divergences.csv").read_text())
    assert table["shift"].tolist() == [0, 1, 2]
    assert table["value"][0] == pytest.approx(-LOG_4, rel=1e-5)
    costs = run_results.table((tmp_path / "a" / "generator_costs.csv").read_text())
    np.testing.assert_allclose(costs["minimax_by_logit"], -costs["prob"], rtol=1e-5)
