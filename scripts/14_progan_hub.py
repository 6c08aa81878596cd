"""Draw faces with the progressive GAN on TensorFlow Hub, which was trained on CelebA.

    python scripts/14_progan_hub.py                               from TensorFlow Hub, or its cache
    python scripts/14_progan_hub.py --module progan-128_1.tar.gz  a downloaded archive, or a folder
    python scripts/14_progan_hub.py --module EXPORTED             what scripts/export.py wrote

Draws three figures: one face (the chapter's figure 6.21; --seed 12 gives the chapter's own latent
vector), 25 faces (figure 6.22), and faces on great circles between latent vectors.

A module is a program: its graph can contain any TensorFlow operation, including those that read and
write files with your rights. Load only a module whose source you trust.
"""

from gan_tf1 import figures, seeds
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.experiments import vector_arithmetic
from gan_tf1.generators import hub
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number

import numpy as np

FACES, COLUMNS = 25, 5
WAYS, STEPS = 5, 8  # rows of the third figure, and faces in each


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--module", type=hub.module, default=hub.HANDLE, help="a handle, a folder "
                        f"or a .tar.gz (default: {hub.HANDLE})")
    parser.add_argument("--seed", type=seed_number, default=12, help="of the latent vectors "
                        "(default: 12, the chapter's)")
    outputs.add_flags(parser, "progan_hub", what="the folder of figures")
    args = parser.parse_args(argv)
    out = outputs.folder(args, "progan_hub")
    rng = seeds.stream(args.seed, seeds.SAMPLES)

    with hub.folder(args.module) as path, hub.opened(path) as generator:
        face = hub.chapter_noise(args.seed, (1, generator.z_size))
        faces = rng.normal(0, 1, (FACES, generator.z_size))
        ends = rng.normal(0, 1, (WAYS, 2, generator.z_size))
        ways = np.concatenate([vector_arithmetic.spherical(*pair, STEPS) for pair in ends])
        face, faces, ways = (2 * hub.generate(generator, z) - 1 for z in (face, faces, ways))

    for name, images, columns, inches in (("face", face, 1, 6), ("faces", faces, COLUMNS, 1.5),
                                          ("interpolation", ways, STEPS, 1.2)):
        title = f"{name}: {args.module}, seed {args.seed}"
        print(figures.save(figures.sample_grid(images, title, columns, inches),
                           out / f"{name}.png"))


if __name__ == "__main__":
    main()
