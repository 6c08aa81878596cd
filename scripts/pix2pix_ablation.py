"""Train pix2pix on facades in several ways, with several seeds, and judge what comes out.

    python scripts/pix2pix_ablation.py --data-dir facades --out OUT -- --channels 16 --iterations 10000
                                                     all rows, from labels to photographs, 64 pixels
    python scripts/pix2pix_ablation.py --data-dir facades --rows both l1 gan --seeds 0
                                                     three rows, one seed

The rows are L1 alone, the GAN alone and both; a U-Net or an encoder-decoder; and patches of 1, 16 and
70 pixels or the whole image, as in the paper's figures 4 to 6. From labels to photographs (BtoA), the
translations are judged by their colours, and by a net that labels their pixels. That net is trained
first, on photographs, unless --judge names a run of train_segmentation.py. With --direction AtoB, the
translated labels are read by their colours, and no net is needed. The first rows of the table are for
real photographs: the bound, and photographs of other facades. The flags after -- go to 15_pix2pix.py.
OUT gets

    scores.csv       every number of every run
    table.txt        mean and standard deviation over the seeds
    scores.png       bars
    samples.png      held-out pairs: drawn at random, and the best and worst of each row
    generator/       the run of the first row (that has not diverged) with the best per-pixel accuracy, with
                     rounded weights

The runs are kept in --work-dir. If the command is interrupted, the same command continues. A run that
diverges is named above the table and left out.
"""

from gan_tf1 import figures
from gan_tf1.data import facades
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import segmentation
from gan_tf1.experiments import beside, label_translation as experiment, seed_scores
from gan_tf1.files import replacing, user_path
from gan_tf1.generators import compact, judges
from gan_tf1.training import many_runs, many_runs_command, seed_ranges
from gan_tf1.wording import quantity


SCRIPT, JUDGE = "15_pix2pix.py", "train_segmentation.py"
FIXED = ("--size", "--direction", "--gan-weight", "--l1-weight", "--disc-layers", "--patch-layers",
         "--skips", "--no-skips", "--task", "--tfds-name")
SIZES = (64, 128, 256)
REAL = {"BtoA": "real photographs", "AtoB": "true labels"}
WHERE = {"BtoA": "labels to photographs", "AtoB": "photographs to labels"}


def wanted(args, row, seed):
    """The run of `row` with `seed`."""
    flags = [*many_runs_command.run_flags(args, "pairs", seed), "--size", args.size, "--direction",
             args.direction, *experiment.ways(args.size)[row].flags, *args.flags]
    return many_runs.Wanted(f"{row}-seed-{seed}", SCRIPT, flags, f"{row}, seed {seed}")


def judging(args):
    """The run of the segmentation net in the work directory."""
    return many_runs.Wanted("segmentation", JUDGE, ["--data-dir", args.data_dir, "--size", args.size], needed=True)


def judged(args, paths, pairs, read):
    """The `Judged` of the bounds and of all runs, `paths` (row, seed) -> run directory."""
    found = experiment.bounds(pairs, read, REAL[args.direction])
    for (row, seed), path in sorted(paths.items(), key=lambda run: args.rows.index(run[0][0])):
        found.append(experiment.judge(row, seed, experiment.translated(path, pairs.inputs), pairs, read))
    return found


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "pix2pix_ablation", "0-2", data="facades")
    parser.add_argument("--size", type=int, choices=SIZES, default=64,
                        help="width and height of the images in pixels (default: 64)")
    parser.add_argument("--direction", choices=REAL, default="BtoA",
                        help="BtoA: from labels to photographs; AtoB: the reverse (default: BtoA)")
    parser.add_argument("--rows", nargs="+", choices=experiment.ways(64), metavar="ROW",
                        default=list(experiment.ways(64)),
                        help=f"what is trained, of {', '.join(experiment.ways(64))} (default: all)")
    parser.add_argument("--judge", type=user_path, metavar="RUN", help="a run of "
                        "train_segmentation.py of the same --size (default: one is trained first)")
    args = many_runs_command.parse(parser, argv, FIXED)
    many_runs_command.refuse_twice("--rows", args.rows)
    many_runs_command.settle(args)
    if args.judge and args.direction == "AtoB":
        raise InputError("--judge is for --direction BtoA: in the other direction, labels are read by their colours")
    judges.refuse_others(args.judge, args.work_dir / "segmentation", segmentation.CHAPTER, size=args.size)
    pairs = experiment.held_out(args.data_dir, args.size, args.direction)  # before any training

    with replacing(args.out / "scores.csv") as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "pix2pix_ablation", "*-seed-*", size=args.size, direction=args.direction)
        asked = [(row, seed) for seed in args.seeds for row in args.rows]
        first = [judging(args)] if args.direction == "BtoA" and not args.judge else []
        runs = many_runs.train_all([*first, *(wanted(args, *one) for one in asked)], args)
        many_runs.refuse_unequal(runs[len(first):], ("data_crc32", "versions"))
        paths, lost = many_runs.without_diverged(dict(zip(asked, runs[len(first):])))
        made = list(paths.values())
        if args.direction == "BtoA":
            with judges.segmentation_net(args.judge or runs[0]) as read:
                found = judged(args, paths, pairs, read)
        else:
            found = judged(args, paths, pairs, facades.classes)
        notes = [f"pix2pix on facades, {WHERE[args.direction]}, {args.size} pixels, "
                 f"{quantity(len(pairs.inputs), 'held-out pair')}, seeds "
                 f"{seed_ranges.listed(args.seeds)}",
                 *lost, *many_runs.made_by("pix2pix_ablation.py", args, made)]
        scores = [one.score for one in found]
        with open(temporary, "w", newline="") as file:
            seed_scores.write(file, scores, notes)
    report(args, found, pairs, paths, notes)


def report(args, found, pairs, paths, notes):
    """Write table.txt, the figures and the best generator, and print the table."""
    names = {row: way.name for row, way in experiment.ways(args.size).items()}
    scores = [one.score for one in found]
    lines = seed_scores.table(scores, experiment.COLUMNS, names)
    many_runs.write_report(args.out / "table.txt", [*notes, *experiment.NOTES[args.direction],
                                                      *experiment.wide_patches(args.size)], lines)
    print(*lines, args.out / "scores.csv", args.out / "table.txt", sep="\n")

    title = f"pix2pix on facades, {WHERE[args.direction]}, {args.size} pixels"
    drawing = seed_scores.bars(scores, experiment.BARS, names, title)
    print(figures.save(drawing, args.out / "scores.png"))
    shown = seed_scores.fullest_seed(args.seeds, paths)
    rows = [beside.Lines(names[one.score.row], one.accuracy, experiment.lines_of(one, pairs))
            for one in found if one.score.seed == shown]
    drawing = beside.figure(rows, f"{title}, seed {shown}: best and worst by the share of "
                            "pixels with the right label")
    print(figures.save(drawing, args.out / "samples.png"))
    best = seed_scores.best(scores, seed_scores.first_row(args.rows, paths), experiment.PIXEL)
    print(compact.kept(paths[best.row, best.seed], args.out / "generator"))


if __name__ == "__main__":
    main()
