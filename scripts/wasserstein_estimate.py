"""Test on one finished run whether the critic's estimate of the distance tells how good the samples are.

    python scripts/10_wasserstein_gan.py --samples 1000 --run-dir RUN
    python scripts/wasserstein_estimate.py RUN
    python scripts/wasserstein_estimate.py RUN --after 10000      without the intervals before

RUN is a finished run of 10_wasserstein_gan.py or 11_wasserstein_gan_gp.py that kept enough samples of
each interval to judge them. For each interval the script prints the critic's estimate (the mean of
the last 100 iterations before the samples were drawn), and the Fréchet classifier distance of the
samples from 10,000 training images, as in evaluate.py. Then it prints Spearman's rank correlation of
the two over all intervals, and draws a figure.

Two curves that both fall are correlated whatever drives them, and no interval can be given for such a
correlation: a training is one curve, not a sample of independent points, and resampling parts of a curve
assumes that it has no trend. Therefore "changes" correlates the changes from one interval to the next,
which have hardly a trend. In parentheses is their 95 % interval by the moving-block bootstrap (Kuensch
1989), with blocks of about sqrt(intervals) neighbours, because neighbours are similar. The distance has a
bias of c / samples, which is estimated as the difference between the distance of half of the samples
and that of all; "unbiased" subtracts it.
"""

from typing import Any, NamedTuple

from gan_tf1 import figures, seeds, tables
from gan_tf1.config import Parser, make, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier, classifier_metrics as metrics, judged
from gan_tf1.files import data_folder, user_path
from gan_tf1.generators import sample_files
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.run_config import data_of, read_config
from gan_tf1.training.run_results import load_losses, load_samples
from gan_tf1.wording import quantity

import numpy as np
import scipy  # its parts are imported when they are first used

WINDOW = 100          # an estimate is the mean of so many iterations, because that of a batch is noisy
REFERENCE = 10_000    # training images
LEAST_SAMPLES = 100   # of an interval: fewer samples don't span the 64 features
LEAST_INTERVALS = 10
RESAMPLES = 1000


class Finished(NamedTuple):
    """What a run has left: E intervals with n samples each."""
    stored: dict              # config.json
    iterations: np.ndarray    # [E], done when an interval's samples were drawn
    estimate: np.ndarray      # [E]
    gen_loss: np.ndarray      # [E]
    images: Any               # yields E arrays, float32 [n, 784] in [0, 1]
    count: int                # n


def read(path, after=0):
    """The `Finished` run at `path` from iteration `after` on. Raises InputError if it can't be judged."""
    stored = read_config(path)
    if stored["chapter"] not in judged.CRITICS:
        raise InputError(f"{path} is a run of {stored['chapter']!r}, which has no critic: give one "
                         f"of {' or '.join(judged.CRITICS)}")
    model, losses = sample_files.chapter(stored["chapter"]), load_losses(path)
    interval = make(model.Config, stored["settings"]).sample_interval
    if not {"step", "estimate", "gen_loss"} <= set(losses):
        raise InputError(f"{path}/losses.csv has no column estimate, or no gen_loss")
    if not (path / "samples.npz").exists():
        raise InputError(f"{path} is not finished: go on with --resume")
    drawn = load_samples(path)
    if len(drawn) * interval != len(losses["step"]):
        raise InputError(f"{path} is damaged: losses.csv has "
                         f"{quantity(len(losses['step']), 'iteration')}, "
                         f"samples.npz {quantity(len(drawn), 'interval')} of {interval}")
    if drawn.shape[1] < LEAST_SAMPLES:
        raise InputError(f"{path} has {quantity(drawn.shape[1], 'sample')} of each interval, too "
                         "few to judge them: begin a run with --samples 1000")
    iterations = interval * np.arange(1, len(drawn) + 1)
    kept = iterations > after
    if kept.sum() < LEAST_INTERVALS:
        raise InputError(f"{path} has {quantity(kept.sum(), 'interval')} after iteration {after}, "
                         f"and {LEAST_INTERVALS} are needed: give a smaller --after, or begin a "
                         "run with a smaller --sample-interval")
    columns = [smoothed(losses[name], interval)[kept] for name in ("estimate", "gen_loss")]
    for column in columns:
        if not np.isfinite(column).all() or np.ptp(column) == 0:
            raise InputError(f"{path}/losses.csv has a column that is constant, or not finite")
    images = (sample_files.unified(path, part, len(part), 0, model.SAMPLE_RANGE)
              for part in drawn[kept])
    return Finished(stored, iterations[kept], *columns, images, drawn.shape[1])


def smoothed(column, interval):
    """The mean of each interval's last `WINDOW` iterations, [E]."""
    return column.reshape(-1, interval)[:, -WINDOW:].mean(axis=1)


def distance_and_bias(features, reference):
    """The distance of `features` [n, F] from `reference`, and an estimate of its bias."""
    whole, first, second = (metrics.frechet_distance(*metrics.gaussian(part), *reference)
                            for part in (features, features[::2], features[1::2]))
    # c / (n/2) - c / n = c / n
    return whole, (first + second) / 2 - whole


def correlation(x, y, rng):
    """Spearman's correlation of x and y [E], and the two ends of its 95 % interval.

    The interval is by the moving-block bootstrap, which x and y must not be given with a trend.
    """
    size = round(len(x) ** 0.5)
    starts = rng.integers(0, len(x) - size + 1, (RESAMPLES, -(-len(x) // size)))
    places = (starts[..., None] + np.arange(size)).reshape(RESAMPLES, -1)[:, :len(x)]
    resampled = [scipy.stats.spearmanr(x[some], y[some]).statistic for some in places]
    return (scipy.stats.spearmanr(x, y).statistic, *np.quantile(resampled, (0.025, 0.975)))


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, metavar="RUN",
                        help="a run of 10_wasserstein_gan.py or 11_wasserstein_gan_gp.py")
    parser.add_argument("--after", type=whole_number, default=0, metavar="ITERATION",
                        help="leave out the intervals up to this one (default: 0)")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR", help="the folder of MNIST "
                        "(default: the one that the run used)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the choice of real images, "
                        "and of the resampling (default: 0)")
    classifier.add_flag(parser)
    outputs.add_flags(parser, "estimate", ".png")
    args = parser.parse_args(argv)
    out = outputs.file(args, "estimate")

    run = read(args.run, args.after)
    data = digits.load(run.stored["data"], args.data_dir or run.stored["data_dir"])
    rng = seeds.stream(args.seed, seeds.ORDER)
    training, test = (part.images[rng.permutation(part.num_examples)[:count]]
                      for part, count in ((data.train, REFERENCE), (data.test, run.count)))
    (_, known), *said = sample_files.judged(args.classifier, [training, test, *run.images])
    reference = metrics.gaussian(known)
    (real, _), *measured = [distance_and_bias(features, reference) for _, features in said]
    distance, bias = np.transpose(measured)

    print(f"{run.stored['chapter']} ({args.run}) on {data_of([run.stored])}, seed {run.stored['seed']}, judged by "
          f"{args.classifier.resolve().name}: {run.count} samples of each interval",
          *tables.lines(("iteration", "estimate", "distance"), [
              (str(iteration), f"{estimate:.4g}", f"{value:.2f}") for iteration, estimate, value in
              zip(run.iterations, run.estimate, distance)], left=0), sep="\n")
    print(f"distance of {run.count} test images: {real:.2f}; bias of the samples': "
          f"{bias.min():.2f} to {bias.max():.2f}", "",
          "Spearman's correlation with the distance, and the 95 % interval of that of the changes:",
          sep="\n")
    found = {}
    for name, x, y in (("estimate", run.estimate, distance),
                       ("estimate, unbiased distance", run.estimate, distance - bias),
                       ("generator's loss", run.gen_loss, distance)):
        found[name] = float(scipy.stats.spearmanr(x, y).statistic)
        print(f"{name:28} {found[name]:6.3f}")
    changes = correlation(np.diff(run.estimate), np.diff(distance),
                          seeds.stream(args.seed, seeds.RESAMPLES))
    print("{:28} {:6.3f}  ({:.3f} to {:.3f})".format("estimate, changes", *changes))
    title = judged.estimate_title(
        run.stored["chapter"], run.stored["data_title"], run.stored["seed"], run.count)
    figure = figures.estimate_and_distance(run.iterations, run.estimate, distance, real,
                                           (found["estimate"], *changes), title)
    print(figures.save(figure, out))


if __name__ == "__main__":
    main()
