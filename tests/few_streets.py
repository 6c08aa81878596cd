"""Run a script on 300 drawn street numbers: `python few_streets.py 03_dcgan_svhn.py FLAG ...`.

Epochs are short, and everything else is as usual.
"""

import sys

from conftest import load_script
from gan_tf1.data import svhn

load_svhn = svhn.load


def load(choice="auto", data_dir=None, *options, **named):
    """Replaces `svhn.load`: 300 street numbers for training and 60 others for testing."""
    return load_svhn("street", None, *options, **named, sizes=(300, 60))


if __name__ == "__main__":
    svhn.load = load
    load_script(sys.argv[1]).main(sys.argv[2:])
