"""The loop in the graph: the chapters' own steps, traced, against the same steps fed."""

import numpy as np
import pytest

from conftest import values
from gan_tf1 import loop, tracing
from gan_tf1.data import digits, svhn
from gan_tf1.data.mnist import DataSet
from gan_tf1.models import (
    conditional_gan, dcgan_class, dcgan_mnist, dcgan_svhn, dcgan_upsampling, mnist_gan,
    semi_supervised_svhn, vanilla_gan, wasserstein_gan, wasserstein_gan_gp)
from gan_tf1.tf1 import new_graph, session_config, tf

MODELS = {  # name -> model and its smallest settings
    "mnist_gan": (mnist_gan, dict(batch_size=20, gen_hidden_size=8, disc_hidden_size=8)),
    "dcgan_svhn": (dcgan_svhn, dict(batch_size=8, z_size=5, g_size_mult=2, d_size_mult=2)),
    "dcgan_svhn_as_printed": (dcgan_svhn, dict(batch_size=8, z_size=5, g_size_mult=2,
                                               d_size_mult=2, scaling="batch_minimum")),
    "semi_supervised": (semi_supervised_svhn, dict(batch_size=8, z_size=5, g_size_mult=2,
                                                   d_size_mult=2, num_labels=10)),
    "semi_supervised_corrected": (semi_supervised_svhn, dict(
        batch_size=8, z_size=5, g_size_mult=2, d_size_mult=2, num_labels=10,
        variant="corrected")),
    "dcgan_mnist": (dcgan_mnist, dict(batch_size=8, z_size=5, gen_channels=2, disc_channels=2)),
    "vanilla_gan": (vanilla_gan, dict(batch_size=8, hidden_size=4, z_dim=5)),
    "dcgan_upsampling": (dcgan_upsampling, dict(batch_size=8, channels=1, z_dim=5)),
    "conditional_gan": (conditional_gan, dict(batch_size=8, hidden_size=4, z_dim=5)),
    "wasserstein_gan": (wasserstein_gan, dict(batch_size=8, hidden_size=4, z_dim=5, n_critic=2)),
    "wasserstein_gan_gp": (wasserstein_gan_gp, dict(batch_size=8, hidden_size=4, z_dim=5,
                                                    n_critic=2)),
    "dcgan_class": (dcgan_class, dict(batch_size=8, gen_channels=1, disc_channels=1, z_dim=5)),
}
DIGITS = np.random.default_rng(5).integers(0, 256, (203, 28, 28), np.uint8)
COLOURS = np.random.default_rng(6).integers(0, 256, (203, 32, 32, 3), np.uint8)
LABELS = np.random.default_rng(7).integers(0, 10, 203).astype(np.uint8)


def chapter(name):
    """`(net, train_set, step, epoch)` of a model in the current graph."""
    model, settings = MODELS[name]
    config = model.Config(**settings)
    net = model.build(config)
    if model in (dcgan_svhn, semi_supervised_svhn):
        labels = LABELS.astype(np.int32)
        train_set = svhn.Dataset(svhn.Arrays(COLOURS, labels, COLOURS[:9], labels[:9]), 10)
        return (net, train_set, lambda sess, train_set, rng: model.step(
            sess, net, train_set.next_batch(config.batch_size), rng, config),
            train_set.steps(config.batch_size))
    train_set = DataSet(DIGITS, LABELS)
    if model not in (mnist_gan, dcgan_class):
        train_set = digits.Pool(train_set)
    return (net, train_set, lambda sess, train_set, rng: model.step(
        sess, net, train_set, rng, config), 203 // config.batch_size)


class Spy:
    """Hands on what a training set or a generator gives, and takes it down."""

    def __init__(self, giver, drawn):
        self._giver, self._drawn = giver, drawn

    def __getattr__(self, name):
        given = getattr(self._giver, name)
        if not callable(given):
            return given

        def noted(*arguments, **named):
            self._drawn.append(given(*arguments, **named))
            return self._drawn[-1]
        return noted


def spied(step):
    """`step`, returning besides what it fetched all that it drew."""
    def noting(sess, train_set, rng):
        drawn = []
        return step(sess, Spy(train_set, drawn), Spy(rng, drawn)), drawn
    return noting


class Again:
    """Gives what was taken down, whatever it is asked for."""

    def __init__(self, drawn, train_set=None):
        self._drawn = drawn
        if train_set:
            self.images, self.labels = train_set.images, train_set.labels
            self.num_examples = train_set.num_examples

    def __getattr__(self, name):
        return lambda *arguments, **named: self._drawn.pop(0)


def both(name, folder, steps=50, xla=False):
    """Variables and fetched numbers after the epochs that make at least `steps`: by either loop."""
    with new_graph(3, resource_variables=True).as_default(), \
            tf.Session(config=session_config()) as sess:
        net, train_set, step, epoch = chapter(name)
        steps = -(-steps // epoch) * epoch
        graph = loop.build(spied(step), train_set, 3, epoch, xla=xla)
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        start = saver.save(sess, str(folder / "start"))

        turns = loop.graph_steps(sess, graph, 0)
        looped = [next(turns).fetched[0] for _ in range(steps)]
        after_loop = values(sess)

        # One step a call, for a call returns its last step's draws.
        drawn = []
        for number in range(steps):
            whole = graph.last is None or number % epoch < epoch - 1
            (_, draws), _ = sess.run(graph.steps if whole else graph.last,
                                     {graph.first: number, graph.count: 1})
            drawn.append(tf.nest.map_structure(lambda stack: stack[0], draws))

        saver.restore(sess, start)
        fed = [step(sess, Again(draws, None if hasattr(train_set, "arrays") else train_set),
                    Again(draws)) for draws in drawn]
        assert not any(drawn), "the fed step drew less than the traced one"
        return after_loop, values(sess), looped, fed


def numbers(fetched):
    """The numbers of each step, without batches: float64 [steps, k]."""
    return np.array([[leaf for leaf in tf.nest.flatten(each) if np.ndim(leaf) == 0]
                     for each in fetched], np.float64)


@pytest.fixture
def large_epsilon(monkeypatch):
    """Adam with an epsilon of 0.001.

    A bias before a batch norm has no gradient but rounding, and Adam's own epsilon lets it make
    whole steps of that: those biases then end anywhere, whatever the loop.
    """
    adam = tf.train.AdamOptimizer
    monkeypatch.setattr(tf.train, "AdamOptimizer", lambda *arguments, **named: adam(
        *arguments, **{**named, "epsilon": 0.001}))


@pytest.mark.parametrize("name", MODELS)
def test_fifty_steps_in_the_graph_end_where_the_same_steps_fed_end(name, tmp_path, large_epsilon):
    after_loop, after_feeds, looped, fed = both(name, tmp_path)
    assert after_loop.keys() == after_feeds.keys()
    for variable, value in after_loop.items():
        np.testing.assert_allclose(value, after_feeds[variable], atol=1e-5, err_msg=variable)
    np.testing.assert_allclose(numbers(looped), numbers(fed), rtol=1e-4, atol=1e-5)
