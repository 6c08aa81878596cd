"""Train a DCGAN, plain or packed, on stacked MNIST: three digits in three channels.

    python scripts/20_stacked_mnist_gan.py --paper --packing 2         as in the PacGAN paper
    python scripts/20_stacked_mnist_gan.py                             a narrow one, in minutes
    python scripts/20_stacked_mnist_gan.py --resume                    go on after an interruption

How many of the 1,000 modes it has: scripts/mode_coverage.py --data stacked.
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import stacked_mnist_gan as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

SMALL = command_line.Small(  # of the 1,000 modes, one run had 838
    {"channels": 16, "iterations": 2000, "sample_interval": 200},
    "20,000 steps at four times the width, an hour on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES, small=SMALL)
    config = job.config
    epochs = intervals(config)
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    with job.open(data, (config.samples, *model.IN_SHAPE)) as run, \
            job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            tally=lambda totals, fetched, seconds: model.tally(totals, *fetched),
            report=lambda sess, totals: model.report(totals), sample=sample,
            log_line=lambda epoch, losses: model.log_line(epoch * config.sample_interval, losses),
            train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    where = run.title(f"{model.name(config.packing)} of three channels", "packing")
    run_figures.of_run(run.path, where, columns=8, inches=0.8, counted="iteration",
                       each=config.sample_interval,
                       loss_label=f"mean loss of {config.sample_interval} iterations (nats)")


if __name__ == "__main__":
    main()
