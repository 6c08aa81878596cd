"""Train the DCGAN of "Stepping into the magical world of GANs" on MNIST.

    python scripts/05_dcgan_mnist.py                5 epochs, the article's own number
    python scripts/05_dcgan_mnist.py --paper        100 epochs, whose log is printed
    python scripts/05_dcgan_mnist.py --epochs 1 --epoch-steps 6    the first printed lines
    python scripts/05_dcgan_mnist.py --resume       go on after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import dcgan_mnist as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

SMALL = command_line.Small(  # as many as the article itself trains
    {"epochs": 5}, "100 epochs, those of the printed log: 23,400 steps, four hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES, small=SMALL)
    config = job.config
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    batches = model.batches_per_epoch(data.train, config)
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # The article's 16 images, drawn after training: here of each epoch.
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    with job.open(data, (config.samples, 784)) as run, job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=config.epochs, steps=batches, first_step=1,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched),
            log_line=lambda number, losses: model.log_line(number, batches, losses),
            evaluate=lambda sess, epoch: model.evaluate(sess, gan, data.train, rng, config, epoch),
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    run_figures.of_run(run.path, run.title("DCGAN"))


if __name__ == "__main__":
    main()
