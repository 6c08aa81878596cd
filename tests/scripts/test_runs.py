"""How a reader distinguishes runs: the settings that differ, and the table of scripts/runs.py."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1.models import cyclegan, mnist_gan, remedies_gan, vanilla_gan
from gan_tf1.training import run_config, titles
from gan_tf1.training.graph_loop import Loop


def config_of(model, loop=Loop(), **settings):
    """The config.json of a run of `model` with these settings."""
    return {"chapter": model.CHAPTER, "settings": dataclasses.asdict(model.Config(**settings)),
            "loop": loop._asdict(), "data": "drawn", "data_title": "drawn digits (synthetic)",
            "data_crc32": "0", "data_dir": None, "seed": 3, "sample_shape": [16, 784]}


def made(path, model, rows, complete=True, **settings):
    """A run of `model` at `path` with `rows` rows of losses, written by hand."""
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(config_of(model, **settings)))
    first = "step" if getattr(model, "LOGGED", (0, 0))[1] is None and model is vanilla_gan else "epoch"
    lines = [f"{first},disc_loss,gen_loss", *(f"{row},1.25,{0.5 + 0.01 * row}" for row in range(rows))]
    (path / "losses.csv").write_text("\n".join(lines) + "\n" if rows else "")
    if not complete:
        (path / "samples.f32").write_bytes(b"")
    return path


# --- titles ---

def test_a_run_with_the_chapters_own_settings_is_called_by_chapter_data_and_seed():
    stored = config_of(mnist_gan)
    assert titles.headline(stored) == "mnist_gan on drawn digits (synthetic), seed 3"
    assert titles.title("MNIST GAN", stored) == "MNIST GAN on drawn digits (synthetic), seed 3"
    shipped = run_config.read_config(ROOT / "checkpoints" / "mnist_gan")
    assert titles.headline(shipped) == "mnist_gan on MNIST, seed 0"
    printed = {"chapter": "conditional_gan", "data_title": "MNIST", "seed": 0, "settings": {"variant": "as_printed"}}
    assert titles.headline(printed) == "conditional_gan on MNIST, seed 0, with variant as_printed"


def test_settings_that_differ_are_written_as_their_flags():
    stored = config_of(mnist_gan, Loop("graph", True), epochs=20, learning_rate=0.002)
    assert titles.headline(stored) == (
        "mnist_gan on drawn digits (synthetic), seed 3, with epochs 20, learning-rate 0.002, loop "
        "graph, xla")
    assert titles.title("MNIST GAN", stored) == (
        "MNIST GAN on drawn digits (synthetic), seed 3\n"
        "epochs 20, learning-rate 0.002, loop graph, xla")
    assert titles.parts(config_of(cyclegan, mirror=False)) == ["no-mirror"]
    named = config_of(remedies_gan, remedy="packing", gen_steps=1, samples=50)
    assert titles.title("packing", named, ("remedy", "gen_steps")).endswith("\nsamples 50")
    # Of another version: a setting that is unknown now, and one that wasn't there yet.
    stored["settings"]["momentum"] = 0.9
    del stored["settings"]["batch_size"], stored["loop"]
    assert titles.parts(stored) == ["epochs 20", "learning-rate 0.002", "momentum 0.9"]
    assert titles.parts({**stored, "chapter": "forgotten", "settings": {"a": 1}}) == ["a 1"]


def test_many_settings_are_shortened():
    stored = config_of(mnist_gan, epochs=20, batch_size=50, learning_rate=0.002, gen_z_size=64,
                       gen_hidden_size=64, disc_hidden_size=64, samples=64)
    where, last = titles.title("MNIST GAN", stored).splitlines()
    assert where == "MNIST GAN on drawn digits (synthetic), seed 3"
    assert last == "epochs 20, batch-size 50, learning-rate 0.002 and 4 more"
    assert len(last) <= titles.WIDTH


# --- the table ---

@pytest.fixture(scope="module")
def main():
    return load_script("runs.py").main


def rows(text):
    """The rows of the printed table, name of the directory -> the rest, spaces made single."""
    heading, *lines = text.splitlines()
    assert heading.split()[:4] == ["run", "chapter", "data", "seed"]
    return {line.split()[0].rpartition("/")[2]: " ".join(line.split()[1:]) for line in lines}


def test_the_table_tells_runs_apart(main, tmp_path, capsys):
    made(tmp_path / "mnist_gan-001", mnist_gan, 12)
    made(tmp_path / "mnist_gan-002", mnist_gan, 12, learning_rate=0.002)
    made(tmp_path / "mnist_gan-010", mnist_gan, 3, complete=False)
    made(tmp_path / "sweep" / "runs" / "remedies", remedies_gan, 40, gen_steps=1)
    made(tmp_path / "vanilla", vanilla_gan, 80)
    main([str(tmp_path)])
    found = rows(capsys.readouterr().out)
    assert list(found) == ["mnist_gan-001", "mnist_gan-002", "mnist_gan-010", "remedies", "vanilla"]
    losses = "disc_loss 1.25, gen_loss"
    assert found["mnist_gan-001"] == f"mnist_gan drawn 3 12 epochs {losses} 0.61 no sign nothing"
    assert found["mnist_gan-002"].endswith(" no sign learning-rate 0.002")
    assert found["mnist_gan-010"] == (
        f"mnist_gan drawn 3 3 epochs, unfinished {losses} 0.52 too short nothing")
    assert found["remedies"].startswith(f"remedies_gan drawn 3 1,000 iterations {losses} 0.89 ")
    assert found["remedies"].endswith(" gen-steps 1")
    assert found["vanilla"].startswith(f"vanilla_gan drawn 3 80 iterations {losses} 1.29 ")


DAMAGES = {
    "no config": lambda path: (path / "config.json").write_text(""),
    "no JSON": lambda path: (path / "config.json").write_text("{"),
    "binary config": lambda path: (path / "config.json").write_bytes(bytes(range(256))),
    "bad settings": lambda path: (path / "config.json").write_text(json.dumps(
        {**config_of(mnist_gan), "settings": {"label_smooth": "much"}})),
    "binary losses": lambda path: (path / "losses.csv").write_bytes(bytes(range(256))),
    "other columns": lambda path: (path / "losses.csv").write_text("epoch,disc_loss\n1,2,3\n"),
    "samples cut short": lambda path: (path / "samples.npz").write_bytes(b"PK"),
    "losses a folder": lambda path: ((path / "losses.csv").unlink(),
                                     (path / "losses.csv").mkdir()),
}


def test_a_damaged_run_has_a_row_that_says_so_and_hides_no_other(main, tmp_path, capsys):
    for name, damage in DAMAGES.items():
        damage(made(tmp_path / name.replace(" ", "_"), mnist_gan, 12))
    made(tmp_path / "sound", mnist_gan, 12)
    main([str(tmp_path)])
    found = rows(capsys.readouterr().out)
    assert found.pop("sound").startswith("mnist_gan drawn 3 12 epochs ")
    assert len(found) == len(DAMAGES)
    for name, said in found.items():
        assert said.startswith("- - - - - - can't be read: "), (name, said)


def test_a_run_killed_in_its_first_epoch_is_unfinished_and_not_damaged(main, tmp_path, capsys):
    made(tmp_path / "empty", mnist_gan, 0, complete=False)
    (made(tmp_path / "none", vanilla_gan, 0) / "losses.csv").unlink()
    main([str(tmp_path)])
    found = rows(capsys.readouterr().out)
    assert found["empty"] == "mnist_gan drawn 3 0 epochs, unfinished - too short nothing"
    assert found["none"] == "vanilla_gan drawn 3 0 iterations, unfinished - too short nothing"
    (tmp_path / "none" / "generator").mkdir()  # as it is kept with results, without losses
    main([str(tmp_path / "none")])
    assert rows(capsys.readouterr().out)["none"] == "vanilla_gan drawn 3 its generator alone - too short nothing"
    load_script("diagnose.py").main([str(tmp_path / "empty")])
    assert "Too short to be judged: no epoch is complete yet." in capsys.readouterr().out


def test_runs_may_be_named_themselves_and_come_once(main, tmp_path, capsys):
    path = made(tmp_path / "a", mnist_gan, 12)
    shutil.copytree(path, path / "copy")  # within a run: it is no run of its own
    main([str(path), str(tmp_path)])
    assert list(rows(capsys.readouterr().out)) == ["a"]


def test_the_signs_are_those_of_the_diagnosis(main, tmp_path, capsys):
    path = made(tmp_path / "a", mnist_gan, 20)
    (path / "config.json").write_text(json.dumps({**config_of(mnist_gan), "data_diversity": 0.7}))
    samples = np.random.default_rng(0).normal(size=784) + np.zeros((20, 16, 784), np.float32)
    np.savez(path / "samples.npz", samples=np.float32(samples))
    main([str(tmp_path)])
    assert " collapse nothing" in rows(capsys.readouterr().out)["a"]


def test_a_folder_without_runs_is_one_line(main, tmp_path, capsys):
    assert "there is no run in" in refusal(capsys, main, tmp_path)
    assert "there is no run in" in refusal(capsys, main, tmp_path / "nowhere")
