"""Diagnosing a run: one sentence on how its training went, with the numbers that support it.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Challenges", lists what can go wrong: losses that oscillate, and do not do so less as the
training continues; training that gets out of control; a generator that collapses onto one or a few
samples; and losses that say little about the samples. These signs are looked for:

=======================  ===================================================  ====================
sign                     condition                                            judged for
=======================  ===================================================  ====================
divergence               a loss is not finite, or ends far above the loss of  cross-entropies
                         a discriminator that guesses,
                         or ends far above the values of its first half       other losses
collapse                 the last samples differ far less from each other     samples
                         than they should (`diversity.py`),
                         or belong to a single mode (`mode_shares.py`)        samples, known modes
partial collapse         more than a tenth of the modes are missing           samples, known modes
discriminator dominance  at the end disc_loss is close to its minimum, and    cross-entropies
                         gen_loss is high
oscillation              over the second half a loss swings widely with a     all losses
                         single period,
                         or both losses swing even more widely                cross-entropies
=======================  ===================================================  ====================

A model whose losses are cross-entropies has a constant `CHANCE`: its disc_loss in nats if the
discriminator gives every image the probability one half. The scores of a critic have no such value
and no bound, so dominance cannot be judged for them. pix2pix has no `CHANCE` either: its generator
also learns from L1, so there a dominating discriminator is no sign of a failed training.

A run without any sign may still have failed. The diagnosis does not detect samples of poor quality,
lost modes if the modes are not known (`scripts/evaluate.py` counts digits), or swings with periods
shorter than about a hundredth of the run.
"""

import dataclasses
import math
import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.config import make
from gan_tf1.data import mixtures
from gan_tf1.files import replacing
from gan_tf1.training import diversity, mode_shares, swings
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import load_losses, samples_so_far
from gan_tf1.wording import listed, percent, quantity

PAIRS = (("disc_loss", "gen_loss"), ("d_loss", "g_loss"))  # the names in losses.csv
SIGNS = ("divergence", "collapse", "partial collapse", "discriminator dominance", "oscillation")
DIVERGENCE, COLLAPSE, PARTIAL, DOMINANCE, OSCILLATION = SIGNS
SHARES = "shares.csv"  # the share of each mode, for runs whose modes are known


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """The values at which signs begin, each with its reason."""
    fewest: int = 10             # rows of losses: fewer are too short for a beginning and an end
    end: float = 0.2             # share of a run that is its end: the loss of one batch is noisy
    most: float = 10.            # times `CHANCE`: logits that are wrong by ten nats or more
    growth: float = 10.          # times the largest loss of the first half: linear growth gives 2
    least: float = 0.1           # share of the way from the minimum of disc_loss to `CHANCE`
    sure: float = math.log(100)  # nats of gen_loss: fakes are given a probability of 1 %


class Diagnosis(NamedTuple):
    """The signs of a run, and the sentence that reports them."""
    signs: tuple          # any of `SIGNS`, the worst first
    sentence: str
    judged: bool = True   # False if the run is too short, unless a loss is not finite


class Needs(NamedTuple):
    """What a run would need for a sign to be judged; it takes the place of a reason."""
    what: str


def loss_names(columns):
    """The names among the `columns` of losses.csv that are losses: a pair of `PAIRS`, or all that are named so."""
    return next((pair for pair in PAIRS if set(pair) <= set(columns)),
                [name for name in columns if name.endswith("loss")])


def judge(losses, chance=None, least=0., samples=(), modes=None, steps=None, each=1) -> Diagnosis:
    """The `Diagnosis` of a run with these losses and samples.

    losses   the columns of losses.csv, name -> [rows]; the first one is named after the unit of
             the log, such as "epoch", and numbers the rows
    chance   the model's `CHANCE` in nats; None if its losses are not cross-entropies
    least    the minimum of disc_loss in nats, which is above 0 if labels are smoothed
    samples  a `diversity.Series` for each kind of samples
    modes    a `mode_shares.Modes`, or None if the modes are not known
    steps    the columns of step_losses.csv, which show the swings in more detail, or None
    each     how many of the unit pass from one row to the next
    """
    unit, *columns = losses
    names = loss_names(columns)
    steps = steps if steps and names and set(names) <= set(steps) else losses
    if bad := _not_finite(losses, names) or _not_finite(steps, names):
        return Diagnosis((DIVERGENCE,), f"Signs of divergence: {bad}.")

    a_pair = tuple(names) in PAIRS
    chance = chance if a_pair else None
    few = (Needs(f"{Thresholds.fewest * each} {unit}s")
           if len(losses[unit]) < Thresholds.fewest else None)
    end = _over(losses, names, 1 - Thresholds.end, 1) if names and not few else None
    swung = [swings.of_second_half(steps[name]) for name in names] if a_pair else []
    verdicts = {  # sign -> the reason, "" if it is absent, `Needs`, or None if it does not apply
        DIVERGENCE: (few or _divergence(losses, end, chance, least)) if names else None,
        **_collapses(samples, None if few else modes),
        DOMINANCE: (few or _dominance(losses, end, chance, least)) if chance else None,
        OSCILLATION: (swings.oscillation(names, swung, bounded=bool(chance))
                      if all(swung) and not few else
                      Needs(f"{swings.rows_needed() * each} {unit}s")) if a_pair else None}

    judged = {sign: why for sign, why in verdicts.items() if isinstance(why, str)}
    missing = {sign: why.what for sign, why in verdicts.items() if isinstance(why, Needs)}
    if signs := tuple(sign for sign, why in judged.items() if why):
        return Diagnosis(signs, "Signs of " + "; ".join(
            f"{sign}: {judged[sign]}" for sign in signs) + ".")
    if not judged:
        return Diagnosis((), _too_short(losses, names, missing, each), judged=False)
    evidence = []
    if end:
        evidence.append(f"{end.rows} " + " and ".join(
            f"{name} averages {mean:.3g}" for name, mean in end.means.items()))
    if OSCILLATION in judged:
        evidence.append("over the second half they swing by " + " and ".join(
            percent(one.deviation) for one in swung) + " of their means")
    evidence += [modes.told] if PARTIAL in judged else []
    evidence += [diversity.told(series) for series in samples if diversity.enough(series)]
    evidence += [f"not judged: {_of_missing(missing)}"] if missing else []
    return Diagnosis((), f"No sign of {listed(judged)}: {'; '.join(evidence)}.")


def _collapses(samples, modes):
    """The verdicts on collapse and on partial collapse."""
    judged = [series for series in samples if diversity.enough(series)]
    alike = [diversity.told(series) for series in judged if diversity.collapsed(series)]
    full = modes.told if modes and modes.verdict == "full" else " and ".join(alike)
    if not judged and not modes:
        full = Needs(diversity.needed(samples[0])) if samples else None
    partial = modes.told if modes and modes.verdict == "partial" and not full else ""
    return {COLLAPSE: full, PARTIAL: partial if modes else None}


def _not_finite(losses, names):
    """A clause that names the first loss that is not finite, or "" if all are."""
    bad = [(row, name) for name in names for row in np.flatnonzero(~np.isfinite(losses[name]))]
    if not bad:
        return ""
    row, name = min(bad)
    unit = next(iter(losses))
    return f"{name} is {losses[name][row]:g} {_when(unit, losses[unit][row])}"


def _when(unit, number):
    return f"after {number:.0f} images" if unit == "image" else f"in {unit} {number:.0f}"


def _of_missing(missing):
    """The signs that are not judged, such as "a and b (10 epochs needed), c (59 epochs needed)"."""
    by_need = {}
    for sign, need in missing.items():
        by_need.setdefault(need, []).append(sign)
    return ", ".join(f"{listed(signs, 'and')} ({need} needed)" for need, signs in by_need.items())


def _too_short(losses, names, missing, each):
    """The sentence on a run for which no sign can be judged; it gives the last losses."""
    unit, *columns = losses
    if not len(losses[unit]):
        return f"Too short to be judged: no {unit} is complete yet."
    last = f"{_when(unit, losses[unit][-1])} " + " and ".join(
        f"{name} is {losses[name][-1]:.3g}" for name in names or columns)
    if not names:
        return f"Not judged, for no losses are recorded: {last}."
    count = len(losses[unit]) * each
    return (f"Too short to be judged, with {quantity(count, unit)}: all losses are "
            f"finite, and {last}; not judged: {_of_missing(missing)}.")


class Means(NamedTuple):
    """The mean losses over some rows."""
    rows: str      # which rows, in words: "over epochs 81 to 100"
    means: dict    # name -> mean


def _over(losses, names, first, last):
    """The `Means` of the losses `names` between the shares `first` and `last` of the rows."""
    unit, rows = next(iter(losses)), len(losses[names[0]])
    begin = min(rows - 1, round(first * rows))
    part = slice(begin, max(begin + 1, round(last * rows)))
    numbers = losses[unit][part]
    return Means(f"over {unit}s {numbers[0]:.0f} to {numbers[-1]:.0f}",
                 {name: float(losses[name][part].mean()) for name in names})


def _divergence(losses, end, chance, least):
    for name, value in end.means.items():
        first = np.abs(losses[name][:(len(losses[name]) + 1) // 2]).max()
        # If the discriminator makes no errors, the generator's loss grows without bound.
        if chance and value > Thresholds.most * chance and not _is_near_minimum(end, chance, least):
            return f"{end.rows} {name} averages {value:.3g} nats (by guessing: {chance:.2f})"
        if not chance and abs(value) > Thresholds.growth * first > 0:
            return (f"{end.rows} {name} averages {value:.3g} (in the first half: {first:.3g} at "
                    "most)")
    return ""


def _is_near_minimum(end, chance, least):
    """Whether disc_loss ends close to its minimum, `least`."""
    disc, *_ = end.means.values()
    return disc <= least + Thresholds.least * (chance - least)


def _dominance(losses, end, chance, least):
    disc, gen = end.means
    if not _is_near_minimum(end, chance, least) or end.means[gen] < Thresholds.sure:
        return ""
    middle = _over(losses, (gen,), 0.4, 0.6)
    return (f"{end.rows} {disc} averages {end.means[disc]:.3g}, close to its minimum of "
            f"{least:.3g}, and {gen} averages {end.means[gen]:.3g} ({middle.rows}: "
            f"{middle.means[gen]:.3g})")


def of_run(path) -> Diagnosis:
    """The `Diagnosis` of the run directory `path`, complete or not.

    Raises InputError if it does not contain a run, or if a file cannot be read.
    """
    path = pathlib.Path(path)
    stored = read_config(path)
    model = models.of_chapter(stored["chapter"])
    settings = settings_of(stored, model)
    losses, each = losses_of_log(path, settings, model)
    samples = samples_so_far(path)
    steps = load_losses(path, "step_losses.csv") if (path / "step_losses.csv").exists() else None
    smooth = settings.get("label_smooth", 0)
    least = -sum(share * math.log(share) for share in (smooth, 1 - smooth) if share)
    return judge(losses, getattr(model, "CHANCE", None), least,
                 diversity.of_samples(model, samples, stored),
                 modes_of(path, stored, losses, each), steps, each)


def settings_of(stored, model) -> dict:
    """The settings of a run, checked, with the chapter's own for those that an older run lacks.

    `stored` is its config.json. Of a run that is not of a chapter, they are returned as they are. Raises
    InputError for a setting of a wrong type or out of range.
    """
    if model is None:
        return stored["settings"]
    own = {field.name for field in dataclasses.fields(model.Config)}
    return dataclasses.asdict(make(model.Config, {
        name: value for name, value in stored["settings"].items() if name in own}))


def unit_of_log(settings, model, first):
    """What the log of a run counts, if its losses count in `first`, and how many make a row of them."""
    unit, setting = getattr(model, "LOGGED", (first, None))
    return unit, settings[setting] if setting else 1


def losses_of_log(path, settings, model):
    """The columns of losses.csv, in the unit of the log, and how many of this unit make a row."""
    file = path / "losses.csv"
    begun = file.exists() and file.stat().st_size  # no rows if killed in the first epoch
    losses = load_losses(path) if begun else {"epoch": np.empty(0)}
    unit, each = unit_of_log(settings, model, next(iter(losses)))
    numbers, *rest = losses.values()
    return dict(zip((unit, *list(losses)[1:]), (numbers * each, *rest))), each


def shares_of(path) -> np.ndarray | None:
    """The shares [E, K] of the modes in shares.csv of the run `path`, or None without this file."""
    if not (path / SHARES).exists():
        return None
    _, *columns = load_losses(path, SHARES).values()
    shares = np.stack(columns, axis=1)
    return shares / np.maximum(1, shares.sum(axis=1, keepdims=True))  # the file has rounded shares


def modes_of(path, stored, losses, each):
    """The `mode_shares.Modes` of a run whose modes are known, or None."""
    shares = shares_of(path)
    if shares is not None:
        return mode_shares.of_shares(shares, each, next(iter(losses)))
    if {"modes", "high_quality"} <= set(losses) and len(losses["modes"]):
        return mode_shares.of_counts(losses["modes"], losses["high_quality"],
                                     len(mixtures.means(stored["data"])))
    return None


def tell(run) -> None:
    """Write the sentence on how `run` went to the end of its log and to diagnosis.txt."""
    found = of_run(run.path)
    run.end_log(found.sentence)
    with replacing(run.path / "diagnosis.txt") as temporary:
        temporary.write_text(found.sentence + "\n")
