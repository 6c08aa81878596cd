"""The networks of `pix2pix.py`: a U-Net, and a discriminator of patches."""

from gan_tf1.layers import seeded_dropout
from gan_tf1.tf1 import tf

CHANNELS = 3        # of inputs and targets
DEVIATION = 0.02    # standard deviation of the initial weights
DROPPED = 3         # layers of the decoder with dropout, starting from the innermost


def conv2d(x, filters, **options):
    """A convolution with 4x4 filters; with stride 2 it halves height and width of [B, H, W, C]."""
    return tf.layers.conv2d(x, filters, **{"kernel_size": 4, **options},
                            kernel_initializer=tf.random_normal_initializer(0, DEVIATION))


def conv2d_transpose(x, filters, **options):
    """A transposed convolution with 4x4 filters that doubles height and width of [B, H, W, C]."""
    return tf.layers.conv2d_transpose(x, filters, 4, strides=2, padding="same", **options,
                                      kernel_initializer=tf.random_normal_initializer(0, DEVIATION))


def instance_norm(x):
    """`x` [B, H, W, C], each channel of each image normalized over H and W, scaled and shifted."""
    channels = x.shape[-1:]
    gamma = tf.get_variable("gamma", channels,
                            initializer=tf.random_normal_initializer(1, DEVIATION))
    beta = tf.get_variable("beta", channels, initializer=tf.zeros_initializer())
    mean, variance = tf.nn.moments(x, (1, 2), keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)


def generator(x, noise, size, channels, alpha, drop_rate, skips, reuse=False):
    """Images [B, size, size, 3] in [-1, 1] to their translations, [B, size, size, 3] in (-1, 1).

    `noise` [2] is the seed of the dropout masks, which differ between layers and between the images
    of a batch. Without `skips` it is an encoder-decoder: all that the decoder knows of the image has
    passed through the innermost map.
    """
    innermost = size.bit_length() - 1  # the layer whose map is 1x1: 8 for 256 pixels

    def width(layer):
        return channels * min(2 ** (layer - 1), 8)

    with tf.variable_scope("generator", reuse=reuse):
        maps = []
        for layer in range(1, innermost + 1):
            with tf.variable_scope(f"encoder_{layer}"):
                # [B,256,256,3] -> [B,128,128,64] -> [B,64,64,128] -> [B,32,32,256]
                # -> [B,16,16,512] -> [B,8,8,512] -> [B,4,4,512] -> [B,2,2,512] -> [B,1,1,512]
                normed = 1 < layer < innermost
                x = conv2d(x, width(layer), strides=2, padding="same", use_bias=not normed)
                if normed:
                    x = instance_norm(x)
                if layer < innermost:
                    x = tf.maximum(alpha * x, x)
            maps.append(x)

        for layer in range(innermost - 1, 0, -1):
            with tf.variable_scope(f"decoder_{layer}"):
                # [B,1,1,512] -> [B,2,2,512], with the skip [B,2,2,1024] -> [B,4,4,512], ...
                # -> [B,16,16,512] -> [B,32,32,256] -> [B,64,64,128] -> [B,128,128,64]
                x = conv2d_transpose(tf.nn.relu(x), width(layer), use_bias=False)
                x = instance_norm(x)
                if innermost - layer <= DROPPED:
                    x = seeded_dropout(x, drop_rate, noise + [0, layer])
            if skips:
                x = tf.concat([x, maps[layer - 1]], 3)  # the encoder's map of this size

        with tf.variable_scope("decoder_0"):  # [B,128,128,128] -> [B,256,256,3]
            return tf.tanh(conv2d_transpose(tf.nn.relu(x), CHANNELS))


def discriminator(x, y, channels, layers, alpha, reuse=False):
    """Pairs of images [B, S, S, 3] in [-1, 1] to logits [B, P, P, 1]: is y the target of x?

    Each logit judges a patch of the pair. With `layers` of stride 2, P is S / 2^layers - 2; with
    none, all filters are 1x1 and each pixel has its own logit.
    """
    def leaky(x):
        return tf.maximum(alpha * x, x)

    def padded(x):
        return tf.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])

    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.concat([x, y], 3)                                      # -> [B,256,256,6]
        if not layers:
            with tf.variable_scope("layer_1"):
                x = leaky(conv2d(x, channels, kernel_size=1))         # -> [B,256,256,64]
            with tf.variable_scope("layer_2"):
                x = conv2d(x, 2 * channels, kernel_size=1, use_bias=False)
                x = leaky(instance_norm(x))                           # -> [B,256,256,128]
            with tf.variable_scope("logits"):
                return conv2d(x, 1, kernel_size=1)                    # -> [B,256,256,1]

        for layer in range(1, layers + 1):
            with tf.variable_scope(f"layer_{layer}"):
                # -> [B,128,128,64] -> [B,64,64,128] -> [B,32,32,256]
                x = conv2d(x, channels * min(2 ** (layer - 1), 8), strides=2, padding="same",
                           use_bias=layer == 1)
                x = leaky(instance_norm(x) if layer > 1 else x)
        with tf.variable_scope(f"layer_{layers + 1}"):
            x = conv2d(padded(x), channels * min(2 ** layers, 8), use_bias=False)
            x = leaky(instance_norm(x))                               # -> [B,31,31,512]
        with tf.variable_scope("logits"):
            return conv2d(padded(x), 1)                               # -> [B,30,30,1]
