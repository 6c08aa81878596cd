"""Make the envelopes of known changes of the MNIST GAN: the mistakes of students, each with many seeds.

    python scripts/known_changes.py --out OUT --work-dir DIR --seeds 0-9 -- --loop graph
    python scripts/known_changes.py --out OUT --changes smooth_0 swapped_labels -- --loop graph --epochs 20

The folder OUT gets one CSV file per change, CHANGE.csv, in the form of make_envelope.py. A file is
written as soon as the runs of its change are complete. The runs are kept in DIR/CHANGE-seed-N. If the
command is interrupted, the same command continues where it stopped; --changes may then name others.
If a run diverges, its file names the seed and the epoch, and the command goes on. Flags after `--` go
to every run. compare_logs.py compares a log with the changes in
gan_tf1/published/known_changes, or in the folder that --changes names.
"""

import shlex

from gan_tf1.errors import InputError, script
from gan_tf1.experiments import known_changes
from gan_tf1.files import replacing
from gan_tf1.published import envelopes
from gan_tf1.training import many_runs


def wanted(args, name, seed):
    """The run of the change `name` with `seed`."""
    flags = [*many_runs.run_flags(args, args.data, seed), "--change", name, *args.flags]
    return many_runs.Wanted(f"{name}-seed-{seed}", "changed_mnist_gan.py", flags)


@script
def main(argv=None):
    parser = many_runs.parser(__doc__, "known_changes", "0-9", what="the envelopes")
    parser.add_argument("--changes", nargs="+", metavar="CHANGE", choices=tuple(known_changes.CHANGES),
                        default=tuple(known_changes.CHANGES), help="the changes to train (default: "
                        f"all, {', '.join(known_changes.CHANGES)})")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    args = many_runs.parse(parser, argv, fixed=("--change",))
    if len(args.seeds) < envelopes.FEWEST:
        raise InputError(f"--seeds must name at least {envelopes.FEWEST} seeds, such as --seeds 0-9")
    many_runs.settle(args, "known_changes")

    many_runs.claim(args, "known_changes", "*-seed-*", data=args.data)
    for name in args.changes:
        path = args.out / f"{name}.csv"
        with replacing(path) as temporary:  # now, so that no training is lost to a bad name
            paths = many_runs.train_all([wanted(args, name, seed) for seed in args.seeds], args, keep_diverged=True)
            with open(temporary, "w", newline="") as file:
                envelopes.write(file, args.seeds, paths, f"known_changes.py {shlex.join(args.argv)}",
                                known_changes.CHANGES[name].title)
        print(path, flush=True)


if __name__ == "__main__":
    main()
