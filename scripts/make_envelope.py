"""Train a chapter with many seeds, and write its seed-to-seed envelope as one CSV.

    python scripts/make_envelope.py --out OUT.csv --seeds 0-19 --work-dir DIR --data-dir DIR

Each seed is a run of the chapter's own script in WORK_DIR/seed-N. If it is
interrupted, the same command goes on where it stopped. Flags after `--` go to the
chapter's script. compare_logs.py needs an envelope of at least 5 seeds,
compare_accuracies.py one of at least 2.
"""

import argparse
import csv
import json
import shlex
import sys

from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing
from gan_tf1.training import many_runs, outputs
from gan_tf1.training.run_results import load_losses

FEWEST = 2  # seeds: one has no spread


def train(seed, args):
    """Run, or resume, the chapter with `seed`; return its run directory."""
    path = args.work_dir / f"seed-{seed}"
    many_runs.train(args.script, path, [*many_runs.run_flags(args, args.data, seed), *args.flags],
                    args.jobs)
    return path


def write(file, seeds, paths, command):
    """The envelope to `file`: how it was made, then a row for every seed and epoch, or step."""
    config = many_runs.refuse_unequal(paths, ("settings", "loop", "data_crc32", "versions"))
    how = {"chapter": config["chapter"], "settings": config["settings"],
           "loop": config.get("loop"), "data": config["data_title"],
           "seeds": many_runs.listed(seeds), "command": command, "versions": config["versions"]}
    for key, value in how.items():
        file.write(f"# {key}: {value if isinstance(value, str) else json.dumps(value)}\n")
    rows = csv.writer(file, lineterminator="\n")
    for seed, path in zip(seeds, paths):
        losses = load_losses(path)
        if seed == seeds[0]:
            rows.writerow(["seed", *losses])  # the first of them is the count
        for count, *values in zip(*losses.values()):
            rows.writerow([seed, int(count), *(f"{value:.4f}" for value in values)])


def old_form(first, counts):
    """The seeds of the older flags, `--first-seed FIRST --seeds COUNT`; says how to write them now."""
    if len(counts) > 1:
        raise InputError("--first-seed is an old flag that goes with a number of seeds: give "
                         "--seeds alone, such as --seeds 0-4 7")
    found = list(range(first, first + counts[0]))
    print(f"note: --first-seed {first} --seeds {counts[0]} is the old form of "
          f"--seeds {many_runs.listed(found)}", file=sys.stderr)
    return found


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    outputs.add_flags(parser, "envelope", ".csv", "the envelope")
    outputs.add_former(parser, "OUT.csv")
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script "
                        "(default: 01_mnist_gan.py)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    parser.add_argument("--first-seed", type=whole_number, help=argparse.SUPPRESS)
    many_runs.add_flags(parser, "1000-1019", work_dir="checkpoints/envelope")
    args = many_runs.parse(parser, argv)
    args.work_dir = args.work_dir or outputs.home() / "envelope"
    outputs.take_former(args, "OUT.csv")
    args.out = outputs.file(args, "envelope", (".csv",))
    if args.first_seed is not None:
        args.seeds = old_form(args.first_seed, args.seeds)
    if len(args.seeds) < FEWEST:
        raise InputError(f"--seeds {many_runs.listed(args.seeds)} must be at least {FEWEST} seeds: "
                         "give a range, such as --seeds 1000-1019")
    many_runs.check(args.script)

    with replacing(args.out) as temporary:  # now, so that no training is lost to a bad name
        many_runs.claim(args.work_dir / "envelope.json",
                        {"script": args.script, "data": args.data, "flags": args.flags,
                         "data_dir": many_runs.absolute(args.data_dir)}, "seed-*")
        paths = many_runs.side_by_side(lambda seed: train(seed, args), args.seeds, args)
        with open(temporary, "w", newline="") as file:
            write(file, args.seeds, paths, f"make_envelope.py {shlex.join(args.argv)}")
    print(args.out)


if __name__ == "__main__":
    main()
