"""GANs on mixtures of Gaussians whose modes can be counted: the plain GAN and PacGAN.

Lin et al. 2018, "PacGAN: The Power of Two Samples in Generative Adversarial Networks", section
4.1, on the mixtures of Srivastava et al. 2017 (VEEGAN). The discriminator judges packs of m
samples, all real or all generated. In a pack it can see that the samples are alike, which a single
sample can't show. Its input is m times as wide; nothing else changes. The paper's losses::

    L_D = E_x[log(1 + exp(-D(x_1, ..., x_m)))] + E_z[log(1 + exp(D(G(z_1), ..., G(z_m))))]
    L_G = E_x[log(1 + exp(D(x_1, ..., x_m)))] + E_z[log(1 + exp(-D(G(z_1), ..., G(z_m))))]

    x       points             points of the mixture, [B m, 2]
    z       noise              normal noise, latent dimension 2
    G(z)    generated          batch norm with the statistics of all B m points
    m       packing            1 is the plain GAN
    D       disc_logits_real   logits of packs [B, 2 m] of real points
            disc_logits_fake   logits of packs of generated points
    L_D     disc_loss          -V of Goodfellow et al. 2014: 2 ln 2 if D always answers one half
    L_G     gen_loss           its second term, since the first doesn't depend on G

What decides the figures without being said: Adam's learning rate, which decays to 0 over the
second half of the training, and the standard deviation of the initial weights. Both are ours. They
were chosen to come near the published figures, so the table of `checkpoints/mode_coverage` shows
what this architecture can reach by this protocol, not that the paper had these values. Neither
paper was available, so every uncertain number is a setting; README.md has the source of each
number and how sure it is.

D is updated first, then G with the same noise. `iterations` counts batches, for any m. Two layers
of maxout (`--disc-layers 2`) take four times as long as one; layers of ALI's sizes, as remembered,
take twenty times as long.
"""

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "mixture_gan"
SAMPLES = "points"
LOGGED = ("iteration", "sample_interval")  # the log counts iterations; an interval is a row of losses.csv
CHANCE = 1.3863  # disc_loss in nats if D always answers one half: 2 ln 2
POINT_SIZE = 2   # coordinates of a point


@dataclass(frozen=True)
class Config:
    """The protocol of the PacGAN paper's section 4.1, as far as it is known."""
    packing: int = setting(1, "m: samples that the discriminator judges together; 1 is the plain "
                           "GAN", at_least=1, at_most=16)
    iterations: int = setting(200_000, "training steps: 200 epochs of 1,000", at_least=1)
    sample_interval: int = setting(10_000, "iterations between samples and checkpoints",
                                   at_least=1)
    batch_size: int = setting(100, "packs per step, each of `packing` points", at_least=1)
    train_points: int = setting(100_000, "training points, drawn once per seed", at_least=1,
                                at_most=10_000_000)
    learning_rate: float = setting(0.003, "Adam's learning rate for both networks", above=0)
    end_learning_rate: float = setting(0., "learning rate at the end; it decays linearly over the "
                                       "second half of the iterations", at_least=0)
    beta1: float = setting(0.8, "decay of Adam's first moment", at_least=0, below=1)
    z_dim: int = setting(2, "latent dimension", at_least=1)
    gen_hidden_size: int = setting(128, "units of each of the generator's two hidden layers",
                                   at_least=1)
    disc_hidden_size: int = setting(128, "maxout units of each of the discriminator's hidden "
                                    "layers", at_least=1)
    disc_layers: int = setting(1, "hidden layers of the discriminator", at_least=1, at_most=10)
    pieces: int = setting(5, "linear pieces of a maxout unit", at_least=1, at_most=100)
    weight_deviation: float = setting(0.3, "standard deviation of the initial weights", above=0)
    momentum: float = setting(0.99, "decay of batch norm's moving averages", at_least=0, below=1)
    sample_norm: str = setting("batch", "statistics of batch norm in sampling: those of the "
                               "samples (batch) or the moving averages (averages)",
                               choices=("batch", "averages"))
    samples: int = setting(2500, "points drawn from the generator after each interval, and counted",
                           at_least=1, at_most=1_000_000)


def name(packing) -> str:
    """What the papers call the GAN whose discriminator judges packs of `packing` samples."""
    return "plain GAN" if packing == 1 else f"PacGAN{packing}"


def model_inputs(z_dim):
    """Placeholders: points [B m, 2] and noise [B m, z_dim], for B packs of m."""
    points = tf.placeholder(tf.float32, (None, POINT_SIZE), name="points")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return points, noise


def generator(z, hidden_size, stddev, momentum, reuse=False, training=True):
    """Noise [B m, z] to points [B m, 2].

    With `training=False`, batch norm uses moving statistics.
    """
    def dense(x, units):
        return tf.layers.dense(x, units,
                               kernel_initializer=tf.random_normal_initializer(stddev=stddev))

    def batch_normalization(x):
        return tf.layers.batch_normalization(x, momentum=momentum, training=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = dense(z, hidden_size)                  # [B m,2] -> [B m,128]
        x = tf.nn.relu(batch_normalization(x))

        x = dense(x, hidden_size)                  # -> [B m,128]
        x = tf.nn.relu(batch_normalization(x))

        return dense(x, POINT_SIZE)                # -> [B m,2]


def packed(samples, packing):
    """Samples [B m, n] as packs [B, m n] of `packing` consecutive samples."""
    return tf.reshape(samples, (-1, packing * samples.shape[1]))


def maxout(x, units, pieces, stddev):
    """The maximum of `pieces` linear functions of x [B, n], for each of `units`: [B, units]."""
    return functools.reduce(tf.maximum, [
        tf.layers.dense(x, units, kernel_initializer=tf.random_normal_initializer(stddev=stddev))
        for _ in range(pieces)])


def discriminator(packs, hidden_size, layers, pieces, stddev, reuse=False):
    """Packs [B, 2 m] to logits [B, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = packs
        for _ in range(layers):
            x = maxout(x, hidden_size, pieces, stddev)  # [B,2 m] -> [B,128]

        return tf.layers.dense(x, 1, kernel_initializer=tf.random_normal_initializer(
            stddev=stddev))                             # -> [B,1]


def model_loss(disc_logits_real, disc_logits_fake):
    """The scalars `(disc_loss, gen_loss)` of the logits [B, 1] of packs, in nats."""
    with tf.name_scope("disc_loss"):
        # logits of real packs -> 1, of fake packs -> 0
        disc_loss = tf.reduce_mean(
            tf.nn.softplus(-disc_logits_real) + tf.nn.softplus(disc_logits_fake))
    with tf.name_scope("gen_loss"):
        # logits of fake packs -> 1, for the generator; L_G's other term doesn't depend on it
        gen_loss = tf.reduce_mean(tf.nn.softplus(-disc_logits_fake))
    return disc_loss, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1, global_step):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates only its own variables.

    The second also updates the moving averages and counts the step. Since it counts last, both
    updates of a step have the same learning rate.
    """
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
            disc_loss, var_list=disc_vars)
    # Only the generator has batch norm, and only its pass in training mode adds update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
                gen_loss, var_list=gen_vars, global_step=global_step)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    points: Any        # [B m, 2]
    noise: Any         # [B m, z_dim]
    fake_points: Any   # [B m, 2], for samples only
    disc_loss: Any
    gen_loss: Any
    gen_vars: list     # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    points, noise = model_inputs(config.z_dim)

    size = dict(hidden_size=config.gen_hidden_size, stddev=config.weight_deviation,
                momentum=config.momentum)
    generated = generator(noise, **size)
    fake_points = generated if config.sample_norm == "batch" else generator(
        noise, reuse=True, training=False, **size)
    saved_vars = tf.global_variables("generator/")
    size = dict(hidden_size=config.disc_hidden_size, layers=config.disc_layers,
                pieces=config.pieces, stddev=config.weight_deviation)
    disc_logits_real = discriminator(packed(points, config.packing), **size)
    disc_logits_fake = discriminator(packed(generated, config.packing), reuse=True, **size)

    disc_loss, gen_loss = model_loss(disc_logits_real, disc_logits_fake)
    global_step = tf.train.get_or_create_global_step()
    half = config.iterations // 2
    learning_rate = tf.train.polynomial_decay(
        config.learning_rate, tf.maximum(global_step - half, 0), config.iterations - half,
        config.end_learning_rate)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), learning_rate, config.beta1,
                                  global_step)
    return GAN(points, noise, fake_points, disc_loss, gen_loss, saved_vars, disc_opt, gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, np.float32]:
    """One update of D, then one of G with the same noise; returns both losses."""
    count = config.batch_size * config.packing
    [points] = train_set.next_batch(count)
    noise = rng.normal(0, 1, (count, config.z_dim))
    disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt],
                            {gan.points: points, gan.noise: noise})
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
    """The line after `iteration`, which counts from 1.

    `losses` has the fields of `mode_coverage.Counted` beside those of `report`.
    """
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}] [modes: {losses['modes']}, "
            f"high quality: {100 * losses['high_quality']:.1f} %, "
            f"reverse KL: {losses['reverse_kl']:.3f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The points of latent vectors `z` [n, z_dim]: [n, 2].

    If batch norm uses batch statistics, each point depends on all of `z`.
    """
    return sess.run(gan.fake_points, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new points from normal noise, [count, 2]."""
    return generate(sess, gan, latent(rng, count, config))
