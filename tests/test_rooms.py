"""The folders of the package: which of them import which, and how the model of a chapter is found."""

import ast
import functools
import importlib
import pkgutil

import pytest

from conftest import ROOT
from gan_tf1 import models

PACKAGE = ROOT / "gan_tf1"
LEVELS = (("",), ("data",), ("models",), ("training",), ("evaluation", "generators", "published", "steps"),
          ("experiments", "listing", "bench", "report"))  # from the lowest level; "" is the top of the package
LEVEL = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}


@functools.cache
def imports():
    """A list of (importing, imported) for each import within the package, named without `gan_tf1`."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        importing = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gan_tf1":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}".removeprefix("gan_tf1.")
                    named = PACKAGE.joinpath(*whole.split("."))
                    module = named.is_dir() or named.with_suffix(".py").exists()
                    found.append((importing, whole if module else whole.rpartition(".")[0]))
    return found


def folder_of(module):
    return module.split(".")[0] if (PACKAGE / module.split(".")[0]).is_dir() else ""


def test_every_folder_has_a_level():
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/*.py")}
    assert folders == set(LEVEL) - {""}


def test_no_folder_imports_from_a_higher_level():
    above = {pair for pair in imports() if LEVEL[folder_of(pair[1])] > LEVEL[folder_of(pair[0])]}
    assert not above


def test_no_two_folders_import_from_each_other():
    pairs = {(folder_of(one), folder_of(other)) for one, other in imports()} - {(name, name) for name in LEVEL}
    assert ("generators", "evaluation") in pairs
    assert not {(one, other) for one, other in pairs if (other, one) in pairs}


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(models.__path__)
                                  if not module.ispkg])
def test_every_model_is_found_by_its_chapter(name):
    model = importlib.import_module(f"gan_tf1.models.{name}")
    assert models.of_chapter(model.CHAPTER) is model


def test_a_model_is_found_without_importing_the_others(monkeypatch):
    imported = []
    monkeypatch.setattr(models.importlib, "import_module", lambda name: (
        imported.append(name) or importlib.__import__(name, fromlist=["CHAPTER"])))
    assert models.of_chapter("semi_supervised").CHAPTER == "semi_supervised"
    assert models.of_chapter("mnist_classifier").CHAPTER == "mnist_classifier"
    assert imported == ["gan_tf1.models.semi_supervised_svhn", "gan_tf1.evaluation.classifier"]


@pytest.mark.parametrize("name", ["", "no_such", "semi_supervised_svhn", "__init__", "mnist_gan.py", "..data",
                                  "os.path"])
def test_an_unknown_chapter_has_no_model(name):
    assert models.of_chapter(name) is None
