"""The DCGAN of two Keras models: a generator of transposed convolutions, trained on MNIST.

*Stepping into the Magical World of GANs* (Towards Data Science), steps 1 to 6, which follows Jason
Brownlee's blog post on a GAN for MNIST digits. The log of the blog's run is in
`published/book_logs/dcgan_mnist.csv`. The article is written in Keras; this is the graph that Keras
builds. A test trains both from the same weights: after 10 steps all weights and Adam's slots are
equal.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          X_real                   images in [0, 1]
    z          z_input                  normal noise, mean 0 and standard deviation 1
    G(z)       g_model                  sigmoid of the last convolution
    D(x)       sigmoid(disc_logits)     of the batch X of real and generated images
    D(G(z))    sigmoid(gan_logits)

D minimizes `d_loss`, which is half the negative value function, since it is one mean over the
stacked batch. G minimizes `g_loss` = -E_z[log D(G(z))], the non-saturating objective.

What decides the printed numbers (README.md has all that Keras does without saying so):

- D is updated once per step, on a stacked batch of 128 real and 128 generated images. Its loss is
  taken before the update, with dropout. G is updated on 256 images from new noise.
- Dropout is active in the combined model too, but not in `evaluate`.
- `binary_crossentropy` of a model that ends in a sigmoid uses the logits: nothing is clipped.
- Adam's beta2 is 0.999; its epsilon is 1e-7, while TF1's default is 1e-8.
- The article trains for 5 epochs; the blog, whose log is published, for 100.

The blog also prints accuracies every 10 epochs, on 100 real and 100 generated images. A probability
above 0.5 counts as "real".
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.errors import InputError
from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_mnist"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # of what `sample` returns; within the model, images are in [0, 1]
CHANCE = 0.6931  # disc_loss in nats if D always answers one half: ln 2
IN_SHAPE = (28, 28, 1)
ADAM_EPSILON = 1e-7  # the default of Keras
EVALUATED = 100      # real images in `evaluate`, and as many generated ones


@dataclass(frozen=True)
class Config:
    """The article's hyperparameters, under steps 1, 2 and 5."""
    epochs: int = setting(100, "epochs; 5 in the article, 100 in the published log of the blog",
                         at_least=1)
    batches_per_epoch: int = setting(0, "steps per epoch; 0: training images / batch_size, 234",
                                     at_least=0)
    batch_size: int = setting(256, "generated images per update of the generator; an update of "
                              "the discriminator has half as many, and half as many real ones",
                              at_least=2)
    z_size: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    drop_rate: float = setting(0.4, "share of the discriminator's units that are dropped",
                               at_least=0, below=1)
    gen_channels: int = setting(128, "channels of the generator's layers",
                                at_least=1, at_most=MOST_UNITS)
    disc_channels: int = setting(64, "channels of the discriminator's layers",
                                 at_least=1, at_most=MOST_UNITS)
    samples: int = setting(16, "images drawn from the generator after each epoch",
                           at_least=1, at_most=MOST_SAMPLES)


def model_inputs(in_shape, z_size):
    """Placeholders: images [B, *in_shape] in [0, 1], labels [B, 1], 1 = real; noise [B, z_size]."""
    X = tf.placeholder(tf.float32, (None, *in_shape), name="X")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    z_input = tf.placeholder(tf.float32, (None, z_size), name="z_input")
    return X, y, z_input


def generator(z, channels, alpha):
    """Noise [B, z] to images [B, 28, 28, 1] in (0, 1)."""
    with tf.variable_scope("generator"):
        x = tf.layers.dense(z, 7 * 7 * channels)                               # [B,100] -> [B,6272]
        x = tf.maximum(alpha * x, x)  # the slope at 0 is alpha, as in Keras
        x = tf.reshape(x, (-1, 7, 7, channels))                                # -> [B,7,7,128]

        x = tf.layers.conv2d_transpose(x, channels, 4, strides=2, padding="same")
        x = tf.maximum(alpha * x, x)                                           # -> [B,14,14,128]

        x = tf.layers.conv2d_transpose(x, channels, 4, strides=2, padding="same")
        x = tf.maximum(alpha * x, x)                                           # -> [B,28,28,128]

        return tf.layers.conv2d(x, 1, 7, padding="same", activation=tf.sigmoid)  # -> [B,28,28,1]


def discriminator(x, channels, alpha, drop_rate, reuse=False, number=0):
    """Images [B, 28, 28, 1] in [0, 1] to logits [B, 1].

    Passes with different `number` drop different units.
    """
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.conv2d(x, channels, 3, strides=2, padding="same")  # -> [B,14,14,64]
        x = tf.maximum(alpha * x, x)
        x = fresh_dropout(x, drop_rate, number=10 * number + 1)

        x = tf.layers.conv2d(x, channels, 3, strides=2, padding="same")  # -> [B,7,7,64]
        x = tf.maximum(alpha * x, x)
        x = fresh_dropout(x, drop_rate, number=10 * number + 2)

        flat = tf.reshape(x, (-1, 7 * 7 * channels))                     # -> [B,3136]
        return tf.layers.dense(flat, 1)                                  # -> [B,1]


def model_loss(disc_logits, y, gan_logits):
    """The scalar losses `(d_loss, g_loss)` of logits [B, 1] and labels [B, 1], in nats."""
    with tf.name_scope("d_loss"):
        # logits -> y: 1 for real images, 0 for fakes
        d_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=y, logits=disc_logits))
    with tf.name_scope("g_loss"):
        # fake logits -> 1, for the generator
        g_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(gan_logits), logits=gan_logits))
    return d_loss, g_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(d_loss, g_loss, gen_vars, disc_vars, learning_rate, beta1):
    """One Adam step per network, `(d_opt, g_opt)`; each updates only its own network's variables.

    The first also counts the steps, which seed the dropout.
    """
    with tf.name_scope("d_opt"):
        d_opt = tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON).minimize(
            d_loss, var_list=disc_vars, global_step=tf.train.get_global_step())
    with tf.name_scope("g_opt"):
        g_opt = tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON).minimize(
            g_loss, var_list=gen_vars)
    return d_opt, g_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    X: Any            # [B, 28, 28, 1] in [0, 1]
    y: Any            # [B, 1], 1 = real
    z_input: Any      # [B, z_size]
    g_model: Any      # [B, 28, 28, 1] in (0, 1)
    d_loss: Any
    g_loss: Any
    real_count: Any   # images in X that the discriminator, without dropout, judges real
    gen_vars: list
    disc_vars: list
    d_opt: Any
    g_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    tf.train.get_or_create_global_step()  # else dropout creates it in the discriminator's scope
    X, y, z_input = model_inputs(IN_SHAPE, config.z_size)

    size = dict(channels=config.disc_channels, alpha=config.alpha)
    g_model = generator(z_input, config.gen_channels, config.alpha)
    disc_logits = discriminator(X, drop_rate=config.drop_rate, number=0, **size)
    gan_logits = discriminator(g_model, reuse=True, drop_rate=config.drop_rate, number=1, **size)
    tested_logits = discriminator(X, reuse=True, drop_rate=0., **size)
    real_count = tf.reduce_sum(tf.cast(tf.sigmoid(tested_logits) > 0.5, tf.float32))

    d_loss, g_loss = model_loss(disc_logits, y, gan_logits)
    gen_vars, disc_vars = split_vars()
    d_opt, g_opt = model_opt(d_loss, g_loss, gen_vars, disc_vars, config.learning_rate,
                             config.beta1)
    return GAN(X, y, z_input, g_model, d_loss, g_loss, real_count, gen_vars, disc_vars, d_opt,
               g_opt)


def batches_per_epoch(dataset, config) -> int:
    """Steps per epoch. Raises InputError if a batch is odd, or larger than the data set."""
    if config.batch_size % 2:
        raise InputError(f"--batch-size must be even, not {config.batch_size}: half of it is real")
    batches = dataset.steps(config.batch_size)
    return config.batches_per_epoch or batches


def real_samples(dataset, rng, n_samples) -> np.ndarray:
    """`n_samples` images [n, 28, 28, 1] in [0, 1], drawn with replacement."""
    ix = rng.integers(0, dataset.num_examples, n_samples)
    return dataset.images[ix].reshape(-1, *IN_SHAPE)


def fake_samples(sess, gan, rng, n_samples, config) -> np.ndarray:
    """`n_samples` new images [n, 28, 28, 1] in (0, 1) from the generator as it is now."""
    x_input = rng.normal(size=(n_samples, config.z_size))
    return sess.run(gan.g_model, {gan.z_input: x_input})


def step(sess, gan, dataset, rng, config) -> tuple[np.float32, np.float32]:
    """One turn of the article's inner loop; returns what `report` takes."""
    half_batch = config.batch_size // 2
    X_real = real_samples(dataset, rng, half_batch)
    X_fake = fake_samples(sess, gan, rng, half_batch, config)
    X = np.vstack((X_real, X_fake))
    y = np.vstack((np.ones((half_batch, 1)), np.zeros((half_batch, 1))))
    d_loss, _ = sess.run([gan.d_loss, gan.d_opt], {gan.X: X, gan.y: y})

    X_gan = rng.normal(size=(config.batch_size, config.z_size))
    g_loss, _ = sess.run([gan.g_loss, gan.g_opt], {gan.z_input: X_gan})
    return d_loss, g_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The printed losses of a step, each taken before the update that it belongs to."""
    d_loss, g_loss = taken
    return {"disc_loss": float(d_loss), "gen_loss": float(g_loss)}


def log_line(number, batches, losses) -> str:
    """The line that the article prints after step `number`, which counts from 1 over all epochs.

    `batches` is the number of steps in an epoch.
    """
    epoch, batch = divmod(number - 1, batches)
    return (f">{epoch + 1}, {batch + 1}/{batches}, d={losses['disc_loss']:.3f}, "
            f"g={losses['gen_loss']:.3f}")


def evaluate(sess, gan, dataset, rng, config) -> tuple[str, dict[str, float]]:
    """The line that the blog prints every 10 epochs, and the accuracies in it, from 0 to 1."""
    X_real = real_samples(dataset, rng, EVALUATED)
    acc_real = float(sess.run(gan.real_count, {gan.X: X_real})) / EVALUATED
    X_fake = fake_samples(sess, gan, rng, EVALUATED, config)
    acc_fake = (EVALUATED - float(sess.run(gan.real_count, {gan.X: X_fake}))) / EVALUATED
    return (f">Accuracy real: {100 * acc_real:.0f}%, fake: {100 * acc_fake:.0f}%",
            {"real": acc_real, "fake": acc_fake})


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_size]."""
    return rng.normal(size=(count, config.z_size))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_size]: [n, 784], black at -1 and white at 1."""
    # Run directories hold samples in the range of tanh, for every chapter.
    return 2 * sess.run(gan.g_model, {gan.z_input: z}).reshape(-1, 784) - 1


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, 784], black at -1 and white at 1."""
    return generate(sess, gan, latent(rng, count, config))
