"""The generators that come with the repository: those of the MNIST chapters draw digits, others translate pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from conftest import ROOT, load_script, unpainted
from gan_tf1 import figures
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier, classifier_metrics
from gan_tf1.generators import sample_files
from gan_tf1.training.run_config import read_config

FOLDER = ROOT / "checkpoints" / "mnist_generators"
SHIPPED = sorted(path for path in FOLDER.iterdir() if path.is_dir())
PUBLISHED = ("7cd8a48a", "199591f3")  # the published MNIST, 55,000 and 60,000 images
COUNT = 300


def test_every_chapter_on_mnist_has_one():
    assert [path.name for path in SHIPPED] == [
        "conditional_gan", "dcgan_class", "dcgan_mnist", "dcgan_upsampling", "vanilla_gan", "wasserstein_gan",
        "wasserstein_gan_gp"]


@pytest.mark.parametrize("name, when", [
    ("vanilla_gan", "iteration 30,000"), ("conditional_gan", "iteration 30,000"), ("dcgan_mnist", "epoch 5")])
def test_the_sampling_script_draws_with_every_chapter(name, when, tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr(figures, "save", unpainted)
    monkeypatch.setattr(figures, "sample_grid", lambda images, title, *_: titles.append(title))
    main = load_script("02_sample_mnist_gan.py").main
    for ending in ("npy", "png"):
        main(["--run-dir", str(FOLDER / name), "--samples", "4", "--out", str(tmp_path / f"four.{ending}")])
    samples = np.load(tmp_path / "four.npy")
    assert samples.shape == (4, 784) and -1 <= samples.min() < -0.9 and 0.5 < samples.max() <= 1
    assert titles == [f"Samples of {name} after {when}, trained on MNIST, with noise of seed 0"]


@pytest.mark.parametrize("page, roughness", [("dcgan_svhn", 0.25), ("progressive_gan", 0.5)])
def test_the_sampling_script_draws_photographs_in_colour(page, roughness, tmp_path):
    main, run = load_script("02_sample_mnist_gan.py").main, ROOT / "checkpoints" / page / "generator"
    for ending in ("npy", "png"):
        main(["--run-dir", str(run), "--samples", "8", "--out", str(tmp_path / f"eight.{ending}")])
    samples = np.load(tmp_path / "eight.npy")
    assert samples.shape == (8, 32, 32, 3) and -1 <= samples.min() and samples.max() <= 1
    # In photographs neighbouring pixels are alike (in noise, this ratio is 1.1), and the images differ from each other.
    assert np.abs(np.diff(samples, axis=1)).mean() < roughness * samples.std()
    assert np.abs(samples[0] - samples[1:]).mean() > 0.1
    assert (tmp_path / "eight.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("script, direction, run", [
    ("15_pix2pix.py", [], "pix2pix/facades"), ("16_cyclegan.py", ["AtoB"], "cyclegan/horse2zebra")])
def test_shipped_generators_translate_image_files(script, direction, run, tmp_path):
    path, rng = ROOT / "checkpoints" / run, np.random.default_rng(0)
    names = [str(tmp_path / f"{number}.png") for number in range(2)]
    for name in names:  # large blocks of colour
        Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8).repeat(16, 0).repeat(16, 1)).save(name)
    load_script(script).main(["translate", *direction, *names, "--run-dir", str(path), "--out", str(tmp_path / "out")])
    first, second = [np.asarray(Image.open(file), float) for file in sorted((tmp_path / "out").iterdir())]
    assert first.shape == second.shape == (64, 64, 3)
    assert first.std() > 10 and np.abs(first - second).mean() > 5  # what is drawn depends on the input
    assert sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) < 5e6


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_generator_is_small_and_draws_digits(path):
    stored = read_config(path)
    assert (stored["chapter"], stored["seed"]) == (path.name, 0)
    assert stored["data_crc32"] in PUBLISHED
    assert sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) < 2e6
    samples = sample_files.load(path, COUNT, seed=0)
    [(probabilities, _)] = sample_files.judged(classifier.SHIPPED, [samples.images])
    # Noise has a score of 1. With 10,000 samples, the poorest of the shipped generators has one above 4.
    assert classifier_metrics.classifier_score(probabilities) > 3
    assert classifier_metrics.classes_covered(probabilities) >= 8


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_generator_can_be_exported(path, tmp_path, capsys):
    load_script("export.py").main([str(path), "--out", str(tmp_path / "exported")])
    assert (tmp_path / "exported" / "saved_model.pb").exists()
    about = json.loads((tmp_path / "exported" / "generator.json").read_text())
    assert about["chapter"] == path.name


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_generator_can_be_used_for_vector_arithmetic_unless_it_is_given_a_label(path):
    chapter = load_script("08_vector_arithmetic.py").latent_chapter
    if path.name == "conditional_gan":
        with pytest.raises(InputError, match="name a run of 01, 05, 06, 07, 10, 11 or 12"):
            chapter(path)
    else:
        assert chapter(path).CHAPTER == path.name
