"""The script of pix2pix on a few small pairs: what a run leaves, translating, the report."""

import shutil

import numpy as np
import pytest
from PIL import Image

from conftest import ROOT, load_script, refusal, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.config import flag
from gan_tf1.data import images, pairs
from gan_tf1.data.svhn import scaled
from gan_tf1.evaluation import pair_metrics
from gan_tf1.generators import sample_files
from gan_tf1.models import pix2pix as model
from gan_tf1.training import run_config, run_results

SETTINGS = dict(size=8, channels=2, patch_layers=1, batch_size=2, iterations=20, sample_interval=4,
                samples=3)
FLAGS = [part for name, value in SETTINGS.items()
         for part in (flag(name), str(value))]


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save", unpainted)
        yield load_script("15_pix2pix.py").main


@pytest.fixture(scope="module")
def report():
    return load_script("pix2pix_report.py").main


def test_runs_are_named_by_the_settings_in_which_they_differ():
    script = load_script("pix2pix_report.py")

    def names(*changes):
        runs = [{"settings": vars(model.Config(**change)), "seed": seed} for seed, change in enumerate(changes)]
        varied = script.varied([run["settings"] for run in runs])
        return [script.name_of(run, 20, varied) for run in runs]

    steps = 20 * model.Config().sample_interval
    assert names({}, {"gan_weight": 0.}, {"l1_weight": 0.}) == [
        f"GAN + L1, {steps:,} steps, seed 0", f"L1 alone, {steps:,} steps, seed 1",
        f"GAN alone, {steps:,} steps, seed 2"]
    assert names({}, {"skips": False}, {"patch_layers": 1}) == [
        f"GAN + L1, disc-layers 3, skips, {steps:,} steps, seed 0",
        f"GAN + L1, disc-layers 3, no-skips, {steps:,} steps, seed 1",
        f"GAN + L1, disc-layers 1, skips, {steps:,} steps, seed 2"]
    assert names({}, {"l1_weight": 10.}) == [f"GAN + L1, l1-weight 100.0, {steps:,} steps, seed 0",
                                             f"GAN + L1, l1-weight 10.0, {steps:,} steps, seed 1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten pictures of pairs of 12 pixels: noise, and its negative."""
    path, rng = tmp_path_factory.mktemp("pairs") / "noise", np.random.default_rng(0)
    for part, count in (("train", 6), ("val", 4)):
        (path / part).mkdir(parents=True)
        for number in range(count):
            left = rng.integers(0, 256, (12, 12, 3), np.uint8)
            picture = np.concatenate([left, 255 - left], axis=1)
            Image.fromarray(picture).save(path / part / f"{number}.png")
    return path


@pytest.fixture(scope="module")
def flags(folder):
    return ["--data-dir", str(folder), *FLAGS]


@pytest.fixture(scope="module", params=["feed", pytest.param("graph", marks=pytest.mark.slow)])
def loop(request):
    return request.param


@pytest.fixture(scope="module")
def finished(main, flags, loop, tmp_path_factory):
    """A run never interrupted."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*flags, "--loop", loop, "--run-dir", str(path)])
    return path


def test_a_run_leaves_lines_rows_samples_and_figures(finished):
    losses, outputs = run_results.load_losses(finished), run_results.load_samples(finished)
    assert list(losses) == ["step", "disc_loss", "gen_loss", "l1"]
    assert losses["step"].tolist() == list(range(20))
    assert (finished / "log.txt").read_text().splitlines()[1:-1] == [
        f"{step:.0f} [Discriminator loss: {disc:f}] [Generator loss: {gen:f}, L1: {l1:f}]"
        for step, disc, gen, l1 in zip(*losses.values())]
    assert outputs.shape == (5, 3, 8, 8, 3) and np.abs(outputs).max() <= 1
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png", "pairs.png"}
    assert run_config.read_config(finished)["data_title"] == "pairs of noise"


def test_the_saved_generator_makes_the_last_samples_again(finished, folder, untrained):
    data = pairs.load("pairs", 8, data_dir=folder)
    with sample_files.restored(finished, model) as (sess, gan, _, epoch):
        again = model.translate(sess, gan, scaled(data.test[0][:3]), seeds.stream(0, seeds.SAMPLES))
    assert epoch == 5 and again.tobytes() == run_results.load_samples(finished)[-1].tobytes()


@pytest.mark.parametrize("loop", ["feed"], indirect=True)
def test_settings_decide_the_run(main, flags, finished, tmp_path):
    """Without the GAN's weight, D learns the same first step, and G another."""
    main([*flags, "--loop", "feed", "--gan-weight", "0", "--iterations", "4", "--run-dir", str(tmp_path / "l1")])
    both, l1 = (run_results.load_losses(path) for path in (finished, tmp_path / "l1"))
    assert both["disc_loss"][0] == l1["disc_loss"][0] and both["l1"][0] == l1["l1"][0]
    assert both["l1"][3] != l1["l1"][3]


def test_a_batch_larger_than_the_training_set_is_refused(main, flags, tmp_path, capsys):
    assert "a batch of 7 can't be drawn from 6 examples" in refusal(
        capsys, main, *flags, "--batch-size", "7", "--run-dir", tmp_path / "run")
    assert not list(tmp_path.iterdir())


# --- translating ---

@pytest.mark.parametrize("loop", ["feed"], indirect=True)
def test_image_files_are_translated(main, finished, untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stack = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3), np.uint8)
    for name, image in zip(("a.png", "b.png"), stack):
        Image.fromarray(image).save(name)
    Image.new("L", (30, 20), 100).save("c.jpg")
    main(["translate", "a.png", "b.png", "c.jpg", "--run-dir", str(finished), "--out", "out"])
    assert capsys.readouterr().out.split() == [f"out/{name}-translated.png" for name in "abc"]
    found = np.stack([np.asarray(Image.open(f"out/{name}-translated.png")) for name in "abc"])
    assert found.shape == (3, 8, 8, 3)
    with sample_files.restored(finished, model) as (sess, gan, _, _):
        inputs = np.concatenate([stack, np.full((1, 8, 8, 3), 100, np.uint8)])
        expected = model.translate(sess, gan, scaled(inputs), seeds.stream(0, seeds.SAMPLES))
    np.testing.assert_array_equal(found, images.as_bytes(expected))
    assert (np.asarray(Image.open("a.png")) == stack[0]).all()

    shutil.copytree(finished, tmp_path / "checkpoints" / "pix2pix-001")
    main(["translate", "a.png", "--seed", "1"])  # the newest run, other masks
    other = np.asarray(Image.open("checkpoints/translated-001/a-translated.png"))
    assert (other != found[0]).any()


@pytest.mark.parametrize("loop", ["feed"], indirect=True)
def test_images_that_cannot_be_translated_are_one_line(main, finished, tmp_path, monkeypatch,
                                                       capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "other").mkdir()
    for arguments, complaint in (
            (["broken.png"], "broken.png can't be read: it is not an image, or it is damaged"),
            (["gone.png"], "gone.png can't be read: No such file"),
            (["broken.png", "other/broken.jpg"], "two of the images have the same name"),
            (["broken.png", "other/BROKEN.jpg"], "two of the images have the same name"),
            (["broken.png", "--out", "broken.png"], "--out broken.png is a file: name a folder")):
        assert complaint in refusal(capsys, main, "translate", *arguments, "--run-dir", finished)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.png", "other"]


# --- the report ---

@pytest.mark.parametrize("loop", ["feed"], indirect=True)
def test_the_report_has_baselines_and_each_run(
        report, finished, folder, untrained, tmp_path, capsys):
    report([str(finished), str(finished), "--out", str(tmp_path), "--samples", "3"])
    out = capsys.readouterr().out.splitlines()
    text = (tmp_path / "report.txt").read_text().splitlines()
    assert out == [*text[:9], str(tmp_path / "report.png"), str(tmp_path / "report.txt")]
    assert text[0].startswith("pix2pix on pairs of noise: 3 held-out pairs, 8 pixels, data_crc32 of the ")
    assert [line.partition("  ")[0] for line in text[2:7]] == [
        "input as it is", "mean colour of each grey level", *2 * ["GAN + L1, 20 steps, seed 0"],
        "targets"]
    data = pairs.load("pairs", 8, data_dir=folder)
    error = pair_metrics.absolute_error(*(part[:3] for part in data.test)).mean()
    assert f" {error:.2f} +- " in text[2]
    assert "dropout varies its translations by" in text[7] and text[7] == text[8]
    assert not text[7].endswith(" 0.00 of 255")


@pytest.mark.parametrize("loop", ["feed"], indirect=True)
def test_a_report_of_other_pairs_is_refused(main, report, flags, finished, tmp_path, capsys):
    main([*flags, "--iterations", "4", "--direction", "BtoA", "--run-dir", str(tmp_path / "back")])
    capsys.readouterr()
    assert "was trained on other pairs than" in refusal(capsys, report, finished, tmp_path / "back")
    assert "--samples must be at least 2" in refusal(capsys, report, finished, "--samples", "1")
    assert "is a run of 'mnist_gan'" in refusal(capsys, report, ROOT / "checkpoints" / "mnist_gan")
