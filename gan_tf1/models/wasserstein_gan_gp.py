"""The Wasserstein GAN with gradient penalty: a critic whose slope is held near 1, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Wasserstein GAN", ends by naming this remedy for
the clipped weights (W-GAN-GP), without code: Gulrajani et al. 2017, "Improved
Training of Wasserstein GANs".

The paper's equation 3, on which the critic descends, and its generator's loss::

    L = E_z[f(G(z))] - E_x[f(x)] + lambda E_x^[(|grad f(x^)|_2 - 1)^2]
    L_G = -E_z[f(G(z))]
    x^ = epsilon x + (1 - epsilon) G(z)

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and deviation 1
    G(z)       generated                tanh, batch norm by the batch
    f(x)       disc_scores              the critic's scores, any real number
    f(G(z))    gan_scores
    epsilon    epsilon                  uniform in [0, 1), one number an image
    x^         interpolated             a point on the line from a fake image to a real one
    |grad f|   norms                    of each image's score, with respect to its 784 pixels
    lambda     penalty_weight
    L          disc_loss                one update on real images, fakes and points between them
    L_G        gen_loss
    E[f(x)] - E[f(G(z))]                `estimate`, in the same `session.run` as `disc_loss`, so of
                                        the critic before its last update

Where the best critic has slope 1 on these lines (proposition 1 of the paper),
`estimate` comes near the distance W(p_data, p_g) itself, in units of pixels: where
`wasserstein_gan.py` clips, an unknown factor remains.

Where each number comes from:

=====================================  ===========================================================
number                                 source
=====================================  ===========================================================
lambda 10, five updates of the         the defaults of the paper's Algorithm 1. The authors' own
critic, Adam 0.0001, beta1 0,          code for MNIST differs: beta1 0.5, batches of 50
beta2 0.9
Adam's epsilon 1e-8                    TF1's default, in which that code is written
no batch norm in the critic            the paper's section 4: the penalty is of each image alone,
                                       and batch norm makes every score depend on all images
dense networks, leaky ReLU 0.2, z of   those of `wasserstein_gan.py`, so that the two differ in
100 numbers, batches of 128, Glorot    what the paper changes alone
uniform weights, biases 0
batch norm in the generator,           those of `wasserstein_gan.py`; but here the critic is
momentum 0.8; samples by the moving    trained on what the generator is trained through, as in the
averages                               paper: images normalized by the batch. The averages move
                                       once an iteration, with the generator's update
1e-12 within the norm's root           ours: the slope of a root is infinite at 0, and a critic
                                       that ignores an image would get NaN for a gradient. A norm
                                       above 0.01 is the same to float32's last bit
=====================================  ===========================================================

What is easily got wrong, and what is done here:

=====================================  =============================  ===========================
written                                what happens                   here
=====================================  =============================  ===========================
one epsilon a batch                    all points lie equally far     `epsilon` is [B, 1]
                                       along their lines
`tf.norm(grads)`                       one norm of the whole batch:   the norm over pixels, the
                                       it is held at 1, and so each   mean over images
                                       image's far below
`tf.random_uniform` in the graph       its state is in no             epsilon is fed: a resumed
                                       checkpoint                     run equals an uninterrupted
`tf.nn.leaky_relu`                     its fused gradient op can      `tf.maximum`, whose slopes
                                       fail in TensorFlow's rewriter  have gradient 0
=====================================  =============================  ===========================

No log is printed. The line is that of `wasserstein_gan.py`, with the penalty.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "wasserstein_gan_gp"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log's unit: a row of losses.csv is one
SAMPLE_RANGE = (-1, 1)  # that of tanh
INPUT_SIZE = 784      # 28 x 28 pixels, flattened: all layers are dense
MOMENTUM = 0.8        # of the moving averages
ROOT_EPSILON = 1e-12  # keeps the norm's root differentiable at 0


@dataclass(frozen=True)
class Config:
    """Algorithm 1 of the paper; what it leaves open is `wasserstein_gan.py`'s."""
    iterations: int = setting(30_000, "training steps of the generator", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    n_critic: int = setting(5, "updates of the critic an iteration", at_least=1, at_most=1000)
    penalty_weight: float = setting(10.0, "lambda: the weight of the gradient penalty", at_least=0)
    batch_size: int = setting(128, "real images an update, and as many of the generator's",
                              at_least=1)
    z_dim: int = setting(100, "numbers in a latent vector", at_least=1, at_most=100_000)
    learning_rate: float = setting(0.0001, "Adam's step size, for both networks", above=0)
    beta1: float = setting(0.0, "decay of Adam's first moment", at_least=0, below=1)
    beta2: float = setting(0.9, "decay of Adam's second moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    hidden_size: int = setting(256, "units of the smallest hidden layer of either network; the "
                               "others have two and four times as many", at_least=1,
                               at_most=10_000)
    samples: int = setting(16, "images drawn from the generator at each interval; 1000 for "
                           "wasserstein_estimate.py", at_least=1, at_most=1024)


def model_inputs(input_size, z_dim):
    """Placeholders: images [B, input_size] in [-1, 1], noise [B, z_dim], epsilon [B, 1]."""
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    epsilon = tf.placeholder(tf.float32, (None, 1), name="epsilon")
    return imgs, noise, epsilon


def generator(z, output_size, reuse=False, alpha=0.2, hidden_size=256, training=True):
    """Noise [B, z] to images [B, output_size] in (-1, 1).

    With `training=False` batch norm uses the moving averages.
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


def discriminator(x, reuse=False, alpha=0.2, hidden_size=256):
    """The critic: images [B, 784] in [-1, 1] to scores [B, 1], any real number."""
    with tf.variable_scope("discriminator", reuse=reuse):
        x = tf.layers.dense(x, 2 * hidden_size)                      # -> [B,512]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.dense(x, hidden_size)                          # -> [B,256]
        x = tf.maximum(alpha * x, x)

        return tf.layers.dense(x, 1)                                 # -> [B,1]


def gradient_penalty(critic, imgs, generated, epsilon):
    """The scalar mean of (|grad f(x^)| - 1)^2; `critic` makes images [B, n] scores [B, 1].

    `imgs` and `generated` are [B, n], `epsilon` [B, 1]: one number an image, in [0, 1].
    """
    interpolated = epsilon * imgs + (1 - epsilon) * generated
    # Gradients of a sum of scores: without batch norm, each image has part in its own alone.
    [grads] = tf.gradients(critic(interpolated), [interpolated])               # -> [B,784]
    norms = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + ROOT_EPSILON)    # -> [B]
    return tf.reduce_mean(tf.square(norms - 1))


def model_loss(disc_scores, gan_scores, penalty):
    """The scalars `(disc_loss, gen_loss, estimate)` of scores [B, 1] and the weighted penalty."""
    with tf.name_scope("estimate"):
        estimate = tf.reduce_mean(disc_scores) - tf.reduce_mean(gan_scores)
    with tf.name_scope("disc_loss"):
        # scores of real images -> high, of fake ones -> low, slopes -> 1
        disc_loss = -estimate + penalty
    with tf.name_scope("gen_loss"):
        # fake scores -> high, seen from the generator
        gen_loss = -tf.reduce_mean(gan_scores)
    return disc_loss, gen_loss, estimate


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, told apart by their scope's name."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config):
    """Two Adam steps `(disc_opt, gen_opt)`; the second moves the generator's averages too."""
    adam = dict(learning_rate=config.learning_rate, beta1=config.beta1, beta2=config.beta2)
    # Scores stand in the loss as they are, so that its gradient doesn't wait for them: without
    # this, loss and estimate might be those of weights that have moved.
    with tf.control_dependencies([disc_loss]):
        with tf.name_scope("disc_opt"):
            disc_opt = tf.train.AdamOptimizer(**adam).minimize(disc_loss, var_list=disc_vars)
    # Only the generator has batch norm, and only its pass in training mode has update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(**adam).minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """What training and sampling need of the graph."""
    imgs: Any         # [B, 784] in [-1, 1]
    noise: Any        # [B, z_dim]
    epsilon: Any      # [B, 1] in [0, 1)
    fake_imgs: Any    # [B, 784] in (-1, 1), by the moving averages: for samples alone
    disc_loss: Any
    gen_loss: Any
    estimate: Any
    penalty: Any      # times its weight, as it stands in disc_loss
    gen_vars: list    # the generator's weights and moving averages: what sampling needs
    disc_opt: Any
    gen_opt: Any


def build(config):
    """The whole graph, in the current default graph."""
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


def step(sess, gan, dataset, rng, config):
    """One iteration of Algorithm 1, the critic's updates, then the generator's: what `report` takes."""
    for _ in range(config.n_critic):
        idx = rng.integers(0, dataset.num_examples, config.batch_size)
        real_imgs = dataset.images[idx] * 2 - 1  # to the range of tanh
        noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
        epsilon = rng.uniform(0, 1, (config.batch_size, 1))
        disc_loss, estimate, penalty, _ = sess.run(
            [gan.disc_loss, gan.estimate, gan.penalty, gan.disc_opt],
            {gan.imgs: real_imgs, gan.noise: noise, gan.epsilon: epsilon})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return disc_loss, estimate, penalty, gen_loss


def report(disc_loss, estimate, penalty, gen_loss):
    """The figures of an iteration, of the critic those before its last update."""
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss),
            "estimate": float(estimate), "penalty": float(penalty)}


def log_line(iteration, losses):
    """The line after `iteration`, counted from 0, in the manner of the chapter's others."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"estimate: {losses['estimate']:f}, penalty: {losses['penalty']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z):
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), by the moving averages."""
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config):
    """`count` new images of normal noise, [count, 784] in (-1, 1), by the moving averages."""
    return generate(sess, gan, latent(rng, count, config))
