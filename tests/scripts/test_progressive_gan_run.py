"""The progressive GAN's script: one run through all stages, also after a stop in any of them."""

import contextlib
import json
import shutil

import numpy as np
import pytest

from conftest import load_script, refusal, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.config import make
from gan_tf1.data import images
from gan_tf1.generators import restore
from gan_tf1.models import progressive_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import checkpoint, run_config, run_results
from test_run_directory import final_state

# 4x4 in epochs 1 and 2, 8x8 in 3 to 6, fading in 3 and 4.
TINY = ["--paper", "--data", "folder", "--size", "8", "--images", "48",
        "--phase-images", "16", "--interval-images", "8", "--batch-size", "4", "--group-size", "2",
        "--z-size", "3", "--max-maps", "2", "--samples", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty small pictures."""
    from PIL import Image
    path = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(20):
        Image.fromarray(rng.integers(0, 256, (20, 16, 3), np.uint8)).save(path / f"{number}.png")
    return path


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save", unpainted)
        yield load_script("13_progressive_gan.py").main


@pytest.fixture(scope="module")
def flags(folder):
    return [*TINY, "--data-dir", str(folder)]


@pytest.fixture(scope="module")
def finished(main, flags, tmp_path_factory):
    """A run never interrupted, with the checkpoints of all its epochs."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "KEPT", 99)
        with open(path.parent / "stderr.txt", "w") as said, contextlib.redirect_stderr(said):
            main([*flags, "--run-dir", str(path)])
    return path


def variables(path, epoch):
    reader = tf.train.load_checkpoint(str(path / "state" / f"epoch_{epoch:05d}"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_a_run_goes_through_all_stages(finished, folder):
    losses = run_results.load_losses(finished)
    assert losses["epoch"].tolist() == list(range(1, 7))
    assert losses["resolution"].tolist() == 2 * [4] + 4 * [8]
    assert losses["alpha"].tolist() == [1, 1, 0.5, 1, 1, 1]
    log = (finished / "log.txt").read_text().splitlines()
    assert log[0].startswith(f"progressive_gan on 20 images of {folder.name}, seed 0, with ")
    assert [line.partition(" [")[0] for line in log[1:4]] == [
        "8 images, 4x4, alpha 1.000", "16 images, 4x4, alpha 1.000",
        "24 images, 8x8, alpha 0.500"]
    assert len(log) == 8 and log[-1].startswith("Too short to be judged, with 48 images: ")
    assert "after 48 images disc_loss" in log[-1]


def test_the_stages_of_an_uninterrupted_run_are_not_resumed(finished):
    said = (finished.parent / "stderr.txt").read_text()
    assert said.count("training steps of 12 in all") == 2 and "resuming" not in said


def test_samples_have_the_final_size_with_pixels_repeated(finished):
    samples = run_results.load_samples(finished)
    assert samples.shape == (6, 3, 8, 8, 3)
    small = samples[:2, :, ::2, ::2]
    np.testing.assert_array_equal(samples[:2], small.repeat(2, 2).repeat(2, 3))
    assert (samples[2:, :, ::2] != samples[2:, :, 1::2]).any((1, 2, 3, 4)).all()


def test_a_run_leaves_figures_and_events_of_each_epoch(finished):
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png", "growth.png"}
    steps = [event.step for file in (finished / "events").iterdir()
             for event in tf.train.summary_iterator(str(file)) if event.HasField("summary")]
    assert sorted(steps) == list(range(1, 7))


def test_the_figure_of_growth_has_each_stage_and_the_last_fade_in():
    script = load_script("13_progressive_gan.py")
    config = model.Config(resolution=8, images=240, phase_images=80, interval_images=16)
    assert script.milestones(model.stages(config), config) == [
        ("4x4", 5), ("8x8, alpha 0.20", 6), ("8x8, alpha 0.40", 7), ("8x8, alpha 0.60", 8),
        ("8x8, alpha 0.80", 9), ("8x8, alpha 1.00", 10), ("8x8", 15)]


def test_a_stage_begins_with_the_variables_of_the_one_before(finished):
    before, after = variables(finished, 2), variables(finished, 3)
    assert any("/8x8/" in name for name in after) and not any("/8x8/" in name for name in before)
    for name in before.keys() & after.keys():
        if not ("Adam" in name or "power" in name or name == "global_step"):
            # Two turns away, each of at most about 0.001: Adam's slots are new.
            assert np.abs(after[name] - before[name]).max() < 0.003, name
    assert before["global_step"] == 4 and after["global_step"] == 2
    assert after["disc_opt/beta2_power"] == pytest.approx(0.99 ** 3, rel=1e-5)


def test_a_stage_shows_its_images_in_an_order_of_its_own(finished):
    """Not from where the one before was in its own."""
    state = json.loads((finished / "state" / "epoch_00003.json").read_text())["state"]
    fresh = images.Rows(np.zeros((18, 8, 8, 3), np.uint8), seed=[0, seeds.ORDER, 1])
    fresh.next_batch(4)
    fresh.next_batch(4)
    assert state["train_set"] == fresh.state()


def test_the_saved_generator_makes_the_last_samples_again(finished, untrained):
    config = make(model.Config, run_config.read_config(finished)["settings"])
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config, model.stages(config)[-1], 3)
        assert restore.restore_generator(finished, gan.gen_vars, sess) == 6
        again = model.sample(sess, gan, seeds.stream(0, seeds.SAMPLES), 3, config)
    assert again.tobytes() == run_results.load_samples(finished)[-1].tobytes()


def resumed_after(main, epoch, finished, path):
    """The state at the end of a copy of `finished` that had to go back to after `epoch`."""
    shutil.copytree(finished, path)
    for later in range(epoch + 1, 7):
        (path / "state" / f"epoch_{later:05d}.index").write_bytes(b"")  # damaged
    main(["--resume", "--run-dir", str(path)])
    return final_state(path)


@pytest.mark.parametrize("epoch", [
    pytest.param(1, marks=pytest.mark.slow, id="stage before"),  # as one that is killed
    pytest.param(2, marks=pytest.mark.slow, id="stage's start"), pytest.param(4, id="stage")])
def test_resumed_from_any_stage_equals_never_interrupted(main, finished, tmp_path, epoch, capsys):
    assert resumed_after(main, epoch, finished, tmp_path / "run") == final_state(finished)
    assert capsys.readouterr().err.count("resuming ") == 1


@pytest.mark.slow
def test_resumed_in_a_fade_in_by_the_loop_in_the_graph_too(main, flags, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "KEPT", 99)
    main([*flags, "--loop", "graph", "--run-dir", str(tmp_path / "whole")])
    assert run_results.load_losses(tmp_path / "whole")["alpha"].tolist() == [1, 1, 0.5, 1, 1, 1]
    again = resumed_after(main, 3, tmp_path / "whole", tmp_path / "cut")
    assert again == final_state(tmp_path / "whole")


def test_a_complete_run_is_left_as_it_is(main, finished, untrained, tmp_path, capsys):
    copy = shutil.copytree(finished, tmp_path / "copy")
    main(["--resume", "--run-dir", str(copy)])
    assert "is complete: it has all of its 6 epochs" in capsys.readouterr().err
    assert final_state(copy) == final_state(finished)


@pytest.mark.parametrize("arguments, complaint", [
    (["--size", "2"], "--size must be at least 4"),
    (["--data", "drawn", "--size", "1024", "--images", "1"], "must be a multiple"),
])
def test_bad_input_is_one_line_and_leaves_nothing(
        main, arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())


def test_a_batch_larger_than_the_images_is_refused(main, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "a batch of 32 can't be drawn from 18 examples" in refusal(
        capsys, main, *TINY[:5], "--data-dir", folder, "--batch-size", "32", "--images", "640",
        "--phase-images", "64", "--interval-images", "64")
