"""The MNIST GAN against NumPy in float64: networks, losses, steps, and what they update."""

import numpy as np
import pytest

import double
from conftest import values
from double import assert_same, same
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import devices, host_side, without_gpu_kernel

CONFIG = mnist_gan.Config(batch_size=20)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of the chapter's graph in float64, with initialized variables."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = mnist_gan.build(CONFIG)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            yield sess, gan, values(sess)


@pytest.fixture
def single():
    """The same in float32, as it is trained."""
    with new_graph(seed=3).as_default():
        gan = mnist_gan.build(CONFIG)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            yield sess, gan


def dense(x, weights, scope):
    return x @ weights[scope + "/kernel"] + weights[scope + "/bias"]


def network(x, weights, scope):
    """The logits of either network in NumPy."""
    hidden = dense(x, weights, f"{scope}/dense")
    hidden = np.where(hidden > 0, hidden, 0.01 * hidden)
    return dense(hidden, weights, f"{scope}/dense_1")


def cross_entropy(label, logits):
    p = 1 / (1 + np.exp(-logits))
    return -(label * np.log(p) + (1 - label) * np.log(1 - p))


def losses(images, z, weights, smooth=0.1):
    """`(disc_loss, gen_loss)` in NumPy, from the definition of cross-entropy."""
    real = network(images, weights, "discriminator")
    fake = network(np.tanh(network(z, weights, "generator")), weights, "discriminator")
    disc_loss = cross_entropy(1 - smooth, real).mean() + cross_entropy(0, fake).mean()
    return disc_loss, cross_entropy(1, fake).mean()


@pytest.fixture
def feed():
    rng = np.random.default_rng(0)
    return mnist_gan.Feed(rng.uniform(-1, 1, (20, 784)), rng.uniform(-1, 1, (20, 100)))


def test_table_of_variables(built):
    assert [(var.op.name, tuple(var.shape.as_list())) for var in tf.trainable_variables()] == [
        ("generator/dense/kernel", (100, 128)),
        ("generator/dense/bias", (128,)),
        ("generator/dense_1/kernel", (128, 784)),
        ("generator/dense_1/bias", (784,)),
        ("discriminator/dense/kernel", (784, 128)),
        ("discriminator/dense/bias", (128,)),
        ("discriminator/dense_1/kernel", (128, 1)),
        ("discriminator/dense_1/bias", (1,)),
    ]
    slots = {var.op.name for var in tf.global_variables()} - {
        var.op.name for var in tf.trainable_variables()}
    assert slots == {f"{var.op.name}/{slot}" for var in tf.trainable_variables()
                     for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_train_opt", "gen_train_opt")
        for beta in ("beta1", "beta2")}


def test_initial_weights_are_glorot_uniform_and_biases_zero(session):
    sess, _ = session
    for name, value in values(sess).items():
        if name.endswith("kernel"):
            limit = np.sqrt(6 / sum(value.shape))
            assert 0.95 * limit < np.abs(value).max() <= limit * (1 + 1e-6)
            assert abs(value.std() - limit / np.sqrt(3)) < 0.2 * limit
        elif name.endswith("bias"):
            assert not value.any()


def test_networks_equal_numpy(session, feed):
    sess, gan = session
    weights = values(sess)
    images = sess.run(gan.gen_model, {gan.generator_input_z: feed.z})
    assert_same(images, np.tanh(network(feed.z, weights, "generator")))
    assert images.shape == (20, 784)


def test_losses_of_literal_logits():
    real, fake = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [0.0], [1.0]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        disc, gen = sess.run(mnist_gan.model_loss(
            tf.constant(real, tf.float64), tf.constant(fake, tf.float64), label_smooth=0.1))
    # By hand: softplus(l) - 0.9 l for real images, softplus(l) for fakes, softplus(-l) for the generator.
    expected_disc = (np.log1p(np.exp(real)) - 0.9 * real + np.log1p(np.exp(fake))).mean()
    expected_gen = np.log1p(np.exp(-fake)).mean()
    assert same(expected_disc) == disc == pytest.approx(1.3730876, abs=5e-8)
    assert same(expected_gen) == gen == pytest.approx(1.3516654, abs=5e-8)


def test_reported_losses_equal_numpy(session, feed):
    sess, gan = session
    reported = mnist_gan.report(sess, gan, feed)
    disc_loss, gen_loss = losses(*feed, values(sess))
    assert reported == {"disc_loss": same(disc_loss), "gen_loss": same(gen_loss)}


def test_label_smoothing_is_one_sided(feed):
    disc = {}
    for smooth in (0.0, 0.1):
        with new_graph(seed=3).as_default():
            with double.precision():
                gan = mnist_gan.build(mnist_gan.Config(label_smooth=smooth))
            with tf.Session(config=session_config()) as sess:
                sess.run(tf.global_variables_initializer())
                weights = values(sess)
                disc[smooth] = mnist_gan.report(sess, gan, feed)["disc_loss"]
    # The label 0.9 of real images adds 0.1 times their mean logit; the labels of fakes stay 0.
    real = network(feed.images, weights, "discriminator")
    assert disc[0.1] - disc[0.0] == same(0.1 * real.mean())


@pytest.mark.parametrize("name, own", [("disc_train_opt", "discriminator"),
                                       ("gen_train_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(session, feed, name, own):
    sess, gan = session
    before = values(sess)
    sess.run(getattr(gan, name), {gan.real_discriminator_input: feed.images,
                                  gan.generator_input_z: feed.z})
    moved = {var for var, value in values(sess).items() if (value != before[var]).any()}
    weights = {var.op.name for var in tf.trainable_variables() if var.name.startswith(own)}
    assert {var for var in moved if "Adam" not in var and "power" not in var} == weights
    assert {var.partition("/")[0] for var in moved} == {own, name}


def test_one_step_is_two_updates_of_adam_in_numpy(session, train_set):
    """The generator's gradient is taken through the discriminator after its update."""
    sess, gan = session
    before = values(sess)
    feed = mnist_gan.step(sess, gan, train_set, np.random.default_rng(4), CONFIG)
    after = values(sess)

    def gradient(which, var, index, weights):
        """The derivative of loss `which` at one element, by central differences, to 1e-9."""
        ends = []
        for shift in (1e-6, -1e-6):
            moved = {**weights, var: weights[var].copy()}
            moved[var][index] += shift
            ends.append(losses(*feed, moved)[which])
        return (ends[0] - ends[1]) / 2e-6

    between = {name: after[name] if name.startswith("discriminator") else before[name]
               for name in before}
    for which, weights, elements in (
            (0, before, [("discriminator/dense/kernel", (3, 5)),
                         ("discriminator/dense_1/kernel", (7, 0)),
                         ("discriminator/dense_1/bias", (0,))]),
            (1, between, [("generator/dense/kernel", (3, 5)),
                          ("generator/dense_1/kernel", (7, 300)),
                          ("generator/dense_1/bias", (400,))])):
        for var, index in elements:
            g = gradient(which, var, index, weights)
            # Adam's first step (Kingma and Ba 2014, algorithm 1), with bias correction of both moments.
            expected = before[var][index] - 0.001 * g / (abs(g) + 1e-8 / np.sqrt(1 - 0.999))
            assert after[var + "/Adam"][index] == pytest.approx(0.1 * g, abs=1e-9)
            assert after[var][index] == pytest.approx(expected, abs=1e-9)


def test_a_step_is_the_chapters_two_session_runs(train_set):
    runs = []

    class Session:
        def run(self, fetch, feed_dict):
            runs.append((fetch, feed_dict))

    gan = mnist_gan.GAN(*mnist_gan.GAN._fields)
    feed = mnist_gan.step(Session(), gan, train_set, np.random.default_rng(0), CONFIG)
    (disc, disc_feed), (gen, gen_feed) = runs
    assert (disc, gen) == ("disc_train_opt", "gen_train_opt")
    assert set(gen_feed) == {"generator_input_z"}
    assert disc_feed["generator_input_z"] is gen_feed["generator_input_z"] is feed.z
    assert disc_feed["real_discriminator_input"] is feed.images


def test_batches_are_scaled_to_tanh_and_noise_is_uniform(train_set):
    class Session:
        def run(self, fetch, feed_dict):
            pass

    gan = mnist_gan.GAN(*mnist_gan.GAN._fields)
    rng = np.random.default_rng(0)
    feeds = [mnist_gan.step(Session(), gan, train_set, rng, CONFIG) for _ in range(50)]
    images, z = (np.concatenate(part) for part in zip(*feeds))
    assert images.min() == -1 and images.max() == 1
    assert -1 <= z.min() < -0.999 and 0.999 < z.max() <= 1
    assert abs(z.mean()) < 0.01 and z.std() == pytest.approx(1 / np.sqrt(3), rel=0.01)


def test_losses_are_reported_on_the_last_batch_after_its_step(session, train_set):
    sess, gan = session
    feed = mnist_gan.step(sess, gan, train_set, np.random.default_rng(4), CONFIG)
    disc_loss, gen_loss = losses(*feed, values(sess))
    reported = mnist_gan.report(sess, gan, feed)
    assert reported == {"disc_loss": same(disc_loss), "gen_loss": same(gen_loss)}


def test_log_line_is_the_printed_one():
    line = mnist_gan.log_line(71, 100, {"disc_loss": 1.0779, "gen_loss": 1.3611})
    assert line == "Epoch 71/100... Disc Loss: 1.078... Gen Loss: 1.361"


def test_every_op_of_the_training_graph_has_a_gpu_kernel(single):
    _, gan = single
    fetches = [gan.disc_train_opt, gan.gen_train_opt, gan.disc_loss, gan.gen_loss, gan.gen_model]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "FloorMod", "GatherV2",
                                  "Identity", "NoOp", "Placeholder", "Prod", "Shape"}


def test_the_check_of_kernels_finds_ops_that_only_run_on_the_host():
    with new_graph(seed=0).as_default():
        text = tf.strings.length(tf.placeholder(tf.string, (None,)))
        assert [kind for kind, _ in without_gpu_kernel([text])] == ["StringLength"]
        matrix = tf.ones((2, 2))
        assert "GPU" in devices(tf.matmul(matrix, matrix).op)
        # A type without a kernel is found, too: not every device has products of integers.
        whole = tf.cast(matrix, tf.int32)
        assert devices(tf.matmul(whole, whole).op) != devices(tf.matmul(matrix, matrix).op)


@pytest.mark.slow
def test_the_seed_determines_all_weights(train_set):
    def trained(seed):
        train_set.restore(start)
        with new_graph(seed).as_default():
            gan = mnist_gan.build(CONFIG)
            with tf.Session(config=session_config()) as sess:
                sess.run(tf.global_variables_initializer())
                rng = np.random.default_rng(seed)
                for _ in range(10):
                    mnist_gan.step(sess, gan, train_set, rng, CONFIG)
                return b"".join(value.tobytes() for value in values(sess).values())

    start = train_set.state()
    first = trained(1)
    assert first == trained(1)
    assert first != trained(2)
