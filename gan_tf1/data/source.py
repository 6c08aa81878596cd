"""Where a data set comes from: a prepared TFDS folder, or a download that leaves no half-made files.

TensorFlow Datasets (TFDS) retries for minutes where its host cannot be
reached, and leaves temporary folders behind. So this module finds out first,
in seconds and without importing TFDS, whether a data set is prepared or its
host answers; and it downloads into a folder of its own that moves into place
only when it is complete.
"""

import contextlib
import os
import pathlib
import tempfile
import threading
import urllib.request

import numpy as np

from gan_tf1 import memory
from gan_tf1.errors import InputError
from gan_tf1.tf1 import load, session_config, tf, without_chatter

PROBE_SECONDS = 3.0


def tfds_folder(data_dir=None):
    """The TFDS folder in use: `data_dir`, else `TFDS_DATA_DIR`, else TFDS's own default."""
    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    try:
        return pathlib.Path(folder).expanduser()
    except RuntimeError:
        raise InputError(f"{folder}: there is no such home folder; give --data-dir") from None


def prepared_version(name, data_dir=None):
    """The newest prepared version of TFDS data set `name`, as a path, or None."""
    found = [info.parent for info in tfds_folder(data_dir).glob(f"{name}/*.*.*/dataset_info.json")]
    return max(found, key=lambda path: [int(n) if n.isdigit() else -1
                                        for n in path.name.split(".")], default=None)


def answers(url, seconds=PROBE_SECONDS):
    """Whether `url` answers a HEAD request with success within `seconds`.

    The request runs in a thread of its own: looking up a name may hang far
    longer than any socket timeout.
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


def boxed(lines):
    """`lines` in a frame of stars: a notice that nobody misses."""
    width = max(map(len, lines))
    rule = "*" * (width + 4)
    return "\n".join(["", rule, *(f"* {line:<{width}} *" for line in lines), rule, ""])


def download(name, data_dir=None):
    """Download and prepare TFDS data set `name` (with TFDS's own progress bars); return its path.

    Everything happens in a temporary folder inside the TFDS folder; the
    finished data set is moved into place in one step, so that a download which
    fails or is interrupted leaves nothing half-made.

    Raises InputError where the download fails or the folder can't be written.
    """
    load()  # before TFDS imports TensorFlow in its own way
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


def read(version, split):
    """All examples of `split` from the prepared data set at path `version`, as a dict of arrays.

    Raises InputError where a file is missing, truncated or not TFDS's.
    """
    with _opened(version, split) as (builder, sess):
        with without_chatter():  # TFDS looks for devices without our session's configuration
            tensors = builder.as_dataset(split=split, batch_size=-1)
        arrays = sess.run(tensors)
        promised = builder.info.splits[split].num_examples
    _refuse_fewer(version, split, len(next(iter(arrays.values()))), promised)
    return arrays


def read_each(version, split, columns, convert):
    """As `read`, for each of `columns` the array of `convert(value)` of each example, in order.

    The examples are read one after the other, and never held as a whole. Raises InputError as
    `read` does, and if the arrays would not fit in memory.
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
    """TFDS's builder of the data set at `version`, and a session; failures become InputError."""
    load()
    import tensorflow_datasets as tfds

    try:
        with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
            tf.set_random_seed(0)  # nothing is drawn, but `new_graph` has made a seed a must
            yield tfds.builder_from_directory(version), sess
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"the data set at {version} can't be read (split {split}): {reason}; "
                         "delete that folder to have it prepared anew") from error


def _refuse_fewer(version, split, count, promised):
    if count != promised:
        raise InputError(f"{version} holds {count} examples of {promised} in its {split} split: "
                         "delete that folder to have it prepared anew")
