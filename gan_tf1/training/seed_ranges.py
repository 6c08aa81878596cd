"""Seeds on the command line: numbers and ranges, such as `--seeds 0-4 7`."""

import argparse

from gan_tf1.training.command_line import seed_number

MOST = 10_000  # the most seeds in a range


def add_seeds(parser, default) -> None:
    """Add the flag --seeds, whose value is a list of numbers; `default` is a text such as "0-4"."""
    parser.add_argument("--seeds", type=_seeds, nargs="+", action=_Seeds, metavar="SEED",
                        default=_seeds(default), help="seeds and ranges of seeds, such as 0-4 7 "
                        f"(default: {default})")


def _seeds(text):
    """An argparse type: a seed, such as "7", or a range of seeds, such as "0-19", as a list."""
    first, dash, last = text.partition("-")
    first = seed_number(first)
    last = seed_number(last) if dash else first
    if last < first:
        raise argparse.ArgumentTypeError(f"the range {text} is backward: write {last}-{first}")
    if last - first >= MOST:
        raise argparse.ArgumentTypeError(f"{text} has more than {MOST} seeds")
    return list(range(first, last + 1))


class _Seeds(argparse.Action):
    """Joins the lists returned by `_seeds`. A seed that is given twice is an error."""

    def __call__(self, parser, namespace, values, option_string=None):
        joined = sum(values, [])
        twice = [seed for seed in dict.fromkeys(joined) if joined.count(seed) > 1]
        if twice:
            raise argparse.ArgumentError(self, f"{' '.join(map(str, twice))} must be given once")
        setattr(namespace, self.dest, joined)


def listed(numbers) -> str:
    """The list of seeds `numbers` in the form that --seeds accepts: "0-2 7" for [0, 1, 2, 7]."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
