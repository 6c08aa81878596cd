"""The article's DCGAN class against NumPy in float64, and against TensorFlow 1.15 itself."""

import numpy as np
import pytest

import contrib_twin
import double
import few_digits
from conftest import RecordingSession, load, load_script, refusal, shake, values
from dcgan_numpy import convolution, leaky, transposed_convolution
from double import assert_same, same
from gan_tf1.models import dcgan_class as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import between, host_side, without_gpu_kernel

SMALL = dict(batch_size=8, z_dim=5, gen_channels=2, disc_channels=3)
NORMS = {"generator/BatchNorm": 4, "generator/BatchNorm_1": 2,
         "discriminator/BatchNorm": 3, "discriminator/BatchNorm_1": 6}  # scope -> channels


class Small:
    """A small float64 graph of one variant. No initial value is 0 or 1, which could hide an error."""

    def __init__(self, variant):
        self.config = model.Config(variant=variant, **SMALL)
        self.graph = new_graph(seed=3)
        with self.graph.as_default():
            with double.precision():
                self.gan = model.build(self.config)
            self.trainable = {var.op.name for var in tf.trainable_variables()}
            self.variables = tf.global_variables()
            initialize, rng = tf.global_variables_initializer(), np.random.default_rng(1)
            self.sess = tf.Session(config=session_config())
        self.sess.run(initialize)
        shake(self.sess, [var for var in self.variables if var.op.name in self.trainable], rng)
        load(self.sess, {var: rng.uniform(0.2 if var.op.name.endswith("variance") else -0.5, 0.5, var.shape)
                         for var in self.variables if "/moving_" in var.op.name})
        self.start = self.sess.run(self.variables)

    def restart(self):
        load(self.sess, dict(zip(self.variables, self.start)))
        return self.values()

    def values(self):
        with self.graph.as_default():
            return values(self.sess)


@pytest.fixture(scope="module", params=["corrected", "as_printed"])
def small(request):
    small = Small(request.param)
    yield small
    small.sess.close()


@pytest.fixture
def before(small):
    return small.restart()


@pytest.fixture(scope="module")
def feed(small):
    rng = np.random.default_rng(0)
    return {small.gan.inputs_real: rng.uniform(-1, 1, (6, 28, 28, 1)),
            small.gan.inputs_z: rng.uniform(-1, 1, (6, 5))}


# --- in NumPy ---

def normalized(x, weights, scope, stats):
    """Batch norm with batch statistics, which are added to `stats`; if it is None, with moving statistics."""
    mean, variance = weights[scope + "/moving_mean"], weights[scope + "/moving_variance"]
    if stats is not None:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        stats[scope + "/moving_mean"] = mean
        stats[scope + "/moving_variance"] = x.var((0, 1, 2), ddof=1)
    return (x - mean) / np.sqrt(variance + 0.001) + weights[scope + "/beta"]


def generator(z, weights, stats):
    x = np.maximum(z @ weights["generator/dense/kernel"], 0).reshape(len(z), 7, 7, -1)
    for end in ("", "_1"):
        x = transposed_convolution(x, weights, "generator/conv2d_transpose" + end)
        x = np.maximum(normalized(x, weights, "generator/BatchNorm" + end, stats), 0)
    return np.tanh(transposed_convolution(x, weights, "generator/conv2d_transpose_2", stride=1))


def discriminator(x, weights, stats):
    for end in ("", "_1"):
        x = convolution(x, weights, "discriminator/conv2d" + end)
        x = leaky(normalized(x, weights, "discriminator/BatchNorm" + end, stats))
    return x.reshape(len(x), -1) @ weights["discriminator/dense/kernel"]


def passes(feed, weights):
    """`(loss_d, loss_g)` as printed, and the batch statistics of three passes: G, D on fake, D on real."""
    x, z = feed.values()
    stats = of_g, of_fake, of_real = {}, {}, {}
    d_fake = 1 / (1 + np.exp(-discriminator(generator(z, weights, of_g), weights, of_fake)))
    d_real = 1 / (1 + np.exp(-discriminator(x, weights, of_real)))
    return (-np.mean(np.log(d_real) + np.log(1 - d_fake)), -np.mean(np.log(d_fake))), stats


def moved_averages(weights, *stats):
    """The moving averages in `weights` after an update with each of `stats` in turn, at decay 0.999."""
    moved = {name: value for name, value in weights.items() if "/moving_" in name}
    for each in stats:
        moved |= {name: 0.999 * moved[name] + 0.001 * value for name, value in each.items()}
    return moved


# --- variables and networks ---

def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name for var in tf.global_variables()} - set(table)
        assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []
    assert table == {
        "generator/dense/kernel": (100, 6272),
        "generator/conv2d_transpose/kernel": (5, 5, 64, 128),
        "generator/BatchNorm/beta": (64,),
        "generator/conv2d_transpose_1/kernel": (5, 5, 32, 64),
        "generator/BatchNorm_1/beta": (32,),
        "generator/conv2d_transpose_2/kernel": (5, 5, 1, 32),
        "discriminator/conv2d/kernel": (5, 5, 1, 64),
        "discriminator/BatchNorm/beta": (64,),
        "discriminator/conv2d_1/kernel": (5, 5, 64, 128),
        "discriminator/BatchNorm_1/beta": (128,),
        "discriminator/dense/kernel": (6272, 1)}
    averages = {f"{norm}/moving_{name}" for norm in NORMS for name in ("mean", "variance")}
    assert saved == {name for name in averages | set(table) if name.startswith("generator/")}
    assert others == averages | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("opt_d", "opt_g")
        for beta in ("beta1", "beta2")}


def test_losses_of_literal_logits_in_both_forms():
    real, fake = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [0.0], [1.0]])
    # By hand: -log D is softplus(-l), -log(1 - D) is softplus(l).
    expected = (np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean()
    for log_of_sigmoid in (False, True):
        with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
            loss_d, loss_g = sess.run(model.model_loss(
                tf.constant(real), tf.constant(fake), log_of_sigmoid))
        assert same(expected) == loss_d == pytest.approx(1.3230876, abs=5e-8)
        assert loss_g == pytest.approx(1.3516654, abs=5e-8)


def test_networks_equal_numpy(small, before, feed):
    """Training uses batch statistics. Samples use them too as printed, and moving statistics corrected."""
    loss_d, loss_g = passes(feed, before)[0]
    gan, (_, z) = small.gan, feed.values()
    samples = small.sess.run(gan.samples, {gan.inputs_z: z})
    if small.config.variant == "as_printed":  # black is 0 there, but -1 in a sample
        drawn = np.maximum(2 * generator(z, before, {}) - 1, -1)
    else:
        drawn = generator(z, before, None)
    assert_same(samples, drawn)
    assert samples.std() > 0.1
    assert np.abs(generator(z, before, None) - generator(z, before, {})).max() > 0.1
    assert small.sess.run([gan.loss_d, gan.loss_g], feed) == [
        same(loss_d), same(loss_g)]


# --- what a run updates ---

RUNS = {  # what is run -> the passes whose averages are updated: G, D on fake, D on real
    "opt_d": (0, 1, 2), "loss_d": (0, 1, 2), "opt_g": (0, 1), "loss_g": (0, 1), "samples": (0,)}


@pytest.mark.parametrize("name", RUNS)
def test_what_each_run_updates(small, before, feed, name):
    small.sess.run(getattr(small.gan, name), feed)
    after = small.values()
    moved = {var for var in before if (after[var] != before[var]).any()}
    own = {"opt_d": "discriminator", "opt_g": "generator"}.get(name)
    weights = {var for var in small.trainable if own and var.startswith(own)}
    assert moved & small.trainable == weights
    assert {var.partition("/")[0] for var in moved if "/moving_" not in var} == (
        {own, name} if own else set())

    stats = [passes(feed, before)[1][number] for number in RUNS[name]]
    if name == "samples" and small.config.variant == "corrected":
        stats = []  # samples use the moving averages and do not update them
    for var, expected in moved_averages(before, *stats).items():
        assert_same(after[var], expected, var)
        assert (var in moved) == any(var in each for each in stats)


def test_an_iteration_updates_gs_averages_twice_and_ds_three_times(small, before, feed):
    gan = small.gan
    small.sess.run(gan.opt_d, feed)
    halfway = small.values()
    small.sess.run(gan.opt_g, feed)
    (of_g, *of_d), (_, again, _) = passes(feed, before)[1], passes(feed, halfway)[1]
    expected = moved_averages(before, of_g, *of_d, of_g, again)
    after = small.values()
    for var, value in expected.items():
        assert_same(after[var], value, var)


def updates(fetch):
    """The ops of `fetch` that update moving averages, by the name of the average."""
    found = {}
    for op in between([fetch]):
        if op.type == "AssignSub":
            found.setdefault(op.inputs[0].op.name, []).append(op)
    return found


def test_real_images_update_ds_averages_after_generated_ones(small):
    """Without an order, the second update might read an average before or after the first one."""
    found = updates(small.gan.loss_d)
    assert {name: len(ops) for name, ops in found.items()} == {
        f"{norm}/moving_{name}": 1 + norm.startswith("discriminator")
        for norm in NORMS for name in ("mean", "variance")}
    for ops in found.values():
        if len(ops) == 2:
            real, = (op for op in ops if small.gan.inputs_real.op in between([op]))
            fake, = set(ops) - {real}
            assert fake in between([real.inputs[1]]) and small.gan.inputs_z.op in between([fake])


def test_the_generators_step_does_not_depend_on_real_images(small, before, feed):
    assert small.gan.inputs_real.op not in between([small.gan.opt_g, small.gan.loss_g])
    _, z = feed.values()
    small.sess.run([small.gan.opt_g, small.gan.loss_g], {small.gan.inputs_z: z})


# --- the whole step ---

@pytest.mark.numerics
def test_ten_steps_equal_tensorflow_1_15_with_its_own_contrib():
    """The weights, averages and losses are those that `contrib_twin.py` stored.

    They were computed in float32, since the fused batch norm of `tf.contrib` has no float64. Here they
    are computed in float64, so on every machine the difference is the rounding error of the file: up
    to 2.4e-6 in a loss and 1.5e-7 in a weight, which changes by 0.0002 per step.
    """
    found = dict(np.load(contrib_twin.FILE))
    assert str(found.pop("version")).startswith("1.15") and contrib_twin.ITERATIONS == 10
    config = model.Config(variant="as_printed", batch_size=contrib_twin.BATCH, z_dim=contrib_twin.Z,
                          gen_channels=contrib_twin.GEN, disc_channels=contrib_twin.DISC)
    with double.precision(), new_graph(seed=0).as_default(), \
            tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        variables = {var.op.name: var for var in tf.global_variables()}
        start = contrib_twin.start_values({
            var.op.name: var.shape.as_list() for var in tf.trainable_variables()})
        load(sess, {variables[name]: value for name, value in start.items()})
        images, rng, losses = contrib_twin.Images(), contrib_twin.noise(), []
        for _ in range(10):
            losses.append(model.step(sess, gan, images, rng, config))
        ours = values(sess)
    assert len(losses) == 10
    np.testing.assert_allclose(losses, found.pop("losses"), atol=1e-5)
    assert set(found) == {name for name in ours if "Adam" not in name and "power" not in name}
    for name, end in found.items():
        # The averages of D were updated in no fixed order there, which makes a difference of up to 1e-5.
        apart = 1e-5 if name.startswith("discriminator") and "/moving_" in name else 3e-7
        np.testing.assert_allclose(ours[name], end, atol=apart, err_msg=name)
        first = start.get(name, 1. if name.endswith("variance") else 0.)
        assert np.abs(end - first).max() > 50 * apart


class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        if isinstance(fetches, list):
            return None, np.float32(len(self.runs))
        return np.linspace(-1, 1, 784 * len(feed["inputs_z"])).reshape(-1, 28, 28, 1)


RECORDED = model.GAN(*model.GAN._fields)


@pytest.mark.parametrize("variant, darkest", [("corrected", -1), ("as_printed", 0),
                                              ("mend_range", -1), ("mend_log", 0)])
def test_a_step_is_two_runs_with_the_same_feed(train_set, variant, darkest):
    sess, config = Recorder(), model.Config(variant=variant, batch_size=30, z_dim=40)
    totals = None
    for _ in range(4):
        totals = model.tally(totals, model.step(sess, RECORDED, train_set,
                                                np.random.default_rng(0), config))
    assert [fetches for fetches, _ in sess.runs] == 4 * [["opt_d", "loss_d"], ["opt_g", "loss_g"]]
    numbers, again = (feed for _, feed in sess.runs[:2])
    assert set(numbers) == set(again) == {"inputs_real", "inputs_z"}
    assert all(numbers[name] is again[name] for name in numbers)
    x, z = numbers["inputs_real"], numbers["inputs_z"]
    assert x.shape == (30, 28, 28, 1) and (x.min(), x.max()) == (darkest, 1)
    assert z.shape == (30, 40) and z.std() == pytest.approx(1 / np.sqrt(3), rel=0.05)
    assert -1 <= z.min() < -0.99 and 0.99 < z.max() <= 1
    # The means over the steps of the epoch: of 1, 3, 5, 7 and of 2, 4, 6, 8.
    assert totals == (4, 16, 20) and model.report(sess, RECORDED, totals) == {"disc_loss": 4, "gen_loss": 5}


def test_log_line_is_the_printed_one(capsys):
    """`print` has three arguments, with a space between them, and only the first ends with dots."""
    losses = {"disc_loss": 1.23454, "gen_loss": 0.67891}
    print("Epoch {}/{}...".format(1, 200), "Discriminator Loss: {:.4f}".format(1.23454),
          "Generator Loss: {:.4f}".format(0.67891))
    line = model.log_line(1, 200, losses)
    assert line + "\n" == capsys.readouterr().out
    assert line == "Epoch 1/200... Discriminator Loss: 1.2345 Generator Loss: 0.6789"


def test_the_defaults_are_those_of_the_listing(train_set):
    config = model.Config()
    assert (config.epochs, config.batch_size, config.z_dim) == (200, 64, 100)
    assert (config.learning_rate, config.beta1, config.alpha) == (0.0002, 0.9, 0.2)
    assert config.samples == 4 * 8 and model.VARIANTS[config.variant] == model.CORRECTED
    assert train_set.steps(config.batch_size) == 3
    train_set.images = np.broadcast_to(train_set.images[:1], (55_000, 784))
    assert train_set.steps(config.batch_size) == 859


def test_both_optimizers_use_the_settings():
    """Adam's first step has the length of the learning rate; its first moment is 1 - beta1."""
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(model.Config(learning_rate=0.01, beta1=0.7, **SMALL))
        sess.run(tf.global_variables_initializer())
        rng = np.random.default_rng(0)
        numbers = {gan.inputs_real: rng.uniform(-1, 1, (6, 28, 28, 1)),
                   gan.inputs_z: rng.uniform(-1, 1, (6, 5))}
        for scope, opt in (("discriminator/", gan.opt_d), ("generator/", gan.opt_g)):
            [kernel] = tf.trainable_variables(scope + "conv2d(_transpose_2)?/")
            first = sess.run(kernel)
            sess.run(opt, numbers)
            every = values(sess)
            name = kernel.op.name
            assert np.median(np.abs(every[name] - first)) == pytest.approx(0.01, rel=1e-3)
            shares = every[name + "/Adam"] ** 2 / every[name + "/Adam_1"]
            np.testing.assert_allclose(shares, 0.3 ** 2 / 0.001, rtol=1e-3)


# --- sampling ---

@pytest.mark.parametrize("variant, spread", [
    ("corrected", 1 / np.sqrt(3)), ("as_printed", 1), ("mend_range", 1),
    ("mend_sample_noise", 1 / np.sqrt(3))])
def test_samples_are_drawn_in_batches_with_the_noise_of_the_variant(variant, spread):
    sess, config = Recorder(), model.Config(variant=variant, batch_size=20)
    images = model.sample(sess, RECORDED, np.random.default_rng(0), 50, config)
    assert [fetch for fetch, _ in sess.runs] == 3 * ["samples"]
    noise = np.concatenate([feed["inputs_z"] for _, feed in sess.runs])
    assert noise.shape == (60, 100) and noise.std() == pytest.approx(spread, rel=0.03)
    assert (np.abs(noise).max() > 1) == (spread == 1) and len(np.unique(noise)) == 6000
    assert images.shape == (50, 784)
    drawn = np.concatenate(3 * [np.linspace(-1, 1, 784 * 20)])[:50 * 784].reshape(50, 784)
    np.testing.assert_allclose(images, drawn, atol=1e-12)


def test_a_sample_depends_on_the_others_only_as_printed(small, before, feed):
    (_, z), gan = feed.values(), small.gan
    together = small.sess.run(gan.samples, {gan.inputs_z: z})[0]
    other = small.sess.run(gan.samples, {gan.inputs_z: np.concatenate([z[:1], 0.5 * z[1:]])})[0]
    apart = np.abs(together - other).max()
    assert apart > 0.01 if small.config.variant == "as_printed" else apart < double.ROUNDING


def test_sampling_does_not_change_the_graph(small, before):
    small.graph.finalize()
    images = [model.sample(small.sess, small.gan, np.random.default_rng(2), 11, small.config)
              for _ in range(2)]
    # As printed, sampling updates the averages, but nothing reads them.
    assert images[0].shape == (11, 784) and (images[0] == images[1]).all()
    assert -1 <= images[0].min() < images[0].max() <= 1


# --- the graph ---

def test_every_op_of_the_training_graph_has_a_gpu_kernel(small):
    with new_graph(seed=0).as_default():
        gan = model.build(small.config)
    fetches = [gan.opt_d, gan.opt_g, gan.loss_d, gan.loss_g, gan.samples]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "Identity", "NoOp", "Pack",
                                  "Placeholder", "Prod", "Reshape", "Shape", "StridedSlice"}


@pytest.mark.slow
def test_the_seed_determines_all_bytes(train_set):
    """These include the averages, which in the printed code differ from run to run."""
    config, start = model.Config(**SMALL), train_set.state()

    def trained(seed):
        train_set.restore(start)
        with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
            gan = model.build(config)
            sess.run(tf.global_variables_initializer())
            rng = np.random.default_rng(seed)
            for _ in range(10):
                model.step(sess, gan, train_set, rng, config)
            return b"".join(value.tobytes() for value in values(sess).values())

    first = trained(1)
    assert first == trained(1)
    assert first != trained(2)


def test_bad_input_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main = load_script("12_dcgan_class.py").main
    for arguments, complaint in (
            (["--variant", "printed"], "--variant must be one of corrected, as_printed, mend_"),
            (["--batch-size", "0"], "--batch-size must be at least 1"),
            (["--beta1", "1"], "--beta1 must be below 1"),
            (["--epochs", "0"], "--epochs must be at least 1")):
        assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("gan_tf1.data.digits.load", few_digits.load)
    assert "--batch-size 500 is larger than the training set of 400" in refusal(
        capsys, main, "--data", "drawn", "--batch-size", "500")
