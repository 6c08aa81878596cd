"""Seeds on the command line of a script of many runs: numbers and ranges, such as `--seeds 0-4 7`."""

import argparse

from gan_tf1.training.command_line import seed_number

MOST = 10_000  # seeds in a range


def add_seeds(parser, default):
    """The flag --seeds, whose value is a list of numbers; `default` is a text such as "0-4"."""
    parser.add_argument("--seeds", type=_seeds, nargs="+", action=_Seeds, metavar="SEED",
                        default=_seeds(default), help="seeds and ranges of seeds, such as 0-4 7 "
                        f"(default: {default})")


def _seeds(text):
    """An argparse type: the list of seeds that "7" or the range "0-19" means."""
    first, dash, last = text.partition("-")
    first = seed_number(first)
    last = seed_number(last) if dash else first
    if last < first:
        raise argparse.ArgumentTypeError(f"the range {text} runs backward: write {last}-{first}")
    if last - first >= MOST:
        raise argparse.ArgumentTypeError(f"{text} are more than {MOST} seeds")
    return list(range(first, last + 1))


class _Seeds(argparse.Action):
    """Joins the lists of `_seeds`, and refuses a seed that is named twice."""

    def __call__(self, parser, namespace, values, option_string=None):
        joined = sum(values, [])
        twice = [seed for seed in dict.fromkeys(joined) if joined.count(seed) > 1]
        if twice:
            raise argparse.ArgumentError(self, f"{' '.join(map(str, twice))} must be named once")
        setattr(namespace, self.dest, joined)


def listed(numbers):
    """Seeds as --seeds takes them: [0, 1, 2, 7] is "0-2 7"."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
