"""pix2pix against NumPy: networks, losses, patches, jitter, dropout, and what updates change."""

import numpy as np
import pytest
import scipy

import double
from conftest import RecordingSession, load, shake, values
from double import assert_same, same
from dcgan_numpy import cross_entropy, leaky
from gan_tf1.config import intervals, make
from gan_tf1.data import images
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import InputError
from gan_tf1.evaluation import pair_metrics
from gan_tf1.models import pix2pix as model
from gan_tf1.models.parts import pix2pix_networks as networks
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, devices, host_side, refusing_determinism, without_gpu_kernel

CONFIG = model.Config(size=32, channels=2, patch_layers=2, batch_size=3, jitter=0.125)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small GAN. No weight has a special initial value."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(CONFIG)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            shake(sess, tf.trainable_variables(), rng, 0.3)
            yield sess, gan, values(sess)


@pytest.fixture
def feed(built):
    """Three pairs, for the graph's placeholders."""
    _, gan, _ = built
    rng = np.random.default_rng(0)
    return {gan.inputs: rng.uniform(-1, 1, (3, 32, 32, 3)),
            gan.targets: rng.uniform(-1, 1, (3, 32, 32, 3)),
            gan.crop: [[0, 4], [2, 1], [3, 0]], gan.flip: [0, 1, 1], gan.noise: [5, 6]}


# --- the networks in NumPy and float64 ---

def conv(x, weights, scope, stride=2):
    """4 x 4 with padding of 1. Stride 2 halves the size, and stride 1 reduces it by one pixel."""
    kernel = weights[scope + "/conv2d/kernel"]
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    size = (x.shape[1] - 4) // stride + 1
    return weights.get(scope + "/conv2d/bias", 0) + sum(
        x[:, i:i + stride * size:stride, j:j + stride * size:stride] @ kernel[i, j]
        for i in range(4) for j in range(4))


def transposed(x, weights, scope):
    kernel, size = weights[scope + "/conv2d_transpose/kernel"], 2 * x.shape[1]
    out = np.zeros((len(x), size + 2, size + 2, kernel.shape[2]))
    for i in range(4):
        for j in range(4):
            out[:, i:i + size:2, j:j + size:2] += x @ kernel[i, j].T
    return weights.get(scope + "/conv2d_transpose/bias", 0) + out[:, 1:-1, 1:-1]


def norm(x, weights, scope):
    centred = x - x.mean((1, 2), keepdims=True)
    return weights[scope + "/gamma"] * centred / np.sqrt(
        x.var((1, 2), keepdims=True) + 1e-5) + weights[scope + "/beta"]


def mask(shape, noise, layer, rate=0.5):
    """The result of dropout of ones."""
    with tf.Graph().as_default(), tf.Session() as sess:
        return sess.run(tf.nn.experimental.stateless_dropout(
            tf.ones(shape), rate, [noise[0], noise[1] + layer], rng_alg="philox") > 0) / (1 - rate)


def generator(x, noise, weights):
    """A U-Net for 32 pixels, with five layers in each direction."""
    w = {name.removeprefix("generator/"): value for name, value in weights.items()}
    e1 = conv(x, w, "encoder_1")
    e2 = norm(conv(leaky(e1), w, "encoder_2"), w, "encoder_2")
    e3 = norm(conv(leaky(e2), w, "encoder_3"), w, "encoder_3")
    e4 = norm(conv(leaky(e3), w, "encoder_4"), w, "encoder_4")
    x = conv(leaky(e4), w, "encoder_5")
    assert x.shape[1] == 1
    for layer, skip in ((4, e4), (3, e3), (2, e2), (1, e1)):
        x = norm(transposed(np.maximum(x, 0), w, f"decoder_{layer}"), w, f"decoder_{layer}")
        if layer > 1:
            x = x * mask(x.shape, noise, layer)
        x = np.concatenate([x, skip], 3)
    return np.tanh(transposed(np.maximum(x, 0), w, "decoder_0"))


def discriminator(x, y, weights):
    w = {name.removeprefix("discriminator/"): value for name, value in weights.items()}
    x = leaky(conv(np.concatenate([x, y], 3), w, "layer_1"))
    x = leaky(norm(conv(x, w, "layer_2"), w, "layer_2"))
    x = leaky(norm(conv(x, w, "layer_3", stride=1), w, "layer_3"))
    return conv(x, w, "logits", stride=1)


def jittered(stack, crop, flip, enlarged):
    """Bilinear resizing by SciPy, with pixel centres at (i + 0.5) / size."""
    size = stack.shape[1]
    places = np.clip((np.arange(enlarged) + 0.5) * size / enlarged - 0.5, 0, size - 1)
    out = []
    for image, (top, left), mirrored in zip(stack, crop, flip):
        grid = np.meshgrid(places[top:top + size], places[left:left + size], indexing="ij")
        image = np.stack([scipy.ndimage.map_coordinates(image[..., c], grid, order=1)
                          for c in range(image.shape[-1])], axis=-1)
        out.append(image[:, ::-1] if mirrored else image)
    return np.stack(out)


def test_losses_are_those_of_the_paper(session, feed):
    sess, gan = session
    weights = values(sess)
    x, y = (jittered(feed[part], feed[gan.crop], feed[gan.flip], 36)
            for part in (gan.inputs, gan.targets))
    generated = generator(x, feed[gan.noise], weights)
    real, fake = discriminator(x, y, weights), discriminator(x, generated, weights)
    assert real.shape == (3, 6, 6, 1)
    expected = ((cross_entropy(1, real).mean() + cross_entropy(0, fake).mean()) / 2,
                cross_entropy(1, fake).mean(), np.abs(y - generated).mean())
    found = sess.run([gan.disc_loss, gan.gen_loss, gan.l1], feed)
    assert found == [same(value) for value in expected]
    assert_same(sess.run(gan.translated, feed),
                generator(feed[gan.inputs], feed[gan.noise], weights))


def test_table_of_variables_at_full_size(untrained):
    """The paper's appendix 6.1: C64-C128-C256-C512-C512-C512-C512-C512 and back."""
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        assert tf.global_variables() == tf.trainable_variables()
    widths, expected = (3, 64, 128, 256, 512, 512, 512, 512, 512), {}

    def expect(scope, kind, *shape, bias=0, normed=0):
        expected[f"{scope}/{kind}/kernel"] = (4, 4, *shape)
        if bias:
            expected[f"{scope}/{kind}/bias"] = (bias,)
        if normed:
            expected[f"{scope}/gamma"] = expected[f"{scope}/beta"] = (normed,)

    for layer in range(1, 9):
        given, made = widths[layer - 1:layer + 1]
        bias, normed = (made, 0) if layer in (1, 8) else (0, made)
        expect(f"generator/encoder_{layer}", "conv2d", given, made, bias=bias, normed=normed)
    for layer in range(1, 8):  # each has the previous layer and its skip connection as input, except the first
        given = 512 if layer == 7 else 2 * widths[layer + 1]
        expect(f"generator/decoder_{layer}", "conv2d_transpose", widths[layer], given,
               normed=widths[layer])
    expect("generator/decoder_0", "conv2d_transpose", 3, 128, bias=3)
    expect("discriminator/layer_1", "conv2d", 6, 64, bias=64)
    for layer, (given, made) in enumerate(((64, 128), (128, 256), (256, 512)), 2):
        expect(f"discriminator/layer_{layer}", "conv2d", given, made, normed=made)
    expect("discriminator/logits", "conv2d", 512, 1, bias=1)
    assert table == expected
    assert saved == {name for name in table if name.startswith("generator/")}


@pytest.mark.parametrize("skips, widths", [(True, [16, 16, 8, 4]), (False, [16, 8, 4, 2])])
def test_without_skips_all_that_the_decoder_knows_is_the_innermost_map(untrained, skips, widths):
    """The paper's encoder-decoder. With skips, all of its layers but the first have twice the inputs."""
    with new_graph(seed=0).as_default() as graph:
        gan = model.build(model.Config(size=16, channels=2, patch_layers=2, skips=skips))
        kernels = {var.op.name.split("/")[1]: var.shape.as_list() for var in gan.gen_vars
                   if var.op.name.endswith("transpose/kernel")}
        assert [kernels[f"decoder_{layer}"][-1] for layer in (3, 2, 1, 0)] == widths
        innermost = [op.outputs[0] for op in graph.get_operations() if op.type == "BiasAdd"
                     and op.outputs[0].shape.as_list()[1:] == [1, 1, 16]]
        [grad] = tf.gradients(gan.translated, [gan.inputs], stop_gradients=innermost)
        assert len(innermost) == 2 and (grad is not None) == skips


def test_every_trained_variable_has_adams_slots(built):
    table = {var.op.name for var in tf.trainable_variables()}
    others = {var.op.name for var in tf.global_variables()} - table
    assert others == {f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


def test_initial_weights_are_normal_with_standard_deviation_0_02(untrained):
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        model.build(model.Config(size=32, channels=16))
        sess.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        for var, value in zip(variables, sess.run(variables)):
            kind = var.op.name.rpartition("/")[2]
            if kind in ("bias", "beta"):
                assert (value == 0).all(), var
            elif value.size > 1000:
                assert value.std() == pytest.approx(0.02, rel=0.1), var
                assert abs(value.mean()) < 0.003, var
            elif kind == "gamma":
                assert abs(value.mean() - 1) < 0.02 and 0.01 < value.std() < 0.03, var


# --- patches ---

@pytest.mark.parametrize("layers, patch", [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_the_patch_of_a_logit_is_where_its_gradient_is_not_0(layers, patch, monkeypatch):
    """Exactly this square of each image influences the logit in the middle.

    The test is without batch norm, through whose statistics all pixels influence each logit.
    """
    monkeypatch.setattr(networks, "instance_norm", lambda x: x)
    size = 32 * 2 ** layers
    with new_graph(seed=1).as_default(), tf.Session(config=session_config()) as sess:
        x, y = (tf.placeholder(tf.float32, (1, size, size, 3)) for _ in range(2))
        logits = model.discriminator(x, y, channels=1, layers=layers, alpha=0.2)
        count = logits.shape[1].value
        assert count == (size // 2 ** layers - 2 if layers else size)
        middle = count // 2
        grads = tf.gradients(logits[0, middle, middle, 0], [x, y])
        sess.run(tf.global_variables_initializer())
        rng = np.random.default_rng(2)
        load(sess, {var: rng.uniform(0.5, 1, var.shape) * rng.choice([-1, 1], var.shape)
                    for var in tf.trainable_variables("discriminator/")})
        found = sess.run(grads, {image: rng.normal(size=(1, size, size, 3)) for image in (x, y)})
    for grad in found:
        rows, columns = (np.flatnonzero(np.abs(grad[0]).sum((axis, 2))) for axis in (1, 0))
        for seen in (rows, columns):
            assert len(seen) == patch == seen[-1] - seen[0] + 1
            assert 0 < seen[0] and seen[-1] < size - 1  # the border does not cut it off


def test_a_patch_that_is_larger_than_the_images_is_refused():
    model.check(model.Config())
    model.check(model.Config(size=8, patch_layers=1))
    with pytest.raises(InputError, match="--disc-layers 3 needs images of at least 32 pixels, "
                                         "not 16: choose fewer layers"):
        model.check(model.Config(size=16))
    with pytest.raises(InputError, match="nothing to learn"):
        model.check(model.Config(gan_weight=0., l1_weight=0.))
    with pytest.raises(InputError, match="--size must be one of 8, 16, 32"):
        make(model.Config, {"size": 48})


# --- statistics, dropout, jitter ---

def test_the_translation_of_an_image_does_not_depend_on_the_others(session, feed):
    """With equal noise, the first image has the same dropout masks alone and in a batch."""
    sess, gan = session
    alone = sess.run(gan.translated, {gan.inputs: feed[gan.inputs][:1], gan.noise: [1, 2]})
    among = sess.run(gan.translated, {gan.inputs: feed[gan.inputs], gan.noise: [1, 2]})
    assert_same(among[0], alone[0])


def test_noise_is_the_seed_of_dropout_and_has_no_other_effect(session, feed):
    sess, gan = session
    one, same, first, second = (sess.run(gan.translated, {**feed, gan.noise: noise})
                                for noise in ([1, 2], [1, 2], [2, 2], [1, 100]))
    assert one.tobytes() == same.tobytes()
    assert min(np.abs(one - other).max() for other in (first, second)) > 0.01
    stacked = np.repeat(feed[gan.inputs][:1], 3, axis=0)
    each = sess.run(gan.translated, {gan.inputs: stacked, gan.noise: [1, 2]})
    assert np.abs(each[0] - each[1]).max() > 0.01  # each image of a batch has its own masks
    masks = [mask((3, 4, 4, 16), (1, 2), layer) for layer in (2, 3, 4)]
    assert {0., 2.} == set(np.unique(masks)) and (masks[0] != masks[1]).any()


def test_without_dropout_there_is_no_noise(untrained):
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(model.Config(size=8, channels=2, patch_layers=1, drop_rate=0.))
        sess.run(tf.global_variables_initializer())
        x = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3))
        first, second = (sess.run(gan.translated, {gan.inputs: x, gan.noise: noise})
                         for noise in ([1, 2], [3, 4]))
        assert first.tobytes() == second.tobytes()


def test_jitter_crops_input_and_target_alike():
    rng = np.random.default_rng(0)
    stack = rng.uniform(-1, 1, (4, 8, 8, 6))
    crop, flip = [[0, 0], [2, 1], [1, 2], [0, 2]], [0, 0, 1, 1]
    with tf.Graph().as_default(), tf.Session() as sess:
        def found(enlarged, crop):
            with double.precision():
                return sess.run(model.jittered(tf.constant(stack), tf.constant(crop, tf.int32),
                                               tf.constant(flip, tf.int32), 8, enlarged))
        assert_same(found(10, crop), jittered(stack, crop, flip, 10))
        expected = stack.copy()
        expected[2:] = expected[2:, :, ::-1]
        np.testing.assert_array_equal(found(8, np.zeros((4, 2), int)), expected)
    assert model.enlarged(model.Config()) == 286
    assert model.enlarged(model.Config(size=32, jitter=0.)) == 32


# --- the updates ---

def test_each_update_changes_only_its_own_network(session, feed):
    sess, gan = session
    for update, network, other in ((gan.disc_opt, "discriminator", "disc_opt"),
                                   (gan.gen_opt, "generator", "gen_opt")):
        before = values(sess)
        sess.run(update, feed)
        after = values(sess)
        moved = {name for name in after if (after[name] != before[name]).any()}
        assert {name.partition("/")[0] for name in moved} == {network, other}
        assert moved >= {var.op.name for var in tf.trainable_variables(network + "/")}


def test_the_discriminators_gradient_is_that_of_half_the_sum(session, feed):
    """After one step, Adam's first moment is half the gradient, since beta1 is 0.5."""
    sess, gan = session
    sess.run(tf.variables_initializer([
        var for var in tf.global_variables() if "Adam" in var.op.name or "_power" in var.op.name]))
    weights = values(sess)
    x, y = (jittered(feed[part], feed[gan.crop], feed[gan.flip], 36)
            for part in (gan.inputs, gan.targets))
    generated = generator(x, feed[gan.noise], weights)
    bias = "discriminator/logits/conv2d/bias"

    def loss(step):
        moved = {**weights, bias: weights[bias] + step}
        return (cross_entropy(1, discriminator(x, y, moved)).mean()
                + cross_entropy(0, discriminator(x, generated, moved)).mean()) / 2

    sess.run(gan.disc_opt, feed)
    after = values(sess)
    assert after[bias + "/Adam"][0] == pytest.approx(
        0.5 * (loss(1e-5) - loss(-1e-5)) / 2e-5, abs=1e-9)  # the error of the difference
    kernel = "discriminator/logits/conv2d/kernel"
    size = np.abs(2 * after[kernel + "/Adam"])  # of the gradient; the first step of Adam does not depend
    expected = 0.0002 * size / (size + 1e-8 / np.sqrt(1 - 0.999))  # on it, except for epsilon
    np.testing.assert_allclose(np.abs(after[kernel] - weights[kernel]), expected, rtol=1e-6)


def test_the_weight_of_l1_is_100(session, feed):
    """The gradient of the last bias equals finite differences of 100 l1 + gen_loss."""
    sess, gan = session
    sess.run(tf.variables_initializer([
        var for var in tf.global_variables() if "Adam" in var.op.name or "_power" in var.op.name]))
    weights, name = values(sess), "generator/decoder_0/conv2d_transpose/bias"
    [bias] = [var for var in tf.trainable_variables() if var.op.name == name]
    losses = []
    for step in (1e-6, -1e-6):
        bias.load(weights[name] + [step, 0, 0], sess)
        gen_loss, l1 = sess.run([gan.gen_loss, gan.l1], feed)
        losses.append(gen_loss + 100. * l1)
    bias.load(weights[name], sess)
    sess.run(gan.gen_opt, feed)
    assert 2 * values(sess)[name + "/Adam"][0] == pytest.approx(
        (losses[0] - losses[1]) / 2e-6, abs=1e-7)  # the error of the difference, of losses of 100


# --- an iteration ---

class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return (2., 3., None) if fetches[0] == "gen_loss" else (1., None)


def some_pairs(count=10, size=32):
    stack = np.random.default_rng(4).integers(0, 256, (2, count, size, size, 3), np.uint8)
    return images.Rows(*stack, seed=1)


def test_an_iteration_is_one_update_of_each_network_with_one_feed():
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    dataset, rng = some_pairs(), np.random.default_rng(0)
    figures = model.report(sess, gan, model.step(sess, gan, dataset, rng, CONFIG))
    assert figures == {"disc_loss": 1., "gen_loss": 2., "l1": 3.}
    (first, feed), (second, again) = sess.runs
    assert first == ["disc_loss", "disc_opt"] and second == ["gen_loss", "l1", "gen_opt"]
    # One crop and one mask, and therefore one generated image.
    assert set(feed) == set(again) and all(feed[name] is again[name] for name in feed)
    assert {name: np.shape(value) for name, value in feed.items()} == {
        "inputs": (3, 32, 32, 3), "targets": (3, 32, 32, 3), "crop": (3, 2), "flip": (3,),
        "noise": (2,)}
    for _ in range(40):
        model.step(sess, gan, dataset, rng, CONFIG)
    feeds = [feed for _, feed in sess.runs[::2]]
    crops, flips = (np.concatenate([feed[name] for feed in feeds]) for name in ("crop", "flip"))
    assert set(crops.ravel()) == set(range(5)) and set(flips) == {0, 1}
    assert len({tuple(feed["noise"]) for feed in feeds}) == 41


def test_without_jitter_and_mirroring_pairs_are_not_changed():
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    config = make(model.Config, {"size": 32, "jitter": 0., "flip": False, "batch_size": 8})
    model.step(sess, gan, some_pairs(), np.random.default_rng(0), config)
    assert not np.any(sess.runs[0][1]["crop"]) and not np.any(sess.runs[0][1]["flip"])


def test_all_random_numbers_are_drawn_from_the_rng(built):
    """Random ops of the graph use the seed that is fed, so only the rng has a state."""
    _, gan, _ = built
    for op in between([gan.disc_opt, gan.gen_opt, gan.translated]):
        assert "andom" not in op.type or op.type.startswith("StatelessRandom"), op.name


def test_log_line_and_defaults():
    line = model.log_line(7, 30_000, {"disc_loss": 0.5, "gen_loss": 0.7, "l1": 0.25})
    assert line == ("7 [Discriminator loss: 0.500000] [Generator loss: 0.700000, L1: 0.250000]")
    config = model.Config()
    assert (config.batch_size, config.size, config.channels, config.patch_layers) == (1, 256, 64, 3)
    assert (config.l1_weight, config.learning_rate, config.beta1) == (100, 0.0002, 0.5)
    assert (config.drop_rate, config.alpha, config.flip) == (0.5, 0.2, True)
    assert intervals(config) == 200  # of 400 pairs: the number of epochs in the paper, for facades


def test_every_op_of_the_training_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config(size=8, channels=2, patch_layers=1, batch_size=3, jitter=0.125))
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.gen_loss, gan.l1, gan.translated]
    assert without_gpu_kernel(fetches) == []
    assert refusing_determinism(fetches) == []
    # All computations on images run on a GPU; these ops handle shapes, indices and control flow.
    assert host_side(fetches) == {"BroadcastGradientArgs", "ConcatOffset", "Const", "NoOp",
                                  "Placeholder", "Range", "Slice"}
    assert all(op.outputs[0].dtype == tf.int32 for op in between(fetches)
               if op.type in ("ConcatOffset", "Range") or "GPU" not in devices(op)
               and op.type == "Slice")


# --- learning ---

@pytest.mark.numerics
@pytest.mark.slow
def test_it_learns_what_a_table_of_colours_cannot_express():
    """White discs on black become red on the left and blue on the right, so the position matters."""
    rng, across = np.random.default_rng(3), np.arange(16)
    centres = rng.uniform(3, 13, (240, 2))
    inside = (np.square(across[:, None] - centres[:, :1, None])
              + np.square(across - centres[:, 1:, None]) < 9)[..., None]
    inputs = np.where(inside, 255, 0).astype(np.uint8).repeat(3, axis=3)
    left = (across < 8)[None, None, :, None]
    targets = np.where(inside, np.where(left, [255, 0, 0], [0, 0, 255]), 0).astype(np.uint8)
    data = images.Rows(inputs[40:], targets[40:], seed=0)
    config = model.Config(size=16, channels=8, patch_layers=1, batch_size=8, jitter=0., flip=False,
                          learning_rate=0.005)
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        draws = np.random.default_rng(0)
        for _ in range(200):
            model.step(sess, gan, data, draws, config)
        found = images.as_bytes(model.translate(sess, gan, scaled(inputs[:40]), draws))
    table = pair_metrics.by_level(inputs[:40], pair_metrics.mean_colours(*data.columns))
    errors = [pair_metrics.absolute_error(one, targets[:40]).mean() for one in (found, table)]
    assert errors[0] < 0.5 * errors[1], errors
