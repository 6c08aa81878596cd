"""Semi-supervised learning with an 11-class discriminator on tf.contrib.layers."""
from __future__ import absolute_import, division, print_function

import numpy as np
import tensorflow as tf
import tensorflow.contrib.layers as layers
from tensorflow.contrib.framework import arg_scope
from tensorflow.examples.tutorials.mnist import input_data

from semi_supervised_ops import leaky_relu, log_sum_exp

num_classes = 10
extra_class = 1
z_size = 16
batch_size = 20
steps = 200
num_labelled = 40
learning_rate = 0.003

mnist = input_data.read_data_sets('MNIST_data', one_hot=True, reshape=False, validation_size=0)
labelled = mnist.train.images[:num_labelled], mnist.train.labels[:num_labelled]


def generator(z, is_training):
    with tf.variable_scope('generator'), \
            arg_scope([layers.conv2d_transpose, layers.fully_connected],
                      normalizer_fn=layers.batch_norm,
                      normalizer_params={'is_training': is_training, 'scale': True, 'decay': 0.9,
                                         'updates_collections': None}):
        net = layers.fully_connected(z, 7 * 7 * 8)
        net = tf.reshape(net, [-1, 7, 7, 8])
        net = layers.conv2d_transpose(net, 8, [5, 5], stride=2)
        return layers.conv2d_transpose(net, 1, [5, 5], stride=2, activation_fn=tf.nn.sigmoid,
                                       normalizer_fn=None)


def discriminator(x, reuse=False):
    with tf.variable_scope('discriminator', reuse=reuse):
        net = layers.conv2d(x, 8, [5, 5], stride=2, activation_fn=leaky_relu,
                            weights_initializer=layers.xavier_initializer(uniform=False),
                            weights_regularizer=layers.l2_regularizer(1e-3))
        net = layers.conv2d(net, 16, [5, 5], stride=2, activation_fn=leaky_relu, scope='conv2')
        features = layers.flatten(net)
        class_logits = layers.fully_connected(features, num_classes + extra_class,
                                              activation_fn=None, scope='logits')
    # P(real) = sigmoid(gan_logits)
    real_class_logits, fake_class_logits = tf.split(class_logits, [num_classes, 1], 1)
    gan_logits = log_sum_exp(real_class_logits) - fake_class_logits
    return class_logits, gan_logits, features


tf.set_random_seed(1)
np.random.seed(1)
images = tf.placeholder(tf.float32, [None, 28, 28, 1])
labels = tf.placeholder(tf.int64, [None])
label_mask = tf.placeholder(tf.int32, [None])
z = tf.placeholder(tf.float32, [None, z_size])
is_training = tf.placeholder(tf.bool, [], name='is_training')

fake = generator(z, is_training)
class_logits, gan_logits, features = discriminator(images)
_, fake_gan_logits, fake_features = discriminator(fake, reuse=True)

cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=class_logits, labels=labels)
mask = tf.to_float(label_mask)
class_loss = tf.reduce_sum(mask * cross_entropy) / tf.maximum(1., tf.reduce_sum(mask))
gan_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=gan_logits, labels=tf.ones_like(gan_logits))
    + tf.nn.sigmoid_cross_entropy_with_logits(logits=fake_gan_logits,
                                              labels=tf.zeros_like(fake_gan_logits)))
d_loss = class_loss + gan_loss + tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
g_loss = tf.reduce_mean(tf.abs(tf.reduce_mean(features, axis=0)
                               - tf.reduce_mean(fake_features, axis=0)))
correct = tf.to_float(tf.equal(tf.argmax(class_logits[:, :num_classes], dimension=1), labels))
accuracy = tf.reduce_mean(correct)

d_vars = tf.contrib.framework.get_trainable_variables('discriminator')
g_vars = tf.contrib.framework.get_trainable_variables('generator')
d_opt = tf.train.AdamOptimizer(learning_rate, beta1=0.5).minimize(d_loss, var_list=d_vars)
g_opt = tf.train.AdamOptimizer(learning_rate, beta1=0.5).minimize(g_loss, var_list=g_vars)

with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for step in range(steps):
        known = np.random.randint(0, num_labelled, batch_size // 2)
        x, y = mnist.train.next_batch(batch_size - batch_size // 2)
        x = np.concatenate([labelled[0][known], x])
        y = np.concatenate([labelled[1][known], y]).argmax(1)
        feed_dict = {images: x, labels: y, z: np.random.normal(size=(batch_size, z_size)),
                     label_mask: np.arange(batch_size) < batch_size // 2, is_training: True}
        _, _, d, g = sess.run([d_opt, g_opt, d_loss, g_loss], feed_dict)
        if step % 50 == 0:
            print('step %d: d_loss %.3f g_loss %.3f' % (step, d, g))
    test_accuracy = sess.run(accuracy, {images: mnist.test.images[:500],
                                        labels: mnist.test.labels[:500].argmax(axis=1)})
    print('test accuracy:', test_accuracy)
    samples = sess.run(fake, {z: np.random.normal(size=(4, z_size)), is_training: False})
print([v.op.name for v in tf.model_variables()][:4], samples.shape)
