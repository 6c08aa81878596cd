"""Train the MNIST GAN of "Deep Learning by Example", and draw the chapter's figures 6 to 8.

    python scripts/01_mnist_gan.py                          the chapter: 100 epochs
    python scripts/01_mnist_gan.py --learning-rate 0.002    the second book's variant
    python scripts/01_mnist_gan.py --resume                 go on after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import mnist_gan
from gan_tf1.training import command_line, run_figures, training

import numpy as np


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, mnist_gan.CHAPTER, mnist_gan.Config, digits.CHOICES)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=[job.seed, 1])
    steps = mnist_gan.steps_per_epoch(data.train, config)
    rng = np.random.default_rng([job.seed, 0])

    with job.open(data, (config.samples, mnist_gan.INPUT_IMG_SIZE)) as run, \
            job.new_graph().as_default():
        gan = mnist_gan.build(config)
        training.fit(
            run, epochs=config.epochs, steps=steps,
            step=lambda sess, train_set, rng: mnist_gan.step(sess, gan, train_set, rng, config),
            report=lambda sess, feed: mnist_gan.report(sess, gan, feed),
            log_line=lambda epoch, losses: mnist_gan.log_line(epoch, config.epochs, losses),
            sample=lambda sess: mnist_gan.sample(sess, gan, rng, config.samples, config),
            train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop,
            watch={"disc_loss": gan.disc_loss, "gen_loss": gan.gen_loss})

    run_figures.of_run(run.path, run.title("MNIST GAN"))


if __name__ == "__main__":
    main()
