"""The file that runs exported steps: what it accepts, and that it needs JAX and NumPy alone."""

import ast
import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gan_tf1.steps import exported, run_exported

DOUBLE, SINGLE = np.array([1., -2., 4.]), np.array([1., -2., 4. + 4e-4])
KINDS = {"float32": "step"}


def test_it_imports_jax_numpy_and_the_standard_library_alone():
    tree = ast.parse(exported.RUN.read_text())
    found = {name.split(".")[0] for node in ast.walk(tree) for name in (
        [alias.name for alias in node.names] if isinstance(node, ast.Import) else
        [node.module] if isinstance(node, ast.ImportFrom) else [])}
    assert found - set(sys.stdlib_module_names) == {"jax", "numpy"}


def test_a_difference_is_relative_to_the_largest_number():
    assert run_exported.difference([1., 4.5], [1., 4.]) == 0.125
    assert run_exported.difference([0.125], [0.]) == 0.125  # but not below 1
    assert run_exported.difference([], []) == 0
    assert run_exported.difference([np.nan, 1.], [1., 1.]) == np.inf
    assert run_exported.difference([1., 1.], [np.nan, 1.]) == np.inf


def test_an_error_is_measured_in_units_of_tensorflows_own():
    assert run_exported.units(SINGLE, SINGLE, DOUBLE) == 1
    assert run_exported.units(DOUBLE + [12e-4, 0, 0], SINGLE, DOUBLE) == pytest.approx(3)
    # If TensorFlow happens to have no error, one unit is sixteen roundings of float32.
    assert run_exported.units(DOUBLE + [0, 0, 4 * 2.**-20], DOUBLE, DOUBLE) == 1


@pytest.fixture
def folder(tmp_path):
    """A folder as `export` makes it, except for the programs."""
    path = tmp_path / "steps" / "small"
    path.mkdir(parents=True)
    results = [["loss_1", "float32", []], ["w", "float32", [3]]]
    (path / "step.json").write_text(json.dumps({
        "configuration": "small", "steps": 2, "step": {"results": results}, "step64": {"results": results}}))
    np.savez(path / "arrays.npz", **{
        "losses": [[1.], [2.]], "losses64": [[1.], [2.]], "end/w": SINGLE, "end64/w": DOUBLE, "end/unchanged": SINGLE})
    return path


@pytest.mark.parametrize("double, single, accepted", [
    (0, 0, True), (3e-8, 0, True), (5e-8, 0, False), (0, 6e-3, True), (0, 7e-3, False), (np.nan, 0, False),
    (0, np.nan, False)])
def test_what_is_accepted(folder, monkeypatch, double, single, accepted):
    """Differences of the largest number, which is 4; in float32 TensorFlow has an error of 4e-4 there."""
    added = {"step64": double, "step": single}
    monkeypatch.setattr(run_exported, "computed", lambda folder, about, arrays, kind, seconds=0: (
        {"losses": arrays["losses"], "w": DOUBLE + [0, 0, added[kind]]}, 0.5, 1.))
    row = run_exported.checked(folder, KINDS)
    assert row["accepted"] is accepted
    assert ("| yes |" if accepted else "| NO |") in run_exported.table([row])[-1]


def refused(capsys, function, *arguments):
    """The line with which `function` ends the program, with the status 2."""
    with pytest.raises(SystemExit) as exit_:
        function(*arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


def test_folders_are_found(folder, tmp_path, capsys):
    assert run_exported.folders([], folder) == run_exported.folders([], folder.parent) == [folder]
    assert run_exported.folders([folder, folder.parent], tmp_path) == [folder, folder]
    shutil.rmtree(folder)
    assert "error: there is no step.json in" in refused(capsys, run_exported.folders, [], folder.parent)


def test_the_numbers_found_so_far_are_kept_if_a_run_is_cut_off(folder, tmp_path, monkeypatch, capsys):
    """With a stand-in for JAX: only the name of its device is used here."""
    device = SimpleNamespace(device_kind="stand-in", platform="gpu")
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(
        config=SimpleNamespace(update=lambda *_: None), devices=lambda: [device], __version__="0"))
    rows = iter([{"configuration": "small", "accepted": True}])

    def checked(folder, kinds, seconds):
        assert kinds == {"float32": "step", "TF32": "step_tf32"}  # on a GPU
        return next(rows)

    monkeypatch.setattr(run_exported, "checked", checked)
    with pytest.raises(StopIteration):
        run_exported.main([str(folder), str(folder), "--json", str(tmp_path / "out.json")])
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["device"] == "stand-in (gpu)" and [row["configuration"] for row in written["rows"]] == ["small"]
    assert "small: accepted" in capsys.readouterr().out


def test_a_damaged_step_and_a_file_in_no_folder_are_refused(folder, tmp_path, capsys):
    assert "is in no folder that exists" in refused(
        capsys, run_exported.main, [str(folder), "--json", str(tmp_path / "none" / "out.json")])
    for name in ("arrays.npz", "step.json"):
        (folder / name).write_text("PK")
        assert "can't be read: " in refused(capsys, run_exported.loaded, folder)


def test_without_jax_one_line_says_what_is_missing(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jax", None)
    assert refused(capsys, run_exported.main, [str(folder)]) == "error: this needs JAX: pip install jax\n"
