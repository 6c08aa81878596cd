"""Look at the images before training on them: ten rows, one for each class.

    python scripts/00_show_digits.py                  the digits of chapter 1
    python scripts/00_show_digits.py --data street    the street numbers of the SVHN chapters
"""

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.data import digits, svhn
from gan_tf1.errors import script
from gan_tf1.files import data_folder
from gan_tf1.training import outputs
from gan_tf1.training.command_line import about_auto

import numpy as np

COLUMNS = 16


def test_set(choice, data_dir):
    """The title, the images [n, ...] in -1 to 1 and the labels [n] of the test set `choice`."""
    if choice in digits.CHOICES:
        data = digits.load(choice, data_dir)
        return data.title, data.test.images * 2 - 1, data.test.labels
    data = svhn.load(choice, data_dir, num_labels=0)
    arrays = data.train.arrays
    return data.title, svhn.scaled(arrays.test_images), arrays.test_labels


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--data", default="auto",
                        choices=(*digits.CHOICES, *svhn.CHOICES[1:]),
                        help=f"the data set; {about_auto(digits.CHOICES)}default: auto")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="the folder of the data set")
    outputs.add_flags(parser, "digits", ".png")
    args = parser.parse_args(argv)
    out = outputs.file(args, "digits")

    title, images, labels = test_set(args.data, args.data_dir)
    rows = [np.flatnonzero(labels == label)[:COLUMNS] for label in range(10)]
    figure = figures.sample_grid(images[np.concatenate(rows)], f"{title}: test set", COLUMNS,
                                 inches=0.6)
    print(figures.save(figure, out))


if __name__ == "__main__":
    main()
