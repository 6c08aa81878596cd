"""Find, unpack and load the progressive GAN's module, draw from it, and refuse damaged ones."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import few_module
from conftest import ROOT, load_script, refusal
from gan_tf1 import figures, seeds
from gan_tf1.errors import InputError
from gan_tf1.experiments import vector_arithmetic
from gan_tf1.generators import export, hub
from gan_tf1.tf1 import tf

SHIPPED = ROOT / "checkpoints" / "mnist_gan"
SHA1 = "2f9e2f0be115550c7ae9b90bb71b29e76fa404d8"  # of the handle's text, computed by sha1sum


@pytest.fixture(scope="module")
def main():
    return load_script("14_progan_hub.py").main


@pytest.fixture(scope="module")
def progan(tmp_path_factory):
    """A module in the progressive GAN's format and shapes: its folder, and it in NumPy."""
    folder = tmp_path_factory.mktemp("modules") / "progan"
    return folder, few_module.write(folder)


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """An empty cache, and no host that answers."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(hub.source, "answers", lambda address: False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def images_of(module, z):
    with hub.folder(module) as path, hub.opened(path) as generator:
        return hub.generate(generator, z)


def noise(count, size=512):
    return np.random.default_rng(1).normal(size=(count, size))


def in_tf2(code, *arguments, **environment):
    """Run `code` in a process with TF2 behaviour; returns the array saved to the last argument."""
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], text=True,
                          capture_output=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return np.load(arguments[-1])


# --- loading ---

def test_the_images_of_a_module_in_the_hub_format_equal_numpy(progan):
    folder, by_numpy = progan
    z = noise(30)  # more than one batch
    images = images_of(folder, z)
    assert images.shape == (30, 128, 128, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images, by_numpy(z), atol=few_module.APART)
    assert images.min() < 0.1 and images.max() > 0.9


def test_an_archive_works_like_a_folder_and_leaves_nothing_behind(progan, tmp_path, monkeypatch):
    folder, _ = progan
    archive = few_module.pack(folder, tmp_path / "progan-128_1.tar.gz")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(hub.tempfile, "tempdir", str(tmp_path / "temporary"))
    z = noise(2)
    assert (images_of(archive, z) == images_of(folder, z)).all()
    assert not list((tmp_path / "temporary").iterdir())


def test_a_handle_is_found_in_the_cache_by_its_sha1(progan, alone):
    folder, _ = progan
    assert hub.cached(hub.HANDLE) == alone / "cache" / SHA1
    shutil.copytree(folder, alone / "cache" / SHA1)
    z = noise(2)
    assert (images_of(hub.HANDLE, z) == images_of(folder, z)).all()


def test_the_default_cache_is_that_of_tensorflow_hub(monkeypatch, tmp_path):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setattr(hub.tempfile, "tempdir", str(tmp_path))
    assert hub.cached(hub.HANDLE) == tmp_path / "tfhub_modules" / SHA1


def test_an_unknown_latent_dimension_is_taken_to_be_the_chapters(tmp_path):
    by_numpy = few_module.write(tmp_path / "open", given=(None, None), image=(4, 4, 1))
    with hub.opened(tmp_path / "open") as generator:
        assert generator.z_size == 512
        np.testing.assert_allclose(hub.generate(generator, noise(3)), by_numpy(noise(3)), atol=few_module.APART)


def test_the_chapters_code_in_tf2_gives_the_same_noise_and_the_same_image(progan, tmp_path):
    """The chapter sets the seed, then loads the module, then draws the noise."""
    folder, _ = progan
    code = ("import sys, numpy as np, tensorflow as tf\n"
            "tf.random.set_seed(12)\n"
            "pro_gan = tf.saved_model.load(sys.argv[1], tags=[]).signatures['default']\n"
            "vector = tf.random.normal([1, 512])\n"
            "image = pro_gan(vector)['default'][0]\n"
            "found = [vector.numpy().ravel(), image.numpy().ravel()]\n"
            "for seed in range(5):\n"
            "    tf.random.set_seed(seed)\n"
            "    found.append(tf.random.normal([3]).numpy())\n"
            "np.save(sys.argv[2], np.concatenate(found))")
    found = in_tf2(code, folder, tmp_path / "found.npy", CUDA_VISIBLE_DEVICES="-1")
    vector = hub.chapter_noise(12, (1, 512))
    np.testing.assert_array_equal(vector.ravel(), found[:512])
    np.testing.assert_allclose(images_of(folder, vector).ravel(), found[512:-15], atol=1e-6)
    np.testing.assert_array_equal(
        np.concatenate([hub.chapter_noise(seed, (3,)) for seed in range(5)]), found[-15:])


@pytest.mark.skipif(importlib.util.find_spec("tensorflow_hub") is None,
                    reason="tensorflow_hub is not installed")
def test_tensorflow_hub_finds_and_loads_the_same_module(progan, tmp_path):
    """`hub.load` of the handle in TF2 finds the module where `cached` says."""
    folder, _ = progan
    shutil.copytree(folder, tmp_path / SHA1)
    z = noise(3)
    np.save(tmp_path / "z.npy", z.astype(np.float32))
    code = ("import os; os.environ['TF_USE_LEGACY_KERAS'] = '1'\n"
            "import sys, numpy as np, tensorflow as tf, tensorflow_hub as hub\n"
            "pro_gan = hub.load(sys.argv[1]).signatures['default']\n"
            "np.save(sys.argv[3], pro_gan(tf.constant(np.load(sys.argv[2])))['default'].numpy())")
    found = in_tf2(code, hub.HANDLE, tmp_path / "z.npy", tmp_path / "found.npy",
                   TFHUB_CACHE_DIR=str(tmp_path), CUDA_VISIBLE_DEVICES="-1")
    np.testing.assert_allclose(images_of(folder, z), found, atol=1e-6)


def test_a_download_uses_tensorflow_hub(progan, alone, monkeypatch):
    """A stand-in for the package is asked for the handle after the host has answered."""
    folder, _ = progan
    asked = []
    stand_in = type(sys)("tensorflow_hub")
    stand_in.__spec__ = importlib.util.spec_from_loader("tensorflow_hub", None)
    stand_in.resolve = lambda handle: asked.append(handle) or str(folder)
    monkeypatch.setitem(sys.modules, "tensorflow_hub", stand_in)
    monkeypatch.setattr(hub.source, "answers", lambda address: asked.append(address) or True)
    with hub.folder(hub.HANDLE) as path:
        assert path == folder
    assert asked == [hub.HANDLE + "?tf-hub-format=compressed", hub.HANDLE]

    def fail(handle):
        raise OSError("connection\nreset")

    stand_in.resolve = fail
    with pytest.raises(InputError, match=r"can't be downloaded \(connection reset\): get https"):
        with hub.folder(hub.HANDLE):
            pass


# --- the script ---

@pytest.fixture
def drawn(monkeypatch):
    """The figures that the script draws: name -> `(images, columns)`."""
    found, original = {}, figures.sample_grid

    def sample_grid(images, title, columns, inches):
        found[title.split(":")[0]] = images, columns
        return original(images, title, columns, inches)

    monkeypatch.setattr(figures, "sample_grid", sample_grid)
    return found


def test_the_script_draws_a_face_25_faces_and_interpolations(main, progan, tmp_path, drawn, capsys):
    folder, by_numpy = progan
    main(["--module", str(folder), "--out", str(tmp_path / "out")])
    names = ["face", "faces", "interpolation"]
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "out" / f"{name}.png") for name in names]
    assert all((tmp_path / "out" / f"{name}.png").read_bytes()[:4] == b"\x89PNG" for name in names)
    rng = seeds.stream(12, seeds.SAMPLES)
    faces = rng.normal(size=(25, 512))
    ways = [vector_arithmetic.spherical(*rng.normal(size=(2, 512)), 8) for _ in range(5)]
    for name, z, columns in (("face", hub.chapter_noise(12, (1, 512)), 1), ("faces", faces, 5),
                             ("interpolation", np.concatenate(ways), 8)):
        images, found = drawn[name]
        assert found == columns
        np.testing.assert_allclose((images + 1) / 2, by_numpy(z), atol=few_module.APART)


def test_the_same_seed_makes_the_same_files_and_another_seed_other_images(main, progan, tmp_path, drawn):
    made, shown = [], []
    for number, seed in enumerate("556"):
        main(["--module", str(progan[0]), "--seed", seed, "--out", str(tmp_path / str(number))])
        made.append({file.name: file.read_bytes() for file in (tmp_path / str(number)).iterdir()})
        shown.append({name: images for name, (images, _) in drawn.items()})
    assert len(made[0]) == len(shown[0]) == 3 and made[0] == made[1]
    assert not any(np.array_equal(shown[0][name], shown[2][name]) for name in shown[0])


def test_an_exported_generator_can_be_used_as_a_module(main, tmp_path, drawn):
    export.export(SHIPPED, tmp_path / "digits")
    main(["--module", str(tmp_path / "digits"), "--out", str(tmp_path / "out")])
    assert {name: images.shape for name, (images, _) in drawn.items()} == {
        "face": (1, 784), "faces": (25, 784), "interpolation": (40, 784)}
    assert drawn["faces"][0].min() == pytest.approx(-1, abs=1e-3)  # black
    assert (tmp_path / "out" / "face.png").exists()


# --- bad input ---

def test_without_module_and_network_the_message_says_how_to_get_it(main, alone, capsys):
    line = refusal(capsys, main)
    assert f"{hub.HANDLE} is not in the cache and can't be downloaded (" in line
    assert f"get {hub.HANDLE}?tf-hub-format=compressed, a .tar.gz, on another machine" in line
    assert line.endswith(f"with --module, or unpack it into {alone / 'cache' / SHA1}")
    assert not list(alone.iterdir())


def test_the_message_says_if_the_package_is_missing_or_the_host_is_silent(alone, monkeypatch):
    for spec, reason in ((None, "the package tensorflow_hub is not installed"),
                         (True, "its host doesn't answer")):
        monkeypatch.setattr(hub.importlib.util, "find_spec", lambda name: spec)
        with pytest.raises(InputError) as error:
            hub.download(hub.HANDLE)
        assert f"({reason})" in str(error.value)


def damaged(tmp_path, what):
    """A module in which `what` is wrong."""
    path = tmp_path / "module"
    options = {"signature": dict(signature="serving"), "dtype": dict(dtype="int32"),
               "shape": dict(given=(None, 2, 3), z_size=3), "range": dict(scale=255.),
               "no image": dict(image=(5, 5)), "not finite": dict(scale=np.nan),
               "tags": dict(tags=[("train",)]), "other size": dict(z_size=6, given=(None, None)),
               }.get(what, {})
    few_module.write(path, **{"z_size": 5, "image": (4, 4, 3), **options})
    saved, [data] = path / "saved_model.pb", (path / "variables").glob("*.data-*")
    if what == "graph":
        saved.write_bytes(saved.read_bytes()[:1000])
    elif what == "no graph":
        saved.unlink()
    elif what == "weights":
        data.write_bytes(data.read_bytes()[:20])
    elif what == "no weights":
        shutil.rmtree(path / "variables")
    elif what == "generator.json":
        (path / "generator.json").write_text("{}")
    elif what == "archive":
        archive = few_module.pack(path, tmp_path / "module.tar.gz")
        archive.write_bytes(archive.read_bytes()[:-200])
        return archive
    elif what == "no archive":
        return saved
    elif what == "two in an archive":
        shutil.copytree(path, path / "again")
        return few_module.pack(path, tmp_path / "module.tar.gz")
    elif what == "nowhere":
        return tmp_path / "nowhere"
    return path


@pytest.mark.parametrize("what, complaint", [
    ("signature", "module has no signature 'default': it has serving"),
    ("dtype", "takes int32 (?, 5): latent vectors [N, Z] of float32 are needed"),
    ("shape", "takes float32 (?, 2, 3): latent vectors [N, Z] of float32 are needed"),
    ("range", "outside of the range from 0 to 1"),
    ("not finite", "returns values from nan to nan: outside of the range"),
    ("no image", "returns arrays of shape [5, 5], which are not images"),
    ("other size", "fails on latent vectors of dimension 512: "),
    ("tags", "can't be loaded, since it is damaged or not a module: "),
    ("graph", "can't be loaded, since it is damaged or not a module: "),
    ("no graph", "can't be loaded, since it is damaged or not a module: "),
    ("weights", "can't be loaded, since it is damaged or not a module: "),
    ("no weights", "can't be loaded, since it is damaged or not a module: "),
    ("generator.json", "can't be loaded, since it is damaged or not a module: 'images'"),
    ("archive", "is not a .tar.gz, or it is damaged: "),
    ("no archive", "is not a .tar.gz, or it is damaged: "),
    ("two in an archive", "holds 2 modules, but exactly one is needed"),
    ("nowhere", "nowhere does not exist: name a folder, or the .tar.gz of one"),
])
def test_a_damaged_or_unsuitable_module_gives_one_line(main, tmp_path, capsys, what, complaint):
    module = damaged(tmp_path, what)
    out = tmp_path / "out"
    assert complaint in refusal(capsys, main, "--module", module, "--out", out)
    assert not out.exists()


def test_a_module_that_takes_more_than_latent_vectors_is_refused(tmp_path):
    with tf.Graph().as_default() as graph:
        inputs = {name: tf.placeholder(tf.float32, (None, 5), name=name)
                  for name in ("latent", "label")}
        images = tf.add(*inputs.values(), name="images")
    (tmp_path / "module").mkdir()
    export.save(graph.as_graph_def(), [], {"default": export.Signature(inputs, images)},
                tmp_path / "module")
    with pytest.raises(InputError, match="takes label, latent and returns default: one input"):
        images_of(tmp_path / "module", noise(1, 5))


def test_latent_vectors_of_another_dimension_are_refused(progan):
    with pytest.raises(InputError, match="takes latent vectors of dimension 512, not 100"):
        images_of(progan[0], noise(2, 100))


@pytest.mark.parametrize("arguments, complaint", [
    (["--seed", "-1"], "'-1' is not a whole number of at least 0"),
    (["--module", ""], "'' is not a path"),
    (["--out", __file__], "is a file: name a folder"),
    (["--nonsense"], "unrecognized arguments: --nonsense")])
def test_bad_input_gives_one_line(main, alone, capsys, arguments, complaint):
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(alone.iterdir())


@pytest.mark.parametrize("given", [["a", "b"], [1, 1], [1, 0], [0, float("inf")], [0], 5])
def test_a_range_in_generator_json_that_is_none_is_refused(tmp_path, given):
    few_module.write(tmp_path / "module", z_size=5, image=(4, 4, 3))
    (tmp_path / "module" / export.ABOUT).write_text(json.dumps({"images": {"range": given}}))
    with pytest.raises(InputError, match="can't be loaded, since it is damaged or not a module"):
        with hub.opened(tmp_path / "module"):
            pass


def test_the_range_in_generator_json_is_used(tmp_path):
    """A module's images in [0, 255] are scaled to [0, 1]."""
    by_numpy = few_module.write(tmp_path / "module", z_size=5, image=(4, 4, 3), scale=255.)
    (tmp_path / "module" / export.ABOUT).write_text(json.dumps({"images": {"range": [0, 255]}}))
    np.testing.assert_allclose(images_of(tmp_path / "module", noise(3, 5)),
                               by_numpy(noise(3, 5)) / 255, atol=few_module.APART)
