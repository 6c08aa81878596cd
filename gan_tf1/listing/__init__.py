"""Listings of TensorFlow 1 run as they are written: `python -m gan_tf1.listing FILE`.

`tf1_imports()` gives `import tensorflow as tf` the TF1 graph-mode API for as long as it lasts;
`gan_tf1.listing.run.run` runs a whole listing.
"""

from gan_tf1.listing.modules import tf1_imports

__all__ = ["tf1_imports"]
