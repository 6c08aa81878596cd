"""Spellings of TensorFlow 0.x and early 1.x that `tensorflow.compat.v1` no longer has.

If only the name changed, the old name refers to the new function. If the order of the arguments
changed, the old order is recognized by the types: an axis is a number, but a tensor to join or to
split is not.
"""

import functools
import numbers

import numpy as np

from gan_tf1.tf1 import insides, tf

RENAMED = {  # old -> new, both in tf
    "neg": "negative", "sub": "subtract", "mul": "multiply", "pack": "stack", "unpack": "unstack",
    "select": "where", "inv": "reciprocal", "complex_abs": "abs",
    "batch_matrix_inverse": "matrix_inverse", "batch_cholesky": "cholesky",
    "batch_matrix_diag": "matrix_diag", "batch_matrix_determinant": "matrix_determinant",
    "batch_matrix_transpose": "matrix_transpose", "listdiff": "setdiff1d",
    "initialize_all_variables": "global_variables_initializer",
    "initialize_variables": "variables_initializer", "all_variables": "global_variables",
    "initialize_local_variables": "local_variables_initializer"}


def by_module() -> dict[str, dict]:
    """The old names: a dict of modules ("" is tf itself), each a dict name -> object."""
    top = {old: getattr(tf, new) for old, new in RENAMED.items()}
    top |= {
        "concat": _old_order(tf.concat, ("axis", "values"), _first_is_number,
                             {"concat_dim": "axis"}),
        "split": _old_order(tf.split, ("axis", "num_or_size_splits", "value"), _third_is_no_number,
                            {"split_dim": "axis", "num_split": "num_or_size_splits"}),
        "batch_matmul": _batch_matmul, "concat_v2": tf.concat, "op_scope": _values_first(tf.name_scope),
        "variable_op_scope": _values_first(tf.variable_scope), **summaries()}
    losses = ("sigmoid_cross_entropy_with_logits", "softmax_cross_entropy_with_logits",
              "sparse_softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2")
    nn = {name: _logits_first(getattr(tf.nn, name)) for name in losses}
    nn["conv2d_transpose"] = _of_the_given_shape(tf.nn.conv2d_transpose)
    nn |= {"deconv2d": nn["conv2d_transpose"], "rnn": tf.nn.static_rnn,
           "bidirectional_rnn": tf.nn.static_bidirectional_rnn,
           "state_saving_rnn": tf.nn.static_state_saving_rnn}
    train = {"SummaryWriter": tf.summary.FileWriter}
    image = {"per_image_whitening": tf.image.per_image_standardization}
    return {"": top, "nn": nn, "train": train, "image": image}


def summaries() -> dict:
    """The summary ops of TensorFlow 0.x: name -> function."""
    return {"scalar_summary": _summary(tf.summary.scalar, "tags", "values"),
            "histogram_summary": _summary(tf.summary.histogram, "tag", "values"),
            "image_summary": _summary(tf.summary.image, "tag", "tensor", max_images="max_outputs"),
            "audio_summary": _summary(tf.summary.audio, "tag", "tensor"),
            "merge_summary": _summary(tf.summary.merge, "inputs"),
            "merge_all_summaries": tf.summary.merge_all}


def _batch_matmul(x, y, adj_x=False, adj_y=False, name=None):
    """Products of the matrices [..., M, K] and [..., K, N], of which either may be adjoint."""
    return tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def _values_first(scope):
    """A scope whose first argument is the values: op_scope(values, name, default_name)."""
    return lambda values, name, default_name=None, **options: scope(
        name, default_name, values, **options)


def _of_the_given_shape(convolution):
    """A transposed convolution whose result has the whole `output_shape`, as in TensorFlow 1.

    Today its batch size is that of the input, which may be unknown, and which DCGAN's
    `tf.reshape(deconv, deconv.get_shape())` then can't use.
    """
    @functools.wraps(convolution)
    def shaped(*args, **kwargs):
        result = convolution(*args, **kwargs)
        given = kwargs.get("output_shape", args[2] if len(args) > 2 else None)
        if given is not None:
            util = insides("framework.tensor_util")
            result.set_shape(util.constant_value_as_shape(tf.convert_to_tensor(given, tf.int32)))
        return result

    return shaped


def _is_number(value):
    return isinstance(value, (numbers.Integral, np.integer))


def _first_is_number(args):
    return bool(args) and _is_number(args[0])


def _third_is_no_number(args):
    return len(args) > 2 and _is_number(args[0]) and not _is_number(args[2])


def _old_order(function, old_names, is_old, renamed):
    """`function`, which takes its arguments in the order of `old_names` if `is_old(args)`."""

    @functools.wraps(function)
    def either(*args, **kwargs):
        kwargs = {renamed.get(name, name): value for name, value in kwargs.items()}
        if is_old(args):
            kwargs = dict(zip(old_names, args)) | kwargs
            args = args[len(old_names):]
        return function(*args, **kwargs)

    return either


def _logits_first(function):
    """A loss that also accepts positional arguments, logits first, as before TensorFlow 1.0.

    The labels of the sigmoid loss may be called `targets`, as they were then.
    """

    @functools.wraps(function)
    def either(*args, **kwargs):
        if "targets" in kwargs:
            kwargs["labels"] = kwargs.pop("targets")
        if args and args[0] is not None:  # the new signature begins with a sentinel, None
            kwargs = dict(zip(("logits", "labels", "name"), args)) | kwargs
            args = ()
        return function(*args, **kwargs)

    return either


def _summary(function, *old_names, **renamed):
    """A summary op whose first arguments were called `old_names`."""

    @functools.wraps(function)
    def either(*args, **kwargs):
        args = list(args) + [kwargs.pop(name) for name in old_names[len(args):] if name in kwargs]
        return function(*args, **{renamed.get(name, name): value
                                  for name, value in kwargs.items()})

    return either
