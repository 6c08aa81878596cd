"""Train pix2pix, the translation of images into others, or translate images with a trained one.

    python scripts/15_pix2pix.py                                  grey to colour, in minutes
    python scripts/15_pix2pix.py --data-dir facades --direction BtoA    the paper's facades
    python scripts/15_pix2pix.py --data folder --data-dir photos --task edges    any images
    python scripts/15_pix2pix.py --resume                         go on after an interruption
    python scripts/15_pix2pix.py --translate a.png b.jpg          by the newest run
    python scripts/15_pix2pix.py --translate --help               the flags of translating

--data pairs, which a --data-dir means by itself, is a folder of pictures that hold
a pair side by side, in train/ and val/ or test/, as the paper's authors have them;
--data tfds is a data set with two images; all others are single images, of which
--task makes pairs. Small settings are used with CIFAR-10 and drawn street numbers.
"""

import argparse
import sys

from gan_tf1 import figures
from gan_tf1.config import Parser, intervals, make
from gan_tf1.data import images, pairs
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.models import pix2pix as model
from gan_tf1.training import (
    command_line, outputs, run_config, run_directory as run_files, run_figures, run_results,
    training)

import numpy as np

SMALL = command_line.Small(  # what these settings give: checkpoints/pix2pix
    {"size": 32, "patch_layers": 1, "channels": 32, "jitter": 0.0, "batch_size": 16,
     "iterations": 4000},
    "the paper's nets on pairs of 256 pixels (--data-dir DIR): 80,000 steps, a GPU's work",
    ("cifar10", "street"))


def translate(argv):
    """Image files, translated by a run's newest generator."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--translate", type=user_path, nargs="+", required=True, metavar="IMAGE",
                        help="image files; of each the middle square, at the run's size. Where the "
                        "run's pairs were made of images, inputs are made of these alike")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/)")
    outputs.add_flags(parser, "translated", what="the folder of translated images")
    parser.add_argument("--seed", type=command_line.seed_number, default=0,
                        help="of the dropout (default: 0)")
    args = parser.parse_args(argv)
    path = args.run_dir or run_files.newest(model.CHAPTER)
    out = outputs.folder(args, "translated")
    files = [out / f"{image.stem}-translated.png" for image in args.translate]
    if len(set(files)) < len(files):
        raise InputError("--translate names two images of one name: translate them one by one")
    stored = run_config.read_config_of(model.CHAPTER, path)
    config = make(model.Config, stored["settings"])
    inputs = pairs.translatable(args.translate, stored["data"], config.size, config.task,
                                config.direction)
    with sample_files.restored(path, model) as (sess, gan, config, _):
        found = model.translate(sess, gan, scaled(inputs), np.random.default_rng([args.seed, 2]))

    for file, image in zip(files, images.as_bytes(found)):
        images.write(image, file)
        print(file)


@script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if any(argument.startswith("--translate") for argument in argv):
        return translate(argv)
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, pairs.CHOICES, small=SMALL)
    config = job.config
    model.check(config)
    epochs = intervals(config)
    data = pairs.load(job.data, config.size, config.task, config.direction, job.data_dir,
                      config.tfds_name, seed=[job.seed, 1])
    if config.batch_size > data.train.num_examples:
        raise InputError(f"--batch-size {config.batch_size} is larger than the training set of "
                         f"{data.train.num_examples} pairs")
    inputs, targets = (part[:config.samples] for part in data.test)
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.translate(sess, gan, scaled(inputs), np.random.default_rng([job.seed, 2]))

    with job.open(data, targets.shape) as run, job.new_graph().as_default():
        gan = model.build(config)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval, first_step=0,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched), log_line=model.log_line,
            sample=sample, train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    where = run.title("pix2pix")
    run_figures.of_run(run.path, where, counted="iteration", each=config.sample_interval)
    outputs = run_results.load_samples(run.path)[-1]
    figure = figures.sample_grid(
        np.concatenate([scaled(inputs), outputs, scaled(targets)]), f"Held-out pairs: {where}",
        len(inputs), 0.8, ("input", "output", "target"))
    print(figures.save(figure, run.path / "figures" / "pairs.png"))


if __name__ == "__main__":
    main()
