"""A GAN on the real line, trained through the four stages of figure 6.5.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Training GANs". Figure 6.5 is figure 1 of Goodfellow et al. 2014; there it is drawn, here
it is computed by a training. On a line, everything in the theory can be computed: both densities,
the best discriminator, and the distance of the learned one from it.

Equations 1 and 2 of the paper, proposition 1 and Algorithm 1::

    V(G, D) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]
    D*(x)   = p_data(x) / (p_data(x) + p_g(x))

    x         real               normal, mean `data_mean`, standard deviation `data_deviation`
    z         noise              normal, mean 0 and standard deviation 1
    G(z)      generated
    p_g       not in the graph: `objectives.density` computes it by change of variables
    D(x)      sigmoid(disc_logits_real)
    -V        disc_loss          D minimizes it
    G's term  gen_loss           E_z[log(1 - D(G(z)))]: G minimizes the value itself
    k         disc_steps         updates of D per update of G

The stages, partly in the figure's words, and how they are trained here:

(a) "D is a partially accurate classifier": a few updates of D, with G at its first weights.
(b) D "converging to D*": many updates of D, with G frozen.
(c) "gradient of D has guided G(z) to flow to regions that are more likely to be classified as
    data": a few updates of G, with D frozen.
(d) neither can improve, because p_g = p_data: Algorithm 1, k updates of D, then one of G.

The figure gives no numbers. README.md says why those here were chosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "gan_1d"


@dataclass(frozen=True)
class Config:
    """Our own numbers, since the figure has none."""
    data_mean: float = setting(1.5, "mean of the data")
    data_deviation: float = setting(0.7, "standard deviation of the data", above=0)
    partial_steps: int = setting(15, "stage (a): updates of the discriminator", at_least=1)
    converging_steps: int = setting(2000, "stage (b): updates of the discriminator", at_least=1)
    guided_steps: int = setting(25, "stage (c): updates of the generator", at_least=1)
    iterations: int = setting(2000, "stage (d): updates of the generator", at_least=1)
    disc_steps: int = setting(5, "k: discriminator updates per iteration", at_least=1)
    batch_size: int = setting(512, "real numbers per update, and as many generated ones",
                              at_least=1)
    learning_rate: float = setting(0.005, "Adam's learning rate at the start of a stage", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    gen_hidden_size: int = setting(16, "hidden units of the generator", at_least=1)
    disc_hidden_size: int = setting(32, "units of each hidden layer of the discriminator",
                                    at_least=1)


def model_inputs():
    """Placeholders: real numbers [B, 1], noise [B, 1], and the learning rate, a scalar."""
    real = tf.placeholder(tf.float32, (None, 1), name="real")
    noise = tf.placeholder(tf.float32, (None, 1), name="noise")
    learning_rate = tf.placeholder(tf.float32, (), name="learning_rate")
    return real, noise, learning_rate


def generator(z, hidden_size):
    """Noise [B, 1] to numbers [B, 1]: the noise plus the output of a network."""
    with tf.variable_scope("generator"):
        x = tf.layers.dense(z, hidden_size, activation=tf.tanh)  # [B,1] -> [B,16]
        return z + tf.layers.dense(x, 1)                         # -> [B,1]


def discriminator(x, hidden_size, reuse=False):
    """Numbers [B, 1] to the probability [B, 1] that they are real, and its logits."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.dense(x, hidden_size, activation=tf.tanh)  # [B,1] -> [B,32]
        x = tf.layers.dense(x, hidden_size, activation=tf.tanh)  # -> [B,32]
        logits = tf.layers.dense(x, 1)                           # -> [B,1]
        return tf.nn.sigmoid(logits), logits


def model_loss(disc_logits_real, disc_logits_fake):
    """The scalar losses `(disc_loss, gen_loss)` of logits [B, 1], in nats."""
    with tf.name_scope("disc_loss"):
        # real logits -> 1
        disc_loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(disc_logits_real), logits=disc_logits_real))
        # fake logits -> 0
        disc_loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.zeros_like(disc_logits_fake), logits=disc_logits_fake))
        disc_loss = disc_loss_real + disc_loss_fake

    with tf.name_scope("gen_loss"):
        # fake logits -> not 0, for the generator: the negative of the discriminator's term
        gen_loss = -disc_loss_fake
    return disc_loss, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates only its own variables."""
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
            disc_loss, var_list=disc_vars)
    with tf.name_scope("gen_opt"):
        gen_opt = tf.train.AdamOptimizer(learning_rate, beta1).minimize(
            gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and drawing need."""
    real: Any           # [B, 1]
    noise: Any          # [B, 1]
    learning_rate: Any
    generated: Any      # [B, 1]
    disc_model: Any     # D(real), [B, 1] in (0, 1)
    disc_logits: Any    # the logits of disc_model
    disc_loss: Any
    gen_loss: Any
    gen_vars: list
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    real, noise, learning_rate = model_inputs()

    generated = generator(noise, config.gen_hidden_size)
    disc_model, disc_logits = discriminator(real, config.disc_hidden_size)
    _, disc_logits_fake = discriminator(generated, config.disc_hidden_size, reuse=True)

    disc_loss, gen_loss = model_loss(disc_logits, disc_logits_fake)
    gen_vars, disc_vars = split_vars()
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate,
                                  config.beta1)
    return GAN(real, noise, learning_rate, generated, disc_model, disc_logits, disc_loss, gen_loss,
               gen_vars, disc_opt, gen_opt)


def disc_step(sess, gan, rng, learning_rate, config) -> np.float32:
    """One update of the discriminator, on new data and new noise; returns the loss before it."""
    size = (config.batch_size, 1)
    real = rng.normal(config.data_mean, config.data_deviation, size)
    noise = rng.normal(0, 1, size)
    disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt], {
        gan.real: real, gan.noise: noise, gan.learning_rate: learning_rate})
    return disc_loss


def gen_step(sess, gan, rng, learning_rate, config) -> np.float32:
    """One update of the generator, on new noise; returns the loss before it."""
    noise = rng.normal(0, 1, (config.batch_size, 1))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {
        gan.noise: noise, gan.learning_rate: learning_rate})
    return gen_loss


def iteration(sess, gan, rng, learning_rate, config) -> None:
    """One iteration of Algorithm 1: k updates of the discriminator, then one of the generator."""
    for _ in range(config.disc_steps):
        disc_step(sess, gan, rng, learning_rate, config)
    gen_step(sess, gan, rng, learning_rate, config)


def updates(sess, gan, rng, config) -> Iterator[tuple[str, int, int]]:
    """Train through the four stages.

    After each update, yield the letter of the stage, the number of the update in this stage, and how
    many updates the stage has.
    """
    for letter, update, count in (("a", disc_step, config.partial_steps),
                                  ("b", disc_step, config.converging_steps),
                                  ("c", gen_step, config.guided_steps),
                                  ("d", iteration, config.iterations)):
        for number in range(count):
            update(sess, gan, rng, config.learning_rate * (1 - number / count), config)
            yield letter, number + 1, count


def generate(sess, gan, z) -> np.ndarray:
    """G(z) of noise [n], as float64 [n]."""
    return sess.run(gan.generated, {gan.noise: z[:, None]})[:, 0].astype(float)


def discriminate(sess, gan, x) -> np.ndarray:
    """The logits of D at points [n], as float64 [n]."""
    return sess.run(gan.disc_logits, {gan.real: x[:, None]})[:, 0].astype(float)
