"""The MNIST GAN with three objectives: losses against NumPy and the first chapter, and runs."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

import double
import few_digits
from conftest import load_script, refusal, unpainted, values
from double import same
from gan_tf1 import figures
from gan_tf1.data import digits
from gan_tf1.models import mnist_gan, mnist_gan_objectives as model
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_config, run_results
from gpu_kernels import between, without_gpu_kernel
from test_mnist_gan import network

TINY = dict(batch_size=20, gen_hidden_size=8, disc_hidden_size=8)


@pytest.fixture(scope="module", params=model.OBJECTIVES)
def built(request):
    """`(sess, gan, config, start)` with each objective in float64, with initialized variables."""
    config = model.Config(objective=request.param, **TINY)
    with new_graph(seed=3).as_default(), tf.Session(config=session_config()) as sess:
        with double.precision():
            gan = model.build(config)
        sess.run(tf.global_variables_initializer())
        yield sess, gan, config, values(sess)


@pytest.fixture
def feed():
    rng = np.random.default_rng(0)
    return mnist_gan.Feed(rng.uniform(-1, 1, (20, 784)), rng.uniform(-1, 1, (20, 100)))


def gen_loss(objective, z, weights):
    """The losses in NumPy, from the probability of D without logits."""
    fake = network(np.tanh(network(z, weights, "generator")), weights, "discriminator")
    d = 1 / (1 + np.exp(-fake))
    return {"minimax": np.log(1 - d), "non_saturating": -np.log(d),
            "maximum_likelihood": -d / (1 - d)}[objective].mean(), d.mean()


# --- losses ---

@pytest.mark.parametrize("objective, expected", [
    # D(G(z)) = 0.2, 0.5 and 0.75.
    ("minimax", (np.log(0.8) + np.log(0.5) + np.log(0.25)) / 3),
    ("non_saturating", -(np.log(0.2) + np.log(0.5) + np.log(0.75)) / 3),
    ("maximum_likelihood", -(0.25 + 1 + 3) / 3)])
def test_losses_of_literal_probabilities(objective, expected):
    real, d = np.array([[2.0], [-1.0], [0.5]]), np.array([[0.2], [0.5], [0.75]])
    fake = np.log(d / (1 - d))
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        logits = [tf.constant(part, tf.float64) for part in (real, fake)]
        disc, gen = sess.run(model.model_loss(*logits, 0.1, model.OBJECTIVES[objective]))
        first_chapters, _ = sess.run(mnist_gan.model_loss(*logits, 0.1))
    assert gen == same(expected)
    assert disc == first_chapters == same(
        (np.log1p(np.exp(real)) - 0.9 * real - np.log(1 - d)).mean())


def test_reported_numbers_equal_numpy(session, feed):
    sess, gan, config = session
    totals = model.tally(model.tally(None, (None, np.float32(2))), (feed, np.float32(4)))
    reported = model.report(sess, gan, totals)
    loss, d = gen_loss(config.objective, feed.z, values(sess))
    assert list(reported) == ["disc_loss", "gen_loss", "gen_grad_norm", "disc_prob_fake"]
    assert reported["gen_loss"] == same(loss)
    assert reported["disc_prob_fake"] == same(d)
    assert reported["gen_grad_norm"] == 3  # the mean over two steps, and the batch of the second


def test_the_norm_is_that_of_the_gradient_that_adam_gets(session, train_set):
    """After the first step, Adam's first moment is a tenth of the gradient."""
    sess, gan, config = session
    _, norm = model.step(sess, gan, train_set, np.random.default_rng(4), config)
    moments = [value for name, value in values(sess).items()
               if name.startswith("generator/") and name.endswith("/Adam")]
    assert len(moments) == 4
    assert norm > 0
    assert norm == same(10 * np.sqrt(sum((m**2).sum() for m in moments)))


# --- the graph ---

def test_table_of_variables_is_that_of_the_first_chapter(built):
    table = [(var.op.name, var.shape.as_list()) for var in tf.global_variables()]
    with new_graph(seed=3).as_default():
        mnist_gan.build(mnist_gan.Config(**TINY))
        assert table == [(var.op.name, var.shape.as_list()) for var in tf.global_variables()]


@pytest.mark.parametrize("name, own", [("disc_train_opt", "discriminator"),
                                       ("gen_train_opt", "generator")])
def test_each_optimizer_updates_only_its_own_network(session, feed, name, own):
    sess, gan, _ = session
    before = values(sess)
    sess.run(getattr(gan, name), {gan.real_discriminator_input: feed.images,
                                  gan.generator_input_z: feed.z})
    moved = {var for var, value in values(sess).items() if (value != before[var]).any()}
    assert moved >= {var.op.name for var in tf.trainable_variables(f"{own}/")}
    assert {var.partition("/")[0] for var in moved} == {own, name}


def test_every_op_has_a_gpu_kernel_and_none_is_random(built):
    _, gan, *_ = built
    fetches = [gan.disc_train_opt, gan.gen_train_opt, gan.disc_loss, gan.gen_loss,
               gan.gen_grad_norm, gan.disc_prob_fake, gan.gen_model]
    assert without_gpu_kernel(fetches) == []
    assert not [op.type for op in between(fetches) if "andom" in op.type]


def test_settings_are_those_of_the_first_chapter_and_one_more():
    first = dataclasses.asdict(mnist_gan.Config())
    assert dataclasses.asdict(model.Config()) == {**first, "objective": "non_saturating"}


# --- steps ---

def trained(module, config, train_set, steps=12):
    """The bytes of all variables after some steps, and the last images that were fed."""
    with new_graph(seed=7).as_default(), tf.Session(config=session_config()) as sess:
        gan = module.build(config)
        sess.run(tf.global_variables_initializer())
        rng = np.random.default_rng(7)
        for _ in range(steps):
            module.step(sess, gan, train_set, rng, config)
        return {name: value.tobytes() for name, value in values(sess).items()}


def test_the_non_saturating_objective_is_the_first_chapter_to_the_last_bit(train_set):
    start = train_set.state()
    ends = []
    for module, config in ((mnist_gan, mnist_gan.Config(**TINY)), *(
            (model, model.Config(objective=objective, **TINY)) for objective in model.OBJECTIVES)):
        train_set.restore(start)
        ends.append(trained(module, config, train_set))
    first, minimax, non_saturating, maximum_likelihood = ends
    assert non_saturating == first
    assert len({end["generator/dense/kernel"] for end in ends}) == 3


@pytest.mark.numerics
def test_a_generator_learns_to_deceive_a_fixed_discriminator(session, train_set):
    sess, gan, config = session
    rng = np.random.default_rng(0)
    for _ in range(5):
        (images, z), _ = model.step(sess, gan, train_set, rng, config)
    feed = {gan.real_discriminator_input: images, gan.generator_input_z: z}
    before = sess.run([gan.gen_loss, gan.disc_prob_fake, gan.disc_loss], feed)
    for _ in range(100):
        sess.run(gan.gen_train_opt, feed)
    after = sess.run([gan.gen_loss, gan.disc_prob_fake, gan.disc_loss], feed)
    assert after[0] < before[0] - 0.1 and after[2] > before[2]
    assert before[1] < 0.6 and after[1] > before[1] + 0.2


# --- runs ---

RUN = ["--data", "drawn", "--epochs", "3", "--batch-size", "20", "--gen-hidden-size", "4",
       "--disc-hidden-size", "4", "--samples", "4"]


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        yield load_script("17_gan_objectives.py").main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """An uninterrupted run with each objective, whose figures are empty files."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save", unpainted)
        for objective in model.OBJECTIVES:
            main(["train", "--objective", objective, *RUN, "--run-dir", str(folder / objective)])
    return folder


def test_a_run_writes_losses_and_gradient_norms_and_the_name_of_its_objective(finished):
    for objective in model.OBJECTIVES:
        path = finished / objective
        losses, log = run_results.load_losses(path), (path / "log.txt").read_text().splitlines()
        assert list(losses) == ["epoch", "disc_loss", "gen_loss", "gen_grad_norm", "disc_prob_fake"]
        assert losses["epoch"].tolist() == [1, 2, 3]
        assert (losses["gen_grad_norm"] > 0).all()
        assert (losses["gen_loss"] > 0).all() == (objective == "non_saturating")
        assert log[1:-1] == [
            model.log_line(epoch + 1, 3, {name: column[epoch] for name, column in losses.items()})
            for epoch in range(3)]
        assert run_config.read_config(path)["settings"]["objective"] == objective
        assert {file.name for file in (path / "figures").iterdir()} == {
            "losses.png", "samples.png", "progress.png"}


def test_runs_that_cannot_be_compared_are_refused_in_one_line(main, finished, tmp_path, capsys):
    def changed(name, **entries):
        copy = shutil.copytree(finished / "minimax", tmp_path / name)
        config = run_config.read_config(copy)
        (copy / "config.json").write_text(json.dumps({**config, **entries}))
        return copy

    other = changed("other", data_title="MNIST")
    unfinished = changed("unfinished")
    (unfinished / "samples.npz").unlink()
    for runs, complaint in (
            ((finished / "minimax", other), "different data: MNIST, drawn digits (synthetic)"),
            ((unfinished,), "unfinished/samples.npz can't be read"),
            ((changed("named", settings={"objective": "mine"}),), "--objective must be one of")):
        assert complaint in refusal(capsys, main, "compare", "--out", tmp_path / "out", *runs)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_non_saturating_run_has_the_losses_and_samples_of_the_first_chapter(
        finished, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        load_script("01_mnist_gan.py").main([*RUN, "--run-dir", str(tmp_path / "run")])
    first = run_results.load_losses(tmp_path / "run")
    ours = run_results.load_losses(finished / "non_saturating")
    for name, column in first.items():
        assert column.tolist() == ours[name].tolist()
    assert (run_results.load_samples(tmp_path / "run").tobytes()
            == run_results.load_samples(finished / "non_saturating").tobytes())


def test_trainings_are_compared_in_one_figure(main, finished, tmp_path, capsys):
    capsys.readouterr()
    paths = [str(finished / objective) for objective in model.OBJECTIVES]
    main(["compare", *paths, "--out", str(tmp_path / "out")])
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "out" / name)
        for name in ("objectives.csv", "objectives.png", "objectives_samples.png")]
    text = (tmp_path / "out" / "objectives.csv").read_text()
    assert "# data: drawn digits (synthetic)" in text and "# run 3: " in text
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    assert rows[0] == ["objective", "seed", "label_smooth", "epoch", "disc_loss", "gen_loss",
                       "gen_grad_norm", "disc_prob_fake"]
    assert [row[0] for row in rows[1:]] == [name for name in model.OBJECTIVES for _ in range(3)]
    for objective in model.OBJECTIVES:
        kept = [float(row[6]) for row in rows[1:] if row[0] == objective]
        np.testing.assert_allclose(
            kept, run_results.load_losses(finished / objective)["gen_grad_norm"], rtol=1e-5)


def test_resuming_with_another_objective_is_refused(main, finished, capsys):
    assert "objective (the run's: minimax, now: maximum_likelihood)" in refusal(
        capsys, main, "train", "--resume", "--objective", "maximum_likelihood", "--run-dir",
        finished / "minimax")
