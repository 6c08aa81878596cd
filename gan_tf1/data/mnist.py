"""MNIST as the book's helper `read_data_sets` gave it.

The helper held the first 5,000 training images out for validation, which
leaves 55,000 to train on, scaled pixels to float32 in [0, 1], and handed out
shuffled batches with `next_batch`. The images come from TensorFlow Datasets or
from a folder with the four original idx files (the book's `MNIST_data`). TFDS
keeps the images in an order of its own, so which 5,000 are held out differs
between the two sources; the counts and the test set do not.
"""

import gzip
import pathlib
import zlib
from typing import NamedTuple

import numpy as np

from gan_tf1.data import source
from gan_tf1.data.order import Order
from gan_tf1.errors import InputError

PROBE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz"
HELD_OUT = 5000
COUNTS = {"train": 60000, "t10k": 10000}


class Arrays(NamedTuple):
    """Images as stored, uint8 [N, 28, 28] in 0 (ground) to 255 (ink), and labels, uint8 [N]."""
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


class DataSet:
    """Examples in shuffled batches: `images` float32 [N, 784] in [0, 1], `labels` uint8 [N]."""

    carries_over = True  # a batch that an epoch's end cuts is filled up from the next one

    def __init__(self, images, labels, seed=0):
        """`images` uint8 [N, 28, 28]; `seed` (an int or a sequence of them) fixes the order."""
        self.images = images.reshape(len(images), -1).astype(np.float32)
        self.images /= 255
        self.labels = labels
        self._order = Order(len(images), seed)
        self.state, self.restore = self._order.state, self._order.restore

    @property
    def num_examples(self):
        return len(self.images)

    def next_batch(self, batch_size):
        """The next `batch_size` examples: images float32 [B, 784] in [0, 1], labels uint8 [B].

        Every epoch has a new order, as `Order` says. Raises InputError where the batch is larger
        than the data set.
        """
        rows = self._order.rows(batch_size)
        return self.images[rows], self.labels[rows]

    def stored(self):
        """The columns as bytes, to be kept on a device: images uint8 [N, 784], labels uint8 [N]."""
        return np.rint(self.images * 255).astype(np.uint8), self.labels

    @staticmethod
    def decode(images, labels):
        """Rows of `stored()` as `next_batch` has them."""
        images = images.astype(np.float32)
        images /= 255
        return images, labels

    def fingerprint(self):
        """CRC-32 of images and labels: two data sets in the same order have the same one."""
        return f"{zlib.crc32(self.labels, zlib.crc32(self.images)):08x}"


def read_idx(path, dimensions):
    """The uint8 array in an idx file, gzipped or not.

    Raises InputError, naming the file, where it is missing, truncated, too
    long, or no idx file of unsigned bytes with so many `dimensions`.
    """
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} can't be read: {error}") from error
    if raw[:4] != bytes([0, 0, 8, dimensions]) or len(raw) < 4 + 4 * dimensions:
        raise InputError(f"{path} is no idx file with {dimensions} dimension(s) of unsigned bytes")
    shape = [int(n) for n in np.frombuffer(raw, ">u4", dimensions, offset=4)]
    values = len(raw) - 4 - 4 * dimensions
    if values != np.prod(shape, dtype=object):
        raise InputError(f"{path} holds {values} bytes of data where its header promises "
                         f"{' x '.join(map(str, shape))}: it is truncated or damaged")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def idx_file(folder, name):
    """The path of idx file `name` in `folder`, whichever spelling and packing it has, or None."""
    spellings = (name, name.replace("-idx", ".idx"))
    paths = [folder / (spelling + ending) for spelling in spellings for ending in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def has_idx_files(folder):
    """Whether `folder` holds any of MNIST's four idx files."""
    folder = pathlib.Path(folder).expanduser()
    return any(idx_file(folder, f"{part}-{kind}-ubyte")
               for part in COUNTS for kind in ("images-idx3", "labels-idx1"))


def read_idx_folder(folder):
    """MNIST from the four original idx files in `folder`, as `Arrays`.

    Raises InputError, naming the file, where one is missing, truncated,
    foreign, or doesn't match its partner.
    """
    folder = pathlib.Path(folder).expanduser()
    arrays = []
    for part, count in COUNTS.items():
        files = [idx_file(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
        for path, kind in zip(files, ("images-idx3", "labels-idx1")):
            if path is None:
                raise InputError(f"{folder}/{part}-{kind}-ubyte.gz is missing: all four idx files "
                                 "of MNIST are needed")
        images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
        if images.shape[1:] != (28, 28):
            raise InputError(f"{files[0]} holds images of {images.shape[1]} x {images.shape[2]} "
                             "pixels: MNIST's are 28 x 28")
        if len(images) != len(labels):
            raise InputError(f"{files[0]} holds {len(images)} images, but {files[1]} holds "
                             f"{len(labels)} labels: the two files don't belong together")
        if len(images) != count:
            raise InputError(f"{files[0]} holds {len(images)} images: MNIST has {count} there")
        if labels.max() > 9:
            raise InputError(f"{files[1]} has the label {labels.max()}: MNIST's are 0 to 9")
        arrays += [images, labels]
    return Arrays(*arrays)


def read_tfds(version):
    """MNIST from the prepared TFDS data set at path `version`, as `Arrays`."""
    train, test = source.read(version, "train"), source.read(version, "test")
    arrays = Arrays(train["image"][..., 0], train["label"].astype(np.uint8),
                    test["image"][..., 0], test["label"].astype(np.uint8))
    if len(arrays.train_images) != COUNTS["train"] or len(arrays.test_images) != COUNTS["t10k"]:
        raise InputError(f"{version} holds {len(arrays.train_images)} training and "
                         f"{len(arrays.test_images)} test images: MNIST has 60000 and 10000")
    return arrays
