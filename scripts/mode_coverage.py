"""Train GANs, plain and packed, on data whose modes are known, and count the modes they capture.

    python scripts/mode_coverage.py                        ring and grid, plain and in packs of two,
                                                           10 seeds each
    python scripts/mode_coverage.py --out OUT --data grid --packing 1 2 3 4 --seeds 0-2
    python scripts/mode_coverage.py --out OUT -- --iterations 20000
                                                           flags of 19_mixture_gan.py
    python scripts/mode_coverage.py --out OUT --data stacked --seeds 0 -- --channels 16
                                                           flags of 20_stacked_mnist_gan.py

Each seed is a run of its own. The folder OUT gets

    mode_coverage.csv   one row per run
    mode_coverage.txt   means and standard errors over the seeds, and below them what the papers
                        of VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018) publish
    mode_coverage.png   samples of the first seed of each row

The runs themselves are kept in --work-dir. If the command is interrupted, the same command
continues where it stopped. A run that diverges is counted with no modes, and is not repeated: the
table says how many there are, and the mean reverse KL leaves them out. The loop in the graph makes
the steps; for the mixtures it is compiled.
"""

import itertools
import json

from gan_tf1 import figures
from gan_tf1.config import add_former, make, whole_number
from gan_tf1.data import mixtures
from gan_tf1.errors import InputError, script
from gan_tf1.evaluation import classifier
from gan_tf1.experiments import captured_modes
from gan_tf1.experiments.captured_modes import STACKED
from gan_tf1.files import replacing
from gan_tf1.generators import sample_files
from gan_tf1.models import mixture_gan, stacked_mnist_gan
from gan_tf1.training import many_runs, many_runs_command, seed_ranges
from gan_tf1.wording import quantity


def wanted(args, data, packing, seed):
    """The run with this `packing` and `seed`."""
    flags = ["--packing", packing, "--loop", "graph"]
    if data == STACKED:
        script, flags = "20_stacked_mnist_gan.py", [*flags, *many_runs_command.run_flags(args, "mnist", seed)]
    else:
        script, flags = "19_mixture_gan.py", [*flags, "--data", data, "--seed", seed, "--xla"]
    name = f"{data}-packing-{packing}-seed-{seed}"
    return many_runs.Wanted(name, script, [*flags, *args.flags])


@script
def main(argv=None):
    parser = many_runs_command.parser(__doc__, "mode_coverage", "0-9", data="MNIST")
    parser.add_argument("--data", nargs="+", choices=(*mixtures.CHOICES, STACKED),
                        default=["ring", "grid"], help="mixtures of Gaussians, or stacked alone "
                        "(default: ring grid)")
    parser.add_argument("--packing", type=whole_number, nargs="+", default=[1, 2], metavar="M",
                        dest="packs", help="samples that the discriminator judges together "
                        "(default: 1 2)")
    add_former(parser, ["--packs"], "--packing", "packs", type=whole_number, nargs="+")
    args = many_runs_command.parse(parser, argv, ["--packing"])
    for flag, values in (("--data", args.data), ("--packing", args.packs)):
        many_runs_command.refuse_twice(flag, values)
    if args.data_dir and STACKED not in args.data:
        raise InputError("--data-dir is for --data stacked: mixtures are drawn")
    if STACKED in args.data and len(args.data) > 1:
        raise InputError("--data stacked must stand alone: its flags are another script's")
    model = stacked_mnist_gan if STACKED in args.data else mixture_gan
    for packing in args.packs:
        make(model.Config, {"packing": packing})
    many_runs_command.settle(args)
    if STACKED in args.data:
        sample_files.judged(classifier.SHIPPED, [])  # first: it may be missing

    with replacing(args.out / "mode_coverage.csv") as temporary:  # first: a bad name must not cost a training
        many_runs_command.claim(args, "mode_coverage")
        # Seed by seed, so that an interrupted command has some runs of every row.
        asked = [(data, packing, seed) for seed, data, packing in
                 itertools.product(args.seeds, args.data, args.packs)]
        made = many_runs.train_all([wanted(args, *one) for one in asked], args)
        stored = many_runs.refuse_unequal(made, ("versions",))
        paths = dict(zip(asked, made))
        rows = [captured_modes.of_runs(data, packing, [paths[data, packing, seed] for seed in args.seeds])
                for data, packing in itertools.product(args.data, args.packs)]
        with open(temporary, "w", newline="") as file:
            file.write(f"# {many_runs.data_line(made)}\n")
            captured_modes.write_rows(file, args.seeds, rows)
    iterations = stored["settings"]["iterations"]
    lines = list(captured_modes.table(rows))
    command, *about = many_runs.made_by("mode_coverage.py", args, made)
    many_runs.write_report(args.out / "mode_coverage.txt", [
        f"modes captured by GANs after {quantity(iterations, 'iteration')}; mean +- standard error "
        f"over the seeds {seed_ranges.listed(args.seeds)}",
        command, f"settings: {json.dumps(stored['settings'])}", *about], lines)
    print(*lines, args.out / "mode_coverage.csv", args.out / "mode_coverage.txt", sep="\n")
    figure = captured_modes.figure(
        rows, f"Samples after {quantity(iterations, 'iteration')}, seed {args.seeds[0]}")
    print(figures.save(figure, args.out / "mode_coverage.png"))


if __name__ == "__main__":
    main()
