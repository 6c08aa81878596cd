"""`double`: models are built in float64, and what replaces a kernel computes the same."""

import numpy as np
import pytest

import double
from gan_tf1.models import dcgan_svhn, vanilla_gan
from gan_tf1.tf1 import new_graph, tf

SMALL = {dcgan_svhn: dict(z_size=5, g_size_mult=2, d_size_mult=2),
         vanilla_gan: dict(hidden_size=4, z_dim=5)}


@pytest.mark.parametrize("model", [dcgan_svhn, pytest.param(vanilla_gan, marks=pytest.mark.slow)],
                         ids=lambda model: model.CHAPTER)
def test_a_model_is_float64_within_and_float32_afterwards(model):
    def types():
        with new_graph(0).as_default() as graph:
            model.build(model.Config(**SMALL[model]))
            return {tensor.dtype.base_dtype.name for op in graph.get_operations()
                    for tensor in op.outputs if tensor.dtype.base_dtype.is_floating
                    and op.type in ("Placeholder", "VariableV2", "ApplyAdam", "MatMul")}

    with double.precision():
        assert types() == {"float64"}
    assert types() == {"float32"}


def test_resizing_computes_the_same_as_the_kernel():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 5, 8, 3))
    with tf.Graph().as_default(), tf.Session() as sess:
        expected, found = sess.run([resize(tf.constant(images, dtype), (7, 9), half_pixel_centers=True)
                                    for resize, dtype in ((tf.image.resize_bilinear, tf.float32),
                                                          (double.resize_bilinear, tf.float64))])
    assert found.dtype == np.float64
    # The kernel computes the place of a pixel, of up to 9, and its weighted mean of four in float32.
    np.testing.assert_allclose(found, expected, rtol=0, atol=double.float32_rounding(4 * 9))


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_computes_the_same_as_the_fused_kernel(training):
    """The tolerance is for the sums of 36 numbers of size 3 in the fused kernel, which has float32."""
    rng = np.random.default_rng(0)
    x, (scale, offset, mean) = rng.normal(size=(4, 3, 3, 2)), rng.normal(size=(3, 2))
    settings = dict(epsilon=0.01, is_training=training)
    if training:
        settings["exponential_avg_factor"] = 0.2
    fused = tf.nn.fused_batch_norm
    with tf.Graph().as_default(), tf.Session() as sess:
        arguments = x, scale, offset, mean, np.array([0.5, 2.])
        expected, found = (function(*(tf.constant(each, dtype) for each in arguments), **settings)
                           for function, dtype in ((fused, tf.float32),
                                                   (double.fused_batch_norm, tf.float64)))
        assert found[0].dtype == tf.float64
        count = 3 if training else 1  # in inference, the other results are the inputs themselves
        for one, other in zip(sess.run(found[:count]), sess.run(expected[:count])):
            np.testing.assert_allclose(one, other, rtol=0, atol=double.float32_rounding(36, 3))
