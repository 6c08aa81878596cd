"""A simple MNIST classifier which displays summaries in TensorBoard."""
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

flags = tf.app.flags
flags.DEFINE_integer('max_steps', 60, 'Number of steps to run trainer.')
flags.DEFINE_float('learning_rate', 0.01, 'Initial learning rate')
flags.DEFINE_string('data_dir', 'MNIST_data', 'Directory for storing input data')
flags.DEFINE_string('log_dir', 'logs', 'Summaries log directory')
flags.DEFINE_boolean('supervisor', False, 'Whether a tf.train.Supervisor keeps the session')
FLAGS = flags.FLAGS


def variable_summaries(var):
    with tf.name_scope('summaries'):
        mean = tf.reduce_mean(var)
        tf.summary.scalar('mean', mean)
        tf.summary.histogram('histogram', var)


def nn_layer(input_tensor, input_dim, output_dim, layer_name, act=tf.nn.relu):
    with tf.name_scope(layer_name):
        with tf.name_scope('weights'):
            weights = tf.Variable(tf.truncated_normal([input_dim, output_dim], stddev=0.1))
            variable_summaries(weights)
        with tf.name_scope('biases'):
            biases = tf.Variable(tf.constant(0.1, shape=[output_dim]))
        activations = act(tf.matmul(input_tensor, weights) + biases, name='activation')
        tf.summary.histogram('activations', activations)
        return activations


def main(_):
    tf.logging.set_verbosity(tf.logging.ERROR)
    if tf.gfile.Exists(FLAGS.log_dir):
        tf.gfile.DeleteRecursively(FLAGS.log_dir)
    tf.gfile.MakeDirs(FLAGS.log_dir)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True, seed=1)
    tf.set_random_seed(1)

    x = tf.placeholder(tf.float32, [None, 784], name='x-input')
    y_ = tf.placeholder(tf.float32, [None, 10], name='y-input')
    tf.summary.image('input', tf.reshape(x, [-1, 28, 28, 1]), 2)
    hidden1 = nn_layer(x, 784, 50, 'layer1')
    keep_prob = tf.placeholder(tf.float32)
    dropped = tf.nn.dropout(hidden1, keep_prob)
    y = nn_layer(dropped, 50, 10, 'layer2', act=tf.identity)

    cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))
    tf.summary.scalar('cross_entropy', cross_entropy)
    global_step = tf.Variable(0, name='global_step', trainable=False)
    rate = tf.train.exponential_decay(FLAGS.learning_rate, global_step, 50, 0.9, staircase=True)
    train_step = tf.train.AdamOptimizer(rate).minimize(cross_entropy, global_step=global_step)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1)), tf.float32))
    merged = tf.summary.merge_all()

    def feed(train):
        if train:
            xs, ys = mnist.train.next_batch(50)
            return {x: xs, y_: ys, keep_prob: 0.9}
        return {x: mnist.test.images, y_: mnist.test.labels, keep_prob: 1.0}

    if FLAGS.supervisor:
        sv = tf.train.Supervisor(logdir=FLAGS.log_dir, summary_op=None, global_step=global_step)
        with sv.managed_session() as sess:
            while not sv.should_stop():
                _, summary, step = sess.run([train_step, merged, global_step], feed(True))
                sv.summary_computed(sess, summary, step)
                if step >= FLAGS.max_steps:
                    break
            print('Accuracy at the end: %.3f' % sess.run(accuracy, feed(False)))
    else:
        hooks = [tf.train.StopAtStepHook(last_step=FLAGS.max_steps),
                 tf.train.SummarySaverHook(save_steps=20, output_dir=FLAGS.log_dir,
                                           summary_op=merged)]
        with tf.train.MonitoredTrainingSession(checkpoint_dir=FLAGS.log_dir, hooks=hooks,
                                               save_summaries_steps=None,
                                               save_summaries_secs=None) as sess:
            step = 0
            while not sess.should_stop():
                if step == FLAGS.max_steps - 1:
                    print('Accuracy at the end: %.3f' % sess.run(accuracy, feed(False)))
                _, step = sess.run([train_step, global_step], feed(True))


if __name__ == '__main__':
    tf.app.run()
