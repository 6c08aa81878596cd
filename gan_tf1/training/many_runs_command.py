"""The command of a script that makes many runs: its flags, and the folders of runs and report.

All such scripts share these flags, and pass those after `--` to the chapter's script. A note in the
folder of the runs says what decides them, so that another command doesn't use them by mistake.
"""

import argparse
import itertools
import json
import sys
from typing import NamedTuple

from gan_tf1 import memory
from gan_tf1.config import VOCABULARY, Parser, whole_number
from gan_tf1.errors import InputError
from gan_tf1.files import data_folder, replacing, user_path
from gan_tf1.places import SCRIPTS
from gan_tf1.tf1 import has_gpu_device
from gan_tf1.training import outputs
from gan_tf1.training.seed_ranges import add_seeds

EACH_RUNS = ("--data", "--data-dir", "--seed", "--run-dir", "--resume")  # set for each run
RUN_TAKES = 2e9  # bytes of memory, as a rule
ON_A_GPU = 2     # runs at a time that share a GPU


class Shard(NamedTuple):
    """The part of the runs that one of several commands makes: --shard 2/8."""
    number: int  # from 1
    count: int

    def __str__(self):
        return f"{self.number}/{self.count}"


def parser(description, name, default_seeds, ending="", what="the report", data="the data set"):
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
    parser.add_argument("--jobs", type=whole_number, help="runs at a time (default: as many as "
                        f"there are cores, but at most {ON_A_GPU} if there is a GPU, and one per "
                        f"{memory.in_words(RUN_TAKES)} of memory)")
    parser.set_defaults(result=(name, ending))
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--shard", type=shard, metavar="I/N", help="make the Ith of N parts of the "
                      "runs, and no report; the same command without --shard makes the report")
    part.add_argument("--gather", action="store_true", help="make the report of complete runs; if "
                      "some are missing, list them, and train nothing")
    return parser


def shard(text) -> Shard:
    """An argparse type: a `Shard`, such as 2/8."""
    number, _, count = text.partition("/")
    try:
        found = Shard(whole_number(number), whole_number(count))
    except argparse.ArgumentTypeError:
        found = Shard(0, 0)
    if not 1 <= found.number <= found.count:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not one of 1/N, 2/N, ..., N/N, such as "
                                         "2/8")
    return found


def usual_jobs() -> int:
    """How many runs at a time keep this machine busy: one per core, as far as they have room."""
    jobs = memory.cores()
    if (size := memory.available()) is not None:
        jobs = min(jobs, int(size // RUN_TAKES))
    if sys.platform == "linux" and has_gpu_device():  # elsewhere it does not know
        jobs = min(jobs, ON_A_GPU)
    return max(1, jobs)


def add_chapter(parser) -> None:
    """Add the flags of a script that can train any chapter: --script and --data."""
    parser.add_argument("--script", default="01_mnist_gan.py", help="the chapter's script, with "
                        "its subcommand if it has one (default: 01_mnist_gan.py)")
    parser.add_argument("--data", default="mnist", help="the data set (default: mnist)")


def parse(parser, argv, fixed=()):
    """Parse the command line of a script of many runs; returns an `argparse.Namespace`.

    In addition to the arguments of `parser`, it contains `argv`, the whole command line, and
    `flags`, the arguments after `--`, which are passed to the chapter's script. Raises InputError
    if `flags` contain a flag that is set for each run, one that is `fixed` by the script, or --loop auto, if
    --jobs is below 1, or if there is no script of the name in --script.
    """
    argv = sys.argv[1:] if argv is None else argv
    own = argv[:argv.index("--")] if "--" in argv else argv
    args = parser.parse_args(own)
    args.argv, args.flags = argv, argv[len(own) + 1:]
    refuse_fixed(args.flags, fixed)
    if "--loop=auto" in args.flags or ("--loop", "auto") in itertools.pairwise(args.flags):
        raise InputError("--loop auto can't be given after --: each run would choose a loop of its own, and a report "
                         "is on runs with the same loop: give --loop feed or --loop graph")
    if args.jobs is None:
        args.jobs = usual_jobs()
    if args.jobs < 1:
        raise InputError("--jobs must be at least 1")
    if "script" in args and not (SCRIPTS / args.script.partition(" ")[0]).is_file():
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


def refuse_twice(flag, values):
    """Raise InputError if `values`, those of `flag`, has one of them twice."""
    if len(set(values)) < len(values):
        raise InputError(f"{flag} has a value twice: name each once")


def flag_name(argument) -> str:
    """The flag in an argument such as --epochs=3, by its present name if it was renamed."""
    name = argument.partition("=")[0]
    negated = "no-" if name.startswith("--no-") else ""
    setting = name.removeprefix(f"--{negated}").replace("-", "_")
    renamed = name.startswith("--") and setting in VOCABULARY
    return f"--{negated}{VOCABULARY[setting]}" if renamed else name


def settle(args) -> None:
    """Set the defaults of `args.out` and `args.work_dir`, which have the name that `parser` was given.

    A file gets the next free number. A folder, unlike other results, is always
    the same one, so that an unfinished report can be continued there. Raises InputError if --out
    cannot be written.
    """
    name, ending = args.result
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
    return ["--data", data, "--seed", seed, *folder_flags(args)]


def folder_flags(args) -> list:
    """The flags for the folder of the data, if one is given."""
    return ["--data-dir", args.data_dir] if args.data_dir else []
