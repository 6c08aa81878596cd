"""Tracing: turning a chapter's step, with its NumPy and `session.run` lines, into ops of the graph.

The chapters' `step(sess, gan, train_set, rng, config)` draws a batch and noise with NumPy and
runs ops on them. If it is called with the four stand-ins of this module, it does the same inside
the graph:

    Session    for `tf.Session`: `run` copies the fetched ops, with the feeds in place of the
               placeholders, in the order of the calls
    Examples   for the training set, which is stored on the device as bytes
    Random     for `numpy.random.Generator`: every number depends only on the seed and the step
    Traced     for `numpy.ndarray`: the type of all values that the others return; NumPy's
               functions accept it

So no model, loss or step has to be written a second time: `graph_loop.py` puts the traced step
into a `tf.while_loop`.
"""

import numpy as np

from gan_tf1.data.training_set import TrainingSet
from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf
from gan_tf1.training import philox, shortcuts

DRAWS = 1000  # the most draws that one step may make
ALGORITHM = "philox"  # gives the same numbers on every device, compiled or not
STREAM = 2**32  # keeps the keys of draws different from those of dropout, which are seeds too


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor of known shape that NumPy's functions accept as an array.

    It implements NumPy's protocols for foreign arrays (NEP 13 and NEP 18) for those functions that
    the chapters' steps use. Any other function raises TypeError.
    """

    def __init__(self, tensor):
        self.tensor = tensor

    @property
    def shape(self):
        return tuple(self.tensor.shape.as_list())

    def __len__(self):
        return self.shape[0]

    def reshape(self, *shape):
        return Traced(tf.reshape(self.tensor, shape))

    def astype(self, dtype):
        return Traced(tf.cast(self.tensor, dtype))

    def min(self):
        return Traced(tf.reduce_min(self.tensor))

    def sum(self):
        return Traced(tf.reduce_sum(self.tensor))

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        ops = {np.add: tf.add, np.subtract: tf.subtract, np.multiply: tf.multiply,
               np.divide: tf.divide, np.rint: tf.rint}
        if method != "__call__" or options or ufunc not in ops:
            return NotImplemented
        # `x *= 2` passes x as `out`. It can be ignored, since Python assigns the result to x.
        return Traced(ops[ufunc](*(as_tensor(x, self.tensor.dtype) for x in inputs)))

    def __array_function__(self, function, types, args, options):
        if function is not np.vstack or options:
            return NotImplemented
        return Traced(tf.concat([as_tensor(part, self.tensor.dtype) for part in args[0]], 0))


def as_tensor(value, dtype):
    """Convert `value`, a `Traced`, an array or a number, to a tensor of `dtype`."""
    if isinstance(value, Traced):
        return tf.cast(value.tensor, dtype)
    return tf.constant(np.asarray(value), dtype)


def tensors(structure):
    """The nested `structure` with every `Traced` replaced by its tensor."""
    return tf.nest.map_structure(lambda leaf: getattr(leaf, "tensor", leaf), structure)


class Random:
    """The distributions of `numpy.random.Generator` that the chapters use, in one step.

    A draw depends only on `seed`, on `step` (an int64 tensor) and on the number of earlier draws in
    the same step. There is no state to save, so a resumed run draws the same numbers as an
    uninterrupted one. They are not the numbers that NumPy would draw.

    `compiled` is whether XLA will compile the step for a processor. The numbers are the same.

    A draw raises InputError if the step has made too many before it.
    """

    def __init__(self, seed, step, compiled=False):
        self._seed, self._step, self._draws, self._compiled = seed + STREAM, step, 0, compiled

    def _key(self):
        if self._draws == DRAWS:  # the next key would be the first of the next step
            raise InputError(f"--loop graph makes at most {DRAWS} draws in a step: choose a smaller "
                             "--disc-steps, or --loop feed")
        self._draws += 1
        return tf.stack([tf.constant(self._seed, tf.int64),
                         self._step * DRAWS + (self._draws - 1)])

    def _whole(self, size, low=None, high=None):
        return tf.random.stateless_uniform(np.atleast_1d(size), self._key(), low, high, tf.int32,
                                           alg=ALGORITHM)

    def _standard_uniform(self, size):
        # TensorFlow and XLA convert random bits to floats in different ways, so it is done here.
        whole = philox.bits(np.atleast_1d(size), self._key()) if self._compiled else self._whole(size)
        return tf.cast(tf.bitwise.bitwise_and(whole, 2**24 - 1), tf.float32) * 2.**-24

    def uniform(self, low=0., high=1., size=()):
        return Traced(low + (high - low) * self._standard_uniform(size))

    def normal(self, loc=0., scale=1., size=()):
        radius = tf.sqrt(-2 * tf.log(1 - self._standard_uniform(size)))  # Box and Muller 1958
        return Traced(loc + scale * radius * tf.cos(2 * np.pi * self._standard_uniform(size)))

    def integers(self, low, high, size=()):
        return Traced(self._whole(size, low, high))


class Examples:
    """The training set in one step, with `next_batch(n)`, `images[rows]` and `labels[rows]`.

    If the training set consists of two sets without pairs, `others[rows]` gives images of the
    second set, which has `len(others)` images.

    `columns` are the tensors of `train_set.stored()`, and `rows_of(batch_size)` returns the rows of
    the step's batch, [B]. A second call of `next_batch` raises ValueError.
    """

    def __init__(self, train_set: TrainingSet, columns, rows_of):
        self.num_examples = train_set.num_examples
        self.batch_size = None
        self._train_set = train_set
        self._decode, self._columns, self._rows_of = train_set.decode, columns, rows_of

    def _decoded(self, rows):
        return self._decode(*(Traced(tf.gather(column, rows)) for column in self._columns))

    def next_batch(self, batch_size):
        if self.batch_size:
            raise ValueError("a traced step can call next_batch only once")
        self.batch_size = batch_size
        return self._decoded(self._rows_of(batch_size))

    @property
    def images(self):
        return _Column(self, 0)

    @property
    def labels(self):
        return _Column(self, 1)

    @property
    def others(self):
        return _Column(self, 1, len(self._train_set.others))


class _Column:
    """A column of `Examples` that is decoded when it is indexed with traced rows [B]."""

    def __init__(self, examples, number, length=None):
        self._examples, self._number, self._length = examples, number, length

    def __len__(self):
        return self._length

    def __getitem__(self, rows):
        return self._examples._decoded(rows.tensor)[self._number]


READS = ("ReadVariableOp", "ResourceGather")  # stateful ops that only read a variable


class Session:
    """A stand-in for `tf.Session` whose `run` adds ops to the graph, in the order of the calls.

    A call copies the ops that its fetches depend on, with the feeds in place of the placeholders.
    The copies use the original variables. These must be resource variables: reading one is then an
    op of its own, and can be ordered before or after an update.

    Nothing is computed twice: a call uses an op of an earlier call again if the op has no state and
    the same inputs, or if it reads a variable that has not been updated since. So two calls that
    feed a network the same batch share the pass through it, unless the network is updated between
    them. Some ops are replaced by others that compute the same faster (`shortcuts.py`).

    watch    name -> tensor, fetched in addition by the first call
    watched  the results of `watch`, name -> `Traced`; None before the first call
    done     ops that have read or updated a variable, for which all later ops must wait
    """

    def __init__(self, graph, watch=()):
        self.done = []
        self.watched = None
        self._watch = dict(watch)
        self._ops = graph.get_operations()
        self._shortcuts = shortcuts.of(self._ops)
        self._updating = behind_updates(self._ops)
        self._known = {}    # what an op computes -> its copy
        self._calls = 0
        self._updated = {}  # variable -> the call that has last updated it

    def run(self, fetches, feed_dict=None):
        """Add one call to the graph.

        Returns the structure of `fetches` with a `Traced` for each tensor and None for each op.
        Raises ValueError if a placeholder is needed and not fed.
        """
        self._calls += 1
        feeds = {placeholder.ref(): as_tensor(value, placeholder.dtype)
                 for placeholder, value in (feed_dict or {}).items()}
        watch = self._watch if self.watched is None else {}
        fetched = [tf.get_default_graph().as_graph_element(fetch)
                   for fetch in tf.nest.flatten([fetches, watch])]
        copies, touched = {}, []
        needed = leading_to(ops_of(fetched, feeds), self._ops, lambda op: (
            self._waits_for(op) + ops_of(self._inputs(op), feeds)))
        for op in needed:
            copies[op] = self._copy(op, feeds, copies, touched)
        for op in needed:
            if updates(op):
                self._updated.update((tensor.op, self._calls) for tensor in op.inputs
                                     if tensor.dtype == tf.resource)
        if touched:
            with tf.control_dependencies(touched + self.done):
                self.done = [tf.no_op()]

        values = [_copied(fetch, feeds, copies) if isinstance(fetch, tf.Tensor) else None
                  for fetch in fetched]
        values = [value if value is None else Traced(value) for value in values]
        values, watched = tf.nest.pack_sequence_as([fetches, watch], values)
        self.watched = self.watched or watched
        return values

    def _inputs(self, op):
        return self._shortcuts[op].inputs if op in self._shortcuts else op.inputs

    def _waits_for(self, op):
        """The control inputs of `op` that can change its result.

        An op that neither reads nor updates a variable only has to wait for updates. With its
        default of `GATE_OP`, `minimize` makes the gradients of an op wait for each other; here a
        gradient that is not used is not computed.
        """
        controls = [*op.control_inputs, *(self._shortcuts[op].after if op in self._shortcuts else ())]
        return [control for control in controls
                if op.op_def.is_stateful or control in self._updating]

    def _copy(self, op, feeds, copies, touched):
        """The copy of `op`: a new op, or one of an earlier call that computes the same."""
        if op.type == "VarHandleOp":
            return op
        if op.type == "Placeholder":
            raise ValueError(f"{op.name} is needed, but not fed")
        kind, _, attributes, _ = self._shortcuts.get(op) or (op.type, None, op.node_def.attr, None)
        inputs = [_copied(tensor, feeds, copies) for tensor in self._inputs(op)]
        after = [copies[control] for control in self._waits_for(op)]
        attributes = {name: value for name, value in attributes.items() if name != "_class"}
        unused = shortcuts.unused_inputs(op)
        used = [tensor for number, tensor in enumerate(inputs) if number not in unused]
        same = (kind, tuple(tensor.ref() for tensor in used), tuple(after),
                tuple(self._updated.get(tensor.op) for tensor in used),
                tuple((name, value.SerializeToString(deterministic=True))
                      for name, value in sorted(attributes.items())))
        keeps_no_state = not op.op_def.is_stateful or op.type in READS
        if keeps_no_state and same in self._known:
            return self._known[same]
        with tf.control_dependencies(after + (self.done if op.op_def.is_stateful else [])):
            copy = tf.get_default_graph().create_op(
                kind, inputs, [tensor.dtype for tensor in op.outputs], attrs=attributes,
                op_def=op.op_def if kind == op.type else None)
        if op.op_def.is_stateful:
            touched.append(copy)
        if keeps_no_state:
            self._known[same] = copy
        return copy


def updates(op) -> bool:
    """Whether `op` changes a variable, as far as its type tells."""
    return op.op_def.is_stateful and op.type not in (*READS, "VarHandleOp")


def behind_updates(ops) -> set:
    """Those of `ops` that update a variable or depend on such an op; `ops` are in the order of creation."""
    found = set()
    for op in ops:
        if updates(op) or not found.isdisjoint([tensor.op for tensor in op.inputs] + op.control_inputs):
            found.add(op)
    return found


def leading_to(last, ops, before) -> list:
    """Those of `ops`, in their order, that lead to the ops `last`; `op` needs the ops `before(op)`."""
    needed, waiting = set(), list(last)
    while waiting:
        op = waiting.pop()
        if op not in needed:
            needed.add(op)
            waiting += before(op)
    return [op for op in ops if op in needed]


def ops_of(fetches, feeds) -> list:
    """The ops of `fetches`, ops or tensors, without those tensors whose references are in `feeds`."""
    return [fetch.op if isinstance(fetch, tf.Tensor) else fetch for fetch in fetches
            if not (isinstance(fetch, tf.Tensor) and fetch.ref() in feeds)]


def _copied(tensor, feeds, copies):
    return feeds[tensor.ref()] if tensor.ref() in feeds else (
        copies[tensor.op].outputs[tensor.value_index])
