"""The exercises of the lesson: what to change in a GAN, what to measure, and what decides.

`scripts/LESSON.md` is the lesson. `scripts/exercise.py` prints an exercise, and tells whether a run
shows its finding. `scripts/exercise_table.py` trains the exercises with many seeds; its result is
in `checkpoints/lesson`.

An exercise measures one number of a run, and the run shows the finding if this number is above, or
below, a bound. The bounds of exercises 1 and 2 come from the theory. The others are far from the
numbers of all runs with the change, and of twelve in thirteen runs without it.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.config import as_flag
from gan_tf1.errors import InputError
from gan_tf1.training.run_config import read_config_of
from gan_tf1.training.run_results import is_complete, load_losses

LOOP = ("--loop", "graph", "--xla")  # the fastest for dense networks
FLOOR = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)  # 0.325 nats, the entropy of the label 0.9


class Program(NamedTuple):
    """A script and its settings, without its seed."""
    script: str           # with its subcommand, if it has one
    settings: dict        # that the command names: names of the chapter's Config -> values
    before: tuple = ()    # arguments that are not settings: a change, a data set
    digits: bool = True   # whether it trains on digits, for which there are two data sets

    @property
    def arguments(self) -> tuple:
        """The arguments of the script, as texts."""
        flags = " ".join(as_flag(name, value) for name, value in self.settings.items())
        return (*self.before, *flags.split(), *LOOP)

    @property
    def command(self) -> str:
        """The command that a student types."""
        return " ".join(["python", f"scripts/{self.script}", *self.arguments])


class Exercise(NamedTuple):
    """One exercise."""
    title: str
    task: str             # what to predict
    chapter: str          # of the runs that are judged
    changed: Program      # the program of the exercise
    usual: Program        # the program that it is compared with
    measured: str         # the number that is measured, in words
    measure: Callable     # function of a run directory that returns this number
    above: bool           # whether the finding is a number above the bound, or one below it
    bound: float          # the number that decides
    finding: str          # what runs with the change show


class Judged(NamedTuple):
    """What a run says on an exercise."""
    shown: bool       # whether it shows the finding
    number: float     # the number that was measured
    sentence: str     # both, and the bound, in one sentence
    other: list       # the settings in which the run differs from the exercise, each as a text


def judge(exercise, path) -> Judged:
    """What the run at `path` says on the `exercise`.

    Raises InputError if it is not a run of the exercise's chapter, if it is not complete, or if a
    file cannot be read.
    """
    chapter = f"{exercise.chapter!r}, which this exercise trains"
    config = read_config_of(exercise.chapter, path, chapter)
    if not is_complete(path):
        raise InputError(f"{path} is not complete: it is still running, or was interrupted (then "
                         "continue it with --resume), or has diverged")
    number = exercise.measure(path)
    shown = shows(exercise, number)
    sentence = (f"{path} {'shows' if shown else 'does not show'} this: {exercise.measured} is "
                f"{number:.3g}, {'' if shown else 'not '}{side(exercise)} {exercise.bound:.3g}.")
    return Judged(shown, number, sentence, differences(exercise, config))


def differences(exercise, config) -> list:
    """The settings in which a run with this `config` differs from the `exercise`, each as a text.

    The exercise has the chapter's own settings, except for those that its command names.
    """
    program = exercise.changed
    wanted = dataclasses.asdict(models.of_chapter(exercise.chapter).Config()) | program.settings
    has = {name: config["settings"].get(name, value) for name, value in wanted.items()}
    if "--data" in program.before:
        wanted["data"], has["data"] = program.before[-1], config["data"]
    found = [f"{as_flag(name, has[name])} instead of {as_flag(name, value)}"
             for name, value in wanted.items() if has[name] != value]
    change = program.before[-1] if "--change" in program.before else None
    if config.get("change") != change:
        found.append(f"the change {config.get('change', 'none')} instead of {change or 'none'}")
    return found


def shows(exercise, number) -> bool:
    """Whether a run in which this `number` was measured shows the finding; never if it is NaN."""
    return number > exercise.bound if exercise.above else number < exercise.bound


def side(exercise) -> str:
    """The side of the bound on which runs show the finding."""
    return "above" if exercise.above else "below"


def column(path, name, file="losses.csv") -> np.ndarray:
    """The column `name` in a table of the run at `path`.

    Raises InputError if the file cannot be read, has no rows, or has no such column.
    """
    table = load_losses(path, file)
    if name not in table:
        raise InputError(f"{path}/{file} has no column {name}: this is not a run of the exercise")
    return table[name]


def first(name) -> Callable:
    """A measure: the value of the column `name` in losses.csv after the first epoch."""
    return lambda path: float(column(path, name)[0])


def last(name) -> Callable:
    """A measure: the value of the column `name` in the last row of losses.csv."""
    return lambda path: float(column(path, name)[-1])


def size(name) -> Callable:
    """A measure: the mean absolute value of the column `name`, over the second half of the run."""
    def measure(path):
        values = column(path, name)
        return float(np.abs(values[len(values) // 2:]).mean())
    return measure


def rarer_city(path) -> float:
    """A measure: `rarer_share` of the shares of the two cities in shares.csv."""
    return rarer_share(np.stack([column(path, f"share_{city}", "shares.csv") for city in "AB"]))


def rarer_share(shares) -> float:
    """The mean of the smaller of two `shares` [2, E] over the second half of E sets of samples."""
    return float(np.minimum(*shares)[shares.shape[1] // 2:].mean())


EPOCH = {"epochs": 1}
CHAPTER = Program("01_mnist_gan.py", EPOCH)


def cities(**settings):
    """A GAN on the temperatures of two cities, with these settings."""
    return Program("18_mode_collapse.py", settings, digits=False)


def penalized(weight):
    """A critic of the two cities with a gradient penalty of this `weight`."""
    return cities(remedy="wasserstein_gp", disc_steps=5, gen_steps=1, penalty_weight=weight,
                  iterations=2000)


def objective(name):
    """The first chapter's GAN with this cost of the generator."""
    return Program("17_gan_objectives.py train", {"objective": name, **EPOCH})


def on_grid(packing):
    """A GAN on 25 Gaussians whose discriminator judges packs of this size."""
    return Program("19_mixture_gan.py", {"packing": packing}, ("--data", "grid"), digits=False)


KEEPS_BOTH = (" over the second half, the rarer city of a set has on average more than a quarter of the "
              "samples")
RARER = {"chapter": "remedies_gan", "measured": "the share of the rarer city",
         "measure": rarer_city, "above": True, "bound": 0.25}


def keeps_both(title, task, changed, why):
    """The exercise that this change of the GAN on two cities makes its generator keep both."""
    return Exercise(title, task, changed=changed, usual=cities(), **RARER,
                    finding=f"It keeps both cities:{KEEPS_BOTH}. {why}")


EXERCISES = dict(enumerate((
    Exercise(
        title="no label smoothing",
        task="The chapter smooths the labels of real images from 1 to 0.9. Set the smoothing to 0. "
             "What is the lowest disc_loss that any discriminator can reach, with smoothing and "
             "without?",
        chapter="mnist_gan",
        changed=Program("01_mnist_gan.py", {"label_smooth": 0, **EPOCH}), usual=CHAPTER,
        measured="disc_loss after the first epoch", measure=first("disc_loss"),
        above=False, bound=FLOOR,
        finding="Without smoothing, disc_loss falls below 0.325 nats. With smoothing it cannot, "
                "however good the discriminator is: the entropy of the label 0.9 is 0.325."),
    Exercise(
        title="swapped labels",
        task="In the loss of the discriminator, generated images get the label 0.9 and real images "
             "the label 0. The generator still wants the label 1 for its images. What are the two "
             "losses after an epoch, and what do the samples look like?",
        chapter="mnist_gan",
        changed=Program("changed_mnist_gan.py", EPOCH, ("--change", "swapped_labels")),
        usual=CHAPTER,
        measured="gen_loss after the first epoch", measure=first("gen_loss"),
        above=False, bound=math.log(2),
        finding="gen_loss falls below 0.693, so the discriminator calls generated images real with "
                "a probability above one half. Both networks have what they want, both losses are "
                "low, and the samples are noise."),
    Exercise(
        title="Adam at 0.02",
        task="The learning rate of the chapter is 0.001. Multiply it by 20. Which of the two "
             "networks wins, and what does the loss of the other look like?",
        chapter="mnist_gan",
        changed=Program("01_mnist_gan.py", {"learning_rate": 0.02, **EPOCH}), usual=CHAPTER,
        measured="gen_loss after the first epoch", measure=first("gen_loss"),
        above=True, bound=5.5,
        finding="The discriminator wins: gen_loss rises above 5.5, while that of the chapter is "
                "between 3 and 4.5."),
    Exercise(
        title="the minimax cost",
        task="Let the generator minimize log(1 - D(G(z))), as in the value function, instead of "
             "-log D(G(z)). At first, the discriminator easily recognizes generated images. How "
             "large is the gradient of the generator then?",
        chapter="mnist_gan_objectives",
        changed=objective("minimax"), usual=objective("non_saturating"),
        measured="the mean norm of the generator's gradient over the first epoch",
        measure=first("gen_grad_norm"), above=False, bound=0.5,
        finding="The gradient vanishes: its mean norm is below 0.5, and that of the non-saturating "
                "cost is between 3 and 3.6. Where D recognizes generated images, the minimax cost is "
                "flat."),
    keeps_both(
        title="one update of the generator",
        task="On the temperatures of two cities, the generator is updated three times for each "
             "update of the discriminator, and it moves from city to city. Update it only once. "
             "Does it keep both cities?",
        changed=cities(gen_steps=1),
        why="With three updates, all samples move to whichever city the discriminator has "
            "forgotten."),
    keeps_both(
        title="the minibatch standard deviation",
        task="The generator is updated three times again. Now the discriminator also sees the "
             "standard deviation of its hidden units over four samples. Does the generator keep "
             "both cities?",
        changed=cities(remedy="minibatch_stddev"),
        why="Four samples of one city are too much alike, and now the discriminator can see this."),
    Exercise(
        title="packs of two",
        task="A GAN is trained on 25 Gaussians on a grid. Let its discriminator judge two samples "
             "together. How many modes does the generator find, and how equal are their shares?",
        chapter="mixture_gan", changed=on_grid(2), usual=on_grid(1),
        measured="the KL divergence from equal shares after the last iteration", measure=last("reverse_kl"),
        above=False, bound=0.4,
        finding="The shares of the modes become far more equal: their KL divergence from equal "
                "shares is below 0.4. In a pack, the discriminator sees that samples are alike."),
    keeps_both(
        title="a generator that looks ahead",
        task="The generator is updated three times again. Now its loss is that of a discriminator "
             "which has been updated five times in reply, so the generator sees what will become of "
             "its choice. Does it keep both cities?",
        changed=cities(remedy="unrolling"),
        why="To move to the other city gains nothing if the discriminator learns about it at once."),
    Exercise(
        title="a weaker gradient penalty",
        task="The gradient penalty of the paper has the weight 10. On the two cities, make it a "
             "hundred times weaker. Does the generator lose the cities?",
        changed=penalized(0.1), usual=penalized(10), **RARER,
        finding="With the weaker penalty, the generator keeps both cities, and with the paper's it does "
                f"not. With the weight 0.1,{KEEPS_BOTH}; with 10, at least one city is missing. On a "
                "line, the slope of the critic must pass 0 to change its sign, and the weight 10 makes "
                "this too expensive."),
    Exercise(
        title="no gradient penalty",
        task="Now leave the gradient penalty out. Nothing bounds the critic any more. What do the "
             "losses do, and does the generator keep both cities?",
        chapter="remedies_gan", changed=penalized(0), usual=penalized(0.1),
        measured="the mean absolute disc_loss over the second half", measure=size("disc_loss"),
        above=True, bound=3,
        finding="Nothing bounds the scores of the critic: the mean absolute disc_loss over the "
                "second half is above 3, and with the weight 0.1 it is below 0.1. Most runs lose a "
                "city again, but not all: look at the samples of yours."),
), 1))
