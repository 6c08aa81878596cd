"""`%load_ext gan_tf1.listing` in a notebook."""

import builtins
import sys

import numpy as np
import pytest

from gan_tf1 import listing
from gan_tf1.tf1 import tf

CELL = """
import numpy as np
import tensorflow as tf
from tensorflow.contrib import slim
import sys, tensorflow.python.framework.ops as ops
found = tf.mul(2, 3), np.float, xrange(2), np.uint8(200) * 2, sys.argv[1:], slim.conv2d, str([np.float32(0.1)])
"""


@pytest.fixture
def untouched(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kernel", "-f", "connection.json"])
    state = lambda: (builtins.__import__, hasattr(np, "float"), sys.argv[:], np.get_printoptions(),
                     (np.uint8(2) * 2).dtype, hasattr(builtins, "xrange"))
    before = state()
    yield
    assert state() == before


def test_the_extension_serves_cells_until_it_is_unloaded(untouched):
    listing.load_ipython_extension(None)
    try:
        listing.load_ipython_extension(None)  # a cell that is run twice
        names = {"__name__": "__main__"}
        with tf.Graph().as_default():
            exec(CELL, names)
        assert names["found"][1:5] == (float, range(2), 400, []) and names["found"][6] == "[0.1]"
    finally:
        listing.unload_ipython_extension(None)
    listing.unload_ipython_extension(None)


def test_tensorflow_that_was_imported_before_gives_one_line(monkeypatch, capsys):
    monkeypatch.setattr("gan_tf1.listing.modules.tf1_module", _refuse)
    listing.load_ipython_extension(None)
    listing.unload_ipython_extension(None)
    assert capsys.readouterr().err == "error: restart the kernel\n"


def _refuse():
    from gan_tf1.errors import InputError
    raise InputError("restart the kernel")


@pytest.mark.slow
def test_in_a_kernel():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = ["%load_ext gan_tf1.listing", CELL, "found[3], [np.float32(0.1)]",
             "%unload_ext gan_tf1.listing\nimport tensorflow\nhasattr(tensorflow, 'mul'), hasattr(np, 'float')"]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    nbclient.NotebookClient(notebook, timeout=300).execute()
    values = [cell.outputs[-1]["data"]["text/plain"] for cell in notebook.cells[2:]]
    assert values == ["(400, [0.1])", "(False, False)"]
