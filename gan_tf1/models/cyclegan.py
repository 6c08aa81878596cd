"""CycleGAN: two translators between two sets of unpaired images, each the inverse of the other.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New Images with
CNN", section "CycleGAN", describes it in two sentences, without code. This is the network of Zhu
et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks";
what the paper leaves out is as in its authors' code (pytorch-CycleGAN-and-pix2pix). README.md has
the source of each number, `parts/cyclegan_networks.py` the networks.

The paper's equations 2 and 3, with the squares of section 4 for L_GAN::

    L(G, F, D_X, D_Y) = L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda L_cyc(G, F)
    L_cyc(G, F) = E_x |F(G(x)) - x|_1 + E_y |G(F(y)) - y|_1
    G minimizes  E_x[(D_Y(G(x)) - 1)^2]
    D_Y minimizes  1/2 E_y[(D_Y(y) - 1)^2] + 1/2 E_x[D_Y(G(x))^2]
    L_identity(G, F) = E_y |G(y) - y|_1 + E_x |F(x) - x|_1

    x, y              real_a, real_b     images of A and of B in [-1, 1], unpaired
    G, F              generator_ab, generator_ba          netG_A, netG_B in the authors' code
    D_X, D_Y          discriminator_a, discriminator_b    netD_B, netD_A there
    G(x), F(y)        fake_b, fake_a
    F(G(x)), G(F(y))  again_a, again_b
    lambda            cycle_weight
    L_GAN, per side   gan_ab, gan_ba
    L_cyc, per side   cycle_a, cycle_b, times lambda
    L_identity        identity_a, identity_b, times lambda and identity_weight

What decides the images: the generators are updated first; the discriminators then judge the fakes
of that pass, or earlier ones from a pool of 50. Padding is symmetric, so that no layer shifts the
image. The discriminators have no dropout, although the section calls it very important. The log
line has the authors' eight losses, as means over the epoch.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.errors import InputError
from gan_tf1.models.parts.cyclegan_networks import STRIDES, discriminator, generator
from gan_tf1.tf1 import tf

CHAPTER = "cyclegan"
SAMPLES = "translations"  # see `translated`


@dataclass(frozen=True)
class Config:
    """The paper's settings for 256 pixels; what it leaves out is as in its authors' code."""
    epochs: int = setting(100, "epochs at the full learning rate", at_least=1)
    decay_epochs: int = setting(100, "further epochs, in which the learning rate decays to 0",
                                at_least=0)
    epoch_steps: int = setting(0, "steps per epoch; 0: one pass over the larger set", at_least=0)
    batch_size: int = setting(1, "images of each set per step", at_least=1, at_most=64)
    load_size: int = setting(286, "width and height of the training images, in pixels",
                             at_least=8, at_most=MOST_UNITS)
    size: int = setting(256, "width and height of the square that is cropped, in pixels",
                        at_least=8, at_most=MOST_UNITS)
    mirror: bool = setting(True, "show half of the training images mirrored")
    channels: int = setting(64, "channels of the first layer of each network; the others have two "
                            "to eight times as many", at_least=1, at_most=MOST_UNITS)
    blocks: int = setting(9, "residual blocks; 6 for 128 pixels", at_least=1, at_most=100)
    disc_layers: int = setting(3, "layers of stride 2 of each discriminator: 1, 2, 3 give patches "
                               "of 16, 34, 70 pixels", at_least=1, at_most=5)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    cycle_weight: float = setting(10.0, "lambda: the weight of the cycle loss", at_least=0)
    identity_weight: float = setting(0.5, "weight of the identity loss, times lambda", at_least=0)
    pool_size: int = setting(50, "earlier fakes kept for each discriminator; 0: none", at_least=0)
    learning_rate: float = setting(0.0002, "Adam's learning rate for all networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    samples: int = setting(4, "test images of each set kept per epoch", at_least=1, at_most=64)


def check(config) -> None:
    """Raise InputError if the sizes don't fit the networks."""
    if config.size % STRIDES:
        raise InputError(f"--size {config.size} must be a multiple of {STRIDES}")
    if config.load_size < config.size:
        raise InputError(f"--load-size {config.load_size} must be at least --size {config.size}")
    if config.size >> config.disc_layers < 3:
        raise InputError(f"--size {config.size} is too small for --disc-layers "
                         f"{config.disc_layers}: choose fewer layers or a larger --size")


def model_inputs(load_size, channels, batch_size):
    """Placeholders: images, how they are cropped and mirrored, and the choices of the pools.

    imgs_a, imgs_b [B, load_size, load_size, channels] in [-1, 1]. For both sets: corners [2, B, 2],
    row and column of each crop; mirrored [2, B], 0 or 1; swap, slots [2, B], see `history`.
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
    """Crops [B, size, size, C] of `imgs` at `corners` [B, 2], mirrored if `mirrored` [B] is 1."""
    across = tf.range(size)
    rows = corners[:, :1] + across                                            # -> [B,256]
    sign, turned = 1 - 2 * mirrored[:, None], (size - 1) * mirrored[:, None]
    columns = corners[:, 1:] + turned + sign * across                         # -> [B,256]
    return tf.gather(tf.gather(imgs, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)


def history(fakes, pool, seen, swap, slots):
    """What a discriminator sees in place of `fakes` [B, H, W, C], and the op that updates the pool.

    `pool` is a variable [P, H, W, C], `seen` (int32) the number of fakes so far. Until the pool is
    full, each fake is shown and kept. Then a fake whose `swap` [B] in [0, 1) is above 1/2 replaces
    the one in slot `slots` [B] (below P), which is shown instead; others are shown and not kept.
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
    with tf.control_dependencies([shown]):  # which reads the pool, so the update must wait for it
        return shown, tf.assign(pool, kept).op


def generator_loss(scores):
    """The scalar loss of scores [B, h, w, 1] of fakes."""
    return tf.reduce_mean(tf.squared_difference(scores, 1))  # scores of fakes -> 1


def discriminator_loss(real_scores, fake_scores):
    """The scalar loss of two sets of scores [B, h, w, 1]."""
    # scores of real images -> 1, of fakes -> 0; halved, so that D learns more slowly
    return 0.5 * (tf.reduce_mean(tf.squared_difference(real_scores, 1))
                  + tf.reduce_mean(tf.square(fake_scores)))


def distance(imgs, wanted):
    """The scalar |imgs - wanted|_1: the mean over all images, pixels and channels."""
    return tf.reduce_mean(tf.abs(imgs - wanted))


def split_vars():
    """The trainable variables `(gen_vars, disc_a_vars, disc_b_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator_")]
    disc_a_vars = [var for var in trainable_vars if var.name.startswith("discriminator_a/")]
    disc_b_vars = [var for var in trainable_vars if var.name.startswith("discriminator_b/")]
    assert len(gen_vars) + len(disc_a_vars) + len(disc_b_vars) == len(trainable_vars), (
        "a variable belongs to no network")
    return gen_vars, disc_a_vars, disc_b_vars


def rate(step, epoch_steps, config):
    """The learning rate at `step` (int32, from 0): constant at first, then lower in each epoch."""
    past = tf.maximum(step // epoch_steps + 1 - config.epochs, 0)
    return config.learning_rate * (1 - tf.cast(past, tf.float32) / (config.decay_epochs + 1))


class GAN(NamedTuple):
    """The tensors and ops that training and translating need; `real_a`, `real_b` can be fed too."""
    imgs_a: Any       # [B, load_size, load_size, C] in [-1, 1]
    imgs_b: Any
    corners: Any      # [2, B, 2]
    mirrored: Any     # [2, B], 0 or 1
    swap: Any         # [2, B] in [0, 1)
    slots: Any        # [2, B], below pool_size
    real_a: Any       # [B, size, size, C] in [-1, 1], cropped from imgs_a
    real_b: Any
    fake_a: Any       # of real_b, in (-1, 1); fed back in for the discriminators
    fake_b: Any
    again_a: Any      # of fake_b
    again_b: Any
    gen_losses: dict  # gen_loss is their sum
    gen_loss: Any
    disc_losses: dict
    learning_rate: Any
    gen_vars: list    # those of both generators, for translating
    gen_opt: Any
    disc_a_opt: Any
    disc_b_opt: Any
    keep_fakes: Any   # updates both pools
    count_step: Any


def build(config: Config, channels, epoch_steps) -> GAN:
    """Build the whole graph for images of `channels` in the current default graph."""
    inputs = model_inputs(config.load_size, channels, config.batch_size)
    imgs_a, imgs_b, corners, mirrored, swap, slots = inputs
    # The batch size is left open, so that images to translate can be fed here.
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
        # an image translated there and back -> the image
        "cycle_a": config.cycle_weight * distance(again_a, real_a),
        "cycle_b": config.cycle_weight * distance(again_b, real_b)}
    if config.identity_weight:
        # an image that already belongs to the target set -> itself, so that colours are kept
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
    optimizers = []
    for name, loss, own in (("gen_opt", gen_loss, gen_vars),
                            ("disc_a_opt", disc_losses["disc_a"], disc_a_vars),
                            ("disc_b_opt", disc_losses["disc_b"], disc_b_vars)):
        with tf.name_scope(name):
            adam = tf.train.AdamOptimizer(learning_rate, config.beta1)
            optimizers.append(adam.minimize(loss, var_list=own))
    gen_opt, disc_a_opt, disc_b_opt = optimizers
    keep_fakes = tf.group(*kept)
    # The pools and the learning rate depend on the step count, so it is increased last.
    with tf.control_dependencies([disc_a_opt, disc_b_opt, keep_fakes]):
        count_step = tf.assign_add(global_step, 1).op
    return GAN(*inputs, real_a, real_b, fake_a, fake_b, again_a, again_b, gen_losses, gen_loss,
               disc_losses, learning_rate, gen_vars, gen_opt, disc_a_opt, disc_b_opt, keep_fakes,
               count_step)


def rebuild(config, sample_shape, epoch) -> GAN:
    """The graph of a run whose samples are [n, size, size(, 3)], the same at any `epoch`."""
    return build(config, channels=3 if len(sample_shape) == 4 else 1, epoch_steps=1)


def step(sess, gan, train_set, rng, config) -> dict[str, np.float32]:
    """Update the generators, then the discriminators with the same fakes; return the losses."""
    batch = config.batch_size
    imgs_a = train_set.next_batch(batch)[0]
    imgs_b = train_set.others[rng.integers(0, len(train_set.others), batch)]
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


def tally(totals, taken) -> tuple[int, dict[str, float]]:
    """The `totals` of an epoch (None at first), `(steps, sums of losses)`, with one more step."""
    count, sums = totals or (0, dict.fromkeys(taken, 0.0))
    return count + 1, {name: sums[name] + float(loss) for name, loss in taken.items()}


def report(sess, gan, totals) -> dict[str, float]:
    """The means over an epoch of the generators' and discriminators' losses and of their parts."""
    count, sums = totals
    means = {name: value / count for name, value in sums.items()}
    return {"disc_loss": means["disc_a"] + means["disc_b"], **means}


def log_line(epoch, epochs, losses) -> str:
    """The line after `epoch`, which counts from 1: the parts of both losses."""
    parts = [f"{name}: {value:.3f}" for name, value in losses.items()
             if name not in ("disc_loss", "gen_loss")]
    return f"(epoch: {epoch}) {' '.join(parts)}"


def translate(sess, gan, imgs, direction) -> list[np.ndarray]:
    """`imgs` [n, size, size, C] in [-1, 1] translated "AtoB" or "BtoA", and translated back."""
    source, *targets = {"AtoB": (gan.real_a, gan.fake_b, gan.again_a),
                        "BtoA": (gan.real_b, gan.fake_a, gan.again_b)}[direction]
    parts = [sess.run(targets, {source: img[None]}) for img in imgs]
    return [np.concatenate(part) for part in zip(*parts)]


def translations(gan) -> dict[str, tuple]:
    """AtoB and BtoA: images of one set, in [-1, 1], to images of the other, in (-1, 1)."""
    return {"AtoB": (gan.fake_b, {"images": gan.real_a}),
            "BtoA": (gan.fake_a, {"images": gan.real_b})}


def round_trips(sess, gan, imgs_a, imgs_b) -> np.ndarray:
    """A, A to B, A to B to A, B, B to A, B to A to B, n images each: [6 n, size, size(, 3)]."""
    stack = np.concatenate([imgs_a, *translate(sess, gan, imgs_a, "AtoB"),
                            imgs_b, *translate(sess, gan, imgs_b, "BtoA")])
    return stack[..., 0] if stack.shape[-1] == 1 else stack


def translated(samples) -> dict[str, tuple]:
    """The pairs in a run's samples [E, 6 n, ...]: {"A to B": (inputs, outputs), "B to A": ...}.

    Inputs and outputs are [E, n, ...]. Images translated back are left out: they are close to the
    inputs even in a healthy run.
    """
    a, a_to_b, _, b, b_to_a, _ = np.split(samples, 6, axis=1)
    return {"A to B": (a, a_to_b), "B to A": (b, b_to_a)}
