"""What listings use of `tf.contrib`, which TensorFlow 2 left out, with its defaults and names.

`module()` puts it together; `layers.py` has the layers, `batch_norm.py` their normalization,
`weights.py` initializers and regularizers, `framework.py` argument scopes and lists of variables.
"""

from gan_tf1.listing import input_data
from gan_tf1.listing.contrib import (
    batch_norm, framework, layers, losses, model_analyzer, weights)
from gan_tf1.tf1 import load


def _public(*modules):
    return {name: value for module in modules for name, value in vars(module).items()
            if name in module.__all__}


def module(Module):
    """`tf.contrib`, its parts made by `Module(name, own, base, hint)`."""
    tf = load()

    def part(name, own, base=None):
        return Module(f"tensorflow.contrib.{name}", own, base)

    in_layers = _public(layers, batch_norm, weights)
    in_framework = _public(framework) | {
        "get_or_create_global_step": tf.train.get_or_create_global_step,
        "get_global_step": tf.train.get_global_step,
        "create_global_step": tf.train.create_global_step,
        "init_from_checkpoint": tf.train.init_from_checkpoint,
        "list_variables": tf.train.list_variables, "load_variable": tf.train.load_variable,
        "load_checkpoint": tf.train.load_checkpoint, "nest": tf.nest}
    mnist = part("learn.datasets.mnist", {
        "read_data_sets": input_data.read_data_sets, "DataSet": input_data.DataSet,
        "load_mnist": lambda train_dir="MNIST-data": input_data.read_data_sets(train_dir)})
    datasets = part("learn.datasets", {"mnist": mnist})
    contrib_losses = part("losses", losses.names())
    own = {
        "layers": part("layers", in_layers),
        "framework": part("framework", in_framework),
        "losses": contrib_losses,
        "slim": part("slim", in_layers | in_framework | {
            "losses": contrib_losses, "model_analyzer": model_analyzer}),
        "learn": part("learn", {"datasets": datasets}),
        "rnn": part("rnn", {}, tf.nn.rnn_cell),
        "distributions": part("distributions", {}, tf.distributions),
        "data": part("data", {}, tf.data),
        "keras": tf.keras}
    names = ", ".join(sorted(own))
    return Module("tensorflow.contrib", own, None, f"tf.contrib has {names}")
