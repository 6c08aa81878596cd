"""Batch norm as `tf.contrib.layers` computed it, with variables that the caller has made.

`gan_tf1.layers.batch_norm` makes the variables that the chapters need,
`gan_tf1.listing.contrib.batch_norm` those that contrib made for any listing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gan_tf1.tf1 import smart_constant, tf


def moved(average: tf.Variable, statistic: tf.Tensor, decay: float) -> tf.Tensor:
    """The op average <- decay average + (1 - decay) statistic."""
    return tf.assign_sub(average, (average.read_value() - statistic) * (1 - decay))


def normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, averages: Sequence[tf.Variable],
               epsilon: float, decay: float, is_training: bool | tf.Tensor,
               updates_collections: str | None, fused: bool = True, axis: int = -1,
               data_format: str = "NHWC", update: Callable = moved) -> tf.Tensor:
    """`x` normalized over all axes except `axis`, which has C channels; the same shape as `x`.

    For each channel, with the mean m and the variance v of its n numbers in the batch::

        y = gamma (x - m) / sqrt(v + epsilon) + beta
        moving_mean     <- decay moving_mean     + (1 - decay) m
        moving_variance <- decay moving_variance + (1 - decay) v n/(n-1)

    `gamma`, `beta` and the two `averages`, the variables moving_mean and moving_variance, are [C].
    If `is_training` is False, the averages are used instead of m and v, and are not updated.

    The ops that update the averages are added to the collection `updates_collections`, for the
    caller to run. If it is None, they run whenever y is computed.

    `update(average, statistic, decay)` makes such an op.

    With `fused`, for ranks 2 and 4 only, y is computed by TensorFlow's fused kernel, from which
    the factor n/(n-1) comes. Without, the factor is 1.
    """
    by_batch, by_averages = (_fused if fused else _plain)(
        x, gamma, beta, averages, epsilon, axis, data_format)
    training = smart_constant(is_training)
    if training is False:
        return by_averages()
    if training:
        y, *statistics = by_batch()
    else:  # if the averages are the statistics, the update leaves them as they are
        y, *statistics = tf.cond(
            is_training, by_batch, lambda: (by_averages(), *map(tf.identity, averages)))
    updates = [update(average, statistic, decay)
               for average, statistic in zip(averages, statistics)]
    if updates_collections is None:
        with tf.control_dependencies(updates):
            return tf.identity(y)
    for update in updates:
        tf.add_to_collections(updates_collections, update)
    return y


def _fused(x, gamma, beta, averages, epsilon, axis, data_format):
    """Two functions: y, mean and variance with batch statistics; y with moving statistics.

    Both use the fused kernel.
    """
    back = lambda y: y
    if x.shape.ndims == 2:
        shape = tf.shape(x)
        back = lambda y: tf.reshape(y, shape)
        x = tf.reshape(x, [-1, 1, 1, x.shape[1]])
        data_format = "NHWC"

    def by_batch():
        y, mean, variance = tf.nn.fused_batch_norm(x, gamma, beta, epsilon=epsilon,
                                                   data_format=data_format)
        return back(y), mean, variance

    def by_averages():
        y, *_ = tf.nn.fused_batch_norm(x, gamma, beta, *averages, epsilon, data_format,
                                       is_training=False)
        return back(y)

    return by_batch, by_averages


def _plain(x, gamma, beta, averages, epsilon, axis, data_format):
    """The same two functions without the fused kernel, for any rank."""
    axis %= x.shape.ndims
    others = [i for i in range(x.shape.ndims) if i != axis]
    along = [-1 if i == axis else 1 for i in range(x.shape.ndims)]

    def by(mean, variance):
        mean, variance, offset, factor = (tf.reshape(value, along)
                                          for value in (mean, variance, beta, gamma))
        return tf.nn.batch_normalization(x, mean, variance, offset, factor, epsilon)

    def by_batch():
        mean, variance = tf.nn.moments(x, others)
        return by(mean, variance), mean, variance

    return by_batch, lambda: by(*averages)
