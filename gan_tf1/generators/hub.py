"""Faces by a progressive GAN that others trained: a module of TensorFlow Hub, in graph mode.

*Generative AI with Python and TensorFlow 2* (Packt 2021), chapter "Image
Generation with GANs", section "TensorFlow Hub implementation". The module is
the generator of Karras et al. 2017, trained on CelebA at 128 x 128 pixels::

    z          latent         normal noise, 512 numbers
    G(z)       images         [N, 128, 128, 3] in [0, 1]

What the section prints, and what does it here:

=====================================  ===========================================================
printed                                here
=====================================  ===========================================================
`tf.random.set_seed(12)`,              `chapter_noise(12, (1, 512))`: the very same numbers
`tf.random.normal([1, 512])`
`hub.load(".../progan-128/1")`         `folder(module)` finds it, `opened(path)` loads it
`.signatures['default']`               its one input is taken by position, whatever its name
`pro_gan(vector)['default'][0]`        `generate(generator, z)[0]`
25 faces, by a function not printed    normal noise of NumPy, as the chapter's other samples
=====================================  ===========================================================

The module is in the TF1 Hub format: a SavedModel without tags, and beside it
`tfhub_module.pb`. TensorFlow's own loader reads that; the package `tensorflow_hub`
(here 0.16, the `hub.Module` of old is gone from it) serves for the download alone.

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
Z_SIZE = 512  # numbers in a latent vector, as the section says
BATCH = 25    # images made at a time


def chapter_noise(seed, shape):
    """What TF2's `tf.random.normal(shape)` draws first after `tf.random.set_seed(seed)`: float32.

    TF2 hands each random op a seed of its own from Python's `random.Random(seed)`; given to the op
    of a graph, together with the graph's seed, they make the same numbers.
    """
    op_seed = random.Random(seed).randint(0, 2**31 - 1)
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        return sess.run(tf.random.normal(shape, seed=op_seed))


def cached(handle):
    """Where `tensorflow_hub` keeps the module `handle`, a path; whether it is there or not."""
    root = os.environ.get("TFHUB_CACHE_DIR") or pathlib.Path(tempfile.gettempdir(), "tfhub_modules")
    return pathlib.Path(root).expanduser() / hashlib.sha1(handle.encode()).hexdigest()


def module(text):
    """An argparse type: a handle of TensorFlow Hub as it is, a str, and all else as a path."""
    return text if "://" in text else user_path(text)


@contextlib.contextmanager
def folder(module):
    """The folder of `module`: of a handle, a str, or of a path, a folder or a .tar.gz of one.

    What is downloaded stays in the cache; what is unpacked is gone when the block ends.
    Raises InputError where the module isn't there.
    """
    if isinstance(module, str):
        yield cached(module) if cached(module).is_dir() else download(module)
    elif module.is_dir():
        yield module
    elif not module.exists():
        raise InputError(f"--module {module} is not there: name a folder, or the .tar.gz of one")
    else:
        with tempfile.TemporaryDirectory(prefix="module-") as unpacked:
            yield unpack(module, pathlib.Path(unpacked))


def unpack(archive, place):
    """The module's folder in `archive`, a .tar.gz, unpacked into the empty folder `place`.

    Raises InputError as `archive.unpack` does, and if there is not exactly one module.
    """
    unpack_archive(archive, place)
    found = [path.parent for path in place.rglob("saved_model.pb")]
    if len(found) != 1:
        raise InputError(f"{archive} holds {len(found)} modules, where one is needed")
    return found[0]


def download(handle):
    """The folder of module `handle`, downloaded by `tensorflow_hub`.

    Raises InputError, saying how else to get it, where it can't be.
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
    raise InputError(f"{handle} is not here and can't be downloaded ({reason}): get {address}, a "
                     ".tar.gz, on another machine and give it with --module, or unpack it into "
                     f"{cached(handle)}")


class Generator(NamedTuple):
    """An open module: latent vectors in, images out."""
    path: Any
    sess: Any
    latent: Any   # placeholder [N, Z]
    images: Any   # [N, H, W, C] or [N, 784]
    z_size: int
    range: tuple  # least and largest value of `images`


@contextlib.contextmanager
def opened(path):
    """The module in folder `path`, as a `Generator` in a session of its own.

    It is a module in the TF1 Hub format, or another SavedModel of one input, [N, Z]. Images are in
    [0, 1], the progressive GAN's range, where no generator.json says another.
    Raises InputError where it is damaged, or not a generator of latent vectors.
    """
    path = pathlib.Path(path)
    tags = [] if (path / "tfhub_module.pb").exists() else [tf.saved_model.SERVING]
    with new_graph(0).as_default() as graph, tf.Session(config=session_config()) as sess:
        try:
            signatures = tf.saved_model.load(sess, tags, str(path)).signature_def
            low, high = 0, 1
            if (path / ABOUT).exists():
                low, high = json.loads((path / ABOUT).read_text())["images"]["range"]
        except Exception as error:
            raise InputError(f"{path} can't be loaded, it is damaged or no module: "
                             f"{_reason(error)}") from error
        if SIGNATURE not in signatures:
            raise InputError(f"{path} has no signature {SIGNATURE!r}: it has "
                             f"{', '.join(sorted(signatures)) or 'none'}")
        takes, gives = signatures[SIGNATURE].inputs, signatures[SIGNATURE].outputs
        if len(takes) != 1 or "default" not in gives:
            raise InputError(f"{path} takes {', '.join(sorted(takes)) or 'nothing'} and gives "
                             f"{', '.join(sorted(gives)) or 'nothing'}: one input, latent vectors, "
                             "and an output called default are needed")
        [taken] = takes.values()
        latent, images = map(graph.get_tensor_by_name, (taken.name, gives["default"].name))
        if latent.dtype != tf.float32 or latent.shape.rank not in (2, None):
            raise InputError(f"{path} takes {latent.dtype.name} {latent.shape}: latent vectors "
                             "[N, Z] of float32 are needed")
        z_size = latent.shape.with_rank(2).as_list()[1] or Z_SIZE
        yield Generator(path, sess, latent, images, z_size, (low, high))


def generate(generator, z):
    """The images of latent vectors `z` [n, Z]: float32 [n, H, W, C] or [n, 784] in [0, 1].

    Raises InputError where `z` has another size than the module takes, or where what it gives are
    no images in its range.
    """
    path, sess, latent, images, z_size, (low, high) = generator
    if z.shape[1] != z_size:
        raise InputError(f"{path} takes latent vectors of {z_size} numbers, not of {z.shape[1]}")
    try:
        made = np.concatenate([sess.run(images, {latent: z[start:start + BATCH]})
                               for start in range(0, len(z), BATCH)])
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(f"{path} makes nothing of {z_size} numbers: {_reason(error)}") from error
    slack = 1e-3 * (high - low)
    if made.shape[1:] != (784,) and (made.ndim != 4 or made.shape[3] not in (1, 3)):
        raise InputError(f"{path} gives arrays of shape {list(made.shape[1:])}: they are no images")
    if not (made.min() >= low - slack and made.max() <= high + slack):  # NaN is neither
        raise InputError(f"{path} gives values from {made.min():g} to {made.max():g}: outside of "
                         f"the range from {low:g} to {high:g}")
    return np.clip((made - low) / (high - low), 0, 1)


def _reason(error):
    return " ".join(str(error).split())[:200] or type(error).__name__
