"""The MNIST GAN with each of three costs of the generator.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
sections "Training GANs", "Non-saturating generator cost" and "Maximum likelihood game", without
code; its figures 6.6 and 6.7 show the costs. This is an experiment on `mnist_gan.py`: everything
except the generator's cost is as in that model, to the last bit, so that only the cost can make a
difference.

Goodfellow 2016, "NIPS 2016 Tutorial: Generative Adversarial Networks", sections 3.2.2 to 3.2.5,
without its factor 1/2 for both players, as in Goodfellow et al. 2014::

    J_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))]
    J_G = E_z[log(1 - D(G(z)))]              minimax: -J_D without the term that G can't change
    J_G = -E_z[log D(G(z))]                  non-saturating
    J_G = -E_z[exp(sigma^-1(D(G(z))))]       maximum likelihood: -E_z[D(G(z)) / (1 - D(G(z)))]

    x           real_discriminator_input     images in [-1, 1]
    z           generator_input_z            uniform noise in [-1, 1]
    G(z)        gen_model
    l           disc_logits_fake             sigma^-1(D(G(z)))
    J_D, J_G    disc_loss, gen_loss          D's label of real images is smoothed to 0.9

Slopes with respect to the logit l, through which G gets its gradient, and to D = D(G(z))::

                         dJ_G / dl         dJ_G / dD        if D recognizes fakes (l << 0, D ~ 0)
    minimax              -D                -1 / (1 - D)     vanishes in l: it saturates
    non-saturating       -(1 - D)          -1 / D           -1 in l: the strongest there
    maximum likelihood   -D / (1 - D)      -1 / (1 - D)^2   vanishes like minimax's; most comes from
                                                            the samples that fool D best

If the data have the density p and the generator's samples q, the best D has l = log(p / q). A step
of G then descends on 2 JSD(p, q), KL(q, p) - 2 JSD(p, q) (Arjovsky and Bottou 2017, theorem 2.5)
or KL(p, q), in this order.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import tf

CHAPTER = "mnist_gan_objectives"
SAMPLES, SAMPLE_RANGE = mnist_gan.SAMPLES, mnist_gan.SAMPLE_RANGE
INPUT_IMG_SIZE = mnist_gan.INPUT_IMG_SIZE


def minimax(disc_logits_fake):
    """The cost of each sample, in the shape of the logits: fake logits -> not 0."""
    return -tf.nn.sigmoid_cross_entropy_with_logits(  # the negative of the discriminator's loss
        labels=tf.zeros_like(disc_logits_fake), logits=disc_logits_fake)


def non_saturating(disc_logits_fake):
    """The cost of each sample, in the shape of the logits: fake logits -> 1."""
    return tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones_like(disc_logits_fake), logits=disc_logits_fake)


def maximum_likelihood(disc_logits_fake):
    """The cost of each sample, in the shape of the logits l.

    It asks for more samples where e^l, the ratio of the data's density to the generator's, is high.
    """
    return -tf.exp(disc_logits_fake)


OBJECTIVES = {"minimax": minimax, "non_saturating": non_saturating,
              "maximum_likelihood": maximum_likelihood}


@dataclass(frozen=True)
class Config(mnist_gan.Config):
    """The MNIST GAN's hyperparameters, and one more."""
    objective: str = setting("non_saturating", "the cost that the generator minimizes: "
                             + ", ".join(OBJECTIVES), choices=tuple(OBJECTIVES))


def model_loss(disc_logits_real, disc_logits_fake, label_smooth, gen_cost):
    """The scalar losses `(disc_loss, gen_loss)` of logits [B, 1].

    `gen_cost` is one of `OBJECTIVES`. The losses are in nats, except for the cost of maximum likelihood,
    which is a mean ratio of densities.
    """
    with tf.name_scope("disc_loss"):
        # real logits -> 0.9
        disc_labels_real = tf.ones_like(disc_logits_real) * (1 - label_smooth)
        disc_loss_real = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=disc_labels_real, logits=disc_logits_real)
        # fake logits -> 0
        disc_labels_fake = tf.zeros_like(disc_logits_fake)
        disc_loss_fake = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=disc_labels_fake, logits=disc_logits_fake)
        disc_loss = tf.reduce_mean(disc_loss_real + disc_loss_fake)

    with tf.name_scope("gen_loss"):
        # what the fake logits should be depends on the objective
        gen_loss = tf.reduce_mean(gen_cost(disc_logits_fake))
    return disc_loss, gen_loss


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, learning_rate):
    """Adam steps `(disc_train_opt, gen_train_opt)`, and the norm of the second's gradient."""
    with tf.name_scope("disc_train_opt"):
        disc_train_opt = tf.train.AdamOptimizer(learning_rate).minimize(
            disc_loss, var_list=disc_vars)
    with tf.name_scope("gen_train_opt"):
        adam = tf.train.AdamOptimizer(learning_rate)
        grads_and_vars = adam.compute_gradients(gen_loss, gen_vars)
        gen_grad_norm = tf.global_norm([grad for grad, _ in grads_and_vars])
        gen_train_opt = adam.apply_gradients(grads_and_vars)
    return disc_train_opt, gen_train_opt, gen_grad_norm


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    real_discriminator_input: Any  # [B, 784]
    generator_input_z: Any         # [B, gen_z_size]
    gen_model: Any                 # [B, 784] in (-1, 1)
    disc_prob_fake: Any            # the mean of D(G(z))
    disc_loss: Any
    gen_loss: Any
    gen_grad_norm: Any             # of gen_loss with respect to all gen_vars
    gen_vars: list
    disc_vars: list
    disc_train_opt: Any
    gen_train_opt: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    real_discriminator_input, generator_input_z = mnist_gan.model_inputs(INPUT_IMG_SIZE,
                                                                         config.gen_z_size)

    gen = dict(num_hidden_units=config.gen_hidden_size, leaky_relu_alpha=config.leaky_relu_alpha)
    gen_model, _ = mnist_gan.generator(generator_input_z, INPUT_IMG_SIZE, **gen)
    disc = dict(num_hidden_units=config.disc_hidden_size, leaky_relu_alpha=config.leaky_relu_alpha)
    _, disc_logits_real = mnist_gan.discriminator(real_discriminator_input, **disc)
    disc_model_fake, disc_logits_fake = mnist_gan.discriminator(gen_model, reuse_vars=True, **disc)

    disc_loss, gen_loss = model_loss(disc_logits_real, disc_logits_fake, config.label_smooth,
                                     OBJECTIVES[config.objective])
    with tf.name_scope("disc_prob_fake"):
        disc_prob_fake = tf.reduce_mean(disc_model_fake)
    gen_vars, disc_vars = mnist_gan.split_vars()
    disc_train_opt, gen_train_opt, gen_grad_norm = model_opt(
        disc_loss, gen_loss, gen_vars, disc_vars, config.learning_rate)
    return GAN(real_discriminator_input, generator_input_z, gen_model, disc_prob_fake, disc_loss,
               gen_loss, gen_grad_norm, gen_vars, disc_vars, disc_train_opt, gen_train_opt)


def step(sess, gan, train_set, rng, config) -> tuple[mnist_gan.Feed, np.float32]:
    """One turn of `mnist_gan.py`'s inner loop; returns its `Feed` and the norm of G's gradient."""
    batch_images, _ = train_set.next_batch(config.batch_size)
    batch_images *= 2  # to the range of tanh, in place: next_batch returns a copy
    batch_images -= 1
    for _ in range(config.disc_steps):  # once, in the chapter
        batch_z = rng.uniform(-1, 1, size=(config.batch_size, config.gen_z_size))
        sess.run(gan.disc_train_opt, feed_dict={gan.real_discriminator_input: batch_images,
                                                gan.generator_input_z: batch_z})
    _, gen_grad_norm = sess.run([gan.gen_train_opt, gan.gen_grad_norm],
                                feed_dict={gan.generator_input_z: batch_z})
    return mnist_gan.Feed(batch_images, batch_z), gen_grad_norm


class Tally(NamedTuple):
    """What the report of an epoch needs from its steps so far."""
    feed: mnist_gan.Feed   # of its last step
    grad_norms: float = 0  # the sum over its steps
    steps: int = 0


def tally(totals, taken) -> Tally:
    """`totals` (None before the epoch's first step) with the result of one more `step`."""
    feed, gen_grad_norm = taken
    _, grad_norms, steps = totals or Tally(feed)
    return Tally(feed, grad_norms + float(gen_grad_norm), steps + 1)


def report(sess, gan, totals) -> dict[str, float]:
    """The losses of `mnist_gan.py`, D(G(z)) on the same batch, and the mean norm over the epoch."""
    [disc_prob_fake] = sess.run([gan.disc_prob_fake], {gan.generator_input_z: totals.feed.z})
    return {**mnist_gan.report(sess, gan, totals.feed),
            "gen_grad_norm": totals.grad_norms / totals.steps,
            "disc_prob_fake": float(disc_prob_fake)}


def log_line(epoch, epochs, losses) -> str:
    """`mnist_gan.py`'s line after `epoch`, which counts from 1, with two more numbers."""
    return (f"{mnist_gan.log_line(epoch, epochs, losses)}... Gen Gradient: "
            f"{losses['gen_grad_norm']:.4f}... D(G(z)): {losses['disc_prob_fake']:.3f}")


# The rest is the MNIST GAN's.
latent, generate, sample = mnist_gan.latent, mnist_gan.generate, mnist_gan.sample
