"""The chapters' graphs in float64, so that two programs can be compared to twelve digits.

Training a GAN amplifies rounding errors. After some hundred steps in float32, the same graph has
other weights on another processor. A bias before batch norm has a gradient of nothing but rounding
errors, and Adam still updates it by whole steps. In float64, rounding errors start at 1e-16 instead
of 1e-7, and a gradient of 1e-17 is negligible beside Adam's epsilon. A test that two programs compute
the same therefore uses float64, where a difference of 1e-9 is a difference between the programs.

The models write `tf.float32`, as the chapters do. Within `double.precision()`, the lazy object `tf`
that they import gives float64 instead. TensorFlow itself is not changed, except for the fused batch
norm and bilinear resizing, which have no kernel for float64.
"""

import contextlib
import functools
import sys
from unittest import mock

import numpy as np


def _tensorflow():
    """TensorFlow as it has been imported: as in TF1, or, by the tests of Keras, as in TF2."""
    return sys.modules["tensorflow"].compat.v1


def fused_batch_norm(x, scale, offset, mean=None, variance=None, epsilon=0.001, data_format="NHWC",
                     is_training=True, name=None, exponential_avg_factor=1.):
    """`tf.compat.v1.nn.fused_batch_norm` of x [..., C] in any float type: the same three results.

    With n = x.size / C values per channel, the variance that it returns is divided by n - 1, and the
    variance with which it normalizes is divided by n.
    """
    tf = _tensorflow()
    assert data_format == "NHWC"
    if not is_training:
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon), mean, variance
    batch_mean, batch_variance = tf.nn.moments(x, list(range(x.shape.rank - 1)))
    y = tf.nn.batch_normalization(x, batch_mean, batch_variance, offset, scale, epsilon, name)
    n = tf.cast(tf.size(x) / tf.size(batch_mean), x.dtype)
    found = batch_mean, batch_variance * n / (n - 1)
    if exponential_avg_factor not in (None, 1):
        found = [(1 - exponential_avg_factor) * old + exponential_avg_factor * new
                 for old, new in zip((mean, variance), found)]
    return (y, *found)


@contextlib.contextmanager
def unfused_batch_norm():
    """Replace `tf.nn.fused_batch_norm` by the function above, for the layers of TF1 and of Keras.

    With float64, those layers would not even call it, and their moving averages would be of the variance
    that is divided by n. So they are also told that they can.
    """
    tf = _tensorflow()
    from tf_keras.src.layers.normalization.batch_normalization import BatchNormalizationBase
    with mock.patch.object(tf.nn, "fused_batch_norm", fused_batch_norm), \
            mock.patch.object(BatchNormalizationBase, "_fused_can_be_used", lambda layer: True):
        yield


def resize_bilinear(images, size, half_pixel_centers):
    """`tf.image.resize_bilinear` of images [B, H, W, C], which itself returns float32 for every input.

    Each row and each column of the result is a weighted mean of two of the image.
    """
    tf = _tensorflow()
    assert half_pixel_centers

    def weights(count, wanted):
        places = np.clip((np.arange(wanted) + 0.5) * count / wanted - 0.5, 0, count - 1)
        return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(count)))

    rows, columns = map(weights, images.shape.as_list()[1:3], size)
    return tf.einsum("ri,bijc,sj->brsc", rows, images, columns)


def _wide(value):
    """Convert a Python or NumPy float, or the type float32, to float64."""
    tf = _tensorflow()
    if isinstance(value, (float, np.float32)):
        return np.float64(value)
    return tf.float64 if value is tf.float32 or value is np.float32 else value


@contextlib.contextmanager
def precision():
    """Make the models build float64 graphs: placeholders, variables, constants, and Adam's slots.

    Integers stay integers, and an array of float32 is converted to float64 when it is fed.
    """
    from gan_tf1.tf1 import tf
    get_variable = tf.get_variable

    def variable(name, shape=None, dtype=None, initializer=None, **named):
        # An array or a tensor as the initializer has a type of its own.
        dtype = dtype or (tf.float64 if callable(initializer) or initializer is None else None)
        return get_variable(name, shape, dtype, initializer, **named)

    def adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, **named):
        return AdamOptimizer(*map(_wide, (learning_rate, beta1, beta2, epsilon)), **named)

    class BatchNormalization(tf.layers.BatchNormalization):
        def __init__(self, momentum=0.99, **named):
            super().__init__(momentum=_wide(momentum), **named)

    with contextlib.ExitStack() as stack:
        def replace(module, name, value):
            stack.enter_context(mock.patch.object(module, name, value))

        AdamOptimizer = tf.train.AdamOptimizer
        replace(tf.train, "AdamOptimizer", adam)
        replace(tf, "get_variable", variable)
        for name in ("zeros", "ones", "one_hot"):
            replace(tf, name, functools.partial(getattr(tf, name), dtype=tf.float64))
        for name in ("constant", "cast", "maximum", "minimum", "placeholder_with_default"):
            replace(tf, name, _with_wide(getattr(tf, name)))
        replace(tf.layers, "batch_normalization", functools.partial(_with_wide(
            tf.layers.batch_normalization), momentum=0.99))
        replace(tf.layers, "BatchNormalization", BatchNormalization)
        replace(tf.image, "resize_bilinear", resize_bilinear)
        replace(tf, "float32", tf.float64)
        stack.enter_context(unfused_batch_norm())
        yield


def _with_wide(function):
    def called(*arguments, **named):
        return function(*map(_wide, arguments),
                        **{name: _wide(value) for name, value in named.items()})
    return called
