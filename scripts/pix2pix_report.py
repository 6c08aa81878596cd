"""Measure how close runs of pix2pix come to the targets of held-out pairs, and how colourful they are.

    python scripts/pix2pix_report.py RUN [RUN ...] [--samples 10000] [--out DIR]

All RUNs have the same data set and the same task. The newest generator of each translates the first
--samples held-out inputs, with dropout. The table compares them with two baselines: the inputs
themselves, and the mean colour of the training targets at each grey level of the inputs. It shows
the mean absolute error, the PSNR, the colourfulness (Hasler and Suesstrunk 2003), and how similar
the distribution of the colours of all pixels is to that of the targets (1 if it is the same), with
standard errors over images, not over seeds. "Dropout varies" is the mean absolute difference between
two translations of one input. A figure shows the first held-out pairs with the translations of each
run.
"""

import textwrap
from typing import Any, NamedTuple

from gan_tf1 import figures, seeds
from gan_tf1.config import Parser, add_count, as_flag, make
from gan_tf1.data import images, pairs
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import pair_metrics
from gan_tf1.files import data_folder, replacing, user_path
from gan_tf1.generators import sample_files
from gan_tf1.models import pix2pix as model
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.run_config import read_config_of
from gan_tf1.wording import quantity

import numpy as np

SHOWN = 8  # pairs in the figure


class Translated(NamedTuple):
    """A run's translations of held-out inputs."""
    name: str
    images: Any       # uint8 [n, size, size, 3]
    variation: float  # between two draws of the dropout, in levels of 255


def kind_of(settings):
    """Which losses a run has, in words."""
    return "L1 alone" if not settings["gan_weight"] else (
        "GAN + L1" if settings["l1_weight"] else "GAN alone")


def varied(all_settings):
    """The names of the settings in which runs differ, apart from those that `name_of` states in words."""
    said = {"iterations", "sample_interval", "samples"}
    weights = {(settings["gan_weight"], settings["l1_weight"]) for settings in all_settings}
    if len(weights) == len(set(map(kind_of, all_settings))):
        said |= {"gan_weight", "l1_weight"}
    return [name for name in all_settings[0] if name not in said
            and len({repr(settings.get(name)) for settings in all_settings}) > 1]


def name_of(stored, epoch, names=()):
    """The name of a run in the table, with the settings `names`."""
    settings = stored["settings"]
    when = [quantity(epoch * settings["sample_interval"], "step")] if epoch else []
    flags = [as_flag(name, settings[name]).removeprefix("--") for name in names]
    return ", ".join([kind_of(settings), *flags, *when, f"seed {stored['seed']}"])


def translated(path, stored, inputs, seed, names):
    """The `Translated` of run directory `path`, whose name has the settings `names`."""
    with sample_files.restored(path, model) as (sess, gan, _, epoch):
        first, second = (
            images.as_bytes(model.translate(sess, gan, scaled(inputs), seeds.stream(seed, number)))
            for number in (seeds.SAMPLES, seeds.JUDGED))
    variation = pair_metrics.absolute_error(first, second).mean()
    return Translated(name_of(stored, epoch, names), first, variation)


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("runs", type=user_path, nargs="+", metavar="RUN",
                        help="runs of 15_pix2pix.py, of one data set and task")
    add_count(parser, 10_000, "held-out pairs at most")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="the folder of the data (default: the one that the first run used)")
    parser.add_argument("--seed", type=seed_number, default=0,
                        help="of the dropout (default: 0)")
    outputs.add_flags(parser, "pix2pix_report", what="the folder of report.txt and report.png")
    args = parser.parse_args(argv)
    if args.n < 2:
        raise InputError("--samples must be at least 2: one image has no standard error")
    out = outputs.folder(args, "pix2pix_report")
    stored = [read_config_of(model.CHAPTER, path) for path in args.runs]
    for path, other in zip(args.runs, stored):
        if other["data_crc32"] != stored[0]["data_crc32"]:
            raise InputError(f"{path} was trained on other pairs than {args.runs[0]}: compare runs "
                             "of one data set and task")
    config = make(model.Config, stored[0]["settings"])
    data = pairs.load(stored[0]["data"], config.size, config.task, config.direction,
                      args.data_dir or stored[0]["data_dir"], config.tfds_name)
    if data.train.fingerprint() != stored[0]["data_crc32"]:
        raise InputError(f"{args.runs[0]} was trained on other data than {data.title} here: name "
                         "its folder with --data-dir")

    inputs, targets = (part[:args.n] for part in data.test)
    names = varied([other["settings"] for other in stored])
    found = [translated(path, other, inputs, args.seed, names)
             for path, other in zip(args.runs, stored)]
    means = pair_metrics.by_level(inputs, pair_metrics.mean_colours(*data.train.columns))
    rows = [("input as it is", inputs), ("mean colour of each grey level", means),
            *((one.name, one.images) for one in found)]
    lines = [f"pix2pix on {data.title}: {quantity(len(inputs), 'held-out pair')}, {config.size} "
             f"pixels, data_crc32 of the training pairs {stored[0]['data_crc32']}; +- is the standard "
             "error over images", *pair_metrics.table(rows, targets),
             *(f"{one.name}: dropout varies its translations by {one.variation:.2f} of 255"
               for one in found)]
    print(*lines, sep="\n")

    labels, stacks = zip(*rows, ("target", targets))
    grid = np.concatenate([scaled(stack[:SHOWN]) for stack in stacks])
    title = textwrap.fill(f"The first held-out pairs of {data.title}", 60)
    figure = figures.sample_grid(grid, title, len(targets[:SHOWN]), 0.5, labels)
    print(figures.save(figure, out / "report.png"))
    with replacing(out / "report.txt") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    print(out / "report.txt")


if __name__ == "__main__":
    main()
