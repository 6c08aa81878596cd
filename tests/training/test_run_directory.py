"""Run directories: the files of a training, how it is resumed, and what is refused."""

import errno
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import few_digits
from conftest import Stopped, load_script, own_lines, refusal, unpainted
from gan_tf1 import figures, memory, processor
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.files import replacing
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import tf
from gan_tf1.training import growing, run_config, run_directory, run_results

# Eight small steps per epoch on 400 digits.
TINY = ("--data", "drawn", "--batch-size", "50", "--gen-hidden-size", "8",
        "--disc-hidden-size", "8", "--samples", "2")

SAVE = figures.save
GROWN = ("losses.csv", "samples.npz", "log.txt", "weights")


@pytest.fixture(scope="module")
def main():
    """The first chapter's script, on few digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        patch.setattr(figures, "save", unpainted)
        yield load_script("01_mnist_gan.py").main


def tiny(main, path, *more):
    main([*TINY, "--run-dir", str(path), *more])
    return path


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run of six epochs, never interrupted; of all runs here, the one whose figures are painted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save", SAVE)
        return tiny(main, tmp_path_factory.mktemp("runs") / "finished", "--epochs", "6")


def final_state(path):
    """The bytes of the variables in the last checkpoint, and of the log, the losses and samples."""
    last = sorted((path / "state").glob("*.data-*"))[-1]
    return {name: (path / name).read_bytes() for name in ("losses.csv", "samples.npz", "log.txt")
            } | {"weights": last.read_bytes()}


# --- the files of a run ---

def test_a_complete_run_has_all_its_files(finished):
    assert {path.name for path in finished.iterdir()} == {
        "config.json", "log.txt", "losses.csv", "samples.npz", "diagnosis.txt", "figures", "events",
        "generator", "state", "peak_memory.txt"}
    assert 1e8 < run_results.peak_memory(finished) <= memory.peak()  # TensorFlow alone takes more than 100 MB
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png"}
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in (finished / "figures").iterdir())


def test_the_log_is_printed_and_written_to_a_file(finished, main, tmp_path, capsys):
    tiny(main, tmp_path / "run", "--epochs", "2")
    out = capsys.readouterr().out.splitlines()
    log = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert out[0] == f"run directory: {tmp_path / 'run'}"
    assert out[1:5] == log
    assert log[0] == ("mnist_gan on drawn digits (synthetic), seed 0, with epochs 2, batch-size 50, "
                      "gen-hidden-size 8, disc-hidden-size 8, samples 2")
    losses = run_results.load_losses(tmp_path / "run")
    for epoch, line in enumerate(log[1:3], 1):
        assert line == (f"Epoch {epoch}/2... Disc Loss: {losses['disc_loss'][epoch - 1]:.3f}... "
                        f"Gen Loss: {losses['gen_loss'][epoch - 1]:.3f}")
    assert out[5:] == [str(tmp_path / "run" / "figures" / f"{name}.png")
                       for name in ("losses", "samples", "progress")]


def test_the_log_of_a_short_run_ends_with_what_cannot_be_judged_and_the_last_losses(finished):
    losses = run_results.load_losses(finished)
    last = (finished / "log.txt").read_text().splitlines()[-1]
    assert last.startswith(
        "Too short to be judged, with 6 epochs: all losses are finite, and in epoch 6 disc_loss is "
        f"{losses['disc_loss'][-1]:.3g} and gen_loss is {losses['gen_loss'][-1]:.3g}; not judged: ")
    assert (finished / "diagnosis.txt").read_text() == last + "\n"


def test_config_json_says_how_the_run_was_made(finished):
    config = json.loads((finished / "config.json").read_text())
    assert config["chapter"] == "mnist_gan" and config["seed"] == 0
    assert (config["data"], config["data_title"]) == ("drawn", "drawn digits (synthetic)")
    assert config["settings"]["epochs"] == 6 and config["settings"]["learning_rate"] == 0.001
    assert set(config["versions"]) == {"python", "machine", "gan_tf1", "tensorflow", "tf-keras",
                                       "numpy"}
    assert "not installed" not in config["versions"].values()
    assert config["processor"] == processor.described()


def test_the_data_of_several_runs_are_named_once_with_all_their_checksums():
    runs = [{"data_title": title, "data_crc32": checksum} for title, checksum in
            (("MNIST", "0000000a"), ("CIFAR-10", "0000000b"), ("MNIST", "0000000c"), ("MNIST", "0000000a"))]
    assert run_config.data_of(runs) == "MNIST, data_crc32 0000000a 0000000c; CIFAR-10, data_crc32 0000000b"


def test_samples_of_every_epoch_are_kept(finished):
    samples = run_results.load_samples(finished)
    assert samples.shape == (6, 2, 784) and samples.dtype == np.float32
    assert np.abs(samples).max() <= 1
    assert len({epoch.tobytes() for epoch in samples}) == 6


def test_events_hold_losses_sample_grids_and_a_graph_with_readable_scopes(finished):
    [file] = (finished / "events").iterdir()
    scalars, images, graph = {}, [], tf.GraphDef()
    for event in tf.train.summary_iterator(str(file)):
        if event.graph_def:
            graph.ParseFromString(event.graph_def)
        for value in event.summary.value:
            if value.HasField("image"):
                images.append(value.image.encoded_image_string)
            else:
                scalars.setdefault(value.tag, []).append(value.simple_value)
    losses = run_results.load_losses(finished)
    for name in ("disc_loss", "gen_loss"):
        np.testing.assert_allclose(scalars[f"losses/{name}"], losses[name], rtol=1e-6)
    assert len(images) == 6 and all(image[:4] == b"\x89PNG" for image in images)
    scopes = {node.name.partition("/")[0] for node in graph.node}
    assert scopes >= {"generator", "discriminator", "disc_loss", "gen_loss", "disc_train_opt",
                      "gen_train_opt", "real_discriminator_input", "generator_input_z"}
    loose = [node.name for node in graph.node if "/" not in node.name and node.op not in (
        "Placeholder", "NoOp", "Const")]
    assert loose == []


def test_the_generator_alone_is_saved_as_in_the_chapter(finished):
    last = tf.train.latest_checkpoint(str(finished / "generator"))
    assert last == str(finished / "generator" / "generator_ck.ckpt-6")
    assert [name for name, _ in tf.train.list_variables(last)] == [
        "generator/dense/bias", "generator/dense/kernel", "generator/dense_1/bias",
        "generator/dense_1/kernel"]
    # Paths are relative, so that a run can be moved.
    assert str(finished) not in (finished / "generator" / "checkpoint").read_text()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(finished, main, tmp_path):
    again = tiny(main, tmp_path / "again", "--epochs", "6")
    same, other = final_state(again), final_state(
        tiny(main, tmp_path / "other", "--epochs", "6", "--seed", "1"))
    first = final_state(finished)
    for name in GROWN:
        assert same[name] == first[name] != other[name]


# --- interruption ---

def test_a_run_that_goes_on_with_another_number_of_threads_says_so(main, half, monkeypatch, capsys):
    before = run_config.read_config(half)["threads"]
    assert before == memory.threads()
    main(["--resume", "--run-dir", str(half)])
    assert "thread" not in capsys.readouterr().err
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", str(before + 1))
    main(["--resume", "--run-dir", str(half)])  # complete by now
    assert (f"now it has {before + 1}, which can change last digits: TF_NUM_INTRAOP_THREADS={before} makes"
            in capsys.readouterr().err)


def test_a_run_that_goes_on_with_another_processor_says_so(main, half, monkeypatch, capsys):
    main(["--resume", "--run-dir", str(half)])
    assert "computed by" not in capsys.readouterr().err
    before = processor.described()
    monkeypatch.setattr(processor, "described", lambda: "another processor")
    main(["--resume", "--run-dir", str(half)])
    assert (f"note: until now, this run was computed by {before}, and now by another processor, which rounds"
            in capsys.readouterr().err)


def test_a_run_of_an_earlier_version_which_names_no_processor_is_resumed_without_a_note(main, half, capsys):
    config = json.loads((half / "config.json").read_text())
    del config["processor"]
    (half / "config.json").write_text(json.dumps(config))
    main(["--resume", "--run-dir", str(half)])
    assert "computed by" not in capsys.readouterr().err


def test_ctrl_c_says_how_to_resume(main, tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(mnist_gan, "report", interrupted)
    with pytest.raises(SystemExit) as exit_:
        tiny(main, tmp_path / "run")
    assert exit_.value.code == 130
    assert f"--resume --run-dir {tmp_path / 'run'}" in capsys.readouterr().err


@pytest.fixture(scope="module")
def stopped(main, tmp_path_factory):
    """A run of six epochs, stopped in the fifth, with the checkpoints of epochs 2, 3 and 4."""
    path = tmp_path_factory.mktemp("runs") / "stopped"
    epochs, original = [], run_directory.Run.add_samples

    def add_samples(self, images):
        epochs.append(1)
        if len(epochs) == 5:
            raise Stopped
        original(self, images)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_directory.Run, "add_samples", add_samples)
        with pytest.raises(Stopped):
            tiny(main, path, "--epochs", "6")
    return path


@pytest.fixture
def half(stopped, tmp_path):
    """The test's own copy of `stopped`."""
    return shutil.copytree(stopped, tmp_path / "half")


def test_without_a_usable_checkpoint_resuming_is_refused_and_nothing_is_lost(main, half, capsys):
    for path in (half / "state").glob("*.index"):
        path.write_bytes(b"")
    before = {path: path.read_bytes() for path in half.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit):
        main(["--resume", "--run-dir", str(half)])
    assert "no checkpoint" in capsys.readouterr().err
    kept = {path: path.read_bytes() for path in half.rglob("*") if path.is_file()}
    assert all(kept[path] == content for path, content in before.items())


def test_only_the_last_checkpoints_are_kept(finished):
    assert {path.stem for path in (finished / "state").iterdir()} == {
        "epoch_00004", "epoch_00005", "epoch_00006"}


def test_resuming_a_complete_run_changes_nothing(main, finished, capsys):
    before = final_state(finished)
    main(["--resume", "--run-dir", str(finished)])
    assert "is complete" in capsys.readouterr().err
    assert final_state(finished) == before


def test_resume_without_a_directory_takes_the_newest_run(main, half, capsys, monkeypatch):
    (half.parent / "checkpoints").mkdir()
    half.rename(half.parent / "checkpoints" / "mnist_gan-002")
    monkeypatch.chdir(half.parent)
    main(["--resume"])
    assert "resuming checkpoints/mnist_gan-002 after epoch 4" in capsys.readouterr().err


def test_runs_are_numbered(main, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        main([*TINY, "--epochs", "1"])
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [
        "mnist_gan-001", "mnist_gan-002"]


# --- refusals ---

@pytest.mark.parametrize("flag, value, named", [
    ("--epochs", "7", ": --epochs (the run's: 6, now: 7): resume it with its own values, or start a new run"),
    ("--z-size", "64", ": --z-size (the run's: 100, now: 64)"),
    ("--seed", "5", ": --seed (the run's: 0, now: 5)"),
    ("--data", "mnist", ": --data (the run's: drawn, now: mnist)"),
])
def test_resuming_with_another_configuration_is_refused(main, finished, capsys, flag, value, named):
    before = final_state(finished)
    assert named in refusal(capsys, main, "--resume", "--run-dir", finished, flag, value)
    assert final_state(finished) == before


def test_resuming_with_other_data_is_refused(main, half, capsys):
    config = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**config, "data_crc32": "00000000"}))
    assert "other data" in refusal(capsys, main, "--resume", "--run-dir", half)


@pytest.mark.parametrize("key, value, complaint", [
    ("seed", 4, "was changed since the checkpoint"),
    ("settings", {"epochs": 6}, "does not fit mnist_gan (it lacks batch_size, "),
    ("seed", "abc", "its 'seed' must be a whole number from 0 to 2147483647, not 'abc'"),
    ("sample_shape", None, "its 'sample_shape' must be a list of sizes"),
])
def test_a_config_edited_by_hand_is_refused_and_nothing_is_lost(
        main, half, capsys, key, value, complaint):
    config = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**config, key: value}))
    before = (half / "losses.csv").read_bytes()
    with pytest.raises(SystemExit) as exit_:
        main(["--resume", "--run-dir", str(half)])
    assert exit_.value.code == 2
    assert complaint in capsys.readouterr().err.strip().splitlines()[-1]
    assert (half / "losses.csv").read_bytes() == before


def test_results_without_a_checkpoint_are_never_lost(main, finished, stopped, tmp_path, capsys):
    for run in (finished, stopped):
        copy = shutil.copytree(run, tmp_path / run.name)
        shutil.rmtree(copy / "state")
        before = {path: path.read_bytes() for path in copy.iterdir() if path.is_file()}
        assert "has results but no checkpoint" in refusal(
            capsys, main, "--resume", "--run-dir", copy)
        assert all(path.read_bytes() == content for path, content in before.items())


def test_a_complete_run_with_a_damaged_checkpoint_is_completed_again(
        main, finished, tmp_path, capsys):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "state" / "epoch_00006.index").write_bytes(b"")
    main(["--resume", "--run-dir", str(copy)])
    assert "after epoch 5" in capsys.readouterr().err
    assert final_state(copy) == final_state(finished)


def test_a_full_disk_prints_one_line_and_the_run_can_be_resumed(
        main, finished, tmp_path, monkeypatch, capsys):
    original = growing.GrowingFile.append

    def append(self, content):
        if self.path.name == "losses.csv" and content.startswith(b"4,"):
            original(self, content[:5])  # as much as fits
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(growing.GrowingFile, "append", append)
        with pytest.raises(SystemExit) as exit_:
            tiny(main, tmp_path / "run", "--epochs", "6")
    assert exit_.value.code == 1
    err = capsys.readouterr().err
    assert "No space left on device: free some space" in err
    assert f"give --resume --run-dir {tmp_path / 'run'}" in err
    main(["--resume", "--run-dir", str(tmp_path / "run")])
    assert final_state(tmp_path / "run") == final_state(finished)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"settings": 3}'])
def test_an_unreadable_config_is_refused(main, half, capsys, content):
    (half / "config.json").write_text(content)
    assert "config.json can't be read" in refusal(capsys, main, "--resume", "--run-dir", half)


def test_a_directory_that_is_not_empty_is_never_overwritten(main, finished, tmp_path, capsys):
    before = final_state(finished)
    assert "never overwritten" in refusal(capsys, main, *TINY, "--run-dir", finished)
    assert final_state(finished) == before
    (tmp_path / "mine.txt").write_text("precious")
    assert "never overwritten" in refusal(capsys, main, *TINY, "--run-dir", tmp_path)


def test_two_processes_cannot_share_a_run(main, half, capsys):
    with run_directory.Run(half):
        assert "in use" in refusal(capsys, main, "--resume", "--run-dir", half)


@pytest.mark.parametrize("broken", [
    float("nan"), pytest.param(float("inf"), marks=pytest.mark.slow)])
def test_a_loss_that_is_not_finite_stops_the_run(main, tmp_path, monkeypatch, capsys, broken):
    original, calls = mnist_gan.report, []

    def report(*arguments):
        calls.append(1)
        return {"disc_loss": broken, "gen_loss": 1.0} if len(calls) == 3 else original(*arguments)

    monkeypatch.setattr(mnist_gan, "report", report)
    with pytest.raises(SystemExit) as exit_:
        tiny(main, tmp_path / "run", "--epochs", "6")
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert exit_.value.code == 1
    assert "epoch 3" in message and "last good checkpoint is that of epoch 2" in message
    assert str(broken) in message
    rows = (tmp_path / "run" / "losses.csv").read_text().splitlines()
    assert len(rows) == 4 and rows[-1] == f"3,{broken},1.0"
    _, *lines, told = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert len(lines) == 2 and told == f"Signs of divergence: disc_loss is {broken} in epoch 3."


@pytest.mark.slow
def test_a_diverging_run_really_stops(main, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        tiny(main, tmp_path / "run", "--epochs", "3", "--learning-rate", "1e37")
    assert exit_.value.code == 1
    assert "not finite" in capsys.readouterr().err


@pytest.mark.slow
def test_memory_stays_flat_over_a_thousand_epochs(tmp_path):
    """Compares the resident memory at epochs 1,000 and 200, in a separate process."""
    code = f"""
import os, sys
sys.path.insert(0, {os.path.dirname(few_digits.__file__)!r})
import few_digits
from conftest import load_script
from gan_tf1.training import training
from gan_tf1.data import digits
digits.load = few_digits.load
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
original = training.checkpoint.save
def save(folder, saver, sess, state, flushed=None):
    original(folder, saver, sess, state, flushed)
    if state["epoch"] in (200, 1000):
        print("RESIDENT", resident(), file=sys.stderr)
training.checkpoint.save = save
load_script("01_mnist_gan.py").main(["--epochs", "1000", "--batch-size", "400",
    "--gen-hidden-size", "2", "--disc-hidden-size", "2", "--z-size", "2",
    "--samples", "1", "--run-dir", {str(tmp_path / 'run')!r}])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    early, late = (float(line.split()[1]) for line in done.stderr.splitlines()
                   if line.startswith("RESIDENT"))
    assert late - early < 8, f"{early:.0f} MiB at epoch 200, {late:.0f} MiB at epoch 1,000"
    assert len(run_results.load_samples(tmp_path / "run")) == 1000


def test_no_file_is_half_written(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(Stopped), replacing(path) as temporary:
        temporary.write_text("ne")
        raise Stopped
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file.txt"]
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["file.txt"]


def test_a_device_or_a_folder_is_never_replaced_and_a_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(InputError, match="is not a file"), replacing(tmp_path / name):
            pass
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    with replacing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_text() == "new"


@pytest.mark.slow
def test_without_a_terminal_only_the_log_and_the_number_of_steps_are_printed(tmp_path):
    done = subprocess.run([sys.executable, few_digits.__file__, *TINY, "--epochs", "1",
                           "--run-dir", tmp_path / "run"], capture_output=True, text=True)
    assert done.returncode == 0 and own_lines(done.stderr) == ["8 training steps"]
    assert done.stdout.count("\n") == 7


def test_a_folder_with_other_files_is_never_a_run_directory(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files, and is never overwritten"):
        run_directory.vacant(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="continue it with --resume"):
        run_directory.vacant(tmp_path)
