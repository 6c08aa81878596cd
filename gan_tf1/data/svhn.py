"""SVHN (house numbers photographed from the street) as the chapter's training loop expects it.

The chapter trains a discriminator on images of which only a few count as
labelled. Its loop reads `for x, y, label_mask in dataset.batches(batch_size)`:
every batch has all labels, and the mask says which of them the loss may use.

The images come from SVHN's own two files (`train_32x32.mat` and
`test_32x32.mat`), from TensorFlow Datasets, from CIFAR-10 (another subject, the
same shape), or from `drawn_street`. SVHN's third file, `extra`, is not used.

Source: Netzer et al., "Reading Digits in Natural Images with Unsupervised
Feature Learning", 2011, http://ufldl.stanford.edu/housenumbers.
"""

import pathlib
import sys
import zlib
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.data import drawn_street, source
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
    """Images as stored, uint8 [N, 32, 32, 3] RGB, and labels, int32 [N] in 0 to 9."""
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


class Svhn(NamedTuple):
    """A data set to train on and to test on."""
    key: str                    # "svhn", "cifar10" or "street", as in --data and config.json
    title: str                  # for logs and figure titles; synthetic data says so
    train: "Dataset"            # the test images are in it too: `train.batches(b, "test")`


class Dataset:
    """Batches of images, labels and the mask of the labels that count.

    The first `num_labels` training examples are the labelled ones, as they stand
    before any shuffling: so the same ones in every epoch and with every seed.
    """

    carries_over = False  # an epoch's last batch has what is left

    def __init__(self, arrays, num_labels, seed=0):
        """`arrays` is an `Arrays`; `seed` (an int or a sequence of them) fixes the order.

        Raises InputError where there are fewer training examples than `num_labels`.
        """
        self.arrays = arrays
        if not 0 <= num_labels <= self.num_examples:
            raise InputError(f"{num_labels} labels can't be had from {self.num_examples} training "
                             "examples: choose another --num-labels")
        self.label_mask = (np.arange(self.num_examples) < num_labels).astype(np.int32)
        self._rng = np.random.default_rng(seed)
        self._order = None
        self._position = self.num_examples  # in the epoch under way; at its end there is none
        self._skip = 0  # examples of the next epoch that were seen before `restore`
        self._batches = None

    @property
    def num_examples(self):
        """Training examples, labelled or not."""
        return len(self.arrays.train_images)

    def steps(self, batch_size):
        """Training batches an epoch, the last part of one counted."""
        return -(-self.num_examples // batch_size)

    def epochs(self, batch_size):
        """The training batches of one epoch after the other, without end."""
        while True:
            yield from self.batches(batch_size)

    def next_batch(self, batch_size):
        """The next training batch, `x, y, label_mask`, of one epoch after the other."""
        if self._batches is None:
            self._batches = self.epochs(batch_size)
        return next(self._batches)

    def batches(self, batch_size, which_set="train"):
        """One epoch of "train", or all of "test", as an iterator.

        "train" yields `x, y, label_mask` in a new order each time, "test" yields
        `x, y` as they are stored. The last batch has what is left.

        x: float32 [B, 32, 32, 3] in [-1, 1]; y: int32 [B] in 0 to 9; label_mask: int32 [B], 1
        where the label counts and 0 elsewhere. B is `batch_size`, or less in the last batch.

        Raises InputError where `batch_size` < 1, and ValueError for another `which_set`. While
        one epoch is under way, starting another ends it: going on with it raises RuntimeError.
        """
        if batch_size < 1:
            raise InputError(f"a batch can't hold {batch_size} examples: choose another "
                             "--batch-size")
        if which_set not in MAT_FILES:
            raise ValueError(f'which_set is "train" or "test", not {which_set!r}')
        return self._train(batch_size) if which_set == "train" else self._test(batch_size)

    def _train(self, batch_size):
        self._before_shuffle = self._rng.bit_generator.state
        order = self._order = self._rng.permutation(self.num_examples)
        self._position, self._skip = self._skip, 0
        try:
            while self._position < self.num_examples:
                rows = order[self._position:self._position + batch_size]
                self._position += len(rows)
                yield (scaled(self.arrays.train_images[rows]), self.arrays.train_labels[rows],
                       self.label_mask[rows])
                if self._order is not order:
                    raise RuntimeError("this epoch ended when another was started or restored")
        finally:
            if self._order is order:  # where the loop was left early, its epoch ends there
                self._position = self.num_examples

    def _test(self, batch_size):
        for start in range(0, len(self.arrays.test_images), batch_size):
            rows = slice(start, start + batch_size)
            yield scaled(self.arrays.test_images[rows]), self.arrays.test_labels[rows]

    def state(self):
        """The place in the stream of training batches, as a dict that JSON can hold."""
        if self._position < self.num_examples:
            return {"before_shuffle": self._before_shuffle, "position": self._position}
        return {"before_shuffle": self._rng.bit_generator.state, "position": self._skip}

    def restore(self, state):
        """Go on from a `state()`: the next training batches are those that followed it.

        Where that was in the middle of an epoch, the next `batches()` yields the rest of it.
        """
        self._rng.bit_generator.state = state["before_shuffle"]
        self._skip = state["position"]
        self._order, self._position, self._batches = None, self.num_examples, None

    def stored(self):
        """The columns as bytes, to be kept on a device: images [N, 32, 32, 3], labels, mask [N]."""
        return (self.arrays.train_images, self.arrays.train_labels.astype(np.uint8),
                self.label_mask.astype(np.uint8))

    @staticmethod
    def decode(images, labels, label_mask):
        """Rows of `stored()` as `next_batch` has them."""
        return scaled(images), labels.astype(np.int32), label_mask.astype(np.int32)

    def fingerprint(self):
        """CRC-32 of the training images and labels: the same for two equal data sets."""
        crc = zlib.crc32(np.ascontiguousarray(self.arrays.train_images))
        return f"{zlib.crc32(np.ascontiguousarray(self.arrays.train_labels), crc):08x}"


def scaled(images):
    """Images uint8 in [0, 255] as float32 in [-1, 1], by the same scale for every batch."""
    x = images.astype(np.float32)
    x /= 127.5
    x -= 1
    return x


def has_mat_files(folder):
    """Whether `folder` holds any of SVHN's two .mat files."""
    folder = pathlib.Path(folder).expanduser()
    return any((folder / name).is_file() for name in MAT_FILES.values())


def read_mat(path):
    """Images uint8 [N, 32, 32, 3] and labels int32 [N] in 0 to 9 from one of SVHN's .mat files.

    The file keeps the images as X [32, 32, 3, N] and the labels as y [N, 1], with 10 for the
    digit 0. Raises InputError, naming the file, where it is missing, truncated or foreign.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: both {' and '.join(MAT_FILES.values())} of SVHN are "
                         "needed, from http://ufldl.stanford.edu/housenumbers")
    try:
        content = scipy.io.loadmat(path, variable_names=("X", "y"), appendmat=False)
    except Exception as error:  # a damaged file fails in many ways, and each has the same remedy
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} can't be read as a MATLAB file: {reason}; it may be truncated, "
                         "so get it anew from http://ufldl.stanford.edu/housenumbers") from error
    images, labels = (np.asarray(content.get(name)) for name in ("X", "y"))
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != (32, 32, 3):
        raise InputError(f"{path} is not SVHN's: it has no X of unsigned bytes, 32 x 32 x 3 x N")
    if labels.dtype.kind not in "uif" or labels.shape != (labels.size, 1):
        raise InputError(f"{path} is not SVHN's: it has no y of numbers, N x 1")
    if images.shape[3] != len(labels) or not labels.size:
        raise InputError(f"{path} holds {images.shape[3]} images and {len(labels)} labels: it is "
                         "damaged, so get it anew from http://ufldl.stanford.edu/housenumbers")
    if not np.isin(labels, np.arange(1, 11)).all():
        raise InputError(f"{path} has labels from {labels.min()} to {labels.max()}: SVHN's are "
                         "the whole numbers from 1 to 10")
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels[:, 0].astype(np.int32) % 10


def read_mat_folder(folder):
    """SVHN from the two original files in `folder`, as `Arrays`; raises InputError as `read_mat`.

    The number of images is taken as it is (SVHN has 73,257 and 26,032), so that cut-down files
    for a quick look work too.
    """
    folder = pathlib.Path(folder).expanduser()
    return Arrays(*read_mat(folder / MAT_FILES["train"]), *read_mat(folder / MAT_FILES["test"]))


def read_tfds(version):
    """SVHN or CIFAR-10 from the prepared TFDS data set at path `version`, as `Arrays`.

    Raises InputError where a file is missing or damaged, or holds no 32x32 RGB images.
    """
    parts = []
    for split in ("train", "test"):
        examples = source.read(version, split)
        if examples["image"].shape[1:] != (32, 32, 3):
            raise InputError(f"{version} holds images of {examples['image'].shape[1:]} in its "
                             f"{split} split: 32 x 32 RGB images are needed")
        parts += [examples["image"], examples["label"].astype(np.int32)]
    return Arrays(*parts)


def hold_out(arrays, count):
    """The same `Arrays` with the last `count` training examples as the test set."""
    return Arrays(arrays.train_images[:-count], arrays.train_labels[:-count],
                  arrays.train_images[-count:], arrays.train_labels[-count:])


def repeat_labelled(arrays, num_labels, times, alone=False):
    """`arrays` with each of the first `num_labels` training examples in it `times` times.

    The repeated ones come first. With `alone` they take the place of all others
    too, so that as many examples as before are all labelled.
    """
    extra, others = num_labels * (times - 1), np.arange(len(arrays.train_images))
    rows = np.concatenate([np.arange(extra) % num_labels, others % num_labels if alone else others])
    return arrays._replace(train_images=arrays.train_images[rows],
                           train_labels=arrays.train_labels[rows])


def load(choice="auto", data_dir=None, num_labels=1000, seed=0, sizes=STREET_SIZES,
         label_repeats=1, labelled_only=False):
    """The data set named by `choice` (one of `CHOICES`), its batches ordered by `seed`.

    `data_dir` is a TFDS folder, or for SVHN a folder with its two .mat files;
    without it, `TFDS_DATA_DIR` and TFDS's default count. "auto" takes SVHN where
    it is there or its host answers, and drawn street numbers otherwise, with a
    notice on stderr within seconds. `sizes` are the numbers of drawn training and
    test images. TFDS downloads SVHN's unused `extra` too (1.3 GB), the .mat files
    are 250 MB.

    A prepared CIFAR-10 may be cut down to fewer than its 10,000 test images: then
    the last 10,000 training images are the test set, and the title says so.

    An epoch shows each labelled example `label_repeats` times, and the others
    once. With `labelled_only` it has as many steps, all of labelled examples.

    Raises InputError where a file is missing, damaged or foreign, where a named
    data set is neither there nor to be had, and as `Dataset` does.
    """
    if choice not in CHOICES:
        raise InputError(f"--data {choice} is not known: choose one of {', '.join(CHOICES)}")
    if data_dir is not None and pathlib.Path(data_dir).expanduser().is_file():
        raise InputError(f"--data-dir {data_dir} is a file: name a TFDS folder, or the folder "
                         "with SVHN's two .mat files")
    key, title, arrays = _find(choice, data_dir, sizes)
    train = Dataset(arrays, num_labels, seed)
    if label_repeats > 1 or labelled_only:
        arrays = repeat_labelled(arrays, num_labels, label_repeats, alone=labelled_only)
        labelled = len(arrays.train_images) if labelled_only else num_labels * label_repeats
        train = Dataset(arrays, labelled, seed)
    return Svhn(key, title, train)


def _find(choice, data_dir, sizes):
    """Key, title and `Arrays` of the data set that `choice` comes to."""
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
            raise InputError(f"{title} is not in {folder} and its host can't be reached: give a "
                             "prepared folder with --data-dir, or use --data street")
    arrays = read_tfds(version)
    if key == "cifar10" and len(arrays.test_images) < CIFAR10_TEST < len(arrays.train_images):
        arrays = hold_out(arrays, CIFAR10_TEST)
        title += f" (test set: the last {CIFAR10_TEST} training images)"
    return key, title, arrays


def notice(folder):
    """What is said where drawn street numbers stand in for SVHN."""
    lines = (f"SVHN is not in {folder}, and its host can't be reached.",
             "Training on DRAWN STREET NUMBERS instead: synthetic images, not SVHN.",
             "The accuracy can't be compared with the book's. For SVHN, give its",
             "folder with --data-dir (a TFDS folder, or the two .mat files).")
    return source.boxed(lines)


def _street(sizes):
    """Always the same drawn numbers for the same `sizes`, the test images after the others."""
    count = sizes[0]
    drawn = drawn_street.load(sum(sizes), STREET_SEED)
    labels = drawn.labels.astype(np.int32)
    arrays = Arrays(drawn.images[:count], labels[:count], drawn.images[count:], labels[count:])
    return "street", "drawn street numbers (synthetic)", arrays
