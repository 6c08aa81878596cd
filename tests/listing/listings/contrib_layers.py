"""Every layer of tf.contrib that a listing may use, its names and its numbers: contrib_layers.npz.

    python3.7 -m venv old && old/bin/pip install tensorflow==1.15.5 "protobuf<3.21"
    cd tests/listings && ../../old/bin/python contrib_layers.py

writes what TensorFlow 1.15 itself makes of it; the tests run this same file as a listing.
"""

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim
from tensorflow.contrib import layers
from tensorflow.contrib.framework import add_arg_scope, arg_scope

IMAGES = np.random.RandomState(0).normal(0.5, 2, (4, 6, 6, 3)).astype(np.float32)
VECTORS = np.random.RandomState(1).normal(-1, 3, (5, 7)).astype(np.float32)
found = {}


def record(name, build, feeds=(None,), **options):
    """Build a graph, give every variable a value of its own, and keep all that comes out."""
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, 6, 6, 3])
        vectors = tf.placeholder(tf.float32, [None, 7])
        training = tf.placeholder(tf.bool, [])
        y = build(images, vectors, training)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        variables = tf.global_variables()
        losses = [loss for loss in tf.losses.get_regularization_losses()]
        for key in ("VARIABLES", "TRAINABLE_VARIABLES", "MODEL_VARIABLES", "REGULARIZATION_LOSSES",
                    "UPDATE_OPS"):
            members = tf.get_collection(
                getattr(tf.GraphKeys, key) if key != "VARIABLES" else tf.GraphKeys.GLOBAL_VARIABLES)
            found[name + "/" + key] = (
                np.array(len(members)) if key in ("REGULARIZATION_LOSSES", "UPDATE_OPS")
                else np.array(["%s %s" % (v.op.name, v.shape.as_list()) for v in members], "U99"))
        found[name + "/shape"] = np.array(str(y.shape.as_list()))
        gradients = [g for g in tf.gradients(tf.reduce_sum(tf.square(y)), tf.trainable_variables())
                     if g is not None]
        with tf.Session() as sess:
            for number, var in enumerate(sorted(variables, key=lambda var: var.op.name)):
                value = np.random.RandomState(number).uniform(0.1, 1, var.shape.as_list())
                sess.run(tf.assign(var, value.astype(np.float32)))
            for number, feed in enumerate(feeds):
                feed_dict = {images: IMAGES, vectors: VECTORS, training: bool(feed)}
                key = "%s/%d/" % (name, number)
                found[key + "gradients"] = np.array([
                    np.sum(np.abs(g)) for g in sess.run(gradients, feed_dict)])
                found[key + "y"], found[key + "losses"], _ = sess.run([y, losses, updates],
                                                                     feed_dict)
                for var, value in zip(variables, sess.run(variables)):
                    if "moving" in var.op.name:
                        found[key + var.op.name] = value


l2 = layers.l2_regularizer(0.1)
record("dense", lambda x, v, t: layers.fully_connected(v, 4))
record("dense_linear_twice", lambda x, v, t: layers.linear(
    layers.fully_connected(v, 4, activation_fn=tf.nn.tanh, weights_regularizer=l2), 2))
record("dense_of_rank_4", lambda x, v, t: layers.fully_connected(x, 4, biases_initializer=None))
record("dense_normalized", lambda x, v, t: layers.fully_connected(
    v, 4, normalizer_fn=layers.batch_norm, normalizer_params={"scale": True}, scope="fc"))
record("conv", lambda x, v, t: layers.conv2d(layers.conv2d(x, 4, 3), 2, [5, 3], stride=2,
                                             padding="VALID"))
record("conv_rate", lambda x, v, t: layers.convolution2d(
    x, 2, 3, rate=2, weights_regularizer=layers.l1_regularizer(0.5), biases_regularizer=l2))
record("conv_normalized", lambda x, v, t: layers.conv2d(
    x, 4, 5, 2, normalizer_fn=layers.batch_norm, activation_fn=tf.nn.relu6))
for padding in ("SAME", "VALID"):
    for size, stride in ((5, 2), (2, 3), (3, 1)):
        record("transposed_%s_%d_%d" % (padding, size, stride),
               lambda x, v, t: layers.conv2d_transpose(x, 2, size, stride, padding))
record("transposed_normalized", lambda x, v, t: layers.convolution2d_transpose(
    x, 4, [4, 4], [2, 2], normalizer_fn=layers.batch_norm,
    normalizer_params={"is_training": t, "updates_collections": None}), feeds=(True, False))
record("separable", lambda x, v, t: layers.separable_conv2d(x, 4, 3, depth_multiplier=2))
record("depthwise", lambda x, v, t: layers.separable_conv2d(x, None, [3, 3], 1, stride=2))
record("pools", lambda x, v, t: layers.avg_pool2d(layers.max_pool2d(x, 3, stride=1), [2, 2]))
record("flatten", lambda x, v, t: layers.flatten(x))
record("dropout_off", lambda x, v, t: layers.dropout(v, 0.3, is_training=False))
record("one_hot", lambda x, v, t: layers.one_hot_encoding([1, 0, 2], 4))
record("unit_norm", lambda x, v, t: layers.unit_norm(v, 1))
record("bias_add", lambda x, v, t: layers.bias_add(x))
record("layer_norm", lambda x, v, t: layers.layer_norm(x))
record("layer_norm_of_vectors", lambda x, v, t: layers.layer_norm(v, scale=False))
record("instance_norm", lambda x, v, t: layers.instance_norm(x))
record("stack", lambda x, v, t: layers.stack(v, layers.fully_connected, [5, 4, 3]))
record("repeat", lambda x, v, t: layers.repeat(x, 2, layers.conv2d, 3, [3, 3]))
record("l1_l2", lambda x, v, t: layers.fully_connected(
    v, 2, weights_regularizer=layers.l1_l2_regularizer(0.2, 0.3)))

for name, options in {
        "plain": {}, "scale": dict(scale=True, decay=0.9), "in_place": dict(
            updates_collections=None, decay=0.5), "no_center": dict(center=False, epsilon=0.1),
        "mine": dict(updates_collections="mine"), "not_fused": dict(fused=False, decay=0.7),
        "testing": dict(is_training=False), "relu": dict(activation_fn=tf.nn.relu)}.items():
    record("norm_" + name, lambda x, v, t: layers.batch_norm(x, **options), feeds=(True, True))
    record("norm_of_vectors_" + name, lambda x, v, t: layers.batch_norm(v, **options),
           feeds=(True, True))
for name, updates in (("in_place", None), ("collected", tf.GraphKeys.UPDATE_OPS)):
    record("norm_either_" + name, lambda x, v, t: layers.batch_norm(
        x, is_training=t, decay=0.5, scale=True, updates_collections=updates, scope="bn"),
        feeds=(True, False, True))
    record("norm_of_vectors_either_" + name, lambda x, v, t: layers.batch_norm(
        v, is_training=t, decay=0.5, updates_collections=updates), feeds=(True, False, True))
record("norm_of_rank_5", lambda x, v, t: layers.batch_norm(tf.expand_dims(x, 1), decay=0.5))


def twice(x, v, t):
    """A discriminator's two passes."""
    passes = []
    for reuse in (False, True):
        with tf.variable_scope("discriminator", reuse=reuse):
            y = layers.conv2d(x, 2, 3, normalizer_fn=layers.batch_norm)
            y = layers.conv2d(y, 2, 3, scope="last", weights_regularizer=l2)
            passes.append(layers.fully_connected(layers.flatten(y), 1, activation_fn=None))
    return passes[0] + 2 * passes[1]


def scoped(x, v, t):
    """slim's way."""
    with slim.arg_scope([slim.conv2d, slim.fully_connected], activation_fn=tf.nn.elu,
                        weights_regularizer=slim.l2_regularizer(0.5)):
        with slim.arg_scope([slim.conv2d], padding="VALID") as inner:
            y = slim.conv2d(x, 2, [3, 3])
        with arg_scope(inner):
            y = slim.conv2d(y, 2, [3, 3], scope="mine")
        return slim.fully_connected(slim.flatten(y), 3)


def own_scoped(x, v, t):
    """A function of the listing's own with arguments from a scope."""
    @add_arg_scope
    def scaled(x, by=1.0):
        return by * x

    with arg_scope([scaled], by=3.0):
        return scaled(v) + scaled(v, by=10.0)


record("twice", twice)
record("scoped", scoped)
record("own_scoped", own_scoped)
record("by_suffix", lambda x, v, t: tf.add_n([tf.reduce_sum(var) for _ in [
    layers.conv2d(x, 2, 3, scope="a"), layers.conv2d(x, 2, 3, scope="b")]
    for var in slim.get_variables_by_suffix("weights") + slim.get_variables("a")
    + slim.get_model_variables("b") + slim.get_variables_by_name("biases")]))

with tf.Graph().as_default(), tf.Session() as sess:
    tf.set_random_seed(3)
    for name, initializer in (("uniform", layers.xavier_initializer()),
                              ("normal", layers.xavier_initializer(uniform=False)),
                              ("variance", layers.variance_scaling_initializer())):
        for shape in ([300, 400], [5, 5, 60, 80], [100000]):
            key = "initializer_%s_%d" % (name, len(shape))
            found[key] = np.array(sess.run(initializer(shape)).std())

np.savez_compressed("contrib_layers.npz", **found)
print(len(found), "arrays of TensorFlow", tf.__version__)
