"""The vanilla GAN against NumPy: variables, losses, averages, and what a step updates."""

import dataclasses

import numpy as np
import pytest

import double
from chapter_texts import code
from conftest import RecordingSession, load, shake, values
from double import assert_same, same
from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.models import vanilla_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import host_side, without_gpu_kernel

CONFIG = model.Config(batch_size=8, z_dim=5, hidden_size=4)
NORMS = ["generator/batch_normalization" + end for end in ("", "_1", "_2")]


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small GAN. No weight or average is 0 or 1, which could hide an error."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(CONFIG)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shake(sess, tf.trainable_variables(), rng)
            load(sess, {var: rng.uniform(0.5, 1.5, var.shape)
                        for var in tf.global_variables("generator/.*moving")})
            yield sess, gan, values(sess)


@pytest.fixture
def dataset(train_set):
    return digits.Pool(train_set)


def hidden(x, weights, scope, number):
    end = f"_{number}" if number else ""
    x = x @ weights[f"{scope}/dense{end}/kernel"] + weights[f"{scope}/dense{end}/bias"]
    return x if (scope, number) in (("generator", 3), ("discriminator", 2)) else (
        np.where(x > 0, x, 0.2 * x))


def generator(z, weights, training):
    """Images in NumPy, and in training the batch statistics. The order is dense, leaky ReLU, batch norm."""
    statistics, x = [], z
    for number, norm in enumerate(NORMS):
        x = hidden(x, weights, "generator", number)
        mean, variance = weights[f"{norm}/moving_mean"], weights[f"{norm}/moving_variance"]
        if training:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            statistics.append((mean, variance))
        x = (x - mean) / np.sqrt(variance + 0.001)
        x = x * weights[f"{norm}/gamma"] + weights[f"{norm}/beta"]
    return np.tanh(hidden(x, weights, "generator", 3)), statistics


def discriminator(x, weights):
    for number in range(3):
        x = hidden(x, weights, "discriminator", number)
    return x


def softplus(x):
    return np.log1p(np.exp(x))


def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name for var in tf.global_variables()} - set(table)
    dense = {"generator": (100, 256, 512, 1024, 784), "discriminator": (784, 512, 256, 1)}
    expected = {}
    for scope, widths in dense.items():
        for number, (before, after) in enumerate(zip(widths, widths[1:])):
            name = f"{scope}/dense{f'_{number}' if number else ''}"
            expected |= {f"{name}/kernel": (before, after), f"{name}/bias": (after,)}
    expected |= {f"{norm}/{name}": (width,) for norm, width in zip(NORMS, (256, 512, 1024))
                 for name in ("gamma", "beta")}
    assert table == expected
    averages = {f"{norm}/moving_{name}" for norm in NORMS for name in ("mean", "variance")}
    assert saved == averages | {name for name in table if name.startswith("generator/")}
    assert others == averages | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


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


def test_networks_equal_numpy(session):
    """Samples and fakes for D use moving statistics; the generator is trained with batch statistics."""
    sess, gan = session
    weights, rng = values(sess), np.random.default_rng(0)
    z, imgs = np.random.default_rng(1).normal(size=(6, 5)), rng.uniform(-1, 1, (6, 784))
    assert_same(model.sample(sess, gan, np.random.default_rng(1), 6, CONFIG),
                generator(z, weights, False)[0])
    gen_loss = sess.run(gan.gen_loss, {gan.noise: z})
    generated, _ = generator(z, weights, True)
    assert np.abs(generated - generator(z, weights, False)[0]).max() > 0.1
    assert gen_loss == same(softplus(-discriminator(generated, weights)).mean())
    disc_loss = sess.run(gan.disc_loss, {gan.imgs: imgs, gan.y: np.ones((6, 1))})
    assert disc_loss == same(softplus(-discriminator(imgs, weights)).mean())
    assert all((value == weights[name]).all() for name, value in values(sess).items())


def test_the_discriminators_update_changes_only_the_discriminator(session):
    sess, gan = session
    before = values(sess)
    sess.run(gan.disc_opt, {gan.imgs: np.random.default_rng(0).uniform(-1, 1, (6, 784)),
                            gan.y: np.ones((6, 1))})
    moved = {name for name, value in values(sess).items() if (value != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"discriminator", "disc_opt"}
    assert moved >= {var.op.name for var in tf.trainable_variables("discriminator/")}


def test_the_generators_update_changes_only_its_weights_and_averages(session):
    sess, gan = session
    before, z = values(sess), np.random.default_rng(0).normal(size=(6, 5))
    sess.run(gan.gen_opt, {gan.noise: z})
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"generator", "gen_opt"}
    assert moved >= {var.op.name for var in gan.gen_vars}
    _, statistics = generator(z, before, True)
    for norm, (mean, variance) in zip(NORMS, statistics):
        # The momentum is 0.8, and the variance of the batch is not multiplied by 6 / 5.
        for name, statistic in (("moving_mean", mean), ("moving_variance", variance)):
            expected = 0.8 * before[f"{norm}/{name}"] + 0.2 * statistic
            assert_same(after[f"{norm}/{name}"], expected)


class Recorder(RecordingSession):
    shape = (784,)  # of an image

    def answer(self, fetches, feed):
        if fetches == "fake_imgs":
            return np.full((len(feed["noise"]), *self.shape), 0.25, np.float32)
        if fetches[0] == "gen_loss":
            return 3., None
        return (0.4, 1., None) if feed["y"].all() else (0.8, 0.5, None)


def test_an_iteration_is_a_prediction_and_three_updates(dataset):
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    figures = model.report(sess, gan, model.step(sess, gan, dataset, np.random.default_rng(0), CONFIG))
    assert figures == {"disc_loss": pytest.approx(0.6), "disc_acc": 0.75, "gen_loss": 3}
    (_, predict), (on_real, real), (on_fake, fake), (gen, last) = sess.runs
    assert on_real == on_fake == ["disc_loss", "disc_acc", "disc_opt"]
    assert gen == ["gen_loss", "gen_opt"] and set(last) == {"noise"}
    assert (real["y"] == 1).all() and (fake["y"] == 0).all() and real["y"].shape == (8, 1)
    assert (fake["imgs"] == 0.25).all() and real["imgs"].shape == (8, 784)
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


def test_the_printed_dash_is_not_a_minus_sign():
    printed = "X_train = X_train / 127.5 – 1"
    with pytest.raises(SyntaxError, match="invalid character"):
        compile(printed, "chapter", "exec")
    assert printed in code("003")


def test_every_op_of_the_training_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        gan = model.build(CONFIG)
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.disc_acc, gan.gen_loss, gan.fake_imgs]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "Identity", "NoOp",
                                  "Placeholder", "Prod", "Shape", "StridedSlice"}


def beta1_powers(model, config, dataset):
    """The powers of beta1 that the optimizers keep after an iteration, by the name of the optimizer."""
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        model.step(sess, gan, dataset, np.random.default_rng(0), config)
        return {var.op.name.removesuffix("/beta1_power"): sess.run(var) for var in tf.global_variables()
                if "beta1_power" in var.op.name}


@pytest.mark.parametrize("one_adam, steps", [(False, 1), (True, 3)])
def test_one_adam_counts_the_discriminators_steps_as_the_generators_too(dataset, one_adam, steps):
    """The generator's first step is Adam's step number 1, or number 3 if the networks share one Adam.

    Its averages m and v are those of a single gradient g in either case: the step is
    lr sqrt(1 - beta2^t) / (1 - beta1^t) (1 - beta1) g / sqrt((1 - beta2) g^2).
    """
    config = dataclasses.replace(CONFIG, one_adam=one_adam)
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        bias = next(var for var in gan.gen_vars if var.op.name == "generator/dense_3/bias")
        before = sess.run(bias)
        model.step(sess, gan, dataset, np.random.default_rng(0), config)
        moved = np.abs(sess.run(bias) - before).max()
        powers = {var.op.name: sess.run(var) for var in tf.global_variables() if "beta1_power" in var.op.name}
    beta1, beta2 = 0.5, 0.999
    expected = 0.0002 * np.sqrt((1 - beta2 ** steps) / (1 - beta2)) * (1 - beta1) / (1 - beta1 ** steps)
    assert moved == pytest.approx(expected, rel=2e-2)  # Adam's epsilon makes it a little smaller
    assert powers == pytest.approx({"disc_opt/beta1_power": beta1 ** 4} if one_adam else {
        "disc_opt/beta1_power": beta1 ** 3, "gen_opt/beta1_power": beta1 ** 2})
