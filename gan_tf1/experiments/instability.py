"""The results of a sweep: which settings make a training unstable, as a table and a figure."""

import csv
import itertools
from typing import Any, NamedTuple

from gan_tf1 import tables
from gan_tf1.training import diagnosis
from gan_tf1.training.run_results import load_losses

HEALTHY, SHORT = "no sign", "too short"


class Trained(NamedTuple):
    """A run of the sweep."""
    values: tuple       # of the varied settings, as strings
    seed: int
    losses: dict        # the columns of its losses.csv
    diagnosis: Any      # `diagnosis.Diagnosis`


def of_run(values, seed, path) -> Trained:
    """The `Trained` of the run at `path`, which had these `values` and this `seed`."""
    return Trained(values, seed, load_losses(path), diagnosis.of_run(path))


def combinations(vary) -> list[tuple]:
    """All combinations of the values of `vary`, a dict of name -> values, as tuples."""
    return list(itertools.product(*vary.values()))


def called(names, values, between=", ") -> str:
    """The name of a combination: "learning-rate 0.001, disc-steps 1"."""
    return between.join(f"{name} {value}" for name, value in zip(names, values))


def write_rows(file, names, runs) -> None:
    """Write one row per run and epoch, or step, to the open `file`."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([*(name.replace("-", "_") for name in names), "seed", *runs[0].losses])
    for run in runs:
        for count, *losses in zip(*run.losses.values()):
            rows.writerow([*run.values, run.seed, int(count), *(f"{loss:.6g}" for loss in losses)])


def signs(run) -> tuple[str, ...]:
    """The names of the signs that `run` shows."""
    if not run.diagnosis.judged:
        return (SHORT,)
    return run.diagnosis.signs or (HEALTHY,)


def table(names, runs):
    """The lines that count the runs with each sign, per combination, and a sentence on each run."""
    of = {values: [run for run in runs if run.values == values]
          for values in dict.fromkeys(run.values for run in runs)}
    counts = [sign for sign in (*diagnosis.SIGNS, HEALTHY, SHORT)
              if any(sign in signs(run) for run in runs)]
    yield from tables.lines(("runs with a sign of", *counts), [
        (called(names, values), *(f"{sum(sign in signs(run) for run in own)} of {len(own)}"
                                  for sign in counts)) for values, own in of.items()])
    for values, own in of.items():
        yield ""
        yield called(names, values)
        for run in own:
            yield f"  seed {run.seed}: {run.diagnosis.sentence}"


def shown(losses) -> list[str]:
    """The columns of a run's `losses` that the figure has: those that are losses, or all if none is named so."""
    _, *columns = losses
    return list(diagnosis.loss_names(columns)) or columns


def panel(names, values, runs):
    """The panel of a combination: its title, and the losses of its runs."""
    own = [run for run in runs if run.values == values]
    found = [sign for run in own for sign in signs(run)]
    title = called(names, values) + "\n" + ", ".join(
        f"{sign}: {found.count(sign)} of {len(own)}" for sign in dict.fromkeys(found))
    return title, [run.losses for run in own]
