"""The scripts that train and judge GANs on photographs, on tiny pictures: what they make and refuse."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

import few_photographs
import few_streets
from conftest import load_script
from gan_tf1.data import svhn
from gan_tf1.errors import InputError
from gan_tf1.experiments import seed_scores
from gan_tf1.generators import judges, sample_files
from gan_tf1.models import cyclegan, dcgan_svhn, pix2pix
from gan_tf1.published import envelopes
from gan_tf1.training import processes
from gan_tf1.training.run_config import read_config

TINY = {
    "train_segmentation.py": ["--channels", "2", "--epochs", "1", "--batch-size", "2"],
    "train_image_classifier.py": ["--channels", "2", "--epochs", "2", "--batch-size", "2"],
    "15_pix2pix.py": ["--channels", "1", "--iterations", "2", "--sample-interval", "2", "--samples", "2"],
    "16_cyclegan.py": ["--channels", "2", "--blocks", "1", "--disc-layers", "1", "--epochs", "1",
                       "--decay-epochs", "0", "--epoch-steps", "2", "--samples", "2"],
    "03_dcgan_svhn.py": ["--gen-channels", "1", "--disc-channels", "1", "--epochs", "2"]}


@pytest.fixture
def tiny(in_process, monkeypatch):
    """Scripts of many runs train tiny networks in this process; the names of the runs are returned."""
    start = processes.run

    def run(arguments, environment):
        return start([*arguments, *TINY[arguments[0].name]], environment)

    monkeypatch.setattr(processes, "run", run)
    return in_process


@pytest.fixture
def diverging(tiny, monkeypatch):
    """As `tiny`, but the runs whose names are put into this set diverge in their last epoch."""
    names, start = set(), processes.run

    def run(arguments, environment):
        done, path = start(arguments, environment), arguments[2]
        if path.name not in names:
            return done
        *rows, last = (path / "losses.csv").read_text().splitlines()
        (path / "losses.csv").write_text("\n".join([*rows, last.rpartition(",")[0] + ",nan"]) + "\n")
        (path / "samples.npz").rename(path / "samples.f32")  # what a run has that is not complete
        return SimpleNamespace(returncode=1, stderr="error: the losses are not finite")

    monkeypatch.setattr(processes, "run", run)
    return names


def scores_in(folder):
    return seed_scores.read((folder / "scores.csv").read_text().splitlines())


def test_a_judge_of_another_size_or_of_other_data_is_refused(tmp_path):
    stored = {"chapter": "image_classifier", "settings": {"size": 32}, "data": "cifar10", "data_title": "CIFAR-10",
              "data_crc32": "", "data_dir": None, "seed": 0, "sample_shape": [1]}
    (tmp_path / "config.json").write_text(json.dumps(stored))
    with pytest.raises(InputError, match="has size 32, not 64: train one with --size 64"):
        judges.refuse_other(tmp_path, "image_classifier", "cifar10", size=64)
    with pytest.raises(InputError, match="was trained on CIFAR-10: train one with --data svhn"):
        judges.refuse_other(tmp_path, "image_classifier", "svhn", size=32)
    with pytest.raises(InputError, match="is a run of 'image_classifier'"):
        judges.refuse_other(tmp_path, "segmentation", size=32)
    with pytest.raises(InputError, match="generator"):
        judges.refuse_other(tmp_path, "image_classifier", "cifar10", size=32)

    asked = tmp_path, "image_classifier", "svhn"
    judges.refuse_others(None, *asked, size=32)  # not complete: it is trained, or its own script refuses it
    (tmp_path / "losses.csv").write_text("epoch,loss\n1,0.5\n")
    (tmp_path / "samples.npz").touch()
    with pytest.raises(InputError, match="was trained on CIFAR-10: give another --work-dir"):
        judges.refuse_others(None, *asked, size=32)


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["BtoA", "AtoB"])
def test_ways_to_train_pix2pix_are_compared_and_the_best_is_kept(tiny, tmp_path, direction):
    folder, out = few_photographs.make_facades(tmp_path / "facades"), tmp_path / "out"
    command = ["--data-dir", str(folder), "--out", str(out), "--direction", direction, "--rows", "both",
               "l1-encoder-decoder", "--seeds", "0-1", "--jobs", "1"]
    main = load_script("pix2pix_ablation.py").main
    main(command)
    trained = ["segmentation"] * (direction == "BtoA") + [
        f"{row}-seed-{seed}" for seed in (0, 1) for row in ("both", "l1-encoder-decoder")]
    assert tiny == trained
    scores = scores_in(out)
    assert [(score.row, score.seed) for score in scores[2:]] == [
        (row, seed) for row in ("both", "l1-encoder-decoder") for seed in (0, 1)]
    if direction == "AtoB":  # the colours of the labels are read as their classes
        assert scores[0].values["pixel accuracy"] > 0.95 > scores[1].values["pixel accuracy"]
    assert scores[0].values["L"] == 1 and scores[0].values["MAE"] == 0
    assert {path.name for path in out.iterdir()} == {
        "scores.csv", "table.txt", "scores.png", "samples.png", "generator", "runs"}
    with sample_files.restored(out / "generator", pix2pix) as (_, _, config, _):
        assert config.skips and config.size == 64
    table = (out / "table.txt").read_text()
    assert "L1 alone, encoder-decoder" in table and "# data: " in table
    assert "# patches of 70 are larger than these images of 64 pixels" in table
    main(command)  # once more: nothing is trained, and everything is written again
    assert tiny == trained and (out / "table.txt").read_text() == table


@pytest.mark.slow
def test_ways_to_train_cyclegan_are_compared_and_the_best_is_kept(tiny, tmp_path):
    folder, out = few_photographs.make_sets(tmp_path / "dark2bright_8"), tmp_path / "out"
    load_script("cyclegan_ablation.py").main([
        "--data-dir", str(folder), "--out", str(out), "--size", "16", "--rows", "cyclegan", "no-cycle",
        "--seeds", "0", "--jobs", "1"])
    assert tiny == ["classifier", "cyclegan-seed-0", "no-cycle-seed-0"]
    scores = {(score.row, score.seed): score.values for score in scores_in(out)}
    assert set(scores) == {(f"{row} {way}", seed) for way in ("AtoB", "BtoA") for row, seed in (
        ("as they are", None), ("real images of the target set", None), ("cyclegan", 0), ("no-cycle", 0))}
    assert set(scores["cyclegan AtoB", 0]) == {
        "taken for the target", "distance", "back", "changed", "cycle error", "identity error"}
    table = (out / "table.txt").read_text()
    assert "dark to bright: without cycle and identity loss" in table and "held-out images for" in table
    assert {path.name for path in out.iterdir()} == {
        "scores.csv", "table.txt", "scores.png", "AtoB.png", "BtoA.png", "generator", "runs"}
    with sample_files.restored(out / "generator", cyclegan) as (_, _, config, _):
        assert config.identity_weight == 0.5 and config.load_size == 18


@pytest.mark.slow
def test_samples_of_the_dcgan_are_judged_and_kept(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(svhn, "load", few_streets.load)
    out = tmp_path / "out"
    load_script("dcgan_svhn_report.py").main(["--data", "street", "--out", str(out), "--seeds", "0-1",
                                              "--samples", "50", "--jobs", "1"])
    assert tiny == ["classifier", "seed-0", "seed-1"]
    scores = scores_in(out)
    assert [(score.row, score.seed) for score in scores] == [
        ("test images", None), ("samples", 0), ("samples", 1)]
    assert all(1 <= score.values["score"] <= 10 for score in scores)
    assert {path.name for path in out.iterdir()} == {
        "scores.csv", "table.txt", "samples.png", "progress.png", "envelope.csv", "generator", "runs"}
    with sample_files.restored(out / "generator", dcgan_svhn) as (sess, net, config, epoch):
        assert epoch == 2
        assert dcgan_svhn.sample(sess, net, np.random.default_rng(0), 3, config).shape == (3, 32, 32, 3)


def test_the_samples_over_training_of_the_dcgan_include_those_of_the_last_epoch(tmp_path, monkeypatch):
    report, saved = load_script("dcgan_svhn_report.py"), {}
    kept = np.zeros((25, 50, 32, 32, 3), np.float32)
    monkeypatch.setattr(report, "load_samples", lambda path: kept)
    monkeypatch.setattr(report.figures, "save", lambda figure, path: saved.update({path.name: figure}))
    answer = np.full((9, 10), 0.1), np.zeros((9, 64))
    rows = [report.lines_of("DCGAN", "seed 3", np.zeros((9, 32, 32, 3), np.uint8), answer)]
    report.draw(SimpleNamespace(out=tmp_path), "DCGAN on colours", rows, {3: tmp_path})
    labels = [label.get_text() for label in saved["progress.png"].axes[0].get_yticklabels()]
    assert len(labels) == 10 and labels[0] == "epoch 1" and labels[-1] == "epoch 25"
    assert "seed 3" in saved["progress.png"].get_suptitle()
    assert saved["samples.png"].axes[0].get_yticklabels()[0].get_text() == "DCGAN: seed 3"


@pytest.mark.slow
@pytest.mark.parametrize("name, flags, lost, left", [
    ("pix2pix_ablation.py", ["--data-dir", "FACADES", "--rows", "both", "l1", "--seeds", "0-1"],
     ["both-seed-0", "both-seed-1", "l1-seed-0"], ["l1-seed-1"]),
    ("cyclegan_ablation.py", ["--data-dir", "SETS", "--size", "16", "--rows", "cyclegan", "no-pool", "--seeds", "0-1"],
     ["cyclegan-seed-0"], ["cyclegan-seed-1", "no-pool-seed-0", "no-pool-seed-1"]),
    ("dcgan_svhn_report.py", ["--data", "street", "--samples", "50", "--seeds", "0-2"], ["seed-0"],
     ["seed-1", "seed-2"])])
def test_runs_that_diverge_are_left_out_of_the_report(diverging, tmp_path, monkeypatch, capsys, name, flags, lost,
                                                      left):
    titles, suptitle = [], Figure.suptitle
    monkeypatch.setattr(Figure, "suptitle", lambda figure, text, **how: (
        titles.append(text.replace("\n", " ")), suptitle(figure, text, **how))[1])
    monkeypatch.setattr(svhn, "load", few_streets.load)
    folders = {"FACADES": lambda: few_photographs.make_facades(tmp_path / "facades"),
               "SETS": lambda: few_photographs.make_sets(tmp_path / "dark2bright_8")}
    out, flags = tmp_path / "out", [str(folders[flag]()) if flag in folders else flag for flag in flags]
    diverging.update(lost)
    command, main = [*flags, "--out", str(out), "--jobs", "1"], load_script(name).main
    main(command)
    table = (out / "table.txt").read_text()
    named = sorted(lost, key=lambda run: run[-1])  # seed by seed, as they are trained
    assert f"# diverged, and left out: {', '.join(named)}\n" in table
    judged = {f"{score.row.split()[0]}-seed-{score.seed}".removeprefix("samples-")
              for score in scores_in(out) if score.seed is not None}
    assert judged == set(left)
    kept = read_config(out / "generator")
    if name == "dcgan_svhn_report.py":
        envelope = envelopes.envelope("dcgan_svhn", out / "envelope.csv")
        assert envelope.seeds == 2 and list(envelope.diverged) == ["0"] and kept["seed"] in (1, 2)
    else:  # the generator is from the first row that has a run, and the pictures from the seed with the most runs
        assert kept["seed"] == 1 and any("seed 1: best and worst" in title for title in titles)

    diverging.update(left)  # now all runs diverge
    with pytest.raises(SystemExit) as ended:
        main([*command, "--work-dir", str(tmp_path / "others")])
    assert ended.value.code == 1 and "nothing can be judged, since all runs diverged: " in capsys.readouterr().err
    assert (out / "table.txt").read_text() == table
