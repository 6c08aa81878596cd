"""The surroundings of a listing while it runs: `__main__`, sys.argv, directory, flags, graph."""

import contextlib
import importlib.util
import linecache
import os
import sys
import warnings

from gan_tf1.listing import input_data
from gan_tf1.listing.patches import attributes
from gan_tf1.tf1 import insides, tf, without_chatter


@contextlib.contextmanager
def of(listing, arguments):
    """A context with the `__main__` of `listing`, sys.argv, sys.path, directory, and new graph."""
    with without_chatter():  # the first session looks for a GPU and prints messages
        tf.Session().close()
    before = sys.modules["__main__"], sys.argv, sys.path[:], os.getcwd()
    sys.modules["__main__"] = listing.module
    sys.argv = [str(listing.path), *arguments]
    sys.path.insert(0, str(listing.path.parent))
    os.chdir(listing.workdir)
    try:
        with _own_graph(), _own_flags(), _own_input_data(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = before[:3]
        os.chdir(before[3])
        for filename in listing.by_filename:
            linecache.cache.pop(filename, None)


@contextlib.contextmanager
def _own_input_data():
    """A context that allows `import input_data`, if there is no such file beside the listing."""
    if importlib.util.find_spec("input_data") is not None:
        yield
        return
    sys.modules["input_data"] = input_data
    try:
        yield
    finally:
        sys.modules.pop("input_data", None)


@contextlib.contextmanager
def _own_flags():
    """A context in which a listing may define flags that a library has defined too (`log_dir`)."""
    flags = tf.app.flags.FLAGS
    before = {name: (flags[name], flags[name].allow_override) for name in flags}
    for flag, _ in before.values():
        flag.allow_override = True
    integer, number = tf.app.flags.DEFINE_integer, tf.app.flags.DEFINE_float

    def define_integer(name, default, *args, **options):
        # Before TensorFlow 1.5 a default wasn't checked, so listings use np.inf or 1e4.
        define = number if isinstance(default, float) else integer
        return define(name, default, *args, **options)

    try:
        with attributes(tf.app.flags, DEFINE_integer=define_integer), \
                attributes(tf.flags, DEFINE_integer=define_integer):
            yield
    finally:
        for name in list(flags):
            if name not in before:
                delattr(flags, name)
            elif flags[name] is not before[name][0]:
                flags[name] = before[name][0]
        for flag, allowed in before.values():
            flag.allow_override = allowed
        flags.unparse_flags()


@contextlib.contextmanager
def _own_graph():
    """A context with an empty default graph. The earlier graph and session are restored after it.

    This works even if the listing leaves an InteractiveSession open.
    """
    ops, stack = insides("framework.ops"), insides("framework.stack")
    sessions, graphs = stack._default_session_stack, ops._default_graph_stack
    before = sessions.stack, graphs.stack, graphs._global_default_graph
    sessions.stack, graphs.stack, graphs._global_default_graph = [], [], None
    try:
        yield
    finally:
        tf.disable_eager_execution()  # in case that the listing has enabled it
        sessions.stack, graphs.stack, graphs._global_default_graph = before
