"""`python -m gan_tf1.listing FILE`: run a TF1 listing as it is written."""

import argparse
import re
import sys

from gan_tf1.config import Parser
from gan_tf1.errors import TrainingError, script
from gan_tf1.files import user_path
from gan_tf1.wording import quantity

DESCRIPTION = """\
Run a listing of TensorFlow 1 as it is written, on the installed TensorFlow: a .py, the code cells
of an .ipynb, or the fenced blocks of a chapter in Markdown or plain text. The file is not changed.
This EXECUTES the code in the file with your rights, as `python FILE` does: run only files that you
would run in that way."""


def block_numbers(text) -> set[int]:
    """An argparse type: "3", "3-7" or "1,3-7" as a set of numbers."""
    numbers = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,6})(?:-(\d{1,6}))?\s*", part)
        if not found or int(found[2] or found[1]) < int(found[1]):
            raise argparse.ArgumentTypeError(f"{text!r} is not a range of blocks such as 3-7")
        numbers |= set(range(int(found[1]), int(found[2] or found[1]) + 1))
    return numbers


def setting(text) -> tuple[str, str]:
    """An argparse type: "NAME=VALUE" as (name, value), both str."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value


def parse(argv):
    """Parse the command line; returns the arguments, and those after `--` for the listing."""
    argv = list(sys.argv[1:] if argv is None else argv)
    own = argv.index("--") if "--" in argv else len(argv)
    parser = Parser(prog="python -m gan_tf1.listing", description=DESCRIPTION,
                    epilog="The arguments after -- are passed to the listing.")
    parser.add_argument("file", type=user_path, metavar="FILE", help="the listing")
    parser.add_argument("--workdir", type=user_path, default=".", metavar="DIR",
                        help="directory in which the listing runs and saves its figures; created "
                             "if it is missing (default: the current directory)")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
                        help="replace a value by the Python expression VALUE. NAME is a variable "
                             "that the listing assigns outside of functions and classes, "
                             "FUNCTION.NAME or self.NAME for one inside, or a number, which is "
                             "replaced wherever it occurs. May be given several times")
    parser.add_argument("--only", type=block_numbers, metavar="3-7",
                        help="run only these blocks (counted from 1; 1,3-7 for several ranges)")
    parser.add_argument("--keep-going", action="store_true",
                        help="continue with the next block after one that failed")
    parser.add_argument("--python2", action="store_true",
                        help="the listing and the modules beside it are written in Python 2; needs "
                             "the package fissix")
    parser.add_argument("--list", action="store_true",
                        help="show the blocks with their numbers, without running them")
    parser.add_argument("--report", action="store_true",
                        help="explain, without running it, what the listing needs, what is "
                             "emulated for it, and what stops it")
    return parser.parse_args(argv[:own]), argv[own + 1:]


@script
def main(argv=None):
    """Run the command line `argv`. The exit status is 1 if the listing fails, 2 for bad input."""
    args, own = parse(argv)
    from gan_tf1.listing import blocks, rewrite
    if args.list:
        for block in blocks.read(args.file):
            lines = [line for line in block.source.split("\n") if line.strip()]
            first = lines[0].strip() if lines else "(empty)"
            print(f"{block.number:3d}  {quantity(len(lines), 'line')}: {first}")
        return
    if args.report:
        from gan_tf1.listing.survey import report
        print(report(args.file.resolve()))
        return
    values = {name: rewrite.value(name, text) for name, text in args.set}
    blocks.read(args.file)  # report bad input before TensorFlow is loaded, which takes seconds
    from gan_tf1.listing.report import told
    from gan_tf1.listing.run import run
    result = run(args.file, args.workdir, values, args.only, own, args.keep_going,
                 args.python2)
    if result.failures:
        raise TrainingError("\n\nerror: ".join(told(failure, args.file)
                                               for failure in result.failures))


if __name__ == "__main__":
    main()
