"""The comparison of two devices, with two virtual CPUs in the place of the CPU and the GPU."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.steps import devices
from gan_tf1.tf1 import tf

SECOND = devices.Place("second CPU", "/device:CPU:1")
ROW = {"configuration": "mnist_gan", "loop": "feed", "on": 100, "elsewhere": Counter(), "units": 1., "of": "w",
       "TF32 units": 900., "TF32 difference": 1e-3, "same bytes": True, "reference speed": 100.,
       "tested speed": 90.}


def test_a_run_records_where_each_op_was_executed():
    config = tf.ConfigProto(device_count={"CPU": 2})
    with tf.Graph().as_default(), tf.Session(config=config) as sess:
        x = tf.placeholder(tf.float32, (4, 4))
        with tf.device(SECOND.device):
            doubled = 2. * x
        with tf.device(devices.CPU.device):
            below, whole = tf.floor(doubled), tf.cast(doubled, tf.int32) // 3
        recording = devices.Recording(sess)
        recording.run([below, whole], {x: np.ones((4, 4))})
    assert recording.on(SECOND.device) == 1
    assert recording.elsewhere(SECOND.device) == {
        ("device:CPU:0", "Floor", True): 1, ("device:CPU:0", "Cast", True): 1,
        ("device:CPU:0", "FloorDiv", False): 1}


def test_a_row_without_a_fault_is_well():
    assert devices.problems(ROW) == []
    assert devices.problems(ROW | {"elsewhere": Counter({("device:CPU:0", "Range", False): 3})}) == []
    assert load_script("gpu_check.py").cells(ROW)[-1] == "well"


@pytest.mark.parametrize("fault, words", [
    ({"elsewhere": Counter({("device:CPU:0", "Conv2D", True): 2})}, "2 Conv2D on device:CPU:0"),
    ({"units": 17.}, "w has 17 units of error, more than 16"), ({"units": np.nan}, "w has nan units"),
    ({"same bytes": False}, "two runs differ"), ({"on": 0}, "nothing ran on the tested device"),
    ({"refused": "Conv2D (x) refuses: no"}, "Conv2D (x) refuses: no")])
def test_each_fault_is_named(fault, words):
    [problem] = devices.problems(ROW | fault)
    assert problem.startswith(words)
    script = load_script("gpu_check.py")
    cells = script.cells(ROW | fault)
    assert cells[-1] == problem and len(cells) == len(script.HEADERS)


def test_an_op_that_refuses_is_named():
    op = SimpleNamespace(type="Conv2D", name="generator/conv2d")
    error = SimpleNamespace(op=op, message="no deterministic kernel\nand more")
    assert devices._refusal(error) == "Conv2D (generator/conv2d) refuses: no deterministic kernel"
    assert devices._refusal(SimpleNamespace(op=None, message="x")) == "an op refuses: x"


def test_bytes_are_compared():
    taken = devices.Taken(np.ones((2, 1)), {"w": np.zeros(3)}, 1.)
    assert taken.same_bytes(taken._replace(seconds=2.))
    assert not taken.same_bytes(taken._replace(losses=np.ones((2, 1)) + 1e-15))
    assert not taken.same_bytes(taken._replace(variables={"w": np.array([0., 0., 1e-300])}))


def test_memory_that_does_not_grow_is_a_fault():
    words = load_script("gpu_check.py").used_memory_in_words
    assert words(0.1, 0.15)[0].startswith("5 % of the GPU's memory") and not words(0.1, 0.15)[1]
    assert words(0., 0.95)[1]
    assert words(None, None) == ("The memory in use is not known, since nvidia-smi cannot be asked.", False)


def test_without_a_gpu_one_line_says_so(capsys, monkeypatch):
    script = load_script("gpu_check.py")
    monkeypatch.setattr(script, "sees_gpu", lambda: False)
    assert "TensorFlow sees no GPU here" in refusal(capsys, script.main)
    assert "no configuration called 'x'" in refusal(capsys, script.main, "--configurations", "x")
    assert "--steps must be from 1 to 10" in refusal(capsys, script.main, "--steps", 0)


@pytest.mark.slow
@pytest.mark.numerics
@pytest.mark.parametrize("loop", devices.LOOPS)
def test_two_virtual_processors_make_the_same_steps(loop):
    row = devices.check("mnist_gan", loop, 4, tested=SECOND)
    assert devices.problems(row) == []
    assert row["on"] > 100 and not row["elsewhere"]
    # One machine rounds in one way, whichever of its virtual processors computes.
    assert row["units"] <= 1 and row["TF32 difference"] == 0


@pytest.mark.slow
def test_steps_at_another_learning_rate_are_found(monkeypatch):
    """A relative difference of 1 % in the size of an Adam step is far more than rounding."""
    build, opened = devices.small.build, []

    def changed(name):
        opened.append(name)  # on the CPU in float32 and in float64, and on the tested device
        model, settings = devices.small.MODELS[name]
        return build(name, model.Config(**settings, learning_rate=0.002 if len(opened) < 3 else 0.00202))

    monkeypatch.setattr(devices.small, "build", changed)
    [problem] = devices.problems(devices.check("mnist_gan", "feed", 2, tested=SECOND))
    assert "units of error, more than 16" in problem
