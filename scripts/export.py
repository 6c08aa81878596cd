"""Write a run's generator as a SavedModel, for programs that know nothing of gan_tf1.

    python scripts/export.py checkpoints/mnist_gan exported

RUN is a run directory of any chapter with a generator. In Python, TF2 behaviour on:

    generator = tf.saved_model.load("exported").signatures["default"]
    images = generator(latent=tf.random.uniform([16, 100], -1, 1))["default"]

exported/generator.json says of what distribution and shape `latent` is, of what shape and range the
images. The conditional GAN's takes `label=`, whole numbers, besides. pix2pix's takes `images=` and
`noise=`, the seed of its dropout; CycleGAN has two signatures, "AtoB" and "BtoA", of `images=`.
"""

import argparse

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.export import export
from gan_tf1.files import user_path


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=user_path, metavar="RUN")
    parser.add_argument("folder", type=user_path, metavar="DIR", help="a new folder")
    args = parser.parse_args(argv)
    export(args.run, args.folder)
    print(args.folder)


if __name__ == "__main__":
    main()
