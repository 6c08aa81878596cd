"""Two sets of square images, A and B, of which no pairs are known: CycleGAN's training data.

Horses and zebras (TFDS), a folder with `trainA/`, `trainB/`, `testA/` and `testB/`
(the format of CycleGAN's authors), the horses and deer of CIFAR-10, or drawn digits
by the weight of the pen that drew them: those two sets are synthetic, and of these
alone it is known what a translation should change, and what it should leave.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1.data import digits, drawn_digits, images, source, svhn
from gan_tf1.errors import InputError

CHOICES = ("horse2zebra", "folder", "cifar10", "drawn")
PARTS = ("trainA", "trainB", "testA", "testB")  # TFDS calls its splits so too
TFDS_NAME = "cycle_gan/horse2zebra"
PROBE_URL = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/horse2zebra.zip"
HORSE, DEER = 7, 4          # labels of CIFAR-10
REGULAR, BOLD = 2.15, 2.57  # pixels: a third of the pens is thinner, and a third thicker
DRAWN = (60_000, 10_000)    # digits, before a third of them is left out: to train on, and others


class Unpaired(NamedTuple):
    """Two sets: to train on as `TwoSets`, to test on as stored, uint8 [N, size, size, channels]."""
    key: str        # one of `CHOICES`, as in --data and config.json
    title: str      # for logs and figure titles; synthetic data says so
    names: tuple    # what is in A and in B
    train: "TwoSets"
    test_a: np.ndarray
    test_b: np.ndarray


class Pens(NamedTuple):
    """Drawn digits with thin or thick pens, and what is known of them."""
    images: np.ndarray   # uint8 [N, 784]
    labels: np.ndarray   # [N], 0 to 9
    weights: np.ndarray  # [N], width of the pen in pixels


class TwoSets(images.Rows):
    """A, every image of it once an epoch in a new order, and `others`: any images of B.

    `next_batch` gives a batch of A first. An epoch has as many images as the larger set has; in
    it the smaller starts over.
    """

    def __init__(self, a, b, seed=0):
        """`a` and `b` are uint8 arrays [N, ...]; `seed` (an int or several) fixes A's order."""
        longer = np.arange(max(len(a), len(b)))
        super().__init__(*(part if len(part) == len(longer) else part[longer % len(part)]
                           for part in (a, b)), seed=seed)
        self.others = Scaled(b)


class Scaled:
    """A stack of images as stored, of which `[rows]` are float32 in [-1, 1]."""

    def __init__(self, stack):
        self._stack = stack

    def __len__(self):
        return len(self._stack)

    def __getitem__(self, rows):
        return svhn.scaled(self._stack[rows])


def load(choice, load_size, size, data_dir=None, seed=0):
    """The two sets named by `choice`: training images of `load_size` pixels, others of `size`.

    `data_dir` is the folder of the four folders for "folder", and a TFDS folder for the others.
    `seed` fixes the order of the training images.

    Raises InputError where a file is missing or damaged, where a data set is not to be had, and
    where CIFAR-10 or digits would have to be scaled by no whole number.
    """
    sizes = load_size, load_size, size, size
    if choice == "drawn":
        kind, names = "drawn digits (synthetic), regular and bold", ("regular", "bold")
        parts = [images.padded(pens.images) for split in drawn() for pens in split]
    elif choice == "cifar10":
        kind, names = "horses and deer of CIFAR-10", ("horse", "deer")
        parts = _horses_and_deer(data_dir)
    elif choice == "horse2zebra":
        kind, names = "horses and zebras", ("horse", "zebra")
        parts = _tfds(data_dir, sizes)
    elif choice == "folder":
        kind, names, parts = _folder(data_dir, sizes)
    else:
        raise InputError(f"--data {choice} is not known: choose one of {', '.join(CHOICES)}")
    train_a, train_b, test_a, test_b = map(_sized, parts, sizes)
    return Unpaired(choice, kind, names, TwoSets(train_a, train_b, seed), test_a, test_b)


def drawn():
    """Drawn digits as `((train_a, train_b), (test_a, test_b))`, each `Pens`: A regular, B bold.

    Those with a pen between `REGULAR` and `BOLD` are in neither.
    """
    count = sum(DRAWN)
    found = drawn_digits.load(count, digits.DRAWN_SEED)
    split = np.arange(count) < DRAWN[0]
    return tuple(tuple(Pens(found.images[own].reshape(-1, 784), found.labels[own],
                            found.weight[own])
                       for own in (part & (found.weight <= REGULAR), part & (found.weight >= BOLD)))
                 for part in (split, ~split))


def read(path, size, channels):
    """The image in file `path` as the training images are: uint8 [size, size, channels].

    A digit of 28 x 28 pixels gets its margin where grey images of 32 are trained on. Raises
    InputError, naming the file, where it is no image.
    """
    if channels == 3:
        return images.read(path, size)
    image = images.read(path)
    if image.shape[:2] == (28, 28) and size == 32:
        return images.padded(_grey(image).reshape(1, 784))[0]
    return _grey(images.read(path, size))


def _grey(image):
    """[H, W, 3] as its means, [H, W, 1]."""
    return np.rint(image.mean(axis=2, keepdims=True)).astype(np.uint8)


def _sized(stack, size):
    """Images uint8 [N, s, s, C] at `size`, a multiple or a part of s."""
    try:
        return images.resized(stack, size)
    except InputError as error:
        raise InputError(f"{error} (--load-size, --size)") from None


def _horses_and_deer(data_dir):
    """CIFAR-10's, as four stacks in the order of `PARTS`."""
    arrays = svhn.load("cifar10", data_dir, num_labels=0).train.arrays
    return [stack[labels == label]
            for stack, labels in ((arrays.train_images, arrays.train_labels),
                                  (arrays.test_images, arrays.test_labels))
            for label in (HORSE, DEER)]


def _tfds(data_dir, sizes):
    """TFDS's horses and zebras, as four stacks of `sizes` in the order of `PARTS`."""
    from PIL import Image
    version = source.prepared_version(TFDS_NAME, data_dir)
    if version is None:
        if not source.answers(PROBE_URL):
            raise InputError(f"{TFDS_NAME} is not in {source.tfds_folder(data_dir)} and its host "
                             "can't be reached: give a prepared folder with --data-dir, or use "
                             "--data drawn --load-size 32 --size 32 --no-mirror")
        version = source.download(TFDS_NAME, data_dir)
    return [source.read_each(version, part, ["image"], lambda pixels: np.asarray(
        images.squared(Image.fromarray(pixels), size)))[0] for part, size in zip(PARTS, sizes)]


def _folder(folder, sizes):
    """Title, names and the four stacks of a folder in the authors' format."""
    if folder is None:
        raise InputError(f"--data folder needs --data-dir, a folder with {', '.join(PARTS)}")
    folder = pathlib.Path(folder).expanduser()
    files = [images.paths(folder / part) for part in PARTS]
    for paths, size in zip(files, sizes):
        images.refuse_excess(len(paths), size, 3)
    parts = [np.stack([images.read(path, size) for path in paths])
             for paths, size in zip(files, sizes)]
    return f"{len(files[0])} and {len(files[1])} images of {folder.resolve().name}", "AB", parts
