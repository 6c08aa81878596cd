"""gan_tf1: the GAN chapters that people learned from, as TF1 graphs on today's TensorFlow.

Importing this package imports neither TensorFlow nor TensorFlow Datasets.
"""

__version__ = "0.1.0"
