"""Copy a run directory as a kill or a power cut would leave it at each moment of a training.

A process that is killed leaves behind what it has written. A copy of the directory that is taken in the
same process while the training goes on has the same content. So a single training gives the
copies of all moments, and also the result to which every resumed copy must lead.
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

# The files that are equal after a resumed and an uninterrupted run; state/ has the last weights.
RESULTS = ("log.txt", "losses.csv", "accuracies.csv", "step_losses.csv", "samples.npz",
           "diagnosis.txt", "shares.csv")


def results(path):
    """The bytes of all results of a completed run, by name. The generator's index has its checksums."""
    found = {name: (path / name).read_bytes() for name in RESULTS if (path / name).exists()}
    # Some chapters print the seconds that they took, which differ between runs.
    found["log.txt"] = re.sub(rb"time: *[\d.e-]+", b"", found["log.txt"])
    return found | {
        "weights": max((path / "state").glob("*.data-*")).read_bytes(),
        "generator": pathlib.Path(f"{restore.newest_generator(path)[0]}.index").read_bytes()}


def _content(path):
    """Checksums of all files on which the rest of a run depends."""
    kept = [file for file in sorted(path.rglob("*")) if file.is_file()
            and not {"events", "figures"} & set(file.relative_to(path).parts)]
    return tuple((str(file.relative_to(path)), zlib.crc32(file.read_bytes())) for file in kept)


@contextlib.contextmanager
def copies(path, folder, wanted=lambda moment: True):
    """Copy `path` to `folder` while the block trains in it. Yields a dict from moment to copy.

    The moments are half-way through each append to a growing file, before and after each save by
    TensorFlow and each replacement or removal of a file, and before and after the end of the run. A
    moment whose content equals that of an earlier one is left out. `wanted` selects moments by name.
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
    """Copy `path` to `folder`, while the block trains in it, as a power cut at each flush would leave it.

    The model is the worst possible disk. A file has the content of its last flush, or none if it was
    never flushed, and a name exists only if its folder was flushed afterwards. Yields the list of copies.
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
        for module in (files, run_directory, saved_generator):
            patch.setattr(module, "flush", flushed)
        patch.setattr(files.replacing.__wrapped__, "__defaults__", (flushed,))
        patch.setattr(growing.GrowingFile, "flush", lambda self: flushed(self.path))
        yield taken
