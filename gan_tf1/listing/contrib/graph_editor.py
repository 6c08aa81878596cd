"""`tf.contrib.graph_editor.graph_replace`, with which unrolled GANs substitute updated weights."""

from gan_tf1.tf1 import tf


def get_backward_walk_ops(seed_ops, stop_at_ts=(), **options):
    """The operations on which `seed_ops` (operations or tensors) depend, the seeds included.

    The walk doesn't go beyond the tensors `stop_at_ts`. Operations come before those that use them.
    """
    seeds = seed_ops if isinstance(seed_ops, (list, tuple)) else [seed_ops]
    stop, seen, ordered = {tensor.name for tensor in stop_at_ts}, set(), []
    todo = [(getattr(seed, "op", seed), False) for seed in seeds]
    while todo:
        op, is_done = todo.pop()
        if is_done:
            ordered.append(op)
        elif op.name not in seen:
            seen.add(op.name)
            todo.append((op, True))
            todo += [(x.op, False) for x in op.inputs if x.name not in stop]
            todo += [(other, False) for other in op.control_inputs]
    return ordered


def graph_replace(target_ts, replacement_ts, dst_scope="", src_scope="", reuse_dst_scope=False):
    """`target_ts` computed with other inputs: each tensor of a dict is replaced by its value.

    `target_ts` is a tensor, or a list or dict of tensors; the result has the same structure. The
    operations between are copied; the others are shared. Raises NotImplementedError for loops.
    """
    graph = tf.get_default_graph()
    flat = tf.nest.flatten(target_ts) if not isinstance(target_ts, dict) else list(
        target_ts.values())
    new = {old.name: tensor for old, tensor in replacement_ts.items()}
    copies = {}
    for op in get_backward_walk_ops(flat, list(replacement_ts)):
        inputs = [new.get(tensor.name, tensor) for tensor in op.inputs]
        control = [copies.get(other.name, other) for other in op.control_inputs]
        if all(a is b for a, b in zip([*inputs, *control], [*op.inputs, *op.control_inputs])):
            continue
        if op.type in ("NextIteration", "While", "StatelessWhile"):
            raise NotImplementedError("tf.contrib.graph_editor: loops aren't supported here")
        attributes = {name: value for name, value in op.node_def.attr.items() if name != "_class"}
        with tf.name_scope(dst_scope or None), graph.control_dependencies(None), \
                graph.control_dependencies(control):
            copy = graph.create_op(
                op.type, inputs, [output.dtype for output in op.outputs], attrs=attributes,
                name=op.name.rsplit("/", 1)[-1], op_def=op.op_def)
        copies[op.name] = copy
        for old, output in zip(op.outputs, copy.outputs):
            output.set_shape(old.shape)
            new.setdefault(old.name, output)
    found = [new.get(tensor.name, tensor) for tensor in flat]
    if isinstance(target_ts, dict):
        return type(target_ts)(zip(target_ts, found))
    return tf.nest.pack_sequence_as(target_ts, found)


NAMES = {"graph_replace": graph_replace, "get_backward_walk_ops": get_backward_walk_ops}
