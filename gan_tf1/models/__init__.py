"""One file a chapter model, each in book order: placeholders to training step.

What a model says of its runs, for their config.json, their closing sentence and `scripts/runs.py`:

    CHAPTER = "mnist_gan"    the name of the chapter in config.json and of its run directories
    CHANCE = 1.3863          disc_loss in nats when the discriminator always answers one half, for
                             losses that are cross entropies; other models have none
    SAMPLES = "images"       what its samples are, "images", "points" or "translations", or a dict
                             from how many numbers a sample has to one of these; a model without
                             samples has none. What a collapse means depends on it
                             (`gan_tf1/diversity.py`)
    LOGGED = ("iteration", "sample_interval")
                             the unit in which the log counts, and the setting that says how many of
                             it make a row of losses.csv, or None if one does. Without it, rows are
                             counted by the first column of losses.csv, `epoch` or `step`
    translated(samples)      of translations: which of the samples are generated, and from what
"""

import importlib
import pkgutil


def of_chapter(name):
    """The module in here whose CHAPTER is `name`, as config.json has it, or None."""
    for found in pkgutil.iter_modules(__path__):
        model = importlib.import_module(f"{__name__}.{found.name}")
        if model.CHAPTER == name:
            return model
    return None
