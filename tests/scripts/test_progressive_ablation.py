"""The ablation's script: which runs it makes, what it tells of them, what it refuses."""

import re
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.data import images
from gan_tf1.training import many_runs, processes, run_config

TINY = ["--paper", "--data", "drawn", "--size", "16", "--no-growing", "--images", "8",
        "--interval-images", "8", "--batch-size", "4", "--z-size", "3", "--max-maps", "2",
        "--samples", "3"]


@pytest.fixture
def script():
    return load_script("progressive_ablation.py")


def few(choice, size, data_dir=None):
    """In place of `images.load`: a few pictures."""
    rng = np.random.default_rng(0)
    part = rng.integers(0, 256, (80, size, size, 1), np.uint8)
    return images.Images(choice, "noise (synthetic)", part, part[::-1], None, None)


def test_each_row_has_one_idea_more_and_every_seed_a_run(script, tmp_path, monkeypatch):
    commands = []

    def finish(arguments, environment):
        commands.append([str(part) for part in arguments])
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(processes, "run", finish)
    args = SimpleNamespace(work_dir=tmp_path, data="mnist", data_dir=None, jobs=1, seeds=[0, 1],
                           flags=["--images", "80"], shard=None, gather=False)
    paths = many_runs.train_all(
        [script.wanted(args, name, seed) for name in script.ROWS for seed in (0, 1)], args)
    assert len(set(paths)) == 10
    on = [sum(flag in command for flag in (
        "--growing", "--minibatch-stddev", "--equalized", "--pixel-norm")) for command in commands]
    off = [sum(flag.startswith("--no-") for flag in command) for command in commands]
    assert on == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] and np.add(on, off).tolist() == 10 * [4]
    assert "--growing" in commands[2] and "--no-pixel-norm" in commands[7]
    assert all(command[-2:] == ["--images", "80"] and "--resume" not in command
               for command in commands)
    paths[3].mkdir()
    (paths[3] / "config.json").touch()
    many_runs.train_all([script.wanted(args, "+ growing", 1)], args)
    assert "--resume" in commands[-1]
    (paths[3] / "losses.csv").write_text("epoch\n1\n")
    (paths[3] / "samples.npz").touch()  # complete
    many_runs.train_all([script.wanted(args, "+ growing", 1)], args)
    assert len(commands) == 11


@pytest.mark.slow
def test_runs_are_judged_and_drawn(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "load", few)
    path = tmp_path / "run"
    load_script("13_progressive_gan.py").main([*TINY, "--run-dir", str(path)])
    monkeypatch.setattr(many_runs, "train_all", lambda wanted, args: [path for _ in wanted])
    monkeypatch.setattr(script, "BATCH", 50)
    out = tmp_path / "table.txt"
    script.main(["--out", str(out), "--work-dir", str(tmp_path / "work"), "--data", "drawn",
                 "--samples", "64", "--seeds", "0", "--rows", "plain", "growing"])
    lines = out.read_text().splitlines()
    assert lines[0] == "progressive GAN on noise (synthetic): 8 real images to each run, seeds 0"
    assert [line[:11].strip() for line in lines[4:8]] == ["test images", "plain", "+ growing", ""]
    assert lines[3].split() == ["SWD", "16", "SWD", "mean", "MS-SSIM"]
    written, said = capsys.readouterr().out.splitlines()[-2:]
    assert written == str(out.with_suffix(".png")) and said.startswith(f"{tmp_path / 'table-generator'} (0.")
    assert out.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"

    samples = script.drawn(path, 64)
    assert samples.shape == (64, 16, 16) and len(np.unique(samples, axis=0)) > 60
    np.testing.assert_allclose(np.rint(samples * 255), samples * 255, atol=1e-9)
    reference = few("drawn", 16).train[np.random.default_rng(5).permutation(80)[:64]] / 255
    found = script.judged(samples, reference)
    assert f"{found['SWD mean']:.2f}" in lines[5] and f"{found['MS-SSIM']:.4f}" in lines[5]
    assert run_config.read_config(path)["settings"]["growing"] is False
    assert script.drawn(tmp_path / "table-generator", 64).shape == (64, 16, 16)


def test_the_table_has_the_mean_and_each_seed(script):
    rows = {"real": [{"SWD 16": 1.234, "MS-SSIM": 0.5}],
            "plain": [{"SWD 16": 10., "MS-SSIM": 0.25}, {"SWD 16": 20., "MS-SSIM": 0.35}]}
    head, real, plain = script.table(rows)
    assert head.split() == ["SWD", "16", "MS-SSIM"] and real.split() == ["real", "1.23", "0.5000"]
    assert plain.split() == "plain 15.00 (10.00 20.00) 0.3000 (0.2500 0.3500)".split()


def test_seeds_that_diverged_are_counted_and_left_out(script):
    rows = {"test images": [{"SWD mean": 1.}], "plain": [], "+ growing": [{"SWD mean": 3.}], "+ pixel norm": [
        {"SWD mean": 2.}, {"SWD mean": 4.}]}
    _, _, plain, growing, norm = script.table(rows, {"plain": 2, "+ growing": 1, "+ pixel norm": 0})
    assert plain.split("  ")[0] == "plain, 2 of 2 seeds diverged" and plain.split()[-1] == "-"
    assert growing.split("  ")[0] == "+ growing, 1 of 2 seeds diverged" and growing.split()[-1] == "3.00"
    assert norm.split("  ")[0] == "+ pixel norm"
    assert script.order(rows)[0] == "from best to worst: + growing, + pixel norm"


@pytest.mark.slow
def test_a_row_that_diverges_does_not_keep_the_others_from_being_judged(script, tmp_path, monkeypatch, in_process):
    monkeypatch.setattr(images, "load", few)
    monkeypatch.setattr(script, "BATCH", 50)
    start = processes.run

    def run(arguments, environment):
        rate = ["--learning-rate", "1e30"] if "--no-growing" in map(str, arguments) else []
        return start([*arguments, *rate], environment)

    monkeypatch.setattr(processes, "run", run)
    out = tmp_path / "table.txt"
    command = ["--out", str(out), "--work-dir", str(tmp_path / "w"), "--data", "drawn", "--samples", "64",
               "--seeds", "0", "--rows", "plain", "growing", "--jobs", "1", "--", "--size", "16", "--images", "24",
               "--phase-images", "4", "--interval-images", "4", "--batch-size", "4", "--z-size", "3", "--max-maps", "2"]
    script.main(command)
    lines = out.read_text().splitlines()
    assert lines[5].startswith("plain, 1 of 1 seed diverged") and lines[6].startswith("+ growing ")
    assert "from best to worst: + growing" in lines
    trained = list(in_process)
    script.main(["--overwrite", *command])  # what diverged is not tried again
    assert in_process == trained


def test_the_order_of_the_rows_is_compared_with_the_papers(script):
    def rows(**distances):
        return {"test images": [{"SWD mean": 0.5}],  # no row of the paper
                **{script.KEYS[key.replace("_", "-")]: [{"SWD mean": one} for one in each]
                   for key, each in distances.items()}}

    same = script.order(rows(plain=(9, 11), growing=(4, 6), pixel_norm=(1, 4)))
    assert same == ["from best to worst: + pixel norm, + growing, plain",
                    "in the paper (as remembered): + pixel norm, + growing, plain",
                    "rank correlation (Spearman): +1.00"]
    one_swap = script.order(rows(plain=(9, 11), growing=(4, 6), pixel_norm=(5, 7)))
    assert one_swap[0] == "from best to worst: + growing, + pixel norm, plain"
    assert one_swap[2].endswith("+0.50")  # 1 - 6 * 2 / (3 * 8), by hand
    assert len(script.order(rows(plain=(1,), pixel_norm=(2,)))) == 2  # no correlation of two rows


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:An input array is constant")  # all rows are one and the same run here
def test_each_learning_rate_has_its_own_runs_and_its_own_table(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "load", few)
    made = []

    def train_all(wanted, args):
        made.extend(wanted)
        path = tmp_path / "run"
        if not path.exists():
            load_script("13_progressive_gan.py").main([*TINY, "--run-dir", str(path)])
        return [path for _ in wanted]

    monkeypatch.setattr(many_runs, "train_all", train_all)
    monkeypatch.setattr(script, "BATCH", 50)
    out = tmp_path / "table.txt"
    script.main(["--out", str(out), "--work-dir", str(tmp_path / "work"), "--data", "drawn", "--samples", "64",
                 "--seeds", "0-1", "--rows", "plain", "growing", "pixel-norm", "--learning-rates", "0.001", "0.005"])
    assert [one.name for one in made] == [f"{row}-rate-{rate}-seed-{seed}" for rate in (0.001, 0.005)
                                          for row in (0, 1, 4) for seed in (0, 1)]
    assert all(one.flags[-2:] == ["--learning-rate", float(one.name.split("-")[2])] for one in made)
    text = out.read_text()
    assert text.count("learning rate 0.001\n") == text.count("learning rate 0.005\n") == 1
    assert text.count("from best to worst: ") == 2
    lines = out.with_suffix(".csv").read_text().splitlines()
    assert re.match(r"# data: .*, data_crc32 [0-9a-f]{8}$", lines[1])
    rows = {line.split(",")[0] for line in lines}
    assert {"rate 0.001: plain", "rate 0.005: + pixel norm"} <= rows


@pytest.mark.parametrize("arguments, complaint", [
    (["--out", "table.csv", "--work-dir", "w"], "table.csv must end in .txt"),
    (["--out", "table.txt", "--work-dir", "w", "--samples", "1"], "--samples must be at least 2"),
    (["--out", "table.txt", "--work-dir", "w", "--seeds", "1-0"], "the range 1-0 is backward"),
    (["--out", "table.txt", "--work-dir", "w", "--jobs", "0"], "--jobs must be at least 1"),
    (["--out", "table.txt", "--work-dir", "w", "--data", "drawn", "--samples", "99"],
     "--samples 99 is more than noise (synthetic) has: 80 images for training and 80 for tests"),
    (["--out", "table.txt", "--work-dir", "w", "--", "--no-growing"], "--no-growing can't be given after --"),
    (["--out", "table.txt", "--work-dir", "w", "--data", "flowers"], "invalid choice: 'flowers'"),
])
def test_bad_input_is_one_line_and_leaves_nothing(
        script, arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "load", few)
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, script.main, *arguments)
    assert not list(tmp_path.iterdir())


def test_flags_that_the_chapter_refuses_are_bad_input(script, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(images, "load", few)
    with pytest.raises(SystemExit) as exit_:
        script.main(["--out", "table.txt", "--work-dir", "w", "--data", "drawn", "--samples", "9", "--jobs", "1", "--",
                     "--images", "7"])
    assert exit_.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(
        "error: plain, seed 0: --images 7 must be")
    assert not (tmp_path / "table.txt").exists()
