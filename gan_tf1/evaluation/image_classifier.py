"""A small convolutional classifier of colour images, by which generated and translated ones are judged.

It is not in any chapter. It does for colour images what `classifier.py` does for MNIST: it replaces
the Inception network of the Inception Score and of the Frechet Inception Distance, and
`classifier_metrics.py` computes both from its outputs for an image x::

    p(y | x)   probabilities   softmax(logits)
    f(x)       features        the last but one layer, [B, 64], not negative

Trained on two sets of images without pairs, it says for a translated image to which set it belongs.

The classifier minimizes the mean cross-entropy -log p(y | x) of its training images, each of which
is shifted, mirrored, and made brighter or darker at random. These choices come from a NumPy generator
whose state is in each checkpoint, so a resumed run equals an uninterrupted one, byte for byte. After
each epoch it is tested on the held-out images, but nothing is chosen by these tests: the classifier
that judges is the one after the last epoch.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.config import MOST_UNITS, setting
from gan_tf1.data.svhn import scaled
from gan_tf1.errors import InputError
from gan_tf1.evaluation.augmentation import mirrored, relit, shifted
from gan_tf1.evaluation.classifier import model_loss, model_opt
from gan_tf1.tf1 import tf

CHAPTER = "image_classifier"
SIZES = (8, 16, 32, 64, 128, 256)  # of images, in pixels
NUM_FEATURES = 64
SMALLEST = 4        # pixels of the last maps, from which the features are computed
WIDEST = 128        # channels of a layer at most
TEST_BATCH = 200    # images per `session.run` outside of training, which limits memory


@dataclass(frozen=True)
class Config:
    """These values were not tuned, and not chosen by test images."""
    epochs: int = setting(20, "passes over the training images", at_least=1)
    batch_size: int = setting(64, "images per step", at_least=1)
    size: int = setting(32, "width and height of the images in pixels, a power of two",
                        choices=SIZES)
    channels: int = setting(16, f"channels of the first layer; they double to at most {WIDEST} each time "
                            "that the size is halved", at_least=1, at_most=MOST_UNITS)
    learning_rate: float = setting(0.002, "Adam's learning rate in the first epoch", above=0)
    lr_shrink: float = setting(0.85, "factor by which the learning rate is multiplied after each epoch",
                               above=0, at_most=1)
    max_shift: int = setting(2, "largest random shift of a training image, in pixels and in each "
                             "direction", at_least=0, at_most=8)
    mirror: bool = setting(True, "mirror half of the training images; wrong for digits")
    relight: float = setting(0.2, "largest random change of contrast and brightness, as a share of the "
                             "range", at_least=0, below=1)


def model_inputs(size):
    """Placeholders: images [B, size, size, 3] in [-1, 1], labels [B] from 0 to K - 1."""
    images = tf.placeholder(tf.float32, (None, size, size, 3), name="images")
    labels = tf.placeholder(tf.int32, (None,), name="labels")
    return images, labels


def convolution(x, filters, **options):
    """A layer with kernels of 3 x 3 pixels, ReLU, and at most `WIDEST` channels: [B, h, w, filters]."""
    return tf.layers.conv2d(x, min(filters, WIDEST), 3, padding="same", activation=tf.nn.relu,
                            kernel_initializer=tf.variance_scaling_initializer(2.), **options)


def classifier(images, channels, classes):
    """The class logits [B, K] and the features [B, 64] of images [B, size, size, 3] in [-1, 1]."""
    with tf.variable_scope("classifier"):
        x, size = images, images.shape[1]
        while size > SMALLEST:
            x = convolution(x, channels)                  # -> [B,32,32,16], then [B,16,16,32] ...
            x = convolution(x, 2 * channels, strides=2)   # -> [B,16,16,32], ... [B,4,4,128]
            channels, size = 2 * channels, size // 2
        x = tf.layers.flatten(x)                          # -> [B,2048]
        features = tf.layers.dense(x, NUM_FEATURES, activation=tf.nn.relu)  # -> [B,64]
        logits = tf.layers.dense(features, classes)       # -> [B,K]
        return logits, features


class Classifier(NamedTuple):
    """The tensors and ops that training and judging need."""
    images: Any          # [B, size, size, 3] in [-1, 1]
    labels: Any          # [B], 0 to K - 1
    learning_rate: Any
    probabilities: Any   # [B, K], p(y | x)
    features: Any        # [B, 64]
    loss: Any
    correct: Any
    variables: list      # the weights, without Adam's slots
    train_opt: Any
    shrink_lr: Any


def build(config, classes) -> Classifier:
    """Build the whole graph for so many `classes` in the current default graph."""
    learning_rate = tf.get_variable("learning_rate", initializer=np.float32(config.learning_rate),
                                    trainable=False)
    images, labels = model_inputs(config.size)
    logits, features = classifier(images, config.channels, classes)
    loss, correct = model_loss(logits, labels)
    variables = tf.trainable_variables()
    train_opt, shrink_lr = model_opt(loss, learning_rate, config)
    return Classifier(images, labels, learning_rate, tf.nn.softmax(logits), features, loss, correct,
                      variables, train_opt, shrink_lr)


def step(sess, net, train_set, rng, config):
    """Take one step on the next batch, changed at random; returns what `tally` adds up.

    These are its size, its loss and its correct count, the last two measured before the update.
    """
    images, labels = train_set.next_batch(config.batch_size)
    [images] = shifted([images], rng, config.max_shift)
    if config.mirror:
        [images] = mirrored([images], rng)
    images = relit(images, rng, config.relight)
    _, loss, correct = sess.run([net.train_opt, net.loss, net.correct],
                                {net.images: images, net.labels: labels})
    return len(labels), loss, correct


def tally(totals, taken) -> np.ndarray:
    """The sums `totals` (None at first) of images, loss and correct ones, with one more step."""
    count, loss, correct = taken
    return np.add(0 if totals is None else totals, (count, loss * count, correct), dtype=np.float64)


def report(sess, net, totals, images, labels) -> dict[str, float]:
    """Reduce the learning rate at the end of an epoch, and return the results of the epoch.

    train_loss (nats) and train_accuracy are measured on the changed images during the epoch,
    test_accuracy on the held-out `images`, uint8 [n, size, size, 3], after it.
    """
    sess.run(net.shrink_lr)
    count, loss, correct = totals.tolist()
    right = judge(sess, net, images)[0].argmax(axis=1) == labels
    return {"train_loss": loss / count, "train_accuracy": correct / count,
            "test_accuracy": float(right.mean())}


def log_line(epoch, epochs, figures) -> str:
    """The line of the log after `epoch`, which counts from 1."""
    return (f"Epoch {epoch}/{epochs}... Train Loss: {figures['train_loss']:.4f}... "
            f"Train Accuracy: {figures['train_accuracy']:.4f}... "
            f"Test Accuracy: {figures['test_accuracy']:.4f}")


def judge(sess, net, images) -> tuple[np.ndarray, np.ndarray]:
    """The network's `(probabilities, features)` for `images`, uint8 [n, size, size, 3].

    They are float64 arrays [n, K] and [n, 64], as the functions of `classifier_metrics` need them.
    """
    size = net.images.shape[1]
    if images.shape[1:] != (size, size, 3):
        raise InputError(f"the classifier judges images of {size} x {size} pixels in colour, not of "
                         f"shape {list(images.shape[1:])}: train one with that --size")
    batches = [sess.run([net.probabilities, net.features],
                        {net.images: scaled(images[start:start + TEST_BATCH])})
               for start in range(0, len(images), TEST_BATCH)]
    probabilities, features = (np.concatenate(part).astype(np.float64) for part in zip(*batches))
    return probabilities, features
