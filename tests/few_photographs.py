"""Tiny pictures in place of the facades and of horses and zebras: made here, synthetic."""

import numpy as np
from PIL import Image

from gan_tf1.data import facades, unpaired


def make_facades(folder, train=4, test=3):
    """Pairs of 512x256 pixels in `folder`: a noisy picture of the labels, and the labels."""
    rng = np.random.default_rng(0)
    colours = np.array(list(facades.PALETTE.values()), np.uint8)
    for part, count in (("train", train), ("test", test)):
        (folder / part).mkdir(parents=True)
        for number in range(count):
            labels = rng.integers(0, len(colours), (8, 8)).repeat(32, 0).repeat(32, 1)
            photograph = 255 - colours[labels] // 2 + rng.integers(0, 30, (256, 256, 3), np.uint8)
            pair = np.concatenate([photograph, colours[labels]], axis=1)
            Image.fromarray(pair).save(folder / part / f"{number}.jpg", quality=90)
    return folder


def make_sets(folder, train=(5, 6), test=(4, 3), size=8):
    """Two sets of `size` pixels in `folder`: dark pictures in A, bright ones in B."""
    rng = np.random.default_rng(1)
    for number, part in enumerate(unpaired.PARTS):
        (folder / part).mkdir(parents=True)
        for picture in range((*train, *test)[number]):
            pixels = rng.integers(0, 60, (size, size, 3), np.uint8) + 150 * (number % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / part / f"{picture}.png")
    return folder
