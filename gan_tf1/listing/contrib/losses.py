"""`tf.contrib.losses`, which takes predictions before labels; `tf.losses` takes labels first."""

import functools
import inspect

from gan_tf1.tf1 import load

SWAPPED = ("absolute_difference", "cosine_distance", "hinge_loss", "log_loss",
           "mean_pairwise_squared_error", "mean_squared_error", "sigmoid_cross_entropy",
           "softmax_cross_entropy", "sparse_softmax_cross_entropy")
SAME = ("add_loss", "compute_weighted_loss", "get_losses", "get_regularization_losses",
        "get_regularization_loss", "get_total_loss")
OLD = {"sum_of_squares": "mean_squared_error",
       "sum_of_pairwise_squares": "mean_pairwise_squared_error", "log": "log_loss",
       "absolute": "absolute_difference", "hinge": "hinge_loss"}  # until TensorFlow 0.10


def _predictions_first(function):
    labels, predictions, *rest = inspect.signature(function).parameters

    @functools.wraps(function)
    def swapped(*args, **kwargs):
        return function(**dict(zip([predictions, labels, *rest], args)), **kwargs)

    return swapped


def names():
    """The functions of the module: name -> function."""
    losses = load().losses
    return {name: getattr(losses, name) for name in SAME} | {
        name: _predictions_first(getattr(losses, name)) for name in SWAPPED} | {
        old: _predictions_first(getattr(losses, new)) for old, new in OLD.items()}
