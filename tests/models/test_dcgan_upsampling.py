"""The book's DCGAN against NumPy: variables, losses, averages, dropout, and what a step updates."""

import contextlib
import dataclasses

import numpy as np
import pytest

import double
import test_vanilla_gan
from conftest import load, shake, values
from double import assert_same, same
from gan_tf1.config import intervals
from gan_tf1 import layers
from gan_tf1.data import digits
from gan_tf1.models import dcgan_upsampling as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import host_side, refusing_determinism, without_gpu_kernel

CONFIG = model.Config(batch_size=8, z_dim=5, channels=2)
GEN_NORMS = ["generator/batch_normalization", "generator/batch_normalization_1"]
DISC_NORMS = ["discriminator/batch_normalization" + end for end in ("", "_1", "_2")]


@contextlib.contextmanager
def small(config):
    """`(sess, gan, values)` of a small GAN. No weight or average is 0 or 1, which could hide an error."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(config)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shake(sess, tf.trainable_variables(), rng)
            load(sess, {var: rng.uniform(0.5, 1.5, var.shape) for var in tf.global_variables(".*moving")})
            start = dict(zip(tf.global_variables(), sess.run(tf.global_variables())))
            yield sess, gan, start


@pytest.fixture(scope="module")
def built():
    with small(CONFIG) as made:
        yield made


@pytest.fixture
def session(built):
    """`(sess, gan)`, with every variable at its initial value."""
    sess, gan, start = built
    load(sess, start)
    return sess, gan


@pytest.fixture
def dataset(train_set):
    return digits.Pool(train_set)


# --- the networks in NumPy ---

def convolution(x, weights, scope, stride=1):
    """3 x 3, for which TensorFlow's "same" pads 1 before and after, or only after if the stride is 2."""
    kernel, size = weights[scope + "/kernel"], x.shape[1] // stride
    x = np.pad(x, [(0, 0)] + 2 * [(2 - stride, 1)] + [(0, 0)])
    return weights[scope + "/bias"] + sum(
        x[:, i:i + stride * size:stride, j:j + stride * size:stride] @ kernel[i, j]
        for i in range(3) for j in range(3))


def batch_norm(x, weights, norm, training, statistics):
    mean, variance = weights[f"{norm}/moving_mean"], weights[f"{norm}/moving_variance"]
    if training:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        statistics[norm] = {"moving_mean": mean, "moving_variance": x.var((0, 1, 2), ddof=1)}
    x = (x - mean) / np.sqrt(variance + 0.001)
    return x * weights[f"{norm}/gamma"] + weights[f"{norm}/beta"]


def generator(z, weights, training):
    """Images, and in training the batch statistics with which the averages are updated."""
    statistics = {}
    x = z @ weights["generator/dense/kernel"] + weights["generator/dense/bias"]
    x = np.maximum(x, 0).reshape(len(z), 7, 7, -1)
    for scope, norm in zip(("generator/conv2d", "generator/conv2d_1"), GEN_NORMS):
        x = convolution(x.repeat(2, axis=1).repeat(2, axis=2), weights, scope)
        x = np.maximum(batch_norm(x, weights, norm, training, statistics), 0)
    return np.tanh(convolution(x, weights, "generator/conv2d_2")), statistics


def discriminator(x, weights, training, masks):
    """Logits, and in training the batch statistics; the dropout `masks` have values 0 and 1 / 0.75."""
    statistics = {}
    x = convolution(x, weights, "discriminator/conv2d", stride=2)
    x = np.maximum(0.2 * x, x) * masks[0]
    for number, (norm, mask, stride) in enumerate(zip(DISC_NORMS, masks[1:], (2, 2, 1)), 1):
        x = convolution(x, weights, f"discriminator/conv2d_{number}", stride)
        if number == 1:
            x = np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])
        x = batch_norm(x, weights, norm, training, statistics)
        x = np.maximum(0.2 * x, x) * mask
    logits = x.reshape(len(x), -1) @ weights["discriminator/dense/kernel"]
    return logits + weights["discriminator/dense/bias"], statistics


def drop_masks(sess, count, first):
    """The dropout masks of the pass of the discriminator whose first one has the number `first`."""
    shapes = [(count, 14, 14, 2), (count, 8, 8, 4), (count, 4, 4, 8), (count, 4, 4, 16)]
    return sess.run([layers.fresh_dropout(tf.ones(shape, tf.float64), 0.25, first + number)
                     for number, shape in enumerate(shapes)])


def softplus(x):
    return np.log1p(np.exp(x))


# --- the tests ---

def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        every = {var.op.name: tuple(var.shape.as_list()) for var in tf.global_variables()}
        saved = {var.op.name for var in gan.gen_vars}
    assert table == {
        "generator/dense/kernel": (100, 6272), "generator/dense/bias": (6272,),
        "generator/conv2d/kernel": (3, 3, 128, 128), "generator/conv2d/bias": (128,),
        "generator/batch_normalization/gamma": (128,),
        "generator/batch_normalization/beta": (128,),
        "generator/conv2d_1/kernel": (3, 3, 128, 64), "generator/conv2d_1/bias": (64,),
        "generator/batch_normalization_1/gamma": (64,),
        "generator/batch_normalization_1/beta": (64,),
        "generator/conv2d_2/kernel": (3, 3, 64, 1), "generator/conv2d_2/bias": (1,),
        "discriminator/conv2d/kernel": (3, 3, 1, 32), "discriminator/conv2d/bias": (32,),
        "discriminator/conv2d_1/kernel": (3, 3, 32, 64), "discriminator/conv2d_1/bias": (64,),
        "discriminator/batch_normalization/gamma": (64,),
        "discriminator/batch_normalization/beta": (64,),
        "discriminator/conv2d_2/kernel": (3, 3, 64, 128), "discriminator/conv2d_2/bias": (128,),
        "discriminator/batch_normalization_1/gamma": (128,),
        "discriminator/batch_normalization_1/beta": (128,),
        "discriminator/conv2d_3/kernel": (3, 3, 128, 256), "discriminator/conv2d_3/bias": (256,),
        "discriminator/batch_normalization_2/gamma": (256,),
        "discriminator/batch_normalization_2/beta": (256,),
        "discriminator/dense/kernel": (4096, 1), "discriminator/dense/bias": (1,)}
    averages = {f"{name.rpartition('/')[0]}/moving_{kind}" for name in table
                if name.endswith("gamma") for kind in ("mean", "variance")}
    assert set(every) - set(table) == {"global_step"} | averages | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}
    assert saved == {name for name in averages | set(table) if name.startswith("generator/")}
    # The numbers that `summary()` prints for the Keras models, including the averages.
    totals = {scope: sum(np.prod(shape) for name, shape in every.items()
                         if name.startswith(scope) and "Adam" not in name)
              for scope in ("generator/", "discriminator/")}
    assert totals == {"generator/": 856_193, "discriminator/": 393_729}


def test_losses_and_accuracy_of_literal_logits():
    logits, y = np.array([[2.0], [-1.0], [0.5], [-3.0]]), np.array([[1.], [1.], [0.], [0.]])
    fake = np.array([[-3.0], [0.0], [1.0]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            found = model.model_loss(*map(tf.constant, (logits, y, fake)))
        disc_loss, disc_acc, gen_loss = sess.run(found)
    expected = (y * softplus(-logits) + (1 - y) * softplus(logits)).mean()
    assert same(expected) == disc_loss == pytest.approx(0.6157135, abs=5e-8)
    assert gen_loss == pytest.approx(1.3516654, abs=5e-8)
    assert disc_acc == 0.5  # only 2.0 for real and -3.0 for fake are correct


def test_upsampling_repeats_pixels_and_its_gradient_sums_them():
    x = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(2, 3, 2, 2)
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        image = tf.constant(x)
        larger = layers.upsampled(image)
        grid = np.arange(6 * 4, dtype=np.float32).reshape(1, 6, 4, 1)
        [gradient] = tf.gradients(tf.reduce_sum(larger * grid), image)
        found, slopes = sess.run([larger, gradient])
    np.testing.assert_array_equal(found, x.repeat(2, axis=1).repeat(2, axis=2))
    np.testing.assert_array_equal(slopes[0, :, :, 0], [[10, 18], [42, 50], [74, 82]])


def test_networks_equal_numpy(session):
    """Dropout, batch statistics and moving statistics are used in the same passes as in Keras."""
    sess, gan = session
    weights, rng = values(sess), np.random.default_rng(0)
    z, imgs = np.random.default_rng(1).normal(size=(6, 5)), rng.uniform(-1, 1, (6, 28, 28, 1))
    own, frozen = (drop_masks(sess, 6, first) for first in (1, 11))
    by_averages, _ = generator(z, weights, False)
    found = model.sample(sess, gan, np.random.default_rng(1), 6, CONFIG)
    assert found.shape == (6, 784)
    assert_same(found, by_averages.reshape(6, 784))
    z_again = model.latent(np.random.default_rng(1), 6, CONFIG)
    assert (z_again == z).all() and (model.generate(sess, gan, z_again) == found).all()

    generated, _ = generator(z, weights, True)
    assert np.abs(generated - by_averages).max() > 0.1
    gan_logits, _ = discriminator(generated, weights, False, frozen)
    assert sess.run(gan.gen_loss, {gan.noise: z}) == same(softplus(-gan_logits).mean())
    disc_logits, _ = discriminator(imgs, weights, True, own)
    disc_loss, disc_acc = sess.run([gan.disc_loss, gan.disc_acc],
                                   {gan.imgs: imgs, gan.y: np.ones((6, 1))})
    assert disc_loss == same(softplus(-disc_logits).mean())
    assert disc_acc == pytest.approx((disc_logits > 0).mean())
    assert all((value == weights[name]).all() for name, value in values(sess).items())


@pytest.mark.parametrize("which", ["disc", "gen"])
def test_an_update_changes_only_its_own_networks_weights_and_averages(session, which):
    sess, gan = session
    before, rng = values(sess), np.random.default_rng(0)
    z, imgs = rng.normal(size=(6, 5)), rng.uniform(-1, 1, (6, 28, 28, 1))
    if which == "disc":
        _, statistics = discriminator(imgs, before, True, drop_masks(sess, 6, 1))
        sess.run(gan.disc_opt, {gan.imgs: imgs, gan.y: np.ones((6, 1))})
    else:
        _, statistics = generator(z, before, True)
        sess.run(gan.gen_opt, {gan.noise: z})
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    scope = {"disc": "discriminator", "gen": "generator"}[which]
    assert {name.partition("/")[0] for name in moved} == {scope, f"{which}_opt"} | (
        {"global_step"} if which == "disc" else set())
    # A bias before batch norm has a gradient of 0, apart from rounding errors.
    assert moved >= {var.op.name for var in tf.global_variables(f"{scope}/")
                     if "Adam" not in var.op.name and not var.op.name.endswith("/bias")}
    assert after["global_step"] == (which == "disc")
    for norm in {"disc": DISC_NORMS, "gen": GEN_NORMS}[which]:
        for name, statistic in statistics[norm].items():  # the unbiased variance
            expected = 0.8 * before[f"{norm}/{name}"] + 0.2 * statistic
            assert_same(after[f"{norm}/{name}"], expected)


def test_without_frozen_norm_the_batch_normalizes_in_the_generators_step_but_moves_no_average_of_the_discriminator():
    with small(dataclasses.replace(CONFIG, frozen_norm=False)) as (sess, gan, _):
        weights, z = values(sess), np.random.default_rng(1).normal(size=(6, 5))
        generated, _ = generator(z, weights, True)
        logits, _ = discriminator(generated, weights, True, drop_masks(sess, 6, 11))
        by_averages, _ = discriminator(generated, weights, False, drop_masks(sess, 6, 11))
        assert np.abs(logits - by_averages).max() > 0.1
        assert sess.run(gan.gen_loss, {gan.noise: z}) == same(softplus(-logits).mean())
        sess.run(gan.gen_opt, {gan.noise: z})
        after = values(sess)
        assert all((after[name] == weights[name]).all() for name in weights if name.startswith("discriminator/"))
        imgs = np.random.default_rng(0).uniform(-1, 1, (6, 28, 28, 1))
        _, statistics = discriminator(imgs, after, True, drop_masks(sess, 6, 1))
        sess.run(gan.disc_opt, {gan.imgs: imgs, gan.y: np.ones((6, 1))})
        for norm in DISC_NORMS:
            for name, statistic in statistics[norm].items():
                moved = 0.8 * after[f"{norm}/{name}"] + 0.2 * statistic
                assert_same(values(sess)[f"{norm}/{name}"], moved)


def test_each_update_and_each_pass_has_its_own_dropout_masks(session):
    sess, gan = session
    own, frozen = (drop_masks(sess, 200, first) for first in (1, 11))
    sess.run(gan.disc_opt, {gan.imgs: np.zeros((1, 28, 28, 1)), gan.y: np.ones((1, 1))})
    for masks in zip(own, frozen, drop_masks(sess, 200, 1)):
        for mask in masks:
            assert (mask == 0).mean() == pytest.approx(0.25, abs=0.015)
            assert_same(mask[mask > 0], 4 / 3)
        assert (masks[0] != masks[1]).any() and (masks[0] != masks[2]).any()


def test_a_drop_rate_of_0_drops_nothing():
    """All units are kept at every step."""
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        step = tf.train.get_or_create_global_step()
        logits = model.discriminator(tf.ones((2, 28, 28, 1)), channels=1, alpha=0.2, drop_rate=0.,
                                     training=False)
        sess.run(tf.global_variables_initializer())
        first = sess.run(logits)
        step.load(7, sess)
        assert (sess.run(logits) == first).all() and first.any()


class Recorder(test_vanilla_gan.Recorder):
    shape = (28, 28, 1)


def test_an_iteration_is_a_prediction_and_three_updates(dataset):
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    figures = model.report(sess, gan, model.step(sess, gan, dataset, np.random.default_rng(0), CONFIG))
    assert figures == {"disc_loss": pytest.approx(0.6), "disc_acc": 0.75, "gen_loss": 3}
    (_, predict), (on_real, real), (on_fake, fake), (gen, last) = sess.runs
    assert on_real == on_fake == ["disc_loss", "disc_acc", "disc_opt"]
    assert gen == ["gen_loss", "gen_opt"] and set(last) == {"noise"}
    assert (real["y"] == 1).all() and (fake["y"] == 0).all() and real["y"].shape == (8, 1)
    assert (fake["imgs"] == 0.25).all() and real["imgs"].shape == (8, 28, 28, 1)
    assert real["imgs"].min() < -0.99 and real["imgs"].max() > 0.99
    assert predict["noise"].shape == last["noise"].shape == (8, 5)
    assert not np.isin(predict["noise"], last["noise"]).any()


def test_log_line_is_the_printed_one():
    line = model.log_line(0, 30_000, {"disc_loss": 0.698, "disc_acc": 0.5, "gen_loss": 0.7})
    assert line == "0 [Discriminator loss: 0.698000, acc.: 50.00%] [Generator loss: 0.700000]"


def test_the_defaults_are_those_of_the_chapter():
    config = model.Config()
    assert (config.iterations, config.batch_size, config.z_dim) == (30_000, 128, 100)
    assert (config.learning_rate, config.beta1, config.alpha) == (0.0002, 0.5, 0.2)
    assert intervals(config) == 150


@pytest.mark.parametrize("one_adam, powers", [
    pytest.param(False, {"disc_opt": 3, "gen_opt": 2}, marks=pytest.mark.slow), (True, {"disc_opt": 4})])
def test_one_adam_counts_three_steps_per_iteration(dataset, one_adam, powers):
    found = test_vanilla_gan.beta1_powers(model, dataclasses.replace(CONFIG, one_adam=one_adam), dataset)
    assert found == pytest.approx({name: 0.5 ** power for name, power in powers.items()})


def test_every_op_of_the_training_graph_has_a_deterministic_gpu_kernel():
    with new_graph(seed=0).as_default():
        gan = model.build(CONFIG)
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.disc_acc, gan.gen_loss, gan.fake_imgs]
    assert without_gpu_kernel(fetches) == [] == refusing_determinism(fetches)
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "ConcatV2", "Const", "Identity", "NoOp",
                                  "Pack", "Placeholder", "Prod", "Range", "Shape", "Slice",
                                  "StridedSlice"}


def test_the_ops_that_keras_uses_have_no_deterministic_gpu_kernel():
    with new_graph(seed=0).as_default():
        x = tf.placeholder(tf.float32, (None, 4, 4, 2))
        resized = tf.image.resize_nearest_neighbor(x, (8, 8))
        frozen = tf.layers.batch_normalization(x, training=False, fused=True)
        learning = tf.layers.batch_normalization(x, training=True, fused=True)
        found = [refusing_determinism(tf.gradients(y, x)) for y in (resized, frozen, learning)]
    assert [[kind for kind, _ in ops] for ops in found] == [
        ["ResizeNearestNeighborGrad"], ["FusedBatchNormGradV3"], []]
