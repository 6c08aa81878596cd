"""The Wasserstein GAN against NumPy: variables, losses, what an update changes, and the clip."""

import numpy as np
import pytest

import double
from conftest import RecordingSession, load, restore, shake, values
from double import assert_same, float32_rounding, same
from gan_tf1.config import intervals
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.models import dcgan_upsampling
from gan_tf1.models import wasserstein_gan as model
from gan_tf1.models.parts import wasserstein_networks as convolutional
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, host_side, without_gpu_kernel
from test_vanilla_gan import NORMS, discriminator as critic, generator

# The steps are much larger than the clip, so a weight that is not clipped is found.
CONFIG = model.Config(batch_size=8, z_dim=5, hidden_size=4, learning_rate=0.05)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small GAN. No weight is 0 or 1, which could hide an error."""
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
def dataset(train_set):
    return digits.Pool(train_set)


def real_imgs(count=6):
    return np.random.default_rng(0).uniform(-1, 1, (count, 784))


def dense_table():
    """The variables of the dense layers at full size."""
    widths = {"generator": (100, 256, 512, 1024, 784), "discriminator": (784, 512, 256, 1)}
    table = {}
    for scope, sizes in widths.items():
        for number, (before, after) in enumerate(zip(sizes, sizes[1:])):
            name = f"{scope}/dense{f'_{number}' if number else ''}"
            table |= {f"{name}/kernel": (before, after), f"{name}/bias": (after,)}
    return table


def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name: tuple(var.shape.as_list()) for var in tf.global_variables()
                  if var.op.name not in table}
    assert table == dense_table() | {
        f"{norm}/{name}": (width,) for norm, width in zip(NORMS, (256, 512, 1024))
        for name in ("gamma", "beta")}
    averages = {f"{norm}/moving_{name}" for norm in NORMS for name in ("mean", "variance")}
    assert saved == averages | {name for name in table if name.startswith("generator/")}
    assert set(others) == averages | {f"{name}/RMSProp" for name in table}
    assert all(others[f"{name}/RMSProp"] == shape for name, shape in table.items())


def test_losses_of_literal_scores():
    scores, y = np.array([[2.0], [-1.0], [0.5], [-3.0]]), np.array([[-1.], [-1.], [1.], [1.]])
    gan, fake = np.array([[-3.0], [0.0], [1.0]]), np.array([[-2.0], [1.5]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        disc_loss, gen_loss, estimate = sess.run(model.model_loss(*(
            tf.constant(part, tf.float64) for part in (scores, y, gan, fake))))
    assert disc_loss == (-2 + 1 + 0.5 - 3) / 4
    assert gen_loss == same(2 / 3)  # of -3, 0 and 1; the generator wants high scores
    assert estimate == (2 - 1 + 0.5 - 3) / 4 - (-2 + 1.5) / 2  # real minus fake


def test_networks_equal_numpy(session):
    """Samples and fakes for the critic use moving statistics; G is trained with batch statistics."""
    sess, gan = session
    weights, imgs = values(sess), real_imgs()
    z = np.random.default_rng(1).normal(size=(6, 5))
    fakes, _ = generator(z, weights, False)
    assert_same(model.sample(sess, gan, np.random.default_rng(1), 6, CONFIG), fakes)
    generated, _ = generator(z, weights, True)
    assert np.abs(generated - fakes).max() > 0.1
    assert sess.run(gan.gen_loss, {gan.noise: z}) == same(-critic(generated, weights).mean())
    y = np.array([[-1.]] * 4 + [[1.]] * 2)
    assert sess.run(gan.disc_loss, {gan.imgs: imgs, gan.y: y}) == same((y * critic(imgs, weights)).mean())
    estimate = critic(imgs, weights).mean() - critic(fakes, weights).mean()
    for feed in ({gan.noise: z}, {gan.fake_imgs: fakes}):
        assert sess.run(gan.estimate, {gan.imgs: imgs, **feed}) == same(estimate)
    assert all((value == weights[name]).all() for name, value in values(sess).items())


@pytest.mark.parametrize("name", ["disc_opt", "disc_opt_clip"])
def test_the_critics_update_changes_only_the_critic(session, name):
    sess, gan = session
    before = values(sess)
    sess.run(getattr(gan, name), {gan.imgs: real_imgs(), gan.y: -np.ones((6, 1))})
    moved = {name for name, value in values(sess).items() if (value != before[name]).any()}
    weights = {var.op.name for var in gan.disc_vars}
    assert moved == weights | {f"{name}/RMSProp" for name in weights}


def test_the_generators_update_changes_only_its_weights_and_averages(session):
    sess, gan = session
    before, z = values(sess), np.random.default_rng(0).normal(size=(6, 5))
    sess.run(gan.gen_opt, {gan.noise: z})
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert moved == {var.op.name for var in gan.gen_vars} | {
        f"{var.op.name}/RMSProp" for var in tf.trainable_variables("generator/")}
    _, statistics = generator(z, before, True)
    for norm, (mean, variance) in zip(NORMS, statistics):
        # The momentum is 0.8, and the variance of the batch is not multiplied by 6 / 5.
        for name, statistic in (("moving_mean", mean), ("moving_variance", variance)):
            expected = 0.8 * before[f"{norm}/{name}"] + 0.2 * statistic
            assert_same(after[f"{norm}/{name}"], expected)


def test_a_step_of_rmsprop_follows_the_formula(session):
    """Two updates of the last bias, whose gradient is the mean label; the second one depends on v."""
    sess, gan = session
    name = "discriminator/dense_2/bias"
    w, v = values(sess)[name], 0
    for label in (-1., 0.5):
        sess.run(gan.disc_opt, {gan.imgs: real_imgs(), gan.y: np.full((6, 1), label)})
        v = 0.9 * v + 0.1 * label ** 2
        w = w - 0.05 * label / (np.sqrt(v) + 1e-7)
        after = values(sess)
        assert_same(after[name], w)
        assert_same(after[name + "/RMSProp"], v)


def test_the_rmsprop_of_tf1_would_start_far_more_slowly():
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        var = tf.get_variable("var", initializer=np.float64([0.]))
        step = tf.train.RMSPropOptimizer(0.05, 0.9, epsilon=1e-7).minimize(0.001 * var[0])
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        tf1 = sess.run(var).item()
    ours = -0.05 / np.sqrt(0.1)
    # Its rate, decay, 1 - decay and epsilon are float32.
    assert tf1 == pytest.approx(-0.05 * 0.001 / np.sqrt(0.9 + 0.1 * 0.001**2 + 1e-7),
                                rel=float32_rounding(4))
    assert ours / tf1 > 1000


# --- the order within one session.run ---

def test_the_weights_are_clipped_after_the_update(built):
    sess, gan, _ = built
    for _ in range(10):  # with a wrong order, a single run might be right by chance
        restore(built)
        feed = {gan.imgs: real_imgs(), gan.y: -np.ones((6, 1))}
        sess.run(gan.disc_opt, feed)
        updated = sess.run(gan.disc_vars)
        restore(built)
        sess.run(gan.disc_opt_clip, feed)
        for var, value, clipped in zip(gan.disc_vars, updated, sess.run(gan.disc_vars)):
            assert np.abs(value).max() > 0.05, var.op.name  # far more than the clip
            np.testing.assert_array_equal(clipped, np.clip(value, -0.01, 0.01), var.op.name)


def reads(tensor, variable):
    """The ops that read `variable` to compute `tensor`."""
    if variable.op in (source.op for source in tensor.op.inputs):
        return [tensor.op]
    return [op for source in tensor.op.inputs for op in reads(source, variable)]


def test_the_clip_of_every_weight_waits_for_its_update(built):
    """The order is read from the graph, because a run might be right by chance."""
    _, gan, _ = built
    clips = {op.inputs[0].op: op for op in between([gan.disc_opt_clip])
             if op.type == "Assign" and op.name.startswith("disc_opt_clip/")}
    updates = {op.inputs[0].op: op for op in between([gan.disc_opt]) if op.type == "AssignSub"}
    assert set(clips) == set(updates) == {var.op for var in gan.disc_vars}
    for var in gan.disc_vars:
        [read] = reads(clips[var.op].inputs[1], var)
        assert updates[var.op] in between([read]), var.op.name


def test_the_reported_loss_is_that_before_the_update(built):
    """The critic's loss is linear in its scores, so its gradient does not depend on them."""
    sess, gan, start = built
    assert gan.disc_loss.op in between([gan.disc_opt])
    imgs = real_imgs()
    for _ in range(10):
        restore(built)
        loss, _ = sess.run([gan.disc_loss, gan.disc_opt], {gan.imgs: imgs, gan.y: -np.ones((6, 1))})
        assert loss == same(-critic(imgs, start).mean())
    assert critic(imgs, values(sess)).mean() > 1 - loss  # the update was large


# --- an iteration ---

class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        if fetches == "fake_imgs":
            return np.full((len(feed["noise"]), 784), 0.25, np.float32)
        if fetches == "estimate":
            return 0.7
        return {"disc_opt": 0.4, "disc_opt_clip": -0.1, "gen_opt": 3.}[fetches[1]], None


def test_an_iteration_is_five_rounds_of_the_critic_and_one_update(dataset):
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    figures = model.report(sess, gan, model.step(sess, gan, dataset, np.random.default_rng(0), CONFIG))
    assert figures == {"disc_loss": pytest.approx(0.15), "gen_loss": 3, "estimate": 0.7}
    a_round = ["fake_imgs", ["disc_loss", "disc_opt"], ["disc_loss", "disc_opt_clip"]]
    assert [fetches for fetches, _ in sess.runs] == 5 * a_round + ["estimate",
                                                                   ["gen_loss", "gen_opt"]]
    feeds = [feed for _, feed in sess.runs]
    for predict, real, fake in zip(feeds[0:15:3], feeds[1:15:3], feeds[2:15:3]):
        assert (real["y"] == -1).all() and (fake["y"] == 1).all() and real["y"].shape == (8, 1)
        assert (fake["imgs"] == 0.25).all() and real["imgs"].shape == (8, 784)
        assert real["imgs"].min() < -0.99 and real["imgs"].max() > 0.99
        assert predict["noise"].shape == (8, 5)
    assert feeds[15]["imgs"] is feeds[13]["imgs"] and feeds[15]["fake_imgs"] is feeds[14]["imgs"]
    assert set(feeds[15]) == {"imgs", "fake_imgs"} and set(feeds[16]) == {"noise"}
    noise = np.concatenate([feed["noise"] for feed in feeds if "noise" in feed])
    assert noise.shape == (48, 5) and len(np.unique(noise)) == 240  # each update has its own noise
    firsts = {real["imgs"].tobytes() for real in feeds[1:15:3]}
    assert len(firsts) == 5


class Watched:
    """A session that records the largest weight of the critic after each run."""

    def __init__(self, sess, gan):
        self.sess, self.gan, self.largest = sess, gan, []

    def run(self, fetches, feed_dict):
        found = self.sess.run(fetches, feed_dict)
        self.largest.append(max(np.abs(value).max() for value in self.sess.run(self.gan.disc_vars)))
        return found


def test_after_each_pair_of_updates_the_critic_is_clipped(session, dataset):
    sess, gan = session
    watched = Watched(sess, gan)
    figures = model.report(sess, gan, model.step(watched, gan, dataset, np.random.default_rng(0), CONFIG))
    predicted, on_real, on_fake = (watched.largest[number:15:3] for number in range(3))
    assert predicted[0] > 0.1 and predicted[1:] == 4 * [0.01]
    assert min(on_real) > 0.02  # the first of two updates is not followed by a clip
    assert on_fake == 5 * [0.01] == 5 * watched.largest[-1:]
    assert np.abs(sess.run(gan.gen_vars[0])).max() > 0.1  # the generator is never clipped
    assert abs(figures["estimate"]) < 0.01 < abs(figures["disc_loss"])


def test_the_estimate_is_that_of_the_critic_after_its_last_clip(session, dataset):
    sess, gan = session
    fed = []

    class Kept:
        def run(self, fetches, feed_dict):
            found = sess.run(fetches, feed_dict)
            if fetches is gan.estimate:
                fed.append((feed_dict, values(sess)))
            return found

    figures = model.report(sess, gan, model.step(Kept(), gan, dataset, np.random.default_rng(0), CONFIG))
    [(feed, weights)] = fed
    real, fake = feed[gan.imgs], feed[gan.fake_imgs]
    assert figures["estimate"] == same(
        critic(real, weights).mean() - critic(fake, weights).mean())


# --- what the section says ---

def test_log_line_is_like_the_others_of_the_chapter():
    line = model.log_line(0, 30_000, {"disc_loss": -0.698, "gen_loss": 0.7, "estimate": 1.39})
    assert line == ("0 [Discriminator loss: -0.698000, estimate: 1.390000] "
                    "[Generator loss: 0.700000]")


def test_the_defaults_are_those_of_the_chapter():
    config = model.Config()
    assert (config.n_critic, config.clip_value, config.learning_rate) == (5, 0.01, 0.00005)
    assert (config.iterations, config.batch_size, config.z_dim) == (30_000, 128, 100)
    assert not config.epsilon_in_root and intervals(config) == 150
    with pytest.raises(InputError, match="--iterations 30 must be a multiple of "
                                         "--sample-interval 20"):
        intervals(model.Config(iterations=30, sample_interval=20))


def test_the_loss_is_the_mean_of_the_product_and_not_of_scores_and_labels():
    y, scores = np.float32([[-1], [1]]), np.float32([[2], [5]])
    with tf.Session(graph=tf.Graph(), config=session_config()) as sess, sess.graph.as_default():
        assert sess.run(model.wasserstein_loss(tf.constant(y), tf.constant(scores))) == 1.5
    assert np.mean([y, scores]) == 1.75


def test_clipped_weights_do_not_make_a_critic_1_lipschitz():
    """With all weights at the clip, the slope is 3.67; with other weights it can be anything smaller."""
    weights = {name: np.full(shape, 0.01) for name, shape in dense_table().items()}
    black, white = critic(np.stack([np.zeros(784), np.ones(784)]), weights)
    assert (white - black).item() / np.sqrt(784) == pytest.approx(3.67, abs=0.005)


def test_the_level_of_the_generators_loss_is_arbitrary(session):
    """With 5 added to every score, the generator has the same gradients but another loss."""
    sess, gan = session
    feed = {gan.imgs: real_imgs(), gan.noise: np.random.default_rng(1).normal(size=(6, 5))}
    gen_loss, estimate = sess.run([gan.gen_loss, gan.estimate], feed)
    bias = gan.disc_vars[-1]
    bias.load(sess.run(bias) + 5, sess)
    raised_loss, raised_estimate = sess.run([gan.gen_loss, gan.estimate], feed)
    assert raised_loss == same(gen_loss - 5)
    assert raised_estimate == same(estimate)


def test_every_op_of_the_training_graph_has_a_gpu_kernel(built):
    _, gan, _ = built
    fetches = [gan.disc_opt_clip, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.estimate]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "Identity", "NoOp",
                                  "Placeholder", "Prod", "Shape", "StridedSlice"}


# --- the convolutional networks ---

def shapes_of(network, *given, **named):
    """The names and shapes of the variables that a network makes, without those of batch norm."""
    with new_graph(0).as_default():
        network(*(tf.zeros(shape) for shape in given), **named)
        return {var.op.name: var.shape.as_list() for var in tf.trainable_variables() if "norm" not in var.op.name}


def test_the_convolutional_networks_have_the_layers_of_the_chapters_dcgan():
    generator = shapes_of(convolutional.generator, (2, 100), channels=32)
    assert generator == shapes_of(dcgan_upsampling.generator, (2, 100), channels=32)
    critic = shapes_of(convolutional.discriminator, (2, 784), alpha=0.2, channels=32)
    assert critic == shapes_of(dcgan_upsampling.discriminator, (2, 28, 28, 1), alpha=0.2, channels=32, drop_rate=0.)


def test_a_step_with_convolutional_networks_clips_a_critic_without_batch_norm(dataset):
    config = CONFIG.__class__(batch_size=8, z_dim=5, networks="convolutional", channels=1, learning_rate=0.05)
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        assert not [var.name for var in tf.global_variables("discriminator/") if "norm" in var.name]
        sess.run(tf.global_variables_initializer())
        before = values(sess)
        losses = model.report(sess, gan, model.step(sess, gan, dataset, np.random.default_rng(0), config))
        after = values(sess)
        z = np.random.default_rng(1).normal(size=(6, 5))
        images = model.generate(sess, gan, z)
        alone = model.generate(sess, gan, z[:1])
    assert np.isfinite(list(losses.values())).all()
    assert all(np.abs(after[var.op.name]).max() <= config.clip_value for var in gan.disc_vars)
    trained = [name for name in before if name.startswith("generator/") and "RMSProp" not in name]
    assert all((before[name] != after[name]).any() for name in trained if not name.endswith("/bias"))
    assert images.shape == (6, 784) and np.abs(images).max() < 1
    assert np.allclose(images[:1], alone, atol=1e-6)  # moving statistics: no image depends on the others
