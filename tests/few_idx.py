"""The four idx files of MNIST with a few drawn digits: 5,300 for training and 500 for testing."""

import numpy as np

from gan_tf1.data import drawn_digits


def write(folder):
    """Create `folder` and write the four files to it."""
    folder.mkdir()
    drawn = drawn_digits.draw(900, 0)
    for part, rows in (("train", np.arange(5300) % 800), ("t10k", np.arange(400, 900))):
        for kind, dimensions, array in (("images-idx3", 3, drawn.images),
                                        ("labels-idx1", 1, drawn.labels)):
            header = np.array([0x800 + dimensions, *array[rows].shape], ">u4").tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array[rows].tobytes())
