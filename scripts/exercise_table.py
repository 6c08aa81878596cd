"""Train the exercises of the lesson with many seeds: does each run show what the lesson says?

    python scripts/exercise_table.py                             all exercises, 10 seeds each
    python scripts/exercise_table.py --exercises 1 3 --seeds 0-2 --data drawn

Every exercise is trained with every seed, and so is the usual program that it is compared with. The
folder OUT gets

    exercises.csv   one row per exercise, program and seed, with the number that was measured
    exercises.txt   for each exercise, the range of this number and how many runs show the finding

The runs themselves are kept in --work-dir. If the command is interrupted, the same command
continues where it stopped. With the same OUT, another command adds its rows to the table.
"""

from gan_tf1 import places
from gan_tf1.config import whole_number
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import lesson, lesson_table
from gan_tf1.files import replacing
from gan_tf1.training import many_runs, many_runs_command


def wanted(args, program, seed):
    """The run of `program` with `seed`."""
    data = ["--data", args.data] if program.digits else []
    place = ["--data-dir", args.data_dir] if program.digits and args.data_dir else []
    flags = [*program.arguments, "--seed", seed, *data, *place]
    return many_runs.Wanted(lesson_table.run_name(program, seed), program.script, flags)


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "exercise_table", "0-9", data="MNIST")
    parser.add_argument("--data", choices=digits.CHOICES[1:], default="mnist",
                        help="the digits of the exercises that train on digits (default: mnist)")
    parser.add_argument("--exercises", type=whole_number, nargs="+", metavar="N",
                        default=list(lesson.EXERCISES), help="their numbers (default: all)")
    parser.add_argument("--programs", nargs="+", choices=lesson_table.WHICH,
                        default=lesson_table.WHICH, help="train the changed programs, the usual "
                        "ones, or both (default: both)")
    parser.add_argument("--results", action="store_true", help="also add the runs that other "
                        "results in checkpoints/ have already")
    args = many_runs_command.parse(parser, argv)
    if unknown := set(args.exercises) - set(lesson.EXERCISES):
        raise InputError(f"--exercises {', '.join(map(str, sorted(unknown)))}: the numbers are 1 "
                         f"to {len(lesson.EXERCISES)}")
    if args.flags:
        raise InputError("the exercises have their own flags: give none after --")
    if args.results and (args.data != "mnist" or not places.REPOSITORY):
        raise InputError("--results has runs on MNIST, which are kept in the repository: leave it out "
                         + ("with other data" if places.REPOSITORY else "if gan_tf1 is installed without it"))
    many_runs_command.settle(args)
    out, report = args.out / "exercises.csv", args.out / "exercises.txt"

    before = lesson_table.read(out) if out.exists() else lesson_table.Table([], [])
    with replacing(out) as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "exercise_table", "*-seed-*", data=args.data)
        asked = lesson_table.asked(args.exercises, args.programs, args.seeds)
        paths = many_runs.train_all([wanted(args, *one) for one in asked], args)
        many_runs.refuse_unequal(paths, ("versions",))
        known = lesson_table.of_results(places.SHIPPED) if args.results else []
        rows = lesson_table.merged(known, before.rows, lesson_table.rows(
            args.work_dir, args.exercises, args.programs, args.seeds))
        notes = list(dict.fromkeys(
            [*before.notes, *many_runs.made_by("exercise_table.py", args, paths)]))
        temporary.write_text(lesson_table.text(lesson_table.Table(notes, rows)))
    lines = list(lesson_table.table(rows))
    many_runs.write_report(report, [*notes, *lesson_table.commands(rows)], lines)
    print(*lines, out, report, sep="\n")


if __name__ == "__main__":
    main()
