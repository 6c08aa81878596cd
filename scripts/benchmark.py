"""Compare the speed of our loops with the chapters' listings, Keras, PyTorch and JAX.

    python scripts/benchmark.py                                     everything
    python scripts/benchmark.py --work mnist_gan --rows torch jax   one training, some rows
    python scripts/benchmark.py --parts growth                      our time for several sizes

Each row has a process of its own, and all work on the same data. In every round, each row trains once,
one after the other, in a random order. Ratios are medians over the rounds, relative to our feed loop
in the same round. Operations are counted in our graph (matrix products and convolutions, with their
gradients), and compared with the fastest product of large matrices in the same rounds. Libraries
that are not installed are named and left out: pip install -e ".[bench]".

The parts are: works, the comparison; growth, the time of our epoch for several batch sizes, amounts
of data and numbers of epochs; loop, what the training loop (log, losses, samples, events,
checkpoints) adds to bare session.run calls.
"""

import os
import pathlib
import tempfile

from gan_tf1.bench import drive, growth, loop, rows, table, work as works
from gan_tf1.config import Parser, whole_number
from gan_tf1.data import digits
from gan_tf1.errors import InputError, script
from gan_tf1.figures import save
from gan_tf1.files import data_folder, replacing, user_path
from gan_tf1.training import command_line, outputs

import numpy as np

PARTS = ("works", "growth", "loop")
LEAST_ROUNDS = 5
LONGEST = 20.0  # seconds of a row's round; of a row that takes longer, one unit is timed
BUSY = 0.5  # processors in use by others that already slow down a barrier of spinning threads


def entrants_of(work, chosen, path):
    """The rows `chosen` that can do `work` here, and the ceilings of their precisions.

    It prints why others are left out.
    """
    works.steps(work, works.config_of(work, {}), works.read(path))
    asked = [row for row in rows.ALL.values() if row.key in chosen]
    precisions = {row.precision for row in asked}
    found = []
    for row in (*asked, *(row for row in rows.CEILINGS.values() if row.precision in precisions)):
        if reason := rows.absent(row, work):
            if row.key in rows.ALL:
                print(f"{work.name}: {row.title} is left out: {reason}", flush=True)
            continue
        found.append(drive.Entrant(row.key, row, work, path,
                                   2 if row.key in rows.CEILINGS else work.units))
    return found


def compare(work, chosen, path, rounds, rng):
    """The lines of the table for one training."""
    print(f"\n{work.title}", flush=True)
    entrants = entrants_of(work, chosen, path)
    answers, readies, lost = drive.measure(entrants, rounds, rng, told, LONGEST)
    drive.needed(rows.REFERENCE, lost)
    told(f"waiting workers used {100 * drive.waited(answers):.1f} % of a core")
    found = table.lines(work, entrants, answers, readies)
    told(table.ratios_text(found))
    return found


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS,
                        help="which parts of the report (default: all)")
    parser.add_argument("--work", nargs="+", choices=tuple(works.WORKS),
                        default=tuple(works.WORKS), help="which trainings to compare (default: all)")
    parser.add_argument("--rows", nargs="+", choices=tuple(rows.ALL), default=tuple(rows.ALL),
                        help=f"which rows in addition to {rows.REFERENCE!r} (default: all)")
    parser.add_argument("--rounds", type=whole_number, default=LEAST_ROUNDS,
                        help=f"rounds, at least {LEAST_ROUNDS}, after one to warm up (default: "
                        "%(default)s); growth always has 3")
    parser.add_argument("--examples", type=whole_number, metavar="N",
                        help="train on the first N images (default: 55000 digits, 2048 streets)")
    parser.add_argument("--data", choices=digits.CHOICES, default="auto",
                        help=f"which digits; {command_line.about_auto(digits.CHOICES)}default: "
                        "auto; street numbers are always drawn")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="the folder of the digits")
    parser.add_argument("--out", type=user_path, metavar="PATH", help="writes PATH.csv, PATH.png, "
                        "PATH.md and PATH-growth.csv (default: the next free "
                        "checkpoints/benchmark-NNN)")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at --out")
    args = parser.parse_args(argv)
    # An interrupted command has left the first two, but no report.
    free = [outputs.next_free("benchmark", ending) for ending in (".csv", ".png", ".md")]
    args.out = args.out or max(free, key=lambda path: int(path.stem.rpartition("-")[2])).with_suffix("")
    for ending in (".csv", ".png", ".md", "-growth.csv"):
        outputs.check_file(beside(args.out, ending), "--out", (".csv", ".png", ".md"),
                           args.overwrite)
    if args.rounds < LEAST_ROUNDS:
        raise InputError(f"--rounds must be at least {LEAST_ROUNDS}, not {args.rounds}: a median "
                         "of fewer says little")

    with tempfile.TemporaryDirectory() as folder:
        report = measured(args, pathlib.Path(folder))
    print(f"\n{report}")
    with replacing(beside(args.out, ".md")) as temporary:
        temporary.write_text(report + "\n")
    print(beside(args.out, ".md"))


def measured(args, folder):
    """The text of the report on everything that `args` ask for; files are written on the way."""
    rng, paths, report = np.random.default_rng(0), {}, []
    if (load := drive.load()) > BUSY:
        report.append(f"The machine was busy when this began (load {load:.1f} on "
                      f"{os.cpu_count()} processors), so that the times are misleading, some of them "
                      "far more than others. Measure on a quiet machine.")
        print(report[-1], flush=True)

    def data(kind):
        """Title, arrays and file of the data, loaded once."""
        if kind not in paths:
            title, found = works.load(kind, args.data, args.data_dir, args.examples)
            paths[kind] = title, found, folder / f"{kind}.npz"
            works.save(found, paths[kind][-1])
        return paths[kind]

    if "works" in args.parts:
        found, titles, checksums = [], {}, {}
        for work in map(works.WORKS.get, args.work):
            titles[work.name], arrays, path = data(work.data)
            checksums[work.name] = works.data_crc32(work.data, arrays)
            found += compare(work, {rows.REFERENCE, *args.rows}, path, args.rounds, rng)
            # After each training, so that nothing is lost if the next is interrupted.
            files = [table.write_csv(found, beside(args.out, ".csv"), titles, checksums),
                     save(table.figure(found, titles), beside(args.out, ".png"))]
        sources = dict.fromkeys(f"{titles[name]}, data_crc32 {crc32}" for name, crc32 in checksums.items())
        report += [table.ratios_text(found), table.best_text(found), table.markdown(found), "; ".join(sources)]
        print(*files, sep="\n")

    if "growth" in args.parts:
        title, arrays, _ = data("digits")
        work, points = works.WORKS["mnist_gan"], []
        for key in dict.fromkeys([rows.REFERENCE, *args.rows]):
            row = rows.ALL[key]
            if row.module == "ours" and not rows.absent(row, work):
                points += growth.measure(row, arrays, folder, rng, told)
        about = f"{title}, data_crc32 {works.data_crc32('digits', arrays)}"
        report += [f"Growth of the MNIST GAN's time on {about}:", growth.markdown(points)]
        print(growth.write_csv(points, beside(args.out, "-growth.csv"), about))

    if "loop" in args.parts:
        report += [f"The training loop on {data('digits')[0]}:",
                   loop.in_its_own_process(args.data, args.data_dir, args.rounds)]
    return "\n\n".join(report)


def beside(path, ending):
    """`path` with `ending` appended to its name."""
    return path.with_name(path.name + ending)


def told(text):
    """Print progress at once."""
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
