"""Names of contrib and of Python 2 whose meaning is easily got wrong: what TensorFlow 1.15 made of them."""

import numpy as np
import pytest

from gan_tf1.listing import image_files, python2_strings, tf1_imports


@pytest.fixture
def contrib():
    """`(tf, sess)`, with `tf.contrib` as listings see it, in a graph of its own."""
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        yield tf, sess


def test_adams_variables_are_called_as_without_contrib(contrib):
    tf, _ = contrib
    v = tf.get_variable("v", [2])
    tf.contrib.training.create_train_op(tf.reduce_sum(v), tf.train.AdamOptimizer())
    names = {var.op.name for var in tf.global_variables()}
    assert names == {"v", "v/Adam", "v/Adam_1", "beta1_power", "beta2_power", "global_step"}


def test_hyperparameters_are_parsed_by_their_types(contrib):
    tf, _ = contrib
    made = tf.contrib.training.HParams(n=1, rate=0.5, name="a", on=True, layers=[1], words=["x"])
    made.parse("n=3, rate=.25,layers=[64,32],name=b c,on=false,words=[p, q]")
    assert made.values() == {"n": 3, "rate": 0.25, "name": "b c", "on": False, "layers": [64, 32], "words": ["p", "q"]}
    made.set_hparam("rate", 2)
    assert made.rate == 2.0 and type(made.rate) is float
    for text in ("n=0.5", "n=x", "on=maybe", "n", "layers=[1", "other=1"):
        with pytest.raises(ValueError):
            made.parse(text)
    for name, value in (("n", 0.5), ("n", True), ("name", 3), ("on", 1)):
        with pytest.raises(ValueError, match="Could not cast hparam"):
            made.set_hparam(name, value)
    assert made.n == 3


def test_each_network_runs_only_its_own_update_ops_and_those_that_are_asked_for(contrib):
    tf, sess = contrib
    tfgan = tf.contrib.gan
    counters = {}

    def network(name):
        def build(x, *_):
            counters[name] = tf.get_variable("count", [], initializer=tf.zeros_initializer(), trainable=False)
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, counters[name].assign_add(1.0).op)
            return x * tf.get_variable("w", [], initializer=tf.ones_initializer())
        return build

    def counted(**options):
        sess.run(tf.global_variables_initializer())
        descent = tf.train.GradientDescentOptimizer(0.1)
        ops = tfgan.gan_train_ops(model, loss, descent, descent, **options)
        sess.run(ops.generator_train_op)
        after_generator = sess.run(counters)
        sess.run(ops.discriminator_train_op)
        return after_generator, sess.run(counters)

    model = tfgan.gan_model(network("G"), network("D"), tf.ones([2, 1]), tf.ones([2, 1]))
    of_g, of_d = ([op for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS) if op.name.startswith(name)]
                  for name in ("Generator", "Discriminator"))
    loss = tfgan.gan_loss(model, add_summaries=False)
    before = counted()
    assert before[0]["D"] == 0 and before[0]["G"] > 0 and before[1]["D"] > 0
    assert counted(update_ops=[]) == ({"G": 0, "D": 0}, {"G": 0, "D": 0})
    of_generator = counted(update_ops=of_g)
    assert of_generator[1]["D"] == 0 and of_generator[0]["G"] > 0 and of_d
    with pytest.raises(ValueError, match="unused update ops"):
        counted(update_ops=[*of_g, tf.no_op()])


def test_a_condition_is_mapped_to_all_numbers_of_the_tensor(contrib):
    tf, sess = contrib
    features = tf.contrib.gan.features
    given = features.condition_tensor_from_onehot(tf.zeros([5, 2, 3, 4]), tf.one_hot([0, 1, 2, 3, 4], 6), 7)
    shapes = {var.op.name: var.shape.as_list() for var in tf.trainable_variables()}
    assert shapes["embedding"] == [6, 7] and [7, 2 * 3 * 4] in shapes.values()
    sess.run(tf.global_variables_initializer())
    value = sess.run(given)
    assert value.shape == (5, 2, 3, 4) and value.std(axis=(1, 2)).min() > 0  # pixels get different numbers


def test_the_rows_of_a_confusion_matrix_are_labels(contrib):
    tf, sess = contrib
    found = sess.run(tf.contrib.metrics.confusion_matrix([0, 0, 1], [1, 1, 1], 2))
    assert found.tolist() == [[0, 2], [0, 1]]


def test_the_mean_and_the_draws_of_a_mixture(contrib):
    tf, sess = contrib
    ds = tf.contrib.distributions
    parts = [ds.MultivariateNormalDiag([[x, 0.0], [0.0, x]], [[0.1, 0.1]] * 2) for x in (-1.0, 3.0)]
    mixture = ds.Mixture(ds.Categorical(probs=[[0.25, 0.75], [1.0, 0.0]]), parts)
    np.testing.assert_allclose(sess.run(mixture.mean()), [[2, 0], [0, -1]], atol=1e-6)
    draws = mixture.sample(4, seed=3)
    with tf.Session() as other:
        np.testing.assert_array_equal(sess.run(draws), other.run(draws))


def test_products_of_matrices_of_which_one_is_adjoint(contrib):
    tf, sess = contrib
    x, y = np.arange(12.0).reshape(2, 3, 2), np.arange(18.0).reshape(2, 3, 3)
    found = sess.run(tf.batch_matmul(x, y, adj_x=True))
    np.testing.assert_allclose(found, x.transpose(0, 2, 1) @ y)


def test_contribs_data_has_its_own_name(contrib):
    tf, _ = contrib
    assert tf.contrib.data.__name__.endswith("contrib.data")


@pytest.mark.parametrize("text, codec, encoded", [
    ("Hello", "rot13", "Uryyb"), ("a\n'\t", "string_escape", r"a\n\'\t"), ("abc", "hex", "616263")])
def test_codecs_of_python_2_that_are_not_of_text(text, codec, encoded):
    assert python2_strings.encode(text, codec) == encoded
    assert python2_strings.decode(encoded, codec) == text


@pytest.mark.parametrize("array, expected", [
    ([[0, 255]], [[0, 255]]), ([[-1, 1]], [[0, 255]]), ([[0, 100]], [[0, 255]]), ([[7, 7]], [[7, 7]]),
    (np.uint16([[0, 65535, 256]]), [[0, 255, 1]]), ([[0.0, 0.5, 1.0]], [[0, 127, 255]]), ([[0.0, 2.0]], [[0, 255]])])
def test_numbers_become_levels_of_grey_as_in_imageio(array, expected):
    assert np.asarray(image_files._image(np.asarray(array))).tolist() == expected
