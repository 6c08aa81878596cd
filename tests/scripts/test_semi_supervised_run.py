"""The semi-supervised chapter's script: what a run leaves, and that it learns."""


import numpy as np
import pytest

import few_streets
from conftest import Stopped, load_script, refusal, stopped_at_its_stepper, unpainted
from gan_tf1 import figures
from gan_tf1.data import drawn_street, svhn
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.published import logs
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_results

SCRIPT = "04_semi_supervised_svhn.py"
TINY = ("--paper", "--data", "street", "--batch-size", "64", "--gen-channels", "2",
        "--disc-channels", "4", "--num-labels", "100", "--variant", "corrected", "--epochs", "3")


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svhn, "load", few_streets.load)
        patch.setattr(figures, "save", unpainted)
        yield load_script(SCRIPT).main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run never interrupted."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*TINY, "--run-dir", str(path)])
    return path


def test_a_run_leaves_log_accuracies_samples_and_figures(finished):
    accuracies, samples = run_results.load_losses(finished), run_results.load_samples(finished)
    assert (finished / "losses.csv").read_text().splitlines()[0] == (
        "epoch,train_accuracies,test_accuracies,d_loss,g_loss")
    assert accuracies["epoch"].tolist() == [0, 1, 2]  # as the chapter counts
    log = logs.parse((finished / "log.txt").read_text(), "semi_supervised")
    for name in ("train_accuracies", "test_accuracies"):
        np.testing.assert_array_equal(log.losses[name], accuracies[name])
    assert log.incomparable == (
        "it was trained on drawn street numbers (synthetic), the book's on SVHN")
    # 100 labelled images, 60 to test on: the accuracies are whole numbers of those.
    for name, count in (("train_accuracies", 100), ("test_accuracies", 60)):
        np.testing.assert_allclose(accuracies[name] * count,
                                   np.round(accuracies[name] * count), atol=1e-9)
    assert samples.shape == (3, 50, 32, 32, 3) and samples.dtype == np.float32
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "accuracies.png", "samples.png", "progress.png"}


@pytest.mark.parametrize("arguments, complaint", [
    (["--variant", "mended"], "--variant must be one of as_printed, corrected"),
    (["--extra-class", "2"], "--extra-class must be one of 0, 1, not 2"),
    (["--num-labels", "301"], "301 of 300 training examples can't be labelled"),
    (["--num-labels", "0"], "--num-labels must be at least 1"),
    (["--drop-rate", "1"], "--drop-rate must be below 1"),
    (["--lr-shrink", "1.1"], "--lr-shrink must be at most 1"),
    (["--supervised-only", "yes"], "unrecognized arguments: yes"),
])
def test_bad_input_is_one_line(main, capsys, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())


def test_a_run_is_resumed_with_its_own_switches_only(main, finished, monkeypatch, capsys):
    assert "--supervised-only (the run's: False, now: True)" in refusal(
        capsys, main, "--resume", "--run-dir", finished, "--supervised-only")
    asked = stopped_at_its_stepper(monkeypatch)
    monkeypatch.setattr(model, "build", lambda config: None)  # it takes long
    with pytest.raises(Stopped):
        main(["--resume", "--run-dir", str(finished), "--no-supervised-only"])
    assert asked["config"].supervised_only is False


def test_switches_reach_the_training(main, tmp_path, monkeypatch):
    asked = stopped_at_its_stepper(monkeypatch)
    monkeypatch.setattr(model, "build", lambda config: None)
    with pytest.raises(Stopped):
        main([*TINY, "--mixed-precision", "--insist", "--supervised-only", "--run-dir", str(tmp_path / "run")])
    assert asked["loop"].mixed_precision is True and asked["steps"] == 5
    assert asked["train_set"].label_mask.all()  # the labelled images, again and again
    assert len({image.tobytes() for image in asked["train_set"].arrays.train_images}) == 100


@pytest.mark.numerics
@pytest.mark.slow
@pytest.mark.parametrize("variant, supervised_only, least", [
    ("as_printed", False, 0.25), ("corrected", True, 0.45)])
def test_a_small_run_learns_to_read(variant, supervised_only, least):
    """Networks a quarter as wide read street numbers far better than chance, which is 0.1."""
    drawn = drawn_street.load(2500, 0)
    labels = drawn.labels.astype(np.int32)
    dataset = svhn.Dataset(svhn.Arrays(drawn.images[:2000], labels[:2000], drawn.images[2000:],
                                       labels[2000:]), label_mask=np.ones(2000))
    config = model.Config(variant=variant, supervised_only=supervised_only, batch_size=50,
                          learning_rate=0.001, g_size_mult=4, d_size_mult=16, drop_rate=0.1,
                          extra_class=0)
    rng = np.random.default_rng(0)
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        net = model.build(config)
        sess.run(tf.global_variables_initializer())
        for _ in range(12):
            tally = None
            for _ in range(dataset.steps(config.batch_size)):
                taken = model.step(sess, net, dataset, rng, config)
                tally = model.tally(tally, taken, seconds=1)
        report = model.report(sess, net, tally, dataset, config)
    assert report["test_accuracies"] > least, report
