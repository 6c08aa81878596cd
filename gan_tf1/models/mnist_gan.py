"""The MNIST GAN: two small dense networks, trained against each other.

*Deep Learning by Example* (Packt 2018), chapter "Generative Adversarial Networks", section "A
simple implementation of GANs"; its printed log is in `published/book_logs/mnist_gan.csv`.
*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New Images with
CNN", section "GAN - code example", prints the same system with other names and with Adam at 0.002.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x              real_discriminator_input   images in [-1, 1]
    z              generator_input_z          uniform noise in [-1, 1]
    G(z)           gen_model                  tanh of the generator's logits
    D(x), D(G(z))  sigmoid of disc_logits_real, disc_logits_fake

D minimizes `disc_loss`, the negative value function with real labels smoothed to 0.9. G minimizes
the non-saturating `gen_loss` = -E_z[log D(G(z))], whose gradients are stronger early on.

What decides the printed numbers: the first book sets `learning_rate = 0.002`, but calls
`AdamOptimizer()`, whose default is 0.001. We infer that its log was printed by this code
(`published/book_logs/README.md`). The losses are those of an epoch's last batch.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, setting
from gan_tf1.tf1 import tf

CHAPTER = "mnist_gan"
SAMPLES = "images"
INPUT_IMG_SIZE = 784  # 28 x 28 pixels, flattened
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 1.3863  # disc_loss in nats if D always answers one half: 2 ln 2


@dataclass(frozen=True)
class Config:
    """The chapter's hyperparameters, under "Model hyperparameters" and "Model training"."""
    epochs: int = setting(100, "passes over the 55,000 training images", at_least=1)
    batch_size: int = setting(100, "images per step", at_least=1)
    learning_rate: float = setting(0.001, "Adam's learning rate for both networks", above=0)
    disc_steps: int = setting(1, "discriminator updates per step (k in Algorithm 1), each "
                              "with new noise, on one batch of images", at_least=1, at_most=1000)
    gen_z_size: int = setting(100, "latent dimension", at_least=1)
    gen_hidden_size: int = setting(128, "hidden units of the generator", at_least=1)
    disc_hidden_size: int = setting(128, "hidden units of the discriminator", at_least=1)
    leaky_relu_alpha: float = setting(0.01, "slope of leaky ReLU below zero", at_least=0, below=1)
    label_smooth: float = setting(0.1, "subtracted from real images' label 1", at_least=0, below=1)
    samples: int = setting(16, "images drawn after each epoch", at_least=1, at_most=MOST_SAMPLES)


def model_inputs(real_size, z_size):
    """Placeholders: real images [B, real_size] in [-1, 1], noise [B, z_size] in [-1, 1]."""
    real = tf.placeholder(tf.float32, (None, real_size), name="real_discriminator_input")
    z = tf.placeholder(tf.float32, (None, z_size), name="generator_input_z")
    return real, z


def generator(gen_z, gen_out_dim, num_hidden_units=128, reuse_vars=False, leaky_relu_alpha=0.01):
    """Noise [B, z] to images [B, gen_out_dim] in (-1, 1), and their logits."""
    with tf.variable_scope("generator", reuse=reuse_vars):
        hidden = tf.layers.dense(gen_z, num_hidden_units, activation=None)  # [B,100] -> [B,128]
        hidden = tf.maximum(hidden, leaky_relu_alpha * hidden)  # leaky ReLU, since alpha < 1
        logits = tf.layers.dense(hidden, gen_out_dim, activation=None)      # [B,128] -> [B,784]
        return tf.nn.tanh(logits), logits


def discriminator(disc_input, num_hidden_units=128, reuse_vars=False, leaky_relu_alpha=0.01):
    """Images [B, 784] in [-1, 1] to the probability [B, 1] that they are real, and its logits."""
    with tf.variable_scope("discriminator", reuse=reuse_vars):
        hidden = tf.layers.dense(disc_input, num_hidden_units, activation=None)  # -> [B,128]
        hidden = tf.maximum(hidden, leaky_relu_alpha * hidden)
        logits = tf.layers.dense(hidden, 1, activation=None)                     # -> [B,1]
        return tf.nn.sigmoid(logits), logits


def model_loss(disc_logits_real, disc_logits_fake, label_smooth):
    """The scalar losses `(disc_loss, gen_loss)` of logits [B, 1], in nats."""
    with tf.name_scope("disc_loss"):
        # real logits -> 0.9
        disc_loss_real = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(disc_logits_real) * (1 - label_smooth), logits=disc_logits_real)
        # fake logits -> 0
        disc_loss_fake = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.zeros_like(disc_logits_fake), logits=disc_logits_fake)
        disc_loss = tf.reduce_mean(disc_loss_real + disc_loss_fake)
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, for the generator
        gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(disc_logits_fake), logits=disc_logits_fake))
    return disc_loss, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates only its own variables."""
    with tf.name_scope("disc_train_opt"):
        disc_opt = tf.train.AdamOptimizer(learning_rate).minimize(disc_loss, var_list=disc_vars)
    with tf.name_scope("gen_train_opt"):
        gen_opt = tf.train.AdamOptimizer(learning_rate).minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    real_discriminator_input: Any  # [B, 784]
    generator_input_z: Any         # [B, gen_z_size]
    gen_model: Any                 # [B, 784] in (-1, 1)
    disc_loss: Any
    gen_loss: Any
    gen_vars: list
    disc_vars: list
    disc_train_opt: Any
    gen_train_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    real_discriminator_input, generator_input_z = model_inputs(INPUT_IMG_SIZE, config.gen_z_size)

    gen = dict(num_hidden_units=config.gen_hidden_size, leaky_relu_alpha=config.leaky_relu_alpha)
    gen_model, _ = generator(generator_input_z, INPUT_IMG_SIZE, **gen)
    disc = dict(num_hidden_units=config.disc_hidden_size, leaky_relu_alpha=config.leaky_relu_alpha)
    _, disc_logits_real = discriminator(real_discriminator_input, **disc)
    _, disc_logits_fake = discriminator(gen_model, reuse_vars=True, **disc)

    disc_loss, gen_loss = model_loss(disc_logits_real, disc_logits_fake, config.label_smooth)
    gen_vars, disc_vars = split_vars()
    optimizers = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config.learning_rate)
    return GAN(real_discriminator_input, generator_input_z, gen_model, disc_loss, gen_loss,
               gen_vars, disc_vars, *optimizers)


class Feed(NamedTuple):
    """The batch of one step: images [B, 784] in [-1, 1] and noise [B, gen_z_size] in [-1, 1]."""
    images: np.ndarray
    z: np.ndarray


def step(sess, gan, train_set, rng, config) -> Feed:
    """One turn of the chapter's inner loop; returns its `Feed`."""
    batch_images, _ = train_set.next_batch(config.batch_size)
    batch_images *= 2  # to the range of tanh, in place: next_batch returns a copy
    batch_images -= 1
    for _ in range(config.disc_steps):  # once, in the chapter
        batch_z = rng.uniform(-1, 1, size=(config.batch_size, config.gen_z_size))
        sess.run(gan.disc_train_opt, feed_dict={gan.real_discriminator_input: batch_images,
                                                gan.generator_input_z: batch_z})
    sess.run(gan.gen_train_opt, feed_dict={gan.generator_input_z: batch_z})
    return Feed(batch_images, batch_z)


def report(sess, gan, feed) -> dict[str, float]:
    """The printed losses, taken after the epoch's last step on that step's own batch and noise."""
    disc_loss = sess.run(gan.disc_loss, {gan.generator_input_z: feed.z,
                                         gan.real_discriminator_input: feed.images})
    gen_loss = gan.gen_loss.eval({gan.generator_input_z: feed.z}, session=sess)
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss)}


def log_line(epoch, epochs, losses) -> str:
    """The line that the chapter prints after `epoch`, which counts from 1."""
    return (f"Epoch {epoch}/{epochs}... Disc Loss: {losses['disc_loss']:.3f}... "
            f"Gen Loss: {losses['gen_loss']:.3f}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: uniform noise in [-1, 1], [count, gen_z_size]."""
    return rng.uniform(-1, 1, size=(count, config.gen_z_size))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, gen_z_size]: float32 [n, 784] in (-1, 1)."""
    return sess.run(gan.gen_model, feed_dict={gan.generator_input_z: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images, float32 [count, 784] in (-1, 1), from uniform noise."""
    return generate(sess, gan, latent(rng, count, config))
