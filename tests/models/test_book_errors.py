"""Those errors of the chapters, and their consequences, that no other test file shows.

The table of errors is in gan_tf1/models/README.md. Tests that read a chapter are skipped if its text is
not available; those that don't need it for more than the printed line look that up last.
"""

import ast
import re

import numpy as np
import pytest

import double
from chapter_texts import chapter, code
from conftest import ROOT
from gan_tf1.models import cyclegan, dcgan_mnist, semi_supervised_svhn, vanilla_gan
from gan_tf1.models.parts import progressive_networks, semi_supervised_networks
from gan_tf1.tf1 import new_graph, session_config, tf

TABLE = (ROOT / "gan_tf1" / "models" / "README.md").read_text()


@pytest.fixture
def graph():
    with new_graph(seed=0).as_default() as graph:
        yield graph


# --- the table itself ---

def test_every_test_that_the_table_names_exists():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", TABLE)
    assert len(named) > 60
    for file, function in named:
        [path] = (ROOT / "tests").rglob(file)
        assert f"\ndef {function}(" in path.read_text(), (file, function)


def test_every_row_of_the_books_errors_names_its_test_or_says_why_there_is_none():
    section = TABLE.split("## The books' errors")[1].split("## What Keras does")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")
            and not line.startswith("| printed |")]
    assert len(rows) > 60
    for row in rows:
        last = re.split(r"(?<!\\)\|", row)[-2]
        assert "::test_" in last or last.strip() == "not testable: prose", row


# --- Practical Convolutional Neural Networks ---

def test_labels_shaped_like_the_other_batch_fit_only_batches_of_equal_size(graph):
    def printed(real, fake):
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros_like(real), logits=fake)

    real, fake = tf.ones((3, 1)), tf.ones((3, 1))
    ours = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros_like(fake), logits=fake)
    with tf.Session(config=session_config()) as sess:
        np.testing.assert_array_equal(*sess.run([printed(real, fake), ours]))
    with pytest.raises(ValueError, match="same shape"):
        printed(real, tf.ones((5, 1)))
    assert "labels=tf.zeros_like(d_logits_real)" in code("001")


def test_the_leaky_relu_of_the_text_is_another_function():
    x, alpha = np.array([0.1, 1., -0.1, -1.]), 0.2
    assert np.maximum(alpha / x, x).tolist() == pytest.approx([2, 1, -0.1, -0.2])
    assert np.maximum(alpha * x, x).tolist() == pytest.approx([0.1, 1, -0.02, -0.2])
    assert "f(x)= max(α÷x" in chapter("001").read_text()


def test_the_printed_probability_of_real_is_always_1():
    real_classes, fake = np.array([2., -1., 0.5]), 3.
    printed = np.exp(real_classes) / np.exp(real_classes).sum()
    meant = np.exp(real_classes).sum() / (np.exp(real_classes).sum() + np.exp(fake))
    assert printed.sum() == pytest.approx(1) and meant == pytest.approx(0.319, abs=0.001)
    assert "real prob = sum (softmax(real_classes))" in code("001")


def test_the_printed_line_of_the_images_is_indented_below_an_unindented_one():
    printed = code("003", "# Rescale to [-1, 1]\n  X_train").replace("–", "-")
    with pytest.raises(IndentationError):
        compile(printed, "chapter", "exec")


def test_the_labels_of_the_vanilla_gan_are_made_in_another_section():
    vanilla = code("003", "train_on_batch(real_imgs, real_y)")
    conditional = code("003", "train_on_batch([real_imgs, labels], real_y)")
    assert "fake_y" in vanilla and "real_y =" not in vanilla and "fake_y =" not in vanilla
    assert "real_y =" in conditional and "fake_y =" in conditional


def test_seven_bodies_are_left_out_and_one_is_not_python():
    printed = code("001", "NotImplementedError")
    assert printed.count("raise NotImplementedError()") == 7
    assert printed.count("features = raise NotImplementedError()") == 1
    with pytest.raises(SyntaxError):
        compile("features = raise NotImplementedError()", "chapter", "exec")


def test_label_10_is_the_fake_class_or_not_a_class(graph):
    """SVHN's files label the digit 0 with 10. Here that label goes into the chapter's class loss and accuracy."""
    found = {}
    for logits in (10, 11):
        values = tf.constant(np.random.default_rng(3).normal(size=(2, logits)).astype(np.float32))
        [gradient] = tf.gradients(semi_supervised_svhn.class_loss(values, [10, 3], [1, 1]), values)
        likeliest = tf.eye(logits)  # of as many images, one for each class
        found[logits] = gradient, semi_supervised_svhn.right(likeliest, [10] * logits)
    with tf.Session(config=session_config()) as sess:
        found = sess.run(found)
    # Eleven logits: a labelled 0 is trained as a fake, and a tested 0 is right if it is called a fake.
    (zero, three), right = found[11]
    assert zero[semi_supervised_networks.NUM_CLASSES] < 0 < zero[:10].min() and three[3] < 0
    assert right.tolist() == 10 * [0] + [1]
    # Ten: a labelled 0 lowers the logits of all digits, and a tested 0 is wrong whatever it is taken for.
    (zero, three), right = found[10]
    assert 0 < zero.min() and three[3] < 0
    assert right.tolist() == 10 * [0]


def test_with_ten_logits_the_fused_op_trains_label_10_as_a_fake(graph):
    """TensorFlow 1 had no deterministic mode, in which this package runs: its op subtracts the row from the softmax."""
    logits = tf.constant(np.random.default_rng(3).normal(size=(1, 10)).astype(np.float32))
    with tf.device("/cpu:0"):
        loss, gradient = tf.raw_ops.SoftmaxCrossEntropyWithLogits(features=logits, labels=tf.one_hot([10], 10))
    before, after = map(semi_supervised_networks.real_against_fake, (logits, logits - gradient))
    with tf.Session(config=session_config()) as sess:
        [loss], gradient, softmax, before, after = sess.run([loss, gradient, tf.nn.softmax(logits), before, after])
    assert loss == 0
    np.testing.assert_allclose(gradient, softmax, rtol=1e-6)
    assert after < before


def test_two_arguments_of_the_semi_supervised_listing_have_no_effect():
    [model_loss] = ast.parse(code("001", "def model_loss")).body
    assert "num_classes" in [argument.arg for argument in model_loss.args.args]
    assert "num_classes" not in [node.id for node in ast.walk(model_loss) if isinstance(node, ast.Name)]
    [gan] = ast.parse(code("001", "class GAN:")).body
    init = gan.body[-1]
    assert "alpha" in [argument.arg for argument in init.args.args]
    assert "alpha" not in [node.id for node in ast.walk(init) if isinstance(node, ast.Name)]


def test_names_that_the_semi_supervised_listing_never_defines():
    everything = code("001")
    for name in ("view_samples", "time"):
        assert re.search(rf"\b{name}[.(]", everything)
        assert not re.search(rf"def {name}\b|import {name}\b|\b{name} =", everything)
    assert "z_size = 100" in everything  # in the previous section
    assert "z_size =" not in code("001", "def train(net")


def test_the_discriminators_of_cyclegan_have_no_dropout(graph):
    cyclegan.discriminator(tf.zeros((1, 32, 32, 3)), "discriminator_a", channels=2, layers=1, alpha=0.2)
    names = [op.name.lower() for op in graph.get_operations()]
    assert any("conv" in name for name in names) and not any("dropout" in name for name in names)


# --- Stepping into the Magical World of GANs ---

def test_the_article_imports_nothing():
    printed = code("002")
    assert "import " not in printed and "model = Sequential()" in printed
    with pytest.raises(NameError, match="Sequential"):
        exec("model = Sequential()", {})


def test_lr_is_an_error_in_todays_keras():
    keras = pytest.importorskip("keras", minversion="3")
    with pytest.raises((TypeError, ValueError), match="lr"):
        keras.optimizers.Adam(lr=0.0002, beta_1=0.5)
    assert dcgan_mnist.Config().learning_rate == 0.0002


def test_the_number_of_epochs_is_that_of_the_blog():
    assert "n_epochs=5" in code("002")
    assert dcgan_mnist.Config().epochs == 100


# --- Generative AI with Python and TensorFlow 2 ---

def test_the_printed_interval_begins_with_an_untrained_sample():
    assert vanilla_gan.Config().iterations % vanilla_gan.Config().sample_interval == 0
    printed = code("003")
    assert "if epoch % sample_interval == 0:" in printed and "sample_interval=50," in printed
    assert [epoch + 1 for epoch in range(120) if epoch % 50 == 0] == [1, 51, 101]


def test_which_objective_is_the_lower_curve():
    D = np.linspace(0.001, 0.999, 999)
    lower = np.log(D) < np.log(1 - D)  # as in figure 6.6, whether both are objectives or both costs
    assert lower[D < 0.4999].all() and not lower[D > 0.5001].any()
    assert (-np.log(D) > np.log(1 - D)).all()  # both as costs
    assert "底部线（更新的目标）" in chapter("003").read_text()  # "the bottom line (the updated objective)"


def test_the_standard_deviation_over_a_batch_has_no_batch_axis(graph):
    B, H, W, C = 4, 2, 3, 5
    x = np.random.default_rng(0).normal(size=(B, H, W, C))
    assert x.std(axis=0).size == H * W * C != B * H * W * C
    with tf.Session(config=session_config()) as sess:
        found = sess.run(progressive_networks.minibatch_stddev(tf.constant(x), group_size=B))
    expected = np.sqrt(x.var(axis=0) + 1e-8).mean()
    double.assert_same(found[..., C], np.full((B, H, W), expected))
