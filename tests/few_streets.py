"""A script on 300 drawn street numbers: `python few_streets.py 03_dcgan_svhn.py FLAG ...`.

Runs of many short epochs, with everything else as it is.
"""

import sys

from conftest import load_script
from gan_tf1.data import drawn_street, svhn


def load(choice="auto", data_dir=None, num_labels=1000, seed=0, sizes=(300, 60),
         labelled_only=False):
    """In place of `svhn.load`: 300 numbers to train on and 60 others to test on."""
    drawn = drawn_street.draw(sum(sizes), 0)
    labels = drawn.labels.astype("int32")
    count = sizes[0]
    arrays = svhn.Arrays(drawn.images[:count], labels[:count], drawn.images[count:],
                         labels[count:])
    data = svhn.Dataset(arrays, num_labels, seed)
    if labelled_only:
        data = svhn.Dataset(svhn.repeat_labelled(arrays, num_labels), count, seed)
    return svhn.Svhn("street", "drawn street numbers (synthetic)", data)


if __name__ == "__main__":
    svhn.load = load
    load_script(sys.argv[1]).main(sys.argv[2:])
