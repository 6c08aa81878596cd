"""What NumPy, SciPy, matplotlib and Python have dropped since, for as long as a listing runs."""

import contextlib
import importlib.util
import os
import sys
import time
import types
import urllib.request

import numpy as np

GONE_FROM_NUMPY = {
    "float": float, "int": int, "bool": bool, "object": object, "str": str, "complex": complex,
    "long": int, "unicode": str, "float_": np.float64, "complex_": np.complex128,
    "string_": np.bytes_, "unicode_": np.str_, "Inf": np.inf, "Infinity": np.inf,
    "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "round_": np.round, "row_stack": np.vstack, "asscalar": lambda array: array.item(),
    "in1d": lambda *args, **options: np.isin(*args, **options).ravel(),
    "asfarray": lambda array, dtype=np.float64: np.asarray(array, dtype)}
ABSENT = object()


@contextlib.contextmanager
def attributes(owner, **values):
    """Give `owner` these attributes for as long as the context lasts."""
    before = {name: vars(owner).get(name, ABSENT) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


@contextlib.contextmanager
def restored():
    """Everything that this module has, while it lasts."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(np, **{
            name: value for name, value in GONE_FROM_NUMPY.items() if name not in vars(np)}))
        if not hasattr(time, "clock"):
            stack.enter_context(attributes(time, clock=time.perf_counter))
        stack.enter_context(attributes(urllib.request, urlretrieve=urlretrieve))
        _matplotlib(stack)
        _scipy_misc(stack)
        _ipython(stack)
        _distutils(stack)
        yield


def urlretrieve(url, filename=None, reporthook=None, data=None):
    """Nothing is downloaded: a file that is there is taken, and without it OSError says where."""
    if filename is not None and os.path.exists(filename):
        print(f"listing: {filename} is there: not downloaded again", file=sys.stderr)
        return filename, None
    place = os.path.abspath(filename) if filename else "(the listing names no file)"
    raise OSError(f"nothing is downloaded here: get {url} and put it at {place}")


def _matplotlib(stack):
    from matplotlib import pyplot, style
    from matplotlib.axes import Axes

    plain = Axes.set_adjustable

    def set_adjustable(self, adjustable, share=False):
        return plain(self, "box" if adjustable == "box-forced" else adjustable, share)

    stack.enter_context(attributes(Axes, set_adjustable=set_adjustable))
    nothing = {name: lambda *args, **options: None for name in ("hold", "pause")}
    stack.enter_context(attributes(pyplot, **nothing))
    old = {name.replace("-v0_8", ""): name for name in style.library if "-v0_8" in name}
    added = {name: style.library[new] for name, new in old.items() if name not in style.library}
    style.library.update(added)
    stack.callback(lambda: [style.library.pop(name) for name in added])


def _scipy_misc(stack):
    """`scipy.misc`, whose helpers for images SciPy has dropped, and since then the module."""
    import scipy

    from gan_tf1.listing import images
    misc = types.ModuleType("scipy.misc", "SciPy's helpers for images, as they were.")
    misc.__dict__.update({name: getattr(images, name) for name in images.__all__})
    _module(stack, "scipy.misc", misc)
    stack.enter_context(attributes(scipy, misc=misc))


def _ipython(stack):
    """`IPython.display`, where IPython isn't installed: what is displayed is printed."""
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
    ipython.get_ipython, ipython.version_info = lambda: None, (8, 0, 0)  # matplotlib asks for it
    _module(stack, "IPython", ipython)
    _module(stack, "IPython.display", display)


def _distutils(stack):
    """`distutils.version`, by which listings check TensorFlow's; Python 3.12 has dropped it."""
    if importlib.util.find_spec("distutils") is not None:
        return
    from packaging.version import Version
    version = types.ModuleType("distutils.version")
    version.LooseVersion = version.StrictVersion = Version
    distutils = types.ModuleType("distutils")
    distutils.version = version
    _module(stack, "distutils", distutils)
    _module(stack, "distutils.version", version)


def _module(stack, name, module):
    """Put `module` into sys.modules, and what was there back in the end."""
    before = sys.modules.get(name)
    sys.modules[name] = module

    def restore():
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before

    stack.callback(restore)
