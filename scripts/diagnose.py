"""Diagnose runs: one sentence says how each training went, with the numbers behind it.

    python scripts/diagnose.py checkpoints/mnist_gan-001 checkpoints/vanilla_gan-001

It looks for signs of divergence, collapse, partial collapse, discriminator dominance and
oscillation, in losses.csv and in the samples of each epoch. gan_tf1/training/diagnosis.py explains
the signs, and what they can't show. A run needn't be complete. scripts/runs.py prints a table of
many runs.
"""

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.training import diagnosis


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN", help="run directories")
    for path in parser.parse_args(argv).run:
        print(f"{path}: {diagnosis.of_run(path).sentence}")


if __name__ == "__main__":
    main()
