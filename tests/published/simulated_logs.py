"""Losses of a simple stochastic process that resemble a GAN's, for tests that need many runs."""

import numpy as np

from gan_tf1.published import envelopes, logs

MNIST_GAN = logs.CHAPTERS["mnist_gan"]
EPOCHS = np.arange(1, 101)


def losses(rng, runs, shift=0.0, noise=1.0):
    """Losses [runs, 100]: a curve, a level for each seed, and autocorrelated noise with skewed shocks."""
    curve = 1 + 2 * np.exp(-np.arange(100) / 15)
    level = rng.normal(0, 0.05, (runs, 1))
    shocks = noise * (rng.gamma(2.0, 0.1, (runs, 120)) - 0.2)
    found = np.zeros((runs, 120))
    for epoch in range(1, 120):
        found[:, epoch] = 0.3 * found[:, epoch - 1] + shocks[:, epoch]
    return curve + shift + level + found[:, 20:]


def envelope(rng, seeds, title="", settings=None, **changes):
    """An envelope of so many `seeds`; `changes` are arguments of `losses`."""
    return envelopes.Envelope(MNIST_GAN, EPOCHS, {
        name: losses(rng, seeds, **changes) for name in MNIST_GAN.columns}, settings or {}, "MNIST", title)


def write(path, one):
    """Write the envelope `one` to the file `path`, as scripts/make_envelope.py does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{seed},{epoch}," + ",".join(f"{values[seed, place]:.4f}" for values in one.losses.values())
            for seed in range(one.seeds) for place, epoch in enumerate(one.epochs)]
    change = [f"# change: {one.title}"] if one.title else []
    path.write_text("\n".join(["# chapter: mnist_gan", *change, "# settings: {}", f"# data: {one.data}",
                               "seed,epoch,disc_loss,gen_loss", *rows]) + "\n")
    return path
