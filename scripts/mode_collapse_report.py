"""Which GANs lose modes, and what helps: many runs of 18_mode_collapse.py side by side.

    python scripts/mode_collapse_report.py --out OUT --data two_cities --seeds 0-4
    python scripts/mode_collapse_report.py --out OUT --data mnist --seeds 0-2

Every row is trained with every seed: one GAN that keeps its modes, others that lose them,
and the last of these with each remedy. Temperatures are lost by more updates of the
generator than of the discriminator, digits by fewer, and more so by large Adam steps.
Flags after `--` go to all runs. OUT is a folder, and gets, of --data NAME,

    NAME.txt           the table: how many seeds collapse, modes covered, switches, seconds
    NAME.csv           the share of each mode in each set of samples of each run
    NAME.png           the chapter's figure, computed: 6.23 of temperatures, 6.24 of digits
    NAME_remedies.png  the shares over training, of each row and seed

The runs themselves are kept in --work-dir. If it is interrupted, the same command goes
on where it stopped. A run that diverges is counted, and is not repeated.
"""

import argparse
import json
import re
import shlex

from gan_tf1 import figures
from gan_tf1.config import Parser
from gan_tf1.data import two_cities
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import collapse_figures, mode_collapse
from gan_tf1.files import replacing, user_path
from gan_tf1.generators import sample_files
from gan_tf1.training import many_runs, outputs

SCRIPT = "18_mode_collapse.py"
CHOICES = (two_cities.KEY, "mnist", "drawn")
COMMON = ("--loop", "graph")
OF_DIGITS = (*COMMON, "--iterations", "3000", "--sample-interval", "100", "--hidden-size", "128",
             "--z-size", "64", "--gen-steps", "1")
# Rows without a remedy, name -> flags. The remedies start from the last.
PLAIN = {two_cities.KEY: {
    "1 update of G": (*COMMON, "--gen-steps", "1"),
    "3 updates of G": (*COMMON, "--gen-steps", "3")}
} | dict.fromkeys(CHOICES[1:], {
    "1 of D, Adam 0.001": (*OF_DIGITS, "--learning-rate", "0.001"),
    "3 of D, Adam 0.001": (*OF_DIGITS, "--disc-steps", "3", "--learning-rate", "0.001"),
    "3 of D, Adam 0.004, beta1 0.9": (*OF_DIGITS, "--disc-steps", "3", "--learning-rate", "0.004",
                                      "--beta1", "0.9"),
    "3 of D, Adam 0.006, beta1 0.9": (*OF_DIGITS, "--disc-steps", "3", "--learning-rate", "0.006",
                                      "--beta1", "0.9")})
REMEDIES = {
    "label smoothing": ("--remedy", "label_smoothing"),
    "minibatch deviation": ("--remedy", "minibatch_stddev"),
    "W-GAN, clipped": ("--remedy", "wasserstein"),
    "W-GAN-GP": ("--remedy", "wasserstein_gp"),
    "packing": ("--remedy", "packing"),
    "unrolling": ("--remedy", "unrolling"),
}
# What rows differ in: a flag of these for all of them would make their names untrue.
FIXED = ("--remedy", "--disc-steps", "--gen-steps", "--learning-rate", "--beta1",
         "--penalty-weight")
# On the cities: as both papers have it, which takes the cause away, too; and for lines, where the
# paper's weight of 10 is too much, as `remedies_gan.py` says.
TURNED = ("--disc-steps", "5", "--gen-steps", "1")
OF_CRITICS = {
    "W-GAN, clipped, 5 of D": (*REMEDIES["W-GAN, clipped"], *TURNED),
    "W-GAN-GP, 5 of D": (*REMEDIES["W-GAN-GP"], *TURNED),
    "W-GAN-GP, 5 of D, weight 0.1": (*REMEDIES["W-GAN-GP"], *TURNED, "--penalty-weight", "0.1"),
}


def rows_of(data):
    """The rows of the work on `data`, name -> flags."""
    *_, collapsing = PLAIN[data].values()
    remedies = REMEDIES | (OF_CRITICS if data == two_cities.KEY else {})
    return PLAIN[data] | {name: (*collapsing, *flags) for name, flags in remedies.items()}


def trained(row, seed, args):
    """The run directory of the row called `row` with `seed`, trained to its end or diverged."""
    path = args.work_dir / re.sub("[^A-Za-z0-9_]+", "-", f"{args.data} {row} {seed}")
    flags = [*many_runs.run_flags(args, args.data, seed), *rows_of(args.data)[row], *args.flags]
    many_runs.train_unless_diverged(SCRIPT, path, flags, args.jobs, f"{row}, seed {seed}")
    return path


def shown(rows, data):
    """The runs of the chapter's figure: the first seed of those without a remedy, three at most."""
    return [(f"{name}: {mode_collapse.called(rows[name][0])}", rows[name][0])
            for name in PLAIN[data] if name in rows and len(rows[name][0].shares)][:3]


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=user_path, metavar="OUT", help="a folder for the report; what "
                        "is there already goes on (default: checkpoints/mode_collapse_report-001)")
    outputs.add_former(parser, "OUT")
    parser.add_argument("--data", choices=CHOICES, default=CHOICES[0],
                        help=f"what the GANs are trained on (default: {CHOICES[0]})")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these, by name "
                        f"(default: all, {', '.join(REMEDIES)} among them)")
    parser.add_argument("--classifier", type=user_path, metavar="DIR",
                        default=mode_collapse.SHIPPED, help="what reads the digits: a run of "
                        "train_mnist_classifier.py (default: the one shipped)")
    many_runs.add_flags(parser, "0-2")
    args = many_runs.parse(parser, argv, FIXED)
    outputs.take_former(args, "OUT")
    names = args.rows or list(rows_of(args.data))
    if unknown := set(names) - set(rows_of(args.data)):
        raise InputError(f"--rows {', '.join(map(repr, sorted(unknown)))}: there are "
                         f"{', '.join(map(repr, rows_of(args.data)))}")
    if len(set(names)) < len(names):
        raise InputError("--rows must differ")
    many_runs.settle_folders(args, "mode_collapse_report")
    if args.data != two_cities.KEY:
        sample_files.judged(args.classifier, [])  # now: no training is lost to a bad classifier

    with replacing(args.out / f"{args.data}.txt") as temporary:  # no training is lost to a bad name
        many_runs.claim(args.work_dir / f"{args.data}.json",
                        {"flags": args.flags, "data_dir": many_runs.absolute(args.data_dir),
                         "rows": rows_of(args.data)}, f"{args.data}-*")
        wanted = [(name, seed) for name in names for seed in args.seeds]
        paths = many_runs.side_by_side(lambda one: trained(*one, args), wanted, args)
        many_runs.refuse_unequal(paths, ("versions",))
        told = [mode_collapse.of_run(path, args.classifier) for path in paths]
        rows = {name: [one for one, (own, _) in zip(told, wanted) if own == name]
                for name in names}
        stored = told[0].stored
        how = (f"Modes of {stored['data_title']} that GANs cover, seeds "
               f"{many_runs.listed(args.seeds)}")
        lines = list(mode_collapse.table(rows))
        temporary.write_text("\n".join([
            f"# {how}", f"# command: mode_collapse_report.py {shlex.join(args.argv)}",
            f"# versions: {json.dumps(stored['versions'])}",
            *(f"# {name}: 18_mode_collapse.py --data {args.data} "
              f"{shlex.join((*rows_of(args.data)[name], *args.flags))}" for name in names),
            "", *lines]) + "\n")
    print(*lines, sep="\n")
    print(args.out / f"{args.data}.txt")
    with replacing(args.out / f"{args.data}.csv") as temporary:
        temporary.write_text("\n".join([f"# {how}", *mode_collapse.series(rows)]) + "\n")
    print(args.out / f"{args.data}.csv")
    if chapters := shown(rows, args.data):
        figure = mode_collapse.chapters_figure(
            chapters, f"Mode collapse on {stored['data_title']}, seed {args.seeds[0]}")
        print(figures.save(figure, args.out / f"{args.data}.png"))
    if not any(len(one.shares) for one in told):
        print("There are no figures: all runs diverged before their first samples.")
        return
    figure = collapse_figures.remedies(
        [(name, [(one.iterations, one.shares) for one in seeds]) for name, seeds in rows.items()],
        told[0].modes, how, args.seeds)
    print(figures.save(figure, args.out / f"{args.data}_remedies.png"))


if __name__ == "__main__":
    main()
