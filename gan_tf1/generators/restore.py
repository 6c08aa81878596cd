"""Restore the generator that a run has saved."""

import math
import pathlib
import zlib

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.tf1 import tf
from gan_tf1.training.saved_generator import epoch_of, saved

# The ends of the names of the scales and of the shape of rounded weights (`compact.py`). Weights with scales
# but no shape are whole numbers that are not compressed, as earlier versions wrote them.
SCALE, SHAPE = "/scale", "/shape"


def newest_generator(path) -> tuple[str, int | None]:
    """The checkpoint prefix of the newest generator in the run directory `path`, and its epoch.

    The epoch is None if the name doesn't contain it. Raises InputError if there is no generator,
    or if it lies outside of the run.
    """
    last = saved(path)
    if not last:
        raise InputError(f"{pathlib.Path(path) / 'generator'} holds no generator: has the run "
                         "finished its first epoch?")
    return str(last[-1]), epoch_of(last[-1].name)


def restore_generator(path, gen_vars, sess) -> int | None:
    """Restore `gen_vars` from the newest generator in the run directory `path`; returns its epoch.

    Raises InputError if the generator is missing or damaged, or if its shapes are different.
    """
    last, epoch = newest_generator(path)
    try:
        reader = tf.train.load_checkpoint(last)
        shapes = reader.get_variable_to_shape_map()
        shapes |= {name.removesuffix(SHAPE): reader.get_tensor(name).tolist()
                   for name in shapes if name.endswith(SHAPE)}
        for var in gen_vars:
            # A resource variable would accept any shape.
            if shapes.get(var.op.name) != var.shape.as_list():
                raise ValueError(f"{var.op.name} has the shape {shapes.get(var.op.name)}, not "
                                 f"{var.shape.as_list()}")
        if any(name + SCALE in shapes for name in shapes):
            _load(_unpacked(reader, gen_vars), sess)
        else:
            tf.train.Saver(var_list=gen_vars).restore(sess, last)
    except (tf.errors.OpError, ValueError, RuntimeError, zlib.error) as error:
        reason = str(error) if type(error) is ValueError else type(error).__name__
        raise InputError(f"the generator {last} can't be restored ({reason}): it is damaged, or "
                         "its shapes differ from those in config.json") from error
    return epoch


def _unpacked(reader, gen_vars):
    """The values of `gen_vars` from a checkpoint of `compact.py`: pairs (variable, array)."""
    found = []
    for var in gen_vars:
        value, shape = reader.get_tensor(var.op.name), var.shape.as_list()
        if reader.has_tensor(var.op.name + SHAPE):
            whole = zlib.decompressobj().decompress(value.tobytes(), math.prod(shape) + 1)
            value = np.frombuffer(whole, np.int8).reshape(shape)
        if reader.has_tensor(var.op.name + SCALE):
            value = value.astype(np.float32) * reader.get_tensor(var.op.name + SCALE)
        found.append((var, value))
    return found


def _load(found, sess):
    """Set the variables in `found`, pairs (variable, array), all at once."""
    sess.run([var.initializer for var, _ in found],
             {var.initializer.inputs[1]: value for var, value in found})
