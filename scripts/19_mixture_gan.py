"""Train a GAN, plain or packed, on a mixture of Gaussians in the plane, and count the modes it captures.

    python scripts/19_mixture_gan.py --loop graph --xla                a ring of 8 Gaussians
    python scripts/19_mixture_gan.py --data grid --packing 2           PacGAN2 on a grid of 25
    python scripts/19_mixture_gan.py --iterations 20000                a first look
    python scripts/19_mixture_gan.py --resume                          continue after an interruption

scripts/mode_coverage.py trains many seeds, and compares them with published results.
"""

from gan_tf1 import figures
from gan_tf1.config import intervals
from gan_tf1.data import mixtures
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import mode_coverage
from gan_tf1.experiments import plane
from gan_tf1.models import mixture_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line
from gan_tf1.training.run_results import load_losses, load_samples

import numpy as np


def counted(points, mixture):
    """The `mode_coverage.Counted` of `points` [n, 2], as a dict.

    If a point is not finite, the run has diverged: all numbers are NaN, and stop the run as a loss
    that is not finite does.
    """
    if np.isfinite(points).all():
        return mode_coverage.of_points(points, mixture.means, mixture.deviation)._asdict()
    return mode_coverage.Counted(np.nan, np.nan, np.nan)._asdict()


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, mixtures.CHOICES)
    config = job.config
    if config.batch_size * config.packing > config.train_points:
        raise InputError(f"--batch-size {config.batch_size} packs of --packing {config.packing} are "
                         f"more than --train-points {config.train_points}: choose a smaller --batch-size or --packing, "
                         "or more --train-points")
    mixture = mixtures.load(job.data, config.train_points, job.seed)
    every = config.sample_interval

    with job.training(mixture, (config.samples, model.POINT_SIZE)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, mixture.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            totals = None
            for _ in range(every):
                totals = model.tally(totals, take_step())
            points = model.sample(training.sess, gan, training.noise(), config.samples, config)
            losses = {**model.report(training.sess, gan, totals), **counted(points, mixture)}
            line = model.log_line(interval * every, config.iterations, losses)
            training.log(line, epoch=interval, **losses)
            training.keep_samples(points, plane.density_png(points, mixture))

    where = training.title(model.name(config.packing), "packing")
    losses, folder = load_losses(training.path), training.path / "figures"
    for name, figure in (
            ("losses", figures.loss_curves(losses, f"Losses: {where}", "mean loss of "
                                           f"{config.sample_interval} iterations (nats)")),
            ("samples", plane.samples(load_samples(training.path)[-1], mixture,
                                      f"Last samples: {where}")),
            ("modes", plane.counted_curves(losses, config.sample_interval, len(mixture.means),
                                           f"Modes over training: {where}"))):
        print(figures.save(figure, folder / f"{name}.png"))
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
