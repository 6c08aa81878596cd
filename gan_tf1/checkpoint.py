"""The whole state of a run, so that a resumed run equals one that was never interrupted.

One checkpoint is three files in the run's `state/` folder: TensorFlow's two for
all variables and optimizer slots, and `epoch_NNNNN.json` with what TensorFlow
doesn't know: the state of the NumPy generators, the place in the data, the
sizes of the files that grow, and the SHA-256 of everything. The JSON is written
last and in one step: without it a checkpoint doesn't count, and where a sum
doesn't fit, the checkpoint is passed over for the one before.
"""

import hashlib
import json
import pathlib
import shutil

from gan_tf1.errors import InputError
from gan_tf1.files import replacing

KEPT = 3  # checkpoints back to which a damaged newest one can be passed over


def save(folder, saver, sess, state):
    """Write checkpoint `state["epoch"]`: the variables of `saver` and the JSON-able `state`."""
    folder = pathlib.Path(folder)
    prefix = folder / f"epoch_{state['epoch']:05d}"
    prefix.with_suffix(".json").unlink(missing_ok=True)
    saver.save(sess, str(prefix), write_meta_graph=False, write_state=False)
    files = {path.name: _sha256(path.read_bytes()) for path in folder.glob(prefix.name + ".*")}
    body = {"state": state, "files": files}
    body["sum"] = _sha256(json.dumps(body).encode())
    with replacing(prefix.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(body) + "\n")
    for path in _markers(folder)[KEPT:]:
        _remove(path)


def newest(folder, say, check):
    """State and prefix of the newest sound checkpoint in `folder`, or None twice without any.

    The prefix is what a `Saver` restores its variables from.

    `say(line)` is told of each damaged checkpoint that is passed over;
    `check(state)` may refuse the one found before anything is touched. What an
    interrupted save left behind is removed. Raises InputError where there are
    checkpoints and none of them is sound.
    """
    folder = pathlib.Path(folder)
    markers = _markers(folder)
    sound = None
    for marker in markers:
        sound = _sound(marker)
        if sound:
            break
        say(f"checkpoint {marker.with_suffix('')} is damaged: passing over it")
    if markers and not sound:
        raise InputError(f"no checkpoint in {folder} can be read: start a new run")
    if sound:
        check(sound)
    kept = {path.stem for path in markers if sound and _epoch(path) <= sound["epoch"]}
    for path in [*folder.glob("epoch_*"), *folder.glob(".writing-*")]:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.stem not in kept:
            path.unlink()
    return (sound, str(marker.with_suffix(""))) if sound else (None, None)


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
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _remove(marker):
    marker.unlink()  # first: a checkpoint without its marker doesn't count
    for path in marker.parent.glob(marker.stem + ".*"):
        path.unlink()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
