"""Test the discriminator of semi-supervised runs with each kind of batch norm's statistics.

    python scripts/variance_shift.py RUN [RUN ...]

Each RUN is a complete run of 04_semi_supervised_svhn.py with dropout, such as one with
--variant corrected. Its weights stay as they are, and it is tested with

    the statistics of the test batch, as the chapter prints it
    the moving averages that the run saved
    moving averages that are collected again, with dropout as in training
    moving averages that are collected again, without dropout as in tests

The second table shows by how much dropout raises the variance in front of each batch norm. Li et
al. 2019 call this the variance shift, and give it as a reason not to use dropout together with
batch norm. Nothing is written unless --out names a text file.
"""

import json
import sys

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.experiments import variance_shift
from gan_tf1.files import data_folder, user_path
from gan_tf1.training import many_runs, outputs
from gan_tf1.training.run_config import read_config


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("runs", type=user_path, nargs="+", metavar="RUN",
                        help="a complete run of the semi-supervised GAN")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="the folder of the data (default: that of each run)")
    parser.add_argument("--out", type=user_path, metavar="OUT.txt",
                        help="a text file for the tables")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT.txt if it exists")
    argv = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(argv)
    args.argv = argv
    if args.out:
        outputs.check_file(args.out, "--out", (".txt",), args.overwrite)
    found = [variance_shift.of_run(path, args.data_dir) for path in args.runs]
    lines = variance_shift.table([path.name for path in args.runs], found)
    print(*lines, sep="\n")
    if args.out:
        stored = read_config(args.runs[0])
        command, *about = many_runs.made_by("variance_shift.py", args, args.runs)
        many_runs.write_report(args.out, [
            f"the semi-supervised GAN on {stored['data_title']}", command,
            f"settings of the first run: {json.dumps(stored['settings'])}", *about], lines)


if __name__ == "__main__":
    main()
