"""Compare a training log with the log that a book prints, and with many runs of the same model.

A GAN's losses differ from seed to seed, so one log can't be held against
another. The package holds an *envelope*: the losses of 20 seeds of the
chapter's model on real MNIST. A log belongs to the same model if it looks like
a 21st seed.

Method
------
For each window of epochs (the first few, early, middle, late, and those that
the book prints) and each loss there are two figures: the mean over the window's epochs,
and their spread (standard deviation over epochs, on a log scale). Each is
computed for every seed of the envelope over the very epochs that the log has,
which gives n = 20 values with mean m and standard deviation s. A further run of
the same model falls into the prediction interval

    m -+ t(1 - a/2, n - 1) s sqrt(1 + 1/n)

with probability 1 - a. The table shows this interval for a = 1 %. With k
figures in the table, some fall outside of a 99 % interval by chance, so the
verdict asks for a = 1 % / k (Bonferroni): under the assumptions below, a run of
the same model is called "differs" in at most 1 % of cases, in whichever figure.

Beside that, the share of single epochs inside their own 95 % prediction
interval is told; it isn't judged, because neighbouring epochs of a run are not
independent.

Assumptions: seeds are independent; a window's figure is about normally
distributed over seeds. Nothing is assumed of the epochs within a run. The
second assumption holds for 19 of the 20 seeds of the MNIST GAN; in the other
one (1018) the generator falls behind for good. It is kept: what one seed in
twenty does belongs to the model. It makes the later intervals about twice as
wide, so "differs" stays rare and "agrees" says less. Judged by the 19 others,
1018 "differs", as the only one of the 20.
"""

import functools
import json
import math
import pathlib
import re
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from gan_tf1.errors import InputError
from gan_tf1.run import load_losses, read_config

BOOK_LOGS = pathlib.Path(__file__).parent / "book_logs"
CHAPTERS = ("mnist_gan",)
WINDOWS = {"first": (1, 2), "early": (3, 33), "middle": (34, 66), "late": (67, 100),
           "printed": (71, 100)}
LOSSES = {"disc_loss": "disc loss", "gen_loss": "gen loss"}
FEWEST_EPOCHS = 5   # in a window, for its spread to say anything
SIGNIFICANCE = 0.01

_NUMBER = r"([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf))"
_BEGINNING = re.compile(r"Epoch\s+\d{1,9}\s*/\s*\d+\s*\.\.\.", re.IGNORECASE)
_LINE = re.compile(r"Epoch\s+(\d{1,9})\s*/\s*\d+\s*\.\.\.\s*"
                   rf"Disc(?:riminator)? Loss:\s*{_NUMBER}\s*\.\.\.\s*"
                   rf"Gen(?:erator)? Loss:\s*{_NUMBER}(?![\d,])", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # what a terminal's recording is full of


class Log(NamedTuple):
    """One run's losses in nats; `epochs` counts from 1 and rises, and may have gaps."""
    epochs: np.ndarray      # [E] int
    losses: dict            # name -> [E] float
    incomparable: str = ""  # why this log can't be held against the book's, if so
    settings: Any = None    # the run's settings, where they are known


class Envelope(NamedTuple):
    """The losses of many seeds: `losses[name]` is [seeds, epochs]."""
    epochs: np.ndarray
    losses: dict
    settings: dict


class Figure(NamedTuple):
    """One row of the comparison: a window's figure, the envelope's mean, and both intervals."""
    window: str
    epochs: str
    loss: str
    statistic: str          # "mean" or "spread"
    value: float
    expected: float
    interval: tuple         # 99 % for this figure alone
    joint: tuple            # 99 % for all figures of the table together

    @property
    def outside(self):
        return not self.joint[0] <= self.value <= self.joint[1]


class Verdict(NamedTuple):
    """`word` is "agrees", "differs" or "cannot be compared"; `sentence` says where, or why."""
    word: str
    sentence: str
    figures: list
    shares: dict            # loss -> share of single epochs inside their 95 % interval


def parse(text):
    """The `Log` in any text that holds lines of the chapters' format, in either book's spelling.

    Raises InputError where there is no such line, where a line begins like one
    and goes on otherwise, or where one epoch stands there twice.
    """
    text = _COLOUR.sub("", text)
    rows = [(int(epoch), float(disc), float(gen)) for epoch, disc, gen in _LINE.findall(text)]
    if not rows:
        raise InputError("no line reads like `Epoch 1/100... Disc Loss: 1.078... Gen Loss: 1.361`")
    begun = len(_BEGINNING.findall(text))
    if begun != len(rows):
        raise InputError(f"{begun - len(rows)} of {begun} lines begin with an epoch, but don't go "
                         "on like `Epoch 1/100... Disc Loss: 1.078... Gen Loss: 1.361`")
    columns = np.array(rows).T
    why = "its log says drawn digits, which are not the book's MNIST" if (
        "drawn digits (synthetic)" in text) else ""
    return _log(dict(zip(("epoch", *LOSSES), columns)))._replace(incomparable=why)


def read(path, chapter):
    """The `Log` of a run directory, of a table `epoch,disc_loss,gen_loss`, or of a text.

    Raises InputError, naming the file, where it can't be read.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        config = read_config(path)
        if config.get("chapter") != chapter:
            raise InputError(f"{path} is a run of {config.get('chapter')!r}, not of {chapter!r}")
        why = "" if config["data"] == "mnist" else (
            f"it was trained on {config['data_title']}, the book's on MNIST")
        return _log(load_losses(path))._replace(incomparable=why, settings=config["settings"])
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # what PowerShell's > writes
    text = raw.decode("utf-16" if wide else "utf-8", errors="replace")
    try:
        if re.search(r"^\ufeff?epoch,disc_loss,gen_loss\s*$", text, re.MULTILINE):
            return _log(_table(text.lstrip("\ufeff")))
        return parse(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def book(chapter):
    """The `Log` that the book prints."""
    return read(BOOK_LOGS / f"{chapter}.csv", chapter)


def envelope(chapter, path=None):
    """The chapter's `Envelope`, from the package or from `path` (see scripts/make_envelope.py).

    Raises InputError where the file holds no envelope, or not every epoch of every seed.
    """
    path = pathlib.Path(path or BOOK_LOGS / f"{chapter}_envelope.csv")
    try:
        text = path.read_text()
        table = _table(text)
        settings = json.loads(re.search(r"^# settings: (.*)$", text, re.MULTILINE)[1])
        seeds, epochs = np.unique(table["seed"]), np.unique(table["epoch"]).astype(int)
        places = np.lexsort((table["epoch"], table["seed"]))
        expected = np.stack(np.meshgrid(seeds, epochs, indexing="ij")).reshape(2, -1)
        if len(seeds) < 2 or not np.array_equal(
                expected, [table["seed"][places], table["epoch"][places]]):
            raise ValueError("it lacks an epoch of a seed, or has fewer than two seeds")
        losses = {name: table[name][places].reshape(len(seeds), len(epochs)) for name in LOSSES}
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        raise InputError(f"{path} is no envelope: {error}") from error
    return Envelope(epochs, losses, settings)


def _table(text):
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        table = np.genfromtxt(rows, delimiter=",", names=True, ndmin=1)
        return {name: table[name] for name in table.dtype.names}
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from error


def _log(columns):
    """The `Log` of columns in any order of epochs; InputError where they hold no single run."""
    if not {"epoch", *LOSSES} <= set(columns) or not len(columns["epoch"]):
        raise InputError("it has no rows of epoch, disc_loss and gen_loss")
    epochs = np.asarray(columns["epoch"])
    if not (np.isfinite(epochs).all() and (epochs == np.round(epochs)).all()):
        raise InputError("an epoch is no whole number")
    places = np.argsort(epochs, kind="stable")
    epochs = epochs[places].astype(int)
    twice = epochs[1:][np.diff(epochs) == 0]
    if len(twice):
        raise InputError(f"epoch {twice[0]} stands there more than once: give the log of one run")
    return Log(epochs, {name: np.asarray(columns[name])[places] for name in LOSSES})


@functools.cache
def _t_quantile(probability, degrees):
    return float(stats.t.ppf(probability, degrees))


def prediction_interval(values, significance):
    """The interval [low, high] for one more value drawn like `values` [n, ...], over axis 0."""
    n = len(values)
    reach = (_t_quantile(1 - significance / 2, n - 1) * values.std(axis=0, ddof=1)
             * math.sqrt(1 + 1 / n))
    return values.mean(axis=0) - reach, values.mean(axis=0) + reach


def windows(log_epochs, envelope_epochs):
    """Name -> epochs that both have, for windows with any of them; no set of epochs twice."""
    common = np.intersect1d(log_epochs, envelope_epochs)
    found = {}
    for name, (first, last) in WINDOWS.items():
        epochs = common[(common >= first) & (common <= last)]
        same = next((other for other in found if np.array_equal(found[other], epochs)), None)
        if len(epochs):
            found.pop(same, None)  # for the book's log, "late" is just what is printed
            found[name] = epochs
    return found


# Spreads are judged on a log scale, where they are about normal: (to that scale, and back).
SCALES = {"mean": (lambda x: x, lambda x: x), "spread": (np.log, np.exp)}


def judge(log, envelope):
    """The `Verdict` on `log`: does it look like one more seed of `envelope`?"""
    spans = windows(log.epochs, envelope.epochs)
    if log.incomparable or not spans:
        why = log.incomparable or f"it has none of the epochs 1 to {envelope.epochs[-1]}"
        return Verdict("cannot be compared", f"Cannot be compared: {why}.", [], {})
    bad = log.epochs[~np.isfinite(list(log.losses.values())).all(axis=0)]
    if len(bad):
        return Verdict("differs", f"Differs: a loss is not finite in epoch {bad[0]}.", [], {})

    statistics = {window: ("mean", "spread") if len(epochs) >= FEWEST_EPOCHS else ("mean",)
                  for window, epochs in spans.items()}
    count = len(LOSSES) * sum(map(len, statistics.values()))
    figures = []
    for window, epochs in spans.items():
        for loss, title in LOSSES.items():
            own = log.losses[loss][np.isin(log.epochs, epochs)]
            seeds = envelope.losses[loss][:, np.isin(envelope.epochs, epochs)]
            for statistic in statistics[window]:
                to_scale, back = SCALES[statistic]
                measure = np.mean if statistic == "mean" else _spread
                values = to_scale(measure(seeds, axis=1))
                single, joint = (tuple(float(back(end)) for end in prediction_interval(values, a))
                                 for a in (SIGNIFICANCE, SIGNIFICANCE / count))
                figures.append(Figure(window, f"{epochs[0]}-{epochs[-1]}", title, statistic,
                                      float(measure(own, axis=0)), float(back(values.mean())),
                                      single, joint))
    outside = [figure for figure in figures if figure.outside]
    shares = {title: _share_inside(log, envelope, loss) for loss, title in LOSSES.items()}
    if not outside:
        return Verdict("agrees", f"Agrees: all {count} figures lie where one more seed's would.",
                       figures, shares)
    where = "; ".join(
        f"{figure.statistic} of the {figure.loss} {figure.value:.3f} in epochs {figure.epochs}, "
        f"{abs(figure.value - figure.expected):.3f} "
        f"{'above' if figure.value > figure.expected else 'below'} the envelope's "
        f"{figure.expected:.3f}" for figure in outside)
    return Verdict("differs", f"Differs: {where}.", figures, shares)


def _spread(values, axis):
    # A log that repeats one number has no spread: the tiniest there is keeps its logarithm finite.
    return np.maximum(np.std(values, axis=axis, ddof=1), np.finfo(float).tiny)


def _share_inside(log, envelope, loss):
    """Share of the log's epochs inside the 95 % prediction interval of the same epoch."""
    both = np.intersect1d(log.epochs, envelope.epochs)
    low, high = prediction_interval(
        envelope.losses[loss][:, np.isin(envelope.epochs, both)], 0.05)
    own = log.losses[loss][np.isin(log.epochs, both)]
    return float(np.mean((low <= own) & (own <= high)))
