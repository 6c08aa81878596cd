import os
import time
from glob import glob
import tensorflow as tf

from ops import *
from utils import *

class DCGAN(object):
    def __init__(self, sess, image_size=32, batch_size=64, z_dim=100, gf_dim=16, df_dim=16, dataset_name='default'):
        self.sess, self.batch_size, self.image_size = sess, batch_size, image_size
        self.z_dim, self.gf_dim, self.df_dim, self.dataset_name = z_dim, gf_dim, df_dim, dataset_name
        self.d_bn1, self.d_bn2 = batch_norm(name='d_bn1'), batch_norm(name='d_bn2')
        self.g_bn0, self.g_bn1 = batch_norm(name='g_bn0'), batch_norm(name='g_bn1')
        self.build_model()

    def build_model(self):
        self.images = tf.placeholder(tf.float32, [self.batch_size] + [self.image_size, self.image_size, 3], name='real_images')
        self.z = tf.placeholder(tf.float32, [None, self.z_dim], name='z')
        self.z_sum = tf.histogram_summary("z", self.z)
        self.G = self.generator(self.z)
        self.D, self.D_logits = self.discriminator(self.images)
        self.D_, self.D_logits_ = self.discriminator(self.G, reuse=True)
        self.d_sum = tf.histogram_summary("d", self.D)
        self.G_sum = tf.image_summary("G", self.G)
        self.d_loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(self.D_logits, tf.ones_like(self.D)))
        self.d_loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(self.D_logits_, tf.zeros_like(self.D_)))
        self.g_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(self.D_logits_, tf.ones_like(self.D_)))
        self.d_loss = self.d_loss_real + self.d_loss_fake
        self.g_loss_sum = tf.scalar_summary("g_loss", self.g_loss)
        t_vars = tf.trainable_variables()
        self.d_vars = [var for var in t_vars if 'd_' in var.name]
        self.g_vars = [var for var in t_vars if 'g_' in var.name]
        self.saver = tf.train.Saver()

    def train(self, config):
        data = glob(os.path.join("./data", config.dataset, "*.jpg"))
        d_optim = tf.train.AdamOptimizer(config.learning_rate, beta1=config.beta1).minimize(self.d_loss, var_list=self.d_vars)
        g_optim = tf.train.AdamOptimizer(config.learning_rate, beta1=config.beta1).minimize(self.g_loss, var_list=self.g_vars)
        tf.initialize_all_variables().run()
        self.g_sum = tf.merge_summary([self.z_sum, self.G_sum, self.g_loss_sum])
        self.writer = tf.train.SummaryWriter("./logs", self.sess.graph)
        counter = 1
        start_time = time.time()
        for epoch in xrange(config.epoch):
            data = glob(os.path.join("./data", config.dataset, "*.jpg"))
            batch_idxs = min(len(data), config.train_size) / self.batch_size
            for idx in xrange(0, int(batch_idxs)):
                batch_files = data[idx*self.batch_size:(idx+1)*self.batch_size]
                batch = [get_image(batch_file, self.image_size) for batch_file in batch_files]
                batch_images = np.array(batch).astype(np.float32)
                batch_z = np.random.uniform(-1, 1, [self.batch_size, self.z_dim]).astype(np.float32)
                _ = self.sess.run(d_optim, feed_dict={self.images: batch_images, self.z: batch_z})
                _, summary_str = self.sess.run([g_optim, self.g_sum], feed_dict={self.z: batch_z})
                self.writer.add_summary(summary_str, counter)
                errD_fake = self.d_loss_fake.eval({self.z: batch_z})
                errG = self.g_loss.eval({self.z: batch_z})
                counter += 1
                print("Epoch: [%2d] [%4d/%4d] time: %4.4f, d_loss: %.8f, g_loss: %.8f" \
                    % (epoch, idx, batch_idxs, time.time() - start_time, errD_fake, errG))
        samples = self.sess.run(self.G, feed_dict={self.z: batch_z})
        save_images(samples, [4, 4], './samples/train.png')
        self.saver.save(self.sess, 'DCGAN.model', global_step=counter)

    def discriminator(self, image, reuse=False):
        if reuse:
            tf.get_variable_scope().reuse_variables()
        h0 = lrelu(conv2d(image, self.df_dim, name='d_h0_conv'))
        h1 = lrelu(self.d_bn1(conv2d(h0, self.df_dim*2, name='d_h1_conv')))
        h2 = lrelu(self.d_bn2(conv2d(h1, self.df_dim*4, name='d_h2_conv')))
        h3 = linear(tf.reshape(h2, [self.batch_size, -1]), 1, 'd_h3_lin')
        return tf.nn.sigmoid(h3), h3

    def generator(self, z):
        self.z_, self.h0_w, self.h0_b = linear(z, self.gf_dim*2*8*8, 'g_h0_lin', with_w=True)
        h0 = tf.nn.relu(self.g_bn0(tf.reshape(self.z_, [-1, 8, 8, self.gf_dim * 2])))
        self.h1, self.h1_w, self.h1_b = deconv2d(h0, [self.batch_size, 16, 16, self.gf_dim], name='g_h1', with_w=True)
        h1 = tf.nn.relu(self.g_bn1(self.h1))
        h2 = deconv2d(h1, [self.batch_size, 32, 32, 3], name='g_h2')
        return tf.nn.tanh(h2)
