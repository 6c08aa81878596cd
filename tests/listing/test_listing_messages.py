"""What is said of a listing that fails, and of a setting that it doesn't have."""

import sys

import pytest

from conftest import refusal
from gan_tf1.listing.__main__ import main
from gan_tf1.listing.report import told
from gan_tf1.listing.run import run


def said_of(tmp_path, text):
    """The message for a listing that fails."""
    (tmp_path / "listing.py").write_text(text)
    [failure] = run(tmp_path / "listing.py", tmp_path).failures
    return told(failure, tmp_path / "listing.py").splitlines()


SHAPES = """
import numpy as np, tensorflow as tf
x, y = (tf.placeholder(tf.float32, [None, 1]) for _ in range(2))
def loss():
    return tf.reduce_mean(x - y)
loss = loss()
with tf.Session() as sess:
    sess.run(loss, {x: np.ones([20, 1]), y: np.ones([100, 1])})
"""


def test_the_reason_of_an_op_that_fails_and_the_line_that_made_it(tmp_path):
    assert said_of(tmp_path, SHAPES) == [
        "listing.py, block 1, line 8: InvalidArgumentError: Incompatible shapes: [20,1] vs. [100,1]",
        "    sess.run(loss, {x: np.ones([20, 1]), y: np.ones([100, 1])})",
        "  the op 'sub' was made in block 1, line 5, in loss", "    return tf.reduce_mean(x - y)"]


@pytest.mark.parametrize("text, reason", [
    ("1 root error(s) found.\n  (0) INVALID_ARGUMENT: assertion failed: [a]\n\t [[{{node A}}]]\n"
     "0 successful operations.", "assertion failed: [a]"),
    ("Detected at node 'v' defined at (most recent call last):\n    File \"x.py\", line 1\n"
     "Node: 'v'\n2 root error(s) found.\n  (0) UNKNOWN: first\n\t [[{{node v}}]]\n  (1) UNKNOWN: "
     "second\n", "first"),
    ("Attempting to use uninitialized value v\n\t [[{{node v}}]]",
     "Attempting to use uninitialized value v")])
def test_the_reason_in_other_texts_of_tensorflow(text, reason):
    from gan_tf1.listing.report import GRAPH_ERROR, _message
    assert _message(ValueError(f"{GRAPH_ERROR}\n\n{text}")) == f"ValueError: {reason}"


@pytest.mark.parametrize("text, hint", [
    ("import imutils.video", "What is missing: the package imutils: python -m pip install imutils."),
    ("from sklearn.utils import shuffle",
     "What is missing: the package sklearn: python -m pip install scikit-learn."),
    ("import no_such_module",
     "What is missing: this module is neither installed nor beside the listing."),
    ("import prettytensor", "What is missing: this library was made for TensorFlow 1 or earlier, and "
     "is not available for the installed one."),
    ("print 'x'", "What has changed since: this is Python 2: add --python2 to the command."),
    ("raise ValueError, 'x'", "What has changed since: this is Python 2: add --python2 to the command."),
    ("{}.iteritems()", "What has changed since: this is Python 2: add --python2 to the command."),
    ("import numpy as np\nnp.zeros(2, np.uint8) - 300", "What has changed since: NumPy 2 refuses a "
     "number that the type of its array can't hold, where NumPy 1 chose a larger type: write "
     "array.astype(int).")])
def test_the_heading_of_a_hint_says_whose_fault_it_is(tmp_path, monkeypatch, text, hint):
    for name in ("imutils", "sklearn"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it weren't installed
    assert said_of(tmp_path, text)[-1] == hint


def test_python_2_in_a_module_names_its_file_and_line(tmp_path):
    (tmp_path / "my_ops.py").write_text("def show(x):\n    print x\n")
    assert said_of(tmp_path, "a = 1\nimport my_ops\n") == [
        "my_ops.py, line 2: SyntaxError: Missing parentheses in call to 'print'. Did you mean "
        "print(...)?", "    print x", "  called in block 1, line 2", "    import my_ops",
        "What has changed since: this is Python 2: add --python2 to the command."]


@pytest.mark.parametrize("text, name, option", [
    ("import tensorflow as tf\ntf.app.flags.DEFINE_integer('max_steps', 9, 'steps')\n",
     "FLAGS.max_steps", "max_steps"),
    ("flags.DEFINE_integer('epoch', 25, '')", "epoch", "epoch"),
    ("parser.add_argument('-b', '--batch-size', type=int)", "args.batch_size", "batch-size")])
def test_a_setting_that_is_an_option_of_the_listing(tmp_path, capsys, text, name, option):
    (tmp_path / "listing.py").write_text(text)
    assert f"takes this value from its command line: add -- --{option}=... at the end" in refusal(
        capsys, main, tmp_path / "listing.py", "--set", f"{name}=3")
