"""pix2pix: one image translated into another, by a conditional GAN and an L1 loss.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New Images with
CNN", starts its examples of GANs with pix2pix, without code: pairs of images, such as a handbag in
black and white and in colour. This is the model of the paper, Isola et al. 2016, "Image-to-Image
Translation with Conditional Adversarial Networks", equations 1, 3 and 4::

    L_cGAN = E_xy[log D(x, y)] + E_xz[log(1 - D(x, G(x, z)))]
    L_L1   = E_xyz[|y - G(x, z)|]
    G*     = arg min_G max_D  L_cGAN + lambda L_L1

    x          inputs                   the image to translate, in [-1, 1]
    y          targets                  its true translation
    z          noise                    the seed of the generator's dropout, and nothing else
    G(x, z)    generated                a U-Net, tanh
    D(x, y)    sigmoid(disc_logits)     one number for each patch of the pair, a PatchGAN
    L_L1       l1                       the mean over all pixels and channels of an image
    lambda     l1_weight

D minimizes `disc_loss`, the mean of -log D and -log(1 - D). This is the negative of equation 1,
halved as in the paper, so that D learns more slowly relative to G. G minimizes `gan_weight` times
`gen_loss`, the mean of -log D(x, G(x, z)), plus `l1_weight` times `l1`. `--gan-weight 0` is the
paper's L1 alone: D still learns, but has no influence on G.

What decides the images: each image is normalized with its own mean and variance, in training and
in translation (batch norm of a batch of one); dropout stays on in translation, since it is the only
noise; both updates of a step use one dropout mask. README.md has the source of each number and what
is easily got wrong. No log is printed; `gen_loss` is the GAN's part alone, in nats, unweighted.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_SAMPLES, MOST_UNITS, setting
from gan_tf1.errors import InputError
from gan_tf1.models.parts.pix2pix_networks import CHANNELS, discriminator, generator
from gan_tf1.tf1 import tf

CHAPTER = "pix2pix"
SAMPLES = "translations"  # see `translated`
LOGGED = ("iteration", None)  # the log counts iterations; each is a row of losses.csv
SIZES = (8, 16, 32, 64, 128, 256, 512)
BATCH = 64          # images translated at a time, which limits memory
SEEDS = 2**31 - 1   # the two numbers of `noise` are below this


@dataclass(frozen=True)
class Config:
    """The paper's hyperparameters, for pairs of 256 pixels."""
    iterations: int = setting(80_000, "training steps", at_least=1)
    sample_interval: int = setting(400, "iterations between samples and checkpoints", at_least=1)
    batch_size: int = setting(1, "pairs per iteration", at_least=1)
    size: int = setting(256, "width and height in pixels, a power of two", choices=SIZES)
    jitter: float = setting(30 / 256, "fraction by which pairs are enlarged before a random square "
                            "of the original size is cropped", at_least=0, at_most=1)
    flip: bool = setting(True, "mirror each pair with probability one half")
    gan_weight: float = setting(1.0, "weight of the GAN's loss in the generator's", at_least=0)
    l1_weight: float = setting(100.0, "lambda: weight of the L1 distance from the target",
                               at_least=0)
    learning_rate: float = setting(0.0002, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    drop_rate: float = setting(0.5, "share of the units that are dropped in the decoder's first "
                               "layers", at_least=0, below=1)
    channels: int = setting(64, "channels of the first layer of each network; others have up to "
                            "eight times as many", at_least=1, at_most=MOST_UNITS)
    patch_layers: int = setting(3, "layers of stride 2 of the discriminator: 1 to 5 give patches "
                                "of 16, 34, 70, 142 or 286 pixels, 0 gives single pixels",
                                at_least=0, at_most=5)
    skips: bool = setting(True, "pass the encoder's maps on to the decoder's layers of the same size, "
                          "as in a U-Net; otherwise the generator is an encoder-decoder")
    task: str = setting("colour", "how pairs are made from single images: the input is the image "
                        "without its colours (colour), its edges (edges), or the image with its "
                        "middle masked (mask)",
                        choices=("colour", "edges", "mask"))
    direction: str = setting("AtoB", "AtoB: from the left half of a pair to the right; BtoA: the "
                             "reverse. Of two TFDS features, A is the first in the alphabet",
                             choices=("AtoB", "BtoA"))
    tfds_name: str = setting("", "with --data tfds, the name of the data set, which must have two "
                             "features that are images")
    samples: int = setting(8, "held-out images translated after each interval",
                           at_least=1, at_most=MOST_SAMPLES)


def check(config) -> None:
    """Raise InputError if settings don't fit together."""
    least = 4 * 2 ** config.patch_layers if config.patch_layers else 1
    if config.size < least:
        raise InputError(f"--disc-layers {config.patch_layers} needs images of at least {least} "
                         f"pixels, not {config.size}: choose fewer layers or a larger --size")
    if not config.gan_weight and not config.l1_weight:
        raise InputError("--gan-weight 0 and --l1-weight 0 leave the generator nothing to learn: "
                         "give one of them a positive weight")


def enlarged(config) -> int:
    """The size in pixels to which pairs are enlarged before a square is cropped."""
    return round(config.size * (1 + config.jitter))


def model_inputs(size):
    """Placeholders: inputs, targets [B, size, size, 3], crop [B, 2], flip [B], noise [2].

    Images are in [-1, 1]; `noise` is int64, at least 0 and below `SEEDS`.
    `crop` is the row and column in the enlarged image at which the cropped square starts; `flip` is
    1 for pairs that are mirrored, else 0.
    """
    inputs = tf.placeholder(tf.float32, (None, size, size, CHANNELS), name="inputs")
    targets = tf.placeholder(tf.float32, (None, size, size, CHANNELS), name="targets")
    crop = tf.placeholder(tf.int32, (None, 2), name="crop")
    flip = tf.placeholder(tf.int32, (None,), name="flip")
    noise = tf.placeholder(tf.int64, (2,), name="noise")
    return inputs, targets, crop, flip, noise


def jittered(images, crop, flip, size, large):
    """`images` [B, size, size, C], enlarged, cropped to their size, and mirrored if `flip` is 1."""
    if large > size:  # [B,256,256,6] -> [B,286,286,6]
        images = tf.image.resize_bilinear(images, (large, large), half_pixel_centers=True)
    across = tf.range(size)
    rows = crop[:, :1] + across                                               # [B,256]
    columns = crop[:, 1:] + across + flip[:, None] * (size - 1 - 2 * across)  # [B,256]
    images = tf.gather(images, rows, axis=1, batch_dims=1)                    # -> [B,256,286,6]
    return tf.gather(images, columns, axis=2, batch_dims=1)                   # -> [B,256,256,6]


def model_loss(disc_logits, gan_logits, generated, targets):
    """The scalars `(disc_loss, gen_loss, l1)` of logits [B, P, P, 1] and images [B, S, S, 3]."""
    with tf.name_scope("disc_loss"):
        # logits of a true pair -> 1
        disc_loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(disc_logits), logits=disc_logits))
        # logits of an input and its translation -> 0
        disc_loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.zeros_like(gan_logits), logits=gan_logits))
        disc_loss = (disc_loss_real + disc_loss_fake) / 2
    with tf.name_scope("gen_loss"):
        # logits of a translation -> 1, for the generator
        gen_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(gan_logits), logits=gan_logits))
    with tf.name_scope("l1"):
        # translations -> their targets
        l1 = tf.reduce_mean(tf.abs(targets - generated))
    return disc_loss, gen_loss, l1


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def model_opt(disc_loss, gen_loss, l1, gen_vars, disc_vars, config):
    """One Adam step per network, `(disc_opt, gen_opt)`; each updates only its own variables."""
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(config.learning_rate, config.beta1).minimize(
            disc_loss, var_list=disc_vars)
    with tf.name_scope("gen_opt"):
        total = config.gan_weight * gen_loss + config.l1_weight * l1
        gen_opt = tf.train.AdamOptimizer(config.learning_rate, config.beta1).minimize(
            total, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and translating need."""
    inputs: Any       # [B, size, size, 3] in [-1, 1]
    targets: Any      # the same
    crop: Any         # [B, 2], pixels
    flip: Any         # [B], 1 = mirrored
    noise: Any        # [2], a seed
    translated: Any   # [B, size, size, 3] in (-1, 1), of the inputs without jitter
    disc_loss: Any
    gen_loss: Any
    l1: Any
    gen_vars: list    # the generator's weights, for translating
    disc_opt: Any
    gen_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    inputs, targets, crop, flip, noise = model_inputs(config.size)
    with tf.name_scope("jitter"):
        pairs = jittered(tf.concat([inputs, targets], 3), crop, flip, config.size, enlarged(config))
        x, y = tf.split(pairs, 2, axis=3)

    size = dict(size=config.size, channels=config.channels, alpha=config.alpha,
                drop_rate=config.drop_rate, skips=config.skips)
    generated = generator(x, noise, **size)
    translated = generator(inputs, noise, reuse=True, **size)
    size = dict(channels=config.channels, layers=config.patch_layers, alpha=config.alpha)
    disc_logits = discriminator(x, y, **size)
    gan_logits = discriminator(x, generated, reuse=True, **size)

    disc_loss, gen_loss, l1 = model_loss(disc_logits, gan_logits, generated, y)
    gen_vars, disc_vars = split_vars()
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, l1, gen_vars, disc_vars, config)
    return GAN(inputs, targets, crop, flip, noise, translated, disc_loss, gen_loss, l1, gen_vars,
               disc_opt, gen_opt)


def step(sess, gan, train_set, rng, config) -> tuple[np.float32, ...]:
    """One update of the discriminator, then of the generator; returns what `report` takes."""
    inputs, targets = train_set.next_batch(config.batch_size)
    room = enlarged(config) - config.size
    feed = {gan.inputs: inputs, gan.targets: targets,
            gan.crop: rng.integers(0, room + 1, (config.batch_size, 2)),
            gan.flip: rng.integers(0, 2, config.batch_size) * config.flip,
            gan.noise: rng.integers(0, SEEDS, 2)}

    disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt], feed)
    gen_loss, l1, _ = sess.run([gan.gen_loss, gan.l1, gan.gen_opt], feed)
    return disc_loss, gen_loss, l1


def report(sess, gan, taken) -> dict[str, float]:
    """The losses of an iteration, each taken before the update that it belongs to."""
    disc_loss, gen_loss, l1 = taken
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss), "l1": float(l1)}


def log_line(iteration, iterations, losses) -> str:
    """The line after `iteration`, which counts from 0, in the form of the other chapters."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}] "
            f"[Generator loss: {losses['gen_loss']:f}, L1: {losses['l1']:f}]")


def translate(sess, gan, inputs, rng) -> np.ndarray:
    """The translations of `inputs` [n, size, size, 3] in [-1, 1], of the same shape, in (-1, 1).

    Dropout stays on, with noise from `rng` (a `numpy.random.Generator`).
    """
    return np.concatenate([
        sess.run(gan.translated, {gan.inputs: inputs[start:start + BATCH],
                                  gan.noise: rng.integers(0, SEEDS, 2)})
        for start in range(0, len(inputs), BATCH)])


def translations(gan) -> dict[str, tuple]:
    """Images in [-1, 1] to translations in (-1, 1); `noise`, two numbers, seeds the dropout."""
    return {"default": (gan.translated, {"images": gan.inputs, "noise": gan.noise})}


def translated(samples) -> dict[str, tuple]:
    """The pairs in a run's samples [E, n, ...]: all are outputs; their inputs are not kept."""
    return {"inputs to targets": (None, samples)}
