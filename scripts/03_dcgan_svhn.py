"""Train the DCGAN of "Practical Convolutional Neural Networks" on colour images.

    python scripts/03_dcgan_svhn.py                            narrow networks, in minutes
    python scripts/03_dcgan_svhn.py --paper                    the chapter: SVHN, 25 epochs
    python scripts/03_dcgan_svhn.py --data cifar10             other images of 32 x 32 pixels
    python scripts/03_dcgan_svhn.py --scaling batch_minimum    scaled as in the code it is based on
    python scripts/03_dcgan_svhn.py --print-every 10           log lines as in that code
    python scripts/03_dcgan_svhn.py --resume                   continue after an interruption
"""

from gan_tf1.data import svhn
from gan_tf1.errors import script
from gan_tf1.models import dcgan_svhn as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

ROWS, COLUMNS = 5, 10  # of the samples after each epoch, which always have the same noise
SMALL = command_line.Small(
    {"g_size_mult": 16, "d_size_mult": 16, "epochs": 10},
    "a generator eight times and a discriminator four times as wide, 25 epochs (14,325 steps on "
    "SVHN), three hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, svhn.CHOICES, small=SMALL)
    config = job.config
    data = svhn.load(job.data, job.data_dir, num_labels=0, seed=job.seed)
    steps = data.train.steps(config.batch_size)

    with job.training(data, (ROWS * COLUMNS, *model.REAL_SIZE)) as training:
        net = model.build(config)
        take_step = training.stepper(model.step, net, data.train, config, steps,
                                     watch={"disc_loss": net.d_loss, "gen_loss": net.g_loss},
                                     stops=config.print_every)
        for epoch in training.epochs(config.epochs, net.gen_vars):
            for number in range((epoch - 1) * steps + 1, epoch * steps + 1):
                feed = take_step()
                if config.print_every and number % config.print_every == 0:
                    losses = model.report(training.sess, net, feed)
                    line = model.log_line(epoch, config.epochs, losses)
                    training.log(line, "printed_losses.csv", step=number, **losses)
            losses = model.report(training.sess, net, feed)
            line = "" if config.print_every else model.log_line(epoch, config.epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = model.sample(training.sess, net, training.noise(), ROWS * COLUMNS, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title("DCGAN"), COLUMNS, inches=0.8)
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
