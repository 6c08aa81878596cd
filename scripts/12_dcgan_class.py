"""Train the DCGAN class of a Chinese article on GANs, written for TF1, on MNIST.

    python scripts/12_dcgan_class.py                         5 epochs, in minutes
    python scripts/12_dcgan_class.py --paper                 the article: 200 epochs
    python scripts/12_dcgan_class.py --variant as_printed    with those of its slips that run
    python scripts/12_dcgan_class.py --resume                go on after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import dcgan_class as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

SMALL = command_line.Small({"epochs": 5}, "200 epochs of 859 steps, three hours on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES, small=SMALL)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=[job.seed, 1])
    steps = model.steps_per_epoch(data.train, config)
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    with job.open(data, (config.samples, 784)) as run, job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=config.epochs, steps=steps,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            tally=lambda totals, fetched, seconds: model.tally(totals, *fetched),
            report=lambda sess, totals: model.report(totals),
            log_line=lambda epoch, losses: model.log_line(epoch, config.epochs, losses),
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    run_figures.of_run(run.path, run.title(f"DCGAN class, {config.variant},", "variant"),
                       columns=8, loss_label="mean loss of the epoch's steps (nats)")


if __name__ == "__main__":
    main()
