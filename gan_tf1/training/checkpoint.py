"""The whole state of a run, so that a resumed run equals one that was never interrupted.

One checkpoint is three files in the run's `state/` folder: TensorFlow's two for
all variables and optimizer slots, and `epoch_NNNNN.json` with what TensorFlow
doesn't know: the state of the NumPy generators, the place in the data, the
sizes and checksums of the files that grow, and the SHA-256 of everything. The
JSON is written last and in one step: a checkpoint without it doesn't count. If
a checksum doesn't match, the checkpoint is passed over for an older one.

What was written survives the end of the process, but survives a power cut only
once the disk has been waited for, some ten times for each checkpoint. That
would slow down short epochs, so it is done every `run_directory.FLUSH_SECONDS`. The
newest flushed checkpoint is kept until there is another.
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

KEPT = 3  # checkpoints, so that a damaged one can be passed over


def save(folder, saver, sess, state, flushed=None):
    """Write checkpoint `state["epoch"]`: the variables of `saver` and the JSON-able `state`.

    `flushed` is the newest epoch whose checkpoint must be safe on the disk. If it is this one, the
    disk is waited for; the caller has done so for all else that the checkpoint relies on. Raises
    OSError if it can't be written.
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
    """Let TensorFlow's failure to write to the path `folder` be an OSError, as Python's own is."""
    try:
        yield
    except (tf.errors.OpError, ValueError) as error:
        if isinstance(error, ValueError) and folder.is_dir():
            raise  # a Saver raises it too if the folder is missing, but then this is not the cause
        # TensorFlow's message ends in the system's own words. Its kind of error is less exact.
        number = next((number for number in errno.errorcode
                       if f"; {os.strerror(number)}" in str(error)), None)
        if number is None:
            number = (errno.ENOSPC if isinstance(error, tf.errors.ResourceExhaustedError) else
                      errno.EACCES if isinstance(error, tf.errors.PermissionDeniedError) else
                      errno.EIO if folder.is_dir() else
                      errno.ENOTDIR if folder.exists() else errno.ENOENT)
        raise OSError(number, os.strerror(number), str(folder)) from error


def newest(folder, say, misfit):
    """State and prefix of the newest usable checkpoint in `folder`, or None twice without any.

    The prefix is what a `Saver` restores its variables from.

    `misfit(state)` tells why a checkpoint doesn't fit the rest of the run, or
    None if it fits; it may raise InputError if none can. `say(line)` is told of
    each checkpoint that is passed over. What an interrupted save left behind is
    removed. Raises InputError if there are checkpoints but none is usable; then
    nothing was touched.
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
    """The state in `marker`, or None where it or a file that it names is damaged."""
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
    marker.unlink()  # first: a checkpoint without its marker doesn't count
    for path in marker.parent.glob(marker.stem + ".*"):
        path.unlink()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
