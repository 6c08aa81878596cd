"""Layers that several chapters share, or that TensorFlow no longer has."""

from __future__ import annotations

from gan_tf1.batch_norm import normalized
from gan_tf1.tf1 import tf


def fresh_dropout(x: tf.Tensor, rate: float, number: int) -> tf.Tensor:
    """Dropout of `x` whose mask depends only on the graph's seed, the training step and `number`.

    `rate` is the share of units that are dropped, in [0, 1); the others are divided by 1 - `rate`.
    `number`, from 0 to 99, must be different for all layers and passes of a graph that are to drop
    different units. The result has the shape of `x`.

    `tf.layers.dropout(..., training=True)` has a hidden state that no `Saver` saves, so a resumed
    run would drop other units.
    """
    step = tf.train.get_or_create_global_step()
    seed = tf.stack([tf.constant(tf.get_default_graph().seed or 0, tf.int64), 100 * step + number])
    return seeded_dropout(x, rate, seed)


def seeded_dropout(x: tf.Tensor, rate: float | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Dropout of `x` whose mask depends only on `seed`, two integers. The result has the shape of `x`.

    `rate` is the share of units that are dropped, in [0, 1); the others are divided by 1 - `rate`.

    The mask is that of `tf.nn.experimental.stateless_dropout` for float32, on every device, compiled
    or not. TensorFlow and XLA draw the same random bits, but make different floats of them: TensorFlow
    of the last 23 bits, XLA of the first. So here a unit is kept if the integer made of its last 23
    bits is at least 2^23 times the rate.
    """
    fixed = not tf.is_tensor(rate)
    if fixed and rate == 0:
        return x
    with tf.name_scope("dropout"):  # as in TensorBoard's graph of `tf.layers.dropout`
        bits = tf.random.stateless_uniform(tf.shape(x), seed, None, None, tf.int32, alg="philox")
        # Below 2^24 a float32 holds every integer, and GPUs have no kernel that compares int32.
        bits = tf.cast(tf.bitwise.bitwise_and(bits, 2**23 - 1), tf.float32)
        scaled = x * (1 / (1 - rate)) if fixed else x / (1 - rate)
        return tf.where_v2(bits >= 2.**23 * rate, scaled, tf.zeros_like(x))


def upsampled(x: tf.Tensor) -> tf.Tensor:
    """[B, H, W, C] with each pixel repeated four times, [B, 2 H, 2 W, C]: Keras' `UpSampling2D()`."""
    # On a GPU, the gradient of tf.image.resize_nearest_neighbor sums in no fixed order, and refuses
    # to run if the same seed must give the same bytes.
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def batch_norm(x: tf.Tensor, decay: float = 0.999, center: bool = True, scale: bool = False,
               epsilon: float = 0.001, updates_collections: str | None = "update_ops",
               is_training: bool | tf.Tensor = True, reuse: bool | None = None,
               scope: str | None = None) -> tf.Tensor:
    """`tf.contrib.layers.batch_norm` of `x` [B, C] or [B, H, W, C], of the same shape.

    Names and defaults are contrib's; `gan_tf1.batch_norm.normalized` has the equations. beta is a
    variable if `center`, else 0; gamma is a variable if `scale`, else 1. With
    `updates_collections=None` the moving averages are updated whenever the result is computed. Two
    passes with `reuse` update the same pair of averages, in no fixed order.

    The factor n/(n-1) of the variance is that of the fused kernel, which contrib used by default
    from TensorFlow 1.4 (`fused=None`).
    """
    channels = x.shape[-1:]
    with tf.variable_scope(scope, "BatchNorm", [x], reuse=reuse):
        zeros, ones = tf.zeros_initializer(), tf.ones_initializer()
        beta, gamma = tf.zeros(channels), tf.ones(channels)
        if center:
            beta = tf.get_variable("beta", channels, initializer=zeros)
        if scale:
            gamma = tf.get_variable("gamma", channels, initializer=ones)
        averages = [
            tf.get_variable("moving_mean", channels, initializer=zeros, trainable=False),
            tf.get_variable("moving_variance", channels, initializer=ones, trainable=False)]
        return normalized(x, gamma, beta, averages, epsilon, decay, is_training,
                          updates_collections)
