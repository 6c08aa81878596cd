"""The models, one file per chapter, each in book order: from the placeholders to the training step.

README.md in this folder has the conventions of a model file (the order of its parts, the signatures
of its functions, and the names that the rest of the package reads from it) and the table of the
books' errors. The networks of the longest models are in parts/.
"""

import importlib
import importlib.util
import pkgutil

from gan_tf1.errors import InputError

# Chapters whose module has another name. The networks that judge samples are not chapters, but their
# runs are read in the same way.
MODULES = {"semi_supervised": "gan_tf1.models.semi_supervised_svhn",
           "mnist_classifier": "gan_tf1.evaluation.classifier",
           "image_classifier": "gan_tf1.evaluation.image_classifier",
           "segmentation": "gan_tf1.evaluation.segmentation"}


def of_chapter(name):
    """The model whose CHAPTER is `name`, the name in a run's config.json; None if there is none."""
    module = MODULES.get(name, f"{__name__}.{name}")
    if not name.isidentifier() or importlib.util.find_spec(module) is None:
        return None
    model = importlib.import_module(module)
    return model if getattr(model, "CHAPTER", None) == name else None


def chapters() -> list[str]:
    """The names of all chapters that have a model here."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg]
    known = {module.rpartition(".")[2]: chapter for chapter, module in MODULES.items()}
    return sorted(known.get(name, name) for name in names)


def check(model, config) -> None:
    """Raise InputError if the settings in `config` don't fit each other; `model` is the chapter's module."""
    if hasattr(model, "check"):
        model.check(config)


def refuse_unknown(chapter) -> None:
    """Raise InputError, with the names of all chapters, if `chapter` is not one of them."""
    if chapter not in chapters():
        raise InputError(f"there is no chapter called {chapter[:40]!r}: the chapters are "
                         f"{', '.join(chapters())}")
