"""Train the DCGAN of "Generative AI with Python and TensorFlow 2" on MNIST.

    python scripts/07_dcgan_upsampling.py                        narrow networks, in minutes
    python scripts/07_dcgan_upsampling.py --no-frozen-norm       with batch norm as in TensorFlow 1
    python scripts/07_dcgan_upsampling.py --paper                the chapter: 30,000 iterations
    python scripts/07_dcgan_upsampling.py --resume               continue after an interruption
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import dcgan_upsampling as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SMALL = command_line.Small(  # many samples are clear digits (classifier score 4.6)
    {"channels": 8, "iterations": 3000, "sample_interval": 100},
    "30,000 iterations at four times the width, three hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, small=SMALL)
    config = job.config
    every = config.sample_interval
    data = digits.unsplit(digits.load(job.data, job.data_dir))

    with job.training(data, (config.samples, 784)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            for iteration in range((interval - 1) * every, interval * every):
                losses = model.report(training.sess, gan, take_step())
                line = model.log_line(iteration, config.iterations, losses)
                training.log(line, step=iteration, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title("DCGAN"), counted="iteration",
                       each=config.sample_interval)
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
