"""`tf.contrib.framework`: argument scopes and lists of variables."""

import contextlib
import functools
import inspect
import re

from gan_tf1.tf1 import tf

__all__ = ["add_arg_scope", "arg_scope", "has_arg_scope", "get_variables", "get_local_variables",
           "get_model_variables", "get_trainable_variables", "get_variables_by_name",
           "get_variables_by_suffix", "get_variables_to_restore", "get_unique_variable",
           "model_variable", "variable", "local_variable", "add_model_variable",
           "arg_scoped_arguments", "current_arg_scope", "filter_variables", "is_tensor",
           "get_name_scope", "assert_same_float_dtype", "deprecated"]

_scopes = [{}]


def _key(function):
    return getattr(function, "_arg_scope_key", None)


def add_arg_scope(function):
    """A decorator: `function` takes its defaults from the current `arg_scope`."""

    @functools.wraps(function)
    def scoped(*args, **kwargs):
        return function(*args, **{**_scopes[-1].get(scoped._arg_scope_key, {}), **kwargs})

    scoped._arg_scope_key = (function.__module__, function.__qualname__)
    return scoped


def has_arg_scope(function):
    """Whether `function` was decorated by `add_arg_scope`."""
    return _key(function) is not None


@contextlib.contextmanager
def arg_scope(list_ops_or_scope, **kwargs):
    """A context in which the functions of the list have `kwargs` as defaults.

    Instead of a list, it accepts the scope of an earlier `with arg_scope(...) as scope`. Scopes can
    be nested, and the inner one takes precedence. Raises TypeError and ValueError as contrib did.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError("When attempting to re-use a scope by suppling a dictionary, kwargs "
                             "must be empty.")
        scope = dict(list_ops_or_scope)
    else:
        if not isinstance(list_ops_or_scope, (list, tuple)):
            raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. "
                            "dict)")
        scope = dict(_scopes[-1])
        for function in list_ops_or_scope:
            if not has_arg_scope(function):
                raise ValueError(f"{function} is not decorated with @add_arg_scope")
            scope[_key(function)] = {**scope.get(_key(function), {}), **kwargs}
    _scopes.append(scope)
    try:
        yield scope
    finally:
        _scopes.pop()


def variable(name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=True,
             collections=None, **options):
    """`tf.get_variable`, which adds the variable to GLOBAL_VARIABLES and to `collections`."""
    collections = [*(collections or ()), tf.GraphKeys.GLOBAL_VARIABLES]
    collections = list(dict.fromkeys(collections))
    options.pop("device", None)
    return tf.get_variable(name, shape, dtype or tf.float32, initializer, regularizer, trainable,
                           collections, **options)


def model_variable(name, shape=None, dtype=tf.float32, initializer=None, regularizer=None,
                   trainable=True, collections=None, **options):
    """Like `variable`, and also adds it to MODEL_VARIABLES."""
    collections = [*(collections or ()), tf.GraphKeys.MODEL_VARIABLES]
    return variable(name, shape, dtype, initializer, regularizer, trainable, collections,
                    **options)


def local_variable(initial_value, validate_shape=True, name=None, use_resource=None):
    """A variable that isn't saved, in LOCAL_VARIABLES."""
    return tf.Variable(initial_value, trainable=False, validate_shape=validate_shape, name=name,
                       collections=[tf.GraphKeys.LOCAL_VARIABLES])


def add_model_variable(var):
    """Add `var` to MODEL_VARIABLES."""
    if not any(var is other for other in tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)):
        tf.add_to_collection(tf.GraphKeys.MODEL_VARIABLES, var)


def get_variables(scope=None, suffix=None, collection=tf.GraphKeys.GLOBAL_VARIABLES):
    """The variables of `collection` whose names begin with `scope` and end in `suffix`."""
    if isinstance(scope, tf.VariableScope):
        scope = scope.name
    if suffix is not None:
        scope = (scope or "") + ".*" + suffix + r"(:\d+)?$"
    return tf.get_collection(collection, scope)


def get_model_variables(scope=None, suffix=None):
    """`get_variables` of MODEL_VARIABLES."""
    return get_variables(scope, suffix, tf.GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope=None, suffix=None):
    """`get_variables` of LOCAL_VARIABLES."""
    return get_variables(scope, suffix, tf.GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope=None, suffix=None):
    """`get_variables` of TRAINABLE_VARIABLES."""
    return get_variables(scope, suffix, tf.GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix, scope=None):
    """The variables whose names end in `suffix`."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name, scope=None):
    """The variables called `given_name` in any scope."""
    return get_variables(scope, "/" + given_name + "|^" + given_name)


def filter_variables(var_list, include_patterns=None, exclude_patterns=None, reg_search=True):
    """The variables whose names match one of `include_patterns` and none of the others."""
    find = re.search if reg_search else re.match
    return [var for var in var_list
            if (include_patterns is None or any(find(p, var.op.name) for p in include_patterns))
            and not any(find(p, var.op.name) for p in exclude_patterns or ())]


def current_arg_scope():
    """The scope that holds now, which `arg_scope` accepts."""
    return _scopes[-1]


def arg_scoped_arguments(function):
    """The names of the arguments of `function` that have a default."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is not p.empty]


def is_tensor(x):
    """Whether `x` is a tensor, a sparse tensor or a variable."""
    return tf.is_tensor(x)


def get_name_scope():
    """The name scope that holds now, without a slash at the end."""
    return tf.get_default_graph().get_name_scope()


def assert_same_float_dtype(tensors=None, dtype=None):
    """The type of all `tensors`, which must be floating. Raises ValueError otherwise."""
    kinds = {tensor.dtype.base_dtype for tensor in tensors or ()} | ({dtype} if dtype else set())
    if len(kinds) > 1 or not all(kind.is_floating for kind in kinds):
        raise ValueError(f"Expected one floating point type, got {kinds}")
    return kinds.pop() if kinds else tf.float32


def deprecated(*args, **options):
    """A decorator that changes nothing."""
    return lambda function: function


def get_unique_variable(var_op_name):
    """The variable of this name. Raises ValueError if there is none."""
    for var in tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope=var_op_name):
        if var.op.name == var_op_name:
            return var
    raise ValueError(f"Variable {var_op_name} not found")


def get_variables_to_restore(include=None, exclude=None):
    """The variables in the scopes `include` (default: all), without those in `exclude`."""
    chosen = [var for scope in (include or [None]) for var in get_variables(scope)]
    left_out = {id(var) for scope in exclude or () for var in get_variables(scope)}
    return [var for var in chosen if id(var) not in left_out]
