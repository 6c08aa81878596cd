"""Train the MNIST GAN of "Deep Learning by Example", and draw the chapter's figures 6 to 8.

    python scripts/01_mnist_gan.py                          the chapter: 100 epochs
    python scripts/01_mnist_gan.py --learning-rate 0.002    the variant of the second book
    python scripts/01_mnist_gan.py --record --report        with a page that plays how digits form
    python scripts/01_mnist_gan.py --resume                 continue after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import mnist_gan
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, mnist_gan, digits.CHOICES, recordable=True)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=job.seed)
    steps = data.train.steps(config.batch_size)

    with job.training(data, (config.samples, mnist_gan.INPUT_IMG_SIZE)) as training:
        gan = mnist_gan.build(config)
        take_step = training.stepper(mnist_gan.step, gan, data.train, config, steps,
                                     watch={"disc_loss": gan.disc_loss, "gen_loss": gan.gen_loss})
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            for _ in range(steps):
                feed = take_step()
            losses = mnist_gan.report(training.sess, gan, feed)
            line = mnist_gan.log_line(epoch, config.epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = mnist_gan.sample(training.sess, gan, training.rng, config.samples, config)
            training.keep_samples(samples)
            if job.record:  # the same latent vectors after each epoch
                training.keep_fixed(mnist_gan.sample(training.sess, gan, training.noise(), config.samples, config))

    run_figures.of_run(training.path, training.title("MNIST GAN"))
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
