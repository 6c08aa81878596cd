"""The arguments of Keras 1 for today's layers and models; `old_keras_names.py` has the names.

Keras 2 accepted the arguments of Keras 1 (`Convolution2D(64, 5, 5, border_mode='same')`,
`fit(nb_epoch=2)`), and so do its layers here, while a listing runs. Source: `keras/legacy` of
Keras 2.3.
"""

import contextlib
import functools
import importlib
import inspect
import itertools

from gan_tf1.listing.patches import attributes
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
        v1 = importlib.import_module("tf_keras.src.engine.training_v1").Model
        for model in (keras.Model, v1):
            for name in ("fit", "fit_generator", "evaluate_generator", "predict_generator"):
                stack.enter_context(attributes(model, **{name: _method(getattr(model, name))}))
        ends = {"input": "inputs", "output": "outputs"}
        functional = importlib.import_module("tf_keras.src.engine.functional").Functional
        for model in (keras.Model, functional):
            stack.enter_context(attributes(model, __init__=_constructor(model.__init__, ends)))
        stack.enter_context(attributes(keras.Model, __new__=_model_maker(keras.Model.__new__)))
        yield


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
