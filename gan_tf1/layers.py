"""Layers that two chapters or more define in the same way."""

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

    For each channel, m and v being mean and variance of the batch's n = B H W numbers::

        y = gamma (x - m) / sqrt(v + epsilon) + beta
        moving_mean     <- decay moving_mean     + (1 - decay) m
        moving_variance <- decay moving_variance + (1 - decay) v n/(n-1)

    beta is a variable where `center`, else 0; gamma where `scale`, else 1. With
    `is_training=False` the moving averages take the place of m and v, and stay as they are.

    `updates_collections` is the collection whose ops move the averages, as ever left for the
    caller to run; or None: then they move in place, whenever y is computed. Two passes with
    `reuse` move one pair of averages, in no order of their own.

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
        if not is_training:
            return tf.nn.fused_batch_norm(x, gamma, beta, *averages, epsilon, is_training=False)[0]

        y, *statistics = tf.nn.fused_batch_norm(x, gamma, beta, epsilon=epsilon)
        updates = [tf.assign_sub(average, (average.read_value() - statistic) * (1 - decay))
                   for average, statistic in zip(averages, statistics)]
        if updates_collections is None:
            with tf.control_dependencies(updates):
                return tf.identity(y)
        for update in updates:
            tf.add_to_collection(updates_collections, update)
        return y
