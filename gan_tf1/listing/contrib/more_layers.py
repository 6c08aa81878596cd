"""Rarer functions of `tf.contrib.layers`: three dimensions, summaries, and layers of TF 0.x."""

import functools

from gan_tf1.listing.contrib.framework import add_arg_scope, model_variable
from gan_tf1.listing.contrib.layers import _known, _layer, _sizes, fully_connected
from gan_tf1.listing.contrib.utils import collect_named_outputs
from gan_tf1.listing.contrib.weights import xavier_initializer
from gan_tf1.tf1 import tf

__all__ = ["avg_pool3d", "conv3d_transpose", "convolution3d_transpose", "embed_sequence",
           "group_norm", "legacy_fully_connected", "legacy_linear", "legacy_relu", "max_pool3d",
           "summarize_activation", "summarize_activations", "summarize_collection",
           "summarize_tensor", "summarize_tensors", "summarize_variables"]


@add_arg_scope
def convolution3d_transpose(
        inputs, num_outputs, kernel_size, stride=1, padding="SAME", data_format="NDHWC",
        activation_fn=tf.nn.relu, normalizer_fn=None, normalizer_params=None,
        weights_initializer=xavier_initializer(), weights_regularizer=None,
        biases_initializer=tf.zeros_initializer(), biases_regularizer=None, reuse=None,
        variables_collections=None, outputs_collections=None, trainable=True, scope=None):
    """[B, D, H, W, C] -> [B, D*stride, H*stride, W*stride, num_outputs]."""
    if data_format != "NDHWC":
        raise NotImplementedError("tf.contrib.layers.conv3d_transpose: data_format must be NDHWC")
    num_outputs, sizes, strides = int(num_outputs), _sizes(kernel_size, 3), _sizes(stride, 3)

    def compute(x, weights):
        static, dynamic = x.shape.as_list(), tf.unstack(tf.shape(x), num=5)
        static[4] = dynamic[4] = num_outputs
        for axis, (size, step) in enumerate(zip(sizes, strides), 1):
            more = max(size - step, 0) if padding.upper() == "VALID" else 0
            static[axis] = None if static[axis] is None else static[axis] * step + more
            dynamic[axis] = dynamic[axis] * step + more
        y = tf.nn.conv3d_transpose(x, weights, tf.stack(dynamic), [1, *strides, 1],
                                   padding.upper())
        y.set_shape(static)
        return y

    return _layer(inputs, "Conv3d_transpose", reuse, scope, trainable, variables_collections,
                  outputs_collections,
                  [("weights", lambda x: sizes + [num_outputs, _known(x.shape[4], x)],
                    weights_initializer, weights_regularizer)],
                  (num_outputs, biases_initializer, biases_regularizer), normalizer_fn,
                  normalizer_params, activation_fn, compute)


conv3d_transpose = convolution3d_transpose


def _pool(kind, name, inputs, kernel_size, stride=2, padding="VALID", data_format="NDHWC",
          outputs_collections=None, scope=None):
    """[B, D, H, W, C] -> [B, ~D/stride, ~H/stride, ~W/stride, C]."""
    with tf.name_scope(scope, name, [inputs]) as sc:
        outputs = kind(tf.convert_to_tensor(inputs), [1, *_sizes(kernel_size, 3), 1],
                       [1, *_sizes(stride, 3), 1], padding.upper())
        return collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def max_pool3d(inputs, kernel_size, *args, **kwargs):
    """The maximum of each window."""
    return _pool(tf.nn.max_pool3d, "MaxPool3D", inputs, kernel_size, *args, **kwargs)


@add_arg_scope
def avg_pool3d(inputs, kernel_size, *args, **kwargs):
    """The mean of each window."""
    return _pool(tf.nn.avg_pool3d, "AvgPool3D", inputs, kernel_size, *args, **kwargs)


@add_arg_scope
def group_norm(inputs, groups=32, channels_axis=-1, reduction_axes=(-3, -2), center=True,
               scale=True, epsilon=1e-6, activation_fn=None, param_initializers=None, reuse=None,
               variables_collections=None, outputs_collections=None, trainable=True, scope=None,
               **options):
    """Normalize each group of channels of each image, [B, H, W, C] -> [B, H, W, C]."""
    if channels_axis not in (-1, 3):
        raise NotImplementedError("tf.contrib.layers.group_norm: channels_axis must be -1")
    with tf.variable_scope(scope, "GroupNorm", [inputs], reuse=reuse) as sc:
        channels = _known(inputs.shape[-1], inputs)
        if channels % groups:
            raise ValueError(f"Invalid groups {groups} for {channels} channels.")
        shape = [tf.shape(inputs)[i] if size is None else size
                 for i, size in enumerate(inputs.shape.as_list())]
        grouped = tf.reshape(inputs, [*shape[:-1], groups, channels // groups])
        mean, variance = tf.nn.moments(grouped, [1, 2, 4], keep_dims=True)
        outputs = tf.reshape((grouped - mean) * tf.rsqrt(variance + epsilon), shape)
        start = {"beta": tf.zeros_initializer(), "gamma": tf.ones_initializer(),
                 **(param_initializers or {})}
        if scale:
            outputs *= model_variable("gamma", [channels], initializer=start["gamma"],
                                      trainable=trainable)
        if center:
            outputs += model_variable("beta", [channels], initializer=start["beta"],
                                      trainable=trainable)
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@add_arg_scope
def legacy_fully_connected(x, num_output_units, activation_fn=None,
                           weight_init=xavier_initializer(), bias_init=tf.zeros_initializer(),
                           name=None, weight_collections=(), bias_collections=(),
                           output_collections=(), trainable=True, weight_regularizer=None,
                           bias_regularizer=None):
    """The `fully_connected` of TensorFlow 0.8, without an activation by default."""
    return fully_connected(x, num_output_units, activation_fn, weights_initializer=weight_init,
                           weights_regularizer=weight_regularizer, biases_initializer=bias_init,
                           biases_regularizer=bias_regularizer, trainable=trainable,
                           outputs_collections=list(output_collections), scope=name)


legacy_linear = legacy_fully_connected
legacy_relu = functools.partial(legacy_fully_connected, activation_fn=tf.nn.relu)


def embed_sequence(ids, vocab_size=None, embed_dim=None, unique=False, initializer=None,
                   regularizer=None, trainable=True, scope=None, reuse=None):
    """The rows of a variable `embeddings` [vocab_size, embed_dim] for integers of any shape."""
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        table = model_variable("embeddings", [vocab_size, embed_dim], initializer=initializer,
                               regularizer=regularizer, trainable=trainable)
        return tf.nn.embedding_lookup(table, ids)


def summarize_tensor(tensor, tag=None):
    """A scalar summary or a histogram of `tensor`."""
    kind = tf.summary.histogram if tensor.shape.ndims else tf.summary.scalar
    return kind(tag or f"{tensor.op.name}_summary", tensor)


def summarize_activation(op):
    """A histogram of `op`, and for ReLU and saturating activations their share of zeros or ends."""
    if op.op.type in ("Relu", "Softplus", "Relu6"):
        tf.summary.scalar(f"{op.op.name}/zeros", tf.nn.zero_fraction(op))
    return tf.summary.histogram(f"{op.op.name}/activation", op)


def summarize_tensors(tensors, summarizer=summarize_tensor):
    """A summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(collection, name_filter=None, summarizer=summarize_tensor):
    """A summary of each tensor of a collection whose name matches `name_filter`."""
    return summarize_tensors(tf.get_collection(collection, name_filter), summarizer)


def summarize_variables(name_filter=None, summarizer=summarize_tensor):
    """A summary of each variable."""
    return summarize_collection(tf.GraphKeys.GLOBAL_VARIABLES, name_filter, summarizer)


def summarize_activations(name_filter=None, summarizer=summarize_activation):
    """A summary of each tensor in the collection ACTIVATIONS."""
    return summarize_collection(tf.GraphKeys.ACTIVATIONS, name_filter, summarizer)
