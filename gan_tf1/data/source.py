"""Data sets of TensorFlow Datasets (TFDS): find, download and read them.

If its host cannot be reached, TFDS retries for minutes and leaves temporary folders behind. So this
module finds out first, within seconds and without importing TFDS, whether a data set is prepared or
its host answers. It downloads into a temporary folder, and moves the data set into place when it is
complete.
"""

import contextlib
import os
import pathlib
import tempfile
import threading
import urllib.request
import zlib

import numpy as np

from gan_tf1 import memory
from gan_tf1.data import cache
from gan_tf1.errors import InputError
from gan_tf1.files import existing_data
from gan_tf1.tf1 import load, session_config, tf, without_chatter

REMEDY = "prepare the data set there again, or give another folder with --data-dir"
PROBE_SECONDS = 3.0


def obtained(name, probe_url, data_dir=None) -> pathlib.Path | None:
    """The path of the TFDS data set `name`, downloaded if it is not prepared yet.

    None if it is not there and the host of `probe_url` doesn't answer. Raises InputError as
    `prepared_version` and `download` do.
    """
    version = prepared_version(name, data_dir)
    if version is None and answers(probe_url):
        version = download(name, data_dir)
    return version


def tfds_folder(data_dir=None) -> pathlib.Path:
    """The path of the TFDS folder: `data_dir`, else `TFDS_DATA_DIR`, else the default of TFDS.

    Raises InputError if it begins with `~` and that home folder doesn't exist.
    """
    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    try:
        return pathlib.Path(folder).expanduser()
    except RuntimeError:
        raise InputError(f"{folder}: there is no such home folder; give --data-dir") from None


def prepared_version(name, data_dir=None) -> pathlib.Path | None:
    """The path of the newest prepared version of the TFDS data set `name`, or None.

    Raises InputError if the folder `data_dir` is named, but doesn't exist.
    """
    folder = tfds_folder(data_dir)
    if data_dir is not None:
        existing_data(folder)
    found = [info.parent for info in folder.glob(f"{name}/*.*.*/dataset_info.json")]
    return max(found, key=lambda path: [int(n) if n.isdigit() else -1
                                        for n in path.name.split(".")], default=None)


def answers(url, seconds=PROBE_SECONDS) -> bool:
    """Whether `url` answers a HEAD request with status 200 within `seconds`.

    The request runs in its own thread, because looking up a host name may take far longer than any
    socket timeout.
    """
    answer = []

    def ask():
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds) as reply:
                answer.append(reply.status == 200)
        except (OSError, ValueError):
            answer.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answer and answer[0])


def boxed(lines) -> str:
    """`lines` in a frame of stars, as a notice that is not overlooked."""
    width = max(map(len, lines))
    rule = "*" * (width + 4)
    return "\n".join(["", rule, *(f"* {line:<{width}} *" for line in lines), rule, ""])


def download(name, data_dir=None) -> pathlib.Path:
    """Download and prepare the TFDS data set `name`, with TFDS's progress bars; return its path.

    This happens in a temporary folder inside the TFDS folder. The complete data set is moved into
    place in one step, so a download that fails or is interrupted leaves nothing incomplete.

    Raises InputError if the download fails or the folder can't be written to.
    """
    load()  # before TFDS imports TensorFlow with other settings
    import tensorflow_datasets as tfds

    folder = tfds_folder(data_dir)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
                prefix=f"{name.replace('/', '-')}.download-", dir=folder) as staging:
            builder = tfds.builder(name, data_dir=staging)
            builder.download_and_prepare(download_dir=os.path.join(staging, "downloads"))
            version = pathlib.Path(builder.data_dir)
            place = folder / version.relative_to(staging)
            place.parent.mkdir(parents=True, exist_ok=True)
            version.rename(place)
        return place
    except Exception as error:
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name} could not be downloaded to {folder}: {reason}") from error


def read(version, split) -> dict[str, np.ndarray]:
    """Images and labels of all examples of `split` from the prepared data set at the path `version`.

    The keys of the dict are "image" and "label". TFDS takes seconds to decode the images, so they
    are kept in the cache, and read from there as long as the files of the data set are the same.

    Raises InputError if a file is missing, truncated or not one of TFDS.
    """
    return cache.decoded(f"{version.parent.name}-{version.name}-{split}",
                         _checksum(version, split), lambda: _decoded(version, split))


def _checksum(version, split):
    """The checksum of the data set's descriptions and of the files of one split."""
    crc = 0
    for path in sorted([*version.glob("*.json"), *version.glob(f"*-{split}.*")]):
        try:
            crc = zlib.crc32(path.read_bytes(), zlib.crc32(path.name.encode(), crc))
        except OSError as error:
            raise InputError(f"{path} can't be read: {error.strerror}") from error
    return f"{crc:08x}"


def _decoded(version, split):
    with _opened(version, split) as (builder, sess):
        with without_chatter():  # TFDS looks for devices in its own way
            tensors = builder.as_dataset(split=split, batch_size=-1)
        arrays = sess.run({column: tensors[column] for column in ("image", "label")})
        promised = builder.info.splits[split].num_examples
    _refuse_fewer(version, split, len(arrays["image"]), promised)
    return arrays


def read_each(version, split, columns, convert) -> list[np.ndarray]:
    """A list of arrays, one for each name in `columns`, of `convert(value)` of all examples.

    They are in the order of the examples, which are read one after another and converted at once,
    so the unconverted data set need not fit in memory. Raises InputError as `read` does, and if
    the converted arrays would not fit in memory.
    """
    found, stacks = 0, None
    with _opened(version, split) as (builder, sess):
        promised = builder.info.splits[split].num_examples
        with without_chatter():
            examples = builder.as_dataset(split=split).map(
                lambda example: [example[column] for column in columns])
        values = tf.data.make_one_shot_iterator(examples.prefetch(100)).get_next()
        while found < promised:
            try:
                converted = [convert(value) for value in sess.run(values)]
            except tf.errors.OutOfRangeError:
                break
            if stacks is None:
                memory.refuse_excess(promised * sum(value.nbytes for value in converted),
                                     f"{promised:,} examples of {version.parent.name}")
                stacks = [np.empty((promised, *value.shape), value.dtype) for value in converted]
            for stack, value in zip(stacks, converted):
                stack[found] = value
            found += 1
    _refuse_fewer(version, split, found, promised)
    return stacks


@contextlib.contextmanager
def _opened(version, split):
    """The TFDS builder of the data set at `version`, and a session; failures become InputError."""
    load()
    import tensorflow_datasets as tfds

    try:
        with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
            tf.set_random_seed(0)  # nothing is drawn, but `new_graph` has made a seed necessary
            yield tfds.builder_from_directory(version), sess
    except (InputError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"the data set at {version} can't be read (split {split}): {reason}; "
                         f"{REMEDY}") from error


def _refuse_fewer(version, split, count, promised):
    """Raise InputError if `split` has not as many examples as its description promises."""
    if count != promised:
        raise InputError(f"the {split} split of {version} has {count} of its {promised} examples: "
                         f"{REMEDY}")
