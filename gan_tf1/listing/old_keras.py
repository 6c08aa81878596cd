"""Keras 1 and the files of Keras 2.0 to 2.3, which a listing finds on today's Keras 2.

Keras 2 accepted the arguments of Keras 1 (`Convolution2D(64, 5, 5, border_mode='same')`,
`fit(nb_epoch=2)`), and so do its layers here, while a listing runs. Source: `keras/legacy` of
Keras 2.3, and `keras.layers` of Keras 1.2.
"""

import contextlib
import functools
import importlib
import inspect
import itertools

from gan_tf1.listing.patches import attributes
from gan_tf1.listing.report import note
from gan_tf1.tf1 import load

WEIGHTS = {"init": "kernel_initializer", "W_regularizer": "kernel_regularizer",
           "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
           "b_constraint": "bias_constraint", "bias": "use_bias"}
PLACES = {"border_mode": "padding", "dim_ordering": "data_format"}
CONVOLUTION = WEIGHTS | PLACES | {
    "nb_filter": "filters", "subsample": "strides", "subsample_length": "strides",
    "filter_length": "kernel_size", "atrous_rate": "dilation_rate", "output_shape": None}
RECURRENT = WEIGHTS | {
    "output_dim": "units", "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation", "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout", "dropout_U": "recurrent_dropout", "consume_less": None,
    "forget_bias_init": None}
POOLING = PLACES | {"pool_length": "pool_size", "stride": "strides"}
RENAMED = {  # layer -> old argument -> new argument, or None if it is left out
    "Dense": WEIGHTS | {"output_dim": "units"}, "Dropout": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate", "dim_ordering": "data_format"},
    "GaussianDropout": {"p": "rate"}, "GaussianNoise": {"sigma": "stddev"},
    "PReLU": {"init": "alpha_initializer"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer",
                  "W_constraint": "embeddings_constraint", "dropout": None},
    "BatchNormalization": {"mode": None, "beta_init": "beta_initializer",
                           "gamma_init": "gamma_initializer", "weights": None},
    "UpSampling1D": {"length": "size"}, "UpSampling2D": PLACES, "ZeroPadding2D": PLACES,
    "Cropping2D": PLACES, "SimpleRNN": RECURRENT, "GRU": RECURRENT, "LSTM": RECURRENT,
    **{name: CONVOLUTION for name in ("Conv1D", "Conv2D", "Conv2DTranspose", "SeparableConv2D")},
    **{f"{kind}Pooling{rank}": POOLING for kind in ("Max", "Average") for rank in ("1D", "2D")},
    **{f"Global{kind}Pooling2D": PLACES for kind in ("Max", "Average")}}
METHODS = {"nb_epoch": "epochs", "nb_val_samples": "validation_steps", "val_samples": "steps",
           "nb_worker": "workers", "pickle_safe": "use_multiprocessing",
           "max_q_size": "max_queue_size"}
ORDERS = {"tf": "channels_last", "th": "channels_first"}
NAMED = {"zero": "zeros", "one": "ones", "normal": "random_normal", "uniform": "random_uniform"}
# Set when a listing imports `keras`, whose Conv2D(64, 5, 5) has a kernel of 5 x 5; in `tf.keras`
# the third number is the stride.
standalone = []


@contextlib.contextmanager
def restored():
    """A context in which the layers and the models of Keras take the arguments of Keras 1."""
    keras = load().keras
    standalone.clear()
    with contextlib.ExitStack() as stack:
        for name, renamed in RENAMED.items():
            layer = getattr(keras.layers, name)
            stack.enter_context(attributes(layer, __init__=_constructor(
                layer.__init__, renamed, name in ("Conv2D", "Conv2DTranspose", "SeparableConv2D"))))
        for model in _models(keras):
            for name in ("fit", "fit_generator", "evaluate_generator", "predict_generator"):
                stack.enter_context(attributes(model, **{name: _method(getattr(model, name))}))
        ends = {"input": "inputs", "output": "outputs"}
        functional = importlib.import_module("tf_keras.src.engine.functional").Functional
        for model in (keras.Model, functional):
            stack.enter_context(attributes(model, __init__=_constructor(model.__init__, ends)))
        stack.enter_context(attributes(keras.Model, __new__=_model_maker(keras.Model.__new__)))
        yield


def _models(keras):
    return keras.Model, importlib.import_module("tf_keras.src.engine.training_v1").Model


def _model_maker(plain):
    def make(cls, *args, **kwargs):  # Keras chooses a functional model by these names
        return plain(cls, *args, **_renamed(kwargs, {"input": "inputs", "output": "outputs"}))
    return staticmethod(make)


def _renamed(kwargs, names):
    """`kwargs` with the new names of Keras 2; a name that maps to None is left out."""
    found = {}
    for name, value in kwargs.items():
        new = names.get(name, name)
        if new is not None:
            found[new] = _value(new, value)
    return found


def _value(name, value):
    if name == "data_format":
        return ORDERS.get(value, value)
    if name.endswith("_initializer"):
        if isinstance(value, str):
            return NAMED.get(value, value)
        if inspect.isfunction(value):
            return _initializer(value)
    return value


def _initializer(function):
    """An initializer from a function of Keras 1, which had no data type: init(shape, name=None)."""
    if "dtype" in inspect.signature(function).parameters:
        return function
    return lambda shape, dtype=None, **options: function(tuple(shape))


def _constructor(plain, names, has_kernel=False):
    @functools.wraps(plain)
    def init(self, *args, **kwargs):
        is_old = bool(kwargs.keys() & names.keys()) or bool(standalone)
        if has_kernel:
            args, kwargs = _kernel(args, kwargs, is_old)
        kwargs = _renamed(kwargs, names)
        if "input_dim" in kwargs and "recurrent_initializer" in names.values():
            kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))
        plain(self, *args, **kwargs)
    return init


def _kernel(args, kwargs, is_old):
    """Conv2D(64, 5, 5) and Conv2D(64, nb_row=5, nb_col=5) have a kernel of 5 x 5."""
    args, kwargs = list(args), dict(kwargs)
    if "nb_row" in kwargs and "nb_col" in kwargs:
        kwargs["kernel_size"] = kwargs.pop("nb_row"), kwargs.pop("nb_col")
    elif len(args) == 2 and "nb_col" in kwargs:
        args[1] = args[1], kwargs.pop("nb_col")
    elif len(args) >= 3 and is_old and all(isinstance(size, int) for size in args[1:3]):
        args[1:3] = [(args[1], args[2])]
        if len(args) > 2 and isinstance(args[2], (tuple, list)):  # Deconvolution2D's output_shape
            del args[2]
    return args, kwargs


def _method(plain):
    @functools.wraps(plain)
    def method(self, *args, **kwargs):
        kwargs = _renamed(kwargs, METHODS)
        if "samples_per_epoch" in kwargs:  # Keras 1 counted images, not batches
            args = list(args) or [kwargs.pop("generator")]
            first = next(args[0])
            args[0] = itertools.chain([first], args[0])
            size = len(first[0][0] if isinstance(first[0], (list, tuple)) else first[0])
            kwargs["steps_per_epoch"] = -(-kwargs.pop("samples_per_epoch") // size)
        return plain(self, *args, **kwargs)
    return method


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
    in_layers = {"merge": _MergeModule("keras.layers.merge", {"_Merge": layers.Add.__mro__[1]},
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
    utils = Module("keras.utils", {"multi_gpu_model": _single_device, "plot": keras.utils.plot_model,
                                   "print_summary": lambda model, *args, **options:
                                   model.summary(*args, **options)}, keras.utils)
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
        "_impl": impl, "layers": own_layers, "backend": own_backend, "engine": engine, "utils": utils,
        "optimizers": Module("keras.optimizers", optimizers, keras.optimizers),
        "regularizers": Module("keras.regularizers", own_regularizers, regularizers),
        "constraints": Module("keras.constraints", limits, keras.constraints),
        "initializations": Module("keras.initializations",
                                  {name: _start(name) for name in starts}, keras.initializers),
        "objectives": keras.losses, "__version__": "2.3.1"}


def _MergeModule(name, own, base):
    """`keras.layers.merge`: a file of Keras 2, and a function of Keras 1."""
    from gan_tf1.listing.modules import Tf1Module

    class Callable(Tf1Module):
        """A module that can be called."""

        def __call__(self, *args, **options):
            return merge(*args, **options)

    lower = {"add": "add", "multiply": "multiply", "concatenate": "concatenate", "dot": "dot",
             "average": "average", "maximum": "maximum"}
    return Callable(name, own | {new: getattr(base, old) for new, old in lower.items()}, base)
