"""`keras.datasets` without downloads: local files, or what TensorFlow Datasets has prepared."""

import contextlib
import importlib
import os
import pathlib
import pickle
import types

import numpy as np

from gan_tf1.data import mnist, source
from gan_tf1.listing.patches import attributes
from gan_tf1.listing.report import note
from gan_tf1.tf1 import tf

# What Keras calls its file in ~/.keras/datasets, and the folders of the original files.
FILES = {"mnist": "mnist.npz", "fashion_mnist": "train-images-idx3-ubyte.gz and three more",
         "cifar10": "cifar-10-batches-py.tar.gz"}
FOLDERS = {"mnist": ("MNIST_data", "MNIST-data", "mnist", "data/mnist"),
           "fashion_mnist": ("fashion-mnist", "fashion_mnist", "data/fashion", "fashion"),
           "cifar10": ("cifar-10-batches-py", "data/cifar-10-batches-py")}
BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}


@contextlib.contextmanager
def served():
    """A context in which `load_data` of MNIST, Fashion-MNIST and CIFAR-10 looks for local data.

    Every other data set of Keras is read if its file exists; if not, an error says what to get.
    """
    files = importlib.import_module("tf_keras.src.utils.data_utils")
    printer = types.SimpleNamespace(**{**vars(files.io_utils), "print_msg": _without_downloads(
        files.io_utils.print_msg)})
    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(files, io_utils=printer))
        for name in FILES:
            api = getattr(tf.keras.datasets, name)
            stack.enter_context(attributes(api, load_data=_loader(name, api.load_data)))
        yield


def _without_downloads(print_message):
    """Keras's `print_msg`, but "Downloading data from ..." isn't printed, since it isn't true."""
    return lambda message, *args: (None if message.startswith("Downloading")
                                   else print_message(message, *args))


def _loader(name, plain):
    def load_data(*args, **options):
        home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"
        path = home / (args[0] if args else options.get("path", FILES[name]))
        if name == "fashion_mnist":
            folder = home / "fashion-mnist"
            own = folder / "train-images-idx3-ubyte.gz"
        else:
            folder, own = path.parent, path
        if own.is_file():
            return plain(*args, **options)
        found = _local(name) or _local(name, home)
        version = source.prepared_version(name)
        if found is None and version is not None:
            note(f"keras.datasets.{name} is read from {version}")
            found = _prepared(name, version)
        if found is None:
            raise OSError(f"nothing is downloaded here: put {FILES[name]} into {folder}, the "
                          f"original files into {os.path.abspath(FOLDERS[name][0])}, or set "
                          "TFDS_DATA_DIR to a folder in which TensorFlow Datasets has prepared "
                          f"{name}")
        return found
    return load_data


def _local(name, home=pathlib.Path()):
    """The arrays of the original files in one of the `FOLDERS` below `home`, or None."""
    for folder in (home / folder for folder in FOLDERS[name]):
        if name == "cifar10" and (folder / "data_batch_1").is_file():
            note(f"keras.datasets.cifar10 is read from {folder.resolve()}")
            return tuple(_batches(folder, BATCHES[part]) for part in ("train", "test"))
        if name != "cifar10" and mnist.has_idx_files(folder):
            note(f"keras.datasets.{name} is read from {folder.resolve()}")
            from gan_tf1.listing.input_data import idx_files
            train, train_labels, test, test_labels = idx_files(folder)
            return (train, train_labels), (test, test_labels)
    return None


def _batches(folder, names):
    """The images [N, 32, 32, 3] and the labels [N, 1] of CIFAR-10's files, both uint8."""
    images, labels = [], []
    for name in names:
        if (folder / name).is_file():
            with open(folder / name, "rb") as file:
                batch = pickle.load(file, encoding="bytes")
            images.append(np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32))
            labels += list(batch[b"labels"])
    return np.concatenate(images).transpose(0, 2, 3, 1), np.array(labels, np.uint8)[:, None]


def _prepared(name, version):
    """The arrays of TensorFlow Datasets, in its order of the images."""
    pairs = []
    for split in ("train", "test"):
        arrays = source.read(version, split)
        images, labels = arrays["image"], arrays["label"].astype(np.uint8)
        pairs.append((images, labels[:, None]) if name == "cifar10" else (images[..., 0], labels))
    return tuple(pairs)
