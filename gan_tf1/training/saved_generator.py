"""The generator alone, saved after each epoch to the run's folder `generator/`.

The files are those of a TensorFlow `Saver`, which the chapters use: two for each
generator, and one called `checkpoint` that names the last ones. They are what
samples are drawn from (`gan_tf1/generators/restore.py`). To resume a run they are not needed.
"""

import pathlib
import re

from gan_tf1.errors import InputError
from gan_tf1.files import flush
from gan_tf1.training.checkpoint import saving
from gan_tf1.training.run_directory import GENERATOR

_NAMED = re.compile(r'^all_model_checkpoint_paths: "([^"]*)"$', re.MULTILINE)


def save(path, saver, sess, epoch, flushed=False):
    """Write the variables of `saver` to run directory `path`; `flushed`, to survive a power cut.

    Raises OSError if they can't be written.
    """
    folder = pathlib.Path(path) / "generator"
    with saving(folder):
        saver.save(sess, str(folder / GENERATOR), global_step=epoch, write_meta_graph=False)
    if flushed:
        for file in (*folder.glob(f"{GENERATOR}-{epoch}.*"), folder / "checkpoint", folder):
            flush(file)


def follow(path, saver, last):
    """Let `saver` replace, in its turn, the generators `last` that an interrupted process saved.

    Files that belong to none of them are removed.
    """
    saver.recover_last_checkpoints([str(generator) for generator in last])
    for file in (pathlib.Path(path) / "generator").glob(GENERATOR + "*"):
        if not any(file.name.startswith(generator.name + ".") for generator in last):
            file.unlink()


def saved(path):
    """The generators in run directory `path`, oldest first: paths that a `Saver` restores from.

    They are those that the file `checkpoint` names. If that is missing or damaged, they are all
    that lie there. Raises InputError if it names one that lies outside of the run.
    """
    folder = pathlib.Path(path) / "generator"
    try:
        names = _NAMED.findall((folder / "checkpoint").read_text())
    except (OSError, ValueError):
        names = []
    for name in names:
        if (folder / name).parent.resolve() != folder.resolve():
            raise InputError(f"{folder / 'checkpoint'} names {name}, which lies outside of the "
                             "run: restore the file, or delete it")
    there = {file.stem for file in folder.glob("*.index")}
    names = [pathlib.Path(name).name for name in names]
    return [folder / name for name in names if name in there] or [
        folder / name for name in sorted(there, key=lambda name: (epoch_of(name) or 0, name))]


def epoch_of(name):
    """The epoch in the name of a saved generator, or None if its name doesn't say it."""
    epoch = name.rpartition("-")[2]
    return int(epoch) if epoch.isdecimal() else None
