"""onnxruntime-web, which computes ONNX files in a browser: from npm, once, into the cache.

The version is pinned, and so is the checksum of the archive, which is the one that npm publishes for it.
Only two files are used. They are checked again whenever they are read from the cache.
"""

import base64
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from gan_tf1.errors import InputError
from gan_tf1.files import replacing

VERSION = "1.30.0"
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
SCRIPT = "ort.wasm.bundle.min.mjs"
WASM = "ort-wasm-simd-threaded.wasm"
FILES = {  # name -> SHA-256
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"}


def folder() -> pathlib.Path:
    """Where the files are kept: below `$XDG_CACHE_HOME/gan_tf1`, or `~/.cache/gan_tf1`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base, "gan_tf1", f"onnxruntime-web-{VERSION}")


def files() -> dict[str, bytes]:
    """The contents of `FILES`, by name: from the cache, from the archive beside them, or from npm.

    Raises InputError if they are in none of these places, or if they don't have the pinned checksum.
    """
    place = folder()
    found = {name: _content(place / name) for name in FILES}
    if all(map(_right, found, found.values())):
        return found
    if (place / ARCHIVE).is_file():
        found = unpacked(place / ARCHIVE)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            found = unpacked(download(pathlib.Path(temporary)))
    try:
        for name, content in found.items():
            with replacing(place / name) as temporary:
                temporary.write_bytes(content)
    except (InputError, OSError):
        pass  # without the cache, they are downloaded again the next time
    return found


def unpacked(archive) -> dict[str, bytes]:
    """The contents of `FILES` in the npm archive at `archive`. Raises InputError if its checksum is wrong."""
    content = _content(archive)
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
        raise InputError(f"{archive} is not onnxruntime-web {VERSION} as npm publishes it: its checksum is another. "
                         "Delete it")
    with tarfile.open(archive) as members:
        found = {name: members.extractfile(f"package/dist/{name}").read() for name in FILES}
    assert all(map(_right, found, found.values())), "the pinned checksums contradict each other"
    return found


def download(place) -> pathlib.Path:
    """Download the archive into the folder `place` with npm. Raises InputError if that fails."""
    npm = shutil.which("npm")
    if npm is None:
        reason = "npm is not installed"
    else:
        print(f"downloading onnxruntime-web {VERSION} from npm (33 MB), once", file=sys.stderr, flush=True)
        done = subprocess.run(
            [npm, "pack", f"onnxruntime-web@{VERSION}", "--ignore-scripts", "--fetch-retries=1",
             "--pack-destination", str(place)], text=True, capture_output=True, cwd=place, check=False)
        if (place / ARCHIVE).is_file():
            return place / ARCHIVE
        reason = next((line.removeprefix("npm error ") for line in done.stderr.splitlines()
                       if line.startswith("npm error ")), f"npm ended with status {done.returncode}")[:200]
    raise InputError(f"onnxruntime-web {VERSION} is not in the cache and can't be downloaded ({reason}): run "
                     f"npm pack onnxruntime-web@{VERSION} on another machine, and put {ARCHIVE} into {folder()}")


def _content(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _right(name, content):
    return hashlib.sha256(content).hexdigest() == FILES[name]
