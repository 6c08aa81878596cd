"""The exercises of the lesson with many seeds: what each run measures, as rows and as tables.

The rows come from the runs of `scripts/exercise_table.py`, and from the tables of other results in
`checkpoints` that have runs of the same programs.
"""

import math
import re
from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.errors import InputError
from gan_tf1.experiments import lesson
from gan_tf1.places import PACKAGE
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import diverged
from gan_tf1.wording import quantity

WHICH = CHANGED, USUAL = "changed", "usual"  # the two programs of an exercise
TRAINED = "trained"
ENVELOPE = "published/book_logs/mnist_gan_envelope.csv"  # many seeds of the first chapter
CITIES = "mode_collapse/two_cities.csv"
GRID = "mode_coverage/mode_coverage.csv"
OBJECTIVES = "gan_objectives/objectives.csv"
# What other results have of runs on MNIST after the first epoch: the exercise, its program, the
# table, the column that is measured, and the values of other columns.
FIRST_EPOCHS = (
    (1, CHANGED, "gan_objectives/label_smooth_0/objectives.csv", "disc_loss",
     {"objective": "non_saturating"}),
    (1, USUAL, ENVELOPE, "disc_loss", {}),
    (2, USUAL, ENVELOPE, "gen_loss", {}),
    (3, CHANGED, "instability/sweep.csv", "gen_loss", {"learning_rate": "0.02", "disc_steps": "1"}),
    (3, USUAL, ENVELOPE, "gen_loss", {}),
    (4, CHANGED, OBJECTIVES, "gen_grad_norm", {"objective": "minimax"}),
    (4, USUAL, OBJECTIVES, "gen_grad_norm", {"objective": "non_saturating"}))
# What they have of runs on the two cities: the exercise, its program, the row, and the iteration up
# to which the exercise trains.
OF_CITIES = (
    (5, CHANGED, "1 update of G", 5000), (5, USUAL, "3 updates of G", 5000),
    (6, CHANGED, "minibatch standard deviation", 5000), (6, USUAL, "3 updates of G", 5000),
    (8, CHANGED, "unrolling", 5000), (8, USUAL, "3 updates of G", 5000),
    (9, CHANGED, "W-GAN-GP, 5 of D, weight 0.1", 2000), (9, USUAL, "W-GAN-GP, 5 of D", 2000))


class Row(NamedTuple):
    """What one run measures in one exercise."""
    exercise: int
    program: str     # of `WHICH`
    data: str        # the data set of the run, such as "mnist"
    seed: int
    number: float    # the number that the exercise measures; NaN if the run diverged before it could be measured
    source: str      # TRAINED, or the table of another result that has this run


class Table(NamedTuple):
    """The content of exercises.csv."""
    notes: list      # texts on how it was made
    rows: list       # of `Row`s


def run_name(program, seed) -> str:
    """The name of the run directory of `program`: its script, its settings and the seed."""
    parts = [program.script.replace(".py", ""), *program.before,
             *(part for setting in program.settings.items() for part in setting), "seed", seed]
    return re.sub("[^A-Za-z0-9.]+", "-", " ".join(map(str, parts)))


def asked(chosen, which, seeds) -> list:
    """The pairs (program, seed) that are trained for the exercises with the numbers `chosen`.

    `which` names the programs of each exercise. A program that several of them need is there once.
    The order is seed by seed, so that an interrupted table has some runs of every exercise.
    """
    programs = []
    for number in chosen:
        for program in (getattr(lesson.EXERCISES[number], name) for name in which):
            if program not in programs:
                programs.append(program)
    return [(program, seed) for seed in seeds for program in programs]


def rows(work_dir, chosen, which, seeds) -> list[Row]:
    """The `Row`s of the runs in the folder `work_dir`; the other arguments are those of `asked`."""
    def path(number, name, seed):
        return work_dir / run_name(getattr(lesson.EXERCISES[number], name), seed)

    return [row(number, name, path(number, name, seed), seed)
            for number in chosen for name in which for seed in seeds]


def row(number, which, path, seed) -> Row:
    """The `Row` of the run at `path` in the exercise `number`, complete or diverged."""
    try:
        measured = lesson.EXERCISES[number].measure(path)
    except InputError:
        if not diverged(path):
            raise
        measured = math.nan
    return Row(number, which, read_config(path)["data"], seed, measured, TRAINED)


def of_results(folder) -> list[Row]:
    """The `Row`s of runs that the tables of other results, in the `folder` checkpoints, have.

    A share that a diverged run lacks, an empty cell, makes its number NaN.
    """
    found = []
    for exercise, which, source, name, wanted in FIRST_EPOCHS:
        found += [Row(exercise, which, "mnist", int(one["seed"]), float(one[name]), source)
                  for one in tables.rows_at((PACKAGE if source == ENVELOPE else folder) / source)
                  if float(one["epoch"]) == 1 and wanted.items() <= one.items()]
    shares = tables.rows_at(folder / CITIES)
    for exercise, which, name, end in OF_CITIES:
        own = [one for one in shares if one["row"] == name]
        for seed in dict.fromkeys(one["seed"] for one in own):
            of_seed = np.array([[float(share or math.nan) for step, share in one.items()
                                 if step.isdecimal() and int(step) <= end]
                                for one in own if one["seed"] == seed])
            found.append(Row(exercise, which, "two_cities", int(seed),
                             lesson.rarer_share(of_seed), CITIES))
    packing = {"1": USUAL, "2": CHANGED}
    return found + [Row(7, packing[one["packing"]], "grid", int(one["seed"]),
                        float(one["reverse_kl"]), GRID)
                    for one in tables.rows_at(folder / GRID) if one["data"] == "grid"]


def merged(*several) -> list[Row]:
    """The rows of several lists, in order; of two rows of one run, the trained one or the later."""
    found = {}
    for one in (one for rows in several for one in rows):
        if one.source == TRAINED or found.get(one[:4], one).source != TRAINED:
            found[one[:4]] = one
    return [found[key] for key in sorted(found)]


def text(table) -> str:
    """The `Table` as the text of a CSV file."""
    lines = [",".join(map(str, one._replace(number=f"{one.number:.4g}"))) for one in table.rows]
    return "\n".join([*(f"# {note}" for note in table.notes), ",".join(Row._fields), *lines]) + "\n"


def read(path) -> Table:
    """The `Table` in the CSV file at `path`. Raises InputError if it is not one."""
    try:
        text = path.read_text().splitlines()
        return Table([line[2:] for line in text if line.startswith("# ")], [
            Row(int(one["exercise"]), one["program"], one["data"], int(one["seed"]), float(one["number"]),
                one["source"]) for one in tables.rows_of(text)])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a table of exercises: move it away, or choose another --out") from error


def numbers(rows, number, which) -> list[float]:
    """What the exercise `number` measures in the `rows` of one of its programs."""
    return [one.number for one in rows if (one.exercise, one.program) == (number, which)]


def spanned(numbers) -> str:
    """The least and the largest of `numbers`, and how many seeds there are."""
    finite = [number for number in numbers if math.isfinite(number)]
    span = f"{min(finite):.3g} to {max(finite):.3g}, " if finite else ""
    return span + quantity(len(numbers), "seed")


def table(rows) -> list[str]:
    """The lines of a table: what each exercise measures, and how many runs show the finding."""
    lines = []
    for number in dict.fromkeys(one.exercise for one in rows):
        exercise = lesson.EXERCISES[number]
        for which in WHICH:
            own = numbers(rows, number, which)
            lines.append((f"{number} {exercise.title}", which, spanned(own),
                          f"{lesson.side(exercise)} {exercise.bound:.3g}",
                          f"{sum(lesson.shows(exercise, one) for one in own)} of {len(own)}"))
    return tables.lines(("exercise", "program", "measured", "shown if", "shown by"), lines, left=2)


def commands(rows):
    """Yield a line with the command and the measured number of each program in the `rows`."""
    for number, which in dict.fromkeys((one.exercise, one.program) for one in rows):
        exercise = lesson.EXERCISES[number]
        yield f"{number}, {which}: {exercise.measured} of {getattr(exercise, which).command}"


def page_of_exercises():
    """Yield the rows of the table of exercises in scripts/LESSON.md."""
    for number, exercise in lesson.EXERCISES.items():
        yield f"| {number} | {exercise.title} | `{exercise.changed.command}` |"


def page_of_answers(rows):
    """Yield the rows of the table of answers in scripts/LESSON.md, with the numbers in `rows`."""
    for number, exercise in lesson.EXERCISES.items():
        spans = " | ".join(spanned(numbers(rows, number, which)) for which in WHICH)
        yield (f"| {number} | {exercise.finding} | {exercise.measured}, {lesson.side(exercise)} "
               f"{exercise.bound:.3g} | {spans} |")
