"""Many runs of one chapter's script, some at a time, each in a directory of its own.

If such a command is interrupted and given again, it continues: unfinished runs are resumed, and
completed runs are skipped. Several commands, on one machine or on several, can share the work: each
run has a lock (`run_lock.py`), and is made by one of them. All scripts of this kind take the same
steps::

    parser = many_runs_command.parser(__doc__, "sweep", "0-2")  # the flags that all of them share
    args = many_runs_command.parse(parser, argv)
    many_runs_command.settle(args)                              # where report and runs go
    many_runs_command.claim(args, "sweep", data=args.data)  # refuses the runs of another command
    paths = many_runs.train_all([many_runs.Wanted(...), ...], args)
    stored = many_runs.refuse_unequal(paths, ("versions",))
"""

import collections
import json
import shlex
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from tqdm import tqdm

from gan_tf1 import memory
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.files import replacing
from gan_tf1.places import SCRIPTS
from gan_tf1.training import processes, run_lock
from gan_tf1.training.run_config import data_of, read_config
from gan_tf1.training.run_results import diverged, is_complete, peak_memory
from gan_tf1.training.seed_ranges import listed
from gan_tf1.wording import quantity

POLL = 2.  # seconds between two looks at the runs that other processes make
TICK = 5.  # seconds after which the bar shows the time that has passed
NAMED = 8  # runs that a message names


class Wanted(NamedTuple):
    """A run that a script of many runs asks for."""
    name: str         # the name of its directory in the work directory
    script: str       # the chapter's script, and its subcommand if it has one
    flags: list       # the flags for that script
    called: str = ""  # its name in messages, if it differs from `name`
    needed: bool = False  # whether the command ends if it diverges; otherwise the report says that it did

    @property
    def seed(self):
        """The seed of the run, or None if its flags do not name one."""
        flags = list(self.flags)
        return flags[flags.index("--seed") + 1] if "--seed" in flags else None


def train_all(wanted, args):
    """Train all runs in `wanted`, `args.jobs` at a time, and return their directories in order.

    A run that diverges is left as it is and is not trained again. If it is `needed`, TrainingError is
    raised instead. With --shard, only the runs of this part are trained, and the script ends here (SystemExit),
    because the report needs all runs. With --gather, nothing is trained, and InputError is raised if
    runs are missing.
    """
    def missing(runs):
        return [run for run in runs if not is_settled(run, args.work_dir / run.name)]

    if args.gather:
        refuse_missing(missing(wanted), wanted, args.work_dir)
    else:
        own = part(wanted, args.shard) if args.shard else wanted
        print(beginning(own, missing(own), wanted, args), file=sys.stderr, flush=True)
        make(own, missing(own), args)
    if args.shard:
        print(ending(missing(wanted), wanted, args.shard))
        sys.exit()
    return [args.work_dir / run.name for run in wanted]


def is_settled(run, path) -> bool:
    """Whether `run`, whose directory is `path`, needs no training: it is complete, or has diverged and may do so."""
    return is_complete(path) or not run.needed and diverged(path)


def part(wanted, shard) -> list[Wanted]:
    """The runs in `wanted` that this `Shard` makes: every Nth of them, counted row by row.

    A row is what a report trains with every seed. Rows can differ much in how long they take, so
    each shard gets some seeds of every row, if there are enough of them.
    """
    rows, of_seed = [], collections.Counter()
    for run in wanted:  # the first run of each seed belongs to the first row, and so on
        rows.append(of_seed[run.seed])
        of_seed[run.seed] += 1
    by_row = sorted(range(len(wanted)), key=rows.__getitem__)
    return [wanted[place] for place in sorted(by_row[shard.number - 1::shard.count])]


def make(own, left, args) -> None:
    """Train the runs in `left`, which are those in `own` that are not complete, with one bar.

    A run that is locked is left to the process that makes it, and is tried again until it is free.
    """
    def attempt(run):
        """Train `run`, or skip it if it is complete by now; returns False if it is locked."""
        path = args.work_dir / run.name
        with run_lock.held(path) as mine:
            if mine:
                settle(run, path, args.jobs)
                bar.update()
        return mine

    told = False
    with tqdm(total=len(own), initial=len(own) - len(left), unit="run", disable=None) as bar:
        while left:
            mine = side_by_side(attempt, left, args.jobs, bar.refresh)
            taken = [run for run, is_mine in zip(left, mine) if not is_mine]
            if len(taken) == len(left):
                if not told:
                    holder = run_lock.holder(args.work_dir / left[0].name) or "another process"
                    tqdm.write(f"waiting for {quantity(len(left), 'run')} of other commands: "
                               f"{names(left)} (the first is locked by {holder})", file=sys.stderr)
                told = True
                time.sleep(POLL)
            left = taken


def side_by_side(function, arguments, jobs, tick) -> list:
    """Call `function` for each of the `arguments`, `jobs` at a time, and return the results.

    Meanwhile, `tick()` is called every few seconds. The first failure, or a signal to end, stops
    all other calls.
    """
    with processes.ending_children():
        pool = ThreadPoolExecutor(jobs)
        futures = [pool.submit(function, argument) for argument in arguments]
        try:
            running = futures
            while running:
                _, running = wait(running, TICK, FIRST_COMPLETED)
                for future in filter(Future.done, futures):  # in order, if several have failed
                    future.result()
                tick()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):  # one may be about to start a child
                processes.end_children()
                time.sleep(0.05)
    return [future.result() for future in futures]


def settle(run, path, jobs) -> None:
    """Train `run` in the directory `path`, unless it needs no training. It may diverge if it is not `needed`."""
    if is_settled(run, path):
        return
    try:
        train(run.script, path, run.flags, jobs, run.called)
    except TrainingError:
        if not is_settled(run, path):
            raise


def train(script, path, flags, jobs=1, called=None) -> None:
    """Run `script` with `flags` in the run directory `path`, as one of `jobs` runs at a time.

    An unfinished run is resumed. Settings that are not in `flags` are the chapter's own, not the
    script's small ones. Raises InputError or TrainingError with the script's own message, after the
    name by which the run is `called`.
    """
    name, *subcommand = script.split()
    command = [SCRIPTS / name, *subcommand, "--run-dir", path, "--paper", *flags]
    if (path / "config.json").exists():
        command.append("--resume")
    # If each of several runs used all cores, they would slow each other down. The number of threads
    # decides how sums are rounded, so it must not depend on how many runs are left.
    threads = str(max(1, memory.cores() // jobs))
    done = processes.run(command, {"TF_NUM_INTRAOP_THREADS": threads,
                                   "TF_NUM_INTEROP_THREADS": threads})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it printed no reason"])[-1]
        kind = InputError if done.returncode == 2 else TrainingError
        raise kind(f"{called or f'{path.name} failed'}: {reason.removeprefix('error: ')}")


def without_diverged(paths) -> tuple[dict, list[str]]:
    """The runs that have not diverged, of `paths`, run -> its directory; and a line that names the others, if any.

    Raises TrainingError if all have diverged.
    """
    kept = {run: path for run, path in paths.items() if not diverged(path)}
    lost = [path for run, path in paths.items() if run not in kept]
    if not kept:
        raise TrainingError(f"nothing can be judged, since all runs diverged: {names(lost)}. Give other settings "
                            "after --, and another --work-dir")
    return kept, [f"diverged, and left out: {', '.join(path.name for path in lost)}"] if lost else []


def beginning(own, left, wanted, args) -> str:
    """The first line: what this command makes. Its runs are `own`; those in `left` are missing."""
    shard = f"shard {args.shard}: {len(own)} of " if args.shard else ""
    seeds = "seed" if len(args.seeds) == 1 else "the seeds"
    complete = f", {len(own) - len(left)} of them complete" if len(left) < len(own) else ""
    return (f"{shard}{quantity(len(wanted), 'run')} with {seeds} {listed(args.seeds)} in "
            f"{args.work_dir}{complete}, {args.jobs} at a time")


def ending(missing, wanted, shard) -> str:
    """The last line of a shard: which of all runs in `wanted` are still missing."""
    if not missing:
        return (f"shard {shard} and all others are complete: the same command without --shard "
                "makes the report")
    return (f"shard {shard} is complete, but {len(missing)} of {quantity(len(wanted), 'run')} are "
            f"missing: {names(missing)}")


def names(runs) -> str:
    """The names of the `runs`, or of the first of them."""
    more = f" and {len(runs) - NAMED} more" if len(runs) > NAMED else ""
    return ", ".join(run.name for run in runs[:NAMED]) + more


def refuse_missing(missing, wanted, folder) -> None:
    """Print the state of each run that is `missing`, and raise InputError if there is one."""
    for run in missing:
        lock = run_lock.holder(folder / run.name)
        begun = "unfinished" if (folder / run.name / "config.json").exists() else "not begun"
        print(f"{run.name}: {begun}" + (f", locked by {lock}" if lock else ""))
    if missing:
        lost = {run.seed for run in missing}
        seeds = dict.fromkeys(run.seed for run in wanted if run.seed is not None)
        # A run without a seed, such as a network that judges the others, is needed for all of them.
        whole = [seed for seed in seeds if not lost & {seed, None}]
        or_else = f", or gather the complete seeds with --seeds {listed(whole)}" if whole else ""
        raise InputError(f"{len(missing)} of {quantity(len(wanted), 'run')} in {folder} are "
                         f"missing: make them without --gather{or_else}")


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
    """Lines for a report: the command, and data, versions, processors and peak memory of the runs at `paths`."""
    return [f"command: {program} {shlex.join(args.argv)}", data_line(paths),
            f"versions: {json.dumps(read_config(paths[0])['versions'])}",
            *([f"processor: {processors}"] if (processors := processors_of(paths)) else []), *memory_line(paths)]


def processors_of(paths) -> str:
    """The processors that computed the runs at `paths`, each once; "" if older runs do not tell any."""
    return "; ".join(dict.fromkeys(filter(None, (read_config(path).get("processor") for path in paths))))


def memory_line(paths) -> list[str]:
    """The line of a report on the peak memory of the runs at `paths`: none if it is not known of any."""
    known = [peak for peak in map(peak_memory, paths) if peak]
    if not known:
        return []
    least, most = (memory.in_words(extreme(known)) for extreme in (min, max))
    return [f"peak memory of a run: {most if least == most else f'{least} to {most}'}"]


def data_line(paths) -> str:
    """The line of a report, or the comment in a table, on the data of the runs at `paths`."""
    return f"data: {data_of(map(read_config, paths))}"


def write_report(path, notes, lines) -> None:
    """Write the `lines` of a table to the text file `path`, below `notes` on how it was made."""
    with replacing(path) as temporary:
        temporary.write_text("\n".join([*(f"# {note}" for note in notes), "", *lines]) + "\n")
