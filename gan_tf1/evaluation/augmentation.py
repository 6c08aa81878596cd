"""Random changes of training images that leave their classes as they are.

All functions draw from `rng`, a `numpy.random.Generator`.
"""

import numpy as np


def shifted(stacks, rng, most, border="symmetric") -> list[np.ndarray]:
    """`stacks` [B, s, s, ...], each example shifted by up to `most` >= 0 pixels in both directions.

    Example i is shifted in the same way in all stacks. The pixels that become free at a border repeat
    the image, mirrored; with `border` "constant" they are 0.
    """
    count, size = stacks[0].shape[:2]
    down, right = rng.integers(0, 2 * most + 1, (2, count))
    if not most:
        return list(stacks)
    each, across = np.arange(count)[:, None, None], np.arange(size)
    rows, columns = down[:, None, None] + across[:, None], right[:, None, None] + across
    return [np.pad(stack, [(0, 0), (most, most), (most, most)] + (stack.ndim - 3) * [(0, 0)],
                   mode=border)[each, rows, columns] for stack in stacks]


def mirrored(stacks, rng) -> list[np.ndarray]:
    """`stacks` [B, s, s, ...], half of the examples mirrored from left to right, in all stacks."""
    turned = rng.integers(0, 2, len(stacks[0])).astype(bool)
    return [np.where(turned.reshape(-1, *(stack.ndim - 1) * [1]), stack[:, :, ::-1], stack)
            for stack in stacks]


def relit(images, rng, most) -> np.ndarray:
    """Images [B, s, s, C] in [-1, 1], each with another contrast and brightness.

    All numbers of an image are multiplied by a factor in 1 +- `most`, and a number in +- `most` is
    added to them. They are not clipped: the result is in +-(1 + 2 most).
    """
    gain, offset = rng.uniform(-most, most, (2, len(images), 1, 1, 1)).astype(images.dtype)
    return images * (1 + gain) + offset
