"""Copies of a run directory as a kill, or a power cut, would leave it at each moment of a training.

A killed process leaves what it has written: a copy of the directory, taken in
the same process while the training goes on, holds the same. So one training
gives all the moments, and the result that resuming a copy must come to.
"""

import contextlib
import os
import pathlib
import re
import shutil
import zlib

import pytest

from gan_tf1 import files
from gan_tf1.generators import restore
from gan_tf1.tf1 import tf
from gan_tf1.training import growing, run_directory, saved_generator

# What a resumed run has in common with an uninterrupted one; state/ holds the last weights.
RESULTS = ("log.txt", "losses.csv", "accuracies.csv", "step_losses.csv", "samples.npz",
           "diagnosis.txt", "shares.csv")


def results(path):
    """The bytes of everything that a run's end leaves, by name; a generator's index has its checksums."""
    found = {name: (path / name).read_bytes() for name in RESULTS if (path / name).exists()}
    # The seconds that a chapter prints are in no two logs the same.
    found["log.txt"] = re.sub(rb"time: *[\d.e-]+", b"", found["log.txt"])
    return found | {
        "weights": max((path / "state").glob("*.data-*")).read_bytes(),
        "generator": pathlib.Path(f"{restore.newest_generator(path)[0]}.index").read_bytes()}


def _content(path):
    """A checksum of all that decides how a run goes on."""
    kept = [file for file in sorted(path.rglob("*")) if file.is_file()
            and not {"events", "figures"} & set(file.relative_to(path).parts)]
    return tuple((str(file.relative_to(path)), zlib.crc32(file.read_bytes())) for file in kept)


@contextlib.contextmanager
def copies(path, folder, wanted=lambda moment: True):
    """While the block trains in `path`, copies of it in `folder`: a dict moment -> copy.

    The moments are those before a growing file grows, when half of it is written, before and after
    each of TensorFlow's saves, and before each replacing and removing of a file. Where nothing has
    changed since the last copy there is none. `wanted` chooses some of the moments by name.
    """
    taken, seen = {}, set()

    def take(name):
        moment = f"{len(taken):03d} {name}"
        if path.is_dir() and wanted(name) and (content := _content(path)) not in seen:
            seen.add(content)
            taken[moment] = shutil.copytree(path, folder / moment)
            return taken[moment]

    with pytest.MonkeyPatch.context() as patch:
        def watch(owner, name, told=lambda *_, **named: ""):
            original = getattr(owner, name)

            def watched(*args, **named):
                take(f"before {name} {told(*args, **named)}")
                result = original(*args, **named)
                take(f"after {name} {told(*args, **named)}")
                return result
            patch.setattr(owner, name, watched)

        append = growing.GrowingFile.append

        def halved(self, content):
            if copy := take(f"in append to {self.path.name}"):
                with open(copy / self.path.name, "ab") as file:
                    file.write(content[:len(content) // 2])
            append(self, content)

        patch.setattr(growing.GrowingFile, "append", halved)
        watch(tf.train.Saver, "save", lambda _, sess, prefix, global_step="", **named: (
            f"{pathlib.Path(prefix).name} {global_step}"))
        watch(saved_generator, "save")
        watch(os, "replace", lambda _, to: pathlib.Path(to).name)
        watch(pathlib.Path, "unlink", lambda file, **named: file.name)
        watch(run_directory.Run, "finish")
        yield taken


@contextlib.contextmanager
def power_cuts(path, folder):
    """While the block trains in `path`, what a power cut leaves each time that it waits for the disk.

    This is a model of the worst disk: a file holds what it held when it was last flushed, nothing
    if it never was; a name is there if its folder was flushed since. Yields the copies, a list.
    """
    contents, names, taken = {}, {}, []
    flush = files.flush

    def number(file):
        return os.stat(file).st_ino

    def image():
        copy = folder / f"{len(taken):03d}"

        def write(node, to):
            to.mkdir(parents=True)
            for name, inner in names[node].items():
                if inner in names:
                    write(inner, to / name)
                else:
                    (to / name).write_bytes(contents.get(inner, b""))
        write(number(path), copy)
        taken.append(copy)

    def flushed(file):
        flush(file)
        file = pathlib.Path(file)
        if path not in (file, *file.parents):
            return
        if file.is_dir():
            names[number(file)] = {inner.name: number(inner) for inner in file.iterdir()}
            for inner in file.iterdir():
                if inner.is_dir():
                    names.setdefault(number(inner), {})
        else:
            contents[number(file)] = file.read_bytes()
        if number(path) in names:
            image()

    with pytest.MonkeyPatch.context() as patch:
        for module in (files, restore, run_directory):
            patch.setattr(module, "flush", flushed)
        patch.setattr(files.replacing.__wrapped__, "__defaults__", (flushed,))
        patch.setattr(growing.GrowingFile, "flush", lambda self: flushed(self.path))
        yield taken
