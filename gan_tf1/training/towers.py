"""Data-parallel towers: the steps of a chapter, divided among several devices.

The chapter's graph is built once, on the first device, and no model is written a second time. The
stand-in `Session` below has the `run` of a `tf.Session`. For each of the step's `session.run` lines
it adds towers to the graph when the line runs for the first time:

- Every tensor that is fed with one row per image is fed in slices, one for each tower.
- The ops that depend on such a feed are copied once per tower, on the tower's own device.
- All other ops, and every variable, stay on the first device. A weight is read once per call.
- The gradients of the towers are averaged, with the sizes of the slices as weights, in the order of
  the towers. Then the chapter's optimizer applies them once.
- Any other update, such as that of a moving average (`UPDATE_OPS`), is made by the first tower
  alone, as in TF1's own multi-GPU code (`cifar10_multi_gpu_train.py`).

A loss that is a mean over images thus has the gradient that one device would compute, up to
rounding. Dropout masks are those of the whole batch: each tower takes its rows of them.
`tower_differences.py` says in which models something else is computed.
"""

import re
from typing import NamedTuple

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf
from gan_tf1.training.tracing import READS, behind_updates, leading_to, ops_of, updates
from gan_tf1.wording import quantity

STATELESS_RANDOM = "StatelessRandom"  # the first letters of the types of such ops
GRADIENTS = re.compile(r"(^|/)gradients(_\d+)?/")  # the name scope of `tf.gradients`


class Call(NamedTuple):
    """One `session.run` line of a step, divided."""
    fetches: list      # tensors and ops, in the order of the flat fetches
    slices: dict       # name of a tensor that is fed in slices -> a placeholder per tower
    shares: list       # a placeholder per tower: which share of the rows it has


class Session:
    """A stand-in for `tf.Session` in a chapter's step, which divides each batch among `devices`.

    devices  names of devices, such as "/cpu:1"; the variables of `graph` must be on the first one
    unit     rows that belong together, as in `unit_of`: a slice is a multiple of it
    sess     the `tf.Session` that runs the graph; to be set before the first call of `run`
    """

    def __init__(self, graph, devices, unit=1):
        self.sess = None
        self._graph, self._devices, self._unit, self._calls = graph, devices, unit, {}
        self._ops = graph.get_operations()  # those of the chapter, without any tower
        self._gradients = weight_gradients(self._ops)

    def run(self, fetches, feed_dict=None):
        """What `tf.Session.run` returns; scalars are means over all images, arrays have all rows.

        Raises InputError if there are fewer rows than towers. A call without a feed that has a row per
        image runs undivided.
        """
        feeds = {self._graph.as_graph_element(fed): value
                 for fed, value in (feed_dict or {}).items()}
        flat = [self._graph.as_graph_element(fetch) for fetch in tf.nest.flatten(fetches)]
        key = tuple(fetch.name for fetch in flat), tuple(fed.name for fed in feeds)
        if key not in self._calls:
            self._calls[key] = self.divided(flat, list(feeds))
        call = self._calls[key]
        values = self.sess.run(call.fetches, self._sliced(call, feeds))
        return tf.nest.pack_sequence_as(fetches, values)

    def divided(self, fetches, fed) -> Call:
        """Add the towers for one call to the graph, of flat `fetches` and the tensors `fed`."""
        with self._graph.as_default(), tf.device(None), tf.control_dependencies(None):
            return _Division(self._ops, self._gradients, self._devices, fetches, fed).call()

    def _sliced(self, call, feeds):
        """The feeds of a divided call: slices, the towers' shares, and all other feeds."""
        lengths = {len(value) for fed, value in feeds.items() if fed.name in call.slices}
        if not lengths:
            return feeds  # such as the count of a step, which needs no images
        rows, = lengths
        ends = self._ends(rows)
        given = dict(zip(call.shares, np.diff(ends, prepend=0) / rows))
        for fed, value in feeds.items():
            if fed.name in call.slices:
                given |= zip(call.slices[fed.name], np.split(np.asarray(value), ends[:-1]))
            else:
                given[fed] = value
        return given

    def _ends(self, rows):
        """Where the slice of each tower ends; the first ones have one unit more if need be."""
        towers = len(self._devices)
        refuse_few(rows, towers, self._unit)
        return self._unit * np.cumsum([len(part) for part in np.array_split(
            np.arange(rows // self._unit), towers)])


def of_run(graph, devices, train_set, config) -> Session:
    """The `Session` that divides a run's steps; `graph` has the chapter's model and no more.

    Raises InputError if the graph is made for one size of batch, or if the last batch of an epoch
    has fewer images than there are towers.
    """
    for op in graph.get_operations():
        if op.type == "Placeholder" and op.outputs[0].shape.is_fully_defined() and (
                op.outputs[0].shape.rank > 1):
            raise InputError(f"the graph of this chapter is made for batches of "
                             f"{config.batch_size}, which cannot be divided: train without --towers and --cluster")
    rest = train_set.num_examples % config.batch_size
    if rest and not train_set.carries_over:
        refuse_few(rest, len(devices), what="the last batch of an epoch,")
    return Session(graph, devices, unit_of(config))


def unit_of(config) -> int:
    """How many images of a batch the discriminator sees together; a slice has a multiple of them."""
    remedy = getattr(config, "remedy", "")
    if getattr(config, "minibatch_stddev", False) or remedy == "minibatch_stddev":
        return config.group_size
    return config.pack if remedy == "packing" else getattr(config, "packing", 1)


def refuse_few(rows, towers, unit=1, what="a batch") -> None:
    """Raise InputError if `rows` cannot be divided among `towers` in multiples of `unit`."""
    if rows % unit or rows // unit < towers:
        groups = f" in groups of {unit}" if unit > 1 else ""
        raise InputError(f"{what} of {quantity(rows, 'image')} cannot be divided among {towers} "
                         f"towers{groups}: choose another --batch-size, or fewer towers")


def has_rows(tensor) -> bool:
    """Whether the first dimension of `tensor` is left open, so that it counts images."""
    return bool(tensor.shape.rank) and tensor.shape.dims[0].value is None


def weight_gradients(ops) -> set:
    """References to the tensors among `ops` that go from `tf.gradients` to an optimizer.

    These are the gradients on which no other gradient depends. That of a gradient penalty, or of an
    unrolled step, is part of a loss.
    """
    inside = {op for op in ops if GRADIENTS.search(op.name)}
    leading = set(inside)
    for op in reversed(ops):
        if any(reader in leading for tensor in op.outputs for reader in tensor.consumers()):
            leading.add(op)
    found = set()
    for tensor in (tensor for op in inside for tensor in op.outputs):
        readers = set(tensor.consumers()) - inside
        if readers and not readers & leading:
            found.add(tensor.ref())
    return found


class _Division:
    """The ops of one call, copied for all towers."""

    def __init__(self, ops, gradients, devices, fetches, fed):
        self._gradients, self._devices, self._fetches = gradients, devices, fetches
        self._fed = {tensor.ref() for tensor in fed}
        self._weights = {var.handle.op for var in tf.trainable_variables()}
        self._shares = self._placeholders(tf.float64, ())
        self._slices = {tensor.name: self._placeholders(tensor.dtype, tensor.shape)
                        for tensor in fed if has_rows(tensor)}
        self._towers = {}  # a tensor that depends on the images -> its copy in each tower
        for tensor in fed:
            if tensor.name in self._slices:
                self._towers[tensor.ref()] = self._slices[tensor.name]
        self._copies = {}  # op -> its copies: one per tower, or a single one
        self._reads = {}   # what a read reads, and after what -> the op that reads it
        self._combined = {}
        self._updating = behind_updates(ops)
        self._needed = leading_to(ops_of(fetches, self._fed), ops, lambda op: (
            self._waits_for(op) + ops_of(op.inputs, self._fed)))

    def call(self) -> Call:
        for op in self._needed:
            self._copies[op] = self._copied(op)
        found = [self._whole(fetch) if isinstance(fetch, tf.Tensor) else
                 self._group(self._copies[fetch]) for fetch in self._fetches]
        return Call(found, self._slices, self._shares)

    def _placeholders(self, dtype, shape):
        made = []
        for device in self._devices:
            with tf.device(device):
                made.append(tf.placeholder(dtype, shape, name="slice"))
        return made

    def _waits_for(self, op):
        """The control inputs of `op` that can change its result, as in `tracing.Session`."""
        return [control for control in op.control_inputs
                if op.op_def.is_stateful or control in self._updating]

    def _copied(self, op):
        """The copies of `op`: one per tower if it depends on the images, else a single op."""
        after = [copy for control in self._waits_for(op) for copy in self._copies[control]]
        if not any(tensor.ref() in self._towers for tensor in op.inputs):
            return [self._single(op, [self._now(tensor) for tensor in op.inputs], after)]
        if updates(op) or not GRADIENTS.search(op.name) and any(
                tensor.ref() in self._gradients for tensor in op.inputs):
            with tf.device(self._devices[0]):
                inputs = [self._for_update(op, tensor) for tensor in op.inputs]
            return [self._single(op, inputs, after)]
        if op.op_def.is_stateful and op.type not in READS:
            raise InputError(f"{op.name} draws random numbers of its own, so it cannot be divided "
                             "among towers: train without --towers and --cluster")
        copies = []
        for number, device in enumerate(self._devices):
            # A variable is read where it is; only what was read goes to the tower.
            place = self._devices[0] if op.type in READS else device
            inputs = [self._towers[tensor.ref()][number] if tensor.ref() in self._towers
                      else self._now(tensor) for tensor in op.inputs]
            waits = [self._copies[control][number if len(self._copies[control]) > 1 else 0]
                     for control in self._waits_for(op)]
            copies.append(_created(op, inputs, waits, place))
        outputs = list(zip(*(copy.outputs for copy in copies)))
        if op.type.startswith(STATELESS_RANDOM):
            outputs = [self._rows_of_whole(op, copies)]
        for tensor, in_towers in zip(op.outputs, outputs):
            if tensor.ref() not in self._fed:
                self._towers[tensor.ref()] = in_towers
        return copies

    def _single(self, op, inputs, after):
        """`op` itself if nothing that it waits for is a copy, else a copy on the first device."""
        if op.type in READS:
            key = op.type, tuple(map(id, inputs)), tuple(map(id, after))
            if key in self._reads:
                return self._reads[key]
        same = all(now is tensor for now, tensor in zip(inputs, op.inputs)) and all(
            self._copies.get(control) == [control] for control in op.control_inputs)
        copy = op if same else _created(op, inputs, after, self._devices[0])
        if op.type in READS:
            self._reads[key] = copy
        return copy

    def _now(self, tensor):
        """`tensor`, which does not depend on the images, as this call computes it."""
        if tensor.ref() in self._fed:
            return tensor
        return self._copies[tensor.op][0].outputs[tensor.value_index]

    def _for_update(self, op, tensor):
        """What an update takes in place of its input `tensor`: a mean, or the first tower's."""
        if tensor.ref() not in self._towers:
            return self._now(tensor)
        if tensor.ref() in self._gradients or has_rows(tensor) or not updates(op):
            return self._whole(tensor)
        if op.inputs[0].op in self._weights:  # if its gradient was not found, no number would be right
            raise InputError(f"{op.name} updates a weight by something else than a gradient, so it "
                             "cannot be divided: train without --towers and --cluster")
        return self._towers[tensor.ref()][0]

    def _whole(self, tensor):
        """`tensor` for the whole batch: all rows, the sum of counts, or else the weighted mean.

        Gradients of rows, as an embedding has them, are weighted and not added here.
        """
        if tensor.ref() not in self._towers:
            return self._now(tensor)
        if tensor.ref() not in self._combined:
            self._combined[tensor.ref()] = self._combine(tensor, self._towers[tensor.ref()])
        return self._combined[tensor.ref()]

    def _combine(self, tensor, parts):
        is_gradient = tensor.ref() in self._gradients
        is_count = has_rows(tensor) or tensor.op.type == "Sum"
        if tensor.dtype.is_floating and (is_gradient or not is_count):
            weighted = []
            for part, share, device in zip(parts, self._shares, self._devices):
                with tf.device(device):
                    weighted.append(part * tf.cast(share, part.dtype))
            parts = weighted
        with tf.device(self._devices[0]):
            if has_rows(tensor):
                return tf.concat(parts, 0)
            total = parts[0]
            for part in parts[1:]:  # one after another, so that every run rounds in the same way
                total = total + part
            return total

    def _rows_of_whole(self, op, copies):
        """Random numbers [B, ...] of the whole batch, of which each tower takes its own rows."""
        shapes, found, begin = [copy.inputs[0] for copy in copies], [], 0
        for number, device in enumerate(self._devices):
            with tf.device(device):
                rows = tf.add_n([shape[:1] for shape in shapes])
                shape = tf.concat([rows, shapes[number][1:]], 0)
                whole = _created(op, [shape, *copies[number].inputs[1:]], [], device).outputs[0]
                begin = tf.add_n([shape[0] for shape in shapes[:number]]) if number else 0
                found.append(whole[begin:begin + shapes[number][0]])
                found[-1].set_shape(op.outputs[0].shape)
        return found

    def _group(self, copies):
        return copies[0] if len(copies) == 1 else tf.group(*copies)


def _created(op, inputs, after, device):
    """A copy of `op` on `device` with other `inputs`, which waits for the ops `after`."""
    attributes = {name: value for name, value in op.node_def.attr.items() if name != "_class"}
    with tf.device(device), tf.control_dependencies(after):
        return tf.get_default_graph().create_op(
            op.type, inputs, [tensor.dtype for tensor in op.outputs], attrs=attributes,
            op_def=op.op_def)
