"""AAE / BiGAN with the Dataset API and hooks, TF 1.8"""
import tensorflow as tf
import numpy as np
import os
tf.logging.set_verbosity(tf.logging.INFO)
flags = tf.flags
flags.DEFINE_string('data_dir', 'MNIST_data', '')
flags.DEFINE_integer('batch_size', 50, '')
flags.DEFINE_integer('num_steps', 1000, '')
flags.DEFINE_list('layers', ['32', '16'], '')
flags.DEFINE_enum('loss', 'bce', ['bce', 'ls'], '')
FLAGS = flags.FLAGS

def input_fn():
    (x, y), _ = tf.keras.datasets.mnist.load_data()
    x = x.reshape(-1, 784).astype('float32') / 255
    d = tf.data.Dataset.from_tensor_slices((x, y.astype(np.int32)))
    d = d.apply(tf.contrib.data.shuffle_and_repeat(1000))
    d = d.map(lambda a, b: (a, tf.one_hot(b, 10)), num_parallel_calls=2)
    d = d.apply(tf.contrib.data.batch_and_drop_remainder(FLAGS.batch_size))
    return d.prefetch(np.int64(2))

def net(x, sizes, name, reuse=tf.AUTO_REUSE):
    with tf.variable_scope(name, reuse=reuse):
        for s in sizes[:-1]:
            x = tf.layers.dense(x, s, tf.nn.leaky_relu, kernel_initializer=tf.contrib.layers.variance_scaling_initializer())
            x = tf.layers.dropout(x, 0.1, training=True)
        return tf.layers.dense(x, sizes[-1])

def main(argv):
    del argv
    sizes = [int(s) for s in FLAGS.layers]
    it = input_fn().make_initializable_iterator()
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, it.initializer)
    x, y = it.get_next()
    z = tf.random_normal([FLAGS.batch_size, 8])
    zx = net(x, sizes + [8], 'encoder')
    xz = tf.sigmoid(net(z, sizes[::-1] + [784], 'generator'))
    real = net(tf.concat([x, zx], -1), sizes + [1], 'discriminator')
    fake = net(tf.concat([xz, z], -1), sizes + [1], 'discriminator')
    bce = tf.losses.sigmoid_cross_entropy
    d_loss = bce(tf.ones_like(real), real, scope='d1') + bce(tf.zeros_like(fake), fake)
    g_loss = bce(tf.zeros_like(real), real) + bce(tf.ones_like(fake), fake)
    gs = tf.train.get_or_create_global_step()
    var = lambda *s: [v for n in s for v in tf.trainable_variables(n)]
    d_opt = tf.contrib.opt.AdamWOptimizer(1e-4, 1e-3) if hasattr(tf.contrib, 'opt') else tf.train.AdamOptimizer(1e-3, .5)
    train_d = d_opt.minimize(d_loss, var_list=var('discriminator'))
    with tf.control_dependencies([train_d]):
        train = tf.train.AdamOptimizer(1e-3, .5).minimize(g_loss, gs, var('generator', 'encoder'))
    acc, acc_op = tf.metrics.accuracy(tf.concat([tf.ones(50), tf.zeros(50)], 0), tf.cast(tf.concat([real, fake], 0)[:, 0] > 0, tf.float32))
    tf.summary.scalar('acc', acc_op)
    hooks = [tf.train.StopAtStepHook(FLAGS.num_steps), tf.train.NanTensorHook(d_loss),
             tf.train.LoggingTensorHook({'d': d_loss, 'g': g_loss}, every_n_iter=10)]
    with tf.train.MonitoredTrainingSession(checkpoint_dir='model', hooks=hooks, save_summaries_steps=20) as sess:
        while not sess.should_stop():
            step, d, g, a = sess.run([gs, d_loss, g_loss, acc_op, train])[:4]
            if step % 10 == 0:
                print(step, 'd', d, 'g', g, 'acc', a)

if __name__ == '__main__':
    tf.app.run()
