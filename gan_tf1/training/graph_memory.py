"""Whether the training of a graph fits in memory, estimated before the memory is allocated.

The estimate is the sum of

- all variables, with Adam's moments and the moving averages;
- the results of the forward pass that the largest of the backward passes needs, all of which are
  in memory when it begins;
- the samples of an epoch.

It leaves out the gradients (each is freed once it is applied), the working memory of convolutions,
the fed batches, and Python itself with TensorFlow, about 0.7 GB. So a training takes more memory
than estimated. These are increases of the peak resident memory (`resource.getrusage`) during the
training, on drawn digits with the loop that feeds:

    script   settings                                          estimate  measured
    01       --batch-size 50000                                 0.47 GB   1.15 GB
    05       --batch-size 1000                                  1.87 GB   2.51 GB, 2.96 in the graph
    13       --no-growing --batch-size 400 --max-maps 64
             --map-pixels 1024                                  2.55 GB   3.71 GB

With bfloat16 (`--mixed-precision`) the results take half as much: 05 as above takes 1.29 GB.
Therefore a training is refused only if `MARGIN` times the available memory would be too little.
"""

import math

from gan_tf1.memory import refuse_excess
from gan_tf1.tf1 import sees_gpu, tf

MARGIN = 2  # a graph is refused if the estimate exceeds the available memory by this factor
# Operations that return their first input without copying it.
ALIASES = {"Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "Snapshot"}
# Operations that need only the shapes of their inputs.
OF_SHAPES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"}
VARIABLES = {"VariableV2", "VarHandleOp", "ReadVariableOp", "Const"}


def refuse_graph(graph, settings, sample_shape) -> None:
    """Raise InputError if training with `graph` would clearly take more memory than is available.

    `settings`, a dict, contains the batch size, and `sample_shape` is the shape of the samples of
    an epoch. On a GPU nothing is refused, since the graph is in the memory of the GPU.
    """
    size = of_graph(graph, settings["batch_size"]) + 4 * math.prod(sample_shape)
    if not sees_gpu():
        refuse_excess(size, "training with these settings", MARGIN)


def of_graph(graph, batch) -> int:
    """The bytes that training with `graph` takes at least; unknown dimensions have size `batch`."""
    with graph.as_default():
        variables = sum(_size(var.shape, var.dtype, batch) for var in tf.global_variables())
    return variables + max(kept_for_gradients(graph, batch).values(), default=0)


def kept_for_gradients(graph, batch) -> dict[str, int]:
    """The bytes of forward results that each backward pass of `graph` needs.

    Returns a dict with the name scopes of the backward passes, such as "disc_opt/gradients", as
    keys.
    """
    kept = {}
    for op in graph.get_operations():
        scope = _backward_pass(op.name)
        if scope and op.type not in OF_SHAPES:
            kept.setdefault(scope, set()).update(
                source.ref() for source in map(_source, op.inputs)
                if _backward_pass(source.op.name) != scope and source.op.type not in VARIABLES)
    return {scope: sum(_size(ref.deref().shape, ref.deref().dtype, batch) for ref in refs)
            for scope, refs in kept.items()}


def _backward_pass(name):
    """The scope of the outermost `tf.gradients` that created the operation `name`, or None."""
    parts = name.split("/")
    for number, part in enumerate(parts[:-1]):
        if part.partition("_")[0] == "gradients":
            return "/".join(parts[:number + 1])
    return None


def _source(tensor):
    """The tensor whose memory `tensor` shares."""
    while tensor.op.type in ALIASES and tensor.op.inputs:
        tensor = tensor.op.inputs[0]
    return tensor


def _size(shape, dtype, batch):
    """The bytes of a tensor, or 0 if a dimension other than the first is unknown."""
    if shape.rank is None or None in shape.as_list()[1:]:
        return 0
    return dtype.base_dtype.size * math.prod(batch if size is None else size
                                             for size in shape.as_list())
