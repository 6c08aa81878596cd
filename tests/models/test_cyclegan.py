"""CycleGAN: networks and losses against NumPy, the pools, what each update changes, and learning."""

import numpy as np
import pytest

import double
from conftest import RecordingSession, load, values
from double import assert_same, same
from gan_tf1.data.unpaired import TwoSets
from gan_tf1.errors import InputError
from gan_tf1.models import cyclegan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, devices, host_side, refusing_determinism, without_gpu_kernel

CONFIG = model.Config(size=16, load_size=19, channels=2, blocks=1, disc_layers=2, pool_size=3,
                      batch_size=2)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small CycleGAN of colour images. Weights are far from their usual 0."""
    with new_graph(seed=3).as_default():
        with double.precision():
            gan = model.build(CONFIG, 3, epoch_steps=5)
        rng = np.random.default_rng(1)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            load(sess, {var: rng.normal(0, 0.3, var.shape) for var in tf.trainable_variables()})
            load(sess, {var: rng.uniform(-1, 1, var.shape) for var in tf.global_variables("pool_")})
            yield sess, gan, values(sess)


@pytest.fixture
def feed(built):
    """Two images of each set with random crops, and the choices of the pools."""
    _, gan, _ = built
    rng = np.random.default_rng(0)
    return {gan.imgs_a: rng.uniform(-1, 1, (2, 19, 19, 3)),
            gan.imgs_b: rng.uniform(-1, 1, (2, 19, 19, 3)),
            gan.corners: rng.integers(0, 4, (2, 2, 2)), gan.mirrored: [[0, 1], [1, 0]],
            gan.swap: [[0.9, 0.1], [0.6, 0.7]], gan.slots: [[0, 1], [2, 2]]}


# --- the networks in NumPy ---

def convolution(x, kernel, stride=1, padding=0, mode="constant"):
    """The convolution of `x` [B, H, W, C] with equal padding on all sides."""
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)], mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))
    return np.einsum("bhwcij,ijco->bhwo", windows[:, ::stride, ::stride], kernel)


def transposed(x, kernel):
    """Each pixel of `x` [B, H, W, C] adds 3 x 3 values, with stride 2; the first row and column are cut."""
    batch, height, width, _ = x.shape
    spread = np.zeros((batch, 2 * height + 1, 2 * width + 1, kernel.shape[2]))
    for row in range(height):
        for column in range(width):
            spread[:, 2 * row:2 * row + 3, 2 * column:2 * column + 3] += np.einsum(
                "bc,ijoc->bijo", x[:, row, column], kernel)
    return spread[:, 1:, 1:]


def instance_norm(x):
    std = np.sqrt(x.var(axis=(1, 2), keepdims=True) + 1e-5)
    return (x - x.mean(axis=(1, 2), keepdims=True)) / std


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def generator(x, weights, scope):
    def kernel(name):
        return weights[f"{scope}/{name}/kernel"]

    def relu_norm(x):
        return np.maximum(instance_norm(x), 0)

    x = relu_norm(convolution(x, kernel("conv2d"), 1, 3, "reflect"))
    x = relu_norm(convolution(x, kernel("conv2d_1"), 2, 1))
    x = relu_norm(convolution(x, kernel("conv2d_2"), 2, 1))
    y = relu_norm(convolution(x, kernel("conv2d_3"), 1, 1, "reflect"))
    x = x + instance_norm(convolution(y, kernel("conv2d_4"), 1, 1, "reflect"))
    x = relu_norm(transposed(x, kernel("conv2d_transpose")))
    x = relu_norm(transposed(x, kernel("conv2d_transpose_1")))
    return np.tanh(convolution(x, kernel("conv2d_5"), 1, 3, "reflect")
                   + weights[f"{scope}/conv2d_5/bias"])


def discriminator(x, weights, scope):
    kernels = [weights[f"{scope}/conv2d{end}/kernel"] for end in ("", "_1", "_2", "_3")]
    x = leaky(convolution(x, kernels[0], 2, 1) + weights[f"{scope}/conv2d/bias"])
    x = leaky(instance_norm(convolution(x, kernels[1], 2, 1)))
    x = leaky(instance_norm(convolution(x, kernels[2], 1, 1)))
    return convolution(x, kernels[3], 1, 1) + weights[f"{scope}/conv2d_3/bias"]


def cut(feed, gan, side):
    """The crops of the images of side 0 or 1, mirrored if the feed says so."""
    imgs, corners = feed[(gan.imgs_a, gan.imgs_b)[side]], feed[gan.corners][side]
    parts = []
    for img, (row, column), mirrored in zip(imgs, corners, feed[gan.mirrored][side]):
        part = img[row:row + 16, column:column + 16]
        parts.append(part[:, ::-1] if mirrored else part)
    return np.stack(parts)


# --- values ---

def test_images_are_cut_at_their_corners_and_mirrored(session, feed):
    sess, gan = session
    for side, real in enumerate((gan.real_a, gan.real_b)):
        np.testing.assert_array_equal(sess.run(real, feed), cut(feed, gan, side))


def test_all_losses_equal_numpy(session, feed):
    sess, gan = session
    weights = values(sess)
    real_a, real_b = cut(feed, gan, 0), cut(feed, gan, 1)
    fake_b = generator(real_a, weights, "generator_ab")
    fake_a = generator(real_b, weights, "generator_ba")

    def judged(imgs, scope):
        return discriminator(imgs, weights, f"discriminator_{scope}")

    def distance(imgs, scope, wanted):
        return np.abs(generator(imgs, weights, f"generator_{scope}") - wanted).mean()

    gen = {"gan_ab": ((judged(fake_b, "b") - 1) ** 2).mean(),
           "gan_ba": ((judged(fake_a, "a") - 1) ** 2).mean(),
           "cycle_a": 10 * distance(fake_b, "ba", real_a),
           "cycle_b": 10 * distance(fake_a, "ab", real_b),
           "identity_a": 5 * distance(real_a, "ba", real_a),
           "identity_b": 5 * distance(real_b, "ab", real_b)}
    # At step 0 the pools are empty, so the fakes themselves are shown.
    disc = {f"disc_{name}": (((judged(real, name) - 1) ** 2).mean()
                             + (judged(fake, name) ** 2).mean()) / 2
            for name, real, fake in (("a", real_a, fake_a), ("b", real_b, fake_b))}
    found = sess.run([gan.gen_losses, gan.gen_loss, gan.disc_losses], feed)
    assert found[0] == same(gen)
    assert found[1] == same(sum(gen.values()))
    assert found[2] == same(disc)
    assert min(gen.values()) > 0.01 and min(disc.values()) > 0.01


def test_a_cycle_goes_through_both_generators(session, feed):
    sess, gan = session
    weights = values(sess)
    for source, there, back, first, second in (
            (gan.real_a, gan.fake_b, gan.again_a, "generator_ab", "generator_ba"),
            (gan.real_b, gan.fake_a, gan.again_b, "generator_ba", "generator_ab")):
        imgs, fake, again = sess.run([source, there, back], feed)
        expected = generator(imgs, weights, first)
        assert_same(fake, expected)
        assert_same(again, generator(expected, weights, second))


def test_any_number_of_images_can_be_translated_one_by_one(session):
    sess, gan = session
    imgs = np.random.default_rng(2).uniform(-1, 1, (5, 16, 16, 3))
    there, back = model.translate(sess, gan, imgs, "BtoA")
    assert_same(there, generator(imgs, values(sess), "generator_ba"))
    assert back.shape == there.shape == (5, 16, 16, 3)
    stack = model.round_trips(sess, gan, imgs[:2], imgs[2:4])
    assert stack.shape == (12, 16, 16, 3)
    assert_same(stack[8:10], there[2:4])


# --- the graph ---

def test_table_of_variables_at_full_size(untrained):
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config(), 3, epoch_steps=1334)
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name: tuple(var.shape.as_list()) for var in tf.global_variables()
                  if var.op.name not in table}
        patches = gan.disc_losses["disc_a"].graph.get_tensor_by_name(
            "discriminator_a/conv2d_4/BiasAdd:0").shape.as_list()
    gen = {"conv2d": (7, 7, 3, 64), "conv2d_1": (3, 3, 64, 128), "conv2d_2": (3, 3, 128, 256),
           **{f"conv2d_{number}": (3, 3, 256, 256) for number in range(3, 21)},
           "conv2d_transpose": (3, 3, 128, 256), "conv2d_transpose_1": (3, 3, 64, 128),
           "conv2d_21": (7, 7, 64, 3)}
    disc = {"conv2d": (4, 4, 3, 64), "conv2d_1": (4, 4, 64, 128), "conv2d_2": (4, 4, 128, 256),
            "conv2d_3": (4, 4, 256, 512), "conv2d_4": (4, 4, 512, 1)}
    gens = {f"generator_{way}/{name}/kernel": shape for way in ("ab", "ba")
            for name, shape in gen.items()}
    gens |= {f"generator_{way}/conv2d_21/bias": (3,) for way in ("ab", "ba")}
    discs = {f"discriminator_{side}/{name}/kernel": shape for side in "ab"
             for name, shape in disc.items()}
    discs |= {f"discriminator_{side}/{name}/bias": (disc[name][-1],) for side in "ab"
              for name in ("conv2d", "conv2d_4")}
    assert table == gens | discs and saved == set(gens)
    assert others == {
        "pool_a": (50, 256, 256, 3), "pool_b": (50, 256, 256, 3), "global_step": ()}
    assert patches[1:] == [30, 30, 1]  # of 70 x 70 pixels each


def test_every_trained_variable_has_adams_slots(built):
    table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
    others = {var.op.name: tuple(var.shape.as_list()) for var in tf.global_variables()
              if var.op.name not in table}
    assert others == {
        "pool_a": (3, 16, 16, 3), "pool_b": (3, 16, 16, 3), "global_step": (),
        **{f"{name}/{slot}": shape for name, shape in table.items() for slot in ("Adam", "Adam_1")},
        **{f"{optimizer}/{beta}_power": () for optimizer in ("gen_opt", "disc_a_opt", "disc_b_opt")
           for beta in ("beta1", "beta2")}}


def test_initial_weights_are_normal(untrained):
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        model.build(model.Config(size=32, load_size=32, channels=16, blocks=1), 1, epoch_steps=5)
        sess.run(tf.global_variables_initializer())
        weights = values(sess)
        for var in tf.trainable_variables():
            weight = weights[var.op.name]
            if var.op.name.endswith("bias"):
                assert (weight == 0).all()
            else:
                assert weight.std() == pytest.approx(0.02, rel=0.1), var.op.name


@pytest.mark.parametrize("update, owners", [
    ("gen_opt", {"generator_ab", "generator_ba"}), ("disc_a_opt", {"discriminator_a"}),
    ("disc_b_opt", {"discriminator_b"}), ("keep_fakes", {"pool_a", "pool_b"}),
    ("count_step", {"discriminator_a", "discriminator_b", "disc_a_opt", "disc_b_opt", "pool_a",
                    "pool_b", "global_step"})])
def test_each_update_changes_all_of_its_own_variables_and_no_others(session, feed, update, owners):
    sess, gan = session
    before = values(sess)
    sess.run(getattr(gan, update), feed)
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == owners | (
        {update} if update.endswith("opt") else set())
    assert moved >= {var.op.name for var in tf.trainable_variables()
                     if var.op.name.partition("/")[0] in owners}


def test_every_update_waits_for_the_losses_that_are_reported(built):
    """Fakes and scores are those before the update, because each update depends on all of them."""
    _, gan, _ = built
    for update, seen in ((gan.gen_opt, [gan.fake_a, gan.fake_b, gan.again_a, gan.again_b]),
                         (gan.count_step, [gan.real_a, gan.real_b])):
        behind = set(between([update]))
        assert {tensor.op for tensor in seen} <= behind


def test_the_learning_rate_decays_in_the_second_half(session):
    config = model.Config()
    with tf.Graph().as_default(), tf.Session() as sess:
        step = tf.placeholder(tf.int32, ())
        with double.precision():
            rate = model.rate(step, 7, config)
        found = [sess.run(rate, {step: number}) for number in range(0, 1400)]
    epochs = np.reshape(found, (200, 7))
    assert (epochs == epochs[:, :1]).all()
    assert_same(epochs[:100, 0], 0.0002)
    assert_same(epochs[100:, 0], 0.0002 * np.arange(100, 0, -1) / 101)


def test_adams_first_step_has_the_learning_rate_of_the_epoch(session, feed):
    """In its first step, Adam changes each weight by the learning rate, whatever the gradient."""
    sess, gan = session
    name = "discriminator_a/conv2d_3/kernel"
    before = values(sess)[name]
    tf.train.get_global_step().load((150 - 1) * 5, sess)
    sess.run(gan.disc_a_opt, feed)
    np.testing.assert_allclose(np.abs(values(sess)[name] - before), 0.0002 * 51 / 101, rtol=0.01)


def test_without_a_weight_there_is_no_identity_loss_and_no_pass_for_it(untrained):
    def convolutions(weight):
        with new_graph(0).as_default():
            gan = model.build(model.Config(size=16, load_size=16, channels=1, blocks=1,
                                           disc_layers=1, identity_weight=weight), 1, 5)
            ops = between([gan.gen_loss])
            return list(gan.gen_losses), sum(op.type == "Conv2D" for op in ops)

    with_it, without = convolutions(0.5), convolutions(0.0)
    assert with_it[0] == [*without[0], "identity_a", "identity_b"]
    assert with_it[1] == without[1] + 2 * 6  # six per pass, and two passes


def test_sizes_that_dont_fit_are_refused():
    for settings, complaint in (
            (dict(size=30), "--size 30 must be a multiple of 4"),
            (dict(size=32, load_size=31), "--load-size 31 must be at least --size 32"),
            (dict(size=16), "--size 16 is too small for --disc-layers 3: choose fewer layers or a larger --size")):
        with pytest.raises(InputError, match=complaint):
            model.check(model.Config(**settings))
    model.check(model.Config())
    model.check(model.Config(size=24))


def test_the_smallest_size_that_passes_has_one_patch(untrained):
    config = model.Config(size=24, load_size=24, channels=1, blocks=1)
    model.check(config)
    with new_graph(0).as_default() as graph:
        model.build(config, 1, epoch_steps=5)
        scores = graph.get_tensor_by_name("discriminator_a/conv2d_4/BiasAdd:0")
        assert scores.shape.as_list()[1:] == [1, 1, 1]


# --- the pool ---

class ImagePool:
    """The pool of the authors, with given choices."""

    def __init__(self, size):
        self.size, self.images = size, []

    def query(self, image, swap, slot):
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        if swap > 0.5:
            earlier, self.images[slot] = self.images[slot], image
            return earlier
        return image


def shown(fakes, size, swap, slots):
    """What the pool in the graph shows for `fakes` [steps, B], one number per image, and what it keeps."""
    batch = fakes.shape[1]
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        pool = tf.get_variable("pool", (size, 1, 1, 1), initializer=tf.zeros_initializer())
        fed = tf.placeholder(tf.float32, (batch, 1, 1, 1))
        seen = tf.placeholder(tf.int32, ())
        swaps, places = tf.placeholder(tf.float32, (batch,)), tf.placeholder(tf.int32, (batch,))
        instead, keep = model.history(fed, pool, seen, swaps, places)
        sess.run(pool.initializer)
        out = [sess.run([instead, keep], {fed: fake.reshape(-1, 1, 1, 1), seen: number * batch,
                                          swaps: swap[number], places: slots[number]})[0].ravel()
               for number, fake in enumerate(fakes)]
        return np.array(out), sess.run(pool).ravel()


@pytest.mark.parametrize("batch", [1, 3])
def test_the_pool_is_that_of_the_authors(batch):
    rng = np.random.default_rng(batch)
    steps, size = 100, 7
    fakes = np.arange(1., steps * batch + 1).reshape(steps, batch)
    swap, slots = rng.uniform(size=(steps, batch)), rng.integers(0, size, (steps, batch))
    found, kept = shown(fakes, size, swap, slots)
    pool = ImagePool(size)
    expected = [[pool.query(*choice) for choice in zip(*row)] for row in zip(fakes, swap, slots)]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(kept, pool.images)


def test_half_of_the_images_come_from_a_full_pool():
    """Before it is full, none do. All slots are used equally, and an image is shown again only once."""
    rng = np.random.default_rng(0)
    steps, size = 3000, 50
    fakes = np.arange(1., steps + 1)[:, None]
    slots = rng.integers(0, size, (steps, 1))
    found, kept = shown(fakes, size, rng.uniform(size=(steps, 1)), slots)
    old = (found != fakes)[:, 0]
    assert not old[:size].any()
    assert old[size:].mean() == pytest.approx(0.5, abs=4 * 0.5 / (steps - size) ** 0.5)
    assert (found <= fakes).all()
    # An image returns after about 2 * 50 steps, and each slot has its share.
    assert (fakes - found)[old].mean() == pytest.approx(100, rel=0.15)
    assert np.bincount(slots[old, 0], minlength=size).min() > 10
    assert len(set(found[old, 0])) == old.sum() and not set(found[old, 0]) & set(kept)


def test_without_a_pool_the_fakes_are_shown_themselves(untrained):
    config = model.Config(size=16, load_size=16, channels=1, blocks=1, disc_layers=1, pool_size=0)
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config, 1, 5)
        sess.run(tf.global_variables_initializer())
        rng = np.random.default_rng(0)
        stack = rng.integers(0, 256, (4, 16, 16, 1), np.uint8)
        assert np.isfinite(model.step(sess, gan, TwoSets(stack, stack), rng, config)["disc_a"])


# --- a step ---

class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return [{"gan_ab": 1., "gan_ba": 2.} if fetch == "gen_losses" else
                {"disc_a": 3., "disc_b": 4.} if fetch == "disc_losses" else f"{fetch} then"
                for fetch in fetches]


def test_a_step_updates_the_generators_and_then_the_discriminators_with_the_same_fakes():
    stack = np.arange(9, dtype=np.uint8)[:, None, None, None] * np.ones((1, 19, 19, 3), np.uint8)
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    rng = np.random.default_rng(0)
    data = TwoSets(stack, stack[:4] + 100)
    for _ in range(40):
        losses = model.step(sess, gan, data, rng, CONFIG)
    assert losses == {"gen_loss": "gen_loss then", "disc_a": 3, "disc_b": 4, "gan_ab": 1,
                      "gan_ba": 2}
    firsts, seconds = sess.runs[::2], sess.runs[1::2]
    drawn = {"imgs_a", "imgs_b", "corners", "mirrored"}
    for (fetches, first), (others, second) in zip(firsts, seconds):
        assert fetches == ["fake_a", "fake_b", "gen_losses", "gen_loss", "gen_opt"]
        assert others == ["disc_losses", "disc_a_opt", "disc_b_opt", "keep_fakes", "count_step"]
        assert set(first) == drawn and set(second) == drawn | {"fake_a", "fake_b", "swap", "slots"}
        assert all(first[name] is second[name] for name in drawn)
        assert (second["fake_a"], second["fake_b"]) == ("fake_a then", "fake_b then")

    def everything(name, runs):
        return np.stack([feed[name] for _, feed in runs])

    def levels(name):
        return np.rint((everything(name, firsts)[:, :, 0, 0, 0] + 1) * 127.5).ravel().astype(int)

    assert sorted(levels("imgs_a")[:72]) == sorted(8 * list(range(9)))  # each once per epoch
    assert set(levels("imgs_b")) == {100, 101, 102, 103}
    pairs = set(zip(levels("imgs_a"), levels("imgs_b")))
    assert len(pairs) > 20, "each image of A is always paired with the same image of B"
    assert set(everything("corners", firsts).ravel()) == {0, 1, 2, 3}
    assert set(everything("mirrored", firsts).ravel()) == {0, 1}
    assert set(everything("slots", seconds).ravel()) == {0, 1, 2}
    swap = everything("swap", seconds)
    assert swap.shape == (40, 2, 2) and len(np.unique(swap)) == 160
    assert 0 <= swap.min() < 0.1 and 0.9 < swap.max() < 1


def test_without_mirroring_and_margin_images_are_not_changed():
    stack = np.zeros((9, 16, 16, 3), np.uint8)
    sess, gan = Recorder(), model.GAN(*model.GAN._fields)
    config = model.Config(size=16, load_size=16, mirror=False)
    rng = np.random.default_rng(0)
    for _ in range(20):
        model.step(sess, gan, TwoSets(stack, stack), rng, config)
    assert not any(feed[name].any() for _, feed in sess.runs for name in ("corners", "mirrored"))


def test_all_random_numbers_are_drawn_from_the_rng(built):
    """No op of the graph is random, so a checkpoint of the rng is enough to resume."""
    _, gan, _ = built
    fetches = [gan.gen_opt, gan.count_step]
    assert not [op.type for op in between(fetches) if "andom" in op.type]


def test_the_losses_of_an_epoch_are_means():
    totals = None
    for disc, gen in ((1., 4.), (2., 8.)):
        totals = model.tally(totals, {"gen_loss": gen, "disc_a": disc, "disc_b": 3.})
    figures = model.report(None, None, totals)
    assert figures == {"disc_loss": 4.5, "gen_loss": 6, "disc_a": 1.5, "disc_b": 3}
    assert model.log_line(7, 200, figures) == "(epoch: 7) disc_a: 1.500 disc_b: 3.000"


def test_the_defaults_are_those_of_the_paper():
    config = model.Config()
    assert (config.cycle_weight, config.identity_weight, config.pool_size) == (10, 0.5, 50)
    assert (config.learning_rate, config.beta1, config.batch_size) == (0.0002, 0.5, 1)
    assert (config.epochs, config.decay_epochs) == (100, 100)
    assert (config.load_size, config.size, config.mirror) == (286, 256, True)
    assert (config.channels, config.blocks, config.disc_layers, config.alpha) == (64, 9, 3, 0.2)


@pytest.mark.slow  # the ops of pix2pix, which is always checked, and a large graph
def test_every_op_of_the_training_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        gan = model.build(CONFIG, 3, epoch_steps=5)
    fetches = [gan.gen_opt, gan.count_step, gan.gen_loss, gan.fake_a, gan.again_b,
               *gan.disc_losses.values()]
    assert without_gpu_kernel(fetches) == [] == refusing_determinism(fetches)
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "EnsureShape", "NoOp",
                                  "Placeholder", "Range", "Slice"}
    assert all(op.outputs[0].dtype.is_integer for op in between(fetches)
               if op.type in ("Range", "Slice") and "GPU" not in devices(op))


# --- learning ---

@pytest.mark.numerics
@pytest.mark.slow
def test_a_dark_and_a_bright_set_are_translated_into_each_other():
    """A is dark and B bright. Each image has a brighter half, which the translation must keep."""
    rng = np.random.default_rng(4)

    def some(low, count):
        stack = np.full((count, 8, 8, 1), low) + rng.integers(0, 10, (count, 8, 8, 1))
        halves = np.arange(8)[:, None, None] < 4
        upper = rng.integers(0, 2, (count, 1, 1, 1)).astype(bool)
        return (stack + 60 * (halves == upper)).astype(np.uint8)

    config = model.Config(size=8, load_size=8, mirror=False, channels=8, blocks=1, disc_layers=1,
                          batch_size=2, learning_rate=0.002, pool_size=10)
    data, held_out = TwoSets(some(20, 64), some(140, 64)), some(20, 40) / 127.5 - 1
    with new_graph(1).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config, 1, epoch_steps=5)
        sess.run(tf.global_variables_initializer())
        losses = [model.step(sess, gan, data, rng, config) for _ in range(300)]
        bright, back = model.translate(sess, gan, held_out, "AtoB")
    assert bright.mean() - held_out.mean() == pytest.approx(120 / 127.5, abs=0.2)
    assert np.abs(back - held_out).mean() < 0.12
    half = (bright[:, :4] - bright[:, 4:]).mean((1, 2, 3))
    was = (held_out[:, :4] - held_out[:, 4:]).mean((1, 2, 3))
    assert (np.sign(half) == np.sign(was)).mean() > 0.9
    assert np.mean([each["cycle_a"] for each in losses[-50:]]) < (
        0.4 * np.mean([each["cycle_a"] for each in losses[:20]]))
