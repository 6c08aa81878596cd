"""SVHN (photographs of house numbers) as the training loops of its two chapters expect it.

The semi-supervised chapter trains a discriminator on images of which only a few count as
labelled. Its loop is `for x, y, label_mask in dataset.batches(batch_size)`: every batch has all
labels, and the mask says which of them the loss may use.

The images come from the two original files (`train_32x32.mat` and `test_32x32.mat`) or from
TensorFlow Datasets (TFDS). CIFAR-10 (other subjects, the same shape) and drawn street numbers can
be used instead; `svhn_files.py` finds and reads all of them.
"""

import pathlib
import sys
from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import fingerprints, source
from gan_tf1.data.order import InOrder, Order
from gan_tf1.data.svhn_files import (MAT_FILES, STREET_SIZES, TITLES, Arrays, find, has_mat_files,
                                     hold_out)
from gan_tf1.data.training_set import checksum
from gan_tf1.errors import InputError, refuse_unknown

CHOICES = ("auto", "svhn", "cifar10", "street")
LABELS = ("first", "drawn", "balanced")
TESTED = ("all", "first_half", "held_out")
ZERO_LABELS = (0, 10)


class Svhn(NamedTuple):
    """A data set for training and testing."""
    key: str                    # "svhn", "cifar10" or "street", as in --data and config.json
    title: str                  # for logs and figure titles; it names a subset, synthetic data, and
                                # which images are tested if those are not the whole test set
    train: "Dataset"            # includes the test images: `train.batches(batch_size, "test")`
    note: str = ""              # a sentence, if it is not the published data set


class Dataset(InOrder):
    """A `TrainingSet` of images, labels and a mask of the labels that the loss may use.

    An example is labelled or not in every epoch and with every seed, and the order of the examples
    does not depend on which of them are labelled. The last batch of an epoch has what is left.
    """

    def __init__(self, arrays, label_mask, seed=0):
        """`arrays` is an `Arrays`; `label_mask` [N] is 1 for labelled training examples, else 0.

        `seed`, an int or a sequence of ints, determines the order.
        """
        self.arrays = arrays
        self.label_mask = np.asarray(label_mask, np.int32)
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

        x: float32 [B, 32, 32, 3] in [-1, 1]; y: int32 [B] from 0 to 9, or 1 to 10; label_mask:
        int32 [B], 1 for labels that count and 0 for the others. B is `batch_size`, or less in the
        last batch.

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


class Scaled:
    """A stack of uint8 images [N, ...] whose `[rows]` are float32 [B, ...] in [-1, 1]."""

    def __init__(self, stack):
        self._stack = stack

    def __len__(self):
        return len(self._stack)

    def __getitem__(self, rows):
        return scaled(self._stack[rows])


def labelled_mask(train_labels, num_labels, labels="first", label_seed=0) -> np.ndarray:
    """int32 [N]: 1 for the `num_labels` training examples that count as labelled, 0 for the others.

    "first": the first ones. "drawn": drawn at random by `label_seed`. "balanced": drawn likewise,
    with equally many from each class that occurs in `train_labels` [N]. If `num_labels` is raised,
    the examples that were labelled remain so, and others are added.

    Raises InputError if `labels` is not one of `LABELS`, if there are fewer examples than
    `num_labels` (in one class, if they are balanced), or if the classes don't divide `num_labels`.
    """
    refuse_unknown("--labels", labels, LABELS)
    count = len(train_labels)
    if not 0 <= num_labels <= count:
        raise InputError(f"{num_labels} of {count} training examples can't be labelled: choose "
                         "another --num-labels")
    rows = np.arange(count)
    if labels != "first":
        rows = seeds.stream(label_seed, seeds.LABELLED).permutation(count)
    if labels == "balanced":
        rows = _balanced(rows, train_labels, num_labels)
    mask = np.zeros(count, np.int32)
    mask[rows[:num_labels]] = 1
    return mask


def _balanced(rows, train_labels, num_labels):
    """The first of `rows` of each class: int64 [num_labels], equally many of each."""
    classes, counts = np.unique(train_labels, return_counts=True)
    if num_labels % len(classes):
        raise InputError(f"{num_labels} labels can't be divided equally among {len(classes)} "
                         "classes, as --labels balanced does: choose another --num-labels")
    each = num_labels // len(classes)
    if each > counts.min():
        raise InputError(f"{each} examples of each class can't be labelled: only {counts.min()} "
                         f"training examples have the label {classes[counts.argmin()]}, so choose "
                         "a smaller --num-labels")
    return np.concatenate([rows[train_labels[rows] == label][:each] for label in classes])


def with_tested(arrays, tested) -> tuple[Arrays, str]:
    """`arrays` with the test images that `tested` names, and a note for the title.

    "all": the whole test set, without a note. "first_half": its first half, without the middle one
    of an odd number. "held_out": the last tenth of the training examples, which are not trained on.

    Raises InputError if `tested` is not one of `TESTED`, or if no image would be tested.
    """
    refuse_unknown("--tested", tested, TESTED)
    if tested == "all":
        return arrays, ""
    half, tenth = len(arrays.test_images) // 2, len(arrays.train_images) // 10
    if not (half if tested == "first_half" else tenth):
        raise InputError(f"--tested {tested} leaves no image to test: there are only "
                         f"{len(arrays.train_images)} training and {len(arrays.test_images)} test "
                         "images")
    if tested == "held_out":
        return hold_out(arrays, tenth), f", tested on {tenth:,} held-out training images"
    return (arrays._replace(test_images=arrays.test_images[:half],
                            test_labels=arrays.test_labels[:half]),
            f", tested on the first {half:,} test images")


def with_zero_label(arrays, zero_label) -> Arrays:
    """`arrays` with `zero_label` as the label of the digit 0."""
    return arrays._replace(**{
        name: np.where(labels == 0, zero_label, labels).astype(np.int32)
        for name, labels in arrays._asdict().items() if name.endswith("_labels")})


def repeat_labelled(arrays, label_mask, times, alone=False) -> tuple[Arrays, np.ndarray]:
    """`arrays` with each labelled training example repeated `times` times, and their label mask.

    The repetitions come first. With `alone`, the other examples are replaced by labelled ones as
    well, so that the number of examples remains, but all of them are labelled.

    Raises InputError if no example is labelled.
    """
    labelled, others = np.flatnonzero(label_mask), np.arange(len(label_mask))
    if not len(labelled):
        raise InputError("no training example is labelled: choose another --num-labels")
    repeats = np.tile(labelled, times - 1)
    rows = np.concatenate([repeats, labelled[others % len(labelled)] if alone else others])
    return arrays._replace(train_images=arrays.train_images[rows],
                           train_labels=arrays.train_labels[rows]), label_mask[rows]


def load(choice="auto", data_dir=None, num_labels=1000, seed=0, sizes=STREET_SIZES,
         label_repeats=1, labelled_only=False, labels="first", label_seed=0, tested="all",
         zero_label=0) -> Svhn:
    """The data set named by `choice`, one of `CHOICES`; `seed` determines the order of its batches.

    `data_dir` is a TFDS folder, or for SVHN a folder with its two .mat files. Without it, the
    folder is `TFDS_DATA_DIR` or TFDS's default. With "auto", SVHN is used if it is there or if its
    host answers. If not, street numbers are drawn, and a notice on stderr says so within seconds.
    `sizes` are the numbers of drawn training and test images. The .mat files are 250 MB; TFDS also
    downloads the unused `extra` (1.3 GB).

    If there are fewer images than SVHN's, the title is "SVHN subset". If a prepared CIFAR-10 has
    fewer than the 10,000 test images of the original, the last 10,000 training images become the
    test set, and the title says so.

    `labels` and `label_seed` choose the `num_labels` labelled examples as `labelled_mask` does. An
    epoch contains each of them `label_repeats` times and each of the others once. With
    `labelled_only` it has the same number of steps, but only labelled examples. A notice on stderr
    says if the first ones are labelled, but not the first ones of SVHN's file.

    `tested` chooses the images to test as `with_tested` does. `zero_label` is the label of the
    digit 0: 0, or 10 as in SVHN's files.

    Raises InputError if a file is missing, damaged or not the data set's, if the named data set is
    neither there nor can be downloaded, if one of the choices is not known, if `zero_label` is 10
    and the images don't show digits, and as `labelled_mask`, `with_tested` and `repeat_labelled`
    do.
    """
    refuse_unknown("--data", choice, CHOICES)
    if data_dir is not None and pathlib.Path(data_dir).expanduser().is_file():
        raise InputError(f"--data-dir {data_dir} is a file: give a TFDS folder or the folder with "
                         "SVHN's two .mat files")
    if zero_label not in ZERO_LABELS:
        raise InputError(f"--zero-label {zero_label} is not known: choose 0 or 10")
    if zero_label and choice == "cifar10":
        raise InputError(f"--zero-label {zero_label} is for digits, and {TITLES[choice]} has none: "
                         "leave it out, or choose another --data")
    key, title, arrays = find(choice, data_dir, sizes)
    unlike = _unlike_published(title, arrays, data_dir)
    arrays, note = with_tested(with_zero_label(arrays, zero_label), tested)
    label_mask = labelled_mask(arrays.train_labels, num_labels, labels, label_seed)
    if (key == "svhn" and labels == "first" and 0 < num_labels < len(label_mask)
            and not has_mat_files(data_dir)):
        print(order_notice(num_labels), file=sys.stderr, flush=True)
    if label_repeats > 1 or labelled_only:
        arrays, label_mask = repeat_labelled(arrays, label_mask, label_repeats, labelled_only)
    return Svhn(key, title + note, Dataset(arrays, label_mask, [seed, seeds.ORDER]), unlike)


def _unlike_published(title, arrays, data_dir):
    """A sentence, if images that are called CIFAR-10 or SVHN are not the published ones.

    The title says already if there are fewer. SVHN from TensorFlow Datasets has been checked when it
    was downloaded.
    """
    if title == TITLES["cifar10"]:
        return fingerprints.note(title, arrays)
    if title == TITLES["svhn"] and has_mat_files(data_dir):
        return fingerprints.note_of_svhn(pathlib.Path(data_dir).expanduser())
    return ""


def order_notice(num_labels) -> str:
    """The notice that the labelled examples are not the first ones of SVHN's own file."""
    return source.boxed((
        "TensorFlow Datasets stores SVHN in another order than SVHN's own files. So the first",
        f"{num_labels:,} training examples, which are labelled here, are not those of the chapter.",
        "For those, give the folder with SVHN's two .mat files with --data-dir."))
