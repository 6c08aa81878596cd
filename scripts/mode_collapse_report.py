"""Which GANs lose modes, and what helps: many runs of 18_mode_collapse.py side by side.

    python scripts/mode_collapse_report.py --out OUT --data two_cities --seeds 0-4
    python scripts/mode_collapse_report.py --out OUT --data mnist --seeds 0-2

Every row is trained with every seed: one GAN that keeps its modes, others that lose them, and the
last of these with each remedy. On the two cities, the modes are lost if the generator is updated
more often than the discriminator; on digits, if it is updated less often, and the more the larger
the steps of Adam are. Flags after `--` go to all runs. The folder OUT gets, for --data NAME,

    NAME.txt           the table: how many seeds collapse, modes covered, switches, seconds
    NAME.csv           the share of each mode in each set of samples of each run
    NAME.png           the chapter's figure, computed: 6.23 for temperatures, 6.24 for digits
    NAME_remedies.png  the shares over training, for each row and seed

The runs themselves are kept in --work-dir. If the command is interrupted, the same command
continues where it stopped. A run that diverges is counted, and is not repeated.
"""

import re
import shlex

from gan_tf1 import figures
from gan_tf1.data import two_cities
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier
from gan_tf1.experiments import collapse_figures, mode_collapse
from gan_tf1.files import replacing
from gan_tf1.generators import sample_files
from gan_tf1.training import many_runs, many_runs_command, outputs, seed_ranges

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
    "minibatch standard deviation": ("--remedy", "minibatch_stddev"),
    "W-GAN, clipped": ("--remedy", "wasserstein"),
    "W-GAN-GP": ("--remedy", "wasserstein_gp"),
    "packing": ("--remedy", "packing"),
    "unrolling": ("--remedy", "unrolling"),
}
# The rows differ in these flags: if one of them went to all rows, the names would be untrue.
FIXED = ("--remedy", "--disc-steps", "--gen-steps", "--learning-rate", "--beta1",
         "--penalty-weight")
# For the cities, also with five updates of D as in both papers, which removes the cause too; and with
# a smaller weight, because 10 as in the paper is too much on a line (see `remedies_gan.py`).
TURNED = ("--disc-steps", "5", "--gen-steps", "1")
OF_CRITICS = {
    "W-GAN, clipped, 5 of D": (*REMEDIES["W-GAN, clipped"], *TURNED),
    "W-GAN-GP, 5 of D": (*REMEDIES["W-GAN-GP"], *TURNED),
    "W-GAN-GP, 5 of D, weight 0.1": (*REMEDIES["W-GAN-GP"], *TURNED, "--penalty-weight", "0.1"),
}


def rows_of(data):
    """The rows for `data`, name -> flags."""
    *_, collapsing = PLAIN[data].values()
    remedies = REMEDIES | (OF_CRITICS if data == two_cities.KEY else {})
    return PLAIN[data] | {name: (*collapsing, *flags) for name, flags in remedies.items()}


def wanted(args, row, seed):
    """The run of the row called `row` with `seed`."""
    name = re.sub("[^A-Za-z0-9_]+", "-", f"{args.data} {row} {seed}")
    flags = [*many_runs_command.run_flags(args, args.data, seed), *rows_of(args.data)[row], *args.flags]
    return many_runs.Wanted(name, SCRIPT, flags, f"{row}, seed {seed}")


def shown(rows, data):
    """The runs of the chapter's figure: the first seed of those without a remedy, the first two and the last."""
    found = [(f"{name}: {mode_collapse.called(rows[name][0])}", rows[name][0])
             for name in PLAIN[data] if name in rows and len(rows[name][0].shares)]
    return found[:2] + found[2:][-1:]


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "mode_collapse_report", "0-2")
    outputs.add_former(parser, "OUT")
    parser.add_argument("--data", choices=CHOICES, default=CHOICES[0],
                        help=f"what the GANs are trained on (default: {CHOICES[0]})")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, by name "
                        f"(default: all, {', '.join(REMEDIES)} among them)")
    classifier.add_flag(parser)
    args = many_runs_command.parse(parser, argv, FIXED)
    names = args.rows or list(rows_of(args.data))
    if unknown := set(names) - set(rows_of(args.data)):
        raise InputError(f"--rows {', '.join(map(repr, sorted(unknown)))}: there are "
                         f"{', '.join(map(repr, rows_of(args.data)))}")
    many_runs_command.refuse_twice("--rows", names)
    many_runs_command.settle(args)
    if args.data != two_cities.KEY:
        sample_files.judged(args.classifier, [])  # first: a bad one must not cost a training

    table, series = args.out / f"{args.data}.txt", args.out / f"{args.data}.csv"
    with replacing(series) as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, args.data, f"{args.data}-*", rows=rows_of(args.data))
        asked = [wanted(args, name, seed) for name in names for seed in args.seeds]
        paths = many_runs.train_all(asked, args)
        stored = many_runs.refuse_unequal(paths, ("versions",))
        rows = many_runs.per_row(names, [mode_collapse.of_run(path, args.classifier) for path in paths])
        how = (f"Modes of {stored['data_title']} that GANs cover, seeds "
               f"{seed_ranges.listed(args.seeds)}")
        temporary.write_text("\n".join([
            f"# {how}", f"# {many_runs.data_line(paths)}", *mode_collapse.series(rows)]) + "\n")
    lines = list(mode_collapse.table(rows))
    many_runs.write_report(table, [
        how, *many_runs.made_by("mode_collapse_report.py", args, paths),
        *(f"{name}: {SCRIPT} --data {args.data} "
          f"{shlex.join((*rows_of(args.data)[name], *args.flags))}" for name in names)], lines)
    print(*lines, table, series, sep="\n")
    if chapters := shown(rows, args.data):
        figure = mode_collapse.chapters_figure(
            chapters, f"Mode collapse on {stored['data_title']}, seed {args.seeds[0]}")
        print(figures.save(figure, args.out / f"{args.data}.png"))
    if not any(len(one.shares) for told in rows.values() for one in told):
        print("There are no figures: all runs diverged before their first samples.")
        return
    figure = collapse_figures.remedies(
        [(name, [(one.iterations, one.shares) for one in told]) for name, told in rows.items()],
        rows[names[0]][0].modes, how, args.seeds)
    print(figures.save(figure, args.out / f"{args.data}_remedies.png"))


if __name__ == "__main__":
    main()
