"""The collections to which contrib's layers add their variables and outputs."""

from gan_tf1.tf1 import tf


def of_variable(variables_collections, name):
    """The collections for the variable `name`, from a list for all variables or a dict by name."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def collect(outputs_collections, alias, outputs):
    """Add `outputs` to `outputs_collections`, if there are any; returns `outputs`."""
    if outputs_collections:
        tf.add_to_collections(outputs_collections, outputs)
    return outputs
