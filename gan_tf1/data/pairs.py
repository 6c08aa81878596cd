"""Pairs of square images, an input and its target, for networks that translate one into the other.

There are three sources:

- pictures that show a pair side by side, in the format of the authors of pix2pix: a folder with
  train/ and val/ or test/
- a TFDS data set with two features that are images
- any images of `images.py`, from which the inputs are made: without colours, as edges, or masked

All pairs are held in memory: 400 KB per pair of 256 pixels.
"""

import pathlib
import re
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1 import seeds
from gan_tf1.data import images, source
from gan_tf1.errors import InputError, refuse_unknown
from gan_tf1.tf1 import load as load_tensorflow
from gan_tf1.wording import quantity

MADE = ("cifar10", "street", "mnist", "drawn", "folder")  # from single images
CHOICES = ("pairs", "tfds", *MADE)
OWN_SIZE = 32             # pixels of the images in all data sets of MADE except a folder
HELD_OUT_FOLDERS = ("val", "test")
GREY = (299, 587, 114)    # thousandths of red, green and blue: ITU-R BT.601
MASKED = 127              # the grey level of the mask


class Pairs(NamedTuple):
    """Pairs of inputs and targets, for training and held out."""
    key: str              # one of `CHOICES`, as in --data and config.json
    title: str            # for logs and figure titles; it says if the data is synthetic
    train: images.Rows    # batches `(inputs, targets)`, float32 [B, size, size, 3] in [-1, 1]
    test: tuple           # `(inputs, targets)` held out, uint8 [N, size, size, 3] each
    note: str = ""        # a sentence, if they are not of the published data set


def grey_levels(stack) -> np.ndarray:
    """The luma of images uint8 [N, H, W, 3]: uint8 [N, H, W]."""
    red, green, blue = (stack[..., channel].astype(np.uint32) * weight
                        for channel, weight in enumerate(GREY))
    return ((red + green + blue + 500) // 1000).astype(np.uint8)


def coloured(levels) -> np.ndarray:
    """Grey levels [N, H, W] as images with three equal channels [N, H, W, 3]."""
    return np.repeat(levels[..., None], 3, axis=-1)


def grey(stack) -> np.ndarray:
    """Images uint8 [N, H, W, 3] without their colours, in the same shape."""
    return coloured(grey_levels(stack))


def edges(stack) -> np.ndarray:
    """The edges of images uint8 [N, H, W, 3], dark on white, found by Sobel filters; same shape."""
    levels = grey_levels(stack).astype(np.float32)
    # scipy.ndimage.sobel would also smooth along the first axis, from image to image.
    differences = [scipy.ndimage.correlate1d(
        scipy.ndimage.correlate1d(levels, (-1, 0, 1), axis), (1, 2, 1), 3 - axis)
        for axis in (1, 2)]
    slopes = np.hypot(*differences) / 4  # a step of 100 grey levels gives 100
    return coloured((255 - np.minimum(slopes, 255)).astype(np.uint8))


def masked(stack) -> np.ndarray:
    """Images uint8 [N, S, S, 3] with a grey square of half their width in the middle."""
    size = stack.shape[1]
    middle = slice(size // 4, size - size // 4)
    left = stack.copy()
    left[:, middle, middle] = MASKED
    return left


TASKS = {"colour": (grey, "grey to colour"), "edges": (edges, "edges to image"),
         "mask": (masked, "masked to whole")}  # how the inputs are made, and what the title says


def load(choice, size, task="colour", direction="AtoB", data_dir=None, tfds_name="",
         seed=0) -> Pairs:
    """The pairs named by `choice`, one of `CHOICES`, of `size` x `size` pixels.

    `data_dir` is the folder of pairs for "pairs", the TFDS folder for "tfds", and what
    `images.load` accepts for the others, from which `task` makes the inputs. With `direction`
    "BtoA", input and target are swapped. `seed`, an int, determines the order of the
    batches.

    Raises InputError if a file is missing, damaged or not a pair, if no pair is held out, and if
    single images are smaller than `size`.
    """
    refuse_unknown("--data", choice, CHOICES)
    note = ""
    if choice == "pairs":
        title, *columns = _folder(data_dir, size)
    elif choice == "tfds":
        title, *columns = _tfds(tfds_name, data_dir, size)
    else:
        if choice != "folder" and size > OWN_SIZE:
            raise InputError(f"--size {size} is more than the {OWN_SIZE} pixels of --data "
                             f"{choice}: add --size {OWN_SIZE} --disc-layers 1")
        found = images.load(choice, size, data_dir)
        note = found.note
        make, name = TASKS[task]
        title = f"{found.title}, {name}"
        targets = [part if part.shape[-1] == 3 else coloured(part[..., 0])
                   for part in (found.train, found.test)]
        columns = [(make(part), part) for part in targets]
    if not all(len(inputs) for inputs, _ in columns):
        raise InputError(f"{title}: there must be pairs for training and others to hold out; "
                         f"every {images.HELD_OUT}th is held out, or those in a folder test")
    if direction == "BtoA":
        title, columns = f"{title}, B to A", [part[::-1] for part in columns]
    train, test = columns
    return Pairs(choice, title, images.Rows(*train, seed=[seed, seeds.ORDER]), tuple(test), note)


def translatable(paths, choice, size, task, direction) -> np.ndarray:
    """The image files `paths` as inputs of a network trained on such pairs: [n, size, size, 3].

    If the inputs for training were made from single images, these are made in the same way. Raises
    InputError, naming the file, if one can't be read.
    """
    stack = np.stack([images.read(path, size) for path in paths])
    return TASKS[task][0](stack) if choice in MADE and direction == "AtoB" else stack


def split(picture, size, where) -> list[np.ndarray]:
    """The halves of a picture uint8 [H, 2 H, 3] as two images uint8 [size, size, 3].

    Raises InputError, calling the picture `where`, if it is not twice as wide as high.
    """
    from PIL import Image
    height, width = picture.shape[:2]
    if width != 2 * height:
        raise InputError(f"{where} has {width} x {height} pixels: a pair is two squares side by "
                         "side, twice as wide as high")
    return [_fitted(Image.fromarray(half), size)
            for half in (picture[:, :height], picture[:, height:])]


def _fitted(picture, size):
    from PIL import Image
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC))


def _folder(folder, size):
    """The title and `(inputs, targets)` of pictures in a folder, for training and held out."""
    if folder is None:
        raise InputError("--data pairs needs --data-dir, the folder with pictures of pairs side by "
                         "side; or use --data cifar10 --size 32 --disc-layers 1")
    folder = pathlib.Path(folder).expanduser()

    def read(part):
        paths = images.paths(part)
        images.refuse_excess(2 * len(paths), size, 3)
        pairs = [split(images.read(path), size, path) for path in paths]
        return tuple(map(np.stack, zip(*pairs)))

    title = f"pairs of {folder.resolve().name}"
    if not (folder / "train").is_dir():
        return title, *_parted(read(folder))
    apart = [folder / name for name in HELD_OUT_FOLDERS if (folder / name).is_dir()]
    if not apart:
        return title, *_parted(read(folder / "train"))
    return title, read(folder / "train"), read(apart[0])


def _parted(columns):
    """`columns` in two parts: for training and held out."""
    kept = images.held_out(len(columns[0]))
    return tuple(column[~kept] for column in columns), tuple(column[kept] for column in columns)


def _tfds(name, data_dir, size):
    """The title and `(inputs, targets)` of a prepared TFDS data set, for training and held out."""
    if not name:
        raise InputError("--data tfds needs --tfds-name, the name of a data set with two images")
    if not re.fullmatch(r"\w+(/[\w.-]+)?", name, re.ASCII):
        raise InputError(f"--tfds-name {name} is not the name of a data set, such as NAME or NAME/CONFIG")
    version = source.prepared_version(name, data_dir)
    if version is None:
        raise InputError(f"{name} is not in {source.tfds_folder(data_dir)}: give a TFDS folder "
                         "that has it prepared with --data-dir")
    load_tensorflow()  # before TFDS imports TensorFlow with other settings
    import tensorflow_datasets as tfds
    from PIL import Image
    try:
        builder = tfds.builder_from_directory(version)
        features, splits = builder.info.features, list(builder.info.splits)
        pair = sorted(key for key, feature in features.items()
                      if isinstance(feature, tfds.features.Image))
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"the data set at {version} can't be read: {reason}") from error
    if len(pair) != 2:
        raise InputError(f"{name} has {quantity(len(pair), 'image feature')} "
                         f"({', '.join(pair) or 'none'}), but a pair needs two")
    if "train" not in splits:
        raise InputError(f"{name} has no split train; it has {', '.join(splits)}")
    title = f"{name}, {pair[0]} to {pair[1]}"

    def columns(part):
        return tuple(source.read_each(version, part, pair, lambda pixels: _fitted(
            Image.fromarray(pixels.squeeze()).convert("RGB"), size)))

    apart = [part for part in ("validation", "val", "test") if part in splits]
    if not apart:
        return title, *_parted(columns("train"))
    return title, columns("train"), columns(apart[0])
