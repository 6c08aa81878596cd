"""SVHN from its original files or from TensorFlow Datasets (TFDS), and what replaces it.

The original files are `train_32x32.mat` and `test_32x32.mat`; the third one, `extra`, is not used.
CIFAR-10 comes from TFDS, and street numbers are drawn (`drawn_street.py`).

Source: Netzer et al., "Reading Digits in Natural Images with Unsupervised
Feature Learning", 2011, http://ufldl.stanford.edu/housenumbers.
"""

import pathlib
import sys
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.data import drawn_street, source
from gan_tf1.errors import InputError

MAT_FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
SVHN_SIZES = (73257, 26032)  # the numbers of its training and of its test images
PROBE_URLS = {"svhn": "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
              "cifar10": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"}
TFDS_NAMES = {"svhn": "svhn_cropped", "cifar10": "cifar10"}
TITLES = {"svhn": "SVHN", "cifar10": "CIFAR-10"}
CIFAR10_TEST = 10000
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                   "truck")
STREET_SIZES = (40000, 10000)
STREET_SEED = 0


class Arrays(NamedTuple):
    """RGB images, uint8 [N, 32, 32, 3], and labels, int32 [N] from 0 to 9, or 1 to 10 (`svhn.with_zero_label`)."""
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def has_mat_files(folder) -> bool:
    """Whether `folder`, a path or None, has at least one of SVHN's two .mat files."""
    if folder is None:
        return False
    folder = pathlib.Path(folder).expanduser()
    return any((folder / name).is_file() for name in MAT_FILES.values())


def read_mat(path) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, 32, 32, 3] and labels int32 [N] from 0 to 9 from one of SVHN's .mat files.

    The file stores the images as X [32, 32, 3, N] and the labels as y [N, 1], with 10 for the
    digit 0. Raises InputError, naming the file, if it is missing, truncated or not SVHN's.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: both {' and '.join(MAT_FILES.values())} of SVHN are "
                         "needed, from http://ufldl.stanford.edu/housenumbers")
    try:
        content = scipy.io.loadmat(path, variable_names=("X", "y"), appendmat=False)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file fails in many ways, and each has the same remedy
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} can't be read as a MATLAB file: {reason}; it may be truncated, "
                         "so download it again from http://ufldl.stanford.edu/housenumbers"
                         ) from error
    images, labels = (np.asarray(content.get(name)) for name in ("X", "y"))
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != (32, 32, 3):
        raise InputError(f"{path} is not a file of SVHN: it has no X of unsigned bytes, "
                         "32 x 32 x 3 x N")
    if labels.dtype.kind not in "uif" or labels.shape != (labels.size, 1):
        raise InputError(f"{path} is not a file of SVHN: it has no y of numbers, N x 1")
    if images.shape[3] != len(labels) or not labels.size:
        raise InputError(f"{path} has {images.shape[3]} images and {len(labels)} labels: it is "
                         "damaged, so download it again from "
                         "http://ufldl.stanford.edu/housenumbers")
    if not np.isin(labels, np.arange(1, 11)).all():
        raise InputError(f"{path} has labels from {labels.min()} to {labels.max()}: those of "
                         "SVHN are the whole numbers from 1 to 10")
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels[:, 0].astype(np.int32) % 10


def read_mat_folder(folder) -> Arrays:
    """SVHN from the two original files in `folder`, as `Arrays`.

    Files with fewer images than SVHN's 73,257 and 26,032 are accepted; `svhn_title` says so. Raises
    InputError as `read_mat` does.
    """
    folder = pathlib.Path(folder).expanduser()
    return Arrays(*read_mat(folder / MAT_FILES["train"]), *read_mat(folder / MAT_FILES["test"]))


def read_tfds(version) -> Arrays:
    """SVHN or CIFAR-10 from the prepared TFDS data set at the path `version`, as `Arrays`.

    Raises InputError if a file is missing or damaged, or if the images are not RGB of 32x32 pixels.
    """
    parts = []
    for split in ("train", "test"):
        examples = source.read(version, split)
        if examples["image"].shape[1:] != (32, 32, 3):
            raise InputError(f"the {split} split of {version} has images of shape "
                             f"{examples['image'].shape[1:]}: they must be (32, 32, 3)")
        parts += [examples["image"], examples["label"].astype(np.int32)]
    return Arrays(*parts)


def hold_out(arrays, count) -> Arrays:
    """`arrays` with the last `count` training examples as the test set."""
    return Arrays(arrays.train_images[:-count], arrays.train_labels[:-count],
                  arrays.train_images[-count:], arrays.train_labels[-count:])


def find(choice, data_dir, sizes) -> tuple[str, str, Arrays]:
    """Key, title and `Arrays` of the data set that `choice` leads to, as `svhn.load` describes it.

    Raises InputError as `svhn.load` does.
    """
    if choice == "street":
        return _street(sizes)
    key = "cifar10" if choice == "cifar10" else "svhn"
    title = TITLES[key]
    if key == "svhn" and has_mat_files(data_dir):
        arrays = read_mat_folder(data_dir)
        return key, svhn_title(arrays), arrays
    version = source.obtained(TFDS_NAMES[key], PROBE_URLS[key], data_dir)
    if version is None:
        folder = source.tfds_folder(data_dir)
        if choice != "auto":
            raise InputError(f"{title} is not in {folder}, and its host can't be reached: give a "
                             "prepared folder with --data-dir, or use --data street")
        print(notice(folder), file=sys.stderr, flush=True)
        return _street(sizes)
    arrays = read_tfds(version)
    if key == "svhn":
        title = svhn_title(arrays)
    elif len(arrays.test_images) < CIFAR10_TEST < len(arrays.train_images):
        arrays = hold_out(arrays, CIFAR10_TEST)
        title += f" (test set: the last {CIFAR10_TEST} training images)"
    return key, title, arrays


def svhn_title(arrays) -> str:
    """"SVHN", or "SVHN subset (8,483 digits)" if `arrays` has fewer images than SVHN."""
    sizes = len(arrays.train_images), len(arrays.test_images)
    if all(size >= whole for size, whole in zip(sizes, SVHN_SIZES)):
        return TITLES["svhn"]
    return f"{TITLES['svhn']} subset ({sum(sizes):,} digits)"


def notice(folder) -> str:
    """The notice that drawn street numbers replace SVHN, which is not in `folder`."""
    lines = (f"SVHN is not in {folder}, and its host can't be reached.",
             "Training on DRAWN STREET NUMBERS instead: synthetic images, not SVHN.",
             "The accuracy can't be compared with that of the book. For SVHN, give",
             "its folder with --data-dir (a TFDS folder, or the two .mat files).")
    return source.boxed(lines)


def _street(sizes):
    """Drawn street numbers, the same ones for the same `sizes`; the test images come last."""
    count = sizes[0]
    drawn = drawn_street.load(sum(sizes), STREET_SEED)
    labels = drawn.labels.astype(np.int32)
    arrays = Arrays(drawn.images[:count], labels[:count], drawn.images[count:], labels[count:])
    return "street", "drawn street numbers (synthetic)", arrays
