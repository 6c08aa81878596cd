"""How a training set chooses the examples of a batch: in a shuffled order, or with replacement."""

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.wording import quantity


class Order:
    """Batches of rows, endlessly: every epoch has each of `count` rows once, in a new order.

    If the batch size doesn't divide `count`, the end of an epoch cuts a batch. With `carries_over`,
    that batch is filled up with the first rows of the next epoch, as the first book's helper does.
    Without, it stays smaller, and the next batch begins the next epoch.
    """

    def __init__(self, count, seed=0, carries_over=True):
        """`seed`, an int or a sequence of ints, determines all orders."""
        self.count, self.carries_over = count, carries_over
        self._rng = np.random.default_rng(seed)
        self._position = 0
        self._shuffle()

    def _shuffle(self):
        # The generator's state before the shuffle is all that a checkpoint needs to store.
        self._before_shuffle = self._rng.bit_generator.state
        self._order = self._rng.permutation(self.count)

    def rows(self, batch_size):
        """The rows of the next batch, int64 [B]: B is `batch_size`, or less without `carries_over`.

        Raises InputError if `batch_size` < 1, and with `carries_over` if it is larger than `count`.
        """
        self.check_batch(batch_size)
        rows = self._order[self._position:self._position + batch_size]
        self._position += batch_size
        if self.carries_over and self._position > self.count:
            self._position -= self.count
            self._shuffle()
            rows = np.concatenate([rows, self._order[:self._position]])
        elif not self.carries_over and self._position >= self.count:
            self._position = 0
            self._shuffle()
        return rows

    def check_batch(self, batch_size):
        """Raise InputError as `rows` does, without taking a batch."""
        if batch_size < 1 or self.carries_over and batch_size > self.count:
            raise InputError(f"a batch of {batch_size} can't be drawn from "
                             f"{quantity(self.count, 'example')}: choose another --batch-size")

    def batches_left(self, batch_size):
        """How many batches the current epoch still has, counting a cut one as one."""
        return -(-(self.count - self._position) // batch_size)

    def state(self):
        """The place in the sequence of batches, as a dict that JSON can hold."""
        return {"before_shuffle": self._before_shuffle, "position": self._position}

    def restore(self, state):
        """Go on from a `state()`: the next rows are those that followed it."""
        self._rng.bit_generator.state = state["before_shuffle"]
        self._shuffle()
        self._position = state["position"]


class InOrder:
    """The part of a `TrainingSet` that its `order`, an `Order`, fulfils."""

    order: Order

    @property
    def carries_over(self):
        return self.order.carries_over

    def check_batch(self, batch_size):
        self.order.check_batch(batch_size)

    def state(self):
        return self.order.state()

    def restore(self, state):
        self.order.restore(state)


class WithReplacement:
    """The same part of a `TrainingSet` whose steps draw examples independently of each other.

    No batch depends on those before it, so there is nothing to store and nothing to restore.
    """

    carries_over = True

    def check_batch(self, batch_size):
        pass

    def state(self):
        return {}

    def restore(self, state):
        pass
