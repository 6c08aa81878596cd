"""CycleGAN's scripts on few drawn digits: a run, its end and going on, translating, the report."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import few_unpaired
from conftest import ROOT, load_script, refusal, unpainted, without_figures
from gan_tf1 import figures
from gan_tf1.data import drawn_digits, unpaired
from gan_tf1.experiments import stroke, translation
from gan_tf1.models import cyclegan
from gan_tf1.tf1 import tf
from gan_tf1.training import run_results
from interruption import copies, results

SCRIPT = "16_cyclegan.py"
EPOCHS, STEPS = 4, 7
TINY = ["--data", "drawn", "--load-size", "32", "--size", "32", "--no-mirror", "--channels", "2",
        "--blocks", "1", "--disc-layers", "1", "--pool-size", "5", "--epoch-steps", str(STEPS),
        "--identity-weight", "0", "--epochs", "2", "--decay-epochs", "2", "--samples", "2"]
COLUMNS = ["epoch", "disc_loss", "gen_loss", "disc_a", "disc_b", "gan_ab", "gan_ba", "cycle_a",
           "cycle_b"]
CLASSIFIER = ROOT / "checkpoints" / "mnist_classifier"
SAVE = figures.save


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpaired, "DRAWN", few_unpaired.DRAWN)
        patch.setattr(figures, "save", unpainted)
        yield load_script(SCRIPT).main


@pytest.fixture(scope="module", params=["feed", pytest.param("graph", marks=pytest.mark.slow)])
def loop(request):
    return request.param


@pytest.fixture(scope="module")
def made(main, loop, tmp_path_factory):
    """A run never interrupted, and the same run killed in the third epoch."""
    folder = tmp_path_factory.mktemp("runs")
    path = folder / loop
    with copies(path, folder, lambda moment: moment == "before save ") as moments:
        main([*TINY, "--loop", loop, "--run-dir", str(path)])
    return path, list(moments.values())[2]


@pytest.fixture(scope="module")
def finished(made):
    return made[0]


fed = pytest.mark.parametrize("loop", ["feed"], indirect=True)


def test_a_run_leaves_its_losses_samples_and_figures(finished, loop):
    losses, log = run_results.load_losses(finished), (finished / "log.txt").read_text().splitlines()
    assert list(losses) == COLUMNS and losses["epoch"].tolist() == [1, 2, 3, 4]
    assert log[0].startswith("cyclegan on drawn digits (synthetic), regular and bold, seed 0, with ")
    assert log[1:-1] == [cyclegan.log_line(epoch, 4, {name: losses[name][epoch - 1]
                                                      for name in COLUMNS[1:]})
                         for epoch in range(1, 5)]
    np.testing.assert_allclose(losses["disc_loss"], losses["disc_a"] + losses["disc_b"])
    np.testing.assert_allclose(losses["gen_loss"], sum(losses[name] for name in COLUMNS[5:]),
                               rtol=1e-5)
    samples = run_results.load_samples(finished)
    assert samples.shape == (EPOCHS, 12, 32, 32) and np.isfinite(samples).all()
    assert (samples[0, :2] == samples[-1, :2]).all() and (samples[0, 2:] != samples[-1, 2:]).any()
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png"}
    tags = [value.tag for path in (finished / "events").iterdir()
            for event in tf.train.summary_iterator(str(path)) for value in event.summary.value]
    assert tags.count("samples") == tags.count("losses/cycle_a") == EPOCHS


def test_a_pool_is_in_the_checkpoint_and_the_generators_are_kept_alone(finished):
    state = tf.train.load_checkpoint(str(finished / "state" / f"epoch_{EPOCHS:05d}"))
    pools = [state.get_tensor(f"pool_{side}") for side in "ab"]
    assert all(pool.shape == (5, 32, 32, 1) and np.abs(pool).max(axis=(1, 2, 3)).all()
               for pool in pools)
    assert state.get_tensor("global_step") == EPOCHS * STEPS
    last = tf.train.latest_checkpoint(str(finished / "generator"))
    assert {name.partition("/")[0] for name, _ in tf.train.list_variables(last)} == {
        "generator_ab", "generator_ba"}


@fed
def test_a_run_killed_within_an_epoch_and_resumed_equals_an_uninterrupted_one(main, made, tmp_path, monkeypatch):
    """The pools, which are full by then, and the decaying learning rate continue."""
    finished, killed = made
    without_figures(monkeypatch)
    cut = shutil.copytree(killed, tmp_path / "cut")
    rows = (cut / "losses.csv").read_text().splitlines()
    assert len(rows) < len((finished / "losses.csv").read_text().splitlines())
    assert {file.stem for file in (cut / "state").glob("*.json")} == {"epoch_00001", "epoch_00002"}
    main(["--resume", "--run-dir", str(cut)])
    assert results(cut) == results(finished)


@pytest.mark.parametrize("arguments, complaint", [
    (["--paper", "--data", "drawn"], "images of 32 pixels can't be resized to 286"),
    ([*TINY, "--disc-layers", "5"], "too small for --disc-layers 5"),
    ([*TINY[:-1], "64"], "test images of one set: choose --samples"),
    (["--identity-weight", "-1"], "--identity-weight must be at least 0"),
])
def test_bad_input_is_one_line_and_leaves_nothing(main, arguments, complaint, tmp_path,
                                                  monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())


# --- translating files ---

@fed
def test_files_are_translated_as_the_generators_do(
        main, finished, untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, (digits, _) = unpaired.drawn()
    for number in range(2):
        Image.fromarray(digits.images[number].reshape(28, 28)).save(f"{number}.png")
    main(["translate", "AtoB", "0.png", "1.png", "--run-dir", str(finished)])
    main(["translate", "BtoA", "0.png", "--run-dir", str(finished), "--out", "other"])
    assert capsys.readouterr().out.splitlines() == [
        *(f"checkpoints/translated-001/{number}_AtoB.png" for number in range(2)),
        "other/0_BtoA.png"]
    samples = np.rint((run_results.load_samples(finished)[-1] + 1) * 127.5).astype(np.uint8)
    for number in range(2):  # the first test images, translated after the last epoch
        found = np.asarray(Image.open(f"checkpoints/translated-001/{number}_AtoB.png"))
        assert (found == samples[2 + number]).all()


@fed
@pytest.mark.parametrize("arguments, complaint", [
    (["translate", "AtoC", "0.png"], "invalid choice: 'AtoC'"),
    (["translate", "AtoB"], "the following arguments are required: IMAGE"),
    (["translate", "AtoB", "0.png", "none.png"], "none.png can't be read"),
    (["translate", "AtoB", "0.png", "log.txt"], "log.txt can't be read"),
    (["translate", "AtoB", "0.png", "sub/0.png"], "0_AtoB.png would be overwritten"),
    (["translate", "AtoB", "1.png", "--out", "translated"],
     "--out translated holds files: name another"),
    (["translate", "AtoB", "0.png", "--run-dir", "nowhere"], "nowhere holds no run"),
    (["translate", "AtoB", "0.png", "--run-dir", str(CLASSIFIER)],
     "is a run of 'mnist_classifier', not of 'cyclegan'"),
    (["translate", "AtoB", "0.png", "--size", "32"], "unrecognized arguments: --si"),
])
def test_what_cannot_be_translated_is_one_line_and_leaves_nothing(
        main, finished, arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("0.png", "1.png", "translated/1_AtoB.png", "sub/0.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (28, 28)).save(name)
    (tmp_path / "log.txt").write_text("no image")
    before = sorted(map(str, tmp_path.rglob("*")))
    if "--run-dir" not in arguments:
        arguments = [*arguments, "--run-dir", finished]
    assert complaint in refusal(capsys, main, *arguments)
    assert sorted(map(str, tmp_path.rglob("*"))) == before


# --- what is measured ---

@pytest.fixture(scope="module")
def found():
    """A translation as it should be: digits of two sets, each become those of the other's pen."""
    drawn = drawn_digits.draw(600, 5)
    thin, thick = (np.flatnonzero(part) for part in (drawn.weight < 2.1, drawn.weight > 2.6))
    pairs = [(a, b) for digit in range(10) for a, b in zip(thin[drawn.labels[thin] == digit],
                                                          thick[drawn.labels[thick] == digit])]
    a, b = (drawn.images[list(side)].reshape(-1, 784) / 255 for side in zip(*pairs))
    labels = drawn.labels[[a for a, _ in pairs]]
    return translation.Way(a, b, a, labels), translation.Way(b, a, b, labels)


def test_the_report_tells_a_translation_from_a_way_that_changes_nothing(found, monkeypatch):
    gauge = stroke.Gauge(1., 0.5, 0.9, 0.1, 10)
    monkeypatch.setattr(stroke, "gauge", lambda: gauge)
    lines = list(translation.report(found, ("regular", "bold"), CLASSIFIER))
    thin, thick = (stroke.weight(gauge, way.before) for way in found)
    change = f"{(thick - thin).mean():+.2f}"
    [there] = [line for line in lines if line.startswith("regular to bold: ")]
    assert there.startswith(f"regular to bold: {change} (") and there.endswith(
        f"differ by {change}")
    [rows] = [[line for line in lines if line.startswith(name)] for name in ("regular   ",)]
    assert rows[0].split()[1:3] == [str(len(thin)), f"{thin.mean():.2f}"]
    away = np.abs(found[0].after - found[0].before).mean()
    assert sum("back ends +0.00 (" in line and "mean error is 0.000, " in line
               and line.endswith(f"against {away:.3f} after one way") for line in lines) == 2
    same = [way._replace(after=way.before) for way in found]
    lines = list(translation.report(same, ("regular", "bold"), CLASSIFIER))
    assert any(line.startswith("bold to regular: +0.00 (") for line in lines)
    assert sum("correctly, 100.0 % (" in line and "and 100.0 % (" in line for line in lines) == 2


def test_digits_that_are_lost_are_told(found, monkeypatch):
    monkeypatch.setattr(stroke, "gauge", lambda: stroke.Gauge(1., 0.5, 0.9, 0.1, 10))
    lost = [way._replace(after=np.zeros_like(way.after)) for way in found]
    lines = list(translation.report(lost, ("regular", "bold"), CLASSIFIER))
    shares = [float(line.split("correctly, ")[1].split("%")[0]) for line in lines
              if "correctly" in line]
    assert len(shares) == 2 and max(shares) < 40


@fed
def test_the_report_of_a_run(finished, untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "save", SAVE)
    report = load_script("cyclegan_report.py")
    held_out_first = unpaired.drawn()[::-1]
    pens = [unpaired.Pens(*map(np.concatenate, zip(*parts))) for parts in zip(*held_out_first)]
    monkeypatch.setattr(stroke, "gauge", lambda: stroke.Gauge(1., 0.5, 0.9, 0.1, 10))
    monkeypatch.setattr(unpaired, "drawn", lambda: (None, pens))  # few are held out
    report.main([str(finished), "--samples", "100", "--out", str(tmp_path / "report.png")])
    out = capsys.readouterr().out
    assert f"cyclegan ({finished}) on drawn digits (synthetic), regular and bold, seed 0" in out
    assert out.splitlines()[-1] == str(tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"
    way = next(translation.ways(finished, pens, 100))
    samples = run_results.load_samples(finished)[-1]
    np.testing.assert_allclose(way.after[:2].reshape(2, 28, 28) * 2 - 1, samples[2:4, 2:-2, 2:-2],
                               atol=0.01)
    np.testing.assert_array_equal(way.before, pens[0].images[:100] / 255)


@fed
def test_the_report_refuses_other_runs(finished, tmp_path, capsys):
    report = load_script("cyclegan_report.py").main
    assert "--samples must be at least 100" in refusal(capsys, report, finished, "--samples", "5")
    assert "must end in .png" in refusal(capsys, report, finished, "--out", "a.gif")
    assert "not of 'cyclegan'" in refusal(capsys, report, CLASSIFIER)
    copy = tmp_path / "copy"
    copy.mkdir()
    stored = json.loads((finished / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**stored, "data": "folder"}))
    assert "give a run of --data drawn" in refusal(capsys, report, copy)
    (copy / "config.json").write_text(json.dumps(stored))
    assert "holds no generator" in refusal(capsys, report, copy)
