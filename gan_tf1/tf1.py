"""TensorFlow as the chapters knew it: graphs, sessions, `tf.layers`.

This is the only module of the package that imports TensorFlow. (Its companions
`tensorflow_datasets` and `tensorflow_hub` are imported where they are used,
each time after `load()`.) It turns the legacy layers on (`tf.layers.*` needs the
package `tf-keras`, chosen by `TF_USE_LEGACY_KERAS=1` before TensorFlow is first
imported), turns TF2 behaviour off, and keeps the known chatter quiet.
Everywhere else::

    from gan_tf1.tf1 import tf
    from gan_tf1.tf1 import insides         and for what is not public,
    insides("framework.ops")                tensorflow.python.framework.ops

TensorFlow takes seconds to import, so `tf` waits for its first use: `--help`,
bad input and the search for data answer without it.
"""

import contextlib
import functools
import glob
import importlib
import logging
import os
import re
import sys
import tempfile
import types
import warnings

from gan_tf1.errors import InputError, refuse_missing

# What TensorFlow's C++ side says on every machine without a GPU, before or beside its log level.
CHATTER = re.compile(
    r"before absl::InitializeLog|oneDNN custom operations are on|Could not find cuda drivers"
    r"|oneDNN supports DT_\w+ only on platforms with AVX-512"
    r"|^To turn them off, set the environment variable|failed call to cuInit|^\s*$")


def has_gpu_device():
    """Whether the operating system shows a GPU (off Linux: always, so that nothing is hidden)."""
    return sys.platform != "linux" or bool(glob.glob("/dev/nvidia[0-9]*")) or any(
        map(os.path.exists, ("/dev/dxg", "/dev/kfd")))


@contextlib.contextmanager
def without_chatter():
    """Hold back what C++ and Python write to stderr, then pass on every line that isn't `CHATTER`.

    Where there is a GPU, nothing is held back.
    """
    if has_gpu_device():
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile("w+", errors="replace") as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not CHATTER.search(line):
                    sys.stderr.write(line)


@functools.cache
def load():
    """Import TensorFlow, set for the chapters; `tf` below calls this when it is first used.

    Raises InputError if TensorFlow was already imported without legacy layers, or if it or
    `tf-keras` is not installed.
    """
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if "tensorflow" in sys.modules and not legacy:
        raise InputError(
            "TensorFlow was imported before gan_tf1, without its legacy layers: restart the kernel "
            "(or Python) and import gan_tf1 first, or set TF_USE_LEGACY_KERAS=1 in the environment")
    refuse_missing(["tensorflow", "tf_keras"])
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # 1 drops C++ INFO lines only; warnings and errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    warnings.filterwarnings("ignore", message="Protobuf gencode version")
    warnings.filterwarnings("ignore", message=r"`tf\.layers\.\w+` is deprecated")
    logging.getLogger("tensorflow").addFilter(
        lambda record: "is deprecated and will be removed" not in record.getMessage())
    with without_chatter():
        import tensorflow.compat.v1 as tensorflow
    tensorflow.disable_v2_behavior()
    return tensorflow


def insides(name):
    """The module `tensorflow.python.<name>`: what TensorFlow has and does not publish."""
    load()
    return importlib.import_module(f"tensorflow.python.{name}")


def smart_constant(value):
    """`value`, a bool or a bool tensor, as True or False if it is known now, else None."""
    if not tf.is_tensor(value):
        return bool(value)
    known = insides("framework.tensor_util").constant_value(value)
    return None if known is None else bool(known)


class _Tensorflow(types.ModuleType):
    """`tensorflow.compat.v1`, imported at the first use of any of its names."""

    def __getattr__(self, name):
        return getattr(load(), name)

    def __dir__(self):
        return dir(load())


tf = _Tensorflow("tf", "TensorFlow's TF1 API: tensorflow.compat.v1.")


def new_graph(seed, resource_variables=False):
    """An empty `tf.Graph` whose random ops are fixed by `seed`, for `with ....as_default():`.

    The seed goes in before any op is made: an op takes its own seed from the
    graph's when it is built, so `tf.set_random_seed` afterwards changes nothing.
    Kernels that may sum in any order (on a GPU) are told not to: on one machine
    the same seed gives the same bytes. Another processor rounds differently, and
    a training amplifies that: after some hundred steps it is another run there.

    With `resource_variables` a variable is read by an op, which has its place in an order, as the
    loop in the graph needs it; without, it is TF1's own kind.
    """
    load()
    _let_onednn_speak()
    from tensorflow import config
    config.experimental.enable_op_determinism()
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        tf.get_variable_scope().set_use_resource(resource_variables)
    return graph


@functools.cache
def _let_onednn_speak():
    """Have oneDNN say now that the processor lacks AVX-512.

    It says so once per process, when it first meets a type that it doesn't support: in the middle
    of a training, where the line would break into the progress bar.
    """
    if has_gpu_device():
        return
    with without_chatter(), tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        numbers = tf.placeholder(tf.int32, (None, None))
        sess.run(tf.transpose(numbers), {numbers: [[0]]})


def uses_onednn():
    """Whether TensorFlow computes with oneDNN on the processor; TF_ENABLE_ONEDNN_OPTS=0 forbids it."""
    return insides("util._pywrap_util_port").IsMklEnabled()


def session_config(mixed_precision=False):
    """A `ConfigProto` that runs anywhere: soft placement, and GPU memory taken as it is needed.

    With `mixed_precision` grappler rewrites a graph of float32 so that convolutions and matrix
    products are computed in bfloat16, on processors; variables and losses stay float32. Only oneDNN
    has kernels for that: without it grappler would silently leave the graph as it is, so this
    raises InputError.
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    if mixed_precision:
        if not uses_onednn():
            raise InputError("--mixed-precision needs oneDNN, which TensorFlow does not use here: "
                             "set TF_ENABLE_ONEDNN_OPTS=1, or train without --mixed-precision")
        from tensorflow.core.protobuf import rewriter_config_pb2
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = (
            rewriter_config_pb2.RewriterConfig.ON)
    config.gpu_options.allow_growth = True
    if not has_gpu_device():
        config.device_count["GPU"] = 0  # the CUDA build would try one, and log a failed cuInit
    return config
