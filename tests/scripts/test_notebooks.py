"""The notebooks of the chapters: one source each, names that exist, and (slow) that they run."""

import ast
import importlib
import json
import re

import pytest

from conftest import ROOT

NOTEBOOKS = ROOT / "scripts" / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.py"))
SMALL = {  # settings with which a notebook runs in seconds, instead of those of its cell
    "mnist_gan": "EPOCHS, STEPS, DATA = 2, 20, 'drawn'", "book_losses": "",
    "semi_supervised": "EPOCHS, STEPS, SIZES, WIDTH = 2, 5, (1200, 200), 4",
    "keras_chapters": "ITERATIONS, WIDTH, DATA = 20, 8, 'drawn'", "theory": "UPDATES, CRITIC_UPDATES = 20, 20"}
FIGURES = {"mnist_gan": 5, "book_losses": 2, "semi_supervised": 4, "keras_chapters": 6, "theory": 4}  # at least


def source(name):
    """The cells of NAME.py, as (type, text, tags); magics have their `%`, as in the notebook."""
    text = (NOTEBOOKS / f"{name}.py").read_text()
    cells = []
    for part in re.split(r"^# %%", text, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        body = body.strip("\n")
        if "[markdown]" in head:
            body = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.split("\n"))
        else:
            body = re.sub(r"^# (?=%\w)", "", body, flags=re.M)
        cells.append(("markdown" if "[markdown]" in head else "code", body, "settings" in head))
    return cells


def code(name):
    """The code of a notebook as Python, cell by cell."""
    return [re.sub(r"^%.*$", "", text, flags=re.M) for kind, text, _ in source(name) if kind == "code"]


def test_every_notebook_has_its_page_entry_and_a_small_setting():
    page = (NOTEBOOKS / "README.md").read_text()
    assert NAMES == sorted(SMALL) == sorted(FIGURES) == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert all(f"({name}.ipynb)" in page for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_is_that_of_its_source(name):
    """Also without jupytext, which makes the one from the other."""
    stored = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())
    assert [(cell["cell_type"], "".join(cell["source"]), "settings" in cell["metadata"].get("tags", ()))
            for cell in stored["cells"]] == source(name)
    assert stored["metadata"]["kernelspec"]["name"] == "python3"
    assert not any(cell.get("outputs") for cell in stored["cells"])  # they would be of one machine


def test_jupytext_makes_the_same_cells():
    jupytext = pytest.importorskip("jupytext")
    for name in NAMES:
        made = jupytext.read(NOTEBOOKS / f"{name}.py")
        assert [(cell.cell_type, cell.source) for cell in made.cells] == [cell[:2] for cell in source(name)]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_package_that_a_notebook_uses_exists(name):
    tree = ast.parse("\n".join(code(name)))
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "gan_tf1":
            for alias in node.names:
                imported = importlib.import_module(node.module)
                try:
                    value = getattr(imported, alias.name)
                except AttributeError:
                    value = importlib.import_module(f"{node.module}.{alias.name}")
                modules[alias.asname or alias.name] = value
    assert len(modules) > 3
    checked = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)
               and isinstance(node.value, ast.Name) and node.value.id in modules and node.value.id != "tf"]
    assert checked
    for node in checked:
        if node.value.id == "model" and name == "keras_chapters":  # the parameter of its loop
            continue
        assert hasattr(modules[node.value.id], node.attr), f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_begins_with_the_installation_and_explains_the_graph(name):
    first, *others = code(name)
    assert "pip" in first and "from gan_tf1.tf1 import tf" in first and "executing_eagerly" in first
    assert not any(re.search(r"^\s*(import|from) tensorflow", text, re.M) for text in (first, *others))
    text = "\n".join(body for kind, body, _ in source(name) if kind == "markdown")
    assert "before gan_tf1, restart the kernel" in text and "**Why is `tf.executing_eagerly()` False?**" in text
    assert first == code(NAMES[0])[0]  # the same in all, to be changed in all


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_defines_no_network_of_its_own(name):
    defined = {node.name for node in ast.walk(ast.parse("\n".join(code(name))))
               if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert defined <= {"train", "samples_of"}
    assert "tf.layers" not in "\n".join(code(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_shows_its_figures(name, tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    [place] = [number for number, cell in enumerate(notebook.cells) if "settings" in cell.metadata.get("tags", ())]
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(SMALL[name]))
    nbclient.NotebookClient(notebook, timeout=None, kernel_name="python3",
                            resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in shown if {"image/png", "image/svg+xml"} & set(output.get("data", ()))]
    assert len(pictures) >= FIGURES[name]
    assert not any(output.output_type == "error" for output in shown)
    said = "".join(output.text for output in shown if output.output_type == "stream" and output.name == "stdout")
    assert "executing eagerly: False" in said
    if name == "book_losses":
        assert "A016: can't tell" in said and "A023: differs" in said
    (tmp_path / f"{name}.ipynb").write_text(nbformat.writes(notebook))  # to look at, with --basetemp
