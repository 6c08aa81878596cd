"""The Wasserstein GAN with gradient penalty: a critic whose slope is held near 1, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs".
The section "Wasserstein GAN" ends by naming W-GAN-GP as the remedy for the problems of clipped
weights, without code: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs".

The paper's equation 3, which the critic minimizes, and the loss of its generator::

    L = E_z[f(G(z))] - E_x[f(x)] + lambda E_x^[(|grad f(x^)|_2 - 1)^2]
    L_G = -E_z[f(G(z))]
    x^ = epsilon x + (1 - epsilon) G(z)

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and standard deviation 1
    G(z)       generated                tanh, batch norm with batch statistics
    f(x)       disc_scores              the critic's scores, unbounded
    f(G(z))    gan_scores
    epsilon    epsilon                  uniform in [0, 1), one number per image
    x^         interpolated             a point on the line from a fake image to a real one
    |grad f|   norms                    of each image's score, with respect to its 784 pixels
    lambda     penalty_weight
    L          disc_loss                one update on real images, fakes and points between them
    L_G        gen_loss
    E[f(x)] - E[f(G(z))]                `estimate`; it is fetched together with `disc_loss`, and so
                                        belongs to the critic before its last update

The best critic has slope 1 on these lines (proposition 1 of the paper). `estimate` can therefore
approach the distance W(p_data, p_g) itself, in units of pixels; in `wasserstein_gan.py`, which
clips, an unknown factor remains.

What decides the numbers: Algorithm 1's lambda 10, five critic updates, Adam with 0.0001, beta1 0
and beta2 0.9 (README.md has the source of each number). No log is printed; the line is that of
`wasserstein_gan.py`, with the penalty.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.tf1 import tf

CHAPTER = "wasserstein_gan_gp"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # the range of tanh
INPUT_SIZE = 784      # 28 x 28 pixels, flattened: all layers are dense
MOMENTUM = 0.8        # of the moving averages
ROOT_EPSILON = 1e-12  # keeps the norm's root differentiable at 0


@dataclass(frozen=True)
class Config:
    """Algorithm 1 of the paper; what it leaves open is as in `wasserstein_gan.py`."""
    iterations: int = setting(30_000, "training steps of the generator", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    n_critic: int = setting(5, "critic updates per iteration", at_least=1, at_most=1000)
    penalty_weight: float = setting(10.0, "lambda: the weight of the gradient penalty", at_least=0)
    batch_size: int = setting(128, "real images per update, and as many generated ones", at_least=1)
    z_dim: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0001, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.0, "decay of Adam's first moment", at_least=0, below=1)
    beta2: float = setting(0.9, "decay of Adam's second moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    hidden_size: int = setting(256, "units of the smallest hidden layer of each network; the "
                               "others have two and four times as many",
                               at_least=1, at_most=MOST_UNITS)
    samples: int = setting(16, "images drawn from the generator after each interval; 1000 for "
                           "wasserstein_estimate.py", at_least=1, at_most=MOST_SAMPLES)


def model_inputs(input_size, z_dim):
    """Placeholders: images [B, input_size] in [-1, 1], noise [B, z_dim], epsilon [B, 1]."""
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    epsilon = tf.placeholder(tf.float32, (None, 1), name="epsilon")
    return imgs, noise, epsilon


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


def gradient_penalty(critic, imgs, generated, epsilon):
    """The scalar mean of (|grad f(x^)| - 1)^2; `critic` maps images [B, n] to scores [B, 1].

    `imgs` and `generated` are [B, n], `epsilon` [B, 1]: one number per image, in [0, 1].
    """
    interpolated = epsilon * imgs + (1 - epsilon) * generated
    # tf.gradients sums over the scores; without batch norm, an image affects only its own score.
    [grads] = tf.gradients(critic(interpolated), [interpolated])               # -> [B,784]
    norms = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + ROOT_EPSILON)    # -> [B]
    return tf.reduce_mean(tf.square(norms - 1))


def model_loss(disc_scores, gan_scores, penalty):
    """The scalars `(disc_loss, gen_loss, estimate)` of scores [B, 1] and the weighted penalty."""
    with tf.name_scope("estimate"):
        estimate = tf.reduce_mean(disc_scores) - tf.reduce_mean(gan_scores)
    with tf.name_scope("disc_loss"):
        # scores of real images -> high, of fakes -> low; slopes -> 1
        disc_loss = -estimate + penalty
    with tf.name_scope("gen_loss"):
        # fake scores -> high, for the generator
        gen_loss = -tf.reduce_mean(gan_scores)
    return disc_loss, gen_loss, estimate


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config):
    """One Adam step per network, `(disc_opt, gen_opt)`; the second also updates moving averages."""
    adam = dict(learning_rate=config.learning_rate, beta1=config.beta1, beta2=config.beta2)
    # The loss is linear in the scores, so its gradient doesn't depend on them: without this, loss
    # and estimate might be computed from updated weights.
    with tf.control_dependencies([disc_loss]):
        with tf.name_scope("disc_opt"):
            disc_opt = tf.train.AdamOptimizer(**adam).minimize(disc_loss, var_list=disc_vars)
    # Only the generator has batch norm, and only its pass in training mode adds update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(**adam).minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    imgs: Any         # [B, 784] in [-1, 1]
    noise: Any        # [B, z_dim]
    epsilon: Any      # [B, 1] in [0, 1)
    fake_imgs: Any    # [B, 784] in (-1, 1), with moving statistics: for samples only
    disc_loss: Any
    gen_loss: Any
    estimate: Any
    penalty: Any      # times its weight, as in disc_loss
    gen_vars: list    # the generator's weights and moving averages, for sampling
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    imgs, noise, epsilon = model_inputs(INPUT_SIZE, config.z_dim)

    size = dict(alpha=config.alpha, hidden_size=config.hidden_size)
    generated = generator(noise, INPUT_SIZE, **size)
    fake_imgs = generator(noise, INPUT_SIZE, reuse=True, training=False, **size)
    saved_vars = tf.global_variables("generator/")
    disc_scores = discriminator(imgs, **size)
    gan_scores = discriminator(generated, reuse=True, **size)
    with tf.name_scope("penalty"):
        penalty = config.penalty_weight * gradient_penalty(
            lambda x: discriminator(x, reuse=True, **size), imgs, generated, epsilon)

    disc_loss, gen_loss, estimate = model_loss(disc_scores, gan_scores, penalty)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, *split_vars(), config)
    return GAN(imgs, noise, epsilon, fake_imgs, disc_loss, gen_loss, estimate, penalty, saved_vars,
               disc_opt, gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, ...]:
    """One iteration of Algorithm 1; returns what `report` takes."""
    for _ in range(config.n_critic):
        idx = rng.integers(0, train_set.num_examples, config.batch_size)
        real_imgs = train_set.images[idx] * 2 - 1  # to the range of tanh
        noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
        epsilon = rng.uniform(0, 1, (config.batch_size, 1))
        disc_loss, estimate, penalty, _ = sess.run(
            [gan.disc_loss, gan.estimate, gan.penalty, gan.disc_opt],
            {gan.imgs: real_imgs, gan.noise: noise, gan.epsilon: epsilon})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return disc_loss, estimate, penalty, gen_loss


def report(sess, gan, taken) -> dict[str, float]:
    """The figures of an iteration; the critic's are those before its last update."""
    disc_loss, estimate, penalty, gen_loss = taken
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss),
            "estimate": float(estimate), "penalty": float(penalty)}


def log_line(iteration, iterations, losses) -> str:
    """The line after `iteration`, which counts from 0, in the form of the chapter's others."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"estimate: {losses['estimate']:f}, penalty: {losses['penalty']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), with moving statistics."""
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, 784] in (-1, 1), with moving statistics."""
    return generate(sess, gan, latent(rng, count, config))
