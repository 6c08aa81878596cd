"""Compute the theory of the GAN's objectives, and train the MNIST GAN with each of three.

    python scripts/17_gan_objectives.py                              figures 6.5, 6.6, 6.7 and 6.15
    python scripts/17_gan_objectives.py theory --out DIR --seed 1    the same, with another seed
    python scripts/17_gan_objectives.py theory --record              with a page in which figure 6.5 moves
    python scripts/17_gan_objectives.py train --objective minimax    train the MNIST GAN; the others are
                                                                     non_saturating, maximum_likelihood
    python scripts/17_gan_objectives.py train --resume               continue after an interruption
    python scripts/17_gan_objectives.py compare RUN RUN ...          finished trainings side by side
    python scripts/17_gan_objectives.py train --help                 the flags of training
"""

from gan_tf1.config import Parser
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.experiments import theory as computed
from gan_tf1.files import user_path
from gan_tf1.models import mnist_gan_objectives as model
from gan_tf1.report import page, stages_page
from gan_tf1.training import command_line, outputs, run_figures, subcommands


def theory(argv):
    """Draw the figures of the theory, and write the tables of what they show."""
    parser = Parser(__doc__)
    outputs.add_flags(parser, "gan_objectives", what="the folder of figures and tables")
    parser.add_argument("--seed", type=command_line.seed_number, default=0,
                        help="of the small networks that are trained (default: 0)")
    parser.add_argument("--record", action="store_true", help="also write stages.html, a page in which "
                        "figure 6.5 moves: both densities, D and the map from z to x over the training")
    args = parser.parse_args(argv)
    out = outputs.folder(args, "gan_objectives")
    stages = computed.draw_all(args.seed, out, args.record)
    if args.record:
        print(stages_page.write(stages, f"Figure 6.5, computed and moving, seed {args.seed}", out / "stages.html"))


def train(argv):
    """Train the MNIST GAN with one objective, or continue a training."""
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, subcommand="train")
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=job.seed)
    steps = data.train.steps(config.batch_size)

    with job.training(data, (config.samples, model.INPUT_IMG_SIZE)) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, steps)
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            losses = model.report(training.sess, gan, totals)
            line = model.log_line(epoch, config.epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = model.sample(training.sess, gan, training.rng, config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title(f"MNIST GAN, {config.objective},", "objective"))
    page.of_run(job, training.path)


def compare(argv):
    """Put finished trainings side by side: a figure, a table, and their last samples."""
    parser = Parser(compare.__doc__, "compare")
    parser.add_argument("runs", type=user_path, nargs="+", metavar="RUN",
                        help="a finished run of this script's train")
    outputs.add_flags(parser, "gan_objectives", what="the folder of figures and tables")
    args = parser.parse_args(argv)
    computed.compare(args.runs, outputs.folder(args, "gan_objectives"))


@script
def main(argv=None):
    subcommands.run(argv, theory, train, compare,
                    former={"--objective": "train --objective", "--resume": "train --resume",
                            "--compare": "compare"})


if __name__ == "__main__":
    main()
