"""The names of Keras 1, and the files of Keras 2.0 to 2.3 (`keras.engine.topology`).

Source: `keras.layers` of Keras 1.2, and the folders of Keras 2.3.
"""

from gan_tf1.listing.old_keras import CONVOLUTION, ORDERS
from gan_tf1.listing.report import note
from gan_tf1.tf1 import load


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, name=None,
          **options):
    """`keras.layers.merge` of Keras 1: one tensor from the list `inputs`."""
    return _merging(mode, concat_axis, dot_axes, output_shape, name)(inputs)


def _merging(mode, concat_axis, dot_axes, output_shape=None, name=None):
    layers = load().keras.layers
    if callable(mode):
        return layers.Lambda(mode, output_shape=output_shape, name=name)
    kinds = {"sum": layers.Add, "mul": layers.Multiply, "ave": layers.Average,
             "max": layers.Maximum}
    if mode in kinds:
        return kinds[mode](name=name)
    if mode == "concat":
        return layers.Concatenate(concat_axis, name=name)
    if mode in ("dot", "cos"):
        return layers.Dot(dot_axes, normalize=mode == "cos", name=name)
    raise ValueError(f"Invalid merge mode: {mode}")


class Merge:
    """`keras.layers.Merge` of Keras 1: the first layer of a Sequential, with models as inputs."""

    def __new__(cls, layers=None, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None,
                name=None, **options):
        """The model that merges the outputs of `layers`, or a layer that merges a list."""
        merging = _merging(mode, concat_axis, dot_axes, output_shape, name)
        if layers is None:
            return merging
        inputs = [tensor for model in layers for tensor in model.inputs]
        return load().keras.Model(inputs, merging([model.output for model in layers]))


def _maxout():
    keras = load().keras

    class MaxoutDense(keras.layers.Layer):
        """The maximum of `nb_feature` dense layers of size `output_dim`."""

        def __init__(self, output_dim, nb_feature=4, init="glorot_uniform", **options):
            super().__init__(**{name: value for name, value in options.items()
                                if name not in CONVOLUTION})
            self.size, self.features, self.start = output_dim, nb_feature, init

        def build(self, shape):
            """Make the variables W [features, N, size] and b [features, size]."""
            self.W = self.add_weight("W", (self.features, int(shape[-1]), self.size),
                                     initializer=self.start)
            self.b = self.add_weight("b", (self.features, self.size), initializer="zeros")
            super().build(shape)

        def call(self, x):
            """[B, N] -> [B, size]."""
            tf = load()
            return tf.reduce_max(tf.tensordot(x, self.W, [[1], [1]]) + self.b, 1)

        def compute_output_shape(self, shape):
            """[B, size]."""
            return shape[0], self.size

    return MaxoutDense


def _single_device(model, gpus=None, **options):
    note("multi_gpu_model returns the model itself: there is one device here")
    return model


def _start(kind):
    """An initializer of Keras 1, a function of the shape."""
    backend = load().keras.backend
    draws = {
        "normal": lambda shape, scale=0.05: backend.random_normal(shape, 0.0, scale),
        "uniform": lambda shape, scale=0.05: backend.random_uniform(shape, -scale, scale),
        "zero": lambda shape, scale=0: backend.zeros(shape),
        "one": lambda shape, scale=1: backend.ones(shape)}
    if kind in draws:
        return lambda shape, scale=0.05, name=None, dim_ordering=None: draws[kind](shape, scale)
    rule = getattr(load().keras.initializers, kind)
    return lambda shape, name=None, dim_ordering=None: rule()(shape)


def names(Module) -> dict:
    """The names of Keras before 2.4 that are not in today's: a dict for the module `keras`.

    `Module(name, own, base)` makes a module.
    """
    tf = load()
    keras = tf.keras
    layers, backend, regularizers = keras.layers, keras.backend, keras.regularizers
    in_layers = {"merge": _merge_module("keras.layers.merge", {"_Merge": layers.Add.__mro__[1]},
                                       layers),
                 "Merge": Merge, "MaxoutDense": _maxout(),
                 "Deconvolution2D": layers.Conv2DTranspose, "AtrousConvolution2D": layers.Conv2D}
    files = ("advanced_activations convolutional core normalization pooling recurrent embeddings "
             "noise wrappers local convolutional_recurrent").split()
    extra = {name: in_layers[name] for name in ("Merge", "MaxoutDense", "Deconvolution2D",
                                                "AtrousConvolution2D")}
    in_layers |= {name: Module(f"keras.layers.{name}", extra, layers) for name in files}
    own_layers = Module("keras.layers", in_layers, layers)
    in_backend = {
        "image_dim_ordering": lambda: next(
            old for old, new in ORDERS.items() if new == backend.image_data_format()),
        "set_image_dim_ordering": lambda order: backend.set_image_data_format(ORDERS[order]),
        "_get_available_gpus": lambda: [], "_BACKEND": "tensorflow", "tf": tf}
    own_backend = Module("keras.backend", in_backend, backend)
    vars(own_backend).update(tensorflow_backend=own_backend, common=own_backend)
    in_engine = {"Layer": layers.Layer, "InputSpec": layers.InputSpec, "Input": layers.Input,
                 "Model": keras.Model, "Container": keras.Model, "Network": keras.Model,
                 "Sequential": keras.Sequential, "merge": merge, "Merge": Merge}
    engine = Module("keras.engine", in_engine)
    vars(engine).update({name: engine for name in (
        "topology", "training", "network", "base_layer", "input_layer", "sequential")})
    utils = Module("keras.utils", {
        "multi_gpu_model": _single_device, "plot": keras.utils.plot_model,
        "print_summary": lambda model, *args, **options: model.summary(*args, **options)},
        keras.utils)
    vars(utils).update({name: utils for name in (
        "np_utils", "generic_utils", "vis_utils", "visualize_util", "data_utils", "layer_utils",
        "io_utils", "conv_utils", "training_utils")})
    vars(utils)["CustomObjectScope"] = keras.utils.custom_object_scope
    optimizers = {name.lower(): getattr(keras.optimizers, name) for name in (
        "Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")}
    own_regularizers = {
        "l1l2": regularizers.l1_l2, "activity_l1": regularizers.l1, "activity_l2": regularizers.l2,
        "WeightRegularizer": lambda l1=0.0, l2=0.0: regularizers.l1_l2(l1, l2)}
    limits = {"maxnorm": keras.constraints.max_norm, "nonneg": keras.constraints.non_neg,
              "unitnorm": keras.constraints.unit_norm}
    starts = ("normal uniform zero one glorot_normal glorot_uniform he_normal he_uniform "
              "lecun_uniform orthogonal identity").split()
    impl = Module("keras._impl", {})
    return {
        "_impl": impl, "layers": own_layers, "backend": own_backend, "engine": engine,
        "utils": utils,
        "optimizers": Module("keras.optimizers", optimizers, keras.optimizers),
        "regularizers": Module("keras.regularizers", own_regularizers, regularizers),
        "constraints": Module("keras.constraints", limits, keras.constraints),
        "initializations": Module("keras.initializations",
                                  {name: _start(name) for name in starts}, keras.initializers),
        "objectives": keras.losses, "__version__": "2.3.1"}


def _merge_module(name, own, base):
    """`keras.layers.merge`: a file of Keras 2, and a function of Keras 1."""
    from gan_tf1.listing.modules import Tf1Module

    class Callable(Tf1Module):
        """A module that can be called."""

        def __call__(self, *args, **options):
            return merge(*args, **options)

    return Callable(name, own, base)
