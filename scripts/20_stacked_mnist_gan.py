"""Train a DCGAN, plain or packed, on stacked MNIST: three digits in three channels.

    python scripts/20_stacked_mnist_gan.py --paper --packing 2         as in the PacGAN paper
    python scripts/20_stacked_mnist_gan.py                             narrow networks, in minutes
    python scripts/20_stacked_mnist_gan.py --resume                    continue after an interruption

scripts/mode_coverage.py --data stacked trains such GANs with several seeds, and counts how many of the
1,000 modes they capture.
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import mixture_gan, stacked_mnist_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SMALL = command_line.Small(  # one run captured 838 of the 1,000 modes
    {"channels": 16, "iterations": 2000, "sample_interval": 200},
    "20,000 steps at four times the width, an hour on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, small=SMALL)
    config = job.config
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    every = config.sample_interval

    with job.training(data, (config.samples, *model.IN_SHAPE)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            totals = None
            for _ in range(every):
                totals = model.tally(totals, take_step())
            losses = model.report(training.sess, gan, totals)
            line = model.log_line(interval * every, config.iterations, losses)
            training.log(line, epoch=interval, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    where = training.title(f"{mixture_gan.name(config.packing)} of three channels", "packing")
    run_figures.of_run(training.path, where, columns=8, inches=0.8, counted="iteration",
                       each=config.sample_interval,
                       loss_label=f"mean loss of {config.sample_interval} iterations (nats)")
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
