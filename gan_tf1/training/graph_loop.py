"""The two training loops: the chapters' own, and one in the graph.

With `--loop feed` Python draws each batch and feeds it, as the chapters do. With `--loop graph`
the training set is stored on the device as bytes, and one `session.run` makes many steps: it runs
a `tf.while_loop` over the chapter's own step, which `tracing.py` has turned into ops. The
mathematics and the order of the updates are the same. The batches and the noise are different:
they depend only on the seed and on the number of the step.
"""

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data.training_set import TrainingSet
from gan_tf1.errors import InputError
from gan_tf1.tf1 import has_gpu_device, new_graph, tf
from gan_tf1.training import tracing

SECONDS = 2.  # the intended duration of one call, so that the progress bar keeps moving


class Loop(NamedTuple):
    """How a run makes its steps."""
    loop: str = "feed"             # or "graph"
    xla: bool = False              # compile the loop in the graph
    mixed_precision: bool = False  # bfloat16 wherever grappler considers it safe

    def new_graph(self, seed, divided=False):
        """An empty `tf.Graph` with `seed` and the kind of variables that this loop needs.

        `divided` is whether its steps will be divided among towers.
        """
        return new_graph(seed, resource_variables=divided or self.loop == "graph")


class Taken(NamedTuple):
    """The result of one training step."""
    fetched: Any      # what the chapter's step returned
    losses: dict      # the watched losses before the step's updates; empty in the feed loop
    seconds: float    # how long the step took; in the graph loop, its share of the call


class Graph(NamedTuple):
    """A loop in the graph: its placeholders and its results."""
    first: Any        # placeholder: the number of the first step, counted from 0
    count: Any        # placeholder: how many steps to make
    steps: tuple      # (fetched, losses) of `count` steps: scalars as [epoch], arrays as [1, ...]
    last: Any         # the same for the smaller batch that ends an epoch, all [1, ...]; or None
    epoch: int        # steps per epoch, including the one with the smaller batch
    load: list        # pairs (op, feed) that copy the training set to the device
    ready: Any        # function of a step's number: how many steps one call can make from there


def bound(step, net, config):
    """A chapter's step as a function of the three arguments that a loop supplies."""
    def bound_step(sess, train_set, rng):
        return step(sess, net, train_set, rng, config)
    return bound_step


def feed_steps(sess, step, train_set: TrainingSet, rng):
    """Yield a `Taken` for each call of `step(sess, train_set, rng)`, as in the chapters' loop."""
    while True:
        start = perf_counter()
        fetched = step(sess, train_set, rng)
        yield Taken(fetched, {}, perf_counter() - start)


def graph_steps(sess, graph, first, stops=0):
    """Yield a `Taken` for each step of the loop in the graph, starting with step `first`.

    If `stops` is not 0, a call ends after every `stops`th step, so that a script can then read variables
    and find those that this step has left.
    """
    load(sess, graph)
    size = 1
    while True:
        taken = call(sess, graph, first, min(size, stops - first % stops) if stops else size)
        yield from taken
        first += len(taken)
        size = max(1, min(int(SECONDS / taken[0].seconds), 10 * size))  # the first call is slow


def load(sess, graph) -> None:
    """Copy the training set to the device."""
    for initialize, feed in graph.load:
        sess.run(initialize, feed)


def call(sess, graph, first, most):
    """Make at most `most` steps with one `session.run`, starting with step `first`.

    Returns a `Taken` for each step. There are fewer than `most` if the epoch ends, or if the order
    of the training set is known for fewer steps. Scalars in `fetched` are each step's own; arrays,
    such as its batch, are always those of the last step.
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


def runner(sess, graph):
    """A function that makes as many steps as it is told, and goes on from there when called again.

    It returns what the last `call` returned.
    """
    made = 0

    def run(count):
        nonlocal made
        end = made + count
        while made < end:
            taken = call(sess, graph, made, end - made)
            made += len(taken)
        return taken
    return run


def build(step, train_set: TrainingSet, seed, epoch, watch=(), xla=False) -> Graph:
    """Build the `Graph` that repeats `step(sess, train_set, rng)`, in the current default graph.

    step       a chapter's step, as returned by `bound`
    train_set  the training set, whose `stored()` columns are kept on the device
    epoch      steps per epoch
    watch      name -> loss tensor, for the losses whose values are recorded at every step
    xla        whether to compile the loop as a whole

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
        fetched = step(session, examples, tracing.Random(seed, number, xla and not has_gpu_device()))
        taken = tf.nest.map_structure(_kept, tracing.tensors((fetched, session.watched or {})))
        return taken, session.done, examples.batch_size

    # This trace shows the structure of what a step returns. The only values used from it are those
    # of the last step's batch, which do not depend on any variable.
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

    def one_step(number, rest=0):
        taken, done, _ = trace(number, order.rows(number, rest))
        with tf.control_dependencies(done):
            return [leaf[None] for leaf in tf.nest.flatten(taken) if leaf is not None]

    compiled = tf.xla.experimental.compile if xla else lambda function, inputs: function(*inputs)
    single = xla and single_steps(graph)
    if single:
        taken = compiled(one_step, [first])
    else:
        end, *stacks = compiled(steps, [first, count])
        with tf.control_dependencies([end]):
            taken = [stacks.pop(0) if _is_number(leaf) else leaf[None] for leaf in example_leaves]
    rest = train_set.num_examples % batch_size if batch_size and not train_set.carries_over else 0
    last = compiled(lambda number: one_step(number, rest), [first]) if rest else None
    return Graph(first, count, _packed(example, taken), last and _packed(example, last), epoch,
                 load, (lambda first: 1) if single else order.ready)


def single_steps(graph) -> bool:
    """Whether a compiled call should make a single step of the network in `graph`.

    On a processor XLA has fast kernels for convolutions, but does not use them inside of a loop, where
    convolutions take 40 to 70 times as long.
    """
    return not has_gpu_device() and any("Conv2D" in op.type for op in graph.get_operations())


def slow_if_compiled(loop, graph) -> str:
    """A sentence for the user if `loop`, a `Loop`, compiles convolutions of `graph` for a processor; else ""."""
    if not (loop.xla and single_steps(graph)):
        return ""
    return ("the network has convolutions, and on a processor those of XLA are slow: a step takes 2 to 10 times "
            "as long as without --xla")


def _kept(leaf):
    """`leaf`, with integers as floats: on a GPU a TensorArray cannot hold integers."""
    return tf.cast(leaf, tf.float32) if _is_number(leaf) and leaf.dtype.is_integer else leaf


def _is_number(leaf):
    return leaf is not None and leaf.shape.rank == 0


def _packed(example, flat):
    """Pack the list `flat`, which has no entries for None, into the structure of `example`."""
    flat = list(flat)
    return tf.nest.pack_sequence_as(example, [leaf if leaf is None else flat.pop(0)
                                              for leaf in tf.nest.flatten(example)])


def _on_device(arrays):
    """Variables that hold `arrays`, and the pairs (op, feed) that initialize them.

    They are local variables, so that no Saver writes the data set into a checkpoint.
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
    """The order in which steps take the rows of a training set: a new permutation for each pass.

    The permutations are computed outside of the loop, once per call: that of the pass which
    contains step `first`, and that of the next pass if a batch may extend into it.
    """

    def __init__(self, train_set, seed, first):
        self._set, self._seed, self._first, self._order = train_set, seed, first, None

    def _make(self, batch_size):
        if self._order is None:
            size = self._set.num_examples
            # A pass in rows. Without carrying over, the rows missing from its last batch count too.
            self._rows = size if self._set.carries_over else -(-size // batch_size) * batch_size
            self._begin = self._first * batch_size // self._rows
            reaches_over = self._set.carries_over and size % batch_size
            passes = [self._begin, self._begin + 1] if reaches_over else [self._begin]
            self._order = tf.concat([self._permutation(number) for number in passes], 0)
            self._batch_size, self._passes = batch_size, len(passes)

    def ready(self, first):
        """The number of steps that its permutations suffice for, in a call that begins with step `first`."""
        if self._order is None:  # the step takes no batches from the order
            return np.inf
        begin = first * self._batch_size // self._rows
        return (begin + self._passes) * self._rows // self._batch_size - first

    def rows(self, number, rest=0):
        """A function of the batch size that returns the rows [B] of step `number`.

        With `rest`, it returns the last `rest` rows of a pass.
        """
        def rows_of(batch_size):
            self._make(batch_size)
            start = number * batch_size - self._begin * self._rows
            return tf.slice(self._order, [start], [rest or batch_size])
        return rows_of

    def _permutation(self, number):
        # Negative, so that no key is the same as that of a draw.
        key = tf.stack([tf.constant(self._seed, tf.int64), -1 - number])
        lots = tf.random.stateless_uniform([self._set.num_examples], key, None, None, tf.int32,
                                           alg=tracing.ALGORITHM)
        return tf.argsort(lots, stable=True)
