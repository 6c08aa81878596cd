"""The driver: start the workers, warm them up, and ask them for one round after another.

In each round every row does its units once, in a new random order. So other work on the machine,
and any drift, affects all rows equally.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
from typing import Any, NamedTuple

from gan_tf1 import places
from gan_tf1.errors import TrainingError


class Entrant(NamedTuple):
    """A row and its task."""
    name: str
    row: Any       # rows.Row
    work: Any      # work.Work
    data: Any      # path of the data, written by work.save
    units: int     # units per round
    config: dict = {}  # settings that differ from the chapter's own


class Worker(NamedTuple):
    """A process that runs an entrant's units on request."""
    entrant: Entrant
    process: Any
    errors: Any    # the file with its stderr
    ready: dict    # its first answer


class Lost(Exception):
    """A worker has ended; the message is the last line that it wrote to stderr."""


def start(entrant, stack) -> Worker:
    """Start the `Worker` of `entrant`, which `stack`, an ExitStack, will end. May raise Lost."""
    errors = stack.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gan_tf1.bench.worker", entrant.row.key, entrant.work.name,
         str(entrant.data), "--config", json.dumps(entrant.config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        env={**os.environ, **places.importing()})
    stack.callback(stop, process)
    worker = Worker(entrant, process, errors, {})
    return worker._replace(ready=_answer(worker))


def ask(worker, units) -> dict:
    """Let `worker` do `units` units; returns its answer, a dict. Raises Lost if it has ended."""
    try:
        worker.process.stdin.write(f"{units}\n")
        worker.process.stdin.flush()
    except BrokenPipeError:
        pass  # _answer reads the reason
    return _answer(worker)


def stop(process) -> None:
    """End a worker: close its pipe, which makes it exit, and kill it after ten seconds."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def measure(entrants, rounds, rng, say=print, longest=math.inf) -> tuple[dict, dict, dict]:
    """Measure `rounds` rounds, after the workers have warmed up: `(answers, readies, lost)`.

    `answers` maps names to the list of a worker's answers, one per round, with its `units`;
    `readies` maps names to the first answers; `lost` maps names to the reasons why a worker is left
    out. A worker whose round would take more than `longest` seconds does one unit per round. `rng`,
    a NumPy generator, draws the order of each round.
    """
    answers, lost = {}, {}
    with contextlib.ExitStack() as stack:
        workers = {}
        for entrant in entrants:
            try:
                worker, seconds = warmed_up(start(entrant, stack), longest)
            except Lost as error:
                lost[entrant.name] = str(error)
                say(f"{entrant.name} is left out: {error}")
                continue
            workers[entrant.name], answers[entrant.name] = worker, []
            say(f"{entrant.name} is ready, warm after {seconds:.1f} s")
        for number in range(rounds):
            for name in rng.permutation(sorted(workers)):
                if name in lost:
                    continue
                try:
                    units = workers[name].entrant.units
                    answers[name].append({**ask(workers[name], units), "units": units})
                except Lost as error:
                    lost[name] = str(error)
                    say(f"{name} is left out: {error}")
            say(f"round {number + 1} of {rounds}")
        readies = {name: worker.ready for name, worker in workers.items() if name not in lost}
    return {name: answers[name] for name in readies}, readies, lost


def warmed_up(worker, longest) -> tuple[Worker, float]:
    """Warm up `worker`; returns it and the seconds that this took.

    If its units would take more than `longest` seconds, it is returned with one unit per round.
    """
    first = ask(worker, 1)["seconds"]
    if worker.entrant.units == 1:
        return worker, first
    second = ask(worker, 1)["seconds"]  # the first unit includes compilation
    if second * worker.entrant.units > longest:
        return worker._replace(entrant=worker.entrant._replace(units=1)), first + second
    return worker, first + second + ask(worker, worker.entrant.units)["seconds"]


def waited(answers) -> float:
    """Processor seconds that waiting workers used, per second that another one worked."""
    everything = [answer for own in answers.values() for answer in own]
    worked = sum(answer["seconds"] for answer in everything)
    return sum(answer["waited_cpu"] for answer in everything) / worked if worked else 0.0


def load() -> float:
    """The system's load average of the last minute, or 0 if it is not available."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0


def needed(name, lost) -> None:
    """Raise TrainingError if the row `name`, which is required, is among the `lost`."""
    if name in lost:
        raise TrainingError(f"the row {name} failed, but the others are compared with it: "
                            f"{lost[name]}")


def _answer(worker):
    line = worker.process.stdout.readline()
    if line:
        return json.loads(line)
    worker.process.wait()
    worker.errors.seek(0)
    said = [line.strip() for line in worker.errors if line.strip()]
    raise Lost((said[-1] if said else f"it ended with status {worker.process.returncode}")[:300])
