"""The errors of the two chapters and their consequences: one test for each row of the table."""

import dataclasses

import numpy as np
import pytest

from double import same
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import new_graph, session_config, tf


@pytest.fixture
def graph():
    with new_graph(seed=0).as_default() as graph:
        yield graph


def learning_rate_of(build_optimizer):
    """The change of a variable with gradient 1 in Adam's first step, which is its learning rate."""
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        weight = tf.get_variable("weight", (), initializer=tf.zeros_initializer())
        step = build_optimizer().minimize(weight)
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        return -float(sess.run(weight))


def test_first_book_sets_0_002_and_trains_at_0_001():
    learning_rate = 0.002
    printed = learning_rate_of(lambda: tf.train.AdamOptimizer())
    assert printed == pytest.approx(0.001, rel=1e-5) != learning_rate
    assert mnist_gan.Config().learning_rate == 0.001


def test_second_book_trains_at_0_002():
    printed = learning_rate_of(lambda: tf.train.AdamOptimizer(0.002))
    assert printed == pytest.approx(0.002, rel=1e-5)


def test_the_learning_rate_reaches_both_optimizers():
    moved = {}
    for learning_rate in (0.001, 0.002):
        with new_graph(seed=1).as_default():
            gan = mnist_gan.build(mnist_gan.Config(learning_rate=learning_rate))
            with tf.Session(config=session_config()) as sess:
                sess.run(tf.global_variables_initializer())
                biases = [gan.disc_vars[-1], gan.gen_vars[-1]]  # zero before the first step
                rng = np.random.default_rng(0)
                sess.run([gan.disc_train_opt, gan.gen_train_opt], {
                    gan.real_discriminator_input: rng.uniform(-1, 1, (9, 784)),
                    gan.generator_input_z: rng.uniform(-1, 1, (9, 100))})
                moved[learning_rate] = [np.abs(value).mean() for value in sess.run(biases)]
    np.testing.assert_allclose(moved[0.001], 0.001, rtol=0.01)
    np.testing.assert_allclose(moved[0.002], 0.002, rtol=0.01)


def test_a_placeholder_without_a_shape_cannot_feed_a_dense_layer(graph):
    with pytest.raises(ValueError, match="last dimension"):
        mnist_gan.generator(tf.placeholder(tf.float32, name="dim_z"), 784)
    real, z = mnist_gan.model_inputs(784, 100)
    assert real.shape.as_list() == [None, 784] and z.shape.as_list() == [None, 100]


def test_a_generator_called_every_epoch_grows_the_graph(graph):
    gan = mnist_gan.build(mnist_gan.Config())
    sizes = [len(graph.get_operations())]
    for _ in range(3):
        mnist_gan.generator(gan.generator_input_z, 784, reuse_vars=True)
        sizes.append(len(graph.get_operations()))
    growth = np.diff(sizes)
    assert (growth > 5).all() and len(set(growth)) == 1
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        mnist_gan.generator(gan.generator_input_z, 784, reuse_vars=True)


def test_our_sampling_does_not_change_the_graph(graph):
    config = mnist_gan.Config()
    gan = mnist_gan.build(config)
    initialize = tf.global_variables_initializer()
    graph.finalize()
    with tf.Session(config=session_config()) as sess:
        sess.run(initialize)
        assert mnist_gan.sample(sess, gan, np.random.default_rng(0), 16, config).shape == (16, 784)


def test_a_second_call_without_the_hidden_size_fails_for_any_other(graph):
    z = tf.placeholder(tf.float32, (None, 100))
    mnist_gan.generator(z, 784, 64)
    with pytest.raises(ValueError, match="shape"):
        mnist_gan.generator(z, 784, reuse_vars=True)


def test_a_second_call_without_alpha_samples_from_another_function(graph):
    z = tf.placeholder(tf.float32, (None, 100))
    trained, _ = mnist_gan.generator(z, 784, 64, leaky_relu_alpha=0.2)
    printed, _ = mnist_gan.generator(z, 784, 64, reuse_vars=True)
    given, _ = mnist_gan.generator(z, 784, 64, reuse_vars=True, leaky_relu_alpha=0.2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        trained, printed, given = sess.run([trained, printed, given], {
            z: np.random.default_rng(0).uniform(-1, 1, (16, 100))})
    assert np.array_equal(trained, given)
    assert np.abs(trained - printed).max() > 0.01


@pytest.fixture
def printed_samples():
    """The samples of three epochs as the first book keeps them, pairs as `generator` returns them."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 16, 784)).astype(np.float32)
    return [(np.tanh(epoch), epoch) for epoch in logits]


def test_the_printed_view_of_the_last_epoch_is_the_first_epochs_logits(printed_samples):
    first_epochs_logits, last_epochs_images = printed_samples[0][1], printed_samples[-1][0]
    shown = printed_samples[0][-1]  # the printed index, with epoch_num = -1
    assert shown is first_epochs_logits
    assert np.abs(shown).max() > 1 >= np.abs(last_epochs_images).max()


def test_the_printed_stride_over_a_pair_is_zero(printed_samples):
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        printed_samples[0][::int(len(printed_samples[0]) / 6)]


def test_names_that_the_printed_sampling_uses_do_not_exist():
    names = set(mnist_gan.GAN._fields) | {
        field.name for field in dataclasses.fields(mnist_gan.Config)}
    assert names >= {"gen_vars", "gen_z_size"}
    assert not names & {"g_vars", "z_size"}


def test_the_discriminator_losses_of_both_books_are_equal():
    """The first book averages the sum of both cross-entropies, and the second sums the averages."""
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 30, 1))
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        first, _ = mnist_gan.model_loss(tf.constant(real), tf.constant(fake), 0.1)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
        second = tf.reduce_mean(cross_entropy(labels=np.full((30, 1), 0.9), logits=real)) + (
            tf.reduce_mean(cross_entropy(labels=np.zeros((30, 1)), logits=fake)))
        first, second = sess.run([first, second])
    assert first == same(second)


def test_the_leaky_relus_of_both_books_are_the_same_function():
    x = np.linspace(-3, 3, 31, dtype=np.float32)
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        maximum, leaky = sess.run([tf.maximum(x, 0.01 * x), tf.nn.leaky_relu(x, alpha=0.01)])
    np.testing.assert_array_equal(maximum, leaky)
