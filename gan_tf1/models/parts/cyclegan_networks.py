"""The networks of `cyclegan.py`."""

from gan_tf1.tf1 import tf

DEVIATION = 0.02    # standard deviation of the initial weights
NORM_EPSILON = 1e-5
STRIDES = 4         # total stride of the generators' encoders; image sizes are multiples of it


def convolution(x, filters, size, strides=1, padding=0, mode="CONSTANT", use_bias=False):
    """A convolution of `x` [B, H, W, C], padded by `padding` pixels on all four sides."""
    x = tf.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)], mode)
    return tf.layers.conv2d(x, filters, size, strides, use_bias=use_bias,
                            kernel_initializer=tf.random_normal_initializer(0, DEVIATION))


def instance_norm(x):
    """`x` [B, H, W, C] with mean 0 and variance 1 over the pixels of each channel of each image."""
    mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
    return (x - mean) * tf.rsqrt(variance + NORM_EPSILON)


def generator(x, scope, channels, blocks, reuse=False):
    """Images [B, H, W, C] of one set to images of the other, [B, H, W, C] in (-1, 1)."""
    def upsampled(x, filters):
        x = tf.layers.conv2d_transpose(
            x, filters, 3, 2, use_bias=False,  # padding="valid", as in `convolution`
            kernel_initializer=tf.random_normal_initializer(0, DEVIATION))
        return x[:, 1:, 1:]  # without the row and column that pad the encoder's input

    colours = x.shape[-1]
    with tf.variable_scope(scope, reuse=reuse):
        x = convolution(x, channels, 7, padding=3, mode="REFLECT")        # -> [B,256,256,64]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, 2 * channels, 3, strides=2, padding=1)         # -> [B,128,128,128]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, 4 * channels, 3, strides=2, padding=1)         # -> [B,64,64,256]
        x = tf.nn.relu(instance_norm(x))

        for _ in range(blocks):                                           # -> [B,64,64,256]
            y = convolution(x, 4 * channels, 3, padding=1, mode="REFLECT")
            y = tf.nn.relu(instance_norm(y))
            y = convolution(y, 4 * channels, 3, padding=1, mode="REFLECT")
            x = x + instance_norm(y)

        x = upsampled(x, 2 * channels)                                    # -> [B,128,128,128]
        x = tf.nn.relu(instance_norm(x))

        x = upsampled(x, channels)                                        # -> [B,256,256,64]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, colours, 7, padding=3, mode="REFLECT", use_bias=True)
        return tf.tanh(x)                                                 # -> [B,256,256,3]


def discriminator(x, scope, channels, layers, alpha, reuse=False):
    """Images [B, H, W, C] in [-1, 1] to scores [B, h, w, 1], one per patch; 1 means real."""
    with tf.variable_scope(scope, reuse=reuse):
        x = convolution(x, channels, 4, strides=2, padding=1, use_bias=True)  # -> [B,128,128,64]
        x = tf.maximum(alpha * x, x)

        for layer in range(1, layers + 1):  # -> [B,64,64,128], [B,32,32,256], [B,31,31,512]
            x = convolution(x, channels * min(2 ** layer, 8), 4, padding=1,
                            strides=2 if layer < layers else 1)
            x = instance_norm(x)
            x = tf.maximum(alpha * x, x)

        return convolution(x, 1, 4, padding=1, use_bias=True)             # -> [B,30,30,1]
