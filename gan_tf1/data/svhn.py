"""SVHN (photographs of house numbers) as the training loops of its two chapters expect it.

The semi-supervised chapter trains a discriminator on images of which only a few count as
labelled. Its loop is `for x, y, label_mask in dataset.batches(batch_size)`: every batch has all
labels, and the mask says which of them the loss may use.

The images come from the two original files (`train_32x32.mat` and `test_32x32.mat`) or from
TensorFlow Datasets (TFDS). CIFAR-10 (other subjects, the same shape) and drawn street numbers
(`drawn_street.py`) can be used instead. The third file of SVHN, `extra`, is not used.

Source: Netzer et al., "Reading Digits in Natural Images with Unsupervised
Feature Learning", 2011, http://ufldl.stanford.edu/housenumbers.
"""

import pathlib
import sys
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.data import drawn_street, source
from gan_tf1.data.order import InOrder, Order
from gan_tf1.data.training_set import checksum
from gan_tf1.errors import InputError

CHOICES = ("auto", "svhn", "cifar10", "street")
MAT_FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
PROBE_URLS = {"svhn": "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
              "cifar10": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"}
TFDS_NAMES = {"svhn": "svhn_cropped", "cifar10": "cifar10"}
TITLES = {"svhn": "SVHN", "cifar10": "CIFAR-10"}
CIFAR10_TEST = 10000
STREET_SIZES = (40000, 10000)
STREET_SEED = 0


class Arrays(NamedTuple):
    """RGB images, uint8 [N, 32, 32, 3], and labels, int32 [N] from 0 to 9."""
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


class Svhn(NamedTuple):
    """A data set for training and testing."""
    key: str                    # "svhn", "cifar10" or "street", as in --data and config.json
    title: str                  # for logs and figure titles; it says if the data is synthetic
    train: "Dataset"            # includes the test images: `train.batches(batch_size, "test")`


class Dataset(InOrder):
    """A `TrainingSet` of images, labels and a mask of the labels that the loss may use.

    The first `num_labels` training examples are the labelled ones. They are counted before any
    shuffling, so they are the same in every epoch and with every seed. The last batch of an epoch
    has what is left.
    """

    def __init__(self, arrays, num_labels, seed=0):
        """`arrays` is an `Arrays`; `seed`, an int or a sequence of ints, determines the order.

        Raises InputError if there are fewer training examples than `num_labels`.
        """
        self.arrays = arrays
        if not 0 <= num_labels <= self.num_examples:
            raise InputError(f"{num_labels} of {self.num_examples} training examples can't be "
                             "labelled: choose another --num-labels")
        self.label_mask = (np.arange(self.num_examples) < num_labels).astype(np.int32)
        self.order = Order(self.num_examples, seed, carries_over=False)

    @property
    def num_examples(self):
        """The number of training examples, labelled or not."""
        return len(self.arrays.train_images)

    def steps(self, batch_size):
        """The number of training batches per epoch, including a smaller last one."""
        return -(-self.num_examples // batch_size)

    def next_batch(self, batch_size):
        """The next training batch, `(x, y, label_mask)` as `batches` describes them.

        Raises InputError if `batch_size` < 1.
        """
        rows = self.order.rows(batch_size)
        return self.decode(self.arrays.train_images[rows], self.arrays.train_labels[rows],
                           self.label_mask[rows])

    def batches(self, batch_size, which_set="train"):
        """An epoch of batches, as the chapter's loops ask for it.

        With "train" they are `(x, y, label_mask)`, what `next_batch` returns until the current
        epoch ends. With "test" they are `(x, y)` of the whole test set, in its own order.

        x: float32 [B, 32, 32, 3] in [-1, 1]; y: int32 [B] from 0 to 9; label_mask: int32 [B], 1
        for labels that count and 0 for the others. B is `batch_size`, or less in the last batch.

        Raises InputError if `batch_size` < 1, and ValueError for another `which_set`.
        """
        if batch_size < 1:
            raise InputError(f"a batch can't have {batch_size} examples: choose another "
                             "--batch-size")
        if which_set not in MAT_FILES:
            raise ValueError(f'which_set is "train" or "test", not {which_set!r}')
        if which_set == "test":
            return self._test_batches(batch_size)
        return (self.next_batch(batch_size) for _ in range(self.order.batches_left(batch_size)))

    def _test_batches(self, batch_size):
        for start in range(0, len(self.arrays.test_images), batch_size):
            rows = slice(start, start + batch_size)
            yield scaled(self.arrays.test_images[rows]), self.arrays.test_labels[rows]

    def stored(self):
        """Images [N, 32, 32, 3], labels [N] and mask [N], all uint8."""
        return (self.arrays.train_images, self.arrays.train_labels.astype(np.uint8),
                self.label_mask.astype(np.uint8))

    @staticmethod
    def decode(images, labels, label_mask):
        """Images float32 in [-1, 1], labels int32 and mask int32."""
        return scaled(images), labels.astype(np.int32), label_mask.astype(np.int32)

    def fingerprint(self):
        """The checksum of the training images and labels."""
        return checksum(self.arrays.train_images, self.arrays.train_labels)


def scaled(images):
    """Images from uint8 in [0, 255] to float32 in [-1, 1], by the same scale in every batch."""
    x = images.astype(np.float32)
    x /= 127.5
    x -= 1
    return x


def has_mat_files(folder) -> bool:
    """Whether `folder` has at least one of SVHN's two .mat files."""
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

    Files with fewer images than SVHN's 73,257 and 26,032 are accepted, for short trials. Raises
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


def repeat_labelled(arrays, num_labels, times, alone=False) -> Arrays:
    """`arrays` with each of the first `num_labels` training examples repeated `times` times.

    The repetitions come first. With `alone`, the other examples are replaced by labelled ones as
    well, so that the number of examples remains, but all of them are labelled.
    """
    extra, others = num_labels * (times - 1), np.arange(len(arrays.train_images))
    rows = np.concatenate([np.arange(extra) % num_labels, others % num_labels if alone else others])
    return arrays._replace(train_images=arrays.train_images[rows],
                           train_labels=arrays.train_labels[rows])


def load(choice="auto", data_dir=None, num_labels=1000, seed=0, sizes=STREET_SIZES,
         label_repeats=1, labelled_only=False) -> Svhn:
    """The data set named by `choice`, one of `CHOICES`; `seed` determines the order of its batches.

    `data_dir` is a TFDS folder, or for SVHN a folder with its two .mat files. Without it, the
    folder is `TFDS_DATA_DIR` or TFDS's default. With "auto", SVHN is used if it is there or if its
    host answers. If not, street numbers are drawn, and a notice on stderr says so within seconds.
    `sizes` are the numbers of drawn training and test images. The .mat files are 250 MB; TFDS also
    downloads the unused `extra` (1.3 GB).

    If a prepared CIFAR-10 has fewer than the 10,000 test images of the original, the last 10,000
    training images become the test set, and the title says so.

    An epoch contains each labelled example `label_repeats` times and each of the others once. With
    `labelled_only` it has the same number of steps, but only labelled examples.

    Raises InputError if a file is missing, damaged or not the data set's, if the named data set is
    neither there nor can be downloaded, and as `Dataset` does.
    """
    if choice not in CHOICES:
        raise InputError(f"--data {choice} is not known: choose one of {', '.join(CHOICES)}")
    if data_dir is not None and pathlib.Path(data_dir).expanduser().is_file():
        raise InputError(f"--data-dir {data_dir} is a file: give a TFDS folder or the folder with "
                         "SVHN's two .mat files")
    key, title, arrays = _find(choice, data_dir, sizes)
    train = Dataset(arrays, num_labels, seed)
    if label_repeats > 1 or labelled_only:
        arrays = repeat_labelled(arrays, num_labels, label_repeats, alone=labelled_only)
        labelled = len(arrays.train_images) if labelled_only else num_labels * label_repeats
        train = Dataset(arrays, labelled, seed)
    return Svhn(key, title, train)


def _find(choice, data_dir, sizes):
    """Key, title and `Arrays` of the data set that `choice` leads to."""
    if choice == "street":
        return _street(sizes)
    key = "cifar10" if choice == "cifar10" else "svhn"
    title = TITLES[key]
    if key == "svhn" and data_dir is not None and has_mat_files(data_dir):
        return key, title, read_mat_folder(data_dir)
    version = source.prepared_version(TFDS_NAMES[key], data_dir)
    if version is None:
        folder = source.tfds_folder(data_dir)
        if source.answers(PROBE_URLS[key]):
            version = source.download(TFDS_NAMES[key], data_dir)
        elif choice == "auto":
            print(notice(folder), file=sys.stderr, flush=True)
            return _street(sizes)
        else:
            raise InputError(f"{title} is not in {folder}, and its host can't be reached: give a "
                             "prepared folder with --data-dir, or use --data street")
    arrays = read_tfds(version)
    if key == "cifar10" and len(arrays.test_images) < CIFAR10_TEST < len(arrays.train_images):
        arrays = hold_out(arrays, CIFAR10_TEST)
        title += f" (test set: the last {CIFAR10_TEST} training images)"
    return key, title, arrays


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
