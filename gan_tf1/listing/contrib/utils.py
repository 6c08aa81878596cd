"""`tf.contrib.layers.python.layers.utils`, which layers of one's own use."""

from gan_tf1.tf1 import insides, tf

__all__ = ["collect_named_outputs", "constant_value", "convert_collection_to_list",
           "get_variable_collections", "last_dimension", "smart_cond", "static_cond",
           "two_element_tuple"]


def collect_named_outputs(collections, alias, outputs):
    """Add `outputs` to `collections`, if there are any; returns `outputs`."""
    if collections:
        tf.add_to_collections(collections, outputs)
    return outputs


def constant_value(value_or_tensor_or_var, dtype=None):
    """A value as Python's, if it is known when the graph is built, else None."""
    if not tf.is_tensor(value_or_tensor_or_var):
        return value_or_tensor_or_var
    return insides("framework.tensor_util").constant_value(value_or_tensor_or_var)


def convert_collection_to_list(collections):
    """Names of collections as a list, or None."""
    return [collections] if isinstance(collections, str) else collections and list(collections)


def get_variable_collections(variables_collections, name):
    """The collections for the variable `name`, from a list for all variables or a dict by name."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def last_dimension(shape, min_rank=1):
    """The last dimension of `shape`, a `tf.TensorShape`. Raises ValueError if it is unknown."""
    if shape.ndims is None or shape.ndims < min_rank or shape[-1].value is None:
        raise ValueError(f"the last dimension of {shape} is unknown")
    return shape[-1].value


def static_cond(pred, fn1, fn2):
    """`fn1()` if `pred` is true, else `fn2()`; `pred` is known when the graph is built."""
    return fn1() if pred else fn2()


def smart_cond(pred, fn1, fn2, name=None):
    """Like `tf.cond`, but only one branch is built if `pred` is known when the graph is built."""
    known = constant_value(pred)
    return tf.cond(pred, fn1, fn2, name=name) if known is None else static_cond(known, fn1, fn2)


def two_element_tuple(int_or_tuple):
    """(3, 3) from 3, (3, 5) from [3, 5]."""
    if isinstance(int_or_tuple, (list, tuple)):
        return (int(int_or_tuple[0]), int(int_or_tuple[-1]))
    return (int(int_or_tuple), int(int_or_tuple))
