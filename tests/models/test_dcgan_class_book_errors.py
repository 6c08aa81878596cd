"""The errors of the article's listing and their consequences: one test for each row of the table."""

import ast
import importlib

import numpy as np
import pytest

from chapter_texts import code
from double import assert_same
from gan_tf1 import figures
from gan_tf1.layers import batch_norm
from gan_tf1.models import dcgan_class as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between

Z = np.random.default_rng(0).uniform(-1, 1, (2, 5))


@pytest.fixture
def graph():
    with new_graph(seed=0).as_default() as graph:
        yield graph


def test_three_strides_of_2_make_images_that_the_dense_layer_refuses(graph):
    x = tf.placeholder(tf.float32, (None, 7, 7, 128))
    for filters in (64, 32, 1):
        x = tf.layers.conv2d_transpose(x, filters, 5, strides=(2, 2), padding="same",
                                       use_bias=False)
    assert x.shape.as_list() == [None, 56, 56, 1]
    kernels = [var.shape.as_list() for var in tf.trainable_variables()]
    inputs_real, inputs_z = model.model_inputs(model.IMAGE_SHAPE, 100)
    model.discriminator(inputs_real, 64, alpha=0.2)
    refusal = (r"Trying to share variable discriminator/dense/kernel, but specified shape "
               r"\(25088, 1\) and found shape \(6272, 1\)")
    with pytest.raises(ValueError, match=refusal):
        model.discriminator(x, 64, alpha=0.2, reuse=True)

    # Our third layer has stride 1, with the same kernels, and images of the shape of the real ones.
    ours = model.generator(inputs_z, 32)
    assert ours.shape.as_list() == inputs_real.shape.as_list() == [None, 28, 28, 1]
    assert kernels == [var.shape.as_list() for var in tf.trainable_variables("generator/conv")]


def test_the_pair_that_the_discriminator_returns_cannot_be_taken_from_1(graph):
    logits = tf.constant([[0.5], [-1.], [2.]])
    d_fake = tf.sigmoid(logits), logits
    with pytest.raises(TypeError, match="unsupported operand .* for -: 'float' and 'tuple'"):
        tf.log(1. - d_fake)
    # TensorFlow stacks the pair if it can, so the generator's loss is built.
    loss_g = -tf.reduce_mean(tf.log(d_fake))
    with tf.Session(config=session_config()) as sess:
        assert sess.run(tf.log(d_fake)).shape == (2, 3, 1)
        assert np.isnan(sess.run(loss_g))  # the log of the logit -1
    assert model.discriminator(tf.zeros((2, 28, 28, 1)), 2, alpha=0.2).shape.as_list() == [2, 1]


def test_a_batch_with_a_fifth_axis_cannot_be_fed(graph, train_set):
    inputs_real, _ = model.model_inputs(model.IMAGE_SHAPE, 100)
    batch_xs, _ = train_set.next_batch(64)
    batch_xs = np.reshape(batch_xs, [-1, 28, 28, 1])
    with tf.Session(config=session_config()) as sess:
        assert sess.run(tf.shape(inputs_real), {inputs_real: batch_xs}).tolist() == [64, 28, 28, 1]
        with pytest.raises(ValueError, match=r"Cannot feed value of shape \(64, 28, 28, 1, 1\) for "
                                             r"Tensor .?inputs_real:0.?, which has shape"):
            sess.run(tf.shape(inputs_real), {inputs_real: np.expand_dims(batch_xs, axis=-1)})


def losses_and_gradients(logit, log_of_sigmoid, dtype=np.float32):
    """Both losses if real and fake images have the logit `logit`, and their gradients."""
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        given = tf.constant([[logit]], dtype)
        losses = model.model_loss(given, given, log_of_sigmoid)
        gradients = [tf.gradients(loss, given)[0] for loss in losses]
        return map(np.ravel, sess.run([losses, gradients]))


@pytest.mark.parametrize("logit", [-12., -1.5, 0., 3., 12.])
def test_both_forms_of_the_loss_are_equal_if_the_printed_one_is_finite(logit):
    exact = np.array([np.log1p(np.exp(-logit)) + np.log1p(np.exp(logit)), np.log1p(np.exp(-logit))])
    p = 1 / (1 + np.exp(-logit))
    for log_of_sigmoid in (False, True):
        losses, gradients = losses_and_gradients(logit, log_of_sigmoid, np.float64)
        # 1 - sigmoid(12) is 6e-6, with the rounding error of 1, which its logarithm divides by 6e-6.
        apart = 2**-52 * np.exp(12)
        np.testing.assert_allclose(losses, exact, rtol=0, atol=apart)
        np.testing.assert_allclose(gradients, [2 * p - 1, p - 1], rtol=0, atol=apart)


@pytest.mark.parametrize("logit", [-200., 200.])
def test_the_printed_loss_of_a_certain_discriminator_is_infinite_and_has_no_gradient(logit):
    losses, gradients = losses_and_gradients(logit, log_of_sigmoid=True)
    assert losses[0] == np.inf and np.isnan(gradients[0])
    assert logit > 0 or (losses[1] == np.inf and np.isnan(gradients[1]))

    losses, gradients = losses_and_gradients(logit, log_of_sigmoid=False)
    assert_same(losses, [200, max(-logit, 0)])
    assert_same(gradients, [np.sign(logit), -1. if logit < 0 else 0.])


def test_where_the_printed_loss_becomes_infinite():
    """It is infinite at logits whose sigmoid is rounded to 1 or 0."""
    for logit, finite in ((16., True), (18., False), (-85., True), (-90., False)):
        losses, _ = losses_and_gradients(logit, log_of_sigmoid=True)
        assert np.isfinite(losses).all() == finite, logit


@pytest.mark.parametrize("variant, lost", [("as_printed", True), ("mend_log", False)])
def test_as_printed_one_step_of_a_certain_discriminator_makes_every_weight_nan(graph, variant, lost):
    gan = model.build(model.Config(variant=variant, z_dim=5, gen_channels=2, disc_channels=2))
    x = np.random.default_rng(1).uniform(0, 1, (2, 28, 28, 1))
    with tf.Session(config=session_config()) as sess:
        sess.run(tf.global_variables_initializer())
        [dense] = tf.trainable_variables("discriminator/dense/")
        dense.load(1000 * sess.run(dense), sess)
        sess.run(gan.opt_d, {gan.inputs_real: x, gan.inputs_z: Z})
        assert (np.isnan(sess.run(dense)) == lost).all()


@pytest.mark.parametrize("variant, error", [
    ("mend_range", "images_from_0"), ("mend_log", "log_of_sigmoid"),
    ("mend_sample_noise", "normal_sample_noise"),
    ("mend_sample_statistics", "batch_statistics_in_samples")])
def test_each_error_can_be_corrected_alone(variant, error):
    assert model.VARIANTS[variant] == model.AS_PRINTED._replace(**{error: False})
    assert all(model.AS_PRINTED) and not any(model.CORRECTED)


def test_nested_scopes_name_the_generator_twice_but_still_split_the_variables(graph):
    with tf.variable_scope("generator"):
        gen_output = model.generator(tf.constant(Z, tf.float32), channels=2)
    with tf.name_scope("discriminator"):  # this is not a variable scope, so it only names ops
        d_fake = model.discriminator(gen_output, 2, alpha=0.2)
    names = [var.op.name for var in tf.trainable_variables()]
    assert names[0] == "generator/generator/dense/kernel"
    assert names[-1] == "discriminator/dense/kernel"
    assert d_fake.op.name.startswith("discriminator/discriminator/")
    for name in names:
        assert ("generator" in name) == name.startswith("generator")
        assert ("discriminator" in name) == name.startswith("discriminator")
        assert ("generator" in name) != ("discriminator" in name)


def test_as_printed_the_updates_of_ds_averages_have_no_order(graph):
    z, x = tf.constant(Z, tf.float32), tf.zeros((2, 28, 28, 1))
    d_real = model.discriminator(x, 2, alpha=0.2)
    d_fake = model.discriminator(model.generator(z, channels=2), 2, alpha=0.2, reuse=True)
    for logits, other in ((d_real, d_fake), (d_fake, d_real)):
        def moving(fetch):
            return {op for op in between([fetch]) if op.type == "AssignSub"
                    and op.inputs[0].op.name.startswith("discriminator")}
        assert len(moving(logits)) == 4 and not moving(logits) & moving(other)


def test_update_ops_are_empty_so_waiting_for_them_has_no_effect(graph):
    y = batch_norm(tf.zeros((2, 3, 3, 4)), updates_collections=None)
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []
    assert sum(op.type == "AssignSub" for op in between([y])) == 2


def test_sampling_noise_is_longer_than_the_noise_of_training():
    rng = np.random.default_rng(0)
    uniform, normal = (np.linalg.norm(noise, axis=1) for noise in (
        rng.uniform(-1., 1., size=(1000, 100)), rng.normal(size=(1000, 100))))
    assert normal.mean() / uniform.mean() == pytest.approx(np.sqrt(3), rel=0.01)
    assert normal.min() > uniform.max()
    printed = code("004")
    assert "z_samples = np.random.uniform(-1., 1., size=[batch_size, dcgan.z_dim])" in printed
    assert "fixed_z = np.random.normal(size=[dcgan.batch_size, dcgan.z_dim])" in printed


def test_mnist_as_loaded_is_not_in_the_range_of_tanh(train_set):
    images, _ = train_set.next_batch(64)
    assert images.min() == 0 and images.max() == 1
    assert model.AS_PRINTED.images_from_0 and not model.CORRECTED.images_from_0


@pytest.mark.parametrize("line, name", [("np.reshape(batch_xs, newshape=[-1] + dcgan.image_shape)", "np"),
                                        ("plt.subplots(nrows=4, ncols=8, figsize=(12, 8))", "plt")])
def test_names_that_the_listing_never_imports(line, name):
    printed = code("004")
    assert f"= {line}\n" in printed
    bound = [alias.asname or alias.name for node in ast.walk(ast.parse(printed))
             if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names]
    assert "tf" in bound and name not in bound


def test_images_cannot_be_sampled_after_the_session_is_closed(graph):
    gen_output = model.generator(tf.constant(Z, tf.float32), channels=2)
    with tf.Session(config=session_config()) as sess:
        sess.run(tf.global_variables_initializer())
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session"):
        sess.run(gen_output)


def test_imshow_stretches_the_contrast_of_each_image_and_our_figure_does_not():
    from matplotlib.figure import Figure
    grey = np.stack([np.full(784, 0.1), np.full(784, -0.1)]).astype(np.float32)
    grey[:, 0] += 0.01
    axes = Figure().subplots(1, 2)
    shown = [axis.imshow(image.reshape(28, 28), cmap="gray") for axis, image in zip(axes, grey)]
    assert [image.get_clim() for image in shown] == [
        pytest.approx((0.1, 0.11)), pytest.approx((-0.1, -0.09))]
    assert figures.as_images(grey).min(axis=(1, 2)).tolist() == pytest.approx([0.55, 0.45])


def test_what_the_listing_imports_no_longer_exists():
    with pytest.raises(AttributeError, match="contrib"):
        tf.contrib
    with pytest.raises(ModuleNotFoundError, match="tensorflow.examples"):
        importlib.import_module("tensorflow.examples.tutorials.mnist")
