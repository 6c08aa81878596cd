"""Ops that semi_supervised.py imports from beside itself, as projects of several files do."""
import tensorflow as tf


def leaky_relu(x, alpha=0.2):
    return tf.maximum(alpha * x, x)


def log_sum_exp(x):
    m = tf.reduce_max(x, 1, keep_dims=True)
    return m + tf.log(tf.reduce_sum(tf.exp(x - m), reduction_indices=1, keep_dims=True))
