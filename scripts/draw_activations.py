"""Draw ReLU and leaky ReLU as the graph computes them: figures 4 and 5 of the first chapter.

    python scripts/draw_activations.py                with the slope of the first chapter, 0.01, and of the others, 0.2
    python scripts/draw_activations.py --alpha 0.3    with another slope
"""

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import untrained
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.01, 0.2], metavar="SLOPE",
                        help="slopes of the leaky ReLU below zero, at most four (default: 0.01 0.2)")
    outputs.add_flags(parser, "activations", ".png")
    args = parser.parse_args(argv)
    if len(args.alpha) > len(untrained.STYLES) or not all(0 <= alpha < 1 for alpha in args.alpha):
        raise InputError("--alpha takes at most four slopes, each at least 0 and below 1")
    out = outputs.file(args, "activations")
    print(figures.save(untrained.activation_figure(args.alpha), out))


if __name__ == "__main__":
    main()
