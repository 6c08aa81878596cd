"""The vanilla GAN of two Keras models: dense networks, the generator with batch norm, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Vanilla GAN". The chapter is written in Keras; this is the graph that Keras builds. A test
trains both from the same weights: after 10 iterations all weights, moving averages and Adam's
slots are equal.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and standard deviation 1
    G(z)       generated                tanh, batch norm with batch statistics: trains G
               fake_imgs                tanh, batch norm with moving statistics: trains D
    D(x)       sigmoid(disc_logits)     of a batch of either real or generated images
    D(G(z))    sigmoid(gan_logits)

D minimizes both terms of the negative value function, one after the other: two updates per
iteration. G minimizes `gen_loss` = -E_z[log D(G(z))], the non-saturating objective.

What decides the printed numbers (README.md has all that Keras does without saying so):

- `generator.predict` normalizes with moving statistics, which are 0 and 1 at first, so D's first
  fakes are not normalized. They are updated only with G, once per iteration, with momentum 0.8.
- The printed loss and accuracy are the means over D's two updates, each taken before the update.
- `binary_crossentropy` of a model that ends in a sigmoid uses the logits: nothing is clipped.
- Adam's beta2 is 0.999; its epsilon is 1e-7, while TF1's default is 1e-8.
- Each network is compiled with an Adam of its own. Keras-GAN, the repository on which the chapter is
  based, gives both the same one (`one_adam`). Its count t of steps then advances three times per
  iteration, but G's averages only once. G's steps are then 0.99, 1.3 and 1.7 times as large as with
  an Adam of its own in the iterations 1, 2 and 5, and 1.5 and 1.2 times after 300 and 1,000.

The section prints no loop and no log. The log line is that of the chapter's conditional GAN; what
that section calls an epoch is an iteration with one batch, as here.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.tf1 import tf

CHAPTER = "vanilla_gan"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 0.6931  # disc_loss in nats if D always answers one half: ln 2
INPUT_SIZE = 784     # 28 x 28 pixels, flattened: all layers are dense
ADAM_EPSILON = 1e-7  # the default of Keras
MOMENTUM = 0.8       # of the moving averages


@dataclass(frozen=True)
class Config:
    """The chapter's hyperparameters.

    The section states neither `batch_size`, which is that of the conditional GAN, nor `sample_interval`.
    """
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
    hidden_size: int = setting(256, "units of the smallest hidden layer of each network; the "
                               "others have two and four times as many",
                               at_least=1, at_most=MOST_UNITS)
    samples: int = setting(16, "images drawn from the generator after each interval",
                           at_least=1, at_most=MOST_SAMPLES)


def model_inputs(input_size, z_dim):
    """Placeholders: images [B, input_size] in [-1, 1], y [B, 1] (1 = real), noise [B, z_dim]."""
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, y, noise


def generator(z, output_size, alpha, hidden_size, reuse=False, training=True):
    """Noise [B, z] to images [B, output_size] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    def batch_normalization(x):
        return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, hidden_size)                          # [B,100] -> [B,256]
        x = batch_normalization(tf.maximum(alpha * x, x))

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = batch_normalization(tf.maximum(alpha * x, x))

        x = tf.layers.dense(x, 4 * hidden_size)                      # -> [B,1024]
        x = batch_normalization(tf.maximum(alpha * x, x))

        return tf.layers.dense(x, output_size, activation=tf.tanh)   # -> [B,784]


def discriminator(x, alpha, hidden_size, reuse=False):
    """Images [B, 784] in [-1, 1] to logits [B, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.dense(x, hidden_size)                          # -> [B,256]
        x = tf.maximum(alpha * x, x)

        return tf.layers.dense(x, 1)                                 # -> [B,1]


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
    """One Adam step per network, `(disc_opt, gen_opt)`; the second also updates moving averages."""
    def adam():
        return tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON)

    disc_adam = adam()
    # A shared Adam still keeps averages for each weight, but only one count of steps.
    gen_adam = disc_adam if one_adam else adam()
    with tf.name_scope("disc_opt"):
        disc_opt = disc_adam.minimize(disc_loss, var_list=disc_vars)
    # Only the generator has batch norm, and only its pass in training mode adds update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = gen_adam.minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    imgs: Any         # [B, 784] in [-1, 1]
    y: Any            # [B, 1], 1 = real
    noise: Any        # [B, z_dim]
    fake_imgs: Any    # [B, 784] in (-1, 1), with moving statistics
    disc_loss: Any
    disc_acc: Any
    gen_loss: Any
    gen_vars: list    # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    imgs, y, noise = model_inputs(INPUT_SIZE, config.z_dim)

    size = dict(alpha=config.alpha, hidden_size=config.hidden_size)
    generated = generator(noise, INPUT_SIZE, **size)
    fake_imgs = generator(noise, INPUT_SIZE, reuse=True, training=False, **size)
    gen_vars = tf.global_variables("generator/")
    disc_logits = discriminator(imgs, **size)
    gan_logits = discriminator(generated, reuse=True, **size)

    disc_loss, disc_acc, gen_loss = model_loss(disc_logits, y, gan_logits)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config.learning_rate,
                                  config.beta1, config.one_adam)
    return GAN(imgs, y, noise, fake_imgs, disc_loss, disc_acc, gen_loss, gen_vars, disc_opt,
               gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[list, list, np.float32]:
    """One iteration of the chapter's loop; returns what `report` takes."""
    real_y, fake_y = np.ones((config.batch_size, 1)), np.zeros((config.batch_size, 1))
    idx = rng.integers(0, train_set.num_examples, config.batch_size)
    real_imgs = train_set.images[idx] * 2 - 1  # to the range of tanh
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
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, 784] in (-1, 1), with moving statistics."""
    return generate(sess, gan, latent(rng, count, config))
