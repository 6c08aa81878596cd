"""The semi-supervised chapter against NumPy in float64: logits, losses, gradients, steps."""

import contextlib

import numpy as np
import pytest
from scipy.special import expit, log_softmax, logsumexp

import double
from conftest import Batches, RecordingSession
from gan_tf1 import tf1
from gan_tf1.errors import InputError
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.models.parts import semi_supervised_networks as networks
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, host_side, without_gpu_kernel

SMALL = dict(batch_size=16, z_size=7, g_size_mult=2, d_size_mult=4)


class Network:
    """A small graph in a session of its own, which can be reset to its initial values.

    With `wide` it is built in float64, and without `trains` it has no optimizers.
    """

    def __init__(self, config, folder, wide=False, trains=True):
        passes, self.config = [], config
        discriminator = model.discriminator

        def recorded(*args, **named):
            passes.append(discriminator(*args, **named))
            return passes[-1]

        self.graph = new_graph(seed=3)
        with self.graph.as_default(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(model, "discriminator", recorded)
            if not trains:
                patch.setattr(model, "model_opt", lambda *_: (None, None, None))
            with double.precision() if wide else contextlib.nullcontext():
                self.net = model.build(config)
            self.passes = passes
            self.variables = tf.global_variables()
            self.weights = {var.op.name for var in tf.trainable_variables()}
            self.saver = tf.train.Saver()
            initialize = tf.global_variables_initializer()
            self.sess = tf.Session(config=session_config())
        self.sess.run(initialize)
        self.start = self.saver.save(self.sess, str(folder / "start"))

    def after(self, *runs):
        """All variables, as a dict from name to array, after these runs from the initial values."""
        self.saver.restore(self.sess, self.start)
        for fetches, feed_dict in runs:
            self.sess.run(fetches, feed_dict)
        return self.values()

    def values(self):
        return dict(zip((var.op.name for var in self.variables), self.sess.run(self.variables)))


@pytest.fixture(scope="module", params=["as_printed", "corrected"])
def network(request, tmp_path_factory):
    network = Network(model.Config(variant=request.param, **SMALL),
                      tmp_path_factory.mktemp(request.param))
    yield network
    network.sess.close()


@pytest.fixture(scope="module")
def supervised(tmp_path_factory):
    """A network with the class loss only, in float64."""
    network = Network(model.Config(supervised_only=True, **SMALL), tmp_path_factory.mktemp("supervised"),
                      wide=True)
    yield network
    network.sess.close()


def changed(after, before):
    return {name for name, value in after.items() if (value != before[name]).any()}


def random_batch(count=16, labelled=4, seed=0):
    """`(x, y, label_mask)` of random images. The first `labelled` ones are labelled."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(-1, 1, (count, 32, 32, 3)).astype(np.float32),
            rng.integers(0, 10, count, np.int32), (np.arange(count) < labelled).astype(np.int32))


def feed(net, batch, z_size=7, **others):
    x, y, label_mask = batch
    z = np.random.default_rng(9).normal(size=(len(x), z_size))
    return {net.input_real: x, net.y: y, net.label_mask: label_mask, net.input_z: z,
            **{getattr(net, name): value for name, value in others.items()}}


def evaluate(function, *arrays):
    """`function` of float64 constants, and its gradient with respect to the first of them."""
    with double.precision(), new_graph(seed=0).as_default(), \
            tf.Session(config=session_config()) as sess:
        tensors = [tf.constant(array, tf.float64 if np.asarray(array).dtype.kind == "f" else
                               tf.int32) for array in arrays]
        result = function(*tensors)
        return sess.run([result, tf.gradients(result, tensors[0])[0]])


# --- logits and losses ---

def test_gan_logits_equal_numpy():
    class_logits = np.random.default_rng(0).normal(0, 5, (500, 11))
    result, _ = evaluate(networks.real_against_fake, class_logits)
    expected = logsumexp(class_logits[:, :10], axis=1) - class_logits[:, 10]
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-13)
    # P(real) is the probability of the ten digits together.
    probabilities = np.exp(log_softmax(class_logits, axis=1))
    np.testing.assert_allclose(expit(expected), probabilities[:, :10].sum(axis=1), rtol=1e-12)


def test_without_a_fake_class_the_fake_logit_is_0():
    class_logits = np.random.default_rng(1).normal(0, 5, (500, 10))
    result, _ = evaluate(networks.real_against_fake, class_logits)
    np.testing.assert_allclose(result, logsumexp(class_logits, axis=1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("row, expected", [
    ([1e4] + 10 * [0.], 1e4),
    ([-1e4] * 10 + [0.], -1e4 + np.log(10)),
    ([0.] * 10 + [1e4], np.log(10) - 1e4),
    ([0.] * 10 + [-1e4], np.log(10) + 1e4),
    ([1e4] * 11, np.log(10)),
    ([-1e4] * 11, np.log(10)),
    ([1e4, -1e4] * 5 + [0.], 1e4 + np.log(5)),
])
def test_extreme_logits_stay_finite_with_their_gradients(row, expected):
    result, gradient = evaluate(networks.real_against_fake, np.array([row]))
    assert result[0] == pytest.approx(expected, rel=1e-12)
    # d/dl_k = softmax over the digits; d/dl_fake = -1.
    digits = np.exp(log_softmax(np.array(row[:10], np.float64)))
    np.testing.assert_allclose(gradient[0], [*digits, -1], atol=1e-12)
    loss, gradient = evaluate(lambda l: model.gan_loss(networks.real_against_fake(l), -l[:, 0]),
                              np.array([row]))
    assert np.isfinite(loss) and np.isfinite(gradient).all()


def test_the_naive_form_overflows_but_the_stable_one_does_not():
    naive, _ = evaluate(lambda l: tf.log(tf.reduce_sum(tf.exp(l[:, :10]), axis=1)) - l[:, 10],
                        np.array([[1e4] + 10 * [0.], [-1e4] * 10 + [0.]]))
    assert np.isinf(naive).all()


@pytest.mark.parametrize("label_mask", [np.zeros(6), np.ones(6), [1, 0, 0, 1, 0, 1]])
def test_class_loss_equals_numpy_over_the_labelled_examples_only(label_mask):
    label_mask = np.array(label_mask, int)
    class_logits = np.random.default_rng(2).normal(0, 3, (6, 11))
    y = np.array([0, 9, 3, 3, 5, 1])
    loss, gradient = evaluate(lambda l, y, mask: model.class_loss(l, y, mask), class_logits, y,
                              label_mask)
    log_p = log_softmax(class_logits, axis=1)
    rows = np.flatnonzero(label_mask)
    expected = -log_p[rows, y[rows]].mean() if len(rows) else 0
    assert loss == pytest.approx(expected, rel=1e-12)
    assert not gradient[label_mask == 0].any()  # exactly zero
    expected = (np.exp(log_p) - np.eye(11)[y])[rows] / max(1, len(rows))
    np.testing.assert_allclose(gradient[rows], expected, atol=1e-14)


def test_class_loss_of_literal_logits():
    # Two labelled: l = (2, 0, 0) for class 0 and (0, 0, 0) for class 1; the third has no label.
    logits = np.array([[2., 0, 0], [0, 0, 0], [5, -5, 1]])
    loss, _ = evaluate(lambda l, y, mask: model.class_loss(l, y, mask), logits,
                       np.array([0, 1, 2]), np.array([1, 1, 0]))
    by_hand = (np.log(1 + 2 * np.exp(-2)) + np.log(3)) / 2
    assert loss == pytest.approx(by_hand, rel=1e-12)
    assert loss == pytest.approx(0.6690785274, abs=5e-11)


def test_gan_loss_of_literal_logits():
    data, samples = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 0.0])
    loss, gradient = evaluate(model.gan_loss, data, samples)
    by_hand = np.log1p(np.exp(-data)).mean() + np.log1p(np.exp(samples)).mean()
    assert loss == pytest.approx(by_hand, rel=1e-12)
    assert loss == pytest.approx(1.0089562, abs=5e-8)
    np.testing.assert_allclose(gradient, -expit(-data) / 3, rtol=1e-12)


def test_feature_matching_of_literal_features():
    data = np.array([[1.0, 2, 0], [3, 2, -1]])         # means 2, 2, -0.5
    samples = np.array([[0.0, 5, 0], [0, 5, 0], [0, 5, 3]])  # means 0, 5, 1
    (absolute, squared), _ = evaluate(model.feature_matching, samples, data)
    assert absolute == pytest.approx((2 + 3 + 1.5) / 3, rel=1e-12)
    assert squared == pytest.approx(4 + 9 + 2.25, rel=1e-12)


def test_plain_loss_of_literal_logits():
    samples = np.array([-3.0, 0.0])
    loss, gradient = evaluate(model.plain_loss, samples)
    assert loss == pytest.approx((np.log1p(np.exp(3)) + np.log(2)) / 2, rel=1e-12)
    np.testing.assert_allclose(gradient, -expit(-samples) / 2, rtol=1e-12)


def test_the_fake_class_is_never_counted_as_correct():
    class_logits = np.zeros((3, 11))
    class_logits[[0, 1, 2], [4, 10, 5]] = 1
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        assert sess.run(model.right(tf.constant(class_logits), tf.constant([4, 4, 4]))).tolist() == [
            1, 0, 0]


@pytest.mark.parametrize("others", [
    {}, {"variant": "corrected", "gen_loss": "matching_l2"},
    {"variant": "revive_x6", "gen_loss": "additional"}, {"extra_class": 0, "gen_loss": "gan"}],
    ids=lambda others: "-".join(map(str, others.values())) or "as_printed")
def test_losses_in_the_graph_are_those_of_its_logits(tmp_path, others):
    """Both losses and both counts, from the discriminator's outputs for data and samples."""
    network = Network(model.Config(**others, **SMALL), tmp_path, wide=True, trains=False)
    net, batch = network.net, random_batch(labelled=5)
    d_loss, g_loss, correct, masked, tested, found = network.sess.run(
        [net.d_loss, net.g_loss, net.correct, net.masked_correct, net.class_logits,
         network.passes], feed(net, batch, drop_rate=0.))
    network.sess.close()
    (out, class_logits, gan_logits, features), (_, _, fake_logits, fake_features) = found[:2]
    assert class_logits.shape == (16, 10 + network.config.extra_class)
    assert features.shape == (16, 8) and d_loss.dtype == np.float64
    np.testing.assert_allclose(out, np.exp(log_softmax(class_logits, axis=1)), rtol=1e-12)

    y = batch[1]
    cross_entropy = -log_softmax(class_logits, axis=1)[np.arange(5), y[:5]]
    gan = np.log1p(np.exp(-gan_logits)).mean() + np.log1p(np.exp(fake_logits)).mean()
    assert d_loss == pytest.approx(cross_entropy.mean() + gan, rel=1e-12)
    difference = features.mean(axis=0) - fake_features.mean(axis=0)
    plain = np.log1p(np.exp(-fake_logits)).mean()
    assert g_loss == pytest.approx(
        {"matching": np.abs(difference).mean(), "matching_l2": (difference ** 2).sum(),
         "additional": plain + np.abs(difference).mean(), "gan": plain}[network.config.gen_loss],
        rel=1e-11)
    assert masked == (class_logits.argmax(axis=1) == y)[:5].sum()
    batches = network.config.variant != "corrected"
    np.testing.assert_array_equal(tested, class_logits if batches else found[-1][1])
    assert (tested == class_logits).all() == batches
    assert correct == (tested.argmax(axis=1) == y).sum()


# --- the networks ---

def table(variant):
    with new_graph(seed=0).as_default(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "model_opt", lambda *_: (None, None, None))  # adds none to the table
        net = model.build(model.Config(variant=variant))
        assert net.samples.shape.as_list() == [None, 32, 32, 3]
        return {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}


@pytest.mark.parametrize("variant", ["as_printed", "corrected", "revive_x6"])
def test_table_of_variables(variant):
    def block(scope, number, kind="conv2d", **shapes):
        name = f"{scope}/{kind}" + (f"_{number}" if number else "")
        return {f"{name}/{part}": shape for part, shape in shapes.items()}

    def convolution(scope, number, *kernel, bias=None, kind="conv2d"):
        return block(scope, number, kind, kernel=kernel, bias=(bias or kernel[-1],))

    def norm(scope, number, width):
        return block(scope, number, "batch_normalization", gamma=(width,), beta=(width,))

    transposed, x6 = "conv2d_transpose", variant != "corrected"
    expected = {
        **block("generator", 0, "dense", kernel=(100, 2048), bias=(2048,)),
        **norm("generator", 0, 128),
        **convolution("generator", 0, 5, 5, 64, 128, bias=64, kind=transposed),
        **norm("generator", 1, 64),
        **convolution("generator", 1, 5, 5, 32, 64, bias=32, kind=transposed),
        **norm("generator", 2, 32),
        **convolution("generator", 2, 5, 5, 3, 32, bias=3, kind=transposed),
        **convolution("discriminator", 0, 3, 3, 3, 64),
        **convolution("discriminator", 1, 3, 3, 64, 64), **norm("discriminator", 0, 64),
        **convolution("discriminator", 2, 3, 3, 64, 64), **norm("discriminator", 1, 64),
        **convolution("discriminator", 3, 3, 3, 64, 128), **norm("discriminator", 2, 128),
        **convolution("discriminator", 4, 3, 3, 128, 128), **norm("discriminator", 3, 128),
        **(convolution("discriminator", 5, 3, 3, 128, 128) if x6 else {}),
        **(norm("discriminator", 4, 128) if x6 else {}),
        **convolution("discriminator", 6 if x6 else 5, 3, 3, 128, 128),
        **block("discriminator", 0, "dense", kernel=(128, 11), bias=(11,)),
    }
    found = table(variant)
    assert list(found) == list(expected) and found == expected


def test_means_of_features_differ_between_data_and_samples(network):
    network.after()
    data, samples = network.sess.run([network.passes[0][3], network.passes[1][3]],
                                     feed(network.net, random_batch(), drop_rate=0.))
    data, samples = data.mean(axis=0), samples.mean(axis=0)
    assert np.abs(data - samples).max() > 0.1 * np.abs(data).max()


# --- steps ---

def test_each_optimizer_updates_only_its_own_network(network):
    net, given = network.net, feed(network.net, random_batch())
    dead = {"discriminator/" + name for name in (
        "conv2d_5/kernel", "conv2d_5/bias", "batch_normalization/gamma", "batch_normalization/beta",
        "batch_normalization_4/gamma", "batch_normalization_4/beta")}
    before = network.after()
    for op, scope in ((net.d_opt, "discriminator"), (net.g_opt, "generator")):
        moved = changed(network.after((op, given)), before) & network.weights
        own = {name for name in network.weights if name.startswith(scope)}
        still = dead if network.config.variant == "as_printed" and op is net.d_opt else set()
        assert moved == own - still


@pytest.mark.parametrize("network", ["corrected"], indirect=True)
def test_moving_averages_are_those_of_a_pass_over_real_images_without_dropout(network):
    net, batch, before = network.net, random_batch(), network.after()
    x2 = network.graph.get_tensor_by_name("discriminator/conv2d_1/BiasAdd:0")  # the input of bn2
    seen = {rate: network.sess.run(x2, feed(net, batch, drop_rate=rate)) for rate in (0.5, 0.)}
    after = network.after(([net.d_opt, net.g_opt], feed(net, batch)))
    moved = {name for name in changed(after, before) if "moving" in name}
    assert moved == {name for name in after if "moving" in name and "discriminator" in name}
    means = {rate: 0.01 * values.mean(axis=(0, 1, 2)) for rate, values in seen.items()}
    rounding = 0.01 * double.float32_rounding(16 * 8 * 8, np.abs(seen[0.]).max())
    found = after["discriminator/batch_normalization/moving_mean"]
    np.testing.assert_allclose(found, means[0.], rtol=0, atol=rounding)
    assert np.abs(found - means[0.5]).max() > 10 * rounding
    # The variance shift: what dropout leaves varies more, in every channel.
    assert (seen[0.5].var(axis=(0, 1, 2)) > 1.3 * seen[0.].var(axis=(0, 1, 2))).all()


@pytest.mark.slow
@pytest.mark.parametrize("statistics, drop_rate", [("batch", None), ("as_trained", 0.5), ("dropout_off", 0.)])
def test_moving_averages_in_float64_are_those_of_one_pass(tmp_path, statistics, drop_rate):
    config = model.Config(variant="corrected", test_statistics=statistics, **SMALL)
    network = Network(config, tmp_path, wide=True)
    batch = random_batch()
    before = network.after()
    x2 = network.graph.get_tensor_by_name("discriminator/conv2d_1/BiasAdd:0")  # the input of bn2
    seen = {rate: network.sess.run(x2, feed(network.net, batch, drop_rate=rate))
            for rate in (0.5, 0.)}
    after = network.after(([network.net.d_opt, network.net.g_opt], feed(network.net, batch)))
    network.sess.close()
    moved = {name for name in changed(after, before) if "moving" in name}
    if drop_rate is None:
        assert moved == set()
    else:
        assert moved == {name for name in after if "moving" in name and "discriminator" in name}
        np.testing.assert_allclose(after["discriminator/batch_normalization/moving_mean"],
                                   0.01 * seen[drop_rate].mean(axis=(0, 1, 2)), rtol=1e-11)


def test_both_gradients_are_computed_before_either_update(network):
    """Run together, the two optimizers do what each of them does alone from the same start."""
    net, given = network.net, feed(network.net, random_batch())
    d_alone, g_alone = network.after((net.d_opt, given)), network.after((net.g_opt, given))
    for order in ([net.d_opt, net.g_opt], [net.g_opt, net.d_opt]):
        for name, value in network.after((order, given)).items():
            generators = name.startswith("generator") or name.endswith("power_1")
            np.testing.assert_array_equal(value, (g_alone if generators else d_alone)[name], name)
    # One after the other, the generator's gradient would be taken through the updated discriminator.
    in_turn = network.after((net.d_opt, given), (net.g_opt, given))
    name = "generator/dense/kernel/g_opt"  # the first moment is proportional to the gradient
    assert (in_turn[name] != g_alone[name]).any()


def test_the_learning_rate_shrinks_after_each_epoch(network):
    net, given = network.net, feed(network.net, random_batch(labelled=16))
    before = network.after(*3 * [(net.shrink_lr, None)])
    assert before["learning_rate"] == pytest.approx(0.0003 * 0.9 ** 3, rel=1e-6)
    network.sess.run(net.d_opt, given)
    # Adam's first step changes each element by the learning rate, unless its gradient is tiny.
    name = "discriminator/dense/bias"
    step = np.abs(network.values()[name] - before[name])
    np.testing.assert_allclose(step, 0.0003 * 0.9 ** 3, rtol=1e-3)


class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        return [0.] * len(fetches) if isinstance(fetches, list) else 0.


@pytest.mark.parametrize("supervised_only", [False, True])
def test_a_step_is_the_single_session_run_of_the_chapter(supervised_only):
    config = model.Config(supervised_only=supervised_only, **SMALL)
    net, sess = model.GAN(*model.GAN._fields), Recorder()
    batch = random_batch(count=9, labelled=2)  # the last, smaller batch of an epoch
    tally = None
    for seconds in (0.5, 0.25):
        taken = model.step(sess, net, Batches(batch), np.random.default_rng(0), config)
        tally = model.tally(tally, taken, seconds)
    assert tally.num_examples == 4 and len(sess.runs) == 2
    assert (tally.step_time, tally.steps_time) == (0.25, 0.75)
    fetches, fed = sess.runs[0]
    assert fetches[:3] == ["d_opt", [] if supervised_only else "g_opt", "masked_correct"]
    assert fed.keys() == {"input_real", "input_z", "y", "label_mask"}
    assert fed["input_z"].shape == (16, 7)  # as the chapter draws it, even for a smaller batch


def test_a_report_tests_without_dropout_after_shrinking_the_learning_rate(monkeypatch):
    class TestSet:
        def batches(self, batch_size, which_set):
            assert which_set == "test"
            for count in (16, 5):
                yield random_batch(count)[:2]

    net, sess = model.GAN(*model.GAN._fields), Recorder()
    clock = iter([1000., 1004.])
    monkeypatch.setattr(model, "perf_counter", lambda: next(clock))
    tally = model.Tally(8, 6., 1.5, 0.25, 0.1, 50.)
    figures = model.report(sess, net, tally, TestSet(), model.Config(**SMALL))
    assert [fetch for fetch, _ in sess.runs] == ["shrink_lr", "correct", "correct"]
    assert all(fed["drop_rate"] == 0. for _, fed in sess.runs[1:])
    assert figures["train_accuracies"] == 6 / 8 and figures["test_accuracies"] == 0
    assert (figures["d_loss"], figures["g_loss"], figures["step_time"]) == (1.5, 0.25, 0.1)
    assert figures["epoch_time"] == 54  # 50 s of steps, and 4 s of the test


def test_log_lines_are_those_of_the_chapter():
    figures = {"train_accuracies": 0.937, "test_accuracies": 0.67401659496, "step_time": 0.25,
               "epoch_time": 80.5}
    assert model.log_line(24, 25, figures) == (
        "Epoch 24\n\t\tClassifier train accuracy:  0.937\n"
        "\t\tClassifier test accuracy 0.67401659496\n\t\tStep time:  0.25\n\t\tEpoch time:  80.5")


def test_supervised_only_has_just_the_class_loss(supervised):
    net, batch = supervised.net, random_batch(labelled=5)
    supervised.after()
    d_loss, class_logits = supervised.sess.run([net.d_loss, supervised.passes[0][1]], feed(net, batch))
    log_p = log_softmax(class_logits, axis=1)
    assert d_loss == pytest.approx(-log_p[np.arange(5), batch[1][:5]].mean(), rel=1e-12)


def test_an_update_on_labels_alone_leaves_the_generator_out_and_waits_for_its_printed_loss(supervised):
    """No gradient needs the loss of the generator, so that without waiting it could be that of either weights."""
    net, ancestors, left = supervised.net, set(), [supervised.net.d_opt]
    while left:
        op = left.pop()
        if op not in ancestors:
            ancestors.add(op)
            left += [*op.control_inputs, *(tensor.op for tensor in op.inputs)]
    assert net.g_loss.op in ancestors
    assert not any(op.name.startswith("gradients") and "generator" in op.name for op in ancestors)
    before = supervised.after()
    moved = changed(supervised.after((net.d_opt, feed(net, random_batch()))), before)
    assert moved and not any(name.startswith("generator/") and "/kernel" in name for name in moved)


# --- the graph ---

def test_a_saver_without_a_list_saves_both_networks_and_adams_slots(network):
    saved = {variable.op.name for variable in network.saver._var_list}  # as printed, it was given no list
    assert any(name.endswith("/d_opt") for name in saved)  # Adam's slots
    kept = {variable.op.name for variable in network.net.gen_vars}
    assert kept < saved and {name.split("/")[0] for name in kept} == {"generator", "discriminator"}


def test_the_printed_updates_are_never_run(network):
    """They are created, but only the corrected optimizers wait for some of them."""
    updates = {getattr(update, "op", update)
               for update in network.graph.get_collection(tf.GraphKeys.UPDATE_OPS)}
    reached = updates & set(between([network.net.d_opt, network.net.g_opt]))
    assert updates and bool(reached) == (network.config.variant == "corrected")


def test_every_op_of_the_training_graph_has_a_gpu_kernel(network):
    net = network.net
    fetches = [net.d_opt, net.g_opt, net.shrink_lr, net.correct, net.masked_correct, net.samples]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {
        "BroadcastGradientArgs", "Const", "ConcatV2", "Fill", "FloorMod", "Identity", "NoOp",
        "Placeholder", "PlaceholderWithDefault", "Prod", "Range", "Reshape", "Shape", "ShapeN",
        "Slice"}


@pytest.mark.parametrize("network", [pytest.param("as_printed", marks=pytest.mark.slow), "corrected"],
                         indirect=True)
def test_the_seed_determines_all_bytes(network, tmp_path):
    config = network.config

    def trained(network, seed):
        network.after()
        rng = np.random.default_rng(seed)
        for number in range(5):
            model.step(network.sess, network.net, Batches(random_batch(seed=number)), rng,
                       config)
        return {name: value.tobytes() for name, value in network.values().items()}

    first = trained(network, 1)
    assert first == trained(network, 1)
    assert first != trained(network, 2)
    again = Network(config, tmp_path)
    assert first == trained(again, 1)
    again.sess.close()


def test_mixed_precision_without_onednn_is_refused(monkeypatch):
    """On a CPU only oneDNN computes in bfloat16, so the flag would have no effect."""
    monkeypatch.setattr(tf1, "uses_onednn", lambda: False)
    with pytest.raises(InputError, match="^--mixed-precision needs oneDNN"):
        session_config(mixed_precision=True)
    session_config()


@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"])
def test_mixed_precision_is_refused_if_onednn_is_limited_to_instructions_without_it(
        monkeypatch, name):
    """TensorFlow would abort the process at the first convolution."""
    monkeypatch.setattr(tf1, "uses_onednn", lambda: True)
    monkeypatch.setenv(name, "avx2")
    with pytest.raises(InputError, match="^--mixed-precision needs bfloat16, which .*_ISA="):
        session_config(mixed_precision=True)


def test_mixed_precision_rewrites_the_convolutions_and_keeps_the_losses(network):
    try:
        tf1.refuse_mixed_precision()
    except InputError as error:
        pytest.skip(str(error))
    net = network.net
    given, losses = feed(net, random_batch(), drop_rate=0.), {}
    for mixed_precision in (False, True):
        with tf.Session(graph=network.graph, config=session_config(mixed_precision)) as sess:
            network.saver.restore(sess, network.start)
            metadata = tf.RunMetadata()
            losses[mixed_precision] = sess.run(net.d_loss, given, run_metadata=metadata, options=(
                tf.RunOptions(output_partition_graphs=True)))
            types = {node.attr["T"].type for graph_def in metadata.partition_graphs
                     for node in graph_def.node if "Conv2D" in node.op}
            assert (tf.bfloat16.as_datatype_enum in types) == mixed_precision
    assert losses[True] == pytest.approx(losses[False], rel=0.02)
    assert losses[True] != losses[False]
