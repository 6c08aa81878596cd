"""What a model computes in another way if its batch is divided among towers.

The gradient of a mean over images is the mean of the towers' gradients. It is not if the loss
contains something that is computed from all images of a batch at once, since a tower sees its own
slice only. `found` looks for it in the chapter's graph: it follows all tensors that depend on the
images from the placeholders to the losses.

    rows    [B, ...]: something for each image
    mean    a scalar: a mean over images, or a sum of such means, times numbers that do not depend
            on the images
    other   everything else, which is named in the result
"""

from gan_tf1.tf1 import tf
from gan_tf1.training.towers import has_rows
from gan_tf1.training.tracing import leading_to
from gan_tf1.wording import listed

# What keeps a mean a mean if the other inputs do not depend on the images.
LINEAR = ("Identity", "Neg", "Add", "AddV2", "AddN", "Sub", "StopGradient", "Cast", "Squeeze",
          "Reshape", "Pack", "Fill", "Tile")
SCALING = ("Mul", "RealDiv")
BATCH_NORM = "batch normalization"
GROUPS = "minibatch standard deviation"
FEATURES = "features averaged over images"
INNER = "a gradient step within a loss"
LOSS = "a loss that is not a mean over images"


def found(net) -> list[str]:
    """What a tower computes from its slice of the batch alone: some of the names above.

    `net` is the NamedTuple that a chapter's `build` has returned; its losses are the fields that
    are called so. The result is empty if every loss is a mean over images.
    """
    graph = tf.get_default_graph()
    losses = {tensor.op for name, field in net._asdict().items() if "loss" in name
              for tensor in tf.nest.flatten(field)}
    kinds, reasons = {}, {}
    for op in leading_to(losses, graph.get_operations(), lambda op: [tensor.op for tensor in op.inputs]):
        if op.type.startswith("Placeholder"):
            if has_rows(op.outputs[0]):
                kinds[op.outputs[0].ref()] = "rows"
            continue
        inputs = [kinds[tensor.ref()] for tensor in op.inputs if tensor.ref() in kinds]
        if not inputs or op.type in ("Shape", "ShapeN", "Size", "Rank"):
            continue
        for tensor in op.outputs:
            kind = _kind(op, tensor, inputs)
            if kind not in ("rows", "mean", "other"):
                reasons[kind] = None
                kind = "other"
            kinds[tensor.ref()] = kind
    return list(reasons)


def note(net, towers) -> str:
    """The line of a run's log that says what its towers compute differently from one device."""
    reasons = found(net)
    if not reasons:
        return (f"{towers} towers: every loss is a mean over images, so they compute what one "
                "device does, up to rounding")
    averages = "; moving averages are the first tower's" if BATCH_NORM in reasons else ""
    return (f"{towers} towers: each has a slice of the batch for {listed(reasons, 'and')}, so the losses "
            f"are not those of one device{averages}")


def _kind(op, tensor, inputs):
    """The kind of `tensor`, an output of `op`; if it is "other" for the first time, the reason."""
    rows = tensor.shape.rank is None or any(size.value is None for size in tensor.shape.dims)
    if "other" in inputs and not has_rows(tensor):
        return "other"
    if op.type.startswith("FusedBatchNorm"):
        return BATCH_NORM if op.get_attr("is_training") else "rows" if rows else "other"
    if rows:
        return "rows" if has_rows(tensor) else GROUPS
    if not tensor.dtype.is_floating:
        return "other"
    if tensor.shape.rank:
        return (BATCH_NORM if "/moments/" in op.name else
                INNER if "gradients" in op.name else FEATURES)
    if op.type == "Mean" and "rows" in inputs:
        return "mean"
    if op.type in LINEAR or op.type in SCALING and len(inputs) == 1:
        return "mean"
    return LOSS
