"""`tf.contrib.eager`, for listings that call `tf.enable_eager_execution`."""

from gan_tf1.tf1 import insides, tf


class Iterator:
    """The elements of a data set, also by `next()` and `get_next()`."""

    def __init__(self, dataset):
        self._elements = iter(dataset)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._elements)

    next = get_next = __next__


def defun(func=None, **options):
    """`func` itself, also as a decorator: making a graph of it would only make it faster."""
    return func if func is not None else lambda function: function


def run(main=None, argv=None):
    """`tf.app.run` in eager mode."""
    tf.enable_eager_execution()
    tf.app.run(main, argv)


def names() -> dict:
    """The names of `tf.contrib.eager`: name -> object."""
    backprop, metrics = insides("eager.backprop"), tf.keras.metrics
    return {
        "Iterator": Iterator, "defun": defun, "run": run, "function": tf.function,
        "Variable": tf.Variable, "Checkpoint": tf.train.Checkpoint,
        "GradientTape": tf.GradientTape, "executing_eagerly": tf.executing_eagerly,
        "in_eager_mode": tf.executing_eagerly, "py_func": insides("ops.script_ops").eager_py_func,
        "enable_eager_execution": tf.enable_eager_execution,
        "num_gpus": lambda: 0, "list_devices": lambda: ["/job:localhost/device:CPU:0"],
        "metrics": metrics, "implicit_gradients": backprop.implicit_grad,
        "implicit_value_and_gradients": backprop.implicit_val_and_grad,
        "gradients_function": backprop.gradients_function,
        "value_and_gradients_function": backprop.val_and_grad_function,
        "EagerVariableStore": insides("ops.variable_scope").EagerVariableStore}
