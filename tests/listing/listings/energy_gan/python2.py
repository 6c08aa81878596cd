# written for TensorFlow 0.9, Python 2.7
import os, sys, time
import cPickle
import numpy as np
import tensorflow as tf
import input_data

tf.set_random_seed(1); np.random.seed(1)
learning_rate, batch_size, n_z = 2e-4, 50, 20
mnist = input_data.read_data_sets('MNIST_data', one_hot=True)
n_samples = mnist.train.num_examples

def linear(x, n_out, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.get_shape().as_list()[-1], n_out], initializer=tf.random_normal_initializer(0.0, 0.02))
        b = tf.get_variable("b", [n_out], initializer=tf.constant_initializer(0.0))
        return tf.nn.xw_plus_b(x, w, b)

def batch_norm(x, name):
    with tf.variable_scope(name):
        n = x.get_shape()[-1]
        beta = tf.get_variable("beta", [n], initializer=tf.constant_initializer(0.0))
        gamma = tf.get_variable("gamma", [n], initializer=tf.constant_initializer(1.0))
        mean, var = tf.nn.moments(x, [0])
        ema = tf.train.ExponentialMovingAverage(0.99)
        with tf.control_dependencies([ema.apply([mean, var])]):
            return tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(var, 1e-5))), gamma) + beta

def encode_decode(x):
    h = tf.nn.relu(linear(x, 128 / 2, "d_enc"))
    return tf.nn.sigmoid(linear(h, 784, "d_dec")), h

def generate(z):
    h = tf.nn.relu(batch_norm(linear(z, 64, "g_1"), "g_bn"))
    return tf.nn.sigmoid(linear(h, 784, "g_2"))

with tf.device('/gpu:0'):
    x = tf.placeholder("float", [batch_size, 784])
    z = tf.random_uniform([batch_size, n_z], -1, 1)
    fake = generate(z)
    both = tf.concat(0, [x, fake])
    with tf.variable_scope(tf.get_variable_scope()) as scope:
        rec_real, h_real = encode_decode(x)
        scope.reuse_variables()
        rec_fake, h_fake = encode_decode(fake)
        mse_real, mse_fake = [tf.reduce_mean(tf.square(a - b), reduction_indices=1) for a, b in zip([rec_real, rec_fake], [x, fake])]
        margin = 10.
        d_loss = tf.reduce_mean(mse_real) + tf.reduce_mean(tf.maximum(tf.zeros_like(mse_fake), margin - mse_fake))
        normalized = tf.nn.l2_normalize(h_fake, 1)
        similarity = tf.batch_matmul(tf.expand_dims(normalized, 0), tf.expand_dims(tf.transpose(normalized), 0))
        pull = tf.reduce_sum(tf.square(tf.squeeze(similarity))) / (batch_size * (batch_size - 1))
        g_loss = tf.reduce_mean(mse_fake) + 0.1 * pull
        d_vars = filter(lambda v: v.name.startswith('d_'), tf.trainable_variables())
        g_vars = filter(lambda v: v.name.startswith('g_'), tf.trainable_variables())
        opt = tf.train.AdamOptimizer(learning_rate, beta1=0.5)
        d_grads = opt.compute_gradients(d_loss, d_vars)
        d_opt = opt.apply_gradients([(tf.clip_by_norm(grad, 5), var) for grad, var in d_grads])
        g_opt = tf.train.AdamOptimizer(learning_rate, beta1=0.5).minimize(g_loss, var_list=g_vars)

tf.scalar_summary('d', d_loss)
tf.histogram_summary('h', h_real)
tf.image_summary('fake', tf.reshape(fake, [-1, 28, 28, 1]), max_images=3)
merged = tf.merge_all_summaries()
packed = tf.pack([d_loss, g_loss])
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    writer = tf.train.SummaryWriter('log', sess.graph_def)
    for epoch in xrange(2):
        avg = 0.
        for i in range(n_samples / batch_size):
            batch, labels = mnist.train.next_batch(batch_size)
            sess.run(d_opt, feed_dict={x: batch})
            _, (dl, gl), summary = sess.run([g_opt, packed, merged], {x: batch})
            avg += dl / n_samples * batch_size
            writer.add_summary(summary, epoch)
        print "Epoch:", '%04d' % (epoch + 1), "d=", "{:.6f}".format(dl), "g=", gl, `avg`
    cPickle.dump({v.name: v.eval() for v in d_vars}, open('weights.pkl', 'wb'), -1)
    print 'saved', sorted(cPickle.load(open('weights.pkl', 'rb')).keys())[0]
