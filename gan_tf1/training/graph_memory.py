"""Whether the training of a graph fits in memory: it is refused before it is allocated if it can't.

The estimate is the sum of

- its variables, with Adam's moments and the moving averages;
- the results of the forward pass that the largest of its backward passes needs: they are all
  held when that begins;
- the samples of an epoch.

Gradients (each is freed once it is applied), the working memory of convolutions, the fed batches,
and Python itself with TensorFlow, about 0.7 GB, are left out. So a training takes more than the
estimate, as the peak of the resident memory (`resource.getrusage`) less that before the training
shows, on drawn digits with the loop that feeds:

    script   settings                                          estimate  measured
    01       --batch-size 50000                                 0.47 GB   1.15 GB
    05       --batch-size 1000                                  1.87 GB   2.51 GB, 2.96 in the graph
    13       --no-growing --batch-size 400 --max-maps 64
             --map-pixels 1024                                  2.55 GB   3.71 GB

In bfloat16 (`--mixed-precision`) results take half: 05 as above takes 1.29 GB. So a training is
refused if `MARGIN` times the memory that there is would still be too little.
"""

import math

from gan_tf1.memory import refuse_excess
from gan_tf1.tf1 import has_gpu_device, tf

MARGIN = 2        # the least factor between estimate and memory at which a graph is refused
# Operations that hand their first input on without a copy of it.
ALIASES = {"Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "Snapshot"}
# Operations that need the shapes of their inputs alone.
OF_SHAPES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"}
VARIABLES = {"VariableV2", "VarHandleOp", "ReadVariableOp", "Const"}


def refuse_graph(graph, settings, sample_shape):
    """Raise InputError if training by `graph` surely takes more memory than is available.

    The chapter's `settings`, a dict, have the size of a batch; an epoch's samples have
    `sample_shape`. Nothing is refused where there is a GPU: the graph lies in its memory.
    """
    size = of_graph(graph, settings["batch_size"]) + 4 * math.prod(sample_shape)
    if not (has_gpu_device() and tf.config.experimental.list_physical_devices("GPU")):
        refuse_excess(size, "training with these settings", MARGIN)


def of_graph(graph, batch):
    """The bytes that training by `graph` takes at least; `batch` stands for unknown dimensions."""
    with graph.as_default():
        variables = sum(_size(var.shape, var.dtype, batch) for var in tf.global_variables())
    return variables + max(kept_for_gradients(graph, batch).values(), default=0)


def kept_for_gradients(graph, batch):
    """For each backward pass of `graph`, the bytes of the forward pass's results that it needs.

    A backward pass is called by its name scope, such as "disc_opt/gradients".
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
    """The scope of the outermost `tf.gradients` that made the operation `name`, or None."""
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
    """The bytes of a tensor whose first dimension alone may be unknown; 0 of any other."""
    if shape.rank is None or None in shape.as_list()[1:]:
        return 0
    return dtype.base_dtype.size * math.prod(batch if size is None else size
                                             for size in shape.as_list())
