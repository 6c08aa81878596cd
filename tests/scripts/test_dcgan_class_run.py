"""The DCGAN class's script on few drawn digits: what a run leaves."""

import numpy as np
import pytest

import few_digits
from conftest import load_script, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.config import flag
from gan_tf1.data import digits
from gan_tf1.generators import restore
from gan_tf1.models import dcgan_class as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_results

SETTINGS = dict(epochs=6, batch_size=120, z_dim=5, gen_channels=2, disc_channels=2, samples=8)
TINY = ["--data", "drawn", *(part for name, value in SETTINGS.items()
                             for part in (flag(name), str(value)))]


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        patch.setattr(figures, "save", unpainted)
        yield load_script("12_dcgan_class.py").main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run never interrupted, of 6 epochs of 3 steps; 40 images are left over in the first."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*TINY, "--run-dir", str(path)])
    return path


def test_a_run_leaves_a_line_and_a_row_an_epoch(finished):
    losses = run_results.load_losses(finished)
    assert list(losses) == ["epoch", "disc_loss", "gen_loss"]
    assert losses["epoch"].tolist() == list(range(1, 7))
    first, *lines, _ = (finished / "log.txt").read_text().splitlines()
    assert first.startswith("dcgan_class on drawn digits (synthetic), seed 0, with variant corrected, epochs 6, ")
    assert lines == [
        f"Epoch {epoch:.0f}/6... Discriminator Loss: {disc:.4f} Generator Loss: {gen:.4f}"
        for epoch, disc, gen in zip(*losses.values())]


def test_losses_are_means_over_the_epochs_three_steps(finished):
    config, data = model.Config(**SETTINGS), few_digits.load(seed=0)
    rng, means = seeds.stream(0, seeds.STEPS), []
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        for _ in range(2):
            steps = [model.step(sess, gan, data.train, rng, config) for _ in range(3)]
            means.append(np.mean(steps, axis=0, dtype=np.float64))
    losses = run_results.load_losses(finished)
    np.testing.assert_allclose(np.transpose(means)[:, :2], [
        losses["disc_loss"][:2], losses["gen_loss"][:2]], rtol=1e-12)


def test_a_run_leaves_samples_and_figures(finished):
    samples = run_results.load_samples(finished)
    assert samples.shape == (6, 8, 784) and samples.dtype == np.float32
    assert -1 <= samples.min() and samples.max() <= 1
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png"}


def test_figures_are_as_wide_as_the_articles_and_say_what_the_losses_are(
        main, finished, monkeypatch):
    drawn = {}
    monkeypatch.setattr(figures, "save", lambda figure, path: drawn.update({path.stem: figure}))
    main(["--resume", "--run-dir", str(finished)])
    assert drawn["losses"].axes[0].get_ylabel() == "mean loss of the epoch's steps (nats)"
    assert drawn["samples"].get_size_inches()[0] == 12
    [picture] = drawn["samples"].axes[0].images
    assert picture.get_array().shape == (30, 8 * 30)  # 8 columns of 28 pixels and a margin


def test_the_saved_generator_makes_the_last_samples_again(finished, untrained):
    config = model.Config(**SETTINGS)
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        assert restore.restore_generator(finished, gan.gen_vars, sess) == 6
        again = model.sample(sess, gan, seeds.stream(0, seeds.SAMPLES), 8, config)
        assert again.tobytes() == run_results.load_samples(finished)[-1].tobytes()


def test_a_loss_that_is_not_finite_stops_the_run(main, tmp_path, monkeypatch, capsys):
    """As `--variant as_printed` may end: one step is enough, however many the mean is over."""
    original, steps = model.step, []

    def step(sess, gan, train_set, rng, config):
        d_loss, g_loss = original(sess, gan, train_set, rng, config)
        steps.append(d_loss)
        return np.inf if len(steps) > 4 else d_loss, g_loss

    monkeypatch.setattr(model, "step", step)
    with pytest.raises(SystemExit) as exit_:
        main([*TINY, "--variant", "as_printed", "--run-dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    assert "are not finite (disc_loss = inf" in capsys.readouterr().err
