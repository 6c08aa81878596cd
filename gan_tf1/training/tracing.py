"""A chapter's step, traced: its lines of NumPy and of `session.run` become ops of the graph.

The chapters' `step(sess, gan, train_set, rng, config)` draws a batch and noise with NumPy and
runs ops on them. Called with the four stand-ins of this module it does the same inside the graph:

    Session    for `tf.Session`: `run` copies what is fetched, with the feeds in the place of the
               placeholders, and in the order of the calls
    Examples   for the training set: it lies on the device, as the bytes that it was stored in
    Random     for `numpy.random.Generator`: every number is a function of seed and step alone
    Traced     for `numpy.ndarray`: what the others hand out; NumPy's functions work on it

So there is no second copy of a model, a loss or a step: `graph_loop.py` puts the one there is
into a `tf.while_loop`.
"""

import numpy as np

from gan_tf1.data.training_set import TrainingSet
from gan_tf1.tf1 import tf

DRAWS = 1000  # a step's at most
ALGORITHM = "philox"  # the same on every device, compiled or not
STREAM = 2**32  # sets the keys of draws apart from those of dropout, which begin with a seed too


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A `tensor` of the graph that passes for a NumPy array of known shape, in NumPy's own code.

    It speaks NumPy's protocols for foreign arrays (NEP 13 and 18) as far as the chapters' steps
    need them; another function raises TypeError.
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
        # `x *= 2` hands over x as `out`; x then becomes the name of what is returned.
        return Traced(ops[ufunc](*(as_tensor(x, self.tensor.dtype) for x in inputs)))

    def __array_function__(self, function, types, args, options):
        if function is not np.vstack or options:
            return NotImplemented
        return Traced(tf.concat([as_tensor(part, self.tensor.dtype) for part in args[0]], 0))


def as_tensor(value, dtype):
    """The tensor of `dtype` that `value`, a `Traced`, an array or a number, stands for."""
    if isinstance(value, Traced):
        return tf.cast(value.tensor, dtype)
    return tf.constant(np.asarray(value), dtype)


def tensors(structure):
    """`structure` with its `Traced` as tensors."""
    return tf.nest.map_structure(lambda leaf: getattr(leaf, "tensor", leaf), structure)


class Random:
    """The distributions of `numpy.random.Generator` that the chapters use, at one step.

    A draw is a function of `seed`, of `step` (int64, a tensor) and of how many draws came before it
    in the step: no state is kept, so a resumed run draws what an uninterrupted one does. The
    numbers are others than NumPy's.
    """

    def __init__(self, seed, step):
        self._seed, self._step, self._draws = seed + STREAM, step, 0

    def _key(self):
        assert self._draws < DRAWS
        self._draws += 1
        return tf.stack([tf.constant(self._seed, tf.int64),
                         self._step * DRAWS + (self._draws - 1)])

    def _whole(self, size, low=None, high=None):
        return tf.random.stateless_uniform(np.atleast_1d(size), self._key(), low, high, tf.int32,
                                           alg=ALGORITHM)

    def _standard_uniform(self, size):
        # TensorFlow makes floats of random bits in one way, and its compiler in another.
        bits = tf.bitwise.bitwise_and(self._whole(size), 2**24 - 1)
        return tf.cast(bits, tf.float32) * 2.**-24

    def uniform(self, low=0., high=1., size=()):
        return Traced(low + (high - low) * self._standard_uniform(size))

    def normal(self, loc=0., scale=1., size=()):
        radius = tf.sqrt(-2 * tf.log(1 - self._standard_uniform(size)))  # Box and Muller 1958
        return Traced(loc + scale * radius * tf.cos(2 * np.pi * self._standard_uniform(size)))

    def integers(self, low, high, size=()):
        return Traced(self._whole(size, low, high))


class Examples:
    """The training set at one step: `next_batch(n)`, and `images[rows]` and `labels[rows]`.

    Of two sets without pairs, `others[rows]` gives images of the second, `len(others)` of them.

    `columns` are the tensors of `train_set.stored()`, and `rows_of(batch_size)` says which rows of
    them the step's batch has. Raises ValueError where a step asks for a second batch.
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
            raise ValueError("a traced step has one batch of the training set's order")
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
    """A decoded column of `Examples`, to be indexed with traced rows [B]."""

    def __init__(self, examples, number, length=None):
        self._examples, self._number, self._length = examples, number, length

    def __len__(self):
        return self._length

    def __getitem__(self, rows):
        return self._examples._decoded(rows.tensor)[self._number]


READS = ("ReadVariableOp", "ResourceGather")


class Session:
    """Its `run` adds to the graph what a `tf.Session` would do: each call after the one before.

    It copies the ops that lead to the fetches, with what is fed in the place of the placeholders;
    variables are shared with the original. They must be of the resource kind: a read of one is an
    op, and so has a place in the order.

    What an earlier call computed isn't computed again: an op without a state whose inputs are the
    same, or the read of a variable that no call has moved since. So two calls that feed a network
    the same batch share the pass through it, unless an update has moved that network in between.

    The first call fetches the tensors in `watch` besides: `watched` has them, by name.
    """

    def __init__(self, graph, watch=()):
        self.done = []  # what has moved or read a variable: who goes on must wait for it
        self.watched = None
        self._watch = dict(watch)
        self._ops = graph.get_operations()
        self._moving = set()  # ops that move a variable, or that such an op leads to
        for op in self._ops:
            if _moves(op) or not self._moving.isdisjoint(_before(op)):
                self._moving.add(op)
        self._known, self._calls, self._moved = {}, 0, {}

    def run(self, fetches, feed_dict=None):
        """The fetches as `Traced`, in their structure; None where an op is fetched."""
        self._calls += 1
        feeds = {placeholder.ref(): as_tensor(value, placeholder.dtype)
                 for placeholder, value in (feed_dict or {}).items()}
        watch = self._watch if self.watched is None else {}
        fetched = [tf.get_default_graph().as_graph_element(fetch)
                   for fetch in tf.nest.flatten([fetches, watch])]
        copies, touched = {}, []
        needed = self._leading_to(fetched, feeds)
        for op in needed:
            copies[op] = self._copy(op, feeds, copies, touched)
        for op in needed:
            if _moves(op):
                self._moved.update((tensor.op, self._calls) for tensor in op.inputs
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

    def _leading_to(self, fetched, feeds):
        """The ops that the fetches need, from where something is fed, in the order of building."""
        needed, waiting = set(), [f if isinstance(f, tf.Operation) else f.op for f in fetched
                                  if not (isinstance(f, tf.Tensor) and f.ref() in feeds)]
        while waiting:
            op = waiting.pop()
            if op not in needed:
                needed.add(op)
                waiting += self._waits_for(op)
                waiting += [tensor.op for tensor in op.inputs if tensor.ref() not in feeds]
        return [op for op in self._ops if op in needed]

    def _waits_for(self, op):
        """The control inputs of `op` that make a difference.

        Who neither reads nor moves a variable need wait only for who moves one. So the gradients
        that `minimize` has each op's others wait for, `GATE_OP`, aren't computed where none is used.
        """
        return [control for control in op.control_inputs
                if op.op_def.is_stateful or control in self._moving]

    def _copy(self, op, feeds, copies, touched):
        """The op that stands for `op`: a new one, or one of an earlier call."""
        if op.type == "VarHandleOp":
            return op
        if op.type == "Placeholder":
            raise ValueError(f"{op.name} is fetched or needed, and not fed")
        inputs = [_copied(tensor, feeds, copies) for tensor in op.inputs]
        after = [copies[control] for control in self._waits_for(op)]
        attributes = {name: value for name, value in op.node_def.attr.items() if name != "_class"}
        same = (op.type, tuple(tensor.ref() for tensor in inputs), tuple(after),
                tuple(self._moved.get(tensor.op) for tensor in inputs),
                tuple((name, value.SerializeToString(deterministic=True))
                      for name, value in sorted(attributes.items())))
        keeps_no_state = not op.op_def.is_stateful or op.type in READS
        if keeps_no_state and same in self._known:
            return self._known[same]
        with tf.control_dependencies(after + (self.done if op.op_def.is_stateful else [])):
            copy = tf.get_default_graph().create_op(
                op.type, inputs, [tensor.dtype for tensor in op.outputs], attrs=attributes,
                op_def=op.op_def)
        if op.op_def.is_stateful:
            touched.append(copy)
        if keeps_no_state:
            self._known[same] = copy
        return copy


def _before(op):
    return [tensor.op for tensor in op.inputs] + op.control_inputs


def _moves(op):
    return op.op_def.is_stateful and op.type not in (*READS, "VarHandleOp")


def _copied(tensor, feeds, copies):
    return feeds[tensor.ref()] if tensor.ref() in feeds else (
        copies[tensor.op].outputs[tensor.value_index])
