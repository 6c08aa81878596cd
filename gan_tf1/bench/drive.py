"""The driver: workers started, warmed up, and asked for round after round, one at a time.

In each round every row does its units once, in an order drawn anew: what the machine does beside
them, and whatever drifts, meets all rows alike.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
from typing import Any, NamedTuple

from gan_tf1.errors import TrainingError


class Entrant(NamedTuple):
    """A row with what it is asked to do."""
    name: str
    row: Any       # rows.Row
    work: Any      # work.Work
    data: Any      # path of the data, as work.save wrote it
    units: int     # a round
    config: dict = {}  # settings other than the chapter's own


class Worker(NamedTuple):
    """A process that waits to be asked."""
    entrant: Entrant
    process: Any
    errors: Any    # file that holds what it wrote to stderr
    ready: dict    # its first answer


class Lost(Exception):
    """A worker ended: the message is what it said last."""


def start(entrant, stack):
    """The `Worker` of `entrant`, set up; `stack` (an ExitStack) ends it. Raises Lost."""
    errors = stack.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gan_tf1.bench.worker", entrant.row.key, entrant.work.name,
         str(entrant.data), "--config", json.dumps(entrant.config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    stack.callback(stop, process)
    worker = Worker(entrant, process, errors, {})
    return worker._replace(ready=_answer(worker))


def ask(worker, units):
    """What `worker` says of so many units. Raises Lost where it ended."""
    try:
        worker.process.stdin.write(f"{units}\n")
        worker.process.stdin.flush()
    except BrokenPipeError:
        pass  # why it ended is read below
    return _answer(worker)


def stop(process):
    """End a worker: it ends by itself when its pipe closes, or is killed after a while."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def measure(entrants, rounds, rng, say=print, longest=math.inf):
    """`(answers, readies, lost)` of `rounds` rounds after one that warms up.

    Whose round would take more than `longest` seconds does a single unit in each.

    answers: name -> list of what the worker answered in each round, with its `units`; readies:
    name -> its first answer; lost: name -> why it is left out. `rng` (a NumPy generator) draws each
    round's order.
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


def warmed_up(worker, longest):
    """`(worker, seconds)` that warming up took; its units are 1 where they would take `longest`."""
    first = ask(worker, 1)["seconds"]
    if worker.entrant.units == 1:
        return worker, first
    second = ask(worker, 1)["seconds"]  # nothing is left to be compiled
    if second * worker.entrant.units > longest:
        return worker._replace(entrant=worker.entrant._replace(units=1)), first + second
    return worker, first + second + ask(worker, worker.entrant.units)["seconds"]


def waited(answers):
    """Processor seconds that waiting workers used, in each second that another worked."""
    everything = [answer for own in answers.values() for answer in own]
    worked = sum(answer["seconds"] for answer in everything)
    return sum(answer["waited_cpu"] for answer in everything) / worked if worked else 0.0


def load():
    """Processors that were at work in the last minute, on average; 0 where the system doesn't say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0


def needed(name, lost):
    """Raises TrainingError where `name`, which nothing goes without, is among the `lost`."""
    if name in lost:
        raise TrainingError(f"the row {name} failed, and the others are measured against it: "
                            f"{lost[name]}")


def _answer(worker):
    line = worker.process.stdout.readline()
    if line:
        return json.loads(line)
    worker.process.wait()
    worker.errors.seek(0)
    said = [line.strip() for line in worker.errors if line.strip()]
    raise Lost((said[-1] if said else f"it ended with status {worker.process.returncode}")[:300])
