"""Measure what the training loop adds to bare session.run calls of the MNIST GAN, and its memory.

    python -m gan_tf1.bench.loop --rounds 10

Each round is an epoch as `01_mnist_gan.py` runs it (batches, noise, progress, losses, samples,
events, checkpoints), followed by as many bare pairs of `session.run` calls, in the same session, on
batches drawn beforehand. So both run under the same conditions. (A single batch would stay in the
processor's cache, which training data does not.) The output shows medians over the rounds.
"""

import tempfile
import time

import numpy as np

from gan_tf1 import memory
from gan_tf1.config import Parser, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import InputError, TrainingError, script
from gan_tf1.files import data_folder
from gan_tf1.models import mnist_gan
from gan_tf1.training import command_line, processes

DRAWN = 200  # batches; with 78 MB they don't fit into a cache


def measure(data, folder, rounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The seconds of each round: of the epoch, of the steps in it, and of the bare calls."""
    config = mnist_gan.Config(epochs=rounds)
    steps = data.train.steps(config.batch_size)
    rng = np.random.default_rng(0)
    job = command_line.Launch(mnist_gan.CHAPTER, config, data.key, None, 0, folder, None)
    whole, inside, bare = [], [], []
    drawn = [mnist_gan.Feed(data.validation.next_batch(config.batch_size)[0] * 2 - 1,
                            rng.uniform(-1, 1, (config.batch_size, config.gen_z_size)))
             for _ in range(DRAWN)]

    with job.training(data, (config.samples, mnist_gan.INPUT_IMG_SIZE)) as training:
        gan = mnist_gan.build(config)
        take_step = training.stepper(mnist_gan.step, gan, data.train, config, steps)
        start = None
        for epoch in training.epochs(rounds, gan.gen_vars):
            if start is not None:
                whole.append(time.perf_counter() - start)
            start, seconds = time.perf_counter(), 0.
            for _ in range(steps):
                feed = take_step()
                seconds += training.seconds
            losses = mnist_gan.report(training.sess, gan, feed)
            training.log(f"round {epoch} of {rounds}", epoch=epoch, **losses)
            training.keep_samples(mnist_gan.sample(training.sess, gan, rng, config.samples, config))
            inside.append(seconds)

            begun = time.perf_counter()
            for number in range(steps):
                images, z = drawn[number % DRAWN]
                training.sess.run(gan.disc_train_opt, feed_dict={
                    gan.real_discriminator_input: images, gan.generator_input_z: z})
                training.sess.run(gan.gen_train_opt, feed_dict={gan.generator_input_z: z})
            bare.append(time.perf_counter() - begun)
            start += bare[-1]
    # The first epoch warms up the session, and the end of the last one isn't measured.
    return np.array(whole[1:]), np.array(inside[1:-1]), np.array(bare[1:-1])


def in_its_own_process(choice, data_dir, rounds) -> str:
    """The output of `main` in a process of its own, so that the peak memory is that of a training.

    `choice` and `data_dir` select the digits (see `digits.load`). Two additional rounds are run,
    since the first and the last don't count. Raises TrainingError if the process fails.
    """
    command = ["-m", "gan_tf1.bench.loop", "--rounds", str(rounds + 2), "--data",
               choice, *(["--data-dir", str(data_dir)] if data_dir else [])]
    done = processes.run(command)
    if done.returncode:
        raise TrainingError(f"the training loop can't be measured: {done.stderr.strip()[-300:]}")
    lines = done.stdout.splitlines()
    return "\n".join(line for line in lines if not line.startswith(("run directory", "round ",
                                                                     "mnist_gan on")))


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--rounds", type=whole_number, default=10, help="at least 4 (default: 10)")
    parser.add_argument("--data", choices=digits.CHOICES, default="auto", help="the "
                        f"data set; {command_line.about_auto(digits.CHOICES)}default: auto")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="folder of the data set")
    args = parser.parse_args(argv)
    if args.rounds < 4:
        raise InputError("--rounds must be at least 4: the first and the last are not counted")

    data = digits.load(args.data, args.data_dir, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        whole, inside, bare = measure(data, folder + "/run", args.rounds)
    for name, ratios in (("epoch of a script / bare session.run calls", whole / bare),
                         ("what the script adds to the chapter's steps / bare session.run calls",
                          (whole - inside) / bare)):
        print(f"{name}: median {np.median(ratios):.3f} (from {np.min(ratios):.3f} to "
              f"{np.max(ratios):.3f}, {len(bare)} rounds)")
    print(f"seconds per epoch: {np.median(whole):.2f} in a script, {np.median(bare):.2f} bare")
    peak = memory.peak()  # None on Windows
    print(f"peak resident memory: {'not known' if peak is None else f'{peak / 2**20:.0f} MiB'}")


if __name__ == "__main__":
    main()
