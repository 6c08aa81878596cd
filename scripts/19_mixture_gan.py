"""Train a GAN, plain or packed, on a mixture of Gaussians in the plane, and count its modes.

    python scripts/19_mixture_gan.py --loop graph --xla                a ring of 8
    python scripts/19_mixture_gan.py --data grid --packing 2           PacGAN2 on a grid of 25
    python scripts/19_mixture_gan.py --iterations 20000                a look at it
    python scripts/19_mixture_gan.py --resume                          go on after an interruption

Many seeds of each, side by side with what is published: scripts/mode_coverage.py.
"""

from gan_tf1 import figures
from gan_tf1.config import intervals
from gan_tf1.data import mixtures
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import mode_coverage
from gan_tf1.experiments import plane
from gan_tf1.models import mixture_gan as model
from gan_tf1.training import command_line, training
from gan_tf1.training.run_results import load_losses, load_samples

import numpy as np


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, mixtures.CHOICES)
    config = job.config
    epochs = intervals(config)
    if config.batch_size * config.packing > config.train_points:
        raise InputError(f"--batch-size {config.batch_size} packs of --packing {config.packing} are "
                         f"more than --train-points {config.train_points}")
    mixture = mixtures.load(job.data, config.train_points, job.seed)
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    def report(sess, totals):
        points = sample(sess)
        if np.isfinite(points).all():
            counted = mode_coverage.of_points(points, mixture.means, mixture.deviation)
        else:  # the run has diverged: it stops at these numbers, as at a loss that is not finite
            counted = mode_coverage.Counted(np.nan, np.nan, np.nan)
        return {**model.report(totals), **counted._asdict()}

    with job.open(mixture, (config.samples, model.POINT_SIZE)) as run, \
            job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            tally=lambda totals, fetched, seconds: model.tally(totals, *fetched),
            report=report, sample=sample,
            log_line=lambda epoch, losses: model.log_line(epoch * config.sample_interval, losses),
            picture=lambda points: plane.density_png(points, mixture),
            train_set=mixture.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    where = run.title(model.name(config.packing), "packing")
    losses, folder = load_losses(run.path), run.path / "figures"
    for name, figure in (
            ("losses", figures.loss_curves(losses, f"Losses: {where}", "mean loss of "
                                           f"{config.sample_interval} iterations (nats)")),
            ("samples", plane.samples(load_samples(run.path)[-1], mixture,
                                      f"Last samples: {where}")),
            ("modes", plane.counted_curves(losses, config.sample_interval, len(mixture.means),
                                           f"Modes over training: {where}"))):
        print(figures.save(figure, folder / f"{name}.png"))


if __name__ == "__main__":
    main()
