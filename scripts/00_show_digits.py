"""Look at the digits before training on them: ten rows, one class each.

    python scripts/00_show_digits.py --data drawn --out drawn_digits.png
"""

import argparse

import numpy as np

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.files import user_path

COLUMNS = 16


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=digits.CHOICES, default="auto")
    parser.add_argument("--data-dir", type=user_path, metavar="DIR", help="where the data set lies")
    parser.add_argument("--out", type=user_path, metavar="PNG", default="digits.png")
    args = parser.parse_args(argv)

    data = digits.load(args.data, args.data_dir)
    rows = [np.flatnonzero(data.test.labels == label)[:COLUMNS] for label in range(10)]
    images = data.test.images[np.concatenate(rows)] * 2 - 1
    figure = figures.sample_grid(images, f"{data.title}: test set", COLUMNS, inches=0.6)
    print(figures.save(figure, args.out))


if __name__ == "__main__":
    main()
