"""The works that are measured: four pieces of training, with data and the chapter's settings.

This module doesn't import TensorFlow, since a peer's process should only import its own framework.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import config as settings
from gan_tf1.data import digits, mnist, svhn
from gan_tf1.data.training_set import checksum
from gan_tf1.errors import InputError
from gan_tf1.models import dcgan_svhn, mnist_gan, semi_supervised_svhn, wasserstein_gan_gp

DIGITS, STREETS = 55_000, 2048  # examples: the first chapter's training set, and 16 batches
LABELLED = 0.025                # share of street numbers with a label, like 1,000 of 40,000


class Work(NamedTuple):
    """A piece of training, which is measured in units."""
    name: str
    title: str
    unit: str          # "step", or "epoch" for one step per whole batch of the data
    units: int         # units per round
    model: Any         # the chapter's module
    data: str          # "digits" or "streets"
    losses: tuple      # the names of a step's losses, in the order of `Runner.replay`


WORKS = {work.name: work for work in (
    Work("mnist_gan", "MNIST GAN, an epoch", "epoch", 1, mnist_gan, "digits",
         ("disc_loss", "gen_loss")),
    Work("semi_supervised", "semi-supervised GAN on 32 x 32 images, a step", "step", 8,
         semi_supervised_svhn, "streets", ("d_loss", "g_loss")),
    Work("dcgan_svhn", "DCGAN on 32 x 32 images, a step", "step", 3, dcgan_svhn, "streets",
         ("d_loss", "g_loss")),
    Work("wgan_gp", "WGAN-GP, a step of the critic", "step", 100, wasserstein_gan_gp, "digits",
         ("disc_loss",)),
)}


class Data(NamedTuple):
    """The data on which all rows of a work train."""
    images: np.ndarray      # uint8 [N, 28, 28] or [N, 32, 32, 3], 0 to 255
    labels: np.ndarray      # [N], 0 to 9
    label_mask: np.ndarray  # int32 [N], 1 if the label is used

    def flat(self) -> np.ndarray:
        """The digits in the chapters' form, float32 [N, 784] in [-1, 1]."""
        return self.scaled().reshape(len(self.images), -1)

    def scaled(self) -> np.ndarray:
        """The images as float32 of the same shape, in [-1, 1]."""
        return self.images.astype(np.float32) / np.float32(127.5) - 1


def load(kind, choice="auto", data_dir=None, examples=None) -> tuple[str, Data]:
    """Load the first `examples` (None: all) of `kind`, "digits" or "streets": `(title, Data)`.

    Digits are MNIST or drawn ones, as `digits.load` chooses; street numbers are always drawn.
    Raises InputError as `digits.load` does, and if there are fewer than `examples`.
    """
    limit = DIGITS if kind == "digits" else STREETS
    count = limit if examples is None else examples
    if not 0 < count <= limit:
        raise InputError(f"--examples {count} must be from 1 to {limit}, the number of {kind}")
    if kind == "digits":
        found = digits.load(choice, data_dir, seed=0)
        images = np.rint(found.train.images * 255).astype(np.uint8).reshape(-1, 28, 28)
        title, labels = found.title, found.train.labels
    else:
        found = svhn.load("street", num_labels=0, sizes=(STREETS, 1))
        arrays = found.train.arrays
        title, images, labels = found.title, arrays.train_images, arrays.train_labels
    mask = (np.arange(count) < max(1, round(LABELLED * count))).astype(np.int32)
    return title, Data(images[:count], labels[:count], mask)


def data_crc32(kind, data) -> str:
    """The checksum of the images and labels, as in the config.json of a run on them."""
    if kind == "digits":
        return mnist.DataSet(data.images, data.labels).fingerprint()
    return checksum(data.images, data.labels)


def save(data, path) -> None:
    """Write `data` to `path`, from which workers read it."""
    np.savez(path, **data._asdict())


def read(path) -> Data:
    """The `Data` that `save` wrote to `path`."""
    with np.load(path) as file:
        return Data(*(file[name] for name in Data._fields))


def config_of(work, values):
    """The chapter's Config for `work`, changed by the dict `values`. Raises InputError."""
    defaults = dataclasses.asdict(work.model.Config())
    return settings.make(work.model.Config, {**defaults, **values})


def steps(work, config, data) -> int:
    """The training steps in one unit of `work`. InputError if a batch is larger than the data."""
    if config.batch_size > len(data.images):
        raise InputError(f"a batch of {config.batch_size} is larger than the {len(data.images)} "
                         "examples: choose a smaller --batch-size, or more --examples")
    return len(data.images) // config.batch_size if work.unit == "epoch" else 1
