"""A discriminator and a critic between two Gaussians that lie apart: figure 6.15.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Wasserstein GAN". Figure 6.15 is figure 2 of Arjovsky et al. 2017, in which D and f are
"learning to differentiate two Gaussians". Neither there nor here is a generator involved::

    D minimizes  -E_x[log D(x)] - E_y[log(1 - D(y))]
    f minimizes  -E_x[f(x)] + E_y[f(y)],               with all its weights in [-c, c]

    x       real      normal, mean -`distance` / 2 and standard deviation `deviation`
    y       fake      normal, mean `distance` / 2 and the same standard deviation
    D       sigmoid(disc_logits_real), sigmoid(disc_logits_fake)
    f       critic_scores_real, critic_scores_fake
    c       clip_value

Known in advance: the best logits of D are the straight line l(x) = -x distance / deviation^2. The
best f with slopes up to K falls with slope K everywhere between the two Gaussians. A critic with
one input, two layers of h units and weights up to c is nowhere steeper than K = h^2 c^3.

What the figure leaves open: a generator is trained by the slope of a cost, not by that of D::

    cost of a sample y     its slope, by the logits l    at the fake numbers, where D(y) ~ 0
    D(y) itself            D (1 - D) l'                  vanishes: the figure's flat line
    log(1 - D(y))          -D l'                         vanishes: the minimax cost
    -log D(y)              -(1 - D) l'                   doesn't: it is -l', as steep as the logits
    -f(y)                  -f'                           doesn't

So the non-saturating cost has a useful gradient here too. D itself is flat on either side, but not
in the middle, where it falls from 1 to 0.

The figure gives no numbers. README.md says why those here were chosen.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "two_gaussians"


@dataclass(frozen=True)
class Config:
    """Our own numbers, since the figure has none."""
    distance: float = setting(6.0, "distance between the means of real and fake numbers", above=0)
    deviation: float = setting(0.7, "standard deviation of both", above=0)
    steps: int = setting(3000, "updates of each network", at_least=1)
    batch_size: int = setting(256, "real numbers per update, and as many fakes", at_least=1)
    learning_rate: float = setting(0.001, "Adam's learning rate for the discriminator", above=0)
    critic_learning_rate: float = setting(0.0005, "RMSProp's learning rate for the critic", above=0)
    clip_value: float = setting(0.1, "largest absolute value of the critic's weights", above=0)
    hidden_size: int = setting(32, "units of each hidden layer", at_least=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)


def model_inputs():
    """Placeholders: real numbers and fakes, [B, 1] each."""
    real = tf.placeholder(tf.float32, (None, 1), name="real")
    fake = tf.placeholder(tf.float32, (None, 1), name="fake")
    return real, fake


def network(scope, x, hidden_size, alpha, reuse=False):
    """Numbers [B, 1] to the discriminator's logits or the critic's scores [B, 1]."""
    with tf.variable_scope(scope, reuse=reuse):
        x = tf.layers.dense(x, hidden_size)  # [B,1] -> [B,32]
        x = tf.maximum(alpha * x, x)

        x = tf.layers.dense(x, hidden_size)  # -> [B,32]
        x = tf.maximum(alpha * x, x)

        return tf.layers.dense(x, 1)         # -> [B,1]


def model_loss(disc_logits_real, disc_logits_fake, critic_scores_real, critic_scores_fake):
    """The scalars `(disc_loss, critic_loss)` of logits and scores [B, 1]; the first is in nats."""
    with tf.name_scope("disc_loss"):
        # real logits -> 1, fake logits -> 0
        disc_loss = tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                labels=tf.ones_like(disc_logits_real), logits=disc_logits_real)
            + tf.nn.sigmoid_cross_entropy_with_logits(
                labels=tf.zeros_like(disc_logits_fake), logits=disc_logits_fake))
    with tf.name_scope("critic_loss"):
        # scores of real numbers -> high, of fake ones -> low
        critic_loss = tf.reduce_mean(critic_scores_fake) - tf.reduce_mean(critic_scores_real)
    return disc_loss, critic_loss


def split_vars():
    """The trainable variables `(disc_vars, critic_vars)`, split by scope prefix."""
    trainable_vars = tf.trainable_variables()
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    critic_vars = [var for var in trainable_vars if var.name.startswith("critic")]
    assert len(disc_vars) + len(critic_vars) == len(trainable_vars), "a variable in neither network"
    return disc_vars, critic_vars


def model_opt(disc_loss, critic_loss, disc_vars, critic_vars, config):
    """One step per network, `(disc_opt, critic_opt)`.

    The discriminator has Adam, and the critic TF1's RMSProp, followed by the clip.
    """
    with tf.name_scope("disc_opt"):
        disc_opt = tf.train.AdamOptimizer(config.learning_rate).minimize(
            disc_loss, var_list=disc_vars)
    with tf.name_scope("critic_opt"):
        descended = tf.train.RMSPropOptimizer(config.critic_learning_rate).minimize(
            critic_loss, var_list=critic_vars)
        with tf.control_dependencies([descended]):
            critic_opt = tf.group(*[
                tf.assign(var, tf.clip_by_value(var.read_value(), -config.clip_value,
                                                config.clip_value)) for var in critic_vars])
    return disc_opt, critic_opt


class Net(NamedTuple):
    """The tensors and ops that training and drawing need."""
    real: Any           # [B, 1]
    fake: Any           # [B, 1]
    disc_logits: Any    # of `real`, [B, 1]
    critic_scores: Any  # of `real`, [B, 1]
    disc_slopes: Any    # of the logits with respect to `real`, [B, 1]
    critic_slopes: Any  # of the scores
    disc_loss: Any
    critic_loss: Any
    disc_opt: Any
    critic_opt: Any


def build(config: Config) -> Net:
    """Build the whole graph in the current default graph."""
    real, fake = model_inputs()

    size = dict(hidden_size=config.hidden_size, alpha=config.alpha)
    disc_logits_real = network("discriminator", real, **size)
    disc_logits_fake = network("discriminator", fake, reuse=True, **size)
    critic_scores_real = network("critic", real, **size)
    critic_scores_fake = network("critic", fake, reuse=True, **size)

    disc_loss, critic_loss = model_loss(disc_logits_real, disc_logits_fake, critic_scores_real,
                                        critic_scores_fake)
    disc_opt, critic_opt = model_opt(disc_loss, critic_loss, *split_vars(), config)
    # The gradient of the sum over a batch: each number affects only its own logit.
    [disc_slopes] = tf.gradients(disc_logits_real, [real])
    [critic_slopes] = tf.gradients(critic_scores_real, [real])
    return Net(real, fake, disc_logits_real, critic_scores_real, disc_slopes, critic_slopes,
               disc_loss, critic_loss, disc_opt, critic_opt)


def step(sess, net, rng, config) -> None:
    """One update of each network, on the same new numbers."""
    size = (config.batch_size, 1)
    real = rng.normal(-config.distance / 2, config.deviation, size)
    fake = rng.normal(config.distance / 2, config.deviation, size)
    sess.run([net.disc_opt, net.critic_opt], {net.real: real, net.fake: fake})


def measure(sess, net, x) -> list[np.ndarray]:
    """The logits, the scores, and the slopes of both in x, at points [n]: each float64 [n]."""
    values = sess.run([net.disc_logits, net.critic_scores, net.disc_slopes, net.critic_slopes],
                      {net.real: x[:, None]})
    return [value[:, 0].astype(float) for value in values]
