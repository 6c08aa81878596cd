"""Train a chapter with many seeds, and write its seed-to-seed envelope as one CSV.

    python scripts/make_envelope.py OUT.csv --work-dir DIR --data-dir DIR

Each seed is a run of the chapter's own script in WORK_DIR/seed-N. Interrupted,
the same command goes on where it stopped. Flags after `--` go to the chapter's
script.
"""

import argparse
import csv
import json
import pathlib
import sys

from gan_tf1 import repeated
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing, user_path
from gan_tf1.run import load_losses, read_config


def train(seed, args):
    """Run, or resume, the chapter with `seed`; return its run directory."""
    path = args.work_dir / f"seed-{seed}"
    flags = ["--data", args.data, "--seed", seed, *args.flags]
    if args.data_dir:
        flags += ["--data-dir", args.data_dir]
    repeated.train(args.script, path, flags, args.jobs)
    return path


def write(file, seeds, paths, command):
    """The envelope to `file`: how it was made, then a row for every seed and epoch, or step."""
    configs = [read_config(path) for path in paths]
    for key in ("settings", "loop", "data_crc32", "versions"):
        if any(config.get(key) != configs[0].get(key) for config in configs):
            raise InputError(f"the runs in {paths[0].parent} differ in their {key}: give another "
                             "--work-dir")
    how = {"chapter": configs[0]["chapter"], "settings": configs[0]["settings"],
           "loop": configs[0].get("loop"),
           "data": configs[0]["data_title"], "seeds": f"{seeds[0]} to {seeds[-1]}",
           "command": command, "versions": configs[0]["versions"]}
    for key, value in how.items():
        file.write(f"# {key}: {value if isinstance(value, str) else json.dumps(value)}\n")
    rows = csv.writer(file, lineterminator="\n")
    for seed, path in zip(seeds, paths):
        losses = load_losses(path)
        if seed == seeds[0]:
            rows.writerow(["seed", *losses])  # the first of them is the count
        for count, *values in zip(*losses.values()):
            rows.writerow([seed, int(count), *(f"{value:.4f}" for value in values)])


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=user_path, metavar="OUT.csv")
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script")
    parser.add_argument("--work-dir", type=user_path, default=pathlib.Path("checkpoints/envelope"),
                        help="where the runs go (default: checkpoints/envelope)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    parser.add_argument("--data-dir", type=user_path, help="where the data set lies")
    parser.add_argument("--first-seed", type=whole_number, default=1000)
    parser.add_argument("--seeds", type=whole_number, default=20, help="how many (default: 20)")
    parser.add_argument("--jobs", type=whole_number, default=2, help="runs at a time (default: 2)")
    argv = sys.argv[1:] if argv is None else argv
    own, flags = repeated.split(argv)
    args = parser.parse_args(own)
    args.flags = flags

    if args.seeds < 2:
        raise InputError("--seeds must be at least 2")
    repeated.check(args.script, args.jobs)
    with replacing(args.out) as temporary:  # now, so that no training is lost to a bad name
        repeated.claim(args.work_dir / "envelope.json",
                       {"script": args.script, "data": args.data, "flags": args.flags})
        seeds = range(args.first_seed, args.first_seed + args.seeds)
        paths = repeated.side_by_side(lambda seed: train(seed, args), seeds, args.jobs)
        with open(temporary, "w", newline="") as file:
            write(file, seeds, paths, "make_envelope.py " + " ".join(argv))
    print(args.out)


if __name__ == "__main__":
    main()
