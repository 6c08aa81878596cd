"""The graphs of the Keras chapters against Keras itself, over ten steps from equal weights.

Both compute in float64 (see `double`).
"""

import numpy as np
import pytest

import double
import keras_twin
from gan_tf1.data import digits, mnist
from gan_tf1.models import (
    conditional_gan, dcgan_mnist, dcgan_upsampling, vanilla_gan, wasserstein_gan)
from gan_tf1.tf1 import new_graph, session_config, tf

pytestmark = pytest.mark.numerics

ALPHA = float(np.float32(0.2))  # the op of Keras' LeakyReLU stores its slope in float32
CHAPTERS = {
    "dcgan_mnist": (dcgan_mnist, dcgan_mnist.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_size=keras_twin.Z, gen_channels=8, disc_channels=6)),
    "vanilla_gan": (vanilla_gan, vanilla_gan.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_dim=keras_twin.Z, hidden_size=8)),
    "dcgan_upsampling": (dcgan_upsampling, dcgan_upsampling.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_dim=keras_twin.Z, channels=3)),
    "dcgan_upsampling_tf1": (dcgan_upsampling, dcgan_upsampling.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_dim=keras_twin.Z, channels=3, frozen_norm=False)),
    "conditional_gan": (conditional_gan, conditional_gan.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_dim=keras_twin.Z, hidden_size=8)),
    "wasserstein_gan": (wasserstein_gan, wasserstein_gan.Config(
        alpha=ALPHA, batch_size=keras_twin.BATCH, z_dim=keras_twin.Z, hidden_size=8)),
}

# Another order of summation changes a sum by about 1e-16 of its terms. A bias before batch norm amplifies
# this most: its gradient is nothing but rounding errors, some 1e-15. With Keras' epsilon of 1e-7, Adam
# turns it into 1e-8 of its step of 0.0002. Ten such steps make 2e-11.
TOLERANCE = 1e-10
# Biases before batch norm, except discriminator/conv2d_1, whose bias has a gradient due to a padding.
STILL = dict.fromkeys(("dcgan_upsampling", "dcgan_upsampling_tf1"), {
    "generator/conv2d/bias", "generator/conv2d_1/bias", "discriminator/conv2d_2/bias", "discriminator/conv2d_3/bias"})


def vanilla_slow(names):
    """`names` as parameters. The vanilla GAN's layers are in the Wasserstein GAN, its loop in the conditional."""
    return [pytest.param(name, marks=pytest.mark.slow) if name == "vanilla_gan" else name for name in names]


@pytest.fixture(scope="module")
def of_keras(request, tmp_path_factory):
    """Chapter -> the arrays of `keras_twin.run`, for the chapters of the selected tests."""
    selected = {item.callspec.params["twins"] for item in request.session.items
                if "twins" in getattr(item, "fixturenames", ())}
    return keras_twin.run([name for name in CHAPTERS if name in selected], tmp_path_factory.mktemp("keras"))


@pytest.fixture(scope="module", params=vanilla_slow(CHAPTERS))
def twins(request, of_keras):
    """`(chapter, Keras' arrays, our printed losses, differences by name, powers)`, in float64."""
    model, config = CHAPTERS[request.param]
    found = of_keras[request.param]
    images, rng = keras_twin.drawn_numbers()
    dataset = digits.Pool(mnist.DataSet(images, keras_twin.drawn_labels()))
    dataset.images = images.reshape(len(images), 784) / 255
    with double.precision(), new_graph(keras_twin.SEED).as_default(), \
            tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        variables = parts()
        keras_twin.load(found, variables, sess)
        losses = [list(model.report(sess, gan, model.step(sess, gan, dataset, rng, config)).values())
                  for _ in range(keras_twin.ITERATIONS)]
        powers = sess.run([var for var in tf.global_variables() if "beta2_power" in var.name])
        yield (request.param, found, np.array(losses),
               keras_twin.differences(found, variables, sess), powers)


def parts():
    """Our variables, in the order of the layers, by the names that the parts have on the Keras side."""
    found = {}
    for name, scope in (("gen", "generator/"), ("disc", "discriminator/")):
        own = tf.trainable_variables(scope)
        every = {var.op.name: var for var in tf.global_variables()}
        found |= {name: own}
        for slot, names in (("m", ("Adam",)), ("v", ("Adam_1", "RMSProp"))):
            found[f"{name}_{slot}"] = [every[f"{var.op.name}/{end}"] for var in own
                                       for end in names if f"{var.op.name}/{end}" in every]
        found[f"{name}_averages"] = [var for var in tf.global_variables(scope) if (
            var.op.name.endswith(("/moving_mean", "/moving_variance")))]
    return found


def test_ten_steps_change_all_variables_as_in_keras(twins):
    chapter, *_, differences, _ = twins
    still = set()
    for name, (apart, moved) in differences.items():
        if name.endswith(("/Adam_1", "/RMSProp")):  # these are squares, so the tolerance is relative
            assert apart <= 1e-6 * moved + TOLERANCE ** 2, (name, apart, moved)
        assert apart <= TOLERANCE, (name, apart, moved)
        if not name.endswith(("/Adam", "/Adam_1", "/RMSProp")) and moved < 1e-5:
            still.add(name)
    assert still == STILL.get(chapter, set())


def test_the_printed_losses_are_those_that_keras_returns(twins):
    _, found, losses, *_ = twins
    np.testing.assert_allclose(losses, found["losses"], rtol=0, atol=TOLERANCE)


def test_the_discriminator_has_two_updates_per_iteration_or_one_of_a_stacked_batch(twins):
    chapter, found, *_, powers = twins
    disc_updates = {"dcgan_mnist": 10, "wasserstein_gan": 100}.get(chapter, 20)
    assert found["updates"].tolist() == [10, disc_updates]
    # TF1 stores 0.999 to the power of the next update, and Keras counts updates; only Adam has this.
    counted = [] if chapter == "wasserstein_gan" else [0.999 ** 11, 0.999 ** (disc_updates + 1)]
    assert sorted(powers) == pytest.approx(sorted(counted), rel=1e-12)


@pytest.mark.parametrize("twins", ["wasserstein_gan"], indirect=True)
def test_rmsprop_is_that_of_the_keras_of_the_chapter_or_of_today(twins):
    _, found, *_ = twins
    critic = [np.abs(value).max() for name, value in found.items() if name.startswith("end/disc/")]
    assert max(critic) == 0.01  # the loop clipped
    for name, epsilon_in_root in (("chapter", False), ("today", True)):
        with double.precision(), tf.Graph().as_default(), tf.Session() as sess:
            weights = tf.get_variable("weights", initializer=np.zeros_like(keras_twin.GRADIENTS))
            step = wasserstein_gan.rmsprop(tf.reduce_sum(weights * keras_twin.GRADIENTS), [weights],
                                           0.00005, epsilon_in_root)
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(step)
            np.testing.assert_allclose(sess.run(weights), found[f"rmsprop/{name}"], rtol=1e-12)
    # They differ if gradients are small. A gradient of 0 changes nothing in either.
    apart = found["rmsprop/today"] / np.where(keras_twin.GRADIENTS, found["rmsprop/chapter"], 1)
    assert apart[0] == 0 and (apart[1:4] < (0.001, 0.05, 0.6)).all() and apart[-1] > 0.999


@pytest.mark.parametrize("twins", vanilla_slow(name for name in CHAPTERS if name != "wasserstein_gan"),
                         indirect=True)
def test_a_compiled_step_computes_the_loss_from_logits_without_clipping(twins):
    _, found, *_ = twins
    compiled, by_hand = found["saturated"]
    assert compiled == pytest.approx(40, rel=0.05)
    assert by_hand == pytest.approx(-np.log(2e-7), rel=0.05)  # clipped at 1e-7, to which 1e-7 is added


@pytest.mark.parametrize("twins", ["dcgan_upsampling"], indirect=True)
def test_a_discriminator_frozen_after_compile_is_trained_only_in_keras_2(twins):
    _, found, *_ = twins
    assert (found["end/disc/0"] != found["start/disc/0"]).any()
    assert not found["trains_in_keras_3"] and found["warned"].any()
