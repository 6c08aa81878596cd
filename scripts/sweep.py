"""Train a chapter with many settings and seeds, and diagnose each run.

    python scripts/sweep.py --out OUT --vary learning-rate 0.0002 0.001 0.02 --vary disc-steps 1 3 \\
        --seeds 0-2 --data mnist -- --epochs 15 --loop graph --xla

--vary names a flag of the chapter's script, without its dashes, and the values to try. Every
combination of values is trained with every seed. Without --vary, the chapter's own settings are
trained with the seeds that --seeds names. Flags after `--` go to all runs. The folder OUT gets

    sweep.csv   the losses: one row per run and epoch, or step
    sweep.txt   a table of the signs that the runs of each combination show, and a sentence on each
    sweep.png   the losses: median and range over the seeds, one panel per combination

The runs themselves are kept in --work-dir. If the command is interrupted, the same command
continues where it stopped. A run that stops at a loss that is not finite counts as diverged, and is
not repeated.
"""

import itertools
import re

from gan_tf1 import figures
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import instability
from gan_tf1.files import replacing
from gan_tf1.training import many_runs, many_runs_command, outputs
from gan_tf1.wording import quantity


def wanted(args, values, seed):
    """The run with these `values` of the varied settings and this `seed`."""
    name = instability.called((*args.vary, "seed"), (*values, seed), "_").replace(" ", "-")
    varied = [f"--{name}={value}" for name, value in zip(args.vary, values)]
    flags = [*many_runs_command.run_flags(args, args.data, seed), *args.flags, *varied]
    return many_runs.Wanted(name, args.script, flags)


def present(name):
    """The present flag of what --vary calls `name`."""
    return many_runs_command.flag_name(f"--{name}")


def varied(given, flags):
    """The lists of --vary as name -> values; `flags` go to all runs.

    Raises InputError for a name without values, one that is given twice or among the flags too,
    and one that is set for every run.
    """
    vary = {}
    for name, *values in given:
        name = name.lstrip("-").replace("_", "-")
        if not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", name):
            raise InputError(f"--vary {name} does not begin with a flag's name: write, for "
                             "example, --vary learning-rate 0.001 0.002")
        if present(name) in many_runs_command.EACH_RUNS:
            raise InputError(f"--vary {name}: it is set for each run, by sweep.py's own --data, "
                             "--data-dir, --seeds and --work-dir")
        if present(name) in map(many_runs_command.flag_name, flags):
            raise InputError(f"--{name} is varied, and can't stand after -- too")
        if not values or present(name) in map(present, vary) or len(set(values)) < len(values):
            raise InputError(f"--vary {name} must be given once, with values that differ")
        vary[name] = values
    return vary


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "sweep", "0-2")
    many_runs_command.add_chapter(parser)
    outputs.add_former(parser, "OUT")
    parser.add_argument("--vary", action="append", nargs="+", default=[], metavar=("NAME", "VALUE"),
                        help="a flag of the chapter's script, and its values; may be repeated")
    default = parser.get_default("seeds")
    parser.set_defaults(seeds=None)
    args = many_runs_command.parse(parser, argv)
    args.vary = varied(args.vary, args.flags)
    many_runs_command.settle(args)
    if not args.vary and not args.seeds:
        raise InputError("there is nothing to vary: give --vary NAME VALUE ..., or --seeds to "
                         "train the chapter's own settings with several seeds")
    args.seeds = args.seeds or default

    combinations = instability.combinations(args.vary)
    asked = list(itertools.product(combinations, args.seeds))
    with replacing(args.out / "sweep.csv") as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "sweep", script=args.script, data=args.data)
        paths = many_runs.train_all([wanted(args, *one) for one in asked], args)
        stored = many_runs.refuse_unequal(paths, ("versions",))
        runs = [instability.of_run(*one, path) for one, path in zip(asked, paths)]
        with open(temporary, "w", newline="") as file:
            file.write(f"# {many_runs.data_line(paths)}\n")
            instability.write_rows(file, args.vary, runs)
    how = (f"{stored['chapter']} on {stored['data_title']}, "
           f"{quantity(len(args.seeds), 'seed')}")
    lines = list(instability.table(args.vary, runs))
    many_runs.write_report(args.out / "sweep.txt", [
        how, *many_runs.made_by("sweep.py", args, paths)], lines)
    panels = [instability.panel(args.vary, values, runs) for values in combinations]
    columns = len(list(args.vary.values())[-1]) if args.vary else 1
    figure = figures.loss_envelopes(panels, f"Losses of {how}", columns, instability.shown(runs[0].losses))
    print(*lines, args.out / "sweep.csv", args.out / "sweep.txt", sep="\n")
    print(figures.save(figure, args.out / "sweep.png"))


if __name__ == "__main__":
    main()
