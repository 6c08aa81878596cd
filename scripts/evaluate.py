"""Judge the samples of MNIST generators by what a classifier says of them: a table and bars.

    python scripts/evaluate.py checkpoints/mnist_gan
    python scripts/evaluate.py checkpoints/mnist_gan-001 samples.npy --range -1 1 --samples 1000

A RUN is a run directory: new samples are drawn from its generator where the
chapter says how (gan_tf1/generators/sample_files.py has the convention: the model's
SAMPLE_RANGE and sample), else its samples.npz's of the last epoch are taken. A
.npz or .npy holds samples [n, 784], [n, 28, 28] or [n, 28, 28, 1]; in what range
they are is said by --range (two numbers: ground and ink), and never guessed.

For a generator that is given a label, one more line states the conditional accuracy:
the share of samples that the classifier reads as the label that was requested.

The first row is real: --samples test images. The distance of every row, that one too,
is to the same --samples training images, for it depends on how many are compared.
"""

import argparse

from gan_tf1 import figures, seeds, tables
from gan_tf1.config import Parser, add_count
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier, classifier_metrics as metrics, judged, statistics
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number

import numpy as np

SHIPPED = outputs.SHIPPED / classifier.CHAPTER
SHOWN = 12  # images of a row in --grid
COLUMNS = {"score": "{:.3f}", "distance": "{:.2f}", "classes": "{:.1f}", "KL to uniform": "{:.4f}"}


def row_of(drawn, probabilities, features, reference, seed):
    """The row of the `sample_files.Samples` of which the classifier says these."""
    rng = seeds.stream(seed, seeds.RESAMPLES)
    found = measured(probabilities, features, reference, rng)
    if drawn.labels is None:
        return judged.Row(drawn.name, found)
    right = metrics.matches_label(probabilities, drawn.labels)
    error = statistics.standard_error(np.mean, right, rng, statistics.DRAWS)
    return judged.Row(drawn.name, found, (right.mean(), error))


def measured(probabilities, features, reference, rng):
    """The figures of one row; `reference` is mean and covariance of the reference's features."""
    metric = {
        "score": (metrics.classifier_score, probabilities),
        "distance": (lambda some: metrics.frechet_distance(*metrics.gaussian(some), *reference),
                     features),
        "classes": (metrics.classes_covered, probabilities),
        "KL to uniform": (metrics.kl_to_uniform, probabilities)}
    return {name: (function(values),
                   statistics.standard_error(function, values, rng, statistics.DRAWS))
            for name, (function, values) in metric.items()}


def table(rows):
    """The lines of the table, and below them the conditional accuracy of each row with labels."""
    yield from tables.lines(("", *COLUMNS), [
        (row.name, *(" +- ".join(map(form.format, row.figures[name])) for name, form in COLUMNS.items()))
        for row in rows])
    for row in rows:
        if row.accuracy:
            share, error = row.accuracy
            yield f"{row.name}: conditional accuracy {share:.1%} +- {100 * error:.1f}"


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN_OR_NPZ",
                        help="run directories, or files of samples, .npz or .npy")
    add_count(parser, 10_000, "images of each row, 2 to 10000")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="the values "
                        "of ground and ink in samples that no chapter states the range of")
    parser.add_argument("--data", choices=digits.CHOICES[1:], default="mnist", help="the real "
                        "digits; drawn ones are synthetic (default: mnist)")
    parser.add_argument("--data-dir", type=user_path, metavar="DIR", help="where MNIST lies "
                        "(default: TFDS_DATA_DIR, or TFDS's own default)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the samples, of which "
                        "images are taken, and of the resampling (default: 0)")
    parser.add_argument("--classifier", type=user_path, metavar="DIR", default=SHIPPED,
                        help="a run of train_mnist_classifier.py (default: the one shipped)")
    outputs.add_flags(parser, "evaluation", ".png", "the figure of bars")
    parser.add_argument("--grid", type=user_path, metavar="PNG", help=f"draw the first {SHOWN} "
                        "images of each row too")
    args = parser.parse_args(argv)
    if not 2 <= args.n <= 10_000:
        raise InputError("--samples must be at least 2 and at most 10000")
    if args.range and not -np.inf < args.range[0] < args.range[1] < np.inf:
        raise InputError("--range must be two numbers, the smaller first")
    out = outputs.file(args, "evaluation")
    if args.grid:
        outputs.check_file(args.grid, "--grid", overwrite=args.overwrite)

    sets = [sample_files.load(path, args.n, args.seed, args.range) for path in args.run]
    data = digits.load(args.data, args.data_dir)
    rng = seeds.stream(args.seed, seeds.ORDER)
    training, test = (rng.permutation(part.num_examples)[:args.n]
                      for part in (data.train, data.test))
    sets.insert(0, sample_files.Samples(f"{data.title}: test images", data.test.images[test]))
    said = sample_files.judged(args.classifier, [data.train.images[training],
                                                 *(s.images for s in sets)])

    reference = metrics.gaussian(said[0][1])
    rows = [row_of(s, *of_set, reference, args.seed) for s, of_set in zip(sets, said[1:])]
    right = np.mean(said[1][0].argmax(axis=1) == data.test.labels[test])
    print(f"judged by {args.classifier.resolve().name}, which reads {right:.2%} of the test images "
          "correctly",
          f"{args.n} images per row; distance to {args.n} training images of {data.title}",
          f"classes with at least {metrics.COVERED_SHARE:.0%} of a row's images; +- standard error "
          f"({statistics.DRAWS} bootstrap resamples)", "", *table(rows), sep="\n")
    print(figures.save(judged.bars(rows, args.n, data.title), out))
    if args.grid:
        shown = np.concatenate([2 * of_set.images[:SHOWN] - 1 for of_set in sets])
        names = [of_set.name for of_set in sets]
        print(figures.save(figures.sample_grid(
            shown, f"The first {SHOWN} of {args.n:,} images per row", SHOWN, 0.8, names),
            args.grid))


if __name__ == "__main__":
    main()
