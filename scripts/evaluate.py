"""Judge the samples of MNIST generators with a classifier: a table, and a figure of bars.

    python scripts/evaluate.py checkpoints/mnist_gan
    python scripts/evaluate.py checkpoints/mnist_gan-001 samples.npy --range -1 1 --samples 1000

A run is given by its directory. New samples are drawn from its generator if the chapter says how (the
convention stands in gan_tf1/models/README.md); otherwise the samples of the last epoch in
its samples.npz are judged. A .npz or .npy file contains samples [n, 784], [n, 28, 28] or
[n, 28, 28, 1]. Their range is never guessed: --range gives the values of background and ink.

If several runs differ in nothing but the seed, they are one generator, and a second table has a row
for each generator: the mean over the seeds, the standard error of the samples of one run, and the
standard deviation over the seeds. Two generators differ reliably only if they differ by more than seeds
do. The figures then show generators instead of runs.

For a generator that is given a label, one more line states the conditional accuracy: the share of the
samples that the classifier reads as the label that was requested.

The first row is for real images: --samples test images. The distance of every row is from the same
--samples training images, because it depends on how many images are compared.
"""

from gan_tf1 import figures, seeds, tables
from gan_tf1.config import Parser, add_count
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier, classifier_metrics as metrics, judged, statistics
from gan_tf1.files import data_folder, user_path
from gan_tf1.generators import sample_files
from gan_tf1.training import outputs, titles
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.graph_loop import Loop
from gan_tf1.training.run_config import data_of, read_config
from gan_tf1.wording import percent

import numpy as np

SHOWN = 12  # images of a row in --grid
UNNAMED = ("samples", "sample_interval", *Loop._fields)  # settings that tables need not name
COLUMNS = {"score": "{:.3f}", "distance": "{:.2f}", "classes": "{:.1f}", "KL to uniform": "{:.4f}"}


def row_of(drawn, probabilities, features, reference, seed):
    """The row of the `sample_files.Samples` with these probabilities and features."""
    rng = seeds.stream(seed, seeds.RESAMPLES)
    found = measured(probabilities, features, reference, rng)
    if drawn.labels is None:
        return judged.Row(drawn.name, found)
    right = metrics.matches_label(probabilities, drawn.labels)
    error = statistics.standard_error(np.mean, right, rng)
    return judged.Row(drawn.name, found, (right.mean(), error))


def measured(probabilities, features, reference, rng):
    """The figures of one row; `reference` is the mean and covariance of the reference features."""
    metric = {
        "score": (metrics.classifier_score, probabilities),
        "distance": (lambda some: metrics.frechet_distance(*metrics.gaussian(some), *reference),
                     features),
        "classes": (metrics.classes_covered, probabilities),
        "KL to uniform": (metrics.kl_to_uniform, probabilities)}
    return {name: (function(values), statistics.standard_error(function, values, rng))
            for name, (function, values) in metric.items()}


def table(rows):
    """The lines of the table, and below them the conditional accuracy of each row with labels."""
    yield from tables.lines(("", *COLUMNS), [
        (row.name, *(" +- ".join(map(form.format, row.figures[name])) for name, form in COLUMNS.items()))
        for row in rows])
    for row in rows:
        if row.accuracy:
            share, error = row.accuracy
            yield f"{row.name}: conditional accuracy {percent(share, 1)} +- {100 * error:.1f}"


def kind_of(path):
    """The `judged.Kind` of the run at `path`; None for a file."""
    if not path.is_dir():
        return None
    stored = read_config(path)
    full = ", ".join([stored["chapter"], *titles.parts(stored, named=("samples",))])
    name = ", ".join([stored["chapter"], *titles.parts(stored, named=UNNAMED)])
    where = "" if stored["data"] == "mnist" else f" on {stored['data_title']}"
    return judged.Kind(name + where, f"{full} on {data_of([stored])}", stored["seed"])


def seeds_table(generators):
    """The lines of the table over seeds, if one of the `judged.Generator`s has several."""
    if all(one.seeds == 1 for one in generators):
        return
    yield ""
    yield "over seeds: mean (standard error of a run's samples; standard deviation over seeds)"
    yield from tables.lines(("", "seeds", *COLUMNS), [
        (one.name, str(one.seeds), *("{} ({}; {})".format(*written(form, one.figures[name]))
                                     for name, form in COLUMNS.items())) for one in generators])
    for one in generators:
        if one.accuracy:
            shares = (100 * share for share in one.accuracy)
            yield "{}: conditional accuracy {} % ({}; {})".format(one.name, *written("{:.1f}", shares))


def written(form, numbers):
    """The `numbers` as texts; that of NaN, a spread of one seed, is a dash."""
    return ["-" if np.isnan(number) else form.format(number) for number in numbers]


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN_OR_NPZ",
                        help="run directories, or .npz or .npy files of samples")
    add_count(parser, 10_000, "images of each row, 2 to 10000")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="the values "
                        "of background and ink in samples whose range no chapter states; "
                        "other runs keep their own")
    parser.add_argument("--data", choices=digits.CHOICES[1:], default="mnist", help="the real "
                        "digits; the drawn ones are synthetic (default: mnist)")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR", help="where MNIST lies "
                        "(default: TFDS_DATA_DIR, or TFDS's own default)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the samples, of the choice "
                        "of images, and of the resampling (default: 0)")
    classifier.add_flag(parser)
    outputs.add_flags(parser, "evaluation", ".png", "the figure of bars")
    parser.add_argument("--grid", type=user_path, metavar="PNG", help=f"also draw the first "
                        f"{SHOWN} images of each generator")
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
    generators = judged.over_seeds(rows[1:], map(kind_of, args.run))
    right = np.mean(said[1][0].argmax(axis=1) == data.test.labels[test])
    print(f"judged by {args.classifier.resolve().name}, which reads {percent(right, 2)} of the "
          "test images correctly",
          f"{args.n} images per row; distance to {args.n} training images of {data.title}, "
          f"data_crc32 {data.train.fingerprint()}",
          f"classes with at least {percent(metrics.COVERED_SHARE)} of a row's images; +- standard "
          f"error ({statistics.DRAWS} bootstrap resamples)", "", *table(rows),
          *seeds_table(generators), sep="\n")
    print(figures.save(judged.bars(rows[0], generators, args.n, data.title), out))
    if args.grid:
        shown = [sets[0], *(sets[1 + one.first] for one in generators)]
        seed = ", of the first seed" if any(one.seeds > 1 for one in generators) else ""
        print(figures.save(figures.sample_grid(
            np.concatenate([2 * of_set.images[:SHOWN] - 1 for of_set in shown]),
            f"The first {SHOWN} of {args.n:,} images per row{seed}", SHOWN, 0.8,
            [rows[0].name, *(one.name for one in generators)]), args.grid))


if __name__ == "__main__":
    main()
