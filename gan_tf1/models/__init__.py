"""The models, one file per chapter, each in book order: from the placeholders to the training step.

README.md in this folder has the conventions of a model file: the order of its parts, the signatures
of its functions, and the names that the rest of the package reads from it (CHAPTER, CHANCE,
SAMPLES, SAMPLE_RANGE, LOGGED). It also has the table of the books' errors.
"""

import importlib
import pkgutil


def of_chapter(name):
    """The model whose CHAPTER is `name`, as `config.json` names it, or None."""
    for found in pkgutil.iter_modules(__path__):
        model = importlib.import_module(f"{__name__}.{found.name}")
        if model.CHAPTER == name:
            return model
    return None
