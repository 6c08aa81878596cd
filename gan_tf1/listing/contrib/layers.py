"""`tf.contrib.layers`: dense and convolutional layers, pooling, and other functions of tensors.

In contrast to `tf.layers`, the defaults here are ReLU, `SAME` padding and Xavier's initializer. The
variables are called `weights` and `biases`, and a `normalizer_fn` replaces the bias.
"""

import functools

from gan_tf1.listing.contrib.utils import collect_named_outputs, get_variable_collections
from gan_tf1.listing.contrib.framework import add_arg_scope, model_variable
from gan_tf1.listing.contrib.weights import xavier_initializer
from gan_tf1.tf1 import tf

__all__ = ["fully_connected", "linear", "relu", "relu6", "convolution", "convolution1d",
           "convolution2d", "conv1d", "conv2d", "conv2d_transpose", "convolution2d_transpose",
           "separable_conv2d", "separable_convolution2d", "max_pool2d",
           "avg_pool2d", "bias_add", "dropout", "flatten", "one_hot_encoding", "unit_norm",
           "stack", "repeat", "softmax", "elu", "conv3d", "convolution3d", "maxout"]


def _layer(inputs, default_name, reuse, scope, trainable, variables_collections,
           outputs_collections, weights, biases, normalizer_fn, normalizer_params, activation_fn,
           compute, bias_format=None):
    """The common part of all layers with weights.

    `weights` is a list of (name, function input -> shape, initializer, regularizer), `biases` is
    (count, initializer, regularizer), and `compute(x, *weights)` is the layer without its bias.
    """
    with tf.variable_scope(scope, default_name, [inputs], reuse=reuse) as sc:
        x = tf.convert_to_tensor(inputs)
        dtype = x.dtype.base_dtype
        variables = [
            model_variable(name, shape(x), dtype, initializer, regularizer, trainable,
                           get_variable_collections(variables_collections, "weights"))
            for name, shape, initializer, regularizer in weights]
        outputs = compute(x, *variables)
        count, initializer, regularizer = biases
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        elif initializer is not None:
            bias = model_variable("biases", [count], dtype, initializer, regularizer, trainable,
                                  get_variable_collections(variables_collections, "biases"))
            outputs = tf.nn.bias_add(outputs, bias, data_format=bias_format)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


def _known(size, x):
    """The dimension `size` as an int. Raises ValueError if it is unknown."""
    if getattr(size, "value", size) is None:
        raise ValueError(f"The channel dimension of the inputs {x.name} should be defined. Found "
                         "`None`.")
    return int(size)


@add_arg_scope
def fully_connected(inputs, num_outputs, activation_fn=tf.nn.relu, normalizer_fn=None,
                    normalizer_params=None, weights_initializer=xavier_initializer(),
                    weights_regularizer=None, biases_initializer=tf.zeros_initializer(),
                    biases_regularizer=None, reuse=None, variables_collections=None,
                    outputs_collections=None, trainable=True, scope=None):
    """A dense layer, [..., N] -> [..., num_outputs]. ValueError if N or the rank is unknown."""
    num_outputs = int(num_outputs)

    def shape(x):
        if x.shape.ndims is None or x.shape.ndims < 2:
            raise ValueError(f"Input 0 of layer fully_connected ({x.name}) needs a known rank of "
                             f"at least 2. Full shape received: {x.shape}")
        return [_known(x.shape[-1], x), num_outputs]

    def compute(x, weights):
        if x.shape.ndims == 2:
            return tf.matmul(x, weights)
        y = tf.tensordot(x, weights, [[x.shape.ndims - 1], [0]])
        y.set_shape(x.shape[:-1].concatenate(num_outputs))
        return y

    return _layer(inputs, "fully_connected", reuse, scope, trainable, variables_collections,
                  outputs_collections,
                  [("weights", shape, weights_initializer, weights_regularizer)],
                  (num_outputs, biases_initializer, biases_regularizer), normalizer_fn,
                  normalizer_params, activation_fn, compute)


def _sizes(value, dimensions):
    return ([int(value)] * dimensions if not isinstance(value, (list, tuple))
            else [int(size) for size in value])


def _convolution(dimensions, inputs, num_outputs, kernel_size, stride=1, padding="SAME",
                 data_format=None, rate=1, activation_fn=tf.nn.relu, normalizer_fn=None,
                 normalizer_params=None, weights_initializer=xavier_initializer(),
                 weights_regularizer=None, biases_initializer=tf.zeros_initializer(),
                 biases_regularizer=None, reuse=None, variables_collections=None,
                 outputs_collections=None, trainable=True, scope=None):
    """[B, H, W, C] -> [B, H/stride, W/stride, num_outputs]; likewise in one or three dimensions."""
    rank = tf.convert_to_tensor(inputs).shape.ndims
    dimensions = dimensions or (rank or 0) - 2
    if rank != dimensions + 2 or not 1 <= dimensions <= 3:
        raise ValueError(f"Convolution expects input with rank {dimensions + 2}, got {rank}")
    first = bool(data_format) and data_format.startswith("NC")
    num_outputs = int(num_outputs)
    sizes = _sizes(kernel_size, dimensions)

    def compute(x, weights):
        return tf.nn.convolution(x, weights, padding.upper(), _sizes(stride, dimensions),
                                 _sizes(rate, dimensions), data_format=data_format)

    return _layer(inputs, "Conv", reuse, scope, trainable, variables_collections,
                  outputs_collections,
                  [("weights", lambda x: sizes + [_known(x.shape[1 if first else -1], x),
                                                  num_outputs],
                    weights_initializer, weights_regularizer)],
                  (num_outputs, biases_initializer, biases_regularizer), normalizer_fn,
                  normalizer_params, activation_fn, compute, "NCHW" if first else None)


def _of_dimensions(dimensions, name):
    """`_convolution` in `dimensions` dimensions (None: those of the input), with contrib's name."""

    @functools.wraps(_convolution)
    def layer(inputs, num_outputs, kernel_size, *args, **kwargs):
        return _convolution(dimensions, inputs, num_outputs, kernel_size, *args, **kwargs)

    layer.__name__ = layer.__qualname__ = name
    return add_arg_scope(layer)


convolution = _of_dimensions(None, "convolution")
conv1d = convolution1d = _of_dimensions(1, "convolution1d")
conv2d = convolution2d = _of_dimensions(2, "convolution2d")
conv3d = convolution3d = _of_dimensions(3, "convolution3d")


@add_arg_scope
def convolution2d_transpose(
        inputs, num_outputs, kernel_size, stride=1, padding="SAME", data_format="NHWC",
        activation_fn=tf.nn.relu, normalizer_fn=None, normalizer_params=None,
        weights_initializer=xavier_initializer(), weights_regularizer=None,
        biases_initializer=tf.zeros_initializer(), biases_regularizer=None, reuse=None,
        variables_collections=None, outputs_collections=None, trainable=True, scope=None):
    """[B, H, W, C] -> [B, H*stride, W*stride, num_outputs]; larger with `VALID` padding."""
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    channels, rows = (1, 2) if data_format == "NCHW" else (3, 1)
    num_outputs, sizes, strides = int(num_outputs), _sizes(kernel_size, 2), _sizes(stride, 2)

    def compute(x, weights):
        static, dynamic = x.shape.as_list(), tf.unstack(tf.shape(x), num=4)
        static[channels] = dynamic[channels] = num_outputs
        steps = [1, 1, 1, 1]
        for axis, size, step in zip((rows, rows + 1), sizes, strides):
            more = max(size - step, 0) if padding.upper() == "VALID" else 0
            known = static[axis]
            static[axis] = None if known is None else known * step + more
            dynamic[axis] = dynamic[axis] * step + more if known is None else static[axis]
            steps[axis] = step
        y = tf.nn.conv2d_transpose(x, weights, tf.stack(dynamic), steps, padding.upper(),
                                   data_format=data_format)
        y.set_shape(static)
        return y

    return _layer(inputs, "Conv2d_transpose", reuse, scope, trainable, variables_collections,
                  outputs_collections,
                  [("weights", lambda x: sizes + [num_outputs, _known(x.shape[channels], x)],
                    weights_initializer, weights_regularizer)],
                  (num_outputs, biases_initializer, biases_regularizer), normalizer_fn,
                  normalizer_params, activation_fn, compute,
                  "NCHW" if data_format == "NCHW" else None)


conv2d_transpose = convolution2d_transpose


@add_arg_scope
def separable_convolution2d(
        inputs, num_outputs, kernel_size, depth_multiplier=1, stride=1, padding="SAME",
        data_format="NHWC", rate=1, activation_fn=tf.nn.relu, normalizer_fn=None,
        normalizer_params=None, weights_initializer=xavier_initializer(),
        pointwise_initializer=None, weights_regularizer=None,
        biases_initializer=tf.zeros_initializer(), biases_regularizer=None, reuse=None,
        variables_collections=None, outputs_collections=None, trainable=True, scope=None):
    """A depthwise and then a pointwise convolution; only depthwise with `num_outputs=None`."""
    if data_format != "NHWC":
        raise NotImplementedError("tf.contrib.layers.separable_conv2d: data_format must be NHWC")
    sizes, (down, right) = _sizes(kernel_size, 2), _sizes(stride, 2)
    channels = _known(tf.convert_to_tensor(inputs).shape[-1], inputs)
    weights = [("depthwise_weights", lambda x: sizes + [channels, depth_multiplier],
                weights_initializer, weights_regularizer)]
    if num_outputs is not None:
        weights.append(("pointwise_weights",
                        lambda x: [1, 1, channels * depth_multiplier, int(num_outputs)],
                        pointwise_initializer or weights_initializer, weights_regularizer))

    def compute(x, depthwise, pointwise=None):
        y = tf.nn.depthwise_conv2d(x, depthwise, [1, down, right, 1], padding.upper(),
                                   rate=_sizes(rate, 2))
        return y if pointwise is None else tf.nn.conv2d(y, pointwise, [1, 1, 1, 1], "VALID")

    return _layer(inputs, "SeparableConv2d", reuse, scope, trainable, variables_collections,
                  outputs_collections, weights,
                  (int(num_outputs or channels * depth_multiplier), biases_initializer,
                   biases_regularizer), normalizer_fn, normalizer_params, activation_fn, compute)


separable_conv2d = separable_convolution2d


def _pool(kind, inputs, kernel_size, stride, padding, data_format, outputs_collections, scope,
          name):
    first = data_format == "NCHW"
    window, steps = ([1, 1, *_sizes(given, 2)] if first else [1, *_sizes(given, 2), 1]
                     for given in (kernel_size, stride))
    with tf.name_scope(scope, name, [inputs]) as sc:
        outputs = kind(tf.convert_to_tensor(inputs), window, steps, padding.upper(), data_format)
        return collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC",
               outputs_collections=None, scope=None):
    """The maximum of each window, [B, H, W, C] -> [B, ~H/stride, ~W/stride, C]."""
    return _pool(tf.nn.max_pool, inputs, kernel_size, stride, padding, data_format,
                 outputs_collections, scope, "MaxPool2D")


@add_arg_scope
def avg_pool2d(inputs, kernel_size, stride=2, padding="VALID", data_format="NHWC",
               outputs_collections=None, scope=None):
    """The mean of each window, [B, H, W, C] -> [B, ~H/stride, ~W/stride, C]."""
    return _pool(tf.nn.avg_pool, inputs, kernel_size, stride, padding, data_format,
                 outputs_collections, scope, "AvgPool2D")


@add_arg_scope
def bias_add(inputs, activation_fn=None, initializer=tf.zeros_initializer(), regularizer=None,
             reuse=None, variables_collections=None, outputs_collections=None, trainable=True,
             data_format="NHWC", scope=None):
    """Add a variable `biases` [C] to the channels of `inputs`."""
    with tf.variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as sc:
        x = tf.convert_to_tensor(inputs)
        axis = 1 if data_format == "NCHW" else -1
        bias = model_variable("biases", [_known(x.shape[axis], x)], x.dtype.base_dtype,
                              initializer, regularizer, trainable,
                              get_variable_collections(variables_collections, "biases"))
        outputs = tf.nn.bias_add(x, bias, data_format=data_format)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@add_arg_scope
def dropout(inputs, keep_prob=0.5, noise_shape=None, is_training=True, outputs_collections=None,
            scope=None, seed=None):
    """Dropout if `is_training`: each number is kept with probability `keep_prob` and scaled up."""
    with tf.variable_scope(scope, "Dropout", [inputs]) as sc:
        x = tf.convert_to_tensor(inputs)
        outputs = tf.layers.dropout(x, 1 - keep_prob, noise_shape, seed, is_training)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@add_arg_scope
def flatten(inputs, outputs_collections=None, scope=None):
    """[B, ...] -> [B, N]."""
    with tf.name_scope(scope, "Flatten", [inputs]) as sc:
        outputs = tf.layers.flatten(tf.convert_to_tensor(inputs))
        return collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def one_hot_encoding(labels, num_classes, on_value=1.0, off_value=0.0, outputs_collections=None,
                     scope=None):
    """Labels [B] -> float32 [B, num_classes]."""
    with tf.name_scope(scope, "OneHotEncoding", [labels, num_classes]) as sc:
        outputs = tf.one_hot(tf.convert_to_tensor(labels), num_classes, on_value, off_value)
        return collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def softmax(logits, scope=None):
    """Softmax over the last axis."""
    with tf.variable_scope(scope, "softmax", [logits]):
        return tf.nn.softmax(logits)


@add_arg_scope
def unit_norm(inputs, dim, epsilon=1e-7, scope=None):
    """Scale `inputs` to length 1 along the axis `dim`."""
    with tf.variable_scope(scope, "UnitNorm", [inputs]):
        squares = tf.reduce_sum(tf.square(inputs), dim, keep_dims=True)
        return inputs / tf.sqrt(epsilon + squares)


@add_arg_scope
def maxout(inputs, num_units, axis=-1, scope=None):
    """The maximum of each N / num_units numbers along `axis`, whose size N must be known."""
    with tf.variable_scope(scope, "MaxOut", [inputs]):
        x = tf.convert_to_tensor(inputs)
        count = _known(x.shape[axis], x)
        if count % num_units:
            raise ValueError(f"number of features({count}) is not a multiple of num_units"
                             f"({num_units})")
        shape = [tf.shape(x)[i] if size is None else size
                 for i, size in enumerate(x.shape.as_list())]
        shape[axis] = num_units
        return tf.reduce_max(tf.reshape(x, [*shape, count // num_units]), -1)


def _name_of(layer, default):
    function = getattr(layer, "func", layer)
    return getattr(function, "__name__", default)


def repeat(inputs, repetitions, layer, *args, **kwargs):
    """Apply `layer` `repetitions` times, in the scopes SCOPE/NAME_1, SCOPE/NAME_2, ..."""
    scope = kwargs.pop("scope", None)
    with tf.variable_scope(scope, "Repeat", [inputs]):
        name = scope or _name_of(layer, "repeat")
        outputs = tf.convert_to_tensor(inputs)
        for number in range(1, repetitions + 1):
            outputs = layer(outputs, *args, **kwargs, scope=f"{name}_{number}")
        return outputs


def stack(inputs, layer, stack_args, **kwargs):
    """Apply `layer` once for each of `stack_args`, which are its arguments."""
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, (list, tuple)):
        raise ValueError("stack_args need to be a list or tuple")
    with tf.variable_scope(scope, "Stack", [inputs]):
        name = scope or _name_of(layer, "stack")
        outputs = tf.convert_to_tensor(inputs)
        for number, given in enumerate(stack_args, 1):
            given = given if isinstance(given, (list, tuple)) else [given]
            outputs = layer(outputs, *given, **kwargs, scope=f"{name}_{number}")
        return outputs


relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
elu = functools.partial(fully_connected, activation_fn=tf.nn.elu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
linear = functools.partial(fully_connected, activation_fn=None)
