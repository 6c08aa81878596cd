"""The DCGAN of an article's class in TF1, with contrib's batch norm in both networks, on MNIST.

The article on GANs of the Chinese blog 禅与计算机程序设计艺术 ("Zen and the Art of Computer Programming"),
section "具体实现步骤" (implementation, step by step), class `DCGAN`. The listing is for TensorFlow 1.4
to 1.15, but its errors stop it there too; this is what it means. A test compares it with TensorFlow
1.15 and contrib from the same weights: after 10 steps all weights and averages are equal.

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          inputs_real              images in [-1, 1]; as printed in [0, 1]
    z          inputs_z                 uniform noise in [-1, 1]
    G(z)       gen_output               tanh of the last convolution
    D(x)       sigmoid(d_logits_real)   each pass is normalized with its own batch statistics
    D(G(z))    sigmoid(d_logits_fake)

D minimizes `loss_d`, the negative value function; G minimizes the non-saturating `loss_g` =
-E_z[log D(G(z))]. What decides the printed numbers:

- `batch_norm(updates_collections=None)` has decay 0.999, epsilon 0.001, a beta and no gamma (see
  `layers.batch_norm`). UPDATE_OPS stays empty; every pass updates the moving averages when it is
  computed. As printed, nothing reads them: `is_training=True` always uses batch statistics.
- D's first layer has batch norm too, which removes the brightness and contrast of a batch; G's
  dense layer has none. No layer has a bias.
- `AdamOptimizer(learning_rate)` has beta1 0.9, TF1's default, not the 0.5 of other DCGANs.
- Both losses of a step are those of one batch, each before its own update; so `loss_g` is taken
  after D's update. The printed losses are means over the 859 steps of an epoch; the images left
  over begin the next epoch.
- A step updates G's averages twice and D's three times: on generated, real and again generated
  images. `opt_g` doesn't compute the pass over real images, on which `loss_g` doesn't depend.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.layers import batch_norm
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_class"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # of what `sample` returns, for every variant
CHANCE = 1.3863  # disc_loss in nats if D always answers one half: 2 ln 2
IMAGE_SHAPE = (28, 28, 1)


class Errors(NamedTuple):
    """Which of the article's errors are kept, among those that can run; README.md explains each."""
    images_from_0: bool
    log_of_sigmoid: bool
    normal_sample_noise: bool
    batch_statistics_in_samples: bool


AS_PRINTED, CORRECTED = Errors(True, True, True, True), Errors(False, False, False, False)
VARIANTS = {
    "corrected": CORRECTED,
    "as_printed": AS_PRINTED,
    # As printed, but with one error corrected, to see what that error costs.
    "mend_range": AS_PRINTED._replace(images_from_0=False),
    "mend_log": AS_PRINTED._replace(log_of_sigmoid=False),
    "mend_sample_noise": AS_PRINTED._replace(normal_sample_noise=False),
    "mend_sample_statistics": AS_PRINTED._replace(batch_statistics_in_samples=False),
}


@dataclass(frozen=True)
class Config:
    """The hyperparameters in the listing."""
    variant: str = setting("corrected", "which errors of the article are kept: none, all, or all "
                           "but one: " + ", ".join(VARIANTS), choices=tuple(VARIANTS))
    epochs: int = setting(200, "passes over the 55,000 training images", at_least=1)
    batch_size: int = setting(64, "images per step", at_least=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.9, "decay of Adam's first moment; TF1's default", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the discriminator's leaky ReLU below zero", at_least=0,
                           below=1)
    gen_channels: int = setting(32, "channels of the generator's last hidden layer; those before "
                                "have two and four times as many", at_least=1, at_most=MOST_UNITS)
    disc_channels: int = setting(64, "channels of the discriminator's first layer; the second has "
                                 "twice as many", at_least=1, at_most=MOST_UNITS)
    samples: int = setting(32, "images drawn from the generator after each epoch",
                           at_least=1, at_most=MOST_SAMPLES)


def model_inputs(image_shape, z_dim):
    """Placeholders: real images [B, *image_shape], noise [B, z_dim] in [-1, 1]."""
    inputs_real = tf.placeholder(tf.float32, (None, *image_shape), name="inputs_real")
    inputs_z = tf.placeholder(tf.float32, (None, z_dim), name="inputs_z")
    return inputs_real, inputs_z


def generator(z, channels, reuse=False, is_training=True):
    """Noise [B, z] to images [B, 28, 28, 1] in (-1, 1).

    With `is_training=False`, batch norm uses moving statistics.
    """
    def conv2d_transpose(x, filters, strides):
        return tf.layers.conv2d_transpose(x, filters, 5, strides, padding="same", use_bias=False)

    def normalized(x):
        return batch_norm(x, updates_collections=None, is_training=is_training)

    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 4 * channels * 7 * 7, use_bias=False)  # [B,100] -> [B,6272]
        x = tf.nn.relu(x)
        x = tf.reshape(x, (-1, 7, 7, 4 * channels))                  # -> [B,7,7,128]

        x = conv2d_transpose(x, 2 * channels, strides=2)             # -> [B,14,14,64]
        x = tf.nn.relu(normalized(x))

        x = conv2d_transpose(x, channels, strides=2)                 # -> [B,28,28,32]
        x = tf.nn.relu(normalized(x))

        return tf.tanh(conv2d_transpose(x, 1, strides=1))            # -> [B,28,28,1]


def discriminator(x, channels, alpha, reuse=False):
    """Images [B, 28, 28, 1] to logits [B, 1], always with batch statistics."""
    def conv2d(x, filters):
        return tf.layers.conv2d(x, filters, 5, strides=2, padding="same", use_bias=False)

    with tf.variable_scope("discriminator", reuse=reuse):
        x = batch_norm(conv2d(x, channels), updates_collections=None)      # -> [B,14,14,64]
        x = tf.maximum(alpha * x, x)

        x = batch_norm(conv2d(x, 2 * channels), updates_collections=None)  # -> [B,7,7,128]
        x = tf.maximum(alpha * x, x)

        flattened = tf.layers.flatten(x)                                   # -> [B,6272]
        return tf.layers.dense(flattened, 1, use_bias=False)               # -> [B,1]


def model_loss(d_logits_real, d_logits_fake, log_of_sigmoid=False):
    """The scalar losses `(loss_d, loss_g)` of logits [B, 1], in nats."""
    with tf.name_scope("losses"):
        if log_of_sigmoid:
            d_real, d_fake = tf.sigmoid(d_logits_real), tf.sigmoid(d_logits_fake)
            # D(x) -> 1 and D(G(z)) -> 0
            loss_d = -tf.reduce_mean(tf.log(d_real) + tf.log(1. - d_fake))
            # D(G(z)) -> 1, for the generator
            return loss_d, -tf.reduce_mean(tf.log(d_fake))

        # real logits -> 1, fake logits -> 0
        loss_d = tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                labels=tf.ones_like(d_logits_real), logits=d_logits_real)
            + tf.nn.sigmoid_cross_entropy_with_logits(
                labels=tf.zeros_like(d_logits_fake), logits=d_logits_fake))
        # fake logits -> 1, for the generator
        loss_g = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(d_logits_fake), logits=d_logits_fake))
    return loss_d, loss_g


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, split by scope prefix."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(loss_d, loss_g, learning_rate, beta1):
    """One Adam step per network, `(opt_d, opt_g)`; each updates only its own network's weights."""
    d_vars, g_vars = split_vars()
    with tf.name_scope("opt_d"):
        opt_d = tf.train.AdamOptimizer(learning_rate, beta1).minimize(loss_d, var_list=d_vars)
    with tf.name_scope("opt_g"):
        opt_g = tf.train.AdamOptimizer(learning_rate, beta1).minimize(loss_g, var_list=g_vars)
    return opt_d, opt_g


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    inputs_real: Any  # [B, 28, 28, 1]
    inputs_z: Any     # [B, z_dim]
    samples: Any      # [B, 28, 28, 1], from `inputs_z`; black at -1, white at 1
    loss_d: Any
    loss_g: Any
    gen_vars: list    # the generator's weights and moving averages, for sampling
    opt_d: Any
    opt_g: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    errors = VARIANTS[config.variant]
    inputs_real, inputs_z = model_inputs(IMAGE_SHAPE, config.z_dim)

    gen_output = generator(inputs_z, channels=config.gen_channels)
    samples = gen_output if errors.batch_statistics_in_samples else (
        generator(inputs_z, reuse=True, channels=config.gen_channels, is_training=False))
    if errors.images_from_0:  # black is 0 in training, and smaller values are black too
        samples = tf.maximum(2 * samples - 1, -1)
    gen_vars = tf.global_variables("generator/")

    size = dict(channels=config.disc_channels, alpha=config.alpha)
    d_logits_fake = discriminator(gen_output, **size)
    # Both passes update the same moving averages, so one must wait for the other. If the pass over
    # generated images waited, `opt_g` would have to compute the pass over real images too.
    with tf.control_dependencies([d_logits_fake]):
        d_logits_real = discriminator(inputs_real, reuse=True, **size)

    loss_d, loss_g = model_loss(d_logits_real, d_logits_fake, errors.log_of_sigmoid)
    opt_d, opt_g = model_opt(loss_d, loss_g, config.learning_rate, config.beta1)
    return GAN(inputs_real, inputs_z, samples, loss_d, loss_g, gen_vars, opt_d, opt_g)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, np.float32]:
    """One turn of the article's inner loop; returns `(d_loss, g_loss)`, each before its update."""
    batch_xs, _ = train_set.next_batch(config.batch_size)
    batch_xs = batch_xs.reshape(-1, *IMAGE_SHAPE)
    if not VARIANTS[config.variant].images_from_0:
        batch_xs = batch_xs * 2 - 1  # to the range of tanh
    z_samples = rng.uniform(-1, 1, size=(config.batch_size, config.z_dim))
    feed_dict = {gan.inputs_real: batch_xs, gan.inputs_z: z_samples}

    _, d_loss = sess.run([gan.opt_d, gan.loss_d], feed_dict=feed_dict)
    _, g_loss = sess.run([gan.opt_g, gan.loss_g], feed_dict=feed_dict)
    return d_loss, g_loss


class Totals(NamedTuple):
    """Sums over the steps of an epoch so far."""
    steps: int = 0
    d_loss: float = 0.
    g_loss: float = 0.


def tally(totals, taken) -> Totals:
    """The `totals` of an epoch (None before its first step) with the losses of one more step."""
    totals, (d_loss, g_loss) = totals or Totals(), taken
    return Totals(totals.steps + 1, totals.d_loss + float(d_loss), totals.g_loss + float(g_loss))


def report(sess, gan, totals) -> dict[str, float]:
    """The printed losses: means over the steps of an epoch."""
    return {"disc_loss": totals.d_loss / totals.steps, "gen_loss": totals.g_loss / totals.steps}


def log_line(epoch, epochs, losses) -> str:
    """The line that the article prints after `epoch`, which counts from 1."""
    return (f"Epoch {epoch}/{epochs}... Discriminator Loss: {losses['disc_loss']:.4f} "
            f"Generator Loss: {losses['gen_loss']:.4f}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors: uniform noise in [-1, 1] as in training, [count, z_dim].

    As printed it is normal noise, whose vectors are longer than those of training.
    """
    size = (count, config.z_dim)
    normal = VARIANTS[config.variant].normal_sample_noise
    return rng.normal(size=size) if normal else rng.uniform(-1, 1, size)


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, 784], black at -1 and white at 1.

    Batch norm uses moving statistics. As printed it uses batch statistics, so that an image depends
    on the others in its batch.
    """
    return sess.run(gan.samples, {gan.inputs_z: z}).reshape(-1, 784)


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images, [count, 784], black at -1 and white at 1.

    They are drawn in batches of `batch_size`, as in training.
    """
    batches = [generate(sess, gan, latent(rng, config.batch_size, config))
               for _ in range(0, count, config.batch_size)]
    return np.concatenate(batches)[:count]
