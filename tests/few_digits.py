"""A script on 400 drawn digits: `python few_digits.py [05_dcgan_mnist.py] FLAG ...`.

Runs of many short epochs, with everything else as it is. Without a name it is the first chapter's.
"""

import sys

from conftest import load_script
from gan_tf1.data import digits, drawn_digits
from gan_tf1.data.mnist import DataSet


def load(choice="auto", data_dir=None, seed=0):
    """In place of `digits.load`: 400 digits to train on, and to validate and test on too."""
    drawn = drawn_digits.draw(400, 0)
    data = DataSet(drawn.images, drawn.labels, seed)
    return digits.Digits("drawn", "drawn digits (synthetic)", data, data, data)


if __name__ == "__main__":
    digits.load = load
    named = sys.argv[1].endswith(".py")
    load_script(sys.argv[1] if named else "01_mnist_gan.py").main(sys.argv[1 + named:])
