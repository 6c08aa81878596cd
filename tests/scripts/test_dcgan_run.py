"""The DCGAN's script on few drawn street numbers: what a run leaves."""

import numpy as np
import pytest

import few_streets
from conftest import Stopped, load_script, refusal, stopped_at_its_stepper, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.data import svhn
from gan_tf1.generators import restore
from gan_tf1.models import dcgan_svhn as model
from gan_tf1.published import envelopes, logs
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import graph_loop, run_results

TINY = ("--paper", "--data", "street", "--batch-size", "64", "--gen-channels", "2",
        "--disc-channels", "2", "--epochs", "3")


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svhn, "load", few_streets.load)
        patch.setattr(figures, "save", unpainted)
        yield load_script("03_dcgan_svhn.py").main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run never interrupted."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*TINY, "--run-dir", str(path)])
    return path


def test_a_run_leaves_log_losses_samples_and_figures(finished):
    losses, samples = run_results.load_losses(finished), run_results.load_samples(finished)
    assert (finished / "losses.csv").read_text().splitlines()[0] == "epoch,disc_loss,gen_loss"
    assert losses["epoch"].tolist() == [1, 2, 3]
    assert (finished / "log.txt").read_text().splitlines()[1:-1] == [
        f"Epoch {epoch:.0f}/3... Discriminator Loss: {disc:.4f}... Generator Loss: {gen:.4f}"
        for epoch, disc, gen in zip(*(losses[name] for name in ("epoch", "disc_loss", "gen_loss")))]
    assert samples.shape == (3, 50, 32, 32, 3) and samples.dtype == np.float32
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png"}


@pytest.mark.parametrize("loop", ["feed", "graph"])
def test_lines_every_few_steps_have_the_losses_of_their_steps(main, finished, tmp_path, loop):
    flags = [*TINY, "--loop", loop, "--run-dir"]
    main([*flags, str(tmp_path / "each"), "--print-every", "1"])
    main([*flags, str(tmp_path / "third"), "--print-every", "3"])
    each, third = (run_results.load_losses(tmp_path / name, "printed_losses.csv") for name in ("each", "third"))
    assert each["step"].tolist() == list(range(1, 16)) and third["step"].tolist() == [3, 6, 9, 12, 15]
    for name in ("disc_loss", "gen_loss"):
        assert np.array_equal(third[name], each[name][2::3])
    assert (tmp_path / "third" / "log.txt").read_text().splitlines()[1:-1] == [
        f"Epoch {(step - 1) // 5 + 1:.0f}/3... Discriminator Loss: {disc:.4f}... Generator Loss: {gen:.4f}"
        for step, disc, gen in zip(*third.values())]
    ends = run_results.load_losses(tmp_path / "each")  # the losses after an epoch are those after its last step
    assert np.array_equal(ends["disc_loss"], each["disc_loss"][4::5])
    if loop == "feed":  # printing changes nothing else
        assert (tmp_path / "third" / "losses.csv").read_bytes() == (finished / "losses.csv").read_bytes()
    log = logs.read(tmp_path / "third" / "printed_losses.csv")
    assert log.chapter == "dcgan_svhn_steps" and log.epochs.tolist() == [3, 6, 9, 12, 15]


def test_a_printed_loss_that_is_not_finite_stops_the_run_at_its_step(main, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(model, "report", lambda *_: {"disc_loss": float("nan"), "gen_loss": 1.0})
    with pytest.raises(SystemExit) as exit_:
        main([*TINY, "--print-every", "2", "--run-dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    assert "the losses of epoch 1 are not finite (disc_loss = nan, gen_loss = 1.0)" in capsys.readouterr().err
    assert run_results.diverged(tmp_path / "run")
    assert envelopes.diverged_seeds([5], [tmp_path / "run"], "printed_losses.csv") == {5: 2}
    assert envelopes.diverged_seeds([5], [tmp_path / "run"]) == {5: 1}
    assert (tmp_path / "run" / "diagnosis.txt").read_text().startswith("Signs of divergence: disc_loss is nan")


def test_an_interrupted_run_continues_its_printed_losses(main, tmp_path, monkeypatch):
    flags = [*TINY, "--print-every", "2", "--loop", "graph", "--run-dir"]
    main([*flags, str(tmp_path / "whole")])
    report, calls = model.report, []

    def stopped(*args):
        calls.append(1)
        if len(calls) == 6:  # in the second epoch, after one of its lines
            raise Stopped
        return report(*args)

    monkeypatch.setattr(model, "report", stopped)
    with pytest.raises(Stopped):
        main([*flags, str(tmp_path / "run")])
    monkeypatch.setattr(model, "report", report)
    main([*flags, str(tmp_path / "run"), "--resume"])
    for name in ("printed_losses.csv", "losses.csv", "step_losses.csv", "log.txt"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_saved_generator_makes_the_last_samples_again(finished, untrained):
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        net = model.build(model.Config(g_size_mult=2, d_size_mult=2))
        assert restore.restore_generator(finished, net.gen_vars, sess) == 3
        sample_z = seeds.stream(0, seeds.SAMPLES).uniform(-1, 1, (50, 100))
        assert model.generate(sess, net, sample_z).tobytes() == (
            run_results.load_samples(finished)[-1].tobytes())


def test_settings_reach_the_training(main, untrained, tmp_path, monkeypatch, capsys):
    asked = stopped_at_its_stepper(monkeypatch)
    with pytest.raises(Stopped):
        main([*TINY, "--mixed-precision", "--insist", "--run-dir", str(tmp_path / "run")])
    assert asked["loop"].mixed_precision is True and asked["steps"] == 5
    assert asked["config"].epochs == 3
    capsys.readouterr()
    assert "must be one of fixed, batch_minimum" in refusal(capsys, main, "--scaling", "minimum")


def test_progress_draws_colours_as_they_are():
    samples = np.random.default_rng(0).uniform(-1, 1, (2, 6, 32, 32, 3)).astype(np.float32)
    axes = figures.progress(samples, "colours").axes
    np.testing.assert_allclose(axes[7].images[0].get_array(), (samples[1, 1] + 1) / 2, atol=1e-6)


def test_progress_has_the_stride_of_the_chapter():
    samples = np.zeros((25, 2, 32, 32, 3), np.float32)
    labels = [axes.get_ylabel() for axes in figures.progress(samples, "colours", columns=1).axes]
    assert labels == [f"epoch {number}" for number in range(1, 20, 2)]


def test_a_compiled_run_says_that_its_steps_are_slow_on_a_processor(
        main, untrained, tmp_path, monkeypatch, capsys):
    def build(*_):
        raise Stopped

    monkeypatch.setattr(graph_loop, "has_gpu_device", lambda: False)
    monkeypatch.setattr(graph_loop, "build", build)
    for flags, told in (((), 0), (("--xla",), 1)):
        with pytest.raises(Stopped):
            main([*TINY, "--loop", "graph", *flags, "--run-dir", str(tmp_path / f"run{told}")])
        assert capsys.readouterr().err.count("a step takes 2 to 10 times as long as without --xla") == told
