"""The DCGAN of two Keras models whose generator repeats pixels and convolves, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Deep Convolutional GAN". The section prints the
generator and describes the discriminator; the rest is that of its vanilla GAN.
The chapter's API is Keras. Here is the graph that this API builds, and a test
trains both from the same weights: after 10 iterations all weights, moving
averages and Adam's slots are equal. (Four biases ahead of batch norm have no
gradient but rounding, of which Adam makes steps: the test holds them at 0.)

The value function of Goodfellow et al. 2014 (equation 1)::

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and deviation 1
    G(z)       generated                tanh, batch norm by the batch: what G is trained through
               fake_imgs                tanh, batch norm by moving averages: what D is trained on
    D(x)       sigmoid(disc_logits)     of a batch of one kind; batch norm by the batch
    D(G(z))    sigmoid(gan_logits)      batch norm by moving averages: what G is trained against

D descends on both terms of the negated value, one after the other: two updates
an iteration. G descends on `gen_loss` = -E_z[log D(G(z))], the non-saturating
objective.

The discriminator is described so: strides instead of pooling, batch norm, leaky
ReLU, no dense layer but the last. The printed generator is that of dcgan.py in Erik
Linder-Norén's Keras-GAN, so that file's discriminator is here too, whole: a zero
row and column after the second convolution, batch norm with momentum 0.8 from
there on, and dropout, which the section doesn't mention. `--drop-rate 0` keeps to
the section's words.

What Keras does without saying so, and what decides the printed numbers:

=====================================  ===========================================================
Keras                                  here
=====================================  ===========================================================
`generator.predict(noise)`             batch norm in inference mode, by the moving averages. At
                                       first these are 0 and 1: D's first fakes aren't normalized
two `discriminator.train_on_batch`     two updates by one Adam; batch norm in training mode, of a
                                       batch of one kind; its averages move toward the real images'
                                       statistics, then toward the fakes'. Dropout drops
`discriminator.trainable = False`,     a model trains as it was when compiled: the discriminator
set after `compile`                    keeps training on its own, batch norm by the batch
`gan_model.train_on_batch`             the generator's batch norm is in training mode, and its
                                       averages move here alone. A frozen batch norm is in inference
                                       mode: the discriminator's goes by its averages, 4/9 real and
                                       5/9 fake, and leaves them. Its dropout drops all the same
`BatchNormalization(momentum=0.8)`     M <- 0.8 M + 0.2 m and V <- 0.8 V + 0.2 v n/(n-1), over all
                                       n = B H W pixels; epsilon is 0.001, added to the variance
`UpSampling2D()`                       each pixel four times: the nearest neighbour
`Dropout(0.25)`                        a quarter of the units are dropped, the others divided by
                                       0.75; in the losses and the accuracy that are printed, too
`0.5 * np.add(real, fake)`             loss and accuracy printed: half the sum of both, each taken
                                       before its own update. The gradients are not halved
`binary_crossentropy`                  Keras finds the logits ahead of the sigmoid and takes their
                                       loss, as here: nothing is clipped
`Adam(0.0002, 0.5)`                    beta2 0.999; epsilon is 1e-7, TF1's is 1e-8
weights                                Glorot uniform, biases 0: as in `tf.layers`
=====================================  ===========================================================

What is printed, what happens, and what is done here:

=====================================  =============================  ===========================
printed                                what happens                   here
=====================================  =============================  ===========================
no discriminator                       nothing to train against       that of Keras-GAN's dcgan.py
`discriminator.trainable = False`      Keras 3 reads it in training:  the discriminator trains, as
after `compile`, in the section on     the discriminator never        in the chapter's TensorFlow 2
the vanilla GAN                        trains, and a warning says so
the section has no loop, its           they are iterations of one     `--iterations`, the 30,000 of
siblings count `epochs`                batch                          the vanilla GAN; those of
                                                                      `sample_interval` are an
                                                                      "epoch" of the run directory
=====================================  =============================  ===========================

No log is printed. The line is the one that the chapter's conditional GAN prints.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

CHAPTER = "dcgan_upsampling"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log's unit: a row of losses.csv is one
SAMPLE_RANGE = (-1, 1)  # that of tanh
CHANCE = 0.6931  # nats of disc_loss where the discriminator can't tell: ln 2
IN_SHAPE = (28, 28, 1)
ADAM_EPSILON = 1e-7  # Keras' default
MOMENTUM = 0.8       # of the moving averages


@dataclass(frozen=True)
class Config:
    """The vanilla GAN's hyperparameters, where this section doesn't say others."""
    iterations: int = setting(30_000, "training steps", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    batch_size: int = setting(128, "real images an iteration, and as many of the generator's",
                              at_least=1)
    z_dim: int = setting(100, "numbers in a latent vector", at_least=1, at_most=100_000)
    learning_rate: float = setting(0.0002, "Adam's step size, for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    drop_rate: float = setting(0.25, "share of the discriminator's units that are dropped; the "
                               "section doesn't mention any", at_least=0, below=1)
    channels: int = setting(32, "channels of the discriminator's first layer; its others, and the "
                            "generator's, have two to eight times as many", at_least=1,
                            at_most=1024)
    samples: int = setting(16, "images drawn from the generator at each interval", at_least=1,
                           at_most=1024)


def model_inputs(in_shape, z_dim):
    """Placeholders: images [B, *in_shape] in [-1, 1], labels [B, 1] (1 real), noise [B, z_dim]."""
    imgs = tf.placeholder(tf.float32, (None, *in_shape), name="imgs")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, y, noise


def upsampling(x):
    """Each pixel of [B, H, W, C] four times, [B, 2 H, 2 W, C]: `UpSampling2D()`."""
    # The gradient of tf.image.resize_nearest_neighbor sums in any order on a GPU, and refuses
    # to run where the same seed is to give the same bytes.
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def batch_normalization(x, training):
    """Batch norm over [B, H, W] of each channel, by the batch or by the moving averages."""
    # By the averages it isn't fused: that gradient, too, has no fixed order on a GPU.
    return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training, fused=training)


def generator(z, reuse=False, channels=32, training=True):
    """Noise [B, z] to images [B, 28, 28, 1] in (-1, 1).

    With `training=False` batch norm uses the moving averages.
    """
    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, 4 * channels * 7 * 7, activation=tf.nn.relu)
        x = tf.reshape(x, (-1, 7, 7, 4 * channels))                       # -> [B,7,7,128]

        x = upsampling(x)                                                 # -> [B,14,14,128]
        x = tf.layers.conv2d(x, 4 * channels, 3, padding="same")
        x = tf.nn.relu(batch_normalization(x, training))

        x = upsampling(x)                                                 # -> [B,28,28,128]
        x = tf.layers.conv2d(x, 2 * channels, 3, padding="same")          # -> [B,28,28,64]
        x = tf.nn.relu(batch_normalization(x, training))

        return tf.layers.conv2d(x, 1, 3, padding="same", activation=tf.tanh)  # -> [B,28,28,1]


def discriminator(x, reuse=False, channels=32, alpha=0.2, drop_rate=0.25, training=True):
    """Images [B, 28, 28, 1] in [-1, 1] to logits [B, 1].

    With `training=False` it is frozen as Keras freezes: batch norm uses the
    moving averages, and dropout drops, other units than with `training=True`.
    """
    def leaky_dropout(x, layer):
        return fresh_dropout(tf.maximum(alpha * x, x), drop_rate, layer + 10 * (not training))

    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.conv2d(x, channels, 3, strides=2, padding="same")      # -> [B,14,14,32]
        x = leaky_dropout(x, 1)

        x = tf.layers.conv2d(x, 2 * channels, 3, strides=2, padding="same")  # -> [B,7,7,64]
        x = tf.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])                      # -> [B,8,8,64]
        x = leaky_dropout(batch_normalization(x, training), 2)

        x = tf.layers.conv2d(x, 4 * channels, 3, strides=2, padding="same")  # -> [B,4,4,128]
        x = leaky_dropout(batch_normalization(x, training), 3)

        x = tf.layers.conv2d(x, 8 * channels, 3, padding="same")             # -> [B,4,4,256]
        x = leaky_dropout(batch_normalization(x, training), 4)

        flat = tf.reshape(x, (-1, 4 * 4 * 8 * channels))                     # -> [B,4096]
        return tf.layers.dense(flat, 1)                                      # -> [B,1]


def model_loss(disc_logits, y, gan_logits):
    """The scalars `(disc_loss, disc_acc, gen_loss)` of logits and labels [B, 1], losses in nats."""
    with tf.name_scope("disc_loss"):
        # logits of a real image -> 1, of a fake one -> 0: what y says
        disc_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=y, logits=disc_logits))
    with tf.name_scope("disc_acc"):
        said = tf.cast(tf.sigmoid(disc_logits) > 0.5, tf.float32)
        disc_acc = tf.reduce_mean(tf.cast(tf.equal(said, y), tf.float32))
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, seen from the generator
        gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(gan_logits), logits=gan_logits))
    return disc_loss, disc_acc, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, told apart by their scope's name."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1):
    """Two Adam steps `(disc_opt, gen_opt)`; each moves its own network's moving averages too.

    The first counts the steps, by which units are dropped.
    """
    # Only passes in training mode have update ops: the discriminator's over imgs, which must not
    # wait for noise, and the generator's.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "discriminator/")):
        with tf.name_scope("disc_opt"):
            disc_opt = tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON).minimize(
                disc_loss, var_list=disc_vars, global_step=tf.train.get_global_step())
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator/")):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON).minimize(
                gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """What training and sampling need of the graph."""
    imgs: Any         # [B, 28, 28, 1] in [-1, 1]
    y: Any            # [B, 1], 1 = real
    noise: Any        # [B, z_dim]
    fake_imgs: Any    # [B, 28, 28, 1] in (-1, 1), by the moving averages
    disc_loss: Any
    disc_acc: Any
    gen_loss: Any
    gen_vars: list    # the generator's weights and moving averages: what sampling needs
    disc_opt: Any
    gen_opt: Any


def build(config):
    """The whole graph, in the current default graph."""
    tf.train.get_or_create_global_step()  # dropout would make it in the discriminator's scope
    imgs, y, noise = model_inputs(IN_SHAPE, config.z_dim)

    generated = generator(noise, channels=config.channels)
    fake_imgs = generator(noise, reuse=True, channels=config.channels, training=False)
    gen_vars = tf.global_variables("generator/")
    size = dict(channels=config.channels, alpha=config.alpha, drop_rate=config.drop_rate)
    disc_logits = discriminator(imgs, **size)
    gan_logits = discriminator(generated, reuse=True, training=False, **size)

    disc_loss, disc_acc, gen_loss = model_loss(disc_logits, y, gan_logits)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config.learning_rate,
                                  config.beta1)
    return GAN(imgs, y, noise, fake_imgs, disc_loss, disc_acc, gen_loss, gen_vars, disc_opt,
               gen_opt)


def step(sess, gan, dataset, rng, config):
    """One iteration of the chapter's loop; returns what `report` makes its figures of."""
    real_y, fake_y = np.ones((config.batch_size, 1)), np.zeros((config.batch_size, 1))
    idx = rng.integers(0, dataset.num_examples, config.batch_size)
    real_imgs = dataset.images[idx].reshape(-1, *IN_SHAPE) * 2 - 1  # to the range of tanh
    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    fake_imgs = sess.run(gan.fake_imgs, {gan.noise: noise})
    *real, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: real_imgs, gan.y: real_y})
    *fake, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: fake_imgs, gan.y: fake_y})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return real, fake, gen_loss


def report(real, fake, gen_loss):
    """The printed figures: of the discriminator the means of both updates, each taken before it."""
    disc_loss, disc_acc = 0.5 * np.add(real, fake, dtype=np.float64)
    return {"disc_loss": float(disc_loss), "disc_acc": float(disc_acc), "gen_loss": float(gen_loss)}


def log_line(iteration, losses):
    """The line that the chapter prints after `iteration`, counted from 0."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"acc.: {100 * losses['disc_acc']:.2f}%] [Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z):
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), by the moving averages."""
    return sess.run(gan.fake_imgs, {gan.noise: z}).reshape(-1, 784)


def sample(sess, gan, rng, count, config):
    """`count` new images of normal noise, [count, 784] in (-1, 1), by the moving averages."""
    return generate(sess, gan, latent(rng, count, config))
