"""Restore, while a listing runs, what SciPy, Pillow, h5py and others have dropped.

`old_python.py`, `old_numpy.py` and `old_matplotlib.py` do the same for Python, NumPy and
matplotlib. Sources: the release notes of SciPy 1.0 to 1.3, Pillow 10 and h5py 3.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import types
import urllib.request

from gan_tf1.listing import keras_data, old_matplotlib, old_numpy, old_python
from gan_tf1.listing.patches import attributes, module


@contextlib.contextmanager
def restored(get_ipython):
    """A context with everything that this module restores.

    `get_ipython` becomes IPython's function of this name if IPython isn't installed.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(old_python.restored())
        # tf.keras.utils.get_file, and so every load_data of tf.keras, downloads with this one.
        stack.enter_context(attributes(importlib.import_module("tf_keras.src.utils.data_utils"),
                                       urlretrieve=urlretrieve))
        stack.enter_context(attributes(urllib.request, urlretrieve=urlretrieve))
        stack.enter_context(keras_data.served())
        stack.enter_context(old_numpy.restored())
        stack.enter_context(old_matplotlib.restored())
        _h5py(stack)
        _pillow(stack)
        _scipy(stack)
        _ipython(stack, get_ipython)
        _imageio(stack)
        _distutils(stack)
        _tqdm(stack)
        yield


def urlretrieve(url, filename=None, reporthook=None, data=None):
    """Use `filename` if it exists, else raise OSError, which says what to get; no downloads."""
    if filename is not None and os.path.exists(filename):
        print(f"listing: {filename} exists, and is not downloaded", file=sys.stderr)
        return filename, None
    place = os.path.abspath(filename) if filename else "(the listing names no file)"
    raise OSError(f"nothing is downloaded here: get {url} and put it at {place}")


def _pillow(stack):
    from PIL import Image
    old = {"ANTIALIAS": Image.LANCZOS, "LINEAR": Image.BILINEAR, "CUBIC": Image.BICUBIC}
    stack.enter_context(attributes(Image, **{
        name: value for name, value in old.items() if not hasattr(Image, name)}))


def _h5py(stack):
    if importlib.util.find_spec("h5py") is not None:
        import h5py
        if not hasattr(h5py.Dataset, "value"):
            stack.enter_context(attributes(h5py.Dataset, value=property(lambda self: self[()])))


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
    import scipy.integrate
    import scipy.signal
    for owner, old, new in ((scipy.signal, "gaussian", scipy.signal.windows.gaussian),
                            (scipy.integrate, "simps", scipy.integrate.simpson),
                            (scipy.integrate, "trapz", scipy.integrate.trapezoid),
                            (scipy.integrate, "cumtrapz", scipy.integrate.cumulative_trapezoid)):
        if not hasattr(owner, old):
            stack.enter_context(attributes(owner, **{old: new}))
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


def _tqdm(stack):
    """`tqdm`'s text bar in place of the one for notebooks, if the latter lacks its ipywidgets."""
    if importlib.util.find_spec("ipywidgets") is not None:
        return
    import tqdm
    import tqdm.notebook
    text = {"tqdm_notebook": tqdm.tqdm, "tnrange": tqdm.trange}
    stack.enter_context(attributes(tqdm, **text))
    stack.enter_context(attributes(tqdm.notebook, **text, tqdm=tqdm.tqdm, trange=tqdm.trange))


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
