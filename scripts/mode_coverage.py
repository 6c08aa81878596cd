"""Train GANs, plain and packed, on data whose modes are known, and count the modes they capture.

    python scripts/mode_coverage.py                        ring and grid, plain and packed in twos,
                                                           10 seeds each
    python scripts/mode_coverage.py --out OUT --data grid --packing 1 2 3 4 --seeds 0-2
    python scripts/mode_coverage.py --out OUT -- --iterations 20000
                                                           flags of 19_mixture_gan.py
    python scripts/mode_coverage.py --out OUT --data stacked --seeds 0 -- --channels 16
                                                           flags of 20_stacked_mnist_gan.py

Each seed is a run of its own. The folder OUT gets

    mode_coverage.csv   one row a run
    mode_coverage.txt   means and standard errors over the seeds, and beside them what the papers
                        of VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018) publish
    mode_coverage.png   samples of the first seed of each row

The runs themselves are kept in --work-dir. If it is interrupted, the same command
goes on where it stopped. A run that diverges is counted with no modes, and is not
repeated: the table says how many there are, and the mean reverse KL is that of the
others. Steps are made by the loop in the graph, compiled for the mixtures.
"""

import argparse
import csv
import itertools
import json
import shlex
from typing import NamedTuple

from gan_tf1 import figures, tables
from gan_tf1.config import Parser, add_former, make, whole_number
from gan_tf1.data import mixtures
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier, mode_coverage, statistics
from gan_tf1.experiments import plane
from gan_tf1.files import replacing, user_path
from gan_tf1.generators import sample_files
from gan_tf1.models import mixture_gan, stacked_mnist_gan
from gan_tf1.training import many_runs, outputs
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import load_losses, load_samples

import numpy as np

STACKED = "stacked"
CLASSIFIER = outputs.SHIPPED / classifier.CHAPTER
SHOWN = 32  # images of a row's figure
COLUMNS = {"modes": "modes captured", "high_quality": "high quality %", "reverse_kl": "reverse KL"}
NAN = np.nan

# (data, packing) -> rows (paper, modes, its standard error, % of high quality, its error, reverse
# KL, its error). Of PacGAN's the reverse KL, the errors of the quality, and packs of 3 and 4 are
# from memory.
PUBLISHED = {
    ("ring", 1): [("VEEGAN paper", 1, NAN, 99.3, NAN, NAN, NAN),
                  ("PacGAN paper", 6.3, 0.5, 98.2, 0.2, 0.45, 0.09)],
    ("ring", 2): [("PacGAN paper", 7.9, 0.1, 95.6, 2.0, 0.07, 0.03)],
    ("ring", 3): [("PacGAN paper", 7.8, 0.1, 97.7, 0.3, 0.10, 0.02)],
    ("ring", 4): [("PacGAN paper", 7.8, 0.1, 95.9, 1.4, 0.07, 0.02)],
    ("grid", 1): [("VEEGAN paper", 3.3, NAN, 0.5, NAN, NAN, NAN),
                  ("PacGAN paper", 17.3, 0.8, 94.8, 0.7, 0.70, 0.07)],
    ("grid", 2): [("PacGAN paper", 23.8, 0.7, 91.3, 0.8, 0.13, 0.04)],
    ("grid", 3): [("PacGAN paper", 24.6, 0.4, 94.2, 0.4, 0.06, 0.02)],
    ("grid", 4): [("PacGAN paper", 24.8, 0.2, 93.6, 0.6, 0.04, 0.01)],
    (STACKED, 1): [("VEEGAN paper", 99.0, NAN, NAN, NAN, 3.40, NAN),
                   ("PacGAN paper", 78.9, 6.5, NAN, NAN, 4.50, 0.14)],
    (STACKED, 2): [("PacGAN paper", 1000.0, 0.0, NAN, NAN, 0.06, 0.01)]}
# Which of the two rings is theirs isn't known.
PUBLISHED |= {("wide_ring", packing): PUBLISHED["ring", packing] for packing in range(1, 5)}


DIVERGED = mode_coverage.Counted(0, 0., NAN)  # its samples are no numbers


class Row(NamedTuple):
    """All runs of one data set and packing."""
    data: str
    packing: int
    paths: list    # of the runs, a seed each
    counted: list  # the `mode_coverage.Counted` of each


def trained(args, data, packing, seed):
    """The run directory of one training, run to its end or diverged."""
    name = f"{data}-packing-{packing}-seed-{seed}"
    flags = ["--packing", packing, "--loop", "graph"]
    if data == STACKED:
        flags += many_runs.run_flags(args, "mnist", seed)
    else:
        flags += ["--data", data, "--seed", seed, "--xla"]
    script = "20_stacked_mnist_gan.py" if data == STACKED else "19_mixture_gan.py"
    many_runs.train_unless_diverged(script, args.work_dir / name, [*flags, *args.flags], args.jobs)
    return args.work_dir / name


def counted(path):
    """What the run at `path` has at its end; none of the modes if it diverged."""
    if many_runs.diverged(path):
        return DIVERGED
    if read_config(path)["chapter"] == mixture_gan.CHAPTER:
        losses = load_losses(path)
        return mode_coverage.Counted(int(losses["modes"][-1]), float(losses["high_quality"][-1]),
                                     float(losses["reverse_kl"][-1]))
    settings, seed = read_config(path)["settings"], read_config(path)["seed"]
    images, _ = sample_files.draw(path, stacked_mnist_gan, settings["counted"], seed)
    channels = [(images[..., channel].reshape(-1, 784) + 1) / 2 for channel in range(3)]
    digits = [probabilities.argmax(axis=1)
              for probabilities, _ in sample_files.judged(CLASSIFIER, channels)]
    return mode_coverage.of_labels(mode_coverage.of_digits(np.stack(digits, 1)),
                                   stacked_mnist_gan.NUM_MODES)


def cell(value, error, decimals):
    """A number and its standard error, where there is one."""
    if np.isnan(value):
        return "-"
    return f"{value:.{decimals}f}" + ("" if np.isnan(error) else f" +- {error:.{decimals}f}")


def apart(ours, theirs):
    """How many standard errors, of both together, two (mean, error) differ by."""
    error = np.hypot(ours[1], theirs[1])
    return f"{abs(ours[0] - theirs[0]) / error:.1f}" if error > 0 else "-"


def table(rows):
    """The lines of the table: each of our rows, and below it what has been published."""
    cells = []
    for row in rows:
        sound = [one for one in row.counted if one is not DIVERGED]
        means = [statistics.mean_and_error([factor * getattr(one, name) for one in runs])
                 if runs else (NAN, NAN) for name, factor, runs in
                 zip(COLUMNS, (1, 100, 1), (row.counted, row.counted, sound))]
        lost = f"{len(row.counted) - len(sound)} diverged" if len(sound) < len(row.counted) else ""
        cells.append((f"{row.data}, {mixture_gan.name(row.packing)}", str(len(row.counted)),
                      *(cell(*mean, decimals) for mean, decimals in zip(means, (1, 1, 2))), lost))
        for paper, *numbers in PUBLISHED.get((row.data, row.packing), []):
            theirs = list(zip(numbers[::2], numbers[1::2]))
            cells.append((f"- {paper}", "",
                          *(cell(*pair, decimals) for pair, decimals in zip(theirs, (1, 1, 2))),
                          ", ".join(itertools.starmap(apart, zip(means, theirs)))))
    return tables.lines(
        ("", "runs", *COLUMNS.values(), "difference in standard errors, of each"), cells)


def write_rows(file, args, rows):
    """One row a run."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["data", "packing", "seed", *COLUMNS])
    for row in rows:
        for seed, one in zip(args.seeds, row.counted):
            lines.writerow([row.data, row.packing, seed, one.modes, f"{one.high_quality:.6g}",
                            f"{one.reverse_kl:.6g}"])


def last_samples(path, blank):
    """The last samples of the run at `path`; of one that diverged, as many `blank` ones."""
    if many_runs.diverged(path):
        return np.full(read_config(path)["sample_shape"], blank)
    return load_samples(path)[-1]


def panel(row):
    """The samples of a row's first seed, their mixture, and what was counted."""
    first = row.counted[0]
    return (last_samples(row.paths[0], NAN), mixtures.load(row.data, 1, 0),
            f"{row.data}, {mixture_gan.name(row.packing)}: " + (
                "diverged" if first is DIVERGED else
                f"{first.modes} modes, {first.high_quality:.0%} of high quality"))


def picture(args, rows, title):
    """The samples of the first seed of each row."""
    if args.data == [STACKED]:
        shown = np.concatenate([last_samples(row.paths[0], -1)[:SHOWN] for row in rows])
        each = len(shown) // len(rows)
        names = [f"stacked MNIST, {mixture_gan.name(row.packing)}: {row.counted[0].modes:,} modes"
                 for row in rows]  # beside one or two rows of images
        return figures.sample_grid(shown, title, each if each % 2 else each // 2, 0.4, names)
    panels = [[panel(row) for row in rows if row.data == data] for data in args.data]
    return plane.panels(panels, title)


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=user_path, metavar="OUT", help="where the table, the figure "
                        "and the runs go; what is there already goes on (default: "
                        "checkpoints/mode_coverage-001)")
    parser.add_argument("--data", nargs="+", choices=(*mixtures.CHOICES, STACKED),
                        default=["ring", "grid"], help="mixtures, or stacked alone "
                        "(default: ring grid)")
    parser.add_argument("--packing", type=whole_number, nargs="+", default=[1, 2], metavar="M",
                        dest="packs", help="samples that a discriminator judges together "
                        "(default: 1 2)")
    add_former(parser, ["--packs"], "--packing", "packs", type=whole_number, nargs="+")
    many_runs.add_flags(parser, "0-9", data="MNIST")
    args = many_runs.parse(parser, argv, ["--packing"])
    for flag, values in (("--data", args.data), ("--packing", args.packs)):
        if len(set(values)) < len(values):
            raise InputError(f"{flag} must differ")
    if STACKED in args.data and len(args.data) > 1:
        raise InputError("--data stacked must stand alone: its flags are another script's")
    model = stacked_mnist_gan if STACKED in args.data else mixture_gan
    for packing in args.packs:
        make(model.Config, {"packing": packing})
    many_runs.settle_folders(args, "mode_coverage")
    if STACKED in args.data:
        sample_files.judged(CLASSIFIER, [])  # now: no training is lost to a missing classifier

    with replacing(args.out / "mode_coverage.csv") as temporary:  # now: no training is lost
        many_runs.claim(args.work_dir / "mode_coverage.json", {
            "flags": args.flags, "data_dir": many_runs.absolute(args.data_dir)})
        # Seed by seed, so that a table which is cut off has some of every row.
        wanted = [(data, packing, seed) for seed, data, packing in
                  itertools.product(args.seeds, args.data, args.packs)]
        paths = dict(zip(wanted, many_runs.side_by_side(
            lambda one: trained(args, *one), wanted, args)))
        stored = many_runs.refuse_unequal(list(paths.values()), ("versions",))
        rows = []
        for data, packing in itertools.product(args.data, args.packs):
            own = [paths[data, packing, seed] for seed in args.seeds]
            rows.append(Row(data, packing, own, [counted(path) for path in own]))
        with open(temporary, "w", newline="") as file:
            write_rows(file, args, rows)
    iterations = stored["settings"]["iterations"]
    lines = list(table(rows))
    with replacing(args.out / "mode_coverage.txt") as temporary:
        temporary.write_text("\n".join([
            f"# modes captured by GANs after {iterations} iterations; mean +- standard error over "
            f"the seeds {many_runs.listed(args.seeds)}",
            f"# command: mode_coverage.py {shlex.join(args.argv)}",
            f"# settings: {json.dumps(stored['settings'])}",
            f"# versions: {json.dumps(stored['versions'])}", "", *lines]) + "\n")
    print(*lines, sep="\n")
    title = f"Samples after {iterations:,} iterations, seed {args.seeds[0]}"
    for name in ("mode_coverage.csv", "mode_coverage.txt"):
        print(args.out / name)
    print(figures.save(picture(args, rows, title), args.out / "mode_coverage.png"))


if __name__ == "__main__":
    main()
