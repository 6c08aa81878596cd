"""Train the DCGAN class that a Chinese article on GANs prints for TF1, on MNIST.

    python scripts/12_dcgan_class.py                         5 epochs, in minutes
    python scripts/12_dcgan_class.py --paper                 the article: 200 epochs
    python scripts/12_dcgan_class.py --variant as_printed    with those of its errors that do not stop it
    python scripts/12_dcgan_class.py --resume                continue after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import dcgan_class as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SMALL = command_line.Small({"epochs": 5}, "200 epochs of 859 steps, three hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, small=SMALL)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=job.seed)
    steps = data.train.steps(config.batch_size)

    with job.training(data, (config.samples, 784)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, steps)
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            losses = model.report(training.sess, gan, totals)
            line = model.log_line(epoch, config.epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title(f"DCGAN class, {config.variant},", "variant"),
                       columns=8, loss_label="mean loss of the epoch's steps (nats)")
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
