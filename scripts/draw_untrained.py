"""Draw what a generator makes of noise before any training: figure 2 of "Stepping into the magical world of GANs".

    python scripts/draw_untrained.py                        the article's generator
    python scripts/draw_untrained.py mnist_gan --seed 3     another chapter's, with other weights and noise

The article shows the image with `imshow`, which makes its least value black and its greatest white. On the scale of
the digits, the same image is an even grey. Both are drawn.
"""

from gan_tf1 import figures, models
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.experiments import untrained
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("chapter", nargs="?", default="dcgan_mnist", metavar="CHAPTER",
                        help="the chapter's name in `draw_network.py --list` (default: dcgan_mnist)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the weights and the noise (default: 0)")
    outputs.add_flags(parser, "untrained", ".png")
    args = parser.parse_args(argv)
    models.refuse_unknown(args.chapter)
    out = outputs.file(args, "untrained")
    title = f"An untrained generator: {args.chapter}, seed {args.seed}"
    print(figures.save(untrained.sample_figure(untrained.sample(args.chapter, args.seed), title), out))


if __name__ == "__main__":
    main()
