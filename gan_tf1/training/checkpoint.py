"""Checkpoints: the whole state of a run, so that a resumed run equals an uninterrupted one.

A checkpoint consists of three files in the run's folder `state/`: two by TensorFlow,
with all variables and optimizer slots, and `epoch_NNNNN.json` with the rest of the
state: the NumPy generators, the position in the training set, the sizes and checksums
of the files that grow, and the SHA-256 of the other files and of itself. The JSON file
is written last and in one step. A checkpoint without it is ignored, and one with a
wrong checksum is passed over for an older one.

Written data survive the end of the process, but they survive a power cut only after
they have been flushed to the disk, which takes some ten flushes per checkpoint. This
would slow down short epochs, so it is done every `run_directory.FLUSH_SECONDS`
seconds. The newest flushed checkpoint is kept until there is another one.
"""

import contextlib
import errno
import hashlib
import json
import os
import pathlib
import shutil

from gan_tf1 import files as files_
from gan_tf1.errors import InputError
from gan_tf1.files import UNFINISHED, replacing
from gan_tf1.tf1 import tf

KEPT = 3  # how many checkpoints are kept, so that a damaged one can be passed over


def save(folder, saver, sess, state, flushed=None) -> None:
    """Write checkpoint `state["epoch"]`: the variables of `saver`, and `state` as JSON.

    `flushed` is the newest epoch whose checkpoint must survive a power cut. If it is this epoch,
    the checkpoint is flushed to the disk; all other files that it depends on must have been flushed
    before. Raises OSError if it cannot be written.
    """
    flush = files_.flush if flushed == state["epoch"] else lambda path: None
    folder = pathlib.Path(folder)
    prefix = folder / f"epoch_{state['epoch']:05d}"
    prefix.with_suffix(".json").unlink(missing_ok=True)
    with saving(folder):
        saver.save(sess, str(prefix), write_meta_graph=False, write_state=False)
    files = {}
    for path in folder.glob(prefix.name + ".*"):
        files[path.name] = _sha256(path.read_bytes())
        flush(path)
    flush(folder)
    body = {"state": state, "files": files}
    body["sum"] = _sha256(json.dumps(body).encode())
    with replacing(prefix.with_suffix(".json"), flush) as temporary:
        temporary.write_text(json.dumps(body) + "\n")
    for path in _markers(folder)[KEPT:]:
        if _epoch(path) != flushed:
            _remove(path)


@contextlib.contextmanager
def saving(folder):
    """A context in which TensorFlow's failure to write to the path `folder` raises OSError."""
    try:
        yield
    except (tf.errors.OpError, ValueError) as error:
        if isinstance(error, ValueError) and folder.is_dir():
            raise  # a Saver raises ValueError for a missing folder, but this one is not missing
        # The system's message, which TensorFlow quotes, is more exact than the class of the error.
        number = next((number for number in errno.errorcode
                       if f"; {os.strerror(number)}" in str(error)), None)
        if number is None:
            number = (errno.ENOSPC if isinstance(error, tf.errors.ResourceExhaustedError) else
                      errno.EACCES if isinstance(error, tf.errors.PermissionDeniedError) else
                      errno.EIO if folder.is_dir() else
                      errno.ENOTDIR if folder.exists() else errno.ENOENT)
        raise OSError(number, os.strerror(number), str(folder)) from error


def newest(folder, say, misfit):
    """The newest usable checkpoint in `folder`: its state and the path prefix for a `Saver`.

    Returns (None, None) if there are no checkpoints. `misfit(state)` returns the reason why a
    checkpoint does not fit the rest of the run, or None if it does; it may raise InputError if no
    checkpoint can fit. `say(line)` is called for each checkpoint that is passed over. Files of
    interrupted saves are removed.

    Raises InputError if there are checkpoints but none is usable; in that case no file is changed.
    """
    folder = pathlib.Path(folder)
    markers = _markers(folder)
    reasons = []
    for marker in markers:
        state = _sound(marker)
        reason = "it is damaged" if state is None else misfit(state)
        if reason is None:
            break
        reasons.append((marker.with_suffix(""), reason))
    else:
        if markers:
            raise InputError(f"no checkpoint in {folder} can be used (the newest: {reasons[0][1]})"
                             ": start a new run")
        state = None
    for prefix, reason in reasons:
        say(f"passing over checkpoint {prefix}: {reason}")
    kept = {path.stem for path in markers if state and _epoch(path) <= state["epoch"]}
    for path in [*folder.glob("epoch_*"), *folder.glob(UNFINISHED + "*")]:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.stem not in kept:
            path.unlink()
    return (state, str(marker.with_suffix(""))) if state else (None, None)


def _markers(folder):
    paths = [path for path in folder.glob("epoch_*.json") if path.stem[6:].isdecimal()]
    return sorted(paths, key=_epoch, reverse=True)


def _epoch(marker):
    return int(marker.stem[6:])


def _sound(marker):
    """The state in the JSON file `marker`, or None if it or a file that it lists is damaged."""
    try:
        body = json.loads(marker.read_bytes())
        total = body.pop("sum")
        if total != _sha256(json.dumps(body).encode()):
            return None
        for name, expected in body["files"].items():
            if _sha256((marker.parent / name).read_bytes()) != expected:
                return None
        return body["state"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _remove(marker):
    marker.unlink()  # first, since a checkpoint without its marker is ignored
    for path in marker.parent.glob(marker.stem + ".*"):
        path.unlink()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
