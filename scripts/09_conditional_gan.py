"""Train the conditional GAN of "Generative AI with Python and TensorFlow 2" on MNIST, or ask it.

    python scripts/09_conditional_gan.py                        30,000 iterations
    python scripts/09_conditional_gan.py --iterations 1000      as many as are printed
    python scripts/09_conditional_gan.py --variant corrected    its slip mended
    python scripts/09_conditional_gan.py --resume               go on after an interruption
    python scripts/09_conditional_gan.py --label 3 --samples 16      draw threes from the newest run
    python scripts/09_conditional_gan.py --label 3 --help       the flags of drawing
"""

import argparse
import sys

from gan_tf1.config import Parser, intervals, make, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.models import conditional_gan as model
from gan_tf1.training import (
    command_line, run_config, run_directory as run_files, run_figures, training)

import numpy as np


def draw(argv):
    """Samples of one digit, of a run's newest generator."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label", type=whole_number, choices=range(model.NUM_CLASSES),
                        required=True, metavar="DIGIT", help="the digit to draw, 0 to 9")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/)")
    sample_files.add_flags(parser)
    args = parser.parse_args(argv)
    out = sample_files.checked(args)
    path = args.run_dir or run_files.newest(model.CHAPTER)
    stored = run_config.read_config_of(model.CHAPTER, path)
    images, _, epoch = sample_files.draw_labelled(path, model, args.n, args.seed, args.label)
    interval = make(model.Config, stored["settings"]).sample_interval
    when = f"iteration {epoch * interval}" if epoch else "training"
    sample_files.save(images, f"Asked for {args.label} after {when}, trained on "
                      f"{stored['data_title']}, seed {args.seed}", out)


@script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if any(argument.startswith("--label") for argument in argv):
        return draw(argv)
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES)
    config = job.config
    epochs = intervals(config)
    data = digits.unsplit(digits.load(job.data, job.data_dir))
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample_classes(sess, gan, np.random.default_rng([job.seed, 2]),
                                    config.samples, config)

    with job.open(data, (model.NUM_CLASSES * config.samples, model.INPUT_SIZE)) as run, \
            job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval, first_step=0,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched), log_line=model.log_line,
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    run_figures.of_run(run.path, run.title(f"Conditional GAN, {config.variant},", "variant"),
                       config.samples, inches=0.8, counted="iteration", each=config.sample_interval,
                       names=range(model.NUM_CLASSES), shown=slice(None, None, config.samples))


if __name__ == "__main__":
    main()
