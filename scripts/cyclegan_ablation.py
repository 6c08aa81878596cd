"""Train CycleGAN on two sets of photographs in several ways, with several seeds, and judge what comes out.

    python scripts/cyclegan_ablation.py --data-dir horse2zebra --out OUT -- --channels 16 --epochs 5 --decay-epochs 5
                                                     all rows, 64 pixels, with flags of 16_cyclegan.py
    python scripts/cyclegan_ablation.py --data-dir horse2zebra --rows cyclegan --size 128 --seeds 0
                                                     one row, one seed, 128 pixels

The rows are CycleGAN as it is, without the identity loss, without cycle and identity loss, and without
a pool of earlier fakes. DIR has the folders trainA, trainB, testA and testB. A classifier that tells the
two sets apart judges the translations of the held-out images. It is trained first, unless --judge names
a run of train_image_classifier.py. Other rows of the table are for images that are not translated, and
for real images of the other set. The flags after -- go to 16_cyclegan.py. OUT gets

    scores.csv       every number of every run
    table.txt        mean and standard deviation over the seeds
    scores.png       bars
    AtoB.png, BtoA.png  held-out images: drawn at random, and the best and worst of each row
    generator/       the run of the first row (that has not diverged) with the smallest distance, with
                     rounded weights

The runs are kept in --work-dir. If the command is interrupted, the same command continues. A run that
diverges is named above the table and left out.
"""

from gan_tf1 import figures
from gan_tf1.config import whole_number
from gan_tf1.data import labelled, unpaired
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import image_classifier
from gan_tf1.evaluation.statistics import share_in_words
from gan_tf1.experiments import beside, seed_scores, set_translation as experiment
from gan_tf1.experiments.translation import DIRECTIONS
from gan_tf1.files import replacing, user_path
from gan_tf1.generators import compact, judges
from gan_tf1.training import many_runs, many_runs_command, seed_ranges
from gan_tf1.wording import quantity

import numpy as np

SCRIPT, JUDGE = "16_cyclegan.py", "train_image_classifier.py"
FIXED = ("--size", "--load-size", "--cycle-weight", "--identity-weight", "--pool-size")
LARGER = 286 / 256  # training images are so much larger than the squares that are cropped from them
BARS = {"taken for the target": "share taken for the target set",
        "distance": "Fréchet distance to the target set, in the classifier's features"}


def wanted(args, row, seed):
    """The run of `row` with `seed`."""
    flags = [*many_runs_command.run_flags(args, args.data, seed), "--size", args.size, "--load-size",
             args.load_size, *experiment.WAYS[row].flags, *args.flags]
    return many_runs.Wanted(f"{row}-seed-{seed}", SCRIPT, flags, f"{row}, seed {seed}")


def judging(args):
    """The run of the classifier in the work directory."""
    return many_runs.Wanted("classifier", JUDGE, [
        "--data", args.data, *many_runs_command.folder_flags(args), "--size", args.size], needed=True)


def accuracy(judge, tests):
    """A sentence on how many of the held-out images the classifier tells apart correctly."""
    right = np.concatenate([judge(images)[0].argmax(axis=1) == side
                            for side, images in enumerate(tests)])
    share, interval = share_in_words(right)
    return (f"the classifier takes {share} of {quantity(len(right), 'held-out image')} for their own "
            f"set ({interval})")


def left_out(sets, tests, held_out):
    """A sentence on the held-out images that are training images too, if there are any."""
    counts = [f"{len(all_) - len(own)} of {name}" for name, all_, own in zip(sets, tests, held_out)
              if len(own) < len(all_)]
    return [f"held-out images left out because they are training images too: {', '.join(counts)}"] if counts else []


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "cyclegan_ablation", "0-2",
                              data="trainA, trainB, testA and testB")
    parser.add_argument("--data", choices=labelled.SETS, default="folder",
                        help="the data set (default: folder)")
    parser.add_argument("--size", type=int, choices=image_classifier.SIZES, default=64,
                        help="width and height of the images in pixels (default: 64)")
    parser.add_argument("--load-size", type=whole_number, help="width and height of the training images, "
                        "from which squares are cropped (default: 286/256 of --size)")
    parser.add_argument("--rows", nargs="+", choices=experiment.WAYS, default=list(experiment.WAYS),
                        metavar="ROW", help=f"what is trained, of {', '.join(experiment.WAYS)} "
                        "(default: all)")
    parser.add_argument("--judge", type=user_path, metavar="RUN", help="a run of "
                        "train_image_classifier.py on the same data and --size (default: one is trained "
                        "first)")
    args = many_runs_command.parse(parser, argv, FIXED)
    many_runs_command.refuse_twice("--rows", args.rows)
    args.load_size = args.load_size or round(LARGER * args.size)
    if args.load_size < args.size:
        raise InputError(f"--load-size {args.load_size} is smaller than --size {args.size}")
    many_runs_command.settle(args)
    judges.refuse_others(args.judge, args.work_dir / "classifier", image_classifier.CHAPTER, args.data,
                         size=args.size)
    title, sets, stacks, _ = unpaired.parts(args.data, 4 * (args.size,), args.data_dir)
    training, held_out = stacks[:2], experiment.unseen(stacks[2:], stacks[:2])
    tests = experiment.equally_many(held_out)

    with replacing(args.out / "scores.csv") as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "cyclegan_ablation", "*-seed-*", data=args.data, size=args.size,
                        load_size=args.load_size)
        asked = [(row, seed) for seed in args.seeds for row in args.rows]
        first = [] if args.judge else [judging(args)]
        runs = many_runs.train_all([*first, *(wanted(args, *one) for one in asked)], args)
        judge = args.judge or runs[0]
        many_runs.refuse_unequal(runs[len(first):], ("data_crc32", "versions"))
        paths, lost = many_runs.without_diverged(dict(zip(asked, runs[len(first):])))
        made = list(paths.values())
        with judges.classifier(judge) as judge_images:
            tells = accuracy(judge_images, held_out)
            of_direction = experiment.judges(judge_images, training)
            scores = experiment.bounds(of_direction, tests)
            found = [one for (row, seed), path in paths.items()
                     for one in experiment.of_run(row, seed, path, of_direction, tests)]
        scores += [one.score for one in found]
        notes = [f"CycleGAN on {title}, {args.size} pixels, {quantity(len(tests[0]), 'held-out image')} "
                 f"of each set, seeds {seed_ranges.listed(args.seeds)}",
                 *left_out(sets, stacks[2:], held_out), *lost, tells,
                 *many_runs.made_by("cyclegan_ablation.py", args, made)]
        with open(temporary, "w", newline="") as file:
            seed_scores.write(file, scores, notes)
    report(args, found, scores, sets, paths, notes)


def report(args, found, scores, sets, paths, notes):
    """Write table.txt, the figures and the best generator, and print the table."""
    names = experiment.row_names(sets)
    order = list(names)
    scores = sorted(scores, key=lambda score: (score.row.split()[-1], score.seed is not None,
                                               order.index(score.row)))
    lines = seed_scores.table(scores, experiment.COLUMNS, names)
    many_runs.write_report(args.out / "table.txt", [*notes, *experiment.NOTES], lines)
    print(*lines, args.out / "scores.csv", args.out / "table.txt", sep="\n")

    title = f"CycleGAN between {sets[0]} and {sets[1]}, {args.size} pixels"
    drawing = seed_scores.bars(scores, BARS, names, title)
    print(figures.save(drawing, args.out / "scores.png"))
    shown = seed_scores.fullest_seed(args.seeds, paths)
    for direction in DIRECTIONS:
        lines = [beside.Lines(names[one.score.row].split(": ")[1], one.confidence, one.stacks)
                 for one in found if one.score.row.endswith(direction)
                 and one.score.seed == shown]
        where = " to ".join(sets if direction == "AtoB" else sets[::-1])
        drawing = beside.figure(lines, f"{where}, seed {shown}: best and worst by the "
                                "classifier's confidence in the target set")
        print(figures.save(drawing, args.out / f"{direction}.png"))
    first_row = seed_scores.first_row(args.rows, paths)
    first = [(row, seed) for row, seed in paths if row == first_row]
    distance = {key: sum(score.values["distance"] for score in scores if score.seed == key[1]
                         and score.row.rpartition(" ")[0] == key[0]) for key in first}
    print(compact.kept(paths[min(distance, key=distance.get)], args.out / "generator"))


if __name__ == "__main__":
    main()
