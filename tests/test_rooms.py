"""The folders of the package: which may import which, and how a chapter's model is found by its name."""

import ast
import importlib
import pkgutil

import pytest

from conftest import ROOT
from gan_tf1 import models

PACKAGE = ROOT / "gan_tf1"
FLOORS = (("",), ("data",), ("models",), ("training",), ("evaluation", "generators", "published"),
          ("experiments", "listing", "bench"))  # from the bottom; "" are the modules at the top
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def imports():
    """(importing, imported) for each pair of modules, as dotted names without the package's own."""
    for path in PACKAGE.rglob("*.py"):
        importing = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gan_tf1":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}".removeprefix("gan_tf1.")
                    named = PACKAGE.joinpath(*whole.split("."))
                    yield importing, whole if named.is_dir() or named.with_suffix(".py").exists() else (
                        whole.rpartition(".")[0])


def room(module):
    return module.split(".")[0] if (PACKAGE / module.split(".")[0]).is_dir() else ""


def test_every_folder_has_its_floor():
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/*.py")}
    assert folders == set(FLOOR) - {""}


def test_no_folder_imports_from_one_above_it():
    above = {pair for pair in imports() if FLOOR[room(pair[1])] > FLOOR[room(pair[0])]}
    assert not above


def test_no_two_folders_import_from_each_other():
    pairs = {(room(one), room(other)) for one, other in imports()} - {(name, name) for name in FLOOR}
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
def test_there_is_no_model_of_a_name_that_no_chapter_has(name):
    assert models.of_chapter(name) is None
