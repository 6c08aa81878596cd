"""Export every chapter's generator, load it in TF2 without this package, and compare the images."""

import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys

import numpy as np
import pytest

from conftest import ROOT, load, load_script, refusal, without_training
from gan_tf1 import files, models, seeds
from gan_tf1.errors import InputError
from gan_tf1.generators import export, sample_files
from gan_tf1.models import conditional_gan, dcgan_class, pix2pix
from gan_tf1.steps.small import MODELS
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_config, run_directory

SHIPPED = ROOT / "checkpoints" / "mnist_gan"
CHAPTERS = {  # name -> model and its smallest settings
    **{model.CHAPTER: (model, settings) for model, settings in reversed(MODELS.values())
       if hasattr(model, "SAMPLE_RANGE")},
    "dcgan_class_as_printed": (dcgan_class, dict(
        batch_size=8, gen_channels=1, disc_channels=1, z_dim=5, variant="as_printed")),
    "conditional_gan_corrected": (conditional_gan, dict(
        batch_size=8, hidden_size=4, z_dim=5, variant="corrected"))}
TRANSLATORS = {model.CHAPTER: (model, settings) for model, settings in MODELS.values()
               if hasattr(model, "translations")}
# One of each kind: without moving averages, with them, and with labels. The progressive GAN, whose
# layers fade in, takes longest and is among the slow ones.
OF_EACH_KIND = ("mnist_gan", "dcgan_svhn", "conditional_gan_corrected")
COUNT = 6
IN_TF2 = """
import sys, numpy as np, tensorflow as tf
assert tf.executing_eagerly()
found = {}
for name in sys.argv[3:]:
    module = tf.saved_model.load(f"{sys.argv[1]}/{name}/exported")
    found[name + "/signatures"] = sorted(module.signatures)
    found[name + "/variables"] = sorted(var.name for var in module.variables)
    with np.load(f"{sys.argv[1]}/{name}/inputs.npz") as inputs:
        inputs = {key: tf.constant(value) for key, value in inputs.items()}
    for signature, generator in module.signatures.items():
        made = name if signature == "default" else f"{name}/{signature}"
        found[made] = generator(**inputs)["default"].numpy()
        _, takes = generator.structured_input_signature
        found[made + "/takes"] = [f"{key} {spec.dtype.name} {spec.shape.as_list()}"
                                  for key, spec in sorted(takes.items())]
        found[made + "/gives"] = generator.structured_outputs["default"].shape.as_list()[1:]
assert not any(name.startswith("gan_tf1") for name in sys.modules)
np.savez(sys.argv[2], **found)
"""


def a_run(path, model, settings, made):
    """Write a run to `path`/run, in which no weight and no moving average is exactly 0 or 1.

    `made(sess, net, config, rng)` returns inputs by name, which are saved as inputs.npz, and the
    images made from them (or a dict of images by name), which are returned.
    """
    config, rng = model.Config(**settings), np.random.default_rng(1)
    with new_graph(3).as_default(), tf.Session(config=session_config()) as sess:
        net = sample_files.built(model, config, (9, 8, 8), 7)
        sess.run(tf.variables_initializer(net.gen_vars))
        start, found = zip(net.gen_vars, sess.run(net.gen_vars)), {}
        for var, value in start:
            mean, std = (0, 0.1) if "/moving_" in var.op.name else (0.1, 0.3)
            found[var] = (20 if var.dtype.base_dtype.is_integer  # steps, on which a fade-in depends
                          else value + rng.normal(mean, std, var.shape))
        load(sess, found)
        tf.train.Saver(net.gen_vars).save(
            sess, str(path / "run" / "generator" / run_directory.GENERATOR), 7, write_meta_graph=False)
        inputs, images = made(sess, net, config, rng)
    np.savez(path / "inputs.npz", **inputs)
    (path / "run" / "config.json").write_text(json.dumps({
        "chapter": model.CHAPTER, "settings": settings, "data": "drawn", "data_title": "drawn",
        "data_crc32": "0", "data_dir": None, "seed": 0, "sample_shape": [9, *(
            (8, 8) if isinstance(images, dict) else images.shape[1:])]}))
    return images


def generated(model):
    """The argument `made` of `a_run` for a generator of latent vectors."""
    def made(sess, net, config, rng):
        inputs = {"latent": model.latent(rng, COUNT, config).astype(np.float32)}
        if hasattr(model, "sample_labelled"):
            inputs["label"] = np.arange(COUNT, dtype=np.int32)
        return inputs, model.generate(sess, net, *inputs.values())
    return made


def translated(model):
    """The argument `made` of `a_run` for a generator of images, with each signature by its name."""
    def made(sess, net, config, rng):
        channels = 3 if model is pix2pix else 1
        size = (COUNT, config.size, config.size, channels)
        inputs = {"images": rng.uniform(-1, 1, size).astype(np.float32)}
        if model is pix2pix:
            inputs["noise"] = np.array([4, 2])
            return inputs, {"pix2pix": sess.run(net.translated, {
                net.inputs: inputs["images"], net.noise: inputs["noise"]})}
        ways = (net.real_a, net.fake_b), (net.real_b, net.fake_a)
        return inputs, {f"cyclegan/{name}": sess.run(output, {given: inputs["images"]})
                        for name, (given, output) in zip(("AtoB", "BtoA"), ways)}
    return made


def others_slow(names):
    return [name if name in OF_EACH_KIND else pytest.param(name, marks=pytest.mark.slow)
            for name in names]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, request):
    """`(root, by_session, in_tf2)`: the exports, and both sets of images from the same inputs.

    Only the chapters that the selected tests name are exported.
    """
    root, by_session = tmp_path_factory.mktemp("exports"), {}
    names = {item.callspec.params["name"] for item in request.session.items
             if "exported" in getattr(item, "fixturenames", ()) and item.path == request.path}
    names = [name for name in CHAPTERS | TRANSLATORS if name in names]
    for name in names:
        model, settings = (CHAPTERS | TRANSLATORS)[name]
        (root / name / "run" / "generator").mkdir(parents=True)
        made = translated if name in TRANSLATORS else generated
        with without_training():
            images = a_run(root / name, model, settings, made(model))
            export.export(root / name / "run", root / name / "exported")
        by_session |= images if isinstance(images, dict) else {name: images}
    done = subprocess.run(
        [sys.executable, "-c", IN_TF2, root, root / "found.npz", *names], text=True,
        capture_output=True, cwd=root, env={name: value for name, value in os.environ.items()
                                            if name != "TF_USE_LEGACY_KERAS"})
    assert done.returncode == 0, done.stderr
    with np.load(root / "found.npz") as found:
        return root, by_session, dict(found)


def test_every_chapter_with_a_sample_range_follows_the_whole_convention_and_is_tested_here():
    named = [importlib.import_module(f"gan_tf1.models.{module.name}")
             for module in pkgutil.iter_modules(models.__path__)]
    drawn_from = {model for model in named if hasattr(model, "SAMPLE_RANGE")}
    assert drawn_from == {model for model, _ in CHAPTERS.values()}
    for model in drawn_from:
        assert sample_files.chapter(model.CHAPTER) is model
        assert all(hasattr(model, name) for name in ("latent", "generate", "sample"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_sample_generates_images_from_the_vectors_of_latent(name, monkeypatch):
    model, settings = CHAPTERS[name]
    config = model.Config(**settings)
    home = sys.modules[model.sample.__module__]  # a chapter may use another chapter's `sample`
    monkeypatch.setattr(home, "generate", lambda sess, net, z, *labels: z)
    found = model.sample(None, None, np.random.default_rng(1), 7, config)
    np.testing.assert_array_equal(found, model.latent(np.random.default_rng(1), 7, config))


@pytest.mark.parametrize("name", others_slow(CHAPTERS))
def test_an_export_makes_the_same_images_in_tf2_as_the_session(exported, name):
    _, by_session, in_tf2 = exported
    images, (low, high) = by_session[name], CHAPTERS[name][0].SAMPLE_RANGE
    assert images.std() > 0.05 and np.abs(np.diff(images, axis=0)).max() > 0.05
    assert low <= images.min() < (low + high) / 2 < images.max() <= high
    np.testing.assert_array_equal(in_tf2[name], images)
    assert in_tf2[name].dtype == np.float32


@pytest.mark.parametrize("name", others_slow(CHAPTERS))
def test_an_export_states_its_inputs_and_outputs(exported, name):
    root, by_session, in_tf2 = exported
    model, settings = CHAPTERS[name]
    shape = list(by_session[name].shape[1:])
    z_size = model.latent(np.random.default_rng(0), 1, model.Config(**settings)).shape[1]
    labelled = name.startswith("conditional")
    assert in_tf2[name + "/takes"].tolist() == labelled * ["label int32 [None]"] + [
        f"latent float32 [None, {z_size}]"]
    assert in_tf2[name + "/gives"].tolist() == shape
    about = json.loads((root / name / "exported" / "generator.json").read_text())
    assert about.pop("versions").keys() == run_config.versions().keys()
    assert about.pop("label", None) == ({"shape": [None], "below": 10} if labelled else None)
    noise = model.latent(np.random.default_rng(0), 2000, model.Config(**settings))
    words, std = ("normal noise", 1) if np.abs(noise).max() > 1 else (
        "uniform noise in [0, 1)", 1 / np.sqrt(12)) if noise.min() >= 0 else (
        "uniform noise in [-1, 1]", 1 / np.sqrt(3))
    assert noise.std() == pytest.approx(std, rel=0.05)
    assert words in about["latent"].pop("is")
    assert about["images"].pop("is").startswith("The images of latent vectors `z` [n, ")
    assert about == {"chapter": model.CHAPTER, "epoch": 7, "data_title": "drawn",
                     "latent": {"shape": [None, z_size]},
                     "images": {"shape": [None, *shape], "range": [-1, 1]}}


TRANSLATIONS = {"pix2pix": ["default"], "cyclegan": ["AtoB", "BtoA"]}


@pytest.mark.parametrize("name, made", [("pix2pix", "pix2pix"), ("cyclegan", "cyclegan/AtoB"),
                                        ("cyclegan", "cyclegan/BtoA")])
def test_an_exported_translator_makes_the_same_images_in_tf2_as_the_session(exported, name, made):
    root, by_session, in_tf2 = exported
    assert TRANSLATORS.keys() == TRANSLATIONS.keys()
    assert in_tf2[name + "/signatures"].tolist() == TRANSLATIONS[name]
    images = by_session[made]
    assert np.abs(np.diff(images, axis=0)).max() > 0.05 and images.std() > 0.05
    np.testing.assert_array_equal(in_tf2[made], images)
    shape = list(images.shape[1:])
    noise = ["noise int64 [2]"] if name == "pix2pix" else []
    assert in_tf2[made + "/takes"].tolist() == [f"images float32 {[None, *shape]}", *noise]
    assert in_tf2[made + "/gives"].tolist() == shape
    about = json.loads((root / name / "exported" / "generator.json").read_text())
    assert about["takes"]["images"] == {"shape": [None, *shape], "type": "float32"}
    assert about["images"] == {"shape": [None, *shape], "range": [-1, 1]}
    assert about["is"].startswith("AtoB and BtoA: " if name == "cyclegan" else "Images in [-1, 1]")


@pytest.mark.parametrize("name, own", [("pix2pix", {"generator"}),
                                       ("cyclegan", {"generator_ab", "generator_ba"})])
def test_an_exported_translator_has_only_its_generators_variables(exported, name, own):
    _, _, in_tf2 = exported
    assert {var.partition("/")[0] for var in in_tf2[name + "/variables"].tolist()} == own
    if name == "cyclegan":
        two_ways = in_tf2["cyclegan/AtoB"], in_tf2["cyclegan/BtoA"]
        assert np.abs(two_ways[0] - two_ways[1]).max() > 0.05  # made by two networks


@pytest.mark.parametrize("name", others_slow(CHAPTERS))
def test_an_export_has_only_the_variables_that_it_reads(exported, name):
    """It has moving averages if it normalizes with them, or passes them to an op that could."""
    _, _, in_tf2 = exported
    assert in_tf2[name + "/signatures"].tolist() == ["default"]
    variables = in_tf2[name + "/variables"].tolist()
    others = {var for var in variables if not var.startswith("generator/")}
    assert others == ({"global_step:0"} if name == "progressive_gan" else set())
    averages = [var for var in variables if "/moving_" in var]
    assert bool(averages) == (name not in (
        "mnist_gan", "mnist_gan_objectives", "dcgan_mnist", "progressive_gan",
        "remedies_gan", "dcgan_class_as_printed")), variables


# --- the script ---

@pytest.fixture(scope="module")
def main():
    return load_script("export.py").main


def test_the_script_exports_the_shipped_generator(main, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    main([str(SHIPPED), str(tmp_path / "empty")])
    assert capsys.readouterr().out.strip() == str(tmp_path / "empty")
    assert {path.name for path in (tmp_path / "empty").iterdir()} >= {
        "saved_model.pb", "generator.json"}
    z = seeds.stream(3, seeds.SAMPLES).uniform(-1, 1, (16, 100))
    with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        signature = tf.saved_model.load(
            sess, ["serve"], str(tmp_path / "empty")).signature_def["default"]
        images = sess.run(signature.outputs["default"].name, {
            signature.inputs["latent"].name: z})
    drawn, _ = sample_files.draw(SHIPPED, sample_files.chapter("mnist_gan"), 16, seed=3)
    np.testing.assert_array_equal(images, drawn)


@pytest.mark.parametrize("what, complaint", [
    ("occupied", "occupied is occupied, and is not overwritten: name another"),
    ("file", "file is occupied, and is not overwritten: name another"),
    ("file/below", "file is a file, not a folder"),
    ("damaged", "can't be restored"),
    ("classifier", "is a run of 'mnist_classifier', which doesn't say how a latent vector becomes"),
    ("nothing", "holds no run")])
def test_what_cannot_be_exported_gives_one_line_and_leaves_nothing(main, tmp_path, capsys, what,
                                                                   complaint):
    (tmp_path / "occupied").mkdir()
    for file in ("occupied/kept", "file"):
        (tmp_path / file).write_text("kept")
    path = {"classifier": SHIPPED.parent / "mnist_classifier", "nothing": tmp_path,
            "occupied": tmp_path / "nowhere",  # the occupied folder is reported first
            }.get(what, shutil.copytree(SHIPPED, tmp_path / "run"))
    if what == "damaged":
        [data] = (path / "generator").glob("*.data-*")
        data.write_bytes(data.read_bytes()[:1000])
    out = tmp_path / (what if what in ("occupied", "file", "file/below") else "folder/out")
    assert complaint in refusal(capsys, main, path, "--out", out)
    assert {file.name for file in tmp_path.iterdir()} == {"occupied", "file", "run"}
    assert (tmp_path / "occupied" / "kept").read_text() == (tmp_path / "file").read_text() == "kept"


def test_nothing_is_exported_into_a_folder_of_devices(main, capsys):
    assert "is in a folder of the system's devices" in refusal(capsys, main, SHIPPED, "--out", "/proc/exported")


def test_a_generator_of_points_is_not_exported(main, tmp_path, capsys):
    path = shutil.copytree(SHIPPED, tmp_path / "run")
    stored = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**stored, "chapter": "mixture_gan"}))
    assert "is a run of 'mixture_gan', which doesn't say" in refusal(
        capsys, main, path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_appears_complete_or_not_at_all(tmp_path):
    for occupied in (tmp_path / "file", tmp_path / "folder" / "file"):
        occupied.parent.mkdir(exist_ok=True)
        occupied.write_text("kept")
    for path in (tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(InputError, match="is occupied"), files.making(path):
            pass
    with pytest.raises(OSError), files.making(tmp_path / "new") as temporary:
        (temporary / "file").write_text("lost")
        (tmp_path / "new" / "of another").mkdir(parents=True)  # meanwhile
    (tmp_path / "made").mkdir()  # an empty folder may be there
    with files.making(tmp_path / "made") as temporary:
        (temporary / "file").write_text("made")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "file", "folder", "folder/file", "made", "made/file", "new", "new/of another"]
    assert (tmp_path / "folder" / "file").read_text() == "kept"


def test_a_link_to_an_empty_folder_is_filled_and_the_current_folder_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with files.making(tmp_path / "link") as temporary:
        (temporary / "file").write_text("made")
    assert (tmp_path / "empty" / "file").read_text() == "made" and (tmp_path / "link").is_symlink()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="is the current folder: name a new one"), files.making("."):
        pass


@pytest.mark.parametrize("changed, complaint", [
    ({"gen_hidden_size": 64}, "can't be restored (generator/dense/kernel has the shape [100, 128], "
                              "not [100, 64])"),
    ({"sample_shape": [16, 28, 28, 2]}, "images have the shape [None, 784], but config.json has")])
def test_a_generator_whose_shapes_differ_from_its_config_is_refused(tmp_path, capsys, changed,
                                                                    complaint):
    copy = shutil.copytree(SHIPPED, tmp_path / "run")
    config = json.loads((copy / "config.json").read_text())
    for name, value in changed.items():
        (config if name in config else config["settings"])[name] = value
    (copy / "config.json").write_text(json.dumps(config))
    line = refusal(capsys, load_script("export.py").main, copy, "--out", tmp_path / "out")
    assert complaint in line
    assert not (tmp_path / "out").exists()


def test_an_export_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(export.json, "dumps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export.export(SHIPPED, tmp_path / "out")
    assert not list(tmp_path.iterdir())
