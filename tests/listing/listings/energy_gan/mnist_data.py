import types
import numpy as np
import tensorflow.compat.v1 as tf
def read(folder):
    def load(name, skip):
        return np.fromfile(f"{folder}/{name}-ubyte", np.uint8)[skip:]
    images = load("train-images-idx3", 16).reshape(-1, 28, 28, 1)
    labels = np.eye(10)[load("train-labels-idx1", 8)]
    train = DataSet(images[5000:], labels[5000:], reshape=True)
    DataSet(images[:5000], labels[:5000]); DataSet(images[:500], labels[:500])  # each seeds NumPy
    return types.SimpleNamespace(train=train)
class DataSet:
    """Examples in shuffled batches, like the class in TensorFlow 1.

    `images` are float32 in [0, 1], or uint8 with `dtype=tf.uint8`. Their shape is [N, 784], or
    [N, 28, 28, 1] with `reshape=False`. `labels` are those that were given.
    """

    def __init__(self, images, labels, fake_data=False, one_hot=False, dtype=None, reshape=True,
                 seed=None):
        """`images` are uint8 [N, H, W, 1], `labels` [N] or one-hot [N, C].

        `seed` works as in TensorFlow 1: without it, and without a seed of the graph, the batches
        are different in each run.
        """
        dtype = tf.as_dtype(dtype or tf.float32)
        if dtype not in (tf.uint8, tf.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        graph_seed, own_seed = tf.get_seed(seed)
        np.random.seed(graph_seed if seed is None else own_seed)
        self.one_hot = one_hot
        self._num_examples = 10000 if fake_data else len(images)
        if not fake_data:
            assert len(images) == len(labels)
            if reshape:
                images = images.reshape(len(images), -1)
            if dtype == tf.float32:
                images = np.multiply(images.astype(np.float32), np.float32(1 / 255))
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    images = property(lambda self: self._images)
    labels = property(lambda self: self._labels)
    num_examples = property(lambda self: self._num_examples)
    epochs_completed = property(lambda self: self._epochs_completed)

    def _shuffle(self):
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """The next `batch_size` images and labels; a batch may reach into the next epoch."""
        if fake_data:
            label = [1] + 9 * [0] if self.one_hot else 0
            return batch_size * [784 * [1]], batch_size * [label]
        start = self._index_in_epoch
        if start == 0 and self._epochs_completed == 0 and shuffle:
            self._shuffle()
        end = start + batch_size
        if end <= self._num_examples:
            self._index_in_epoch = end
            return self._images[start:end], self._labels[start:end]
        rest = self._images[start:], self._labels[start:]
        self._epochs_completed += 1
        if shuffle:
            self._shuffle()
        end -= self._num_examples
        self._index_in_epoch = end
        return (np.concatenate([rest[0], self._images[:end]]),
                np.concatenate([rest[1], self._labels[:end]]))


