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

from gan_tf1 import seeds
from gan_tf1.config import Parser
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.experiments import theory
from gan_tf1.files import user_path
from gan_tf1.models import mnist_gan_objectives as model
from gan_tf1.training import command_line, outputs, run_figures


def fit(argv):
    """Train the MNIST GAN with one objective, or go on with it."""
    job = command_line.parse(argv, __doc__, model, digits.CHOICES)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=[job.seed, seeds.ORDER])
    steps = model.steps_per_epoch(data.train, config)

    with job.training(data, (config.samples, model.INPUT_IMG_SIZE)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, steps)
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            losses = model.report(training.sess, gan, totals)
            training.log(model.log_line(epoch, config.epochs, losses), {"epoch": epoch, **losses})
            training.keep_samples(model.sample(training.sess, gan, training.rng, config.samples,
                                               config))

    run_figures.of_run(training.path, training.title(f"MNIST GAN, {config.objective},", "objective"))


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
