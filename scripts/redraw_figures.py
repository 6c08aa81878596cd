"""Draw the figures in checkpoints/ again, from the numbers that are kept beside them.

    python scripts/redraw_figures.py                                 into a new folder
    python scripts/redraw_figures.py --out checkpoints --overwrite   replace those in checkpoints/

Nothing is trained. A figure that shows samples can't be drawn again in this way, because no samples
are kept: run the script that made it. The exception is the picture at the top of the main README,
whose samples are read from mnist_gan/figures/progress.png. 17_gan_objectives.py makes the figures of
the theory.
"""

from gan_tf1 import figures, places
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import kept_figures
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    outputs.add_flags(parser, "redrawn", what="the folder of figures")
    args = parser.parse_args(argv)
    if not places.REPOSITORY:
        raise InputError(f"{places.SHIPPED} holds no results: run this script in a clone of the "
                         "repository")
    out = outputs.folder(args, "redrawn")
    for name, figure in kept_figures.every():
        print(figures.save(figure, out / name))


if __name__ == "__main__":
    main()
