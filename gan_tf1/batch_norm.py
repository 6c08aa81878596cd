"""Batch norm as `tf.contrib.layers` computed it, on variables that the caller has made.

`gan_tf1.layers.batch_norm` makes the variables that the chapters need,
`gan_tf1.listing.contrib.batch_norm` those that contrib made for any listing.
"""

from gan_tf1.tf1 import smart_constant, tf


def normalized(x, gamma, beta, averages, epsilon, decay, is_training, updates_collections,
               fused=True, axis=-1, data_format="NHWC"):
    """`x` normalized over all axes but `axis`, of C channels; of the same shape.

    For each channel, m and v being mean and variance of the batch's n numbers::

        y = gamma (x - m) / sqrt(v + epsilon) + beta
        moving_mean     <- decay moving_mean     + (1 - decay) m
        moving_variance <- decay moving_variance + (1 - decay) v n/(n-1)

    `averages` are the variables moving_mean and moving_variance, which take the place of m and v,
    and are not updated, if `is_training` is False. That is a bool or a bool tensor.

    The ops that update the averages are added to `updates_collections`, for the caller to run; if
    it is None, they run whenever y is computed.

    With `fused`, for ranks 2 and 4 only, TensorFlow's fused kernel computes y, and the factor
    n/(n-1) is its own; without, the factor is 1.
    """
    by_batch, by_averages = (_fused if fused else _plain)(
        x, gamma, beta, averages, epsilon, axis, data_format)
    training = smart_constant(is_training)
    if training is False:
        return by_averages()
    if training:
        y, *statistics = by_batch()
    else:  # with the averages as statistics, their update changes nothing
        y, *statistics = tf.cond(
            is_training, by_batch, lambda: (by_averages(), *map(tf.identity, averages)))
    updates = [tf.assign_sub(average, (average.read_value() - statistic) * (1 - decay))
               for average, statistic in zip(averages, statistics)]
    if updates_collections is None:
        with tf.control_dependencies(updates):
            return tf.identity(y)
    for update in updates:
        tf.add_to_collections(updates_collections, update)
    return y


def _fused(x, gamma, beta, averages, epsilon, axis, data_format):
    """Two functions: y, mean and variance with batch statistics; y with moving statistics."""
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
    """The same without the fused kernel, for any rank."""
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
