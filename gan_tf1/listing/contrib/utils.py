"""`slim.utils` and `tf.contrib.layers.python.layers.utils`, which layers of one's own use."""

from gan_tf1.tf1 import insides, tf

__all__ = ["append_tensor_alias", "channel_dimension", "collect_named_outputs", "constant_value",
           "convert_collection_to_dict", "convert_collection_to_list", "first_dimension",
           "gather_tensors_aliases", "get_tensor_aliases", "get_variable_collections",
           "last_dimension", "n_positive_integers", "smart_cond", "static_cond",
           "two_element_tuple"]


def append_tensor_alias(tensor, alias):
    """Remember `alias` as a name of `tensor`; returns `tensor`."""
    tensor.aliases = [*getattr(tensor, "aliases", ()), alias.rstrip("/")]
    return tensor


def get_tensor_aliases(tensor):
    """The aliases of `tensor`, or its name without ":0"."""
    return getattr(tensor, "aliases", None) or [tensor.name.removesuffix(":0")]


def gather_tensors_aliases(tensors):
    """The aliases of all `tensors`."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def collect_named_outputs(collections, alias, outputs):
    """Add `outputs` to `collections` as `alias`, if there are any; returns `outputs`."""
    if collections:
        if alias:
            append_tensor_alias(outputs, alias)
        tf.add_to_collections(collections, outputs)
    return outputs


def convert_collection_to_dict(collection, clear_collection=False):
    """The tensors of a collection by their aliases (the layers' scopes), or by their names."""
    found = {alias: tensor for tensor in tf.get_collection(collection)
             for alias in get_tensor_aliases(tensor)}
    if clear_collection:
        tf.get_default_graph().clear_collection(collection)
    return found


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


def first_dimension(shape, min_rank=1):
    """The first dimension of `shape`, a `tf.TensorShape`. Raises ValueError if it is unknown."""
    return last_dimension(shape[::-1] if shape.ndims is not None else shape, min_rank)


def channel_dimension(shape, data_format, min_rank=1):
    """The channels of `shape` ("NHWC", "NCHW" and so on). Raises ValueError if unknown."""
    return last_dimension(shape[:2] if data_format.startswith("NC") else shape, min_rank)


def n_positive_integers(n, value):
    """(3, 3) from 3 with n = 2; a list of n numbers as a tuple. ValueError for other lengths."""
    values = (value,) * n if isinstance(value, int) else tuple(map(int, value))
    if len(values) != n or min(values) < 1:
        raise ValueError(f"value must be either an integer or a sequence of {n} positive integers")
    return values


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
