"""Train the DCGAN of "Practical Convolutional Neural Networks" on colour images.

    python scripts/03_dcgan_svhn.py                            narrow networks, in minutes
    python scripts/03_dcgan_svhn.py --paper                    the chapter: SVHN, 25 epochs
    python scripts/03_dcgan_svhn.py --data cifar10             other images of 32 x 32 pixels
    python scripts/03_dcgan_svhn.py --scaling batch_minimum    images scaled as printed
    python scripts/03_dcgan_svhn.py --resume                   go on after an interruption
"""

from gan_tf1.data import svhn
from gan_tf1.errors import script
from gan_tf1.models import dcgan_svhn as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

ROWS, COLUMNS = 5, 10  # of the samples after each epoch, always of the same noise
SMALL = command_line.Small(
    {"g_size_mult": 16, "d_size_mult": 16, "epochs": 10},
    "a generator eight times and a discriminator four times as wide, 25 epochs (14,325 steps on "
    "SVHN), three hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, svhn.CHOICES, small=SMALL)
    config = job.config
    data = svhn.load(job.data, job.data_dir, num_labels=0, seed=[job.seed, 1])
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, net, np.random.default_rng([job.seed, 2]), ROWS * COLUMNS, config)

    with job.open(data, (ROWS * COLUMNS, *model.REAL_SIZE)) as run, \
            job.new_graph().as_default():
        net = model.build(config)
        training.fit(
            run, epochs=config.epochs, steps=data.train.steps(config.batch_size),
            step=lambda sess, train_set, rng: model.step(
                sess, net, train_set.next_batch(config.batch_size), rng, config),
            report=lambda sess, feed: model.report(sess, net, feed),
            log_line=lambda epoch, losses: model.log_line(epoch, config.epochs, losses),
            sample=sample, train_set=data.train, rng=rng, gen_vars=net.gen_vars, loop=job.loop,
            watch={"disc_loss": net.d_loss, "gen_loss": net.g_loss})

    run_figures.of_run(run.path, run.title("DCGAN"), COLUMNS, inches=0.8)


if __name__ == "__main__":
    main()
