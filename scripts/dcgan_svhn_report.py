"""Train the DCGAN of script 03 with several seeds, and judge its samples with a classifier.

    python scripts/dcgan_svhn_report.py --data svhn --data-dir SVHN_subset --out OUT
    python scripts/dcgan_svhn_report.py --data cifar10 --seeds 0 -- --epochs 10

A classifier of the same images (digits for SVHN and street numbers, ten classes of objects for
CIFAR-10) is trained first, unless --judge names a run of train_image_classifier.py. The table has its
score of the samples, their Fréchet distance in its features to training images, and how evenly the
classes are covered, each with test images for comparison. The flags after -- go to
03_dcgan_svhn.py. OUT gets

    scores.csv       every number of every run
    table.txt        mean and standard deviation over the seeds
    samples.png      test images and samples of each seed: drawn at random, and those about which the
                     classifier is most and least certain
    progress.png     samples of the first seed over training, always from the same noise
    envelope.csv     the losses of all seeds, if there are several, as make_envelope.py writes them
    generator/       the run with the smallest distance, with rounded weights

The runs are kept in --work-dir. If the command is interrupted, the same command continues. A run that
diverges is named above the table and left out.
"""

import shlex

from gan_tf1 import figures
from gan_tf1.config import add_count
from gan_tf1.data import images, labelled
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier_metrics as metrics, image_classifier
from gan_tf1.evaluation.statistics import share_in_words
from gan_tf1.experiments import beside, seed_scores
from gan_tf1.experiments.seed_scores import Column, Score
from gan_tf1.files import replacing, user_path
from gan_tf1.generators import compact, judges, sample_files
from gan_tf1.models import dcgan_svhn as model
from gan_tf1.published import envelopes
from gan_tf1.training import many_runs, many_runs_command, seed_ranges
from gan_tf1.training.run_results import load_samples
from gan_tf1.wording import quantity

import numpy as np

SCRIPT, JUDGE = "03_dcgan_svhn.py", "train_image_classifier.py"
SIZE = model.REAL_SIZE[0]
ROWS, ACROSS = 10, 12  # of progress.png: epochs, and samples of each
TESTED, SAMPLES = "test images", "samples"
COLUMNS = {"score": Column(".2f", head="classifier score"), "distance": Column(".2f"),
           "classes": Column("g", head="classes covered"), "KL to uniform": Column(".3f")}
NOTES = ("classifier score: 1 to the number of classes, higher is better; distance: Fréchet distance, in "
         "the features of the classifier, to as many training images",
         "classes covered: with at least 1 % of the images; KL to uniform: of the shares of the classes, "
         "in nats; mean +- standard deviation over the seeds")
CHOICES = ("svhn", "cifar10", "street")


def wanted(args, seed):
    """The run with `seed`."""
    flags = [*many_runs_command.run_flags(args, args.data, seed), *args.flags]
    return many_runs.Wanted(f"seed-{seed}", SCRIPT, flags, f"seed {seed}")


def judging(args):
    """The run of the classifier in the work directory. A mirrored digit is not one."""
    mirror = "--mirror" if args.data == "cifar10" else "--no-mirror"
    return many_runs.Wanted("classifier", JUDGE, [
        "--data", args.data, *many_runs_command.folder_flags(args), "--size", SIZE, mirror], needed=True)


def score_of(row, seed, said, reference):
    """The `Score` of images; `said`, (probabilities, features), is the classifier's answer to them."""
    probabilities, features = said
    return Score(row, seed, {
        "score": metrics.classifier_score(probabilities),
        "distance": metrics.frechet_distance(*metrics.gaussian(features), *reference),
        "classes": metrics.classes_covered(probabilities),
        "KL to uniform": metrics.kl_to_uniform(probabilities)})


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "dcgan_svhn_report", "0-2")
    parser.add_argument("--data", choices=CHOICES, default="svhn", help="the data set (default: svhn)")
    add_count(parser, 2000, "images of each row, at least 2")
    parser.add_argument("--judge", type=user_path, metavar="RUN", help="a run of "
                        f"train_image_classifier.py with --size {SIZE} on the same data (default: one is "
                        "trained first)")
    args = many_runs_command.parse(parser, argv)
    many_runs_command.settle(args)
    judges.refuse_others(args.judge, args.work_dir / "classifier", image_classifier.CHAPTER, args.data, size=SIZE)
    data = labelled.load(args.data, SIZE, args.data_dir)
    most = min(len(data.test_images), data.train.num_examples)
    if not 2 <= args.n <= most:
        raise InputError(f"--samples must be at least 2 and at most {most}: {data.title} has "
                         f"{data.train.num_examples} training and {len(data.test_images)} test images")

    with replacing(args.out / "scores.csv") as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "dcgan_svhn_report", "seed-*", data=args.data)
        first = [] if args.judge else [judging(args)]
        runs = many_runs.train_all([*first, *(wanted(args, seed) for seed in args.seeds)], args)
        judge, made = args.judge or runs[0], runs[len(first):]
        many_runs.refuse_unequal(made, ("settings", "loop", "data_crc32", "versions"))  # as the envelope needs it
        paths, lost = many_runs.without_diverged(dict(zip(args.seeds, made)))
        rng = np.random.default_rng(5)
        training, test = (part[rng.permutation(len(part))[:args.n]]
                          for part in (data.train.columns[0], data.test_images))
        drawn = [images.as_bytes(sample_files.draw(path, model, args.n, seed)[0])
                 for seed, path in paths.items()]
        with judges.classifier(judge) as judge_images:
            right = judge_images(data.test_images)[0].argmax(axis=1) == data.test_labels
            reference = metrics.gaussian(judge_images(training)[1])
            real, *said = [judge_images(one) for one in (test, *drawn)]
        scores = [score_of(TESTED, None, real, reference),
                  *(score_of(SAMPLES, seed, one, reference) for seed, one in zip(paths, said))]
        share, interval = share_in_words(right)
        notes = [f"DCGAN on {data.title}: {quantity(args.n, 'image')} per row, seeds "
                 f"{seed_ranges.listed(args.seeds)}",
                 f"the classifier is right about {share} of {quantity(len(right), 'test image')} "
                 f"({interval})", *lost,
                 *many_runs.made_by("dcgan_svhn_report.py", args, list(paths.values()))]
        with open(temporary, "w", newline="") as file:
            seed_scores.write(file, scores, notes)

    lines = seed_scores.table(scores, COLUMNS)
    many_runs.write_report(args.out / "table.txt", [*notes, *NOTES], lines)
    print(*lines, args.out / "scores.csv", args.out / "table.txt", sep="\n")
    rows = [lines_of("real", TESTED, test, real),
            *(lines_of("DCGAN", f"seed {seed}", *one) for seed, *one in zip(paths, drawn, said))]
    draw(args, f"DCGAN on {data.title}", rows, paths)
    nearest = min(scores[1:], key=lambda score: score.values["distance"]).seed
    print(compact.kept(paths[nearest], args.out / "generator"))
    if len(paths) >= envelopes.FEWEST:
        with replacing(args.out / "envelope.csv") as temporary, open(temporary, "w", newline="") as file:
            envelopes.write(file, args.seeds, made, f"dcgan_svhn_report.py {shlex.join(args.argv)}")
        print(args.out / "envelope.csv")


def lines_of(row, name, stack, said):
    """The line of samples.png with the images `stack`; `said` is the classifier's answer to them."""
    probabilities, _ = said
    return beside.Lines(row, probabilities.max(axis=1), {name: stack})


def draw(args, where, rows, paths):
    """Draw samples.png, which has the `rows`, and progress.png of the first seed."""
    drawing = beside.figure(rows, f"{where}: best and worst by the classifier's certainty", inches=0.9)
    print(figures.save(drawing, args.out / "samples.png"))
    seed, path = next(iter(paths.items()))
    kept = load_samples(path)
    shown = np.unique(np.linspace(0, len(kept) - 1, ROWS).round().astype(int))  # to the last epoch
    drawing = figures.sample_grid(np.concatenate(kept[shown, :ACROSS]), f"Samples over training: {where}, "
                                  f"seed {seed}", ACROSS, 0.7, [f"epoch {epoch + 1}" for epoch in shown])
    print(figures.save(drawing, args.out / "progress.png"))


if __name__ == "__main__":
    main()
