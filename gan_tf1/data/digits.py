"""The 28x28 digits that a run trains on: MNIST, or digits that this package draws."""

import pathlib
import sys
from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import drawn_digits, fingerprints, mnist, source
from gan_tf1.data.order import WithReplacement
from gan_tf1.data.training_set import TrainingSet
from gan_tf1.errors import InputError, refuse_unknown

CHOICES = ("auto", "mnist", "drawn")
DRAWN_SEED = 0


class Digits(NamedTuple):
    """Digits, split as the book's helper splits them: 55,000 / 5,000 / 10,000."""
    key: str                    # "mnist" or "drawn", as in --data and config.json
    title: str                  # for logs and figure titles; it says if the data is synthetic
    train: TrainingSet          # a mnist.DataSet or a Pool
    validation: mnist.DataSet
    test: mnist.DataSet
    note: str = ""              # a sentence, if it is not the published MNIST


class Pool(WithReplacement, mnist.Examples):
    """Digits for steps that draw their batch with replacement, as `images[rows]`."""

    def __init__(self, *parts):
        """The digits of several `mnist.Examples`, one after another."""
        super().__init__(np.concatenate([part.images for part in parts]),
                         np.concatenate([part.labels for part in parts]))


def unsplit(data) -> Digits:
    """`data`, split as Keras' `mnist.load_data()` does: `train` is a `Pool` of all 60,000 images.

    They are in the order of the files: the 5,000 images of the validation set come first.
    """
    return data._replace(train=Pool(data.validation, data.train))


def load(choice="auto", data_dir=None, seed=0) -> Digits:
    """The digits named by `choice`, one of `CHOICES`.

    `seed`, an int, determines the order of the batches. `data_dir` is a TFDS folder or a folder
    with the four idx files. Without it, the folder is `TFDS_DATA_DIR` or TFDS's default. With
    "auto", MNIST is used if it is prepared there or if its host answers. If not, digits are drawn,
    and a notice on stderr says so within seconds.

    Raises InputError if a file is missing, damaged or not MNIST's, if "mnist" is asked for but is neither
    prepared nor can be downloaded, and if `choice` is not known.
    """
    refuse_unknown("--data", choice, CHOICES)
    if data_dir is not None and pathlib.Path(data_dir).expanduser().is_file():
        raise InputError(f"--data-dir {data_dir} is a file: give a TFDS folder or the folder with "
                         "the four idx files")
    if choice == "drawn":
        return _drawn(seed)
    if data_dir is not None and mnist.has_idx_files(data_dir):
        return _split("mnist", "MNIST", mnist.read_idx_folder(data_dir), seed)
    version = source.obtained("mnist", mnist.PROBE_URL, data_dir)
    if version is None:
        folder = source.tfds_folder(data_dir)
        if choice == "mnist":
            raise InputError(f"MNIST is not in {folder}, and its host can't be reached: give a "
                             "prepared folder with --data-dir, or use --data drawn")
        print(notice(folder), file=sys.stderr, flush=True)
        return _drawn(seed)
    return _split("mnist", "MNIST", mnist.read_tfds(version), seed)


def notice(folder) -> str:
    """The notice that drawn digits replace MNIST, which is not in `folder`."""
    lines = (f"MNIST is not in {folder}, and its host can't be reached.",
             "Training on DRAWN DIGITS instead: synthetic images, not MNIST.",
             "The losses can't be compared with those of the book. For MNIST, give",
             "its folder with --data-dir (a TFDS folder, or the four idx files).")
    return source.boxed(lines)


def _drawn(seed):
    """70,000 drawn digits, always the same ones, split like MNIST."""
    drawn = drawn_digits.load(70000, DRAWN_SEED)
    count = mnist.COUNTS["train"]
    arrays = mnist.Arrays(drawn.images[:count], drawn.labels[:count],
                          drawn.images[count:], drawn.labels[count:])
    return _split("drawn", "drawn digits (synthetic)", arrays, seed)


def _split(key, title, arrays, seed):
    held_out = mnist.HELD_OUT
    images, labels = arrays.train_images, arrays.train_labels
    note = fingerprints.note(title, arrays) if key == "mnist" else ""
    seed = [seed, seeds.ORDER]
    return Digits(key, title, train=mnist.DataSet(images[held_out:], labels[held_out:], seed),
                  validation=mnist.DataSet(images[:held_out], labels[:held_out], seed),
                  test=mnist.DataSet(arrays.test_images, arrays.test_labels, seed), note=note)
