"""The conditional GAN of two Keras models: dense networks that are given the digit, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Conditional GAN", in Keras. This is the graph that Keras builds, and a test trains both
from the same weights: after 10 iterations all weights, moving averages and Adam's slots are equal.
The section prints no log. It omits `compile` and the combined model, too; they are those of the
vanilla GAN, with labels.

The value function of Mirza and Osindero 2014 (equation 2)::

    min_G max_D  E_x[log D(x|y)] + E_z[log(1 - D(G(z|y)|y))]

    x            real_imgs               images in [-1, 1]
    y            labels                  digits 0 to 9; D's fakes have those of the real images, and
                                         G is trained with uniformly drawn ones
    z            noise                   normal noise, mean 0 and standard deviation 1
    G(z|y)       generated               tanh, batch norm with batch statistics: trains G
                 fake_imgs               tanh, batch norm with moving statistics: trains D
    D(x|y)       sigmoid(disc_logits)    of a batch of either real or generated images
    D(G(z|y)|y)  sigmoid(gan_logits)     the paper omits this last y, but D is given it

D minimizes both terms of the negative value function, one after the other: two updates per
iteration. G minimizes `gen_loss` = -E_z[log D(G(z|y)|y)]. Each network turns the label into a
learned vector as long as its other input (the noise or the image), and multiplies the two element
by element. The paper concatenates label and input instead. In the code, `y` is something else: 1
for real, 0 for fake.

What decides the printed numbers (README.md has all that Keras does without saying so): embeddings
start between -0.05 and 0.05, so at first the input of each network is scaled to about 3 %. The
printed loss and accuracy are the means over D's two updates, each taken with dropout and before
its update; dropout is active in the combined model too. G's moving averages are updated only with
G, with momentum 0.8, and `predict` uses them. Adam's epsilon is 1e-7.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

CHAPTER = "conditional_gan"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
VARIANTS = ("as_printed", "corrected")
SAMPLE_RANGE = (-1, 1)  # the range of tanh
CHANCE = 0.6931  # disc_loss in nats if D always answers one half: ln 2
INPUT_SIZE = 784     # 28 x 28 pixels, flattened: all layers are dense
NUM_CLASSES = 10
ADAM_EPSILON = 1e-7  # the default of Keras
MOMENTUM = 0.8       # of the moving averages


@dataclass(frozen=True)
class Config:
    """The chapter's hyperparameters; its `train` runs 1,000 iterations and samples every 50."""
    variant: str = setting("as_printed", "the generator as it is printed, or corrected: with batch "
                           "norm after its middle layer too", choices=VARIANTS)
    iterations: int = setting(30_000, "training steps; the section has 1000 by default",
                              at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    batch_size: int = setting(128, "real images per iteration, and as many generated ones",
                              at_least=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    one_adam: bool = setting(False, "both networks share one Adam, as in Keras-GAN: it counts three "
                             "steps per iteration, so that early steps are too large")
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    drop_rate: float = setting(0.4, "share of the discriminator's units that are dropped",
                               at_least=0, below=1)
    hidden_size: int = setting(256, "units of the generator's smallest hidden layer; its others "
                               "have two and four times as many, the discriminator's have twice "
                               "as many",
                               at_least=1, at_most=MOST_UNITS)
    samples: int = setting(8, "images of each digit drawn from the generator after each interval",
                           at_least=1, at_most=100)


def model_inputs(input_size, z_dim):
    """Placeholders `(imgs, labels, y, noise)`.

    imgs: [B, input_size] in [-1, 1]; labels: digits [B]; y: [B, 1], 1 = real; noise: [B, z_dim].
    """
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    labels = tf.placeholder(tf.int32, (None,), name="labels")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, labels, y, noise


def label_embedding(labels, size):
    """Labels [B] to their learned embeddings [B, size], in the scope of the network."""
    embedding = tf.get_variable("embedding", (NUM_CLASSES, size),
                                initializer=tf.random_uniform_initializer(-0.05, 0.05))
    return tf.nn.embedding_lookup(embedding, labels)


def generator(z, labels, output_size, alpha, hidden_size, variant, reuse=False, training=True):
    """Noise [B, z] and labels [B] to images [B, output_size] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    def batch_normalization(x):
        return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = z * label_embedding(labels, z.shape[1])                  # [B,100], [B] -> [B,100]

        x = tf.layers.dense(x, hidden_size)                          # -> [B,256]
        x = batch_normalization(tf.maximum(alpha * x, x))

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)
        if variant == "corrected":
            x = batch_normalization(x)

        x = tf.layers.dense(x, 4 * hidden_size)                      # -> [B,1024]
        x = batch_normalization(tf.maximum(alpha * x, x))

        return tf.layers.dense(x, output_size, activation=tf.tanh)   # -> [B,784]


def discriminator(x, labels, alpha, hidden_size, drop_rate, reuse=False, number=0):
    """Images [B, 784] in [-1, 1] and labels [B] to logits [B, 1].

    Passes with different `number` drop different units.
    """
    with tf.variable_scope("discriminator", reuse=reuse):
        x = x * label_embedding(labels, x.shape[1])                  # [B,784], [B] -> [B,784]

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)
        x = fresh_dropout(x, drop_rate, number=10 * number + 1)

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)
        x = fresh_dropout(x, drop_rate, number=10 * number + 2)

        return tf.layers.dense(x, 1)                                 # -> [B,1]


def model_loss(disc_logits, y, gan_logits):
    """The scalars `(disc_loss, disc_acc, gen_loss)` of logits and y [B, 1], losses in nats."""
    with tf.name_scope("disc_loss"):
        # logits -> y: 1 for real images, 0 for fakes
        disc_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=y, logits=disc_logits))
    with tf.name_scope("disc_acc"):
        predicted = tf.cast(tf.sigmoid(disc_logits) > 0.5, tf.float32)
        disc_acc = tf.reduce_mean(tf.cast(tf.equal(predicted, y), tf.float32))
    with tf.name_scope("gen_loss"):
        # fake logits -> 1, for the generator
        gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(gan_logits), logits=gan_logits))
    return disc_loss, disc_acc, gen_loss


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate, beta1, one_adam=False):
    """One Adam step per network, `(disc_opt, gen_opt)`.

    The first also counts its runs, which seed the dropout; the second also updates the moving
    averages. `vanilla_gan.py` says what `one_adam` does.
    """
    def adam():
        return tf.train.AdamOptimizer(learning_rate, beta1, epsilon=ADAM_EPSILON)

    disc_adam = adam()
    gen_adam = disc_adam if one_adam else adam()
    with tf.name_scope("disc_opt"):
        disc_opt = disc_adam.minimize(disc_loss, var_list=disc_vars,
                                      global_step=tf.train.get_global_step())
    # Only the generator has batch norm, and only its pass in training mode adds update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = gen_adam.minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    imgs: Any         # [B, 784] in [-1, 1]
    labels: Any       # [B], digits
    y: Any            # [B, 1], 1 = real
    noise: Any        # [B, z_dim]
    fake_imgs: Any    # [B, 784] in (-1, 1), with moving statistics
    disc_loss: Any
    disc_acc: Any
    gen_loss: Any
    gen_vars: list    # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    tf.train.get_or_create_global_step()  # else dropout creates it in the discriminator's scope
    imgs, labels, y, noise = model_inputs(INPUT_SIZE, config.z_dim)

    size = dict(alpha=config.alpha, hidden_size=config.hidden_size)
    gen_size = dict(variant=config.variant, **size)
    generated = generator(noise, labels, INPUT_SIZE, **gen_size)
    fake_imgs = generator(noise, labels, INPUT_SIZE, reuse=True, training=False, **gen_size)
    gen_vars = tf.global_variables("generator/")
    disc_size = dict(drop_rate=config.drop_rate, **size)
    disc_logits = discriminator(imgs, labels, number=0, **disc_size)
    gan_logits = discriminator(generated, labels, reuse=True, number=1, **disc_size)

    disc_loss, disc_acc, gen_loss = model_loss(disc_logits, y, gan_logits)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config.learning_rate,
                                  config.beta1, config.one_adam)
    return GAN(imgs, labels, y, noise, fake_imgs, disc_loss, disc_acc, gen_loss, gen_vars, disc_opt,
               gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[list, list, np.float32]:
    """One iteration of the chapter's loop; returns what `report` takes."""
    real_y, fake_y = np.ones((config.batch_size, 1)), np.zeros((config.batch_size, 1))
    idx = rng.integers(0, train_set.num_examples, config.batch_size)
    real_imgs, labels = train_set.images[idx] * 2 - 1, train_set.labels[idx]  # to the range of tanh
    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    fake_imgs = sess.run(gan.fake_imgs, {gan.noise: noise, gan.labels: labels})
    *real, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: real_imgs, gan.labels: labels, gan.y: real_y})
    *fake, _ = sess.run([gan.disc_loss, gan.disc_acc, gan.disc_opt],
                        {gan.imgs: fake_imgs, gan.labels: labels, gan.y: fake_y})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    sampled_labels = rng.integers(0, NUM_CLASSES, config.batch_size)
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt],
                           {gan.noise: noise, gan.labels: sampled_labels})
    return real, fake, gen_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The printed figures; D's are means over its two updates, each taken before the update."""
    real, fake, gen_loss = taken
    disc_loss, disc_acc = 0.5 * np.add(real, fake, dtype=np.float64)
    return {"disc_loss": float(disc_loss), "disc_acc": float(disc_acc), "gen_loss": float(gen_loss)}


def log_line(iteration, iterations, losses) -> str:
    """The line that the chapter prints after `iteration`, which counts from 0."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"acc.: {100 * losses['disc_acc']:.2f}%] [Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z, labels) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim] and digits `labels` [n]: [n, 784] in (-1, 1).

    Batch norm uses moving statistics.
    """
    return sess.run(gan.fake_imgs, {gan.noise: z, gan.labels: labels})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise and uniformly drawn digits, [count, 784] in (-1, 1)."""
    return sample_labelled(sess, gan, rng, count, config)[0]


def sample_labelled(sess, gan, rng, count, config, label=None) -> tuple[np.ndarray, np.ndarray]:
    """`count` new images [count, 784] in (-1, 1) and their labels [count].

    All labels are `label` if it is given; otherwise they are drawn uniformly.
    """
    sample_z = latent(rng, count, config)
    labels = rng.integers(0, NUM_CLASSES, count) if label is None else np.full(count, label)
    return generate(sess, gan, sample_z, labels), labels


def sample_classes(sess, gan, rng, columns, config) -> np.ndarray:
    """A row of `columns` images for each digit, with equal noise in all rows: [10 columns, 784]."""
    sample_z = np.tile(latent(rng, columns, config), (NUM_CLASSES, 1))
    return generate(sess, gan, sample_z, np.repeat(np.arange(NUM_CLASSES), columns))
