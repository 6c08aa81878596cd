"""The conditional GAN against NumPy: variables, labels, losses, dropout, and what a step updates."""

import dataclasses

import numpy as np
import pytest

import double
from chapter_texts import code
from conftest import values
from double import assert_same, same
from gan_tf1.config import intervals
from gan_tf1 import figures
from gan_tf1.data import digits
from gan_tf1.models import conditional_gan as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import host_side, without_gpu_kernel
from test_vanilla_gan import Recorder, beta1_powers

CONFIG = model.Config(batch_size=8, z_dim=5, hidden_size=4)
NORMED = {"as_printed": (0, 2), "corrected": (0, 1, 2)}  # the generator's layers that batch norm follows
NORMS = ["generator/batch_normalization" + end for end in ("", "_1", "_2")]
BOTH = pytest.mark.parametrize("session", model.VARIANTS, indirect=True)


@pytest.fixture(scope="module")
def graphs():
    """A dict from variant to `(graph, gan, drawn)`: a small GAN, and its initial values."""
    found = {}
    for variant in model.VARIANTS:
        graph = new_graph(seed=3)
        with graph.as_default(), tf.Session(config=session_config()) as sess:
            with double.precision():
                gan = model.build(model.Config(batch_size=8, z_dim=5, hidden_size=4,
                                               variant=variant))
            sess.run(tf.global_variables_initializer())
            found[variant] = graph, gan, values(sess)
    return found


@pytest.fixture
def session(graphs, request):
    """`(sess, gan)` as printed, or of each variant with `BOTH`. No weight or average has a value that hides errors."""
    graph, gan, drawn = graphs[getattr(request, "param", "as_printed")]
    start, rng = dict(drawn), np.random.default_rng(1)
    with graph.as_default(), tf.Session(config=session_config()) as sess:
        for var in tf.trainable_variables():
            # With an embedding of 0.03, all later values would be near 0.
            spread = 1 if "embedding" in var.name else 0.1
            start[var.op.name] = drawn[var.op.name] + rng.normal(0, spread, var.shape)
        for var in tf.global_variables("generator/.*moving"):
            start[var.op.name] = rng.uniform(0.5, 1.5, var.shape)
        initializers = {var.op.name: var.initializer for var in tf.global_variables()}
        sess.run(list(initializers.values()), {
            initializer.inputs[1]: start[name] for name, initializer in initializers.items()})
        yield sess, gan


@pytest.fixture
def dataset(train_set):
    return digits.Pool(train_set)


def dense(x, weights, scope, number):
    end = f"_{number}" if number else ""
    return x @ weights[f"{scope}/dense{end}/kernel"] + weights[f"{scope}/dense{end}/bias"]


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def generator(z, labels, weights, training):
    """Images in NumPy, and a dict of batch statistics by scope, which is empty unless `training`."""
    normed = NORMED["corrected" if f"{NORMS[2]}/gamma" in weights else "as_printed"]
    statistics, x = {}, z * weights["generator/embedding"][labels]
    for number in range(3):
        x = leaky(dense(x, weights, "generator", number))
        if number in normed:
            norm = NORMS[normed.index(number)]
            mean, variance = weights[f"{norm}/moving_mean"], weights[f"{norm}/moving_variance"]
            if training:
                mean, variance = statistics[norm] = x.mean(axis=0), x.var(axis=0)
            x = (x - mean) / np.sqrt(variance + 0.001)
            x = x * weights[f"{norm}/gamma"] + weights[f"{norm}/beta"]
    return np.tanh(dense(x, weights, "generator", 3)), statistics


def discriminator(x, labels, weights, masks):
    """Logits in NumPy; `masks` multiply the outputs of the second and the third layer."""
    x = leaky(dense(x * weights["discriminator/embedding"][labels], weights, "discriminator", 0))
    for number, mask in enumerate(masks, 1):
        x = leaky(dense(x, weights, "discriminator", number)) * mask
    return dense(x, weights, "discriminator", 3)


def masks(sess, count, step, number):
    """The two dropout masks [count, 8] of pass `number` at `step`, of zeros and 1 / 0.6."""
    kept = sess.run([tf.nn.experimental.stateless_dropout(
        tf.ones((count, 8)), 0.4, (3, 100 * step + 10 * number + layer)) > 0 for layer in (1, 2)])
    return [mask / 0.6 for mask in kept]


def softplus(x):
    return np.log1p(np.exp(x))


@pytest.mark.parametrize("variant", model.VARIANTS)
def test_table_of_variables_at_full_size(variant):
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config(variant=variant))
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        saved = {var.op.name for var in gan.gen_vars}
        others = {var.op.name for var in tf.global_variables()} - set(table)
    layers = {"generator": (100, 256, 512, 1024, 784), "discriminator": (784, 512, 512, 512, 1)}
    expected = {}
    for scope, widths in layers.items():
        expected[f"{scope}/embedding"] = (10, widths[0])
        for number, (before, after) in enumerate(zip(widths, widths[1:])):
            name = f"{scope}/dense{f'_{number}' if number else ''}"
            expected |= {f"{name}/kernel": (before, after), f"{name}/bias": (after,)}
    normed = {"as_printed": (256, 1024), "corrected": (256, 512, 1024)}[variant]
    expected |= {f"{norm}/{name}": (width,) for norm, width in zip(NORMS, normed)
                 for name in ("gamma", "beta")}
    assert table == expected
    averages = {f"{norm}/moving_{name}" for norm, _ in zip(NORMS, normed)
                for name in ("mean", "variance")}
    assert saved == averages | {name for name in table if name.startswith("generator/")}
    assert others == {"global_step"} | averages | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("disc_opt", "gen_opt")
        for beta in ("beta1", "beta2")}


def test_embeddings_are_initialized_as_in_keras_and_the_rest_as_glorot_uniform(graphs):
    *_, found = graphs["as_printed"]
    embedding = found["discriminator/embedding"]
    assert 0.0499 < np.abs(embedding).max() <= 0.05 and abs(embedding.mean()) < 0.001
    assert embedding.std() == pytest.approx(0.05 / np.sqrt(3), rel=0.02)
    assert 0.045 < np.abs(found["generator/embedding"]).max() <= 0.05
    kernel = found["discriminator/dense/kernel"]
    assert 0.99 < np.abs(kernel).max() / np.sqrt(6 / sum(kernel.shape)) <= 1 + 1e-6


def test_losses_and_accuracy_of_literal_logits():
    logits, y = np.array([[2.0], [-1.0], [0.5], [-3.0]]), np.array([[1.], [1.], [0.], [0.]])
    fake = np.array([[-3.0], [0.0], [1.0]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            found = model.model_loss(*map(tf.constant, (logits, y, fake)))
        disc_loss, disc_acc, gen_loss = sess.run(found)
    expected = (y * softplus(-logits) + (1 - y) * softplus(logits)).mean()
    assert same(expected) == disc_loss == pytest.approx(0.6157135, abs=5e-8)
    assert same(softplus(-fake).mean()) == gen_loss == pytest.approx(1.3516654, abs=5e-8)
    assert disc_acc == 0.5  # only 2.0 for real and -3.0 for fake are correct


@BOTH
def test_networks_equal_numpy(session):
    """Samples use moving statistics, and training batch statistics; both losses have dropout."""
    sess, gan = session
    weights, rng = values(sess), np.random.default_rng(0)
    z, labels = rng.normal(size=(6, 5)), np.array([3, 9, 3, 0, 7, 1])
    imgs = rng.uniform(-1, 1, (6, 784))
    fake_imgs = sess.run(gan.fake_imgs, {gan.noise: z, gan.labels: labels})
    assert_same(fake_imgs, generator(z, labels, weights, False)[0])
    assert np.abs(fake_imgs - generator(z, labels[::-1], weights, False)[0]).max() > 0.1

    gen_loss = sess.run(gan.gen_loss, {gan.noise: z, gan.labels: labels})
    generated, _ = generator(z, labels, weights, True)
    logits = discriminator(generated, labels, weights, masks(sess, 6, 0, 1))
    assert gen_loss == same(softplus(-logits).mean())

    disc_loss = sess.run(gan.disc_loss, {gan.imgs: imgs, gan.labels: labels,
                                         gan.y: np.zeros((6, 1))})
    logits = discriminator(imgs, labels, weights, masks(sess, 6, 0, 0))
    assert disc_loss == same(softplus(logits).mean())
    for changed in (labels[::-1], labels * 0):
        others = discriminator(imgs, changed, weights, masks(sess, 6, 0, 0))
        assert abs(disc_loss - softplus(others).mean()) > 0.01
    assert all((value == weights[name]).all() for name, value in values(sess).items())


def test_each_update_of_the_discriminator_has_new_dropout_masks(session):
    sess, gan = session
    feed = {gan.imgs: np.ones((6, 784)), gan.labels: np.arange(6), gan.y: np.ones((6, 1))}
    [step] = [var for var in tf.global_variables() if var.op.name == "global_step"]
    for number in (1, 2):
        sess.run(gan.disc_opt, feed)
        assert sess.run(step) == number
    logits = discriminator(feed[gan.imgs], feed[gan.labels], values(sess), masks(sess, 6, 2, 0))
    assert sess.run(gan.disc_loss, feed) == same(softplus(-logits).mean())


def test_the_discriminators_update_changes_only_the_discriminator(session):
    sess, gan = session
    before = values(sess)
    sess.run(gan.disc_opt, {gan.imgs: np.random.default_rng(0).uniform(-1, 1, (6, 784)),
                            gan.labels: np.arange(6), gan.y: np.ones((6, 1))})
    moved = {name for name, value in values(sess).items() if (value != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"discriminator", "disc_opt",
                                                          "global_step"}
    assert moved >= {var.op.name for var in tf.trainable_variables("discriminator/")}


@BOTH
def test_the_generators_update_changes_only_its_weights_and_averages(session):
    sess, gan = session
    before, z, labels = values(sess), np.random.default_rng(0).normal(size=(6, 5)), np.arange(6)
    sess.run(gan.gen_opt, {gan.noise: z, gan.labels: labels})
    after = values(sess)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert {name.partition("/")[0] for name in moved} == {"generator", "gen_opt"}
    assert moved >= {var.op.name for var in gan.gen_vars}
    _, statistics = generator(z, labels, before, True)
    assert len(statistics) == sum(name.endswith("moving_mean") for name in after)
    for norm, (mean, variance) in statistics.items():
        # The momentum is 0.8, and the variance of the batch is not multiplied by 6 / 5.
        for name, statistic in (("moving_mean", mean), ("moving_variance", variance)):
            expected = 0.8 * before[f"{norm}/{name}"] + 0.2 * statistic
            assert_same(after[f"{norm}/{name}"], expected)


def test_embeddings_of_digits_that_are_not_in_the_batch_are_updated_too(session):
    """Their moments decay, and what remains makes a step; a "lazy" Adam would skip them."""
    sess, gan = session
    z, name = np.random.default_rng(0).normal(size=(6, 5)), "generator/embedding"
    sess.run(gan.gen_opt, {gan.noise: z, gan.labels: [1, 1, 1, 2, 2, 2]})
    first = values(sess)
    sess.run(gan.gen_opt, {gan.noise: z, gan.labels: [2, 2, 2, 5, 5, 5]})
    second = values(sess)
    m, v = 0.5 * first[f"{name}/Adam"][1], 0.999 * first[f"{name}/Adam_1"][1]
    assert_same(second[f"{name}/Adam"][1], m)
    assert_same(second[f"{name}/Adam_1"][1], v)
    step = 0.0002 * np.sqrt(1 - 0.999 ** 2) / (1 - 0.5 ** 2) * m / (np.sqrt(v) + 1e-7)
    assert np.abs(step).min() > 1e-5
    assert_same(first[name][1] - second[name][1], step)
    assert (second[name][3] == first[name][3]).all()  # this digit was in neither batch


RECORDED = model.GAN(*model.GAN._fields)


def test_an_iteration_is_a_prediction_and_three_updates(dataset):
    sess = Recorder()
    taken = model.step(sess, RECORDED, dataset, np.random.default_rng(0), CONFIG)
    figures = model.report(sess, RECORDED, taken)
    assert figures == {"disc_loss": pytest.approx(0.6), "disc_acc": 0.75, "gen_loss": 3}
    (_, predict), (on_real, real), (on_fake, fake), (gen, last) = sess.runs
    assert on_real == on_fake == ["disc_loss", "disc_acc", "disc_opt"]
    assert gen == ["gen_loss", "gen_opt"] and set(last) == {"noise", "labels"}
    assert (real["y"] == 1).all() and (fake["y"] == 0).all() and real["y"].shape == (8, 1)
    assert (fake["imgs"] == 0.25).all() and real["imgs"].shape == (8, 784)
    assert real["imgs"].min() < -0.99 and real["imgs"].max() > 0.99
    assert predict["noise"].shape == last["noise"].shape == (8, 5)
    assert not np.isin(predict["noise"], last["noise"]).any()


def test_fakes_have_the_labels_of_the_real_images_and_the_generator_is_trained_with_random_ones(dataset):
    sess, rng = Recorder(), np.random.default_rng(0)
    for _ in range(100):
        model.step(sess, RECORDED, dataset, rng, CONFIG)
    own = {image.tobytes(): label for image, label in zip(dataset.images * 2 - 1, dataset.labels)}
    for (_, predict), (_, real), (_, fake), _ in zip(*(sess.runs[part::4] for part in range(4))):
        assert [own[image.tobytes()] for image in real["imgs"]] == real["labels"].tolist()
        for given in (predict, fake):
            assert (given["labels"] == real["labels"]).all()
    sampled = np.concatenate([feed["labels"] for _, feed in sess.runs[3::4]])
    counts = np.bincount(sampled)
    assert len(counts) == 10 and 50 < counts.min() and counts.max() < 115  # 80 of 800 are expected


def test_log_line_is_the_printed_one():
    line = model.log_line(0, 30_000, {"disc_loss": 0.698, "disc_acc": 0.5, "gen_loss": 0.7})
    assert line == "0 [Discriminator loss: 0.698000, acc.: 50.00%] [Generator loss: 0.700000]"


def test_the_defaults_are_those_of_the_chapter_and_of_the_vanilla_gan():
    config = model.Config()
    assert (config.variant, config.batch_size, config.z_dim) == ("as_printed", 128, 100)
    assert (config.learning_rate, config.beta1, config.alpha) == (0.0002, 0.5, 0.2)
    assert (config.drop_rate, config.iterations, intervals(config)) == (0.4, 30_000, 150)


# --- samples ---

def test_samples_are_of_uniformly_drawn_digits_which_are_returned(session):
    sess, gan = session
    images, labels = model.sample_labelled(sess, gan, np.random.default_rng(5), 400, CONFIG)
    assert images.shape == (400, 784) and np.bincount(labels).min() > 20 and labels.max() == 9
    again = model.sample(sess, gan, np.random.default_rng(5), 400, CONFIG)
    assert again.tobytes() == images.tobytes()
    z = np.random.default_rng(5).normal(size=(400, 5))
    assert_same(images, generator(z, labels, values(sess), False)[0])


def test_samples_of_one_digit_use_the_same_noise(session):
    sess, gan = session
    images, labels = model.sample_labelled(sess, gan, np.random.default_rng(5), 4, CONFIG, label=3)
    assert labels.tolist() == [3, 3, 3, 3]
    z = np.random.default_rng(5).normal(size=(4, 5))
    assert_same(images, generator(z, labels, values(sess), False)[0])


def test_the_grid_has_a_row_of_the_same_noise_for_every_digit(session):
    sess, gan = session
    grid = model.sample_classes(sess, gan, np.random.default_rng(5), 3, CONFIG)
    assert grid.shape == (30, 784)
    for label in range(10):
        row, _ = model.sample_labelled(sess, gan, np.random.default_rng(5), 3, CONFIG, label)
        assert_same(grid[3 * label:3 * label + 3], row)


def test_the_rows_of_a_grid_have_names():
    figure = figures.sample_grid(np.zeros((6, 784)), "title", 2, names=("a", "b", "c"))
    [axes] = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_yticks().tolist() == [15, 45, 75]  # a row is 28 pixels and a margin of 2
    [axes] = figures.sample_grid(np.zeros((6, 784)), "title", 2).axes
    assert not axes.get_yticks().size and not axes.get_xticks().size


# --- an error of the section, and GPUs ---

def test_the_function_that_the_section_never_defines():
    printed = code("003")
    assert "        if epoch % sample_interval == 0:\n            sample_images(epoch,generator)" in printed
    assert printed.count("sample_images") == 1  # neither defined nor imported


def test_every_op_of_the_training_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        gan = model.build(CONFIG)
    fetches = [gan.disc_opt, gan.gen_opt, gan.disc_loss, gan.disc_acc, gan.gen_loss, gan.fake_imgs]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "ConcatV2", "Const", "Identity", "NoOp",
                                  "Pack", "Placeholder", "Prod", "Shape", "StridedSlice"}


@pytest.mark.parametrize("one_adam, powers", [
    pytest.param(False, {"disc_opt": 3, "gen_opt": 2}, marks=pytest.mark.slow), (True, {"disc_opt": 4})])
def test_one_adam_counts_three_steps_per_iteration(dataset, one_adam, powers):
    found = beta1_powers(model, dataclasses.replace(CONFIG, one_adam=one_adam), dataset)
    assert found == pytest.approx({name: 0.5 ** power for name, power in powers.items()})
