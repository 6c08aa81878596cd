"""Train the progressive GAN with one more of its techniques at a time, and measure what each gains.

    python scripts/progressive_ablation.py --out OUT.txt --work-dir DIR --data mnist -- FLAGS
    python scripts/progressive_ablation.py --data cifar10 --seeds 0-2 --learning-rates 0.001 0.005 -- FLAGS
    python scripts/progressive_ablation.py --data cifar10 --rows plain pixel-norm -- FLAGS

The rows are those of the paper's table 1 that need no other network: plain (all layers from the
start), then with growing, with the minibatch standard deviation, with the equalized learning rate,
and with pixel norm, each in addition to the ones before. Every run is shown the same number of real
images. FLAGS go to 13_progressive_gan.py. Each seed is a run of its own in WORK_DIR. With several
learning rates, all rows are trained with each of them, and there is a table for each. If the command
is interrupted, the same command continues where it stopped.

For the samples of each run, the table gives the sliced Wasserstein distance to as many training
images, times 1000 as in the paper, and the mean MS-SSIM of pairs of samples. The first row is for
test images, and shows what values a perfect generator would reach. Below each table, the order of the
rows by the distance is compared with that of the paper. Seeds that diverge are counted and left out.
OUT.csv, beside OUT.txt, has every number, OUT.png has samples that were drawn at random, and
OUT-generator/ is the run with the smallest mean distance, with rounded weights.
"""

from gan_tf1 import figures, seeds, tables
from gan_tf1.config import add_count
from gan_tf1.data import images
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import image_metrics
from gan_tf1.experiments import seed_scores
from gan_tf1.experiments.seed_scores import Score
from gan_tf1.files import replacing
from gan_tf1.generators import compact
from gan_tf1.generators.sample_files import restored
from gan_tf1.models import progressive_gan as model
from gan_tf1.training import many_runs, many_runs_command, outputs, run_results, seed_ranges
from gan_tf1.training.run_config import read_config
from gan_tf1.wording import quantity

import numpy as np
import scipy  # its parts are imported when they are first used

SCRIPT = "13_progressive_gan.py"
IDEAS = ("growing", "minibatch-stddev", "equalized", "pixel-norm")
FIXED = [f"--{no}{idea}" for idea in IDEAS for no in ("", "no-")]  # the rows differ in these
ROWS = {"plain": 0, "+ growing": 1, "+ minibatch standard deviation": 2,
        "+ equalized learning rate": 3, "+ pixel norm": 4}  # name -> how many techniques are on
KEYS = dict(zip(("plain", *IDEAS), ROWS))  # what --rows takes -> name
# The mean SWD x 1000 of the paper's table 1 (CelebA, 128 pixels), as remembered. It takes two more steps,
# a small minibatch and other training parameters, between growing and the minibatch standard deviation.
PAPER = dict(zip(ROWS, (9.28, 4.28, 7.04, 4.39, 3.56)))
BATCH = 256  # samples drawn at a time
SMALLEST = 4  # pixels of an edge: enough to count images
SHOWN = 16   # samples of a row in the figure


def wanted(args, name, seed, rate=None):
    """The run of the row `name` with `seed`, and with the learning rate `rate` unless it is None."""
    switches = [f"--{'' if number < ROWS[name] else 'no-'}{idea}"
                for number, idea in enumerate(IDEAS)]
    flags = [*many_runs_command.run_flags(args, args.data, seed), *switches, *args.flags]
    if rate is None:
        return many_runs.Wanted(f"{ROWS[name]}-seed-{seed}", SCRIPT, flags, f"{name}, seed {seed}")
    return many_runs.Wanted(f"{ROWS[name]}-rate-{rate}-seed-{seed}", SCRIPT,
                            [*flags, "--learning-rate", rate], f"{name}, rate {rate}, seed {seed}")


def check_count(args, data):
    """Raise InputError if `data` has fewer images than --samples asks for."""
    if min(len(data.train), len(data.test)) < args.n:
        raise InputError(f"--samples {args.n} is more than {data.title} has: {len(data.train)} "
                         f"images for training and {len(data.test)} for tests")


def drawn(path, count):
    """`count` samples of the finished run at `path`, in [0, 1], in steps of 1/255 as images are."""
    stored = read_config(path)
    rng = seeds.stream(stored["seed"], seeds.JUDGED)
    with restored(path, model) as (sess, gan, config, _):
        samples = np.concatenate([
            model.sample(sess, gan, rng, min(BATCH, count - start), config)
            for start in range(0, count, BATCH)])
    return np.rint(255 * figures.as_images(samples)) / 255


def judged(samples, reference):
    """Distance times 1000 at each level, their mean, and MS-SSIM: dict of name -> number."""
    distances = image_metrics.sliced_wasserstein(samples, reference, np.random.default_rng(4))
    found = {f"SWD {size}": 1000 * distance for size, distance in distances.items()}
    return {**found, "SWD mean": float(np.mean(list(found.values()))),
            "MS-SSIM": image_metrics.variety(samples)}


def cell(numbers, form):
    """The mean of `numbers`, one per seed, and if there are several, each of them."""
    each = " ".join(map(form.format, numbers))
    return form.format(np.mean(numbers)) + (f" ({each})" if len(numbers) > 1 else "")


def table(rows, lost=None):
    """The lines of the table; `rows` is name -> [judged of each seed that is complete].

    `lost` is name -> the number of seeds that diverged, if any did.
    """
    def called(name, runs):
        count = (lost or {}).get(name)
        return f"{name}, {count} of {quantity(count + len(runs), 'seed')} diverged" if count else name

    forms = {column: "{:.4f}" if column == "MS-SSIM" else "{:.2f}"
             for column in next(iter(rows.values()))[0]}
    return tables.lines(("", *forms), [
        (called(name, runs), *(cell([found[column] for found in runs], form) if runs else "-"
                               for column, form in forms.items()))
        for name, runs in rows.items()])


def order(rows):
    """The lines that compare the order of the `rows`, name -> [judged of each seed], with the paper's.

    A row whose seeds all diverged has no place in the order. The rank correlation needs three rows.
    """
    means = {name: np.mean([found["SWD mean"] for found in runs]) for name, runs in rows.items()
             if name in PAPER and runs}
    ours, paper = (sorted(means, key=by.get) for by in (means, PAPER))
    lines = [f"from best to worst: {', '.join(ours)}",
             f"in the paper (as remembered): {', '.join(paper)}"]
    if len(means) > 2:
        rank = scipy.stats.spearmanr(list(means.values()), [PAPER[name] for name in means]).statistic
        lines.append(f"rank correlation (Spearman): {rank:+.2f}")
    return lines


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "progressive_ablation", "0-1", ".txt", "the table, and beside "
                              "it OUT.csv with every number, OUT.png with samples and OUT-generator/ with the best "
                              "generator,")
    outputs.add_former(parser, "OUT.txt")
    parser.add_argument("--data", choices=images.CHOICES, default=images.CHOICES[0],
                        help=f"the data set (default: {images.CHOICES[0]})")
    parser.add_argument("--rows", nargs="+", choices=KEYS, default=list(KEYS), metavar="ROW",
                        help=f"what is trained, of {', '.join(KEYS)}; each in addition to those before "
                        "(default: all)")
    parser.add_argument("--learning-rates", type=float, nargs="+", metavar="RATE", default=[],
                        help="train all rows with each of these (default: the chapter's own alone)")
    add_count(parser, 2048, "images of each run that are judged, at least 2; the paper has 16384")
    args = many_runs_command.parse(parser, argv, FIXED)
    if args.n < 2:
        raise InputError("--samples must be at least 2")
    for flag, values in (("--rows", args.rows), ("--learning-rates", args.learning_rates)):
        many_runs_command.refuse_twice(flag, values)
    if args.learning_rates:
        many_runs_command.refuse_fixed(args.flags, ("--learning-rate",))
    many_runs_command.settle(args)
    for ending in (".png", ".csv"):
        outputs.check_file(args.out.with_suffix(ending), f"OUT{ending}", (ending,), args.overwrite)
    best = args.out.with_name(f"{args.out.stem}-generator")
    outputs.check_folder(best, "OUT-generator", args.overwrite)
    check_count(args, images.load(args.data, SMALLEST, args.data_dir))  # before any training
    names, rates = [KEYS[key] for key in args.rows], args.learning_rates or [None]

    with replacing(args.out) as temporary: # first: a bad name must not cost a training
        many_runs_command.claim(args, "progressive_ablation", "[0-9]-*seed-*", data=args.data)
        paths = many_runs.train_all([wanted(args, name, seed, rate) for rate in rates
                                     for name in names for seed in args.seeds], args)
        config = many_runs.refuse_unequal(paths, ("data_crc32", "versions"))
        data = images.load(args.data, config["settings"]["resolution"], args.data_dir)
        rng = np.random.default_rng(5)
        reference, real = (part[rng.permutation(len(part))[:args.n]] / 255
                           for part in (data.train, data.test))
        bound, shown, scores, blocks = judged(real, reference), {"test images": real[:SHOWN]}, [], []
        for rate, of_rate in many_runs.per_row(rates, paths).items():
            rows, called, lost = {"test images": [bound]}, "" if rate is None else f"rate {rate:g}: ", {}
            for name, own in many_runs.per_row(names, of_rate).items():
                complete = {seed: path for seed, path in zip(args.seeds, own) if not run_results.diverged(path)}
                samples = [drawn(path, args.n) for path in complete.values()]
                rows[name], lost[name] = [judged(each, reference) for each in samples], len(own) - len(complete)
                if samples:
                    shown[called + name] = samples[0][:SHOWN].reshape(-1, *real.shape[1:])
                scores += [(Score(called + name, seed, found), path)
                           for (seed, path), found in zip(complete.items(), rows[name])]
            heading = [] if rate is None else [f"learning rate {rate:g}", ""]
            blocks += [*heading, *table(rows, lost), "", *order(rows), ""]
        lines = [f"progressive GAN on {data.title}: {config['settings']['images']} real images to "
                 f"each run, seeds {seed_ranges.listed(args.seeds)}",
                 f"SWD: sliced Wasserstein distance x 1000 to {args.n} training images; MS-SSIM: "
                 f"of {args.n // 2} pairs; mean (each seed)", "", *blocks,
                 *many_runs.made_by("progressive_ablation.py", args, paths)]
        temporary.write_text("\n".join(lines) + "\n")
    print(*lines, sep="\n")
    with replacing(args.out.with_suffix(".csv")) as temporary, open(temporary, "w", newline="") as file:
        seed_scores.write(file, [Score("test images", None, bound), *(score for score, _ in scores)],
                          [lines[0], many_runs.data_line(paths)])
    pictures = 2 * np.concatenate(list(shown.values())) - 1
    grid = figures.sample_grid(pictures[..., 0] if pictures.shape[-1] == 1 else pictures,
                               f"Progressive GAN on {data.title}, one more technique in each row: random "
                               "samples of the first seed", min(SHOWN, args.n), 0.6, list(shown))
    print(figures.save(grid, args.out.with_suffix(".png")))
    if scores:
        _, nearest = min(scores, key=lambda one: one[0].values["SWD mean"])
        print(compact.kept(nearest, best))


if __name__ == "__main__":
    main()
