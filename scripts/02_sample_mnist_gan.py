"""Draw new samples from a trained generator, by default that of the MNIST GAN: the chapter's figure 9.

    python scripts/02_sample_mnist_gan.py                       with the generator that is shipped
    python scripts/02_sample_mnist_gan.py --run-dir checkpoints/mnist_gan-001 --samples 64
    python scripts/02_sample_mnist_gan.py --run-dir checkpoints/mnist_generators/vanilla_gan    another chapter
    python scripts/02_sample_mnist_gan.py --run-dir checkpoints/dcgan_svhn/generator    in colour
    python scripts/02_sample_mnist_gan.py --out samples.npy     as numbers, [n, 784] in (-1, 1)
    python scripts/02_sample_mnist_gan.py --pickle train_generator_samples.pkl    the book's samples
"""

from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.published import book_pickle


def draw(path, count, seed):
    """`count` samples of the newest generator in the run directory `path`, and a title.

    Digits of MNIST are [count, 784], other images [count, H, W], or [count, H, W, 3] in colour.
    """
    model, stored = sample_files.of_images(path)
    images, _, epoch = sample_files.draw_any(path, model, count, seed)
    title = (f"Samples of {model.CHAPTER} after {sample_files.when(model, stored, epoch)}, trained on "
             f"{stored['data_title']}, with noise of seed {seed}")
    return images.reshape(count, -1) if images.shape[1:] in sample_files.SHAPES else images, title


@script
def main(argv=None):
    parser = Parser(__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--run-dir", type=user_path, metavar="DIR", default=sample_files.SHIPPED,
                        help="a run of 01_mnist_gan.py, or of another chapter that makes images of noise "
                        "(default: the shipped generator)")
    source.add_argument("--pickle", type=user_path, metavar="FILE", help="show the last samples in "
                        "a pickle that the book's listing wrote instead")
    sample_files.add_flags(parser)
    args = parser.parse_args(argv)
    out = sample_files.checked(args)

    if args.pickle:
        kept = book_pickle.load_samples(args.pickle)[-1]
        if args.n > len(kept):
            raise InputError(f"{args.pickle} has {len(kept)} samples of its last epoch: choose --samples "
                             f"{len(kept)} or less")
        images = kept[:args.n]
        title = f"Last samples in {args.pickle.name}"
    else:
        images, title = draw(args.run_dir, args.n, args.seed)
    sample_files.save(images, title, out)


if __name__ == "__main__":
    main()
