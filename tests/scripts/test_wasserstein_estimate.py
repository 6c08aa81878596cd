"""The critic's estimate against the samples: bias, correlation, the table, and what is refused."""

import json
import re

import numpy as np
import pytest
from scipy import stats

import few_digits
from conftest import load_script, refusal, unpainted
from gan_tf1 import figures
from gan_tf1.data import digits
from gan_tf1.evaluation import classifier_metrics as metrics
from gan_tf1.training import run_figures

INTERVALS, EACH, COUNT = 12, 4, 100
SAVE = figures.save


@pytest.fixture(scope="module")
def script():
    """The script, with fewer resamples."""
    script = load_script("wasserstein_estimate.py")
    script.RESAMPLES = 200
    return script


@pytest.fixture
def main(script, monkeypatch, tmp_path, untrained):
    """The script, on few digits and with empty figures, in a folder of its own."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(figures, "save", unpainted)
    monkeypatch.chdir(tmp_path)
    return script.main


def a_run(path, estimate, gen_loss, images, chapter="wasserstein_gan", interval=EACH, header=None):
    """A finished run directory: `estimate` and `gen_loss` [iterations], `images` [E, n, 784]."""
    path.mkdir()
    (path / "figures").mkdir()
    (path / "config.json").write_text(json.dumps({
        "chapter": chapter, "settings": {"sample_interval": interval}, "data": "drawn",
        "data_title": "drawn digits (synthetic)", "data_crc32": "", "data_dir": None, "seed": 6,
        "sample_shape": list(images.shape[1:])}))
    rows = [f"{step},0.5,{g!r},{e!r}" for step, (g, e) in enumerate(zip(gen_loss, estimate))]
    (path / "losses.csv").write_text("\n".join([header or "step,disc_loss,gen_loss,estimate",
                                                *rows]) + "\n")
    np.savez(path / "samples.npz", samples=images.astype(np.float32))
    return path


def improving():
    """`INTERVALS` of digits in the range of tanh, with less noise in each."""
    real = few_digits.load().train.images[:COUNT] * 2 - 1
    noise = np.random.default_rng(0).uniform(-1, 1, real.shape)
    shares = np.linspace(0.9, 0, INTERVALS)
    return np.stack([share * noise + (1 - share) * real for share in shares])


def in_steps(values):
    """A column that has each of `values` as the mean of an interval, and noise about it."""
    return (np.repeat(values, EACH) + np.tile([-3, 1, -1, 3], len(values))).tolist()


# --- the statistics ---

def test_half_of_the_samples_tell_the_bias(script):
    """Of draws of one normal distribution the distance is all bias, and the estimate finds it."""
    rng = np.random.default_rng(0)
    known = np.zeros(20), np.eye(20)
    found = np.array([script.distance_and_bias(rng.normal(size=(count, 20)), known)
                      for count in (200, 800) for _ in range(20)]).reshape(2, 20, 2).mean(axis=1)
    for distance, bias in found:
        assert bias == pytest.approx(distance, rel=0.12)
    assert found[0, 0] == pytest.approx(4 * found[1, 0], rel=0.12)  # c / n
    features = rng.normal(size=(50, 20)) + 1
    assert script.distance_and_bias(features, known)[0] == metrics.frechet_distance(
        *metrics.gaussian(features), *known)


def test_an_estimate_is_the_mean_of_the_last_iterations(script):
    column = np.arange(600.)
    assert script.smoothed(column, 300).tolist() == [249.5, 549.5]
    assert script.smoothed(column, 60).tolist() == [60 * number + 29.5 for number in range(10)]


def test_correlation_is_of_ranks_with_an_interval(script):
    rng = np.random.default_rng(0)
    x = rng.normal(size=64)
    assert script.correlation(x, np.exp(x), rng) == pytest.approx((1, 1, 1))
    assert script.correlation(x, -x ** 3, rng) == pytest.approx((-1, -1, -1))
    rho, low, high = script.correlation(x, x + rng.normal(size=64), rng)
    assert 0.3 < low < rho < high < 0.95
    assert script.correlation(x, x ** 2, np.random.default_rng(1)) == script.correlation(
        x, x ** 2, np.random.default_rng(1))


def test_intervals_of_curves_whose_neighbours_are_alike_are_wide(script):
    """Each value four times over: 64 points that know no more than 16."""
    rng, widths = np.random.default_rng(2), []
    for _ in range(5):
        alone, alike = (script.correlation(*pair, rng) for pair in (
            rng.normal(size=(2, 64)), np.repeat(rng.normal(size=(2, 16)), 4, axis=1)))
        widths.append((alone[2] - alone[1], alike[2] - alike[1]))
    alone, alike = np.mean(widths, axis=0)
    assert alike > 1.5 * alone


# --- a run ---

def correlations(out):
    """name -> (correlation,), or (correlation, low, high) for the changes, as printed."""
    return {name.strip(): tuple(float(number) for number in numbers if number) for name, *numbers in re.findall(
        r"^(\D+?) +(-?\d\.\d+)(?:  \((-?\d\.\d+) to (-?\d\.\d+)\))?$", out, re.MULTILINE)}


def test_an_estimate_that_falls_with_the_distance(main, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "save", SAVE)
    falling = 30 - np.cumsum(np.random.default_rng(4).uniform(0.5, 3, INTERVALS))
    path = a_run(tmp_path / "run", in_steps(falling), in_steps(-falling), improving())
    main([str(path)])
    out = capsys.readouterr().out
    assert f"wasserstein_gan ({path}) on drawn digits (synthetic), data_crc32 , seed 6, judged by " \
           "mnist_classifier: 100 samples of each interval" in out
    rows = [line.split() for line in out.splitlines() if re.match(r" +\d+ +\d", line)]
    iterations, estimate, distance = np.array(rows, float).T
    assert iterations.tolist() == list(range(4, 49, 4))
    np.testing.assert_allclose(estimate, falling, rtol=1e-3)
    assert (np.diff(distance) < 0).all() and distance[0] > 20 * distance[-1] > 0
    real, low, high = map(float, re.search(r"of 100 test images: (\S+); bias of the samples': "
                                           r"(\S+) to (\S+)", out).groups())
    assert 0 < real < 0.2 * distance[0] and low < high < 0.2 * distance[0]
    table = correlations(out)
    assert list(table) == ["estimate", "estimate, unbiased distance", "generator's loss",
                           "estimate, changes"]
    # Curves with a trend have no interval.
    assert table["estimate"] == table["estimate, unbiased distance"] == (1,)
    assert table["generator's loss"] == (-1,)
    changes = stats.spearmanr(np.diff(falling), np.diff(distance)).statistic
    assert table["estimate, changes"][0] == pytest.approx(changes, abs=0.01) and changes < 0.9
    assert out.splitlines()[-1] == "checkpoints/estimate-001.png"
    assert (tmp_path / "checkpoints" / "estimate-001.png").read_bytes()[:4] == b"\x89PNG"
    assert not list((path / "figures").iterdir())


def test_an_estimate_that_says_nothing(main, tmp_path, capsys):
    values = np.random.default_rng(1).permutation(INTERVALS)
    a_run(tmp_path / "run", in_steps(values), in_steps(values), improving(), "wasserstein_gan_gp")
    main(["run", "--out", "elsewhere.png"])
    table = correlations(capsys.readouterr().out)
    assert abs(table["estimate"][0]) < 0.6
    rho, low, high = table["estimate, changes"]
    assert low < 0 < high and low <= rho <= high
    assert (tmp_path / "elsewhere.png").exists()
    assert not list((tmp_path / "run" / "figures").iterdir())


def test_intervals_after_an_iteration(main, tmp_path, capsys):
    """The first two of twelve are left out, and with them what made the correlation negative."""
    values = np.concatenate([[-50, -60], np.linspace(8, 2, INTERVALS - 2)])
    a_run(tmp_path / "run", in_steps(values), in_steps(values), improving())
    main(["run", "--after", "8"])
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if re.match(r" +\d+ +\d", line)] == [
        str(number) for number in range(12, 49, 4)]
    assert correlations(out)["estimate"] == (1,)


def test_the_figure_shows_both_curves_and_their_points():
    figure = figures.estimate_and_distance(np.array([5, 10, 15]), np.array([3., 2, 2.5]),
                                           np.array([90., 50, 20]), 4.5, (0.5, 0.2, -0.25, 1), "a $run_")
    curve, scatter, other, _ = figure.axes
    assert curve.lines[0].get_xydata().tolist() == [[5, 3], [10, 2], [15, 2.5]]
    assert other.lines[0].get_xydata().tolist() == [[5, 90], [10, 50], [15, 20]]
    assert set(other.lines[1].get_ydata()) == {4.5}
    assert scatter.collections[0].get_offsets().tolist() == [[90, 3], [50, 2], [20, 2.5]]
    assert scatter.get_title() == "Spearman's correlation 0.50,\nof changes 0.20 (95 % interval -0.25 to 1.00)"


def test_a_runs_own_figures_show_a_hundred_of_its_samples(tmp_path, monkeypatch):
    path = a_run(tmp_path / "run", [1., 2.], [3., 4.], np.zeros((2, 150, 784)), interval=1)
    shown = []
    for name in ("sample_grid", "loss_curves"):
        monkeypatch.setattr(figures, name, lambda *given, draw=getattr(figures, name): (
            shown.append((given, draw(*given))) or shown[-1][1]))
    run_figures.of_run(path, "a run", loss_label="loss (the critic's units)")
    (_, losses), ((images, *_), _) = shown
    assert losses.axes[0].get_ylabel() == "loss (the critic's units)"
    assert len(images) == 100
    rows = np.linspace(-1, 1, 150)[:, None] * np.ones(784)
    assert figures.grid_png(rows) == figures.grid_png(rows[:100]) != figures.grid_png(rows[:90])


# --- what is refused ---

def some(intervals=INTERVALS, count=COUNT, value=0.):
    return np.full((intervals, count, 784), value)


VARIED = in_steps(np.arange(INTERVALS))


@pytest.mark.parametrize("changes, complaint", [
    (dict(chapter="vanilla_gan"), "is a run of 'vanilla_gan', which has no critic"),
    (dict(header="step,disc_loss,gen_loss,distance"), "losses.csv has no column estimate"),
    (dict(images=some(count=16)), "has 16 samples of each interval, too few to judge them: begin "
                                  "a run with --samples 1000"),
    (dict(images=some(8), estimate=VARIED[:32]), "has 8 intervals after iteration 0, and 10 are"),
    (dict(images=some(11)), "losses.csv has 48 iterations, samples.npz 11 intervals of 4"),
    (dict(images=some(value=1.5)), "values from 1.5 to 1.5: outside of the range from -1 to 1"),
    (dict(images=some(value=np.nan)), "samples that are not finite"),
    (dict(estimate=[*VARIED[:-1], float("nan")]), "has a column that is constant, or not finite"),
    (dict(gen_loss=in_steps(np.ones(INTERVALS))), "has a column that is constant"),
    (dict(images=np.zeros((INTERVALS, COUNT, 5))), r"of shape [100, 5]"),
])
def test_runs_that_cannot_be_judged_are_refused(main, tmp_path, capsys, changes, complaint):
    run = dict(estimate=VARIED, gen_loss=VARIED, images=some()) | changes
    a_run(tmp_path / "run", **run)
    assert complaint in refusal(capsys, main, "run")


@pytest.mark.parametrize("arguments, complaint", [
    ([], "the following arguments are required: RUN"),
    (["nowhere"], "nowhere holds no run"),
    (["run", "--out", "estimate.pdf"], "--out estimate.pdf must end in .png"),
    (["run"], "run is not finished: go on with --resume"),
    (["run", "--after", "-1"], "'-1' is not a whole number"),
    (["run", "--seed", "-1"], "'-1' is not a whole number"),
])
def test_bad_input_is_one_line(main, tmp_path, capsys, arguments, complaint):
    (a_run(tmp_path / "run", VARIED, VARIED, some()) / "samples.npz").unlink()
    assert complaint in refusal(capsys, main, *arguments)


def test_what_leaves_too_few_intervals_is_refused(main, tmp_path, capsys):
    a_run(tmp_path / "run", VARIED, VARIED, some())
    assert "run has 9 intervals after iteration 12, and 10 are needed: give a smaller --after" in (
        refusal(capsys, main, "run", "--after", "12"))


def test_a_classifier_that_is_none_is_refused(main, tmp_path, capsys):
    a_run(tmp_path / "run", VARIED, VARIED, some())
    assert "run is a run of 'wasserstein_gan', not of the classifier" in refusal(
        capsys, main, "run", "--classifier", "run")
