"""Run listings of TensorFlow 1 as they are written: `python -m gan_tf1.listing FILE`.

`gan_tf1.listing.run.run` runs a whole listing. Inside the context `tf1_imports()`,
`import tensorflow as tf` gives the TF1 graph-mode API. In a notebook, `%load_ext gan_tf1.listing`
gives it to all cells that follow.
"""

from gan_tf1.listing.modules import tf1_imports

__all__ = ["tf1_imports", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ipython) -> None:
    """`%load_ext gan_tf1.listing`: see `gan_tf1.listing.notebook`."""
    from gan_tf1.listing import notebook
    notebook.load(ipython)


def unload_ipython_extension(ipython) -> None:
    """`%unload_ext gan_tf1.listing`: restore everything."""
    from gan_tf1.listing import notebook
    notebook.unload()
