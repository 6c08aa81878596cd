"""The CMP facades as the authors of pix2pix pair them, with the class of every pixel.

The right half of each picture shows the labels as colours, and has been compressed as a JPEG. So the
class of a pixel is the one whose colour is nearest, and a smaller label map takes in each block the
class that most of its pixels have. (A resized picture has mixed colours at the edges, and some of
them are those of other classes.)

The pictures come without names of the classes; those here say what each colour is drawn on.
"""

from typing import NamedTuple

import numpy as np

from gan_tf1 import seeds
from gan_tf1.data import pairs
from gan_tf1.data.labelled import LabelledRows
from gan_tf1.errors import InputError

PALETTE = {  # class -> the colour of its label, red, green, blue
    "background": (0, 0, 222), "wall": (0, 48, 255), "window": (0, 128, 255),
    "door": (0, 207, 255), "window head": (32, 255, 224), "sill": (112, 255, 143),
    "balcony": (192, 255, 63), "shutter": (255, 240, 0), "decoration": (255, 159, 0),
    "cornice": (255, 80, 0), "column": (255, 0, 0), "shop": (174, 0, 0)}
CLASSES = tuple(PALETTE)
WHOLE = 256    # pixels of the authors' label maps, from which smaller ones are made
FAR = 20       # mean distance of the colours from the palette, in levels of 255: no labels


class Facades(NamedTuple):
    """Photographs and the class of every pixel, for training and held out."""
    key: str                   # "facades", as in --data and config.json
    title: str                 # for logs and figure titles
    train: LabelledRows        # of photographs and label maps
    test_images: np.ndarray    # uint8 [N, size, size, 3]
    test_labels: np.ndarray    # uint8 [N, size, size], indices into `CLASSES`
    note: str = ""


def load(folder, size, seed=0) -> Facades:
    """The facades in `folder` at `size` x `size` pixels, a divisor of 256; `seed` orders the batches.

    Raises InputError as `pairs.load` does, if `size` doesn't divide 256, and if the right halves don't
    have the colours of the labels.
    """
    sized, whole = _pairs(folder, size)
    train, test = (majority(classes(stack, folder), size)
                   for stack in (whole.train.columns[1], whole.test[1]))
    return Facades("facades", f"{sized.title} with the class of each pixel",
                   LabelledRows(sized.train.columns[0], train, seed=[seed, seeds.ORDER]),
                   sized.test[0], test)


def held_out(folder, size) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The held-out photographs, their label maps as pictures, and the class of each pixel.

    They are uint8: [N, size, size, 3] twice, in the order of `pairs.load`, and [N, size, size]. Raises
    InputError as `load` does.
    """
    sized, whole = _pairs(folder, size)
    return (*sized.test, majority(classes(whole.test[1], folder), size))


def _pairs(folder, size):
    """The pairs in `folder` at `size` and at 256 pixels."""
    if folder is None:
        raise InputError("the facades need --data-dir, the folder with train/ and test/ in which each "
                         "picture has a photograph on the left and its labels on the right")
    if WHOLE % size:
        raise InputError(f"--size {size} must divide {WHOLE}, the size of the label maps")
    sized = pairs.load("pairs", size, data_dir=folder)
    return sized, sized if size == WHOLE else pairs.load("pairs", WHOLE, data_dir=folder)


def classes(coloured, where=None) -> np.ndarray:
    """The class of each pixel of label maps `coloured`, uint8 [N, s, s, 3]: uint8 [N, s, s].

    If `where` is given, raises InputError, naming it, if the colours are far from those of the labels.
    """
    palette = np.array(list(PALETTE.values()), np.int16)
    found, far = [], []
    for one in coloured:  # one by one: the distances of all would take 24 times the memory
        distances = np.abs(one[:, :, None].astype(np.int16) - palette).sum(-1, dtype=np.int16)
        found.append(distances.argmin(-1).astype(np.uint8))
        far.append(distances.min(-1).mean() / 3)
    if where is not None and np.mean(far) > FAR:
        raise InputError(f"{where} has no label maps on the right: their colours differ from those of "
                         f"the facades by {np.mean(far):.0f} of 255 on average")
    return np.stack(found)


def majority(labels, size) -> np.ndarray:
    """Label maps uint8 [N, s, s] at `size`: the most frequent class of each block, [N, size, size].

    If two classes are equally frequent, it is the first one.
    """
    block = labels.shape[1] // size
    if block == 1:
        return labels
    blocks = labels.reshape(len(labels), size, block, size, block)
    counts = np.zeros((len(labels), size, size), np.uint16)
    found = np.zeros_like(counts, np.uint8)
    for number in range(len(CLASSES)):
        own = (blocks == number).sum((2, 4), dtype=np.uint16)
        found[own > counts] = number
        counts = np.maximum(counts, own)
    return found
