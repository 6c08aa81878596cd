"""The figures of the theory, computed: each function trains or integrates what one of them shows."""

from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1 import objectives
from gan_tf1.models import gan_1d, two_gaussians
from gan_tf1.tf1 import new_graph, session_config, tf

NOISE_CELLS = 4000
CELLS = 400


class Stage(NamedTuple):
    """The one-dimensional GAN at one of figure 6.5's stages; arrays are [CELLS]."""
    letter: str
    x: np.ndarray          # the middles of the cells
    data: np.ndarray       # p_data there
    gen: np.ndarray        # p_g: its mean over the cell
    disc: np.ndarray       # the learned D
    best: np.ndarray       # D*
    z: np.ndarray          # Phi(z) of some noise, evenly spaced in (0, 1)
    mapped: np.ndarray     # G(z) of that noise
    deviation: Any         # objectives.Deviation


def stages(seed, config):
    """Train the one-dimensional GAN of `config`: a `Stage` of each of (a) to (d)."""
    rng = np.random.default_rng([seed, 0])
    data = scipy.stats.norm(config.data_mean, config.data_deviation)
    edges = np.linspace(min(data.ppf(1e-6), -2), max(data.isf(1e-6), 2), CELLS + 1)
    x, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    noise, share = objectives.noise_cells(NOISE_CELLS)
    z = np.linspace(0, 1, 26)[1:-1]
    found = []
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        gan = gan_1d.build(config)
        sess.run(tf.global_variables_initializer())
        for letter in gan_1d.stages(sess, gan, rng, config):
            logit = gan_1d.discriminate(sess, gan, x)
            p, q = data.pdf(x), objectives.density(gan_1d.generate(sess, gan, noise), share, edges)
            found.append(Stage(
                letter, x, p, q, scipy.special.expit(logit), objectives.optimum(p, q), z,
                gan_1d.generate(sess, gan, scipy.stats.norm.ppf(z)),
                objectives.deviation(logit, p, q, width)))
    return found


class Gradients(NamedTuple):
    """Figure 6.15: a discriminator and a critic of two Gaussians over x; arrays are [n]."""
    x: np.ndarray
    real: np.ndarray      # density of the real numbers
    fake: np.ndarray
    disc: np.ndarray      # D(x)
    critic: np.ndarray    # f(x)
    slopes: dict          # |slope| by x of what a generator might descend on, by its name


def gradients(seed, config):
    """Train the networks of figure 6.15: the `Gradients` over both Gaussians and beyond."""
    rng = np.random.default_rng([seed, 0])
    real, fake = (scipy.stats.norm(side * config.distance / 2, config.deviation)
                  for side in (-1, 1))
    x = np.linspace(-config.distance, config.distance, 601)
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        net = two_gaussians.build(config)
        sess.run(tf.global_variables_initializer())
        for _ in range(config.steps):
            two_gaussians.step(sess, net, rng, config)
        logits, critic, by_x, critic_by_x = two_gaussians.measure(sess, net, x)
    disc, other = scipy.special.expit(logits), scipy.special.expit(-logits)
    return Gradients(x, real.pdf(x), fake.pdf(x), disc, critic, {
        "D(x)": np.abs(disc * other * by_x), "log(1 - D(x))": np.abs(disc * by_x),
        "-log D(x)": np.abs(other * by_x), "-f(x), the critic": np.abs(critic_by_x)})
