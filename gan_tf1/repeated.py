"""Many runs of one chapter's script, a few at a time, each in a directory of its own.

What was interrupted goes on: a run that has begun is resumed, a complete one is let be.
"""

import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from gan_tf1.errors import InputError, TrainingError
from gan_tf1.files import replacing
from gan_tf1.run import is_complete

EACH_RUNS = ("--data", "--data-dir", "--seed", "--run-dir", "--resume")  # set for every run
SCRIPTS = pathlib.Path(__file__).parent.parent / "scripts"


def split(argv, fixed=()):
    """`argv` as the flags of the script itself and those after `--`, which go to the chapter's.

    Raises InputError where these name what is set for every run, or is `fixed` by the script.
    """
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    flags = argv[len(own) + 1:]
    for name in (flag.partition("=")[0] for flag in flags):
        if name in (*EACH_RUNS, *fixed):
            raise InputError(f"{name} can't stand after --: it is set for each run")
    return own, flags


def check(script, jobs):
    """Raise InputError where there is no such `script`, or no job to run it."""
    if not (SCRIPTS / script).is_file():
        raise InputError(f"--script {script} is not in {SCRIPTS}")
    if jobs < 1:
        raise InputError("--jobs must be at least 1")


def claim(note, asked):
    """Note in the file `note` of the work directory what its runs are; refuse those of others."""
    has_runs = any(note.parent.glob("*/config.json"))
    if has_runs and note.exists() and json.loads(note.read_text()) != asked:
        raise InputError(f"{note.parent} holds runs of another command ({note.read_text().strip()}"
                         "): give another --work-dir")
    with replacing(note) as temporary:
        temporary.write_text(json.dumps(asked) + "\n")


def train(script, path, flags, jobs=1, called=None):
    """Run, or resume, `script` with `flags` in the run directory `path`, one of `jobs` at a time.

    A complete run is let be. Raises InputError or TrainingError with the script's own reason, after
    what the run is `called`.
    """
    if is_complete(path):
        return
    command = [sys.executable, SCRIPTS / script, "--run-dir", path, *map(str, flags)]
    if (path / "config.json").exists():
        command.append("--resume")
    # Runs side by side share the cores: one pool of all threads each would only contend.
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    done = subprocess.run(command, capture_output=True, text=True,
                          env={"TF_NUM_INTRAOP_THREADS": threads, **os.environ})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        kind = InputError if done.returncode == 2 else TrainingError
        raise kind(f"{called or f'{path.name} failed'}: {reason.removeprefix('error: ')}")


def side_by_side(function, arguments, jobs):
    """`[function(argument), ...]`, `jobs` at a time, with a bar; the first failure ends it."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(tqdm(pool.map(function, arguments), total=len(arguments)))
