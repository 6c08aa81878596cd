"""Train CycleGAN (Zhu et al. 2017) on two sets of unpaired images, or translate images with it.

    python scripts/16_cyclegan.py                                   drawn digits, in minutes
    python scripts/16_cyclegan.py --paper                           horses and zebras, 256 pixels
    python scripts/16_cyclegan.py --data folder --data-dir DIR      DIR/trainA, trainB, testA, testB
    python scripts/16_cyclegan.py --resume                          continue after an interruption
    python scripts/16_cyclegan.py translate AtoB *.jpg              translate with the newest run
    python scripts/16_cyclegan.py translate --help                  the flags of translating

Small settings are used with the drawn digits (synthetic), regular and bold. For the horses and
deer of CIFAR-10, networks of the same size are enough:

    python scripts/16_cyclegan.py --data cifar10 --load-size 32 --size 32 --channels 16 \\
        --blocks 2 --disc-layers 2 --epoch-steps 1000 --epochs 8 --decay-epochs 8
"""

from gan_tf1.config import Parser
from gan_tf1.data import svhn, unpaired
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import translation
from gan_tf1.generators import translated_files
from gan_tf1.models import cyclegan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures, subcommands

import numpy as np

SMALL = command_line.Small(  # checkpoints/cyclegan/README.md has their results
    {"load_size": 32, "size": 32, "mirror": False, "channels": 16, "blocks": 2, "disc_layers": 2,
     "epoch_steps": 1000, "epochs": 8, "decay_epochs": 8},
    "the paper's networks on horses and zebras of 256 pixels: 266,800 steps, work for a GPU",
    ("drawn",))


def train(argv):
    """Train CycleGAN, or continue a training."""
    job = command_line.parse(argv, __doc__, model, unpaired.CHOICES, small=SMALL)
    config = job.config
    model.check(config)
    data = unpaired.load(job.data, config.load_size, config.size, job.data_dir, job.seed)
    steps = config.epoch_steps or -(-data.train.num_examples // config.batch_size)
    epochs = config.epochs + config.decay_epochs
    tests = [svhn.scaled(part[:config.samples]) for part in (data.test_a, data.test_b)]
    if (least := min(map(len, tests))) < config.samples:
        raise InputError(f"--samples {config.samples} is more than the {least} test images of one set: "
                         f"choose --samples {least} or less")
    channels = tests[0].shape[-1]

    shape = (6 * config.samples, config.size, config.size) + (channels == 3) * (3,)
    with job.training(data, shape, channels, steps) as training:
        gan = model.build(config, channels, steps)
        take_step = training.stepper(model.step, gan, data.train, config, steps)
        for epoch in training.epochs(epochs, gan.gen_vars):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            losses = model.report(training.sess, gan, totals)
            line = model.log_line(epoch, epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = model.round_trips(training.sess, gan, *tests)
            training.keep_samples(samples)

    a, b = data.names
    rows = [a, f"{a} to {b}", f"and back to {a}", b, f"{b} to {a}", f"and back to {b}"]
    run_figures.of_run(training.path, training.title("CycleGAN"), config.samples,
                       inches=1, names=rows, shown=slice(None, None, config.samples),
                       loss_label="mean over the epoch")
    page.of_run(job, training.path)


def translate(argv):
    """Translate image files with the newest generators of a run."""
    parser = Parser(translate.__doc__, "translate")
    parser.add_argument("direction", choices=translation.DIRECTIONS,
                        help="from set A to set B, or from B to A")
    translated_files.add_flags(parser)
    args = parser.parse_args(argv)
    path, files = translated_files.places(args, model.CHAPTER, f"_{args.direction}")
    config, channels = translation.of_run(path)
    inputs = np.stack([unpaired.read(file, config.size, channels) for file in args.images])
    with translation.restored(path) as translate_images:
        outputs, _ = translate_images(inputs, args.direction)
    translated_files.write(outputs, files)


@script
def main(argv=None):
    subcommands.run(argv, train, translate,
                    former={"--translate": "translate", "--images": "translate"})


if __name__ == "__main__":
    main()
