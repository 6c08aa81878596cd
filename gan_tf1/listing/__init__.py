"""Run listings of TensorFlow 1 as they are written: `python -m gan_tf1.listing FILE`.

`gan_tf1.listing.run.run` runs a whole listing. Inside the context `tf1_imports()`,
`import tensorflow as tf` gives the TF1 graph-mode API.
"""

from gan_tf1.listing.modules import tf1_imports

__all__ = ["tf1_imports"]
