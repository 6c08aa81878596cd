"""What unlabelled images add to a few labelled ones: rows of runs, their accuracies and a table.

A row is a way to train, such as "printed" or "labelled". All rows are trained with the same seeds,
and seed s labels the same examples in each of them, so the difference of two rows is taken seed by
seed. The mean of these paired differences varies less than the rows do.
"""

import csv
import pathlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1 import tables
from gan_tf1.data.svhn_files import CIFAR10_CLASSES
from gan_tf1.evaluation.statistics import mean_and_error
from gan_tf1.training.run_results import load_losses

CHAPTER, SALIMANS = "04_semi_supervised_svhn.py", "21_salimans_gan.py"
SIGNIFICANCE, POWER = 0.05, 0.8  # of the two-sided test of paired differences
LAST = 0.2  # share of the epochs that are compared with as many before, to see if a curve is flat
COLUMNS = ("train_accuracies", "test_accuracies", "d_loss", "g_loss")


class Row(NamedTuple):
    """A way to train: the script and its flags."""
    meaning: str
    flags: tuple = ()
    script: str = CHAPTER
    shared: bool = True  # whether the command's own flags for script 04 are added


def _corrected(*flags):
    return ("--variant", "corrected", *flags)


ROWS = {
    "labelled": Row("the labelled images alone, in the corrected network",
                    _corrected("--supervised-only")),
    "chapter": Row("as printed, with the chapter's own settings", shared=False),
    "printed": Row("as printed"),
    "corrected": Row("corrected: averages collected without dropout", _corrected()),
    "as_trained": Row("corrected, but averages collected with dropout",
                      _corrected("--test-statistics", "as_trained")),
    "batch": Row("corrected, but statistics of the test batch",
                 _corrected("--test-statistics", "batch")),
    "mend_bn2": Row("as printed, but with batch norm in layer 2", ("--variant", "mend_bn2")),
    "mend_dropout": Row("as printed, but with dropout", ("--variant", "mend_dropout")),
    "mend_test_statistics": Row("as printed, but with moving averages in tests",
                                ("--variant", "mend_test_statistics")),
    "revive_x6": Row("as printed, but with x6 at stride 1", ("--variant", "revive_x6")),
    "matching_l2": Row("corrected, feature matching by the squared L2 distance",
                       _corrected("--gen-loss", "matching_l2")),
    "additional": Row("corrected, feature matching added to a plain GAN's cost",
                      _corrected("--gen-loss", "additional")),
    "gan": Row("corrected, a plain GAN's cost, no feature matching",
               _corrected("--gen-loss", "gan")),
    "salimans": Row("the recipe of Salimans et al.", script=SALIMANS, shared=False),
}


class Found(NamedTuple):
    """The runs of one row with one number of labels."""
    row: str
    labels: int
    seeds: tuple        # of the S runs
    epochs: np.ndarray  # [E]
    columns: dict       # name -> float64 [S, E], for each of `COLUMNS` that the runs have

    @property
    def test(self) -> np.ndarray:
        """The test accuracies after the last epoch, in percent [S]."""
        return 100 * self.columns["test_accuracies"][:, -1]


def class_names(data: str) -> tuple[str, ...]:
    """The names of the ten classes of the data set with the key `data`."""
    return CIFAR10_CLASSES if data == "cifar10" else tuple("0123456789")


def of_runs(row: str, labels: int, seeds: Sequence[int], paths: Sequence[pathlib.Path]) -> Found:
    """The `Found` of the complete runs at `paths`, one for each of the `seeds`.

    Raises InputError if a run has no losses.
    """
    losses = [load_losses(path) for path in paths]
    return Found(row, labels, tuple(seeds), losses[0]["epoch"], {
        name: np.stack([each[name] for each in losses])
        for name in COLUMNS if name in losses[0]})


def write_rows(file, found: Sequence[Found]) -> None:
    """Write the numbers of every epoch of every run to the open CSV `file`."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["row", "labels", "seed", "epoch", *COLUMNS])
    for each in found:
        for number, seed in enumerate(each.seeds):
            for place, epoch in enumerate(each.epochs):
                rows.writerow([each.row, each.labels, seed, int(epoch), *(
                    f"{each.columns[name][number, place]:.6g}" if name in each.columns else ""
                    for name in COLUMNS)])


def read_confusion(lines: Iterable[str]) -> dict[str, np.ndarray]:
    """The counts in the lines of a confusion.csv: row -> [10, 10] or [10, 11]."""
    counts = {}
    for line in tables.rows_of(lines):
        counts.setdefault(line["row"], []).append(int(line["images"]))
    return {row: np.array(own).reshape(10, -1) for row, own in counts.items()}


def read_rows(lines: Iterable[str]) -> list[Found]:
    """The inverse of `write_rows`, to six digits, from the lines of such a file."""
    table = tables.rows_of(lines)
    found = []
    for row, labels in dict.fromkeys((line["row"], line["labels"]) for line in table):
        own = [line for line in table if (line["row"], line["labels"]) == (row, labels)]
        seeds = tuple(dict.fromkeys(int(line["seed"]) for line in own))
        epochs = np.array([int(line["epoch"]) for line in own]).reshape(len(seeds), -1)[0]
        found.append(Found(row, int(labels), seeds, epochs, {
            name: np.array([float(line[name]) for line in own]).reshape(len(seeds), -1)
            for name in COLUMNS if own[0][name]}))
    return found


def classify(sess, net, x: np.ndarray) -> np.ndarray:
    """The likeliest class of each of the images `x` [n, 32, 32, 3] in a test: int64 [n].

    `net` is that of either model. The class 10 is that of fakes.
    """
    fed = {net.input_real: x, net.drop_rate: 0.} if hasattr(net, "drop_rate") else {net.x_lab: x}
    return sess.run(net.class_logits, fed).argmax(axis=1)


def detectable(differences: np.ndarray) -> float:
    """The smallest true difference that a t test of paired `differences` [S] finds with `POWER`.

    In the units of the differences; NaN for a single one. It is the standard error times
    t_{1 - SIGNIFICANCE/2} + t_{POWER} with S - 1 degrees of freedom: the usual approximation of the
    noncentral t.
    """
    freedom = len(differences) - 1
    if not freedom:
        return float("nan")
    quantiles = scipy.stats.t.ppf([1 - SIGNIFICANCE / 2, POWER], freedom)
    return float(quantiles.sum() * scipy.stats.sem(differences))


def still_rising(found: Found) -> tuple[float, float]:
    """How much the test accuracy rose at the end, in percentage points: mean and standard error.

    This is the mean over the last fifth of the epochs minus that over the fifth before it, or NaN
    if there is a single epoch.
    """
    test = 100 * found.columns["test_accuracies"]
    if test.shape[1] == 1:
        return float("nan"), float("nan")
    part = max(1, round(LAST * test.shape[1]))
    return mean_and_error(test[:, -part:].mean(axis=1) - test[:, -2 * part:-part].mean(axis=1))


def with_error(mean: float, error: float, form: str = "+.1f") -> str:
    """`mean` and its standard error as text. The error of a single value is unknown."""
    if np.isnan(mean):
        return ""
    return f"{mean:{form}}" + ("" if np.isnan(error) else f" +- {error:.1f}")


def table(found: Sequence[Found]) -> list[str]:
    """The lines of the table; differences are taken from the first row with as many labels."""
    first = {}
    rows = []
    for each in found:
        base = first.setdefault(each.labels, each)
        spread = each.test.std(ddof=1) if len(each.seeds) > 1 else np.nan
        compared = ("", "")
        if each is not base:
            differences = each.test - base.test
            compared = (with_error(*mean_and_error(differences)),
                        with_error(detectable(differences), np.nan, ".1f"))
        rows.append((ROWS[each.row].meaning, str(each.labels), str(len(each.seeds)),
                     str(len(each.epochs)), with_error(each.test.mean(), spread, ".1f"), *compared,
                     with_error(*still_rising(each))))
    return tables.lines(
        ("", "labels", "seeds", "epochs", "test accuracy (%)", "than the first", "detectable",
         "rise at the end"), rows)


NOTES = (
    "test accuracy after the last epoch: mean +- standard deviation over the seeds",
    "than the first: percentage points more than the first row with as many labels, mean +- "
    "standard error of the differences seed by seed",
    f"detectable: the smallest true difference that a two-sided t test at {SIGNIFICANCE:g} finds "
    f"with {100 * POWER:g} % power, given the standard error found",
    "rise at the end: mean of the last fifth of the epochs minus that of the fifth before it",
)
