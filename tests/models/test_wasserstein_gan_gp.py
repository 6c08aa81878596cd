"""The gradient penalty against NumPy: its value and gradient, what an update changes, an iteration."""

import numpy as np
import pytest

import double
from conftest import RecordingSession, load, shake, values
from double import assert_same, same
from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.models import wasserstein_gan, wasserstein_gan_gp as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, devices, host_side, without_gpu_kernel
from test_wasserstein_gan import NORMS, critic, dense_table, generator

CONFIG = model.Config(batch_size=8, z_dim=5, hidden_size=4)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small GAN. No weight or average is 0 or 1."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(CONFIG)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shake(sess, tf.trainable_variables(), rng)
            load(sess, {var: rng.uniform(0.5, 1.5, var.shape)
                        for var in tf.global_variables("generator/.*moving")})
            yield sess, gan, values(sess)


@pytest.fixture
def feed(built):
    """Six images, noise and epsilons, for the graph's placeholders."""
    _, gan, _ = built
    rng = np.random.default_rng(0)
    return {gan.imgs: rng.uniform(-1, 1, (6, 784)), gan.noise: rng.normal(size=(6, 5)),
            gan.epsilon: rng.uniform(size=(6, 1))}


def slopes(x, weights):
    """The gradient [B, n] of the score of each image in NumPy, by the chain rule."""
    steps = []
    for number in range(2):
        end = f"_{number}" if number else ""
        kernel = weights[f"discriminator/dense{end}/kernel"]
        x = x @ kernel + weights[f"discriminator/dense{end}/bias"]
        steps.append((kernel, np.where(x > 0, 1, 0.2)))
        x = np.where(x > 0, x, 0.2 * x)
    back = weights["discriminator/dense_2/kernel"].T * np.ones((len(x), 1))
    for kernel, slope in reversed(steps):
        back = (back * slope) @ kernel.T
    return back


def penalty(weights, imgs, generated, epsilon):
    squares = (slopes(epsilon * imgs + (1 - epsilon) * generated, weights) ** 2).sum(axis=1)
    return ((np.sqrt(squares + 1e-12) - 1) ** 2).mean()


def penalty_of(score, points, weights={}):
    """The penalty in the graph for the critic `score`, and its gradient with respect to `weights`.

    `points` are real images, fakes and epsilon; `weights` is a dict from name to value.
    """
    with new_graph(seed=2).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            found = model.gradient_penalty(score, *map(tf.constant, points))
        variables = {var.op.name: var for var in tf.trainable_variables()}
        load(sess, {variables[name]: value for name, value in weights.items()})
        by_weight = tf.gradients(found, [variables[name] for name in weights],
                                 unconnected_gradients="zero")
        return sess.run((found, *by_weight))


# --- the penalty ---

@pytest.mark.parametrize("norm", [0, 0.25, 1, 3])
def test_the_penalty_of_a_linear_critic_depends_on_the_norm_of_its_weights(norm):
    """The gradient of w x + b is w at every point, so the penalty is (|w| - 1)^2.

    The norm is the root of |w|^2 + 1e-12, whose derivative at 0 is finite.
    """
    rng = np.random.default_rng(0)
    w = rng.normal(size=(7, 1))
    w *= norm / np.linalg.norm(w)
    expected = (np.sqrt(norm ** 2 + 1e-12) - 1) ** 2
    found, = penalty_of(lambda x: x @ tf.constant(w) + 5., (
        rng.normal(size=(4, 7)), rng.normal(size=(4, 7)), rng.uniform(size=(4, 1))))
    assert found == same(expected)


def test_lambda_weights_the_penalty_in_the_loss(session, feed):
    sess, gan = session
    weights = values(sess)
    generated, _ = generator(feed[gan.noise], weights, True)  # normalized with batch statistics
    unweighted = penalty(weights, feed[gan.imgs], generated, feed[gan.epsilon])
    estimate = critic(feed[gan.imgs], weights).mean() - critic(generated, weights).mean()
    found = sess.run([gan.penalty, gan.estimate, gan.disc_loss, gan.gen_loss], feed)
    assert found == [same(expected) for expected in (
        10 * unweighted, estimate, -estimate + 10 * unweighted, -critic(generated, weights).mean())]
    assert all((value == weights[name]).all() for name, value in values(sess).items())


def tiny_critic():
    """Weights of a critic of six pixels with 4 and 2 units, with no unit near the kink of its ReLU."""
    rng = np.random.default_rng(7)
    shapes = {"dense/kernel": (6, 4), "dense/bias": (4,), "dense_1/kernel": (4, 2),
              "dense_1/bias": (2,), "dense_2/kernel": (2, 1), "dense_2/bias": (1,)}
    return {f"discriminator/{name}": rng.normal(0, 0.7, shape) for name, shape in shapes.items()}


def some_points():
    rng = np.random.default_rng(8)
    return rng.uniform(-1, 1, (5, 6)), rng.uniform(-1, 1, (5, 6)), rng.uniform(size=(5, 1))


def test_the_gradient_of_the_penalty_equals_finite_differences():
    """This compares the second-order gradients of each weight of the critic with NumPy in float64."""
    weights, points = tiny_critic(), some_points()
    found, *graph = penalty_of(lambda x: model.discriminator(x, 0.2, hidden_size=2), points, weights)
    assert found == same(penalty(weights, *points))
    for (name, value), of_graph in zip(weights.items(), graph):
        expected = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            beside = []
            for step in (1e-6, -1e-6):
                moved = value.copy()
                moved[place] += step
                beside.append(penalty({**weights, name: moved}, *points))
            expected[place] = (beside[0] - beside[1]) / 2e-6
        np.testing.assert_allclose(of_graph, expected, rtol=0, atol=1e-8, err_msg=name)
        assert np.abs(expected).max() > 0.1 or name.endswith("bias"), name


def test_each_image_has_its_own_epsilon_and_gradient_norm():
    """The gradient of x^2 / 2 is the point x itself, so the norm shows which point was used."""
    imgs, generated, epsilon = some_points()

    def square(x):
        return tf.reduce_sum(x * x / 2, axis=1, keepdims=True)

    together, = penalty_of(square, (imgs, generated, epsilon))
    each = [penalty_of(square, (imgs[[one]], generated[[one]], epsilon[[one]]))[0]
            for one in range(5)]
    points = epsilon * imgs + (1 - epsilon) * generated
    assert_same(each, (np.sqrt((points ** 2).sum(axis=1) + 1e-12) - 1) ** 2)
    assert together == same(np.mean(each))
    # A common epsilon, or a common norm, would give another value.
    for other in (np.full((5, 1), epsilon[0]), np.full((5, 1), epsilon.mean())):
        points = other * imgs + (1 - other) * generated
        assert abs(((np.linalg.norm(points, axis=1) - 1) ** 2).mean() - together) > 1e-3


@pytest.mark.parametrize("epsilon, which", [(1., 0), (0., 1)])
def test_epsilon_1_is_the_real_image_and_0_the_generated_one(epsilon, which):
    pair = some_points()[:2]
    found, = penalty_of(lambda x: tf.reduce_sum(x * x / 2, axis=1, keepdims=True),
                        (*pair, np.full((5, 1), epsilon)))
    assert found == same(((np.sqrt((pair[which] ** 2).sum(axis=1) + 1e-12) - 1) ** 2).mean())


def test_a_constant_critic_has_a_penalty_of_1_and_a_finite_gradient():
    value, by_weight = penalty_of(lambda x: x @ tf.get_variable("w", (6, 1)), some_points(),
                                  {"w": np.zeros((6, 1))})
    assert value == same((1e-6 - 1) ** 2)
    assert (by_weight == 0).all()


# --- the graph ---

def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name for var in tf.global_variables()} - set(table)
    assert table == dense_table() | {
        f"{norm}/{name}": (width,) for norm, width in zip(NORMS, (256, 512, 1024))
        for name in ("gamma", "beta")}  # the critic has no batch norm
    averages = {f"{norm}/moving_{name}" for norm in NORMS for name in ("mean", "variance")}
    assert saved == averages | {name for name in table if name.startswith("generator/")}
    assert others == averages | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


def test_samples_use_the_moving_averages(session):
    sess, gan = session
    z = np.random.default_rng(1).normal(size=(6, 5))
    assert_same(model.sample(sess, gan, np.random.default_rng(1), 6, CONFIG),
                generator(z, values(sess), False)[0])


def test_the_critics_update_changes_only_the_critic(session, feed):
    sess, gan = session
    before = values(sess)
    sess.run(gan.disc_opt, feed)
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"discriminator", "disc_opt"}
    # The last bias cancels, since there are as many real images as fakes.
    weights = {var.op.name for var in tf.trainable_variables("discriminator/")}
    assert moved >= weights - {"discriminator/dense_2/bias"}


def test_without_momentum_adams_first_step_has_its_full_size(session, feed):
    """It is lr sqrt(1 - 0.9) / (1 - 0) g / (sqrt(0.1) |g|). Afterwards the powers are 0^2 and 0.9^2."""
    sess, gan = session
    before = values(sess)
    sess.run(gan.disc_opt, feed)
    after = values(sess)
    name = "discriminator/dense_2/kernel"
    np.testing.assert_allclose(np.abs(after[name] - before[name]), 0.0001, rtol=0.01)
    assert after["disc_opt/beta1_power"] == 0
    assert after["disc_opt/beta2_power"] == same(0.81)


def test_the_generators_update_changes_only_its_weights_and_averages(session, feed):
    sess, gan = session
    before = values(sess)
    sess.run(gan.gen_opt, {gan.noise: feed[gan.noise]})
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"generator", "gen_opt"}
    assert moved >= {var.op.name for var in gan.gen_vars}
    _, statistics = generator(feed[gan.noise], before, True)
    for norm, (mean, _) in zip(NORMS, statistics):
        expected = 0.8 * before[f"{norm}/moving_mean"] + 0.2 * mean
        assert_same(after[f"{norm}/moving_mean"], expected)


def test_the_reported_losses_are_those_before_the_update(built):
    """All of them are terms of the loss, and the update of every weight waits for the loss."""
    _, gan, _ = built
    assert {gan.estimate.op, gan.penalty.op} <= set(between([gan.disc_loss]))
    updates = [op for op in between([gan.disc_opt]) if op.type == "ApplyAdam"]
    assert len(updates) == 6
    for op in updates:
        assert gan.disc_loss.op in between([op]), op.name


# --- an iteration ---

class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return (3., None) if fetches[0] == "gen_loss" else (-4., 5., len(self.runs), None)


def test_an_iteration_is_five_updates_of_the_critic_and_one_of_the_generator(train_set):
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    taken = model.step(sess, gan, digits.Pool(train_set), np.random.default_rng(0), CONFIG)
    figures = model.report(sess, gan, taken)
    assert figures == {"disc_loss": -4, "gen_loss": 3, "estimate": 5, "penalty": 5}  # that of the fifth update
    critics, last = [feed for _, feed in sess.runs[:-1]], sess.runs[-1]
    assert [fetches for fetches, _ in sess.runs[:-1]] == 5 * [
        ["disc_loss", "estimate", "penalty", "disc_opt"]]
    assert last[0] == ["gen_loss", "gen_opt"] and set(last[1]) == {"noise"}
    for feed in critics:
        assert {name: value.shape for name, value in feed.items()} == {
            "imgs": (8, 784), "noise": (8, 5), "epsilon": (8, 1)}
        assert feed["imgs"].min() < -0.99 and feed["imgs"].max() > 0.99
    drawn = np.concatenate([feed["epsilon"] for feed in critics])
    assert len(np.unique(drawn)) == 40 and 0 <= drawn.min() < 0.15 < 0.85 < drawn.max() < 1
    noise = np.concatenate([feed["noise"] for feed in (*critics, last[1])])
    assert len(np.unique(noise)) == 6 * 8 * 5
    assert len({feed["imgs"].tobytes() for feed in critics}) == 5


def test_all_random_numbers_are_drawn_from_the_rng(built):
    """No op of the graph is random, so a checkpoint of the rng is enough to resume."""
    _, gan, _ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.fake_imgs, gan.disc_loss]
    assert not [op.type for op in between(fetches) if "andom" in op.type]


def test_log_line():
    line = model.log_line(7, 30_000, {"disc_loss": -1.5, "gen_loss": 0.7, "estimate": 2, "penalty": 0.5})
    assert line == ("7 [Discriminator loss: -1.500000, estimate: 2.000000, penalty: 0.500000] "
                    "[Generator loss: 0.700000]")


def test_the_defaults_are_those_of_algorithm_1_and_of_the_chapter():
    config, clipped = model.Config(), wasserstein_gan.Config()
    assert (config.penalty_weight, config.n_critic) == (10, 5)
    assert (config.learning_rate, config.beta1, config.beta2) == (0.0001, 0, 0.9)
    for name in ("iterations", "sample_interval", "n_critic", "batch_size", "z_dim", "alpha",
                 "hidden_size", "samples"):
        assert getattr(config, name) == getattr(clipped, name), name
    assert intervals(config) == 150
    with pytest.raises(InputError, match="--iterations 30 must be a multiple"):
        intervals(model.Config(iterations=30, sample_interval=20))


def test_every_op_of_the_training_graph_has_a_gpu_kernel(built):
    _, gan, _ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.estimate, gan.fake_imgs]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "Fill", "Identity", "NoOp",
                                  "Placeholder", "Prod", "Range", "Shape", "StridedSlice"}
    assert all(op.outputs[0].dtype == tf.int32 for op in between(fetches) if op.type == "Range" or (
        op.type == "Fill" and "GPU" not in devices(op)))
