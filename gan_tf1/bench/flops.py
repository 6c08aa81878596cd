"""Count the floating point operations of a training step in the TF1 graph.

Matrix products and convolutions are counted, forward and backward, and a multiplication and an
addition are two operations. A product has 2 m k n, and a convolution with outputs [B, H, W, C_out]
has 2 B H W C_out K_h K_w C_in, as has each of its gradients. (For a transposed convolution, H and W
are those of the smaller map.) Products with the zeros of padding are included, since kernels skip
few of them. Elementwise operations are not: activations, batch norm, losses, Adam, random numbers.

TF1 computes more gradients than are needed. `minimize` gates each op's gradients
(`gate_gradients=GATE_OP`), so that the gradient of a weight waits for that of the layer's input,
which isn't used in the first layer or in the other network. And a pass may run only for the moving
averages of batch norm. So there are two counts: the operations that the fetched numbers and the
weights' updates need, and those that the graph executes. All rows are rated by the first. In it, a
pass that two `session.run` calls of a step make with the same numbers counts once.
"""

import math
from typing import NamedTuple

from gan_tf1.tf1 import tf

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")


class Count(NamedTuple):
    """The operations of a step."""
    needed: int
    executed: int


def of_runs(runs, sizes, same=()) -> Count:
    """The `Count` of a step; `runs` has the list of fetches of each of its `session.run` calls.

    `sizes`, a dict tensor -> shape, completes the shapes of placeholders with unknown dimensions.
    `same` are tensors that have the same values in all calls, so that a step needs them once only.
    Raises ValueError if a shape is still unknown.
    """
    needed, executed = (sum(of_run(fetches, sizes, waited) for fetches in runs)
                        for waited in (False, True))
    again = of_run(same, sizes, waited=False) if same else 0
    return Count(needed - (len(runs) - 1) * again, executed)


def of_run(fetches, sizes, waited=True) -> int:
    """The operations of one `session.run`; without `waited`, only those that its results need."""
    graph = _op(fetches[0]).graph
    with tf.Graph().as_default() as sized:
        fed = {tensor.name: tf.placeholder(tensor.dtype, shape) for tensor, shape in sizes.items()}
        tf.import_graph_def(graph.as_graph_def(), input_map=fed, name="")
        ops = [sized.get_operation_by_name(_op(fetch).name) for fetch in fetches]
        averages = [_op(update).name for update in graph.get_collection(tf.GraphKeys.UPDATE_OPS)]
        return sum(map(of_op, behind(ops, waited, () if waited else averages)))


def behind(ops, waited, without=()) -> list:
    """All ops that a `session.run` of `ops` executes, except those named in `without`.

    Without `waited`, the control dependencies of ops with inputs are ignored.
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


def of_op(op) -> int:
    """The operations of one op with static shapes; 0 for a kind of op that isn't counted."""
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
        raise ValueError(f"the shape {tensor.shape} of {tensor.name} is unknown, so {op.name} "
                         "can't be counted: give the sizes of all placeholders")
    return tensor.shape.as_list()
