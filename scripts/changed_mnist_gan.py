"""Train the MNIST GAN with one known change, such as swapped labels, as 01_mnist_gan.py trains the chapter.

    python scripts/changed_mnist_gan.py --change swapped_labels --loop graph
    python scripts/changed_mnist_gan.py --change swapped_labels --show

--show prints the change, flags or lines, and trains nothing. All other flags are those of
01_mnist_gan.py. gan_tf1/experiments/known_changes.py is the table of the changes.
"""

import difflib
import importlib.util
import pathlib

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.experiments import known_changes
from gan_tf1.models import mnist_gan
from gan_tf1.places import SCRIPTS


def chapters_script():
    """scripts/01_mnist_gan.py as a module."""
    spec = importlib.util.spec_from_file_location("changed_01_mnist_gan", SCRIPTS / "01_mnist_gan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(change):
    """The lines that show a change: its flags, or the lines that it removes and adds."""
    flags = [f"01_mnist_gan.py {' '.join(change.flags)}"] if change.flags else []
    before = pathlib.Path(mnist_gan.__file__).read_text().splitlines()
    after = known_changes.changed_source(change.lines).splitlines()
    return flags + [line for line in difflib.unified_diff(before, after, lineterm="", n=0)
                    if line[0] in "+-" and line[:3] not in ("+++", "---")]


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--change", required=True, choices=tuple(known_changes.CHANGES),
                        help="the change")
    parser.add_argument("--show", action="store_true", help="print the change and train nothing")
    args, others = parser.parse_known_args(argv)
    change = known_changes.CHANGES[args.change]
    if args.show:
        parser.parse_args(argv)  # which refuses the flags of a training
        print(f"{args.change}: {change.title}", *shown(change), sep="\n")
        return
    chapter = chapters_script()
    chapter.mnist_gan = known_changes.changed_model(args.change)
    chapter.main([*change.flags, *others])


if __name__ == "__main__":
    main()
