"""Restore, while a listing runs, what NumPy, SciPy, Pillow and Python have dropped.

`old_matplotlib.py` does the same for matplotlib. Sources: the release notes of NumPy 1.24 to 2.4,
SciPy 1.0 to 1.3, Pillow 10, and "What's new in Python" 3.3 to 3.12.
"""

import base64
import collections
import collections.abc
import contextlib
import ctypes
import fractions
import gc
import importlib
import importlib.util
import inspect
import math
import os
import sys
import threading
import time
import types
import urllib.request

import numpy as np

from gan_tf1.listing import old_matplotlib
from gan_tf1.listing.patches import attributes, module

GONE_FROM_NUMPY = {
    "float": float, "int": int, "bool": bool, "object": object, "str": str, "complex": complex,
    "long": int, "unicode": str, "float_": np.float64, "complex_": np.complex128,
    "string_": np.bytes_, "unicode_": np.str_, "Inf": np.inf, "Infinity": np.inf,
    "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "round_": np.round, "row_stack": np.vstack, "asscalar": lambda array: array.item(),
    "in1d": lambda *args, **options: np.isin(*args, **options).ravel(),
    "asfarray": lambda array, dtype=np.float64: np.asarray(array, dtype),
    "int0": np.intp, "uint0": np.uintp, "bool8": np.bool_, "object0": np.object_,
    "str0": np.str_, "float96": np.longdouble, "mat": np.asmatrix, "msort": lambda a: np.sort(a, 0),
    "trapz": getattr(np, "trapezoid", None), "find_common_type": np.result_type,
    "rank": np.ndim, "set_string_function": lambda *args, **options: None}
# Methods of arrays that NumPy 2 has dropped.
GONE_FROM_ARRAYS = {
    "tostring": np.ndarray.tobytes, "ptp": np.ptp,
    "itemset": lambda array, *args: _itemset(array, *args),
    "newbyteorder": lambda array, order="S": array.view(array.dtype.newbyteorder(order))}
GONE_FROM_PYTHON = {
    base64: {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    fractions: {"gcd": math.gcd}, time: {"clock": time.perf_counter},
    inspect: {"getargspec": lambda function: inspect.getfullargspec(function)[:4]},
    threading.Thread: {"isAlive": threading.Thread.is_alive}}


def _itemset(array, *args):
    """array.itemset(value), itemset(flat index, value) or itemset(tuple of indices, value)."""
    *index, value = args
    if index and isinstance(index[0], tuple):
        array[index[0]] = value
    else:
        array.flat[index[0] if index else 0] = value


@contextlib.contextmanager
def restored(get_ipython):
    """A context with everything that this module restores.

    `get_ipython` becomes IPython's function of this name if IPython isn't installed.
    """
    with contextlib.ExitStack() as stack:
        for owner, values in {np: GONE_FROM_NUMPY, **GONE_FROM_PYTHON}.items():
            stack.enter_context(attributes(owner, **{
                name: value for name, value in values.items()
                if name not in vars(owner) and value is not None}))
        # tf.keras.utils.get_file, and so every load_data of tf.keras, downloads with this one.
        stack.enter_context(attributes(importlib.import_module("tf_keras.src.utils.data_utils"),
                                       urlretrieve=urlretrieve))
        stack.enter_context(attributes(urllib.request, urlretrieve=urlretrieve))
        _numpy(stack)
        stack.enter_context(old_matplotlib.restored())
        _pillow(stack)
        _scipy(stack)
        _ipython(stack, get_ipython)
        _imageio(stack)
        _distutils(stack)
        yield


def urlretrieve(url, filename=None, reporthook=None, data=None):
    """Use `filename` if it exists, else raise OSError, which says what to get; no downloads."""
    if filename is not None and os.path.exists(filename):
        print(f"listing: {filename} exists, and is not downloaded", file=sys.stderr)
        return filename, None
    place = os.path.abspath(filename) if filename else "(the listing names no file)"
    raise OSError(f"nothing is downloaded here: get {url} and put it at {place}")


def _numpy(stack):
    """NumPy's arguments and methods that were dropped or are now refused."""
    plain = {name: getattr(np, name) for name in ("reshape", "fromstring", "load")}

    def reshape(a, *args, **options):
        if "newshape" in options:
            options["shape"] = options.pop("newshape")
        return plain["reshape"](a, *args, **options)

    def fromstring(string, dtype=float, count=-1, *, sep="", **options):
        if sep == "":  # binary data; a copy, since frombuffer's arrays are read-only
            return np.frombuffer(string, dtype, count).copy()
        return plain["fromstring"](string, dtype, count, sep=sep, **options)

    def load(file, mmap_mode=None, allow_pickle=True, *args, **options):
        return plain["load"](file, mmap_mode, allow_pickle, *args, **options)

    stack.enter_context(attributes(np, reshape=reshape, fromstring=fromstring, load=load))
    if not hasattr(np.lib, "pad"):
        stack.enter_context(attributes(np.lib, pad=np.pad))
    if not hasattr(np.random, "random_integers"):
        stack.enter_context(attributes(np.random, random_integers=lambda low, high=None, size=None: (
            np.random.randint(1, low + 1, size) if high is None
            else np.random.randint(low, high + 1, size))))
    methods = {name: method for name, method in GONE_FROM_ARRAYS.items()
               if not hasattr(np.ndarray, name)}
    # setattr fails for a type written in C, but the dictionary behind its proxy can be changed.
    found = gc.get_referents(np.ndarray.__dict__)[0]

    def forget():
        for name in methods:
            found.pop(name, None)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))

    stack.callback(forget)
    found.update(methods)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))


def _pillow(stack):
    from PIL import Image
    old = {"ANTIALIAS": Image.LANCZOS, "LINEAR": Image.BILINEAR, "CUBIC": Image.BICUBIC}
    stack.enter_context(attributes(Image, **{
        name: value for name, value in old.items() if not hasattr(Image, name)}))


def _scipy(stack):
    """`scipy.misc`, which SciPy has dropped with its functions for images, and `ndimage.imread`."""
    import scipy
    import scipy.ndimage
    import scipy.special

    from gan_tf1.listing import images
    misc = types.ModuleType("scipy.misc", "The image functions of SciPy 1.0.")
    misc.__dict__.update({name: getattr(images, name) for name in images.__all__})
    misc.__dict__.update({name: getattr(scipy.special, name)
                          for name in ("comb", "factorial", "logsumexp")})
    stack.enter_context(module("scipy.misc", misc))
    stack.enter_context(attributes(scipy, misc=misc))
    if not hasattr(scipy.ndimage, "imread"):
        stack.enter_context(attributes(scipy.ndimage, imread=images.imread))


def _ipython(stack, get_ipython):
    """`IPython.display` if IPython isn't installed: objects are printed instead of displayed."""
    if importlib.util.find_spec("IPython") is not None:
        return
    display = types.ModuleType("IPython.display")
    display.display = lambda *things, **options: print(*things)
    display.clear_output = lambda *args, **options: None
    for name in ("Image", "HTML", "SVG", "Markdown", "Math", "Latex", "Audio", "YouTubeVideo"):
        setattr(display, name, lambda data=None, *args, kind=name, **options:
                f"<{kind} {str(options.get('filename') or data)[:60]}>")
    ipython = types.ModuleType("IPython")
    ipython.display = display
    ipython.get_ipython, ipython.version_info = get_ipython, (8, 0, 0)  # matplotlib reads it
    stack.enter_context(module("IPython", ipython))
    core = types.ModuleType("IPython.core")
    ipython.core, core.display = core, display
    for name, part in (("display", display), ("core", core), ("core.display", display)):
        stack.enter_context(module(f"IPython.{name}", part))


def _imageio(stack):
    """`imageio`, if it isn't installed."""
    if importlib.util.find_spec("imageio") is not None:
        return
    from gan_tf1.listing import image_files
    imageio = types.ModuleType("imageio", image_files.__doc__)
    imageio.__dict__.update({name: getattr(image_files, name) for name in image_files.__all__})
    imageio.v2, imageio.__version__ = imageio, "2.3.0"
    stack.enter_context(module("imageio", imageio))
    stack.enter_context(module("imageio.v2", imageio))


def _distutils(stack):
    """`distutils.version`, with which listings check TensorFlow's version; not in Python 3.12."""
    if importlib.util.find_spec("distutils") is not None:
        return
    from packaging.version import Version
    version = types.ModuleType("distutils.version")
    version.LooseVersion = version.StrictVersion = Version
    distutils = types.ModuleType("distutils")
    distutils.version = version
    stack.enter_context(module("distutils", distutils))
    stack.enter_context(module("distutils.version", version))
