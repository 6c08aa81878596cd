"""Train the article's DCGAN class on the TensorFlow for which it was written, to `contrib_twin.npz`.

    python3.7 -m venv old && old/bin/pip install tensorflow==1.15.5 "protobuf<3.21"
    old/bin/python tests/contrib_twin.py

These commands train it for a few steps with the real `tf.contrib.layers.batch_norm`. Those errors of
the article with which it can run are kept: images in [0, 1], and logarithms of a sigmoid. The others
are corrected as `gan_tf1.models.dcgan_class` states. Both sides draw from equal random generators
in the order of the listing, and start from `start_values`.
"""

import pathlib

import numpy as np

ITERATIONS = 10
BATCH, Z = 3, 10  # with so small a batch, the factor n/(n-1) shows in the moving averages
GEN, DISC = 2, 3  # channels
FILE = pathlib.Path(__file__).with_suffix(".npz")


class Images:
    """Replaces a data set. Every batch is new, [n, 784] in [0, 1], and half of each image is black."""

    def __init__(self):
        self.rng = np.random.RandomState(3)

    def next_batch(self, count):
        images = self.rng.uniform(0, 1, (count, 784)).astype(np.float32)
        images[:, :392] = 0
        return images, None


def noise():
    """The random generator from which the loop draws its noise."""
    return np.random.RandomState(4)


def start_values(shapes):
    """Initial weights, by name, of the `shapes`, also by name."""
    rng = np.random.RandomState(5)
    return {name: rng.normal(0, 0.2, shapes[name]).astype(np.float32) for name in sorted(shapes)}


# --- what follows runs on TensorFlow 1.15 ---

def generator(tf, x):
    def batch_norm(x):
        return tf.contrib.layers.batch_norm(x, updates_collections=None, is_training=True)

    same = dict(strides=(2, 2), padding="same", use_bias=False)
    with tf.variable_scope("generator"):
        x = tf.nn.relu(tf.layers.dense(x, 4 * GEN * 7 * 7, use_bias=False))
        x = tf.reshape(x, (-1, 7, 7, 4 * GEN))
        x = tf.nn.relu(batch_norm(tf.layers.conv2d_transpose(x, 2 * GEN, 5, **same)))
        x = tf.nn.relu(batch_norm(tf.layers.conv2d_transpose(x, GEN, 5, **same)))
        same["strides"] = (1, 1)
        return tf.layers.conv2d_transpose(x, 1, 5, activation=tf.nn.tanh, **same)


def discriminator(tf, x, reuse):
    def batch_norm(x):
        return tf.contrib.layers.batch_norm(x, updates_collections=None, is_training=True)

    same = dict(strides=(2, 2), padding="same", use_bias=False)
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.nn.leaky_relu(batch_norm(tf.layers.conv2d(x, DISC, 5, **same)), alpha=0.2)
        x = tf.nn.leaky_relu(batch_norm(tf.layers.conv2d(x, 2 * DISC, 5, **same)), alpha=0.2)
        flattened = tf.contrib.layers.flatten(x)
        return tf.sigmoid(tf.layers.dense(flattened, 1, use_bias=False))


def main():
    import tensorflow as tf
    inputs_real = tf.placeholder(tf.float32, (None, 28, 28, 1))
    inputs_z = tf.placeholder(tf.float32, (None, Z))
    gen_output = generator(tf, inputs_z)
    d_real = discriminator(tf, inputs_real, reuse=False)
    d_fake = discriminator(tf, gen_output, reuse=True)
    loss_d = -tf.reduce_mean(tf.log(d_real) + tf.log(1. - d_fake))
    loss_g = -tf.reduce_mean(tf.log(d_fake))
    variables = tf.global_variables()
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []
    opt_d = tf.train.AdamOptimizer(0.0002).minimize(
        loss_d, var_list=tf.trainable_variables("discriminator"))
    opt_g = tf.train.AdamOptimizer(0.0002).minimize(
        loss_g, var_list=tf.trainable_variables("generator"))

    images, rng, losses = Images(), noise(), []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        shapes = {var.op.name: var.shape.as_list() for var in tf.trainable_variables()}
        for name, value in start_values(shapes).items():
            sess.run(next(var for var in variables if var.op.name == name).assign(value))
        for _ in range(ITERATIONS):
            batch, _ = images.next_batch(BATCH)
            feed_dict = {inputs_real: batch.reshape(-1, 28, 28, 1),
                         inputs_z: rng.uniform(-1, 1, size=(BATCH, Z))}
            _, d_loss = sess.run([opt_d, loss_d], feed_dict)
            _, g_loss = sess.run([opt_g, loss_g], feed_dict)
            losses.append([d_loss, g_loss])
        found = {var.op.name: value for var, value in zip(variables, sess.run(variables))}
    np.savez_compressed(FILE, losses=np.array(losses), version=tf.__version__, **found)


if __name__ == "__main__":
    main()
