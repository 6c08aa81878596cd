"""CycleGAN: two translators between two sets of images without pairs, each undoing the other.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New
Images with CNN", section "CycleGAN", describes it in two sentences, without code.
This is the network of Zhu et al. 2017, "Unpaired Image-to-Image Translation using
Cycle-Consistent Adversarial Networks", and where the paper is silent, of its
authors' code (pytorch-CycleGAN-and-pix2pix).

The paper's equations 2 and 3, with the squares of section 4 for L_GAN::

    L(G, F, D_X, D_Y) = L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda L_cyc(G, F)
    L_cyc(G, F) = E_x |F(G(x)) - x|_1 + E_y |G(F(y)) - y|_1
    G minimizes  E_x[(D_Y(G(x)) - 1)^2]
    D_Y minimizes  1/2 E_y[(D_Y(y) - 1)^2] + 1/2 E_x[D_Y(G(x))^2]
    L_identity(G, F) = E_y |G(y) - y|_1 + E_x |F(x) - x|_1

    x, y              real_a, real_b     images of A and of B in [-1, 1]; no x belongs to any y
    G, F              generator_ab, generator_ba    netG_A and netG_B in the authors' code
    D_X, D_Y          discriminator_a, discriminator_b    there netD_B and netD_A
    G(x), F(y)        fake_b, fake_a
    F(G(x)), G(F(y))  again_a, again_b
    lambda            cycle_weight
    L_GAN, per side   gan_ab, gan_ba
    L_cyc, per side   cycle_a, cycle_b, times lambda
    L_identity        identity_a, identity_b, times lambda and identity_weight

Where each number comes from:

=====================================  ===========================================================
number                                 source
=====================================  ===========================================================
c7s1-64, d128, d256, R256 x 9, u128,   the paper's section 7.2, for 256 pixels and more; R256 x 6
u64, c7s1-3; reflection padding        (`--blocks 6`) for 128
tanh at the end; reflection padding    the authors' code
around the 7 x 7 and in the blocks
alone, zeros around the others
instance norm, epsilon 1e-5, without   the authors' code. A bias ahead of it is taken off again
scale and offset                       with the mean: they have one there, here it is left out
C64, C128, C256, C512 and a last       section 7.2: patches of 70 x 70 pixels. The last stride is
convolution; leaky ReLU of slope 0.2   1, as in the authors' code
lambda 10, a pool of 50, Adam at       sections 4 and 7.1; beta1 0.5 is the authors' code's
0.0002, batches of 1, N(0, 0.02)
half of the discriminators' loss       section 7.1: so that they learn more slowly
identity weight 0.5                    section 5.2 for paintings; the authors' code's default
100 + 100 epochs; the rate falls an    section 4; the steps of the authors' code: 1 in epoch
epoch at a time                        100, then 100/101, 99/101, ... 1/101
286 pixels, cut to 256 anywhere,       the authors' code; `--load-size`, `--size`, `--no-mirror`
mirrored or not
an epoch shows all of A, and of B      the authors' code: so no pair comes twice
any
=====================================  ===========================================================

What is easily got wrong, and what is done here:

=====================================  =============================  ===========================
written                                what happens                   here
=====================================  =============================  ===========================
"dropout in the discriminator is       theirs has none                none
very important", in the section
stride 2 with `padding="same"`         TensorFlow pads right and      one pixel on each side, and
                                       below alone: each of four      the transposed ones cut
                                       layers shifts the image        alike
the discriminators first, or both      the fakes of the step are of   generators first, then the
in one call in any order               weights that have moved        fakes of that pass are fed
a Python list as the pool              a resumed run has an empty     a variable of the graph, its
                                       one                            choices fed from `rng`
=====================================  =============================  ===========================

No log is printed. The line has the authors' eight losses, as means over the epoch.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf

CHAPTER = "cyclegan"
SAMPLES = "translations"  # see `translated`
DEVIATION = 0.02    # of the weights at the start
NORM_EPSILON = 1e-5
STRIDES = 4         # of the generators' way down: what a size must be a multiple of


@dataclass(frozen=True)
class Config:
    """The paper's sizes for 256 pixels; its authors' code's where the paper has none."""
    epochs: int = setting(100, "epochs at the whole learning rate", at_least=1)
    decay_epochs: int = setting(100, "epochs after those, in which it falls to 0", at_least=0)
    epoch_steps: int = setting(0, "steps an epoch; 0: as many as show the larger set once",
                               at_least=0)
    batch_size: int = setting(1, "images of each set a step", at_least=1, at_most=64)
    load_size: int = setting(286, "pixels, side of the training images", at_least=8)
    size: int = setting(256, "pixels, side of the square that is cut from one", at_least=8)
    mirror: bool = setting(True, "show half of the training images mirrored")
    channels: int = setting(64, "channels of the first layer of each network; the others have two "
                            "to eight times as many", at_least=1, at_most=1024)
    blocks: int = setting(9, "residual blocks of a generator; 6 for 128 pixels", at_least=1,
                          at_most=100)
    disc_layers: int = setting(3, "layers of a discriminator with stride 2: 3 judge patches of 70 "
                               "pixels, 2 of 34, 1 of 16", at_least=1, at_most=5)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    cycle_weight: float = setting(10.0, "lambda: the weight of what comes back from a cycle",
                                  at_least=0)
    identity_weight: float = setting(0.5, "of lambda: the weight of what should be left as it is; "
                                     "0: no such loss", at_least=0)
    pool_size: int = setting(50, "earlier fakes kept for each discriminator; 0: none", at_least=0,
                             at_most=10_000)
    learning_rate: float = setting(0.0002, "Adam's step size, for all networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    samples: int = setting(4, "test images of each set translated after each epoch", at_least=1,
                           at_most=64)


def check(config):
    """Raise InputError where the sizes don't fit the networks."""
    if config.size % STRIDES:
        raise InputError(f"--size {config.size} must be a multiple of {STRIDES}")
    if config.load_size < config.size:
        raise InputError(f"--load-size {config.load_size} is below --size {config.size}: nothing "
                         "can be cut from it")
    if config.size >> config.disc_layers < 3:
        raise InputError(f"--size {config.size} is too small for --disc-layers "
                         f"{config.disc_layers}: choose a smaller number")


def model_inputs(load_size, channels, batch_size):
    """Placeholders: images, how they are cut and mirrored, and what the pools do.

    imgs_a, imgs_b [B, load_size, load_size, channels] in [-1, 1]; corners [2, B, 2], row and
    column of the upper left one; mirrored [2, B], 0 or 1; swap [2, B] in [0, 1); slots [2, B].
    """
    shape = (batch_size, load_size, load_size, channels)
    imgs_a = tf.placeholder(tf.float32, shape, name="imgs_a")
    imgs_b = tf.placeholder(tf.float32, shape, name="imgs_b")
    corners = tf.placeholder(tf.int32, (2, batch_size, 2), name="corners")
    mirrored = tf.placeholder(tf.int32, (2, batch_size), name="mirrored")
    swap = tf.placeholder(tf.float32, (2, batch_size), name="swap")
    slots = tf.placeholder(tf.int32, (2, batch_size), name="slots")
    return imgs_a, imgs_b, corners, mirrored, swap, slots


def cut(imgs, size, corners, mirrored):
    """Squares [B, size, size, C] of `imgs` from `corners` [B, 2] on, mirrored where [B] is 1."""
    across = tf.range(size)
    rows = corners[:, :1] + across                                            # -> [B,256]
    sign, turned = 1 - 2 * mirrored[:, None], (size - 1) * mirrored[:, None]
    columns = corners[:, 1:] + turned + sign * across                         # -> [B,256]
    return tf.gather(tf.gather(imgs, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)


def convolution(x, filters, size, strides=1, padding=0, mode="CONSTANT", use_bias=False):
    """A convolution of `x` [B, H, W, C], padded by as many pixels on all four sides."""
    x = tf.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)], mode)
    return tf.layers.conv2d(x, filters, size, strides, use_bias=use_bias,
                            kernel_initializer=tf.random_normal_initializer(0, DEVIATION))


def instance_norm(x):
    """[B, H, W, C] with mean 0 and variance 1 over the pixels of each channel of each image."""
    mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
    return (x - mean) * tf.rsqrt(variance + NORM_EPSILON)


def generator(x, scope, reuse=False, channels=64, blocks=9):
    """Images [B, H, W, C] of one set to images of the other, [B, H, W, C] in (-1, 1)."""
    def upsampled(x, filters):
        x = tf.layers.conv2d_transpose(
            x, filters, 3, 2, use_bias=False,  # padding="valid", as in `convolution`
            kernel_initializer=tf.random_normal_initializer(0, DEVIATION))
        return x[:, 1:, 1:]  # where the way down had its padding

    colours = x.shape[-1]
    with tf.variable_scope(scope, reuse=reuse):
        x = convolution(x, channels, 7, padding=3, mode="REFLECT")        # -> [B,256,256,64]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, 2 * channels, 3, strides=2, padding=1)         # -> [B,128,128,128]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, 4 * channels, 3, strides=2, padding=1)         # -> [B,64,64,256]
        x = tf.nn.relu(instance_norm(x))

        for _ in range(blocks):                                           # -> [B,64,64,256]
            y = convolution(x, 4 * channels, 3, padding=1, mode="REFLECT")
            y = tf.nn.relu(instance_norm(y))
            y = convolution(y, 4 * channels, 3, padding=1, mode="REFLECT")
            x = x + instance_norm(y)

        x = upsampled(x, 2 * channels)                                    # -> [B,128,128,128]
        x = tf.nn.relu(instance_norm(x))

        x = upsampled(x, channels)                                        # -> [B,256,256,64]
        x = tf.nn.relu(instance_norm(x))

        x = convolution(x, colours, 7, padding=3, mode="REFLECT", use_bias=True)
        return tf.tanh(x)                                                 # -> [B,256,256,3]


def discriminator(x, scope, reuse=False, channels=64, layers=3, alpha=0.2):
    """Images [B, H, W, C] in [-1, 1] to scores [B, h, w, 1], one for each patch: real is 1."""
    with tf.variable_scope(scope, reuse=reuse):
        x = convolution(x, channels, 4, strides=2, padding=1, use_bias=True)  # -> [B,128,128,64]
        x = tf.maximum(alpha * x, x)

        for layer in range(1, layers + 1):  # -> [B,64,64,128], [B,32,32,256], [B,31,31,512]
            x = convolution(x, channels * min(2 ** layer, 8), 4, padding=1,
                            strides=2 if layer < layers else 1)
            x = instance_norm(x)
            x = tf.maximum(alpha * x, x)

        return convolution(x, 1, 4, padding=1, use_bias=True)             # -> [B,30,30,1]


def history(fakes, pool, seen, swap, slots):
    """What a discriminator is shown for `fakes` [B, H, W, C], and the op that moves the pool.

    `pool` is a variable [P, H, W, C], `seen` how many fakes came before (int32), `swap` [B] in
    [0, 1) and `slots` [B] below P. Until the pool is full, each fake is shown and kept. Then one
    with `swap` above 1/2 takes the place of that in its slot, which is shown; others are shown.
    """
    size = int(pool.shape[0])
    if not size:
        return fakes, tf.no_op()
    kept, shown = pool.read_value(), []
    for number, fake in enumerate(tf.unstack(fakes)):
        filling = seen + number < size
        swapped = tf.logical_and(swap[number] > 0.5, tf.logical_not(filling))
        slot = tf.where_v2(filling, seen + number, slots[number])
        here = tf.equal(tf.range(size), slot)[:, None, None, None]
        earlier = tf.gather(kept, slots[number])
        shown.append(tf.where_v2(swapped, earlier, fake))
        kept = tf.where_v2(tf.logical_and(here, tf.logical_or(filling, swapped)), fake, kept)
    shown = tf.stack(shown)
    with tf.control_dependencies([shown]):  # which the pool is read for
        return shown, tf.assign(pool, kept).op


def generator_loss(scores):
    """The scalar of scores [B, h, w, 1] of fakes."""
    return tf.reduce_mean(tf.squared_difference(scores, 1))  # scores of fakes -> 1


def discriminator_loss(real_scores, fake_scores):
    """The scalar of two sets of scores [B, h, w, 1]."""
    # scores of real images -> 1, of fakes -> 0; half, so that it learns more slowly
    return 0.5 * (tf.reduce_mean(tf.squared_difference(real_scores, 1))
                  + tf.reduce_mean(tf.square(fake_scores)))


def distance(imgs, wanted):
    """The scalar |imgs - wanted|_1: a mean over all numbers."""
    return tf.reduce_mean(tf.abs(imgs - wanted))


def split_vars():
    """The trainable variables `(gen_vars, disc_a_vars, disc_b_vars)`, by their scopes' names."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator_")]
    disc_a_vars = [var for var in trainable_vars if var.name.startswith("discriminator_a/")]
    disc_b_vars = [var for var in trainable_vars if var.name.startswith("discriminator_b/")]
    assert len(gen_vars) + len(disc_a_vars) + len(disc_b_vars) == len(trainable_vars), (
        "a variable in no network")
    return gen_vars, disc_a_vars, disc_b_vars


def rate(step, epoch_steps, config):
    """The learning rate of `step`, int32, counted from 0: it falls an epoch at a time."""
    past = tf.maximum(step // epoch_steps + 1 - config.epochs, 0)
    return config.learning_rate * (1 - tf.cast(past, tf.float32) / (config.decay_epochs + 1))


def adam(loss, own, learning_rate, beta1, name):
    """The op that moves the variables `own` down `loss`."""
    with tf.name_scope(name):
        return tf.train.AdamOptimizer(learning_rate, beta1).minimize(loss, var_list=own)


class GAN(NamedTuple):
    """What training and translating need of the graph. `real_a` and `real_b` can be fed too."""
    imgs_a: Any       # [B, load_size, load_size, C] in [-1, 1]
    imgs_b: Any
    corners: Any      # [2, B, 2]
    mirrored: Any     # [2, B], 0 or 1
    swap: Any         # [2, B] in [0, 1)
    slots: Any        # [2, B], below pool_size
    real_a: Any       # [B, size, size, C] in [-1, 1], cut from imgs_a
    real_b: Any
    fake_a: Any       # of real_b, in (-1, 1); fed back in for the discriminators
    fake_b: Any
    again_a: Any      # of fake_b
    again_b: Any
    gen_losses: dict  # of all of which gen_loss is the sum
    gen_loss: Any
    disc_losses: dict
    learning_rate: Any
    gen_vars: list    # both generators': what translating needs
    gen_opt: Any
    disc_a_opt: Any
    disc_b_opt: Any
    keep_fakes: Any   # moves both pools
    count_step: Any


def build(config, channels, epoch_steps):
    """The whole graph for images of `channels`, in the current default graph."""
    inputs = model_inputs(config.load_size, channels, config.batch_size)
    imgs_a, imgs_b, corners, mirrored, swap, slots = inputs
    # Of any batch size, so that images to translate can be fed here.
    shape = (None, config.size, config.size, channels)
    real_a, real_b = (tf.placeholder_with_default(
        cut(imgs, config.size, corners[side], mirrored[side]), shape, name)
        for side, (imgs, name) in enumerate([(imgs_a, "real_a"), (imgs_b, "real_b")]))

    gen = dict(channels=config.channels, blocks=config.blocks)
    disc = dict(channels=config.channels, layers=config.disc_layers, alpha=config.alpha)
    fake_b = generator(real_a, "generator_ab", **gen)
    fake_a = generator(real_b, "generator_ba", **gen)
    again_a = generator(fake_b, "generator_ba", reuse=True, **gen)
    again_b = generator(fake_a, "generator_ab", reuse=True, **gen)

    gen_losses = {
        "gan_ab": generator_loss(discriminator(fake_b, "discriminator_b", **disc)),
        "gan_ba": generator_loss(discriminator(fake_a, "discriminator_a", **disc)),
        # what comes back -> what went out
        "cycle_a": config.cycle_weight * distance(again_a, real_a),
        "cycle_b": config.cycle_weight * distance(again_b, real_b)}
    if config.identity_weight:
        # what is of the other set already -> itself: no change of colour without need
        weight = config.cycle_weight * config.identity_weight
        same_a = generator(real_a, "generator_ba", reuse=True, **gen)
        same_b = generator(real_b, "generator_ab", reuse=True, **gen)
        gen_losses |= {"identity_a": weight * distance(same_a, real_a),
                       "identity_b": weight * distance(same_b, real_b)}
    gen_loss = tf.add_n(list(gen_losses.values()))

    global_step = tf.train.get_or_create_global_step()
    steps = tf.cast(global_step, tf.int32)
    disc_losses, kept = {}, []
    for side, (name, real, fake) in enumerate([("a", real_a, fake_a), ("b", real_b, fake_b)]):
        pool = tf.get_variable(f"pool_{name}", (config.pool_size, *shape[1:]), trainable=False,
                               initializer=tf.zeros_initializer())
        fakes = tf.ensure_shape(fake, (config.batch_size, *shape[1:]))
        shown, keep = history(fakes, pool, steps * config.batch_size, swap[side], slots[side])
        kept.append(keep)
        disc_losses[f"disc_{name}"] = discriminator_loss(
            discriminator(real, f"discriminator_{name}", reuse=True, **disc),
            discriminator(shown, f"discriminator_{name}", reuse=True, **disc))

    gen_vars, disc_a_vars, disc_b_vars = split_vars()
    learning_rate = rate(steps, epoch_steps, config)
    gen_opt, disc_a_opt, disc_b_opt = (
        adam(loss, own, learning_rate, config.beta1, name) for loss, own, name in (
            (gen_loss, gen_vars, "gen_opt"), (disc_losses["disc_a"], disc_a_vars, "disc_a_opt"),
            (disc_losses["disc_b"], disc_b_vars, "disc_b_opt")))
    keep_fakes = tf.group(*kept)
    # The pools' filling and the learning rate go by the step: it is counted last.
    with tf.control_dependencies([disc_a_opt, disc_b_opt, keep_fakes]):
        count_step = tf.assign_add(global_step, 1).op
    return GAN(*inputs, real_a, real_b, fake_a, fake_b, again_a, again_b, gen_losses, gen_loss,
               disc_losses, learning_rate, gen_vars, gen_opt, disc_a_opt, disc_b_opt, keep_fakes,
               count_step)


def rebuild(config, sample_shape, epoch):
    """The graph of a run whose samples are [n, size, size(, 3)]: any `epoch` has the same."""
    return build(config, channels=3 if len(sample_shape) == 4 else 1, epoch_steps=1)


def step(sess, gan, dataset, rng, config):
    """The generators' update, then the discriminators' with the fakes of that pass: the losses."""
    batch = config.batch_size
    imgs_a = dataset.next_batch(batch)[0]
    imgs_b = dataset.others[rng.integers(0, len(dataset.others), batch)]
    corners = rng.integers(0, config.load_size - config.size + 1, (2, batch, 2))
    mirrored = rng.integers(0, 1 + config.mirror, (2, batch))
    feed = {gan.imgs_a: imgs_a, gan.imgs_b: imgs_b, gan.corners: corners, gan.mirrored: mirrored}
    fake_a, fake_b, gen_losses, gen_loss, _ = sess.run(
        [gan.fake_a, gan.fake_b, gan.gen_losses, gan.gen_loss, gan.gen_opt], feed)

    swap = rng.uniform(0, 1, (2, batch))
    slots = rng.integers(0, max(1, config.pool_size), (2, batch))
    feed |= {gan.fake_a: fake_a, gan.fake_b: fake_b, gan.swap: swap, gan.slots: slots}
    disc_losses, *_ = sess.run([gan.disc_losses, gan.disc_a_opt, gan.disc_b_opt, gan.keep_fakes,
                                gan.count_step], feed)
    return {"gen_loss": gen_loss, **disc_losses, **gen_losses}


def tally(last, losses, seconds):
    """The sums of an epoch's losses, and how many steps they are of."""
    count, sums = last or (0, dict.fromkeys(losses, 0.0))
    return count + 1, {name: sums[name] + float(loss) for name, loss in losses.items()}


def report(last):
    """The means over an epoch: both networks' losses, and their parts."""
    count, sums = last
    means = {name: value / count for name, value in sums.items()}
    return {"disc_loss": means["disc_a"] + means["disc_b"], **means}


def log_line(epoch, losses):
    """The line after `epoch`, counted from 1: the parts of both losses."""
    parts = [f"{name}: {value:.3f}" for name, value in losses.items()
             if name not in ("disc_loss", "gen_loss")]
    return f"(epoch: {epoch}) {' '.join(parts)}"


def translate(sess, gan, imgs, direction):
    """Images [n, size, size, C] in [-1, 1], "AtoB" or "BtoA": translated, and back again."""
    source, *targets = {"AtoB": (gan.real_a, gan.fake_b, gan.again_a),
                        "BtoA": (gan.real_b, gan.fake_a, gan.again_b)}[direction]
    parts = [sess.run(targets, {source: img[None]}) for img in imgs]
    return [np.concatenate(part) for part in zip(*parts)]


def translations(gan):
    """AtoB and BtoA: images of one set, in [-1, 1], to images of the other, in (-1, 1)."""
    return {"AtoB": (gan.fake_b, {"images": gan.real_a}),
            "BtoA": (gan.fake_a, {"images": gan.real_b})}


def sample(sess, gan, imgs_a, imgs_b):
    """A, A to B, A to B to A, B, B to A, B to A to B of n images each: [6 n, size, size(, 3)]."""
    stack = np.concatenate([imgs_a, *translate(sess, gan, imgs_a, "AtoB"),
                            imgs_b, *translate(sess, gan, imgs_b, "BtoA")])
    return stack[..., 0] if stack.shape[-1] == 1 else stack


def translated(samples):
    """The pairs in a run's samples [E, 6 n, ...]: {"A to B": (inputs, outputs), "B to A": ...}.

    Inputs and outputs are [E, n, ...]. Only the outputs of one translation are judged: the images
    translated back are close to the inputs in a healthy run too.
    """
    a, a_to_b, _, b, b_to_a, _ = np.split(samples, 6, axis=1)
    return {"A to B": (a, a_to_b), "B to A": (b, b_to_a)}
