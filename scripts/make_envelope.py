"""Train a chapter with many seeds, and write its seed-to-seed envelope as one CSV.

    python scripts/make_envelope.py OUT.csv --work-dir DIR --data-dir DIR

Each seed is a run of the chapter's own script in WORK_DIR/seed-N. Interrupted,
the same command goes on where it stopped. Flags after `--` go to the chapter's
script.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import TrainingError, script
from gan_tf1.files import replacing
from gan_tf1.run import load_losses, read_config

SCRIPTS = pathlib.Path(__file__).parent


def train(seed, args):
    """Run, or resume, the chapter with `seed`; return its run directory."""
    path = pathlib.Path(args.work_dir) / f"seed-{seed}"
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
        raise TrainingError(f"seed {seed} failed: {done.stderr.strip().splitlines()[-1:]}")
    return path


@script
def main(argv=None):
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT.csv")
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script")
    parser.add_argument("--work-dir", default="checkpoints/envelope", help="where the runs go")
    parser.add_argument("--data", default="mnist", help="the data set")
    parser.add_argument("--data-dir", help="where the data set lies")
    parser.add_argument("--first-seed", type=whole_number, default=1000)
    parser.add_argument("--seeds", type=whole_number, default=20, help="how many (default: 20)")
    parser.add_argument("--jobs", type=whole_number, default=2, help="runs at a time (default: 2)")
    parser.epilog = "Flags after -- go to the chapter's script."
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    args = parser.parse_args(own)
    args.flags = argv[len(own) + 1:]

    seeds = range(args.first_seed, args.first_seed + args.seeds)
    with ThreadPoolExecutor(args.jobs) as pool:
        paths = list(tqdm(pool.map(lambda seed: train(seed, args), seeds), total=len(seeds)))
    config = read_config(paths[0])
    how = {"chapter": config["chapter"], "settings": config["settings"],
           "data": config["data_title"], "seeds": f"{seeds[0]} to {seeds[-1]}",
           "command": "python scripts/make_envelope.py "
                      f"OUT.csv --first-seed {args.first_seed} --seeds {args.seeds} "
                      + " ".join(args.flags), "versions": config["versions"]}
    with replacing(args.out) as temporary, open(temporary, "w", newline="") as file:
        for key, value in how.items():
            file.write(f"# {key}: {value if isinstance(value, str) else json.dumps(value)}\n")
        rows = csv.writer(file, lineterminator="\n")
        for seed, path in zip(seeds, paths):
            losses = load_losses(path)
            names = [name for name in losses if name != "epoch"]
            if seed == seeds[0]:
                rows.writerow(["seed", "epoch", *names])
            for epoch, *values in zip(losses["epoch"], *(losses[name] for name in names)):
                rows.writerow([seed, int(epoch), *(f"{value:.4f}" for value in values)])
    print(args.out)


if __name__ == "__main__":
    main()
