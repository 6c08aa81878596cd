"""`--report`: what a listing needs, what is emulated and what stops it, without running it."""

import json
import sys

import pytest

from gan_tf1.listing.__main__ import main

PROGRAM = """
import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim
from tensorflow.contrib.layers import batch_norm as bn
from tensorflow.examples.tutorials.mnist import input_data
from scipy.misc import imsave
import imutils, tflearn
from my_ops import lrelu
raise SystemExit("this must not run")
flags = tf.app.flags
flags.DEFINE_integer("epoch", 25, "epochs")
mnist = input_data.read_data_sets("MNIST_data")
h = tf.concat(1, [lrelu(x), tf.mul(x, y)])
tf.nn.relu(tf.layers.dense(h, 3))
tf.contrib.crf.crf_decode
tf.nn.no_such_op(h)
loss = tf.nn.sigmoid_cross_entropy_with_logits(h, tf.ones_like(h))
slim.conv2d(h, 8, 3); np.asscalar(np.float(3)); np.mean(3)
data = np.load('faces.npy').tostring()
with tf.device('/gpu:0'):
    half = [i / 2 for i in xrange(9)]
"""


@pytest.fixture
def said(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "imutils", None)

    def said(text, name="gan.py"):
        (tmp_path / name).write_text(text)
        before = set(tmp_path.rglob("*"))
        main([str(tmp_path / name), "--report"])
        assert set(tmp_path.rglob("*")) == before
        return [line.strip() for line in capsys.readouterr().out.splitlines()]
    return said


def test_a_program_with_a_module(tmp_path, said):
    (tmp_path / "my_ops.py").write_text("import tensorflow as tf\n\ndef lrelu(x):\n"
                                        "    return tf.maximum(x, tf.sub(x, 1)) / 2\n")
    lines = said(PROGRAM)
    assert lines[0] == "gan.py: 1 block, with my_ops.py beside it"
    needs, emulated, stops = (next(at for at, line in enumerate(lines) if line.startswith(heading))
                              for heading in ("What it needs", "What is emulated", "What stops it"))
    assert any("-- --epoch=..." in line for line in lines[:needs])
    for line in ("numpy: it is installed", "MNIST: the four idx files in MNIST_data, or TensorFlow "
                 "Datasets  (line 13)", "the file faces.npy, unless the listing writes it  (line 20)",
                 "Python 2, probably: it uses xrange and divides. With --python2, 1/2 is 0"):
        assert line in lines[needs:emulated]
    for line in ("tf.mul: tf.multiply  (line 14)", "tf.sub: tf.subtract  (my_ops.py, line 4)",
                 "tf.concat with the axis first: tf.concat(values, axis)  (line 14)",
                 "losses with the logits first: tf.nn...(labels=..., logits=...)  (line 18)",
                 "numpy.asscalar: array.item()  (line 19)", "numpy.float: float  (line 19)",
                 "scipy.misc.imsave: PIL.Image or imageio  (line 7)", ".tostring: tobytes  (line 20)",
                 "/gpu:0: the CPU, if there is no GPU  (line 21)", "xrange: range  (line 22)"):
        assert line in lines[emulated:stops]
    assert any(line.startswith("tf.contrib.layers.batch_norm: tf.layers.batch_norm") for line in lines)
    assert any(line.startswith("import tflearn: this library was made") for line in lines[stops:])
    assert any(line.startswith("tf.contrib.crf isn't supported") for line in lines[stops:])
    assert any(line.startswith("tf.nn.no_such_op isn't") or "no_such_op" in line for line in lines[stops:])
    assert not any(line.startswith(("tf.nn.relu", "tf.layers", "numpy.mean")) for line in lines)


def test_a_notebook_that_nothing_stops(said):
    cells = ["%matplotlib inline\n!pip install tensorflow==1.4\nimport tensorflow as tf", "a = tf.constant(1)"]
    lines = said(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}), "a.ipynb")
    assert lines == ["a.ipynb: 2 blocks", "", "Run it unchanged with", "python -m gan_tf1.listing a.ipynb",
                     "", "Nothing was found that stops it. Errors of its own are only found by running it."]


def test_a_syntax_error_is_not_taken_for_python_2(said):
    pytest.importorskip("fissix", reason="fissix, which parses Python 2, is not installed")
    last = said("import os\nprint 'a' 'b' c d\n")[-1]  # below "What stops it"
    assert last.startswith("SyntaxError: ") and last.endswith("  (line 2)")
    assert "Python 2: --python2 converts it  (line 2)" in said("import os\nprint 'a'\n")


def test_python_2_is_named_without_the_package_that_converts_it(said, monkeypatch):
    monkeypatch.setitem(sys.modules, "fissix", None)
    assert "Python 2: --python2, which needs the package fissix  (line 2)" in said("import os\nprint 'a'\n")
