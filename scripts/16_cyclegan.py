"""Train CycleGAN (Zhu et al. 2017) on two sets of images without pairs, or translate with it.

    python scripts/16_cyclegan.py                                   drawn digits, in minutes
    python scripts/16_cyclegan.py --paper                           horses and zebras, 256 pixels
    python scripts/16_cyclegan.py --data folder --data-dir DIR      DIR/trainA, trainB, testA, testB
    python scripts/16_cyclegan.py --resume                          go on after an interruption
    python scripts/16_cyclegan.py --translate AtoB --images *.jpg   with the newest run

Small settings are used with the drawn digits (synthetic), regular and bold. The horses and deer
of CIFAR-10 with nets as small:

    python scripts/16_cyclegan.py --data cifar10 --load-size 32 --size 32 --channels 16 \\
        --blocks 2 --disc-layers 2 --epoch-steps 1000 --epochs 8 --decay-epochs 8
"""

import argparse
import sys

from gan_tf1.config import Parser
from gan_tf1.data import images, svhn, unpaired
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import translation
from gan_tf1.files import user_path
from gan_tf1.models import cyclegan as model
from gan_tf1.training import (
    command_line, outputs, run_directory as run_files, run_figures, training)

import numpy as np

SMALL = command_line.Small(  # what these settings give: checkpoints/cyclegan
    {"load_size": 32, "size": 32, "mirror": False, "channels": 16, "blocks": 2, "disc_layers": 2,
     "epoch_steps": 1000, "epochs": 8, "decay_epochs": 8},
    "the paper's nets on horses and zebras of 256 pixels: 266,800 steps, a GPU's work",
    ("drawn",))


def translate(argv):
    """Image files, translated by a run's newest generators: PNG files."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--translate", choices=("AtoB", "BtoA"), required=True,
                        help="from A to B, or from B to A")
    parser.add_argument("--images", type=user_path, nargs="+", required=True, metavar="FILE",
                        help="image files; each is cut to its centred square and brought to the "
                        "run's size")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="a run of this script "
                        "(default: the newest in checkpoints/)")
    outputs.add_flags(parser, "translated", what="the folder of translated images")
    args = parser.parse_args(argv)
    path = args.run_dir or run_files.newest(model.CHAPTER)
    out = outputs.folder(args, "translated")
    config, channels = translation.of_run(path)
    places = [out / f"{file.stem}_{args.translate}.png" for file in args.images]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise InputError(f"{place} would be overwritten: --images names two images of one "
                             "name; translate them one by one")
    stack = np.stack([unpaired.read(file, config.size, channels) for file in args.images])
    with translation.restored(path) as translate_images:
        translated, _ = translate_images(stack, args.translate)
    for img, place in zip(translated, places):
        images.write(img, place)
        print(place)


@script
def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if any(argument.startswith("--translate") for argument in argv):
        return translate(argv)
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, unpaired.CHOICES, small=SMALL)
    config = job.config
    model.check(config)
    data = unpaired.load(job.data, config.load_size, config.size, job.data_dir, [job.seed, 1])
    steps = config.epoch_steps or -(-data.train.num_examples // config.batch_size)
    rng = np.random.default_rng([job.seed, 0])
    tests = [svhn.scaled(part[:config.samples]) for part in (data.test_a, data.test_b)]
    if min(map(len, tests)) < config.samples:
        raise InputError(f"--samples {config.samples} is more than the {min(map(len, tests))} test "
                         "images of one set")
    channels = tests[0].shape[-1]

    shape = (6 * config.samples, config.size, config.size) + (channels == 3) * (3,)
    with job.open(data, shape) as run, job.new_graph().as_default():
        gan = model.build(config, channels, steps)
        training.fit(
            run, epochs=config.epochs + config.decay_epochs, steps=steps,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            tally=model.tally, report=lambda sess, last: model.report(last),
            log_line=model.log_line, sample=lambda sess: model.sample(sess, gan, *tests),
            train_set=data.train, rng=rng, gen_vars=gan.gen_vars, loop=job.loop)

    a, b = data.names
    rows = [a, f"{a} to {b}", f"and back to {a}", b, f"{b} to {a}", f"and back to {b}"]
    run_figures.of_run(run.path, run.title("CycleGAN"), config.samples,
                       inches=1, names=rows, shown=slice(None, None, config.samples),
                       loss_label="mean over the epoch")


if __name__ == "__main__":
    main()
