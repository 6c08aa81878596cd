"""Layers of the JAX peer as functions of arrays, in TensorFlow's layout, and weights to begin with."""

import numpy as np

NORM_EPSILON = 1e-3  # batch norm's, as tf.layers has it


def leaky_relu(x, alpha):
    import jax.numpy as jnp
    return jnp.maximum(alpha * x, x)


def minus_log_likelihood(logits, label):
    """Mean sigmoid cross-entropy of logits against one label."""
    import jax
    return (jax.nn.softplus(logits) - label * logits).mean()


def batch_norm(x, gamma, beta):
    """`(x normalized by the batch, its mean, its variance)`, over all axes but the last."""
    import jax.numpy as jnp
    from jax import lax
    axes = tuple(range(x.ndim - 1))
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    return (x - mean) * lax.rsqrt(variance + NORM_EPSILON) * gamma + beta, mean, variance


def convolution(x, kernel, bias, stride, padding="SAME"):
    from jax import lax
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding,
                                    dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias


def transposed_convolution(x, kernel, bias):
    """Stride 2, "same"; `kernel` [h, w, out, in], as that of the convolution it is the gradient of."""
    from jax import lax
    return lax.conv_transpose(x, kernel, (2, 2), "SAME", transpose_kernel=True,
                              dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias


def glorot(rng, *shape):
    """Glorot's uniform weights: the last two axes of `shape` are units, those before a window."""
    fan = np.prod(shape[:-2]) * (shape[-2] + shape[-1])
    limit = np.sqrt(6 / fan)
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def dense_weights(rng, *sizes):
    """Kernels and biases of dense layers of `sizes`, one after the other."""
    return [array for inputs, outputs in zip(sizes, sizes[1:])
            for array in (glorot(rng, inputs, outputs), np.zeros(outputs, np.float32))]


def convolution_weights(rng, size, inputs, outputs, norm=False):
    """Kernel [size, size, inputs, outputs] and bias, and with `norm` its scale and shift."""
    return [glorot(rng, size, size, inputs, outputs), np.zeros(outputs, np.float32)] + (
        norm_weights(outputs) if norm else [])


def norm_weights(channels):
    """Batch norm's scale and shift; also its variance and mean before any batch."""
    return [np.ones(channels, np.float32), np.zeros(channels, np.float32)]


def image_generator_weights(rng, config):
    """Those of `image_generator`, in its order."""
    width = config.g_size_mult
    found = dense_weights(rng, config.z_size, 64 * width) + norm_weights(4 * width)
    for inputs, outputs, norm in ((4 * width, 2 * width, True), (2 * width, width, True),
                                  (width, 3, False)):
        found += [glorot(rng, 5, 5, outputs, inputs), np.zeros(outputs, np.float32)]
        found += norm_weights(outputs) if norm else []
    return found


def image_generator(params, z, alpha):
    """Noise [B, z] to images [B, 32, 32, 3], and each batch norm's `(mean, variance n/(n-1))`."""
    import jax.numpy as jnp
    params, statistics = iter(params), []

    def normalized(x):
        x, mean, variance = batch_norm(x, next(params), next(params))
        count = x.size / x.shape[-1]
        statistics.append((mean, variance * (count / (count - 1))))
        return leaky_relu(x, alpha)

    x = z @ next(params) + next(params)
    x = normalized(x.reshape(len(z), 4, 4, -1))
    for _ in range(2):
        x = normalized(transposed_convolution(x, next(params), next(params)))
    return jnp.tanh(transposed_convolution(x, next(params), next(params))), statistics
