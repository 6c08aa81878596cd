"""The parts of `tf.contrib` that listings use; TensorFlow 2 has dropped it.

They have the original defaults and variable names. `module()` assembles them. `layers.py` and
`more_layers.py` have the layers, `batch_norm.py` the normalizations, `weights.py` initializers and
regularizers, `framework.py` argument scopes and lists of variables, `training.py` hyperparameters
and training ops, `slim.py` training loops, and `gan.py` TF-GAN.
"""

from gan_tf1.listing import input_data, old_names
from gan_tf1.listing.contrib import (
    batch_norm, datasets, distributions, eager, framework, gan, gan_losses, graph_editor,
    images, layers, losses, metrics, model_analyzer, more_layers, rnn, slim, training, utils,
    weights)
from gan_tf1.tf1 import insides, load


# The names of contrib's inner files, which some listings import: contrib.layers.python.layers.
INNER = ("python", "api", "layers", "ops", "framework", "learn", "rnn", "keras", "initializers",
         "regularizers", "variables", "core_rnn_cell", "hparam", "training")


def _public(*modules):
    return {name: value for module in modules for name, value in vars(module).items()
            if name in module.__all__}


def _whole_batches(batch_size):
    """For `dataset.apply`: batches without a smaller one at the end."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def module(Module):
    """The module `tf.contrib`, whose parts are made by `Module(name, own, base, hint)`."""
    from gan_tf1.listing.modules import keras_module
    tf = load()

    def part(name, own, base=None):
        made = Module(f"tensorflow.contrib.{name}", own, base)
        inner = Module(f"tensorflow.contrib.{name}.python", {}, made)
        vars(inner).update({name: inner for name in INNER if not hasattr(made, name)})
        vars(made).update({"python": inner, "api": inner})
        if name == "layers":
            vars(inner)["utils"] = Module("tensorflow.contrib.layers.python.layers.utils",
                                          _public(utils))
        return made

    in_layers = _public(layers, more_layers, batch_norm, weights) | {
        "optimize_loss": training.optimize_loss,
        "OPTIMIZER_CLS_NAMES": {name: getattr(tf.train, kind)
                                for name, kind in training.OPTIMIZERS.items()}}
    in_framework = _public(framework) | {
        "get_or_create_global_step": tf.train.get_or_create_global_step,
        "get_global_step": tf.train.get_global_step,
        "create_global_step": tf.train.create_global_step,
        "init_from_checkpoint": tf.train.init_from_checkpoint,
        "list_variables": tf.train.list_variables, "load_variable": tf.train.load_variable,
        "load_checkpoint": tf.train.load_checkpoint, "nest": tf.nest, "sort": tf.sort,
        "argsort": tf.argsort, "zero_initializer": tf.zeros_initializer,
        **{name: getattr(slim, name) for name in (
            "assign_from_checkpoint_fn", "assign_from_values_fn")}}
    mnist = part("learn.datasets.mnist", {
        "read_data_sets": input_data.read_data_sets, "DataSet": input_data.DataSet,
        "load_mnist": lambda train_dir="MNIST-data": input_data.read_data_sets(train_dir),
        **{name: getattr(input_data, name) for name in (
            "dense_to_one_hot", "extract_images", "extract_labels")}})
    base = part("learn.datasets.base", _public(datasets))
    in_datasets = part("learn.datasets", {"mnist": mnist, "base": base})
    contrib_losses = part("losses", losses.names())
    for_training = {name: getattr(training, name)
                    for name in ("HParams", "create_train_op", "clip_gradient_norms")}
    contrib_metrics = part("metrics", metrics.names())
    in_slim = {
        "losses": contrib_losses, "model_analyzer": model_analyzer, "metrics": contrib_metrics,
        "learning": part("slim.learning", for_training | {
            name: getattr(slim, name) for name in ("train", "train_step", "multiply_gradients")}),
        "queues": part("slim.queues", {"QueueRunners": slim.queue_runners}),
        "evaluation": part("slim.evaluation", {"evaluate_once": slim.evaluate_once}),
        "utils": part("slim.utils", _public(utils)),
        **{name: part(f"slim.{name}", in_layers | in_framework)
           for name in ("layers", "initializers", "regularizers", "variables", "ops")}}
    in_rnn = {name: getattr(tf.nn, name) for name in dir(tf.nn) if name.startswith("static_")}
    in_gan = {name: value for name, value in vars(gan).items() if hasattr(value, "__call__")}
    tfgan = part("gan", in_gan | {
        "losses": part("gan.losses", gan_losses.of_models() | {
            "wargs": part("gan.losses.wargs", gan_losses.of_tensors())}),
        "eval": part("gan.eval", in_gan), "features": part("gan.features", in_gan)})
    own = {
        "layers": part("layers", in_layers),
        "framework": part("framework", in_framework),
        "losses": contrib_losses, "metrics": contrib_metrics, "gan": tfgan,
        "slim": part("slim", in_layers | in_framework | in_slim),
        "training": part("training", for_training),
        "learn": part("learn", {"datasets": in_datasets}),
        "rnn": part("rnn", in_rnn | rnn.names(), tf.nn.rnn_cell),
        "distributions": part("distributions", distributions.names(), tf.distributions),
        "data": part("data", {name: value for name, value in vars(tf.data.experimental).items() if name[0] != "_"} | {
            "batch_and_drop_remainder": _whole_batches}, tf.data),
        "image": part("image", images.NAMES), "signal": part("signal", {}, tf.signal),
        "util": part("util", {"make_tensor_proto": tf.make_tensor_proto,
                              "constant_value": tf.get_static_value,
                              "make_ndarray": tf.make_ndarray}),
        "graph_editor": part("graph_editor", graph_editor.NAMES),
        "eager": part("eager", eager.names()),
        "summary": part("summary", {}, insides("ops.summary_ops_v2")),
        "deprecated": part("deprecated", old_names.summaries()),
        "keras": part("keras", {}, keras_module())}
    names = ", ".join(sorted(own))
    return Module("tensorflow.contrib", own, None, f"tf.contrib has {names}")
