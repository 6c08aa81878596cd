"""gan_tf1: the GAN chapters that people learned from, as TF1 graphs on today's TensorFlow.

Importing this package imports neither TensorFlow nor TensorFlow Datasets. But it chooses for both,
by an environment variable, the Keras whose layers the chapters use: import it before TensorFlow.
"""

import os
import sys

if "tensorflow" not in sys.modules:  # else it is too late, and `gan_tf1.tf1.load` says so
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

__version__ = "0.1.0"
