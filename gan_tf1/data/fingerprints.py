"""Are these the published images? Fingerprints of data sets that have the same name everywhere.

A fingerprint is the CRC-32 of the CRC-32s of all examples, sorted. So it is that of the images and
labels, whatever their order: the original files of MNIST and TensorFlow Datasets, which stores them
in another order, have the same one. `data_crc32` in a run's config.json is something else: the
checksum of the examples that the run trains on, in their order (`TrainingSet.fingerprint`).

MNIST's fingerprints are those of files whose MD5 is the published one (6bbc9ace898e44ae57da46a324031adb
for the raw training images), and CIFAR-10's those of cifar10 3.0.2 in TensorFlow Datasets. SVHN was
not available, so its fingerprint is unknown. Instead, its two files are recognized by the SHA-256
that TensorFlow Datasets has for them.
"""

import hashlib
import zlib

import numpy as np

PUBLISHED = {"MNIST": ("10ac4a1c", "54e51208"), "CIFAR-10": ("3755ec40", "c9d1b2f1")}
PARTS = ("training", "test")
SVHN_SHA256 = {
    "train_32x32.mat": "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
    "test_32x32.mat": "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"}

# What `data_crc32` says of runs on data that was not the published one, although their config.json
# does not say so.
_TOO_LOW = ("MNIST, but not the published images: every inked pixel of the training images is one grey level "
            "too low")
KNOWN_CRC32 = {"5e033caa": _TOO_LOW, "2d718bbe": _TOO_LOW}  # 55,000 images, and all 60,000


def of(images, labels) -> str:
    """The fingerprint of images [N, ...], uint8, and labels [N] from 0 to 255: eight hex digits."""
    crcs = [zlib.crc32(np.ascontiguousarray(image), int(label))
            for image, label in zip(images, labels)]
    return f"{zlib.crc32(np.sort(np.array(crcs, '<u4'))):08x}"


def note(title, arrays) -> str:
    """A sentence if `arrays` are not the published images of the data set `title`; "" if they are.

    `arrays` has the attributes `train_images`, `train_labels`, `test_images` and `test_labels`.
    """
    found = (of(arrays.train_images, arrays.train_labels),
             of(arrays.test_images, arrays.test_labels))
    return _sentence(title, "images", [
        (f"the {part} images have", "the fingerprint", own, published)
        for part, own, published in zip(PARTS, found, PUBLISHED[title])])


def note_of_svhn(folder) -> str:
    """A sentence if the two files in `folder` are not those of SVHN; "" if they are."""
    return _sentence("SVHN", "files", [
        (f"{name} has", "the SHA-256", sha256(folder / name), published)
        for name, published in SVHN_SHA256.items()])


def sha256(path) -> str:
    """The SHA-256 of the file `path`, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sentence(title, what, found):
    """`found` has tuples (which part, of what kind, its own value, the published one)."""
    other = [f"{which} {kind} {own[:8]}, the published ones {published[:8]}"
             for which, kind, own, published in found if own != published]
    return f"{title}, but not the published {what}: {'; '.join(other)}" if other else ""


def remark(config) -> str:
    """What a run's config.json, as a dict, says or lets conclude of its data; "" if it is nothing."""
    return config.get("data_note", "") or KNOWN_CRC32.get(config["data_crc32"], "")
