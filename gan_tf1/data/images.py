"""Square images of any subject, all of the same size, for GANs that work with images of any kind.

Every data set becomes a stack of images, uint8 [N, size, size, channels]: CIFAR-10, the drawn
street numbers, MNIST and the drawn digits (28 pixels, with a margin of 2 on each side), the faces
of CelebA, or the image files in a folder.
"""

import pathlib
import sys
from typing import NamedTuple

import numpy as np

from gan_tf1 import memory
from gan_tf1.data import digits, source, svhn
from gan_tf1.data.order import InOrder, Order
from gan_tf1.data.training_set import checksum
from gan_tf1.errors import InputError, refuse_unknown
from gan_tf1.files import replacing
from gan_tf1.wording import quantity

CHOICES = ("cifar10", "mnist", "street", "drawn", "celeba", "folder")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
MARGIN = 2          # pixels of background on each side of a digit: 28 pixels become 32
HELD_OUT = 10       # every tenth image of a folder is held out for tests


class Images(NamedTuple):
    """Images, uint8 [N, size, size, channels] with 1 or 3 channels, and their labels."""
    key: str                   # one of `CHOICES`, as in --data and config.json
    title: str                 # for logs and figure titles; it says if the data is synthetic
    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None  # int [N], or None for faces and a folder
    test_labels: np.ndarray | None
    note: str = ""             # a sentence, if it is not the published data set


def load(choice, size, data_dir=None) -> Images:
    """The images named by `choice`, one of `CHOICES`, resized to `size` x `size` pixels.

    `data_dir` is the folder of images for "folder"; for the others it is what their own modules
    accept. Colour images have 3 channels, digits 1.

    Raises InputError if a file is missing or damaged, if the data set is not available, if a folder
    has no images, and as `resized` does.
    """
    refuse_unknown("--data", choice, CHOICES)
    if choice == "folder":
        return _folder(data_dir, size)
    if choice == "celeba":
        return _celeba(data_dir, size)
    if choice in ("mnist", "drawn"):
        found = digits.load(choice, data_dir)
        train, test = (padded(part.stored()[0]) for part in (found.train, found.test))
        labels = found.train.labels, found.test.labels
    else:
        found = svhn.load(choice, data_dir, num_labels=0)
        arrays = found.train.arrays
        train, test = arrays.train_images, arrays.test_images
        labels = arrays.train_labels, arrays.test_labels
    return Images(found.key, found.title, resized(train, size), resized(test, size), *labels,
                  note=found.note)


def padded(flat) -> np.ndarray:
    """Digits [N, 784] with a margin of black pixels: [N, 32, 32, 1]."""
    margins = [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)]
    return np.pad(flat.reshape(-1, 28, 28, 1), margins)


def resized(stack, size) -> np.ndarray:
    """Images uint8 [N, s, s, C] as uint8 [N, size, size, C]: means of blocks, or repeated pixels.

    Raises InputError if neither size is a multiple of the other, and if the images would not fit
    in memory.
    """
    own = stack.shape[1]
    if own == size:
        return stack
    if own % size and size % own:
        raise InputError(f"images of {own} pixels can't be resized to {size}: one must be a "
                         "multiple of the other")
    if size > own:
        refuse_excess(len(stack), size, stack.shape[-1])
        return stack.repeat(size // own, 1).repeat(size // own, 2)
    block = own // size
    blocks = stack.reshape(len(stack), size, block, size, block, -1)
    return np.rint(blocks.mean((2, 4), dtype=np.float32)).astype(np.uint8)


def refuse_excess(count, size, channels) -> None:
    """Raise InputError if `count` images of `size` pixels would not fit in memory."""
    memory.refuse_excess(count * size * size * channels,
                         f"{count:,} images of {size} x {size} pixels")


def paths(folder) -> list[pathlib.Path]:
    """The image files in `folder` and its subfolders, sorted by name.

    Raises InputError if `folder` is None or not a folder, or if there are no image files.
    """
    if folder is None:
        raise InputError("--data folder needs --data-dir, the folder with the images")
    folder = pathlib.Path(folder).expanduser()
    if not folder.is_dir():
        raise InputError(f"--data-dir {folder} is not a folder: give a folder of images")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS
                   and not path.name.startswith("."))
    if not found:
        raise InputError(f"{folder} has no images in it ({', '.join(ENDINGS)})")
    return found


def read(path, size=None) -> np.ndarray:
    """The image in the file `path`, uint8 [height, width, 3], turned as its camera says (EXIF).

    If `size` is given, it is cut to a centred square and resized to [size, size, 3]. Raises
    InputError, naming the file, if it is not an image.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("RGB")
    # Pillow raises SyntaxError if a part of a PNG is damaged.
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is not an image, or it is damaged"
        raise InputError(f"{path} can't be read: {reason}") from error
    return np.asarray(image if size is None else squared(image, size))


def write(image, path) -> None:
    """Write `image`, uint8 [H, W, 3] or [H, W, 1], to the file `path`, completely or not at all."""
    from PIL import Image
    with replacing(path) as temporary:
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(temporary)


def as_bytes(stack) -> np.ndarray:
    """Images from [-1, 1], clipped, to uint8: the nearest of 256 levels."""
    return np.rint((np.clip(stack, -1, 1) + 1) * 127.5).astype(np.uint8)


def squared(image, size):
    """The largest centred square of a PIL image, resized to `size` x `size` pixels."""
    from PIL import Image
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    image = image.crop((left, top, left + edge, top + edge))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _celeba(data_dir, size):
    from PIL import Image
    version = source.prepared_version("celeb_a", data_dir)
    if version is None:
        raise InputError(f"CelebA is not in {source.tfds_folder(data_dir)}: prepare it there with "
                         "TFDS (tfds build celeb_a), or give its folder with --data-dir")
    # One by one: all 202,599 faces of 218 x 178 pixels would take 24 GB.
    [train], [test] = (source.read_each(
        version, split, ["image"],
        lambda pixels: np.asarray(squared(Image.fromarray(pixels), size)))
        for split in ("train", "test"))
    return Images("celeba", "CelebA", train, test, None, None)


def held_out(count) -> np.ndarray:
    """Which of `count` examples in one folder or split are held out for tests: bool [count]."""
    return np.arange(count) % HELD_OUT == HELD_OUT - 1


def _folder(folder, size):
    files = paths(folder)
    if len(files) > 2000:
        print(f"reading {len(files):,} images from {folder}", file=sys.stderr, flush=True)
    refuse_excess(len(files), size, 3)
    stack = np.stack([read(path, size) for path in files])
    kept = held_out(len(files))
    title = f"{quantity(len(files), 'image')} of {pathlib.Path(folder).expanduser().resolve().name}"
    return Images("folder", title, stack[~kept], stack[kept], None, None)


class Rows(InOrder):
    """A `TrainingSet` of any number of columns, such as inputs and targets, in shuffled batches."""

    def __init__(self, *columns, seed=0):
        """`columns` are uint8 arrays [N, ...]; `seed`, an int or several, determines the order."""
        assert len({len(column) for column in columns}) == 1, "columns of different lengths"
        self.columns = columns
        self.order = Order(len(columns[0]), seed)

    @property
    def num_examples(self):
        return len(self.columns[0])

    def next_batch(self, batch_size):
        """A tuple with the next rows of each column, float32 [B, ...] in [-1, 1].

        Raises InputError if the batch is larger than the data set.
        """
        rows = self.order.rows(batch_size)
        return self.decode(*(column[rows] for column in self.columns))

    def stored(self):
        """The columns, uint8 [N, ...] each."""
        return self.columns

    @staticmethod
    def decode(*columns):
        """The columns as float32 [B, ...] in [-1, 1]."""
        return tuple(svhn.scaled(column) for column in columns)

    def fingerprint(self):
        return checksum(*self.columns)
