"""The GAN of Salimans et al. against NumPy in float64: networks, losses, first batch, averages, steps."""

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

import double
from conftest import restore, shake, values
from gan_tf1.models import salimans_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import refusing_determinism, without_gpu_kernel

CONFIG = model.Config(num_labels=6, batch_size=5, z_size=4, gen_channels=1, disc_channels=2,
                      average_decay=0.2, epochs=3, decay_epochs=2, unlabelled_weight=0.7)
LAYERS = {"conv_1": (1, "SAME"), "conv_2": (1, "SAME"), "conv_3": (2, "SAME"),
          "conv_4": (1, "SAME"), "conv_5": (1, "SAME"), "conv_6": (2, "SAME"),
          "conv_7": (1, "VALID"), "nin_1": (1, "SAME"), "nin_2": (1, "SAME")}  # strides, padding


class Built:
    """A small graph in float64, the results of its passes, and the inputs of its last layers."""

    def __init__(self, sess):
        self.sess, self.passes, self.layers = sess, [], {}
        discriminator, weight_norm = model.discriminator, model.weight_norm

        def recorded(*arguments, **named):
            self.passes.append(discriminator(*arguments, **named))
            return self.passes[-1]

        def noted(name, *arguments, **named):
            result = weight_norm(name, *arguments, **named)
            self.layers.setdefault(name, result)  # that of the first pass: of the labelled images
            return result

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(model, "discriminator", recorded)
            patch.setattr(model, "weight_norm", noted)
            self.net = model.build(CONFIG)

    def feed(self, count=5, seed=0):
        rng = np.random.default_rng(seed)
        return {self.net.x_lab: rng.uniform(-1, 1, (count, 32, 32, 3)),
                self.net.labels: rng.integers(0, 10, count),
                self.net.x_unl: rng.uniform(-1, 1, (count, 32, 32, 3)),
                self.net.z: rng.uniform(0, 1, (count, 4))}


@pytest.fixture(scope="module")
def whole():
    """`(sess, built, start)`; no variable is 0 or 1 at the start, except for Adam's and the counts."""
    with double.precision(), new_graph(seed=3).as_default(), \
            tf.Session(config=session_config()) as sess:
        built, rng = Built(sess), np.random.default_rng(1)
        sess.run(tf.global_variables_initializer())
        shake(sess, built.net.gen_vars, rng)
        yield sess, built, values(sess)


@pytest.fixture
def built(whole):
    restore(whole)
    return whole[1]


def changed(after, before):
    return {name for name, value in after.items() if (value != before[name]).any()}


def without_adams(names):
    return {name for name in names if "adam" not in name and "power" not in name}


# --- losses ---

def evaluate(loss, *arrays):
    """`loss` of constants in float64, and its gradients with respect to all arrays of floats."""
    with new_graph(seed=0).as_default(), double.precision(), tf.Session() as sess:
        tensors = [tf.constant(array) for array in arrays]
        floats = [tensor for tensor in tensors if tensor.dtype == tf.float64]
        result = loss(*tensors)
        return sess.run([result, tf.gradients(result, floats)])


def test_labelled_loss_of_literal_logits():
    # Class 1 of logits (0, log 3, 0, ..., 0): Z = 12. Class 9 of ten equal logits: 1 in 10.
    logits = np.zeros((2, 10))
    logits[0, 1] = np.log(3)
    loss, [gradient] = evaluate(model.labelled_loss, logits, np.int32([1, 9]))
    assert loss == pytest.approx((np.log(12 / 3) + np.log(10)) / 2, rel=1e-14)
    assert loss == pytest.approx(1.8444397270569681, rel=1e-14)
    assert gradient[0, 1] == pytest.approx((3 / 12 - 1) / 2, rel=1e-14)
    assert gradient[1, 0] == pytest.approx(1 / 10 / 2, rel=1e-14)


def test_each_half_of_the_unlabelled_loss_counts_one_half():
    # Ten logits log(0.2): Z = 2, so P(real) = 2/3. Ten logits log(0.1): Z = 1, P(fake) = 1/2.
    data, samples = np.full((1, 10), np.log(0.2)), np.full((3, 10), np.log(0.1))
    loss, gradients = evaluate(model.unlabelled_loss, data, samples)
    assert loss == pytest.approx(0.5 * np.log(3 / 2) + 0.5 * np.log(2), rel=1e-14)
    assert loss == pytest.approx(0.5493061443340549, rel=1e-14)
    # d/dl = P(fake) for data, P(real) for samples, times 1/2, the share of a logit and of an image.
    np.testing.assert_allclose(gradients[0], -0.5 * (1 / 3) / 10 * np.ones((1, 10)), rtol=1e-13)
    np.testing.assert_allclose(gradients[1], 0.5 * (1 / 2) / 10 / 3 * np.ones((3, 10)), rtol=1e-13)


@pytest.mark.parametrize("value, expected", [(1000., 500.), (-1000., 500.)])
def test_extreme_logits_stay_finite(value, expected):
    """Z of exp(1000) is real beyond doubt; the fake half then costs 1000 nats, halved."""
    logits = np.full((2, 10), value - np.log(10))
    loss, gradients = evaluate(model.unlabelled_loss, logits, logits)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_feature_matching_of_literal_features():
    data = np.array([[1., 2, 0], [3, 2, -1]])               # means 2, 2, -0.5
    samples = np.array([[0., 5, 0], [0, 5, 0], [0, 5, 3]])  # means 0, 5, 1
    loss, gradients = evaluate(model.feature_matching_loss, data, samples)
    assert loss == pytest.approx((2 + 3 + 1.5) / 3, rel=1e-14)
    np.testing.assert_allclose(gradients[1], np.tile([-1, 1, 1], (3, 1)) / 3 / 3, rtol=1e-14)


def test_losses_in_the_graph_are_those_of_its_logits(built):
    net, feed = built.net, built.feed()
    fetches = net.labelled_loss, net.unlabelled_loss, net.gen_loss, net.train_correct
    found, passes = built.sess.run([fetches, built.passes[:3]], feed)
    (lab, _), (unl, unl_features), (gen, gen_features) = passes
    labels = feed[net.labels]
    real, fake = logsumexp(unl, axis=1), logsumexp(gen, axis=1)
    expected = (-log_softmax(lab, axis=1)[np.arange(5), labels].mean(),
                0.5 * -np.log(np.exp(real) / (np.exp(real) + 1)).mean()
                + 0.5 * -np.log(1 / (np.exp(fake) + 1)).mean(),
                np.abs(unl_features.mean(axis=0) - gen_features.mean(axis=0)).mean(),
                (lab.argmax(axis=1) == labels).sum())
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# --- the networks ---

def test_table_of_variables_at_full_size(untrained):
    with new_graph(seed=0).as_default():
        net = model.build(model.Config())
        assert net.samples.shape.as_list() == [None, 32, 32, 3]
        trained = {var.op.name for var in tf.trainable_variables()}
        table = {var.op.name: tuple(var.shape.as_list()) for var in net.gen_vars}

    def layer(name, *shape, g_is_trained=False):
        for part, size in (("v", shape), ("g", shape[-1:]), ("b", shape[-1:])):
            expected[f"{name}/{part}"] = size
            if part != "g" or g_is_trained:
                averaged.add(f"{name}/{part}")

    def norm(end, width):
        name = f"generator/batch_normalization{end}"
        expected.update({f"{name}/{part}": (width,)
                         for part in ("beta", "moving_mean", "moving_variance")})

    expected, averaged = {"generator/dense/kernel": (100, 8192),
                          "generator/conv2d_transpose/kernel": (5, 5, 256, 512),
                          "generator/conv2d_transpose_1/kernel": (5, 5, 128, 256)}, set()
    norm("", 8192), norm("_1", 256), norm("_2", 128)
    layer("generator/last", 5, 5, 128, 3, g_is_trained=True)
    averaged.clear()
    for number, shape in enumerate([(3, 64), (64, 64), (64, 64), (64, 128), *3 * [(128, 128)]], 1):
        layer(f"discriminator/conv_{number}", 3, 3, *shape)
    layer("discriminator/nin_1", 1, 1, 128, 128)
    layer("discriminator/nin_2", 1, 1, 128, 128)
    layer("discriminator/dense", 128, 10, g_is_trained=True)
    means = {f"{name}/ExponentialMovingAverage": expected[name] for name in averaged}
    assert table == {**expected, **means}
    assert trained == averaged | {name for name in expected
                                  if name.startswith("generator") and "moving" not in name}


def normalized(weights, name):
    v = weights[f"{name}/v"]
    return weights[f"{name}/g"] * v / np.sqrt((v**2).sum(axis=tuple(range(v.ndim - 1))))


def convolution(x, w, strides, padding):
    """With stride 2, TensorFlow's "SAME" pads an even size by one pixel on the right and below only."""
    size = w.shape[0]
    if padding == "SAME" and size == 3:
        x = np.pad(x, ((0, 0), *2 * [(1, 1) if strides == 1 else (0, 1)], (0, 0)))
    out = (x.shape[1] - size) // strides + 1
    return sum(x[:, i:i + strides * out:strides, j:j + strides * out:strides] @ w[i, j]
               for i in range(size) for j in range(size))


def discriminator(x, weights):
    """The logits [B, 10] of images without dropout, in NumPy."""
    for name, (strides, padding) in LAYERS.items():
        name = f"discriminator/{name}"
        x = convolution(x, normalized(weights, name), strides, padding) + weights[f"{name}/b"]
        x = np.where(x > 0, x, 0.2 * x)
    return (x.mean(axis=(1, 2)) @ normalized(weights, "discriminator/dense")
            + weights["discriminator/dense/b"])


def test_tests_use_the_averaged_weights_and_no_dropout(built, whole):
    """g of the hidden layers isn't trained: it has no average, and is used as it is."""
    feed = built.feed()
    weights = dict(whole[2])
    for name in list(weights):
        if name.endswith("/ExponentialMovingAverage"):
            own = name.removesuffix("/ExponentialMovingAverage")
            assert (weights[own] != weights[name]).all()
            weights[own] = weights[name]
    expected = discriminator(feed[built.net.x_lab], weights)
    found = built.sess.run(built.net.class_logits, feed)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    others = discriminator(feed[built.net.x_lab], whole[2])
    assert np.abs(others - expected).min() > 1e-4


def test_other_units_are_dropped_in_every_step_and_in_every_pass(built):
    net, image = built.net, built.feed(1)
    image = {**image, net.x_unl: image[net.x_lab]}
    logits = [one[0] for one in built.passes[:2]]
    first, again = built.sess.run(logits, image), built.sess.run(logits, image)
    tf.train.get_global_step().load(1, built.sess)
    later = built.sess.run(logits, image)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).all() and (first[0] != later[0]).all()


def test_the_update_of_g_and_the_next_one_of_d_drop_the_same_units(built):
    """Of the unlabelled images and of the samples, the second and the third pass."""
    masks = [op.outputs[0] for op in tf.get_default_graph().get_operations()
             if op.type == "GreaterEqual" and op.name.startswith(("discriminator_1/", "discriminator_2/"))]
    assert len(masks) == 2 * 3
    of_d, of_g, of_next_d = (built.sess.run([masks, op], built.feed())[0]
                             for op in (built.net.d_opt, built.net.g_opt, built.net.d_opt))
    for first, second, third in zip(of_d, of_g, of_next_d):
        assert (second == third).all() and (first != second).any()


def test_the_generators_last_layer_is_a_transposed_convolution_with_normalized_weights(built, whole):
    """As the gradient of a convolution: sum of x * conv(y) = sum of y * conv_transposed(x)."""
    rng = np.random.default_rng(0)
    hidden = next(tensor for tensor in built.sess.graph.get_operation_by_name(
        "generator/last/conv2d_transpose").inputs if tensor.shape.rank == 4
        and tensor.shape[1] == 16)
    x, y = rng.normal(size=(2, 16, 16, 1)), rng.normal(size=(2, 32, 32, 3))
    out = built.sess.run(built.net.samples, {hidden: x, built.net.z: np.zeros((2, 4))})
    w, b = normalized(whole[2], "generator/last"), whole[2]["generator/last/b"]
    out = np.arctanh(out) - b
    padded = np.pad(y, ((0, 0), (1, 2), (1, 2), (0, 0)))
    back = convolution(padded, w.transpose(0, 1, 3, 2), 2, "VALID")
    assert (y * out).sum() == pytest.approx((x * back).sum(), rel=1e-9)


# --- the first batch ---

def test_a_first_batch_gives_every_unit_mean_0_and_variance_1(built):
    """With dropout, as in the first step; in the last layers the standard deviation is 0.1."""
    net, feed = built.net, built.feed(60)
    before = values(built.sess)
    built.sess.run(net.init, feed)
    moved = changed(values(built.sess), before)
    assert moved == {name for name in before if name.rpartition("/")[2] in ("g", "b")}
    assert built.layers.keys() == {*LAYERS, "last", "dense"}
    for name, units in built.sess.run(built.layers, feed).items():
        deviation = 0.1 if name in ("last", "dense") else 1
        units = units.reshape(-1, units.shape[-1])
        np.testing.assert_allclose(units.mean(axis=0), 0, atol=1e-10)
        np.testing.assert_allclose(units.std(axis=0), deviation, rtol=1e-5, err_msg=name)


def test_a_second_first_batch_changes_nothing(built):
    """The ops set g and b, they do not multiply what they have set before."""
    feed = built.feed(60)
    built.sess.run(built.net.init, feed)
    once = values(built.sess)
    built.sess.run(built.net.init, feed)
    for name, value in values(built.sess).items():
        np.testing.assert_allclose(value, once[name], rtol=1e-5, atol=1e-9, err_msg=name)


class Drawn:
    """A training set whose examples are their own rows."""
    num_examples = 40

    def __init__(self):
        self.images = self.labels = self

    def __getitem__(self, rows):
        return np.asarray(rows)

    def next_batch(self, batch_size):
        return "x", "y", "label_mask"


class Session:
    """Notes the fetches and the feeds of its runs."""

    def __init__(self):
        self.runs = []

    def run(self, fetches, feed_dict):
        self.runs.append((fetches, feed_dict))
        return list(range(len(fetches)))


NAMES = model.GAN(*model.GAN._fields)


def test_the_first_batch_is_of_labelled_examples():
    sess = Session()
    model.initialize(sess, NAMES, Drawn(), np.random.default_rng(0), CONFIG)
    [(fetches, feed)] = sess.runs
    assert fetches == "init" and feed.keys() == {"x_lab", "z"}
    assert len(feed["x_lab"]) == 500 and set(feed["x_lab"]) == set(range(6))
    assert feed["z"].shape == (500, 4)


# --- steps ---

def test_a_step_has_a_labelled_and_two_unlabelled_batches_and_two_of_noise():
    sess = Session()
    config = model.Config(num_labels=6, batch_size=300, z_size=4)
    taken = model.step(sess, NAMES, Drawn(), np.random.default_rng(0), config)
    (first, of_d), (second, of_g) = sess.runs
    assert first == ["labelled_loss", "unlabelled_loss", "train_correct", "d_opt"]
    assert second == ["gen_loss", "g_opt"] and taken == (0, 1, 0, 2)
    assert set(of_d["x_lab"]) == set(range(6)) and of_d["x_unl"] == "x"
    np.testing.assert_array_equal(of_d["labels"], of_d["x_lab"])
    assert of_g.keys() == {"x_unl", "z"} and set(of_g["x_unl"]) == set(range(40))
    assert of_d["z"].shape == of_g["z"].shape == (300, 4) and (of_d["z"] != of_g["z"]).all()
    assert 0 <= of_d["z"].min() < 0.01 and 0.99 < of_d["z"].max() < 1


def test_each_optimizer_updates_only_its_own_network(built):
    before = values(built.sess)
    trained = {var.op.name for var in tf.trainable_variables()}
    averages = {var.op.name for var in built.net.gen_vars if "Average" in var.op.name}
    built.sess.run(built.net.d_opt, built.feed())
    after = values(built.sess)
    moved = without_adams(changed(after, before))
    assert moved == averages | {"global_step"} | {
        name for name in trained if name.startswith("discriminator")}
    assert after["global_step"] == 1
    built.sess.run(built.net.g_opt, built.feed())
    moved = without_adams(changed(values(built.sess), after))
    assert moved == {name for name in trained if name.startswith("generator")}


def test_the_discriminator_descends_the_labelled_and_the_weighted_unlabelled_loss(built):
    """Adam's first moment is then 0.5 of the gradient: that of the sum, with its weight of 0.7."""
    net, feed = built.net, built.feed()
    v = next(var for var in tf.trainable_variables() if var.op.name == "discriminator/conv_5/v")
    lab, unl = built.sess.run([tf.gradients(net.labelled_loss, v)[0],
                               tf.gradients(net.unlabelled_loss, v)[0]], feed)
    built.sess.run(net.d_opt, feed)
    moment = values(built.sess)["discriminator/conv_5/v/d_adam"]
    np.testing.assert_allclose(moment, 0.5 * (lab + 0.7 * unl), rtol=1e-9, atol=1e-15)


def test_three_steps_of_the_average_by_hand(built):
    """The decay at step n is (1 + n) / (10 + n), at most 0.2: 2/11, then 0.2 (not 3/12), then 0.2."""
    name = "discriminator/conv_3/v"
    average = values(built.sess)[f"{name}/ExponentialMovingAverage"]
    for seed, decay in enumerate((2 / 11, 0.2, 0.2)):
        built.sess.run(built.net.d_opt, built.feed(seed=seed))
        now = values(built.sess)
        average = decay * average + (1 - decay) * now[name]
        # TensorFlow has the decay in float32.
        np.testing.assert_allclose(now[f"{name}/ExponentialMovingAverage"], average, rtol=0,
                                   atol=1e-6 * np.abs(average).max())
        assert np.abs(average - now[name]).max() > 1e-4


def test_the_learning_rate_is_constant_and_then_falls_to_0(built):
    """Of three epochs and two more, the last has half of it; after it there would be nothing left."""
    rates = []
    for _ in range(6):
        rates.append(built.sess.run(built.net.learning_rate) / CONFIG.learning_rate)
        built.sess.run(built.net.end_epoch)
    np.testing.assert_allclose(rates, [1, 1, 1, 1, 0.5, 0], rtol=1e-12)


def test_an_epoch_reports_means_and_counts_the_test_images():
    class Tested(Session):
        def run(self, fetch, feed_dict=None):
            self.runs.append(fetch)
            return np.eye(10)[[3, *[7] * 4]][:len(feed_dict["x_lab"])] if feed_dict else None

    class Test:
        def batches(self, batch_size, which_set):
            assert (batch_size, which_set) == (5, "test")
            return [(np.zeros((size, 32, 32, 3)), np.full(size, 7)) for size in (5, 3)]

    sess, totals = Tested(), model.tally(model.tally(None, (1., 5., 0.1, 4)), (2., 7., 0.2, 5))
    figures = model.report(sess, NAMES, totals, Test(), CONFIG)
    assert figures == pytest.approx({"train_accuracies": 0.9, "test_accuracies": 6 / 8,
                                     "labelled_loss": 1.5, "unlabelled_loss": 6., "gen_loss": 0.15})
    assert sess.runs == ["end_epoch", "class_logits", "class_logits"]
    assert model.log_line(7, 20, figures) == (
        "Iteration 7, loss_lab = 1.5000, loss_unl = 6.0000, loss_gen = 0.1500, "
        "train err = 0.1000, test err = 0.2500")


@pytest.mark.slow
def test_every_op_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        net = model.build(CONFIG)
        fetches = [net.labelled_loss, net.unlabelled_loss, net.gen_loss, net.train_correct,
                   net.class_logits, net.samples, net.d_opt, net.g_opt, net.end_epoch, *net.init]
        assert without_gpu_kernel(fetches) == refusing_determinism(fetches) == []
