"""Training steps by either of two loops: the chapters' own, and one in the graph.

With `--loop feed` Python draws each batch and feeds it, as the chapters do. With `--loop graph`
the training set lies on the device as bytes, and one `session.run` makes many steps: a
`tf.while_loop` over the chapter's own step, traced (`tracing.py`). Same mathematics, same
order, but batches and noise of its own: functions of the seed and of the step's number alone.
"""

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data.training_set import TrainingSet
from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf
from gan_tf1.training import tracing

SECONDS = 2.  # of one call: a bar of progress is to move


class Loop(NamedTuple):
    """How a run makes its steps."""
    loop: str = "feed"             # or "graph"
    xla: bool = False              # compile the loop in the graph
    mixed_precision: bool = False  # bfloat16 where grappler deems it safe


class Taken(NamedTuple):
    """What one training step left."""
    fetched: Any      # what the chapter's step returned
    losses: dict      # the watched losses, as the step found them; by the graph's loop alone
    seconds: float    # how long it took; by the graph's loop, its share of the call


class Graph(NamedTuple):
    """A loop in the graph: what it is fed with and what it gives."""
    first: Any        # number of the first step, counted from 0
    count: Any        # how many steps
    steps: tuple      # (fetched, losses) of `count` steps: numbers [epoch], arrays [1, ...]
    last: Any         # the same of the smaller batch that ends an epoch, all [1, ...], or None
    epoch: int        # steps an epoch, that one counted
    load: list        # pairs of op and feed: puts the training set on the device
    ready: Any        # of a step's number, for how many steps from it on a call has the rows


def bound(step, net, config):
    """A chapter's `step(sess, net, train_set, rng, config)` as a function of what a loop supplies."""
    def bound_step(sess, train_set, rng):
        return step(sess, net, train_set, rng, config)
    return bound_step


def feed_steps(sess, step, train_set: TrainingSet, rng):
    """The chapters' loop: a `Taken` of each `step(sess, train_set, rng)`, without end."""
    while True:
        start = perf_counter()
        fetched = step(sess, train_set, rng)
        yield Taken(fetched, {}, perf_counter() - start)


def graph_steps(sess, graph, first):
    """The loop in the graph: a `Taken` of each step from number `first` on, without end."""
    load(sess, graph)
    size = 1
    while True:
        taken = call(sess, graph, first, size)
        yield from taken
        first += len(taken)
        size = max(1, min(int(SECONDS / taken[0].seconds), 10 * size))  # the first call is slow


def load(sess, graph):
    """Put the training set on the device."""
    for initialize, feed in graph.load:
        sess.run(initialize, feed)


def call(sess, graph, first, most):
    """One `session.run`: a `Taken` of each step from number `first` on, `most` of them.

    They are fewer where the epoch ends, or the rows that a call has. Of a step's batch, `fetched`
    has that of the last step.
    """
    at, whole = first % graph.epoch, graph.epoch - bool(graph.last)
    count = min(most, whole - at, graph.ready(first)) if at < whole else 1
    start = perf_counter()
    values = sess.run(graph.steps if at < whole else graph.last,
                      {graph.first: first, graph.count: count})
    seconds = (perf_counter() - start) / count
    return [Taken(*tf.nest.map_structure(
        lambda stack: None if stack is None else stack[number % len(stack)], values), seconds)
        for number in range(count)]


def build(step, train_set: TrainingSet, seed, epoch, watch=(), xla=False) -> Graph:
    """A `Graph` of `step(sess, train_set, rng)` in the current default graph.

    The columns of `train_set.stored()` go to the device. `epoch` is the number of steps per epoch.
    `watch` has losses by name, whose values the loop keeps for every step. With `xla` the loop is
    compiled as a whole.

    Raises InputError if an epoch has more steps than the loop can count.
    """
    if epoch >= 2**31:  # the index of a TensorArray has 32 bits
        raise InputError(f"--loop graph takes at most {2**31 - 1} steps per epoch or interval, not "
                         f"{epoch}: make it shorter, or use --loop feed")
    graph = tf.get_default_graph()
    first = tf.placeholder(tf.int64, (), name="loop/first")
    count = tf.placeholder(tf.int64, (), name="loop/count")
    columns, load = _on_device(train_set.stored())

    def trace(number, rows):
        session = tracing.Session(graph, watch)
        examples = tracing.Examples(train_set, columns, rows)
        fetched = step(session, examples, tracing.Random(seed, number))
        taken = tf.nest.map_structure(_kept, tracing.tensors((fetched, session.watched or {})))
        return taken, session.done, examples.batch_size

    # This trace tells what a step gives. Of what it computes only the batch is used: the last
    # step's, in which no variable has a part.
    last, order = first + count - 1, _Order(train_set, seed, first)
    example, _, batch_size = trace(last, order.rows(last))
    example_leaves = [leaf for leaf in tf.nest.flatten(example) if leaf is not None]
    numbers = [leaf for leaf in example_leaves if _is_number(leaf)]

    def steps(first, count):
        def body(number, stacks):
            taken, done, _ = trace(number, order.rows(number))
            taken = [leaf for leaf in tf.nest.flatten(taken) if _is_number(leaf)]
            with tf.control_dependencies(done):
                at = tf.cast(number - first, tf.int32)
                return number + 1, [stack.write(at, leaf) for stack, leaf in zip(stacks, taken)]

        end, stacks = tf.while_loop(
            lambda number, _: number < first + count, body,
            (first, [tf.TensorArray(leaf.dtype, epoch, element_shape=()) for leaf in numbers]),
            parallel_iterations=1, return_same_structure=True)
        return [end] + [stack.stack() for stack in stacks]

    def smaller_step(number):
        taken, done, _ = trace(number, order.rows(number, rest))
        with tf.control_dependencies(done):
            return [leaf[None] for leaf in tf.nest.flatten(taken) if leaf is not None]

    compiled = tf.xla.experimental.compile if xla else lambda function, inputs: function(*inputs)
    end, *stacks = compiled(steps, [first, count])
    with tf.control_dependencies([end]):
        taken = [stacks.pop(0) if _is_number(leaf) else leaf[None] for leaf in example_leaves]
    rest = train_set.num_examples % batch_size if batch_size and not train_set.carries_over else 0
    last = compiled(smaller_step, [first]) if rest else None
    return Graph(first, count, _packed(example, taken), last and _packed(example, last), epoch,
                 load, order.ready)


def _kept(leaf):
    """A leaf as an array of tensors takes it on a GPU too: no whole number."""
    return tf.cast(leaf, tf.float32) if _is_number(leaf) and leaf.dtype.is_integer else leaf


def _is_number(leaf):
    return leaf is not None and leaf.shape.rank == 0


def _packed(example, flat):
    """`flat` in the structure of `example`, whose Nones it leaves out."""
    flat = list(flat)
    return tf.nest.pack_sequence_as(example, [leaf if leaf is None else flat.pop(0)
                                              for leaf in tf.nest.flatten(example)])


def _on_device(arrays):
    """Variables that hold `arrays`, each set once: the tensors, and the ops and feeds to set them.

    They are local variables: no Saver is to keep the data set.
    """
    columns, load = [], []
    for number, array in enumerate(arrays):
        source = tf.placeholder(array.dtype, array.shape)
        column = tf.get_variable(f"loop/column_{number}", initializer=source, trainable=False,
                                 use_resource=True, collections=[tf.GraphKeys.LOCAL_VARIABLES])
        columns.append(column)
        load.append((column.initializer, {source: array}))
    return columns, load


class _Order:
    """Which rows of the training set each step's batch has: every pass has a permutation.

    It is made once, where the first rows are asked for, outside of the loop: of the pass in which
    the step `first` falls, and of the next
    one where a batch may reach into that.
    """

    def __init__(self, train_set, seed, first):
        self._set, self._seed, self._first, self._order = train_set, seed, first, None

    def _make(self, batch_size):
        if self._order is None:
            size = self._set.num_examples
            # Of an epoch, as a number of rows: where batches carry over, what is cut is made up for.
            self._rows = size if self._set.carries_over else -(-size // batch_size) * batch_size
            self._begin = self._first * batch_size // self._rows
            reaches_over = self._set.carries_over and size % batch_size
            passes = [self._begin, self._begin + 1] if reaches_over else [self._begin]
            self._order = tf.concat([self._permutation(number) for number in passes], 0)
            self._batch_size, self._passes = batch_size, len(passes)

    def ready(self, first):
        """For how many steps from number `first` on a call that begins with it has the rows."""
        if self._order is None:  # no step asks for any
            return np.inf
        begin = first * self._batch_size // self._rows
        return (begin + self._passes) * self._rows // self._batch_size - first

    def rows(self, number, rest=0):
        """A function of the batch size: the rows [B] of step `number`, or the `rest` of a pass."""
        def rows_of(batch_size):
            self._make(batch_size)
            start = number * batch_size - self._begin * self._rows
            return tf.slice(self._order, [start], [rest or batch_size])
        return rows_of

    def _permutation(self, number):
        key = tf.stack([tf.constant(self._seed, tf.int64), -1 - number])  # a draw's isn't negative
        lots = tf.random.stateless_uniform([self._set.num_examples], key, None, None, tf.int32,
                                           alg=tracing.ALGORITHM)
        return tf.argsort(lots, stable=True)
