"""The DCGAN against NumPy in float64: networks, losses, and what a step updates."""

import numpy as np
import pytest

import double
import few_streets
from conftest import Batches, RecordingSession, load, shake, values
from dcgan_numpy import BN2, BN3, generator, moved_averages, passes
from double import assert_same, same
from gan_tf1.data import svhn
from gan_tf1.models import dcgan_svhn as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, host_side, without_gpu_kernel

CONFIG = model.Config(batch_size=8, z_size=5, g_size_mult=2, d_size_mult=3)


@pytest.fixture(scope="module")
def built():
    """`(sess, net, start)` of a small DCGAN. No weight or average is 0 or 1, which could hide an error."""
    with new_graph(seed=3).as_default():
        with double.precision():
            net = model.build(CONFIG)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shake(sess, tf.trainable_variables(), rng)
            load(sess, {var: rng.uniform(0.5, 1.5, var.shape) for var in averages()})
            yield sess, net, values(sess)


@pytest.fixture
def feed():
    rng = np.random.default_rng(0)
    return model.Feed(rng.uniform(-1, 1, (6, 32, 32, 3)).astype("f"), rng.uniform(-1, 1, (6, 5)))


def averages():
    return [var for var in tf.global_variables()
            if var.op.name.endswith(("/moving_mean", "/moving_variance"))]


def test_table_of_variables_at_full_size(untrained):
    with new_graph(seed=0).as_default():
        net = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        kept = {var.op.name: tuple(var.shape.as_list()) for var in averages()}
        gen_vars = {var.op.name for var in net.gen_vars}
    channels = {"generator/batch_normalization": 512, "generator/batch_normalization_1": 256,
                "generator/batch_normalization_2": 128, BN2: 128, BN3: 256}
    assert table == {
        "generator/dense/kernel": (100, 8192), "generator/dense/bias": (8192,),
        "generator/conv2d_transpose/kernel": (5, 5, 256, 512),
        "generator/conv2d_transpose/bias": (256,),
        "generator/conv2d_transpose_1/kernel": (5, 5, 128, 256),
        "generator/conv2d_transpose_1/bias": (128,),
        "generator/conv2d_transpose_2/kernel": (5, 5, 3, 128),
        "generator/conv2d_transpose_2/bias": (3,),
        "discriminator/conv2d/kernel": (5, 5, 3, 64), "discriminator/conv2d/bias": (64,),
        "discriminator/conv2d_1/kernel": (5, 5, 64, 128), "discriminator/conv2d_1/bias": (128,),
        "discriminator/conv2d_2/kernel": (5, 5, 128, 256), "discriminator/conv2d_2/bias": (256,),
        "discriminator/dense/kernel": (4096, 1), "discriminator/dense/bias": (1,),
    } | {f"{scope}/{name}": (n,) for scope, n in channels.items() for name in ("gamma", "beta")}
    assert kept == {f"{scope}/moving_{name}": (n,) for scope, n in channels.items()
                    for name in ("mean", "variance")}
    assert gen_vars == {name for name in table | kept if name.startswith("generator/")}


def test_losses_of_literal_logits():
    real, fake = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [0.0], [1.0]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        d_loss, g_loss = sess.run(model.model_loss(tf.constant(real, tf.float64),
                                                   tf.constant(fake, tf.float64)))
    # By hand: softplus(-l) for real images, softplus(l) for fakes, softplus(-l) for the generator.
    expected = (np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean()
    assert same(expected) == d_loss == pytest.approx(1.3230876, abs=5e-8)
    assert g_loss == pytest.approx(1.3516654, abs=5e-8)


def test_networks_equal_numpy(session, feed):
    """Training uses batch statistics, and sampling uses moving statistics."""
    sess, net = session
    weights = values(sess)
    d_loss, g_loss = passes(feed, weights)[0]
    assert model.report(sess, net, feed) == {"disc_loss": same(d_loss), "gen_loss": same(g_loss)}
    samples = model.generate(sess, net, feed.z)
    assert_same(samples, generator(feed.z, weights, None))
    assert np.abs(samples - generator(feed.z, weights, {})).max() > 0.1
    assert {name for name, value in values(sess).items() if (value != weights[name]).any()} == set()


def test_a_sample_does_not_depend_on_the_others_or_change_the_graph(session, feed):
    sess, net = session
    sess.graph.finalize()
    together = model.generate(sess, net, feed.z)
    for z, image in zip(feed.z, together):
        assert_same(model.generate(sess, net, z[None])[0], image)


@pytest.mark.parametrize("name, own", [("d_opt", "discriminator"), ("g_opt", "generator")])
def test_a_run_updates_one_networks_weights_and_both_networks_averages(session, feed, name, own):
    sess, net = session
    before = values(sess)
    sess.run(getattr(net, name), {net.input_real: feed.x, net.input_z: feed.z})
    after = values(sess)
    trainable = {var.op.name for var in tf.trainable_variables()}
    moved = {var for var in before if (after[var] != before[var]).any()}
    mine = {var for var in trainable if var.startswith(own)}
    # Batch norm cancels a bias before it, so the gradient is 0 or a rounding error.
    assert {var for var in mine if not var.endswith("bias")} <= moved & trainable <= mine
    assert {var.partition("/")[0] for var in moved if "/moving_" not in var} == {own, name}
    # Those of G once, those of D with real and then with fake images, with the weights before the run.
    for var, expected in moved_averages(before, *passes(feed, before)[1]).items():
        assert_same(after[var], expected, var)
        assert np.abs(expected - before[var]).max() > 1e-4


def test_one_step_is_two_runs_of_adam_in_numpy(session, feed):
    """The second run uses the discriminator that the first run updated."""
    sess, net = session
    before = values(sess)
    model.step(sess, net, Batches((feed.x,)), NoiseOf(feed.z), CONFIG)
    after = values(sess)
    halfway = {name: after[name] if name.startswith("discriminator") else before[name]
               for name in before}
    stats = passes(feed, before)[1] + passes(feed, halfway)[1]
    for var, expected in moved_averages(before, *stats).items():
        assert_same(after[var], expected, var)

    for which, weights, elements in (
            (0, before, {"discriminator/conv2d/kernel": (2, 3, 1, 0), BN3 + "/gamma": (4,),
                                  "discriminator/dense/kernel": (7, 0)}),
            (1, halfway, {"generator/dense/kernel": (3, 5),
                          "generator/conv2d_transpose_1/kernel": (1, 2, 0, 3),
                          "generator/conv2d_transpose_2/bias": (2,)})):
        for var, index in elements.items():
            ends = []
            for shift in (1e-6, -1e-6):
                shifted = {**weights, var: weights[var].copy()}
                shifted[var][index] += shift
                ends.append(passes(feed, shifted)[0][which])
            g = (ends[0] - ends[1]) / 2e-6  # to 1e-9
            # Adam's first step (Kingma and Ba 2014, algorithm 1), beta1 = 0.5, beta2 = 0.999.
            assert after[f"{var}/Adam"][index] == pytest.approx(0.5 * g, abs=1e-9)
            expected = before[var][index] - 0.0002 * g / (abs(g) + 1e-8 / np.sqrt(1 - 0.999))
            assert after[var][index] == pytest.approx(expected, abs=1e-9)


class NoiseOf:
    """Replaces a NumPy random generator: returns `z`, and records the arguments."""

    def __init__(self, z):
        self.z = z

    def uniform(self, *range_, size):
        assert range_ == (-1, 1) and size == self.z.shape
        return self.z


def test_a_step_is_two_session_runs_with_the_same_feed(feed):
    sess, net = RecordingSession(), model.GAN(*model.GAN._fields)
    last = model.step(sess, net, Batches((feed.x, "labels", "mask")), NoiseOf(feed.z), CONFIG)
    assert last.x is feed.x and last.z is feed.z
    assert [fetch for fetch, _ in sess.runs] == ["d_opt", "g_opt"]
    for _, numbers in sess.runs:
        assert set(numbers) == {"input_real", "input_z"}
        assert numbers["input_real"] is feed.x and numbers["input_z"] is feed.z


def unordered(update, updates):
    """The earlier `updates` of the same variable for which `update` does not wait."""
    reads = between([update.inputs[1]])
    return [other for other in updates[:updates.index(update)]
            if other.inputs[0] is update.inputs[0] and other not in reads]


def test_updates_of_an_average_are_ordered_but_not_as_printed(
        session, untrained, monkeypatch):
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == 14  # mean and variance, of three layers of G, and of two layers of D in two passes
    assert [unordered(update, updates) for update in updates] == 14 * [[]]

    monkeypatch.setattr(model, "batch_normalization",
                        lambda x, training: tf.layers.batch_normalization(x, training=training))
    with new_graph(seed=3).as_default():
        names = {var.op.name for var in model.build(CONFIG).gen_vars}
        printed = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        assert [len(unordered(update, printed)) for update in printed] == 10 * [0] + 4 * [1]
    assert names == {var.op.name for var in session[1].gen_vars}


def test_the_printed_scale_depends_on_the_batch():
    numbers = {}
    for minimum in (55, 0):
        batch = np.full((2, 32, 32, 3), 255, np.uint8)
        batch[0, 0, 0], batch[1, 0, 0] = [55, 155, 205], minimum
        x = svhn.scaled(batch)
        assert model.scaled(x, "fixed") is x
        numbers[minimum] = model.scaled(x, "batch_minimum")[0, 0, 0].tolist()
        assert model.scaled(x, "batch_minimum")[0, 1, 0].tolist() == [1, 1, 1]
        feed = model.step(RecordingSession(), model.GAN(*model.GAN._fields), Batches((x,)),
                          np.random.default_rng(0), model.Config(scaling="batch_minimum"))
        assert feed.x[0, 0, 0].tolist() == numbers[minimum]
        np.testing.assert_allclose(x[0, 0, 0], [-0.568627, 0.215686, 0.607843], atol=1e-6)
    assert numbers[55] == pytest.approx([-1, 0, 0.5])  # a batch without black is stretched
    assert numbers[0] == pytest.approx([-0.568627, 0.215686, 0.607843], abs=1e-6)


def test_every_op_of_the_training_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        net = model.build(CONFIG)
    fetches = [net.d_opt, net.g_opt, net.d_loss, net.g_loss, net.samples]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "NoOp", "Placeholder"}


def streets(seed=0):
    return few_streets.load(num_labels=0, seed=seed).train


@pytest.mark.slow  # test_semi_supervised.py tests the same of a larger network of the same kind
def test_the_seed_determines_all_bytes():
    def trained(seed):
        with new_graph(seed).as_default():
            net = model.build(CONFIG)
            with tf.Session(config=session_config()) as sess:
                sess.run(tf.global_variables_initializer())
                rng = np.random.default_rng(seed)
                train_set = streets(seed)
                for _ in range(train_set.steps(32)):  # nine of 32, and the last of 12
                    model.step(sess, net, train_set, rng, CONFIG)
                return b"".join(value.tobytes() for value in values(sess).values())

    first = trained(1)
    assert first == trained(1)
    assert first != trained(2)


@pytest.mark.numerics
@pytest.mark.slow
def test_a_small_run_learns():
    """In 300 steps, samples change from grey noise towards the contrast, smoothness and colours of pictures."""
    config = model.Config(g_size_mult=8, d_size_mult=8, batch_size=25, z_size=20,
                          learning_rate=0.001)
    sample_z = np.random.default_rng(9).uniform(-1, 1, (200, 20))

    def figures_of(x):
        """The contrast; the difference of neighbours, relative to it; the correlation of red and green."""
        roughness = np.abs(np.diff(x, axis=2)).mean() / x.std()
        return x.std(), roughness, np.corrcoef(x[..., 0].ravel(), x[..., 1].ravel())[0, 1]

    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        net, dataset, rng = model.build(config), streets(), np.random.default_rng(0)
        sess.run(tf.global_variables_initializer())
        before = figures_of(model.generate(sess, net, sample_z))
        for _ in range(25):
            for _ in range(dataset.steps(config.batch_size)):
                model.step(sess, net, dataset, rng, config)
        after = figures_of(model.generate(sess, net, sample_z))
    real = figures_of(svhn.scaled(dataset.arrays.train_images))
    assert before[0] < 0.05 < 0.3 < after[0] < 0.65 and 0.4 < real[0] < 0.5
    assert before[1] > 0.8 > 0.5 > after[1] > real[1]
    assert before[2] < 0.4 < 0.6 < after[2] and real[2] > 0.9
