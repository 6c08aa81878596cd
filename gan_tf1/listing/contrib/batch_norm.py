"""The normalizations of `tf.contrib.layers`: batch norm, layer norm and instance norm."""

from gan_tf1.batch_norm import moved, normalized
from gan_tf1.listing.contrib.framework import add_arg_scope, model_variable
from gan_tf1.listing.contrib.utils import collect_named_outputs, get_variable_collections
from gan_tf1.tf1 import insides, smart_constant, tf

__all__ = ["batch_norm", "layer_norm", "instance_norm"]


@add_arg_scope
def batch_norm(inputs, decay=0.999, center=True, scale=False, epsilon=0.001, activation_fn=None,
               param_initializers=None, param_regularizers=None, updates_collections="update_ops",
               is_training=True, reuse=None, variables_collections=None, outputs_collections=None,
               trainable=True, batch_weights=None, fused=None, data_format="NHWC",
               zero_debias_moving_mean=False, scope=None, renorm=False, renorm_clipping=None,
               renorm_decay=0.99, adjustment=None):
    """Batch norm of [N, C], [N, H, W, C] or any other rank, with contrib's names and defaults.

    It normalizes with batch statistics if `is_training` (True, False, or a tensor), else with
    moving statistics; gamma exists only with `scale`. The ops that update the moving averages go
    into `updates_collections`, for the caller to run; with None they run in place. As in contrib,
    ranks 2 and 4 use the fused kernel unless `fused=False`. It updates the moving variance with
    the unbiased variance, n/(n-1) times the biased one, which is used otherwise.

    With `zero_debias_moving_mean`, the moving mean is that of the steps so far, without its
    initial value.

    Raises NotImplementedError for `renorm`, `batch_weights`, `adjustment`, and for
    `zero_debias_moving_mean` with a tensor `is_training`; and ValueError for an unknown rank or
    number of channels.
    """
    for name, given in (("renorm", renorm), ("batch_weights", batch_weights is not None),
                        ("adjustment", adjustment is not None),
                        ("zero_debias_moving_mean with a tensor is_training",
                         zero_debias_moving_mean and smart_constant(is_training) is None)):
        if given:
            raise NotImplementedError(f"tf.contrib.layers.batch_norm: {name} isn't supported here")
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with tf.variable_scope(scope, "BatchNorm", [inputs], reuse=reuse) as sc:
        x = tf.convert_to_tensor(inputs)
        rank = x.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {x.name} has undefined rank")
        axis = 1 if data_format == "NCHW" and rank > 2 else rank - 1
        channels = x.shape[axis:axis + 1]
        if not channels.is_fully_defined():
            raise ValueError(f"Inputs {x.name} has undefined `C` dimension {channels}.")
        given = {"beta": tf.zeros_initializer(), "gamma": tf.ones_initializer(),
                 "moving_mean": tf.zeros_initializer(),
                 "moving_variance": tf.ones_initializer(), **(param_initializers or {})}

        def parameter(name, trainable):
            return model_variable(
                name, channels, x.dtype.base_dtype if rank not in (2, 4) else tf.float32,
                given[name], (param_regularizers or {}).get(name), trainable,
                get_variable_collections(variables_collections, name))

        fused = (fused is None or fused) and rank in (2, 4)
        made = {"beta": tf.zeros(channels), "gamma": tf.ones(channels)}
        wanted = [name for name, wish in (("beta", center), ("gamma", scale)) if wish]
        # In this case contrib used tf.layers, which creates gamma first.
        if updates_collections == tf.GraphKeys.UPDATE_OPS and not (fused and rank == 2):
            wanted.reverse()
        made |= {name: parameter(name, trainable) for name in wanted}
        beta, gamma = made["beta"], made["gamma"]
        averages = [parameter("moving_mean", False), parameter("moving_variance", False)]

        def update(average, statistic, decay):
            if not zero_debias_moving_mean or average is not averages[0]:
                return moved(average, statistic, decay)
            return insides("training.moving_averages").assign_moving_average(
                average, statistic, decay, zero_debias=True)

        outputs = normalized(x, gamma, beta, averages, epsilon, decay, is_training,
                             updates_collections, fused, axis, data_format, update)
        outputs.set_shape(x.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@add_arg_scope
def layer_norm(inputs, center=True, scale=True, activation_fn=None, reuse=None,
               variables_collections=None, outputs_collections=None, trainable=True,
               begin_norm_axis=1, begin_params_axis=-1, scope=None):
    """Normalize each example over the axes from `begin_norm_axis` on, with epsilon 1e-12."""
    with tf.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as sc:
        x = tf.convert_to_tensor(inputs)
        shape = x.shape[begin_params_axis:]
        beta, gamma = _beta_gamma(shape, center, scale, {}, variables_collections, trainable, x)
        axes = list(range(begin_norm_axis % x.shape.ndims, x.shape.ndims))
        mean, variance = tf.nn.moments(x, axes, keep_dims=True)
        outputs = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)
        outputs.set_shape(x.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@add_arg_scope
def instance_norm(inputs, center=True, scale=True, epsilon=1e-6, activation_fn=None,
                  param_initializers=None, reuse=None, variables_collections=None,
                  outputs_collections=None, trainable=True, data_format="NHWC", scope=None):
    """Normalize each channel of each example over its pixels; only for `data_format` NHWC."""
    if data_format != "NHWC":
        raise NotImplementedError("tf.contrib.layers.instance_norm: data_format must be NHWC here")
    with tf.variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as sc:
        x = tf.convert_to_tensor(inputs)
        beta, gamma = _beta_gamma(x.shape[-1:], center, scale, param_initializers or {},
                                  variables_collections, trainable, x)
        mean, variance = tf.nn.moments(x, list(range(1, x.shape.ndims - 1)), keep_dims=True)
        outputs = tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


def _beta_gamma(shape, center, scale, initializers, variables_collections, trainable, x):
    both = []
    for name, wanted, initializer in (("beta", center, tf.zeros_initializer()),
                                      ("gamma", scale, tf.ones_initializer())):
        both.append(model_variable(
            name, shape, x.dtype.base_dtype, initializers.get(name, initializer),
            trainable=trainable, collections=get_variable_collections(variables_collections, name),
        ) if wanted else None)
    return both
