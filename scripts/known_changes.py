"""Make the envelopes of known changes of the MNIST GAN: the mistakes of students, each with many seeds.

    python scripts/known_changes.py --out OUT --work-dir DIR --seeds 0-9 -- --loop graph
    python scripts/known_changes.py --out OUT --changes smooth_0 swapped_labels -- --loop graph --epochs 20

The folder OUT gets one CSV file per change, CHANGE.csv, in the form of make_envelope.py. The runs are
kept in DIR/CHANGE-seed-N. If the command is interrupted, the same command continues where it stopped. To
write the files of some changes while others still train, name the complete ones:
--changes smooth_0 bypass --gather. If a run diverges, the file of its change names the seed and the epoch,
and the command goes on. Flags after `--` go to every run. compare_logs.py compares a log with the changes in
gan_tf1/published/known_changes, or in the folder that --changes names.
"""

import contextlib
import shlex

from gan_tf1.errors import InputError, script
from gan_tf1.experiments import known_changes
from gan_tf1.files import replacing
from gan_tf1.published import envelopes
from gan_tf1.training import many_runs, many_runs_command


def wanted(args, name, seed):
    """The run of the change `name` with `seed`."""
    flags = [*many_runs_command.run_flags(args, args.data, seed), "--change", name, *args.flags]
    return many_runs.Wanted(f"{name}-seed-{seed}", "changed_mnist_gan.py", flags)


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "known_changes", "0-9", what="the envelopes")
    parser.add_argument("--changes", nargs="+", metavar="CHANGE", choices=tuple(known_changes.CHANGES),
                        default=tuple(known_changes.CHANGES), help="the changes to train (default: "
                        f"all, {', '.join(known_changes.CHANGES)})")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    args = many_runs_command.parse(parser, argv, fixed=("--change",))
    if len(args.seeds) < envelopes.FEWEST_KNOWN:
        raise InputError(f"--seeds must name at least {envelopes.FEWEST_KNOWN} seeds, such as --seeds 0-9")
    many_runs_command.refuse_twice("--changes", args.changes)
    many_runs_command.settle(args)

    many_runs_command.claim(args, "known_changes", "*-seed-*", data=args.data)
    with contextlib.ExitStack() as files: # first: a bad name must not cost a training
        temporary = {name: files.enter_context(replacing(args.out / f"{name}.csv")) for name in args.changes}
        asked = [wanted(args, name, seed) for name in args.changes for seed in args.seeds]
        paths = many_runs.train_all(asked, args)
        for name, own in many_runs.per_row(args.changes, paths).items():
            with open(temporary[name], "w", newline="") as file:
                envelopes.write(file, args.seeds, own, f"known_changes.py {shlex.join(args.argv)}",
                                known_changes.CHANGES[name].title)
    print(*(args.out / f"{name}.csv" for name in args.changes), sep="\n")


if __name__ == "__main__":
    main()
