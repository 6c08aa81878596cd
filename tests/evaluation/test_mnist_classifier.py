"""The classifier that judges samples: its graph against NumPy in float64, its run, its accuracy."""

import numpy as np
import pytest

import double
import few_digits
from conftest import ROOT, load_script, refusal, values
from double import assert_same, same
from gan_tf1.data import digits, mnist
from gan_tf1.evaluation import classifier as model
from gan_tf1.generators import sample_files
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_config, run_results
from gpu_kernels import host_side, without_gpu_kernel
from test_mnist_gan import dense

SHIPPED = ROOT / "checkpoints" / "mnist_classifier"
SCRIPT = "train_mnist_classifier.py"
CONFIG = model.Config(batch_size=20)
TINY = ("--data", "drawn", "--batch-size", "50", "--epochs", "8")


@pytest.fixture(scope="module")
def graph():
    """The graph in float64 and its network; tests that share it don't add to it."""
    with double.precision(), new_graph(seed=3).as_default() as graph:
        return graph, model.build(CONFIG)


@pytest.fixture
def session(graph):
    """A session on that graph, variables initialized: `(sess, net)`."""
    graph, net = graph
    with graph.as_default(), tf.Session(config=session_config()) as sess:
        sess.run([var.initializer for var in tf.global_variables()])
        yield sess, net


def convolution(x, weights, scope, stride, padding):
    """A convolution with ReLU in NumPy: x [B, H, W, C], `padding` pixels `(before, after)`."""
    kernel = weights[scope + "/kernel"]
    size = kernel.shape[0]
    x = np.pad(x, [(0, 0), padding, padding, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # [B, H, W, C, size, size]
    x = np.einsum("bhwcij,ijcd->bhwd", windows, kernel) + weights[scope + "/bias"]
    return np.maximum(x, 0)


def network(images, weights):
    """Logits and features in NumPy. "same" at stride 2 pads one more after than before."""
    x = images.reshape(-1, 28, 28, 1)
    x = convolution(x, weights, "classifier/conv2d", 2, (1, 2))
    x = convolution(x, weights, "classifier/conv2d_1", 2, (0, 1))
    x = convolution(x, weights, "classifier/conv2d_2", 1, (0, 0))
    features = np.maximum(dense(x.reshape(len(x), -1), weights, "classifier/dense"), 0)
    return dense(features, weights, "classifier/dense_1"), features


def softmax(logits):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def test_table_of_variables(graph):
    graph, net = graph
    table = [(var.op.name, tuple(var.shape.as_list())) for var in net.variables]
    assert table == [
        ("classifier/conv2d/kernel", (5, 5, 1, 24)), ("classifier/conv2d/bias", (24,)),
        ("classifier/conv2d_1/kernel", (3, 3, 24, 48)), ("classifier/conv2d_1/bias", (48,)),
        ("classifier/conv2d_2/kernel", (3, 3, 48, 64)), ("classifier/conv2d_2/bias", (64,)),
        ("classifier/dense/kernel", (1600, 64)), ("classifier/dense/bias", (64,)),
        ("classifier/dense_1/kernel", (64, 10)), ("classifier/dense_1/bias", (10,)),
    ]
    with graph.as_default():
        others = {var.op.name for var in tf.global_variables()} - {name for name, _ in table}
    assert others == {f"{name}/{slot}" for name, _ in table for slot in ("Adam", "Adam_1")} | {
        "train_opt/beta1_power", "train_opt/beta2_power", "learning_rate"}


def test_network_loss_and_judgement_equal_numpy(session):
    sess, net = session
    rng = np.random.default_rng(0)
    images, labels = rng.uniform(0, 1, (7, 784)), np.array([3, 1, 4, 1, 5, 9, 2])
    logits, features = network(images, values(sess))
    p = softmax(logits)
    loss, correct = sess.run([net.loss, net.correct], {net.images: images, net.labels: labels})
    assert loss == same(-np.log(p[np.arange(7), labels]).mean())
    assert correct == (logits.argmax(axis=1) == labels).sum()
    judged = model.judge(sess, net, images)
    assert [part.dtype for part in judged] == [np.float64, np.float64]
    assert_same(judged[0], p)
    assert_same(judged[1], features)


def test_loss_of_literal_logits():
    logits, labels = np.array([[2.0, -1.0, 0.0], [0.0, 3.0, 1.0]]), [0, 2]
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        loss, correct = sess.run(model.model_loss(tf.constant(logits),
                                                  tf.constant(labels)))
    # By hand: log sum exp(l) - l_label, of both.
    expected = (np.log(np.exp(logits).sum(axis=1)) - [2.0, 1.0]).mean()
    assert same(expected) == loss == pytest.approx(1.1698460, abs=5e-8)
    assert correct == 1


def test_a_step_updates_every_weight_and_a_report_only_the_learning_rate(session, train_set):
    sess, net = session
    before = values(sess)
    tally = model.tally(None, model.step(sess, net, train_set, np.random.default_rng(4), CONFIG))
    stepped = values(sess)
    moved = {name for name in before if (before[name] != stepped[name]).any()}
    assert moved == set(before) - {"learning_rate"}
    # Adam's first step is the step size, whatever the gradient, unless it is near epsilon.
    bias = "classifier/dense_1/bias"
    np.testing.assert_allclose(np.abs(stepped[bias] - before[bias]), 0.002, rtol=1e-3)

    model.report(sess, net, tally, train_set)
    reported = values(sess)
    assert {name for name in before if (stepped[name] != reported[name]).any()} == {"learning_rate"}
    assert reported["learning_rate"] == pytest.approx(
        0.002 * 0.65, rel=double.float32_rounding(2))  # the variable stays float32


def test_the_report_counts_the_epochs_images_and_the_validation_images(session, train_set):
    sess, net = session
    rng, weights, batches = np.random.default_rng(4), [], []
    run_session = sess.run

    class Session:
        def run(self, fetches, feed):
            weights.append(values(sess))
            batches.append((feed[net.images], feed[net.labels]))
            return run_session(fetches, feed)

    tally = None
    for _ in range(3):
        tally = model.tally(tally, model.step(Session(), net, train_set, rng, CONFIG))
    logits = [network(images, at)[0] for (images, _), at in zip(batches, weights)]
    right = sum((l.argmax(axis=1) == labels).sum() for l, (_, labels) in zip(logits, batches))
    loss = np.mean([-np.log(softmax(l)[np.arange(20), labels]).mean()
                    for l, (_, labels) in zip(logits, batches)])
    valid = (network(train_set.images, values(sess))[0].argmax(axis=1) == train_set.labels).mean()
    assert model.report(sess, net, tally, train_set) == {
        "train_loss": same(loss), "train_accuracy": pytest.approx(right / 60),
        "validation_accuracy": pytest.approx(valid)}


def test_images_are_judged_in_batches():
    sizes = []

    class Session:
        def run(self, fetches, feed):
            [images] = feed.values()
            sizes.append(len(images))
            return images[:, :10], images[:, :64]

    net = model.Classifier(*model.Classifier._fields)
    images = np.random.default_rng(0).uniform(0, 1, (1200, 784))
    probabilities, features = model.judge(Session(), net, images)
    assert sizes == [500, 500, 200]
    np.testing.assert_array_equal(probabilities, images[:, :10])
    np.testing.assert_array_equal(features, images[:, :64])


def test_images_are_shifted_by_whole_pixels_and_filled_with_background():
    images = np.zeros((2000, 28, 28), np.float32)
    images[:, 10, 20] = 1
    images[:, 0, 0] = 0.5  # moved out of the picture as often as the shift is up or left
    moved = model.shifted(images.reshape(2000, 784), np.random.default_rng(0), 2)
    moved = moved.reshape(2000, 28, 28)
    assert (moved == 1).sum(axis=(1, 2)).tolist() == [1] * 2000
    _, row, column = np.nonzero(moved == 1)
    for shift in (row - 10, column - 20):
        assert np.bincount(shift + 2).min() > 300 and set(shift) == {-2, -1, 0, 1, 2}
    assert np.corrcoef(row, column)[0, 1] == pytest.approx(0, abs=0.1)
    assert (moved == 0.5).any(axis=(1, 2)).mean() == pytest.approx(9 / 25, abs=0.05)
    unmoved = model.shifted(images.reshape(2000, 784), np.random.default_rng(0), 0)
    np.testing.assert_array_equal(unmoved, images.reshape(2000, 784))


def test_every_op_of_the_graph_has_a_gpu_kernel():
    with new_graph(seed=0).as_default():
        net = model.build(CONFIG)
    fetches = [net.train_opt, net.loss, net.correct, net.probabilities, net.features, net.shrink_lr]
    assert without_gpu_kernel(fetches) == []
    # What computes on [B, ...] tensors is a GPU's; these carry shapes and control.
    assert host_side(fetches) <= {"ConcatV2", "Const", "NoOp", "Placeholder", "Range"}


# --- its script ---

@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        yield load_script(SCRIPT).main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run of eight epochs on 400 digits, never interrupted."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*TINY, "--run-dir", str(path)])
    return path


@pytest.mark.numerics
def test_a_run_leaves_figures_and_weights_and_no_samples(finished):
    assert not (finished / "samples.npz").exists() and not (finished / "samples.f32").exists()
    losses = run_results.load_losses(finished)
    assert list(losses) == ["epoch", "train_loss", "train_accuracy", "validation_accuracy"]
    assert losses["epoch"].tolist() == list(range(1, 9))
    assert losses["validation_accuracy"][-1] > 0.5 > 0.3 > losses["train_accuracy"][0]
    lines = (finished / "log.txt").read_text().splitlines()
    assert lines[0].startswith("mnist_classifier on drawn digits (synthetic), seed 0")
    assert lines[-2] == model.log_line(8, 8, {name: losses[name][-1] for name in losses})


@pytest.mark.parametrize("arguments, complaint", [
    (["--max-shift", "9"], "--max-shift must be at most 8, not 9"),
    (["--batch-size", "401"], "larger than the training set of 400 images"),
    (["--samples", "4"], "unrecognized arguments: --samples 4"),
])
def test_bad_input_is_one_line(main, capsys, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())


# --- what is shipped ---

def test_the_shipped_classifier_is_small():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2e6
    stored = run_config.read_config(SHIPPED)
    assert (stored["data"], stored["data_crc32"], stored["seed"]) == ("mnist", "7cd8a48a", 0)
    assert stored["settings"] == vars(model.Config())


@pytest.mark.numerics
def test_the_shipped_classifier_reads_mnist(mnist_version):
    """It makes 71 errors in 10,000 on the machine of its training; other processors may round differently."""
    arrays = mnist.read_tfds(mnist_version)
    test = mnist.DataSet(arrays.test_images, arrays.test_labels)
    [(probabilities, features)] = sample_files.judged(SHIPPED, [test.images])
    wrong = (probabilities.argmax(axis=1) != test.labels).sum()
    assert 69 <= wrong <= 73
    assert features.shape == (10_000, 64) and features.min() == 0
