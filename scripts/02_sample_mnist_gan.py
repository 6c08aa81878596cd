"""Draw new samples from a trained MNIST generator: the chapter's figure 9.

    python scripts/02_sample_mnist_gan.py                       the generator that is shipped
    python scripts/02_sample_mnist_gan.py --run-dir checkpoints/mnist_gan-001 --n 64
    python scripts/02_sample_mnist_gan.py --out samples.npy     [n, 784] in (-1, 1)
    python scripts/02_sample_mnist_gan.py --pickle train_generator_samples.pkl
"""

import argparse
import pathlib

import numpy as np

from gan_tf1 import book_pickle, figures, samples
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing, user_path
from gan_tf1.launch import seed_number
from gan_tf1.models import mnist_gan
from gan_tf1.run import read_config_of

SHIPPED = pathlib.Path(__file__).parent.parent / "checkpoints" / "mnist_gan"


def draw(path, count, seed):
    """`count` samples [count, 784] of the newest generator in run directory `path`, and a title."""
    stored = read_config_of(mnist_gan.CHAPTER, path, "the MNIST GAN")
    images, epoch = samples.draw(path, mnist_gan, count, seed)
    epoch = f"epoch {epoch}" if epoch else "training"
    return images, f"Samples after {epoch}, trained on {stored['data_title']}, seed {seed}"


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", default=SHIPPED,
                        help="a run of 01_mnist_gan.py (default: the shipped generator)")
    parser.add_argument("--pickle", type=user_path, metavar="FILE", help="draw the last samples in "
                        "a pickle of the book's listing instead")
    parser.add_argument("--n", type=whole_number, default=16, help="how many (default: 16)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the noise (default: 0)")
    parser.add_argument("--out", type=user_path, metavar="FILE", default="samples.png",
                        help="a .png, or a .npy with the numbers (default: samples.png)")
    args = parser.parse_args(argv)
    out = args.out
    if out.suffix not in (".png", ".npy"):
        raise InputError(f"--out {out} must end in .png or .npy")
    if not 1 <= args.n <= 100_000:
        raise InputError("--n must be at least 1 and at most 100000")

    if args.pickle:
        images = book_pickle.load_samples(args.pickle)[-1][:args.n]
        title = f"Last samples in {args.pickle.name}"
    else:
        images, title = draw(args.run_dir, args.n, args.seed)
    if out.suffix == ".npy":
        with replacing(out) as temporary:
            np.save(temporary, images)
    else:
        columns = max(4, int(np.ceil(np.sqrt(len(images)))))
        figures.save(figures.sample_grid(images, title, columns), out)
    print(out)


if __name__ == "__main__":
    main()
