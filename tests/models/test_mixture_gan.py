"""The GAN on mixtures against NumPy: maxout, packs, losses and what an update changes; and its runs."""

import numpy as np
import pytest

import double
from conftest import load, load_script, shake, values
from double import assert_same, same
from gan_tf1 import seeds
from gan_tf1.data import mixtures
from gan_tf1.evaluation import mode_coverage
from gan_tf1.generators import restore
from gan_tf1.models import mixture_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_config, run_results
from gpu_kernels import between, without_gpu_kernel

SMALL = dict(batch_size=6, gen_hidden_size=5, disc_hidden_size=4, pieces=3, weight_deviation=0.5)


@pytest.fixture(scope="module", params=[dict(), dict(packing=2),
                                        dict(packing=3, disc_layers=2, sample_norm="averages")],
                ids=["plain", "packs of 2", "packs of 3, two layers"])
def built(request):
    """`(sess, gan, config, start)` of a small GAN. No weight or average is 0 or 1."""
    config = model.Config(**SMALL, **request.param)
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            gan = model.build(config)
        rng = np.random.default_rng(1)
        sess.run(tf.global_variables_initializer())
        shake(sess, tf.trainable_variables(), rng)
        load(sess, {var: rng.uniform(0.5, 1.5, var.shape)
                    for var in tf.global_variables("generator/.*moving")})
        yield sess, gan, config, values(sess)


@pytest.fixture
def feed(built):
    _, gan, config, _ = built
    rng = np.random.default_rng(0)
    count = config.batch_size * config.packing
    return {gan.points: rng.normal(size=(count, 2)), gan.noise: rng.normal(size=(count, 2))}


def dense(x, weights, scope, number):
    end = f"_{number}" if number else ""
    return x @ weights[f"{scope}/dense{end}/kernel"] + weights[f"{scope}/dense{end}/bias"]


def generator(z, weights, training):
    """The points, and the batch statistics of each batch norm, in NumPy and float64."""
    statistics = []
    for number in range(2):
        x = dense(z if number == 0 else x, weights, "generator", number)
        norm = "generator/batch_normalization" + (f"_{number}" if number else "")
        mean, variance = (x.mean(axis=0), x.var(axis=0)) if training else (
            weights[f"{norm}/moving_mean"], weights[f"{norm}/moving_variance"])
        statistics.append((norm, mean, variance))
        x = (x - mean) / np.sqrt(variance + 0.001)
        x = np.maximum(x * weights[f"{norm}/gamma"] + weights[f"{norm}/beta"], 0)
    return dense(x, weights, "generator", 2), statistics


def discriminator(points, weights, config):
    """The logits of packs of consecutive points, computed pack by pack in NumPy."""
    m, logits = config.packing, []
    for start in range(0, len(points), m):
        x = np.concatenate(list(points[start:start + m]))
        number = 0
        for _ in range(config.disc_layers):
            pieces = [dense(x, weights, "discriminator", number + piece)
                      for piece in range(config.pieces)]
            x, number = np.max(pieces, axis=0), number + config.pieces
        logits.append(dense(x, weights, "discriminator", number))
    return np.array(logits)


# --- losses ---

def test_losses_of_literal_logits():
    real, fake = np.array([[2.], [-1.], [0.5]]), np.array([[0.3], [-2.], [4.]])
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        disc, gen = sess.run(model.model_loss(tf.constant(real), tf.constant(fake)))  # float64
    assert disc == same((np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean())
    assert gen == same(np.log1p(np.exp(-fake)).mean())


def test_the_losses_of_a_discriminator_that_always_answers_one_half():
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        disc, _ = sess.run(model.model_loss(tf.zeros((3, 1)), tf.zeros((3, 1))))
    assert disc == pytest.approx(model.CHANCE, abs=1e-4)


def test_losses_equal_numpy(session, feed):
    sess, gan, config = session
    weights = values(sess)
    real = discriminator(feed[gan.points], weights, config)
    points, _ = generator(feed[gan.noise], weights, True)
    fake = discriminator(points, weights, config)
    assert len(real) == len(fake) == config.batch_size
    expected = ((np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean(),
                np.log1p(np.exp(-fake)).mean())
    assert sess.run([gan.disc_loss, gan.gen_loss], feed) == [
        same(value) for value in expected]


# --- packs and maxout ---

@pytest.mark.parametrize("packing", [1, 2, 3])
def test_a_pack_is_points_side_by_side(packing):
    points = np.arange(24.).reshape(12, 2)
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        packs = sess.run(model.packed(tf.constant(points), packing))
    assert packs.shape == (12 // packing, 2 * packing)
    for number, pack in enumerate(packs):
        own = points[number * packing:(number + 1) * packing]
        assert pack.tolist() == [number for point in own for number in point]


def test_maxout_has_the_value_and_the_slope_of_its_largest_piece():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 3))
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            found = model.maxout(tf.constant(x), 4, 5, 1.)
        kernels, biases = tf.trainable_variables()[::2], tf.trainable_variables()[1::2]
        slopes = tf.gradients(found, kernels)
        sess.run(tf.global_variables_initializer())
        for bias in biases:
            bias.load(rng.normal(size=4), sess)
        found, slopes, kernels, biases = sess.run([found, slopes, kernels, biases])
    pieces = np.array([x @ kernel + bias for kernel, bias in zip(kernels, biases)])  # [5,7,4]
    assert_same(found, pieces.max(axis=0))
    for number, slope in enumerate(slopes):
        chosen = (pieces.argmax(axis=0) == number).astype(float)
        assert_same(slope, x.T @ chosen)


def test_the_initial_weights_have_the_standard_deviation_of_the_setting(untrained):
    for deviation in (1., 0.02):
        with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
            model.build(model.Config(weight_deviation=deviation))
            sess.run(tf.global_variables_initializer())
            for name, value in values(sess).items():
                if name.endswith("kernel"):
                    assert value.std() == pytest.approx(deviation, rel=0.25), name
                elif name.endswith("bias"):
                    assert (value == 0).all()


# --- the graph ---

def test_table_of_variables_at_full_size(untrained):
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config(packing=2))
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
    expected = {}
    for number, shape in enumerate([(2, 128), (128, 128), (128, 2)]):
        end = f"_{number}" if number else ""
        expected |= {f"generator/dense{end}/kernel": shape, f"generator/dense{end}/bias": shape[1:]}
    for end in ("", "_1"):
        expected |= {f"generator/batch_normalization{end}/{name}": (128,)
                     for name in ("gamma", "beta")}
    averages = {f"generator/batch_normalization{end}/moving_{name}"
                for end in ("", "_1") for name in ("mean", "variance")}
    assert saved == set(expected) | averages
    for number in range(6):  # five linear pieces of four numbers, which are two points, and the logit
        end, shape = f"_{number}" if number else "", (4, 128) if number < 5 else (128, 1)
        expected |= {f"discriminator/dense{end}/kernel": shape,
                     f"discriminator/dense{end}/bias": shape[1:]}
    assert table == expected  # the discriminator has no batch norm


@pytest.mark.parametrize("name, own", [("disc_opt", "discriminator"), ("gen_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(session, feed, name, own):
    sess, gan, config = session
    before = values(sess)
    sess.run(getattr(gan, name), feed)
    after = values(sess)
    moved = {var for var, value in after.items() if (value != before[var]).any()}
    counter = {"global_step"} if own == "generator" else set()
    assert {var.partition("/")[0] for var in moved} == {own, name} | counter
    if own == "generator":  # a bias before batch norm has a gradient of rounding errors only
        assert moved >= {var.op.name for var in gan.gen_vars if "dense/bias" not in var.op.name
                         and "dense_1/bias" not in var.op.name}
        _, statistics = generator(feed[gan.noise], before, True)
        for norm, mean, _ in statistics:
            expected = 0.99 * before[f"{norm}/moving_mean"] + 0.01 * mean
            assert_same(after[f"{norm}/moving_mean"], expected)
    else:
        assert f"discriminator/dense_{config.disc_layers * config.pieces}/kernel" in moved


def test_both_learning_rates_decay_linearly_over_the_second_half():
    config = model.Config(**SMALL, learning_rate=0.01, end_learning_rate=0.002, iterations=7)
    rng = np.random.default_rng(0)
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        feed = {gan.points: rng.normal(size=(6, 2)), gan.noise: rng.normal(size=(6, 2))}
        initialize = tf.global_variables_initializer()
        for done, expected in enumerate([0.01] * 4 + [0.008, 0.006, 0.004, 0.002, 0.002]):
            sess.run(initialize)
            tf.train.get_global_step().load(done, sess)
            before = values(sess)
            sess.run(gan.disc_opt, feed)
            sess.run(gan.gen_opt, feed)
            after = values(sess)
            for name in ("discriminator/dense/kernel", "generator/dense_2/kernel"):
                # The first update of Adam has the same size for every gradient that is not 0.
                assert np.abs(after[name] - before[name]).max() == pytest.approx(
                    expected, rel=1e-3)
            assert after["global_step"] == done + 1


def test_samples_are_normalized_with_the_statistics_of_the_setting(session):
    sess, gan, config = session
    before = values(sess)
    points = model.sample(sess, gan, np.random.default_rng(1), 9, config)
    z = np.random.default_rng(1).normal(0, 1, (9, 2))
    expected, _ = generator(z, before, config.sample_norm == "batch")
    assert_same(points, expected)
    assert all((value == before[name]).all() for name, value in values(sess).items())


def test_every_op_has_a_gpu_kernel_and_none_is_random(built):
    _, gan, _, _ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.fake_points]
    assert without_gpu_kernel(fetches) == []
    assert not [op.type for op in between(fetches) if "andom" in op.type]


# --- a step ---

@pytest.mark.parametrize("packing", [1, 3])
def test_a_step_is_one_update_of_each_on_one_batch_of_packs(packing):
    config, runs = model.Config(packing=packing, batch_size=10), []

    class Session:
        def run(self, fetches, feed_dict):
            runs.append((fetches, feed_dict))
            return len(runs), None

    points = mixtures.load("grid", 100, 0).train
    start = points.state()
    losses = model.step(Session(), model.GAN(*model.GAN._fields), points,
                        np.random.default_rng(0), config)
    assert losses == (1, 2)
    (first, disc_feed), (second, gen_feed) = runs
    assert (first, second) == (["disc_loss", "disc_opt"], ["gen_loss", "gen_opt"])
    assert disc_feed["points"].shape == disc_feed["noise"].shape == (10 * packing, 2)
    assert set(gen_feed) == {"noise"} and gen_feed["noise"] is disc_feed["noise"]
    points.restore(start)
    assert (points.next_batch(10 * packing)[0] == disc_feed["points"]).all()


def test_the_losses_of_an_interval_are_means():
    totals = model.tally(model.tally(None, (1., 5.)), (2., 7.))
    assert model.report(None, None, totals) == {"disc_loss": 1.5, "gen_loss": 6.}
    line = model.log_line(500, 20_000, {"disc_loss": 1.5, "gen_loss": 6., "modes": 8,
                                "high_quality": 0.9876, "reverse_kl": 0.0123})
    assert line == ("500 [Discriminator loss: 1.500000] [Generator loss: 6.000000] [modes: 8, "
                    "high quality: 98.8 %, reverse KL: 0.012]")


def test_the_names_are_those_of_the_papers():
    assert [model.name(m) for m in (1, 2, 4)] == ["plain GAN", "PacGAN2", "PacGAN4"]


# --- runs ---

RUN = ["--data", "wide_ring", "--packing", "2", "--iterations", "40", "--sample-interval", "10",
       "--batch-size", "8", "--gen-hidden-size", "6", "--disc-hidden-size", "4",
       "--train-points", "100", "--samples", "30"]


@pytest.fixture(scope="module")
def main():
    return load_script("19_mixture_gan.py").main


@pytest.fixture(scope="module", params=["feed", pytest.param("graph", marks=pytest.mark.slow)])
def finished(main, request, tmp_path_factory):
    """An uninterrupted run with each loop."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*RUN, "--loop", request.param, "--run-dir", str(path)])
    return path


def test_a_run_counts_the_modes_in_the_samples_that_it_stores(finished):
    samples, losses = run_results.load_samples(finished), run_results.load_losses(finished)
    assert samples.shape == (4, 30, 2)
    mixture = mixtures.load("wide_ring", 1, 0)
    for number, points in enumerate(samples):
        found = mode_coverage.of_points(points, mixture.means, mixture.deviation)
        assert found == tuple(losses[name][number] for name in found._fields)
    log = (finished / "log.txt").read_text().splitlines()
    assert log[0].startswith("mixture_gan on a ring of 8 Gaussians, deviation 0.1, seed 0, with ")
    assert [line.split()[0] for line in log[1:-1]] == ["10", "20", "30", "40"]
    assert log[-1].startswith("Too short to be judged, with 40 iterations: ")
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "modes.png"}
    [file] = (finished / "events").iterdir()
    tags = [value.tag for event in tf.train.summary_iterator(str(file))
            for value in event.summary.value]
    assert tags.count("samples") == tags.count("losses/modes") == 4


def test_the_saved_generator_reproduces_the_last_samples(finished):
    config = model.Config(**{name: value for name, value in run_config.read_config(finished)[
        "settings"].items()})
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        restore.restore_generator(finished, gan.gen_vars, sess)
        again = model.sample(sess, gan, seeds.stream(0, seeds.SAMPLES), 30, config)
    assert again.tobytes() == run_results.load_samples(finished)[-1].tobytes()


@pytest.mark.numerics
def test_a_gan_learns_a_wide_ring(main, tmp_path):
    """This must hold for at least one of three seeds.

    In trials with eight seeds, all ended with 8 modes, 83 to 89 % of high quality and a divergence below 0.01;
    with one of them, the samples were too good after the first interval already.
    """
    def learned(seed):
        main(["--data", "wide_ring", "--iterations", "1500", "--sample-interval", "500",
              "--weight-deviation", "0.02", "--samples", "1000", "--loop", "graph", "--seed", str(seed),
              "--run-dir", str(tmp_path / f"run-{seed}")])
        losses = run_results.load_losses(tmp_path / f"run-{seed}")
        return (losses["modes"][-1] >= 6 and losses["modes"][0] < losses["modes"][-1]
                and losses["high_quality"][-1] > max(0.3, 2 * losses["high_quality"][0])
                and losses["reverse_kl"][-1] < 0.3 < losses["reverse_kl"][0])

    assert any(map(learned, range(3)))
