"""A small network that names the class of every pixel of a photograph, by which translations are judged.

Isola et al. 2016, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2,
judge photographs that were generated from label maps by an "FCN-score": a network for semantic
segmentation, trained on real photographs, labels the generated ones. If they are realistic, its
labels agree with the map that they were made from. Their network is FCN-8s; this is a small U-Net::

    p(c | x)   softmax(logits)   [B, s, s, K] for K classes

It minimizes the mean cross-entropy over all pixels of its training photographs, which are shifted,
mirrored, and made brighter or darker at random, together with their label maps. These choices come
from a NumPy generator whose state is in each checkpoint, so a resumed run equals an uninterrupted
one, byte for byte. Nothing is chosen by the held-out photographs.

`scores` has the three numbers of the paper's tables 1 and 2. The score of the real photographs that
the network was not trained on is the bound for translations.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import InputError
from gan_tf1.evaluation.augmentation import mirrored, relit, shifted
from gan_tf1.evaluation.classifier import model_opt
from gan_tf1.evaluation.image_classifier import (  # `log_line` is for the script
    SIZES, SMALLEST, WIDEST, convolution, log_line)
from gan_tf1.layers import upsampled
from gan_tf1.tf1 import tf

CHAPTER = "segmentation"
TEST_BATCH = 25     # photographs per `session.run` outside of training, which limits memory


@dataclass(frozen=True)
class Config:
    """These values were not tuned, and not chosen by held-out photographs."""
    epochs: int = setting(60, "passes over the training photographs", at_least=1)
    batch_size: int = setting(8, "photographs per step", at_least=1)
    size: int = setting(64, "width and height in pixels, a power of two", choices=SIZES)
    channels: int = setting(16, f"channels of the first layer; they double to at most {WIDEST} each time "
                            "that the size is halved", at_least=1, at_most=MOST_UNITS)
    learning_rate: float = setting(0.001, "Adam's learning rate in the first epoch", above=0)
    lr_shrink: float = setting(0.96, "factor by which the learning rate is multiplied after each epoch",
                               above=0, at_most=1)
    max_shift: int = setting(4, "largest random shift of a training photograph, in pixels and in each "
                             "direction", at_least=0, at_most=32)
    relight: float = setting(0.2, "largest random change of contrast and brightness, as a share of the "
                             "range", at_least=0, below=1)


def model_inputs(size):
    """Placeholders: images [B, size, size, 3] in [-1, 1], labels [B, size, size] from 0 to K - 1."""
    images = tf.placeholder(tf.float32, (None, size, size, 3), name="images")
    labels = tf.placeholder(tf.int32, (None, size, size), name="labels")
    return images, labels


def network(images, channels, classes):
    """The class logits [B, s, s, K] of each pixel of images [B, s, s, 3] in [-1, 1]."""
    with tf.variable_scope("segmentation"):
        x, size, maps = images, images.shape[1], []
        while size > SMALLEST:
            x = convolution(x, channels)                 # -> [B,64,64,16], then [B,32,32,32] ...
            maps.append(x)
            x = convolution(x, 2 * channels, strides=2)  # -> [B,32,32,32], ... [B,4,4,128]
            channels, size = 2 * channels, size // 2
        x = convolution(x, channels)
        for skip in maps[::-1]:
            channels //= 2
            x = upsampled(x)                             # -> [B,8,8,128], ... [B,64,64,32]
            x = convolution(tf.concat([x, skip], 3), channels)
        return tf.layers.conv2d(x, classes, 1)           # -> [B,64,64,12]


def model_loss(logits, labels):
    """The mean cross-entropy, in nats, and the pixel accuracy of logits [B, s, s, K] and labels [B, s, s].

    The accuracy, in [0, 1], is the share of the pixels whose largest logit is that of their label.
    """
    # the logit of a pixel's label -> above those of the other classes
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits))
    predicted = tf.argmax(logits, -1, output_type=tf.int32)
    return loss, tf.reduce_mean(tf.cast(tf.equal(predicted, labels), tf.float32))


class Segmentation(NamedTuple):
    """The tensors and ops that training and judging need."""
    images: Any          # [B, size, size, 3] in [-1, 1]
    labels: Any          # [B, size, size], 0 to K - 1
    learning_rate: Any
    predicted: Any       # [B, size, size], the likeliest class
    loss: Any
    accuracy: Any
    variables: list      # the weights, without Adam's slots
    train_opt: Any
    shrink_lr: Any


def build(config, classes) -> Segmentation:
    """Build the whole graph for so many `classes` in the current default graph."""
    learning_rate = tf.get_variable("learning_rate", initializer=np.float32(config.learning_rate),
                                    trainable=False)
    images, labels = model_inputs(config.size)
    logits = network(images, config.channels, classes)
    loss, accuracy = model_loss(logits, labels)
    variables = tf.trainable_variables()
    train_opt, shrink_lr = model_opt(loss, learning_rate, config)
    return Segmentation(images, labels, learning_rate,
                        tf.argmax(logits, -1, output_type=tf.int32), loss, accuracy, variables,
                        train_opt, shrink_lr)


def step(sess, net, train_set, rng, config):
    """Take one step on the next batch, changed at random; returns what `tally` adds up.

    These are its size, its loss and its accuracy, the last two measured before the update.
    """
    images, labels = mirrored(shifted(train_set.next_batch(config.batch_size), rng,
                                      config.max_shift), rng)
    images = relit(images, rng, config.relight)
    _, loss, accuracy = sess.run([net.train_opt, net.loss, net.accuracy],
                                 {net.images: images, net.labels: labels})
    return len(images), loss, accuracy


def tally(totals, taken) -> np.ndarray:
    """The sums `totals` (None at first) of images, losses and accuracies, with one more step."""
    count, loss, accuracy = taken
    return np.add(0 if totals is None else totals, (count, loss * count, accuracy * count),
                  dtype=np.float64)


def report(sess, net, totals, images, labels) -> dict[str, float]:
    """Reduce the learning rate at the end of an epoch, and return the results of the epoch.

    train_loss (nats) and train_accuracy are measured on the changed photographs during the epoch,
    test_accuracy on the held-out `images`, uint8 [n, s, s, 3], and `labels` [n, s, s] after it.
    """
    sess.run(net.shrink_lr)
    count, loss, accuracy = totals.tolist()
    return {"train_loss": loss / count, "train_accuracy": accuracy / count,
            "test_accuracy": float((judge(sess, net, images) == labels).mean())}


def judge(sess, net, images) -> np.ndarray:
    """The likeliest class of each pixel of `images`, uint8 [n, s, s, 3]: int32 [n, s, s]."""
    size = net.images.shape[1]
    if images.shape[1:] != (size, size, 3):
        raise InputError(f"the segmentation net judges images of {size} x {size} pixels in colour, not "
                         f"of shape {list(images.shape[1:])}: train one with that --size")
    return np.concatenate([
        sess.run(net.predicted, {net.images: scaled(images[start:start + TEST_BATCH])})
        for start in range(0, len(images), TEST_BATCH)])


def confusion(predicted, labels, classes) -> np.ndarray:
    """How many pixels of each class were taken for each class: int64 [K, K], rows are labels."""
    places = classes * labels.ravel().astype(np.int64) + predicted.ravel()
    return np.bincount(places, minlength=classes ** 2).reshape(classes, classes)


def scores(counts) -> dict[str, float]:
    """Per-pixel accuracy, mean per-class accuracy and mean class IoU of a confusion matrix [K, K].

    They are those of Long et al. 2015, "Fully Convolutional Networks", section 5. A class that no
    pixel is labelled with is left out of the means.
    """
    right, labelled, taken = np.diag(counts), counts.sum(1), counts.sum(0)
    there = labelled > 0
    return {"pixel accuracy": float(right.sum() / counts.sum()),
            "class accuracy": float((right[there] / labelled[there]).mean()),
            "class IoU": float((right[there] / (labelled + taken - right)[there]).mean())}
