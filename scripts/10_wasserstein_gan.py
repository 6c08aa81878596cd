"""Train the Wasserstein GAN of "Generative AI with Python and TensorFlow 2" on MNIST.

    python scripts/10_wasserstein_gan.py                       narrow networks, in minutes
    python scripts/10_wasserstein_gan.py --paper               the chapter: 30,000 iterations
    python scripts/10_wasserstein_gan.py --networks convolutional    the right half of figure 6.16
    python scripts/10_wasserstein_gan.py --samples 1000        for wasserstein_estimate.py
    python scripts/10_wasserstein_gan.py --resume              continue after an interruption
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import wasserstein_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SMALL = command_line.Small(  # the samples are blurred until iteration 6,500, then digits
    {"hidden_size": 64, "channels": 8, "batch_size": 64, "iterations": 20_000, "sample_interval": 500},
    "30,000 iterations at four times the width, twenty minutes on two cores with dense networks, many hours with "
    "convolutional ones")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, small=SMALL)
    config = job.config
    every = config.sample_interval
    data = digits.unsplit(digits.load(job.data, job.data_dir))

    with job.training(data, (config.samples, model.INPUT_SIZE)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            for iteration in range((interval - 1) * every, interval * every):
                losses = model.report(training.sess, gan, take_step())
                line = model.log_line(iteration, config.iterations, losses)
                training.log(line, step=iteration, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title("Wasserstein GAN"),
                       counted="iteration", each=config.sample_interval,
                       loss_label="loss on the step's batch (the critic's units)")
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
