"""How a training went, in one sentence: what it suffers from, and the numbers that this rests on.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Challenges", names what goes wrong: losses that
swing, and should do so less as training goes on; training that runs out of
control; a generator that has collapsed onto one sample, or a few; and losses that
say little of the samples. What is looked for, and in what:

=====================  =======================================================  ================
sign of                what must be so                                          judged of
=====================  =======================================================  ================
divergence             a loss is not finite; or, at the end, far above chance   cross entropies
                       or it has grown, and is far above its first half         other losses
collapse               at the end, the samples differ far less from each        samples
                       other than the training images do, and no more than
                       before; without these images, far less than before
the discriminator's    at the end, its loss is nearly the least it can be, and  cross entropies
win                    the generator's is high
oscillation            over the second half, a loss swings far, and with one    any losses
                       period; or both losses swing yet farther                 cross entropies
=====================  =======================================================  ================

A model whose losses are cross entropies says so by its `CHANCE`: its `disc_loss`, in nats,
where the discriminator gives every image the probability one half. A critic's
scores have no such point and no bound: of them a win can't be told, nor what is far.

What is not seen: samples of poor quality; a generator that has lost some of the
digits, or all but one that it draws in many ways (`scripts/evaluate.py` counts them);
swings faster than a hundredth of the run. So no sign is no proof of health.
"""

import dataclasses
import math
import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.files import replacing
from gan_tf1.run import load_losses, read_config, samples_so_far

PAIRS = (("disc_loss", "gen_loss"), ("d_loss", "g_loss"))  # the names in losses.csv


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """Where a sign begins, and why there."""
    fewest: int = 10            # rows, or sets of samples: fewer have no beginning and no end
    end: float = 0.2            # share of a run that counts as its end: one batch's loss is noise
    most: float = 10.           # times chance: logits that are wrong by ten nats and more
    growth: float = 10.         # times the largest of the first half: a line would reach twice
    alike: float = 1 / 3        # of the training images' diversity: one class of digits has more
    rising: float = 1.1         # times the samples' own before: they are still being learned
    fewest_samples: int = 8     # of an epoch, for their diversity to be more than chance
    least: float = 0.1          # of the way from the least disc_loss to chance
    sure: float = math.log(100)  # nats of gen_loss: fakes are given a probability of 1 %
    points: int = 100           # to which a run is averaged before its swings are judged
    fewest_points: int = 30     # in the second half, for a period to be told from noise
    cycles: int = 3             # in the second half: fewer are a drift
    swing: float = 0.25         # standard deviation over mean: twice that of the 20 seeds' losses
    one_period: float = 0.6     # share of the variance: noise has 0.2 to 0.5 in its strongest
    wild: float = 0.5           # standard deviation over mean, of any period


class Diagnosis(NamedTuple):
    """What is found, the worst first, none or more of `SIGNS`; and the sentence that says so."""
    signs: tuple
    sentence: str


SIGNS = ("divergence", "collapse", "the discriminator's win", "oscillation")


def diversity(images):
    """How much `images` [n, ...] differ: the share of their variance that lies between images.

    0 where all are one image, 1 where their mean is a plain grey. What the range of the values is
    makes no difference. Not a number where there are too few, or where each is one number alone.
    """
    if len(images) < Thresholds.fewest_samples or images[0].size < 2:
        return math.nan
    images = np.asarray(images, np.float64).reshape(len(images), -1)
    between = images.var(axis=0, ddof=1).mean()
    # A mean of n images differs from pixel to pixel by chance too.
    within = max(0., images.mean(axis=0).var() - between / len(images))
    return float(between / (between + within)) if between > 1e-12 else 0.


def of_data(train_set, most=1000):
    """The diversity of a training set, of `most` images spread over it; None of too few."""
    images = train_set.images if hasattr(train_set, "images") else train_set.stored()[0]
    found = diversity(images[::max(1, len(images) // most)][:most])
    return None if math.isnan(found) else round(found, 4)


def judge(losses, chance=None, least=0., diversities=(), data_diversity=None, steps=None):
    """The `Diagnosis` of a run's `losses`, the columns of losses.csv, or None if it is too short.

    `chance` is the model's, None of losses that are no cross entropies; `least` is the least
    disc_loss there can be, above 0 with smoothed labels. `diversities` [E] are those of each
    epoch's samples, `data_diversity` that of the training images. `steps`, the columns of
    step_losses.csv, tell more of swings.
    """
    counted, *names = losses
    names = next((pair for pair in PAIRS if set(pair) <= set(names)),
                 [name for name in names if name.endswith("loss")])
    if not names:
        return None
    steps = steps if steps and set(names) <= set(steps) else losses
    for table in (losses, steps):
        bad = [(row, name) for name in names for row in np.flatnonzero(~np.isfinite(table[name]))]
        if bad:
            row, name = min(bad)
            counted = next(iter(table))
            return Diagnosis(SIGNS[:1], f"Signs of divergence: {name} is {table[name][row]:g} in "
                             f"{counted} {table[counted][row]:.0f}.")
    if len(losses[counted]) < Thresholds.fewest:
        return None

    a_pair = tuple(names) in PAIRS
    chance = chance if a_pair else None
    end, means = _over(losses, names, 1 - Thresholds.end, 1)
    won = chance and means[names[0]] <= least + Thresholds.least * (chance - least)
    found = {SIGNS[0]: _divergence(losses, end, means, chance, won)}
    diversities = np.asarray(diversities)
    if len(diversities) >= Thresholds.fewest and np.isfinite(diversities).all():
        found[SIGNS[1]] = _collapse(diversities, data_diversity)
    if chance:
        found[SIGNS[2]] = _win(losses, end, means, least) if won else ""
    swings = [swing(_second_half(steps[name])) for name in names]
    if a_pair and all(swings):
        found[SIGNS[3]] = _oscillation(names, swings, chance)

    signs = tuple(sign for sign, reason in found.items() if reason)
    if signs:
        return Diagnosis(signs, "Signs of " + "; ".join(
            f"{sign}: {found[sign]}" for sign in signs) + ".")
    evidence = [f"{end} " + " and ".join(f"{name} averages {means[name]:.3g}" for name in names)]
    if SIGNS[3] in found:
        evidence.append("over the second half they swing by " + " and ".join(
            f"{each.deviation:.0%}" for each in swings))
    if SIGNS[1] in found:
        evidence.append(_of_samples(*_ended(diversities), data_diversity))
    return Diagnosis((), f"No sign of {_listed(found)}: {', '.join(evidence)}.")


def _over(losses, names, first, last):
    """Which rows of `losses` lie from the share `first` of a run to `last`, and their means."""
    counted, rows = next(iter(losses)), len(losses[names[0]])
    begin = min(rows - 1, round(first * rows))
    part = slice(begin, max(begin + 1, round(last * rows)))
    numbers = losses[counted][part]
    return (f"over {counted}s {numbers[0]:.0f} to {numbers[-1]:.0f}",
            {name: float(losses[name][part].mean()) for name in names})


def _divergence(losses, end, means, chance, won):
    for name, value in means.items():
        first = np.abs(losses[name][:(len(losses[name]) + 1) // 2]).max()
        if chance and value > Thresholds.most * chance and not won:
            return f"{end} {name} averages {value:.3g} nats, where guessing has {chance:.2f}"
        if not chance and abs(value) > Thresholds.growth * first > 0:
            return (f"{end} {name} averages {value:.3g}, and was {first:.3g} at most in the first "
                    "half")
    return ""


def _collapse(diversities, data_diversity):
    value, before = _ended(diversities)
    # Of a generator that is still learning, diversity is low too, but rises.
    rises = value > Thresholds.rising * before
    if not rises and value < Thresholds.alike * (data_diversity or before):
        return _of_samples(value, before, data_diversity)
    return ""


def _ended(diversities):
    """The mean diversity of the last samples, and the median of those before."""
    last = max(1, round(Thresholds.end * len(diversities)))
    before = diversities[:-last]
    return float(diversities[-last:].mean()), float(np.median(before))


def _of_samples(value, before, data_diversity):
    of_data = f", between training images {data_diversity:.2f}" if data_diversity else ""
    return (f"of the last samples' variance {value:.2f} is between samples, before it was "
            f"{before:.2f}{of_data}")


def _win(losses, end, means, least):
    disc, gen = means
    if means[gen] < Thresholds.sure:
        return ""
    middle, before = _over(losses, (gen,), 0.4, 0.6)
    return (f"{end} {disc} averages {means[disc]:.3g}, and can't be below {least:.3g}, while "
            f"{gen} averages {means[gen]:.3g}, and {middle} {before[gen]:.3g}")


class Swing(NamedTuple):
    """How a loss moves about its drift."""
    deviation: float    # standard deviation over the mean of its size
    share: float        # of the variance: that of the strongest period
    cycles: int         # of that period


def swing(values):
    """The `Swing` of `values` [n], a line through them taken off; None where n is too small."""
    if len(values) < Thresholds.fewest_points:
        return None
    places = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(places, values, 1), places)
    power = np.abs(np.fft.rfft(rest)) ** 2
    power[0] = 0
    cycles = Thresholds.cycles + int(np.argmax(power[Thresholds.cycles:]))
    around = power[cycles - 1:cycles + 2].sum()  # a period seldom divides the whole evenly
    scale = np.abs(values).mean()
    return Swing(float(rest.std() / scale) if scale else 0.,
                 float(around / power.sum()) if power.any() else 0., cycles)


def _oscillation(names, swings, chance):
    periodic = [f"{name} swings by {each.deviation:.0%} of its mean, {each.share:.0%} of that in "
                f"{each.cycles} cycles" for name, each in zip(names, swings)
                if each.deviation >= Thresholds.swing and each.share >= Thresholds.one_period]
    if periodic:
        return "over the second half " + " and ".join(periodic)
    if chance and all(each.deviation >= Thresholds.wild for each in swings):
        return "over the second half " + " and ".join(
            f"{name} swings by {each.deviation:.0%} of its mean"
            for name, each in zip(names, swings))
    return ""


def _second_half(values):
    """The second half of `values`, averaged to half as many points as a run has at most."""
    half = values[len(values) // 2:]
    block = -(-len(half) // (Thresholds.points // 2))
    return half[len(half) % block:].reshape(-1, block).mean(axis=1)


def _listed(names):
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def of_run(path):
    """The `Diagnosis` of the run directory `path`, complete or not, or None.

    Raises InputError where it holds no run, or a file can't be read.
    """
    path = pathlib.Path(path)
    stored, losses = read_config(path), load_losses(path)
    diversities = np.array([diversity(epoch) for epoch in samples_so_far(path)], float)
    steps = load_losses(path, "step_losses.csv") if (path / "step_losses.csv").exists() else None
    smooth = stored["settings"].get("label_smooth", 0)
    least = -sum(share * math.log(share) for share in (smooth, 1 - smooth) if share)
    return judge(losses, getattr(models.of_chapter(stored["chapter"]), "CHANCE", None), least,
                 diversities, stored.get("data_diversity"), steps)


def tell(run):
    """End the log with how the run went, and keep that in diagnosis.txt; nothing of a short one."""
    found = of_run(run.path)
    if found:
        run.end_log(found.sentence)
        with replacing(run.path / "diagnosis.txt") as temporary:
            temporary.write_text(found.sentence + "\n")
