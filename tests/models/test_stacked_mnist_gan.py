"""The DCGAN on stacked MNIST: digits are stacked to channels and images to packs; and its runs."""

import numpy as np
import pytest

import double
import few_digits
from conftest import load_script, values
from gan_tf1.data import digits
from gan_tf1.models import stacked_mnist_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_results
from gpu_kernels import between, refusing_determinism, without_gpu_kernel

CONFIG = model.Config(packing=2, batch_size=3, channels=1, z_dim=4)


@pytest.fixture(scope="module")
def built():
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            gan = model.build(CONFIG)
        sess.run(tf.global_variables_initializer())
        yield sess, gan


@pytest.fixture
def feed(built):
    _, gan = built
    rng = np.random.default_rng(0)
    return {gan.digits: rng.uniform(-1, 1, (6, 3, 28, 28)), gan.noise: rng.uniform(-1, 1, (6, 4))}


@pytest.mark.parametrize("packing", [1, 2, 3])
def test_a_pack_has_the_channels_of_consecutive_images(packing):
    imgs = np.arange(6 * 2 * 2 * 3.).reshape(6, 2, 2, 3)
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        packs = sess.run(model.packed(tf.constant(imgs), packing))
    expected = [np.concatenate(list(imgs[start:start + packing]), axis=-1)
                for start in range(0, 6, packing)]
    np.testing.assert_array_equal(packs, expected)


def test_losses_in_the_graph_are_those_of_packs(built, feed):
    """There are three logits of each kind; those of real packs are of digits that are stacked to channels."""
    sess, gan = built
    imgs = np.moveaxis(feed[gan.digits], 1, -1)
    packs = np.concatenate([imgs[::2], imgs[1::2]], axis=-1)
    logits = model.discriminator(tf.constant(packs), channels=1, alpha=0.2, reuse=True)
    fakes = sess.run("generator/conv2d_transpose_1/Tanh:0", feed)  # with batch statistics
    fake_packs = np.concatenate([fakes[::2], fakes[1::2]], axis=-1)
    fake_logits = model.discriminator(tf.constant(fake_packs), channels=1, alpha=0.2, reuse=True)
    real, fake = sess.run([logits, fake_logits])
    assert len(real) == len(fake) == 3
    assert sess.run([gan.disc_loss, gan.gen_loss], feed) == double.same([
        (np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean(),
        np.log1p(np.exp(-fake)).mean()])


def test_an_interval_reports_the_means_of_its_steps():
    totals = model.tally(model.tally(None, (1., 5.)), (2., 7.))
    assert model.report(None, None, totals) == {"disc_loss": 1.5, "gen_loss": 6.}


def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config(packing=2))
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        averages = {var.op.name for var in gan.gen_vars} - set(table)
    norm = "batch_normalization"
    assert table == {
        "generator/dense/kernel": (100, 6272), "generator/dense/bias": (6272,),
        f"generator/{norm}/gamma": (128,), f"generator/{norm}/beta": (128,),
        "generator/conv2d_transpose/kernel": (5, 5, 64, 128),
        "generator/conv2d_transpose/bias": (64,),
        f"generator/{norm}_1/gamma": (64,), f"generator/{norm}_1/beta": (64,),
        "generator/conv2d_transpose_1/kernel": (5, 5, 3, 64),
        "generator/conv2d_transpose_1/bias": (3,),
        "discriminator/conv2d/kernel": (5, 5, 6, 64), "discriminator/conv2d/bias": (64,),
        "discriminator/conv2d_1/kernel": (5, 5, 64, 128), "discriminator/conv2d_1/bias": (128,),
        f"discriminator/{norm}/gamma": (128,), f"discriminator/{norm}/beta": (128,),
        "discriminator/dense/kernel": (6272, 1), "discriminator/dense/bias": (1,)}
    assert averages == {f"generator/{norm}{end}/moving_{name}" for end in ("", "_1")
                        for name in ("mean", "variance")}


@pytest.mark.parametrize("name, own", [("disc_opt", "discriminator"), ("gen_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(built, feed, name, own):
    sess, gan = built
    before = values(sess)
    sess.run(getattr(gan, name), feed)
    moved = {var for var, value in values(sess).items() if (value != before[var]).any()}
    assert {var.partition("/")[0] for var in moved} == {own, name}
    if own == "generator":
        assert moved >= {var.op.name for var in gan.gen_vars if "moving" in var.op.name}


def test_every_op_has_a_gpu_kernel_and_none_is_random():
    with new_graph(seed=0).as_default():
        gan = model.build(CONFIG)
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss]
    assert without_gpu_kernel([*fetches, gan.fake_imgs]) == refusing_determinism(fetches) == []
    assert not [op.type for op in between(fetches) if "andom" in op.type]


def test_a_step_stacks_three_digits_and_updates_the_generator_as_often_as_asked(train_set):
    runs = []

    class Session:
        def run(self, fetches, feed_dict):
            runs.append((fetches, feed_dict))
            return len(runs), None

    config = model.Config(packing=2, batch_size=3, gen_steps=2, z_dim=4)
    rows = np.random.default_rng(0).integers(0, 200, 18)
    losses = model.step(Session(), model.GAN(*model.GAN._fields), train_set,
                        np.random.default_rng(0), config)
    assert losses == (1, 3) and [fetches[1] for fetches, _ in runs] == [
        "disc_opt", "gen_opt", "gen_opt"]
    feed = runs[0][1]
    assert feed["digits"].shape == (6, 3, 28, 28) and feed["noise"].shape == (6, 4)
    np.testing.assert_allclose(feed["digits"][1, 2].ravel(), 2 * train_set.images[rows[5]] - 1,
                               atol=1e-6)


def test_a_run_writes_images_in_colour(tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    path = tmp_path / "run"
    load_script("20_stacked_mnist_gan.py").main([
        "--paper", "--data", "drawn", "--packing", "2", "--iterations", "4", "--sample-interval", "2",
        "--batch-size", "2", "--channels", "1", "--z-size", "4", "--samples", "16", "--loop",
        "graph", "--run-dir", str(path)])
    assert run_results.load_samples(path).shape == (2, 16, 28, 28, 3)
    assert run_results.load_losses(path)["disc_loss"] == pytest.approx(2 * [model.CHANCE], abs=0.3)
    assert len(list((path / "figures").iterdir())) == 3
