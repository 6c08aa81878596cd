"""The scores of runs with several seeds, as a CSV file, as a table, and as bars.

A row is a way to train, and has one `Score` for each seed. Rows without training, such as the real
images, have a single one.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures, tables
from gan_tf1.evaluation.judged import Row
from gan_tf1.evaluation.statistics import mean_and_error


class Score(NamedTuple):
    """What was measured of one run."""
    row: str       # the name of the row
    seed: Any      # None for a row without training
    values: dict   # metric -> number


class Way(NamedTuple):
    """A row that is trained: its name in tables, and its flags for the chapter's script."""
    name: str
    flags: tuple = ()


class Column(NamedTuple):
    """How a metric is written in the table."""
    form: str = ".1f"
    factor: float = 1.
    head: str = ""  # if it differs from the metric's name


def write(file, scores: Iterable[Score], notes: Sequence[str] = ()) -> None:
    """Write all `scores` to the open CSV `file`, one line per run and metric, below `notes`."""
    for note in notes:
        file.write(f"# {note}\n")
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["row", "seed", "metric", "value"])
    for score in scores:
        for metric, value in score.values.items():
            lines.writerow([score.row, "" if score.seed is None else score.seed, metric, f"{value:.6g}"])


def read(lines: Iterable[str]) -> list[Score]:
    """The inverse of `write`, to six digits, from the lines of such a file."""
    found = {}
    for line in tables.rows_of(lines):
        seed = int(line["seed"]) if line["seed"] else None
        found.setdefault((line["row"], seed), {})[line["metric"]] = float(line["value"])
    return [Score(*key, values) for key, values in found.items()]


def of_rows(scores: Iterable[Score]) -> dict[str, dict[str, np.ndarray]]:
    """The values of each row over its seeds: name -> metric -> float64 [S]."""
    found = {}
    for score in scores:
        for metric, value in score.values.items():
            found.setdefault(score.row, {}).setdefault(metric, []).append(value)
    return {row: {metric: np.array(values) for metric, values in own.items()}
            for row, own in found.items()}


def table(scores: Iterable[Score], columns: dict[str, Column], names=None) -> list[str]:
    """The lines of the table: for each row and metric the mean +- standard deviation over seeds.

    `columns` maps metrics to `Column`s, and `names` rows to longer names. With a single seed there is
    no standard deviation, and a metric that a row doesn't have is left empty.
    """
    def cell(values, column):
        if values is None:
            return ""
        values = column.factor * values
        spread = f" +- {values.std(ddof=1):{column.form}}" if len(values) > 1 else ""
        return f"{values.mean():{column.form}}{spread}"

    return tables.lines(("", *(column.head or metric for metric, column in columns.items())), [
        ((names or {}).get(row, row), *(cell(own.get(metric), column)
                                        for metric, column in columns.items()))
        for row, own in of_rows(scores).items()])


def bars(scores: Sequence[Score], labels: dict[str, str], names, title: str):
    """A bar for each row: the mean over its seeds, and its standard error if there are several.

    `labels` maps the metrics to the labels of their panels. Rows without training are grey.
    """
    seeds = sorted({score.seed for score in scores} - {None})
    what = "mean over seeds, black lines: standard error" if len(seeds) > 1 else f"seed {seeds[0]} alone"
    rows, real = of_rows(scores), {score.row for score in scores if score.seed is None}
    drawn = [Row(names.get(row, row), {
        metric: (own[metric].mean(), np.nan_to_num(mean_and_error(own[metric])[1]))
        for metric in labels if metric in own}) for row, own in rows.items()]
    return figures.metric_bars(drawn, f"{title}: {what}", labels,
                               [place for place, row in enumerate(rows) if row in real])


def first_row(rows: Sequence[str], runs: Iterable[tuple]) -> str:
    """The first of the `rows` that has a run among the `runs`, (row, seed)."""
    return min((row for row, _ in runs), key=rows.index)


def fullest_seed(seeds: Sequence[int], runs: Iterable[tuple]) -> int:
    """The seed with the most of the `runs`, (row, seed): the first of several that have equally many."""
    return max(seeds, key=[seed for _, seed in runs].count)


def best(scores: Iterable[Score], row: str, metric: str) -> Score:
    """The `Score` of the run of `row` with the highest value of `metric`."""
    return max((score for score in scores if score.row == row), key=lambda score: score.values[metric])
