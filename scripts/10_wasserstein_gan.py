"""Train the Wasserstein GAN of "Generative AI with Python and TensorFlow 2" on MNIST.

    python scripts/10_wasserstein_gan.py                       narrow networks, in minutes
    python scripts/10_wasserstein_gan.py --paper               the chapter: 30,000 iterations
    python scripts/10_wasserstein_gan.py --samples 1000        for wasserstein_estimate.py
    python scripts/10_wasserstein_gan.py --resume              go on after an interruption
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.models import wasserstein_gan as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

SMALL = command_line.Small(  # the samples are blurs until iteration 6,500, then digits
    {"hidden_size": 64, "batch_size": 64, "iterations": 20_000, "sample_interval": 500},
    "30,000 iterations at four times the width, twenty minutes on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES, small=SMALL)
    config = job.config
    epochs = intervals(config)
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    with job.open(data, (config.samples, model.INPUT_SIZE)) as run, \
            job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval, first_step=0,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched), log_line=model.log_line,
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    run_figures.of_run(run.path, run.title("Wasserstein GAN"),
                       counted="iteration", each=config.sample_interval,
                       loss_label="loss on the step's batch (the critic's units)")


if __name__ == "__main__":
    main()
