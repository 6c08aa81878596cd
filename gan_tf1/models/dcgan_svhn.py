"""DCGAN on SVHN: two convolutional networks with batch norm, for colour images of 32 x 32 pixels.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New Images with
CNN", section "Deep convolutional GAN". The section describes the system and prints no code. What
it leaves out is taken from the code on which it is based, the SVHN DCGAN of Udacity's course
deep-learning-v2; below, "printed" refers to that code.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          input_real               images in [-1, 1]
    z          input_z                  uniform noise in [-1, 1]
    G(z)       g_model                  the generator with training=True
    D(x)       sigmoid(d_logits_real)
    D(G(z))    sigmoid(d_logits_fake)

D minimizes `d_loss`, the negative value function without label smoothing; G minimizes `g_loss` =
-E_z[log D(G(z))], the non-saturating objective. Batch norm (Ioffe and Szegedy 2015) per channel::

    y = gamma (x - m) / sqrt(v + 0.001) + beta           training=True: m, v of the batch
    M <- 0.99 M + 0.01 m,  V <- 0.99 V + 0.01 v n/(n-1)  the moving averages; n = B H W
    y = gamma (x - M) / sqrt(V + 0.001) + beta           training=False

The second line is an update op. As printed, both optimizers wait for all `UPDATE_OPS`, and a step
runs `d_opt`, then `g_opt`, on one batch. So each step updates the generator's moving averages
twice, and the discriminator's four times, alternately towards real and generated images. Nothing
reads the discriminator's: it always uses batch statistics. `g_loss` does not depend on real images.
`g_opt` must be fed with them all the same, because it also waits for the updates that D's pass over
real images adds to `UPDATE_OPS`.

The section prints no log. The log line is that of the chapter's MNIST GAN, with 4 decimals. Its
losses are computed after the epoch's last step, on that step's own batch and noise. The code on which
the section is based prints the line after every tenth step instead: `print_every=10`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_svhn"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 1.3863  # disc_loss in nats if D always answers one half: 2 ln 2
REAL_SIZE = (32, 32, 3)


@dataclass(frozen=True)
class Config:
    """The hyperparameters of the code on which the section is based."""
    epochs: int = setting(25, "passes over the training images", at_least=1)
    batch_size: int = setting(128, "images per step", at_least=1)
    z_size: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    g_size_mult: int = setting(128, "channels of the generator's last hidden layer",
                               at_least=1, at_most=MOST_UNITS)
    d_size_mult: int = setting(64, "channels of the discriminator's first layer",
                               at_least=1, at_most=MOST_UNITS)
    scaling: str = setting("fixed", "what becomes -1 when real images are scaled: black (fixed), "
                           "or, as printed, the darkest value of the batch (batch_minimum)",
                           choices=("fixed", "batch_minimum"))
    print_every: int = setting(0, "steps from one log line to the next, as printed 10; 0 for one line "
                               "after each epoch", at_least=0)


def scaled(x, scaling) -> np.ndarray:
    """Images `x` [B, 32, 32, 3] in [-1, 1], in which black is -1, scaled as `scaling` says."""
    if scaling == "fixed":
        return x
    pixels = np.rint((x + 1) * 127.5)  # the original bytes
    darkest = pixels.min()
    return 2 * (pixels - darkest) / (255 - darkest) - 1


def model_inputs(real_dim, z_dim):
    """Placeholders: real images [B, *real_dim] in [-1, 1], noise [B, z_dim] in [-1, 1]."""
    inputs_real = tf.placeholder(tf.float32, (None, *real_dim), name="input_real")
    inputs_z = tf.placeholder(tf.float32, (None, z_dim), name="input_z")
    return inputs_real, inputs_z


def batch_normalization(x, training):
    """`tf.layers.batch_normalization` whose update ops run one after another, pass by pass.

    An update subtracts a hundredth of (average - batch statistic) from the average, in place. If
    two updates have no order, the second may read the average before or after the first has
    changed it, and the results differ.
    """
    class BatchNormalization(tf.layers.BatchNormalization):
        def add_update(self, updates):
            # `updates` are functions, so what they read is read after these dependencies.
            with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
                super().add_update(updates)

    return BatchNormalization().apply(x, training=training)


def generator(z, output_dim, reuse=False, alpha=0.2, training=True, size_mult=128):
    """Noise [B, z] to images [B, 32, 32, output_dim] in (-1, 1).

    With `training=False`, batch norm uses moving statistics: an image depends only on its noise.
    """
    with tf.variable_scope("generator", reuse=reuse):
        x1 = tf.layers.dense(z, 4 * 4 * size_mult * 4)              # [B,100] -> [B,8192]
        x1 = tf.reshape(x1, (-1, 4, 4, size_mult * 4))              # -> [B,4,4,512]
        x1 = batch_normalization(x1, training)
        x1 = tf.maximum(alpha * x1, x1)

        x2 = tf.layers.conv2d_transpose(x1, size_mult * 2, 5, strides=2, padding="same")  # -> [B,8,8,256]
        x2 = batch_normalization(x2, training)
        x2 = tf.maximum(alpha * x2, x2)

        x3 = tf.layers.conv2d_transpose(x2, size_mult, 5, strides=2, padding="same")      # -> [B,16,16,128]
        x3 = batch_normalization(x3, training)
        x3 = tf.maximum(alpha * x3, x3)

        logits = tf.layers.conv2d_transpose(x3, output_dim, 5, strides=2, padding="same")  # -> [B,32,32,3]
        return tf.tanh(logits)


def discriminator(x, reuse=False, alpha=0.2, size_mult=64):
    """Images [B, 32, 32, 3] in [-1, 1] to the probability [B, 1] that they are real, and logits.

    Batch norm always uses batch statistics: real and generated images come in separate batches.
    """
    with tf.variable_scope("discriminator", reuse=reuse):
        # No batch norm here: it would remove the brightness and contrast of the batch.
        x1 = tf.layers.conv2d(x, size_mult, 5, strides=2, padding="same")  # -> [B,16,16,64]
        relu1 = tf.maximum(alpha * x1, x1)

        x2 = tf.layers.conv2d(relu1, size_mult * 2, 5, strides=2, padding="same")  # -> [B,8,8,128]
        bn2 = batch_normalization(x2, training=True)
        relu2 = tf.maximum(alpha * bn2, bn2)

        x3 = tf.layers.conv2d(relu2, size_mult * 4, 5, strides=2, padding="same")  # -> [B,4,4,256]
        bn3 = batch_normalization(x3, training=True)
        relu3 = tf.maximum(alpha * bn3, bn3)

        flat = tf.reshape(relu3, (-1, 4 * 4 * size_mult * 4))              # -> [B,4096]
        logits = tf.layers.dense(flat, 1)                                  # -> [B,1]
        return tf.sigmoid(logits), logits


def model_loss(d_logits_real, d_logits_fake):
    """The scalar losses `(d_loss, g_loss)` of logits [B, 1], in nats."""
    with tf.name_scope("d_loss"):
        # real logits -> 1
        d_loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(d_logits_real), logits=d_logits_real))
        # fake logits -> 0
        d_loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.zeros_like(d_logits_fake), logits=d_logits_fake))
        d_loss = d_loss_real + d_loss_fake

    with tf.name_scope("g_loss"):
        # fake logits -> 1, for the generator
        g_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(d_logits_fake), logits=d_logits_fake))
    return d_loss, g_loss


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, split by scope prefix."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(d_loss, g_loss, learning_rate, beta1):
    """`(d_opt, g_opt)`: each updates its network's weights and both networks' moving averages."""
    d_vars, g_vars = split_vars()
    # Adam updates a weight in place once its gradient is computed. By then both passes have read
    # the weight, forward and backward: this is `gate_gradients=GATE_OP`, the default.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("d_opt"):
            d_opt = tf.train.AdamOptimizer(learning_rate, beta1=beta1).minimize(
                d_loss, var_list=d_vars)
        with tf.name_scope("g_opt"):
            g_opt = tf.train.AdamOptimizer(learning_rate, beta1=beta1).minimize(
                g_loss, var_list=g_vars)
    return d_opt, g_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    input_real: Any      # [B, 32, 32, 3] in [-1, 1]
    input_z: Any         # [B, z_size]
    d_loss: Any
    g_loss: Any
    samples: Any         # [B, 32, 32, 3] in (-1, 1), with moving statistics
    gen_vars: list       # the generator's weights and moving averages, for sampling
    d_opt: Any
    g_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    input_real, input_z = model_inputs(REAL_SIZE, config.z_size)

    size = dict(alpha=config.alpha, size_mult=config.g_size_mult)
    g_model = generator(input_z, REAL_SIZE[2], **size)
    samples = generator(input_z, REAL_SIZE[2], reuse=True, training=False, **size)
    gen_vars = tf.global_variables("generator/")
    size = dict(alpha=config.alpha, size_mult=config.d_size_mult)
    _, d_logits_real = discriminator(input_real, **size)
    _, d_logits_fake = discriminator(g_model, reuse=True, **size)

    d_loss, g_loss = model_loss(d_logits_real, d_logits_fake)
    d_opt, g_opt = model_opt(d_loss, g_loss, config.learning_rate, config.beta1)
    return GAN(input_real, input_z, d_loss, g_loss, samples, gen_vars, d_opt, g_opt)


class Feed(NamedTuple):
    """The batch of one step: images [B, 32, 32, 3] in [-1, 1] and noise [B, z_size] in [-1, 1]."""
    x: np.ndarray
    z: np.ndarray


def step(sess, net, train_set, rng, config) -> Feed:
    """One turn of the chapter's inner loop, which has no use for the labels; returns its `Feed`."""
    x, *_ = train_set.next_batch(config.batch_size)
    x = scaled(x, config.scaling)
    batch_z = rng.uniform(-1, 1, size=(len(x), config.z_size))  # an epoch's last batch is smaller

    _ = sess.run(net.d_opt, feed_dict={net.input_real: x, net.input_z: batch_z})
    _ = sess.run(net.g_opt, feed_dict={net.input_z: batch_z, net.input_real: x})
    return Feed(x, batch_z)


def report(sess, net, feed) -> dict[str, float]:
    """The printed losses, computed after a step on that step's own batch and noise."""
    d_loss = net.d_loss.eval({net.input_z: feed.z, net.input_real: feed.x}, session=sess)
    g_loss = net.g_loss.eval({net.input_z: feed.z}, session=sess)
    return {"disc_loss": float(d_loss), "gen_loss": float(g_loss)}


def log_line(epoch, epochs, losses) -> str:
    """The line in or after `epoch`, which counts from 1, as the chapter's MNIST GAN prints it."""
    return (f"Epoch {epoch}/{epochs}... Discriminator Loss: {losses['disc_loss']:.4f}... "
            f"Generator Loss: {losses['gen_loss']:.4f}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: uniform noise in [-1, 1], [count, z_size]."""
    return rng.uniform(-1, 1, (count, config.z_size))


def generate(sess, net, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_size]: [n, 32, 32, 3] in (-1, 1)."""
    # Batch norm uses moving statistics: an image depends only on its own z.
    return sess.run(net.samples, feed_dict={net.input_z: z})


def sample(sess, net, rng, count, config) -> np.ndarray:
    """`count` new images from uniform noise, [count, 32, 32, 3] in (-1, 1)."""
    return generate(sess, net, latent(rng, count, config))
