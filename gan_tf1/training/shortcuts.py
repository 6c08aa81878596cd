"""Shorter ways to the same numbers, which a traced step takes (`tracing.Session`).

A chapter's graph says what is computed, and TF1 writes the gradients. Neither is written for speed, so
some ops are replaced as they are copied into the traced step. The replacements give the same bits,
except for the sign of a zero:

    max(alpha x, x)                  one op, LeakyRelu, in place of two
    its gradient                     one op, LeakyReluGrad, in place of seven that pass over memory
    batch norm in training           does not depend on the moving averages, which TF1 hands it anyway;
                                     so two passes with the same weights are one, even if the averages
                                     were updated between them

At x = 0 both `tf.maximum(alpha * x, x)` and LeakyRelu have the slope alpha. `tf.maximum(x, alpha * x)`
has the slope 1 there, so it stays as it is.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1.tf1 import insides

UNUSED = {"FusedBatchNormV3": (3, 4)}  # inputs of batch norm that do not matter in training
# Ops between a gradient and the AddN that collects it, which leave a tensor as it is if it has its
# final shape already.
PASSED = ("Identity", "Reshape", "Sum")


class Shortcut(NamedTuple):
    """What to create in place of an op with one output."""
    type: str
    inputs: tuple     # tensors of the chapter's graph
    attributes: dict  # name -> AttrValue
    after: tuple      # ops for whose updates the replaced ops waited


def of(ops) -> dict[Any, Shortcut]:
    """The `Shortcut` of each op in `ops` that has one."""
    found = {}
    for op in ops:
        shortcut = _leaky_relu(op) if op.type == "Maximum" else (
            _leaky_relu_gradient(op) if op.type == "AddN" else None)
        if shortcut:
            found[op] = shortcut
    return found


def unused_inputs(op) -> tuple[int, ...]:
    """The positions of those inputs of `op` that do not influence its outputs."""
    if op.type in UNUSED and op.get_attr("is_training") and op.get_attr("exponential_avg_factor") == 1:
        return UNUSED[op.type]
    return ()


def _leaky_relu(op):
    slope = _slope(*op.inputs)
    return slope and Shortcut("LeakyRelu", (op.inputs[1],), _attributes(op, slope), ())


def _leaky_relu_gradient(op):
    """The shortcut of `op`, the sum of the gradients through both arguments of a maximum, or None."""
    if len(op.inputs) != 2:
        return None
    through_x, scaled = (_behind(tensor) for tensor in op.inputs)
    if through_x.op.type == "Mul":
        through_x, scaled = scaled, through_x
    if (through_x.op.type, scaled.op.type) != ("SelectV2", "Mul"):
        return None
    factor, gradient = scaled.op.inputs
    through_product = _behind(gradient)
    if through_product.op.type != "SelectV2":
        return None
    chosen, to_product, zeros = through_product.op.inputs
    again, other_zeros, to_x = through_x.op.inputs
    if not (chosen is again and to_product is to_x and chosen.op.type == "GreaterEqual"
            and _is_zero(zeros) and _is_zero(other_zeros)):
        return None
    product, x = chosen.op.inputs
    slope = _slope(product, x)
    if slope is None or product.op.inputs[0] is not factor:
        return None
    # Where x is positive the output is too. With the output, x itself need not be kept.
    output = next((consumer.outputs[0] for consumer in product.consumers()
                   if consumer.type == "Maximum" and consumer.inputs[1] is x), x)
    return Shortcut("LeakyReluGrad", (to_x, output), _attributes(op, slope),
                    tuple(chosen.op.control_inputs))


def _slope(product, x):
    """alpha, above 0 and below 1, if `product` is alpha * `x` with a constant alpha; else None."""
    if product.op.type != "Mul" or product.op.inputs[1] is not x or not x.dtype.is_floating:
        return None
    alpha = insides("framework.tensor_util").constant_value(product.op.inputs[0])
    if alpha is None or alpha.shape != () or not 0 < alpha < 1:
        return None
    # LeakyRelu stores alpha as a float32, which in a graph of float64 may be another number.
    return float(alpha) if np.float32(alpha) == alpha else None


def _is_zero(tensor):
    if tensor.op.type == "ZerosLike":
        return True
    value = insides("framework.tensor_util").constant_value(tensor)
    return value is not None and not value.any()


def _behind(tensor):
    """The tensor that `tensor` equals, behind ops that only restore its shape."""
    while tensor.op.type in PASSED:
        source = tensor.op.inputs[0]
        if tensor.op.type == "Sum" and tensor.op.inputs[1].op.type != "BroadcastGradientArgs":
            break
        tensor = source
    return tensor


def _attributes(op, slope):
    attribute = type(op.node_def.attr["T"])
    return {"T": op.node_def.attr["T"], "alpha": attribute(f=slope)}
