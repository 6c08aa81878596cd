"""Many runs of one chapter's script, a few at a time, each in a directory of its own.

An interrupted command goes on where it stopped: a run that has begun is resumed, and a completed
run is skipped. What all scripts of this kind share is here: `add_flags` and `parse` for the command
line, `claim` for the work directory, `train` and `side_by_side` for the runs.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import numpy as np
from tqdm import tqdm

from gan_tf1.config import VOCABULARY, whole_number
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.files import replacing, user_path
from gan_tf1.places import SCRIPTS
from gan_tf1.training import outputs, processes
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import is_complete, load_losses

EACH_RUNS = ("--data", "--data-dir", "--seed", "--run-dir", "--resume")  # set for every run
MOST_SEEDS = 10_000


def seeds(text):
    """An argparse type: the list of seeds that "7" or the range "0-19" means."""
    first, dash, last = text.partition("-")
    first = seed_number(first)
    last = seed_number(last) if dash else first
    if last < first:
        raise argparse.ArgumentTypeError(f"the range {text} runs backward: write {last}-{first}")
    if last - first >= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{text} are more than {MOST_SEEDS} seeds")
    return list(range(first, last + 1))


class _Seeds(argparse.Action):
    """Joins the lists of `seeds`, and refuses a seed that is named twice."""

    def __call__(self, parser, namespace, values, option_string=None):
        joined = sum(values, [])
        twice = [seed for seed in dict.fromkeys(joined) if joined.count(seed) > 1]
        if twice:
            raise argparse.ArgumentError(self, f"{' '.join(map(str, twice))} must be named once")
        setattr(namespace, self.dest, joined)


def listed(numbers):
    """Seeds as --seeds takes them: [0, 1, 2, 7] is "0-2 7"."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def add_flags(parser, default_seeds, work_dir="runs/ in OUT", jobs=2, data="the data set"):
    """The flags that all scripts of many runs share: --seeds, --work-dir, --data-dir, --jobs.

    `work_dir` says what the default is.
    """
    parser.add_argument("--seeds", type=seeds, nargs="+", action=_Seeds, metavar="SEED",
                        default=seeds(default_seeds), help="seeds and ranges of seeds, such as "
                        f"0-4 7 (default: {default_seeds})")
    parser.add_argument("--work-dir", type=user_path, metavar="DIR",
                        help=f"where the runs go (default: {work_dir})")
    parser.add_argument("--data-dir", type=user_path, metavar="DIR", help=f"where {data} lies")
    parser.add_argument("--jobs", type=whole_number, default=jobs,
                        help=f"runs at a time (default: {jobs})")


def parse(parser, argv, fixed=()):
    """The arguments of a script of many runs.

    In addition to those of `parser`, `argv` is the whole command line, and `flags` are the
    arguments after `--`, which go to the chapter's script. Raises InputError if these name a flag
    that is set for every run, or one that is `fixed` by the script; and if --jobs is 0.
    """
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    args = parser.parse_args(own)
    args.argv, args.flags = argv, argv[len(own) + 1:]
    for written in (argument.partition("=")[0] for argument in args.flags):
        name = flag_name(written)
        if name in (*EACH_RUNS, *fixed):
            raise InputError(f"{written} can't stand after --: it is set for each run")
        if name in ("-h", "--help"):
            raise InputError(f"{name} can't stand after --: ask the chapter's own script for it")
    if args.jobs < 1:
        raise InputError("--jobs must be at least 1")
    return args


def flag_name(argument):
    """The flag alone in an argument like --epochs=3, by its present name if it was renamed."""
    name = argument.partition("=")[0]
    negated = "no-" if name.startswith("--no-") else ""
    setting = name.removeprefix(f"--{negated}").replace("-", "_")
    renamed = name.startswith("--") and setting in VOCABULARY
    return f"--{negated}{VOCABULARY[setting]}" if renamed else name


def check(script):
    """Raise InputError if there is no such `script`."""
    if not (SCRIPTS / script).is_file():
        raise InputError(f"--script {script} is not in {SCRIPTS}")


def settle_folders(args, name):
    """Settle `args.out`, by default the home's `name`-001, and `args.work_dir`, by default in it.

    Unlike other results, a report that is not finished has the same folder again, to go on there.
    Raises InputError if the folder is a file.
    """
    args.out = args.out or outputs.home() / f"{name}-001"
    args.work_dir = args.work_dir or args.out / "runs"
    if args.out.is_file():
        raise InputError(f"{args.out} is a file: name a folder")


def claim(note, asked, runs="*"):
    """Write to the file `note` in the work directory what decides its runs: the dict `asked`.

    `runs` is a pattern for the names of these runs. Raises InputError if there are such runs, and
    the note says that they were made with something else, or does not say how they were made.
    """
    asked = json.loads(json.dumps(asked))  # tuples become lists, as in the note
    if any(note.parent.glob(f"{runs}/config.json")):
        stored = _read_note(note)
        other = [f"{key}: {_short(stored.get(key))}, now {_short(asked.get(key))}"
                 for key in dict.fromkeys([*stored, *asked]) if stored.get(key) != asked.get(key)]
        if other:
            raise InputError(f"{note.parent} holds runs of another command ({'; '.join(other)}): "
                             "give another --work-dir or --out")
    with replacing(note) as temporary:
        temporary.write_text(json.dumps(asked) + "\n")


def _short(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:56] + " ..."


def _read_note(note):
    try:
        stored = json.loads(note.read_text())
        if not isinstance(stored, dict):
            raise ValueError("it does not hold an object")
        return stored
    except FileNotFoundError:
        raise InputError(f"{note.parent} holds runs, but no {note.name} that says how they were "
                         "made: give another --work-dir or --out") from None
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{note} can't be read ({reason}), and it says how the runs beside it "
                         "were made: give another --work-dir or --out") from error


def run_flags(args, data, seed):
    """The flags that name a run's data and seed."""
    where = ["--data-dir", args.data_dir] if args.data_dir else []
    return ["--data", data, "--seed", seed, *where]


def absolute(path):
    """`path` for a note: independent of the current directory; None stays None."""
    return path and str(path.absolute())


def train(script, path, flags, jobs=1, called=None):
    """Run, or resume, `script` with `flags` in the run directory `path`, one of `jobs` at a time.

    Settings that the flags don't name are the chapter's own, not the script's small ones. A
    completed run is skipped. Raises InputError or TrainingError with the script's own reason, after
    what the run is `called`.
    """
    if is_complete(path):
        return
    command = [SCRIPTS / script, "--run-dir", path, "--paper", *flags]
    if (path / "config.json").exists():
        command.append("--resume")
    # Runs side by side share the cores: if each used all threads, they would only contend.
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    done = processes.run(command, {"TF_NUM_INTRAOP_THREADS": threads})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        kind = InputError if done.returncode == 2 else TrainingError
        raise kind(f"{called or f'{path.name} failed'}: {reason.removeprefix('error: ')}")


def train_unless_diverged(script, path, flags, jobs=1, called=None):
    """`train`, but a run that diverges is left as it is, now and when the command is repeated."""
    if diverged(path):
        return
    try:
        train(script, path, flags, jobs, called)
    except TrainingError:
        if not diverged(path):
            raise


def diverged(path):
    """Whether the run at `path` has stopped at a loss that is not finite."""
    try:
        last = [column[-1] for column in load_losses(path).values()]
    except (InputError, IndexError):
        return False
    return not np.isfinite(last).all()


def side_by_side(function, arguments, args):
    """`[function(argument), ...]`, `args.jobs` at a time, with a progress bar on a terminal.

    The first failure, or a signal to end, stops the others at once.
    """
    arguments = list(arguments)
    print(f"{len(arguments)} runs with the seeds {listed(args.seeds)} in {args.work_dir}, "
          f"{args.jobs} at a time", file=sys.stderr, flush=True)
    with processes.ending_children():
        pool = ThreadPoolExecutor(args.jobs)
        futures = [pool.submit(function, argument) for argument in arguments]
        try:
            for _ in tqdm(as_completed(futures), total=len(futures), disable=None):
                for future in filter(Future.done, futures):  # in order, if several have failed
                    future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):  # one may be about to start a child
                processes.end_children()
                time.sleep(0.05)
    return [future.result() for future in futures]


def refuse_unequal(paths, keys):
    """Raise InputError if the runs at `paths` differ in one of the `keys` of their config.json."""
    configs = [read_config(path) for path in paths]
    for key in keys:
        if any(config.get(key) != configs[0].get(key) for config in configs):
            raise InputError(f"the runs in {paths[0].parent} differ in their {key}: give another "
                             "--work-dir")
    return configs[0]
