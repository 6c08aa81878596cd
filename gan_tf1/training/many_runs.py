"""Many runs of one chapter's script, a few at a time, each in a directory of its own.

If such a command is interrupted and given again, it continues: unfinished runs are resumed, and
completed runs are skipped. All scripts of this kind take the same steps::

    parser = many_runs.parser(__doc__, "sweep", "0-2")       # the flags that all of them share
    args = many_runs.parse(parser, argv)
    many_runs.settle(args, "sweep")                          # where report and runs go
    many_runs.claim(args, "sweep", data=args.data)           # refuses the runs of another command
    paths = many_runs.train_all([many_runs.Wanted(...), ...], args)
    stored = many_runs.refuse_unequal(paths, ("versions",))
"""

import json
import os
import shlex
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from gan_tf1.config import VOCABULARY, Parser, whole_number
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.files import data_folder, replacing, user_path
from gan_tf1.places import SCRIPTS
from gan_tf1.training import outputs, processes
from gan_tf1.training.run_config import data_of, read_config
from gan_tf1.training.run_results import is_complete, load_losses
from gan_tf1.training.seed_ranges import add_seeds, listed
from gan_tf1.wording import quantity

EACH_RUNS = ("--data", "--data-dir", "--seed", "--run-dir", "--resume")  # set for each run


class Wanted(NamedTuple):
    """A run that a script of many runs asks for."""
    name: str         # the name of its directory in the work directory
    script: str       # the chapter's script, and its subcommand if it has one
    flags: list       # the flags for that script
    called: str = ""  # its name in messages, if it differs from `name`


def parser(description, name, default_seeds, ending="", what="the report", jobs=2,
           data="the data set"):
    """A `Parser` with the flags that all scripts of many runs share.

    The result of the script, `what`, is called `name` by default. It is a file with this `ending`,
    or a folder if there is no ending. `data` describes what is in --data-dir.
    """
    parser = Parser(description)
    if ending:
        outputs.add_flags(parser, name, ending, what)
    else:
        parser.add_argument("--out", type=user_path, metavar="OUT", help=f"a folder for {what}; "
                            f"an unfinished one is continued (default: checkpoints/{name}-001)")
    add_seeds(parser, default_seeds)
    parser.add_argument("--work-dir", type=user_path, metavar="DIR",
                        help=f"the folder of the runs (default: "
                        f"{f'checkpoints/{name}' if ending else 'runs/ in OUT'})")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR", help=f"the folder of {data}")
    parser.add_argument("--jobs", type=whole_number, default=jobs,
                        help=f"runs at a time (default: {jobs})")
    return parser


def add_chapter(parser) -> None:
    """Add the flags of a script that can train any chapter: --script and --data."""
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script "
                        "(default: 01_mnist_gan.py)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")


def parse(parser, argv, fixed=()):
    """Parse the command line of a script of many runs; returns an `argparse.Namespace`.

    In addition to the arguments of `parser`, it contains `argv`, the whole command line, and
    `flags`, the arguments after `--`, which are passed to the chapter's script. Raises InputError
    if `flags` contain a flag that is set for each run, or one that is `fixed` by the script, if
    --jobs is below 1, or if there is no script of the name in --script.
    """
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    args = parser.parse_args(own)
    args.argv, args.flags = argv, argv[len(own) + 1:]
    refuse_fixed(args.flags, fixed)
    if args.jobs < 1:
        raise InputError("--jobs must be at least 1")
    if "script" in args and not (SCRIPTS / args.script).is_file():
        raise InputError(f"--script {args.script} is not in {SCRIPTS}")
    return args


def refuse_fixed(flags, fixed=(), where="after --"):
    """Raise InputError if `flags` contain one that is set for each run, or one that is `fixed`."""
    for written in (argument.partition("=")[0] for argument in flags):
        name = flag_name(written)
        if name in (*EACH_RUNS, *fixed):
            raise InputError(f"{written} can't be given {where}: it is set for each run")
        if name in ("-h", "--help"):
            raise InputError(f"{name} can't be given {where}: ask the chapter's own script for it")


def flag_name(argument) -> str:
    """The flag in an argument such as --epochs=3, by its present name if it was renamed."""
    name = argument.partition("=")[0]
    negated = "no-" if name.startswith("--no-") else ""
    setting = name.removeprefix(f"--{negated}").replace("-", "_")
    renamed = name.startswith("--") and setting in VOCABULARY
    return f"--{negated}{VOCABULARY[setting]}" if renamed else name


def settle(args, name, ending="") -> None:
    """Set the defaults of `args.out` and `args.work_dir`, which are named after the result, `name`.

    A file with this `ending` gets the next free number. A folder, unlike other results, is always
    the same one, so that an unfinished report can be continued there. Raises InputError if --out
    cannot be written.
    """
    if "former_out" in args:
        outputs.take_former(args, f"OUT{ending}")
    if ending:
        args.out = outputs.file(args, name, (ending,))
        args.work_dir = args.work_dir or outputs.home() / name
        return
    args.out = args.out or outputs.home() / f"{name}-001"
    args.work_dir = args.work_dir or args.out / "runs"
    if args.out.is_file():
        raise InputError(f"{args.out} is a file: name a folder")


def claim(args, name, runs="*", **asked) -> None:
    """Write a note of what decides the runs, `asked`, flags and data, to `name`.json beside them.

    `runs` is a pattern for the names of these runs. Raises InputError if there are such runs
    already, and the note says that they were made in another way, or is missing.
    """
    note, folder = args.work_dir / f"{name}.json", args.data_dir
    asked |= {"flags": args.flags, "data_dir": folder and str(folder.absolute())}
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
        raise InputError(f"{note}, which says how the runs beside it were made, can't be read "
                         f"({reason}): give another --work-dir or --out") from error


def run_flags(args, data, seed) -> list:
    """The flags for the data and the seed of a run."""
    where = ["--data-dir", args.data_dir] if args.data_dir else []
    return ["--data", data, "--seed", seed, *where]


def train(script, path, flags, jobs=1, called=None) -> None:
    """Run `script` with `flags` in the run directory `path`, as one of `jobs` runs at a time.

    An unfinished run is resumed, and a completed one is skipped. Settings that are not in `flags`
    are the chapter's own, not the script's small ones. Raises InputError or TrainingError with the
    script's own message, after the name by which the run is `called`.
    """
    if is_complete(path):
        return
    name, *subcommand = script.split()
    command = [SCRIPTS / name, *subcommand, "--run-dir", path, "--paper", *flags]
    if (path / "config.json").exists():
        command.append("--resume")
    # If each of several runs used all cores, they would slow each other down.
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    done = processes.run(command, {"TF_NUM_INTRAOP_THREADS": threads})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it printed no reason"])[-1]
        kind = InputError if done.returncode == 2 else TrainingError
        raise kind(f"{called or f'{path.name} failed'}: {reason.removeprefix('error: ')}")


def train_unless_diverged(script, path, flags, jobs=1, called=None) -> None:
    """`train`, but a run that diverges is left as it is, and is skipped from then on."""
    if diverged(path):
        return
    try:
        train(script, path, flags, jobs, called)
    except TrainingError:
        if not diverged(path):
            raise


def diverged(path) -> bool:
    """Whether the run at `path` has stopped at a loss that is not finite."""
    try:
        last = [column[-1] for column in load_losses(path).values()]
    except (InputError, IndexError):
        return False
    return not np.isfinite(last).all()


def train_all(wanted, args, keep_diverged=False):
    """Train all runs in `wanted`, `args.jobs` at a time, and return their directories in order.

    With `keep_diverged`, a run that diverges does not count as a failure, and is left as it is.
    """
    def made(run):
        path = args.work_dir / run.name
        make = train_unless_diverged if keep_diverged else train
        make(run.script, path, run.flags, args.jobs, run.called)
        return path

    return side_by_side(made, wanted, args)


def side_by_side(function, arguments, args) -> list:
    """Call `function` for each of the `arguments`, `args.jobs` at a time, and return the results.

    A terminal shows a progress bar. The first failure, or a signal to end, stops all other calls.
    """
    arguments = list(arguments)
    seeds = "seed" if len(args.seeds) == 1 else "the seeds"
    print(f"{quantity(len(arguments), 'run')} with {seeds} {listed(args.seeds)} in "
          f"{args.work_dir}, {args.jobs} at a time", file=sys.stderr, flush=True)
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


def refuse_unequal(paths, keys) -> dict:
    """Raise InputError if the runs at `paths` differ in one of the `keys` of their config.json.

    Returns the config.json of the first run.
    """
    configs = [read_config(path) for path in paths]
    for key in keys:
        if any(config.get(key) != configs[0].get(key) for config in configs):
            raise InputError(f"the runs in {paths[0].parent} differ in their {key}: give another "
                             "--work-dir")
    return configs[0]


def per_row(names, found) -> dict[str, list]:
    """Split the list `found`, which has all seeds of each row in turn: name -> [one per seed]."""
    each = len(found) // len(names)
    return {name: found[each * number:each * (number + 1)] for number, name in enumerate(names)}


def made_by(program, args, paths) -> list[str]:
    """Three lines for a report: the command, the data of the runs at `paths`, and their versions."""
    return [f"command: {program} {shlex.join(args.argv)}", data_line(paths),
            f"versions: {json.dumps(read_config(paths[0])['versions'])}"]


def data_line(paths) -> str:
    """The line of a report, or the comment in a table, on the data of the runs at `paths`."""
    return f"data: {data_of(map(read_config, paths))}"


def write_report(path, notes, lines) -> None:
    """Write the `lines` of a table to the text file `path`, below `notes` on how it was made."""
    with replacing(path) as temporary:
        temporary.write_text("\n".join([*(f"# {note}" for note in notes), "", *lines]) + "\n")
