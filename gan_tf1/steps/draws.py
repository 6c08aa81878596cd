"""Recording what the steps of a chapter draw, so that the same steps can be made elsewhere.

A step draws its batches from the training set, and its noise from the random numbers. `Spy` stands
in for either of them and records the values; `Again` gives recorded values in the same order.
"""

import numpy as np

from gan_tf1.tf1 import tf
from gan_tf1.training import tracing


class Spy:
    """Passes on the values of a training set or a random generator, and records them."""

    def __init__(self, giver, drawn, kept=lambda value: value):
        """`drawn` is the list to which each value is appended, after `kept(value)`."""
        self._giver, self._drawn, self._kept = giver, drawn, kept

    def _noted(self, value):
        value = tf.nest.map_structure(self._kept, value)
        # A step may change an array in place.
        self._drawn.append(tf.nest.map_structure(
            lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, value))
        return value

    def __getattr__(self, name):
        given = getattr(self._giver, name)
        if name in ("images", "labels", "others"):  # a column, to be indexed
            return Spy(given, self._drawn, self._kept)
        if not callable(given):
            return given
        return lambda *arguments, **named: self._noted(given(*arguments, **named))

    def __getitem__(self, rows):
        return self._noted(self._giver[rows])

    def __len__(self):
        return len(self._giver)


def spied(step):
    """`step`, but it returns a pair: what the step returns, and the list of all that it drew."""
    def noting(sess, train_set, rng):
        drawn = []
        return step(sess, Spy(train_set, drawn), Spy(rng, drawn)), drawn
    return noting


class Again:
    """Returns the recorded values in order, whatever it is asked for."""

    def __init__(self, drawn, train_set=None):
        self._drawn, self._train_set = drawn, train_set
        self.num_examples = getattr(train_set, "num_examples", None)

    def __getattr__(self, name):
        if name in ("images", "labels", "others"):  # a column, to be indexed
            return Again(self._drawn, getattr(self._train_set, name))
        return lambda *arguments, **named: self._drawn.pop(0)

    def __getitem__(self, rows):
        return self._drawn.pop(0)

    def __len__(self):
        return len(self._train_set)


def numbers(fetched):
    """The scalars that each step has fetched, without its batches: float64 [steps, k]."""
    return np.array([[leaf for leaf in tf.nest.flatten(each) if np.ndim(leaf) == 0]
                     for each in fetched], np.float64)


class Watching:
    """A session that also fetches the losses `watch`, name -> tensor, before its first call."""

    def __init__(self, sess, watch):
        self._sess, self._watch, self.watched = sess, watch, {}

    def run(self, fetches, feed_dict=None):
        if self._watch and not self.watched:
            self.watched = self._sess.run(self._watch, feed_dict)
        return self._sess.run(fetches, feed_dict)


def plain(value):
    """A drawn leaf in the types of an exported step: float32, int32 or None."""
    if value is None:
        return None
    value = np.asarray(value)
    return value.astype(np.float32 if value.dtype.kind == "f" else np.int32)


def recorded(sess, small, steps, rng):
    """Make `steps` steps of `small` in `sess` with the random numbers `rng`.

    Returns the draws of each step, as lists for `Again`, and the losses, float64 [steps, k].
    """
    draws, losses = [], []
    for _ in range(steps):
        draws.append([])
        watching = Watching(sess, small.watch)
        fetched = small.step(watching, Spy(small.train_set, draws[-1], plain),
                             Spy(rng, draws[-1], plain))
        losses.append((watching.watched, fetched))
    return draws, numbers(losses)


def replayed(sess, small, draws, dtype=np.float32):
    """Make the steps of `small` again with recorded `draws`, whose floats are converted to `dtype`.

    Returns the losses, float64 [steps, k].
    """
    losses = []
    for drawn in draws:
        drawn = tf.nest.map_structure(lambda leaf: leaf if leaf is None else np.array(
            leaf, dtype if leaf.dtype == np.float32 else leaf.dtype), drawn)
        watching, again = Watching(sess, small.watch), Again(drawn, small.train_set)
        losses.append((small.step(watching, again, again), watching))
        assert not drawn, "a step drew less than it did when it was recorded"
    return numbers([(watching.watched, fetched) for fetched, watching in losses])


def traced(graph, small, draws):
    """The step of `small` as ops of `graph`, with a placeholder for each leaf of `draws`, of one step.

    Returns (placeholders, losses, done): the placeholders by name, the scalars that the step returns
    in the order of `recorded`, and the ops after which all variables are updated.
    """
    placeholders, count = {}, 0

    def made(leaf):
        nonlocal count
        if leaf is None:
            return None
        count += 1
        name = f"draw_{count}"
        # Within `double.precision`, tf.float32 is float64.
        dtype = tf.float32 if leaf.dtype == np.float32 else leaf.dtype
        placeholders[name] = tf.placeholder(dtype, leaf.shape, name=f"inputs/{name}")
        return tracing.Traced(placeholders[name])

    drawn = [tf.nest.map_structure(made, value) for value in draws]
    session, again = tracing.Session(graph, small.watch), Again(drawn, small.train_set)
    fetched = small.step(session, again, again)
    losses = [leaf for leaf in tf.nest.flatten(tracing.tensors((session.watched or {}, fetched)))
              if leaf is not None and leaf.shape.rank == 0]
    return placeholders, losses, session.done
