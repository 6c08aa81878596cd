"""The semi-supervised GAN of Salimans et al. 2016, "Improved Techniques for Training GANs".

Sections 3.1 (feature matching) and 5 (semi-supervised learning) of arXiv:1606.03498, in the size of
the authors' code for SVHN. The method of `semi_supervised_svhn.py` is from this paper.

D has ten logits l, one for each digit. That of the class "fake" is fixed at 0, since a softmax does
not change if a number is added to all logits::

    Z(x) = sum_k exp(l_k(x)),    P(k | x, real) = exp(l_k(x)) / Z(x),    P(real | x) = Z / (Z + 1)

    D minimizes  E_labelled[-log P(y | x, real)]               labelled_loss
               + 1/2 E_x[-log P(real | x)]
               + 1/2 E_z[-log P(fake | G(z))]                  unlabelled_loss, both halves
    G minimizes  mean |E_x f(x) - E_z f(G(z))|                 gen_loss

with f the features before the last layer. The mean absolute difference is from the authors' code;
the paper has the squared L2 distance. README.md names all sources and differences.

What decides the accuracies:

- Every step has a labelled minibatch of its own, and another unlabelled one for each network.
- D has no batch norm. Its weights are normalized (Salimans and Kingma 2016), w = g v / |v|, and a
  first batch sets g and b so that each unit has mean 0 and variance 1 (in the last layer 0.01).
- Tests use an exponential average of D's weights, without dropout. The labels are balanced.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.data.svhn import LABELS, TESTED
from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

CHAPTER = "salimans_gan"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # the range of tanh
REAL_SIZE = (32, 32, 3)
DIGITS = 10
FIRST_BATCH = 500       # images from which g and b are set
LAST_STDDEV = 0.1       # to which the last layer of each network is set


@dataclass(frozen=True)
class Config:
    """The settings of the authors' code for SVHN."""
    num_labels: int = setting(1000, "training examples whose labels are used", at_least=1)
    labels: str = setting("balanced", "which examples these are (see script 04)", choices=LABELS)
    label_seed: int = setting(0, "seed of the labelled examples, if they are drawn", at_least=0)
    tested: str = setting("all", "which images are tested (see script 04)", choices=TESTED)
    epochs: int = setting(600, "epochs with the whole learning rate", at_least=1)
    decay_epochs: int = setting(300, "further epochs, over which the learning rate falls linearly "
                                "to 0", at_least=0)
    epoch_steps: int = setting(732, "steps per epoch; 732 are a pass over SVHN", at_least=1)
    batch_size: int = setting(100, "images in each of the batches of a step", at_least=2)
    z_size: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0003, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    unlabelled_weight: float = setting(1.0, "weight of the unlabelled loss", at_least=0)
    average_decay: float = setting(0.9999, "decay of the discriminator's averaged weights; at step "
                                   "n it is at most (1 + n) / (10 + n)", at_least=0, below=1)
    input_drop_rate: float = setting(0.2, "share of D's inputs dropped", at_least=0, below=1)
    drop_rate: float = setting(0.5, "share dropped after two of D's blocks", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    gen_channels: int = setting(128, "channels of the generator's last hidden layer",
                                at_least=1, at_most=MOST_UNITS)
    disc_channels: int = setting(64, "channels of the discriminator's first block, half of the "
                                 "others'", at_least=1, at_most=MOST_UNITS)


def model_inputs(z_size):
    """Placeholders: labelled images, their digits [B], unlabelled images, and noise [B, z_size].

    Images are [B, 32, 32, 3] in [-1, 1], the noise is in [0, 1).
    """
    return (tf.placeholder(tf.float32, (None, *REAL_SIZE), "x_lab"),
            tf.placeholder(tf.int32, (None,), "labels"),
            tf.placeholder(tf.float32, (None, *REAL_SIZE), "x_unl"),
            tf.placeholder(tf.float32, (None, z_size), "z"))


def weight_norm(name, linear, x, shape, stddev=1., train_g=False, init=None):
    """`linear(x, w) + b` with w = g v / |v|, of `shape` [..., units]; |v| is that of each unit.

    If `init` is a list, the outputs are instead normalized over this batch to mean 0 and standard
    deviation `stddev`. The ops that change g and b so that later passes give such outputs are appended
    to `init`.
    """
    with tf.variable_scope(name):
        v = tf.get_variable("v", shape, initializer=tf.random_normal_initializer(stddev=0.05))
        g = tf.get_variable("g", shape[-1:], initializer=tf.ones_initializer(), trainable=train_g)
        b = tf.get_variable("b", shape[-1:], initializer=tf.zeros_initializer())
        t = linear(x, g * tf.nn.l2_normalize(v, axis=list(range(len(shape) - 1))))
        if init is None:
            return t + b
        mean, variance = tf.nn.moments(t, axes=list(range(t.shape.rank - 1)))
        scale = stddev / tf.sqrt(variance + 1e-8)
        init += [tf.assign(g, g * scale), tf.assign(b, -mean * scale)]
        return (t - mean) * scale


def generator(z, channels, reuse=False, init=None):
    """Noise [B, z_size] to images [B, 32, 32, 3] in (-1, 1); `init` as in `weight_norm`."""
    normal = tf.random_normal_initializer(stddev=0.05)

    def deconv(x, filters):
        return tf.layers.conv2d_transpose(x, filters, 5, 2, "same", use_bias=False,
                                          kernel_initializer=normal)

    def last_deconv(x, w):
        return tf.nn.conv2d_transpose(x, tf.transpose(w, (0, 1, 3, 2)),
                                      (tf.shape(x)[0], *REAL_SIZE), strides=2)

    def norm(x):  # with batch statistics for samples too
        return tf.layers.batch_normalization(x, scale=False, epsilon=1e-5, training=True)

    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 4 * 4 * 4 * channels, use_bias=False, kernel_initializer=normal)
        x = tf.reshape(tf.nn.relu(norm(x)), (-1, 4, 4, 4 * channels))  # [B,100] -> [B,4,4,512]
        x = tf.nn.relu(norm(deconv(x, 2 * channels)))               # -> [B,8,8,256]
        x = tf.nn.relu(norm(deconv(x, channels)))                   # -> [B,16,16,128]
        x = weight_norm("last", last_deconv, x, (5, 5, channels, REAL_SIZE[2]), LAST_STDDEV,
                        train_g=True, init=init)
        return tf.tanh(x)                                           # -> [B,32,32,3]


def discriminator(x, config, reuse=False, training=True, number=0, init=None, getter=None):
    """Images [B, 32, 32, 3] in [-1, 1] to `(logits, features)`: [B, 10] and [B, 2 disc_channels].

    Units are dropped if `training`, and passes with different `number` drop different ones. Which ones
    also depends on the count of D's updates, which G's update leaves as it is. So G's update and D's next
    one drop the same units of the unlabelled images and of the samples.

    `init` is that of `weight_norm`, and `getter` is the `custom_getter` of `tf.variable_scope`.
    """
    def conv(name, x, filters, size=3, strides=1, padding="SAME"):
        x = weight_norm(name, lambda x, w: tf.nn.conv2d(x, w, strides, padding), x,
                        (size, size, int(x.shape[3]), filters), init=init)
        return tf.maximum(config.alpha * x, x)

    def dropout(x, rate, layer):
        return fresh_dropout(x, rate, 10 * number + layer) if training else x

    few, many = config.disc_channels, 2 * config.disc_channels
    with tf.variable_scope("discriminator", reuse=reuse, custom_getter=getter):
        x = dropout(x, config.input_drop_rate, 0)
        x = conv("conv_1", x, few)                                  # -> [B,32,32,64]
        x = conv("conv_2", x, few)                                  # -> [B,32,32,64]
        x = conv("conv_3", x, few, strides=2)                       # -> [B,16,16,64]
        x = dropout(x, config.drop_rate, 1)
        x = conv("conv_4", x, many)                                 # -> [B,16,16,128]
        x = conv("conv_5", x, many)                                 # -> [B,16,16,128]
        x = conv("conv_6", x, many, strides=2)                      # -> [B,8,8,128]
        x = dropout(x, config.drop_rate, 2)
        x = conv("conv_7", x, many, padding="VALID")                # -> [B,6,6,128]
        x = conv("nin_1", x, many, size=1)                          # -> [B,6,6,128]
        x = conv("nin_2", x, many, size=1)                          # -> [B,6,6,128]
        features = tf.reduce_mean(x, axis=(1, 2))                   # -> [B,128]
        return weight_norm("dense", tf.matmul, features, (many, DIGITS), LAST_STDDEV,
                           train_g=True, init=init), features       # -> [B,10]


def labelled_loss(logits, labels):
    """The mean cross entropy of logits [B, 10] and labels [B], in nats."""
    # logits of a labelled image -> its digit
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(
        tf.one_hot(labels, DIGITS), logits))


def unlabelled_loss(logits_unl, logits_gen):
    """Half the cross-entropy of data plus half that of samples, from logits [B, 10], in nats."""
    # log Z of data -> high, real: -log P(real) = log(1 + 1 / Z)
    loss_real = tf.reduce_mean(tf.nn.softplus(-tf.reduce_logsumexp(logits_unl, axis=1)))
    # log Z of samples -> low, fake: -log P(fake) = log(1 + Z)
    loss_fake = tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(logits_gen, axis=1)))
    return 0.5 * loss_real + 0.5 * loss_fake


def feature_matching_loss(features_unl, features_gen):
    """The generator's loss, from features [B, F] of data and of samples."""
    m1, m2 = tf.reduce_mean(features_unl, axis=0), tf.reduce_mean(features_gen, axis=0)
    # mean features of samples -> mean features of data
    return tf.reduce_mean(tf.abs(m1 - m2))


def right(logits, labels):
    """How many images are classified correctly, a float32 scalar, from logits [B, 10], labels [B]."""
    found = tf.argmax(logits, 1, output_type=tf.int32)
    return tf.reduce_sum(tf.cast(tf.equal(found, labels), tf.float32))


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, split by scope prefix."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(d_loss, g_loss, learning_rate, config):
    """`(d_opt, g_opt, average)`: two Adam steps, and the `ExponentialMovingAverage` of D's weights.

    `d_opt` also updates this average and counts the step.
    """
    d_vars, g_vars = split_vars()
    d_adam = tf.train.AdamOptimizer(learning_rate, config.beta1, name="d_adam")
    g_adam = tf.train.AdamOptimizer(learning_rate, config.beta1, name="g_adam")
    with tf.control_dependencies([d_adam.minimize(d_loss, var_list=d_vars)]):
        count = tf.assign_add(tf.train.get_global_step(), 1)
        average = tf.train.ExponentialMovingAverage(config.average_decay, num_updates=count)
        d_opt = average.apply(d_vars)
    return d_opt, g_adam.minimize(g_loss, var_list=g_vars), average


class GAN(NamedTuple):
    """The tensors and ops that training, testing and sampling need."""
    x_lab: Any            # [B, 32, 32, 3] in [-1, 1]; for tests too
    labels: Any           # [B], 0 to 9
    x_unl: Any            # [B, 32, 32, 3] in [-1, 1]
    z: Any                # [B, z_size] in [0, 1)
    samples: Any          # [B, 32, 32, 3] in (-1, 1)
    learning_rate: Any
    labelled_loss: Any
    unlabelled_loss: Any
    gen_loss: Any
    train_correct: Any    # number of labelled images classified correctly, with dropout
    class_logits: Any     # [B, 10] of x_lab in a test: averaged weights, no dropout
    gen_vars: list        # both networks' variables and the averages: they are saved
    d_opt: Any
    g_opt: Any
    init: list            # sets g and b from images x_lab and noise z
    end_epoch: Any        # counts an epoch, on which the learning rate depends


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    tf.train.get_or_create_global_step()  # else dropout creates it in the discriminator's scope
    epoch = tf.get_variable("epoch", (), initializer=tf.zeros_initializer(), trainable=False)
    left = config.epochs + config.decay_epochs - epoch
    learning_rate = config.learning_rate * tf.minimum(1., left / max(1, config.decay_epochs))

    x_lab, labels, x_unl, z = model_inputs(config.z_size)
    samples = generator(z, config.gen_channels)
    logits_lab, _ = discriminator(x_lab, config, number=0)
    logits_unl, features_unl = discriminator(x_unl, config, reuse=True, number=1)
    logits_gen, features_gen = discriminator(samples, config, reuse=True, number=2)

    loss_lab = labelled_loss(logits_lab, labels)
    loss_unl = unlabelled_loss(logits_unl, logits_gen)
    d_loss = loss_lab + config.unlabelled_weight * loss_unl
    loss_gen = feature_matching_loss(features_unl, features_gen)
    gen_vars = tf.global_variables("(generator|discriminator)/")
    d_opt, g_opt, average = model_opt(d_loss, loss_gen, learning_rate, config)
    averages = {var.name: average.average(var) for var in split_vars()[0]}

    def averaged(getter, *names, **options):
        var = getter(*names, **options)
        return averages.get(var.name, var)  # g has an average only where it is trained

    class_logits, _ = discriminator(x_lab, config, reuse=True, training=False, getter=averaged)
    init = []  # ops that set g and b from a first batch
    generator(z, config.gen_channels, reuse=True, init=init)
    discriminator(x_lab, config, reuse=True, init=init)
    return GAN(x_lab, labels, x_unl, z, samples, learning_rate, loss_lab, loss_unl, loss_gen,
               right(logits_lab, labels), class_logits,
               [*gen_vars, *averages.values()], d_opt, g_opt, init, tf.assign_add(epoch, 1.))


def initialize(sess, net, train_set, rng, config) -> None:
    """Set g and b of the normalized layers from a first batch; once, before the first step."""
    rows = rng.integers(0, config.num_labels, FIRST_BATCH)
    sess.run(net.init, {net.x_lab: train_set.images[rows], net.z: latent(rng, FIRST_BATCH, config)})


def step(sess, net, train_set, rng, config) -> tuple[np.float32, ...]:
    """One update of the discriminator, then the generator's; returns what `tally` takes."""
    size = config.batch_size
    # The labelled examples come first in the training set. They are drawn with replacement.
    labelled = rng.integers(0, config.num_labels, size)
    x_unl, *_ = train_set.next_batch(size)
    loss_lab, loss_unl, correct, _ = sess.run(
        [net.labelled_loss, net.unlabelled_loss, net.train_correct, net.d_opt],
        {net.x_lab: train_set.images[labelled], net.labels: train_set.labels[labelled],
         net.x_unl: x_unl, net.z: latent(rng, size, config)})

    others = rng.integers(0, train_set.num_examples, size)
    loss_gen, _ = sess.run([net.gen_loss, net.g_opt], {
        net.x_unl: train_set.images[others], net.z: latent(rng, size, config)})
    return loss_lab, loss_unl, loss_gen, correct


def tally(totals, taken) -> np.ndarray:
    """The `totals` of an epoch (None at first) with one more step, as an array.

    It has the number of steps, and then the sums of what they returned.
    """
    return np.add(0. if totals is None else totals, (1, *map(float, taken)))


def report(sess, net, totals, dataset, config) -> dict[str, float]:
    """Count an epoch, test, and return the figures; the losses are means over the epoch's steps.

    train_accuracies: on the labelled minibatches, with dropout; test_accuracies: on the test set,
    with averaged weights and without dropout.
    """
    sess.run(net.end_epoch)
    count, correct = 0, 0.
    for x, y in dataset.batches(config.batch_size, which_set="test"):
        count += len(x)
        correct += float((sess.run(net.class_logits, {net.x_lab: x}).argmax(axis=1) == y).sum())
    loss_lab, loss_unl, loss_gen, train_correct = (totals[1:] / totals[0]).tolist()
    losses = {"labelled_loss": loss_lab, "unlabelled_loss": loss_unl, "gen_loss": loss_gen}
    return {"train_accuracies": train_correct / config.batch_size,
            "test_accuracies": correct / count, **losses}


def log_line(epoch, epochs, figures) -> str:
    """The line of the authors' code after `epoch`, which counts from 1; loss_gen is added."""
    return (f"Iteration {epoch}, loss_lab = {figures['labelled_loss']:.4f}, "
            f"loss_unl = {figures['unlabelled_loss']:.4f}, loss_gen = {figures['gen_loss']:.4f}, "
            f"train err = {1 - figures['train_accuracies']:.4f}, "
            f"test err = {1 - figures['test_accuracies']:.4f}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: uniform noise in [0, 1), [count, z_size]."""
    return rng.uniform(0, 1, (count, config.z_size))


def generate(sess, net, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_size]: [n, 32, 32, 3] in (-1, 1).

    Batch norm uses batch statistics, as in training: an image depends on the others in its batch.
    """
    return sess.run(net.samples, {net.z: z})


def sample(sess, net, rng, count, config) -> np.ndarray:
    """`count` new images from uniform noise, one batch, [count, 32, 32, 3] in (-1, 1)."""
    return generate(sess, net, latent(rng, count, config))
