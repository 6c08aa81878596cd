"""The contract of a training set: what the training loops and the checkpoints ask of it."""

import zlib
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class TrainingSet(Protocol):
    """N examples, kept in columns of N rows each, such as images and their labels.

    The training step of a chapter draws its batch in one of two ways, as its book does, and a
    training set offers the way (or both) that its chapters need:

        images, labels = train_set.next_batch(batch_size)    the next examples in a shuffled order

        rows = rng.integers(0, train_set.num_examples, batch_size)    examples with replacement
        images = train_set.images[rows]

    `--loop feed` needs no more than that. `--loop graph` keeps the columns of `stored()` on the
    device, takes each batch's rows from them there, and passes these to `decode()`.

    If the examples are points and not images, `points`, an array [N, d], has them in the units of
    the generator's samples; the diagnosis of a run compares the spread of both.
    """

    carries_over: bool
    """Whether a batch at the end of an epoch is filled up with examples of the next epoch.

    If False, the last batch of an epoch is smaller when the batch size doesn't divide N.
    """

    @property
    def num_examples(self) -> int:
        """N, the number of examples."""

    def stored(self) -> tuple[np.ndarray, ...]:
        """The columns in the type in which they take least memory, each [N, ...]."""

    def decode(self, *columns) -> tuple[Any, ...]:
        """The same rows of all columns of `stored()`, as `next_batch` or `images[rows]` has them.

        `columns` are NumPy arrays or, in a traced step, `tracing.Traced`. So `decode` may use only
        operators and methods that both have.
        """

    def check_batch(self, batch_size: int) -> None:
        """Raise InputError if a batch of `batch_size` examples can't be drawn."""

    def state(self) -> dict:
        """The place in the sequence of batches, as a dict that JSON can hold, for a checkpoint."""

    def restore(self, state: dict) -> None:
        """Go on from a `state()`: the next batches are those that followed it."""

    def fingerprint(self) -> str:
        """The checksum of all examples in their order, eight hexadecimal digits.

        A run is resumed only with a training set of the same fingerprint.
        """


def checksum(*columns) -> str:
    """The CRC-32 of the bytes of all `columns`, one after another, as eight hexadecimal digits."""
    crc = 0
    for column in columns:
        crc = zlib.crc32(np.ascontiguousarray(column), crc)
    return f"{crc:08x}"
