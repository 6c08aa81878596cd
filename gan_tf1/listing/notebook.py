"""`%load_ext gan_tf1.listing`: the API of TensorFlow 1, and old libraries, in a notebook."""

import contextlib
import sys

from gan_tf1.errors import InputError
from gan_tf1.listing.patches import attributes

_undo = contextlib.ExitStack()


def load(shell) -> None:
    """Give the cells of a notebook what a listing finds, until `unload`.

    `shell` is IPython's. Figures are shown in the notebook, as usual.
    """
    from gan_tf1.listing import old_libraries
    from gan_tf1.listing.modules import tf1_imports
    unload()
    try:
        _undo.enter_context(tf1_imports())
    except InputError as error:  # TensorFlow was imported before
        print(f"error: {error}", file=sys.stderr)
        return
    _undo.enter_context(old_libraries.restored(lambda: shell))
    # The kernel's own options, which tf.app.flags would refuse.
    _undo.enter_context(attributes(sys, argv=sys.argv[:1]))


def unload() -> None:
    """Restore everything."""
    _undo.close()
