"""`tf.contrib.image`: rotations and translations of images."""

import numpy as np

from gan_tf1.tf1 import tf


def transform(images, transforms, interpolation="NEAREST", output_shape=None, name=None):
    """Projective transforms, eight numbers for each image or for all; outside of an image is 0."""
    with tf.name_scope(name, "transform"):
        x = tf.convert_to_tensor(images)
        rank = x.shape.ndims
        batch = x[None, :, :, None] if rank == 2 else x[None] if rank == 3 else x
        matrices = tf.convert_to_tensor(transforms, tf.float32)
        matrices = matrices[None] if matrices.shape.ndims == 1 else matrices
        size = tf.shape(batch)[1:3] if output_shape is None else output_shape
        y = tf.raw_ops.ImageProjectiveTransformV2(
            images=batch, transforms=matrices, output_shape=size, interpolation=interpolation)
        y.set_shape([batch.shape[0], *(batch.shape[1:3] if output_shape is None else [None] * 2),
                     batch.shape[3]])
        return y[0, :, :, 0] if rank == 2 else y[0] if rank == 3 else y


def angles_to_projective_transforms(angles, image_height, image_width, name=None):
    """The transforms [N, 8] that rotate by `angles`, in radians, around the centre."""
    with tf.name_scope(name, "angles_to_projective_transforms"):
        angles = tf.reshape(tf.convert_to_tensor(angles, tf.float32), [-1])
        cos, sin, zero = tf.cos(angles), tf.sin(angles), tf.zeros_like(angles)
        height, width = (tf.cast(size, tf.float32) - 1 for size in (image_height, image_width))
        x = (width - (cos * width - sin * height)) / 2
        y = (height - (sin * width + cos * height)) / 2
        return tf.stack([cos, -sin, x, sin, cos, y, zero, zero], 1)


def rotate(images, angles, interpolation="NEAREST", name=None):
    """Rotate images [B, H, W, C], [H, W, C] or [H, W] by `angles`, in radians, anticlockwise."""
    with tf.name_scope(name, "rotate"):
        shape = tf.shape(images)
        first = 0 if tf.convert_to_tensor(images).shape.ndims < 4 else 1
        return transform(images, angles_to_projective_transforms(
            angles, shape[first], shape[first + 1]), interpolation)


def translate(images, translations, interpolation="NEAREST", name=None):
    """Move images by `translations`, [B, 2] or [2]: to the right and down, in pixels."""
    with tf.name_scope(name, "translate"):
        moves = tf.reshape(tf.convert_to_tensor(translations, tf.float32), [-1, 2])
        matrix = tf.tile(tf.constant(np.array([[1, 0, 0, 0, 1, 0, 0, 0]], "float32")),
                         [tf.shape(moves)[0], 1])
        zeros = tf.zeros_like(moves[:, 0])
        return transform(images, matrix - tf.stack(
            [zeros, zeros, moves[:, 0], zeros, zeros, moves[:, 1], zeros, zeros], 1), interpolation)


NAMES = {"transform": transform, "rotate": rotate, "translate": translate,
         "angles_to_projective_transforms": angles_to_projective_transforms}
