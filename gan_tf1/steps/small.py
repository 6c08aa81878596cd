"""Small configurations of all chapter models, with training sets of random numbers.

They are large enough that every op of a chapter's step runs, and small enough that all of them can be
built, trained for some steps and compared within minutes.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data import digits, images, mixtures, svhn
from gan_tf1.data.labelled_first import LabelledFirst
from gan_tf1.data.mnist import DataSet
from gan_tf1.data.unpaired import TwoSets
from gan_tf1.errors import InputError
from gan_tf1.models import (
    conditional_gan, cyclegan, dcgan_class, dcgan_mnist, dcgan_svhn, dcgan_upsampling, mixture_gan,
    mnist_gan, mnist_gan_objectives, pix2pix, progressive_gan, remedies_gan, salimans_gan,
    semi_supervised_svhn, stacked_mnist_gan, vanilla_gan, wasserstein_gan, wasserstein_gan_gp)
from gan_tf1.training import graph_loop

MODELS = {  # name -> model and its smallest settings
    "mnist_gan": (mnist_gan, dict(batch_size=20, gen_hidden_size=8, disc_hidden_size=8)),
    "mnist_gan_two_updates": (mnist_gan, dict(batch_size=20, gen_hidden_size=8, disc_hidden_size=8,
                                              disc_steps=2)),
    "mnist_gan_objectives": (mnist_gan_objectives, dict(
        batch_size=20, gen_hidden_size=8, disc_hidden_size=8, objective="maximum_likelihood")),
    "dcgan_svhn": (dcgan_svhn, dict(batch_size=8, z_size=5, g_size_mult=2, d_size_mult=2)),
    "dcgan_svhn_as_printed": (dcgan_svhn, dict(batch_size=8, z_size=5, g_size_mult=2,
                                               d_size_mult=2, scaling="batch_minimum")),
    "semi_supervised": (semi_supervised_svhn, dict(batch_size=8, z_size=5, g_size_mult=2,
                                                   d_size_mult=2, num_labels=10)),
    "semi_supervised_corrected": (semi_supervised_svhn, dict(
        batch_size=8, z_size=5, g_size_mult=2, d_size_mult=2, num_labels=10,
        variant="corrected")),
    "dcgan_mnist": (dcgan_mnist, dict(batch_size=8, z_size=5, gen_channels=2, disc_channels=2)),
    "vanilla_gan": (vanilla_gan, dict(batch_size=8, hidden_size=4, z_dim=5)),
    "dcgan_upsampling": (dcgan_upsampling, dict(batch_size=8, channels=1, z_dim=5)),
    "conditional_gan": (conditional_gan, dict(batch_size=8, hidden_size=4, z_dim=5)),
    "wasserstein_gan": (wasserstein_gan, dict(batch_size=8, hidden_size=4, z_dim=5, n_critic=2)),
    "wasserstein_gan_convolutional": (wasserstein_gan, dict(
        batch_size=8, networks="convolutional", channels=1, z_dim=5, n_critic=2)),
    "wasserstein_gan_gp": (wasserstein_gan_gp, dict(batch_size=8, hidden_size=4, z_dim=5,
                                                    n_critic=2)),
    "dcgan_class": (dcgan_class, dict(batch_size=8, gen_channels=1, disc_channels=1, z_dim=5)),
    "cyclegan": (cyclegan, dict(batch_size=2, load_size=16, size=12, channels=1, blocks=1,
                                disc_layers=1, pool_size=4, epochs=1, decay_epochs=1)),
    "progressive_gan": (progressive_gan, dict(
        batch_size=8, z_dim=5, max_maps=3, resolution=8, images=1200, phase_images=400,
        interval_images=400)),
    "pix2pix": (pix2pix, dict(batch_size=8, size=8, channels=2, patch_layers=1)),
    "remedies_gan": (remedies_gan, dict(batch_size=8, hidden_size=4, z_dim=5, gen_steps=2,
                                        remedy="unrolling", unrolled_steps=1)),
    "remedies_gan_clipped": (remedies_gan, dict(batch_size=8, hidden_size=4, z_dim=5, disc_steps=2,
                                                gen_steps=1, remedy="wasserstein")),
    "mixture_gan": (mixture_gan, dict(batch_size=8, packing=2, gen_hidden_size=4,
                                      disc_hidden_size=4, pieces=2, weight_deviation=0.3)),
    "stacked_mnist_gan": (stacked_mnist_gan, dict(batch_size=3, packing=2, channels=1, z_dim=5)),
    "salimans_gan": (salimans_gan, dict(batch_size=8, z_size=5, gen_channels=1, disc_channels=1,
                                        num_labels=10)),
}

EXAMPLES = 203  # in a training set, unless twelve batches need more
SEED = 3  # of the graph and of the draws
MOST_STEPS = 10  # that fit into an epoch of every configuration
WATCHED = ("mnist_gan", "mnist_gan_objectives", "dcgan_svhn")  # chapters whose steps return no loss


class Small(NamedTuple):
    """A model in the current graph, and what its training steps need."""
    net: Any
    train_set: Any
    step: Any    # a function of session, training set and random numbers
    epoch: int   # steps per epoch
    watch: dict  # name -> loss, if the step returns none


def refuse_unknown(names) -> None:
    """Raise InputError, with the names of all configurations, if one of `names` is unknown."""
    for name in names:
        if name not in MODELS:
            raise InputError(f"there is no configuration called {name[:40]!r}: there are "
                             f"{', '.join(MODELS)}")


def refuse_steps(count) -> None:
    """Raise InputError if `count` steps do not fit into an epoch of every configuration."""
    if not 1 <= count <= MOST_STEPS:
        raise InputError(f"--steps must be from 1 to {MOST_STEPS}, not {count}")


def config_of(name: str, full_size: bool = False):
    """The Config of configuration `name`: small, or all of the chapter's own settings."""
    model, settings = MODELS[name]
    return model.Config() if full_size else model.Config(**settings)


def build(name: str, config=None) -> Small:
    """Build the model of configuration `name` in the current graph, with `config` or the small one."""
    model, config = MODELS[name][0], config or config_of(name)
    made = _training(model, config)
    watch = {field: getattr(made[0], field) for field in made[0]._fields
             if field.endswith("loss")} if model.CHAPTER in WATCHED else {}
    net, train_set, epoch = made
    return Small(net, train_set, graph_loop.bound(model.step, net, config), epoch, watch)


def pixels(shape, seed):
    """Random bytes: uint8 of `shape`."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _training(model, config):
    """`(net, train_set, epoch)` of a model in the current graph."""
    count = max(EXAMPLES, 12 * config.batch_size)
    labels = np.random.default_rng(7).integers(0, 10, count).astype(np.uint8)
    epoch = count // config.batch_size
    if model is cyclegan:
        size = config.load_size
        train_set = TwoSets(pixels((40, size, size, 3), 6), pixels((30, size, size, 3), 8))
        return model.build(config, 3, epoch_steps=20), train_set, 15  # a pass has 20 steps
    if model is progressive_gan:  # in the stage in which the largest size is faded in
        train_set = images.Rows(pixels((count, config.resolution, config.resolution, 3), 6))
        return model.build(config, model.stages(config)[-1], 3), train_set, epoch
    if model is pix2pix:
        shape = count, config.size, config.size, 3
        return model.build(config), images.Rows(pixels(shape, 6), pixels(shape, 8)), epoch
    if model in (dcgan_svhn, semi_supervised_svhn, salimans_gan):
        colours, labels = pixels((count, 32, 32, 3), 6), labels.astype(np.int32)
        train_set = svhn.Dataset(svhn.Arrays(colours, labels, colours[:9], labels[:9]),
                                 np.arange(count) < 10)
        if model is salimans_gan:
            return model.build(config), LabelledFirst(train_set), 15  # a pass has 25.4
        return model.build(config), train_set, train_set.steps(config.batch_size)
    if model is mixture_gan:
        return model.build(config), mixtures.load("grid", count, 0).train, epoch
    train_set = DataSet(pixels((count, 28, 28), 5), labels)
    if model is remedies_gan:
        return model.build(config, 784), digits.Pool(train_set), 25
    if model in (mnist_gan, mnist_gan_objectives, dcgan_class):
        return model.build(config), train_set, epoch
    return model.build(config), digits.Pool(train_set), epoch
