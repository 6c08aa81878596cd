"""Two sets of square images, A and B, without pairs: the training data of CycleGAN.

They are horses and zebras (from TFDS), the images of a folder with `trainA/`, `trainB/`, `testA/`
and `testB/` (the format of CycleGAN's authors), the horses and deer of CIFAR-10, or drawn digits
with thin and with thick strokes. The drawn digits are synthetic; only for them is it known what a
translation should change and what it should preserve.
"""

import pathlib
import re
from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import digits, drawn_digits, images, source, svhn
from gan_tf1.errors import InputError, refuse_unknown
from gan_tf1.wording import quantity

CHOICES = ("horse2zebra", "folder", "cifar10", "drawn")
PARTS = ("trainA", "trainB", "testA", "testB")  # also the names of TFDS's splits
NAMED = re.compile(r"([a-z]+)2([a-z]+)(?:_.*)?")  # how the authors name their folders: horse2zebra
TFDS_NAME = "cycle_gan/horse2zebra"
PROBE_URL = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/horse2zebra.zip"
HORSE, DEER = 7, 4          # labels of CIFAR-10
REGULAR, BOLD = 2.15, 2.57  # pixels: a third of the pens is thinner, and a third is thicker
DRAWN = (60_000, 10_000)    # digits for training and for tests, before a third is left out


class Unpaired(NamedTuple):
    """Two sets: for training as `TwoSets`, for tests as uint8 [N, size, size, channels] each."""
    key: str        # one of `CHOICES`, as in --data and config.json
    title: str      # for logs and figure titles; it says if the data is synthetic
    names: tuple    # what A and B show, for example ("horse", "zebra")
    train: "TwoSets"
    test_a: np.ndarray
    test_b: np.ndarray
    note: str = ""  # a sentence, if they are not of the published data set


class Pens(NamedTuple):
    """Drawn digits of thin or of thick pens, and what is known about them."""
    images: np.ndarray   # uint8 [N, 784]
    labels: np.ndarray   # uint8 [N], 0 to 9
    weights: np.ndarray  # float32 [N], width of the pen in pixels


class TwoSets(images.Rows):
    """A `TrainingSet` of A in shuffled batches; `others[rows]` are images of B with replacement.

    An epoch has as many images as the larger set; the images of the smaller set are repeated. So
    `next_batch` returns a batch of A, and of B in the same order.
    """

    def __init__(self, a, b, seed=0):
        """`a` and `b` are uint8 arrays [N, ...]; `seed`, an int or several, fixes the order."""
        longer = np.arange(max(len(a), len(b)))
        super().__init__(*(part if len(part) == len(longer) else part[longer % len(part)]
                           for part in (a, b)), seed=seed)
        self.others = svhn.Scaled(b)


def load(choice, load_size, size, data_dir=None, seed=0) -> Unpaired:
    """The two sets named by `choice`: training images of `load_size` pixels, test images of `size`.

    `data_dir` is the folder with the four folders for "folder", and a TFDS folder for the others.
    `seed`, an int, determines the order of the training images.

    Raises InputError if a file is missing or damaged, if the data set is not available, and if
    images of CIFAR-10 or digits would have to be scaled by a factor that is not a whole number.
    """
    title, names, (train_a, train_b, test_a, test_b), note = parts(
        choice, (load_size, load_size, size, size), data_dir)
    return Unpaired(choice, title, names, TwoSets(train_a, train_b, [seed, seeds.ORDER]),
                    test_a, test_b, note)


def parts(choice, sizes, data_dir=None):
    """Title, names of the two sets, four stacks of images in the order of `PARTS`, and a note.

    The stacks are uint8 [N, s, s, channels] with the four `sizes` s in pixels. Raises InputError as
    `load` does.
    """
    refuse_unknown("--data", choice, CHOICES)
    note = ""
    if choice == "drawn":
        title, names = "drawn digits (synthetic), regular and bold", ("regular", "bold")
        stacks = [images.padded(pens.images) for split in drawn() for pens in split]
    elif choice == "cifar10":
        title, names = "horses and deer of CIFAR-10", ("horse", "deer")
        stacks, note = _horses_and_deer(data_dir)
    elif choice == "horse2zebra":
        title, names = "horses and zebras", ("horse", "zebra")
        stacks = _tfds(data_dir, sizes)
    else:
        title, names, stacks = _folder(data_dir, sizes)
    return title, names, list(map(_sized, stacks, sizes)), note


def drawn():
    """Drawn digits as `((train_a, train_b), (test_a, test_b))`, each a `Pens`: A regular, B bold.

    Digits with a pen between `REGULAR` and `BOLD` are left out.
    """
    count = sum(DRAWN)
    found = drawn_digits.load(count, digits.DRAWN_SEED)
    split = np.arange(count) < DRAWN[0]
    return tuple(tuple(Pens(found.images[own].reshape(-1, 784), found.labels[own],
                            found.weight[own])
                       for own in (part & (found.weight <= REGULAR), part & (found.weight >= BOLD)))
                 for part in (split, ~split))


def read(path, size, channels) -> np.ndarray:
    """The image in the file `path` like the training images: uint8 [size, size, channels].

    If the training images are grey and 32 pixels wide, a digit of 28 x 28 pixels gets a margin.
    Raises InputError, naming the file, if it is not an image.
    """
    if channels == 3:
        return images.read(path, size)
    image = images.read(path)
    if image.shape[:2] == (28, 28) and size == 32:
        return images.padded(_grey(image).reshape(1, 784))[0]
    return _grey(images.read(path, size))


def _grey(image):
    """An image uint8 [H, W, 3] as the means of its channels, uint8 [H, W, 1]."""
    return np.rint(image.mean(axis=2, keepdims=True)).astype(np.uint8)


def _sized(stack, size):
    """Images uint8 [N, s, s, C] at `size`, a multiple or a divisor of s."""
    try:
        return images.resized(stack, size)
    except InputError as error:
        raise InputError(f"{error} (--load-size, --size)") from None


def _horses_and_deer(data_dir):
    """The horses and deer of CIFAR-10, as four stacks in the order of `PARTS`, and the note on CIFAR-10."""
    found = svhn.load("cifar10", data_dir, num_labels=0)
    arrays = found.train.arrays
    return [stack[labels == label]
            for stack, labels in ((arrays.train_images, arrays.train_labels),
                                  (arrays.test_images, arrays.test_labels))
            for label in (HORSE, DEER)], found.note


def _tfds(data_dir, sizes):
    """The horses and zebras of TFDS, as four stacks of `sizes` in the order of `PARTS`."""
    from PIL import Image
    version = source.obtained(TFDS_NAME, PROBE_URL, data_dir)
    if version is None:
        raise InputError(f"{TFDS_NAME} is not in {source.tfds_folder(data_dir)}, and its host "
                         "can't be reached: give a prepared folder with --data-dir, or use "
                         "--data drawn --load-size 32 --size 32 --no-mirror")
    return [source.read_each(version, part, ["image"], lambda pixels: np.asarray(
        images.squared(Image.fromarray(pixels), size)))[0] for part, size in zip(PARTS, sizes)]


def _folder(folder, sizes):
    """Title, names and four stacks of images from a folder in the authors' format."""
    if folder is None:
        raise InputError(f"--data folder needs --data-dir, a folder with {', '.join(PARTS)}")
    folder = pathlib.Path(folder).expanduser()
    files = [images.paths(folder / part) for part in PARTS]
    for paths, size in zip(files, sizes):
        images.refuse_excess(len(paths), size, 3)
    parts = [np.stack([images.read(path, size) for path in paths])
             for paths, size in zip(files, sizes)]
    title = f"{len(files[0]):,} and {quantity(len(files[1]), 'image')} of {folder.resolve().name}"
    named = NAMED.fullmatch(folder.resolve().name)
    return title, named.groups() if named else ("A", "B"), parts
