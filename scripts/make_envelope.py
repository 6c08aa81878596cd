"""Train a chapter with many seeds, and write its seed-to-seed envelope as one CSV.

    python scripts/make_envelope.py OUT.csv --work-dir DIR --data-dir DIR

Each seed is a run of the chapter's own script in WORK_DIR/seed-N. Interrupted,
the same command goes on where it stopped. Flags after `--` go to the chapter's
script.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, TrainingError, script
from gan_tf1.files import replacing, user_path
from gan_tf1.run import load_losses, read_config

SCRIPTS = pathlib.Path(__file__).parent


def train(seed, args):
    """Run, or resume, the chapter with `seed`; return its run directory."""
    path = args.work_dir / f"seed-{seed}"
    command = [sys.executable, SCRIPTS / args.script, "--data", args.data, "--seed", str(seed),
               "--run-dir", path, *args.flags]
    if args.data_dir:
        command += ["--data-dir", args.data_dir]
    if (path / "config.json").exists():
        command.append("--resume")
    # Runs side by side share the cores: one pool of all threads each would only contend.
    threads = str(max(1, (os.cpu_count() or 1) // args.jobs))
    done = subprocess.run(command, capture_output=True, text=True,
                          env={"TF_NUM_INTRAOP_THREADS": threads, **os.environ})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise TrainingError(f"seed {seed} failed: {reason.removeprefix('error: ')}")
    return path


def claim(args):
    """Note in the work directory what its runs are; refuse one that holds others."""
    note = args.work_dir / "envelope.json"
    asked = {"script": args.script, "data": args.data, "flags": args.flags}
    if note.exists() and json.loads(note.read_text()) != asked:
        raise InputError(f"{args.work_dir} holds runs of another command ({note.read_text().strip()}"
                         "): give another --work-dir")
    with replacing(note) as temporary:
        temporary.write_text(json.dumps(asked) + "\n")


def write(file, seeds, paths, command):
    """The envelope to `file`: how it was made, then a row for every seed and epoch, or step."""
    configs = [read_config(path) for path in paths]
    for key in ("settings", "loop", "data_crc32", "versions"):
        if any(config.get(key) != configs[0].get(key) for config in configs):
            raise InputError(f"the runs in {paths[0].parent} differ in their {key}: give another "
                             "--work-dir")
    how = {"chapter": configs[0]["chapter"], "settings": configs[0]["settings"],
           "loop": configs[0].get("loop"),
           "data": configs[0]["data_title"], "seeds": f"{seeds[0]} to {seeds[-1]}",
           "command": command, "versions": configs[0]["versions"]}
    for key, value in how.items():
        file.write(f"# {key}: {value if isinstance(value, str) else json.dumps(value)}\n")
    rows = csv.writer(file, lineterminator="\n")
    for seed, path in zip(seeds, paths):
        losses = load_losses(path)
        if seed == seeds[0]:
            rows.writerow(["seed", *losses])  # the first of them is the count
        for count, *values in zip(*losses.values()):
            rows.writerow([seed, int(count), *(f"{value:.4f}" for value in values)])


@script
def main(argv=None):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=user_path, metavar="OUT.csv")
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script")
    parser.add_argument("--work-dir", type=user_path, default=pathlib.Path("checkpoints/envelope"),
                        help="where the runs go (default: checkpoints/envelope)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")
    parser.add_argument("--data-dir", type=user_path, help="where the data set lies")
    parser.add_argument("--first-seed", type=whole_number, default=1000)
    parser.add_argument("--seeds", type=whole_number, default=20, help="how many (default: 20)")
    parser.add_argument("--jobs", type=whole_number, default=2, help="runs at a time (default: 2)")
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    args = parser.parse_args(own)
    args.flags = argv[len(own) + 1:]

    if args.seeds < 2 or args.jobs < 1:
        raise InputError("--seeds must be at least 2, and --jobs at least 1")
    if not (SCRIPTS / args.script).is_file():
        raise InputError(f"--script {args.script} is not in {SCRIPTS}")
    with replacing(args.out) as temporary:  # now, so that no training is lost to a bad name
        claim(args)
        seeds = range(args.first_seed, args.first_seed + args.seeds)
        with ThreadPoolExecutor(args.jobs) as pool:
            paths = list(tqdm(pool.map(lambda seed: train(seed, args), seeds), total=len(seeds)))
        with open(temporary, "w", newline="") as file:
            write(file, seeds, paths, "make_envelope.py " + " ".join(argv))
    print(args.out)


if __name__ == "__main__":
    main()
