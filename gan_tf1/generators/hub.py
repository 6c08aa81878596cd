"""Generate faces with a pretrained progressive GAN, a module of TensorFlow Hub, in graph mode.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image Generation with GANs",
section "TensorFlow Hub implementation". The module is the generator of Karras et al. 2017, trained
on CelebA at 128 x 128 pixels::

    z          latent         normal noise [N, 512]
    G(z)       images         [N, 128, 128, 3] in [0, 1]

The section's code and its counterparts:

=====================================  ===========================================================
printed                                here
=====================================  ===========================================================
`tf.random.set_seed(12)`,              `chapter_noise(12, (1, 512))`, which gives the same numbers
`tf.random.normal([1, 512])`
`hub.load(".../progan-128/1")`         `folder(module)` finds it, `opened(path)` loads it
`.signatures['default']`               the only input of this signature, whatever its name
`pro_gan(vector)['default'][0]`        `generate(generator, z)[0]`
25 faces, by a function not printed    NumPy's normal noise, as for the chapter's other samples
=====================================  ===========================================================

The module is in the TF1 Hub format: a SavedModel without tags, and a file `tfhub_module.pb` beside
it. TensorFlow's own loader reads it. The package `tensorflow_hub` is only used for the download;
its version 0.16 no longer contains `hub.Module`.

A SavedModel is a program: its graph can contain any TensorFlow operation, and some of them read
and write files with your rights. Load only a module whose source you trust.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import pathlib
import random
import tempfile
from typing import Any, NamedTuple

import numpy as np

from gan_tf1.data import source
from gan_tf1.errors import InputError
from gan_tf1.files import user_path
from gan_tf1.generators.archive import unpack as unpack_archive
from gan_tf1.generators.export import ABOUT, SIGNATURE
from gan_tf1.tf1 import load, new_graph, session_config, tf

HANDLE = "https://tfhub.dev/google/progan-128/1"
Z_SIZE = 512  # latent dimension, as the section says
BATCH = 25    # images generated at a time


def chapter_noise(seed, shape) -> np.ndarray:
    """The float32 numbers that TF2's first `tf.random.normal(shape)` draws after `set_seed(seed)`.

    TF2 gives each random op its own seed, which Python's `random.Random(seed)` draws. An op in a
    graph draws the same numbers if it has this seed and the graph has `seed`.
    """
    op_seed = random.Random(seed).randint(0, 2**31 - 1)
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        return sess.run(tf.random.normal(shape, seed=op_seed))


def cached(handle) -> pathlib.Path:
    """The path where `tensorflow_hub` caches the module `handle`, which need not exist."""
    root = os.environ.get("TFHUB_CACHE_DIR") or pathlib.Path(tempfile.gettempdir(), "tfhub_modules")
    return pathlib.Path(root).expanduser() / hashlib.sha1(handle.encode()).hexdigest()


def module(text) -> str | pathlib.Path:
    """An argparse type: a handle of TensorFlow Hub stays a str, anything else becomes a path."""
    return text if "://" in text else user_path(text)


@contextlib.contextmanager
def folder(module):
    """A context with the folder of `module`: a handle (str), or the path of a folder or a .tar.gz.

    A download stays in the cache. An unpacked archive is deleted when the context ends.
    Raises InputError if the module can't be found or downloaded.
    """
    if isinstance(module, str):
        yield cached(module) if cached(module).is_dir() else download(module)
    elif module.is_dir():
        yield module
    elif not module.exists():
        raise InputError(f"--module {module} does not exist: name a folder, or the .tar.gz of one")
    else:
        with tempfile.TemporaryDirectory(prefix="module-") as unpacked:
            yield unpack(module, pathlib.Path(unpacked))


def unpack(archive, place) -> pathlib.Path:
    """Unpack `archive`, a .tar.gz, into the empty folder `place`; returns the module's folder.

    Raises InputError as `archive.unpack` does, and if there is not exactly one module.
    """
    unpack_archive(archive, place)
    found = [path.parent for path in place.rglob("saved_model.pb")]
    if len(found) != 1:
        raise InputError(f"{archive} holds {len(found)} modules, but exactly one is needed")
    return found[0]


def download(handle) -> pathlib.Path:
    """Download the module `handle` with `tensorflow_hub`; returns its folder.

    Raises InputError if that fails; the message says how else to get the module.
    """
    address = f"{handle}?tf-hub-format=compressed"
    if importlib.util.find_spec("tensorflow_hub") is None:
        reason = "the package tensorflow_hub is not installed"
    elif not source.answers(address):
        reason = "its host doesn't answer"
    else:
        load()  # before tensorflow_hub imports TensorFlow in its own way
        import tensorflow_hub
        try:
            return pathlib.Path(tensorflow_hub.resolve(handle))
        except Exception as error:
            reason = _reason(error)
    raise InputError(f"{handle} is not in the cache and can't be downloaded ({reason}): get "
                     f"{address}, a .tar.gz, on another machine and give it with --module, or "
                     f"unpack it into {cached(handle)}")


class Generator(NamedTuple):
    """A module that is loaded in a session, with its input and output."""
    path: Any
    sess: Any
    latent: Any   # placeholder [N, Z]
    images: Any   # [N, H, W, C] or [N, 784]
    z_size: int
    range: tuple  # least and greatest value of `images`


@contextlib.contextmanager
def opened(path):
    """Load the module in the folder `path` as a `Generator` in a session of its own.

    It is a module in the TF1 Hub format, or any SavedModel with one input [N, Z]. The range of the
    images is that in generator.json, or else [0, 1], the range of the progressive GAN.
    Raises InputError if it is damaged, or isn't a generator of latent vectors.
    """
    path = pathlib.Path(path)
    tags = [] if (path / "tfhub_module.pb").exists() else [tf.saved_model.SERVING]
    with new_graph(0).as_default() as graph, tf.Session(config=session_config()) as sess:
        try:
            signatures = tf.saved_model.load(sess, tags, str(path)).signature_def
            low, high = 0, 1
            if (path / ABOUT).exists():
                low, high = map(float, json.loads((path / ABOUT).read_text())["images"]["range"])
            if not -np.inf < low < high < np.inf:
                raise ValueError(f"its images are in [{low:g}, {high:g}]")
        except MemoryError:
            raise
        except Exception as error:
            raise InputError(f"{path} can't be loaded, since it is damaged or not a module: "
                             f"{_reason(error)}") from error
        if SIGNATURE not in signatures:
            raise InputError(f"{path} has no signature {SIGNATURE!r}: it has "
                             f"{', '.join(sorted(signatures)) or 'none'}")
        takes, gives = signatures[SIGNATURE].inputs, signatures[SIGNATURE].outputs
        if len(takes) != 1 or "default" not in gives:
            raise InputError(f"{path} takes {', '.join(sorted(takes)) or 'nothing'} and returns "
                             f"{', '.join(sorted(gives)) or 'nothing'}: one input, for latent "
                             "vectors, and an output called default are needed")
        [taken] = takes.values()
        latent, images = map(graph.get_tensor_by_name, (taken.name, gives["default"].name))
        if latent.dtype != tf.float32 or latent.shape.rank not in (2, None):
            raise InputError(f"{path} takes {latent.dtype.name} {latent.shape}: latent vectors "
                             "[N, Z] of float32 are needed")
        z_size = latent.shape.with_rank(2).as_list()[1] or Z_SIZE
        yield Generator(path, sess, latent, images, z_size, (low, high))


def generate(generator, z) -> np.ndarray:
    """The images of latent vectors `z` [n, Z]: float32 [n, H, W, C] or [n, 784] in [0, 1].

    Raises InputError if the module takes latent vectors of another dimension, or if its output is
    not a set of images in its range.
    """
    path, sess, latent, images, z_size, (low, high) = generator
    if z.shape[1] != z_size:
        raise InputError(f"{path} takes latent vectors of dimension {z_size}, not {z.shape[1]}")
    try:
        made = np.concatenate([sess.run(images, {latent: z[start:start + BATCH]})
                               for start in range(0, len(z), BATCH)])
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(f"{path} fails on latent vectors of dimension {z_size}: "
                         f"{_reason(error)}") from error
    slack = 1e-3 * (high - low)
    if made.shape[1:] != (784,) and (made.ndim != 4 or made.shape[3] not in (1, 3)):
        raise InputError(f"{path} returns arrays of shape {list(made.shape[1:])}, which are not "
                         "images")
    if not (made.min() >= low - slack and made.max() <= high + slack):  # or NaN
        raise InputError(f"{path} returns values from {made.min():g} to {made.max():g}: outside of "
                         f"the range from {low:g} to {high:g}")
    return np.clip((made - low) / (high - low), 0, 1)


def _reason(error):
    return " ".join(str(error).split())[:200] or type(error).__name__
