"""Write a run's generator as a SavedModel, for programs that know nothing of gan_tf1.

    python scripts/export.py checkpoints/mnist_gan --out exported

RUN is a run directory of any chapter with a generator. In Python, TF2 behaviour on:

    generator = tf.saved_model.load("exported").signatures["default"]
    images = generator(latent=tf.random.uniform([16, 100], -1, 1))["default"]

exported/generator.json says of what distribution and shape `latent` is, of what shape and range the
images. The conditional GAN's takes `label=`, whole numbers, besides. pix2pix's takes `images=` and
`noise=`, the seed of its dropout; CycleGAN has two signatures, "AtoB" and "BtoA", of `images=`.
"""

import argparse
import sys

from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.generators.export import export
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=user_path, metavar="RUN", help="a run directory")
    parser.add_argument("folder", type=user_path, metavar="DIR", nargs="?",
                        help="the former way to give --out DIR")
    parser.add_argument("--out", type=user_path, metavar="DIR", help="where the SavedModel goes: a "
                        "new folder (default: the next free checkpoints/exported-NNN)")
    args = parser.parse_args(argv)
    if args.folder and args.out:
        raise InputError(f"the folder is given twice, {args.folder} and --out {args.out}: leave out "
                         "the first")
    out = args.out or args.folder or outputs.next_free("exported")
    export(args.run, out)
    print(out)
    if args.folder:
        print("note: the folder is now given as --out DIR", file=sys.stderr)


if __name__ == "__main__":
    main()
