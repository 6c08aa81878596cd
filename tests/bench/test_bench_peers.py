"""The benchmark's peers do the same work: equal weights and feeds give equal losses and weights."""

import functools
import importlib.util

import numpy as np
import pytest

import bench_feeds
from gan_tf1.bench import jax_peer, listing_peer, ours, rows, work as works
from gan_tf1.tf1 import tf

# The gradient of a bias before batch norm is only rounding error, of which Adam makes whole steps.
# No two programs agree there, and nothing depends on these biases.
SILENT = {"semi_supervised": {"gen": (1, 5, 9), "disc": (5, 9, 13)},
          "dcgan_svhn": {"gen": (1, 5, 9), "disc": (3, 7)}}
CRITIC_ALONE = ("wgan_gp",)  # the generator is not updated
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name == "semi_supervised" else name  # the largest graph
         for name in works.WORKS]


@pytest.fixture(scope="module")
def own():
    """A function: work -> `(runner, initial weights, losses, final weights)` of our own graph."""
    adam, opened, found, sessions = tf.train.AdamOptimizer, ours.opened, {}, []

    def open_and_note(*arguments):
        gan, sess = opened(*arguments)
        sessions.append(sess)
        return gan, sess

    def of(name):
        if name not in found:
            work, config, data, feeds = bench_feeds.small(name)
            runner = ours.WORKS[name](work, config, data)
            start = ours.weights_of(sessions[-1])  # before any step
            found[name] = runner, start, *runner.replay(start, feeds)
        return found[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.train, "AdamOptimizer", functools.partial(
            adam, epsilon=bench_feeds.EPSILON))
        patch.setattr(ours, "opened", open_and_note)
        yield of


@pytest.fixture(scope="module")
def reference(own):
    """A function: work -> `(initial weights, losses, final weights)` of our own graph."""
    return lambda name: own(name)[1:]


def replayed(row, name, start, **options):
    pytest.importorskip(row.removesuffix("-compile"), reason=f"{row} is not installed")
    work, config, data, feeds = bench_feeds.small(name)
    runner = rows.module_of(rows.ALL[row]).WORKS[name](work, config, data,
                                                       epsilon=bench_feeds.EPSILON, **options)
    return runner.replay(start, feeds)


def check_equal(name, reference, found):
    start, losses, weights = reference
    found_losses, found_weights = found
    np.testing.assert_allclose(found_losses, losses, rtol=0, atol=1e-5)
    assert np.ptp(losses, axis=0).min() > 1e-3  # it trains
    for part in ("gen", "disc"):
        assert len(found_weights[part]) == len(weights[part])
        for number, (first, expected, value) in enumerate(zip(start[part], weights[part],
                                                              found_weights[part])):
            if number in SILENT.get(name, {}).get(part, ()):
                continue
            away = np.abs(value - expected)
            # The gradient of one weight in ten thousand may be nearly 0, but Adam's first steps
            # depend on its sign.
            assert np.quantile(away, 0.9999) < 1e-5 and away.max() < 1e-4, (part, number, away.max())
            # The critic's last bias shifts all scores equally, so it has no gradient.
            still = name in CRITIC_ALONE and (part == "gen" or number == len(weights[part]) - 1)
            assert (np.abs(expected - first).max() > 1e-4) != still, (name, part, number)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", ["torch", "jax"])
def test_a_peer_trains_as_our_graph_does(reference, row, name):
    start = reference(name)[0]
    check_equal(name, reference(name), replayed(row, name, start))


@pytest.mark.slow
@pytest.mark.parametrize("name", rows.CONVOLUTIONAL)
def test_a_peer_with_its_channels_last_trains_as_our_graph_does(reference, name):
    start = reference(name)[0]
    check_equal(name, reference(name), replayed("torch", name, start, channels_last=True))


@pytest.mark.parametrize("name", [name if name == "mnist_gan" else pytest.param(name, marks=pytest.mark.slow)
                                  for name in works.WORKS])
@pytest.mark.parametrize("row", ["torch", "jax"])
def test_a_peer_in_bfloat16_has_nearly_the_same_losses(reference, row, name):
    """bfloat16 has 8 bits, so a product differs by up to 2^-8 of its terms, and the losses by less than a tenth."""
    start, losses, _ = reference(name)
    found, weights = replayed(row, name, start, bfloat16=True)
    assert 0 < np.abs(found[0] - losses[0]).max() < 0.1
    assert all(array.dtype == np.float32 for own in weights.values() for array in own)


def test_the_penalty_written_for_compilation_is_the_same(reference, monkeypatch):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    monkeypatch.setattr(torch, "compile", lambda function: function)
    start = reference("wgan_gp")[0]
    check_equal("wgan_gp", reference("wgan_gp"), replayed("torch", "wgan_gp", start, compiled=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", works.WORKS)
def test_a_compiled_peer_trains_as_our_graph_does(reference, name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.compiler.reset()  # in the benchmark each row has a process of its own
    start = reference(name)[0]
    check_equal(name, reference(name), replayed("torch", name, start, compiled=True))


def test_the_listing_trains_as_our_graph_does(reference):
    work, config, data, feeds = bench_feeds.small("mnist_gan")
    expected = reference("mnist_gan")
    runner = listing_peer.mnist_gan_epoch(work, config, data)
    check_equal("mnist_gan", expected, runner.replay(expected[0], feeds))
    assert np.isfinite(list(runner.run(2).values())).all()


@pytest.mark.slow  # importing Keras takes long; test_keras_twins.py compares other chapters with it
def test_keras_trains_as_our_graph_does(reference, tmp_path):
    start = reference("mnist_gan")[0]
    check_equal("mnist_gan", reference("mnist_gan"),
                bench_feeds.elsewhere("keras", "mnist_gan", start, tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_our_rows_train_and_count_operations(own, name):
    runner, *_ = own(name)
    losses = runner.run(2)
    assert tuple(losses) == works.WORKS[name].losses and np.isfinite(list(losses.values())).all()
    assert 0 < runner.flops.needed < runner.flops.executed


@pytest.mark.parametrize("row, options", [("torch", {}), ("jax", {}), ("jax", {"single": True})])
def test_a_peer_runs_its_own_loop(row, options):
    """The loop that is timed draws its own batches, and its steps train."""
    if importlib.util.find_spec(row) is None:
        pytest.skip(f"{row} is not installed")
    work, config, data, _ = bench_feeds.small("mnist_gan")
    runner = rows.make(rows.ALL[row]._replace(options=options), work, config, data)
    first, later = runner.run(1), runner.run(40)
    assert tuple(first) == work.losses
    assert later["disc_loss"] < 0.85 * first["disc_loss"]


@pytest.mark.slow
@pytest.mark.parametrize("name", works.WORKS)
def test_a_row_in_bfloat16_runs_its_own_loop(name):
    pytest.importorskip("jax", reason="jax is not installed")
    work, config, data, _ = bench_feeds.small(name)
    runner = jax_peer.WORKS[name](work, config, data, single=name in rows.CONVOLUTIONAL, bfloat16=True)
    assert np.isfinite(list(runner.run(2).values())).all()
