"""Layers that two chapters or more define in the same way."""

from gan_tf1.batch_norm import normalized
from gan_tf1.tf1 import tf


def fresh_dropout(x, rate, number):
    """Dropout whose mask is a function of the graph's seed, the training step and `number`.

    `tf.layers.dropout(..., training=True)` has a hidden state that no `Saver`
    saves: a resumed run would drop other units.
    """
    step = tf.train.get_or_create_global_step()
    seed = tf.stack([tf.constant(tf.get_default_graph().seed or 0, tf.int64), 100 * step + number])
    return tf.nn.experimental.stateless_dropout(x, rate=rate, seed=seed)


def batch_norm(x, decay=0.999, center=True, scale=False, epsilon=0.001,
               updates_collections="update_ops", is_training=True, reuse=None, scope=None):
    """`tf.contrib.layers.batch_norm` of x [B, H, W, C], with contrib's names and defaults.

    `gan_tf1.batch_norm.normalized` has the equations. beta is a variable if `center`, else 0;
    gamma is a variable if `scale`, else 1. With `updates_collections=None` the moving averages are
    updated in place; two passes with `reuse` update one pair of averages, in no fixed order.

    The variance with n/(n-1) is the fused kernel's, which contrib took by default since
    TensorFlow 1.4 (`fused=None`).
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
