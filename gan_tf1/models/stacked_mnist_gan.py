"""A DCGAN, plain or packed, on stacked MNIST: three digits in three channels, 1,000 modes.

Lin et al. 2018, "PacGAN: The Power of Two Samples in Generative Adversarial Networks", section
4.2, as remembered; the data set is that of Metz et al. 2017 (unrolled GANs). Every image has a red,
a green and a blue digit of MNIST, drawn independently. Its mode is the triple of digits, which a
classifier reads channel by channel. The losses of packs of m images::

    L_D = E_x[log(1 + exp(-D(x_1, ..., x_m)))] + E_z[log(1 + exp(D(G(z_1), ..., G(z_m))))]
    L_G = E_z[log(1 + exp(-D(G(z_1), ..., G(z_m))))]

    x       imgs               images in [-1, 1], 28 x 28 pixels, three `digits` as channels
    z       noise              uniform in [-1, 1]
    G(z)    generated          tanh, batch norm with batch statistics
    D       disc_logits_real   logits of packs: m images, 3 m channels
            disc_logits_fake

What decides the figures without being said: a step has `batch_size` packs, so m times as many
images; each network is updated once per step, while the code that PacGAN's is built on updates G
twice (`--gen-steps 2`); triples are drawn anew in every step. README.md has the source of each
number and how sure it is.

At half the width, `--channels 32`, a training takes minutes on a CPU. `--xla` doesn't help there:
its convolutions on a CPU are much slower.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.tf1 import tf

CHAPTER = "stacked_mnist_gan"
SAMPLES = "images"
LOGGED = ("iteration", "sample_interval")  # the log counts iterations; an interval is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 1.3863  # disc_loss in nats if D always answers one half: 2 ln 2
IN_SHAPE = (28, 28, 3)
NUM_MODES = 1000
MOMENTUM, NORM_EPSILON = 0.9, 1e-5
DEVIATION = 0.02  # standard deviation of the initial weights


@dataclass(frozen=True)
class Config:
    """The DCGAN of the PacGAN paper's section 4.2, as far as it is known."""
    packing: int = setting(1, "m: images that the discriminator judges together; 1 is the plain "
                           "GAN", at_least=1, at_most=16)
    iterations: int = setting(20_000, "training steps: 10 epochs of 2,000", at_least=1)
    sample_interval: int = setting(1000, "iterations between samples and checkpoints", at_least=1)
    batch_size: int = setting(64, "packs per step, each of `packing` images", at_least=1)
    gen_steps: int = setting(1, "generator updates per step", at_least=1, at_most=100)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    channels: int = setting(64, "channels of the largest maps; the smaller ones have twice as many",
                            at_least=1, at_most=MOST_UNITS)
    samples: int = setting(64, "images drawn from the generator after each interval, and kept",
                           at_least=1, at_most=MOST_SAMPLES)
    counted: int = setting(26_000, "images drawn at the end, whose modes are counted", at_least=1,
                           at_most=1_000_000)


def model_inputs(in_shape, z_dim):
    """Placeholders for B packs of m: digits [B m, 3, 28, 28] in [-1, 1], noise [B m, z_dim].

    The three digits of an image are red, green and blue.
    """
    height, width, channels = in_shape
    digits = tf.placeholder(tf.float32, (None, channels, height, width), name="digits")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return digits, noise


def initializer():
    """The initializer of every layer's weights."""
    return tf.random_normal_initializer(stddev=DEVIATION)


def batch_normalization(x, training):
    """Batch norm per channel, with batch statistics or, if not `training`, moving statistics."""
    return tf.layers.batch_normalization(x, momentum=MOMENTUM, epsilon=NORM_EPSILON,
                                         training=training)


def generator(z, channels, reuse=False, training=True):
    """Noise [B m, z] to images [B m, 28, 28, 3] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 2 * channels * 7 * 7, kernel_initializer=initializer())
        x = tf.reshape(x, (-1, 7, 7, 2 * channels))                      # -> [B m,7,7,128]
        x = tf.nn.relu(batch_normalization(x, training))

        x = tf.layers.conv2d_transpose(x, channels, 5, strides=2, padding="same",
                                       kernel_initializer=initializer())  # -> [B m,14,14,64]
        x = tf.nn.relu(batch_normalization(x, training))

        return tf.layers.conv2d_transpose(x, 3, 5, strides=2, padding="same", activation=tf.tanh,
                                          kernel_initializer=initializer())  # -> [B m,28,28,3]


def packed(imgs, packing):
    """Images [B m, H, W, C] as packs [B, H, W, m C] of `packing` consecutive images."""
    _, height, width, channels = imgs.shape.as_list()
    x = tf.reshape(imgs, (-1, packing, height, width, channels))
    return tf.reshape(tf.transpose(x, (0, 2, 3, 1, 4)),
                      (-1, height, width, packing * channels))


def discriminator(packs, channels, alpha, reuse=False):
    """Packs [B, 28, 28, 3 m] in [-1, 1] to logits [B, 1], always with batch statistics."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.conv2d(packs, channels, 5, strides=2, padding="same",
                             kernel_initializer=initializer())     # [B,28,28,3 m] -> [B,14,14,64]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.conv2d(x, 2 * channels, 5, strides=2, padding="same",
                             kernel_initializer=initializer())     # -> [B,7,7,128]
        x = batch_normalization(x, True)
        x = tf.maximum(alpha * x, x)

        flat = tf.reshape(x, (-1, 7 * 7 * 2 * channels))           # -> [B,6272]
        return tf.layers.dense(flat, 1, kernel_initializer=initializer())  # -> [B,1]


def model_loss(disc_logits_real, disc_logits_fake):
    """The scalars `(disc_loss, gen_loss)` of the logits [B, 1] of packs, in nats."""
    with tf.name_scope("disc_loss"):
        # logits of real packs -> 1, of fake packs -> 0
        disc_loss = tf.reduce_mean(
            tf.nn.softplus(-disc_logits_real) + tf.nn.softplus(disc_logits_fake))
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, for the generator
        gen_loss = tf.reduce_mean(tf.nn.softplus(-disc_logits_fake))
    return disc_loss, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1):
    """One Adam step per network, `(disc_opt, gen_opt)`; the second also updates moving averages."""
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
            disc_loss, var_list=disc_vars)
    # D's moving averages are neither updated nor used: it always uses batch statistics.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator/")):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
                gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    digits: Any       # [B m, 3, 28, 28] in [-1, 1]
    noise: Any        # [B m, z_dim]
    fake_imgs: Any    # [B m, 28, 28, 3] in (-1, 1), with moving statistics, for samples only
    disc_loss: Any
    gen_loss: Any
    gen_vars: list    # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    digits, noise = model_inputs(IN_SHAPE, config.z_dim)

    imgs = tf.transpose(digits, (0, 2, 3, 1))                            # -> [B m,28,28,3]
    generated = generator(noise, channels=config.channels)
    fake_imgs = generator(noise, reuse=True, channels=config.channels, training=False)
    saved_vars = tf.global_variables("generator/")
    size = dict(channels=config.channels, alpha=config.alpha)
    disc_logits_real = discriminator(packed(imgs, config.packing), **size)
    disc_logits_fake = discriminator(packed(generated, config.packing), reuse=True, **size)

    disc_loss, gen_loss = model_loss(disc_logits_real, disc_logits_fake)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config.learning_rate,
                                  config.beta1)
    return GAN(digits, noise, fake_imgs, disc_loss, gen_loss, saved_vars, disc_opt, gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, np.float32]:
    """One update of the discriminator, then those of the generator; returns the last losses."""
    count = config.batch_size * config.packing
    idx = rng.integers(0, train_set.num_examples, 3 * count)
    digits = train_set.images[idx].reshape(count, 3, 28, 28) * 2 - 1  # to the range of tanh
    noise = rng.uniform(-1, 1, (count, config.z_dim))
    disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt],
                            {gan.digits: digits, gan.noise: noise})
    for _ in range(config.gen_steps):
        gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return disc_loss, gen_loss


class Tally(NamedTuple):
    """Sums over the steps of an interval so far."""
    steps: int = 0
    disc_loss: float = 0.
    gen_loss: float = 0.


def tally(totals, taken) -> Tally:
    """The interval's `totals` (None before its first step) with the losses of one more step."""
    (steps, disc, gen), (disc_loss, gen_loss) = totals or Tally(), taken
    return Tally(steps + 1, disc + float(disc_loss), gen + float(gen_loss))


def report(sess, gan, totals) -> dict[str, float]:
    """The mean losses of an interval; each step's are taken before its own update."""
    return {"disc_loss": totals.disc_loss / totals.steps,
            "gen_loss": totals.gen_loss / totals.steps}


def log_line(iteration, iterations, losses) -> str:
    """The line after `iteration`, which counts from 1."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: uniform noise in [-1, 1], [count, z_dim]."""
    return rng.uniform(-1, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, 28, 28, 3] in (-1, 1)."""
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from uniform noise, [count, 28, 28, 3] in (-1, 1)."""
    return generate(sess, gan, latent(rng, count, config))
