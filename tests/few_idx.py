"""MNIST's four idx files with a few drawn digits: 5,300 to train on and 500 to test on."""

import numpy as np

from gan_tf1.data import drawn_digits


def write(folder):
    """Make `folder` and the files in it."""
    folder.mkdir()
    drawn = drawn_digits.draw(900, 0)
    for part, rows in (("train", np.arange(5300) % 800), ("t10k", np.arange(400, 900))):
        for kind, dimensions, array in (("images-idx3", 3, drawn.images),
                                        ("labels-idx1", 1, drawn.labels)):
            header = np.array([0x800 + dimensions, *array[rows].shape], ">u4").tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array[rows].tobytes())
