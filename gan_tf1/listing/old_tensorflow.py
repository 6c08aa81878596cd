"""What early versions of TensorFlow accepted, and the installed one refuses.

`old_names.py` has the old names of functions. Here are the rules that changed while the names
stayed.
"""

import contextlib
import re

import numpy as np

from gan_tf1.listing.patches import attributes
from gan_tf1.listing.report import note
from gan_tf1.tf1 import has_gpu_device, insides, tf


@contextlib.contextmanager
def restored():
    """A context with everything that this module restores."""
    with contextlib.ExitStack() as stack:
        for context in (_sizes_of_floats, _slots_in_reusing_scopes, _prefetching_numpy_integers,
                        _soft_placement, _inner_names, _types_of_variables):
            stack.enter_context(context())
        yield


def _sizes_of_floats():
    """A size may be 50.0, as before TensorFlow 1.15: `size / 2` in Python 3."""
    plain = tf.Dimension.__init__

    def init(self, value):
        plain(self, int(value) if isinstance(value, float) and value.is_integer() else value)

    return attributes(tf.Dimension, __init__=init)


def _slots_in_reusing_scopes():
    """Optimizers and moving averages make their variables in a scope that reuses variables, too.

    They did so before TensorFlow 1.1, where these variables were not made by `tf.get_variable`.
    """
    creator, noted = insides("training.slot_creator"), set()
    plain = creator._create_slot_var

    def create(primary, value, scope, *args, **options):
        outer = tf.get_variable_scope()
        if outer.reuse is not True:
            return plain(primary, value, scope, *args, **options)
        kind = scope.rsplit("/", 1)[-1] or outer.name.rsplit("/", 1)[-1]
        kind = re.sub(r"_\d+$", "", kind)
        if kind not in noted:
            note(f"{kind} makes its variables although their scope reuses variables, as before "
                 "TensorFlow 1.1")
            noted.add(kind)
        outer._reuse = False
        try:
            return plain(primary, value, scope, *args, **options)
        finally:
            outer._reuse = True

    return attributes(creator, _create_slot_var=create)


def _types_of_variables():
    """`type(v) == tf.Variable` is true, as before TensorFlow 1.11, where `v` got its own class."""
    kind = type(tf.Variable)
    ours = {tf.Variable, insides("ops.ref_variable").RefVariable}
    ours = {id(one) for one in ours}

    def equal(self, other):
        return self is other or (id(self) in ours and id(other) in ours)

    return attributes(kind, __eq__=equal, __ne__=lambda self, other: not equal(self, other),
                      __hash__=type.__hash__)


@contextlib.contextmanager
def _inner_names():
    """Names that TensorFlow has moved among its own files, such as `control_flow_ops.while_loop`."""

    def moved(name):
        for api in (tf, tf.nn):
            if not name.startswith("_") and hasattr(api, name):
                return getattr(api, name)
        raise AttributeError(f"TensorFlow's own file has no {name}")

    arrays = insides("ops.tensor_array_ops").TensorArray
    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(arrays, pack=arrays.stack, unpack=arrays.unstack))
        for name in ("array_ops", "control_flow_ops", "math_ops", "nn_ops"):
            stack.enter_context(attributes(insides(f"ops.{name}"), __getattr__=moved))
        yield


def _prefetching_numpy_integers():
    """`prefetch` compares its argument with a number, which with NumPy's isn't a Python bool."""
    datasets = insides("data.ops.dataset_ops").DatasetV2
    plain = datasets.prefetch

    def prefetch(self, buffer_size, *args, **options):
        if isinstance(buffer_size, np.integer):
            buffer_size = int(buffer_size)
        return plain(self, buffer_size, *args, **options)

    return attributes(datasets, prefetch=prefetch)


@contextlib.contextmanager
def _soft_placement():
    """Ops for which a missing device is requested run on the CPU, as with allow_soft_placement."""
    sessions, noted = insides("client.session").BaseSession, []
    plain, plain_device = sessions.__init__, tf.Graph.device

    def init(self, target="", graph=None, config=None):
        if config is None or isinstance(config, tf.ConfigProto):
            given, config = config, tf.ConfigProto()
            config.CopyFrom(given or insides("eager.context").context().config)
            config.allow_soft_placement = True
        plain(self, target, graph, config)

    def device(self, device_name_or_function):
        name = device_name_or_function
        if isinstance(name, str) and not has_gpu_device() and "gpu" in name.lower():
            if not noted:
                note(f"there is no {name} here: its ops run on the CPU")
                noted.append(name)
            # TensorFlow would name every op that it has to move.
            device_name_or_function = re.sub(r"gpu:(\d+|\*)", "cpu:0", name, flags=re.I)
        return plain_device(self, device_name_or_function)

    with attributes(sessions, __init__=init), attributes(tf.Graph, device=device):
        yield
