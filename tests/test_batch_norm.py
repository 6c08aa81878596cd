"""contrib's batch norm against NumPy in float64. test_dcgan_class.py compares it with contrib itself."""

import numpy as np
import pytest

import double
from conftest import values
from double import assert_same
from gan_tf1.layers import batch_norm
from gan_tf1.tf1 import new_graph, session_config, tf

X = np.random.default_rng(0).normal([1, -2, 0], [1, 2, 0.05], (4, 2, 3, 3))
MEAN, VARIANCE = X.mean((0, 1, 2)), X.var((0, 1, 2))
GAMMA, BETA = np.array([1.5, -1, 2]), np.array([0.5, 0, -3])


@pytest.fixture
def x():
    with double.precision(), new_graph(seed=0).as_default():
        yield tf.constant(X)


def started(sess, **loaded):
    """Initialize all variables, and set those whose last name is in `loaded`."""
    sess.run(tf.global_variables_initializer())
    for var in tf.global_variables():
        if (last := var.op.name.rpartition("/")[2]) in loaded:
            var.load(loaded[last], sess)


def test_names_shapes_and_initial_values(x):
    batch_norm(x, updates_collections=None)
    batch_norm(x, scale=True)
    batch_norm(x, center=False, scope="own")
    assert {var.op.name for var in tf.trainable_variables()} == {
        "BatchNorm/beta", "BatchNorm_1/beta", "BatchNorm_1/gamma"}
    with tf.Session(config=session_config()) as sess:
        started(sess)
        found = values(sess)
    assert set(found) == {f"{scope}/{name}" for scope, own in (
        ("BatchNorm", ["beta"]), ("BatchNorm_1", ["beta", "gamma"]), ("own", []))
        for name in ["moving_mean", "moving_variance"] + own}
    for name, value in found.items():
        assert value.tolist() == 3 * [1. if name.endswith(("variance", "gamma")) else 0.]


@pytest.mark.parametrize("options, gamma, beta", [
    ({}, 1, BETA), ({"scale": True}, GAMMA, BETA), ({"center": False, "scale": True}, GAMMA, 0),
    ({"center": False, "epsilon": 0.1}, 1, 0)])
def test_output_with_batch_statistics(x, options, gamma, beta):
    y = batch_norm(x, updates_collections=None, **options)
    with tf.Session(config=session_config()) as sess:
        started(sess, gamma=GAMMA, beta=BETA)
        expected = gamma * (X - MEAN) / np.sqrt(VARIANCE + options.get("epsilon", 0.001)) + beta
        assert_same(sess.run(y), expected)


@pytest.mark.parametrize("decay", [0.999, 0.5])
def test_moving_averages_are_updated_in_place_with_the_unbiased_variance(x, decay):
    y = batch_norm(x, **({} if decay == 0.999 else {"decay": decay}), updates_collections=None)
    loss = tf.reduce_mean(tf.square(y))
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []
    with tf.Session(config=session_config()) as sess:
        started(sess, moving_mean=[3, 4, 5], moving_variance=[6, 7, 8])
        mean, variance = np.array([3., 4, 5]), np.array([6., 7, 8])
        for _ in range(3):
            sess.run(loss)  # and nothing else
            mean = decay * mean + (1 - decay) * MEAN
            variance = decay * variance + (1 - decay) * VARIANCE * 24 / 23
            found = values(sess)
            assert_same(found["BatchNorm/moving_mean"], mean)
            assert_same(found["BatchNorm/moving_variance"], variance)


def test_by_default_moving_averages_are_updated_by_update_ops(x):
    y = batch_norm(x)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    batch_norm(x, updates_collections="mine")
    assert len(updates) == len(tf.get_collection("mine")) == 2
    with tf.Session(config=session_config()) as sess:
        started(sess)
        sess.run(y)
        assert not values(sess)["BatchNorm/moving_mean"].any()
        sess.run(updates)
        assert_same(values(sess)["BatchNorm/moving_mean"], 0.001 * MEAN)


def test_a_pass_with_moving_statistics_does_not_update_them(x):
    batch_norm(x, updates_collections=None, scope="norm")
    y = batch_norm(x, updates_collections=None, is_training=False, reuse=True, scope="norm")
    with tf.Session(config=session_config()) as sess:
        started(sess, moving_mean=[3, 4, 5], moving_variance=[6, 7, 8], beta=BETA)
        before = values(sess)
        expected = (X - [3, 4, 5]) / np.sqrt(np.array([6, 7, 8]) + 0.001) + BETA
        assert_same(sess.run(y), expected)
        assert all((value == before[name]).all() for name, value in values(sess).items())
    assert len(before) == 3  # shared


def test_the_gradient_flows_through_the_batch_statistics(x):
    weights = np.random.default_rng(1).normal(size=X.shape)
    loss = tf.reduce_sum(weights * batch_norm(x, updates_collections=None))

    def in_numpy(given):
        mean, variance = given.mean((0, 1, 2)), given.var((0, 1, 2))
        return (weights * (given - mean) / np.sqrt(variance + 0.001)).sum()

    with tf.Session(config=session_config()) as sess:
        sess.run(tf.global_variables_initializer())
        [gradient] = sess.run(tf.gradients(loss, x))
    for index in ((0, 0, 0, 0), (3, 1, 2, 1), (2, 0, 1, 2)):
        step = np.zeros(X.shape)
        step[index] = 1e-5
        expected = (in_numpy(X + step) - in_numpy(X - step)) / 2e-5
        assert gradient[index] == pytest.approx(expected, abs=1e-8)  # the error of the difference
