"""Dropout whose masks are the same in TensorFlow and in XLA."""

import numpy as np
import pytest

from gan_tf1.layers import seeded_dropout
from gan_tf1.tf1 import new_graph, tf

SHAPE = 1000, 300


@pytest.fixture(scope="module", params=[0.5, 0.2, 0.37], ids=str)
def dropped(request):
    """The rate, and what is left of random numbers: uncompiled, compiled, and by TensorFlow's own dropout."""
    rate = request.param
    x = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    with new_graph(0).as_default(), tf.Session() as sess:
        def of(x):
            given = tf.constant(rate, tf.float32)
            return [seeded_dropout(x, rate, [5, 3]), seeded_dropout(x, given, [5, 3])]

        fed = tf.constant(x)
        plain, compiled = of(fed), tf.xla.experimental.compile(of, [fed])
        own = tf.nn.experimental.stateless_dropout(fed, rate, [5, 3], "philox")
        return rate, sess.run([plain, compiled, own])


def test_dropout_is_that_of_tensorflow(dropped):
    rate, ((fixed, given), _, own) = dropped
    assert fixed.tobytes() == own.tobytes()
    np.testing.assert_allclose(given, own, rtol=4 * 2**-24)  # divided instead of multiplied
    # Four standard errors of a share are 4 sqrt(p (1 - p) / n).
    assert (fixed == 0).mean() == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / fixed.size))


def test_compiled_dropout_drops_the_same_units(dropped):
    _, (plain, compiled, _) = dropped
    for one, other in zip(plain, compiled):
        np.testing.assert_array_equal(one == 0, other == 0)
        np.testing.assert_allclose(one, other, rtol=4 * 2**-24)


def test_the_mask_does_not_depend_on_the_precision():
    with new_graph(0).as_default(), tf.Session() as sess:
        single, double = sess.run([seeded_dropout(tf.ones((100, 100), dtype), 0.3, [0, 1])
                                   for dtype in (tf.float32, tf.float64)])
    assert double.dtype == np.float64 and set(np.unique(double)) == {0, 1 / 0.7}
    np.testing.assert_array_equal(single == 0, double == 0)


def test_a_rate_of_zero_drops_nothing():
    with new_graph(0).as_default(), tf.Session() as sess:
        x = tf.ones((10, 10))
        assert seeded_dropout(x, 0., [0, 1]) is x
        assert (sess.run(seeded_dropout(x, tf.constant(0.), [0, 1])) == 1).all()
