"""Run a script on 400 drawn digits: `python few_digits.py [SCRIPT] FLAG ...`.

By default, it is the script of the first chapter. Epochs are short, and everything else is as usual.
"""

import functools
import sys

from conftest import load_script
from gan_tf1 import seeds
from gan_tf1.data import digits, drawn_digits
from gan_tf1.data.mnist import DataSet


@functools.lru_cache(maxsize=None)
def drawn_once():
    """The 400 digits, which cannot be written to, since all runs of a process share them."""
    drawn = drawn_digits.draw(400, 0)
    for array in (drawn.images, drawn.labels):
        array.flags.writeable = False
    return drawn


def load(choice="auto", data_dir=None, seed=0):
    """Replaces `digits.load`: 400 digits for training, validation and testing alike."""
    drawn = drawn_once()
    data = DataSet(drawn.images, drawn.labels, [seed, seeds.ORDER])
    return digits.Digits("drawn", "drawn digits (synthetic)", data, data, data)


if __name__ == "__main__":
    digits.load = load
    named = sys.argv[1].endswith(".py")
    load_script(sys.argv[1] if named else "01_mnist_gan.py").main(sys.argv[1 + named:])
