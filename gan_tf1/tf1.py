"""TensorFlow as the chapters knew it: graphs, sessions, `tf.layers`.

This is the only module of the package that imports TensorFlow. (`tensorflow_datasets` and
`tensorflow_hub` are imported where they are used, each time after `load()`.) It enables the legacy
layers (`tf.layers.*` needs the package `tf-keras`, which is chosen by `TF_USE_LEGACY_KERAS=1`
before TensorFlow is first imported), disables TF2 behaviour, and hides messages that appear on
every machine. All other modules write::

    from gan_tf1.tf1 import tf
    from gan_tf1.tf1 import insides     # for what is not public: insides("framework.ops")
                                        # is tensorflow.python.framework.ops

TensorFlow takes seconds to import, so it is imported when `tf` is first used. `--help`, messages
about bad input and the search for data do not wait for it.
"""

from __future__ import annotations

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
from collections.abc import Iterator

from gan_tf1.errors import InputError, refuse_missing

ONEDNN_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # environment variables that limit its instructions
WITHOUT_BFLOAT16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI")  # their values without bfloat16
# What TensorFlow's C++ code prints on every machine without a GPU, whatever its log level.
CHATTER = re.compile(
    r"before absl::InitializeLog|oneDNN custom operations are on|Could not find cuda drivers"
    r"|oneDNN supports DT_\w+ only on platforms with AVX-512|Not handling type DT_DOUBLE"
    r"|^To turn them off, set the environment variable|failed call to cuInit|^\s*$")


def has_gpu_device() -> bool:
    """Whether the operating system shows a GPU.

    Always True outside Linux, so that nothing is hidden there.
    """
    return sys.platform != "linux" or bool(glob.glob("/dev/nvidia[0-9]*")) or any(
        map(os.path.exists, ("/dev/dxg", "/dev/kfd")))


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what C++ and Python write to stderr, then write all lines that are not `CHATTER`.

    If there is a GPU, nothing is held back.
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
def load() -> types.ModuleType:
    """Import TensorFlow as the chapters need it, and return `tensorflow.compat.v1`.

    `tf` below calls this when it is first used. Raises InputError if TensorFlow was already
    imported without legacy layers, or if it or `tf-keras` is not installed.
    """
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if "tensorflow" in sys.modules and not legacy:
        raise InputError(
            "TensorFlow was imported before gan_tf1, without its legacy layers: restart the kernel "
            "(or Python) and import gan_tf1 first, or set TF_USE_LEGACY_KERAS=1 in the environment")
    refuse_missing(["tensorflow", "tf_keras"])
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # Level 1 hides the INFO lines of C++ only; warnings and errors are still shown.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    warnings.filterwarnings("ignore", message="Protobuf gencode version")
    warnings.filterwarnings("ignore", message=r"`tf\.layers\.\w+` is deprecated")
    logging.getLogger("tensorflow").addFilter(
        lambda record: "is deprecated and will be removed" not in record.getMessage())
    with without_chatter():
        import tensorflow.compat.v1 as tensorflow
    tensorflow.disable_v2_behavior()
    return tensorflow


def insides(name: str, folder: str = "python") -> types.ModuleType:
    """The module `tensorflow.<folder>.<name>`, which is not part of TensorFlow's public API."""
    load()
    return importlib.import_module(f"tensorflow.{folder}.{name}")


def smart_constant(value: bool | tf.Tensor) -> bool | None:
    """`value` as True or False if it is known when the graph is built, else None."""
    if not tf.is_tensor(value):
        return bool(value)
    known = insides("framework.tensor_util").constant_value(value)
    return None if known is None else bool(known)


class _Tensorflow(types.ModuleType):
    """`tensorflow.compat.v1`, which is imported when any of its names is first used."""

    def __getattr__(self, name):
        return getattr(load(), name)

    def __dir__(self):
        return dir(load())


tf = _Tensorflow("tf", "TensorFlow's TF1 API: tensorflow.compat.v1.")


def new_graph(seed: int, resource_variables: bool = False) -> tf.Graph:
    """An empty graph whose random ops are determined by `seed`, for `with ....as_default():`.

    The seed is set before any op is made, because an op derives its own seed from the graph's when
    it is built: `tf.set_random_seed` changes nothing for ops that exist already. Kernels that may
    sum in any order (on a GPU) are made deterministic, so that the same seed gives the same bytes
    on one machine. Another processor rounds differently, and a training amplifies the difference:
    after some hundred steps it has become another run. From then on, products of float32 have the 24 bits
    that they had in the chapters' time; otherwise a GPU would use TF32, with 11 bits, without being asked.

    With `resource_variables`, a variable is read by an op that can be ordered among other ops, as
    the loop in the graph requires. Without, variables are those of TF1.
    """
    load()
    _let_onednn_speak()
    from tensorflow import config
    config.experimental.enable_op_determinism()
    config.experimental.enable_tensor_float_32_execution(False)
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        tf.get_variable_scope().set_use_resource(resource_variables)
    return graph


@functools.cache
def _let_onednn_speak():
    """Have oneDNN print now, where it can be hidden, that the processor lacks AVX-512.

    It prints this line once per process, when it is first given a type that it does not support.
    That would be during a training, in the middle of the progress bar.
    """
    if has_gpu_device():
        return
    with without_chatter(), tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        numbers = tf.placeholder(tf.int32, (None, None))
        sess.run(tf.transpose(numbers), {numbers: [[0]]})


@contextlib.contextmanager
def tensor_float_32(enabled: bool) -> Iterator[None]:
    """In this block, products of float32 on a GPU may use TF32 (11 bits instead of 24), or may not."""
    load()
    from tensorflow import config
    before = config.experimental.tensor_float_32_execution_enabled()
    config.experimental.enable_tensor_float_32_execution(enabled)
    try:
        yield
    finally:
        config.experimental.enable_tensor_float_32_execution(before)


def uses_onednn() -> bool:
    """Whether TensorFlow uses oneDNN on processors; TF_ENABLE_ONEDNN_OPTS=0 disables it."""
    return insides("util._pywrap_util_port").IsMklEnabled()


def sees_gpu() -> bool:
    """Whether TensorFlow can use a GPU."""
    return has_gpu_device() and bool(tf.config.experimental.list_physical_devices("GPU"))


def refuse_mixed_precision() -> None:
    """Raise InputError if grappler can't use oneDNN's bfloat16 kernels, which are those of a processor.

    Without them, or on a GPU, grappler would leave the graph as it is and say nothing.
    """
    if sees_gpu():
        raise InputError("--mixed-precision computes in bfloat16 on processors only, and TensorFlow uses a GPU here: "
                         "train without --mixed-precision, or hide the GPU with CUDA_VISIBLE_DEVICES=-1")
    if not uses_onednn():
        raise InputError("--mixed-precision needs oneDNN, which TensorFlow does not use here: "
                         "set TF_ENABLE_ONEDNN_OPTS=1, or train without --mixed-precision")
    refuse_bfloat16("--mixed-precision")


def refuse_bfloat16(what: str) -> None:
    """Raise InputError, naming `what`, if oneDNN is limited to instructions without bfloat16.

    TensorFlow does not know of such a limit, and the process would be aborted.
    """
    for name in ONEDNN_LIMITS:
        if os.environ.get(name, "").upper() in WITHOUT_BFLOAT16:
            raise InputError(f"{what} needs bfloat16, which {name}={os.environ[name]} excludes: "
                             f"unset it, or do without {what}")


def session_config(mixed_precision: bool = False) -> tf.ConfigProto:
    """A session's configuration for any machine: soft placement, and GPU memory taken as needed.

    With `mixed_precision`, grappler rewrites the float32 graph so that processors compute
    convolutions and matrix products in bfloat16; variables and losses remain float32. Raises
    InputError as `refuse_mixed_precision` does.
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    if mixed_precision:
        refuse_mixed_precision()
        from tensorflow.core.protobuf import rewriter_config_pb2
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = (
            rewriter_config_pb2.RewriterConfig.ON)
    config.gpu_options.allow_growth = True
    if not has_gpu_device():
        config.device_count["GPU"] = 0  # otherwise the CUDA build logs a failed cuInit
    return config
