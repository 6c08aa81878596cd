"""The semi-supervised GAN: a discriminator that also reads, taught by few labels and many images.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating
New Images with CNN", section "Semi-supervised classification using a GAN
example"; the method is that of Salimans et al. 2016, sections 3.1 and 5. The
chapter leaves five bodies as `raise NotImplementedError`; they are filled in.

A softmax over the ten digits and an eleventh class, "fake" (l: its logits)::

    P(digit k | x) = exp(l_k) / sum exp(l)     class_logits
    P(real | x)    = sigmoid(log sum_digits exp(l) - l_fake)
                                               gan_logits, see `real_against_fake`

    D descends on  E_labelled[-log P(y | x)]                           class_loss
                 + E_x[-log P(real | x)] + E_z[-log P(fake | G(z))]    gan_loss
    G descends on  mean |E_x f(x) - E_z f(G(z))|                       feature_matching_loss

with f the features ahead of the last layer, averaged over the batch.

What the chapter prints, what happens, and what is done here; `variant` is
"as_printed" or "corrected" throughout, or mends one of the first four alone:

======================================  ==============================  ============================
printed                                 what happens                    corrected
======================================  ==============================  ============================
`relu2` is made of `x2`, not of `bn2`   that layer has no batch norm    `relu2` is made of `bn2`
`x7` is made of `relu5`, so `x6`,       148,000 weights without a       `x7` is made of `relu6`, and
`bn6`, `relu6` are dead                 gradient; it had to be: x7's    `x6` has stride 1
                                        3x3 doesn't fit x6's 2x2
`tf.layers.dropout` without             it returns its input            dropout fires at the rate
`training=True`                                                         that is fed, 0.5; 0 in tests
batch norm with `training=True` in      an image's class depends on     moving averages of the data,
tests too, UPDATE_OPS never run         the images tested beside it     updated with each `d_opt`
======================================  ==============================  ============================

What mending costs, in points of test accuracy with 1,000 labels, after 5 epochs of seed 1, on CIFAR-10
and on drawn street numbers: `relu2` -1.1 and -0.1; `x6` -3.2 and +1.1; dropout at 0.2 0.0 and -0.9;
averages -1.3 and +0.2; all four -2.5 and -2.2. Three seeds as printed lie within 1.2 and 2.6 points.
After 10 epochs and three seeds: all four -2.7 and -3.5.

======================================  ==============================  ============================
printed                                 what happens                    here, in every variant
======================================  ==============================  ============================
`label_mask * tf.to_float(eq)`          int32 times float32: TypeError  the mask is cast
placeholders of shape `(None)`          no shape at all; `squeeze` of   shape `(None,)`, no squeeze
                                        one label has no axis left
`sess.run([d_opt, g_opt, ...])`         TensorFlow may take a gradient  both gradients first, then
                                        before or after the other step  both steps
digit 0 is labelled 10 in the files     no class in the one-hot         0, see `gan_tf1.data.svhn`
`saver.save(..., 'generator.ckpt')`     all variables, under that name  both networks' variables
======================================  ==============================  ============================

Not slips, but decisive: a batch of 128 holds about three labelled images, so
the class loss of a step is that of three, or of none. `label_repeats` shows
them more often. Of an image that "fake" suits best, the eleventh logit takes
the class away: it counts as wrong. `extra_class=0` fixes that logit at 0.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import setting
from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

CHAPTER = "semi_supervised"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # that of tanh
REAL_SIZE = (32, 32, 3)
NUM_CLASSES = 10


class Slips(NamedTuple):
    """Which of the chapter's slips a discriminator keeps; the docstring says what each costs."""
    relu2_skips_bn2: bool
    dropout_never_fires: bool
    batch_statistics_at_test: bool
    x6_is_dead: bool


AS_PRINTED, CORRECTED = Slips(True, True, True, True), Slips(False, False, False, False)
VARIANTS = {
    "as_printed": AS_PRINTED,
    "corrected": CORRECTED,
    # As printed but for one slip, to see what that one costs.
    "mend_bn2": AS_PRINTED._replace(relu2_skips_bn2=False),
    "mend_dropout": AS_PRINTED._replace(dropout_never_fires=False),
    "mend_test_statistics": AS_PRINTED._replace(batch_statistics_at_test=False),
    "mend_x6": AS_PRINTED._replace(x6_is_dead=False),
}


@dataclass(frozen=True)
class Config:
    """The chapter's hyperparameters; those that it leaves unsaid are of the book it stems from."""
    variant: str = setting("as_printed", "the chapter's discriminator as it is printed, corrected, "
                           "or with one slip mended: " + ", ".join(VARIANTS),
                           choices=tuple(VARIANTS))
    supervised_only: bool = setting(False, "train the discriminator on the labelled examples "
                                    "alone, as often as the GAN would see images")
    num_labels: int = setting(1000, "training examples whose label counts", at_least=1)
    label_repeats: int = setting(1, "times that an epoch shows each labelled image; the others "
                                 "once", at_least=1, at_most=1000)
    extra_class: int = setting(1, "1: a logit for the fake class beside those of the digits; "
                               "0: that logit is fixed at 0", choices=(0, 1))
    epochs: int = setting(25, "passes over the training images", at_least=1)
    batch_size: int = setting(128, "images a step", at_least=2)
    z_size: int = setting(100, "numbers in a latent vector", at_least=1, at_most=100_000)
    learning_rate: float = setting(0.0003, "Adam's step size in the first epoch, for both "
                                   "networks", above=0)
    lr_shrink: float = setting(0.9, "what the step size is multiplied by after each epoch",
                               above=0, at_most=1)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    drop_rate: float = setting(0.5, "share of the units that are dropped, where dropout fires",
                               at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    g_size_mult: int = setting(32, "channels of the generator's last hidden layer", at_least=1,
                               at_most=1024)
    d_size_mult: int = setting(64, "channels of the discriminator's first layers", at_least=1,
                               at_most=1024)


def model_inputs(real_dim, z_dim, drop_rate):
    """Placeholders for images [B, *real_dim] in [-1, 1], noise [B, z_dim], y and label_mask [B].

    The chapter has the mask as int32; `model_loss` casts it. `drop_rate` is fed
    with 0 where no unit shall be dropped.
    """
    inputs_real = tf.placeholder(tf.float32, (None, *real_dim), name="input_real")
    inputs_z = tf.placeholder(tf.float32, (None, z_dim), name="input_z")
    y = tf.placeholder(tf.int32, (None,), name="y")
    label_mask = tf.placeholder(tf.int32, (None,), name="label_mask")
    drop_rate = tf.placeholder_with_default(np.float32(drop_rate), (), "drop_rate")
    return inputs_real, inputs_z, y, label_mask, drop_rate


def generator(z, output_dim, reuse=False, alpha=0.2, training=True, size_mult=128):
    """Noise [B, z] to images [B, 32, 32, output_dim] in (-1, 1)."""
    with tf.variable_scope("generator", reuse=reuse):
        x1 = tf.layers.dense(z, 4 * 4 * size_mult * 4)
        x1 = tf.reshape(x1, (-1, 4, 4, size_mult * 4))              # [B,100] -> [B,4,4,128]
        x1 = tf.layers.batch_normalization(x1, training=training)
        x1 = tf.maximum(alpha * x1, x1)

        x2 = tf.layers.conv2d_transpose(x1, size_mult * 2, 5, strides=2, padding="same")
        x2 = tf.layers.batch_normalization(x2, training=training)   # -> [B,8,8,64]
        x2 = tf.maximum(alpha * x2, x2)

        x3 = tf.layers.conv2d_transpose(x2, size_mult, 5, strides=2, padding="same")
        x3 = tf.layers.batch_normalization(x3, training=training)   # -> [B,16,16,32]
        x3 = tf.maximum(alpha * x3, x3)

        logits = tf.layers.conv2d_transpose(x3, output_dim, 5, strides=2, padding="same")
        return tf.tanh(logits)                                      # -> [B,32,32,3]


def discriminator(x, reuse=False, alpha=0.2, drop_rate=0., num_classes=NUM_CLASSES, size_mult=64,
                  extra_class=1, slips=AS_PRINTED, training=True, number=0):
    """Images [B, 32, 32, 3] in [-1, 1] to `(out, class_logits, gan_logits, features)`.

    out: probabilities [B, num_classes + extra_class]; class_logits: their logits;
    gan_logits [B]: P(real) = sigmoid(gan_logits); features [B, 2 * size_mult].
    `training=False` is the pass over test images of a discriminator without the
    slip of batch statistics. Passes with another `number` drop other units.
    """
    def batch_normalization(x):
        return tf.layers.batch_normalization(x, training=training or slips.batch_statistics_at_test)

    def dropout(x, rate, layer):
        if slips.dropout_never_fires:
            return tf.layers.dropout(x, rate=rate)  # its `training` is False by default
        return fresh_dropout(x, rate, number=10 * number + layer)

    with tf.variable_scope("discriminator", reuse=reuse):
        x = dropout(x, drop_rate / 2.5, 0)

        x1 = tf.layers.conv2d(x, size_mult, 3, strides=2, padding="same")  # -> [B,16,16,64]
        relu1 = tf.maximum(alpha * x1, x1)
        relu1 = dropout(relu1, drop_rate, 1)

        x2 = tf.layers.conv2d(relu1, size_mult, 3, strides=2, padding="same")  # -> [B,8,8,64]
        bn2 = batch_normalization(x2)
        relu2 = tf.maximum(alpha * x2, x2) if slips.relu2_skips_bn2 else tf.maximum(alpha * bn2, bn2)

        x3 = tf.layers.conv2d(relu2, size_mult, 3, strides=2, padding="same")  # -> [B,4,4,64]
        bn3 = batch_normalization(x3)
        relu3 = tf.maximum(alpha * bn3, bn3)
        relu3 = dropout(relu3, drop_rate, 3)

        x4 = tf.layers.conv2d(relu3, 2 * size_mult, 3, strides=1, padding="same")  # -> [B,4,4,128]
        bn4 = batch_normalization(x4)
        relu4 = tf.maximum(alpha * bn4, bn4)

        x5 = tf.layers.conv2d(relu4, 2 * size_mult, 3, strides=1, padding="same")  # -> [B,4,4,128]
        bn5 = batch_normalization(x5)
        relu5 = tf.maximum(alpha * bn5, bn5)

        # At the printed stride 2 a map of 2 x 2 is left, into which x7's kernel of 3 x 3 doesn't fit.
        stride = 2 if slips.x6_is_dead else 1
        x6 = tf.layers.conv2d(relu5, 2 * size_mult, 3, strides=stride, padding="same")
        bn6 = batch_normalization(x6)
        relu6 = tf.maximum(alpha * bn6, bn6)
        relu6 = dropout(relu6, drop_rate, 6)

        x7 = tf.layers.conv2d(relu5 if slips.x6_is_dead else relu6, 2 * size_mult, 3, strides=1,
                              padding="valid")                             # -> [B,2,2,128]
        # No batch norm here: it would give the features of data and of samples the same mean,
        # and feature matching would have nothing to match.
        relu7 = tf.maximum(alpha * x7, x7)

        features = tf.reduce_mean(relu7, axis=(1, 2))                      # -> [B,128]

        class_logits = tf.layers.dense(features, num_classes + extra_class)  # -> [B,11]
        out = tf.nn.softmax(class_logits)
        gan_logits = real_against_fake(class_logits, num_classes)
        return out, class_logits, gan_logits, features


def real_against_fake(class_logits, num_classes=NUM_CLASSES):
    """gan_logits [B] of class_logits [B, num_classes + extra_class].

    With l the logits of the softmax,

        P(real) = sum_real exp(l) / (sum_real exp(l) + exp(l_fake)) = sigmoid(gan_logits)
        gan_logits = log sum_real exp(l) - l_fake

    Without a fake class l_fake is 0: a softmax has one logit to spare.
    """
    real_class_logits = class_logits[:, :num_classes]
    fake_class_logits = tf.reduce_sum(class_logits[:, num_classes:], axis=1)  # 0 of none

    # log sum exp(l) = m + log sum exp(l - m), for any m. With the largest l as m, no exp overflows,
    # and one is exp(0), so that the log is finite; m may count as constant in the gradient.
    m = tf.stop_gradient(tf.reduce_max(real_class_logits, axis=1, keepdims=True))
    log_sum_exp = tf.squeeze(m, 1) + tf.log(tf.reduce_sum(tf.exp(real_class_logits - m), axis=1))
    return log_sum_exp - fake_class_logits


def model_loss(input_real, input_z, y, label_mask, drop_rate, config):
    """`(d_loss, g_loss, correct, masked_correct, samples)` of a batch, the losses in nats.

    correct: number of images that the discriminator as it is tested gets right;
    masked_correct: number of labelled images that its training pass does;
    samples: what the generator makes of `input_z`, [B, 32, 32, 3].
    """
    slips = VARIANTS[config.variant]
    options = dict(alpha=config.alpha, size_mult=config.d_size_mult,
                   extra_class=config.extra_class, slips=slips)

    g_model = generator(input_z, REAL_SIZE[2], alpha=config.alpha, size_mult=config.g_size_mult)
    d_on_data = discriminator(input_real, drop_rate=drop_rate, number=0, **options)
    _, class_logits_on_data, gan_logits_on_data, data_features = d_on_data
    d_on_samples = discriminator(g_model, reuse=True, drop_rate=drop_rate, number=1, **options)
    _, _, gan_logits_on_samples, sample_features = d_on_samples

    d_loss = class_loss(class_logits_on_data, y, label_mask)
    if not config.supervised_only:
        d_loss += gan_loss(gan_logits_on_data, gan_logits_on_samples)
    g_loss = feature_matching_loss(data_features, sample_features)

    masked_correct = tf.reduce_sum(tf.cast(label_mask, tf.float32) * right(class_logits_on_data, y))
    if not slips.batch_statistics_at_test:
        _, class_logits_on_data, _, _ = discriminator(input_real, reuse=True, training=False,
                                                      **options)
    correct = tf.reduce_sum(right(class_logits_on_data, y))
    return d_loss, g_loss, correct, masked_correct, g_model


def class_loss(class_logits, y, label_mask):
    """Mean softmax cross-entropy of the labelled examples: 0 for a batch without any."""
    # class logits of a labelled image -> its class, against the other digits and the fake class
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=tf.one_hot(y, class_logits.shape[1]), logits=class_logits)
    label_mask = tf.cast(label_mask, tf.float32)
    return tf.reduce_sum(label_mask * cross_entropy) / tf.maximum(1., tf.reduce_sum(label_mask))


def gan_loss(gan_logits_on_data, gan_logits_on_samples):
    """The binary half of the discriminator's loss: data, labelled or not, against samples."""
    # gan logits of data -> real
    loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones_like(gan_logits_on_data), logits=gan_logits_on_data))
    # gan logits of samples -> fake
    loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.zeros_like(gan_logits_on_samples), logits=gan_logits_on_samples))
    return loss_real + loss_fake


def feature_matching_loss(data_features, sample_features):
    """The generator's loss (Salimans et al. 2016, section 3.1, with L1): features [B, F]."""
    # mean features of samples -> mean features of data
    data_mean = tf.reduce_mean(data_features, axis=0)
    sample_mean = tf.reduce_mean(sample_features, axis=0)
    return tf.reduce_mean(tf.abs(data_mean - sample_mean))


def right(class_logits, y):
    """1 where the likeliest class is y [B], else 0: float32 [B]. The fake class is never right."""
    pred_class = tf.cast(tf.argmax(class_logits, 1), tf.int32)
    return tf.cast(tf.equal(y, pred_class), tf.float32)


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, told apart by their scope's name."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(d_loss, g_loss, learning_rate, config):
    """`(d_opt, g_opt, shrink_lr)`: both Adam steps, and the shrinking of the variable `learning_rate`.

    Run together, as the chapter does, both take their gradients where both
    networks stood before the step, whichever is applied first.
    """
    d_vars, g_vars = split_vars()
    d_adam = tf.train.AdamOptimizer(learning_rate, beta1=config.beta1, name="d_opt")
    g_adam = tf.train.AdamOptimizer(learning_rate, beta1=config.beta1, name="g_opt")
    d_gradients = d_adam.compute_gradients(d_loss, var_list=d_vars)
    g_gradients = g_adam.compute_gradients(g_loss, var_list=g_vars)

    # The dead branch has no gradient, and Adam passes over it.
    before = [gradient for gradient, _ in d_gradients + g_gradients if gradient is not None]
    if not VARIANTS[config.variant].batch_statistics_at_test:
        # Of the pass over data alone: it is data that will be tested.
        before += tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope="discriminator/")
    with tf.control_dependencies(before):
        d_opt = d_adam.apply_gradients(d_gradients, global_step=tf.train.get_or_create_global_step())
        g_opt = g_adam.apply_gradients(g_gradients)
    shrink_lr = tf.assign(learning_rate, learning_rate * config.lr_shrink)
    return d_opt, g_opt, shrink_lr


class GAN(NamedTuple):
    """What training and testing need of the graph, by the chapter's names."""
    input_real: Any      # [B, 32, 32, 3] in [-1, 1]
    input_z: Any         # [B, z_size]
    y: Any               # [B], 0 to 9
    label_mask: Any      # [B], 0 or 1
    drop_rate: Any
    d_loss: Any
    g_loss: Any
    correct: Any
    masked_correct: Any
    samples: Any         # [B, 32, 32, 3] in (-1, 1)
    learning_rate: Any
    gen_vars: list       # both networks' weights and averages: what is saved
    d_opt: Any
    g_opt: Any
    shrink_lr: Any


def build(config):
    """The whole graph, in the current default graph."""
    learning_rate = tf.get_variable("learning_rate", initializer=np.float32(config.learning_rate),
                                    trainable=False)
    inputs = model_inputs(REAL_SIZE, config.z_size, config.drop_rate)
    loss_results = model_loss(*inputs, config)
    d_loss, g_loss = loss_results[:2]
    gen_vars = tf.global_variables("(generator|discriminator)/")
    return GAN(*inputs, *loss_results, learning_rate, gen_vars,
               *model_opt(d_loss, g_loss, learning_rate, config))


def step(sess, net, batch, rng, config):
    """One turn of the chapter's inner loop, on `x, y, label_mask`; returns what `tally` takes."""
    x, y, label_mask = batch
    batch_z = rng.normal(0, 1, size=(config.batch_size, config.z_size))

    feed_dict = {net.input_real: x, net.input_z: batch_z, net.y: y, net.label_mask: label_mask}
    g_opt = [] if config.supervised_only else net.g_opt
    # Both losses are on the way to the gradients: to fetch them costs nothing.
    _, _, correct, d_loss, g_loss = sess.run(
        [net.d_opt, g_opt, net.masked_correct, net.d_loss, net.g_loss], feed_dict=feed_dict)
    return label_mask.sum(), correct, d_loss, g_loss


class Tally(NamedTuple):
    """What an epoch's steps leave for its report."""
    num_examples: int = 0    # labelled ones so far
    num_correct: float = 0.
    d_loss: float = 0.       # of the last batch
    g_loss: float = 0.
    step_time: float = 0.    # seconds of the last step
    steps_time: float = 0.   # of all


def tally(tally, num_examples, correct, d_loss, g_loss, seconds):
    """The epoch's `Tally`, None before its first step, with one more step and its seconds."""
    tally = tally or Tally()
    return Tally(tally.num_examples + int(num_examples), tally.num_correct + float(correct),
                 float(d_loss), float(g_loss), seconds, tally.steps_time + seconds)


def report(sess, net, dataset, config, tally):
    """The end of the chapter's outer loop: shrink the step size, test, and return the figures.

    train_accuracies: of the labelled images while the epoch trained on them;
    test_accuracies: of the test set after it, at drop rate 0; the losses are
    those of the last batch; times are in seconds.
    """
    start = perf_counter()
    sess.run(net.shrink_lr)
    num_examples, num_correct = 0, 0.
    for x, y in dataset.batches(config.batch_size, which_set="test"):
        num_examples += len(x)
        num_correct += float(sess.run(net.correct, feed_dict={net.input_real: x, net.y: y,
                                                              net.drop_rate: 0.}))
    return {"train_accuracies": tally.num_correct / tally.num_examples,
            "test_accuracies": num_correct / num_examples,
            "d_loss": tally.d_loss, "g_loss": tally.g_loss,
            "step_time": tally.step_time, "epoch_time": tally.steps_time + perf_counter() - start}


def log_line(epoch, figures):
    """The lines that the chapter prints for `epoch` (counted from 0)."""
    return (f"Epoch {epoch}\n"
            f"\t\tClassifier train accuracy:  {figures['train_accuracies']}\n"
            f"\t\tClassifier test accuracy {figures['test_accuracies']}\n"
            f"\t\tStep time:  {figures['step_time']}\n"
            f"\t\tEpoch time:  {figures['epoch_time']}")


def latent(rng, count, config):
    """`count` latent vectors as in training: normal noise, [count, z_size]."""
    return rng.normal(0, 1, (count, config.z_size))


def generate(sess, net, z):
    """The images of latent vectors `z` [n, z_size]: [n, 32, 32, 3] in (-1, 1).

    Batch norm is by the batch, as in training: an image depends on those that it is made with.
    """
    return sess.run(net.samples, feed_dict={net.input_z: z})


def sample(sess, net, rng, count, config):
    """`count` new images of normal noise, one batch, [count, 32, 32, 3] in (-1, 1)."""
    return generate(sess, net, latent(rng, count, config))
