"""The Wasserstein GAN: a critic whose weights are clipped, in place of a discriminator, on MNIST.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "Wasserstein GAN". The chapter's API is Keras. Here
is the graph that this API builds, and a test trains both from the same weights:
after 10 iterations all weights, moving averages and RMSProp's slots are equal.

Arjovsky et al. 2017, equations 2 and 3, and what clipping makes of them::

    W(p_data, p_g) = sup_{|f|_L <= 1} E_x[f(x)] - E_z[f(G(z))]
    min_G max_{w in [-c, c]} E_x[f_w(x)] - E_z[f_w(G(z))]

    x          real_imgs                images in [-1, 1]
    z          noise                    normal noise, mean 0 and deviation 1
    G(z)       generated                tanh, batch norm by the batch: what G is trained through
               fake_imgs                tanh, batch norm by moving averages: what f is trained on
    f_w(x)     disc_scores              the critic's scores of a batch of one kind, any real number
    f_w(G(z))  gan_scores
    w, c       disc_vars, clip_value    all weights of the critic, biases too, and where they end
    max_w ...  estimate                 of the critic as it stands after its last clip

A loss is the mean of labels y times scores. With -1 for real and 1 for fake the
critic descends on -E_x[f(x)] and E_z[f(G(z))], the generator, whose images are
labelled -1, on -E_z[f(G(z))]: a high score is "real". Clipping makes f K-Lipschitz,
not 1-: at best `estimate` is K times the distance, and only its course can be read.

The section prints the loss, the loop that clips, and the numbers below, and says
that any generator and discriminator will do. Chosen here:

- The networks are the dense ones of the section "Vanilla GAN", the critic's without
  its sigmoid: nearest in the chapter, and quick without a GPU. Of a critic with batch
  norm, as convolutional ones have it, the printed loop would clip the averages too.
- The loop is that of Keras-GAN, from which the chapter's code stems: five rounds of
  new real images, new noise, an update on real images, one on fakes, then the clip.
  (Glorot's weights reach beyond it, and the very first round begins with those.)
  Then one update of the generator, on new noise, as in the chapter's other
  sections; Keras-GAN takes the last round's again.
- No log is printed. The line is that of the other sections, with the estimate in
  the place of an accuracy, which scores don't have. Keras-GAN prints 1 - loss.

What Keras does without saying so, and what decides the numbers:

=====================================  ===========================================================
Keras                                  here
=====================================  ===========================================================
`RMSprop(0.00005)`                     v <- 0.9 v + 0.1 g^2, from 0; w <- w - 0.00005 g / (sqrt(v) +
                                       epsilon), epsilon 1e-7: so in the chapter's TensorFlow 2.4.1,
                                       and in `keras.optimizers.legacy`. Today's Keras divides by
                                       sqrt(v + epsilon), which shortens steps where gradients are
                                       near 3e-4, or below: `--epsilon-in-root`. So does TF1's own,
                                       which starts v at 1: first steps a thousand times shorter
`generator.predict(noise)`             batch norm by the moving averages
`gan_model.train_on_batch`             batch norm by the batch; its averages move here, and only
                                       here, once an iteration, by momentum 0.8
two `discriminator.train_on_batch`     two updates with the same v; the second's loss is that after
                                       the first update
`l.set_weights(clipped)`               sets weights alone: v goes on as it was
`discriminator.trainable = False`,     the critic keeps training on its own; in the combined model
set after `compile`                    only the generator's weights move
weights                                Glorot uniform, biases 0: as in `tf.layers`
=====================================  ===========================================================

What is printed, what happens, and what is done here:

=====================================  =============================  ===========================
printed                                what happens                   here
=====================================  =============================  ===========================
the text: the loss is the mean of the  the code has the mean of       as in the code
critic's scores and the true labels    their product
the clip is needed for the             f is K-Lipschitz, K at most    `estimate` is compared with
1-Lipschitz condition                  3.67: all weights 0.01         itself alone
figure 6.16: W-GAN's generator loss    add a number to all scores:    `estimate` has a column of
and the samples' quality               that loss moves, nothing else  its own
=====================================  =============================  ===========================
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.tf1 import tf

CHAPTER = "wasserstein_gan"
SAMPLES = "images"
LOGGED = ("iteration", None)  # the log's unit: a row of losses.csv is one
SAMPLE_RANGE = (-1, 1)  # that of tanh
INPUT_SIZE = 784  # 28 x 28 pixels, flattened: all layers are dense
RHO = 0.9         # decay of RMSProp's mean of squares, Keras' default
EPSILON = 1e-7    # of RMSProp, Keras' default
MOMENTUM = 0.8    # of the moving averages


@dataclass(frozen=True)
class Config:
    """The section's numbers under "key changes"; what it leaves unsaid is the vanilla GAN's."""
    iterations: int = setting(30_000, "training steps of the generator", at_least=1)
    sample_interval: int = setting(200, "iterations between samples and checkpoints", at_least=1)
    n_critic: int = setting(5, "rounds of the critic an iteration", at_least=1, at_most=1000)
    clip_value: float = setting(0.01, "largest absolute value of the critic's weights", above=0)
    batch_size: int = setting(128, "real images a round, and as many of the generator's",
                              at_least=1)
    z_dim: int = setting(100, "numbers in a latent vector", at_least=1, at_most=100_000)
    learning_rate: float = setting(0.00005, "RMSProp's step size, for both networks", above=0)
    epsilon_in_root: bool = setting(False, "RMSProp adds its epsilon within the root, as today's "
                                    "Keras does (default: to the root, as the chapter's does)")
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    hidden_size: int = setting(256, "units of the smallest hidden layer of either network; the "
                               "others have two and four times as many", at_least=1,
                               at_most=10_000)
    samples: int = setting(16, "images drawn from the generator at each interval; 1000 for "
                           "wasserstein_estimate.py", at_least=1, at_most=1024)


def model_inputs(input_size, z_dim):
    """Placeholders: images [B, input_size] in [-1, 1], labels [B, 1] (1 fake), noise [B, z_dim]."""
    imgs = tf.placeholder(tf.float32, (None, input_size), name="imgs")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    noise = tf.placeholder(tf.float32, (None, z_dim), name="noise")
    return imgs, y, noise


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


def wasserstein_loss(y_true, y_pred):
    """The chapter's loss: the mean of labels [B, 1] times scores [B, 1], in the critic's units."""
    return tf.reduce_mean(y_true * y_pred)


def model_loss(disc_scores, y, gan_scores, fake_scores):
    """The scalars `(disc_loss, gen_loss, estimate)` of scores and labels [B, 1]."""
    with tf.name_scope("disc_loss"):
        # scores of a real image -> high, of a fake one -> low: what y says
        disc_loss = wasserstein_loss(y, disc_scores)
    with tf.name_scope("gen_loss"):
        # fake scores -> high, seen from the generator
        gen_loss = wasserstein_loss(-tf.ones_like(gan_scores), gan_scores)
    with tf.name_scope("estimate"):  # here disc_scores must be of real images
        estimate = tf.reduce_mean(disc_scores) - tf.reduce_mean(fake_scores)
    return disc_loss, gen_loss, estimate


def split_vars():
    """The trainable variables `(gen_vars, disc_vars)`, told apart by their scope's name."""
    trainable_vars = tf.trainable_variables()
    gen_vars = [var for var in trainable_vars if var.name.startswith("generator")]
    disc_vars = [var for var in trainable_vars if var.name.startswith("discriminator")]
    assert len(gen_vars) + len(disc_vars) == len(trainable_vars), "a variable in neither network"
    return gen_vars, disc_vars


def rmsprop(loss, var_list, learning_rate, epsilon_in_root):
    """One step of Keras' RMSprop down the gradient of `loss`, by the formula at the top.

    Written out, because no optimizer of TF1 adds epsilon there, or starts v at 0.
    """
    # A loss that is linear in its scores has a gradient that doesn't wait for them: without this
    # the scores, and so the loss, might be those of weights that have moved.
    with tf.control_dependencies([loss]):
        grads = tf.gradients(loss, var_list)
    steps = []
    with tf.control_dependencies(grads):  # nor does a weight move while a gradient needs it
        for var, grad in zip(var_list, grads):
            v = tf.get_variable(f"{var.op.name}/RMSProp", var.shape, trainable=False,
                                initializer=tf.zeros_initializer())
            v = tf.assign(v, RHO * v + (1 - RHO) * tf.square(grad))
            root = tf.sqrt(v + EPSILON) if epsilon_in_root else tf.sqrt(v) + EPSILON
            steps.append(tf.assign_sub(var, learning_rate * grad / root))
    return tf.group(*steps)


def clip(var_list, clip_value, after):
    """Clip each weight to [-clip_value, clip_value], once the op `after` is done."""
    with tf.control_dependencies([after]):
        # read_value() reads here and now; the variable itself stands for a read made with it,
        # which waits for nothing.
        return tf.group(*(tf.assign(var, tf.clip_by_value(var.read_value(), -clip_value,
                                                          clip_value)) for var in var_list))


def model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config):
    """RMSProp steps `(disc_opt, disc_opt_clip, gen_opt)`.

    The second is the first and then the clip; the third moves the generator's averages too.
    """
    step = dict(learning_rate=config.learning_rate, epsilon_in_root=config.epsilon_in_root)
    with tf.name_scope("disc_opt"):
        disc_opt = rmsprop(disc_loss, disc_vars, **step)
    with tf.name_scope("disc_opt_clip"):
        disc_opt_clip = clip(disc_vars, config.clip_value, after=disc_opt)
    # Only the generator has batch norm, and only its pass in training mode has update ops.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        with tf.name_scope("gen_opt"):
            gen_opt = rmsprop(gen_loss, gen_vars, **step)
    return disc_opt, disc_opt_clip, gen_opt


class GAN(NamedTuple):
    """What training and sampling need of the graph."""
    imgs: Any           # [B, 784] in [-1, 1]
    y: Any              # [B, 1], -1 = real, 1 = fake
    noise: Any          # [B, z_dim]
    fake_imgs: Any      # [B, 784] in (-1, 1), by the moving averages
    disc_loss: Any
    gen_loss: Any
    estimate: Any       # of real images in imgs, and of fake_imgs
    gen_vars: list      # the generator's weights and moving averages: what sampling needs
    disc_vars: list
    disc_opt: Any
    disc_opt_clip: Any  # an update, and then the clip
    gen_opt: Any


def build(config):
    """The whole graph, in the current default graph."""
    imgs, y, noise = model_inputs(INPUT_SIZE, config.z_dim)

    size = dict(alpha=config.alpha, hidden_size=config.hidden_size)
    generated = generator(noise, INPUT_SIZE, **size)
    fake_imgs = generator(noise, INPUT_SIZE, reuse=True, training=False, **size)
    saved_vars = tf.global_variables("generator/")
    disc_scores = discriminator(imgs, **size)
    gan_scores = discriminator(generated, reuse=True, **size)
    fake_scores = discriminator(fake_imgs, reuse=True, **size)

    disc_loss, gen_loss, estimate = model_loss(disc_scores, y, gan_scores, fake_scores)
    gen_vars, disc_vars = split_vars()
    disc_opt, disc_opt_clip, gen_opt = model_opt(disc_loss, gen_loss, gen_vars, disc_vars, config)
    return GAN(imgs, y, noise, fake_imgs, disc_loss, gen_loss, estimate, saved_vars, disc_vars,
               disc_opt, disc_opt_clip, gen_opt)


def step(sess, gan, dataset, rng, config):
    """One iteration of that loop; returns what `report` makes its figures of."""
    real_y, fake_y = -np.ones((config.batch_size, 1)), np.ones((config.batch_size, 1))
    for _ in range(config.n_critic):
        idx = rng.integers(0, dataset.num_examples, config.batch_size)
        real_imgs = dataset.images[idx] * 2 - 1  # to the range of tanh
        noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
        fake_imgs = sess.run(gan.fake_imgs, {gan.noise: noise})
        real, _ = sess.run([gan.disc_loss, gan.disc_opt], {gan.imgs: real_imgs, gan.y: real_y})
        fake, _ = sess.run([gan.disc_loss, gan.disc_opt_clip],
                           {gan.imgs: fake_imgs, gan.y: fake_y})
    estimate = sess.run(gan.estimate, {gan.imgs: real_imgs, gan.fake_imgs: fake_imgs})

    noise = rng.normal(0, 1, (config.batch_size, config.z_dim))
    gen_loss, _ = sess.run([gan.gen_loss, gan.gen_opt], {gan.noise: noise})
    return real, fake, estimate, gen_loss


def report(real, fake, estimate, gen_loss):
    """The figures of an iteration, of the critic those of its last round."""
    disc_loss = 0.5 * np.add(real, fake, dtype=np.float64)
    return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss), "estimate": float(estimate)}


def log_line(iteration, losses):
    """The line after `iteration`, counted from 0, in the manner of the chapter's others."""
    return (f"{iteration} [Discriminator loss: {losses['disc_loss']:f}, "
            f"estimate: {losses['estimate']:f}] [Generator loss: {losses['gen_loss']:f}]")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_dim]."""
    return rng.normal(0, 1, (count, config.z_dim))


def generate(sess, gan, z):
    """The images of latent vectors `z` [n, z_dim]: [n, 784] in (-1, 1), by the moving averages."""
    return sess.run(gan.fake_imgs, {gan.noise: z})


def sample(sess, gan, rng, count, config):
    """`count` new images of normal noise, [count, 784] in (-1, 1), by the moving averages."""
    return generate(sess, gan, latent(rng, count, config))
