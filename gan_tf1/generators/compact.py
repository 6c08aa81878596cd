"""A small run directory of a generator, with rounded weights, to keep with results or to pass on.

All scripts that restore a generator read it like any other run: those that draw samples, translate or
export. It has no checkpoints to resume from, no samples and no figures. `write` keeps the losses and
the log; `export` writes the generator and its configuration alone.

The weights w of each channel along the last axis of a kernel, which is the output of a dense layer or
convolution and the input of a transposed convolution, are stored as whole numbers q from -20 to 20
and a scale s, so that w is about s q::

    s = max |w| / 20        q = round(w / s)

so no weight changes by more than s / 2, 2.5 % of the largest one of its channel. The whole numbers are
compressed with Huffman's code, to about 5 bits each, since most of them are small. A kernel with more
channels than `MOST_CHANNELS` has one scale for all of them. Biases, scales of norms and small kernels are
stored as they are.
"""

import pathlib
import shutil
import tempfile
import zlib

import numpy as np

from gan_tf1.files import UNFINISHED, flush, flush_all, making
from gan_tf1.generators.restore import SCALE, SHAPE, newest_generator
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import saved_generator
from gan_tf1.training.run_config import read_config

KEPT = ("config.json", "losses.csv", "printed_losses.csv", "log.txt", "diagnosis.txt")
LEAST = 256     # weights of a kernel that is rounded
LEVELS = 20     # on each side of 0: a generator of 1.5 million weights then takes less than 1 MB
MOST_CHANNELS = 4096  # with more, the scales would take as much space as many of the weights
MOST_BYTES = 200_000  # of a log or of losses: if they have a line for every step, they are larger


def write(path, folder):
    """Write the newest generator of the run at `path` to `folder`, a run directory; returns `folder`.

    What is there of an earlier one is replaced. A log or losses of more than `MOST_BYTES` are left out.
    Raises InputError if `path` has no generator.
    """
    tensors, epoch = _rounded_tensors(path)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as temporary:
        temporary = pathlib.Path(temporary)
        new, old = temporary / "new", temporary / "old"
        new.mkdir()
        old.mkdir()
        _save(tensors, new, epoch)
        for name in KEPT:
            if (path / name).exists() and (path / name).stat().st_size <= MOST_BYTES:
                shutil.copyfile(path / name, new / name)
        flush_all(new)
        # Only now, when all is complete, is the earlier one moved away, and back again if that fails.
        try:
            for name in ("generator", *KEPT):
                if (folder / name).exists():
                    (folder / name).rename(old / name)
                if (new / name).exists():
                    (new / name).rename(folder / name)
        except BaseException:
            for earlier in old.iterdir():
                if (folder / earlier.name).exists():
                    (folder / earlier.name).rename(new / earlier.name)
                earlier.rename(folder / earlier.name)
            raise
    flush(folder)
    return folder


def kept(path, folder) -> str:
    """`write`, as reports do with their best runs; returns the folder and its size: "OUT/generator (4.9 MB)"."""
    write(path, folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{folder} ({size / 1e6:.1f} MB)"


def export(path, folder):
    """Write the newest generator of the run at `path`, and its config.json, to the new folder `folder`.

    Raises InputError if `path` has no generator, or if `folder` is occupied.
    """
    tensors, epoch = _rounded_tensors(path)
    with making(folder) as temporary:
        _save(tensors, temporary, epoch)
        shutil.copyfile(path / "config.json", temporary / "config.json")


def _rounded_tensors(path):
    """The tensors of the newest generator of the run at `path` by name, rounded, and its epoch."""
    read_config(path)
    prefix, epoch = newest_generator(path)
    reader = tf.train.load_checkpoint(prefix)
    tensors = {}
    for name in sorted(reader.get_variable_to_shape_map()):
        weights = reader.get_tensor(name)
        if weights.dtype == np.float32 and weights.ndim > 1 and weights.size >= LEAST:
            whole, tensors[name + SCALE] = rounded(weights)
            tensors[name + SHAPE] = np.array(whole.shape)
            tensors[name] = np.frombuffer(compressed(whole.tobytes()), np.uint8)
        else:
            tensors[name] = weights
    return tensors, epoch or 0


def rounded(weights) -> tuple[np.ndarray, np.ndarray]:
    """`weights` float32 [..., C] as whole numbers int8 [..., C], and the scale float32 [C] of each channel.

    If there are more than `MOST_CHANNELS`, the scale has the shape [].
    """
    largest = np.abs(weights).reshape(-1, weights.shape[-1]).max(axis=0)
    scale = (largest.max() if len(largest) > MOST_CHANNELS else largest) / np.float32(LEVELS)
    return np.rint(weights / np.where(scale > 0, scale, 1)).astype(np.int8), scale


def compressed(plain) -> bytes:
    """The bytes `plain` in the format of zlib. It does not search for repetitions, because weights have none."""
    coder = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return coder.compress(plain) + coder.flush()


def _save(tensors, folder, epoch):
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        variables = {name: tf.get_variable(name.replace("/", "_"), dtype=value.dtype,
                                           shape=value.shape, initializer=tf.zeros_initializer())
                     for name, value in tensors.items()}
        sess.run([var.initializer for var in variables.values()],
                 {var.initializer.inputs[1]: tensors[name] for name, var in variables.items()})
        saver = tf.train.Saver(variables, save_relative_paths=True)
        saved_generator.save(folder, saver, sess, epoch)
