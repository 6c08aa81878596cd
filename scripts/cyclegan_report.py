"""Measure what a CycleGAN between regular and bold digits changes, and whether it keeps the digit.

    python scripts/16_cyclegan.py --run-dir RUN
    python scripts/cyclegan_report.py RUN

RUN was trained on drawn digits (synthetic), whose label and pen are known. Digits that it wasn't
trained on are translated in both directions, and back again. A table shows the weight of the
strokes, and how many digits a classifier still reads as their label; a figure shows examples.
"""

from gan_tf1 import figures
from gan_tf1.config import Parser, add_count
from gan_tf1.data import unpaired
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier
from gan_tf1.experiments import translation
from gan_tf1.files import user_path
from gan_tf1.training import outputs
from gan_tf1.training.run_config import read_config

import numpy as np

NAMES = ("regular", "bold")


def first_of_each(labels):
    """The index of the first image of each digit, 0 to 9."""
    return [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, metavar="RUN", help="a run of 16_cyclegan.py")
    add_count(parser, 2000, "digits of each set, 100 to 3000")
    classifier.add_flag(parser)
    outputs.add_flags(parser, "translations", ".png")
    args = parser.parse_args(argv)
    if not 100 <= args.n <= 3000:
        raise InputError("--samples must be at least 100 and at most 3000")
    out = outputs.file(args, "translations")
    stored = read_config(args.run)
    _, held_out = unpaired.drawn()
    found = list(translation.ways(args.run, held_out, args.n))

    print(f"cyclegan ({args.run}) on {stored['data_title']}, seed {stored['seed']}: {args.n} "
          f"digits of each set, held out; data_crc32 {stored['data_crc32']}")
    print(*translation.report(found, NAMES, args.classifier), sep="\n")
    rows = [stage[first_of_each(way.labels)] for way in found for stage in way[:3]]
    names = [name for one, other in (NAMES, NAMES[::-1])
             for name in (one, f"{one} to {other}", f"and back to {one}")]
    figure = figures.sample_grid(
        2 * np.concatenate(rows) - 1, f"CycleGAN on {stored['data_title']}, seed {stored['seed']}:\n"
        "the first held-out digit of each class, translated", 10, 0.8, names)
    print(figures.save(figure, out))


if __name__ == "__main__":
    main()
