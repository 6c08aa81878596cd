"""GANs on mixtures of Gaussians whose modes can be counted: the plain GAN, and PacGAN's packs.

Lin et al. 2018, "PacGAN: The Power of Two Samples in Generative Adversarial
Networks", section 4.1, on the mixtures of Srivastava et al. 2017 (VEEGAN). The
discriminator judges m samples together, all real or all generated: from a pack
it sees that samples are alike, which it can't see from one. Its input alone is m times
as wide. The paper's losses::

    L_D = E_x[log(1 + exp(-D(x_1, ..., x_m)))] + E_z[log(1 + exp(D(G(z_1), ..., G(z_m))))]
    L_G = E_x[log(1 + exp(D(x_1, ..., x_m)))] + E_z[log(1 + exp(-D(G(z_1), ..., G(z_m))))]

    x       points             points of the mixture, [B m, 2]
    z       noise              normal noise, two numbers
    G(z)    generated          batch norm by the batch of B m
    m       packing            1 is the plain GAN
    D       disc_logits_real   logits of packs [B, 2 m] of real points
            disc_logits_fake   and of generated ones
    L_D     disc_loss          -V of Goodfellow et al. 2014: 2 ln 2 where D can't tell
    L_G     gen_loss           its second term: G has no part in the first

Neither paper was at hand. What follows is from memory, and what isn't sure is a setting:

=====================================  ===========================================================
number                                 source
=====================================  ===========================================================
generator: 2 numbers, two layers of    PacGAN, section 4.1, remembered with some confidence; and
128 ReLU units with batch norm, 2      that this is VEEGAN's own architecture
linear outputs
discriminator: `disc_layers` of        uncertain: one layer of 128 is remembered of section 4.1, and
maxout units, each the largest of 5    is the default. Another memory has three of 200, and in the
linear pieces; no batch norm           generator 400, as in the code of ALI (Dumoulin et al. 2017),
                                       whence "LinearMaxout", both losses and beta1 0.8 seem to be
100,000 points, batches of 100, 200    PacGAN, section 4.1: 200,000 updates of either network, each
epochs; Adam; one update of either     once a batch; here D, then G against the new D, by the same
a batch                                noise. `iterations` counts batches, whatever m is
packs of a batch                       uncertain: 100 packs, of 100 m points. The other reading, 100
                                       points in 100 / m packs, is `--batch-size 50 --packing 2`
beta1 0.8                              uncertain: remembered of VEEGAN's code and of ALI's
Adam at 0.003, which in the second     ours. Of one of those codes 0.001 is remembered, of the other
half falls to 0, linearly              0.0001. A constant step is `--end-learning-rate 0.003`
weights: normal, deviation 0.3;        ours, between 0.02, as GANs often have it, and 1, the default
biases 0                               of Blocks, in which ALI's code is written
sampling by the samples' own           uncertain. `--sample-norm averages` has the moving averages,
statistics                             which lag where the step is constant
ring of deviation 0.01                 uncertain: `wide_ring` has 0.1
2,500 samples; what is counted         `gan_tf1/modes.py`
=====================================  ===========================================================

The step and the weights decide the figures, and were chosen to come near the published ones, by
some sixty trainings on the seeds 0 to 2 and sixty on 100 to 106. The table of ten seeds
(`checkpoints/mode_coverage`) has 0 to 9. It shows what this architecture can have by this protocol,
not that the paper had this step or these weights. What others give on the grid: modes, high
quality and reverse KL, means over the seeds 100 to 102 (`checkpoints/mode_coverage/settings.csv`):

===========================  ==================  ==================
flags                        plain GAN           PacGAN2
===========================  ==================  ==================
none                         16.7, 92.0 %, 0.69  24.0, 90.5 %, 0.13
--end-learning-rate 0.003    17.7, 79.3 %, 0.63  24.0, 77.5 %, 0.11
--learning-rate 0.001        18.7, 76.3 %, 0.54  25.0, 79.0 %, 0.09
--weight-deviation 0.02      21.0, 93.0 %, 0.34  23.3, 90.8 %, 0.19
--weight-deviation 1         9.0, 94.5 %, 1.19   23.3, 88.3 %, 0.32
--batch-size 50              not run             25.0, 90.0 %, 0.05
===========================  ==================  ==================

Two layers of maxout (`--disc-layers 2`) take four times the time; ALI's sizes, as remembered,
twenty.
"""

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "mixture_gan"
SAMPLES = "points"
LOGGED = ("iteration", "sample_interval")  # the log's unit, and how many of it make a row of losses.csv
CHANCE = 1.3863  # nats of disc_loss where the discriminator can't tell: 2 ln 2
POINT_SIZE = 2   # coordinates of a point


@dataclass(frozen=True)
class Config:
    """The protocol of the PacGAN paper's section 4.1, as the docstring tells it."""
    packing: int = setting(1, "m: samples that the discriminator judges together; 1 is the plain "
                           "GAN", at_least=1, at_most=16)
    iterations: int = setting(200_000, "training steps: 200 epochs of 1,000", at_least=1)
    sample_interval: int = setting(10_000, "iterations between samples and checkpoints",
                                   at_least=1)
    batch_size: int = setting(100, "packs a step, each of `packing` points", at_least=1,
                              at_most=10_000)
    train_points: int = setting(100_000, "points to train on, drawn once a seed", at_least=1,
                                at_most=10_000_000)
    learning_rate: float = setting(0.003, "Adam's step size, for both networks", above=0)
    end_learning_rate: float = setting(0., "what it falls to over the second half of the "
                                       "iterations, linearly", at_least=0)
    beta1: float = setting(0.8, "decay of Adam's first moment", at_least=0, below=1)
    z_dim: int = setting(2, "numbers in a latent vector", at_least=1, at_most=10_000)
    gen_hidden_size: int = setting(128, "units of each of the generator's two hidden layers",
                                   at_least=1, at_most=10_000)
    disc_hidden_size: int = setting(128, "maxout units of each of the discriminator's hidden "
                                    "layers", at_least=1, at_most=10_000)
    disc_layers: int = setting(1, "hidden layers of the discriminator", at_least=1, at_most=10)
    pieces: int = setting(5, "linear pieces of a maxout unit", at_least=1, at_most=100)
    weight_deviation: float = setting(0.3, "standard deviation of the weights at first", above=0)
    momentum: float = setting(0.99, "decay of batch norm's moving averages", at_least=0, below=1)
    sample_norm: str = setting("batch", "what batch norm goes by in sampling: batch, the samples' "
                               "own statistics, or averages, the moving ones",
                               choices=("batch", "averages"))
    samples: int = setting(2500, "points drawn from the generator at each interval, and counted",
                           at_least=1, at_most=1_000_000)


def name(packing):
    """What the papers call the GAN whose discriminator judges packs of so many samples."""
    return "plain GAN" if packing == 1 else f"PacGAN{packing}"


def model_inputs(z_dim):
    """Placeholders: points [B m, 2] and noise [B m, z_dim], for B packs of m."""
    points = tf.placeholder(tf.float32, (None, POINT_SIZE), name="points")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return points, noise


def generator(z, reuse=False, hidden_size=128, deviation=0.3, momentum=0.99, training=True):
    """Noise [B m, z] to points [B m, 2].

    With `training=False` batch norm uses the moving averages.
    """
    def dense(x, units):
        return tf.layers.dense(x, units,
                               kernel_initializer=tf.random_normal_initializer(stddev=deviation))

    def batch_normalization(x):
        return tf.layers.batch_normalization(x, momentum=momentum, training=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = dense(z, hidden_size)                  # [B m,2] -> [B m,128]
        x = tf.nn.relu(batch_normalization(x))

        x = dense(x, hidden_size)                  # -> [B m,128]
        x = tf.nn.relu(batch_normalization(x))

        return dense(x, POINT_SIZE)                # -> [B m,2]


def packed(samples, packing):
    """Samples [B m, n] as packs [B, m n]: `packing` that follow one another, side by side."""
    return tf.reshape(samples, (-1, packing * samples.shape[1]))


def maxout(x, units, pieces, deviation):
    """The largest of `pieces` linear functions of x [B, n] for each of `units`: [B, units]."""
    return functools.reduce(tf.maximum, [
        tf.layers.dense(x, units, kernel_initializer=tf.random_normal_initializer(stddev=deviation))
        for _ in range(pieces)])


def discriminator(packs, reuse=False, hidden_size=128, layers=1, pieces=5, deviation=0.3):
    """Packs [B, 2 m] to logits [B, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = packs
        for _ in range(layers):
            x = maxout(x, hidden_size, pieces, deviation)    # [B,2 m] -> [B,128]

        return tf.layers.dense(x, 1, kernel_initializer=tf.random_normal_initializer(
            stddev=deviation))                               # -> [B,1]


def model_loss(disc_logits_real, disc_logits_fake):
    """The scalars `(disc_loss, gen_loss)` of the logits [B, 1] of packs, in nats."""
    with tf.name_scope("disc_loss"):
        # logits of real packs -> 1, of fake ones -> 0
        disc_loss = tf.reduce_mean(
            tf.nn.softplus(-disc_logits_real) + tf.nn.softplus(disc_logits_fake))
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, seen from the generator; it has no part in the other term
        gen_loss = tf.reduce_mean(tf.nn.softplus(-disc_logits_fake))
    return disc_loss, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, told apart by their scope's name."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1, global_step):
    """Two Adam steps `(disc_opt, gen_opt)`.

    The second moves the generator's averages too, and counts: each pair is by one `learning_rate`.
    """
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
            disc_loss, var_list=disc_vars)
    # Only the generator has batch norm, and only its pass in training mode has update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
                gen_loss, var_list=gen_vars, global_step=global_step)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """What training and sampling need of the graph."""
    points: Any        # [B m, 2]
    noise: Any         # [B m, z_dim]
    fake_points: Any   # [B m, 2], for samples alone
    disc_loss: Any
    gen_loss: Any
    gen_vars: list     # the generator's weights and moving averages: what sampling needs
    disc_opt: Any
    gen_opt: Any


def build(config):
    """The whole graph, in the current default graph."""
    points, noise = model_inputs(config.z_dim)

    size = dict(hidden_size=config.gen_hidden_size, deviation=config.weight_deviation,
                momentum=config.momentum)
    generated = generator(noise, **size)
    fake_points = generated if config.sample_norm == "batch" else generator(
        noise, reuse=True, training=False, **size)
    saved_vars = tf.global_variables("generator/")
    size = dict(hidden_size=config.disc_hidden_size, layers=config.disc_layers,
                pieces=config.pieces, deviation=config.weight_deviation)
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


def step(sess, gan, train_set, rng, config):
    """One update of each network, the generator's on the same noise; returns both losses."""
    count = config.batch_size * config.packing
    [points] = train_set.next_batch(count)
    noise = rng.normal(0, 1, (count, config.z_dim))
    disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt],
                            {gan.points: points, gan.noise: noise})
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return disc_loss, gen_loss


class Tally(NamedTuple):
    """An interval so far: sums over its steps."""
    steps: int = 0
    disc_loss: float = 0.
    gen_loss: float = 0.


def tally(totals, disc_loss, gen_loss):
    """The interval's `totals` (None before its first step) with the losses of one more step."""
    steps, disc, gen = totals or Tally()
    return Tally(steps + 1, disc + float(disc_loss), gen + float(gen_loss))


def report(totals):
    """The mean losses of an interval, each step's before its own update."""
    return {"disc_loss": totals.disc_loss / totals.steps,
            "gen_loss": totals.gen_loss / totals.steps}


def log_line(iteration, losses):
    """The line after `iteration`, counted from 1."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}] [modes: {losses['modes']}, "
            f"high quality: {losses['high_quality']:.1%}, "
            f"reverse KL: {losses['reverse_kl']:.3f}]")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z):
    """The points of latent vectors `z` [n, z_dim]: [n, 2].

    By the batch, a point depends on all of `z`.
    """
    return sess.run(gan.fake_points, {gan.noise: z})


def sample(sess, gan, rng, count, config):
    """`count` new points of normal noise, [count, 2]."""
    return generate(sess, gan, latent(rng, count, config))
