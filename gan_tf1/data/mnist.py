"""MNIST as the book's helper `read_data_sets` returned it.

The helper held out the first 5,000 training images for validation, which leaves 55,000 to train
on, scaled the pixels to float32 in [0, 1], and returned shuffled batches from `next_batch`.

The images come from TensorFlow Datasets (TFDS) or from a folder with the four original idx files
(the book's `MNIST_data`). TFDS keeps the images in another order, so the two sources hold out
different images; the sizes of the parts and the test set are the same.
"""

import gzip
import pathlib
import zlib
from typing import NamedTuple

import numpy as np

from gan_tf1.data import source
from gan_tf1.data.order import InOrder, Order
from gan_tf1.data.training_set import checksum
from gan_tf1.errors import InputError
from gan_tf1.wording import quantity

PROBE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz"
HELD_OUT = 5000
COUNTS = {"train": 60000, "t10k": 10000}


class Arrays(NamedTuple):
    """Images, uint8 [N, 28, 28] from 0 (background) to 255 (ink), and labels, uint8 [N]."""
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


class Examples:
    """Digits and their labels: `images` float32 [N, 784] in [0, 1], `labels` uint8 [N]."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    @property
    def num_examples(self):
        return len(self.images)

    def steps(self, batch_size):
        """Steps per epoch; examples that don't fill a batch are left to the next epoch.

        Raises InputError if a batch is larger than the training set.
        """
        if batch_size > self.num_examples:
            raise InputError(f"--batch-size {batch_size} is larger than the training set of "
                             f"{quantity(self.num_examples, 'image')}")
        return self.num_examples // batch_size

    def stored(self):
        """Images uint8 [N, 784] from 0 to 255, and labels uint8 [N]."""
        return np.rint(self.images * 255).astype(np.uint8), self.labels

    @staticmethod
    def decode(images, labels):
        """Images float32 [B, 784] in [0, 1], and labels uint8 [B]."""
        images = images.astype(np.float32)
        images /= 255
        return images, labels

    def fingerprint(self):
        return checksum(self.images, self.labels)


class DataSet(InOrder, Examples):
    """Examples in shuffled batches, a `TrainingSet`; an epoch's last batch is filled up."""

    def __init__(self, images, labels, seed=0):
        """`images` uint8 [N, 28, 28], `labels` uint8 [N]; `seed` (int or ints) fixes the order."""
        scaled = images.reshape(len(images), -1).astype(np.float32)
        scaled /= 255
        super().__init__(scaled, labels)
        self.order = Order(len(images), seed)

    def next_batch(self, batch_size):
        """The next examples: images float32 [B, 784] in [0, 1], labels uint8 [B].

        Raises InputError if the batch is larger than the data set.
        """
        rows = self.order.rows(batch_size)
        return self.images[rows], self.labels[rows]


def read_idx(path, dimensions) -> np.ndarray:
    """The array in the idx file at `path`, gzipped or not: uint8, with so many `dimensions`.

    Raises InputError, naming the file, if it is missing, truncated or too long, or if it is not an
    idx file of unsigned bytes with as many dimensions.
    """
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} can't be read: {error}") from error
    if raw[:4] != bytes([0, 0, 8, dimensions]) or len(raw) < 4 + 4 * dimensions:
        raise InputError(f"{path} is not an idx file of unsigned bytes with "
                         f"{quantity(dimensions, 'dimension')}")
    shape = [int(n) for n in np.frombuffer(raw, ">u4", dimensions, offset=4)]
    values = len(raw) - 4 - 4 * dimensions
    if values != np.prod(shape, dtype=object):
        raise InputError(f"{path} has {quantity(values, 'byte')} of data, but its header says "
                         f"{' x '.join(map(str, shape))}: it is truncated or damaged")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def idx_file(folder, name) -> pathlib.Path | None:
    """The path of the idx file `name` in `folder`, in either spelling, gzipped or not, or None."""
    spellings = (name, name.replace("-idx", ".idx"))
    paths = [folder / (spelling + ending) for spelling in spellings for ending in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def has_idx_files(folder) -> bool:
    """Whether `folder` has at least one of MNIST's four idx files."""
    folder = pathlib.Path(folder).expanduser()
    return any(idx_file(folder, f"{part}-{kind}-ubyte")
               for part in COUNTS for kind in ("images-idx3", "labels-idx1"))


def read_idx_folder(folder) -> Arrays:
    """MNIST from the four original idx files in `folder`, as `Arrays`.

    Raises InputError, naming the file, if one is missing, truncated or not MNIST's, or if images
    and labels differ in number.
    """
    folder = pathlib.Path(folder).expanduser()
    arrays, kinds = [], ("images-idx3", "labels-idx1")
    for part, count in COUNTS.items():
        files = [idx_file(folder, f"{part}-{kind}-ubyte") for kind in kinds]
        for path, kind in zip(files, kinds):
            if path is None:
                raise InputError(f"{folder}/{part}-{kind}-ubyte.gz is missing: all four idx files "
                                 "of MNIST are needed")
        images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
        if images.shape[1:] != (28, 28):
            raise InputError(f"{files[0]} has images of {images.shape[1]} x {images.shape[2]} "
                             "pixels: those of MNIST have 28 x 28")
        if len(images) != len(labels):
            raise InputError(f"{files[0]} has {quantity(len(images), 'image')}, but {files[1]} has "
                             f"{quantity(len(labels), 'label')}: the two files don't belong "
                             "together")
        if len(images) != count:
            raise InputError(f"{files[0]} has {quantity(len(images), 'image')}: the file of MNIST "
                             f"has {count:,}")
        if labels.max() > 9:
            raise InputError(f"{files[1]} has the label {labels.max()}: those of MNIST are 0 to 9")
        arrays += [images, labels]
    return Arrays(*arrays)


def read_tfds(version) -> Arrays:
    """MNIST from the prepared TFDS data set at the path `version`, as `Arrays`.

    Raises InputError if a file is missing or damaged, or if the number of images is not MNIST's.
    """
    train, test = source.read(version, "train"), source.read(version, "test")
    arrays = Arrays(train["image"][..., 0], train["label"].astype(np.uint8),
                    test["image"][..., 0], test["label"].astype(np.uint8))
    if len(arrays.train_images) != COUNTS["train"] or len(arrays.test_images) != COUNTS["t10k"]:
        raise InputError(f"{version} has {len(arrays.train_images):,} training and "
                         f"{quantity(len(arrays.test_images), 'test image')}: MNIST has 60,000 "
                         "and 10,000")
    return arrays
