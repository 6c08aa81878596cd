"""The listing of the first chapter as it is printed: a script in TF1, fed from NumPy.

*Deep Learning by Example* (Packt 2018), chapter "Generative Adversarial Networks". As in the
listing, each epoch also computes the losses to print, draws samples with another call of
`generator` inside the session (so that the graph grows), and saves the generator. Only the printing
is omitted. There is no complete printed code for the other works.
"""

import atexit
import os
import tempfile

import numpy as np

from gan_tf1.bench import work as works
from gan_tf1.bench.ours import replay_of
from gan_tf1.bench.rows import Runner
from gan_tf1.data import mnist
from gan_tf1.tf1 import tf

PACKAGES = ("tensorflow",)
INPUT_IMG_SIZE = 784


def generator(gen_z, gen_out_dim, num_hidden_units=128, reuse_vars=False, leaky_relu_alpha=0.01):
    with tf.variable_scope("generator", reuse=reuse_vars):
        hidden_layer_1 = tf.layers.dense(gen_z, num_hidden_units, activation=None)
        hidden_layer_1 = tf.maximum(hidden_layer_1, leaky_relu_alpha * hidden_layer_1)
        logits_layer = tf.layers.dense(hidden_layer_1, gen_out_dim, activation=None)
        output_layer = tf.nn.tanh(logits_layer)
        return output_layer, logits_layer


def discriminator(disc_input, num_hidden_units=128, reuse_vars=False, leaky_relu_alpha=0.01):
    with tf.variable_scope("discriminator", reuse=reuse_vars):
        hidden_layer_1 = tf.layers.dense(disc_input, num_hidden_units, activation=None)
        hidden_layer_1 = tf.maximum(hidden_layer_1, leaky_relu_alpha * hidden_layer_1)
        logits_layer = tf.layers.dense(hidden_layer_1, 1, activation=None)
        output_layer = tf.nn.sigmoid(logits_layer)
        return output_layer, logits_layer


def mnist_gan_epoch(work, config, data):
    """An epoch of the listing, with the sizes of `config`, whose defaults are the chapter's."""
    gen_z_size, train_batch_size = config.gen_z_size, config.batch_size
    smooth = config.label_smooth

    tf.reset_default_graph()
    tf.set_random_seed(0)
    real_discriminator_input = tf.placeholder(tf.float32, (None, INPUT_IMG_SIZE))
    generator_input_z = tf.placeholder(tf.float32, (None, gen_z_size))
    gen_model, _ = generator(generator_input_z, INPUT_IMG_SIZE, config.gen_hidden_size,
                             leaky_relu_alpha=config.leaky_relu_alpha)
    _, disc_logits_real = discriminator(real_discriminator_input, config.disc_hidden_size,
                                        leaky_relu_alpha=config.leaky_relu_alpha)
    _, disc_logits_fake = discriminator(gen_model, config.disc_hidden_size, reuse_vars=True,
                                        leaky_relu_alpha=config.leaky_relu_alpha)

    disc_loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        logits=disc_logits_real, labels=tf.ones_like(disc_logits_real) * (1 - smooth)))
    disc_loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        logits=disc_logits_fake, labels=tf.zeros_like(disc_logits_fake)))
    disc_loss = disc_loss_real + disc_loss_fake
    gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        logits=disc_logits_fake, labels=tf.ones_like(disc_logits_fake)))

    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    disc_train_optimizer = tf.train.AdamOptimizer(config.learning_rate).minimize(
        disc_loss, var_list=disc_vars)
    gen_train_optimizer = tf.train.AdamOptimizer(config.learning_rate).minimize(
        gen_loss, var_list=gen_vars)

    saver = tf.train.Saver(var_list=gen_vars)
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    checkpoint = os.path.join(folder.name, "generator_ck.ckpt")
    train_set = mnist.DataSet(data.images, data.labels, seed=0)
    generated_samples, model_losses = [], []
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())

    def run(units):
        with sess.as_default(), sess.graph.as_default():
            for _ in range(units):
                for _ in range(works.steps(work, config, data)):
                    input_batch = train_set.next_batch(train_batch_size)
                    input_batch_images = input_batch[0].reshape((train_batch_size, 784))
                    input_batch_images = input_batch_images * 2 - 1
                    gen_batch_z = np.random.uniform(-1, 1, size=(train_batch_size, gen_z_size))
                    _ = sess.run(disc_train_optimizer,
                                 feed_dict={real_discriminator_input: input_batch_images,
                                            generator_input_z: gen_batch_z})
                    _ = sess.run(gen_train_optimizer, feed_dict={generator_input_z: gen_batch_z})

                train_loss_disc = sess.run(disc_loss, {generator_input_z: gen_batch_z,
                                                       real_discriminator_input: input_batch_images})
                train_loss_gen = gen_loss.eval({generator_input_z: gen_batch_z})
                model_losses.append((train_loss_disc, train_loss_gen))
                gen_sample_z = np.random.uniform(-1, 1, size=(16, gen_z_size))
                generated_samples.append(sess.run(
                    generator(generator_input_z, INPUT_IMG_SIZE, config.gen_hidden_size,
                              reuse_vars=True), feed_dict={generator_input_z: gen_sample_z}))
                saver.save(sess, checkpoint)
        return {"disc_loss": float(train_loss_disc), "gen_loss": float(train_loss_gen)}

    def step(x, z):
        feed = {real_discriminator_input: x, generator_input_z: z}
        of_disc, _ = sess.run([disc_loss, disc_train_optimizer], feed)
        of_gen, _ = sess.run([gen_loss, gen_train_optimizer], feed)
        return of_disc, of_gen

    return Runner(run, replay_of(sess, step), PACKAGES)


WORKS = {"mnist_gan": mnist_gan_epoch}
