"""The models of all chapters have the same signatures, so that all scripts can be read alike."""

import importlib
import inspect
import pkgutil

import pytest

from gan_tf1 import models
from gan_tf1.evaluation import classifier

CHAPTERS = [importlib.import_module(f"gan_tf1.models.{found.name}")
            for found in pkgutil.iter_modules(models.__path__) if not found.ispkg]
CHAPTERS += [classifier]
# These two are trained for figures of the theory, and have neither a script nor a log of their own.
THEORY = {"gan_1d", "two_gaussians"}
TRAINED = [model for model in CHAPTERS if model.__name__.rpartition(".")[2] not in THEORY]


def parameters(function):
    """The names of a function's parameters; the network is always called "net" here."""
    return ["net" if name == "gan" else name for name in inspect.signature(function).parameters]


@pytest.mark.parametrize("model", TRAINED, ids=lambda model: model.CHAPTER)
def test_the_functions_of_a_chapter_have_the_common_signatures(model):
    assert parameters(model.build)[0] == "config"
    assert parameters(model.step)[:2] == ["sess", "net"] and parameters(model.step)[3:] == [
        "rng", "config"]
    assert parameters(model.report)[:2] == ["sess", "net"] and len(parameters(model.report)) >= 3
    number, total, figures = parameters(model.log_line)
    assert number in ("epoch", "iteration", "number", "images")
    assert total in ("epochs", "iterations", "batches", "total") and figures in ("losses", "figures")
    if hasattr(model, "tally"):
        assert parameters(model.tally)[:2] == ["totals", "taken"]
    if hasattr(model, "sample"):
        assert parameters(model.sample) == ["sess", "net", "rng", "count", "config"]
