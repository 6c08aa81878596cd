"""A run directory: all files that a training writes.

    config.json      chapter, settings, data set, seed, versions
    log.txt          the lines of the log, as on stdout; the last line is that of diagnosis.txt
    losses.csv       one row per epoch, or one per step if the chapter prints every step
    accuracies.csv   one row for each epoch whose accuracies the chapter prints, if any
    printed_losses.csv  one row for every few steps, if the DCGAN on SVHN prints them (--print-every)
    step_losses.csv  the losses of every step, if the chapter prints one line per epoch and the
                     loop is in the graph
    samples.npz      `samples` [epochs, n, ...], written when the run is complete; until then
                     the samples are collected in samples.f32
    fixed.f32        with --record: the images of the same latent vectors after each epoch, float32
                     [epochs, n, ...] without a header
    diagnosis.txt    one sentence on how the run went
    peak_memory.txt  the peak memory, in bytes, of the process that completed the run, unless it
                     is not known
    shares.csv       the share of each mode in each set of samples, if the modes are known
    figures/         PNG files
    events/          TensorBoard events: losses, sample grids, the graph
    generator/       the generator alone, saved after each epoch as in the chapters
    state/           the last checkpoints of the whole state, for --resume
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

from gan_tf1 import memory
from gan_tf1.errors import InputError
from gan_tf1.files import UNFINISHED, flush, make_folder, replacing
from gan_tf1.training import outputs, processes
from gan_tf1.training.growing import GrowingFile, crc32
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import FIXED, PEAK_MEMORY, is_complete, load_samples

try:
    import fcntl
except ImportError:  # on Windows, a run is not protected against a second process
    fcntl = None

FOLDERS = ("figures", "generator", "state", "events")
OPTIONAL = ("accuracies.csv", "printed_losses.csv", "step_losses.csv", FIXED)  # none before its first row
GROWING = ("log.txt", "losses.csv", "samples.f32", *OPTIONAL)
FLUSH_SECONDS = 10.  # of training that a power cut may cost, in addition to the current epoch
GENERATOR = "generator_ck.ckpt"  # the name in the first chapter


def vacant(path) -> None:
    """Raise InputError if `path` can't become a new run directory."""
    path = pathlib.Path(path)
    refuse_patterns(path)
    if path.is_dir() and not all(map(_from_a_killed_start, path.iterdir())):
        if not (path / "config.json").exists():
            raise InputError(f"{path} holds other files, and is never overwritten: give another "
                             "--run-dir")
        raise InputError(f"{path} is not empty, and a run is never overwritten: continue it with "
                         "--resume, or give another --run-dir")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file: give another --run-dir")
    parent = next(parent for parent in path.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"{path} can't be written: give another --run-dir")


def resumable(path) -> None:
    """Raise InputError if the complete run in `path` has no checkpoint, as those that are shipped.

    Of other runs without one, `Run.refuse_to_lose` refuses those with results.
    """
    if is_complete(path) and not any((path / "state").glob("epoch_*.json")):
        raise _without_checkpoint(path)


def _without_checkpoint(path):
    return InputError(f"{path} has results but no checkpoint in state/, so it can't be resumed: start a "
                      "new run")


def refuse_patterns(path) -> None:
    """Raise InputError if TensorFlow would read `path`, a `pathlib.PurePath`, as a pattern."""
    names = "".join(path.parts).removeprefix(path.anchor)  # without the separators
    if set("[]*?\\") & set(names):
        raise InputError(f"{path} can't name a run: TensorFlow reads [ ] * ? \\ as patterns")


def _from_a_killed_start(path):
    """Whether `path` is a file of a run that was killed before its config.json was complete."""
    return path.name.startswith(UNFINISHED) or path.name == "log.txt" and path.stat().st_size == 0


def newest(chapter, otherwise=None) -> pathlib.Path:
    """The newest run of `chapter` in `outputs.home()`, or `otherwise` if there is none.

    Raises InputError if there is none and `otherwise` is None.
    """
    runs = [path for path in outputs.numbered(chapter) if (path / "config.json").exists()]
    if runs:
        return runs[-1]
    if otherwise is None:
        raise InputError(f"there is no run of {chapter} in {outputs.home()}/: name one with "
                         "--run-dir")
    return otherwise


def start(path, config):
    """Open a new `Run` with `config` in `path`, or in the next free numbered directory if None.

    If several processes start at the same time, only one of them gets a directory. The others get
    another number, or an InputError if `path` is given. Raises InputError as `Run` does.
    """
    return Run(path or outputs.claim(config["chapter"]), config)


class Run:
    """An open run directory, locked for this process.

    Log, tables and samples grow while the run trains. When it is resumed, they are cut back to
    their sizes at the checkpoint.
    """

    def __init__(self, path, config=None):
        """Create a run with `config`, or open the run in `path` if `config` is None.

        Raises InputError if the directory is occupied, cannot be written, or is in use by another
        process.
        """
        self.path = pathlib.Path(path)
        self._files, self._new = {}, False
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
                vacant(self.path)  # again, now that no other process can write into it
                with replacing(self.path / "config.json") as temporary:
                    temporary.write_text(json.dumps(config, indent=2) + "\n")
                self._new = True
                self.config = read_config(self.path)
            for folder in FOLDERS:
                (self.path / folder).mkdir(exist_ok=True)
                if not os.access(self.path / folder, os.W_OK):
                    raise InputError(f"{self.path / folder} can't be written")
            self._remove_litter()
            # In a complete run, samples.npz has replaced samples.f32.
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
        """Lock the run for this process. The system removes the lock when the process ends."""
        try:
            if fcntl:
                fcntl.flock(self._files["log.txt"].fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = processes.holder(self._files["log.txt"])
            raise InputError(f"{self.path} is in use by {holder}: wait until it ends") from None

    def _remove_litter(self):
        """Remove the temporary files of a process that was killed while it wrote."""
        for folder in (".", *FOLDERS):
            for path in (self.path / folder).iterdir():
                if path.name.startswith(UNFINISHED) or ".tempstate" in path.name or (
                        path.name.startswith("checkpoint.tmp")):  # these two are TensorFlow's
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def say(self, line) -> None:
        """Print to stderr a line that is not part of the log."""
        tqdm.write(line, file=sys.stderr)

    def log(self, line) -> None:
        """Write one line to stdout and log.txt."""
        tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()
        self._append("log.txt", line.encode() + b"\n")

    def end_log(self, line) -> None:
        """Log the last line. If the log already ends with it, print the line to stderr only."""
        ended = (self.path / "log.txt").read_bytes().endswith(b"\n" + line.encode() + b"\n")
        (self.say if ended else self.log)(line)

    def record(self, row, name="losses.csv") -> None:
        """Append `row`, a dict of numbers, to the table `name`, below a header with its keys."""
        if name not in self._files:
            self._open(name)
            flush(self.path)
        if self._files[name].size == 0:
            self._append(name, ",".join(row).encode() + b"\n")
        self._append(name, ",".join(map(repr, row.values())).encode() + b"\n")

    def add_samples(self, images) -> None:
        """Append the samples of an epoch, of the run's `sample_shape`, as float32."""
        assert list(images.shape) == self.config["sample_shape"]
        self._append("samples.f32", np.ascontiguousarray(images, np.float32).tobytes())

    def add_fixed(self, images) -> None:
        """Append the images of the latent vectors that are the same after each epoch, as float32."""
        assert list(images.shape) == self.config["sample_shape"]
        if FIXED not in self._files:
            self._open(FIXED)
            flush(self.path)
        self._append(FIXED, np.ascontiguousarray(images, np.float32).tobytes())

    def _append(self, name, content):
        self._files[name].append(content)

    def flushed_epoch(self, epoch, last) -> int:
        """The newest epoch whose checkpoint must survive a power cut.

        It is `epoch` itself if this is the `last` one, or if `FLUSH_SECONDS` have passed.
        """
        if last or time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flushed, self._flushed_at = epoch, time.monotonic()
        return self._flushed

    def grown(self, flushed=False) -> dict:
        """The sizes in bytes and the CRC-32 of the growing files, by name, for a checkpoint.

        With `flushed`, the present content of the files will survive a power cut.
        """
        if flushed:
            for file in self._files.values():
                file.flush()
        return {"sizes": {name: file.size for name, file in self._files.items()},
                "crc32": {name: file.crc for name, file in self._files.items()}}

    def cut_back(self, sizes) -> None:
        """Cut each growing file back to its size in `sizes`, or to 0 bytes if it is not there."""
        if "samples.f32" not in self._files:
            self._open("samples.f32")
        samples = self._files["samples.f32"]
        if samples.size < sizes.get("samples.f32", 0):  # the run was complete
            samples.cut(0)
            samples.append(load_samples(self.path).tobytes())
        for name, file in self._files.items():
            file.cut(sizes.get(name, 0))

    def identity(self) -> dict:
        """The entries of config.json that decide the state in a checkpoint, as a dict."""
        return {key: self.config[key] for key in ("settings", "loop", "seed", "data_crc32",
                                                "sample_shape") if key in self.config}

    def misfit(self, state) -> str | None:
        """The reason why the growing files do not fit a checkpoint's `state`, or None if they do.

        Raises InputError if config.json was changed after the checkpoint was made.
        """
        if state.get("identity") != self.identity():
            raise InputError(f"{self.path / 'config.json'} was changed since the checkpoint was "
                             "made: restore it, or start a new run")
        for name, size in state["sizes"].items():
            found = self._crc32(name, size)
            if found is None:
                return f"{self.path / name} is shorter than at its checkpoint"
            # Checkpoints of earlier versions contain only sizes.
            if found != state.get("crc32", {}).get(name, found):
                return f"{self.path / name} was changed or damaged since then"
        return None

    def _crc32(self, name, size):
        """The CRC-32 of the first `size` bytes of the growing file `name`, or None if it has fewer.

        The samples of a complete run are read from samples.npz.
        """
        found = crc32(self.path / name, size)
        if found is None and name == "samples.f32" and (self.path / "samples.npz").exists():
            content = load_samples(self.path).tobytes()
            found = zlib.crc32(content[:size]) if len(content) >= size else None
        return found

    def refuse_to_lose(self, steps) -> None:
        """Raise InputError if starting over would lose the results of more than one epoch.

        It is called for a run without a checkpoint. A run that was stopped in its first epoch, of
        `steps` steps, has none yet, and at most the results of that epoch.
        """
        losses = (self.path / "losses.csv").read_bytes()
        rows, rows_per_epoch = losses.count(b"\n") - 1, steps if losses.startswith(b"step") else 1
        samples, shape = self._files.get("samples.f32"), self.config["sample_shape"]
        sets = samples.size / (4 * math.prod(shape)) if samples and shape else 0
        if rows > rows_per_epoch or sets > 1 or (self.path / "samples.npz").exists():
            raise _without_checkpoint(self.path)

    def finish(self) -> None:
        """Mark the run as complete: replace samples.f32 by samples.npz, in one step."""
        if "samples.f32" not in self._files:  # the run was complete before
            return
        raw = self.path / "samples.f32"
        if raw.stat().st_size:
            samples = np.memmap(raw, np.float32, "r").reshape(-1, *self.config["sample_shape"])
            with replacing(self.path / "samples.npz") as temporary:
                np.savez(temporary, samples=samples)
            del samples  # Windows can't delete a file that is mapped
        peak = memory.peak()
        if peak is not None:
            with replacing(self.path / PEAK_MEMORY) as temporary:
                temporary.write_text(f"{peak}\n")
        self._files.pop("samples.f32").close()
        raw.unlink()

    def __enter__(self):
        return self

    def __exit__(self, kind=None, *_):
        """Close the files. A new run that raises InputError before its first losses is removed."""
        for file in self._files.values():
            file.close()
        losses = self._files.get("losses.csv")
        if self._new and kind and issubclass(kind, InputError) and not (losses and losses.size):
            shutil.rmtree(self.path)
