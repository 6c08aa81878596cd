"""A script on 300 drawn street numbers: `python few_streets.py 03_dcgan_svhn.py FLAG ...`.

Runs of many short epochs, with everything else as it is.
"""

import sys

from conftest import load_script
from gan_tf1.data import svhn

load_svhn = svhn.load


def load(choice="auto", data_dir=None, *options, **named):
    """In place of `svhn.load`: 300 numbers to train on and 60 others to test on."""
    return load_svhn("street", None, *options, **named, sizes=(300, 60))


if __name__ == "__main__":
    svhn.load = load
    load_script(sys.argv[1]).main(sys.argv[2:])
