"""In which order a training set is shown: every epoch all examples, each time shuffled anew."""

import numpy as np

from gan_tf1.errors import InputError


class Order:
    """The rows of `count` examples, a batch after the other, without end.

    As in the first book's helper, where an epoch ends inside a batch, the batch takes what is left
    of it and fills up from the next epoch.
    """

    def __init__(self, count, seed=0):
        """`seed` (an int or a sequence of them) fixes the order."""
        self.count = count
        self._rng = np.random.default_rng(seed)
        self._position = 0
        self._shuffle()

    def _shuffle(self):
        # The generator as it was before the shuffle is all that a checkpoint needs to keep.
        self._before_shuffle = self._rng.bit_generator.state
        self._order = self._rng.permutation(self.count)

    def rows(self, batch_size):
        """The next `batch_size` rows. Raises InputError where there are fewer examples."""
        if not 0 < batch_size <= self.count:
            raise InputError(f"a batch of {batch_size} can't be drawn from {self.count} examples: "
                             "choose another --batch-size")
        rows = self._order[self._position:self._position + batch_size]
        self._position += batch_size
        if self._position > self.count:
            self._position -= self.count
            self._shuffle()
            rows = np.concatenate([rows, self._order[:self._position]])
        return rows

    def state(self):
        """The place in the stream of batches, as a dict that JSON can hold."""
        return {"before_shuffle": self._before_shuffle, "position": self._position}

    def restore(self, state):
        """Go on from a `state()`: the next rows are those that followed it."""
        self._rng.bit_generator.state = state["before_shuffle"]
        self._shuffle()
        self._position = state["position"]
