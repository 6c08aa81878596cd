"""Six remedies against mode collapse, each as one function: the games of `remedies_gan.py`.

A game is a function `(real, generated, epsilon, config)` that makes the discriminator of samples
[B, n] and both losses. To see what a remedy changes, compare its function with `plain`, the game
without a remedy::

    J_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))]          J_G = -E_z[log D(G(z))]

    x       real        data, scaled to [-1, 1]
    G(z)    generated   the range of tanh
    l(x)    judge(x)    the discriminator's logit, D(x) = sigmoid(l(x)), or a critic's score
    J_D     disc_loss
    J_G     gen_loss    non-saturating
"""

from typing import Any, NamedTuple

from gan_tf1.tf1 import tf

EPSILON = 1e-8        # inside the root of the standard deviation, as in `progressive_gan.py`
ROOT_EPSILON = 1e-12  # inside the root of the norm, as in `wasserstein_gan_gp.py`


class Game(NamedTuple):
    """What a remedy decides."""
    disc_vars: list        # kernel and bias of each of the discriminator's three layers
    disc_loss: Any         # a scalar
    gen_loss: Any          # a scalar
    clip_value: Any = None  # the bound of the discriminator's weights after each update, if any


def plain(real, generated, epsilon, config):
    """No remedy: the game that the others change."""
    weights = discriminator_weights(real.shape[1].value, config.hidden_size)

    def judge(x):
        return discriminator(x, weights, config.alpha)

    disc_loss = cross_entropies(judge(real), judge(generated))  # real logits -> 1, fakes -> 0
    gen_loss = cross_entropy(1., judge(generated))              # fake logits -> 1, for G
    return Game(weights, disc_loss, gen_loss)


def label_smoothing(real, generated, epsilon, config):
    """D's label of real data is 1 - `label_smooth` (Salimans et al. 2016, section 3.4)."""
    weights = discriminator_weights(real.shape[1].value, config.hidden_size)

    def judge(x):
        return discriminator(x, weights, config.alpha)

    disc_loss = cross_entropies(judge(real), judge(generated), label=1 - config.label_smooth)
    gen_loss = cross_entropy(1., judge(generated))
    return Game(weights, disc_loss, gen_loss)


def minibatch_stddev(real, generated, epsilon, config):
    """D's second layer also sees the standard deviation of its first over groups of samples.

    A group has `group_size` samples (Karras et al. 2017, section 3; as in `progressive_gan.py`).
    """
    weights = discriminator_weights(real.shape[1].value, config.hidden_size, more=1)

    def judge(x):
        return discriminator(x, weights, config.alpha,
                             between=lambda hidden: with_stddev(hidden, config.group_size))

    disc_loss = cross_entropies(judge(real), judge(generated))
    gen_loss = cross_entropy(1., judge(generated))
    return Game(weights, disc_loss, gen_loss)


def wasserstein(real, generated, epsilon, config):
    """Losses are means of scores, and D's weights are clipped (Arjovsky et al. 2017).

    J_D = E_z[l(G(z))] - E_x[l(x)], J_G = -E_z[l(G(z))]; after each update of D its weights are
    clipped to [-`clip_value`, `clip_value`].
    """
    weights = discriminator_weights(real.shape[1].value, config.hidden_size)

    def judge(x):
        return discriminator(x, weights, config.alpha)

    disc_loss = difference(judge(real), judge(generated))
    gen_loss = -tf.reduce_mean(judge(generated))  # fake scores -> high, for the generator
    return Game(weights, disc_loss, gen_loss, config.clip_value)


def wasserstein_gp(real, generated, epsilon, config):
    """Losses are means of scores, and the slope of D is held near 1 (Gulrajani et al. 2017).

    J_D = E_z[l(G(z))] - E_x[l(x)] + `penalty_weight` E[(|grad l(x^)|_2 - 1)^2], with x^ on lines
    between x and G(z); J_G = -E_z[l(G(z))].
    """
    weights = discriminator_weights(real.shape[1].value, config.hidden_size)

    def judge(x):
        return discriminator(x, weights, config.alpha)

    disc_loss = difference(judge(real), judge(generated))
    disc_loss += config.penalty_weight * gradient_penalty(judge, real, generated, epsilon)
    gen_loss = -tf.reduce_mean(judge(generated))  # fake scores -> high, for the generator
    return Game(weights, disc_loss, gen_loss)


def packing(real, generated, epsilon, config):
    """D judges packs of `pack` samples, all real or all fake (Lin et al. 2018, PacGAN)."""
    weights = discriminator_weights(config.pack * real.shape[1].value, config.hidden_size)

    def judge(x):
        return discriminator(packed(x, config.pack), weights, config.alpha)

    disc_loss = cross_entropies(judge(real), judge(generated))
    gen_loss = cross_entropy(1., judge(generated))
    return Game(weights, disc_loss, gen_loss)


def unrolling(real, generated, epsilon, config):
    """J_G is computed with D as it is k steps ahead (Metz et al. 2016, equations 7 to 11).

    D's weights in J_G are w_k, where w_0 = w and w_(i+1) = w_i - eta dJ_D(w_i) / dw_i; k is
    `unrolled_steps`, eta `unrolled_rate`. The gradient of J_G goes through all w_i, which depend on
    G, so it takes D's reaction into account. D itself is trained as usual.
    """
    weights = discriminator_weights(real.shape[1].value, config.hidden_size)

    def disc_loss_of(weights):
        return cross_entropies(discriminator(real, weights, config.alpha),
                               discriminator(generated, weights, config.alpha))

    disc_loss = disc_loss_of(weights)
    ahead = unrolled(weights, disc_loss_of, config.unrolled_steps, config.unrolled_rate)
    gen_loss = cross_entropy(1., discriminator(generated, ahead, config.alpha))
    return Game(weights, disc_loss, gen_loss)


GAMES = {"none": plain, "label_smoothing": label_smoothing, "minibatch_stddev": minibatch_stddev,
         "wasserstein": wasserstein, "wasserstein_gp": wasserstein_gp, "packing": packing,
         "unrolling": unrolling}


# --- what the games are made of ---

def discriminator_weights(inputs, hidden, more=0):
    """The discriminator's variables: kernel and bias of each of its three layers.

    The second layer has `more` inputs in addition to the units of the first.
    """
    weights = []
    for name, shape in (("dense", (inputs, hidden)), ("dense_1", (hidden + more, hidden)),
                        ("dense_2", (hidden, 1))):
        with tf.variable_scope(f"discriminator/{name}"):
            weights += [
                tf.get_variable("kernel", shape, initializer=tf.glorot_uniform_initializer()),
                tf.get_variable("bias", shape[1], initializer=tf.zeros_initializer())]
    return weights


def discriminator(x, weights, alpha, between=lambda hidden: hidden):
    """Samples or packs [B, n] to logits, or a critic's scores, [B, 1].

    `weights` are the variables of `discriminator_weights`, or tensors after unrolled steps.
    `between` maps the output of the first layer to the input of the second.
    """
    kernel, bias, kernel_1, bias_1, kernel_2, bias_2 = weights
    x = between(leaky(x @ kernel + bias, alpha))       # [B,n] -> [B,64], or [B,65]
    x = leaky(x @ kernel_1 + bias_1, alpha)            # -> [B,64]
    return x @ kernel_2 + bias_2                       # -> [B,1]


def leaky(x, alpha):
    """Leaky ReLU. `tf.nn.leaky_relu` has a fused gradient op that can fail in the graph rewriter."""
    return tf.maximum(alpha * x, x)


def packed(x, pack):
    """Samples [B, n] as packs [B / pack, pack n] of `pack` consecutive samples."""
    return tf.reshape(x, (-1, pack * x.shape[1].value))


def with_stddev(x, group_size):
    """[B, n] with one more number, [B, n + 1]: the mean standard deviation within a group.

    Sample i is in group i mod (B / group_size).
    """
    groups = tf.reshape(x, (group_size, -1, x.shape[1].value))              # -> [g,B/g,n]
    variance = tf.reduce_mean(tf.square(groups - tf.reduce_mean(groups, 0)), 0)
    stddev = tf.reduce_mean(tf.sqrt(variance + EPSILON), 1, keepdims=True)  # -> [B/g,1]
    return tf.concat([x, tf.tile(stddev, (group_size, 1))], 1)


def cross_entropy(label, logits):
    """The scalar mean of -label log D - (1 - label) log(1 - D), in nats."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=label * tf.ones_like(logits), logits=logits))


def cross_entropies(logits_real, logits_fake, label=1.):
    """The discriminator's scalar loss, in nats: real logits -> `label`, fake logits -> 0."""
    return cross_entropy(label, logits_real) + cross_entropy(0., logits_fake)


def difference(scores_real, scores_fake):
    """The critic's scalar loss: scores of real data -> high, of fakes -> low."""
    return tf.reduce_mean(scores_fake) - tf.reduce_mean(scores_real)


def gradient_penalty(critic, real, generated, epsilon):
    """The scalar mean of (|grad l(x^)| - 1)^2; `critic` maps samples [B, n] to scores [B, 1]."""
    interpolated = epsilon * real + (1 - epsilon) * generated
    [grads] = tf.gradients(critic(interpolated), [interpolated])               # -> [B,n]
    norms = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + ROOT_EPSILON)    # -> [B]
    return tf.reduce_mean(tf.square(norms - 1))


def unrolled(weights, loss_of, steps, rate):
    """`weights` after `steps` of gradient descent on `loss_of(weights)`, as tensors."""
    for _ in range(steps):
        grads = tf.gradients(loss_of(weights), weights)
        weights = [weight - rate * grad for weight, grad in zip(weights, grads)]
    return weights
