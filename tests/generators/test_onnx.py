"""Export every chapter's generator as ONNX, and compare the images with those of the session."""

import importlib.util
import json

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.generators import export, onnx_export
from gan_tf1.tf1 import session_config, tf
from test_export import CHAPTERS, SHIPPED, TRANSLATORS, a_run, generated, translated

needs_onnx = pytest.mark.skipif(not all(map(importlib.util.find_spec, onnx_export.PACKAGES)),
                                reason='pip install -e ".[onnx]" has not been run')


def written(path, name):
    """A run of the chapter `name` in `path`/run, and its images, by signature."""
    model, settings = (CHAPTERS | TRANSLATORS)[name]
    (path / "run" / "generator").mkdir(parents=True)
    images = a_run(path, model, settings, (translated if name in TRANSLATORS else generated)(model))
    return {key.partition("/")[2]: value for key, value in images.items()} if isinstance(images, dict) else {"": images}


def given(path):
    with np.load(path / "inputs.npz") as inputs:
        return dict(inputs)


def in_onnxruntime(file, inputs):
    import onnxruntime
    session = onnxruntime.InferenceSession(str(file))
    assert {one.name for one in session.get_inputs()} == inputs.keys()
    return session.run([onnx_export.OUTPUT], inputs)[0]


@pytest.mark.slow
@pytest.mark.numerics
@needs_onnx
@pytest.mark.parametrize("name", [name for name in [*CHAPTERS, *TRANSLATORS] if name != "pix2pix"])
def test_images_of_the_onnx_file_equal_those_of_the_session(tmp_path, name):
    by_session = written(tmp_path, name)
    onnx_export.export(tmp_path / "run", tmp_path / "exported")
    about = json.loads((tmp_path / "exported" / export.ABOUT).read_text())
    assert about["chapter"] == name.removesuffix("_corrected").removesuffix("_as_printed")
    for signature, images in by_session.items():
        found = in_onnxruntime(tmp_path / "exported" / f"{signature or 'generator'}.onnx", given(tmp_path))
        assert found.dtype == np.float32 and images.std() > 0.05
        assert found.shape == images.shape and np.abs(found - images).max() < onnx_export.TOLERANCE
        assert about["onnx"]["inputs"].keys() == given(tmp_path).keys()


def in_a_new_session(graph_def, signature, feed):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        tf.import_graph_def(graph_def, name="")
        return sess.run(signature.output.name, {signature.inputs[name].name: value for name, value in feed.items()})


def test_a_frozen_graph_has_no_variables_and_makes_the_session_s_images(untrained, tmp_path):
    [images] = written(tmp_path, "conditional_gan_corrected").values()
    with export.traced(tmp_path / "run") as (sess, _, signatures, _):
        assert any("moving_variance" in var.op.name for var in tf.global_variables())
        graph_def, signature = onnx_export.frozen_graph(sess, signatures[export.SIGNATURE])
    assert not [node.name for node in graph_def.node if "Var" in node.op or node.op.startswith("Assign")]
    found = in_a_new_session(graph_def, signature, given(tmp_path))
    np.testing.assert_allclose(found, images, atol=1e-5)  # constants are multiplied with each other first


@pytest.mark.slow
@needs_onnx
def test_the_random_numbers_of_pix2pix_are_inputs(tmp_path):
    [images] = written(tmp_path, "pix2pix").values()
    feed = given(tmp_path)
    with export.traced(tmp_path / "run") as (sess, _, signatures, _):
        [signature] = signatures.values()
        graph_def, frozen = onnx_export.frozen_graph(sess, signature)
        names = [name for name in frozen.inputs if name.startswith("uniform_")]
        assert frozen.inputs.keys() == {"images", *names} and names
        drawn = sess.run([frozen.inputs[name] for name in names],
                         {signature.inputs[name]: value for name, value in feed.items()})
    feed = {"images": feed["images"], **dict(zip(names, drawn))}
    np.testing.assert_allclose(in_a_new_session(graph_def, frozen, feed), images, atol=1e-5)
    onnx_export.export(tmp_path / "run", tmp_path / "exported")
    found = in_onnxruntime(tmp_path / "exported" / "generator.onnx", feed)
    assert np.abs(found - images).max() < onnx_export.TOLERANCE
    other = in_onnxruntime(tmp_path / "exported" / "generator.onnx", {
        **feed, names[0]: 1 - feed[names[0]]})
    assert np.abs(other - images).max() > 100 * onnx_export.TOLERANCE


def test_without_the_extra_packages_there_is_one_line_and_no_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(onnx_export, "PACKAGES", ("tf2onnx_of_nobody",))
    line = refusal(capsys, load_script("export.py").main, SHIPPED, "--onnx", "--out", tmp_path / "out")
    assert 'not installed: tf2onnx_of_nobody. ONNX needs the extra packages of pip install -e ".[onnx]"' in line
    assert not list(tmp_path.iterdir())


@needs_onnx
@pytest.mark.slow
def test_the_script_exports_the_shipped_generator_as_onnx(tmp_path, capsys):
    load_script("export.py").main([str(SHIPPED), "--onnx", "--out", str(tmp_path / "out")])
    assert capsys.readouterr() == (f"{tmp_path / 'out'}\n", "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"generator.onnx", "generator.json"}
