"""The theory of the GAN's objectives computed, and the MNIST GAN trained with each of three.

    python scripts/17_gan_objectives.py                          figures 6.5, 6.6, 6.7 and 6.15
    python scripts/17_gan_objectives.py --out DIR --seed 1       to DIR, of other networks
    python scripts/17_gan_objectives.py --objective minimax      train: or non_saturating, or
                                                                 maximum_likelihood
    python scripts/17_gan_objectives.py --objective minimax --help       the flags of training
    python scripts/17_gan_objectives.py --resume                 go on after an interruption
    python scripts/17_gan_objectives.py --compare RUN RUN ...    finished trainings side by side
"""

import argparse
import sys

from gan_tf1.config import Parser
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.experiments import theory
from gan_tf1.files import user_path
from gan_tf1.models import mnist_gan_objectives as model
from gan_tf1.training import command_line, outputs, run_figures, training

import numpy as np


def fit(argv):
    """Train the MNIST GAN with one objective, or go on with it."""
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=[job.seed, 1])
    steps = model.steps_per_epoch(data.train, config)
    rng = np.random.default_rng([job.seed, 0])

    with job.open(data, (config.samples, model.INPUT_IMG_SIZE)) as run, \
            job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=config.epochs, steps=steps,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            tally=lambda last, fetched, seconds: model.tally(last, fetched),
            report=lambda sess, totals: model.report(sess, gan, totals),
            log_line=lambda epoch, losses: model.log_line(epoch, config.epochs, losses),
            sample=lambda sess: model.sample(sess, gan, rng, config.samples, config),
            train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    run_figures.of_run(run.path, run.title(f"MNIST GAN, {config.objective},", "objective"))


@script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if any(argument.startswith(("--objective", "--resume")) for argument in argv):
        return fit(argv)
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    outputs.add_flags(parser, "gan_objectives", what="the folder of figures and tables")
    parser.add_argument("--seed", type=command_line.seed_number, default=0,
                        help="of the small networks that are trained (default: 0)")
    parser.add_argument("--compare", type=user_path, nargs="+", metavar="RUN",
                        help="draw these runs of --objective instead")
    args = parser.parse_args(argv)
    out = outputs.folder(args, "gan_objectives")
    if args.compare:
        theory.compare(args.compare, out)
    else:
        theory.draw_all(args.seed, out)


if __name__ == "__main__":
    main()
