"""A run directory: everything that one training leaves behind.

    config.json     chapter, settings, data set, seed, versions
    log.txt         the lines of the log, as on stdout; the last one is diagnosis.txt's
    losses.csv      one row an epoch, or a step where the chapter prints every step
    accuracies.csv  one row for each epoch whose accuracies the chapter prints, if it does
    step_losses.csv the losses of every step, where the chapter prints an epoch's and the loop is
                    in the graph
    samples.npz     `samples` [epochs, n, ...], written when the run is complete;
                    until then they grow in samples.f32
    diagnosis.txt   the sentence on how the run went
    shares.csv      the share of each mode in each set of samples, if the modes are known
    figures/        PNG
    events/         TensorBoard: losses, sample grids, the graph
    generator/      the generator alone, saved after each epoch as the chapters do
    state/          the last checkpoints of the whole state, for --resume
"""

import json
import math
import os
import pathlib
import shutil
import sys
import time
import zlib

import numpy as np
from tqdm import tqdm

from gan_tf1.errors import InputError
from gan_tf1.files import UNFINISHED, flush, make_folder, replacing
from gan_tf1.training import outputs, processes
from gan_tf1.training.growing import GrowingFile, crc32
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import is_complete, load_samples

try:
    import fcntl
except ImportError:  # Windows: there a run isn't guarded against a second process
    fcntl = None

FOLDERS = ("figures", "generator", "state", "events")
GROWING = ("log.txt", "losses.csv", "samples.f32", "accuracies.csv", "step_losses.csv")
OPTIONAL = ("accuracies.csv", "step_losses.csv")  # not there before their first row
FLUSH_SECONDS = 10.  # of training that a power cut may cost, beyond the epoch it falls in
GENERATOR = "generator_ck.ckpt"  # the first chapter's name for it


def vacant(path):
    """Raise InputError if `path` can't become a new run directory."""
    path = pathlib.Path(path)
    refuse_patterns(path)
    if path.is_dir() and not all(map(_from_a_killed_start, path.iterdir())):
        raise InputError(f"{path} is not empty, and a run is never overwritten: go on with "
                         "--resume, or give another --run-dir")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file: give another --run-dir")
    parent = next(parent for parent in path.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"{path} can't be written: give another --run-dir")


def refuse_patterns(path):
    """Raise InputError if a name in `path`, a `pathlib.PurePath`, means a pattern to TensorFlow."""
    names = "".join(path.parts).removeprefix(path.anchor)  # without what separates them
    if set("[]*?\\") & set(names):
        raise InputError(f"{path} can't name a run: TensorFlow reads [ ] * ? \\ as patterns")


def _from_a_killed_start(path):
    """Whether `path` is what a start leaves that was killed before config.json was whole."""
    return path.name.startswith(UNFINISHED) or path.name == "log.txt" and path.stat().st_size == 0


def newest(chapter):
    """The newest run of `chapter` in the home. Raises InputError if there is none."""
    runs = [path for path in outputs.numbered(chapter) if (path / "config.json").exists()]
    if not runs:
        raise InputError(f"there is no run of {chapter} in {outputs.home()}/: name one with --run-dir")
    return runs[-1]


def start(path, config):
    """A new `Run` with `config` in `path`; if that is None, in the next free numbered directory.

    Of processes that start at once, one gets a directory and the others get
    InputError, or another number. Raises InputError as `Run` does.
    """
    return Run(path or outputs.claim(config["chapter"]), config)


class Run:
    """An open run directory, locked. Files that grow are cut back to the checkpoint on resuming."""

    def __init__(self, path, config=None):
        """A new run with `config`, or without it the one that `path` holds.

        Raises InputError if the directory is occupied, can't be written, or is
        in use by another process.
        """
        self.path = pathlib.Path(path)
        self._files, self._writer, self._new = {}, None, False
        self._flushed, self._flushed_at = None, -math.inf
        if config is None:
            self.config = read_config(self.path)
        else:
            vacant(self.path)
        try:
            make_folder(self.path)
            was_complete = is_complete(self.path)
            self._open("log.txt")
            self._claim()
            if config is not None:
                vacant(self.path)  # now that nobody else can write into it
                with replacing(self.path / "config.json") as temporary:
                    temporary.write_text(json.dumps(config, indent=2) + "\n")
                self._new = True
                self.config = read_config(self.path)
            for folder in FOLDERS:
                (self.path / folder).mkdir(exist_ok=True)
                if not os.access(self.path / folder, os.W_OK):
                    raise InputError(f"{self.path / folder} can't be written")
            self._remove_litter()
            # A complete run has put its samples.f32 into samples.npz.
            gone = OPTIONAL + ("samples.f32",) * was_complete
            for name in GROWING[1:]:
                if name not in gone or (self.path / name).exists():
                    self._open(name)
            flush(self.path)
        except BaseException as error:
            self.__exit__(type(error))
            if isinstance(error, OSError):
                raise InputError(f"{error.filename or self.path} can't be written: "
                                 f"{error.strerror}") from error
            raise

    def _open(self, name):
        self._files[name] = GrowingFile(self.path / name)

    def _claim(self):
        """Lock the run for this process. The lock ends with the process, however that ends."""
        try:
            if fcntl:
                fcntl.flock(self._files["log.txt"].fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = processes.holder(self._files["log.txt"])
            raise InputError(f"{self.path} is in use by {holder}: wait until it ends") from None

    def _remove_litter(self):
        """Remove what writes that were killed have left."""
        for folder in (".", *FOLDERS):
            for path in (self.path / folder).iterdir():
                if path.name.startswith(UNFINISHED) or ".tempstate" in path.name or (
                        path.name.startswith("checkpoint.tmp")):  # these two are TensorFlow's
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def say(self, line):
        """Tell the user, on stderr, what is not part of the log."""
        tqdm.write(line, file=sys.stderr)

    def headline(self):
        """The first line of the log: chapter, data, seed, and the settings that differ, if any."""
        from gan_tf1.training import titles
        return titles.headline(self.config)

    def title(self, what, *named):
        """The title of a figure: `what` was trained on which data, and the settings that differ.

        `named` are settings that `what` already tells of.
        """
        from gan_tf1.training import titles
        return titles.title(what, self.config, named)

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
            self._open(name)
            flush(self.path)
        if self._files[name].size == 0:
            self._append(name, ",".join(row).encode() + b"\n")
        self._append(name, ",".join(map(repr, row.values())).encode() + b"\n")

    def add_samples(self, images):
        """The epoch's samples, float32 of the same shape every time."""
        assert list(images.shape) == self.config["sample_shape"]
        self._append("samples.f32", np.ascontiguousarray(images, np.float32).tobytes())

    def _append(self, name, content):
        self._files[name].append(content)

    def flushed_epoch(self, epoch, last):
        """The newest epoch whose checkpoint survives a power cut: `epoch`, if it is due or `last`."""
        if last or time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flushed, self._flushed_at = epoch, time.monotonic()
        return self._flushed

    def grown(self, flushed=False):
        """Sizes in bytes and CRC-32 of the growing files, by name, for a checkpoint to keep.

        `flushed`: what is in them now survives a power cut.
        """
        if flushed:
            for file in self._files.values():
                file.flush()
        return {"sizes": {name: file.size for name, file in self._files.items()},
                "crc32": {name: file.crc for name, file in self._files.items()}}

    def cut_back(self, sizes):
        """Cut each growing file back to its size at a checkpoint, or to nothing for `{}`."""
        if "samples.f32" not in self._files:
            self._open("samples.f32")
        samples = self._files["samples.f32"]
        if samples.size < sizes.get("samples.f32", 0):  # the run was complete: take them back
            samples.cut(0)
            samples.append(load_samples(self.path).tobytes())
        for name, file in self._files.items():
            file.cut(sizes.get(name, 0))

    def identity(self):
        """What a checkpoint belongs to: the settings, seed and data that made it."""
        return {key: self.config[key] for key in ("settings", "loop", "seed", "data_crc32",
                                                "sample_shape") if key in self.config}

    def misfit(self, state):
        """Why the growing files aren't those of a checkpoint's `state`, or None if they are.

        Raises InputError if config.json isn't that of the checkpoint.
        """
        if state.get("identity") != self.identity():
            raise InputError(f"{self.path / 'config.json'} was changed since the checkpoint was "
                             "made: put it back, or start a new run")
        for name, size in state["sizes"].items():
            found = self._crc32(name, size)
            if found is None:
                return f"{self.path / name} is shorter than at its checkpoint"
            # Checkpoints of earlier versions have sizes only.
            if found != state.get("crc32", {}).get(name, found):
                return f"{self.path / name} was changed or damaged since then"
        return None

    def _crc32(self, name, size):
        """The CRC-32 of the first `size` bytes that have grown in `name`, or None of fewer."""
        found = crc32(self.path / name, size)
        if found is None and name == "samples.f32" and (self.path / "samples.npz").exists():
            content = load_samples(self.path).tobytes()
            found = zlib.crc32(content[:size]) if len(content) >= size else None
        return found

    def refuse_to_lose(self, rows_an_epoch):
        """Raise InputError if there is no checkpoint, but results that starting over would lose.

        A run that was stopped in its first epoch has neither: its first checkpoint comes last.
        """
        rows = (self.path / "losses.csv").read_bytes().count(b"\n") - 1
        samples, shape = self._files.get("samples.f32"), self.config["sample_shape"]
        sets = samples.size / (4 * math.prod(shape)) if samples and shape else 0
        if rows > rows_an_epoch or sets > 1 or (self.path / "samples.npz").exists():
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
        if "samples.f32" not in self._files:  # the run was complete before
            return
        raw = self.path / "samples.f32"
        if raw.stat().st_size:
            samples = np.memmap(raw, np.float32, "r").reshape(-1, *self.config["sample_shape"])
            with replacing(self.path / "samples.npz") as temporary:
                np.savez(temporary, samples=samples)
        self._files.pop("samples.f32").close()
        raw.unlink()

    def __enter__(self):
        return self

    def __exit__(self, kind=None, *_):
        """Close the files. A new run that is refused before its first losses leaves no directory."""
        if self._writer:
            self._writer.close()
        for file in self._files.values():
            file.close()
        losses = self._files.get("losses.csv")
        if self._new and kind and issubclass(kind, InputError) and not (losses and losses.size):
            shutil.rmtree(self.path)
