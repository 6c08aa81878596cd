"""`import tensorflow` gives the TF1 API inside `tf1_imports()`, and is unchanged outside of it."""

import builtins
import importlib
import sys
import threading

import numpy as np
import pytest

from conftest import wait_until
from gan_tf1.listing import tf1_imports
from gan_tf1.tf1 import load, new_graph, session_config

load()
import tensorflow as REAL  # noqa: E402


def state():
    # Other modules don't count, since TensorFlow itself loads some of them lazily.
    return {name: module for name, module in sys.modules.items()
            if name.split(".")[0] == "tensorflow" and "contrib" in name or name == "tensorflow"}


@pytest.fixture(autouse=True)
def untouched():
    before = builtins.__import__, importlib.import_module, state(), sys.meta_path[:], sys.path[:]
    yield
    assert before == (builtins.__import__, importlib.import_module, state(), sys.meta_path[:],
                      sys.path[:])


def test_every_form_of_import_gives_the_tf1_api():
    with tf1_imports() as given:
        import tensorflow
        import tensorflow as tf
        import tensorflow.contrib.layers as layers
        import tensorflow.contrib.slim as slim
        import tensorflow.keras
        from tensorflow import contrib, placeholder
        from tensorflow.contrib.layers import xavier_initializer
        from tensorflow.examples.tutorials.mnist import input_data
        from tensorflow.keras.layers import Dense
        from tensorflow.python.framework import ops
        assert given is tensorflow is tf is importlib.import_module("tensorflow")
        assert tf is __import__("tensorflow")
        assert layers is tf.contrib.layers is contrib.layers
        assert importlib.import_module("tensorflow.contrib.slim") is slim
        assert xavier_initializer is layers.xavier_initializer is slim.xavier_initializer
        assert callable(input_data.read_data_sets) and callable(Dense)
        assert ops is sys.modules["tensorflow.python.framework.ops"]
        assert tf.python.framework.ops is ops
        names = {}
        exec("from tensorflow import *", names)
        assert names["placeholder"] is tf.placeholder is placeholder
        assert isinstance(placeholder(tf.float32, [None, 3]).shape[1], tf.Dimension)
        for name in ("app.flags", "gfile.Exists", "image.resize_images", "logging.set_verbosity",
                     "nn.rnn_cell.BasicLSTMCell", "summary.FileWriter", "train.Supervisor",
                     "layers.dense", "to_float", "get_variable"):
            found = tf
            for part in name.split("."):
                found = getattr(found, part)


def outside():
    import tensorflow
    return tensorflow is REAL and not hasattr(tensorflow, "contrib")


def test_outside_of_the_context_the_import_is_unchanged():
    assert outside()
    with tf1_imports():
        assert not outside()
        with tf1_imports():
            pass
        assert not outside()
    assert outside()
    with pytest.raises(ZeroDivisionError):
        with tf1_imports():
            import tensorflow.contrib.layers  # noqa: F401
            1 / 0
    assert outside()


def test_other_threads_see_the_tf1_api_inside_the_context():
    found, ended = [], threading.Event()

    def work():
        found.append(outside())
        ended.wait(10)
        found.append(outside())

    thread = threading.Thread(target=work)
    with tf1_imports():
        thread.start()
        wait_until(lambda: found)
    ended.set()
    thread.join()
    assert found == [False, True]


def test_installed_libraries_get_the_installed_tensorflow(tmp_path):
    source = ("import tensorflow as tf, importlib\nfrom tensorflow import Tensor\n"
              "by_name = importlib.import_module('tensorflow')\n")
    # A patch of its own is undone before `untouched` checks; the fixture monkeypatch is not.
    with pytest.MonkeyPatch.context() as patch:
        for folder in ("site-packages", "own"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / f"listing_test_{folder[:3]}.py").write_text(source)
            patch.syspath_prepend(tmp_path / folder)
        with tf1_imports() as tf:
            import listing_test_own
            import listing_test_sit
            assert listing_test_sit.tf is listing_test_sit.by_name is REAL
            assert listing_test_own.tf is listing_test_own.by_name is tf
        assert "listing_test_own" not in sys.modules  # it holds the TF1 API
        import listing_test_own as again
        assert again.tf is REAL
        del sys.modules["listing_test_own"], sys.modules["listing_test_sit"]


def test_the_error_for_an_unsupported_name_lists_the_supported_ones():
    with tf1_imports() as tf:
        for wrong in (lambda: tf.contrib.crf, lambda: tf.contrib.layers.gdn,
                      lambda: tf.nothing):
            with pytest.raises(AttributeError, match="isn't supported here: "):
                wrong()
        with pytest.raises(AttributeError, match="tf.contrib.crf .* has .*layers.*slim"):
            tf.contrib.crf
        # Many programs import more than they use.
        import tensorflow.contrib.opt as opt
        from tensorflow.contrib import crf, layers
        assert layers is tf.contrib.layers and not hasattr(tf.contrib, "crf")
        for use in (lambda: crf.crf_decode, lambda: opt.NadamOptimizer):
            with pytest.raises(AttributeError, match="tf.contrib.(crf|opt) isn't supported here"):
                use()
        with pytest.raises(ImportError, match="tf.contrib.crf isn't supported here"):
            from tensorflow.contrib.crf import crf_decode  # noqa: F401
        with pytest.raises(ImportError, match="tf.contrib.nonsense isn't supported here"):
            from tensorflow.contrib import nonsense  # noqa: F401
        with pytest.raises(ImportError, match="tf.contrib.opt isn't supported here"):
            import tensorflow.contrib.opt.python  # noqa: F401
        with pytest.raises(ImportError, match="tf.nothing isn't supported here"):
            from tensorflow import nothing  # noqa: F401
        assert not hasattr(tf, "nothing")


def evaluated(*tensors):
    from gan_tf1.tf1 import tf
    with tf.Session(config=session_config()) as sess:
        return sess.run(tensors)


def test_concat_and_split_take_both_orders_of_arguments():
    a, b = np.arange(6.).reshape(2, 3), -np.arange(6.).reshape(2, 3)
    joined, halves = np.concatenate([a, b], 1), [a, b]
    with tf1_imports() as tf, tf.Graph().as_default():
        for tensor in evaluated(
                tf.concat(1, [a, b]), tf.concat([a, b], 1), tf.concat([a, b], axis=1),
                tf.concat(values=[a, b], axis=1), tf.concat(concat_dim=1, values=[a, b]),
                tf.concat(1, values=[a, b])):
            np.testing.assert_array_equal(tensor, joined)
        for both in evaluated(
                tf.split(1, 2, joined), tf.split(joined, 2, 1), tf.split(joined, 2, axis=1),
                tf.split(split_dim=1, num_split=2, value=joined),
                tf.split(value=joined, num_or_size_splits=[3, 3], axis=1)):
            np.testing.assert_array_equal(both, halves)


def test_losses_take_logits_first_if_unnamed_and_accept_targets():
    logits, labels = np.array([[2., -1.], [0.5, 3.]]), np.array([[1., 0.], [0.25, 0.75]])
    sigmoid = np.log1p(np.exp(logits)) - labels * logits
    softmax = np.log(np.exp(logits).sum(1)) - (labels * logits).sum(1)
    sparse = np.log(np.exp(logits).sum(1)) - logits[[0, 1], [1, 0]]
    with tf1_imports() as tf, tf.Graph().as_default():
        nn = tf.nn
        found = evaluated(
            nn.sigmoid_cross_entropy_with_logits(logits, labels),
            nn.sigmoid_cross_entropy_with_logits(logits=logits, targets=labels),
            nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits),
            nn.softmax_cross_entropy_with_logits(logits, labels),
            nn.softmax_cross_entropy_with_logits(logits=logits, labels=labels),
            nn.sparse_softmax_cross_entropy_with_logits(logits, [1, 0]),
            nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 0], logits=logits))
    for value, expected in zip(found, 3 * [sigmoid] + 2 * [softmax] + 2 * [sparse]):
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_contribs_losses_take_predictions_first():
    logits, labels = np.array([[2., -1.], [0.5, 3.]], "f"), np.array([[1., 0.], [0., 1.]], "f")
    with tf1_imports() as tf, tf.Graph().as_default():
        old, by_name, new = evaluated(
            tf.contrib.losses.softmax_cross_entropy(logits, labels),
            tf.contrib.slim.losses.softmax_cross_entropy(onehot_labels=labels, logits=logits),
            tf.losses.softmax_cross_entropy(labels, logits))
        assert old == by_name == new
        assert len(tf.contrib.losses.get_losses()) == 3


def test_listings_need_no_seed_although_the_packages_own_graphs_do():
    new_graph(0)
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        assert sess.run(tf.random_normal([3])).shape == (3,)
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(RuntimeError, match="require a seed"):
            sess.run(tf.random_normal([3]))


def test_size_of_a_model(capsys):
    with tf1_imports() as tf, tf.Graph().as_default():
        tf.get_variable("a", [3, 4])
        tf.get_variable("b", [5])
        found = tf.contrib.slim.model_analyzer.analyze_vars(tf.trainable_variables(), True)
    assert found == (17, 68) and "a:0 (float32 3x4) [12, bytes: 48]" in capsys.readouterr().out
