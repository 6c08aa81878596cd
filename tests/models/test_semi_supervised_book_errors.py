"""The errors of the semi-supervised chapter, their consequences, and that `corrected` corrects them."""

import double
import numpy as np
import pytest

from chapter_texts import code
from conftest import load
from gan_tf1.layers import fresh_dropout
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.models.parts import semi_supervised_networks as networks
from gan_tf1.tf1 import new_graph, session_config, tf

AS_PRINTED, CORRECTED = networks.VARIANTS["as_printed"], networks.VARIANTS["corrected"]


def images(count, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 32, 32, 3)).astype(np.float32)


@pytest.fixture
def graph():
    with new_graph(seed=3).as_default() as graph:
        yield graph


def discriminator_of(net):
    """`(logits, dead)`: a function of images and drop rate, and the names of variables without gradient."""
    x = tf.placeholder(tf.float32, (None, 32, 32, 3))
    drop_rate = tf.placeholder_with_default(np.float32(0.5), ())
    _, class_logits, _, _ = networks.discriminator(x, drop_rate=drop_rate, size_mult=4, net=net)
    sess = tf.Session(config=session_config())
    sess.run(tf.global_variables_initializer())
    variables = tf.trainable_variables()
    dead = {var.op.name.removeprefix("discriminator/") for var, gradient in
            zip(variables, tf.gradients(class_logits, variables)) if gradient is None}
    return lambda x_, rate=0.5: sess.run(class_logits, {x: x_, drop_rate: rate}), dead


def test_as_printed_relu2_skips_bn2_and_x6_is_dead(graph):
    _, dead = discriminator_of(AS_PRINTED)
    assert dead == {"batch_normalization/gamma", "batch_normalization/beta",
                    "conv2d_5/kernel", "conv2d_5/bias",
                    "batch_normalization_4/gamma", "batch_normalization_4/beta"}


@pytest.mark.parametrize("variant, revived", [
    ("mend_bn2", {"batch_normalization/gamma", "batch_normalization/beta"}),
    ("revive_x6", {"conv2d_5/kernel", "conv2d_5/bias", "batch_normalization_4/gamma",
                 "batch_normalization_4/beta"}),
    ("mend_dropout", set()), ("mend_test_statistics", set()),
])
def test_each_error_can_be_corrected_alone(variant, revived):
    def dead(net):
        with new_graph(seed=0).as_default():
            return discriminator_of(net)[1]

    assert dead(AS_PRINTED) - dead(networks.VARIANTS[variant]) == revived
    assert sum(a != b for a, b in zip(AS_PRINTED, networks.VARIANTS[variant])) == 1


def test_corrected_uses_every_weight(graph):
    assert discriminator_of(CORRECTED)[1] == set()


def test_without_the_dead_branch_the_network_is_what_was_alive_of_it():
    """The same weights in the living layers give the same logits."""
    def logits(net, values=None):
        """Logits of 8 images in float64, and the variables; they start as `values`, if any."""
        with double.precision(), new_graph(seed=0).as_default(), \
                tf.Session(config=session_config()) as sess:
            _, class_logits, _, _ = networks.discriminator(
                tf.constant(images(8), tf.float64), size_mult=4, net=net)
            variables = tf.global_variables()
            sess.run(tf.global_variables_initializer())
            if values:
                load(sess, {var: values[var.op.name] for var in variables})
            return sess.run(class_logits), {
                var.op.name: value for var, value in zip(variables, sess.run(variables))}

    printed, values = logits(AS_PRINTED)
    for part in ("kernel", "bias"):  # x7 is the seventh convolution there, and the sixth here
        values[f"discriminator/conv2d_5/{part}"] = values.pop(f"discriminator/conv2d_6/{part}")
    alone, own = logits(networks.Net(x6="deleted"), values)
    assert set(values) - set(own) == {f"discriminator/batch_normalization_4/{part}" for part in (
        "gamma", "beta", "moving_mean", "moving_variance")}
    np.testing.assert_allclose(alone, printed, rtol=1e-12)


def test_the_output_of_the_printed_x6_is_too_small_for_x7(graph):
    relu6 = tf.zeros((1, 2, 2, 8))  # 4 x 4 after a stride of 2
    with pytest.raises(ValueError, match="[Nn]egative dimension"):
        tf.layers.conv2d(relu6, 8, 3, strides=1, padding="valid")


def test_as_printed_dropout_is_never_active(graph):
    logits, _ = discriminator_of(AS_PRINTED)
    np.testing.assert_array_equal(logits(images(8), 0.), logits(images(8), 0.9))


@pytest.mark.parametrize("variant", ["corrected", "mend_dropout"])
def test_corrected_dropout_has_the_rate_that_is_fed(graph, variant):
    logits, _ = discriminator_of(networks.VARIANTS[variant])
    assert np.abs(logits(images(8), 0.) - logits(images(8), 0.9)).max() > 0.01
    np.testing.assert_array_equal(logits(images(8), 0.), logits(images(8), 0.))


def test_dropout_drops_its_share_and_keeps_the_mean(graph):
    ones = tf.ones((100, 1000))
    with tf.Session(config=session_config()) as sess:
        dropped = fresh_dropout(ones, 0.2, number=3)
        other = fresh_dropout(ones, 0.2, number=4)
        step = tf.train.get_global_step()
        move_on = tf.assign_add(step, 1)
        sess.run(tf.global_variables_initializer())
        first, again, beside = sess.run(dropped), sess.run(dropped), sess.run(other)
        sess.run(move_on)
        later = sess.run(dropped)
    assert set(np.unique(first)) == {0, np.float32(1 / 0.8)}
    assert (first == 0).mean() == pytest.approx(0.2, abs=0.005)  # 4 standard errors
    np.testing.assert_array_equal(first, again)  # the same units within a step
    for fresh in (beside, later):                # independent units in another layer or step
        assert ((first == 0) & (fresh == 0)).mean() == pytest.approx(0.04, abs=0.003)


def moved_by_neighbours(variant):
    """How far the logits of an image, as it is tested, change with the other images of its batch."""
    config = model.Config(variant=variant, z_size=4, g_size_mult=4, d_size_mult=4)
    inputs = model.model_inputs((32, 32, 3), config.z_size, config.drop_rate)
    *_, class_logits, _ = model.model_loss(*inputs, config)
    input_real, *_, drop_rate = inputs
    with tf.Session(config=session_config()) as sess:
        sess.run(tf.global_variables_initializer())
        one, others = images(1), images(7, seed=1)
        first, second = (sess.run(class_logits, {
            input_real: np.concatenate([one, scale * others]), drop_rate: 0.})[0] for scale in (1, 0.2))
    return np.abs(first - second).max()


def test_as_printed_a_test_images_class_depends_on_its_neighbours(graph):
    assert moved_by_neighbours("as_printed") > 0.01


@pytest.mark.parametrize("variant", ["corrected", "mend_test_statistics"])
def test_corrected_a_test_images_class_does_not_depend_on_its_neighbours(graph, variant):
    assert moved_by_neighbours(variant) < 1e-6


def test_the_printed_product_of_mask_and_float_fails(graph):
    label_mask = tf.placeholder(tf.int32, (None,))
    with pytest.raises((TypeError, ValueError)):
        label_mask * tf.to_float(tf.equal([1, 2], [1, 3]))
    printed = code("001")
    assert "label_mask = tf.placeholder(tf.int32, " in printed and "label_mask * tf.to_float(eq)" in printed


def test_the_printed_shapeless_placeholder_has_no_rank(graph):
    assert tf.placeholder(tf.int32, (None)).shape.rank is None
    # With a batch of one, tf.squeeze then also removes the axis of the labels.
    squeezed = tf.squeeze(tf.placeholder_with_default([3], (None,)))
    with tf.Session(config=session_config()) as sess:
        assert sess.run(squeezed).shape == ()
    _, _, y, label_mask, _ = model.model_inputs((32, 32, 3), 100, 0.5)
    assert y.shape.as_list() == label_mask.shape.as_list() == [None]


def test_a_batch_of_one_is_tested_too(graph):
    with tf.Session(config=session_config()) as sess:
        right = model.right(tf.constant([[0., 1.] + 9 * [0.]]), tf.constant([1]))
        assert sess.run(right).tolist() == [1]


def test_to_float_still_exists_and_casts_to_float32(graph):
    with tf.Session(config=session_config()) as sess:
        assert sess.run(tf.to_float([True, False])).tolist() == sess.run(
            tf.cast([True, False], tf.float32)).tolist()
