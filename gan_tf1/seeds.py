"""The random streams of a run: every random number drawn outside the graph comes from one of them.

The seed of a run (`--seed`) starts several streams of random numbers. A stream is
`numpy.random.default_rng([seed, number])` with a number of its own. The streams are independent:
one more draw from one of them leaves the others as they are, so that, for example, another number
of samples does not change the losses. Random numbers drawn inside the graph (initial weights, dropout, the
noise of `--loop graph`) come from TensorFlow's generators, which the same seed starts.

The numbers are part of every result with a seed: changing one of them changes the results.
"""

import numpy as np

STEPS = 0      # training steps: noise, and the examples that a step draws with replacement
ORDER = 1      # real examples: the order of a training set, which of them samples are compared with
SAMPLES = 2    # samples: their noise
JUDGED = 3     # what an evaluation judges: which samples of many, or the noise of further samples
RESAMPLES = 4  # bootstrap intervals and standard errors
POINTS = 5     # the points of a mixture (two cities have those of `ORDER`); the vectors of vector arithmetic
LABELLED = 6   # which training examples are labelled; its seed is `--label-seed`


def stream(seed, *numbers):
    """A new `numpy.random.Generator` at the start of the stream that `numbers` name.

    `seed` and `numbers` are whole numbers >= 0; the first of `numbers` is one of the constants
    above, and further ones divide its stream, for example among the stages of a run.
    """
    return np.random.default_rng([seed, *numbers])
