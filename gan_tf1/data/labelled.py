"""Colour images of any size with the class of each, for a classifier that judges generated ones.

They are the digits of SVHN, the ten classes of CIFAR-10, drawn street numbers (synthetic), or two
sets of images without pairs (`unpaired.py`): the first is class 0 and the second class 1.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import images, svhn, svhn_files, unpaired
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import refuse_unknown

CLASSES = {"svhn": tuple("0123456789"), "street": tuple("0123456789"),
           "cifar10": svhn_files.CIFAR10_CLASSES}
SETS = ("horse2zebra", "folder")  # two sets without pairs
CHOICES = (*CLASSES, *SETS)


class Labelled(NamedTuple):
    """Images and their classes, for training and for tests."""
    key: str                  # one of `CHOICES`, as in --data and config.json
    title: str                # for logs and figure titles; it says if the data is synthetic
    classes: tuple            # the names of the K classes
    train: "LabelledRows"
    test_images: np.ndarray   # uint8 [N, size, size, 3]
    test_labels: np.ndarray   # uint8 [N], below K
    note: str = ""            # a sentence, if it is not the published data set


class LabelledRows(images.Rows):
    """A `TrainingSet` of images and labels, one of each image or of each pixel.

    Its batches are float32 [B, s, s, 3] in [-1, 1], and int32 [B] or [B, s, s].
    """

    @staticmethod
    def decode(pictures, labels):
        """Images float32 in [-1, 1], and labels int32."""
        return scaled(pictures), labels.astype(np.int32)


def load(choice, size, data_dir=None, seed=0) -> Labelled:
    """The labelled images named by `choice`, one of `CHOICES`, of `size` x `size` pixels.

    `data_dir` is what `svhn.load` and `unpaired.load` accept. `seed`, an int, determines the order of
    the training images.

    Raises InputError as these two and `images.resized` do, and if `choice` is not known.
    """
    refuse_unknown("--data", choice, CHOICES)
    if choice in SETS:
        title, classes, stacks, note = unpaired.parts(choice, 4 * (size,), data_dir)
        train, test = (_numbered(pair) for pair in (stacks[:2], stacks[2:]))
    else:
        found, classes = svhn.load(choice, data_dir, num_labels=0), CLASSES[choice]
        title, note, arrays = found.title, found.note, found.train.arrays
        train, test = ((images.resized(pictures, size), labels.astype(np.uint8))
                       for pictures, labels in ((arrays.train_images, arrays.train_labels),
                                                (arrays.test_images, arrays.test_labels)))
    return Labelled(choice, title, tuple(classes), LabelledRows(*train, seed=[seed, seeds.ORDER]),
                    *test, note)


def number_of_classes(choice) -> int:
    """K, the number of classes of the data set `choice`, one of `CHOICES`."""
    return len(CLASSES[choice]) if choice in CLASSES else 2


def _numbered(stacks) -> tuple[Any, Any]:
    """The images of all `stacks` in one, and the number of the stack of each."""
    labels = np.repeat(np.arange(len(stacks), dtype=np.uint8), [len(stack) for stack in stacks])
    return np.concatenate(stacks), labels
