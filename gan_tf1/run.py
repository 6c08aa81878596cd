"""A run directory: everything that one training leaves behind.

    config.json     chapter, settings, data set, seed, versions
    log.txt         the lines of the log, as on stdout; the last one may be diagnosis.txt's
    losses.csv      one row an epoch, or a step where the chapter prints every step
    accuracies.csv  one row for each epoch whose accuracies the chapter prints, if it does
    step_losses.csv the losses of every step, where the chapter prints an epoch's and the loop is
                    in the graph
    samples.npz     `samples` [epochs, n, ...], written when the run is complete;
                    until then they grow in samples.f32
    diagnosis.txt   a sentence on how the run went, where it was long enough
    figures/        PNG
    events/         TensorBoard: losses, sample grids, the graph
    generator/      the generator alone, saved after each epoch as the chapters do
    state/          the last checkpoints of the whole state, for --resume
"""

import errno
import io
import json
import math
import os
import pathlib
import platform
import sys
import zipfile
from importlib import metadata

import numpy as np
from tqdm import tqdm

from gan_tf1 import outputs, processes
from gan_tf1.errors import InputError
from gan_tf1.files import replacing

try:
    import fcntl
except ImportError:  # Windows: there a run isn't guarded against a second process
    fcntl = None

# What config.json holds of every run, and of what type.
KEYS = {"chapter": str, "settings": dict, "data": str, "data_title": str, "data_crc32": str,
        "data_dir": (str, type(None)), "seed": int, "sample_shape": list}
GROWING = ("log.txt", "losses.csv", "samples.f32", "accuracies.csv", "step_losses.csv")
OPTIONAL = ("accuracies.csv", "step_losses.csv")  # not there before their first row
GENERATOR = "generator_ck.ckpt"  # the first chapter's name for it


def versions():
    """The versions that a result depends on, as a dict."""
    packages = ("gan_tf1", "tensorflow", "tf-keras", "numpy")
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_config(path):
    """The dict in `path`/config.json. Raises InputError where `path` holds no readable run."""
    file = pathlib.Path(path) / "config.json"
    try:
        config = json.loads(file.read_text())
        if not isinstance(config, dict):
            raise ValueError("it is no run's configuration")
        for key, kind in KEYS.items():
            if key not in config or not isinstance(config[key], kind):
                raise ValueError(f"its {key!r} is missing or of the wrong type")
        return config
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} holds no run: there is no config.json in it") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read: {error}") from error


def read_config_of(chapter, path, called=None):
    """`read_config`, of a run of `chapter`. Raises InputError, naming it as `called`, for another's."""
    config = read_config(path)
    if config["chapter"] != chapter:
        raise InputError(f"{path} is a run of {config['chapter']!r}, not of {called or repr(chapter)}")
    return config


def refuse_other(path, config, given):
    """Raise InputError, naming the fields, where `given` differs from the run's own `config`."""
    own = {**config, **config["settings"], **config.get("loop", {})}
    other = [f"{name} (the run's: {own.get(name)}, now: {value})"
             for name, value in given.items() if own.get(name) != value]
    if other:
        raise InputError(f"{path} was made with another configuration, and can't be resumed with "
                         f"this one: {', '.join(other)}")


def vacant(path):
    """Raise InputError where `path` can't become a new run directory."""
    path = pathlib.Path(path)
    if set("[]*?\\") & set(str(path)):
        raise InputError(f"{path} can't name a run: TensorFlow reads [ ] * ? \\ as patterns")
    # A start that was killed may have left its first file unfinished.
    if path.is_dir() and any(not p.name.startswith(".writing-") for p in path.iterdir()):
        raise InputError(f"{path} is not empty, and a run is never overwritten: go on with "
                         "--resume, or give another --run-dir")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file: give another --run-dir")
    parent = next(parent for parent in path.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"{path} can't be written: give another --run-dir")


def next_path(chapter):
    """The first run directory `chapter-001`, `-002`, ... in the home that doesn't exist yet."""
    return outputs.next_free(chapter)


def newest(chapter):
    """The newest run of `chapter` in the home. Raises InputError if there is none."""
    runs = [path for path in outputs.numbered(chapter) if (path / "config.json").exists()]
    if not runs:
        raise InputError(f"there is no run of {chapter} in {outputs.home()}/: name one with --run-dir")
    return runs[-1]


class Run:
    """An open run directory. Files that grow are cut back to the checkpoint on resuming."""

    def __init__(self, path, config=None):
        """A new run with `config`, or without it the one that `path` holds.

        Raises InputError where the directory is occupied, can't be written, or
        is in use by another process.
        """
        self.path = pathlib.Path(path)
        if config is not None:
            vacant(self.path)
            with replacing(self.path / "config.json") as temporary:
                temporary.write_text(json.dumps(config, indent=2) + "\n")
        self.config = read_config(self.path)
        self._writer = None
        try:
            for folder in ("figures", "generator", "state"):
                (self.path / folder).mkdir(exist_ok=True)
            self._files = {name: open(self.path / name, "ab", buffering=0) for name in GROWING
                           if name not in OPTIONAL or (self.path / name).exists()}
            if fcntl:
                fcntl.flock(self._files["log.txt"], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = processes.holder(self._files["log.txt"])
            raise InputError(f"{self.path} is in use by {holder}: wait until it ends") from None
        except OSError as error:
            raise InputError(f"{self.path} can't be written: {error.strerror}") from error

    def say(self, line):
        """Tell the user, on stderr, what is not part of the log."""
        tqdm.write(line, file=sys.stderr)

    def headline(self):
        """What the log begins with: chapter, data set and seed."""
        return (f"{self.config['chapter']} on {self.config['data_title']}, "
                f"seed {self.config['seed']}")

    def log(self, line):
        """One line to stdout and log.txt."""
        tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()
        self._append("log.txt", line.encode() + b"\n")

    def end_log(self, line):
        """The last line of the log; said, and not logged twice, where a complete run is resumed."""
        there = (self.path / "log.txt").read_bytes().endswith(b"\n" + line.encode() + b"\n")
        (self.say if there else self.log)(line)

    def record(self, row, name="losses.csv"):
        """One row to the table `name`; the first one writes the names of the columns."""
        if name not in self._files:
            self._files[name] = open(self.path / name, "ab", buffering=0)
        if self._files[name].seek(0, io.SEEK_END) == 0:
            self._append(name, ",".join(row).encode() + b"\n")
        self._append(name, ",".join(map(repr, row.values())).encode() + b"\n")

    def add_samples(self, images):
        """The epoch's samples, float32 of the same shape every time."""
        assert list(images.shape) == self.config["sample_shape"]
        self._append("samples.f32", np.ascontiguousarray(images, np.float32).tobytes())

    def _append(self, name, content):
        if self._files[name].write(content) != len(content):  # a disk that is nearly full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path / name))

    def sizes(self):
        """How long each growing file is, in bytes."""
        return {name: file.seek(0, io.SEEK_END) for name, file in self._files.items()}

    def cut_back(self, sizes):
        """Cut each growing file back to its size at a checkpoint, or to nothing for `{}`."""
        for name, file in self._files.items():
            file.truncate(sizes.get(name, 0))

    def identity(self):
        """What a checkpoint belongs to: the settings, seed and data that made it."""
        return {key: self.config[key] for key in ("settings", "loop", "seed", "data_crc32",
                                                "sample_shape") if key in self.config}

    def check(self, state):
        """Raise InputError where this run can't go on from a checkpoint's `state`."""
        if state.get("identity") != self.identity():
            raise InputError(f"{self.path / 'config.json'} was changed since the checkpoint was "
                             "made: put it back, or start a new run")
        for name, size in state["sizes"].items():
            file = self._files.get(name)
            if name == "samples.f32" and (self.path / "samples.npz").exists() and (
                    file.seek(0, io.SEEK_END) < size):  # the run was complete: take them back
                file.truncate(0)
                self._append(name, load_samples(self.path).tobytes())
            if not file or file.seek(0, io.SEEK_END) < size:
                raise InputError(f"{self.path / name} is shorter than at its checkpoint: the run "
                                 "can't be resumed")

    def refuse_to_lose(self, rows_an_epoch):
        """Raise InputError where there is no checkpoint, but results that starting over would lose.

        A run that was stopped in its first epoch has neither: its first checkpoint comes last.
        """
        rows = (self.path / "losses.csv").read_bytes().count(b"\n") - 1
        if rows > rows_an_epoch or (self.path / "samples.npz").exists():
            raise InputError(f"{self.path} has results but no checkpoint in state/, so it can't be "
                             "resumed: start a new run")

    def events(self, graph, epoch):
        """Start TensorBoard events after `epoch`; those of later epochs are disowned."""
        from gan_tf1.tf1 import tf
        if self._writer:
            self._writer.close()
        self._writer = tf.summary.FileWriter(str(self.path / "events"), graph)
        if epoch:
            start = tf.SessionLog(status=tf.SessionLog.START)
            self._writer.add_session_log(start, epoch + 1)

    def summarize(self, epoch, scalars, grid):
        """Scalars and a PNG (bytes) of the sample grid, or None, to the events of `epoch`."""
        from gan_tf1.tf1 import tf
        values = [tf.Summary.Value(tag=f"losses/{name}", simple_value=value)
                  for name, value in scalars.items()]
        if grid:
            values.append(tf.Summary.Value(
                tag="samples", image=tf.Summary.Image(encoded_image_string=grid)))
        self._writer.add_summary(tf.Summary(value=values), epoch)
        self._writer.flush()

    def finish(self):
        """Put the samples that have grown into samples.npz, in one step."""
        raw = self.path / "samples.f32"
        if raw.stat().st_size:  # none where the run was complete before
            samples = np.memmap(raw, np.float32, "r").reshape(-1, *self.config["sample_shape"])
            with replacing(self.path / "samples.npz") as temporary:
                np.savez(temporary, samples=samples)
        raw.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._writer:
            self._writer.close()
        for file in self._files.values():
            file.close()


def load_losses(path, name="losses.csv"):
    """The columns of `path`/losses.csv as a dict of arrays: first `epoch` or `step`."""
    file = pathlib.Path(path) / name
    try:
        return table(file.read_text())
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{file} can't be read: {error}") from error


def table(text):
    """The columns of a CSV with a row of names and with comments, as arrays by name."""
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        columns = np.genfromtxt(rows, delimiter=",", names=True, ndmin=1)
        return {name: columns[name] for name in columns.dtype.names}
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from error


def is_complete(path):
    """Whether the run at `path` has all of its epochs: `finish` has been reached."""
    losses, grown = (pathlib.Path(path) / name for name in ("losses.csv", "samples.f32"))
    return losses.exists() and losses.stat().st_size > 0 and not grown.exists()


def samples_so_far(path):
    """The samples of a run, complete or not: float32 [epochs, n, ...]; none where none are kept."""
    path, shape = pathlib.Path(path), read_config(path)["sample_shape"]
    if (path / "samples.npz").exists():
        return load_samples(path)
    if not shape or not (path / "samples.f32").exists():
        return np.empty((0, *shape), np.float32)
    grown = np.fromfile(path / "samples.f32", np.float32)
    return grown[:len(grown) // math.prod(shape) * math.prod(shape)].reshape(-1, *shape)


def load_samples(path):
    """The samples of a complete run, float32 [epochs, n, ...]."""
    file = pathlib.Path(path) / "samples.npz"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return arrays["samples"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{file} can't be read: {error}") from error
