"""The progressive GAN: both networks grow from 4x4 pixels by doubling; each new layer is faded in.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Progressive GAN", describes it and uses a trained one from TensorFlow Hub, without
training code. The source is Karras et al. 2017, "Progressive Growing of GANs for Improved Quality,
Stability, and Variation" (arXiv 1710.10196), here for square images of any kind.

A stage has one resolution r. At its start, the new layers are faded in (figure 2)::

    G:  (1 - alpha) up(toRGB_{r/2}(h)) + alpha toRGB_r(block_r(up(h)))
    D:  (1 - alpha) fromRGB_{r/2}(down(x)) + alpha down(block_r(fromRGB_r(x)))
    x:  (1 - alpha) up(down(x)) + alpha x

    h                  maps of the stage before, [B, r/2, r/2, n]
    up, down           `upsampled`, each pixel four times; `downsampled`, the mean of 2x2
    alpha              `alpha`: images shown in the stage / `phase_images`, then 1

and both networks are trained with the gradient penalty of `wasserstein_gan_gp.py`::

    L = E[D(G(z))] - E[D(x)] + lambda E[(|grad D(x^)|_2 - 1)^2] + epsilon_drift E[D(x)^2]
    L_G = -E[D(G(z))]

    x                  real_imgs           images after the fade above
    z                  noise               normal, then scaled to length sqrt(z_dim): a hypersphere
    D(x), D(G(z))      disc_scores, gan_scores
    x^                 between a real and a fake image; `epsilon` is the share of the real one
    E[D(x)] - E[D(G(z))]                   `estimate`, in the critic's units

What decides the numbers: each stage has its own graph, restores the variables of the stage before
by name and starts Adam anew; samples are drawn with the moving average of the generator's weights.
README.md has the source of each number and the reasons for each choice. No log is printed.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, setting
from gan_tf1.errors import InputError
from gan_tf1.layers import upsampled
from gan_tf1.models.parts.progressive_networks import (
    discriminator, downsampled, faded, generator, sizes)
from gan_tf1.tf1 import tf

CHAPTER = "progressive_gan"
SAMPLES = "images"
LOGGED = ("image", "interval_images")  # the log counts images; an interval is a row of losses.csv
SAMPLE_RANGE = (-1, 1)  # samples are clipped to it, since the generator's own output is unbounded
ROOT_EPSILON = 1e-12  # inside the root of the penalty's norm, as in wasserstein_gan_gp.py


@dataclass(frozen=True)
class Config:
    """The paper's CelebA settings, at the resolution of the data sets here."""
    resolution: int = setting(32, "final width and height in pixels, a power of two", at_least=4,
                              at_most=1024)
    images: int = setting(12_000_000, "real images shown in all", at_least=1)
    phase_images: int = setting(600_000, "real images shown while a stage is faded in, and as many "
                                "again before the next one", at_least=1)
    interval_images: int = setting(60_000, "real images between samples and checkpoints",
                                   at_least=1)
    batch_size: int = setting(16, "real images per update, and as many generated ones", at_least=1)
    z_dim: int = setting(512, "latent dimension", at_least=1)
    max_maps: int = setting(512, "largest number of feature maps of a layer", at_least=1)
    map_pixels: int = setting(16_384, "largest product of feature maps and resolution", at_least=1)
    learning_rate: float = setting(0.001, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.0, "decay of Adam's first moment", at_least=0, below=1)
    beta2: float = setting(0.99, "decay of Adam's second moment", at_least=0, below=1)
    penalty_weight: float = setting(10.0, "lambda: the weight of the gradient penalty", at_least=0)
    drift_weight: float = setting(0.001, "epsilon_drift: how strongly real scores are kept near 0",
                                  at_least=0)
    average_decay: float = setting(0.999, "decay of the moving average of the generator's "
                                   "weights, with which samples are drawn", at_least=0, below=1)
    group_size: int = setting(4, "images over which the minibatch standard deviation is taken",
                              at_least=1)
    growing: bool = setting(True, "grow from 4x4; otherwise all layers are there from the start")
    minibatch_stddev: bool = setting(True, "show the critic the minibatch standard deviation")
    equalized: bool = setting(True, "equalized learning rate: scale weights at run time")
    pixel_norm: bool = setting(True, "normalize the generator's feature vectors, pixel by pixel")
    samples: int = setting(16, "images drawn from the generator after each interval",
                           at_least=1, at_most=MOST_SAMPLES)


class Stage(NamedTuple):
    """A part of the training with one resolution."""
    resolution: int
    fade_images: int   # shown while the newest layers are faded in; 0 if nothing is faded
    images: int        # shown in all


def stages(config) -> list[Stage]:
    """The `Stage`s of a run.

    Raises InputError if the size isn't a power of two, if one of the numbers of images isn't a
    multiple of what it is divided into, or if there are too few images to grow to the size.
    """
    size, phase, interval = config.resolution, config.phase_images, config.interval_images
    if size & (size - 1):
        raise InputError(f"--size {size} must be a power of two: 4, 8, 16, 32, ...")
    if interval % config.batch_size:
        raise InputError(f"--interval-images {interval} must be a multiple of --batch-size "
                         f"{config.batch_size}")
    for name in ("images", "phase_images") if config.growing else ("images",):
        if getattr(config, name) % interval:
            raise InputError(f"--{name.replace('_', '-')} {getattr(config, name)} must be a "
                             f"multiple of --interval-images {interval}")
    if config.minibatch_stddev and config.batch_size % config.group_size:
        raise InputError(f"--batch-size {config.batch_size} must be a multiple of --group-size "
                         f"{config.group_size}")
    if not config.growing:
        return [Stage(size, 0, config.images)]
    found = [Stage(4, 0, phase), *(Stage(later, phase, 2 * phase) for later in sizes(size)[1:])]
    left = config.images - sum(stage.images for stage in found[:-1])
    if left < found[-1].images:
        raise InputError(f"--images {config.images} are too few to grow to {size}x{size}, which "
                         f"takes {(2 * len(found) - 1) * phase}: choose a smaller --phase-images")
    return [*found[:-1], found[-1]._replace(images=left)]


def model_inputs(resolution, channels, z_dim):
    """Placeholders: images [B, r, r, C] in [-1, 1], noise [B, z_dim], epsilon [B, 1, 1, 1]."""
    imgs = tf.placeholder(tf.float32, (None, resolution, resolution, channels), name="imgs")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    epsilon = tf.placeholder(tf.float32, (None, 1, 1, 1), name="epsilon")
    return imgs, noise, epsilon


def gradient_penalty(critic, imgs, generated, epsilon):
    """The scalar mean of (|grad D(x^)| - 1)^2; `critic` maps images [B, r, r, C] to scores."""
    interpolated = epsilon * imgs + (1 - epsilon) * generated
    # Through the minibatch standard deviation, an image also affects the scores of others, as in
    # the authors' code.
    [grads] = tf.gradients(critic(interpolated), [interpolated])            # -> [B,r,r,C]
    norms = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=(1, 2, 3)) + ROOT_EPSILON)  # -> [B]
    return tf.reduce_mean(tf.square(norms - 1))


def model_loss(disc_scores, gan_scores, penalty, drift_weight):
    """The scalars `(disc_loss, gen_loss, estimate)` of scores [B, 1] and the weighted penalty."""
    with tf.name_scope("estimate"):
        estimate = tf.reduce_mean(disc_scores) - tf.reduce_mean(gan_scores)
    with tf.name_scope("disc_loss"):
        # scores of real images -> high, but near 0; of fakes -> low; slopes -> 1
        drift = drift_weight * tf.reduce_mean(tf.square(disc_scores))
        disc_loss = -estimate + penalty + drift
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
    """Adam steps `(disc_opt, gen_opt)` and the moving `average` of the generator's weights.

    The second step also updates the average and counts the step.
    """
    adam = dict(learning_rate=config.learning_rate, beta1=config.beta1, beta2=config.beta2)
    # The loss must be computed from the weights before their update.
    with tf.control_dependencies([disc_loss]), tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(**adam).minimize(disc_loss, var_list=disc_vars)
    with tf.name_scope("gen_opt"):
        gen_step = tf.train.AdamOptimizer(**adam).minimize(
            gen_loss, var_list=gen_vars, global_step=tf.train.get_global_step())
    average = tf.train.ExponentialMovingAverage(config.average_decay)
    with tf.control_dependencies([gen_step]):
        gen_opt = average.apply(gen_vars)
    return disc_opt, gen_opt, average


class GAN(NamedTuple):
    """The tensors and ops of a stage that training and sampling need."""
    imgs: Any         # [B, r, r, C] in [-1, 1]
    noise: Any        # [B, z_dim]
    epsilon: Any      # [B, 1, 1, 1] in [0, 1)
    alpha: Any        # from 0 (only the old layers) to 1 (only the new ones)
    fake_imgs: Any    # [B, r, r, C], with averaged weights, for samples only
    samples: Any      # fake_imgs in [-1, 1], at the final resolution R: [B, R, R] or [B, R, R, 3]
    disc_loss: Any
    gen_loss: Any
    estimate: Any
    penalty: Any      # times its weight, as in disc_loss
    gen_vars: list    # the generator's weights, their averages and the count, for sampling
    carried: list     # the variables that the stage before has too
    disc_opt: Any
    gen_opt: Any


def build(config: Config, stage, channels) -> GAN:
    """Build the graph of `stage` for images of `channels` in the current default graph."""
    count = tf.train.get_or_create_global_step()  # of the stage's steps
    alpha = tf.constant(1.)
    if stage.fade_images:
        shown = tf.cast(count, tf.float32) * config.batch_size
        alpha = tf.minimum(1., shown / stage.fade_images, name="alpha")
    imgs, noise, epsilon = model_inputs(stage.resolution, channels, config.z_dim)
    real_imgs = faded(upsampled(downsampled(imgs)), imgs, alpha) if stage.fade_images else imgs

    generated = generator(noise, stage, alpha, channels, config)
    disc_scores = discriminator(real_imgs, stage, alpha, config)
    gan_scores = discriminator(generated, stage, alpha, config, reuse=True)
    with tf.name_scope("penalty"):
        penalty = config.penalty_weight * gradient_penalty(
            lambda x: discriminator(x, stage, alpha, config, reuse=True), real_imgs, generated,
            epsilon)

    disc_loss, gen_loss, estimate = model_loss(disc_scores, gan_scores, penalty,
                                               config.drift_weight)
    gen_vars, disc_vars = split_vars()
    disc_opt, gen_opt, average = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config)
    fake_imgs = generator(noise, stage, alpha, channels, config, reuse=True,
                          getter=lambda getter, *names, **options: average.average(
                              getter(*names, **options)))
    samples = tf.clip_by_value(fake_imgs, *SAMPLE_RANGE)
    for _ in range(len(sizes(config.resolution)) - len(sizes(stage.resolution))):
        samples = upsampled(samples)
    if channels == 1:
        samples = tf.squeeze(samples, 3)
    averages = [average.average(var) for var in gen_vars]
    newest = f"/{stage.resolution}x{stage.resolution}/"
    carried = [var for var in gen_vars + averages + disc_vars if newest not in var.name]
    return GAN(imgs, noise, epsilon, alpha, fake_imgs, samples, disc_loss, gen_loss, estimate,
               penalty, [*gen_vars, *averages, count], carried, disc_opt, gen_opt)


def rebuild(config, sample_shape, epoch) -> GAN:
    """The graph of the stage at a run's `epoch`, for samples of `sample_shape` [n, ...].

    None stands for the end of the last stage. Raises InputError if `stages` does.
    """
    last = 0
    for stage in stages(config):
        last += stage.images // config.interval_images
        if epoch is not None and epoch <= last:
            break
    return build(config, stage, channels=3 if len(sample_shape) == 4 else 1)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, ...]:
    """The critic's update, then the generator's; returns what `tally` sums up."""
    real_imgs, = train_set.next_batch(config.batch_size)
    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    epsilon = rng.uniform(0, 1, (config.batch_size, 1, 1, 1))
    disc_loss, estimate, penalty, _ = sess.run(
        [gan.disc_loss, gan.estimate, gan.penalty, gan.disc_opt],
        {gan.imgs: real_imgs, gan.noise: noise, gan.epsilon: epsilon})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return disc_loss, gen_loss, estimate, penalty


def tally(totals, taken) -> np.ndarray:
    """The sums `totals` (None at first) with the figures of one more step."""
    return np.add(0 if totals is None else totals, taken, dtype=np.float64)


def report(sess, gan, totals, stage, config) -> dict[str, float]:
    """The means over the steps of an interval, and the resolution and alpha after it."""
    means = totals / (config.interval_images // config.batch_size)
    return {**dict(zip(("disc_loss", "gen_loss", "estimate", "penalty"), means.tolist())),
            "resolution": stage.resolution, "alpha": float(sess.run(gan.alpha))}


def log_line(images, total, figures) -> str:
    """The line after `images` of `total` real images have been shown."""
    size = figures["resolution"]
    return (f"{images} images, {size}x{size}, alpha {figures['alpha']:.3f} [Critic loss: "
            f"{figures['disc_loss']:f}, estimate: {figures['estimate']:f}, penalty: "
            f"{figures['penalty']:f}] [Generator loss: {figures['gen_loss']:f}]")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_dim]: [n, R, R] or [n, R, R, 3], in [-1, 1].

    The generator has the moving averages of its weights. Images have the final resolution R; in an
    earlier stage, pixels are repeated.
    """
    return sess.run(gan.samples, {gan.noise: z})


def sample(sess, gan, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, [count, R, R] or [count, R, R, 3], in [-1, 1]."""
    return generate(sess, gan, latent(rng, count, config))
