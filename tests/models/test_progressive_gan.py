"""The progressive GAN against NumPy: layers, fading, losses, what an update changes, and stages."""

import dataclasses

import numpy as np
import pytest

import double
from conftest import RecordingSession, load, shake, values
from double import assert_same, float32_rounding, same
from gan_tf1.data import images
from gan_tf1.errors import InputError
from gan_tf1.models import progressive_gan as model
from gan_tf1.models.parts import progressive_networks as networks
from gan_tf1.models.progressive_gan import Stage
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, devices, host_side, refusing_determinism, without_gpu_kernel

CONFIG = model.Config(resolution=8, images=96, phase_images=32, interval_images=8, batch_size=8,
                      z_dim=5, max_maps=4, map_pixels=24)  # 4 maps at 4x4, 3 at 8x8
FADING = Stage(8, 32, 64)  # alpha is a quarter after one step
COLOURS = 3


def switched(**switches):
    return dataclasses.replace(CONFIG, **switches)


def shaken(sess):
    """Change every weight from its initial value, and make the averages differ from the weights."""
    rng = np.random.default_rng(1)
    shake(sess, [var for var in tf.global_variables("(generator|discriminator)/")
                 if "Adam" not in var.name], rng, 0.3)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small stage that fades in 8 x 8 pixels."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(CONFIG, FADING, COLOURS)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shaken(sess)
            yield sess, gan, values(sess)


@pytest.fixture
def feed(built):
    """A feed of eight images, noise and epsilons."""
    _, gan, _ = built
    rng = np.random.default_rng(0)
    return {gan.imgs: rng.uniform(-1, 1, (8, 8, 8, 3)), gan.noise: rng.normal(size=(8, 5)),
            gan.epsilon: rng.uniform(size=(8, 1, 1, 1))}


def turns(count, sess):
    """Set the alpha of the graph to that after `count` steps."""
    tf.train.get_global_step().load(count, sess)


# --- the same in NumPy ---

def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def norm(x):
    return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + 1e-8)


def up(x):
    return x.repeat(2, 1).repeat(2, 2)


def down(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def conv(x, weights, name, gain=2 ** 0.5):
    kernel = weights[f"{name}/kernel"]
    size, _, inputs, _ = kernel.shape
    x = np.pad(x, [(0, 0), (size // 2, size // 2), (size // 2, size // 2), (0, 0)])
    _, height, width, _ = x.shape
    total = sum(x[:, i:height - size + 1 + i, j:width - size + 1 + j] @ kernel[i, j]
                for i in range(size) for j in range(size))
    return total * gain / np.sqrt(size * size * inputs) + weights[f"{name}/bias"]


def dense(x, weights, name, gain=2 ** 0.5, inputs=None):
    kernel = weights[f"{name}/kernel"]
    return x @ kernel * gain / np.sqrt(inputs or len(kernel)) + weights[f"{name}/bias"]


def generator(z, weights, alpha, averaged=False):
    if averaged:
        weights = {name: weights[f"{name}/ExponentialMovingAverage"] for name in weights
                   if f"{name}/ExponentialMovingAverage" in weights}
    x = dense(norm(z), weights, "generator/4x4/dense", inputs=16 * 5)
    x = norm(leaky(x.reshape(-1, 4, 4, 4)))
    x = norm(leaky(conv(x, weights, "generator/4x4/conv")))
    old = up(conv(x, weights, "generator/4x4/to_rgb", gain=1))
    x = norm(leaky(conv(up(x), weights, "generator/8x8/conv")))
    x = norm(leaky(conv(x, weights, "generator/8x8/conv_1")))
    return (1 - alpha) * old + alpha * conv(x, weights, "generator/8x8/to_rgb", gain=1)


def with_stddev(x, groups):
    """Computed group by group; group i has the images i, i + groups, i + 2 groups, ..."""
    stddev = np.zeros((*x.shape[:3], 1))
    for group in range(groups):
        stddev[group::groups] = np.sqrt(x[group::groups].var(axis=0) + 1e-8).mean()
    return np.concatenate([x, stddev], 3)


def critic(imgs, weights, alpha):
    x = leaky(conv(imgs, weights, "discriminator/8x8/from_rgb"))
    x = leaky(conv(x, weights, "discriminator/8x8/conv"))
    x = down(leaky(conv(x, weights, "discriminator/8x8/conv_1")))
    old = leaky(conv(down(imgs), weights, "discriminator/4x4/from_rgb"))
    x = with_stddev((1 - alpha) * old + alpha * x, len(imgs) // 4)
    x = leaky(conv(x, weights, "discriminator/4x4/conv"))
    x = leaky(dense(x.reshape(len(x), -1), weights, "discriminator/4x4/dense"))
    return dense(x, weights, "discriminator/4x4/dense_1", gain=1)


def penalty(weights, imgs, generated, epsilon, alpha):
    """The penalty, by finite differences of the sum of all scores in each number, to 1e-7."""
    points = epsilon * imgs + (1 - epsilon) * generated
    slopes = np.zeros_like(points)
    for place in np.ndindex(points.shape):
        beside = []
        for step in (1e-6, -1e-6):
            moved = points.copy()
            moved[place] += step
            beside.append(critic(moved, weights, alpha).sum())
        slopes[place] = (beside[0] - beside[1]) / 2e-6
    norms = np.sqrt((slopes ** 2).sum((1, 2, 3)))
    return ((norms - 1) ** 2).mean()


def test_losses_equal_numpy(session, feed):
    sess, gan = session
    turns(1, sess)
    feed = {key: value[:4] for key, value in feed.items()}  # one group of the standard deviation
    weights, imgs = values(sess), feed[gan.imgs]
    real = 0.75 * up(down(imgs)) + 0.25 * imgs
    generated = generator(feed[gan.noise], weights, 0.25)
    scores, gan_scores = (critic(x, weights, 0.25) for x in (real, generated))
    weighted = 10 * penalty(weights, real, generated, feed[gan.epsilon], 0.25)
    estimate = scores.mean() - gan_scores.mean()
    found = sess.run([gan.alpha, gan.estimate, gan.penalty, gan.disc_loss, gan.gen_loss], feed)
    assert found == [pytest.approx(expected, rel=apart) for expected, apart in (
        (0.25, 0), (estimate, double.ROUNDING), (weighted, 1e-7),
        (-estimate + weighted + 0.001 * (scores ** 2).mean(), 1e-7),
        (-gan_scores.mean(), double.ROUNDING))]
    assert weighted > 0.1


def test_the_drift_term_keeps_scores_near_zero():
    with new_graph(0).as_default(), tf.Session() as sess:
        real, fake = tf.constant([[3.], [-5.]]), tf.constant([[2.], [4.]])
        losses = sess.run(model.model_loss(real, fake, tf.constant(0.5), 0.1))
    assert losses == pytest.approx((4 + 0.5 + 0.1 * 17, -3, -4))


def test_samples_use_the_moving_average_of_the_weights(session, feed):
    sess, gan = session
    turns(2, sess)
    noise = np.random.default_rng(4).normal(0, 1, (6, 5))
    found = model.sample(sess, gan, np.random.default_rng(4), 6, CONFIG)
    by_average = generator(noise, values(sess), 0.5, averaged=True)
    assert np.abs(by_average).max() > 1.1  # samples are clipped
    assert_same(found, by_average.clip(-1, 1))
    assert np.abs(found - generator(noise, values(sess), 0.5).clip(-1, 1)).max() > 0.1


# --- growing ---

def outputs(stage, noise, imgs, restore):
    """Samples, and scores of `imgs`, from a graph of `stage` whose weights `restore` sets."""
    with new_graph(seed=5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(CONFIG, stage, COLOURS)
        scores = model.discriminator(gan.imgs, stage, gan.alpha, CONFIG, reuse=True)
        sess.run(tf.global_variables_initializer())
        restore(sess, gan)
        return sess.run([gan.fake_imgs, scores], {gan.noise: noise, gan.imgs: imgs})


def test_at_alpha_0_images_and_scores_are_those_of_the_previous_stage(untrained, tmp_path):
    """They are exactly equal: variables are restored by name, and the new layers add nothing yet."""
    rng, path = np.random.default_rng(2), str(tmp_path / "before")
    noise, imgs = rng.normal(size=(8, 5)), rng.uniform(-1, 1, (8, 4, 4, 3))

    def save(sess, gan):
        shaken(sess)
        tf.train.Saver().save(sess, path)

    def carry(sess, gan):
        tf.train.Saver(gan.carried).restore(sess, path)

    samples, scores = outputs(Stage(4, 0, 32), noise, imgs, save)
    again, again_scores = outputs(FADING, noise, up(imgs), carry)
    np.testing.assert_array_equal(again, up(samples))
    np.testing.assert_array_equal(again_scores, scores)
    assert np.ptp(scores) > 0.01 and np.ptp(samples) > 0.1


def test_at_alpha_1_the_previous_colour_layers_have_no_effect(session, gradients, feed):
    sess, gan = session
    old = tf.trainable_variables(".*/4x4/(to|from)_rgb/")
    assert len(old) == 4
    turns(4, sess)
    fetches = [gan.fake_imgs, gan.disc_loss, gan.gen_loss]
    before = sess.run(fetches, feed)
    assert sess.run(gan.alpha) == 1
    slopes = sess.run(gradients, feed)
    for var in old:
        assert (slopes[var.op.name] == 0).all(), var.op.name
    own = tf.global_variables(".*/4x4/(to|from)_rgb/")  # the averages too
    load(sess, {var: value + 1 for var, value in zip(own, sess.run(own))})
    for value, again in zip(before, sess.run(fetches, feed)):
        np.testing.assert_array_equal(value, again)
    turns(9, sess)
    assert sess.run(gan.alpha) == 1


@pytest.fixture(scope="module")
def gradients(built):
    """The gradients of each network's own loss: a dict from the name of the variable to a tensor."""
    _, gan, *_ = built
    found = {}
    for loss, net in ((gan.gen_loss, "generator"), (gan.disc_loss, "discriminator")):
        own = tf.trainable_variables(f"{net}/")
        found.update(zip([var.op.name for var in own], tf.gradients(loss, own)))
    assert None not in found.values()
    return found


def test_at_alpha_0_only_the_previous_stage_has_gradients(session, gradients, feed):
    """The output of the new layers has the weight 0. For alpha between 0 and 1, all layers are trained."""
    sess, _ = session
    for name, slope in sess.run(gradients, feed).items():
        assert (slope == 0).all() == ("/8x8/" in name), name
    turns(2, sess)
    for name, slope in sess.run(gradients, feed).items():
        # With as many real images as fakes, the last bias only has the gradient of the drift term.
        assert np.abs(slope).max() > 1e-7, name


def test_the_graph_of_a_stage_has_only_its_own_layers(untrained):
    names = {}
    for stage in (Stage(4, 0, 32), Stage(8, 32, 64), Stage(16, 32, 64)):
        with new_graph(0).as_default():
            gan = model.build(CONFIG, stage, 1)
            names[stage.resolution] = {var.op.name for var in tf.trainable_variables()}
            carried = {var.op.name for var in gan.carried}
            everything = {var.op.name for var in tf.global_variables()}
        averages = {f"{name}/ExponentialMovingAverage" for name in names[stage.resolution]
                    if name.startswith("generator/")}
        newest = f"/{stage.resolution}x{stage.resolution}/"
        assert carried == {name for name in names[stage.resolution] | averages
                           if newest not in name}
        assert averages <= everything
        assert not any(f"{larger}x{larger}" in name for name in everything
                       for larger in (8, 16, 32) if larger > stage.resolution)
    assert names[8] - names[4] == {
        f"{net}/8x8/{layer}/{part}" for net, layers in (
            ("generator", ("conv", "conv_1", "to_rgb")),
            ("discriminator", ("conv", "conv_1", "from_rgb")))
        for layer in layers for part in ("kernel", "bias")}
    assert names[4] <= names[8]
    assert {name for name in names[16] if "/16x16/" not in name} <= names[8]
    # A stage needs its own colour layers, and those that it fades out.
    assert {name for name in names[8] - names[16]} == {
        f"{name}/{part}" for name in ("generator/4x4/to_rgb", "discriminator/4x4/from_rgb")
        for part in ("kernel", "bias")}


def test_real_images_are_faded_like_generated_ones(session, feed):
    sess, gan = session
    faded = [op for op in tf.get_default_graph().get_operations()
             if op.type == "Conv2D" and op.name.startswith("discriminator/8x8/from_rgb/")]
    assert len(faded) == 1  # the pass over real images; other passes have another scope
    for count, alpha in ((0, 0), (1, 0.25), (4, 1)):
        turns(count, sess)
        expected = (1 - alpha) * up(down(feed[gan.imgs])) + alpha * feed[gan.imgs]
        assert_same(sess.run(faded[0].inputs[0], feed), expected)


def test_stages_count_images():
    defaults = model.Config()
    assert model.stages(defaults) == [
        (4, 0, 600_000), (8, 600_000, 1_200_000), (16, 600_000, 1_200_000),
        (32, 600_000, 9_000_000)]
    assert model.stages(dataclasses.replace(defaults, growing=False)) == [(32, 0, 12_000_000)]
    assert model.stages(CONFIG) == [(4, 0, 32), (8, 32, 64)]
    assert model.stages(switched(resolution=4)) == [(4, 0, 96)]


@pytest.mark.parametrize("settings, complaint", [
    (dict(resolution=24), "--size 24 must be a power of two"),
    (dict(interval_images=12), "--interval-images 12 must be a multiple of --batch-size 8"),
    (dict(phase_images=36), "--phase-images 36 must be a multiple of --interval-images 8"),
    (dict(images=100), "--images 100 must be a multiple of --interval-images 8"),
    (dict(images=88), "--images 88 are too few to grow to 8x8, which takes 96"),
    (dict(group_size=3), "--batch-size 8 must be a multiple of --group-size 3"),
])
def test_sizes_that_do_not_fit_are_refused(settings, complaint):
    with pytest.raises(InputError, match=complaint):
        model.stages(switched(**settings))


def test_without_growing_or_minibatch_standard_deviation_their_settings_are_not_checked():
    model.stages(switched(growing=False, phase_images=33, images=8))
    model.stages(switched(minibatch_stddev=False, group_size=3))


# --- layers ---

def run(tensor):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensor)


def test_the_minibatch_standard_deviation_is_one_number_per_group():
    x = np.random.default_rng(0).normal(size=(6, 2, 2, 3))
    with new_graph(0).as_default():
        found = run(networks.minibatch_stddev(tf.constant(x), 3))
    assert found.shape == (6, 2, 2, 4)
    assert_same(found, with_stddev(x, 2))
    assert len(np.unique(found[..., 3])) == 2
    # The sum is divided by n, not by n - 1.
    even = np.sqrt(((x[::2] - x[::2].mean(0)) ** 2).mean(0) + 1e-8)
    assert found[0, 0, 0, 3] == same(even.mean())


def test_equal_images_have_a_standard_deviation_of_0_and_finite_second_derivatives():
    with new_graph(0).as_default():
        x = tf.ones((4, 2, 2, 3))
        found = networks.minibatch_stddev(x, 4)
        [slope] = tf.gradients(tf.square(found), [x])
        [second] = tf.gradients(tf.square(slope), [x])
        found, slope, second = run((found, slope, second))
    np.testing.assert_allclose(found[..., 3], 1e-4, rtol=1e-3)
    assert np.isfinite(slope).all() and np.isfinite(second).all()


def test_pixel_norm_gives_each_pixel_a_mean_square_of_1():
    x = np.random.default_rng(0).normal(3, 5, size=(2, 4, 4, 7))
    x[0, 0, 0] = 0
    with new_graph(0).as_default():
        found = run(networks.pixel_norm(tf.constant(x)))
    assert_same(found, norm(x))
    squares = (found ** 2).mean(-1)
    assert squares[0, 0, 0] == 0
    # The epsilon, 1e-8, is negligible beside mean squares above 1.
    np.testing.assert_allclose(squares.ravel()[1:], 1, rtol=1e-8)


@pytest.mark.parametrize("equalized", [True, False])
def test_weights_are_scaled_at_run_time_or_when_they_are_initialized(equalized):
    """The function is the same at the start, but Adam's steps are relative to weights of size 1."""
    with new_graph(0).as_default():
        config = switched(equalized=equalized)
        with double.precision():
            y = networks.conv(tf.ones((1, 8, 8, 50)), 60, 3, "layer", config)
        [kernel] = tf.trainable_variables("layer/kernel")
        [slope] = tf.gradients(y, [kernel])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            kernel, y, slope = sess.run([kernel, y, slope])
    he = np.sqrt(2 / 450)
    assert kernel.std() == pytest.approx(1 if equalized else he, rel=0.02)
    scale = he if equalized else 1
    assert_same(y[0, 3, 3], scale * kernel.sum((0, 1, 2)))
    assert slope[1, 1, 0, 0] == same(64 * scale)


def test_at_the_start_the_outputs_of_every_layer_have_a_mean_square_near_1():
    """With the constants of He et al. 2015, no output of the critic vanishes or explodes."""
    config = model.Config(z_dim=64, max_maps=64)
    with new_graph(0).as_default():
        x = tf.constant(np.random.default_rng(0).normal(size=(8, 32, 32, 3)), tf.float32)
        scores = model.discriminator(x, Stage(32, 0, 1), tf.constant(1.), config)
        assert 0.01 < (run(scores) ** 2).mean() < 10


def test_without_pixel_norm_only_noise_is_normalized():
    for on in (True, False):
        with new_graph(0).as_default():
            model.generator(tf.zeros((2, 5)), FADING, tf.constant(0.5), 1, switched(pixel_norm=on))
            norms = [op for op in tf.get_default_graph().get_operations() if op.type == "Rsqrt"]
            assert len(norms) == (5 if on else 1)


def test_without_minibatch_standard_deviation_the_critic_has_no_extra_map(untrained):
    for on in (True, False):
        with new_graph(0).as_default():
            model.build(switched(minibatch_stddev=on), Stage(4, 0, 8), 1)
            [kernel] = tf.trainable_variables("discriminator/4x4/conv/kernel")
            assert kernel.shape.as_list() == [3, 3, 4 + on, 4]


def test_table_of_variables(built):
    _, gan, _ = built
    table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()
             if var.name.endswith("kernel:0")}
    saved = {var.op.name for var in gan.gen_vars}
    everything = {var.op.name for var in tf.global_variables()}
    trainable = {var.op.name for var in tf.trainable_variables()}
    assert table == {
        "generator/4x4/dense/kernel": (5, 64), "generator/4x4/conv/kernel": (3, 3, 4, 4),
        "generator/4x4/to_rgb/kernel": (1, 1, 4, 3), "generator/8x8/conv/kernel": (3, 3, 4, 3),
        "generator/8x8/conv_1/kernel": (3, 3, 3, 3), "generator/8x8/to_rgb/kernel": (1, 1, 3, 3),
        "discriminator/8x8/from_rgb/kernel": (1, 1, 3, 3),
        "discriminator/8x8/conv/kernel": (3, 3, 3, 3),
        "discriminator/8x8/conv_1/kernel": (3, 3, 3, 4),
        "discriminator/4x4/from_rgb/kernel": (1, 1, 3, 4),
        "discriminator/4x4/conv/kernel": (3, 3, 5, 4), "discriminator/4x4/dense/kernel": (64, 4),
        "discriminator/4x4/dense_1/kernel": (4, 1)}
    averages = {f"{name}/ExponentialMovingAverage" for name in trainable
                if name.startswith("generator")}
    assert saved == averages | {"global_step"} | {
        name for name in trainable if name.startswith("generator")}
    assert everything == trainable | averages | {"global_step"} | {
        f"{name}/{slot}" for name in trainable for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


def test_at_1024_pixels_each_network_has_23_million_weights_as_in_the_paper():
    """Table 2: 23.1 million in each."""
    config, stage = model.Config(resolution=1024), Stage(1024, 0, 1)
    with new_graph(0).as_default():
        z = tf.placeholder(tf.float32, (4, 512))
        imgs = model.generator(z, stage, tf.constant(1.), 3, config)
        model.discriminator(imgs, stage, tf.constant(1.), config)
        totals = [sum(var.shape.num_elements() for var in part) for part in model.split_vars()]
    assert imgs.shape.as_list()[1:] == [1024, 1024, 3]
    assert [round(total / 1e6, 1) for total in totals] == [23.1, 23.1]


# --- updates ---

def moved(before, after):
    return {name for name in after if (after[name] != before[name]).any()}


def test_each_update_changes_only_its_own_network(session, feed):
    sess, gan = session
    turns(2, sess)
    before = values(sess)
    sess.run(gan.disc_opt, feed)
    between_ = values(sess)
    assert {name.partition("/")[0] for name in moved(before, between_)} == {
        "discriminator", "disc_opt"}
    assert moved(before, between_) >= {
        var.op.name for var in tf.trainable_variables("discriminator/")}
    sess.run(gan.gen_opt, {gan.noise: feed[gan.noise]})
    after = values(sess)
    assert {name.partition("/")[0] for name in moved(between_, after)} == {
        "generator", "gen_opt", "global_step"}
    assert moved(between_, after) >= {var.op.name for var in gan.gen_vars}
    assert after["global_step"] == 3


def test_after_fading_in_the_previous_colour_layers_are_not_updated(session, feed):
    sess, gan = session
    turns(4, sess)
    before = values(sess)
    sess.run(gan.disc_opt, feed)
    sess.run(gan.gen_opt, {gan.noise: feed[gan.noise]})
    still = {var.op.name for var in tf.trainable_variables()} - moved(before, values(sess))
    assert still == {f"{name}/{part}" for part in ("kernel", "bias") for name in (
        "generator/4x4/to_rgb", "discriminator/4x4/from_rgb")}


def test_the_moving_average_is_updated_with_the_weights_after_their_step(session, feed):
    sess, gan = session
    turns(1, sess)
    before = values(sess)
    sess.run(gan.gen_opt, {gan.noise: feed[gan.noise]})
    after = values(sess)
    for var in tf.trainable_variables("generator/"):
        name = var.op.name
        average = f"{name}/ExponentialMovingAverage"
        followed = (after[average] - 0.999 * before[average]) / 0.001
        # TensorFlow rounds the decay to float32, and weights differ by up to 1 from their averages.
        np.testing.assert_allclose(followed, after[name], rtol=0, atol=float32_rounding(1) / 0.001)
        np.testing.assert_allclose(np.abs(after[name] - before[name]), 0.001, rtol=0.1)


def test_adams_first_step_has_its_full_size(session, feed):
    sess, gan = session
    turns(1, sess)
    before = values(sess)
    sess.run(gan.disc_opt, feed)
    after = values(sess)
    name = "discriminator/4x4/dense_1/kernel"
    np.testing.assert_allclose(np.abs(after[name] - before[name]), 0.001, rtol=0.01)
    assert after["disc_opt/beta1_power"] == 0
    assert after["disc_opt/beta2_power"] == same(0.99 ** 2)


def test_the_defaults_are_those_of_the_paper():
    config = model.Config()
    assert (config.penalty_weight, config.drift_weight, config.average_decay) == (10, 0.001, 0.999)
    assert (config.learning_rate, config.beta1, config.beta2) == (0.001, 0, 0.99)
    assert (config.phase_images, config.batch_size, config.z_dim) == (600_000, 16, 512)
    assert [networks.maps_at(2 ** power, config) for power in range(2, 11)] == [
        512, 512, 512, 512, 256, 128, 64, 32, 16]


def test_the_reported_losses_are_those_before_the_update(built):
    _, gan, _ = built
    assert {gan.estimate.op, gan.penalty.op} <= set(between([gan.disc_loss]))
    updates = [op for op in between([gan.disc_opt]) if op.type == "ApplyAdam"]
    assert len(updates) == 14
    for op in updates:
        assert gan.disc_loss.op in between([op]), op.name


class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return (3., None) if fetches[0] == "gen_loss" else (-4., 5., 6., None)


def test_a_step_is_one_update_of_the_critic_and_one_of_the_generator():
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    rng = np.random.default_rng(0)
    train_set = images.Rows(rng.integers(0, 256, (20, 8, 8, 1), np.uint8))
    fetched = model.step(sess, gan, train_set, rng, CONFIG)
    assert fetched == (-4, 3, 5, 6)
    (critic_, feed), (generator_, last) = sess.runs
    assert critic_ == ["disc_loss", "estimate", "penalty", "disc_opt"]
    assert generator_ == ["gen_loss", "gen_opt"]
    assert {name: value.shape for name, value in feed.items()} == {
        "imgs": (8, 8, 8, 1), "noise": (8, 5), "epsilon": (8, 1, 1, 1)}
    assert len(np.unique(feed["epsilon"])) == 8
    assert set(last) == {"noise"} and (last["noise"] != feed["noise"]).all()
    again = model.step(sess, gan, train_set, rng, CONFIG)
    assert (sess.runs[2][1]["imgs"] != feed["imgs"]).any()
    np.testing.assert_array_equal(model.tally(model.tally(None, fetched), again), [-8, 6, 10, 12])


def test_log_line():
    line = model.log_line(2400, 24_000, {"disc_loss": -1.5, "gen_loss": 0.7, "estimate": 2, "penalty": 0.5,
                                 "resolution": 8, "alpha": 0.25})
    assert line == ("2400 images, 8x8, alpha 0.250 [Critic loss: -1.500000, estimate: 2.000000, "
                    "penalty: 0.500000] [Generator loss: 0.700000]")


def test_no_op_of_the_graph_is_random(built):
    _, gan, _ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.fake_imgs, gan.disc_loss]
    assert not [op.type for op in between(fetches) if "andom" in op.type]


def test_every_op_of_the_training_graph_has_a_gpu_kernel(built):
    _, gan, _ = built
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.penalty, gan.fake_imgs,
               gan.alpha]
    assert without_gpu_kernel(fetches) == [] == refusing_determinism(fetches)
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "ConcatOffset", "ConcatV2", "Const",
                                  "Fill", "NoOp", "Placeholder", "Range"}
    assert all(op.outputs[0].dtype == tf.int32 for op in between(fetches)
               if op.type in ("ConcatV2", "Fill", "Range") and "GPU" not in devices(op))


# --- learning ---

@pytest.mark.numerics
@pytest.mark.slow
def test_a_few_steps_learn_where_images_are_light_and_dark():
    """The images have 8 x 8 pixels and are light on the left; the training starts with 4 x 4 pixels."""
    rng = np.random.default_rng(0)
    config = switched(max_maps=8, map_pixels=64, learning_rate=0.003, average_decay=0.9)
    light = rng.integers(180, 256, (64, 8, 8, 1))
    light[:, :, 4:] -= 180
    stack = light.astype(np.uint8)
    train_sets = {size: images.Rows(images.resized(stack, size)) for size in (4, 8)}
    with new_graph(1).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config, Stage(8, 400, 800), 1)
        sess.run(tf.global_variables_initializer())
        start = model.sample(sess, gan, np.random.default_rng(1), 16, config)
        for _ in range(150):
            fetched = model.step(sess, gan, train_sets[8], rng, config)
        end = model.sample(sess, gan, np.random.default_rng(1), 16, config)
    real = images.Rows.decode(stack)[0][..., 0].mean(0)

    def apart(samples):
        return np.abs(samples.mean(0) - real).mean()

    assert apart(end) < 0.25 < apart(start)
    assert end[..., :4].mean() > 0.4 > -0.4 > end[..., 4:].mean()
    assert np.isfinite(fetched).all()
