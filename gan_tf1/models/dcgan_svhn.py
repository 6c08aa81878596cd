"""DCGAN on SVHN: two convolutional networks with batch norm, for colour images of 32 x 32 pixels.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating
New Images with CNN", section "Deep convolutional GAN". The section describes
the system and prints no code; what it leaves unsaid is here as in the code
that it stems from, the SVHN DCGAN of Udacity's course deep-learning-v2.
"Printed" below means there.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          input_real               images in [-1, 1]
    z          input_z                  uniform noise in [-1, 1]
    G(z)       g_model                  the generator with training=True
    D(x)       sigmoid(d_logits_real)
    D(G(z))    sigmoid(d_logits_fake)

D descends on `d_loss`, the negated value, without smoothed labels; G descends
on `g_loss` = -E_z[log D(G(z))], the non-saturating objective.

Batch norm (Ioffe and Szegedy 2015), for each channel, over batch and pixels::

    y = gamma (x - m) / sqrt(v + 0.001) + beta          training=True: m, v of the batch
    M <- 0.99 M + 0.01 m,  V <- 0.99 V + 0.01 v n/(n-1)  the moving averages; n = B H W
    y = gamma (x - M) / sqrt(V + 0.001) + beta          training=False

The second line is an update op: it runs only where a `session.run` asks for it.
As printed, both optimizers wait for all of `UPDATE_OPS`, those of both
networks. So in one training step, which is a run of `d_opt` and then one of
`g_opt` on the same batch and noise:

- The generator's averages move twice. Its weights don't change in between: both
  times toward the same numbers.
- The discriminator's move four times, in each run toward those of real images
  and then toward those of the generator's: two passes feed one average, which so
  describes neither kind of image. It costs nothing, as nothing reads it: the
  discriminator normalizes by the batch always, and only the generator is sampled.
- `g_loss` has no use for real images, but `g_opt` must be fed with them, for the
  update ops of the discriminator's pass over them.

What is printed, what happens, and what is done here:

=====================================  =============================  ===========================
printed                                what happens                   here
=====================================  =============================  ===========================
`scale` maps each batch by its own     a pixel of a picture gets      the same scale, 1/127.5, for
minimum: `(x - x.min()) /              other numbers in other         all batches; as printed with
(255 - x.min())`, then to [-1, 1]      batches; one without a 0 is    `--scaling batch_minimum`
                                       stretched down to -1
both of the discriminator's passes     the second reads the average   real images first, then the
update one average, in no order        before, after or while the     generator's, always
                                       first moves it: two equal
                                       runs can differ
`generator(..., training=False)` is    the graph grows with every     the samples' op is built
called inside the session, again and   picture, and training slows    once, the graph finalized
again
=====================================  =============================  ===========================

How much the printed scale matters is the data's affair: at 128 images a batch,
an epoch of CIFAR-10 or of drawn street numbers had a 0 in every batch, where
both scales are one. The smaller the batch, the more of them have none.

No log is printed for this section. The line is the one that the chapter's MNIST
GAN prints, with 4 decimals, taken after the epoch's last step, on that step's
own batch and noise; the original prints it every few steps.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_svhn"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # that of tanh
CHANCE = 1.3863  # nats of disc_loss where the discriminator can't tell: 2 ln 2
REAL_SIZE = (32, 32, 3)


@dataclass(frozen=True)
class Config:
    """The hyperparameters of the code that the section stems from."""
    epochs: int = setting(25, "passes over the training images", at_least=1)
    batch_size: int = setting(128, "images a step", at_least=1)
    z_size: int = setting(100, "numbers in a latent vector", at_least=1, at_most=100_000)
    learning_rate: float = setting(0.0002, "Adam's step size, for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    g_size_mult: int = setting(128, "channels of the generator's last hidden layer", at_least=1,
                               at_most=1024)
    d_size_mult: int = setting(64, "channels of the discriminator's first layer", at_least=1,
                               at_most=1024)
    scaling: str = setting("fixed", "where black lies in a batch of real images: fixed, at -1; "
                           "batch_minimum, as printed: the batch's darkest number is at -1",
                           choices=("fixed", "batch_minimum"))


def scaled(x, scaling):
    """Images in [-1, 1] by the fixed scale, as the discriminator gets them: [B, 32, 32, 3]."""
    if scaling == "fixed":
        return x
    pixels = np.rint((x + 1) * 127.5)  # the bytes, as they were
    darkest = pixels.min()
    return 2 * (pixels - darkest) / (255 - darkest) - 1


def model_inputs(real_dim, z_dim):
    """Placeholders: real images [B, *real_dim] in [-1, 1], noise [B, z_dim] in [-1, 1]."""
    inputs_real = tf.placeholder(tf.float32, (None, *real_dim), name="input_real")
    inputs_z = tf.placeholder(tf.float32, (None, z_dim), name="input_z")
    return inputs_real, inputs_z


def batch_normalization(x, training):
    """`tf.layers.batch_normalization`, its update ops one after the other in the order of passes.

    An update takes a hundredth of (average - batch's statistic) off the average, in place. Of two
    without an order, the second may read the average before or after the first has changed it,
    and the results differ.
    """
    class BatchNormalization(tf.layers.BatchNormalization):
        def add_update(self, updates):
            # The layer hands over functions: what they read, they read after what is waited for.
            with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
                super().add_update(updates)

    return BatchNormalization().apply(x, training=training)


def generator(z, output_dim, reuse=False, alpha=0.2, training=True, size_mult=128):
    """Noise [B, z] to images [B, 32, 32, output_dim] in (-1, 1).

    With `training=False` batch norm uses the moving averages: an image depends on its noise alone.
    """
    with tf.variable_scope("generator", reuse=reuse):
        x1 = tf.layers.dense(z, 4 * 4 * size_mult * 4)
        x1 = tf.reshape(x1, (-1, 4, 4, size_mult * 4))              # [B,100] -> [B,4,4,512]
        x1 = batch_normalization(x1, training)
        x1 = tf.maximum(alpha * x1, x1)

        x2 = tf.layers.conv2d_transpose(x1, size_mult * 2, 5, strides=2, padding="same")
        x2 = batch_normalization(x2, training)                      # -> [B,8,8,256]
        x2 = tf.maximum(alpha * x2, x2)

        x3 = tf.layers.conv2d_transpose(x2, size_mult, 5, strides=2, padding="same")
        x3 = batch_normalization(x3, training)                      # -> [B,16,16,128]
        x3 = tf.maximum(alpha * x3, x3)

        logits = tf.layers.conv2d_transpose(x3, output_dim, 5, strides=2, padding="same")
        return tf.tanh(logits)                                      # -> [B,32,32,3]


def discriminator(x, reuse=False, alpha=0.2, size_mult=64):
    """Images [B, 32, 32, 3] in [-1, 1] to the probability [B, 1] that they are real, and logits.

    Batch norm uses the batch's statistics always: real images and the generator's come in
    batches of their own.
    """
    with tf.variable_scope("discriminator", reuse=reuse):
        # No batch norm here: it would take the batch's own brightness and contrast away.
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
        # fake logits -> 1, seen from the generator
        g_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(d_logits_fake), logits=d_logits_fake))
    return d_loss, g_loss


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, told apart by their scope's name."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(d_loss, g_loss, learning_rate, beta1):
    """`(d_opt, g_opt)`: each moves its own network's weights, and both networks' averages."""
    d_vars, g_vars = split_vars()
    # Adam moves a weight in place once its gradient is there. By then both passes have read the
    # weight, forward, and backward too: that is `gate_gradients=GATE_OP`, the default.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("d_opt"):
            d_opt = tf.train.AdamOptimizer(learning_rate, beta1=beta1).minimize(
                d_loss, var_list=d_vars)
        with tf.name_scope("g_opt"):
            g_opt = tf.train.AdamOptimizer(learning_rate, beta1=beta1).minimize(
                g_loss, var_list=g_vars)
    return d_opt, g_opt


class GAN(NamedTuple):
    """What training and sampling need of the graph."""
    input_real: Any      # [B, 32, 32, 3] in [-1, 1]
    input_z: Any         # [B, z_size]
    d_loss: Any
    g_loss: Any
    samples: Any         # [B, 32, 32, 3] in (-1, 1), by the moving averages
    gen_vars: list       # the generator's weights and moving averages: what sampling needs
    d_opt: Any
    g_opt: Any


def build(config):
    """The whole graph, in the current default graph."""
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
    """One step's numbers: images [B, 32, 32, 3] in [-1, 1] and noise [B, z_size] in [-1, 1]."""
    x: np.ndarray
    z: np.ndarray


def step(sess, net, batch, rng, config):
    """One turn of the inner loop, on `x, y, label_mask`, the labels unused; returns its `Feed`."""
    x = scaled(batch[0], config.scaling)
    batch_z = rng.uniform(-1, 1, size=(len(x), config.z_size))  # an epoch's last batch is smaller

    _ = sess.run(net.d_opt, feed_dict={net.input_real: x, net.input_z: batch_z})
    _ = sess.run(net.g_opt, feed_dict={net.input_z: batch_z, net.input_real: x})
    return Feed(x, batch_z)


def report(sess, net, feed):
    """The printed losses: taken after the epoch's last step, on that step's own batch and noise."""
    d_loss = net.d_loss.eval({net.input_z: feed.z, net.input_real: feed.x}, session=sess)
    g_loss = net.g_loss.eval({net.input_z: feed.z}, session=sess)
    return {"disc_loss": float(d_loss), "gen_loss": float(g_loss)}


def log_line(epoch, epochs, losses):
    """The line for `epoch` (counted from 1), as the chapter's MNIST GAN prints it."""
    return (f"Epoch {epoch}/{epochs}... Discriminator Loss: {losses['disc_loss']:.4f}... "
            f"Generator Loss: {losses['gen_loss']:.4f}")


def latent(rng, count, config):
    """`count` latent vectors as in training: uniform noise in [-1, 1], [count, z_size]."""
    return rng.uniform(-1, 1, (count, config.z_size))


def generate(sess, net, z):
    """The images of latent vectors `z` [n, z_size]: [n, 32, 32, 3] in (-1, 1), by the averages."""
    return sess.run(net.samples, feed_dict={net.input_z: z})


def sample(sess, net, rng, count, config):
    """`count` new images of uniform noise, [count, 32, 32, 3] in (-1, 1), by the averages."""
    return generate(sess, net, latent(rng, count, config))
