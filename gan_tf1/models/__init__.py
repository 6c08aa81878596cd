"""One file a chapter model, each in book order: placeholders to training step."""

import importlib
import pkgutil


def of_chapter(name):
    """The module in here whose CHAPTER is `name`, as config.json has it, or None."""
    for found in pkgutil.iter_modules(__path__):
        model = importlib.import_module(f"{__name__}.{found.name}")
        if model.CHAPTER == name:
            return model
    return None
