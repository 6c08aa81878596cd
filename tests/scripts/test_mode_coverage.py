"""The table of modes: which runs it makes, what goes on after a stop, what it tells and refuses."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest

import few_digits
from conftest import load_script, refusal, stopped_at
from gan_tf1.data import digits
from gan_tf1.evaluation import classifier, mode_coverage
from gan_tf1.experiments import captured_modes
from gan_tf1.training import run_config, run_results

FLAGS = ["--iterations", "20", "--sample-interval", "10", "--batch-size", "8", "--gen-hidden-size",
         "4", "--disc-hidden-size", "3", "--pieces", "2", "--train-points", "100", "--samples",
         "40"]
COMMAND = ["--data", "ring", "grid", "--packing", "2", "--seeds", "3", "4", "--jobs", "1", "--",
           *FLAGS]


@pytest.fixture(scope="module")
def script():
    return load_script("mode_coverage.py")


@pytest.mark.slow
def test_a_table_of_two_mixtures_goes_on_after_a_stop(script, in_process, tmp_path, capsys):
    out = tmp_path / "out"
    names = [f"{data}-packing-2-seed-{seed}" for seed in (3, 4) for data in ("ring", "grid")]
    with stopped_at(names[2]):
        script.main(["--out", str(out), *COMMAND])
    assert in_process[:2] == names[:2] and names[2] not in in_process
    assert not (out / "mode_coverage.csv").exists()
    script.main(["--out", str(out), *COMMAND])
    assert sorted(in_process) == sorted(names)  # completed runs are skipped

    with open(out / "mode_coverage.csv") as file:
        assert file.readline().startswith("# data: a ring of 8 Gaussians")
        rows = list(csv.DictReader(file))
    assert [(row["data"], row["packing"], row["seed"]) for row in rows] == [
        (data, "2", seed) for data in ("ring", "grid") for seed in "34"]
    for row in rows:
        path = out / "runs" / "{data}-packing-{packing}-seed-{seed}".format(**row)
        losses = run_results.load_losses(path)
        assert int(row["modes"]) == losses["modes"][-1]
        assert float(row["reverse_kl"]) == pytest.approx(losses["reverse_kl"][-1], rel=1e-5)
    text = (out / "mode_coverage.txt").read_text().splitlines()
    assert text[0] == ("# modes captured by GANs after 20 iterations; mean +- standard error over "
                       "the seeds 3-4")
    assert text[1].startswith("# command: mode_coverage.py ") and '"packing": 2' in text[2]
    assert [line.partition("  ")[0] for line in text[text.index("") + 2:]] == [  # below the head of the table
        "ring, PacGAN2", "- PacGAN paper", "grid, PacGAN2", "- PacGAN paper"]
    assert (out / "mode_coverage.png").read_bytes()[:4] == b"\x89PNG"
    settings = [run_config.read_config(out / "runs" / name) for name in names]
    assert [one["settings"]["packing"] for one in settings] == 4 * [2]
    assert [one["seed"] for one in settings] == [3, 3, 4, 4]
    assert all(one["loop"]["loop"] == "graph" for one in settings)

    capsys.readouterr()
    assert "holds runs of another command" in refusal(
        capsys, script.main, "--out", out, *COMMAND[:-1], "41")


def test_a_mixture_that_diverges_is_a_failed_training_and_no_bad_input(tmp_path, capsys):
    """By their losses, or by their points alone: the last step's update came after its losses."""
    with pytest.raises(SystemExit) as exit_:
        load_script("19_mixture_gan.py").main([
            *FLAGS, "--learning-rate", "1e37", "--run-dir", str(tmp_path / "run")])
    assert exit_.value.code == 1
    assert "are not finite" in capsys.readouterr().err and run_results.diverged(tmp_path / "run")


@pytest.mark.slow
def test_runs_that_diverge_are_counted_and_not_repeated(script, in_process, tmp_path, capsys):
    out, command = tmp_path / "out", ["--data", "ring", "--packing", "1", "2", "--seeds", "3-4",
                                      "--jobs", "1", "--", *FLAGS, "--learning-rate", "1e37"]
    script.main(["--out", str(out), *command])
    assert len(in_process) == 4
    table = [line for line in (out / "mode_coverage.txt").read_text().splitlines()
             if line.startswith("ring")]
    assert [line.split() for line in table] == [
        [*name.split(), "2", "0.0", "+-", "0.0", "0.0", "+-", "0.0", "-", "2", "diverged"]
        for name in ("ring, plain GAN", "ring, PacGAN2")]
    rows = (out / "mode_coverage.csv").read_text().splitlines()
    assert rows[2:] == [f"ring,{packing},{seed},0,0,nan" for packing in (1, 2) for seed in (3, 4)]
    assert (out / "mode_coverage.png").read_bytes()[:4] == b"\x89PNG"
    script.main(["--out", str(out), *command])
    assert len(in_process) == 4


def test_the_mean_reverse_kl_is_of_the_runs_that_did_not_diverge():
    counted = [captured_modes.DIVERGED, mode_coverage.Counted(6, 0.9, 0.4), mode_coverage.Counted(6, 0.9, 0.2)]
    ours = list(captured_modes.table([captured_modes.Row("grid", 7, [], counted)]))[1]
    assert ours.split()[2:] == ["3", "4.0", "+-", "2.0", "60.0", "+-", "30.0", "0.30", "+-", "0.10",
                                "1", "diverged"]


def test_trainings_are_compiled_for_mixtures_and_not_for_images(script):
    args = SimpleNamespace(flags=["--x", "1"], data_dir="data")
    runs = [script.wanted(args, "grid", 2, 7), script.wanted(args, "stacked", 1, 0)]
    assert [(run.script, run.name, list(map(str, run.flags))) for run in runs] == [
        ("19_mixture_gan.py", "grid-packing-2-seed-7", [
            "--packing", "2", "--loop", "graph", "--data", "grid", "--seed", "7", "--xla", "--x",
            "1"]),
        ("20_stacked_mnist_gan.py", "stacked-packing-1-seed-0", [
            "--packing", "1", "--loop", "graph", "--data", "mnist", "--seed", "0", "--data-dir",
            "data", "--x", "1"])]


def test_stacked_digits_are_read_channel_by_channel(script, in_process, tmp_path, monkeypatch,
                                                    capsys):
    """In place of the generator's, images of known digits: red 1, green 2, blue the image's."""
    labels = np.array([[1, 2, number % 4] for number in range(20)])

    def judged(path, channels):
        assert bool(channels) == bool(in_process)  # once before the training, and after it
        found = []
        for channel, images in enumerate(channels):
            assert images.shape == (20, 784)
            np.testing.assert_allclose(images, labels[:, channel:channel + 1] / 10 * np.ones(784),
                                       atol=1e-6)
            found.append((np.eye(10)[labels[:, channel]], None))
        return found

    def draw(path, model, count, seed):
        assert count == 20 and seed == 5
        return np.broadcast_to(2 * labels[:, None, None] / 10 - 1, (20, 28, 28, 3)), 1

    monkeypatch.setattr(script.sample_files, "judged", judged)
    monkeypatch.setattr(script.sample_files, "draw", draw)
    out = tmp_path / "out"
    original = few_digits.load
    monkeypatch.setattr(digits, "load", lambda *given, **named: original())
    script.main(["--out", str(out), "--data", "stacked", "--packing", "1", "--seeds", "5", "--jobs",
                 "1", "--", "--iterations", "2", "--sample-interval", "1", "--batch-size", "2",
                 "--channels", "1", "--z-size", "3", "--samples", "4", "--counted", "20"])
    rows = (out / "mode_coverage.csv").read_text().splitlines()
    assert rows[1:] == ["data,packing,seed,modes,high_quality,reverse_kl",
                    f"stacked,1,5,4,nan,{np.log(250):.6g}"]
    assert "stacked, plain GAN" in (out / "mode_coverage.txt").read_text()
    assert (out / "mode_coverage.png").read_bytes()[:4] == b"\x89PNG"


def test_the_table_has_means_standard_errors_and_what_is_published():
    counted = [mode_coverage.Counted(6, 0.9, 0.4), mode_coverage.Counted(8, 0.8, 0.2)]
    head, ours, veegan, pacgan = captured_modes.table([captured_modes.Row("ring", 1, [], counted)])
    assert ours.split() == ["ring,", "plain", "GAN", "2", "7.0", "+-", "1.0", "85.0", "+-", "5.0",
                            "0.30", "+-", "0.10"]
    # Without an error nothing is apart.
    assert veegan.split() == ["-", "VEEGAN", "paper", "1.0", "99.3", "-", "-,", "-,", "-"]
    # 0.7 modes apart, the root of 1^2 + 0.5^2 being 1.12; 13.2 %, of 5^2 + 0.2^2 5.00; and 0.15,
    # of 0.1^2 + 0.09^2 0.135.
    assert pacgan.split() == ["-", "PacGAN", "paper", "6.3", "+-", "0.5", "98.2", "+-", "0.2", "0.45",
                              "+-", "0.09", "0.6,", "2.6,", "1.1"]
    counted = [mode_coverage.Counted(999, np.nan, 0.4)]
    _, ours, theirs = captured_modes.table([captured_modes.Row("stacked", 2, [], counted)])
    assert ours.split()[2:] == ["1", "999.0", "-", "0.40"]
    assert theirs.split()[3:] == ["1000.0", "+-", "0.0", "-", "0.06", "+-", "0.01", "-,", "-,",
                                  "-"]


def test_a_row_that_nobody_published_stands_alone():
    lines = list(captured_modes.table([captured_modes.Row("grid", 7, [], [mode_coverage.Counted(6, 0.9, 0.4)])]))
    assert len(lines) == 2 and "PacGAN7" in lines[1] and "+-" not in lines[1]


@pytest.mark.parametrize("arguments, complaint", [
    (["--data", "ring", "ring"], "--data has a value twice"),
    (["--seeds", "1", "1"], "argument --seeds: 1 must be given once"),
    (["--packing", "2", "2"], "--packing has a value twice"),
    (["--packing", "0"], "--packing must be at least 1, not 0"),
    (["--packing", "1", "17"], "--packing must be at most 16, not 17"),
    (["--", "--packing", "3"], "--packing can't be given after --: it is set for each run"),
    (["--", "--pack=3"], "--pack can't be given after --: it is set for each run"),  # its former name
    (["--packing", "x"], "'x' is not a whole number"),
    (["--data", "square"], "invalid choice: 'square'"),
    (["--data", "ring", "stacked"], "--data stacked must stand alone"),
    (["--jobs", "0"], "--jobs must be at least 1")])
def test_a_bad_table_is_refused_before_any_training(script, tmp_path, capsys, arguments, complaint):
    assert complaint in refusal(capsys, script.main, "--out", tmp_path / "out", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(script, tmp_path, capsys):
    (tmp_path / "out").write_text("kept")
    assert "is a file: name a folder" in refusal(capsys, script.main, "--out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "kept"


def test_a_missing_classifier_is_noticed_before_any_training(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classifier, "SHIPPED", tmp_path / "nowhere")
    assert "nowhere holds no run" in refusal(
        capsys, script.main, "--out", tmp_path / "out", "--data", "stacked")
    assert not list(tmp_path.iterdir())
