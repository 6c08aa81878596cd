"""Train a chapter with many seeds, and write the losses of all of them, their envelope, as one CSV.

    python scripts/make_envelope.py --out OUT.csv --seeds 0-19 --work-dir RUNS --data-dir DATA

Each seed is a run of the chapter's own script in RUNS/seed-N. If the command is interrupted,
the same command continues where it stopped. Flags after `--` go to the chapter's script.
compare_logs.py needs an envelope of at least 5 seeds, compare_accuracies.py one of at least 2. A run
that prints every step is long: with --thin 100 its envelope keeps every 100th step beside the first
100, and a log is then compared in these steps. The same command with another --table or --thin uses
the same runs, and trains nothing again. A seed that diverges is named in the envelope, but its losses
are left out.
"""

import argparse
import shlex
import sys

from gan_tf1.config import whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing
from gan_tf1.published import envelopes
from gan_tf1.training import many_runs, many_runs_command, outputs, seed_ranges


def wanted(args, seed):
    """The run of the chapter with `seed`."""
    flags = [*many_runs_command.run_flags(args, args.data, seed), *args.flags]
    return many_runs.Wanted(f"seed-{seed}", args.script, flags)


def old_form(first, counts):
    """The seeds of the older flags `--first-seed FIRST --seeds COUNT`; prints how to write them now."""
    if len(counts) > 1:
        raise InputError("--first-seed is an old flag that goes with a number of seeds: give "
                         "--seeds alone, such as --seeds 0-4 7")
    found = list(range(first, first + counts[0]))
    print(f"note: --first-seed {first} --seeds {counts[0]} is the old form of "
          f"--seeds {seed_ranges.listed(found)}", file=sys.stderr)
    return found


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "envelope", "1000-1019", ".csv", "the envelope")
    many_runs_command.add_chapter(parser)
    outputs.add_former(parser, "OUT.csv")
    parser.add_argument("--first-seed", type=whole_number, help=argparse.SUPPRESS)
    parser.add_argument("--table", default=envelopes.LOSSES, metavar="NAME", help="the table of the "
                        "runs: accuracies.csv for those that 05 prints every ten epochs, printed_losses.csv for the "
                        f"lines of 03 with --print-every (default: {envelopes.LOSSES})")
    parser.add_argument("--thin", type=whole_number, default=1, metavar="N", help="keep every Nth row "
                        f"beside the first {envelopes.FIRST} and the last {envelopes.LAST}, so that the "
                        "file of a long run stays small (default: 1, all rows)")
    parser.add_argument("--change", default="", metavar="TITLE", help='how the program differs from the '
                        'chapter\'s, such as "batches of 32": the title in the answer of compare_logs.py, if '
                        "the file is among the known changes (default: none)")
    args = many_runs_command.parse(parser, argv)
    if args.thin < 1:
        raise InputError("--thin must be at least 1")
    if args.first_seed is not None:
        args.seeds = old_form(args.first_seed, args.seeds)
    if len(args.seeds) < envelopes.FEWEST:
        raise InputError(f"--seeds {seed_ranges.listed(args.seeds)} must be at least {envelopes.FEWEST} seeds: "
                         "give a range, such as --seeds 1000-1019")
    many_runs_command.settle(args)

    with replacing(args.out) as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "envelope", "seed-*", script=args.script, data=args.data)
        paths = many_runs.train_all([wanted(args, seed) for seed in args.seeds], args)
        with open(temporary, "w", newline="") as file:
            envelopes.write(file, args.seeds, paths, f"make_envelope.py {shlex.join(args.argv)}",
                            args.change, name=args.table, thin=args.thin)
    for seed, epoch in envelopes.diverged_seeds(args.seeds, paths, args.table).items():
        print(f"note: seed {seed} diverged at {epoch}, and is not in the envelope", file=sys.stderr)
    print(args.out)


if __name__ == "__main__":
    main()
