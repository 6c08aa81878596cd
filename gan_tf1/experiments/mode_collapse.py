"""Read the runs of `scripts/18_mode_collapse.py`, judge what became of their modes, and draw it."""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures, tables
from gan_tf1.config import make
from gan_tf1.data import digits, two_cities
from gan_tf1.evaluation import classifier, classifier_metrics as metrics, statistics
from gan_tf1.experiments import collapse_figures
from gan_tf1.files import replacing
from gan_tf1.generators import sample_files
from gan_tf1.models import remedies_gan as model
from gan_tf1.tf1 import tf
from gan_tf1.training import diagnosis, mode_shares
from gan_tf1.training.run_config import read_config_of
from gan_tf1.training.run_results import diverged, load_losses, load_samples, samples_so_far
from gan_tf1.wording import percent

SHARES = diagnosis.SHARES
DIGITS = tuple(map(str, range(classifier.NUM_CLASSES)))


class Told(NamedTuple):
    """A run that has ended, with the modes of its samples over the course of training."""
    stored: dict          # its config.json
    config: Any           # its model.Config
    iterations: Any       # [E], the steps after which samples were taken
    samples: Any          # [E, n, 1] or [E, n, 784], in [-1, 1]
    modes: tuple          # the names of the K modes
    shares: Any           # [E, K], the share of the samples in each mode
    seconds: float        # duration of the training
    diverged: bool = False  # it stopped at a loss that wasn't finite, so E is smaller, or 0


def called(told) -> str:
    """The verdict on the run's modes, such as "full collapse, cycling"."""
    if told.diverged:
        return "diverged"
    words = {"full": "full collapse", "partial": "partial collapse", "none": "no collapse"}
    cycles = ", cycling" if mode_shares.cycles(told.shares) else ""
    return words[mode_shares.verdict(told.shares)] + cycles


def of_run(path, classifier=classifier.SHIPPED, shares=None) -> Told:
    """Read the run at `path`, complete or diverged, as a `Told`.

    `classifier` is the run directory of the classifier that reads digits. It isn't needed if
    `shares` [E, K] are given. Raises InputError if the run is neither complete nor diverged, or
    belongs to another chapter.
    """
    stored = read_config_of(model.CHAPTER, path)
    config = make(model.Config, stored["settings"])
    stopped = diverged(path)
    drawn = samples_so_far(path) if stopped else load_samples(path)
    iterations = config.sample_interval * load_losses(path)["epoch"][:len(drawn)]
    modes = two_cities.CITIES if stored["data"] == two_cities.KEY else DIGITS
    if shares is None:
        shares = shares_of(drawn, modes, classifier)
    shares = np.reshape(shares, (-1, len(modes)))
    return Told(stored, config, iterations, drawn, modes, shares, seconds(path), stopped)


def shares_of(drawn, modes, classifier):
    """The share of each of the `modes` in each set of the samples `drawn`: [E, K]."""
    if modes is two_cities.CITIES:
        return [mode_shares.near(two_cities.celsius(each.T), two_cities.MEANS, two_cities.NEAR)[0]
                for each in drawn]
    said = sample_files.judged(classifier, [(images + 1) / 2 for images in drawn])
    return [metrics.class_shares(each) for each, _ in said]


def seconds(path):
    """The duration of the training at `path` in seconds: the median interval times their number.

    The intervals are those between TensorBoard events. With their median, an interruption doesn't
    count. Samples and checkpoints are included, the start is not. NaN if there is only one event.
    """
    times = sorted(event.wall_time for file in (path / "events").iterdir()
                   for event in _events(file) if event.summary.value)
    return float(np.median(np.diff(times)) * len(times)) if len(times) > 1 else np.nan


def _events(file):
    """The complete events in a TensorBoard file."""
    try:
        yield from tf.train.summary_iterator(str(file))
    except tf.errors.DataLossError:
        return  # a process that was killed has written a part of the last event


def write_shares(path) -> None:
    """Write shares.csv in the complete run at `path`: each mode's share after each interval."""
    told = of_run(path)
    rows = [",".join(["iteration", *(f"share_{mode}" for mode in told.modes)])]
    rows += [f"{iteration:.0f}," + ",".join(f"{share:.12g}" for share in row)
             for iteration, row in zip(told.iterations, told.shares)]
    with replacing(path / SHARES) as temporary:
        temporary.write_text("\n".join(rows) + "\n")


def draw(path, title) -> None:
    """Draw the modes of the complete run at `path` over training, and print the files' names."""
    told = of_run(path, shares=diagnosis.shares_of(path))
    figure = chapters_figure([("", told)], title)
    print(path / SHARES, figures.save(figure, path / "figures" / "collapse.png"), sep="\n")


def chapters_figure(named, title):
    """Figure 6.23 (the cities) or 6.24 (digits) of the runs `named`, a list of (name, `Told`)."""
    told = named[0][1]
    if told.modes is DIGITS:
        return collapse_figures.digits([(name, one.iterations, one.samples[-1], one.shares)
                                        for name, one in named], title)
    data = two_cities.load(told.stored["seed"]).train.celsius[:, 0]
    return collapse_figures.cities([
        (name, one.iterations, two_cities.celsius(one.samples[..., 0]), one.shares)
        for name, one in named], data, title)


def load(choice, data_dir, seed):
    """Load the data set `choice`: temperatures that are drawn with `seed`, or digits."""
    if choice == two_cities.KEY:
        return two_cities.load(seed)
    return digits.unsplit(digits.load(choice, data_dir))


def table(rows) -> list[str]:
    """The lines of a table of verdicts; `rows` maps a name to the list of its seeds' `Told`.

    Runs that have diverged are counted, and left out of all other columns.
    """
    lines = []
    for name, runs in rows.items():
        count, runs = len(runs), [told for told in runs if not told.diverged]
        verdicts = [mode_shares.verdict(told.shares) for told in runs]
        ends = [mode_shares.settled(told.shares) for told in runs]
        switchings = [mode_shares.switching(end) for end in ends]
        periods = [each.period * told.config.sample_interval
                   for each, told in zip(switchings, runs)]
        lines.append((
            name, str(count), str(count - len(runs)),
            *(str(verdicts.count(verdict)) for verdict in ("full", "partial", "none")),
            str(sum(mode_shares.cycles(told.shares) for told in runs)),
            spread([mode_shares.covered(end).mean() for end in ends], 2),
            spread([mean(statistics.kl_to_uniform(end)) for end in ends], 3),
            percent(mean([1 - end.sum(axis=1).mean() for end in ends])),
            spread([each.switches for each in switchings], 0), f"{mean(periods):.0f}",
            f"{mean([told.seconds for told in runs]):.1f}"))
    return tables.lines(
        ("", "seeds", "diverged", "full", "partial", "none", "cycles", "modes covered",
         "KL to uniform", "of no mode", "switches", "period", "seconds"), lines)


def spread(numbers, digits) -> str:
    """The mean and standard deviation as text, without NaNs; of one number only the mean."""
    numbers = np.asarray(numbers, float)
    numbers = numbers[~np.isnan(numbers)]
    std = f" +- {np.std(numbers, ddof=1):.{digits}f}" if len(numbers) > 1 else ""
    return f"{mean(numbers):.{digits}f}{std}"


def mean(numbers):
    """The mean without NaNs; NaN if there is nothing else."""
    numbers = np.asarray(numbers, float)
    return numbers[~np.isnan(numbers)].mean() if not np.isnan(numbers).all() else np.nan


def series(rows):
    """The lines of a CSV with all shares of all runs: one line per run and mode.

    All runs took samples after the same iterations. If a run diverged, its last cells are empty.
    """
    iterations = max((told.iterations for runs in rows.values() for told in runs), key=len)
    yield ",".join(["row", "seed", "mode", *(f"{number:.0f}" for number in iterations)])
    for name, runs in rows.items():
        for told in runs:
            for mode, shares in zip(told.modes, told.shares.T):
                missing = [""] * (len(iterations) - len(shares))
                yield ",".join([f'"{name}"', str(told.stored["seed"]), mode,
                                *(f"{share:.3g}" for share in shares), *missing])
