"""The layers of a chapter's networks, read from its TensorFlow graph.

A network is a variable scope of the graph, such as "generator". Its first pass is read op by op, in the order
in which the ops were made. A product with weights (dense, convolution, embedding) begins a layer, and what
follows it (batch norm, activation, reshape) is named in the same layer. Each variable is counted where an op
first uses it, so the weights of all layers together are those of the network.
"""

import math
from typing import NamedTuple

from gan_tf1 import models
from gan_tf1.tf1 import new_graph, tf

# For models whose graph depends on more than the settings: the shape of the samples of a run.
SAMPLE_SHAPES = {"progressive_gan": (1, 32, 32, 3), "cyclegan": (1, 256, 256, 3), "remedies_gan": (1, 784)}
ACTIVATIONS = {"Relu": "ReLU", "Tanh": "tanh", "Sigmoid": "sigmoid", "Softmax": "softmax", "AvgPool": "average pooling",
               "LeakyRelu": "leaky ReLU", "FusedBatchNormV3": "batch norm", "ResizeNearestNeighbor": "upsampling",
               "MirrorPad": "reflection", "ConcatV2": "concatenation"}
UNUSED = " (not used)"


class Layer(NamedTuple):
    """One row of a diagram."""
    kind: str     # "convolution 5 x 5, stride 2"
    then: tuple   # what follows it, ("batch norm", "leaky ReLU")
    shape: tuple  # of its output, without the batch
    weights: int  # trainable, with those of the batch norm after it


class Network(NamedTuple):
    """A network of a chapter."""
    name: str      # its variable scope
    inputs: tuple  # the shapes of its inputs, without the batch
    layers: tuple

    @property
    def weights(self) -> int:
        """The number of trainable weights."""
        return sum(layer.weights for layer in self.layers)


def of_chapter(chapter, config=None) -> list[Network]:
    """The networks of `chapter`, one of `models.chapters()`, with the settings `config` or the chapter's own."""
    model = models.of_chapter(chapter)
    config = config or model.Config()
    with new_graph(0).as_default() as graph:
        if chapter in SAMPLE_SHAPES:
            model.rebuild(config, SAMPLE_SHAPES[chapter], None)
        else:
            model.build(config)
    return of_graph(graph)


def of_graph(graph) -> list[Network]:
    """The networks of `graph`, one for each top-level variable scope with trainable variables."""
    variables = {}
    for var in graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES):
        variables.setdefault(var.op.name.split("/")[0], {})[var.op.name] = var
    return [_network(graph, name, found) for name, found in variables.items()]


def _network(graph, name, variables) -> Network:
    ops = _first_pass(graph, name, variables)
    inside, used, inputs, layers, counted = set(ops), _used(ops, name), {}, [], set()
    place = {}  # op -> the layer to which it belongs, the number of its row
    for op in ops:
        before = [tensor for tensor in op.inputs if _batch([tensor])]
        inputs.update((tensor.name, _shape(tensor)) for tensor in before if tensor.op not in inside)
        weights = sum(math.prod(variables[one].shape.as_list()) for one in _read(op, variables, counted))
        row = max((place[tensor.op] for tensor in before if tensor.op in place), default=None)
        kind, follows = _product(op), _named(op)
        if op not in used:  # a layer, or a norm, that changes nothing; an activation at the end is only for readers
            kind, follows = kind and kind + UNUSED, follows + UNUSED if follows == "batch norm" else follows
        if kind or follows and not layers:
            layers.append(Layer(kind or follows, (), _shape(op.outputs[0]), weights))
            row = len(layers) - 1
        elif row is not None and (follows or weights):
            old, then = layers[row], layers[row].then
            then += (follows,) if follows and follows not in (then[-1:] or (old.kind,)) else ()
            # A norm's own op here is the root of its mean or variance, which has another shape.
            shape = _shape(op.outputs[0]) if follows and op.type != "Rsqrt" else old.shape
            layers[row] = Layer(old.kind, then, shape, old.weights + weights)
        if row is not None:
            place[op] = row
    if layers and layers[0].kind.endswith("norm"):
        layers[0] = layers[0]._replace(shape=[*inputs.values()][-1])
    return Network(name, tuple(inputs.values()), tuple(layers))


def _first_pass(graph, name, variables):
    """The ops of the network's first pass that have a batch.

    They are those in its scope. A network that is a function of its weights has none there: then they are those
    from the first that reads its variables to the last before one that reads them again.
    """
    ops = [op for op in graph.get_operations() if _batch(op.outputs) and "gradients" not in op.name]
    scoped = [op for op in ops if op.name.startswith(f"{name}/")]
    if scoped:
        return scoped
    found, seen = [], set()
    for op in ops:
        read = set(_read(op, variables, set()))
        if read & seen:
            break
        seen |= read
        found += [op] if seen else []
    return found


def _used(ops, name):
    """Those of the network's `ops` on which anything outside of it depends, except for gradients."""
    waiting = [op for op in ops for tensor in op.outputs for reader in tensor.consumers()
               if not reader.name.startswith(f"{name}/") and "gradients" not in reader.name]
    inside, found = set(ops), set()
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting += [tensor.op for tensor in op.inputs if tensor.op in inside]
    return found


def _read(op, variables, counted):
    """The names of `variables` that `op` reads and no op before did: those behind inputs without a batch."""
    waiting, found, seen = [tensor.op for tensor in op.inputs if not _batch([tensor])], [], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one.name in variables and one.name not in counted:
            counted.add(one.name)
            found.append(one.name)
        waiting += [tensor.op for tensor in one.inputs if not _batch([tensor])]
    return found


def _batch(tensors) -> bool:
    """Whether any of `tensors` has a value, or values, for each example of a batch of open size."""
    return any(tensor.shape.rank and tensor.shape[0] is not None and tensor.shape.as_list()[0] is None
               for tensor in tensors)


def _shape(tensor) -> tuple:
    return tuple(tensor.shape.as_list()[1:])


def _product(op) -> str:
    """What the layer is called that the product `op` begins; "" for other ops."""
    if op.type == "MatMul":
        return "dense"
    if op.type in ("GatherV2", "ResourceGather") and "embedding" in op.name:
        return "embedding"
    if op.type in ("Conv2D", "Conv2DBackpropInput"):
        height, width = op.inputs[1].shape.as_list()[:2]
        stride = op.get_attr("strides")[1]
        name = "convolution" if op.type == "Conv2D" else "transposed convolution"
        return f"{name} {height} x {width}" + (f", stride {stride}" if stride > 1 else "")
    return ""


def _named(op) -> str:
    """What `op` does to the output of a layer, if a diagram should say it, else ""."""
    shape, before = _shape(op.outputs[0]), [_shape(tensor) for tensor in op.inputs if _batch([tensor])]
    if op.type in ACTIVATIONS and (op.type != "ConcatV2" or len(before) > 1):
        return ACTIVATIONS[op.type]
    if "batchnorm/" in op.name:  # of a dense layer: the last of several ops
        return "batch norm" if op.type == "AddV2" else ""
    if op.type == "Maximum" and len(before) == 2:
        one, other = op.inputs
        return "leaky ReLU" if other in one.op.inputs or one in other.op.inputs else "maximum"
    if op.type == "Max" and len(shape) == len(before[0]) - 1 and shape:
        return "maxout"
    if op.type == "Rsqrt":
        return "pixel norm" if shape[-1] == 1 else "instance norm"
    if "Repeat" in op.name:
        return "upsampling" if op.type == "Reshape" else ""
    if "dropout" in op.name:
        return "dropout" if op.type in ("SelectV2", "Select", "Mul", "RealDiv") and "random" not in op.name else ""
    if op.type == "Reshape" and before and len(shape) != len(before[0]):
        return "reshape"
    if op.type == "Mean" and len(shape) == 1 and len(before[0]) == 3:
        return "mean over the pixels"
    if op.type in ("AddV2", "Mul") and len(before) == 2 and before[0] == before[1] == shape and len(shape) in (1, 3):
        return "sum" if op.type == "AddV2" else "product"
    return ""
