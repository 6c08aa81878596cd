"""Vector arithmetic with a trained generator: is bold 7 - regular 7 + regular 3 a bold 3?

    python scripts/08_vector_arithmetic.py checkpoints/dcgan_upsampling-001
    python scripts/08_vector_arithmetic.py checkpoints/mnist_gan                the one shipped
    python scripts/08_vector_arithmetic.py RUN --digits 1 8 --exemplars 10

RUN is a run directory of a chapter that says how latent vectors become images
(gan_tf1/samples.py has the convention). Many vectors are drawn, their images read
by a classifier and the weight of their strokes measured; the arithmetic is done
over and over, each time with exemplars of its own (gan_tf1/arithmetic.py), and
so is a control: a random vector as long as bold 7 - regular 7 in its place.

Three figures: the first trial, as it came, like the book's; the first twelve with
their controls; and images on the way between latent vectors, along great circles.
"""

import argparse
import sys

import numpy as np

from gan_tf1 import arithmetic, figures, samples, stroke
from gan_tf1.config import Parser, whole_number
from gan_tf1.data import drawn_digits
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.launch import seed_number
from gan_tf1.models import mnist_classifier
from gan_tf1.run import read_config

SHIPPED = user_path(__file__).parent.parent / "checkpoints" / mnist_classifier.CHAPTER
SHOWN = 12      # trials in the second figure, and images on each way in the third
WAYS = 6        # rows of the third figure
NOISE = 0.25    # the paper adds uniform noise up to this to a result, for eight more images


def latent_chapter(path):
    """The module of the chapter of run directory `path`. Raises InputError where it has no z."""
    name = read_config(path)["chapter"]
    model = samples.chapter(name)
    if not hasattr(model, "generate"):
        raise InputError(f"{path} is a run of {name!r}, which doesn't say how a latent vector "
                         "becomes a digit: name a run of 07_dcgan_upsampling.py")
    return model


def images_of(model, sess, net, z):
    """The generator's images of latent vectors `z` [n, Z]: [n, 784], ground 0 and ink 1."""
    low, high = model.SAMPLE_RANGE
    parts = [model.generate(sess, net, z[start:start + samples.BATCH])
             for start in range(0, len(z), samples.BATCH)]
    return (np.concatenate(parts).reshape(len(z), -1) - low) / (high - low)


def as_tanh(images):
    """`images` in [0, 1] as `gan_tf1.figures` has them, in [-1, 1]."""
    return 2 * images - 1


def reading(path, digits):
    """How well the classifier in run directory `path` reads drawn digits, as a line."""
    drawn = drawn_digits.load(stroke.COUNT, stroke.SEED)
    [(probabilities, _)] = samples.judged(path, [drawn.images.reshape(-1, 784) / 255])
    said = probabilities.argmax(axis=1)
    precise = " and ".join(f"{np.mean(drawn.labels[said == digit] == digit):.1%} of what it calls "
                           f"a {digit}" for digit in digits)
    return (f"{path.resolve().name} reads {np.mean(said == drawn.labels):.1%} of {len(said)} drawn "
            f"digits correctly, {precise}")


def row(name, images, digit):
    """A line of the table: the weight of `images`, a `Read`, and how many are read as `digit`."""
    weight, *within = arithmetic.mean_interval(images.weight)
    share, *around = arithmetic.share_interval(images.digit == digit)
    return (f"{name:31}{len(images.digit):7}   {weight:.2f} ({within[0]:.2f} to {within[1]:.2f})   "
            f"{share:6.1%} ({around[0]:.1%} to {around[1]:.1%})")


def difference(name, pixels):
    """A line: the mean of the differences `pixels` of trials, and whether it is surely not 0."""
    if len(pixels) < 2:
        return f"  {name}: too few trials"
    mean, low, high = arithmetic.mean_interval(pixels)
    verdict = "bolder" if low > 0 else "lighter" if high < 0 else "undecided"
    return f"  {name}: {mean:+.2f} ({low:+.2f} to {high:+.2f}), {verdict}"


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=user_path, metavar="RUN")
    parser.add_argument("--digits", type=int, choices=range(10), nargs=2, default=(7, 3),
                        metavar=("A", "B"), help="bold A - regular A + regular B (default: 7 3)")
    parser.add_argument("--exemplars", type=whole_number, default=arithmetic.LEAST, metavar="K",
                        help="latent vectors in a mean, at least 3 (default: 3)")
    parser.add_argument("--n", type=whole_number, default=20_000, help="latent vectors to choose "
                        "exemplars from, 100 to 100000 (default: 20000)")
    parser.add_argument("--trials", type=whole_number, default=200, metavar="N", help="as many at "
                        "most; fewer where the exemplars run out (default: 200)")
    parser.add_argument("--seed", type=seed_number, default=0, help="of all that is random "
                        "(default: 0)")
    parser.add_argument("--classifier", type=user_path, metavar="DIR", default=SHIPPED,
                        help="a run of train_mnist_classifier.py (default: the one shipped)")
    parser.add_argument("--out", type=user_path, metavar="DIR", help="where the figures go "
                        "(default: figures/ in RUN)")
    args = parser.parse_args(argv)
    a, b = args.digits
    for wrong, complaint in (
            (a == b, f"--digits must be two, not {a} twice: boldness is to go from one to another"),
            (args.exemplars < arithmetic.LEAST, f"--exemplars must be at least {arithmetic.LEAST}: "
             "fewer latent vectors make no concept"),
            (not 100 <= args.n <= 100_000, "--n must be at least 100 and at most 100000"),
            (args.trials < 2, "--trials must be at least 2: one has no interval")):
        if wrong:
            raise InputError(complaint)
    model = latent_chapter(args.run)
    trained, judge = (read_config(path)["data_title"] for path in (args.run, args.classifier))
    if trained != judge:
        print(f"note: the generator was trained on {trained}, the classifier on {judge}; "
              "train_mnist_classifier.py --data makes another", file=sys.stderr)
    rng = np.random.default_rng([args.seed, 5])
    gauge = stroke.gauge()

    def read(images):
        [(probabilities, _)] = samples.judged(args.classifier, [images])
        return arithmetic.read(probabilities, stroke.weight(gauge, images))

    print(reading(args.classifier, args.digits))
    print(f"weight: of the strokes, in pixels, by a line with R^2 {gauge.r_squared:.2f} and error "
          f"{gauge.error:.2f} on {gauge.held_out} drawn digits held out")
    with samples.restored(args.run, model) as (sess, net, config, _):
        z = model.latent(rng, args.n, config)
        images = images_of(model, sess, net, z)
        drawn = read(images)
        trials = arithmetic.trials(drawn, a, b, args.exemplars, args.trials, rng)
        bold, regular, other = (arithmetic.means(z, group) for group in trials)
        result = bold - regular + other
        control = arithmetic.as_long(bold - regular, rng) + other
        found = {name: images_of(model, sess, net, vectors) for name, vectors in (
            (f"mean of bold {a}s", bold), (f"mean of regular {a}s", regular),
            (f"mean of regular {b}s", other), ("result", result), ("control", control))}
        around = result[0] + rng.uniform(-NOISE, NOISE, (9, result.shape[1]))
        around[4] = result[0]
        nine = images_of(model, sess, net, around)
        ways = images_of(model, sess, net, np.concatenate([
            arithmetic.spherical(*z[2 * number:2 * number + 2], SHOWN) for number in range(WAYS)]))

    exemplars = {f"bold {a}s": trials.bold, f"regular {a}s": trials.regular,
                 f"regular {b}s": trials.other}
    reads = {name: read(of_name) for name, of_name in found.items()}
    print(f"{args.n} latent vectors; {len(result)} trials, {args.exemplars} exemplars a concept, none "
          "used twice",
          f"result = bold {a} - regular {a} + regular {b}; control: a random vector as long as bold "
          f"{a} - regular {a}",
          f"in brackets: {arithmetic.LEVEL:.0%} intervals, for this one generator", "",
          f"{'':31} images   weight               read as {b}",
          row("all drawn", drawn, b),
          *(row(name, drawn.only(group.ravel()), b) for name, group in exemplars.items()),
          *(row(name, of_name, b) for name, of_name in reads.items()), "", sep="\n")

    weight, same = reads["result"].weight, reads["result"].digit == b
    before = drawn.weight[trials.other].mean(axis=1)
    print("heavier, in pixels, the result than",
          difference(f"its regular {b}s", weight - before),
          difference(f"the mean of its regular {b}s", weight - reads[f"mean of regular {b}s"].weight),
          difference("its control", weight - reads["control"].weight),
          difference(f"its regular {b}s, where it is read as a {b}", (weight - before)[same]),
          sep="\n")
    share, low, high = arithmetic.share_interval(same)
    chance = np.mean(drawn.digit == b)
    verdict = ("more than" if low > chance else "less than" if high < chance
               else "not told apart from")
    print(f"a {b}: {share:.1%} ({low:.1%} to {high:.1%}) of the results, {verdict} the {chance:.1%} "
          "of all drawn")

    where = f"{model.CHAPTER} on {trained}"
    signs = zip(("", "- ", "+ "), exemplars.items(), found.values())
    columns = [(sign + name, images[group[0][:arithmetic.LEAST]], means[0])
               for sign, (name, group), means in signs]
    rows = np.concatenate([found[name][:SHOWN] for name in (f"mean of regular {b}s", "result",
                                                            "control")])
    for name, figure in (
            ("arithmetic", figures.arithmetic(
                [(name, *map(as_tanh, pair)) for name, *pair in columns], as_tanh(nine),
                f"The first of {len(result)} trials: {where}")),
            ("arithmetic_trials", figures.sample_grid(
                as_tanh(rows), f"Mean of regular {b}s; with bold {a} - regular {a}; with a random "
                f"vector:\n{where}", len(rows) // 3, 0.8)),
            ("interpolation", figures.sample_grid(
                as_tanh(ways), f"On great circles between latent vectors:\n{where}", SHOWN, 0.8))):
        print(figures.save(figure, (args.out or args.run / "figures") / f"{name}.png"))


if __name__ == "__main__":
    main()
