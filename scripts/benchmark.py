"""What the training loop costs beside the bare session.run calls of the MNIST GAN, and its memory.

    python scripts/benchmark.py --rounds 10

Each round is an epoch of `train.fit` as `01_mnist_gan.py` runs it (batches, noise,
progress, losses, samples, events, checkpoints), and then as many bare pairs of
`session.run` on one fixed batch, in the same session: so both see the same
machine. Medians over the rounds, ratio first.
"""

import argparse
import resource
import sys
import tempfile
import time

import numpy as np

from gan_tf1 import launch, train
from gan_tf1.config import Parser, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import new_graph


def measure(data, folder, rounds):
    """Seconds of each round's epoch in `train.fit`, and of its bare `session.run` calls."""
    config = mnist_gan.Config(epochs=rounds)
    steps = mnist_gan.steps_per_epoch(data.train, config)
    rng = np.random.default_rng(0)
    job = launch.Launch(mnist_gan.CHAPTER, config, data.key, None, 0, folder, None)
    marks, bare = [], []

    with job.open(data, (config.samples, mnist_gan.INPUT_IMG_SIZE)) as run, \
            new_graph(0).as_default():
        gan = mnist_gan.build(config)

        def step(sess):
            if len(marks) == len(bare):
                marks.append(time.perf_counter())
            return mnist_gan.step(sess, gan, data.train, rng, config)

        def report(sess, feed):
            losses = mnist_gan.report(sess, gan, feed)
            start = time.perf_counter()
            for _ in range(steps):
                sess.run(gan.disc_train_opt, feed_dict={gan.real_discriminator_input: feed.images,
                                                        gan.generator_input_z: feed.z})
                sess.run(gan.gen_train_opt, feed_dict={gan.generator_input_z: feed.z})
            bare.append(time.perf_counter() - start)
            return losses

        train.fit(run, epochs=rounds, steps=steps, step=step, report=report,
                  log_line=lambda epoch, losses: f"round {epoch} of {rounds}",
                  sample=lambda sess: mnist_gan.sample(sess, gan, rng, config.samples, config),
                  train_set=data.train, rng=rng, gen_vars=gan.gen_vars)
    # The last epoch has no mark after it; the first also warms the session up.
    whole = np.diff(marks) - bare[:-1]
    return whole[1:], np.array(bare[1:-1])


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=whole_number, default=10, help="at least 4 (default: 10)")
    parser.add_argument("--data", choices=digits.CHOICES, default="auto")
    parser.add_argument("--data-dir", type=user_path, metavar="DIR", help="where the data set lies")
    args = parser.parse_args(argv)
    if args.rounds < 4:
        raise InputError("--rounds must be at least 4: the first and the last are not counted")

    data = digits.load(args.data, args.data_dir, seed=[0, 1])
    with tempfile.TemporaryDirectory() as folder:
        whole, bare = measure(data, folder + "/run", args.rounds)
    print(f"epoch in train.fit / bare session.run calls: median {np.median(whole / bare):.3f} "
          f"(from {np.min(whole / bare):.3f} to {np.max(whole / bare):.3f}, {len(bare)} rounds)")
    print(f"seconds an epoch: {np.median(whole):.2f} in train.fit, {np.median(bare):.2f} bare")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(f"peak resident memory: "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:.0f} MiB")


if __name__ == "__main__":
    main()
