"""`tf.contrib.metrics` and `slim.metrics`: the names that `tf.metrics` had before TensorFlow 1.2.

`streaming_accuracy(predictions, labels)` is `tf.metrics.accuracy(labels, predictions)`.
"""

import functools
import inspect

from gan_tf1.tf1 import load


def _streaming(name, function):
    """`function` with the predictions before the labels, under its old name."""
    parameters = list(inspect.signature(function).parameters)
    if parameters[:2] == ["labels", "predictions"]:
        parameters[:2] = ["predictions", "labels"]

    @functools.wraps(function)
    def streaming(*args, **kwargs):
        return function(**dict(zip(parameters, args)), **kwargs)

    streaming.__name__ = f"streaming_{name}"
    return streaming


def aggregate_metrics(*value_update_tuples):
    """Two lists, of the values and of the update ops, from pairs (value, update op)."""
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples)
    return list(values), list(updates)


def aggregate_metric_map(names_to_tuples):
    """Two dicts by name, of the values and of the update ops, from a dict of such pairs."""
    values, updates = zip(*names_to_tuples.values())
    return dict(zip(names_to_tuples, values)), dict(zip(names_to_tuples, updates))


def accuracy(predictions, labels, weights=None, name=None):
    """The share of `predictions` that are equal to `labels`, a tensor without a state."""
    tf = load()
    with tf.name_scope(name, "accuracy", [predictions, labels]):
        right = tf.cast(tf.equal(predictions, labels), tf.float32)
        if weights is None:
            return tf.reduce_mean(right)
        weights = tf.cast(weights, tf.float32)
        return tf.reduce_sum(right * weights) / tf.reduce_sum(weights * tf.ones_like(right))


def names() -> dict:
    """The functions of the module: name -> function."""
    tf = load()
    plain = {name: getattr(tf.metrics, name) for name in dir(tf.metrics)}
    found = {f"streaming_{name}": _streaming(name, function) for name, function in plain.items()
             if inspect.isfunction(function) and not name.startswith("_")}
    for old, new in (("sparse_precision_at_k", "precision_at_k"),
                     ("sparse_recall_at_k", "recall_at_k")):
        found[f"streaming_{old}"] = found[f"streaming_{new}"]
    return found | {"aggregate_metrics": aggregate_metrics,
                    "aggregate_metric_map": aggregate_metric_map, "accuracy": accuracy,
                    "confusion_matrix": tf.math.confusion_matrix}
