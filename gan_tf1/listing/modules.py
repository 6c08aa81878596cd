"""The context `tf1_imports()`, in which `import tensorflow` gives the API of TensorFlow 1.

There, `tensorflow` is a module with the names of `tensorflow.compat.v1` and with parts of
TensorFlow 1 that it lacks: `tf.contrib`, `tf.examples`, and the spellings of TensorFlow 0.x.
Installed libraries still import the installed TensorFlow, and its internal modules
(`tensorflow.python...`) are the installed ones, except `tensorflow.python.keras`.
"""

import builtins
import contextlib
import functools
import importlib
import importlib.util
import pathlib
import sys
import sysconfig
import threading
import types
from importlib import import_module

from gan_tf1.listing import old_python
from gan_tf1.tf1 import insides, load

# Internal modules of the installed package, which don't depend on the API.
INSIDES = ("python", "core", "compiler", "tools", "compat", "_api", "include", "security", "tsl",
           "xla")
# Parts of contrib that are not supported. They can be imported, since many programs import more
# than they use; an error says so when they are used.
LOST_FROM_CONTRIB = (
    "all_reduce autograph bayesflow boosted_trees checkpoint cloud cluster_resolver coder "
    "compiler copy_graph crf cudnn_rnn distribute estimator factorization feature_column "
    "ffmpeg grid_rnn input_pipeline integrate kernel_methods labeled_tensor "
    "legacy_seq2seq linear_optimizer lite lookup memory_stats mixed_precision model_pruning nccl "
    "ndlstm nn opt predictor quantize receptive_field resampler saved_model seq2seq "
    "session_bundle solvers sparsemax staging stateless tensor_forest tensorboard testing "
    "tfprof timeseries tpu").split()
VERSION = "1.15.5"  # the API of tensorflow.compat.v1 is that of TensorFlow 1.15


class Tf1Module(types.ModuleType):
    """A module of the TF1 API with its `own` names and those of a `base` module."""

    def __init__(self, name, own, base=None, hint=None):
        """`own` maps names to objects, and takes precedence over `base`, a module or None.

        `hint` is added to the error for a name that is in neither of them.
        """
        super().__init__(name, getattr(base, "__doc__", None))
        self.__dict__.update(own)
        self._base, self._hint, self._own = base, hint, tuple(own)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if self._base is not None and hasattr(self._base, name):
            return getattr(self._base, name)
        short = "tf" + self.__name__.removeprefix("tensorflow")
        raise AttributeError(f"{short}.{name} isn't supported here: {self._hint or self._names()}")

    @property
    def __all__(self):  # from tensorflow... import *
        return [name for name in dir(self) if not name.startswith("_")]

    def _names(self):
        return f"{self.__name__} has {', '.join(self.__all__)}"

    def __dir__(self):
        return sorted({*self._own, *(dir(self._base) if self._base else ())})


class _LostModule(types.ModuleType):
    """A module that can be imported, but not used."""

    def __init__(self, name, message):
        super().__init__(name)
        self.__dict__["_message"] = message

    def __getattr__(self, name):
        raise AttributeError(name if name.startswith("__") else self._message)


@functools.cache
def tf1_module():
    """The module that `import tensorflow` returns inside `tf1_imports()`."""
    tf = load()
    from gan_tf1.listing import contrib, input_data, old_names
    own = old_names.by_module()
    top = own.pop("")
    for path, names in own.items():
        top[path] = Tf1Module(f"tensorflow.{path}", names, getattr(tf, path))
    mnist = Tf1Module("tensorflow.examples.tutorials.mnist", {"input_data": input_data})
    tutorials = Tf1Module("tensorflow.examples.tutorials", {"mnist": mnist})
    top["examples"] = Tf1Module("tensorflow.examples", {"tutorials": tutorials})
    top["contrib"] = contrib.module(Tf1Module)
    top |= {part: sys.modules[f"tensorflow.{part}"] for part in ("core", "compat")}
    # tensorflow.python.keras is the listing's Keras, as it was in TensorFlow 1. The installed file
    # of this name is another Keras, with a session of its own.
    top["python"] = Tf1Module("tensorflow.python", {"keras": keras_module()},
                              sys.modules["tensorflow.python"])
    top["__version__"] = top["VERSION"] = VERSION
    # The class of the tensors of a graph, since listings ask for `type(x) == tf.Tensor`.
    top["Tensor"] = insides("framework.ops").SymbolicTensor
    return Tf1Module("tensorflow", top, tf, "it is neither in tensorflow.compat.v1 nor among the "
                     "parts of TensorFlow 1 that gan_tf1 has; tf.contrib has layers, framework, "
                     "slim and some more")


@functools.cache
def keras_module():
    """The module that `import keras` returns inside `tf1_imports()`: Keras 2, as in tf.keras.

    It also has the files of Keras before 2.4, which listings import
    (`keras.layers.advanced_activations`).
    """
    from gan_tf1.listing import old_keras_names
    keras = Tf1Module("keras", old_keras_names.names(Tf1Module), load().keras)
    vars(keras._impl)["keras"] = keras  # tensorflow.python.keras._impl.keras
    return keras


@functools.cache
def is_library(filename) -> bool:
    """Whether `filename` belongs to Python, an installed library, or this package."""
    path = pathlib.Path(filename)
    homes = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    homes.append(pathlib.Path(__file__).parent.parent)
    return (filename.startswith("<frozen") or "site-packages" in path.parts
            or "dist-packages" in path.parts or any(path.is_relative_to(home) for home in homes))


def _is_api(name):
    """Whether the module `name` belongs to the public API, which `tf1_imports()` replaces."""
    parts = name.split(".")
    return parts[0] == "keras" or parts[0] == "tensorflow" and (
        len(parts) == 1 or parts[1] not in INSIDES or parts[1:3] == ["python", "keras"])


def _find(name):
    """The TF1 module `name`. Raises ImportError, which names the available ones."""
    if name.partition(".")[0] == "keras":
        from gan_tf1.listing import old_keras
        old_keras.standalone.append(name)
        found = keras_module()
    else:
        found = tf1_module()
    for part in name.split(".")[1:]:
        found = _part(found, part)
    return found


def _part(module, name):
    try:
        return getattr(module, name)
    except AttributeError as error:
        if module.__name__ == "tensorflow.contrib" and name in LOST_FROM_CONTRIB:
            # Python looks the name up once more, and finds it there.
            path = f"tensorflow.contrib.{name}"
            return sys.modules.setdefault(path, _LostModule(path, str(error)))
        raise ImportError(str(error), name=f"{module.__name__}.{name}") from None


_lock = threading.RLock()
_depth = 0
_undo = contextlib.ExitStack()


@contextlib.contextmanager
def tf1_imports():
    """A context in which `import tensorflow as tf` gives the TF1 graph-mode API.

    This holds for every form of `import`, and in every thread. Installed libraries still get the
    installed TensorFlow, which alone is in `sys.modules`. The user's own modules that are first
    imported inside the context are forgotten at its end, since they may hold the TF1 API. Contexts
    can be nested.

    Yields the TF1 module. Raises InputError if TensorFlow can't be loaded (`gan_tf1.tf1.load`).
    """
    global _depth, _undo
    from gan_tf1.listing import old_keras, old_tensorflow
    module = tf1_module()
    with _lock:
        if _depth == 0:
            _undo = contextlib.ExitStack()
            _allow_unseeded_ops(_undo)
            _undo.enter_context(old_tensorflow.restored())
            _undo.enter_context(old_keras.restored())
            _install(_undo)
        _depth += 1
    try:
        yield module
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _undo.close()


def _allow_unseeded_ops(undo):
    """Let listings draw weights without a seed, which fails if `new_graph` has run before."""
    config = insides("framework.config")
    if config.is_op_determinism_enabled():
        config.disable_op_determinism()
        undo.callback(config.enable_op_determinism)


def _install(undo):
    before, plain_import, plain_by_name = set(sys.modules), builtins.__import__, import_module
    top = tf1_module()

    def import_(name, globals=None, locals=None, fromlist=(), level=0):
        is_old = name in old_python.MODULES
        if (level or not is_old and name.partition(".")[0] not in ("tensorflow", "keras")
                or _is_installed(globals or sys._getframe(1).f_globals)):
            return plain_import(name, globals, locals, fromlist, level)
        if is_old and importlib.util.find_spec(name) is None:  # else it is beside the listing
            return plain_by_name(old_python.MODULES[name])
        if not _is_api(name):
            inside = plain_import(name, globals, locals, fromlist, level)
            if name == "tensorflow.python":
                inside = top.python
            return inside if fromlist else top
        found = _find(name)
        for part in fromlist or ():
            if part != "*":
                _part(found, part)
        return found if fromlist else _find(name.partition(".")[0])

    def by_name(name, package=None):
        if _is_api(name) and not _is_installed(sys._getframe(1).f_globals):
            return _find(name)
        return plain_by_name(name, package)

    def restore():
        builtins.__import__, importlib.import_module = plain_import, plain_by_name
        for name, module in list(sys.modules.items()):
            if name not in before and not _is_installed(getattr(module, "__dict__", {})):
                del sys.modules[name]

    undo.callback(restore)
    builtins.__import__, importlib.import_module = import_, by_name


def _is_installed(variables):
    """Whether the module with these global `variables` belongs to Python or a library."""
    filename = variables.get("__file__")
    if not isinstance(filename, str):  # built in, a namespace package, or code without a file
        return getattr(variables.get("__spec__"), "origin", None) in ("built-in", "frozen")
    return is_library(filename)
