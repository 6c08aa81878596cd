"""Train the DCGAN of "Stepping into the magical world of GANs" on MNIST.

    python scripts/05_dcgan_mnist.py                5 epochs, as many as the article trains
    python scripts/05_dcgan_mnist.py --paper        100 epochs, as many as the log of its blog
    python scripts/05_dcgan_mnist.py --epochs 1 --epoch-steps 6    the first lines of that log
    python scripts/05_dcgan_mnist.py --resume       continue after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import dcgan_mnist as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SMALL = command_line.Small(
    {"epochs": 5}, "the 100 epochs of the blog's log: 23,400 steps, four hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, small=SMALL)
    config = job.config
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    batches = model.batches_per_epoch(data.train, config)

    with job.training(data, (config.samples, 784)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, batches)
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            for number in range((epoch - 1) * batches + 1, epoch * batches + 1):
                losses = model.report(training.sess, gan, take_step())
                line = model.log_line(number, batches, losses)
                training.log(line, step=number, **losses)
            if epoch % 10 == 0:
                line, accuracies = model.evaluate(training.sess, gan, data.train, training.rng, config)
                training.log(line, "accuracies.csv", epoch=epoch, **accuracies)
            # The article draws its 16 images only after the training.
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title("DCGAN"))
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
