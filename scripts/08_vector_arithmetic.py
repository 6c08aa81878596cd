"""Vector arithmetic with a trained generator: is bold 7 - regular 7 + regular 3 a bold 3?

    python scripts/08_vector_arithmetic.py                      with the generator that is shipped
    python scripts/08_vector_arithmetic.py checkpoints/dcgan_upsampling-001
    python scripts/08_vector_arithmetic.py RUN --digits 1 8 --exemplars 10

RUN is a run directory of a chapter that says how latent vectors become images (the convention is in
gan_tf1/models/README.md). The script draws many latent vectors. A classifier reads
their images, and the weight of the strokes is measured. Then the arithmetic is repeated, each time
with other exemplars (gan_tf1/experiments/vector_arithmetic.py), and beside it a control, in which a
random vector of the same length replaces bold 7 - regular 7.

Draws three figures: the first trial, like the book's; the first twelve trials with their controls;
and images between pairs of latent vectors, along great circles.
"""

import sys

from gan_tf1 import figures, seeds
from gan_tf1.config import Parser, add_count, whole_number
from gan_tf1.data import drawn_digits
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier
from gan_tf1.experiments import stroke, vector_arithmetic
from gan_tf1.files import user_path
from gan_tf1.generators import sample_files
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.run_config import read_config, read_config_of
from gan_tf1.wording import percent, quantity

import numpy as np

SHOWN = 12      # trials in the second figure, and images in each row of the third
WAYS = 6        # rows of the third figure
NOISE = 0.25    # the paper adds uniform noise in -0.25 to 0.25 to a result, for eight more images


def latent_chapter(path):
    """The model of the chapter that was trained in run directory `path`.

    Raises InputError if it doesn't make digits, or not from a latent vector alone.
    """
    stored = read_config(path)
    model = sample_files.chapter(stored["chapter"])
    if (not hasattr(model, "generate") or hasattr(model, "sample_labelled")
            or tuple(stored["sample_shape"][1:]) not in sample_files.SHAPES):
        raise InputError(f"{path} is a run of {stored['chapter']!r}, which doesn't say how a latent "
                         "vector becomes a digit: name a run of 01, 05, 06, 07, 10, 11 or 12")
    return model


def images_of(model, sess, net, z):
    """The generator's images of latent vectors `z` [n, Z]: [n, 784], background 0 and ink 1."""
    low, high = model.SAMPLE_RANGE
    parts = [model.generate(sess, net, z[start:start + sample_files.BATCH])
             for start in range(0, len(z), sample_files.BATCH)]
    return (np.concatenate(parts).reshape(len(z), -1) - low) / (high - low)


def as_tanh(images):
    """`images` in [0, 1] scaled to [-1, 1], as `gan_tf1.figures` takes them."""
    return 2 * images - 1


def reading(path, digits):
    """A line on how well the classifier in run directory `path` reads drawn digits."""
    drawn = drawn_digits.load(stroke.COUNT, stroke.SEED)
    [(probabilities, _)] = sample_files.judged(path, [drawn.images.reshape(-1, 784) / 255])
    said = probabilities.argmax(axis=1)
    right = said == drawn.labels
    def precision(digit):
        called = said == digit
        return right[called].sum() / max(1, called.sum())

    precise = " and ".join(f"{percent(precision(digit), 1)} of what it calls a {digit}"
                           for digit in digits)
    return (f"{path.resolve().name} reads {percent(right.mean(), 1)} of {len(said)} drawn digits "
            f"right, {precise}")


def drawn_figures(outcome, nine, ways, where):
    """Pairs of a name and a figure; `nine` and `ways` are images [n, 784] in [0, 1]."""
    a, b = outcome.digits
    columns = [(sign + name, as_tanh(outcome.images[group[0][:vector_arithmetic.LEAST]]),
                as_tanh(outcome.found[f"mean of {name}"][0]))
               for sign, name, group in zip(("", "- ", "+ "), vector_arithmetic.names(a, b),
                                            outcome.trials)]
    yield "arithmetic", figures.arithmetic(
        columns, as_tanh(nine), f"The first of {len(outcome.result)} trials, "
        f"{vector_arithmetic.LEAST} of {outcome.trials.bold.shape[1]} exemplars:\n{where}")
    rows = [outcome.found[name][:SHOWN] for name in (f"mean of regular {b}s", "result", "control")]
    yield "arithmetic_trials", figures.sample_grid(
        as_tanh(np.concatenate(rows)), f"The first {len(rows[0])} of {len(outcome.result)} trials, "
        f"each beside its control:\n{where}", len(rows[0]), 0.8,
        (f"regular {b}", f"+ bold {a} - regular {a}", "+ random vector"))
    yield "interpolation", figures.sample_grid(
        as_tanh(ways), f"Interpolation along great circles between latent vectors:\n{where}",
        SHOWN, 0.8)


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, metavar="RUN", nargs="?",
                        default=sample_files.SHIPPED, help="a run whose generator makes "
                        "digits from latent vectors (default: the MNIST GAN that is shipped)")
    parser.add_argument("--digits", type=int, choices=range(10), nargs=2, default=(7, 3),
                        metavar=("A", "B"), help="bold A - regular A + regular B (default: 7 3)")
    parser.add_argument("--exemplars", type=whole_number, default=vector_arithmetic.LEAST,
                        metavar="K", help="latent vectors in each mean, at least 3 (default: 3)")
    add_count(parser, 20_000, "latent vectors to choose exemplars from, 100 to 100000")
    parser.add_argument("--trials", type=whole_number, default=200, metavar="N", help="largest "
                        "number of trials; fewer if the exemplars run out (default: 200)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of all that is random "
                        "(default: 0)")
    classifier.add_flag(parser)
    outputs.add_flags(parser, "arithmetic", what="the folder of figures")
    args = parser.parse_args(argv)
    a, b = args.digits
    for wrong, complaint in (
            (a == b, f"--digits must be two different digits, not {a} twice"),
            (args.exemplars < vector_arithmetic.LEAST,
             f"--exemplars must be at least {vector_arithmetic.LEAST}: the mean of fewer latent "
             "vectors does not stand for a concept"),
            (not 100 <= args.n <= 100_000, "--samples must be at least 100 and at most 100000"),
            (args.trials < 2, "--trials must be at least 2: one trial has no interval")):
        if wrong:
            raise InputError(complaint)
    out = outputs.folder(args, "arithmetic")
    model = latent_chapter(args.run)
    trained = read_config(args.run)["data_title"]
    judge = read_config_of(classifier.CHAPTER, args.classifier, "the classifier")
    if trained != judge["data_title"]:
        print(f"note: the generator was trained on {trained}, the classifier on "
              f"{judge['data_title']}: train_mnist_classifier.py --data makes another for "
              "--classifier", file=sys.stderr)
    rng = seeds.stream(args.seed, seeds.POINTS)
    gauge = stroke.gauge()
    print(reading(args.classifier, args.digits))
    print(f"weight by a line with R^2 {gauge.r_squared:.2f} and error {gauge.error:.2f} pixels on "
          f"{gauge.held_out} drawn digits held out")
    print(f"{quantity(args.n, 'latent vector')} drawn, {quantity(args.exemplars, 'exemplar')} per "
          "concept and trial")

    def read(images):
        [(probabilities, _)] = sample_files.judged(args.classifier, [images])
        return vector_arithmetic.read(probabilities, stroke.weight(gauge, images))

    with sample_files.restored(args.run, model) as (sess, net, config, _):
        def generate(z):
            return images_of(model, sess, net, z)

        z = model.latent(rng, args.n, config)
        outcome = vector_arithmetic.experiment(
            z, generate, read, args.digits, args.exemplars, args.trials, rng)
        around = outcome.result[0] + rng.uniform(-NOISE, NOISE, (9, z.shape[1]))
        around[4] = outcome.result[0]
        nine = generate(around)
        ways = generate(np.concatenate([vector_arithmetic.spherical(*z[2 * way:2 * way + 2], SHOWN)
                                        for way in range(WAYS)]))

    print(*vector_arithmetic.report(outcome), sep="\n")
    for name, figure in drawn_figures(outcome, nine, ways, f"{model.CHAPTER} on {trained}"):
        print(figures.save(figure, out / f"{name}.png"))


if __name__ == "__main__":
    main()
