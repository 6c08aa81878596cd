"""Replays: figure 6.5 over a training, and the modes that samples are drawn beside."""

import numpy as np
import pytest

import few_digits
from conftest import load_script, refusal, without_figures
from gan_tf1.data import digits, mixtures, two_cities
from gan_tf1.experiments import theory
from gan_tf1.generators import sample_files
from gan_tf1.models import gan_1d, mnist_gan
from gan_tf1.report import sprites, stages_page, targets
from gan_tf1.training import run_results, training
from test_report import Elements, document, floats

SHORT = gan_1d.Config(partial_steps=3, converging_steps=5, guided_steps=3, iterations=4, batch_size=32)


def test_a_replay_passes_through_the_stages_of_the_figure():
    """Looking at a training does not change it."""
    ends = theory.stages(0, SHORT)
    frames = list(theory.replay(0, SHORT, lambda number, count: True))
    assert [(frame.letter, frame.number) for frame in frames] == [
        (letter, number) for letter, count in zip("abcd", (3, 5, 3, 4)) for number in range(1, count + 1)]
    for end, frame in zip(ends, (frame for frame in frames if frame.number == frame.count), strict=True):
        for one, other in zip(end, frame):
            assert np.array_equal(one, other)
    assert not np.array_equal(frames[0].disc, frames[1].disc)
    assert np.array_equal(frames[0].gen, frames[7].gen) and not np.array_equal(frames[8].gen, frames[9].gen)


def test_frames_are_closest_together_at_the_beginning_of_a_stage():
    shown = [number for number in range(1, 2001) if theory.often(number, 2000)]
    assert shown[:3] == [1, 2, 3] and shown[-1] == 2000 and 20 < len(shown) <= theory.FRAMES
    assert [number for number in range(1, 16) if theory.often(number, 15)] == list(range(1, 16))


def test_the_script_writes_the_replay_beside_the_figures(monkeypatch, tmp_path, capsys):
    begun, asked = list(theory.replay(0, SHORT, lambda number, count: number == 1)), []
    monkeypatch.setattr(theory, "draw_all", lambda seed, out, record: asked.append(record) or begun)
    script = load_script("17_gan_objectives.py")
    script.main(["theory", "--out", str(tmp_path / "out"), "--record"])
    file = tmp_path / "out" / "stages.html"
    assert asked == [True] and capsys.readouterr().out == f"{file}\n"
    text = file.read_text()
    data = document(text)
    assert [frame["stage"][:3] for frame in data["frames"]] == ["(a)", "(b)", "(c)", "(d)"]
    x = floats(data["x"])
    assert abs(floats(data["frames"][0]["gen"]).sum() * np.diff(x[:2])[0] - 1) < 0.02
    assert np.isnan(floats(data["frames"][0]["optimum"])).any()
    assert "Figure 6.5, computed and moving, seed 0" in Elements(text).text and len(text) < 1e6
    script.main(["theory", "--out", str(tmp_path / "other")])
    assert asked == [True, False] and not (tmp_path / "other" / "stages.html").exists()


def test_points_are_drawn_beside_the_modes_of_their_data():
    for key in mixtures.CHOICES:
        modes = targets.of_data(key)
        drawn = mixtures.drawn(key, 400, np.random.default_rng(0))
        nearest = np.linalg.norm(drawn[:, None] - modes.means, axis=2).min(axis=1)
        assert nearest.max() < 5 * modes.deviation
        sheet = sprites.sheet(drawn[None] / 10, modes=modes)  # points that have not found the modes yet
        assert sheet.reach > np.abs(modes.means).max()
        assert np.array_equal(sprites.packed(sheet)["targets"]["means"], modes.means)
    modes, data = targets.of_data(two_cities.KEY), two_cities.load(0, 5000).train
    for city in (0, 1):
        own = data.points[data.labels == city]
        assert abs(own.mean() - modes.means[city]) < 0.02 and abs(own.std() - modes.deviation) < 0.01
    assert targets.of_data("mnist") is None


def test_a_page_of_stages_keeps_numbers_that_are_not_finite(tmp_path):
    [stage, *_] = theory.replay(0, SHORT, lambda number, count: number == 1)
    stage = stage._replace(mapped=np.full_like(stage.mapped, np.nan))
    data = document(stages_page.write([stage], "a <b> & c", tmp_path / "stages.html").read_text())
    assert np.isnan(floats(data["frames"][0]["mapped"])).all()


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """A function that runs the first chapter's script on few digits, and returns its run directory."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    without_figures(monkeypatch)

    def trained(name, *flags):
        load_script("01_mnist_gan.py").main(["--run-dir", str(tmp_path / name), *flags])
        return tmp_path / name

    return trained


def test_a_recorded_run_is_the_same_run_can_be_interrupted_and_ends_with_its_report(trained, monkeypatch, capsys):
    """It is interrupted after it has recorded its second epoch, before the checkpoint."""
    plain = trained("plain", "--epochs", "2")
    keep = training.Training.keep_fixed

    def interrupted(self, images):
        keep(self, images)
        if self._epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(training.Training, "keep_fixed", interrupted)
        trained("recorded", "--epochs", "2", "--record")
    capsys.readouterr()
    recorded = trained("recorded", "--resume", "--report")
    assert capsys.readouterr().out.endswith(f"{recorded / 'report.html'}\n")
    assert "Diagnosis. Too short" in Elements((recorded / "report.html").read_text()).text

    for name in ("losses.csv", "samples.npz"):
        assert (recorded / name).read_bytes() == (plain / name).read_bytes()
    fixed = run_results.fixed_so_far(recorded)
    assert fixed.shape == (2, 16, 784) and run_results.fixed_so_far(plain).shape == (0, 16, 784)
    last, epoch = sample_files.draw(recorded, mnist_gan, 16, 0)  # of the same latent vectors
    assert epoch == 2 and np.abs(last - fixed[1]).max() < 1e-5 < np.abs(last - fixed[0]).max()
    [run] = document((recorded / "report.html").read_text())["runs"]
    assert run["fixed"] and run["total"] == 2 and run["generator"]
    assert not (plain / "report.html").exists() and not (plain / run_results.FIXED).exists()
    assert "record (the run's: None, now: True)" in refusal(
        capsys, load_script("01_mnist_gan.py").main, "--resume", "--record", "--run-dir", plain)
