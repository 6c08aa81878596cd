"""tf.contrib compared with TensorFlow 1.15's: tests/listing/listings/contrib_layers.py ran on both."""

import pathlib

import numpy as np
import pytest

from gan_tf1.listing.run import run

LISTINGS = pathlib.Path(__file__).parent / "listings"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contrib")
    assert run(LISTINGS / "contrib_layers.py", folder).failures == []
    with np.load(LISTINGS / "contrib_layers_of_1_15.npz") as theirs:
        with np.load(folder / "contrib_layers.npz") as ours:
            return dict(ours), dict(theirs)


def test_both_recorded_the_same_keys(both):
    ours, theirs = both
    assert set(ours) == set(theirs)


def test_names_shapes_order_and_collections(both):
    ours, theirs = both
    names = [key for key, value in theirs.items() if value.dtype.kind in "Ui"]
    assert len(names) > 300
    for key in names:
        assert ours[key].tolist() == theirs[key].tolist(), key


def test_outputs_gradients_averages_and_penalties(both):
    ours, theirs = both
    numbers = [key for key, value in theirs.items()
               if value.dtype.kind == "f" and not key.startswith("initializer")]
    assert len(numbers) > 200
    for key in numbers:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=2e-5, atol=1e-5, err_msg=key)


def test_the_spread_of_initial_weights(both):
    ours, theirs = both
    names = [key for key in theirs if key.startswith("initializer")]
    assert len(names) > 5
    for key in names:
        assert ours[key] == pytest.approx(theirs[key], rel=0.015), key


def test_metrics_and_slims_utils_and_queues(tmp_path):
    (tmp_path / "listing.py").write_text("""
import numpy as np, tensorflow as tf
slim = tf.contrib.slim
x = tf.constant(np.eye(4, dtype='f'))
net = slim.fully_connected(x, 3, scope='a', outputs_collections='ends')
net = slim.fully_connected(net, 2, scope='b', outputs_collections='ends')
ends = slim.utils.convert_collection_to_dict('ends')
values, updates = slim.metrics.aggregate_metric_map({
    'accuracy': slim.metrics.streaming_accuracy(tf.constant([1, 2]), tf.constant([1, 0])),
    'mean': tf.contrib.metrics.streaming_mean([1., 2.]),
    'recall': slim.metrics.streaming_recall(predictions=[1, 0], labels=[1, 1])})
queue = tf.train.input_producer(tf.range(3), shuffle=False)
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    with slim.queues.QueueRunners(sess):
        first = sess.run(queue.dequeue())
        sess.run(updates)
        found = sess.run(values)
v = tf.get_variable('v', initializer=1.0)
same = type(v) == tf.Variable, isinstance(v, tf.Variable), type(x) == tf.Variable
""")
    result = run(tmp_path / "listing.py", tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    names = result.names
    assert list(names["ends"]) == ["a", "b"] and names["ends"]["b"] is names["net"]
    assert names["found"] == pytest.approx({"accuracy": 0.5, "mean": 1.5, "recall": 0.5})
    assert names["first"] == 0
    assert names["same"] == (True, True, False)


@pytest.mark.slow
def test_slims_training_loop(tmp_path):
    (tmp_path / "listing.py").write_text("""
import tensorflow as tf
slim = tf.contrib.slim
v = tf.get_variable('v', initializer=1.0)
step = slim.create_global_step()
op = slim.learning.create_train_op(v ** 2, tf.train.GradientDescentOptimizer(0.25), variables_to_train=[v])
loss = slim.learning.train(op, 'logs', number_of_steps=3, save_summaries_secs=0)
tf.reset_default_graph()
v = tf.get_variable('v', [])
start = slim.assign_from_checkpoint_fn('logs/model.ckpt-3', [v])
with tf.Session() as sess:
    start(sess)
    last = sess.run(v)
""")
    result = run(tmp_path / "listing.py", tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    assert result.names["last"] == 0.125  # halved three times


@pytest.mark.slow
def test_tf_gan(tmp_path):
    (tmp_path / "listing.py").write_text("""
import numpy as np, tensorflow as tf
import tensorflow.contrib.gan as tfgan
layers = tf.contrib.layers
def G(z):
    return layers.fully_connected(layers.batch_norm(z), 3, activation_fn=None)
def D(x, z):
    return layers.linear(x, 1, weights_regularizer=layers.l2_regularizer(1.0))
model = tfgan.gan_model(G, D, real_data=tf.random_normal([8, 3]), generator_inputs=tf.random_normal([8, 2]))
names = [v.op.name for v in model.generator_variables + model.discriminator_variables]
loss = tfgan.gan_loss(model, gradient_penalty_weight=10.0)
other = tfgan.gan_loss(model, tfgan.losses.modified_generator_loss, tfgan.losses.minimax_discriminator_loss)
ops = tfgan.gan_train_ops(model, loss, tf.train.AdamOptimizer(0.01), tf.train.AdamOptimizer(0.01))
steps = tfgan.gan_train(ops, 'logs', hooks=[tf.train.StopAtStepHook(num_steps=2)],
                        get_hooks_fn=tfgan.get_sequential_train_hooks(tfgan.GANTrainSteps(1, 2)))
wargs = tfgan.losses.wargs
w, one, zero = model.discriminator_variables[0], tf.ones([2, 1]), tf.zeros([2, 1])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    numbers = sess.run([wargs.minimax_discriminator_loss(zero, zero), wargs.least_squares_generator_loss(zero),
                        wargs.wasserstein_discriminator_loss(one, zero), wargs.modified_generator_loss(zero)])
    weights = sess.run(w)
    penalty = sess.run(tfgan.losses.wasserstein_gradient_penalty(model))
    step_loss, stop = tfgan.get_sequential_train_steps()(sess, ops, tf.train.get_global_step(), {})
grid = tfgan.eval.image_reshaper(tf.ones([6, 4, 4, 1]), num_cols=3).shape.as_list()
""")
    result = run(tmp_path / "listing.py", tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    names = result.names
    assert names["names"] == [
        "Generator/BatchNorm/beta", "Generator/fully_connected/weights",
        "Generator/fully_connected/biases", "Discriminator/fully_connected/weights",
        "Discriminator/fully_connected/biases"]
    assert names["steps"] == 2 and names["grid"] == [1, 8, 12, 1] and names["stop"] is False
    np.testing.assert_allclose(names["numbers"], [2 * np.log(2), 0.5, -1, np.log(2)], rtol=1e-6)
    slope = np.sqrt((names["weights"] ** 2).sum() + 1e-10)  # a linear critic has one slope
    assert names["penalty"] == pytest.approx((slope - 1) ** 2, rel=1e-4)
    assert np.isfinite(names["step_loss"])


def test_losses_of_tf_gan():
    from gan_tf1.listing import tf1_imports
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        import tensorflow.contrib.gan as tfgan
        wargs, zero, one = tfgan.losses.wargs, tf.zeros([2, 1]), tf.ones([2, 1])
        numbers = sess.run([
            wargs.minimax_discriminator_loss(zero, zero), wargs.least_squares_generator_loss(zero),
            wargs.wasserstein_discriminator_loss(one, zero), wargs.modified_generator_loss(zero),
            wargs.wasserstein_gradient_penalty(one, zero, None, lambda x, z: 3 * x, "D")])
        np.testing.assert_allclose(numbers, [2 * np.log(2), 0.5, -1, np.log(2), 4], rtol=1e-5)
        assert len(tf.losses.get_losses()) == 5


def test_distributions_and_images_of_contrib():
    from gan_tf1.listing import tf1_imports
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        ds = tf.contrib.distributions
        parts = [ds.MultivariateNormalDiag([x, 0.0], [0.1, 0.1]) for x in (-1.0, 1.0)]
        mixture = ds.Mixture(ds.Categorical(logits=[0.0, 0.0]), parts)
        draws = sess.run(mixture.sample(100))
        assert draws.shape == (100, 2) and {-1, 1} == set(np.sign(draws[:, 0]))
        density = sess.run([mixture.log_prob([1.0, 0.0]), parts[1].log_prob([1.0, 0.0])])
        assert density[0] == pytest.approx(density[1] - np.log(2), rel=1e-5)
        one_hot = ds.OneHotCategorical(probs=[0.0, 1.0])
        soft = ds.RelaxedOneHotCategorical(0.5, logits=[0.0, 1.0, 2.0]).sample(5)
        assert sess.run(one_hot.sample([3])).tolist() == [[0, 1]] * 3
        np.testing.assert_allclose(sess.run(tf.reduce_sum(soft, 1)), 1, rtol=1e-5)
        assert sess.run(ds.Normal(mu=0.0, sigma=1.0).log_pdf(0.0)) == pytest.approx(-0.9189385)
        image = np.arange(9.0, dtype="f").reshape(3, 3)
        turned, moved = sess.run([tf.contrib.image.rotate(image, np.pi / 2),
                                  tf.contrib.image.translate(image, [1, 0])])
        np.testing.assert_array_equal(turned, np.rot90(image))
        np.testing.assert_array_equal(moved, [[0, 0, 1], [0, 3, 4], [0, 6, 7]])


def test_eager_listings(tmp_path):
    (tmp_path / "listing.py").write_text("""
import tensorflow as tf
import tensorflow.contrib.eager as tfe
tf.enable_eager_execution()
v = tfe.Variable(3.0)
square = tfe.defun(lambda x: x * v)
for x in tfe.Iterator(tf.data.Dataset.from_tensors(2.0)):
    with tf.GradientTape() as tape:
        y = square(x)
    slope = tape.gradient(y, v).numpy(), y.numpy()
tf.train.GradientDescentOptimizer(1.0).apply_gradients([(1.0, v)])
end = v.numpy()
""")
    result = run(tmp_path / "listing.py", tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    assert result.names["slope"] == (2, 6) and result.names["end"] == 2
    from gan_tf1.tf1 import tf
    assert not tf.executing_eagerly()


def test_a_moving_mean_without_its_initial_value():
    from gan_tf1.listing import tf1_imports
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant([[3.0, 5.0], [5.0, 5.0]])
        tf.contrib.layers.batch_norm(x, zero_debias_moving_mean=True, updates_collections="updates")
        mean = tf.global_variables("BatchNorm/moving_mean")[0]
        sess.run(tf.global_variables_initializer())
        for _ in range(2):
            sess.run(tf.get_collection("updates"))
            np.testing.assert_allclose(sess.run(mean), [4, 5], rtol=1e-4)


def test_a_graph_with_replaced_weights():
    """As in the unrolled GAN: the loss after one and two steps of gradient descent."""
    from gan_tf1.listing import tf1_imports
    with tf1_imports() as tf, tf.Graph().as_default(), tf.Session() as sess:
        replace = tf.contrib.graph_editor.graph_replace
        v = tf.Variable(2.0)
        loss = tf.square(tf.tanh(v * 1.0) * 3.0 + 1.0)
        updates = {v.value(): v - 0.1 * tf.gradients(loss, v)[0]}
        twice = replace(updates, updates)
        unrolled = [replace(loss, updates), replace(loss, twice)]
        slope = tf.gradients(unrolled[1], v)[0]
        sess.run(tf.global_variables_initializer())
        found, slope = sess.run([unrolled, slope])
        expected = []
        for start in (2.0, 2.001):
            sess.run(v.assign(start))
            for _ in range(2):
                sess.run(v.assign(sess.run(updates[v.value()])))
                expected.append(sess.run(loss))
    np.testing.assert_allclose(found, expected[:2], rtol=1e-5)
    assert slope == pytest.approx((expected[3] - expected[1]) / 0.001, rel=0.05)
