import os
import scipy.misc
import numpy as np

from model import DCGAN
from utils import pp, visualize, to_json

import tensorflow as tf

flags = tf.app.flags
flags.DEFINE_integer("epoch", 25, "Epoch to train [25]")
flags.DEFINE_float("learning_rate", 0.0002, "Learning rate of for adam [0.0002]")
flags.DEFINE_float("beta1", 0.5, "Momentum term of adam [0.5]")
flags.DEFINE_integer("train_size", np.inf, "The size of train images [np.inf]")
flags.DEFINE_integer("batch_size", 64, "The size of batch images [64]")
flags.DEFINE_string("dataset", "faces", "The name of dataset")
flags.DEFINE_string("sample_dir", "samples", "Directory name to save the image samples [samples]")
flags.DEFINE_boolean("is_train", True, "True for training")
FLAGS = flags.FLAGS

def main(_):
    pp.pprint(flags.FLAGS.__flags)
    if not os.path.exists(FLAGS.sample_dir):
        os.makedirs(FLAGS.sample_dir)
    if not os.path.exists(os.path.join("data", FLAGS.dataset)):
        os.makedirs(os.path.join("data", FLAGS.dataset))
        for i in xrange(96):
            scipy.misc.imsave(os.path.join("data", FLAGS.dataset, '%03d.jpg' % i),
                              np.random.randint(0, 255, [40, 40, 3]).astype(np.uint8))
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
        dcgan = DCGAN(sess, batch_size=16, dataset_name=FLAGS.dataset)
        dcgan.train(FLAGS)

if __name__ == '__main__':
    tf.app.run()
