"""Floating point operations of a training step, counted in the TF1 graph.

Counted are matrix products and convolutions, forward and backward, a multiplication and an
addition each: 2 m k n for a product, 2 B H W C_out K_h K_w C_in for a convolution with outputs
[B, H, W, C_out], as many for either of its gradients (H, W being the smaller map's where it is
transposed). Products with the zeros of padding count: kernels skip few of them. Left out is all
that goes element by element: activations, batch norm, losses, Adam, random numbers.

TF1's gradients make more than is asked for: `minimize` gates each op's gradients
(`gate_gradients=GATE_OP`), so that those of a weight wait for those of the layer's input, which
nobody uses in the first layer or in the other network; and a pass may run for batch norm's moving
averages alone. So there are two counts: what the fetched numbers and the weights' updates need, and
what the graph executes. The first is what all rows are held against.
"""

import math
from typing import NamedTuple

from gan_tf1.tf1 import tf

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")


class Count(NamedTuple):
    """Operations of a step."""
    needed: int
    executed: int


def of_runs(runs, sizes):
    """The `Count` of `runs`: for each `session.run` of a step, the list of what it fetches.

    `sizes` gives each placeholder that leaves an axis open its whole shape: a dict, tensor -> shape.
    Raises ValueError where a shape can't be told from these.
    """
    return Count(*(sum(of_run(fetches, sizes, waited) for fetches in runs)
                   for waited in (False, True)))


def of_run(fetches, sizes, waited=True):
    """Operations of one `session.run`; without `waited`, those alone that its results need."""
    graph = _op(fetches[0]).graph
    with tf.Graph().as_default() as sized:
        fed = {tensor.name: tf.placeholder(tensor.dtype, shape) for tensor, shape in sizes.items()}
        tf.import_graph_def(graph.as_graph_def(), input_map=fed, name="")
        ops = [sized.get_operation_by_name(_op(fetch).name) for fetch in fetches]
        averages = [_op(update).name for update in graph.get_collection(tf.GraphKeys.UPDATE_OPS)]
        return sum(map(of_op, behind(ops, waited, () if waited else averages)))


def behind(ops, waited, without=()):
    """Every op that a `session.run` of `ops` executes.

    Without `waited`, an op with inputs is not followed to the ops that it only waits for; ops whose
    name is in `without` are passed over.
    """
    waiting, found = list(ops), dict.fromkeys(without)
    while waiting:
        op = waiting.pop()
        if op.name not in found:
            found[op.name] = op
            waiting += [tensor.op for tensor in op.inputs]
            if waited or not op.inputs:
                waiting += op.control_inputs
    return list(filter(None, found.values()))


def of_op(op):
    """Operations of one op with static shapes: 0 for what isn't counted."""
    if op.type == "MatMul":
        rows, columns = _shape(op.outputs[0], op)
        inner = _shape(op.inputs[0], op)[0 if op.get_attr("transpose_a") else 1]
        return 2 * rows * columns * inner
    if op.type in CONVOLUTIONS:
        kernel = {"Conv2D": op.inputs[1], "Conv2DBackpropInput": op.inputs[1],
                  "Conv2DBackpropFilter": op.outputs[0]}[op.type]
        smaller = op.outputs[0] if op.type == "Conv2D" else op.inputs[2]
        height, width, channels, _ = _shape(kernel, op)
        return 2 * math.prod(_shape(smaller, op)) * height * width * channels
    if op.type in ("BatchMatMulV2", "Conv3D", "DepthwiseConv2dNative"):
        raise ValueError(f"{op.name} is a {op.type}, which isn't counted yet")
    return 0


def _op(fetch):
    return getattr(fetch, "op", fetch)


def _shape(tensor, op):
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"the shape {tensor.shape} of {tensor.name} is open, so that {op.name} "
                         "can't be counted: give the sizes of all placeholders")
    return tensor.shape.as_list()
