"""Sizes that cannot fit in memory are estimated, and refused before anything is allocated."""

import sys
import types

import numpy as np
import pytest

import few_digits
import few_photographs
import few_streets
import few_unpaired
from conftest import load_script, refusal
from gan_tf1 import memory
from gan_tf1.data import digits, images, pairs, svhn, unpaired
from gan_tf1.errors import InputError, TrainingError, script
from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training import graph_memory, training
from gan_tf1.training.graph_loop import Loop
from test_bad_command_lines import TRAINS, main_of

GB = 10**9

SMALL = {  # flags for graphs that are quickly built, and flags that a script requires
    "04": ["--num-labels", "100"], "13": ["--data", "drawn", "--size", "8"],
    "15": ["--data", "street", "--channels", "2"], "16": ["--channels", "2", "--blocks", "1"],
    "17": ["train"], "21": ["--num-labels", "100"]}


@pytest.fixture
def few(monkeypatch):
    """Data sets of a few hundred examples."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(svhn, "load", few_streets.load)
    monkeypatch.setattr(unpaired, "DRAWN", few_unpaired.DRAWN)
    monkeypatch.setattr(pairs, "OWN_SIZE", 64)


def has(monkeypatch, size):
    monkeypatch.setattr(memory, "available", lambda: size)


# --- the memory of the machine ---

def groups(folder, lines, limits):
    """The memory limits of a process in the control groups `lines`, with files below `folder`."""
    (folder / "groups").write_text(lines)
    for name, limit in limits.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{limit}\n")
    return sorted(memory._group_limits(folder / "groups", folder))


def test_limits_of_all_control_groups_above_the_process_count(tmp_path):
    assert groups(tmp_path, "0::/app/one\n", {
        "app/one/memory.max": "max", "app/memory.max": 3 * GB, "memory.max": 5 * GB,
        "other/memory.max": 1}) == [3 * GB, 5 * GB]


def test_limits_of_the_older_control_groups_count_too(tmp_path):
    assert groups(tmp_path, "5:cpu,cpuacct:/a\n4:memory:/a/b\n", {
        "memory/a/b/memory.limit_in_bytes": 2 * GB,
        "memory/memory.limit_in_bytes": 2**63 - 4096, "a/memory.max": 1}) == [2 * GB]


def test_the_smallest_limit_counts(monkeypatch):
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PAGE_SIZE": 4, "SC_PHYS_PAGES": GB}.get, raising=False)
    for limits, smallest in ([], 4 * GB), ([5 * GB], 4 * GB), ([GB, GB // 2], GB // 2):
        monkeypatch.setattr(memory, "_group_limits", lambda: limits)
        assert memory.available() == smallest


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may be unknown")
def test_the_memory_of_this_machine_is_known():
    assert memory.available() > GB / 2


def test_nothing_is_refused_if_the_available_memory_is_unknown(monkeypatch):
    monkeypatch.delattr(memory.os, "sysconf")
    assert memory.available() is None
    memory.refuse_excess(10**30, "anything")


def test_a_graph_is_refused_only_if_it_is_clearly_too_large(monkeypatch):
    with new_graph(0).as_default() as graph:
        tf.get_variable("weights", [250_000])
        for size in (10**6, 10**6 // 2):
            has(monkeypatch, size)
            graph_memory.refuse_graph(graph, {"batch_size": 1}, [0])
        has(monkeypatch, 10**6 // 2 - 10)
        with pytest.raises(InputError, match="training with these settings"):
            graph_memory.refuse_graph(graph, {"batch_size": 1}, [0])


def test_no_graph_is_refused_on_a_gpu(monkeypatch):
    has(monkeypatch, 1)
    monkeypatch.setattr(graph_memory, "sees_gpu", lambda: True)
    with new_graph(0).as_default() as graph:
        tf.get_variable("weights", [250_000])
        graph_memory.refuse_graph(graph, {"batch_size": 1}, [0])


@pytest.mark.parametrize("size, text", [
    (61_500_000_000, "62 GB"), (1_540_000_000, "1.5 GB"), (300_000_000, "0.3 GB"),
    (251_658_240_000, "252 GB"), (123_000_000_000_000, "123 TB")])
def test_sizes_in_words(size, text):
    assert memory.in_words(size) == text


# --- a graph ---

def test_the_estimate_of_a_graph_is_its_variables_and_what_its_backward_pass_needs():
    """Here it is one dense layer of 10 inputs and 7 units, and a batch of 1,000."""
    with new_graph(0).as_default() as graph:
        inputs = tf.placeholder(tf.float32, (None, 10))
        units = tf.nn.relu(tf.layers.dense(inputs, 7))
        assert graph_memory.of_graph(graph, 1000) == 4 * (70 + 7)
        loss = tf.reduce_mean(tf.square(tf.reshape(units, (-1, 7, 1))))
        tf.train.AdamOptimizer().minimize(loss)
        kept = graph_memory.kept_for_gradients(graph, 1000)
        weights = graph_memory.of_graph(graph, 0)
    # The inputs and the units; reshaping them takes no memory.
    assert kept == {"gradients": 4 * 1000 * (10 + 7)}
    assert weights == 4 * (3 * (70 + 7) + 2)  # with Adam's two moments and two powers of beta


def test_of_two_backward_passes_the_larger_counts():
    with new_graph(0).as_default() as graph:
        inputs = tf.placeholder(tf.float32, (None, 10))
        small, large = (tf.reduce_sum(tf.square(tf.layers.dense(inputs, units)))
                        for units in (1, 90))
        for loss in (small, large):
            tf.gradients(loss, tf.trainable_variables())
        memory_of = graph_memory.kept_for_gradients(graph, 1000)
        assert memory_of == {"gradients": 4 * 1000 * 11, "gradients_1": 4 * 1000 * 100}
        assert graph_memory.of_graph(graph, 1000) == 4 * (11 + 990) + 4 * 1000 * 100


QUICK = ("01", "06", "19")  # graphs that are built in less than a second


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name.startswith(QUICK) else pytest.mark.slow)
    for name in TRAINS])
def test_every_training_that_cannot_fit_is_refused_and_leaves_nothing(
        few, untrained, home, monkeypatch, capsys, tmp_path, name):
    has(monkeypatch, 1000)  # the weights alone take more; what gradients take is tested above
    own = SMALL.get(name[:2], [])
    if name == "train_segmentation.py":
        own = ["--data-dir", str(few_photographs.make_facades(tmp_path / "facades", train=40))]
    # The refusal of data that are too large has its own tests.
    monkeypatch.setattr(images, "refuse_excess", lambda *given: None)
    new_graph(0)  # the first graph of a process makes a session, so that oneDNN speaks
    monkeypatch.setattr(tf, "Session", None)
    with pytest.raises(SystemExit) as exit_:
        main_of(name)(own)
    assert exit_.value.code == 2
    *notes, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: training with these settings would take ")
    assert line.endswith(" GB: choose smaller sizes")
    assert all(note.startswith(("small settings: ", "kept for the next time")) for note in notes)
    assert not home.exists() or not list(home.iterdir())


def test_the_size_of_the_last_graph_of_a_growing_gan_is_checked_before_the_first_is_trained(
        few, untrained, home, monkeypatch, capsys):
    main = load_script("13_progressive_gan.py").main
    monkeypatch.setitem(main.__wrapped__.__globals__, "LARGE", 8)
    monkeypatch.setattr(training, "opened", None)
    has(monkeypatch, 1000)
    assert "training with these settings would take" in refusal(
        capsys, main, "--data", "drawn", "--size", "8", "--max-maps", "2", "--paper")
    assert not home.exists() or not list(home.iterdir())


def test_a_memory_error_prints_one_line(capsys):
    def main(argv):
        raise MemoryError("Unable to allocate 4.00 TiB for an array")
    with pytest.raises(SystemExit) as exit_:
        script(main)([])
    assert exit_.value.code == 1 and capsys.readouterr().err == (
        "error: not enough memory: Unable to allocate 4.00 TiB for an array\n")


def test_a_device_that_runs_out_of_memory_stops_the_training_with_one_line():
    run = types.SimpleNamespace(path="the run", title=None, config={"seed": 0})
    with pytest.raises(TrainingError, match="^the run stops, since its settings take more memory"):
        with training.opened(run, Loop()):
            # TensorFlow itself would wait for 20 seconds before it raises this.
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")


# --- data ---

@pytest.mark.parametrize("name, arguments, words", [
    ("13_progressive_gan.py", ["--data", "drawn", "--size", "1024", "--images", "136000"],
     "400 images of 1024 x 1024 pixels would take 0.42 GB of memory, and this machine has 0.1 GB"),
    ("16_cyclegan.py", ["--load-size", "2048", "--size", "2048"],
     "images of 2048 x 2048 pixels would take ")])
def test_images_that_cannot_fit_are_refused_before_they_are_made(
        few, home, monkeypatch, capsys, name, arguments, words):
    has(monkeypatch, GB // 10)
    monkeypatch.setattr(training, "opened", None)
    assert words in refusal(capsys, main_of(name), *arguments)
    assert not home.exists() or not list(home.iterdir())


@pytest.mark.parametrize("load", [
    lambda folder: images.load("folder", 512, folder),
    lambda folder: pairs.load("pairs", 512, data_dir=folder),
    lambda folder: pairs.load("folder", 512, data_dir=folder),
    lambda folder: unpaired.load("folder", 512, 512, folder)])
def test_a_folder_whose_images_cannot_fit_is_refused_before_they_are_read(
        tmp_path, monkeypatch, load):
    for part in unpaired.PARTS:
        (tmp_path / part).mkdir()
        (tmp_path / part / "image.png").write_text("not even an image")
    has(monkeypatch, 512 * 512 * 3 - 1)
    with pytest.raises(InputError, match="of 512 x 512 pixels would take"):
        load(tmp_path)


def test_images_that_fit_are_resized(monkeypatch):
    has(monkeypatch, 5 * 8 * 8)
    assert images.resized(np.zeros((5, 4, 4, 1), np.uint8), 8).shape == (5, 8, 8, 1)
    with pytest.raises(InputError, match="6 images of 8 x 8 pixels"):
        images.resized(np.zeros((6, 4, 4, 1), np.uint8), 8)
