"""A GAN that loses modes on demand, without a remedy or with one of six: temperatures or digits.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Mode collapse", figures 6.23 and 6.24, without code or numbers. One generator imitates the
temperatures of one of two cities, and changes to the other whenever the discriminator has caught
up; others generate only some of the digits.

The networks are dense and work on vectors [B, n]: n is 1 for temperatures, 784 for digits. The
collapse comes from the training alone: on the cities from `gen_steps`, the generator's updates per
step, on digits from `disc_steps`, the discriminator's, and further from Adam's learning rate and
momentum.

The setting `remedy` names a game, which decides the losses and the discriminator; each game is a
function in `parts/remedies.py`. Without a remedy::

    J_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))]          J_G = -E_z[log D(G(z))]

    x       real       data, scaled to [-1, 1]
    z       noise      normal, mean 0 and standard deviation 1
    G(z)    generated  the range of tanh
    J_D     disc_loss
    J_G     gen_loss   non-saturating
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, setting
from gan_tf1.errors import InputError
from gan_tf1.models.parts.remedies import GAMES, leaky
from gan_tf1.tf1 import tf

CHAPTER = "remedies_gan"
SAMPLES = {1: "points", 784: "images"}  # by the size of a sample: temperatures, digits
LOGGED = ("iteration", "sample_interval")  # the log counts iterations; an interval is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
REMEDIES = tuple(GAMES)


@dataclass(frozen=True)
class Config:
    """Our own numbers, and those of the remedies, which are from their papers if these give any.

    Two of them, `clip_value` and `unrolled_rate`, were chosen on the cities instead.
    """
    iterations: int = setting(5000, "training steps", at_least=1)
    sample_interval: int = setting(25, "steps between samples, losses and checkpoints", at_least=1)
    disc_steps: int = setting(1, "discriminator updates per step", at_least=1, at_most=100)
    gen_steps: int = setting(3, "generator updates per step: 1 keeps the modes, more lose them",
                             at_least=1, at_most=100)
    remedy: str = setting("none", "remedy against mode collapse: " + ", ".join(REMEDIES),
                          choices=REMEDIES)
    batch_size: int = setting(64, "real samples per update, and as many generated ones", at_least=1)
    learning_rate: float = setting(0.0005, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    z_dim: int = setting(16, "latent dimension", at_least=1)
    hidden_size: int = setting(64, "units of each of the two hidden layers of each network",
                               at_least=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    label_smooth: float = setting(0.1, "label_smoothing: subtracted from the label 1 of real data",
                                  at_least=0, below=1)
    group_size: int = setting(4, "minibatch_stddev: samples over which the standard deviation is "
                              "taken", at_least=1)
    clip_value: float = setting(0.05, "wasserstein: largest absolute value of the critic's weights",
                                above=0)
    penalty_weight: float = setting(10.0, "wasserstein_gp: weight of the penalty", at_least=0)
    pack: int = setting(2, "packing: samples that are judged together", at_least=1)
    unrolled_steps: int = setting(5, "unrolling: k, updates that the generator looks ahead",
                                  at_least=0, at_most=50)
    unrolled_rate: float = setting(0.1, "unrolling: eta, the learning rate of these updates",
                                   above=0)
    samples: int = setting(400, "samples drawn from the generator after each interval",
                           at_least=1, at_most=MOST_SAMPLES)


def check(config) -> None:
    """Raise InputError if a batch can't be divided as the remedy requires."""
    for remedy, flag, size in (("minibatch_stddev", "group-size", config.group_size),
                               ("packing", "packing", config.pack)):
        if config.remedy == remedy and config.batch_size % size:
            raise InputError(f"--batch-size {config.batch_size} must be a multiple of --{flag} "
                             f"{size}")


def model_inputs(size, z_dim):
    """Placeholders: data [B, size] in [-1, 1], noise [B, z_dim], epsilon [B, 1] in [0, 1)."""
    real = tf.placeholder(tf.float32, (None, size), name="real")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    epsilon = tf.placeholder(tf.float32, (None, 1), name="epsilon")
    return real, noise, epsilon


def generator(z, size, config):
    """Noise [B, z_dim] to samples [B, size] in (-1, 1)."""
    with tf.variable_scope("generator"):
        x = leaky(tf.layers.dense(z, config.hidden_size), config.alpha)    # [B,16] -> [B,64]
        x = leaky(tf.layers.dense(x, config.hidden_size), config.alpha)    # -> [B,64]
        return tf.layers.dense(x, size, activation=tf.tanh)                # -> [B,n]


def clipped(weights, clip_value, after):
    """Clip each variable to [-clip_value, clip_value] after the op `after`."""
    with tf.name_scope("clip"), tf.control_dependencies([after]):
        # read_value() is a new read: an earlier one may have the value before the update.
        return tf.group(*(tf.assign(weight, tf.clip_by_value(weight.read_value(), -clip_value,
                                                             clip_value)) for weight in weights))


def model_opt(game, gen_vars, config):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates only its own variables.

    The first includes the clip if the game has one.
    """
    adam = dict(learning_rate=config.learning_rate, beta1=config.beta1)
    # A critic's loss is linear in the scores, so its gradient doesn't depend on them: without this,
    # the loss might be computed from updated weights.
    with tf.control_dependencies([game.disc_loss]):
        with tf.name_scope("disc_opt"):
            disc_opt = tf.train.AdamOptimizer(**adam).minimize(game.disc_loss,
                                                               var_list=game.disc_vars)
    if game.clip_value is not None:
        disc_opt = clipped(game.disc_vars, game.clip_value, after=disc_opt)
    with tf.control_dependencies([game.gen_loss]):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(**adam).minimize(game.gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    real: Any         # [B, n] in [-1, 1]
    noise: Any        # [B, z_dim]
    epsilon: Any      # [B, 1] in [0, 1): only for wasserstein_gp
    generated: Any    # [B, n] in (-1, 1)
    disc_loss: Any
    gen_loss: Any
    gen_vars: list
    disc_vars: list
    disc_opt: Any
    gen_opt: Any


def build(config: Config, size) -> GAN:
    """Build the whole graph for vectors [B, size] in the current default graph.

    Raises InputError if `check` does.
    """
    check(config)
    real, noise, epsilon = model_inputs(size, config.z_dim)
    generated = generator(noise, size, config)
    gen_vars = tf.trainable_variables("generator/")
    game = GAMES[config.remedy](real, generated, epsilon, config)
    assert gen_vars + game.disc_vars == tf.trainable_variables(), "a variable in neither network"
    disc_opt, gen_opt = model_opt(game, gen_vars, config)
    return GAN(real, noise, epsilon, generated, game.disc_loss, game.gen_loss, gen_vars,
               game.disc_vars, disc_opt, gen_opt)


def rebuild(config, sample_shape, epoch) -> GAN:
    """The graph of a run whose samples are [count, n], for sampling."""
    return build(config, sample_shape[-1])


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, np.float32]:
    """The discriminator's updates, then the generator's, each on its own batch and noise.

    Returns the losses of the last of each, before its update. All remedies draw the same numbers.
    """
    def batch():
        idx = rng.integers(0, train_set.num_examples, config.batch_size)
        return {gan.real: train_set.images[idx] * 2 - 1,  # to the range of tanh
                gan.noise: rng.normal(0, 1, (config.batch_size, config.z_dim)),
                gan.epsilon: rng.uniform(0, 1, (config.batch_size, 1))}

    for _ in range(config.disc_steps):
        disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt], batch())
    for _ in range(config.gen_steps):
        gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], batch())
    return disc_loss, gen_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The losses of an interval: those of its last step, each taken before its update."""
    disc_loss, gen_loss = taken
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss)}


def log_line(iteration, iterations, losses) -> str:
    """The line after `iteration`, which counts from 1."""
    return (f"Iteration {iteration}... Disc Loss: {losses['disc_loss']:.3f}... "
            f"Gen Loss: {losses['gen_loss']:.3f}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim], or temperatures: [n, 784], [n, 1] in (-1, 1)."""
    return sess.run(gan.generated, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new samples from normal noise, [count, 1] or [count, 784] in (-1, 1)."""
    return generate(sess, gan, latent(rng, count, config))
