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

from gan_tf1 import figures, launch, run as run_files, samples, train
from gan_tf1.config import Parser, intervals, make, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.models import conditional_gan as model

import numpy as np


def draw(argv):
    """Samples of one digit, of a run's newest generator."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label", type=whole_number, choices=range(model.NUM_CLASSES),
                        required=True, metavar="DIGIT", help="the digit to draw, 0 to 9")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/)")
    samples.add_flags(parser)
    args = parser.parse_args(argv)
    out = samples.checked(args)
    path = args.run_dir or run_files.newest(model.CHAPTER)
    stored = run_files.read_config_of(model.CHAPTER, path)
    images, _, epoch = samples.draw_labelled(path, model, args.n, args.seed, args.label)
    interval = make(model.Config, stored["settings"]).sample_interval
    when = f"iteration {epoch * interval}" if epoch else "training"
    samples.save(images, f"Asked for {args.label} after {when}, trained on {stored['data_title']}, "
                 f"seed {args.seed}", out)


@script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if any(argument.startswith("--label") for argument in argv):
        return draw(argv)
    job = launch.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES)
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
        train.fit(
            run, epochs=epochs, steps=config.sample_interval, first_step=0,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched), log_line=model.log_line,
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    figures.of_run(run.path, run.title(f"Conditional GAN, {config.variant},", "variant"),
                   config.samples, inches=0.8, counted="iteration", each=config.sample_interval,
                   names=range(model.NUM_CLASSES), shown=slice(None, None, config.samples))


if __name__ == "__main__":
    main()
