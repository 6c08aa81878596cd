"""A training set with few labels, whose steps draw a labelled minibatch of its own."""

import numpy as np

from gan_tf1.data import svhn


class LabelledFirst(svhn.Dataset):
    """The examples of an `svhn.Dataset`, the labelled ones first, in shuffled batches and by row.

    `images[rows]` are float32 [B, 32, 32, 3] in [-1, 1], and `labels[rows]` are int32 [B]. The rows
    below the number of labels are the labelled examples. A batch is `(images, labels)`. At the end
    of a pass it is filled up with examples of the next one.
    """

    def __init__(self, dataset):
        """The batches continue the shuffled order of `dataset`, which must not be used any more."""
        rows = np.argsort(1 - dataset.label_mask, kind="stable")
        self.arrays = dataset.arrays._replace(
            train_images=dataset.arrays.train_images[rows],
            train_labels=dataset.arrays.train_labels[rows])
        self.order = dataset.order
        self.order.carries_over = True
        self.images, self.labels = svhn.Scaled(self.arrays.train_images), self.arrays.train_labels

    def next_batch(self, batch_size):
        """The next images and labels, as `[rows]` gives them.

        Raises InputError if `batch_size` < 1 or the batch is larger than the training set.
        """
        rows = self.order.rows(batch_size)
        return self.images[rows], self.labels[rows]

    def stored(self):
        """Images [N, 32, 32, 3] and labels [N], both uint8."""
        return self.arrays.train_images, self.labels.astype(np.uint8)

    @staticmethod
    def decode(images, labels):
        """Images float32 in [-1, 1] and labels int32."""
        return svhn.scaled(images), labels.astype(np.int32)
