"""The shortcuts of a traced step, and the random bits of a compiled one: the same bits as without."""

import collections

import numpy as np
import pytest

from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training import graph_loop, philox, shortcuts, tracing


def traced(fetches, monkeypatch, with_shortcuts=True):
    """The values of `fetches` in a traced session, and how many ops of each type it adds."""
    if not with_shortcuts:
        monkeypatch.setattr(shortcuts, "of", lambda ops: {})
    graph = tf.get_default_graph()
    before = len(graph.get_operations())
    values = tracing.tensors(tracing.Session(graph).run(fetches))
    return values, collections.Counter(op.type for op in graph.get_operations()[before:])


def test_a_leaky_relu_and_its_gradient_are_one_op_each_with_the_same_bits(monkeypatch):
    with new_graph(0).as_default(), tf.Session() as sess:
        x = tf.constant(np.append(np.random.default_rng(0).normal(size=99), 0.), tf.float32)
        y = tf.maximum(0.2 * x, x)
        grad, = tf.gradients(tf.exp(y), x)
        short, ops = traced([y, grad], monkeypatch)
        full, others = traced([y, grad], monkeypatch, with_shortcuts=False)
        assert (ops["LeakyRelu"], ops["LeakyReluGrad"], ops["Maximum"], ops["SelectV2"]) == (1, 1, 0, 0)
        assert (others["LeakyRelu"], others["Maximum"], others["SelectV2"]) == (0, 1, 2)
        for one, other in zip(*sess.run([short, full])):
            assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("function", [
    lambda x: tf.maximum(x, 0.2 * x),                 # the slope at 0 is 1
    lambda x: tf.maximum(1.5 * x, x),                 # no leaky ReLU
    lambda x: tf.maximum(0.2 * x, x + 1),
    lambda x: tf.maximum(tf.abs(x) * x, x),           # the factor is not constant
    lambda x: tf.maximum(tf.constant(0.2, tf.float64) * tf.cast(x, tf.float64), tf.cast(x, tf.float64))])
def test_another_maximum_stays_as_it_is(function, monkeypatch):
    with new_graph(0).as_default():
        x = tf.constant([-1., 0., 2.])
        _, ops = traced([function(x), *tf.gradients(function(x), x)], monkeypatch)
        assert ops["LeakyRelu"] == ops["LeakyReluGrad"] == 0 and ops["Maximum"] == 1


def test_a_pass_with_batch_norm_is_shared_though_the_moving_averages_were_updated():
    """Batch norm with batch statistics is handed the averages, but does not use them."""
    with new_graph(0, resource_variables=True).as_default() as graph, tf.Session():
        x = tf.placeholder(tf.float32, (2, 2, 2, 3))
        trained = tf.layers.batch_normalization(x, training=True)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        by_averages = tf.layers.batch_normalization(x, training=False)
        session, before = tracing.Session(graph), len(graph.get_operations())
        feed = {x: tracing.Traced(tf.reshape(tf.range(24.), x.shape))}
        first, _ = session.run([trained, updates], feed)
        second, _ = session.run([trained, by_averages], feed)
        passes = [op for op in graph.get_operations()[before:] if op.type == "FusedBatchNormV3"]
        assert first.tensor is second.tensor and [op.get_attr("is_training") for op in passes] == [True, False]


@pytest.mark.parametrize("compiled", [False, True])
def test_the_bits_of_a_compiled_step_are_those_of_philox(compiled):
    with new_graph(0).as_default(), tf.Session() as sess:
        seed = tf.placeholder(tf.int64, 2)

        def draw(seed):
            return [philox.bits([7, 3], seed)]

        [found] = tf.xla.experimental.compile(draw, [seed]) if compiled else draw(seed)
        expected = tf.random.stateless_uniform([7, 3], seed, None, None, tf.int32, alg="philox")
        for numbers in ([2**32 + 5, 1000], [0, 0], [-3, 2**62]):
            one, other = sess.run([found, expected], {seed: numbers})
            assert one.tobytes() == other.tobytes()


def test_a_compiled_call_makes_one_step_of_a_network_with_convolutions(monkeypatch):
    """Inside of a loop, XLA's convolutions take many times as long on a processor."""
    monkeypatch.setattr(graph_loop, "has_gpu_device", lambda: False)
    with new_graph(0).as_default() as graph:
        x = tf.placeholder(tf.float32, (1, 4, 4, 1))
        assert not graph_loop.single_steps(graph)
        assert graph_loop.slow_if_compiled(graph_loop.Loop("graph", xla=True), graph) == ""
        tf.layers.conv2d(x, 1, 3)
        assert graph_loop.single_steps(graph)
        assert "without --xla" in graph_loop.slow_if_compiled(graph_loop.Loop("graph", xla=True), graph)
        assert graph_loop.slow_if_compiled(graph_loop.Loop("graph"), graph) == ""
        monkeypatch.setattr(graph_loop, "has_gpu_device", lambda: True)
        assert not graph_loop.single_steps(graph)
