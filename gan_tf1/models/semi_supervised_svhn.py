"""The semi-supervised GAN: a discriminator that also classifies, with few labels and many images.

*Practical Convolutional Neural Networks* (Packt 2018), chapter "GAN: Generating New Images with
CNN", section "Semi-supervised classification using a GAN example"; the method is that of Salimans
et al. 2016, sections 3.1 and 5. Seven bodies are `raise NotImplementedError` there; here they are
filled in. `salimans_gan.py` is the recipe of the paper itself.

A softmax over the ten digits and an eleventh class, "fake" (l: its logits)::

    P(digit k | x) = exp(l_k) / sum exp(l)     class_logits
    P(real | x)    = sigmoid(log sum_digits exp(l) - l_fake)
                                               gan_logits, see `real_against_fake`

    D minimizes  E_labelled[-log P(y | x)]                           class_loss
               + E_x[-log P(real | x)] + E_z[-log P(fake | G(z))]    gan_loss
    G minimizes  mean |E_x f(x) - E_z f(G(z))|                       feature_matching

with f the features before the last layer; `gen_loss` offers other costs of G. The errors of the
printed network are a choice, `variant`. README.md lists them with their tests.

What decides the accuracies without being said:

- With the 73,257 images of SVHN and 1,000 labels, a batch of 128 has 1.75 labelled images on
  average, and every sixth batch has none. `label_repeats` shows labelled images more often.
- A test image taken for a fake counts as wrong. `extra_class=0` fixes the eleventh logit at 0.
- Test images are normalized with the statistics of their batch. Moving averages can be worse, since
  dropout raises the variance that they collect, but in tests nothing is dropped (the "variance
  shift" of Li et al. 2019). `test_statistics` offers averages collected without dropout.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.data.svhn import LABELS, TESTED
from gan_tf1.models.parts.semi_supervised_networks import (
    VARIANTS, discriminator, generator, net_of)
from gan_tf1.tf1 import tf

CHAPTER = "semi_supervised"
SAMPLES = "images"
SAMPLE_RANGE = (-1, 1)  # the range of tanh
REAL_SIZE = (32, 32, 3)


@dataclass(frozen=True)
class Config:
    """The chapter's hyperparameters; README.md has the source of those that it does not print."""
    variant: str = setting("as_printed", "which errors of the printed discriminator are kept: all, "
                           "none, or all but one: " + ", ".join(VARIANTS), choices=tuple(VARIANTS))
    test_statistics: str = setting(
        "of_variant", "statistics of batch norm in tests: of the test batch (batch), moving "
        "averages collected with dropout (as_trained) or without (dropout_off), or as the variant "
        "has it (of_variant)",
        choices=("of_variant", "batch", "as_trained", "dropout_off"))
    gen_loss: str = setting(
        "matching", "G's cost: feature matching (matching), the same with the paper's squared "
        "distance (matching_l2), a plain GAN's (gan), or the sum of matching and gan (additional)",
        choices=("matching", "matching_l2", "additional", "gan"))
    supervised_only: bool = setting(False, "train the discriminator on the labelled examples only, "
                                    "for as many steps as the GAN would have")
    num_labels: int = setting(1000, "training examples whose labels are used", at_least=1)
    labels: str = setting("first", "which examples these are: the first ones, drawn at random, or "
                          "drawn with equally many of each class (balanced)", choices=LABELS)
    label_seed: int = setting(0, "seed of the labels that are drawn", at_least=0)
    label_repeats: int = setting(1, "how often an epoch shows each labelled image; it shows the "
                                 "others once", at_least=1, at_most=1000)
    zero_label: int = setting(0, "label of the digit 0: 10 in the published runs", choices=(0, 10))
    tested: str = setting("all", "images to test: all test images, their first half as in the "
                          "published runs (first_half), or the last tenth of the training "
                          "images (held_out)", choices=TESTED)
    extra_class: int = setting(1, "1: a logit for the fake class beside those of the digits; "
                               "0: that logit is fixed at 0", choices=(0, 1))
    epochs: int = setting(25, "passes over the training images", at_least=1)
    batch_size: int = setting(128, "images per step", at_least=2)
    z_size: int = setting(100, "latent dimension", at_least=1)
    learning_rate: float = setting(0.0003, "Adam's learning rate in the first epoch, for both "
                                   "networks", above=0)
    lr_shrink: float = setting(0.9, "factor of the learning rate after each epoch", above=0,
                               at_most=1)
    beta1: float = setting(0.5, "decay of Adam's first moment", at_least=0, below=1)
    drop_rate: float = setting(0.5, "share of the units that are dropped, if dropout fires",
                               at_least=0, below=1)
    alpha: float = setting(0.2, "slope of the leaky ReLU below zero", at_least=0, below=1)
    g_size_mult: int = setting(32, "channels of the generator's last hidden layer",
                               at_least=1, at_most=MOST_UNITS)
    d_size_mult: int = setting(64, "channels of the discriminator's first layers",
                               at_least=1, at_most=MOST_UNITS)


def model_inputs(real_dim, z_dim, drop_rate):
    """Placeholders: images [B, *real_dim] in [-1, 1], noise [B, z_dim], y, label_mask, drop_rate.

    y [B]: int32, the digits 0 to 9, or 1 to 10 if the digit 0 has the label 10; label_mask [B]: 1 if
    the label may be used, else 0; drop_rate: a scalar, the given one unless it is fed.
    """
    inputs_real = tf.placeholder(tf.float32, (None, *real_dim), name="input_real")
    inputs_z = tf.placeholder(tf.float32, (None, z_dim), name="input_z")
    y = tf.placeholder(tf.int32, (None,), name="y")
    label_mask = tf.placeholder(tf.int32, (None,), name="label_mask")  # int32, as in the chapter
    drop_rate = tf.placeholder_with_default(np.float32(drop_rate), (), "drop_rate")
    return inputs_real, inputs_z, y, label_mask, drop_rate


def model_loss(input_real, input_z, y, label_mask, drop_rate, config):
    """`(d_loss, g_loss, correct, masked_correct, class_logits, samples)`.

    d_loss: in nats; g_loss: in nats for `gen_loss` gan, in units of the features for matching (squared
    for matching_l2), the sum of these two for additional; correct: number of images that the discriminator
    classifies correctly in its test pass, with these class_logits [B, 10 + extra_class]; masked_correct:
    number of labelled ones in its training pass; samples: the generator's images from `input_z`,
    [B, 32, 32, 3].
    """
    net = net_of(config)
    options = dict(alpha=config.alpha, size_mult=config.d_size_mult,
                   extra_class=config.extra_class, net=net)

    g_model = generator(input_z, REAL_SIZE[2], alpha=config.alpha, size_mult=config.g_size_mult)
    d_on_data = discriminator(input_real, drop_rate=drop_rate, number=0, **options)
    _, class_logits_on_data, gan_logits_on_data, data_features = d_on_data
    d_on_samples = discriminator(g_model, reuse=True, drop_rate=drop_rate, number=1, **options)
    _, _, gan_logits_on_samples, sample_features = d_on_samples

    d_loss = class_loss(class_logits_on_data, y, label_mask)
    if not config.supervised_only:
        d_loss += gan_loss(gan_logits_on_data, gan_logits_on_samples)
    matching, matching_l2 = feature_matching(data_features, sample_features)
    plain = plain_loss(gan_logits_on_samples)
    g_loss = {"matching": matching, "matching_l2": matching_l2, "additional": plain + matching,
              "gan": plain}[config.gen_loss]

    masked_correct = tf.reduce_sum(tf.cast(label_mask, tf.float32) * right(class_logits_on_data, y))
    if net.test_statistics == "dropout_off":
        discriminator(input_real, reuse=True, **options)  # only for its moving averages
    if net.test_statistics != "batch":
        _, class_logits_on_data, _, _ = discriminator(input_real, reuse=True, training=False,
                                                      **options)
    correct = tf.reduce_sum(right(class_logits_on_data, y))
    return d_loss, g_loss, correct, masked_correct, class_logits_on_data, g_model


def class_loss(class_logits, y, label_mask):
    """Mean softmax cross-entropy, in nats, over the examples with label_mask [B] 1; 0 if there are none.

    It is a scalar, computed from logits [B, 10 + extra_class] and labels y [B].

    A row of `tf.one_hot` is all zero for the label 10 of ten classes. Its loss is 0, but the op of
    TensorFlow 1 gave it the gradient softmax(l), as if it were a fake. The second term restores it.
    """
    # class logits of a labelled image -> its class, against the other digits and the fake class
    labels = tf.one_hot(y, class_logits.shape[1])
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=class_logits)
    total = tf.reduce_logsumexp(class_logits, axis=1)
    cross_entropy += (1 - tf.reduce_sum(labels, axis=1)) * (total - tf.stop_gradient(total))
    label_mask = tf.cast(label_mask, tf.float32)
    return tf.reduce_sum(label_mask * cross_entropy) / tf.maximum(1., tf.reduce_sum(label_mask))


def gan_loss(gan_logits_on_data, gan_logits_on_samples):
    """The binary half of the discriminator's loss: data, labelled or not, against samples.

    The scalar mean of -log P(real) of data plus that of -log P(fake) of samples, in nats, from logits [B].
    """
    # gan logits of data -> real
    loss_real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones_like(gan_logits_on_data), logits=gan_logits_on_data))
    # gan logits of samples -> fake
    loss_fake = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.zeros_like(gan_logits_on_samples), logits=gan_logits_on_samples))
    return loss_real + loss_fake


def feature_matching(data_features, sample_features):
    """How far apart the mean features are, of data and of samples [B, F], in two measures.

    The first is the mean over features of the absolute difference, as the chapter's code has it.
    The second is the squared L2 distance of Salimans et al. 2016, section 3.1.
    """
    # mean features of samples -> mean features of data
    difference = tf.reduce_mean(data_features, axis=0) - tf.reduce_mean(sample_features, axis=0)
    return tf.reduce_mean(tf.abs(difference)), tf.reduce_sum(tf.square(difference))


def plain_loss(gan_logits_on_samples):
    """The generator's scalar cost in a plain GAN, in nats, from logits [B].

    It is the mean of -log P(real | G(z)) (Goodfellow et al. 2014).
    """
    # gan logits of samples -> real
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones_like(gan_logits_on_samples), logits=gan_logits_on_samples))


def right(class_logits, y):
    """1 if the likeliest class is y [B], else 0: float32 [B].

    The fake class is correct only for a digit 0 of `zero_label` 10, as in the printed code.
    """
    pred_class = tf.cast(tf.argmax(class_logits, 1), tf.int32)
    return tf.cast(tf.equal(y, pred_class), tf.float32)


def split_vars():
    """The trainable variables `(d_vars, g_vars)`, split by scope prefix."""
    t_vars = tf.trainable_variables()
    d_vars = [var for var in t_vars if var.name.startswith("discriminator")]
    g_vars = [var for var in t_vars if var.name.startswith("generator")]
    assert len(d_vars) + len(g_vars) == len(t_vars), "a variable in neither network"
    return d_vars, g_vars


def model_opt(d_loss, g_loss, learning_rate, config):
    """`(d_opt, g_opt, shrink_lr)`: both Adam steps, and the decay of the variable `learning_rate`.

    If both are run together, as in the chapter, both gradients are taken before either update.
    """
    d_vars, g_vars = split_vars()
    d_adam = tf.train.AdamOptimizer(learning_rate, beta1=config.beta1, name="d_opt")
    g_adam = tf.train.AdamOptimizer(learning_rate, beta1=config.beta1, name="g_opt")
    d_gradients = d_adam.compute_gradients(d_loss, var_list=d_vars)
    g_gradients = g_adam.compute_gradients(g_loss, var_list=g_vars)

    before = [gradient for gradient, _ in d_gradients if gradient is not None]  # the dead branch has none
    if config.supervised_only:
        before.append(g_loss)  # it is printed, so it must be computed before D's weights change
    else:
        before += [gradient for gradient, _ in g_gradients]
    # The moving averages of one pass over data: the first, with dropout, or the third, without.
    passes = {"as_trained": "discriminator/", "dropout_off": "discriminator_2/"}
    if statistics := passes.get(net_of(config).test_statistics):
        before += tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope=statistics)
    with tf.control_dependencies(before):
        d_opt = d_adam.apply_gradients(d_gradients, global_step=tf.train.get_or_create_global_step())
        g_opt = g_adam.apply_gradients(g_gradients)
    shrink_lr = tf.assign(learning_rate, learning_rate * config.lr_shrink)
    return d_opt, g_opt, shrink_lr


class GAN(NamedTuple):
    """The tensors and ops that training and testing need, by the chapter's names."""
    input_real: Any      # [B, 32, 32, 3] in [-1, 1]
    input_z: Any         # [B, z_size]
    y: Any               # [B], 0 to 9, or 1 to 10
    label_mask: Any      # [B], 0 or 1
    drop_rate: Any       # fed with 0 in tests
    d_loss: Any
    g_loss: Any
    correct: Any
    masked_correct: Any
    class_logits: Any    # [B, 10 + extra_class], of the test pass
    samples: Any         # [B, 32, 32, 3] in (-1, 1)
    learning_rate: Any
    gen_vars: list       # both networks' weights and averages: they are saved
    d_opt: Any
    g_opt: Any
    shrink_lr: Any


def build(config: Config) -> GAN:
    """Build the whole graph in the current default graph."""
    learning_rate = tf.get_variable("learning_rate", initializer=np.float32(config.learning_rate),
                                    trainable=False)
    inputs = model_inputs(REAL_SIZE, config.z_size, config.drop_rate)
    loss_results = model_loss(*inputs, config)
    d_loss, g_loss = loss_results[:2]
    gen_vars = tf.global_variables("(generator|discriminator)/")
    return GAN(*inputs, *loss_results, learning_rate, gen_vars,
               *model_opt(d_loss, g_loss, learning_rate, config))


def step(sess, net, train_set, rng, config) -> tuple[np.number, ...]:
    """One turn of the chapter's inner loop; returns what `tally` takes."""
    x, y, label_mask = train_set.next_batch(config.batch_size)
    batch_z = rng.normal(0, 1, size=(config.batch_size, config.z_size))

    feed_dict = {net.input_real: x, net.input_z: batch_z, net.y: y, net.label_mask: label_mask}
    g_opt = [] if config.supervised_only else net.g_opt
    # Both losses are those before the update: `model_opt` lets the updates wait for them.
    _, _, correct, d_loss, g_loss = sess.run(
        [net.d_opt, g_opt, net.masked_correct, net.d_loss, net.g_loss], feed_dict=feed_dict)
    return label_mask.sum(), correct, d_loss, g_loss


class Tally(NamedTuple):
    """What the report of an epoch needs from its steps."""
    num_examples: int = 0    # labelled images so far
    num_correct: float = 0.
    d_loss: float = 0.       # of the last batch
    g_loss: float = 0.
    step_time: float = 0.    # seconds of the last step with its batch; the chapter times session.run alone
    steps_time: float = 0.   # of all


def tally(totals, taken, seconds) -> Tally:
    """The `totals` of an epoch (None before its first step) with one more step and its seconds."""
    totals, (num_examples, correct, d_loss, g_loss) = totals or Tally(), taken
    return Tally(totals.num_examples + int(num_examples), totals.num_correct + float(correct),
                 float(d_loss), float(g_loss), seconds, totals.steps_time + seconds)


def report(sess, net, totals, dataset, config) -> dict[str, float]:
    """The end of the chapter's outer loop: shrink the learning rate and test, at drop rate 0.

    The training accuracy is that of the labelled images while the epoch trained on them, and the
    losses are those of its last batch. Times are in seconds.
    """
    start = perf_counter()
    sess.run(net.shrink_lr)
    num_examples, num_correct = 0, 0.
    for x, y in dataset.batches(config.batch_size, which_set="test"):
        num_examples += len(x)
        num_correct += float(sess.run(net.correct, feed_dict={net.input_real: x, net.y: y,
                                                              net.drop_rate: 0.}))
    return {"train_accuracies": totals.num_correct / totals.num_examples,
            "test_accuracies": num_correct / num_examples,
            "d_loss": totals.d_loss, "g_loss": totals.g_loss,
            "step_time": totals.step_time, "epoch_time": totals.steps_time + perf_counter() - start}


def log_line(epoch, epochs, figures) -> str:
    """The lines that the chapter prints for `epoch`, which counts from 0."""
    return (f"Epoch {epoch}\n"
            f"\t\tClassifier train accuracy:  {figures['train_accuracies']}\n"
            f"\t\tClassifier test accuracy {figures['test_accuracies']}\n"
            f"\t\tStep time:  {figures['step_time']}\n"
            f"\t\tEpoch time:  {figures['epoch_time']}")


def latent(rng, count, config) -> np.ndarray:
    """`count` latent vectors as in training: normal noise, [count, z_size]."""
    return rng.normal(0, 1, (count, config.z_size))


def generate(sess, net, z) -> np.ndarray:
    """The images of latent vectors `z` [n, z_size]: [n, 32, 32, 3] in (-1, 1).

    Batch norm uses batch statistics, as in training: an image depends on the others in its batch.
    """
    return sess.run(net.samples, feed_dict={net.input_z: z})


def sample(sess, net, rng, count, config) -> np.ndarray:
    """`count` new images from normal noise, one batch, [count, 32, 32, 3] in (-1, 1)."""
    return generate(sess, net, latent(rng, count, config))
