"""The random streams of a run: every draw outside of the graph comes from one of them.

A stream is `numpy.random.default_rng([seed, number])`. They are apart, so that one
more draw in one of them changes none of the others: another number of samples, for
example, leaves the losses as they are. Draws inside the graph (initial weights,
dropout, the loop in the graph) have TensorFlow's seeds, made of the same `seed`.
"""

import numpy as np

STEPS = 0      # noise, and rows drawn with replacement, of the training steps
ORDER = 1      # the order in which the training set is shown; which examples are labelled
SAMPLES = 2    # the noise of samples
CHOICE = 3     # which of many images are judged
RESAMPLES = 4  # bootstrap intervals
POINTS = 5     # training points of a mixture; latent vectors of vector arithmetic


def stream(seed, *numbers):
    """The `numpy.random.Generator` at the start of the stream that `numbers` name."""
    return np.random.default_rng([seed, *numbers])
