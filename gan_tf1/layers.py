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
