"""The networks of `progressive_gan.py`: their layers, and how they grow."""

import numpy as np

from gan_tf1.layers import upsampled
from gan_tf1.tf1 import tf

EPSILON = 1e-8  # inside the roots of pixel norm and of the minibatch standard deviation
RELU_GAIN = np.sqrt(2)


def sizes(resolution):
    """4, 8, 16, ..., `resolution`."""
    return [2**power for power in range(2, resolution.bit_length())]


def downsampled(x):
    """Means of 2x2 pixels: [B, H, W, C] -> [B, H/2, W/2, C]."""
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")


def faded(old, new, alpha):
    """`old` at alpha 0, `new` at alpha 1, exactly."""
    return (1 - alpha) * old + alpha * new


def leaky(x):
    """Leaky ReLU with slope 0.2 below zero."""
    return tf.maximum(0.2 * x, x)


def pixel_norm(x):
    """`x` with the vectors along its last axis scaled to a mean square of 1."""
    return x * tf.rsqrt(tf.reduce_mean(tf.square(x), axis=-1, keepdims=True) + EPSILON)


def minibatch_stddev(x, group_size):
    """[B, H, W, n] with one more map, [B, H, W, n + 1]: the standard deviation within a group.

    Image i is in group i mod (B / group_size). The H W n standard deviations over a group are
    averaged: one number per group, the same at each pixel of its images.
    """
    _, height, width, maps = x.shape.as_list()
    groups = tf.reshape(x, (group_size, -1, height, width, maps))            # -> [g,B/g,H,W,n]
    variance = tf.reduce_mean(tf.square(groups - tf.reduce_mean(groups, 0)), 0)
    stddev = tf.reduce_mean(tf.sqrt(variance + EPSILON), (1, 2, 3), keepdims=True)
    return tf.concat([x, tf.tile(stddev, (group_size, height, width, 1))], 3)


def weights(shape, inputs, gain, equalized):
    """The variable `kernel`, multiplied by He's constant gain / sqrt(inputs).

    If `equalized`, it is multiplied at run time, otherwise in its initial values.
    """
    he = float(gain / np.sqrt(inputs))
    if equalized:
        return he * tf.get_variable("kernel", shape, initializer=tf.random_normal_initializer())
    return tf.get_variable("kernel", shape, initializer=tf.random_normal_initializer(stddev=he))


def conv(x, maps, size, name, config, gain=RELU_GAIN):
    """A convolution with a bias: [B, H, W, n] -> [B, H, W, maps]."""
    inputs = x.shape[-1].value
    with tf.variable_scope(name):
        kernel = weights((size, size, inputs, maps), size * size * inputs, gain, config.equalized)
        bias = tf.get_variable("bias", maps, initializer=tf.zeros_initializer())
        return tf.nn.conv2d(x, kernel, 1, "SAME") + bias


def dense(x, units, name, config, gain=RELU_GAIN, inputs=None):
    """A dense layer with a bias: [B, n] -> [B, units].

    He's constant is that of `inputs` inputs per unit, by default n.
    """
    with tf.variable_scope(name):
        shape = (x.shape[-1].value, units)
        kernel = weights(shape, inputs or shape[0], gain, config.equalized)
        return x @ kernel + tf.get_variable("bias", units, initializer=tf.zeros_initializer())


def maps_at(resolution, config):
    """The number of feature maps of the layers at `resolution`."""
    return max(1, min(config.max_maps, config.map_pixels // resolution))


def generator(z, stage, alpha, channels, config, reuse=False, getter=None):
    """Noise [B, z] to images [B, r, r, C], roughly in [-1, 1]; `getter` may replace the weights."""
    def activated(x):
        return pixel_norm(leaky(x)) if config.pixel_norm else leaky(x)

    def to_rgb(x, size):
        with tf.variable_scope(f"{size}x{size}"):
            return conv(x, channels, 1, "to_rgb", config, gain=1)

    with tf.variable_scope("generator", reuse=reuse, custom_getter=getter):
        maps = maps_at(4, config)
        with tf.variable_scope("4x4"):
            x = dense(pixel_norm(z), 16 * maps, "dense", config, inputs=16 * config.z_dim)
            x = activated(tf.reshape(x, (-1, 4, 4, maps)))                  # -> [B,4,4,512]
            x = activated(conv(x, maps, 3, "conv", config))                 # -> [B,4,4,512]
        for size in sizes(stage.resolution)[1:]:
            before, maps = x, maps_at(size, config)
            with tf.variable_scope(f"{size}x{size}"):
                x = upsampled(x)                                            # [B,s/2,s/2,n'] ->
                x = activated(conv(x, maps, 3, "conv", config))             # -> [B,s,s,n]
                x = activated(conv(x, maps, 3, "conv_1", config))           # -> [B,s,s,n]
        imgs = to_rgb(x, stage.resolution)                                  # -> [B,r,r,C]
        if stage.fade_images:
            imgs = faded(upsampled(to_rgb(before, size // 2)), imgs, alpha)
        return imgs


def discriminator(imgs, stage, alpha, config, reuse=False):
    """The critic: images [B, r, r, C] to unbounded scores [B, 1]."""
    def from_rgb(imgs, size):
        with tf.variable_scope(f"{size}x{size}"):
            return leaky(conv(imgs, maps_at(size, config), 1, "from_rgb", config))

    with tf.variable_scope("discriminator", reuse=reuse):
        x = from_rgb(imgs, stage.resolution)                                # -> [B,r,r,n]
        for size in reversed(sizes(stage.resolution)[1:]):
            with tf.variable_scope(f"{size}x{size}"):
                x = leaky(conv(x, maps_at(size, config), 3, "conv", config))         # -> [B,s,s,n]
                x = leaky(conv(x, maps_at(size // 2, config), 3, "conv_1", config))  # -> [B,s,s,n']
                x = downsampled(x)                                          # -> [B,s/2,s/2,n']
            if stage.fade_images and size == stage.resolution:
                x = faded(from_rgb(downsampled(imgs), size // 2), x, alpha)
        maps = maps_at(4, config)
        with tf.variable_scope("4x4"):
            if config.minibatch_stddev:
                x = minibatch_stddev(x, config.group_size)                  # -> [B,4,4,513]
            x = leaky(conv(x, maps, 3, "conv", config))                     # -> [B,4,4,512]
            x = tf.reshape(x, (-1, 16 * maps))                              # -> [B,8192]
            x = leaky(dense(x, maps, "dense", config))                      # -> [B,512]
            return dense(x, 1, "dense_1", config, gain=1)                   # -> [B,1]
