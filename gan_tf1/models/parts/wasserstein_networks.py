"""Convolutional networks for the Wasserstein GAN: the right half of the chapter's figure 6.16.

The section says that the authors also tried a convolutional generator. It prints none, so these are the networks of
its section "Deep convolutional GAN", with two changes in the critic. It has no batch norm: the chapter trains the
critic on real and on generated images in turn, so batch norm would remove the mean and the scale of each batch, which
the critic should compare, and the printed loop would clip its moving averages too. And it has no dropout, so that its
estimate isn't random.
"""

from gan_tf1.layers import upsampled
from gan_tf1.tf1 import tf

MOMENTUM = 0.8  # of the moving averages


def generator(z, channels, reuse=False, training=True):
    """Noise [B, z] to images [B, 784] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    def batch_normalization(x):
        # With moving statistics it isn't fused: on a GPU, that gradient sums in no fixed order.
        return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training, fused=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 4 * channels * 7 * 7, activation=tf.nn.relu)
        x = upsampled(tf.reshape(x, (-1, 7, 7, 4 * channels)))                # -> [B,14,14,128]

        x = tf.layers.conv2d(x, 4 * channels, 3, padding="same")              # -> [B,14,14,128]
        x = upsampled(tf.nn.relu(batch_normalization(x)))                     # -> [B,28,28,128]

        x = tf.layers.conv2d(x, 2 * channels, 3, padding="same")              # -> [B,28,28,64]
        x = tf.nn.relu(batch_normalization(x))

        x = tf.layers.conv2d(x, 1, 3, padding="same", activation=tf.tanh)     # -> [B,28,28,1]
        return tf.reshape(x, (-1, 784))


def discriminator(x, alpha, channels, reuse=False):
    """The critic: images [B, 784] in [-1, 1] to unbounded scores [B, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.reshape(x, (-1, 28, 28, 1))
        x = tf.layers.conv2d(x, channels, 3, strides=2, padding="same")       # -> [B,14,14,32]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.conv2d(x, 2 * channels, 3, strides=2, padding="same")   # -> [B,7,7,64]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.conv2d(x, 4 * channels, 3, strides=2, padding="same")   # -> [B,4,4,128]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.conv2d(x, 8 * channels, 3, padding="same")              # -> [B,4,4,256]
        x = tf.maximum(alpha * x, x)

        flat = tf.reshape(x, (-1, 4 * 4 * 8 * channels))                      # -> [B,4096]
        return tf.layers.dense(flat, 1)                                       # -> [B,1]
