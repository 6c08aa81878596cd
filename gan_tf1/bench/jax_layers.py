"""The layers of the JAX peer as functions of arrays in TensorFlow's layout, and initial weights."""

import numpy as np

NORM_EPSILON = 1e-3  # of batch norm, as in tf.layers


def leaky_relu(x, alpha):
    import jax.numpy as jnp
    return jnp.maximum(alpha * x, x)


def minus_log_likelihood(logits, label):
    """The mean sigmoid cross-entropy of logits with the same label for all, in float32."""
    import jax
    logits = logits.astype(jax.numpy.float32)
    return (jax.nn.softplus(logits) - label * logits).mean()


def batch_norm(x, gamma, beta):
    """Batch norm with batch statistics over all axes but the last: `(y, mean, variance)`.

    It computes in float32, and y has the type of `x`.
    """
    import jax.numpy as jnp
    from jax import lax
    axes, dtype = tuple(range(x.ndim - 1)), x.dtype
    x, gamma, beta = (array.astype(jnp.float32) for array in (x, gamma, beta))
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    y = (x - mean) * lax.rsqrt(variance + NORM_EPSILON) * gamma + beta
    return y.astype(dtype), mean, variance


def convolution(x, kernel, bias, stride, padding="SAME"):
    from jax import lax
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding,
                                    dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias


def transposed_convolution(x, kernel, bias):
    """Transposed convolution, stride 2, padding "same"; `kernel` is [h, w, out, in].

    That is the kernel of the convolution whose gradient this is.
    """
    from jax import lax
    return lax.conv_transpose(x, kernel, (2, 2), "SAME", transpose_kernel=True,
                              dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias


def glorot(rng, *shape):
    """Glorot uniform weights; the last two axes of `shape` are units, the others a window."""
    fan = np.prod(shape[:-2]) * (shape[-2] + shape[-1])
    limit = np.sqrt(6 / fan)
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def dense_weights(rng, *sizes):
    """The kernels and biases of successive dense layers with `sizes` units."""
    return [array for inputs, outputs in zip(sizes, sizes[1:])
            for array in (glorot(rng, inputs, outputs), np.zeros(outputs, np.float32))]


def convolution_weights(rng, size, inputs, outputs, norm=False):
    """A kernel [size, size, inputs, outputs] and bias; with `norm` also batch norm's weights."""
    return [glorot(rng, size, size, inputs, outputs), np.zeros(outputs, np.float32)] + (
        norm_weights(outputs) if norm else [])


def norm_weights(channels):
    """Batch norm's initial scale and shift, which are also its initial variance and mean."""
    return [np.ones(channels, np.float32), np.zeros(channels, np.float32)]


def image_generator_weights(rng, config):
    """The initial weights of `image_generator`, in its order."""
    width = config.g_size_mult
    found = dense_weights(rng, config.z_size, 64 * width) + norm_weights(4 * width)
    for inputs, outputs, norm in ((4 * width, 2 * width, True), (2 * width, width, True),
                                  (width, 3, False)):
        found += [glorot(rng, 5, 5, outputs, inputs), np.zeros(outputs, np.float32)]
        found += norm_weights(outputs) if norm else []
    return found


def image_generator(params, z, alpha):
    """Noise [B, z] to images [B, 32, 32, 3], and `(mean, variance n/(n-1))` of each batch norm."""
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
