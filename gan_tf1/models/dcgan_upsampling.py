"""The DCGAN of two Keras models whose generator repeats pixels and convolves, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Deep Convolutional GAN". The section prints the generator and describes the discriminator;
the rest is that of the vanilla GAN. This is the graph that Keras builds, and a test trains both
from the same weights: after 10 iterations all weights, moving averages and Adam's slots are equal.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and standard deviation 1
    G(z)       generated                tanh, batch norm with batch statistics: trains G
               fake_imgs                tanh, batch norm with moving statistics: trains D
    D(x)       sigmoid(disc_logits)     real or generated images; batch norm with batch statistics
    D(G(z))    sigmoid(gan_logits)      batch norm with moving statistics: judges G (`frozen_norm`)

D minimizes both terms of the negative value function, one after the other: two updates per
iteration. G minimizes `gen_loss` = -E_z[log D(G(z))], the non-saturating objective.

The described discriminator has batch norm, leaky ReLU, strides instead of pooling, and no dense
layer except the last. The printed generator is that of dcgan.py in Erik Linder-Norén's Keras-GAN,
so the discriminator here is that file's too. It has zero padding after the second convolution,
batch norm of momentum 0.8 from there on, and dropout, which the section doesn't mention
(`--drop-rate 0` leaves it out).

What decides the numbers (README.md has all that Keras does without saying so): in the combined
model the frozen discriminator normalizes with its moving averages, 4/9 real and 5/9 fake, and
leaves them unchanged, but its dropout is active. The printed loss and accuracy are the means over
D's two updates, also with dropout. Adam's epsilon is 1e-7.

So G learns to deceive another network than the D that is trained: while D trains, it normalizes
with the statistics of a batch that is all real or all generated. D can then win, and the samples turn
into noise (checkpoints/mnist_generators/README.md). Before TensorFlow 2, when Keras-GAN was
written, a frozen batch norm used batch statistics too; `--no-frozen-norm` does so.

The section prints no loop and no log: both are those of the conditional GAN.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.layers import fresh_dropout, upsampled
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_upsampling"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 0.6931  # disc_loss in nats if D always answers one half: ln 2
IN_SHAPE = (28, 28, 1)
ADAM_EPSILON = 1e-7  # the default of Keras
MOMENTUM = 0.8       # of the moving averages


@dataclass(frozen=True)
class Config:
    """The hyperparameters of the section or, if it states none, of the vanilla GAN."""
    iterations: int = setting(30_000, "training steps", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    batch_size: int = setting(128, "real images per iteration, and as many generated ones",
                              at_least=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    one_adam: bool = setting(False, "both networks share one Adam, as in Keras-GAN: it counts three "
                             "steps per iteration, so that early steps are too large")
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    drop_rate: float = setting(0.25, "share of the discriminator's units that are dropped; the "
                               "section doesn't mention dropout", at_least=0, below=1)
    frozen_norm: bool = setting(True, "the frozen discriminator, which judges the generator, normalizes "
                                "with moving statistics, as in TensorFlow 2; otherwise with batch "
                                "statistics, as in TensorFlow 1")
    channels: int = setting(32, "channels of the discriminator's first layer; its other layers and "
                            "those of the generator have two to eight times as many",
                            at_least=1, at_most=MOST_UNITS)
    samples: int = setting(16, "images drawn from the generator after each interval",
                           at_least=1, at_most=MOST_SAMPLES)


def model_inputs(in_shape, z_dim):
    """Placeholders: images [B, *in_shape] in [-1, 1], y [B, 1] (1 = real), noise [B, z_dim]."""
    imgs = tf.placeholder(tf.float32, (None, *in_shape), name="imgs")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, y, noise


def batch_normalization(x, training):
    """Batch norm of [B, H, W, C] per channel, with moving statistics unless `training`."""
    # With moving statistics it isn't fused: on a GPU, that gradient sums in no fixed order.
    return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training, fused=training)


def generator(z, channels, reuse=False, training=True):
    """Noise [B, z] to images [B, 28, 28, 1] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 4 * channels * 7 * 7, activation=tf.nn.relu)  # [B,100] -> [B,6272]
        x = tf.reshape(x, (-1, 7, 7, 4 * channels))                       # -> [B,7,7,128]

        x = upsampled(x)                                                  # -> [B,14,14,128]
        x = tf.layers.conv2d(x, 4 * channels, 3, padding="same")          # -> [B,14,14,128]
        x = tf.nn.relu(batch_normalization(x, training))

        x = upsampled(x)                                                  # -> [B,28,28,128]
        x = tf.layers.conv2d(x, 2 * channels, 3, padding="same")          # -> [B,28,28,64]
        x = tf.nn.relu(batch_normalization(x, training))

        return tf.layers.conv2d(x, 1, 3, padding="same", activation=tf.tanh)  # -> [B,28,28,1]


def discriminator(x, channels, alpha, drop_rate, reuse=False, training=True):
    """Images [B, 28, 28, 1] in [-1, 1] to logits [B, 1].

    With `training=False`, batch norm uses moving statistics. Dropout is active in any case, and drops
    other units with `reuse=True`.
    """
    def leaky_dropout(x, layer):
        return fresh_dropout(tf.maximum(alpha * x, x), drop_rate, layer + 10 * reuse)

    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.conv2d(x, channels, 3, strides=2, padding="same")      # -> [B,14,14,32]
        x = leaky_dropout(x, 1)

        x = tf.layers.conv2d(x, 2 * channels, 3, strides=2, padding="same")  # -> [B,7,7,64]
        x = tf.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])                      # -> [B,8,8,64]
        x = leaky_dropout(batch_normalization(x, training), 2)

        x = tf.layers.conv2d(x, 4 * channels, 3, strides=2, padding="same")  # -> [B,4,4,128]
        x = leaky_dropout(batch_normalization(x, training), 3)

        x = tf.layers.conv2d(x, 8 * channels, 3, padding="same")             # -> [B,4,4,256]
        x = leaky_dropout(batch_normalization(x, training), 4)

        flat = tf.reshape(x, (-1, 4 * 4 * 8 * channels))                     # -> [B,4096]
        return tf.layers.dense(flat, 1)                                      # -> [B,1]


def model_loss(disc_logits, y, gan_logits):
    """The scalars `(disc_loss, disc_acc, gen_loss)` of logits and labels [B, 1], losses in nats."""
    with tf.name_scope("disc_loss"):
        # logits -> y: 1 for real images, 0 for fakes
        disc_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=y, logits=disc_logits))
    with tf.name_scope("disc_acc"):
        predicted = tf.cast(tf.sigmoid(disc_logits) > 0.5, tf.float32)
        disc_acc = tf.reduce_mean(tf.cast(tf.equal(predicted, y), tf.float32))
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, for the generator
        gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(gan_logits), logits=gan_logits))
    return disc_loss, disc_acc, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1, one_adam=False):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates its moving averages, too.

    The first also counts its runs, which seed the dropout. `vanilla_gan.py` says what `one_adam` does.
    """
    def adam():
        return tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON)

    disc_adam = adam()
    gen_adam = disc_adam if one_adam else adam()
    # Two passes update moving averages: the discriminator's over `imgs` and the generator's in training
    # mode. Each optimizer waits only for its own, since the other's input isn't fed. (Without
    # `frozen_norm`, the frozen discriminator adds update ops too, which neither scope has: they are
    # named discriminator_1/.)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "discriminator/")):
        with tf.name_scope("disc_opt"):
            disc_opt = disc_adam.minimize(disc_loss, var_list=disc_vars,
                                          global_step=tf.train.get_global_step())
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator/")):
        with tf.name_scope("gen_opt"):
            gen_opt = gen_adam.minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    imgs: Any         # [B, 28, 28, 1] in [-1, 1]
    y: Any            # [B, 1], 1 = real
    noise: Any        # [B, z_dim]
    fake_imgs: Any    # [B, 28, 28, 1] in (-1, 1), with moving statistics
    disc_loss: Any
    disc_acc: Any
    gen_loss: Any
    gen_vars: list    # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    tf.train.get_or_create_global_step()  # else dropout creates it in the discriminator's scope
    imgs, y, noise = model_inputs(IN_SHAPE, config.z_dim)

    generated = generator(noise, channels=config.channels)
    fake_imgs = generator(noise, reuse=True, channels=config.channels, training=False)
    gen_vars = tf.global_variables("generator/")
    size = dict(channels=config.channels, alpha=config.alpha, drop_rate=config.drop_rate)
    disc_logits = discriminator(imgs, **size)
    gan_logits = discriminator(generated, reuse=True, training=not config.frozen_norm, **size)

    disc_loss, disc_acc, gen_loss = model_loss(disc_logits, y, gan_logits)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config.learning_rate,
                                  config.beta1, config.one_adam)
    return GAN(imgs, y, noise, fake_imgs, disc_loss, disc_acc, gen_loss, gen_vars, disc_opt,
               gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[list, list, np.float32]:
    """One iteration of the chapter's loop; returns what `report` takes."""
    real_y, fake_y = np.ones((config.batch_size, 1)), np.zeros((config.batch_size, 1))
    idx = rng.integers(0, train_set.num_examples, config.batch_size)
    real_imgs = train_set.images[idx].reshape(-1, *IN_SHAPE) * 2 - 1  # to the range of tanh
    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    fake_imgs = sess.run(gan.fake_imgs, {gan.noise: noise})
    *real, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: real_imgs, gan.y: real_y})
    *fake, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: fake_imgs, gan.y: fake_y})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return real, fake, gen_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The printed figures; D's are means over its two updates, each taken before the update."""
    real, fake, gen_loss = taken
    disc_loss, disc_acc = 0.5 * np.add(real, fake, dtype=np.float64)
    return {"disc_loss": float(disc_loss), "disc_acc": float(disc_acc), "gen_loss": float(gen_loss)}


def log_line(iteration, iterations, losses) -> str:
    """The line that the chapter prints after `iteration`, which counts from 0."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"acc.: {100 * losses['disc_acc']:.2f}%] [Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), with moving statistics."""
    return sess.run(gan.fake_imgs, {gan.noise: z}).reshape(-1, 784)


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, 784] in (-1, 1), with moving statistics."""
    return generate(sess, gan, latent(rng, count, config))
