"""Say in one sentence what each run suffers from, and on what numbers that rests.

    python scripts/diagnose.py checkpoints/mnist_gan-001 checkpoints/vanilla_gan-001

Looked for are divergence, collapse, the discriminator's win and oscillation, in
losses.csv and in the samples of each epoch: gan_tf1/diagnosis.py says how, and what
can't be seen. A run needn't be complete.
"""

import argparse

from gan_tf1 import diagnosis
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN", help="run directories")
    for path in parser.parse_args(argv).run:
        found = diagnosis.of_run(path)
        print(f"{path}: {found.sentence if found else 'Too short, or without losses to judge.'}")


if __name__ == "__main__":
    main()
