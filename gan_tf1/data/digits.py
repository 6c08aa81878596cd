"""Which 28x28 digits a run is trained on: MNIST, or the digits that this package draws itself."""

import pathlib
import sys
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data import drawn_digits, mnist, source
from gan_tf1.errors import InputError

CHOICES = ("auto", "mnist", "drawn")
DRAWN_SEED = 0


class Digits(NamedTuple):
    """A data set to train on, split as the book's helper does: 55,000 / 5,000 / 10,000."""
    key: str                    # "mnist" or "drawn", as in --data and config.json
    title: str                  # for logs and figure titles; synthetic data says so
    train: Any                  # mnist.DataSet, or Pool
    validation: mnist.DataSet
    test: mnist.DataSet


class Pool:
    """Images to draw from with replacement: `images` float32 [N, 784] in [0, 1], in one order."""

    def __init__(self, *parts):
        """The images of several `mnist.DataSet`, one after the other."""
        self.images = np.concatenate([part.images for part in parts])
        self.labels = np.concatenate([part.labels for part in parts])

    carries_over = mnist.DataSet.carries_over
    num_examples = mnist.DataSet.num_examples
    stored = mnist.DataSet.stored
    decode = staticmethod(mnist.DataSet.decode)
    fingerprint = mnist.DataSet.fingerprint

    def state(self):
        """Nothing: who draws with replacement has no place in the data."""
        return {}

    def restore(self, state):
        """Nothing to go back to."""


def unsplit(data):
    """`data` as Keras' `mnist.load_data()` splits it: `train` is a `Pool` of all 60,000 images.

    They are in the order of the files, the 5,000 of the validation set first.
    """
    return data._replace(train=Pool(data.validation, data.train))


def load(choice="auto", data_dir=None, seed=0):
    """The digits named by `choice` (one of `CHOICES`), their batches ordered by `seed`.

    `data_dir` is a TFDS folder or a folder with the four idx files; without
    it, `TFDS_DATA_DIR` and TFDS's default count. "auto" takes MNIST where it is
    prepared or its host answers, and drawn digits otherwise, with a notice on
    stderr within seconds.

    Raises InputError where a file is missing, damaged or foreign, and for
    "mnist" where MNIST is neither there nor to be had.
    """
    if data_dir is not None and pathlib.Path(data_dir).expanduser().is_file():
        raise InputError(f"--data-dir {data_dir} is a file: name a TFDS folder, or the folder "
                         "with the four idx files")
    if choice == "drawn":
        return _drawn(seed)
    if data_dir is not None and mnist.has_idx_files(data_dir):
        return _split("mnist", "MNIST", mnist.read_idx_folder(data_dir), seed)
    version = source.prepared_version("mnist", data_dir)
    if version is None:
        folder = source.tfds_folder(data_dir)
        if source.answers(mnist.PROBE_URL):
            version = source.download("mnist", data_dir)
        elif choice == "mnist":
            raise InputError(f"MNIST is not in {folder} and its host can't be reached: give a "
                             "prepared folder with --data-dir, or use --data drawn")
        else:
            print(notice(folder), file=sys.stderr, flush=True)
            return _drawn(seed)
    return _split("mnist", "MNIST", mnist.read_tfds(version), seed)


def notice(folder):
    """What is said where drawn digits stand in for MNIST."""
    lines = (f"MNIST is not in {folder}, and its host can't be reached.",
             "Training on DRAWN DIGITS instead: synthetic images, not MNIST.",
             "The losses can't be compared with the book's. For MNIST, give its",
             "folder with --data-dir (a TFDS folder, or the four idx files).")
    return source.boxed(lines)


def _drawn(seed):
    """70,000 digits, always the same ones, cut where MNIST is."""
    drawn = drawn_digits.load(70000, DRAWN_SEED)
    count = mnist.COUNTS["train"]
    arrays = mnist.Arrays(drawn.images[:count], drawn.labels[:count],
                          drawn.images[count:], drawn.labels[count:])
    return _split("drawn", "drawn digits (synthetic)", arrays, seed)


def _split(key, title, arrays, seed):
    held_out = mnist.HELD_OUT
    return Digits(
        key, title,
        train=mnist.DataSet(arrays.train_images[held_out:], arrays.train_labels[held_out:], seed),
        validation=mnist.DataSet(arrays.train_images[:held_out], arrays.train_labels[:held_out], seed),
        test=mnist.DataSet(arrays.test_images, arrays.test_labels, seed))
