"""Check that the training steps of all chapters run on a GPU, and that they are the same as on the CPU.

    python scripts/gpu_check.py                                 all configurations, in both loops
    python scripts/gpu_check.py --configurations mnist_gan pix2pix

For each chapter model, ten steps are made in each loop on the CPU and on the GPU, from the same weights
and with the same numbers. The table shows:

    ops       how many ops ran on the GPU, by the run's own record, and how many elsewhere
    units     the largest error of a loss or a variable on the GPU without TF32, in units of the error
              of the same array on the CPU; both are errors against float64; at most 16 are accepted
    TF32      the same with TF32, and the largest difference that TF32 makes; shown, never an error
    bytes     whether two runs on the GPU give the same bytes
    steps/s   on the CPU and on the GPU; these networks are so small that a GPU cannot be faster

It is an error if an op with floating-point numbers runs elsewhere, if an op refuses to be deterministic,
or if the process holds most of the GPU's memory. The status is 0 if all is well, 1 if not, and 2 if
there is no GPU.
"""

import sys

from gan_tf1 import tables
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.steps import devices, small
from gan_tf1.tf1 import sees_gpu

HEADERS = ("configuration", "loop", "ops on the GPU", "elsewhere", "units", "TF32: units", "difference",
           "bytes", "steps/s CPU", "GPU", "verdict")


def refuse_no_gpu():
    """Raise InputError if TensorFlow has no GPU here."""
    if not sees_gpu():
        raise InputError("TensorFlow sees no GPU here, so there is nothing to check: run this on a machine "
                         'with an NVIDIA GPU, after pip install -e ".[gpu]"')


def cells(row):
    """A row of the printed table."""
    verdict = "; ".join(devices.problems(row)) or "well"
    if "refused" in row:
        return [row["configuration"], row["loop"], *[""] * 8, verdict]
    return [row["configuration"], row["loop"], row["on"], sum(row["elsewhere"].values()),
            f"{row['units']:.2f}", f"{row['TF32 units']:.3g}", f"{row['TF32 difference']:.1e}",
            "same" if row["same bytes"] else "differ", f"{row['reference speed']:.3g}",
            f"{row['tested speed']:.3g}", verdict]


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--configurations", nargs="+", metavar="NAME",
                        help="which to check (default: all; export_step.py --list prints them)")
    parser.add_argument("--loop", nargs="+", choices=devices.LOOPS, default=devices.LOOPS,
                        help="which loops (default: both)")
    parser.add_argument("--steps", type=whole_number, default=small.MOST_STEPS,
                        help="how many steps are made (default: %(default)s)")
    args = parser.parse_args(argv)
    small.refuse_unknown(args.configurations or [])
    small.refuse_steps(args.steps)
    refuse_no_gpu()
    before, rows = devices.used_memory(), []
    for name in args.configurations or small.MODELS:
        for loop in args.loop:
            rows.append(devices.check(name, loop, args.steps))
            print(f"{name}, {loop}: {'; '.join(devices.problems(rows[-1])) or 'well'}", flush=True)
    print("\n" + tables.markdown(HEADERS, map(cells, rows)))
    others = sorted({op for row in rows for _, op, floats in row.get("elsewhere", ()) if not floats})
    print("\nWithout floating-point numbers, on the CPU: " + (", ".join(others) or "no op"))
    memory, failed = used_memory_in_words(before, devices.used_memory())
    print(memory)
    if failed or any(map(devices.problems, rows)):
        sys.exit(1)


def used_memory_in_words(before, after):
    """`(sentence, failed)` about the shares of the GPU's memory in use before and after the steps."""
    if before is None or after is None:
        return "The memory in use is not known, since nvidia-smi cannot be asked.", False
    taken = after - before
    return (f"{100 * taken:.0f} % of the GPU's memory is in use for these steps; without growth it would be "
            "nearly all."), taken > devices.MOST_MEMORY


if __name__ == "__main__":
    main()
