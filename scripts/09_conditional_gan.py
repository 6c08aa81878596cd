"""Train the conditional GAN of "Generative AI with Python and TensorFlow 2" on MNIST, or draw with it.

    python scripts/09_conditional_gan.py                        train: 30,000 iterations
    python scripts/09_conditional_gan.py --iterations 1000      as many as the chapter prints
    python scripts/09_conditional_gan.py --variant corrected    with the chapter's error corrected
    python scripts/09_conditional_gan.py --resume               continue after an interruption
    python scripts/09_conditional_gan.py draw --label 3 --samples 16    draw threes, without training
    python scripts/09_conditional_gan.py draw --help            the flags of drawing
"""

from gan_tf1.config import Parser, intervals, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.models import conditional_gan as model
from gan_tf1.places import SHIPPED
from gan_tf1.report import page
from gan_tf1.training import command_line, run_config, run_directory, run_figures, subcommands

TRAINED = SHIPPED / "mnist_generators" / model.CHAPTER  # a generator that comes with the repository


def train(argv):
    """Train the conditional GAN, or continue a training."""
    job = command_line.parse(argv, __doc__, model, digits.CHOICES)
    config = job.config
    every = config.sample_interval
    data = digits.unsplit(digits.load(job.data, job.data_dir))

    shape = (model.NUM_CLASSES * config.samples, model.INPUT_SIZE)
    with job.training(data, shape) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            for iteration in range((interval - 1) * every, interval * every):
                losses = model.report(training.sess, gan, take_step())
                line = model.log_line(iteration, config.iterations, losses)
                training.log(line, step=iteration, **losses)
            samples = model.sample_classes(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

    run_figures.of_run(training.path, training.title(f"Conditional GAN, {config.variant},", "variant"),
                       config.samples, inches=0.8, counted="iteration", each=config.sample_interval,
                       names=range(model.NUM_CLASSES), shown=slice(None, None, config.samples))
    page.of_run(job, training.path)


def draw(argv):
    """Draw samples of one digit with the newest generator of a run, or with the one that is shipped."""
    parser = Parser(draw.__doc__, "draw")
    parser.add_argument("--label", type=whole_number, choices=range(model.NUM_CLASSES),
                        required=True, metavar="DIGIT", help="the digit to draw, 0 to 9")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/; if there is none, the "
                        "generator that is shipped)")
    sample_files.add_flags(parser)
    args = parser.parse_args(argv)
    out = sample_files.checked(args)
    path = args.run_dir or run_directory.newest(model.CHAPTER, TRAINED)
    stored = run_config.read_config_of(model.CHAPTER, path)
    images, _, epoch = sample_files.draw_labelled(path, model, args.n, args.seed, args.label)
    sample_files.save(images, f"Label {args.label} after {sample_files.when(model, stored, epoch)}, trained on "
                      f"{stored['data_title']}, seed {args.seed}", out)


@script
def main(argv=None):
    subcommands.run(argv, train, draw, former={"--label": "draw --label"})


if __name__ == "__main__":
    main()
