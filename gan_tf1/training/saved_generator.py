"""The generator alone, saved after each epoch to the run's folder `generator/`.

The files are those of a TensorFlow `Saver`, as in the chapters: two for each generator,
and one called `checkpoint` with the names of the last ones. Samples are drawn from them
(`gan_tf1/generators/restore.py`). They are not needed to resume a run.
"""

import pathlib
import re

from gan_tf1.errors import InputError
from gan_tf1.files import flush
from gan_tf1.training.checkpoint import saving
from gan_tf1.training.run_directory import GENERATOR

_NAMED = re.compile(r'^all_model_checkpoint_paths: "([^"]*)"$', re.MULTILINE)


def save(path, saver, sess, epoch, flushed=False) -> None:
    """Save the variables of `saver` in the run directory `path`, as the generator of `epoch`.

    With `flushed`, the files will survive a power cut. Raises OSError if they cannot be written.
    """
    folder = pathlib.Path(path) / "generator"
    with saving(folder):
        saver.save(sess, str(folder / GENERATOR), global_step=epoch, write_meta_graph=False)
    if flushed:
        for file in (*folder.glob(f"{GENERATOR}-{epoch}.*"), folder / "checkpoint", folder):
            flush(file)


def follow(path, saver, last) -> None:
    """Tell `saver` which generators, `last`, an interrupted process has saved with another Saver.

    They are then replaced by newer ones as if this one had saved them. Files that belong to none of
    them are removed.
    """
    saver.recover_last_checkpoints([str(generator) for generator in last])
    for file in (pathlib.Path(path) / "generator").glob(GENERATOR + "*"):
        if not any(file.name.startswith(generator.name + ".") for generator in last):
            file.unlink()


def saved(path) -> list[pathlib.Path]:
    """The generators in the run directory `path`, oldest first, as path prefixes for a `Saver`.

    They are listed in the file `checkpoint`. If it is missing or damaged, all generators in the
    folder are returned. Raises InputError if it lists one outside of the run.
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


def epoch_of(name) -> int | None:
    """The epoch in the name of a saved generator, or None if there is none."""
    epoch = name.rpartition("-")[2]
    return int(epoch) if epoch.isdecimal() else None
