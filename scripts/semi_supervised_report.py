"""Train the semi-supervised GAN in several ways, with several seeds, and compare their accuracies.

    python scripts/semi_supervised_report.py --data svhn --data-dir DIR --seeds 0-4
                                                     all rows, each with five seeds
    python scripts/semi_supervised_report.py --rows labelled corrected -- --epochs 40
                                                     two rows; flags of 04_semi_supervised_svhn.py
    python scripts/semi_supervised_report.py --rows labelled corrected --num-labels 250 500 1000
                                                     a learning curve over the number of labels
    python scripts/semi_supervised_report.py --for "labelled --drop-rate 0.2"
                                                     flags of one row alone
    python scripts/semi_supervised_report.py --with FOLDER --rows salimans --out OUT
                                                     a row beside those of an earlier report
    python scripts/semi_supervised_report.py --with FOLDER --with-rows corrected --rows gan --out OUT
                                                     the same beside one of its rows

Seed s also draws the labelled examples, equally many of each class and the same ones in all rows.
All rows have their full size by default: `salimans` takes 658,800 steps per seed, unless
--for "salimans --epochs 14 --decay-epochs 6 --epoch-steps 130" makes it shorter. The flags after
-- go to all rows except `chapter` and `salimans`, which have settings of their own. OUT gets

    accuracies.csv   every epoch of every run
    table.txt        test accuracies, and the differences from the first row seed by seed
    accuracies.png   curves
    confusion.csv    which class the test images of each class were taken for; confusion.png
    samples.png      samples of the first seed, a line per row that is trained

or, with several numbers of labels, labels.png in place of the last three. The runs are kept in
--work-dir. If the command is interrupted, the same command continues.
"""

import itertools
import shlex
import textwrap

from gan_tf1 import figures, models
from gan_tf1.config import whole_number
from gan_tf1.data import svhn
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import (
    semi_supervised as experiment, semi_supervised_earlier, semi_supervised_figures)
from gan_tf1.experiments.semi_supervised import CHAPTER, ROWS
from gan_tf1.files import replacing, user_path
from gan_tf1.generators.sample_files import restored
from gan_tf1.training import many_runs, many_runs_command, seed_ranges
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import load_samples

import numpy as np

FIXED = ("--num-labels", "--labels", "--label-seed", "--zero-label", "--tested", "--variant", "--gen-loss",
         "--test-statistics", "--supervised-only")  # the rows differ in these, or all have the same
SHOWN = 12  # samples of a row


def wanted(args, row, labels, seed):
    """The run of `row` with so many labels and this seed."""
    asked = ROWS[row]
    shared = [] if asked.script != CHAPTER or not asked.shared else args.flags
    flags = [*many_runs_command.run_flags(args, args.data, seed), "--num-labels", labels,
             "--labels", "balanced", "--label-seed", seed, "--tested", args.tested, *asked.flags,
             *shared, *args.own.get(row, ())]
    return many_runs.Wanted(f"{row}-{labels}-seed-{seed}", asked.script, flags,
                            f"{row}, {labels} labels, seed {seed}", needed=True)


def own_flags(values):
    """The flags of single rows: name of the row -> list, from the values of --for."""
    own = {}
    for row, _, flags in (value.partition(" ") for value in values):
        if row not in ROWS:
            raise InputError(f"--for {row} is not a row: choose one of {', '.join(ROWS)}")
        if row in own:
            raise InputError(f"--for {row} is given twice: put its flags into one")
        try:
            own[row] = shlex.split(flags)
        except ValueError as error:
            raise InputError(f"--for {row} has flags that can't be split: {error}") from None
        many_runs_command.refuse_fixed(own[row], FIXED, f"in --for {row}")
    return own


def earlier_report(args):
    """What the report of --with says; empty without one. One that does not fit is refused before any training."""
    if not args.earlier:
        if args.kept:
            raise InputError("--with-rows names rows of an earlier report: give its folder by --with")
        return semi_supervised_earlier.Earlier()
    earlier = semi_supervised_earlier.read(args.earlier, args.kept, args.seeds, args.rows, args.num_labels)
    refuse_other_data(args, earlier, svhn.load(args.data, args.data_dir, num_labels=0, tested=args.tested).title)
    return earlier


def refuse_other_data(args, earlier, title):
    """Raise InputError if there is an `earlier` report and its data set has another title."""
    if args.earlier and title != earlier.title:
        raise InputError(f"the report in {args.earlier} is on {earlier.title}, not on {title}: give its --data")


def confusion(path, data):
    """Counts [10, 10 or 11] of the test images of each class that were taken for each class."""
    model = models.of_chapter(read_config(path)["chapter"])
    with restored(path, model) as (sess, net, config, _):
        pairs = [(y, experiment.classify(sess, net, x))
                 for x, y in data.batches(config.batch_size, which_set="test")]
        width = net.class_logits.shape[1]
    counts = np.zeros((10, width), int)
    for true, taken in pairs:
        np.add.at(counts, (true, taken), 1)
    return counts


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "semi_supervised_report", "0-4")
    parser.add_argument("--data", choices=svhn.CHOICES[1:], default="street",
                        help="the data set (default: street)")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW",
                        help=f"what is trained, of {', '.join(ROWS)} (default: all); the others "
                        "are compared with the first")
    parser.add_argument("--num-labels", type=whole_number, nargs="+", default=[1000], metavar="N",
                        help="training examples whose labels are used (default: 1000)")
    parser.add_argument("--tested", choices=svhn.TESTED, default="all",
                        help="images to test, as in 04_semi_supervised_svhn.py (default: all)")
    parser.add_argument("--for", action="append", default=[], metavar='"ROW FLAGS"', dest="own",
                        help="a row and its flags, in quotes; may be repeated")
    parser.add_argument("--with", type=user_path, metavar="FOLDER", dest="earlier",
                        help="an earlier report: its rows come first, and are not trained again")
    parser.add_argument("--with-rows", nargs="+", choices=ROWS, default=[], metavar="ROW", dest="kept",
                        help="rows of the earlier report (default: all of its rows)")
    args = many_runs_command.parse(parser, argv, FIXED)
    args.own = own_flags(args.own)
    for flag, values in (("--rows", args.rows), ("--with-rows", args.kept), ("--num-labels", args.num_labels)):
        many_runs_command.refuse_twice(flag, values)
    earlier = earlier_report(args)
    many_runs_command.settle(args)

    with replacing(args.out / "accuracies.csv") as temporary:  # first: a bad name must not cost a training
        many_runs_command.claim(args, "semi_supervised_report", data=args.data, tested=args.tested,
                        own=args.own)
        asked = [(row, labels, seed) for seed, labels, row in
                 itertools.product(args.seeds, args.num_labels, args.rows)]
        made = many_runs.train_all([wanted(args, *one) for one in asked], args)
        title = many_runs.refuse_unequal(made, ("data_title", "versions"))["data_title"]
        refuse_other_data(args, earlier, title)  # runs that were gathered can be on other data than this machine has
        paths = dict(zip(asked, made))
        found = [*earlier.found, *(
            experiment.of_runs(row, labels, args.seeds, [paths[row, labels, seed] for seed in args.seeds])
            for labels, row in itertools.product(args.num_labels, args.rows))]
        with open(temporary, "w", newline="") as file:
            file.writelines(f"# {line}\n" for line in data_lines(made, earlier))
            experiment.write_rows(file, found)

    lines = experiment.table(found)
    notes = [f"the semi-supervised GAN on {title}, seeds {seed_ranges.listed(args.seeds)}",
             *many_runs.made_by("semi_supervised_report.py", args, made),
             *earlier.notes, *experiment.NOTES]
    many_runs.write_report(args.out / "table.txt", notes, lines)
    print(*lines, args.out / "accuracies.csv", args.out / "table.txt", sep="\n")
    if len(args.num_labels) > 1:
        figure = semi_supervised_figures.over_labels(found, title)
        print(figures.save(figure, args.out / "labels.png"))
        return
    print(figures.save(semi_supervised_figures.curves(found, title), args.out / "accuracies.png"))
    draw_confusion(args, paths, title, earlier)
    draw_samples(args, paths, title)


def data_lines(paths, earlier):
    """The lines on the data of the runs at `paths`, and on those of the `earlier` report."""
    return [many_runs.data_line(paths), *earlier.data]


def draw_confusion(args, paths, title, earlier):
    """Write confusion.csv, summed over the seeds, and draw confusion.png."""
    data = svhn.load(args.data, args.data_dir, num_labels=0, tested=args.tested).train
    counts = earlier.confusion | {row: sum(confusion(paths[row, args.num_labels[0], seed], data)
                                           for seed in args.seeds) for row in args.rows}
    with replacing(args.out / "confusion.csv") as temporary:
        lines = [f"# {line}" for line in data_lines(list(paths.values()), earlier)]
        lines.append("row,class,taken_for,images")
        for row, table in counts.items():
            lines += [f"{row},{true},{taken},{number}"
                      for (true, taken), number in np.ndenumerate(table)]
        temporary.write_text("\n".join(lines) + "\n")
    figure = semi_supervised_figures.confusions(counts, experiment.class_names(args.data), title)
    print(args.out / "confusion.csv", figures.save(figure, args.out / "confusion.png"), sep="\n")


def draw_samples(args, paths, title):
    """Draw samples.png: the last samples of the first seed of each row that trains a generator."""
    rows = [row for row in args.rows if "--supervised-only" not in ROWS[row].flags]
    if not rows:
        return
    first = [paths[row, args.num_labels[0], args.seeds[0]] for row in rows]
    shown = [load_samples(path)[-1][:SHOWN] for path in first]
    figure = figures.sample_grid(np.concatenate(shown), f"Last samples on {title}, seed "
                                 f"{args.seeds[0]}", SHOWN, 0.7,
                                 [textwrap.fill(ROWS[row].meaning, 30) for row in rows])
    print(figures.save(figure, args.out / "samples.png"))


if __name__ == "__main__":
    main()
