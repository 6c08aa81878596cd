"""The article's DCGAN against NumPy: variables, losses, what a step updates, dropout, and its log."""

import numpy as np
import pytest

from chapter_texts import code
from conftest import ROOT, RecordingSession, load, load_script, values
from double import same
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.models import dcgan_mnist as model
from gan_tf1.published import comparison, envelopes, logs
from gan_tf1.tf1 import new_graph, session_config, tf
from gpu_kernels import host_side, without_gpu_kernel

CONFIG = model.Config(batch_size=8, z_size=5, gen_channels=3, disc_channels=4)


@pytest.fixture(scope="module")
def built():
    """`(sess, gan, start)` of a small DCGAN, with larger logits than at the start of a training."""
    with new_graph(seed=3).as_default():
        gan = model.build(CONFIG)
        with tf.Session(config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            load(sess, {var: 2 * value + 0.1 for var, value in zip(gan.disc_vars, sess.run(gan.disc_vars))})
            yield sess, gan, values(sess)


@pytest.fixture
def dataset(train_set):
    return digits.Pool(train_set)


class Recorder(RecordingSession):
    def answer(self, fetches, feed):
        if isinstance(fetches, list):
            return 1., None
        return np.full((len(feed["z_input"]), 28, 28, 1), 0.25, np.float32)


RECORDED = model.GAN(*model.GAN._fields)


def test_table_of_variables_at_full_size():
    with new_graph(seed=0).as_default():
        gan = model.build(model.Config())
        table = {var.op.name: tuple(var.shape.as_list()) for var in tf.trainable_variables()}
        others = {var.op.name for var in tf.global_variables()} - set(table)
        assert [var.op.name for var in gan.gen_vars + gan.disc_vars] == list(table)
    assert table == {
        "generator/dense/kernel": (100, 6272), "generator/dense/bias": (6272,),
        "generator/conv2d_transpose/kernel": (4, 4, 128, 128),
        "generator/conv2d_transpose/bias": (128,),
        "generator/conv2d_transpose_1/kernel": (4, 4, 128, 128),
        "generator/conv2d_transpose_1/bias": (128,),
        "generator/conv2d/kernel": (7, 7, 128, 1), "generator/conv2d/bias": (1,),
        "discriminator/conv2d/kernel": (3, 3, 1, 64), "discriminator/conv2d/bias": (64,),
        "discriminator/conv2d_1/kernel": (3, 3, 64, 64), "discriminator/conv2d_1/bias": (64,),
        "discriminator/dense/kernel": (3136, 1), "discriminator/dense/bias": (1,)}
    # The numbers that `summary()` prints for the Keras models of the blog.
    sizes = {name: sum(np.prod(shape) for key, shape in table.items() if key.startswith(name))
             for name in ("generator", "discriminator")}
    assert sizes == {"generator": 1_164_289, "discriminator": 40_705}
    assert others == {"global_step"} | {
        f"{name}/{slot}" for name in table for slot in ("Adam", "Adam_1")} | {
        f"{optimizer}/{beta}_power" for optimizer in ("d_opt", "g_opt")
        for beta in ("beta1", "beta2")}


def test_initial_weights_are_those_of_keras(untrained):
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        model.build(model.Config(gen_channels=32))
        sess.run(tf.global_variables_initializer())
        for name, value in values(sess).items():
            if name.endswith("kernel"):
                field = np.prod(value.shape[:-2])  # Glorot's fans include the size of the kernel
                limit = np.sqrt(6 / (field * sum(value.shape[-2:])))
                assert 0.95 * limit < np.abs(value).max() <= limit * (1 + 1e-6), name
                assert abs(value.std() - limit / np.sqrt(3)) < 0.05 * limit, name
            elif name.endswith("bias"):
                assert not value.any()


def test_losses_of_literal_logits():
    logits, y = np.array([[2.0], [-1.0], [0.5], [-3.0]]), np.array([[1.], [1.], [0.], [0.]])
    fake = np.array([[-3.0], [0.0], [1.0]])
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        d_loss, g_loss = sess.run(model.model_loss(*(tf.constant(part, tf.float64)
                                                     for part in (logits, y, fake))))
    # By hand, from the probabilities: the mean of -log p if y is 1 and -log(1 - p) if it is 0.
    p, q = (1 / (1 + np.exp(-part)) for part in (logits, fake))
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    assert same(expected) == d_loss == pytest.approx(0.6157135, abs=5e-8)
    assert same(-np.log(q).mean()) == g_loss == pytest.approx(1.3516654, abs=5e-8)


@pytest.mark.parametrize("name, own", [("d_opt", "discriminator"), ("g_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(session, dataset, name, own):
    sess, gan = session
    before = values(sess)
    rng = np.random.default_rng(0)
    sess.run(getattr(gan, name), {gan.X: rng.random((6, 28, 28, 1)), gan.y: np.ones((6, 1)),
                                  gan.z_input: rng.normal(size=(6, 5))})
    moved = {var for var, value in values(sess).items() if (value != before[var]).any()}
    weights = {var.op.name for var in tf.trainable_variables() if var.name.startswith(own)}
    assert {var for var in moved if not var.rpartition("/")[2].startswith(("Ad", "beta"))} == (
        weights | ({"global_step"} if name == "d_opt" else set()))
    assert {var.partition("/")[0] for var in moved} - {"global_step"} == {own, name}


def test_a_step_is_a_prediction_and_two_updates(dataset):
    sess = Recorder()
    model.step(sess, RECORDED, dataset, np.random.default_rng(0), CONFIG)
    (predicted, predict_feed), (disc, disc_feed), (gen, gen_feed) = sess.runs
    assert (predicted, disc, gen) == ("g_model", ["d_loss", "d_opt"], ["g_loss", "g_opt"])
    assert {name: np.shape(value) for name, value in disc_feed.items()} == {
        "X": (8, 28, 28, 1), "y": (8, 1)}
    assert disc_feed["y"].ravel().tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert (disc_feed["X"][4:] == 0.25).all()  # the prediction
    assert predict_feed["z_input"].shape == (4, 5) and gen_feed["z_input"].shape == (8, 5)
    assert set(gen_feed) == {"z_input"}
    assert not np.isin(predict_feed["z_input"], gen_feed["z_input"]).any()


def test_real_images_are_drawn_with_replacement_and_noise_is_normal(dataset):
    sess, rng = Recorder(), np.random.default_rng(0)
    for _ in range(200):
        model.step(sess, RECORDED, dataset, rng, CONFIG)
    rows = {image.tobytes(): number for number, image in enumerate(dataset.images)}
    drawn = [rows[image.tobytes()] for fetch, feed in sess.runs if "X" in feed
             for image in feed["X"][:4]]
    # There are 800 draws from 200 images: each occurs 4 times on average, a share of e^-4 never, and
    # some occur twice in a batch.
    counts = np.bincount(drawn, minlength=200)
    assert counts.max() < 15 and 0 <= (counts == 0).sum() < 10 and counts.std() > 1.5
    assert any(len(set(drawn[batch:batch + 4])) < 4 for batch in range(0, 800, 4))
    z = np.concatenate([feed["z_input"].ravel() for _, feed in sess.runs if "z_input" in feed])
    assert abs(z.mean()) < 0.04 and z.std() == pytest.approx(1, abs=0.03) and np.abs(z).max() > 3


def test_the_pool_is_the_whole_training_set_in_file_order():
    parts = [np.arange(count)[:, None, None] * np.ones((1, 28, 28)) for count in (6, 4)]
    train, validation = (digits.mnist.DataSet(part.astype(np.uint8), np.zeros(len(part), np.uint8))
                         for part in parts)
    data = digits.unsplit(digits.Digits("drawn", "drawn", train, validation, None))
    assert (255 * data.train.images[:, 0]).round().tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5]
    assert data.train.num_examples == 10 and data.train.state() == {}
    assert data.train.fingerprint() != train.fingerprint()


def test_dropout_is_active_in_both_training_passes_and_not_in_a_test():
    """The weights are set so that a logit is the number of units that are kept."""
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        tf.train.get_or_create_global_step()
        X = tf.ones((1, 28, 28, 1))
        size = dict(channels=64, alpha=0.2)
        logits = [model.discriminator(X, **size, reuse=bool(number), drop_rate=0.4, number=number)
                  for number in (0, 1)] + [model.discriminator(X, **size, reuse=True, drop_rate=0.)]
        sess.run(tf.global_variables_initializer())
        first, middle, last = tf.trainable_variables("discriminator/.*kernel")
        for var, value in ((first, 0), (middle, 0), (last, 1)):
            var.load(np.full(var.shape, value, np.float32), sess)
        tf.trainable_variables("discriminator/conv2d_1/bias")[0].load(np.ones(64, np.float32), sess)
        train_pass, gan_pass, tested = (value.item() for value in sess.run(logits))
        again = sess.run(logits[0]).item()
    assert tested == 7 * 7 * 64
    assert train_pass == again != gan_pass  # at the same step; each pass has its own mask
    for kept in (train_pass, gan_pass):     # a share of 0.6 is kept, and scaled by 1 / 0.6
        assert kept == pytest.approx(tested, rel=0.05) and kept != tested


def test_dropout_affects_both_losses_but_not_the_accuracies(session):
    sess, gan = session
    rng = np.random.default_rng(0)
    numbers = {gan.X: rng.random((6, 28, 28, 1)), gan.y: np.ones((6, 1)),
               gan.z_input: rng.normal(size=(6, 5))}
    fetches = [gan.d_loss, gan.g_loss, gan.real_count]
    d_loss, g_loss, count = sess.run(fetches, numbers)
    [step] = [var for var in tf.global_variables() if var.op.name == "global_step"]
    step.load(1, sess)
    d_later, g_later, count_later = sess.run(fetches, numbers)
    assert d_loss != d_later and g_loss != g_later and count == count_later


def test_accuracies_are_the_shares_that_are_judged_correctly(session, dataset, monkeypatch):
    sess, gan = session
    rng = np.random.default_rng(0)
    [bias] = [var for var in gan.disc_vars if var.op.name == "discriminator/dense/bias"]
    for value, real, fake in ((50, 1, 0), (-50, 0, 1)):
        bias.load([value], sess)
        assert model.evaluate(sess, gan, dataset, rng, CONFIG) == (
            f">Accuracy real: {100 * real}%, fake: {100 * fake}%", {"real": real, "fake": fake})


def test_log_line_is_the_printed_one_and_can_be_parsed():
    losses = {"disc_loss": 0.7114, "gen_loss": 0.6779}
    assert model.log_line(1, 234, losses) == ">1, 1/234, d=0.711, g=0.678"
    assert model.log_line(23_400, 234, losses) == ">100, 234/234, d=0.711, g=0.678"
    text = "\n".join(model.log_line(number, 234, losses) for number in (1, 234, 235, 23_400))
    assert logs.parse(text, "dcgan_mnist").epochs.tolist() == [1, 234, 235, 23_400]
    with pytest.raises(InputError, match="1 of 2 lines begin with a step"):
        logs.parse(">1, 1/234, d=nothing\n" + text.splitlines()[1], "dcgan_mnist")


def test_the_printed_steps_can_be_parsed_and_compared(tmp_path, capsys):
    book = logs.book("dcgan_mnist")
    assert book.epochs.tolist() == [1, 2, 3, 4, 5, 6, 23396, 23397, 23398, 23399, 23400]
    assert round(book.losses["disc_loss"][-5:].mean(), 3) == 0.694
    verdict = comparison.judge(book, envelopes.envelope("dcgan_mnist"))
    assert verdict.word != "differs" and "1-6" in {each.epochs for each in verdict.statistics}
    log = ROOT / "tests" / "published" / "logs" / "dcgan_adam_0.0005.txt"
    load_script("compare_logs.py").main([str(log), "--chapter", "dcgan_mnist",
                                         "--out", str(tmp_path / "overlay.png")])
    out = capsys.readouterr().out
    assert "6 steps, 1 to 6" in out
    assert "Differs: " in out and "disc loss in steps 1-6: " in out


def test_every_op_of_the_training_graph_has_a_gpu_kernel(built):
    _, gan, _ = built
    fetches = [gan.d_opt, gan.g_opt, gan.d_loss, gan.g_loss, gan.g_model, gan.real_count]
    assert without_gpu_kernel(fetches) == []
    # All computations on [B, ...] tensors run on a GPU; these ops handle shapes and control flow.
    assert host_side(fetches) <= {"BroadcastGradientArgs", "Const", "Identity", "NoOp",
                                  "Pack", "Placeholder", "Prod", "Shape", "StridedSlice"}


@pytest.mark.parametrize("changes, complaint", [
    ({"batch_size": 7}, "must be even"), ({"batch_size": 500}, "training set of 200 images")])
def test_impossible_batch_sizes_are_refused(dataset, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        model.batches_per_epoch(dataset, model.Config(**changes))


def test_batches_per_epoch(dataset):
    assert model.batches_per_epoch(dataset, CONFIG) == 25
    assert model.batches_per_epoch(dataset, model.Config(batches_per_epoch=6, batch_size=8)) == 6
    dataset.images = np.broadcast_to(dataset.images[:1], (60_000, 784))
    assert model.batches_per_epoch(dataset, model.Config()) == 234


def test_names_that_the_article_never_defines():
    """The printed lines end in a NameError. Here both names are settings."""
    assert (model.Config().samples, model.Config().z_size) == (16, 100)
    printed = code("002")
    assert "tf.random.normal([num_examples_to_generate, noise_dim])" in printed
    for name in ("num_examples_to_generate", "noise_dim"):
        assert printed.count(name) == 1


@pytest.mark.parametrize("printed", [
    "return Xdef generate_real_samples(dataset, n_samples):",
    "return X, ydef generate_latent_points(latent_dim, n_samples):",
    "return x_input def generate_fake_samples(g_model, latent_dim, n_samples):"])
def test_lines_that_run_together_are_not_python(printed):
    with pytest.raises(SyntaxError):
        compile(f"def load():\n    {printed} pass", "article", "exec")
    assert f"\t{printed}\n" in code("002")
