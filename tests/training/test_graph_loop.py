"""The loop in the graph: the traced steps of the chapters, compared with the same steps with feeds."""

import shutil

import numpy as np
import pytest

import double
import few_digits
from conftest import load_script, refusal, values, without_figures
from gan_tf1.data import digits, images, svhn
from gan_tf1.data.mnist import DataSet
from gan_tf1.models import mnist_gan
from gan_tf1.published import comparison, envelopes
from gan_tf1.published.logs import BOOK_LOGS
from gan_tf1.steps import small
from gan_tf1.steps.draws import Again, numbers, spied
from gan_tf1.steps.small import MODELS
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import checkpoint, graph_loop, run_results, tracing
from gpu_kernels import without_gpu_kernel
from test_run_directory import final_state

# Together, these have all kinds of draws, of training sets, and of state that the loop carries, except
# for CycleGAN's pool of images and the progressive GAN's stages: their graphs take longest, so that
# these are among the slow ones.
OF_EACH_KIND = ("mnist_gan_two_updates", "semi_supervised", "conditional_gan", "pix2pix", "mixture_gan")
# Together, these have all ops that the loop adds to those of a model. The tests of each model check its own.
OPS_OF_EACH_KIND = ("mnist_gan", "vanilla_gan", "mixture_gan")


def others_slow(names):
    """All `MODELS` as parameters; those that are not in `names` are marked as slow."""
    return [name if name in names else pytest.param(name, marks=pytest.mark.slow)
            for name in MODELS]


DIGITS = np.random.default_rng(5).integers(0, 256, (203, 28, 28), np.uint8)
COLOURS = np.random.default_rng(6).integers(0, 256, (203, 32, 32, 3), np.uint8)
LABELS = np.random.default_rng(7).integers(0, 10, 203).astype(np.uint8)
FIRST_TEN = np.arange(203) < 10


def chapter(name):
    """`(net, train_set, step, epoch)` of a model in the current graph."""
    return small.build(name)[:4]


def both(name, folder, steps=50, xla=False):
    """The variables and the fetched numbers after whole epochs of at least `steps` steps.

    Returns (variables, variables, fetched, fetched), each first of the loop in the graph and then
    of the same steps with feeds.
    """
    with new_graph(3, resource_variables=True).as_default(), \
            tf.Session(config=session_config()) as sess:
        net, train_set, step, epoch = chapter(name)
        steps = -(-steps // epoch) * epoch
        graph = graph_loop.build(spied(step), train_set, 3, epoch, xla=xla)
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        start = saver.save(sess, str(folder / "start"))

        turns = graph_loop.graph_steps(sess, graph, 0)
        looped = [next(turns).fetched[0] for _ in range(steps)]
        after_loop = values(sess)

        # One step per call, since a call returns only the draws of its last step.
        drawn = []
        for number in range(steps):
            whole = graph.last is None or number % epoch < epoch - 1
            (_, draws), _ = sess.run(graph.steps if whole else graph.last,
                                     {graph.first: number, graph.count: 1})
            drawn.append(tf.nest.map_structure(lambda stack: stack[0], draws))

        saver.restore(sess, start)
        fed = [step(sess, Again(draws, train_set), Again(draws)) for draws in drawn]
        assert not any(drawn), "the fed step drew less than the traced one"
        return after_loop, values(sess), looped, fed


# Two orders of summation give sums with a relative difference of 2^-53, about 1e-16. Adam amplifies
# this most for a bias before batch norm. Its gradient consists of rounding errors only, at most about
# 1e-15 here, so a step changes it by 1e-15 / 1e-8 of the learning rate, which is at most 0.001, and
# fifty steps by 5e-9. Differences up to 4e-10 were found. A step that only one of the two loops makes
# would change weights by 1e-4.
ATOL = 1e-8


@pytest.mark.numerics
@pytest.mark.parametrize("name", others_slow(OF_EACH_KIND))
def test_fifty_steps_in_the_graph_equal_the_same_steps_with_feeds(name, tmp_path):
    with double.precision():
        after_loop, after_feeds, looped, fed = both(name, tmp_path)
    assert_equal(after_loop, after_feeds, looped, fed)


@pytest.mark.numerics
@pytest.mark.parametrize("name", others_slow(("mnist_gan",)))  # compiling takes long
def test_fifty_compiled_steps_equal_the_same_steps_with_feeds(name, tmp_path):
    with double.precision():
        after_loop, after_feeds, looped, fed = both(name, tmp_path, xla=True)
    assert_equal(after_loop, after_feeds, looped, fed)


def assert_equal(after_loop, after_feeds, looped, fed):
    assert after_loop.keys() == after_feeds.keys()
    for variable, value in after_loop.items():
        np.testing.assert_allclose(value, after_feeds[variable], rtol=0, atol=ATOL, err_msg=variable)
    np.testing.assert_allclose(numbers(looped), numbers(fed), rtol=0, atol=ATOL)


@pytest.mark.parametrize("name", ["mnist_gan",
                                  pytest.param("dcgan_svhn", marks=pytest.mark.slow)])
def test_the_number_of_steps_per_call_changes_no_byte(name):
    """That number depends on the speed of the machine."""
    with new_graph(3, resource_variables=True).as_default():
        _, train_set, step, epoch = chapter(name)
        graph = graph_loop.build(step, train_set, 3, epoch)
        initialize = tf.global_variables_initializer()

        def trained(calls):
            with tf.Session(config=session_config()) as sess:
                sess.run(initialize)
                graph_loop.load(sess, graph)
                first = 0
                for count in calls:
                    sess.run(graph.steps, {graph.first: first, graph.count: count})
                    first += count
                return {name: value.tobytes() for name, value in values(sess).items()}

        assert trained([9]) == trained([1, 3, 5]) != trained([8])


# --- the draws of a traced step ---

def drawn_rows(train_set, batch_size, epoch, epochs):
    """The rows of the batch of each step, for so many `epochs` of `epoch` steps."""
    with new_graph(0).as_default(), tf.Session() as sess:
        first, rows = tf.placeholder(tf.int64, ()), []
        rest = 0 if train_set.carries_over else train_set.num_examples % batch_size
        order = graph_loop._Order(train_set, 3, first)
        whole, last = (order.rows(first, size)(batch_size) for size in (0, rest))
        for number in range(epochs * epoch):
            ends = rest and number % epoch == epoch - 1
            rows.append(sess.run(last if ends else whole, {first: number}))
    return rows


def test_batches_of_mnist_fill_up_from_the_next_pass():
    rows = np.concatenate(drawn_rows(DataSet(DIGITS, LABELS), 20, 10, 4))
    assert len(rows) == 800  # no batch is smaller
    passes = [rows[start:start + 203] for start in (0, 203, 406)]
    assert all(sorted(each) == list(range(203)) for each in passes)
    assert (passes[0] != passes[1]).any() and (passes[1] != passes[2]).any()


def test_the_last_batch_of_svhn_has_the_remaining_rows():
    labels = LABELS.astype(np.int32)
    train_set = svhn.Dataset(svhn.Arrays(COLOURS, labels, COLOURS[:9], labels[:9]), FIRST_TEN)
    rows = drawn_rows(train_set, 20, train_set.steps(20), 2)
    assert [len(each) for each in rows] == 2 * (10 * [20] + [3])
    first, second = np.concatenate(rows[:11]), np.concatenate(rows[11:])
    assert sorted(first) == sorted(second) == list(range(203)) and (first != second).any()


@pytest.mark.parametrize("batch_size", [2, 3, 5, 6])
def test_an_interval_of_a_run_may_be_longer_than_a_pass(batch_size):
    """A call ends when its permutations are used up; the next call has those of later passes."""
    pixels = np.uint8([[3], [10], [40], [90], [120], [250]])
    train_set = images.Rows(pixels)

    def step(sess, train_set, rng):
        [batch] = train_set.next_batch(batch_size)
        return ((batch + 1) * 127.5).sum()

    with new_graph(0).as_default(), tf.Session() as sess:
        graph = graph_loop.build(step, train_set, 3, 50)
        turns = graph_loop.graph_steps(sess, graph, 0)
        sums = [next(turns).fetched for _ in range(90)]
        assert sums == [graph_loop.call(sess, graph, number, 1)[0].fetched for number in range(90)]
    together = np.reshape(sums, (-1, np.lcm(6, batch_size) // batch_size)).sum(axis=1)
    np.testing.assert_allclose(together, pixels.sum() * np.lcm(6, batch_size) // 6, rtol=1e-5)
    assert batch_size == 6 or len(set(np.round(sums))) > 3


@pytest.mark.parametrize("train_set", [
    DataSet(DIGITS, LABELS), digits.Pool(DataSet(DIGITS, LABELS)),
    svhn.Dataset(svhn.Arrays(COLOURS, LABELS.astype(np.int32), COLOURS[:9], LABELS[:9]), FIRST_TEN)],
    ids=["mnist", "pool", "svhn"])
def test_bytes_on_the_device_are_decoded_to_the_numbers_that_are_fed(train_set):
    stored = train_set.stored()
    assert stored[0].dtype == np.uint8
    images, labels = train_set.decode(*stored)[:2]
    again = train_set.images if hasattr(train_set, "images") else svhn.scaled(COLOURS)
    assert images.dtype == np.float32 and images.tobytes() == again.tobytes()
    assert labels.tolist() == LABELS.tolist()
    # In the graph a division may become a product with the reciprocal. Each rounds once, to 2^-24 of
    # a number of at most 2, from which 1 is subtracted.
    with new_graph(0).as_default(), tf.Session() as sess:
        columns = [tracing.Traced(tf.constant(column)) for column in stored]
        traced = sess.run(train_set.decode(*columns)[0].tensor)
    np.testing.assert_allclose(traced, images, rtol=0, atol=4 * 2**-24)


def test_draws_are_functions_of_seed_step_and_position():
    with new_graph(0).as_default(), tf.Session() as sess:
        step = tf.placeholder(tf.int64, ())

        def draws(seed):
            rng = tracing.Random(seed, step)
            return tracing.tensors([rng.uniform(-1, 1, (40, 50)), rng.uniform(-1, 1, size=(40, 50)),
                                    rng.normal(0, 1, (40, 50)), rng.normal(size=(40, 50)),
                                    rng.integers(0, 7, 2000)])

        fetches = draws(1), draws(1), draws(2)
        (a, b, normal, again, whole), same, other = sess.run(fetches, {step: 5})
        next_step = sess.run(fetches, {step: 6})[0]
    for number, draw in enumerate((a, b, normal, again, whole)):
        assert (draw == same[number]).all()
        assert (draw != other[number]).any() and (draw != next_step[number]).any()
    assert (a != b).any() and (normal != again).any()
    assert -1 <= a.min() < -0.99 and 0.99 < a.max() <= 1
    assert a.std() == pytest.approx(3 ** -0.5, rel=0.03) and abs(a.mean()) < 0.05
    assert normal.std() == pytest.approx(1, rel=0.05) and abs(normal.mean()) < 0.1
    assert whole.shape == (2000,) and set(whole) == set(range(7))


def test_a_step_with_too_many_draws_is_refused(main, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tracing, "DRAWS", 3)
    main([*FEW, "--epochs", "1", "--loop", "graph", "--disc-steps", "3", "--run-dir", str(tmp_path / "most")])
    with pytest.raises(SystemExit):
        main([*FEW, "--loop", "graph", "--disc-steps", "4", "--run-dir", str(tmp_path / "more")])
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: --loop graph makes at most 3 draws in a step: choose a smaller --disc-steps, or --loop feed")
    assert not (tmp_path / "more").exists()


def test_a_function_that_no_chapter_uses_is_refused_by_name():
    with new_graph(0).as_default():
        traced = tracing.Traced(tf.constant([1., 2.]))
        with pytest.raises(TypeError, match="sort"):
            np.sort(traced)
        with pytest.raises(TypeError, match="arctan"):
            np.arctan(traced)


# --- the ops that a traced session adds ---

def products(sess_calls):
    """How many matrix products a traced session adds in `sess_calls(sess, gan, feed)`."""
    with new_graph(0, resource_variables=True).as_default() as graph:
        gan = mnist_gan.build(mnist_gan.Config(gen_hidden_size=8, disc_hidden_size=8))
        images, z = tf.zeros((20, 784)), tf.zeros((20, 100))
        before = len(graph.get_operations())
        feed = {gan.real_discriminator_input: tracing.Traced(images),
                gan.generator_input_z: tracing.Traced(z)}
        sess_calls(tracing.Session(graph), gan, feed)
        return sum(op.type == "MatMul" for op in graph.get_operations()[before:])


def test_a_pass_through_a_network_that_was_not_updated_is_shared():
    def disc(sess, gan, feed):
        sess.run(gan.disc_train_opt, feed)

    def gen(sess, gan, feed):
        sess.run(gan.gen_train_opt, feed)

    def in_turns(*calls):
        return lambda *arguments: [call(*arguments) for call in calls]

    of_disc, of_gen = products(disc), products(gen)
    # Forward: G 2, D 2 each for real and fake. Backward: 2 each for D's weights, 1 each for its units.
    assert of_disc == 2 + 4 + 4 + 2
    # Forward: G 2, D 2. Backward: D 2, G 3.
    assert of_gen == 2 + 2 + 2 + 3
    # The update of the discriminator leaves the generator as it is: its pass is made once.
    assert products(in_turns(disc, gen)) == of_disc + of_gen - 2
    # In the other order the generator is updated, so that the discriminator gets other images.
    assert products(in_turns(gen, disc)) == of_gen + of_disc


def test_a_call_reads_the_variables_that_the_previous_call_has_updated():
    with new_graph(0, resource_variables=True).as_default() as graph, tf.Session() as sess:
        x = tf.get_variable("x", initializer=1.)
        y = x * 10
        move, x_in = tf.assign_add(x, 1.), tf.placeholder(tf.float32, ())
        total = y + x_in
        traced = tracing.Session(graph)
        before, _, after = traced.run(y), traced.run(move), traced.run([y, total], {x_in: 5.})
        sess.run(tf.global_variables_initializer())
        assert sess.run(tracing.tensors([before, after])) == [10., [20., 25.]]
        assert sess.run(x) == 2.
        with pytest.raises(ValueError, match="not fed"):
            traced.run(total)


# --- runs ---

FEW = ["--data", "drawn", "--epochs", "4", "--batch-size", "20", "--gen-hidden-size", "4",
       "--disc-hidden-size", "4", "--samples", "4"]


@pytest.fixture
def main(monkeypatch):
    """The first chapter's script, on few digits and without figures."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    without_figures(monkeypatch)
    return load_script("01_mnist_gan.py").main


@pytest.mark.parametrize("flags", [
    pytest.param([], id="graph"), pytest.param(["--xla"], marks=pytest.mark.slow, id="xla")])
def test_a_run_records_the_losses_of_every_step_and_resumes_to_the_same_bytes(
        main, tmp_path, monkeypatch, capsys, flags):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    save, saved = checkpoint.save, []

    def copied(*arguments):
        if len(saved) == 2:  # with two checkpoints, and rows of the third epoch
            shutil.copytree(whole, cut)
        saved.append(arguments)
        save(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", copied)
        main([*FEW, "--loop", "graph", *flags, "--run-dir", str(whole)])
    steps = run_results.load_losses(whole, "step_losses.csv")
    assert steps["step"].tolist() == list(range(1, 4 * 20 + 1))
    assert steps["disc_loss"][0] == pytest.approx(1.5, abs=0.5) and (steps["gen_loss"] > 0).all()

    assert run_results.load_losses(cut)["epoch"].tolist() == [1, 2, 3]
    capsys.readouterr()
    assert "loop (the run's: graph, now: feed)" in refusal(
        capsys, main, "--resume", "--loop", "feed", "--run-dir", cut)
    main(["--resume", "--run-dir", str(cut)])
    assert final_state(cut) == final_state(whole)
    assert (cut / "step_losses.csv").read_bytes() == (whole / "step_losses.csv").read_bytes()


def test_checkpoints_do_not_contain_the_data_set(main, tmp_path):
    main([*FEW, "--loop", "graph", "--run-dir", str(tmp_path / "run")])
    last = tf.train.latest_checkpoint(str(tmp_path / "run" / "generator"))
    assert last and not any("loop" in name for name, _ in tf.train.list_variables(last))
    assert sum(path.stat().st_size for path in (tmp_path / "run" / "state").iterdir()) < 400 * 784


def test_xla_without_the_loop_in_the_graph_is_refused(main, capsys):
    assert "give --loop graph too" in refusal(capsys, main, "--xla")


@pytest.mark.parametrize("name", others_slow(OPS_OF_EACH_KIND))
def test_every_op_of_the_loop_has_a_gpu_kernel(name):
    with new_graph(3, resource_variables=True).as_default():
        _, train_set, step, epoch = chapter(name)
        graph = graph_loop.build(step, train_set, 3, epoch)
        assert without_gpu_kernel(
            [leaf for leaf in tf.nest.flatten([graph.steps, graph.last]) if leaf is not None]) == []


# --- many seeds of each loop on MNIST ---

def test_no_difference_between_the_losses_of_both_loops_is_found():
    """Which does not show that there is none: the second half shows what would have been found."""
    looped = envelopes.envelope("mnist_gan")
    fed = envelopes.envelope("mnist_gan", BOOK_LOGS / "mnist_gan_feed_loop.csv")
    verdict = comparison.judge_runs(fed.logs(), looped)
    assert verdict.word != "differs", verdict.sentence
    # Twice the stated shift would hardly ever be missed.
    early = next(one for one in verdict.statistics if (one.window, one.loss) == ("first", "gen loss"))
    assert early.smallest < 0.5
    shifted = fed._replace(losses={**fed.losses, "gen_loss": fed.losses["gen_loss"] + 2 * early.smallest})
    assert comparison.judge_runs(shifted.logs(), looped).word == "differs"
