"""A GAN that loses modes on demand, and six remedies against that: temperatures or digits.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "Mode collapse", figures 6.23 and 6.24, without code or numbers: a generator that imitates
one of two cities and changes to the other when the discriminator has caught up, over and over, and
generators of only some digits. The networks are dense and work on vectors [B, n]: n is 1 for
temperatures, 784 for digits. The collapse comes from the training alone: on the cities from
`gen_steps`, the generator's updates per step, on digits from Adam's learning rate and momentum.

Losses, with D the discriminator's probability and l its logit or a critic's score::

    J_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))]          J_G = -E_z[log D(G(z))]

    x       real       data, scaled to [-1, 1]
    z       noise      normal, mean 0 and standard deviation 1
    G(z)    generated  the range of tanh
    J_D     disc_loss
    J_G     gen_loss   non-saturating

What each `remedy` changes, and nothing else:

- label_smoothing: D's label of real data is 1 - `label_smooth` (Salimans et al. 2016, section 3.4).
- minibatch_stddev: D's second layer also sees the standard deviation of its first over groups of
  `group_size` samples (Karras et al. 2017, section 3; as in `progressive_gan.py`).
- wasserstein: J_D = E_z[l(G(z))] - E_x[l(x)], J_G = -E_z[l(G(z))], and D's weights are clipped to
  [-`clip_value`, `clip_value`] after each update (Arjovsky et al. 2017).
- wasserstein_gp: the same without the clip, with J_D + `penalty_weight` E[(|grad l(x^)|_2 - 1)^2] on
  lines between x and G(z) (Gulrajani et al. 2017).
- packing: D judges packs of `pack` samples, all real or all fake (Lin et al. 2018, PacGAN).
- unrolling: J_G is that of D with the weights w_k, where w_0 = w and w_(i+1) = w_i - eta dJ_D(w_i) /
  dw_i; k is `unrolled_steps`, eta `unrolled_rate`. The gradient of J_G goes through all w_i, which
  depend on G: it knows D's reaction (Metz et al. 2016, equations 7 to 11). D is trained as usual.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from gan_tf1.config import setting
from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf

CHAPTER = "remedies_gan"
SAMPLES = {1: "points", 784: "images"}  # by the size of a sample: temperatures, digits
LOGGED = ("iteration", "sample_interval")  # the log counts iterations; an interval is a row of it
SAMPLE_RANGE = (-1, 1)  # the range of tanh
REMEDIES = ("none", "label_smoothing", "minibatch_stddev", "wasserstein", "wasserstein_gp",
            "packing", "unrolling")
CRITICS = ("wasserstein", "wasserstein_gp")
EPSILON = 1e-8        # inside the root of the standard deviation, as in `progressive_gan.py`
ROOT_EPSILON = 1e-12  # inside the root of the norm, as in `wasserstein_gan_gp.py`


@dataclass(frozen=True)
class Config:
    """Our own numbers, except a remedy's, which are those of its paper if it has any."""
    iterations: int = setting(5000, "training steps", at_least=1)
    sample_interval: int = setting(25, "steps between samples, losses and checkpoints", at_least=1)
    disc_steps: int = setting(1, "discriminator updates per step", at_least=1, at_most=100)
    gen_steps: int = setting(3, "generator updates per step: 1 keeps the modes, more lose them",
                             at_least=1, at_most=100)
    remedy: str = setting("none", "remedy against mode collapse: " + ", ".join(REMEDIES),
                          choices=REMEDIES)
    batch_size: int = setting(64, "real samples per update, and as many generated ones", at_least=1)
    learning_rate: float = setting(0.0005, "Adam's learning rate for both networks", above=0)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    z_dim: int = setting(16, "latent dimension", at_least=1)
    hidden_size: int = setting(64, "units of each of the two hidden layers of each network",
                               at_least=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    label_smooth: float = setting(0.1, "label_smoothing: subtracted from the label 1 of real data",
                                  at_least=0, below=1)
    group_size: int = setting(4, "minibatch_stddev: samples over which the standard deviation is "
                              "taken", at_least=1)
    clip_value: float = setting(0.05, "wasserstein: largest absolute value of the critic's weights",
                                above=0)
    penalty_weight: float = setting(10.0, "wasserstein_gp: weight of the penalty", at_least=0)
    pack: int = setting(2, "packing: samples that are judged together", at_least=1)
    unrolled_steps: int = setting(5, "unrolling: k, updates that the generator looks ahead",
                                  at_least=0, at_most=50)
    unrolled_rate: float = setting(0.1, "unrolling: eta, the learning rate of each", above=0)
    samples: int = setting(400, "samples drawn from the generator after each interval",
                           at_least=1, at_most=1024)


def check(config):
    """Raise InputError if a batch can't be divided as the remedy requires."""
    for remedy, flag, size in (("minibatch_stddev", "group-size", config.group_size),
                               ("packing", "packing", config.pack)):
        if config.remedy == remedy and config.batch_size % size:
            raise InputError(f"--batch-size {config.batch_size} must be a multiple of --{flag} "
                             f"{size}")


def model_inputs(size, z_dim):
    """Placeholders: data [B, size] in [-1, 1], noise [B, z_dim], epsilon [B, 1] in [0, 1)."""
    real = tf.placeholder(tf.float32, (None, size), name="real")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    epsilon = tf.placeholder(tf.float32, (None, 1), name="epsilon")
    return real, noise, epsilon


def leaky(x, alpha):
    """Leaky ReLU; unlike `tf.nn.leaky_relu`, its gradient has a gradient."""
    return tf.maximum(alpha * x, x)


def generator(z, size, config):
    """Noise [B, z_dim] to samples [B, size] in (-1, 1)."""
    with tf.variable_scope("generator"):
        x = leaky(tf.layers.dense(z, config.hidden_size), config.alpha)    # [B,16] -> [B,64]
        x = leaky(tf.layers.dense(x, config.hidden_size), config.alpha)    # -> [B,64]
        return tf.layers.dense(x, size, activation=tf.tanh)                # -> [B,n]


def discriminator_weights(size, config):
    """The discriminator's variables: kernel and bias of each of its three layers."""
    inputs = size * config.pack if config.remedy == "packing" else size
    hidden = config.hidden_size
    told = hidden + 1 if config.remedy == "minibatch_stddev" else hidden
    weights = []
    for name, shape in (("dense", (inputs, hidden)), ("dense_1", (told, hidden)),
                        ("dense_2", (hidden, 1))):
        with tf.variable_scope(f"discriminator/{name}"):
            weights += [
                tf.get_variable("kernel", shape, initializer=tf.glorot_uniform_initializer()),
                tf.get_variable("bias", shape[1], initializer=tf.zeros_initializer())]
    return weights


def discriminator(x, weights, config):
    """Samples [B, n] to logits, or a critic's scores, [B, 1]; if packed, [B / pack, 1].

    `weights` are tensors: those of `discriminator_weights`, or those after unrolled steps.
    """
    kernel, bias, kernel_1, bias_1, kernel_2, bias_2 = weights
    if config.remedy == "packing":
        x = tf.reshape(x, (-1, config.pack * x.shape[1].value))    # [B,n] -> [B/2,2n]
    x = leaky(x @ kernel + bias, config.alpha)                     # -> [B,64]
    if config.remedy == "minibatch_stddev":
        x = minibatch_stddev(x, config.group_size)                 # -> [B,65]
    x = leaky(x @ kernel_1 + bias_1, config.alpha)                 # -> [B,64]
    return x @ kernel_2 + bias_2                                   # -> [B,1]


def minibatch_stddev(x, group_size):
    """[B, n] with one more number, [B, n + 1]: the mean standard deviation within a group.

    Sample i is in group i mod (B / group_size).
    """
    groups = tf.reshape(x, (group_size, -1, x.shape[1].value))                # -> [g,B/g,n]
    variance = tf.reduce_mean(tf.square(groups - tf.reduce_mean(groups, 0)), 0)
    stddev = tf.reduce_mean(tf.sqrt(variance + EPSILON), 1, keepdims=True)  # -> [B/g,1]
    return tf.concat([x, tf.tile(stddev, (group_size, 1))], 1)


def gradient_penalty(critic, real, generated, epsilon):
    """The scalar mean of (|grad l(x^)| - 1)^2; `critic` maps samples [B, n] to scores [B, 1]."""
    interpolated = epsilon * real + (1 - epsilon) * generated
    [grads] = tf.gradients(critic(interpolated), [interpolated])               # -> [B,n]
    norms = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + ROOT_EPSILON)    # -> [B]
    return tf.reduce_mean(tf.square(norms - 1))


def cross_entropy(label, logits):
    """The scalar mean of -label log D - (1 - label) log(1 - D), in nats."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=label * tf.ones_like(logits), logits=logits))


def discriminator_loss(logits_real, logits_fake, config):
    """The discriminator's scalar loss, without the penalty of a critic."""
    if config.remedy in CRITICS:
        # scores of real data -> high, of fakes -> low
        return tf.reduce_mean(logits_fake) - tf.reduce_mean(logits_real)
    # real logits -> 1, or 0.9 if smoothed; fake logits -> 0
    label = 1 - config.label_smooth if config.remedy == "label_smoothing" else 1.
    return cross_entropy(label, logits_real) + cross_entropy(0., logits_fake)


def generator_loss(logits_fake, config):
    """The generator's scalar loss."""
    if config.remedy in CRITICS:
        # fake scores -> high, for the generator
        return -tf.reduce_mean(logits_fake)
    # fake logits -> 1, for the generator
    return cross_entropy(1., logits_fake)


def unrolled(weights, loss_of, steps, rate):
    """`weights` after `steps` of gradient descent on `loss_of(weights)`, as tensors."""
    for _ in range(steps):
        grads = tf.gradients(loss_of(weights), weights)
        weights = [weight - rate * grad for weight, grad in zip(weights, grads)]
    return weights


def clipped(weights, clip_value, after):
    """Clip each variable to [-clip_value, clip_value] after the op `after`."""
    with tf.name_scope("clip"), tf.control_dependencies([after]):
        # A new read: a read from before may have the value that the update has replaced.
        return tf.group(*(tf.assign(weight, tf.clip_by_value(weight.read_value(), -clip_value,
                                                             clip_value)) for weight in weights))


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config):
    """Two Adam steps `(disc_opt, gen_opt)`, each of its own network's variables.

    The first of a clipped critic includes the clip.
    """
    adam = dict(learning_rate=config.learning_rate, beta1=config.beta1)
    # A critic's loss is linear in its scores: without this it might be read after the update.
    with tf.control_dependencies([disc_loss]):
        with tf.name_scope("disc_opt"):
            disc_opt = tf.train.AdamOptimizer(**adam).minimize(disc_loss, var_list=disc_vars)
    if config.remedy == "wasserstein":
        disc_opt = clipped(disc_vars, config.clip_value, after=disc_opt)
    with tf.control_dependencies([gen_loss]):
        with tf.name_scope("gen_opt"):
            gen_opt = tf.train.AdamOptimizer(**adam).minimize(gen_loss, var_list=gen_vars)
    return disc_opt, gen_opt


class GAN(NamedTuple):
    """The tensors and ops that training and sampling need."""
    real: Any         # [B, n] in [-1, 1]
    noise: Any        # [B, z_dim]
    epsilon: Any      # [B, 1] in [0, 1): only for wasserstein_gp
    generated: Any    # [B, n] in (-1, 1)
    disc_loss: Any
    gen_loss: Any
    gen_vars: list
    disc_vars: list
    disc_opt: Any
    gen_opt: Any


def build(config, size):
    """Build the whole graph for vectors [B, size] in the current default graph."""
    check(config)
    real, noise, epsilon = model_inputs(size, config.z_dim)
    generated = generator(noise, size, config)
    gen_vars = tf.trainable_variables("generator/")
    disc_vars = discriminator_weights(size, config)
    assert gen_vars + disc_vars == tf.trainable_variables(), "a variable in neither network"

    def loss_of(weights):
        loss = discriminator_loss(discriminator(real, weights, config),
                                  discriminator(generated, weights, config), config)
        if config.remedy == "wasserstein_gp":
            loss += config.penalty_weight * gradient_penalty(
                lambda x: discriminator(x, weights, config), real, generated, epsilon)
        return loss

    disc_loss, judges = loss_of(disc_vars), disc_vars
    if config.remedy == "unrolling":
        judges = unrolled(disc_vars, loss_of, config.unrolled_steps, config.unrolled_rate)
    gen_loss = generator_loss(discriminator(generated, judges, config), config)
    disc_opt, gen_opt = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config)
    return GAN(real, noise, epsilon, generated, disc_loss, gen_loss, gen_vars, disc_vars, disc_opt,
               gen_opt)


def rebuild(config, sample_shape, epoch):
    """The graph of a run whose samples are [count, n], for sampling."""
    return build(config, sample_shape[-1])


def step(sess, gan, train_set, rng, config):
    """The discriminator's updates, then the generator's, each on its own batch and noise.

    Returns the losses of the last of each, before its update. All remedies draw the same numbers.
    """
    def batch():
        idx = rng.integers(0, train_set.num_examples, config.batch_size)
        return {gan.real: train_set.images[idx] * 2 - 1,  # to the range of tanh
                gan.noise: rng.normal(0, 1, (config.batch_size, config.z_dim)),
                gan.epsilon: rng.uniform(0, 1, (config.batch_size, 1))}

    for _ in range(config.disc_steps):
        disc_loss, _ = sess.run([gan.disc_loss, gan.disc_opt], batch())
    for _ in range(config.gen_steps):
        gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], batch())
    return disc_loss, gen_loss


def report(sess, gan, taken):
    """The figures of an interval are those of its last step."""
    disc_loss, gen_loss = taken
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss)}


def log_line(iteration, iterations, losses):
    """The line after `iteration` steps."""
    return (f"Iteration {iteration}... Disc Loss: {losses['disc_loss']:.3f}... "
            f"Gen Loss: {losses['gen_loss']:.3f}")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z):
    """The images of latent vectors `z` [n, z_dim], or temperatures: [n, 784], [n, 1] in (-1, 1)."""
    return sess.run(gan.generated, {gan.noise: z})


def sample(sess, gan, rng, count, config):
    """`count` new samples from normal noise, [count, 1] or [count, 784] in (-1, 1)."""
    return generate(sess, gan, latent(rng, count, config))
