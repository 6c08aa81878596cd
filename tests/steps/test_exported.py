"""Steps as StableHLO: arguments and results, and that the programs compute what the chapters' steps do."""

import json
import re

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.steps import exported, run_exported, small
from gan_tf1.steps.lowered import lower
from gan_tf1.tf1 import insides, load, new_graph, tf
from gan_tf1.training import tracing


@pytest.fixture(scope="module")
def product():
    """A lowered step: w is increased by x w, after the loss sum(x w) has been computed."""
    with new_graph(0, resource_variables=True).as_default() as graph:
        w = tf.get_variable("w", (3, 3))
        tf.get_variable("unused", ())
        x = tf.placeholder(tf.float32, (3, 3))
        product = x @ w
        fetches = tf.reduce_sum(product), tf.assign_add(w, product)
        session = tracing.Session(graph)
        given = {"x": tf.placeholder(tf.float32, (3, 3), "given"), "other": tf.placeholder(tf.float32)}
        loss, _ = session.run(fetches, {x: tracing.Traced(given["x"])})
        return {tf32: lower(graph, given, [loss.tensor], session.done, tf32) for tf32 in (False, True)}


def in_tensorflow(serialized, arguments, results):
    """The results of a serialized program for the arrays `arguments`, computed by TensorFlow."""
    xla_call_module = insides("tf2xla.ops.gen_xla_ops", "compiler").xla_call_module
    with insides("eager.context").eager_mode():
        return [value.numpy() for value in xla_call_module(
            list(map(load().convert_to_tensor, arguments)), version=9, module=serialized, platforms=["CPU"],
            Tout=[dtype for _, dtype, _ in results], Sout=[shape for *_, shape in results])]


def test_arguments_are_draws_and_variables_and_results_are_losses_and_variables(product):
    step = product[False]
    assert step.arguments == [("x", "float32", (3, 3)), ("w", "float32", (3, 3))]
    assert step.results == [("loss_1", "float32", ()), ("w", "float32", (3, 3))]
    assert re.search("%arg1: w\n// result 0: loss_1\n// result 1: w\nmodule", step.text)
    assert "func.func @main(%arg0: tensor<3x3xf32>, %arg1: tensor<3x3xf32>)" in step.text
    assert "loc(" not in step.text


def test_products_have_full_precision_unless_tf32_is_asked_for(product):
    assert re.findall(r"precision = (\S+ \S+)", product[False].text) == ["[HIGHEST, HIGHEST]"]
    assert re.findall(r"precision = (\S+ \S+)", product[True].text) == ["[DEFAULT, DEFAULT]"]


def test_a_serialized_step_computes_the_step(product):
    x, w = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    loss, updated = in_tensorflow(product[False].serialized, [x, w], product[False].results)
    np.testing.assert_allclose(loss, (x @ w).sum(), atol=1e-5)
    np.testing.assert_allclose(updated, w + x @ w, atol=1e-5)


# --- whole steps ---

@pytest.fixture(scope="module", params=["mnist_gan", "dcgan_mnist", "pix2pix"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / request.param
    load_script("export_step.py").main([request.param, str(path), "--steps", "3"])
    return path


@pytest.mark.slow
@pytest.mark.numerics
def test_an_exported_step_computes_what_the_chapters_step_does(folder):
    """Without JAX: TensorFlow runs the program in float64. Two of the three chapters have dropout."""
    about, arrays = run_exported.loaded(folder)
    step, serialized = about["step64"], (folder / "step64.stablehlo").read_bytes()
    variables = {name: arrays[f"start/{name}"].astype(dtype) for name, dtype, _ in step["arguments"]
                 if f"start/{name}" in arrays}
    losses = []
    for number in range(about["steps"]):
        given = [variables[name] if name in variables else arrays[f"draws/{name}"][number].astype(dtype)
                 for name, dtype, _ in step["arguments"]]
        found = in_tensorflow(serialized, given, step["results"])
        variables |= {name: value for (name, *_), value in zip(step["results"], found)}
        losses.append([variables.pop(f"loss_{one}") for one in range(1, arrays["losses"].shape[1] + 1)])
    wanted = run_exported.expected(about, arrays, "step64")
    assert len(wanted) > 10 and (np.abs(wanted["losses"]) > 1e-3).all()
    assert run_exported.difference(losses, wanted.pop("losses")) < run_exported.FLOAT64
    for name, value in wanted.items():
        assert run_exported.difference(variables[name], value) < run_exported.FLOAT64, name
        assert (value != arrays[f"start/{name}"]).any(), name


@pytest.mark.slow
@pytest.mark.numerics
def test_jax_computes_the_same(folder, tmp_path):
    pytest.importorskip("jax")
    assert run_exported.main([str(folder), "--seconds", "0.01", "--json", str(tmp_path / "out.json")]) == 0
    [row] = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert row["float64"] < run_exported.FLOAT64 and row["float32"] < run_exported.UNITS


@pytest.mark.slow
def test_all_configurations_are_exported_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(small, "MODELS", {name: small.MODELS[name] for name in ("mnist_gan", "mixture_gan")})
    load_script("export_step.py").main(["all", str(tmp_path / "steps"), "--steps", "2"])
    assert capsys.readouterr().out.splitlines() == [
        "mnist_gan: written", "mixture_gan: written", str(tmp_path / "steps")]
    names = {"step.mlir", "step.json", "arrays.npz", "run.py", *(f"{kind}.stablehlo" for kind in (
        "step", "step_tf32", "step64"))}
    for name in small.MODELS:
        assert {path.name for path in (tmp_path / "steps" / name).iterdir()} == names
    found = run_exported.folders([], tmp_path / "steps")
    assert [path.name for path in found] == ["mixture_gan", "mnist_gan"]
    assert (tmp_path / "steps" / "run.py").read_bytes() == exported.RUN.read_bytes()


# --- the command line ---

def test_bad_input_is_refused_in_one_line(capsys, tmp_path):
    main = load_script("export_step.py").main
    assert "give a chapter and a new folder" in refusal(capsys, main, "mnist_gan")
    assert "no configuration called 'mnist'" in refusal(capsys, main, "mnist", tmp_path / "new")
    assert "--steps must be from 1 to 10" in refusal(capsys, main, "mnist_gan", tmp_path / "new", "--steps", 11)
    assert "not for all" in refusal(capsys, main, "all", tmp_path / "new", "--paper")
    (tmp_path / "file").touch()
    assert "file" in refusal(capsys, main, "mnist_gan", tmp_path / "file")
    assert "unknown setting 'no_such'" in refusal(capsys, main, "mnist_gan", tmp_path / "new", "--set", "no_such=1")
    assert not (tmp_path / "new").exists()


def test_all_configurations_are_listed(capsys):
    load_script("export_step.py").main(["--list"])
    assert capsys.readouterr().out.split() == list(small.MODELS)


def test_arrays_that_would_be_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(exported, "MOST_BYTES", 10)
    with pytest.raises(exported.InputError, match="make the networks smaller with --set"):
        exported._refuse_large({"w": np.zeros(100)})
