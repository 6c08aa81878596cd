"""Find out from TensorFlow's registry which ops of a training graph can be placed on a GPU.

The registry of a CUDA build lists the GPU kernels even on a machine without a GPU. A kernel that is
registered for the device type DEFAULT serves every device. Ops with such a kernel do not compute
anything on the device itself: constants, feeds, shapes (which stay in host memory) and control flow.
"""

import functools

from gan_tf1.tf1 import load, tf


def between(fetches):
    """All ops that a `session.run` of `fetches` (tensors or ops) executes, including placeholders."""
    waiting = [fetch.op if hasattr(fetch, "op") else fetch for fetch in fetches]
    found = {}
    while waiting:
        op = waiting.pop()
        if op.name not in found:
            found[op.name] = op
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return list(found.values())


@functools.cache
def registered(op_type):
    """The kernels of a type of op, as pairs `(device type, {attribute: the types that it accepts})`."""
    load()
    from tensorflow.python.framework import kernels
    return [(kernel.device_type, {
        constraint.name: frozenset(map(tf.as_dtype, constraint.allowed_values.list.type))
        for constraint in kernel.constraint})
        for kernel in kernels.get_registered_kernels_for_op(op_type).kernel]


def devices(op):
    """The device types that have a kernel for the types of `op`: "CPU", "GPU", "DEFAULT", ..."""
    kernels = registered(op.type)
    types = {name: op.get_attr(name) for name in {name for _, takes in kernels for name in takes}}
    return {device for device, takes in kernels
            if all(types[name] in allowed for name, allowed in takes.items())}


def without_gpu_kernel(fetches):
    """Type and name of the ops of `fetches` that cannot be placed on a GPU."""
    return sorted((op.type, op.name) for op in between(fetches)
                  if not devices(op) & {"GPU", "DEFAULT"})


def host_side(fetches):
    """The types of the ops of `fetches` that have only a DEFAULT kernel."""
    return {op.type for op in between(fetches)
            if "DEFAULT" in devices(op) and "GPU" not in devices(op)}


def refusing_determinism(fetches):
    """Type and name of the ops of `fetches` whose GPU kernels are not deterministic.

    They have a kernel, but refuse to run under `enable_op_determinism`, which `new_graph` turns on.
    Only types that convolutional GANs could have are considered.
    """
    return sorted((op.type, op.name) for op in between(fetches)
                  if op.type == "ResizeNearestNeighborGrad"
                  or op.type.startswith("FusedBatchNormGrad") and not op.get_attr("is_training"))
