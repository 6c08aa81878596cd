"""Train pix2pix (Isola et al. 2017), which translates images into other images, or translate with it.

    python scripts/15_pix2pix.py                                  grey to colour, in minutes
    python scripts/15_pix2pix.py --data-dir facades --direction BtoA    the paper's facades
    python scripts/15_pix2pix.py --data folder --data-dir photos --task edges    any images
    python scripts/15_pix2pix.py --resume                         continue after an interruption
    python scripts/15_pix2pix.py translate a.png b.jpg            translate with the newest run
    python scripts/15_pix2pix.py translate --help                 the flags of translating

--data pairs (which --data-dir alone selects) is a folder of pictures that show the two images of a
pair side by side, in train/ and in val/ or test/, as the paper's authors provide them. --data tfds is
a data set of TensorFlow Datasets with two images. All others are single images, from which --task
makes pairs; translate then makes its inputs in the same way. Small settings are used with CIFAR-10
and the drawn street numbers.
"""

from gan_tf1 import figures, seeds
from gan_tf1.config import Parser, intervals, make
from gan_tf1.data import images, pairs
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import script
from gan_tf1.generators import sample_files, translated_files
from gan_tf1.models import pix2pix as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_config, run_figures, run_results, subcommands

import numpy as np

SMALL = command_line.Small(  # checkpoints/pix2pix/README.md has their results
    {"size": 32, "patch_layers": 1, "channels": 32, "jitter": 0.0, "batch_size": 16,
     "iterations": 4000},
    "the paper's networks on pairs of 256 pixels (--data-dir DIR): 80,000 steps, work for a GPU",
    ("cifar10", "street"))


def train(argv):
    """Train pix2pix, or continue a training."""
    job = command_line.parse(argv, __doc__, model, pairs.CHOICES, small=SMALL)
    config = job.config
    model.check(config)
    data = pairs.load(job.data, config.size, config.task, config.direction, job.data_dir,
                      config.tfds_name, seed=job.seed)
    inputs, targets = (part[:config.samples] for part in data.test)
    every = config.sample_interval

    with job.training(data, targets.shape) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            for iteration in range((interval - 1) * every, interval * every):
                losses = model.report(training.sess, gan, take_step())
                line = model.log_line(iteration, config.iterations, losses)
                training.log(line, step=iteration, **losses)
            outputs = model.translate(training.sess, gan, scaled(inputs), training.noise())
            training.keep_samples(outputs)

    where = training.title("pix2pix")
    run_figures.of_run(training.path, where, counted="iteration", each=config.sample_interval)
    last = run_results.load_samples(training.path)[-1]
    figure = figures.sample_grid(
        np.concatenate([scaled(inputs), last, scaled(targets)]), f"Held-out pairs: {where}",
        len(inputs), 0.8, ("input", "output", "target"))
    print(figures.save(figure, training.path / "figures" / "pairs.png"))
    page.of_run(job, training.path)


def translate(argv):
    """Translate image files with the newest generator of a run."""
    parser = Parser(translate.__doc__, "translate")
    translated_files.add_flags(parser)
    parser.add_argument("--seed", type=command_line.seed_number, default=0,
                        help="of the dropout (default: 0)")
    args = parser.parse_args(argv)
    path, files = translated_files.places(args, model.CHAPTER, "-translated")
    stored = run_config.read_config_of(model.CHAPTER, path)
    config = make(model.Config, stored["settings"])
    inputs = pairs.translatable(args.images, stored["data"], config.size, config.task,
                                config.direction)
    with sample_files.restored(path, model) as (sess, gan, config, _):
        outputs = model.translate(sess, gan, scaled(inputs), seeds.stream(args.seed, seeds.SAMPLES))
    translated_files.write(images.as_bytes(outputs), files)


@script
def main(argv=None):
    subcommands.run(argv, train, translate, former={"--translate": "translate"})


if __name__ == "__main__":
    main()
