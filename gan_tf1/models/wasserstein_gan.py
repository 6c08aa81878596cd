"""The Wasserstein GAN: instead of a discriminator, a critic whose weights are clipped, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Wasserstein GAN", in Keras. This is the graph that Keras builds, and a test trains both
from the same weights: after 10 iterations all weights, moving averages and RMSProp's slots are
equal.

Arjovsky et al. 2017, equations 2 and 3, and what clipping makes of them::

    W(p_data, p_g) = sup_{|f|_L <= 1} E_x[f(x)] - E_z[f(G(z))]
    min_G max_{w in [-c, c]} E_x[f_w(x)] - E_z[f_w(G(z))]

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and standard deviation 1
    G(z)       generated                tanh, batch norm with batch statistics: trains G
               fake_imgs                tanh, batch norm with moving statistics: trains f
    f_w(x)     disc_scores              the critic's scores of real or generated images, unbounded
    f_w(G(z))  gan_scores
    w, c       disc_vars, clip_value    all weights of the critic, biases too, and their bound
    max_w ...  estimate                 of the critic after its last clip

Each loss is the mean of labels y times scores. With the labels -1 for real and 1 for fake, the
critic minimizes -E_x[f(x)], then E_z[f(G(z))]. The generator, whose images are labelled -1,
minimizes -E_z[f(G(z))]. A high score means "real". Clipping makes f K-Lipschitz with an unknown K,
so `estimate` is at best K times the distance, and only its course over a run has a meaning.

What decides the numbers: RMSProp starts its mean of squares at 0 and adds epsilon to the root, as
in the chapter's TensorFlow 2.4; the critic trains on fakes with moving statistics, which are
updated only with G; the learning rate 0.00005 is not in the section but in Algorithm 1 of the
paper. README.md lists the rest: all that Keras does without saying so, and what is chosen here,
such as dense networks, as in the section "Vanilla GAN". The section prints no log; the line is
that of the other sections, with the estimate in place of the accuracy.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.models.parts import wasserstein_networks as convolutional
from gan_tf1.tf1 import tf

CHAPTER = "wasserstein_gan"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
INPUT_SIZE = 784  # 28 x 28 pixels, flattened
RHO = 0.9         # decay of RMSProp's mean of squares, the default of Keras
EPSILON = 1e-7    # of RMSProp, the default of Keras
MOMENTUM = 0.8    # of the moving averages


@dataclass(frozen=True)
class Config:
    """The section's numbers under "key changes"; README.md says where the others are from."""
    iterations: int = setting(30_000, "training steps of the generator", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    n_critic: int = setting(5, "rounds of the critic per iteration", at_least=1, at_most=1000)
    clip_value: float = setting(0.01, "largest absolute value of the critic's weights", above=0)
    batch_size: int = setting(128, "real images per round, and as many generated ones", at_least=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.00005, "RMSProp's learning rate for both networks", above=0)
    epsilon_in_root: bool = setting(False, "RMSProp adds its epsilon inside the root, as in today's "
                                    "Keras, and not after it, as in the chapter's")
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    hidden_size: int = setting(256, "units of the smallest hidden layer of each dense network; "
                               "the others have two and four times as many",
                               at_least=1, at_most=MOST_UNITS)
    networks: str = setting("dense", "dense networks, or convolutional ones, as in the right half of "
                            "figure 6.16", choices=("dense", "convolutional"))
    channels: int = setting(32, "channels of the convolutional critic's first layer; the other "
                            "layers have two to eight times as many", at_least=1,
                            at_most=MOST_UNITS)
    samples: int = setting(16, "images drawn from the generator after each interval; 1000 for "
                           "wasserstein_estimate.py", at_least=1, at_most=MOST_SAMPLES)


def model_inputs(input_size, z_dim):
    """Placeholders: images [B, input_size] in [-1, 1], y [B, 1] (1 = fake), noise [B, z_dim]."""
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, y, noise


def generator(z, output_size, alpha, hidden_size, reuse=False, training=True):
    """Noise [B, z] to images [B, output_size] in (-1, 1).

    With `training=False`, batch norm uses moving statistics.
    """
    def batch_normalization(x):
        return tf.layers.batch_normalization(x, momentum=MOMENTUM, training=training)

    with tf.variable_scope("generator", reuse=reuse):
        x = tf.layers.dense(z, hidden_size)                          # [B,100] -> [B,256]
        x = batch_normalization(tf.maximum(alpha * x, x))

        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = batch_normalization(tf.maximum(alpha * x, x))

        x = tf.layers.dense(x, 4 * hidden_size)                      # -> [B,1024]
        x = batch_normalization(tf.maximum(alpha * x, x))

        return tf.layers.dense(x, output_size, activation=tf.tanh)   # -> [B,784]


def discriminator(x, alpha, hidden_size, reuse=False):
    """The critic: images [B, 784] in [-1, 1] to unbounded scores [B, 1]."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.dense(x, hidden_size)                          # -> [B,256]
        x = tf.maximum(alpha * x, x)

        return tf.layers.dense(x, 1)                                 # -> [B,1]


def wasserstein_loss(y_true, y_pred):
    """The chapter's loss: the mean of labels [B, 1] times scores [B, 1], in the critic's units."""
    return tf.reduce_mean(y_true * y_pred)


def model_loss(disc_scores, y, gan_scores, fake_scores):
    """The scalars `(disc_loss, gen_loss, estimate)` of scores and labels [B, 1]."""
    with tf.name_scope("disc_loss"):
        # scores of real images (y = -1) -> high, of fakes (y = 1) -> low
        disc_loss = wasserstein_loss(y, disc_scores)
    with tf.name_scope("gen_loss"):
        # fake scores -> high, for the generator
        gen_loss = wasserstein_loss(-tf.ones_like(gan_scores), gan_scores)
    with tf.name_scope("estimate"):
        # has a meaning only if disc_scores are those of real images
        estimate = tf.reduce_mean(disc_scores) - tf.reduce_mean(fake_scores)
    return disc_loss, gen_loss, estimate


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def rmsprop(loss, var_list, learning_rate, epsilon_in_root):
    """One step of the RMSprop of Keras on `loss`: v <- 0.9 v + 0.1 g^2, w <- w - rate g / root.

    It is written out because no optimizer of TF1 adds epsilon to the root or starts v at 0.
    """
    # The loss is linear in the scores, so its gradient doesn't depend on them: without this, the
    # scores and thus the loss might be computed from updated weights.
    with tf.control_dependencies([loss]):
        grads = tf.gradients(loss, var_list)
    steps = []
    with tf.control_dependencies(grads):  # no weight is updated before all gradients are computed
        for var, grad in zip(var_list, grads):
            v = tf.get_variable(f"{var.op.name}/RMSProp", var.shape, trainable=False,
                                initializer=tf.zeros_initializer())
            v = tf.assign(v, RHO * v + (1 - RHO) * tf.square(grad))
            root = tf.sqrt(v + EPSILON) if epsilon_in_root else tf.sqrt(v) + EPSILON
            steps.append(tf.assign_sub(var, learning_rate * grad / root))
    return tf.group(*steps)


def clip(var_list, clip_value, after):
    """Clip each weight to [-clip_value, clip_value] after the op `after`."""
    with tf.control_dependencies([after]):
        # read_value() is a new read, which waits for `after`. The variable itself stands for the
        # read that was created with it, which doesn't wait.
        return tf.group(*(tf.assign(var, tf.clip_by_value(var.read_value(), -clip_value,
                                                          clip_value)) for var in var_list))


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config):
    """RMSProp steps `(disc_opt, disc_opt_clip, gen_opt)`.

    The second is the first, followed by the clip; the third also updates the moving averages.
    """
    step = dict(learning_rate=config.learning_rate, epsilon_in_root=config.epsilon_in_root)
    with tf.name_scope("disc_opt"):
        disc_opt = rmsprop(disc_loss, disc_vars, **step)
    with tf.name_scope("disc_opt_clip"):
        disc_opt_clip = clip(disc_vars, config.clip_value, after=disc_opt)
    # Only the generator has batch norm, and only its pass in training mode adds update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = rmsprop(gen_loss, gen_vars, **step)
    return disc_opt, disc_opt_clip, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    imgs: Any           # [B, 784] in [-1, 1]
    y: Any              # [B, 1], -1 = real, 1 = fake
    noise: Any          # [B, z_dim]
    fake_imgs: Any      # [B, 784] in (-1, 1), with moving statistics
    disc_loss: Any
    gen_loss: Any
    estimate: Any       # of real images in imgs, and of fake_imgs
    gen_vars: list      # the generator's weights and moving averages, for sampling
    disc_vars: list
    disc_opt: Any
    disc_opt_clip: Any  # an update, and then the clip
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    imgs, y, noise = model_inputs(INPUT_SIZE, config.z_dim)

    if config.networks == "dense":
        size = dict(alpha=config.alpha, hidden_size=config.hidden_size)
        gen, critic = partial(generator, noise, INPUT_SIZE, **size), partial(discriminator, **size)
    else:
        gen = partial(convolutional.generator, noise, config.channels)
        critic = partial(convolutional.discriminator, alpha=config.alpha, channels=config.channels)
    generated = gen()
    fake_imgs = gen(reuse=True, training=False)
    saved_vars = tf.global_variables("generator/")
    disc_scores = critic(imgs)
    gan_scores = critic(generated, reuse=True)
    fake_scores = critic(fake_imgs, reuse=True)

    disc_loss, gen_loss, estimate = model_loss(disc_scores, y, gan_scores, fake_scores)
    gen_vars, disc_vars = split_vars()
    disc_opt, disc_opt_clip, gen_opt = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config)
    return GAN(imgs, y, noise, fake_imgs, disc_loss, gen_loss, estimate, saved_vars, disc_vars,
               disc_opt, disc_opt_clip, gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, ...]:
    """One iteration: the critic's rounds, then the generator; returns what `report` takes."""
    real_y, fake_y = -np.ones((config.batch_size, 1)), np.ones((config.batch_size, 1))
    for _ in range(config.n_critic):
        idx = rng.integers(0, train_set.num_examples, config.batch_size)
        real_imgs = train_set.images[idx] * 2 - 1  # to the range of tanh
        noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
        fake_imgs = sess.run(gan.fake_imgs, {gan.noise: noise})
        real, _ = sess.run([gan.disc_loss, gan.disc_opt], {gan.imgs: real_imgs, gan.y: real_y})
        fake, _ = sess.run([gan.disc_loss, gan.disc_opt_clip],
                           {gan.imgs: fake_imgs, gan.y: fake_y})
    estimate = sess.run(gan.estimate, {gan.imgs: real_imgs, gan.fake_imgs: fake_imgs})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return real, fake, estimate, gen_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The figures of an iteration; the critic's are those of its last round."""
    real, fake, estimate, gen_loss = taken
    disc_loss = 0.5 * np.add(real, fake, dtype=np.float64)
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss), "estimate": float(estimate)}


def log_line(iteration, iterations, losses) -> str:
    """The line after `iteration`, which counts from 0, in the form of the chapter's others."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"estimate: {losses['estimate']:f}] [Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), with moving statistics."""
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, 784] in (-1, 1), with moving statistics."""
    return generate(sess, gan, latent(rng, count, config))
