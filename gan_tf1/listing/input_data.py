"""`tensorflow.examples.tutorials.mnist.input_data`, which the installed TensorFlow lacks.

As in TensorFlow 1, batches are drawn with NumPy's global generator, and each new `DataSet` seeds
it. So the same seeds give the same batches as in TensorFlow 1.
"""

import collections
import gzip
import logging
import pathlib

import numpy as np

from gan_tf1.data import mnist, source
from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])
PARTS = ("train", "t10k")
MNIST_URLS = ("https://storage.googleapis.com/cvdf-datasets/mnist/",
              "http://yann.lecun.com/exdb/mnist/")
KINDS = {"images-idx3": 3, "labels-idx1": 1}


class DataSet:
    """Examples in shuffled batches, like the class in TensorFlow 1.

    `images` are float32 in [0, 1], or uint8 with `dtype=tf.uint8`. Their shape is [N, 784], or
    [N, 28, 28, 1] with `reshape=False`. `labels` are those that were given.
    """

    def __init__(self, images, labels, fake_data=False, one_hot=False, dtype=None, reshape=True,
                 seed=None):
        """`images` are uint8 [N, H, W, 1], `labels` [N] or one-hot [N, C].

        `seed` works as in TensorFlow 1: without it, and without a seed of the graph, the batches
        are different in each run.
        """
        dtype = tf.as_dtype(dtype or tf.float32)
        if dtype not in (tf.uint8, tf.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        graph_seed, own_seed = tf.get_seed(seed)
        np.random.seed(graph_seed if seed is None else own_seed)
        self.one_hot = one_hot
        self._num_examples = 10000 if fake_data else len(images)
        if not fake_data:
            assert len(images) == len(labels)
            if reshape:
                images = images.reshape(len(images), np.prod(images.shape[1:], dtype=int))
            if dtype == tf.float32:
                images = np.multiply(images.astype(np.float32), np.float32(1 / 255))
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    images = property(lambda self: self._images)
    labels = property(lambda self: self._labels)
    num_examples = property(lambda self: self._num_examples)
    epochs_completed = property(lambda self: self._epochs_completed)

    def _shuffle(self):
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """The next `batch_size` images and labels; a batch may reach into the next epoch."""
        if fake_data:
            label = [1] + 9 * [0] if self.one_hot else 0
            return batch_size * [784 * [1]], batch_size * [label]
        start = self._index_in_epoch
        if start == 0 and self._epochs_completed == 0 and shuffle:
            self._shuffle()
        end = start + batch_size
        if end <= self._num_examples:
            self._index_in_epoch = end
            return self._images[start:end], self._labels[start:end]
        rest = self._images[start:], self._labels[start:]
        self._epochs_completed += 1
        if shuffle:
            self._shuffle()
        end -= self._num_examples
        self._index_in_epoch = end
        return (np.concatenate([rest[0], self._images[:end]]),
                np.concatenate([rest[1], self._labels[:end]]))


def read_data_sets(train_dir, fake_data=False, one_hot=False, dtype=None, reshape=True,
                   validation_size=5000, seed=None, source_url=None):
    """MNIST as `Datasets(train, validation, test)`, each a `DataSet`.

    It is read from the idx files in `train_dir` if they exist (they may hold images of any size),
    else from TensorFlow Datasets, which has the training images in another order. Nothing is
    written to `train_dir`.

    Raises InputError if MNIST is not available, ValueError if `validation_size` is out of range.
    """
    options = {"dtype": dtype, "reshape": reshape, "seed": seed}
    if fake_data:
        fake = [DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype, seed=seed)
                for _ in range(3)]
        return Datasets(*fake)
    if mnist.has_idx_files(train_dir):
        train_images, train_labels, test_images, test_labels = idx_files(train_dir)
    elif source_url and source_url not in MNIST_URLS:
        raise InputError(f"nothing is downloaded here: get the four idx files of {source_url} and "
                         f"put them into {pathlib.Path(train_dir).resolve()}")
    else:
        train_images, train_labels, test_images, test_labels = _through_tfds(train_dir)
    if not 0 <= validation_size <= len(train_images):
        raise ValueError(f"Validation size should be between 0 and {len(train_images)}. "
                         f"Received: {validation_size}.")
    if one_hot:
        train_labels, test_labels = dense_to_one_hot(train_labels, 10), dense_to_one_hot(
            test_labels, 10)
    held = validation_size
    train_images, test_images = train_images[..., None], test_images[..., None]
    train = DataSet(train_images[held:], train_labels[held:], **options)
    validation = DataSet(train_images[:held], train_labels[:held], **options)
    return Datasets(train, validation, DataSet(test_images, test_labels, **options))


def dense_to_one_hot(labels_dense, num_classes) -> np.ndarray:
    """Labels [N] as one-hot float64 [N, num_classes]."""
    return np.eye(num_classes)[labels_dense]


def extract_images(f) -> np.ndarray:
    """The images [N, H, W, 1] of an open idx file, compressed or not."""
    return _unpacked(f, 3)[..., None]


def extract_labels(f, one_hot=False, num_classes=10) -> np.ndarray:
    """The labels [N], or with `one_hot` [N, C], of an open idx file, compressed or not."""
    labels = _unpacked(f, 1)
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def _unpacked(file, dimensions):
    data = file.read()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    magic, *shape = np.frombuffer(data, ">u4", 1 + dimensions)
    if magic != 0x800 + dimensions:
        raise ValueError(f"Invalid magic number {magic} in MNIST file: {file.name}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def idx_files(folder):
    folder, arrays = pathlib.Path(folder).expanduser(), []
    for part in PARTS:
        for kind, dimensions in KINDS.items():
            path = mnist.idx_file(folder, f"{part}-{kind}-ubyte")
            if path is None:
                raise InputError(f"{folder}/{part}-{kind}-ubyte.gz is missing: all four idx files "
                                 "of MNIST are needed")
            print("Extracting", path)
            arrays.append(mnist.read_idx(path, dimensions))
    return arrays


def _through_tfds(folder):
    version = source.obtained("mnist", mnist.PROBE_URL)
    if version is None:
        raise InputError(f"MNIST is neither in {folder} (the four idx files) nor in "
                         f"{source.tfds_folder()} (TensorFlow Datasets), and its host can't be "
                         "reached: put the idx files there, or set TFDS_DATA_DIR")
    print("Extracting MNIST from", version)
    before = logging.root.manager.disable
    logging.disable(logging.INFO)  # after tf.app.run has set up absl's log, TFDS logs each step
    try:
        return mnist.read_tfds(version)
    finally:
        logging.disable(before)
