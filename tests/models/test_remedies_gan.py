"""The remedies against NumPy: losses, packs, minibatch standard deviation, penalty, unrolling, updates."""

import contextlib
import dataclasses

import numpy as np
import pytest
import scipy

import double
from conftest import RecordingSession, shake, values, without_training
from double import assert_same, same
from gan_tf1.data import two_cities
from gan_tf1.errors import InputError
from gan_tf1.models import remedies_gan as model
from gan_tf1.models.parts import remedies
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import graph_loop, mode_shares
from gpu_kernels import between, without_gpu_kernel

CONFIG = model.Config(batch_size=8, z_dim=5, hidden_size=4, unrolled_steps=2)
SIZE = 6
NETWORK = ("generator", "discriminator")


def configured(remedy, **changes):
    return dataclasses.replace(CONFIG, remedy=remedy, **changes)


@pytest.fixture(scope="module", params=model.REMEDIES)
def built(request):
    """`(sess, gan, config, feed, start)` of a small GAN with each remedy. No bias is 0."""
    with in_session(configured(request.param)) as found:
        yield (*found, values(found[0]))


class in_session:
    """`(sess, gan, config, feed)` of `config` in a graph of its own, in float64.

    Without `trains` it is built without optimizers.
    """

    def __init__(self, config, trains=True):
        self.config, self.trains = config, trains

    def __enter__(self):
        self.graph = new_graph(seed=3).as_default()
        self.graph.__enter__()
        with double.precision(), contextlib.nullcontext() if self.trains else without_training():
            gan = model.build(self.config, SIZE)
        self.sess = tf.Session(config=session_config())
        self.sess.__enter__()
        self.sess.run(tf.global_variables_initializer())
        rng = np.random.default_rng(1)
        shake(self.sess, tf.trainable_variables(), rng, 0.3)
        return self.sess, gan, self.config, {
            gan.real: rng.uniform(-1, 1, (8, SIZE)), gan.noise: rng.normal(size=(8, 5)),
            gan.epsilon: rng.uniform(size=(8, 1))}

    def __exit__(self, *exception):
        self.sess.__exit__(*exception)
        self.graph.__exit__(*exception)


# --- the same in NumPy, float64 ---

def dense(x, weights, scope, end=""):
    return x @ weights[f"{scope}/dense{end}/kernel"] + weights[f"{scope}/dense{end}/bias"]


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def generated(z, weights):
    x = leaky(dense(z, weights, "generator"))
    return np.tanh(dense(leaky(dense(x, weights, "generator", "_1")), weights, "generator", "_2"))


def minibatch_stddev(x, group_size):
    """One number per row, in which sample i is in group i mod (B / group_size)."""
    found = np.empty((len(x), 1))
    groups = len(x) // group_size
    for group in range(groups):
        own = [i for i in range(len(x)) if i % groups == group]
        found[own] = np.sqrt(x[own].var(axis=0) + 1e-8).mean()
    return found


def judged(x, weights, remedy):
    if remedy == "packing":
        x = np.stack([np.concatenate([x[i], x[i + 1]]) for i in range(0, len(x), 2)])
    x = leaky(dense(x, weights, "discriminator"))
    if remedy == "minibatch_stddev":
        x = np.concatenate([x, minibatch_stddev(x, 4)], axis=1)
    return dense(leaky(dense(x, weights, "discriminator", "_1")), weights, "discriminator", "_2")


def penalty(real, fake, epsilon, weights):
    """The penalty, by finite differences in each number of an interpolated point, to 1e-8."""
    points = epsilon * real + (1 - epsilon) * fake
    slopes = [(judged(points + step, weights, "none") - judged(points - step, weights, "none"))
              / 2e-6 for step in 1e-6 * np.eye(SIZE)]
    return ((np.sqrt((np.concatenate(slopes, axis=1)**2).sum(axis=1)) - 1)**2).mean()


def losses(real, fake, epsilon, weights, remedy):
    on_real, on_fake = judged(real, weights, remedy), judged(fake, weights, remedy)
    if remedy in ("wasserstein", "wasserstein_gp"):
        extra = 10 * penalty(real, fake, epsilon, weights) if remedy.endswith("gp") else 0
        return on_fake.mean() - on_real.mean() + extra, -on_fake.mean()
    log = scipy.special.log_expit
    label = 0.9 if remedy == "label_smoothing" else 1
    return (-(label * log(on_real) + (1 - label) * log(-on_real)).mean() - log(-on_fake).mean(),
            -log(on_fake).mean())


# --- losses ---

def test_losses_equal_numpy(session):
    sess, gan, config, feed = session
    weights = values(sess)
    fake = generated(feed[gan.noise], weights)
    disc, gen = losses(feed[gan.real], fake, feed[gan.epsilon], weights, config.remedy)
    found = sess.run([gan.generated, gan.disc_loss, gan.gen_loss], feed)
    assert_same(found[0], fake)
    assert found[1] == (pytest.approx(disc, abs=1e-7) if config.remedy.endswith("gp") else same(disc))
    if config.remedy != "unrolling":
        assert found[2] == same(gen)


def test_a_pack_has_consecutive_samples_and_one_logit():
    x = np.arange(12.).reshape(4, 3)
    kernel = np.random.default_rng(0).normal(size=(6, 2))
    rest = [np.zeros(2), np.eye(2), np.zeros(2), np.ones((2, 1)), np.zeros(1)]
    with new_graph(0).as_default(), tf.Session() as sess:
        packs = remedies.packed(tf.constant(x), 2)
        found, logits = sess.run([packs, remedies.discriminator(packs, [kernel, *rest], 0.2)])
    np.testing.assert_array_equal(found, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    np.testing.assert_allclose(logits, leaky(leaky(found @ kernel)).sum(axis=1, keepdims=True))


def test_the_minibatch_standard_deviation_equals_numpy_and_is_0_for_a_collapsed_batch():
    rng = np.random.default_rng(0)
    varied, alike = rng.normal(size=(8, 3)), np.tile(rng.normal(size=(1, 3)), (8, 1))
    with new_graph(0).as_default(), tf.Session() as sess:
        found = [sess.run(remedies.with_stddev(tf.constant(x), 4)) for x in (varied, alike)]
    for x, one in zip((varied, alike), found):
        np.testing.assert_allclose(one, np.concatenate([x, minibatch_stddev(x, 4)], axis=1))
    assert found[1][:, 3].max() < 1.01e-4 < 0.3 < found[0][:, 3].min()
    assert len(np.unique(found[0][:, 3])) == 2  # of two groups of four


# --- unrolling ---

def test_two_unrolled_steps_of_one_weight_in_closed_form():
    """D's logit is w x, real data lie at a, G at b; J_D = -w a + w^2 / 2 + w b, J_G = -w_2 b.

    w_1 = w - eta (w + b - a), and so on: w_2 = (1 - eta)^2 w + (1 - (1 - eta)^2) (a - b). The derivative
    of J_G with respect to b is -w_2 + (1 - (1 - eta)^2) b; its second term goes through the steps.
    """
    w, a, b, eta = 0.7, 1.5, -0.4, 0.3
    with new_graph(0).as_default(), tf.Session() as sess:
        weight, at = tf.constant(w, tf.float64), tf.constant(b, tf.float64)

        def loss_of(weights):
            return weights[0] * (at - a) + weights[0]**2 / 2

        [after] = remedies.unrolled([weight], loss_of, 2, eta)
        gen_loss = -after * at
        found = sess.run([after, *tf.gradients(gen_loss, [at, weight])])
    rest = 1 - (1 - eta)**2
    w_2 = (1 - eta)**2 * w + rest * (a - b)
    assert found == [pytest.approx(expected, rel=1e-12)
                     for expected in (w_2, -w_2 + rest * b, -(1 - eta)**2 * b)]


def gen_slopes(config):
    """J_G and its gradient with respect to the generator's weights, always from the same start."""
    with in_session(config, trains=False) as (sess, gan, _, feed):
        return sess.run([gan.gen_loss, *tf.gradients(gan.gen_loss, gan.gen_vars)], feed)


def test_zero_unrolled_steps_give_the_plain_gradient_to_the_last_bit():
    plain = gen_slopes(configured("none"))
    unrolled = [gen_slopes(configured("unrolling", unrolled_steps=k)) for k in (0, 1)]
    assert all(a.tobytes() == b.tobytes() for a, b in zip(plain, unrolled[0]))
    assert len({float(found[0]) for found in unrolled}) == 2


def test_unrolled_steps_are_those_of_gradient_descent():
    """J_G is that of a discriminator which has really been updated three times."""
    config = configured("unrolling", unrolled_steps=3, unrolled_rate=0.2)
    with in_session(config, trains=False) as (sess, gan, _, feed):
        looked_ahead = sess.run(gan.gen_loss, feed)
        descend = tf.train.GradientDescentOptimizer(tf.constant(0.2, tf.float64)).minimize(gan.disc_loss,
                                                                  var_list=gan.disc_vars)
        plain = remedies.cross_entropy(
            1., remedies.discriminator(gan.generated, gan.disc_vars, config.alpha))
        before = sess.run(plain, feed)
        for _ in range(3):
            sess.run(descend, feed)
        assert looked_ahead == same(sess.run(plain, feed))
        assert abs(before - looked_ahead) > 1e-3


def test_the_gradient_goes_through_the_unrolled_steps():
    """It equals finite differences of the whole computation, and differs if the steps are held fixed."""
    config = configured("unrolling", unrolled_steps=2, unrolled_rate=0.5)
    with in_session(config, trains=False) as (sess, gan, _, feed):
        bias = gan.gen_vars[-1]
        [slope] = sess.run(tf.gradients(gan.gen_loss, [bias]), feed)
        start = sess.run(bias)
        expected = np.zeros(SIZE)
        for place in range(SIZE):
            beside = []
            for change in (1e-6, -1e-6):
                bias.load(start + change * np.eye(SIZE)[place], sess)
                beside.append(sess.run(gan.gen_loss, feed))
            expected[place] = (beside[0] - beside[1]) / 2e-6
        bias.load(start, sess)
        np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-8)
        judges = [tf.stop_gradient(weight) for weight in remedies.unrolled(
            gan.disc_vars, lambda weights: remedies.cross_entropies(
                *(remedies.discriminator(x, weights, config.alpha)
                  for x in (gan.real, gan.generated))), 2, 0.5)]
        held = remedies.cross_entropy(
            1., remedies.discriminator(gan.generated, judges, config.alpha))
        [fixed] = sess.run(tf.gradients(held, [bias]), feed)
        assert np.abs(fixed - expected).max() > 3e-3


# --- the graph ---

def test_table_of_variables(built):
    sess, gan, config, *_ = built
    inputs = SIZE * config.pack if config.remedy == "packing" else SIZE
    told = 4 + (config.remedy == "minibatch_stddev")
    table = {var.op.name: tuple(var.shape.as_list())
             for var in sess.graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)}
    others = {var.op.name for var in sess.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)} - set(table)
    assert table == {
        "generator/dense/kernel": (5, 4), "generator/dense/bias": (4,),
        "generator/dense_1/kernel": (4, 4), "generator/dense_1/bias": (4,),
        "generator/dense_2/kernel": (4, SIZE), "generator/dense_2/bias": (SIZE,),
        "discriminator/dense/kernel": (inputs, 4), "discriminator/dense/bias": (4,),
        "discriminator/dense_1/kernel": (told, 4), "discriminator/dense_1/bias": (4,),
        "discriminator/dense_2/kernel": (4, 1), "discriminator/dense_2/bias": (1,)}
    assert (model.Config().z_dim, model.Config().hidden_size) == (16, 64)
    assert [var.op.name for var in gan.gen_vars] == list(table)[:6]
    assert others == {f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


@pytest.mark.parametrize("name, own", [("disc_opt", "discriminator"), ("gen_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(session, name, own):
    """The generator's step updates no weight of the discriminator, whatever the number of unrolled steps."""
    sess, gan, config, feed = session
    before = values(sess)
    sess.run(getattr(gan, name), feed)
    moved = {var for var, value in values(sess).items() if (value != before[var]).any()}
    assert {var.partition("/")[0] for var in moved} == {own, name}
    # The last bias of a critic cancels, since there are as many real samples as fakes.
    weights = {var.op.name for var in tf.trainable_variables(f"{own}/")}
    assert moved >= weights - {"discriminator/dense_2/bias"}


@pytest.mark.slow
def test_the_discriminators_own_step_is_not_changed_by_unrolling():
    ends = []
    for remedy in ("none", "unrolling"):
        with in_session(configured(remedy)) as (sess, gan, _, feed):
            sess.run(gan.disc_opt, feed)
            ends.append({name: value.tobytes() for name, value in values(sess).items()})
    assert ends[0] == ends[1]


def test_only_the_critic_is_clipped():
    with in_session(configured("wasserstein")) as (sess, gan, config, feed):
        sess.run(gan.disc_opt, feed)
        after = values(sess)
        critic = {name: value for name, value in after.items()
                  if name.startswith("discriminator/") and "Adam" not in name}
        assert len(critic) == 6
        assert max(np.abs(value).max() for value in critic.values()) == 0.05
        assert np.abs(after["generator/dense/kernel"]).max() > 0.5
        # The clip reads the weights after all six updates.
        clips = [op for op in between([gan.disc_opt])
                 if op.type == "Assign" and op.name.startswith("clip/")]
        assert len(clips) == 6
        for op in clips:
            before = between([op.inputs[1].op])
            assert sum(other.type == "ApplyAdam" for other in before) == 6


def test_every_op_has_a_gpu_kernel_and_none_is_random(built):
    _, gan, *_ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.generated]
    assert without_gpu_kernel(fetches) == []
    assert not [op.type for op in between(fetches) if "andom" in op.type]


@pytest.mark.parametrize("remedy, changes, complaint", [
    ("minibatch_stddev", dict(group_size=3), "--batch-size 8 must be a multiple of --group-size 3"),
    ("packing", dict(pack=5), "--batch-size 8 must be a multiple of --packing 5")])
def test_a_batch_that_cannot_be_split_is_refused(remedy, changes, complaint):
    with new_graph(0).as_default(), pytest.raises(InputError, match=complaint):
        model.build(configured(remedy, **changes), SIZE)
    model.check(configured("none", **changes))  # settings that the remedy does not use are not checked


# --- steps ---

class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return float(len(self.runs)), None


def test_a_step_is_the_discriminators_updates_and_then_the_generators():
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    config = configured("none", disc_steps=2, gen_steps=3)
    fetched = model.step(sess, gan, two_cities.load(0, 500).train, np.random.default_rng(0), config)
    assert [fetches for fetches, _ in sess.runs] == (
        2 * [["disc_loss", "disc_opt"]] + 3 * [["gen_loss", "gen_opt"]])
    assert model.report(sess, gan, fetched) == {"disc_loss": 2, "gen_loss": 5}  # each is the last one
    for name, shape in (("real", (8, 1)), ("noise", (8, 5)), ("epsilon", (8, 1))):
        fed = [feed[name] for _, feed in sess.runs]
        assert all(each.shape == shape for each in fed)
        assert len({each.tobytes() for each in fed}) == 5   # each has its own batch and noise
    real = np.concatenate([feed["real"] for _, feed in sess.runs])
    assert -1 < real.min() < -0.3 and 0.3 < real.max() < 1


STEPS, EVERY, TRIALS = 1500, 50, 3


def trained_on_cities(**changes):
    """The shares of samples near A and B, for each trial, after every 50 of 1,500 steps on the cities.

    The trials differ in their initial weights and in all random numbers.
    """
    config = model.Config(learning_rate=0.001, **changes)  # twice the default, so that the test takes seconds
    train_set = two_cities.load(seed=1).train
    with new_graph(0, resource_variables=True).as_default(), \
            tf.Session(config=session_config()) as sess:
        gan = model.build(config, 1)
        graph = graph_loop.build(graph_loop.bound(model.step, gan, config), train_set, 0, EVERY)
        graph_loop.load(sess, graph)
        initialize = tf.global_variables_initializer()
        for start in range(0, TRIALS * STEPS, STEPS):
            sess.run(initialize)
            samples = []
            for first in range(start, start + STEPS, EVERY):
                graph_loop.call(sess, graph, first, EVERY)  # the random numbers of a step depend on its number
                samples.append(model.sample(sess, gan, np.random.default_rng(2), 300, config)[:, 0])
            yield mode_shares.near(two_cities.celsius(samples), two_cities.MEANS, two_cities.NEAR)


@pytest.mark.slow
@pytest.mark.numerics
@pytest.mark.parametrize("gen_steps, verdict", [(5, "full"), (1, "none")])
def test_five_updates_of_the_generator_cycle_between_cities_and_one_keeps_both(gen_steps, verdict):
    """This must hold in at least two of three trials.

    It held in all of 25 trials, five of them in other graphs and ten without oneDNN. With three
    updates, the default, one seed of five keeps both cities in such a short run.
    """
    held = [(mode_shares.verdict(shares), mode_shares.cycles(shares)) == (verdict, verdict == "full")
            for shares in trained_on_cities(gen_steps=gen_steps)]
    assert sum(held) >= 2


def test_log_line():
    assert model.log_line(500, 6000, {"disc_loss": 1.2345, "gen_loss": 0.7}) == (
        "Iteration 500... Disc Loss: 1.234... Gen Loss: 0.700")
