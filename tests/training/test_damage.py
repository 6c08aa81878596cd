"""Damaged run directories: they are resumed to the same bytes, or refused and left unchanged."""

import json
import os
import pathlib
import shutil
import threading

import numpy as np
import pytest

import few_digits
from conftest import ROOT, load_script, refusal, without_figures
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.generators import restore
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import (
    checkpoint, graph_loop, growing, run_config, run_directory, run_results,
    saved_generator)
from interruption import copies, results

TINY = ["--data", "drawn", "--batch-size", "100", "--gen-hidden-size", "4", "--disc-hidden-size",
        "4", "--samples", "2", "--epochs", "5"]

DAMAGES = {
    "flipped": lambda raw: raw[:len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1])
    + raw[len(raw) // 2 + 1:],
    "cut": lambda raw: raw[:-1],
    "halved": lambda raw: raw[:len(raw) // 2],
    "empty": lambda raw: b"",
    "garbage": lambda raw: np.random.default_rng(0).bytes(len(raw)),
    "removed": None,
}


def slow(*values):
    """Parameters that are left out by default, since other ones damage the same file or save."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def main():
    """The first chapter's script, on few digits and without figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        without_figures(patch)
        yield load_script("01_mnist_gan.py").main


@pytest.fixture(scope="module")
def made(main, tmp_path_factory):
    """A run of five epochs, and the same run killed in the fifth, with checkpoints 2, 3 and 4."""
    folder = tmp_path_factory.mktemp("runs")
    with copies(folder / "whole", folder, lambda moment: moment == "before save ") as moments:
        main([*TINY, "--run-dir", str(folder / "whole")])
    return folder / "whole", list(moments.values())[4]


@pytest.fixture(scope="module")
def whole(made):
    return results(made[0])


@pytest.fixture
def half(made, tmp_path):
    return shutil.copytree(made[1], tmp_path / "half")


@pytest.fixture
def complete(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "complete")


def damage(file, kind, at=None):
    """Damage `file`. With `at`, the byte before it is flipped, or the file is cut off there."""
    if kind == "removed":
        return file.unlink()
    raw = file.read_bytes()
    if at is not None:
        damaged = raw[:at - 1] + (bytes([raw[at - 1] ^ 1]) + raw[at:]) * (kind == "flipped")
    else:
        damaged = DAMAGES[kind](raw)
    assert damaged != raw
    file.write_bytes(damaged)


def content(path):
    return {file: file.read_bytes() for file in path.rglob("*")
            if file.is_file() and "events" not in file.parts}


def size_at(path, epoch, name):
    return json.loads((path / "state" / f"epoch_{epoch:05d}.json").read_text())[
        "state"]["sizes"][name]


# --- damaged files ---

@pytest.mark.parametrize("file, kind", [
    ("state/epoch_00004.data-00000-of-00001", "flipped"),
    slow("state/epoch_00004.data-00000-of-00001", "cut"),
    ("state/epoch_00004.index", "empty"), slow("state/epoch_00004.index", "removed"),
    ("state/epoch_00004.json", "flipped"), slow("state/epoch_00004.json", "halved"),
    ("log.txt", "flipped"), ("losses.csv", "cut"), ("samples.f32", "flipped")])
def test_damage_in_the_last_epoch_loses_only_that_epoch(
        main, half, whole, capsys, file, kind):
    grows = file in run_directory.GROWING
    damage(half / file, kind, size_at(half, 4, file) if grows else None)
    main(["--resume", "--run-dir", str(half)])
    notices = capsys.readouterr().err
    assert "passing over checkpoint" in notices and "after epoch 3" in notices
    assert not grows or f"{file} {'was changed' if kind == 'flipped' else 'is shorter'}" in notices
    assert results(half) == whole


@pytest.mark.parametrize("file, kind", [
    ("state/epoch_00004.json", "removed"), slow("generator/checkpoint", "empty"),
    ("generator/checkpoint", "garbage"), slow("generator/checkpoint", "removed"),
    ("generator/generator_ck.ckpt-4.index", "removed"),
    ("generator/generator_ck.ckpt-4.data-00000-of-00001", "garbage")])
def test_other_damage_loses_no_epoch(main, half, whole, file, kind):
    damage(half / file, kind)
    main(["--resume", "--run-dir", str(half)])
    assert results(half) == whole


@pytest.mark.parametrize("file, kind", [
    ("losses.csv", "empty"), ("losses.csv", "removed"), ("samples.f32", "garbage"),
    ("log.txt", "flipped"), ("config.json", "empty"), ("config.json", "garbage"),
    ("config.json", "halved"), ("config.json", "removed")])
def test_damage_to_all_checkpoints_is_refused_and_loses_nothing(
        main, half, capsys, file, kind):
    damage(half / file, kind, {"flipped": 1}.get(kind))
    before = content(half)
    assert pathlib.Path(file).name in refusal(capsys, main, "--resume", "--run-dir", half)
    assert {file: raw for file, raw in content(half).items() if raw} == {
        file: raw for file, raw in before.items() if raw}


@pytest.mark.parametrize("file, kind", [
    ("samples.npz", "flipped"), ("samples.npz", "cut"), ("samples.npz", "halved"), slow("samples.npz", "empty"),
    slow("samples.npz", "garbage"), ("samples.npz", "removed"), ("losses.csv", "flipped")])
def test_damage_to_a_complete_run_is_refused(main, complete, capsys, file, kind):
    damage(complete / file, kind)
    before = content(complete)
    assert file.partition(".")[0] in refusal(capsys, main, "--resume", "--run-dir", complete)
    assert content(complete) == before and run_results.is_complete(complete)


@pytest.mark.parametrize("kind", ["flipped", "empty", "garbage"])
def test_reading_damaged_samples_prints_one_line(complete, capsys, kind):
    damage(complete / "samples.npz", kind)
    assert "samples.npz can't be read" in refusal(
        capsys, load_script("diagnose.py").main, complete)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_random_damage(main, half, whole, capsys, seed):
    rng = np.random.default_rng(seed)
    files = sorted(file for file in half.rglob("*") if file.is_file())
    file, kind = files[rng.integers(len(files))], list(DAMAGES)[rng.integers(len(DAMAGES))]
    at = int(rng.integers(1, file.stat().st_size + 1)) if kind in ("flipped", "cut") else None
    damage(file, kind, at)
    before = content(half)
    try:
        main(["--resume", "--run-dir", str(half)])
    except SystemExit as exit_:
        assert exit_.code == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
        assert {file: raw for file, raw in content(half).items() if raw} == {
            file: raw for file, raw in before.items() if raw}
    else:
        assert results(half) == whole, (file, kind, at)


# --- a run without rows ---

def test_a_run_killed_before_its_first_row_is_reported_in_one_line_and_can_be_resumed(
        main, half, whole, capsys, tmp_path):
    shutil.rmtree(half / "state")
    for name in ("losses.csv", "samples.f32"):
        (half / name).write_bytes(b"")
    load_script("diagnose.py").main([str(half)])
    assert capsys.readouterr().out.strip().endswith("no epoch is complete yet.")
    assert "losses.csv can't be read: it has no rows" in refusal(
        capsys, load_script("compare_logs.py").main, half)
    assert not run_results.diverged(half) and not run_results.is_complete(half)  # a report resumes it
    main(["--resume", "--run-dir", str(half)])
    assert results(half) == whole


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n", "epoch,disc_loss\n"])
def test_a_table_without_rows_says_so(text):
    with pytest.raises(InputError, match="it has no rows"):
        run_results.table(text)


# --- config.json ---

@pytest.mark.parametrize("key, value", [
    ("seed", -1), ("seed", True), ("seed", 2**31), ("seed", 1.5), ("loop", "graph"),
    ("loop", {"loop": "while"}), ("loop", {"loop": "feed", "xla": 1}),
    ("data_dir", "~nosuchuser/x"), ("data_dir", "a\0b"), ("data_diversity", "high"),
    ("data_spread", "wide"),
    ("sample_shape", [-2, 784]), ("sample_shape", ["2", 784]), ("sample_shape", [2.0, 784]),
    ("sample_shape", [2**40, 784]), ("sample_shape", [10**6] * 3), ("sample_shape", [1] * 100),
    ("sample_shape", 784)])
def test_a_bad_value_in_config_json_is_named(half, key, value):
    stored = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**stored, key: value}))
    with pytest.raises(InputError, match=f"config.json can't be read: its '{key}' must be"):
        run_config.read_config(half)


@pytest.mark.parametrize("raw, complaint", [
    (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"), (bytes(range(256)), "can't decode"),
    (b'"text"', "not the configuration of a run"), (b"{}", "its 'chapter' is missing")])
def test_an_invalid_config_json_is_refused(half, raw, complaint):
    (half / "config.json").write_bytes(raw)
    with pytest.raises(InputError, match=complaint):
        run_config.read_config(half)


def test_a_data_set_that_the_chapter_does_not_have_is_refused(main, half, capsys):
    stored = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**stored, "data": "svhn"}))
    assert "names the data set 'svhn', which mnist_gan doesn't have" in refusal(
        capsys, main, "--resume", "--run-dir", half)


def test_a_folder_that_is_a_file_is_refused(main, half, capsys):
    shutil.rmtree(half / "events")
    (half / "events").write_text("mine")
    assert "events can't be written: File exists" in refusal(
        capsys, main, "--resume", "--run-dir", half)


@pytest.mark.parametrize("folder", ["state", "generator"])
def test_a_folder_that_cannot_be_written_is_refused_before_the_training(
        main, half, capsys, monkeypatch, folder):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: (
        pathlib.Path(path).name != folder and access(path, mode)))
    assert f"{folder} can't be written" in refusal(capsys, main, "--resume", "--run-dir", half)


def test_an_interval_too_long_for_the_graph_loop_is_refused(train_set):
    with new_graph(0).as_default(), pytest.raises(InputError, match="at most 2147483647 steps"):
        graph_loop.build(None, train_set, 0, 2**31)


# --- generators ---

@pytest.mark.parametrize("kind", ["empty", "garbage", "removed"])
def test_generators_are_found_without_the_checkpoint_file(complete, kind):
    listed = saved_generator.saved(complete)
    assert [path.name for path in listed] == ["generator_ck.ckpt-4", "generator_ck.ckpt-5"]
    damage(complete / "generator" / "checkpoint", kind)
    assert saved_generator.saved(complete) == listed


@pytest.mark.parametrize("name", ["/elsewhere/generator_ck.ckpt-5", "../state/epoch_00005"])
def test_a_generator_outside_of_its_run_is_refused(main, half, complete, capsys, name):
    for path in (half, complete):
        (path / "generator" / "checkpoint").write_text(
            f'model_checkpoint_path: "{name}"\nall_model_checkpoint_paths: "{name}"\n')
    assert f"names {name}, which lies outside" in refusal(
        capsys, load_script("export.py").main, complete, "--out", half.parent / "out")
    assert f"names {name}, which lies outside" in refusal(
        capsys, main, "--resume", "--run-dir", half)


@pytest.mark.parametrize("file, kind", [
    ("generator_ck.ckpt-5.index", "empty"), slow("generator_ck.ckpt-5.index", "garbage"),
    ("generator_ck.ckpt-5.data-00000-of-00001", "flipped"),
    slow("generator_ck.ckpt-5.data-00000-of-00001", "removed")])
def test_restoring_a_damaged_generator_prints_one_line(complete, capsys, file, kind):
    damage(complete / "generator" / file, kind)
    assert "can't be restored" in refusal(
        capsys, load_script("export.py").main, complete, "--out", complete.parent / "out")


@pytest.mark.parametrize("resource_variables", [False, True])
def test_weights_of_another_size_are_refused(complete, resource_variables):
    with new_graph(0, resource_variables).as_default(), \
            tf.Session(config=session_config()) as sess:
        wide = tf.get_variable("generator/dense/kernel", [100, 5])
        with pytest.raises(InputError, match=r"kernel has the shape \[100, 4\], not \[100, 5\]"):
            restore.restore_generator(complete, [wide], sess)


# --- a disk that fails ---

def failing(monkeypatch, error, call):
    """Make call number `call` of TensorFlow's `Saver.save` raise `error`."""
    calls, original = [], tf.train.Saver.save

    def save(*args, **named):
        calls.append(1)
        if len(calls) == call:
            raise error
        return original(*args, **named)
    monkeypatch.setattr(tf.train.Saver, "save", save)


MESSAGE = "Graph execution error:\n\n/run/state/epoch_2.data.tempstate1; {}\n\t [[{{node save}}]]"


@pytest.mark.parametrize("call, kind, reason, status", [
    (3, tf.errors.ResourceExhaustedError, "No space left on device", 1),
    slow(4, tf.errors.UnknownError, "Input/output error", 1),
    (4, tf.errors.PermissionDeniedError, "Permission denied", 2)])
def test_a_failing_save_prints_one_line_and_the_run_can_be_resumed(
        main, whole, tmp_path, capsys, monkeypatch, call, kind, reason, status):
    """In the second epoch, call 3 saves the generator, and call 4 saves the whole state."""
    with monkeypatch.context() as patch:
        failing(patch, kind(None, None, MESSAGE.format(reason)), call)
        with pytest.raises(SystemExit) as exit_:
            main([*TINY, "--run-dir", str(tmp_path / "run")])
    counted, remedy, line = capsys.readouterr().err.strip().splitlines()
    assert counted.endswith("training steps") and f"--resume --run-dir {tmp_path / 'run'}" in remedy
    assert exit_.value.code == status and line.startswith("error: ") and reason in line
    main(["--resume", "--run-dir", str(tmp_path / "run")])
    assert results(tmp_path / "run") == whole


def test_a_folder_that_is_replaced_by_a_file_prints_one_line(main, tmp_path, capsys, monkeypatch):
    grown = run_directory.Run.grown

    def spoiled(self, *more):  # in the first epoch, so that the second cannot save its generator
        shutil.rmtree(self.path / "generator")
        (self.path / "generator").write_text("mine")
        return grown(self, *more)

    monkeypatch.setattr(run_directory.Run, "grown", spoiled)
    with pytest.raises(SystemExit) as exit_:
        main([*TINY, "--run-dir", str(tmp_path / "run")])
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert exit_.value.code == 2 and line.endswith("generator: Not a directory")


# --- leftovers and older versions ---

def test_leftover_files_are_removed_on_resuming(main, half, whole):
    litter = [".writing-a.json", "figures/.writing-b.png", "state/.writing-c.json",
              "generator/checkpoint.tmp0123", "generator/generator_ck.ckpt-1.index",
              "generator/generator_ck.ckpt-9.data-00000-of-00001.tempstate1",
              "state/epoch_00005.data-00000-of-00001.tempstate1", "state/epoch_00005.index"]
    for name in litter:
        (half / name).write_text("half")
    (half / "state" / ".writing-folder").mkdir()
    main(["--resume", "--run-dir", str(half)])
    assert results(half) == whole
    left = [name for name in (*litter, "state/.writing-folder") if (half / name).exists()]
    assert left == ["state/epoch_00005.index"]  # the fifth epoch's own


def test_checkpoints_without_checksums_are_resumed(main, half, whole):
    """Earlier versions stored only the sizes of the growing files."""
    for marker in (half / "state").glob("*.json"):
        body = json.loads(marker.read_text())
        del body["state"]["crc32"], body["sum"]
        body["sum"] = checkpoint._sha256(json.dumps(body).encode())
        marker.write_text(json.dumps(body))
    main(["--resume", "--run-dir", str(half)])
    assert results(half) == whole


# --- one directory, one process ---

CONFIG = json.loads((ROOT / "checkpoints" / "mnist_gan" / "config.json").read_text())


def test_a_second_process_leaves_the_directory_of_the_first_alone(tmp_path, monkeypatch):
    """The first process takes the directory just after the second has found it vacant."""
    path, vacant, first = tmp_path / "run", run_directory.vacant, []

    def raced(where):
        vacant(where)
        monkeypatch.setattr(run_directory, "vacant", vacant)
        first.append(run_directory.Run(path, {**CONFIG, "seed": 1}))

    monkeypatch.setattr(run_directory, "vacant", raced)
    with pytest.raises(InputError, match="in use by"):
        run_directory.Run(path, {**CONFIG, "seed": 2})
    assert run_config.read_config(path)["seed"] == 1
    with first[0]:
        pass
    with pytest.raises(InputError, match="never overwritten"):
        run_directory.Run(path, {**CONFIG, "seed": 2})


def test_if_many_threads_start_at_once_one_of_them_gets_the_directory(tmp_path):
    for number in range(20):
        path, barrier, won, lost = tmp_path / str(number), threading.Barrier(4), [], []

        def start(seed):
            barrier.wait()
            try:
                won.append((seed, run_directory.Run(path, {**CONFIG, "seed": seed})))
            except InputError as error:
                lost.append(str(error))

        threads = [threading.Thread(target=start, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [(seed, winner)] = won
        with winner:
            assert len(lost) == 3 and run_config.read_config(path)["seed"] == seed


def test_no_number_is_given_to_two_runs(tmp_path, monkeypatch):
    paths = [tmp_path / "runs" / name for name in ("001", "001", "002")]
    monkeypatch.setattr(run_directory.outputs, "next_free",
                        lambda name, ending, left=list(paths): left.pop(0))
    with run_directory.start(None, CONFIG) as first, run_directory.start(None, CONFIG) as second:
        assert [first.path, second.path] == paths[1:]


def test_windows_paths_are_accepted_and_patterns_refused():
    run_directory.refuse_patterns(pathlib.PureWindowsPath(r"C:\runs\mnist_gan-001"))
    run_directory.refuse_patterns(pathlib.PurePosixPath("/runs/mnist_gan-001"))
    for path in (pathlib.PureWindowsPath(r"C:\runs\gan*"), pathlib.PurePosixPath("runs/gan[1]"),
                 pathlib.PurePosixPath("runs\\gan")):
        with pytest.raises(InputError, match="as patterns"):
            run_directory.refuse_patterns(path)


def test_size_and_checksum_of_a_growing_file_match_its_content(tmp_path):
    file = growing.GrowingFile(tmp_path / "file")
    for content in (b"first", b"second"):
        file.append(content)
    assert (file.size, file.crc) == (11, growing.crc32(tmp_path / "file", 11))
    file.cut(5)
    again = growing.GrowingFile(tmp_path / "file")
    assert (again.size, again.crc) == (file.size, file.crc) == (
        5, growing.crc32(tmp_path / "file", 5))
    assert growing.crc32(tmp_path / "file", 6) is None
    file.close()
    again.close()
