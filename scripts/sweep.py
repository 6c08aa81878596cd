"""Train a chapter with many settings and seeds, and tell what each run suffers from.

    python scripts/sweep.py --out OUT --vary learning-rate 0.0002 0.001 0.02 --vary disc-steps 1 3 \\
        --seeds 0-2 --data mnist -- --epochs 15 --loop graph --xla

Every combination of the values of --vary, flags of the chapter's script without
their dashes, is trained with every seed; flags after `--` go to all of them. OUT
is a folder, and gets

    sweep.csv   the losses: one row a run and epoch, or step
    sweep.txt   a table of what the runs of each combination suffer from, and a sentence on each
    sweep.png   the losses: median and range over the seeds, one panel a combination

The runs themselves are kept in --work-dir. If it is interrupted, the same command
goes on where it stopped. A run that stops at a loss that is not finite counts as
diverged, and is not repeated.
"""

import argparse
import csv
import itertools
import json
import re
import shlex
from typing import Any, NamedTuple

from gan_tf1 import figures, tables
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing, user_path
from gan_tf1.training import diagnosis, many_runs, outputs
from gan_tf1.training.run_results import load_losses


HEALTHY, SHORT = "no sign", "too short"


class Trained(NamedTuple):
    """A run of the sweep."""
    values: tuple       # of what is varied, as texts
    seed: int
    path: Any           # its directory
    losses: dict        # the columns of its losses.csv
    diagnosis: Any      # `diagnosis.Diagnosis`


def combinations(vary):
    """What is varied, a dict of name -> values, as the tuples of values to train with."""
    return list(itertools.product(*vary.values()))


def called(names, values, between=", "):
    """The name of a combination: "learning-rate 0.001, disc-steps 1"."""
    return between.join(f"{name} {value}" for name, value in zip(names, values))


def train(args, values, seed):
    """Run, or resume, one run of the sweep, and judge it."""
    name = called((*args.vary, "seed"), (*values, seed), "_").replace(" ", "-")
    path = args.work_dir / name
    varied = [f"--{name}={value}" for name, value in zip(args.vary, values)]
    many_runs.train_unless_diverged(
        args.script, path, [*many_runs.run_flags(args, args.data, seed), *args.flags, *varied],
        args.jobs)
    return Trained(values, seed, path, load_losses(path), diagnosis.of_run(path))


def write_rows(file, names, runs):
    """One row for every run and epoch, or step."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([*(name.replace("-", "_") for name in names), "seed", *runs[0].losses])
    for run in runs:
        for count, *losses in zip(*run.losses.values()):
            rows.writerow([*run.values, run.seed, int(count), *(f"{loss:.6g}" for loss in losses)])


def signs(run):
    """The names of what `run` suffers from."""
    if not run.diagnosis.judged:
        return (SHORT,)
    return run.diagnosis.signs or (HEALTHY,)


def table(names, runs):
    """The lines that count the runs with each sign, a line a combination, and a sentence a run."""
    of = {values: [run for run in runs if run.values == values]
          for values in dict.fromkeys(run.values for run in runs)}
    counts = [sign for sign in (*diagnosis.SIGNS, HEALTHY, SHORT)
              if any(sign in signs(run) for run in runs)]
    yield from tables.lines(("runs with a sign of", *counts), [
        (called(names, values), *(f"{sum(sign in signs(run) for run in own)} of {len(own)}"
                                  for sign in counts)) for values, own in of.items()])
    for values, own in of.items():
        yield ""
        yield called(names, values)
        for run in own:
            yield f"  seed {run.seed}: {run.diagnosis.sentence}"


def panel(names, values, runs):
    """A combination's panel: its title, and the losses of its runs."""
    own = [run for run in runs if run.values == values]
    found = [sign for run in own for sign in signs(run)]
    title = called(names, values) + "\n" + ", ".join(
        f"{sign}: {found.count(sign)} of {len(own)}" for sign in dict.fromkeys(found))
    return title, [run.losses for run in own]


def present(name):
    """The present flag of what --vary calls `name`."""
    return many_runs.flag_name(f"--{name.replace('_', '-')}")


def varied(given, flags):
    """The lists of --vary as name -> values; `flags` go to all runs.

    Raises InputError for a name without values, one that is given twice or among the flags too,
    and one that is set for every run.
    """
    vary = {}
    for name, *values in given:
        name = name.lstrip("-")
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
            raise InputError(f"--vary {name} does not begin with a flag's name: write, for "
                             "example, --vary learning-rate 0.001 0.002")
        if present(name) in many_runs.EACH_RUNS:
            raise InputError(f"--vary {name}: it is set for each run, by sweep.py's own --data, "
                             "--data-dir, --seeds and --work-dir")
        if present(name) in map(many_runs.flag_name, flags):
            raise InputError(f"--{name} is varied, and can't stand after -- too")
        if not values or present(name) in map(present, vary) or len(set(values)) < len(values):
            raise InputError(f"--vary {name} must be given once, with values that differ")
        vary[name] = values
    return vary


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=user_path, metavar="OUT", help="a folder for the report; what "
                        "is there already goes on (default: checkpoints/sweep-001)")
    outputs.add_former(parser, "OUT")
    parser.add_argument("--vary", action="append", nargs="+", default=[], metavar=("NAME", "VALUE"),
                        help="a flag of the chapter's script, and its values; may be repeated")
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script "
                        "(default: 01_mnist_gan.py)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    many_runs.add_flags(parser, "0-2")
    args = many_runs.parse(parser, argv)
    args.vary = varied(args.vary, args.flags)
    outputs.take_former(args, "OUT")
    many_runs.check(args.script)
    many_runs.settle_folders(args, "sweep")

    with replacing(args.out / "sweep.csv") as temporary:  # now: no training is lost to a bad name
        many_runs.claim(args.work_dir / "sweep.json",
                        {"script": args.script, "data": args.data, "flags": args.flags,
                         "data_dir": many_runs.absolute(args.data_dir)})
        runs = many_runs.side_by_side(
            lambda one: train(args, *one),
            itertools.product(combinations(args.vary), args.seeds), args)
        stored = many_runs.refuse_unequal([run.path for run in runs], ("versions",))
        with open(temporary, "w", newline="") as file:
            write_rows(file, args.vary, runs)
    how = (f"{stored['chapter']} on {stored['data_title']}, "
           f"{len(args.seeds)} seed{'s' * (len(args.seeds) > 1)}")
    lines = list(table(args.vary, runs))
    with replacing(args.out / "sweep.txt") as temporary:
        temporary.write_text("\n".join([
            f"# {how}", f"# command: sweep.py {shlex.join(args.argv)}",
            f"# versions: {json.dumps(stored['versions'])}", "", *lines]) + "\n")
    print(*lines, sep="\n")
    panels = [panel(args.vary, values, runs) for values in combinations(args.vary)]
    columns = len(list(args.vary.values())[-1]) if args.vary else 1
    figure = figures.loss_envelopes(panels, f"Losses of {how}", columns)
    for name in ("sweep.csv", "sweep.txt"):
        print(args.out / name)
    print(figures.save(figure, args.out / "sweep.png"))


if __name__ == "__main__":
    main()
