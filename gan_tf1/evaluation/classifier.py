"""A small convolutional classifier of MNIST, by which generated digits are judged.

It is not in any chapter. It replaces the Inception network of the Inception Score (Salimans et al.
2016, section 4) and of the Frechet Inception Distance (Heusel et al. 2017, equation 6).
`classifier_metrics.py` computes both metrics from its outputs for an image x::

    p(y | x)   probabilities   softmax(logits)
    f(x)       features        the last but one layer, [B, 64], not negative

The classifier minimizes the mean cross-entropy -log p(y | x) of its training images, each of which
is shifted by a few pixels at random. Images are in [0, 1], background 0 and ink 1, as in
`gan_tf1.data.mnist`. Samples of a generator that ends in tanh must be scaled to that range first.

The random shifts come from a NumPy generator whose state is saved in each checkpoint, and apart from
the initial weights nothing in the graph is random. A resumed run therefore equals an uninterrupted
one, byte for byte.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import places
from gan_tf1.config import setting
from gan_tf1.evaluation import augmentation
from gan_tf1.files import user_path
from gan_tf1.tf1 import tf

CHAPTER = "mnist_classifier"
SHIPPED = places.SHIPPED / CHAPTER  # a run that comes with the repository
INPUT_IMG_SIZE = 784  # 28 x 28 pixels, flattened
NUM_CLASSES = 10
NUM_FEATURES = 64
TEST_BATCH = 500      # images per `session.run` outside of training, which limits memory


@dataclass(frozen=True)
class Config:
    """These are the first values that were tried: they were not tuned, and not chosen by test images."""
    epochs: int = setting(10, "passes over the 55,000 training images", at_least=1)
    batch_size: int = setting(100, "images per step", at_least=1)
    learning_rate: float = setting(0.002, "Adam's learning rate in the first epoch", above=0)
    lr_shrink: float = setting(0.65, "factor by which the learning rate is multiplied after each epoch",
                               above=0, at_most=1)
    max_shift: int = setting(2, "largest random shift of a training image, in pixels and in each "
                             "direction", at_least=0, at_most=8)


def model_inputs():
    """Placeholders: images [B, 784] in [0, 1], labels [B] from 0 to 9."""
    images = tf.placeholder(tf.float32, (None, INPUT_IMG_SIZE), name="images")
    labels = tf.placeholder(tf.int32, (None,), name="labels")
    return images, labels


def classifier(images):
    """The class logits [B, 10] and the features [B, 64] of images [B, 784] in [0, 1]."""
    with tf.variable_scope("classifier"):
        x = tf.reshape(images, (-1, 28, 28, 1))

        x1 = tf.layers.conv2d(x, 24, 5, strides=2, padding="same",
                              activation=tf.nn.relu)                # -> [B,14,14,24]
        x2 = tf.layers.conv2d(x1, 48, 3, strides=2, padding="same",
                              activation=tf.nn.relu)                # -> [B,7,7,48]
        x3 = tf.layers.conv2d(x2, 64, 3, activation=tf.nn.relu)     # -> [B,5,5,64]

        features = tf.layers.dense(tf.reshape(x3, (-1, 5 * 5 * 64)), NUM_FEATURES,
                                   activation=tf.nn.relu)           # -> [B,64]
        logits = tf.layers.dense(features, NUM_CLASSES)             # -> [B,10]
        return logits, features


def model_loss(logits, labels):
    """The mean cross-entropy, in nats, of logits [B, 10] and labels [B], and how many are correct."""
    # the logit of an image's label -> above those of the other digits
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits))
    predicted = tf.argmax(logits, 1, output_type=tf.int32)
    correct = tf.reduce_sum(tf.cast(tf.equal(predicted, labels), tf.float32))
    return loss, correct


def model_opt(loss, learning_rate, config):
    """The Adam step on `loss`, and the op that reduces the variable `learning_rate`."""
    with tf.name_scope("train_opt"):
        train_opt = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    shrink_lr = tf.assign(learning_rate, learning_rate * config.lr_shrink)
    return train_opt, shrink_lr


class Classifier(NamedTuple):
    """The tensors and ops that training and evaluation need."""
    images: Any          # [B, 784] in [0, 1]
    labels: Any          # [B], 0 to 9
    learning_rate: Any
    probabilities: Any   # [B, 10], p(y | x)
    features: Any        # [B, 64]
    loss: Any
    correct: Any
    variables: list      # the weights, without Adam's slots
    train_opt: Any
    shrink_lr: Any


def build(config) -> Classifier:
    """Build the whole graph in the current default graph."""
    learning_rate = tf.get_variable("learning_rate", initializer=np.float32(config.learning_rate),
                                    trainable=False)
    images, labels = model_inputs()
    logits, features = classifier(images)
    loss, correct = model_loss(logits, labels)
    variables = tf.trainable_variables()
    train_opt, shrink_lr = model_opt(loss, learning_rate, config)
    return Classifier(images, labels, learning_rate, tf.nn.softmax(logits), features, loss, correct,
                      variables, train_opt, shrink_lr)


def shifted(images, rng, max_shift) -> np.ndarray:
    """`images` [B, 784], each shifted by up to `max_shift` pixels in both directions.

    The pixels at the border that become free are background, 0.
    """
    [moved] = augmentation.shifted([images.reshape(-1, 28, 28)], rng, max_shift, border="constant")
    return moved.reshape(len(images), -1)


def step(sess, net, train_set, rng, config):
    """Take one step on the next batch, shifted, and return its size, its loss and its correct count.

    The last two are measured before the update. `tally` adds them up.
    """
    batch_images, batch_labels = train_set.next_batch(config.batch_size)
    batch_images = shifted(batch_images, rng, config.max_shift)
    _, loss, correct = sess.run([net.train_opt, net.loss, net.correct],
                                {net.images: batch_images, net.labels: batch_labels})
    return len(batch_labels), loss, correct


class Tally(NamedTuple):
    """Sums over the images of an epoch so far."""
    num_examples: int = 0
    num_correct: float = 0.  # measured in each batch before the update
    loss: float = 0.


def tally(totals, taken) -> Tally:
    """The `totals` of an epoch (None before its first step) including one more step."""
    totals, (count, loss, correct) = totals or Tally(), taken
    return Tally(totals.num_examples + count, totals.num_correct + float(correct),
                 totals.loss + float(loss) * count)


def report(sess, net, totals, validation_set) -> dict[str, float]:
    """Reduce the learning rate at the end of an epoch, and return the results of the epoch.

    train_loss (nats) and train_accuracy are measured on the shifted images during the epoch,
    validation_accuracy on the held-out images after it.
    """
    sess.run(net.shrink_lr)
    return {"train_loss": totals.loss / totals.num_examples,
            "train_accuracy": totals.num_correct / totals.num_examples,
            "validation_accuracy": accuracy(sess, net, validation_set)}


def accuracy(sess, net, data_set) -> float:
    """The share of the images of `data_set` that the network classifies correctly, from 0 to 1."""
    correct = sum(
        float(sess.run(net.correct, {net.images: data_set.images[start:start + TEST_BATCH],
                                     net.labels: data_set.labels[start:start + TEST_BATCH]}))
        for start in range(0, data_set.num_examples, TEST_BATCH))
    return correct / data_set.num_examples


def log_line(epoch, epochs, figures) -> str:
    """The line of the log after `epoch`, which counts from 1."""
    return (f"Epoch {epoch}/{epochs}... Train Loss: {figures['train_loss']:.4f}... "
            f"Train Accuracy: {figures['train_accuracy']:.4f}... "
            f"Validation Accuracy: {figures['validation_accuracy']:.4f}")


def judge(sess, net, images) -> tuple[np.ndarray, np.ndarray]:
    """The network's `(probabilities, features)` for `images` [n, 784] in [0, 1].

    They are float64 arrays [n, 10] and [n, 64], as the functions of `classifier_metrics` need them.
    """
    batches = [sess.run([net.probabilities, net.features],
                        {net.images: images[start:start + TEST_BATCH]})
               for start in range(0, len(images), TEST_BATCH)]
    probabilities, features = (np.concatenate(part).astype(np.float64) for part in zip(*batches))
    return probabilities, features


def add_flag(parser) -> None:
    """The flag of a script that reads digits: --classifier, a run directory."""
    parser.add_argument("--classifier", type=user_path, metavar="DIR", default=SHIPPED,
                        help="a run of train_mnist_classifier.py, which reads the digits (default: "
                        "the one that is shipped)")
