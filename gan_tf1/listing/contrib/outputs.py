"""The collections that contrib's layers put their variables and outputs into."""

from gan_tf1.tf1 import tf


def of_variable(variables_collections, name):
    """The collections for the variable `name`: a list for all, or a dict of lists by name."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def collect(outputs_collections, alias, outputs):
    """`outputs`, put into `outputs_collections` where there are any."""
    if outputs_collections:
        tf.add_to_collections(outputs_collections, outputs)
    return outputs
