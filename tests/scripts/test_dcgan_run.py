"""The DCGAN's script on few drawn street numbers: what a run leaves."""

import numpy as np
import pytest

import few_streets
from conftest import Stopped, load_script, refusal, stopped_at_its_stepper, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.data import svhn
from gan_tf1.generators import restore
from gan_tf1.models import dcgan_svhn as model
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


def test_progress_can_show_the_last_of_25_epochs():
    samples = np.zeros((25, 2, 32, 32, 3), np.float32)
    labels = [axes.get_ylabel() for axes in figures.progress(samples, "colours", columns=1).axes]
    assert labels == [f"epoch {number}" for number in range(1, 20, 2)]  # the chapter's stride
    labels = [axes.get_ylabel() for axes in figures.progress(samples, "colours", columns=1, epochs=[0, 12, 24]).axes]
    assert labels == ["epoch 1", "epoch 13", "epoch 25"]


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
