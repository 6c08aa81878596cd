"""Draw samples from a run's generator, or read digits of 28 x 28 pixels from a file.

A run's model is the module in `gan_tf1/models` whose CHAPTER is named in the run's config.json. If
it follows the convention in gan_tf1/models/README.md, under "Models whose samples can be drawn
again" (SAMPLE_RANGE, `latent`, `generate`, `sample`), any number of samples is drawn from its
newest generator. Otherwise the samples in the run's samples.npz are used.
"""

import contextlib
import functools
import math
import os
import pathlib
import zipfile
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures, models, places, seeds
from gan_tf1.config import add_count, make
from gan_tf1.errors import InputError
from gan_tf1.files import replacing
from gan_tf1.generators import judges, restore
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import outputs
from gan_tf1.training.command_line import seed_number
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import load_samples
from gan_tf1.wording import quantity

SHIPPED = places.SHIPPED / "mnist_gan"  # a run that comes with the repository
NAME = "new_samples"  # not "samples": this is the figure of a run's own last samples
BATCH = 500  # samples drawn at a time, to bound memory
SHAPES = ((784,), (28, 28), (28, 28, 1))
WIDEST = 40   # inches of a grid of samples
UNPACKED = 2 * 1024**3  # largest array in an .npz, in bytes: a small file can unpack to any size
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class Samples(NamedTuple):
    """The images of a run or a file, in which the ground is 0 and ink is 1."""
    name: str
    images: np.ndarray  # float32 [n, 784] in [0, 1]
    labels: Any = None  # [n], the classes on which they were conditioned, or None


def load(path, count, seed, value_range=None) -> Samples:
    """Load `count` samples from `path`, a run directory, an `.npz` or an `.npy`, as `Samples`.

    If the run's chapter follows the convention above, new samples are drawn with `seed`; if not,
    those of the last epoch in samples.npz are used. An `.npz` holds one array, or one called
    `samples`. If there are more than `count`, `seed` selects among them. `value_range`
    (low, high) is needed if no chapter states the range, since it is never guessed.

    Raises InputError if the samples can't be read, are too few, have another shape, are not
    finite, or lie outside of the range.
    """
    path = pathlib.Path(path)
    if path.suffix in (".npz", ".npy") and not path.is_dir():
        return Samples(str(path), unified(path, _read(path), count, seed, value_range))
    stored = read_config(path)
    name = f"{stored['chapter']} ({path})"
    if stored["data"] != "mnist":
        name += f", trained on {stored['data_title']}"
    model = chapter(stored["chapter"])
    if model is None:
        return Samples(name, unified(path, load_samples(path)[-1], count, seed, value_range))
    images, labels, _ = draw_any(path, model, count, seed)
    return Samples(name, unified(path, images, count, seed, model.SAMPLE_RANGE), labels)


def chapter(name):
    """The module of the chapter `name` if it follows the convention, else None."""
    model = models.of_chapter(name)
    return model if hasattr(model, "SAMPLE_RANGE") else None


def of_images(path) -> tuple[Any, dict]:
    """The module of the chapter of the run at `path`, and its config.json, if its generator makes images.

    Raises InputError if there is no run, or if its chapter has no images that can be drawn again, such as
    one of points or of translations.
    """
    stored = read_config(path)
    model = chapter(stored["chapter"])
    shape = tuple(stored["sample_shape"][1:])
    if model is None or shape not in SHAPES and len(shape) not in (2, 3):
        raise InputError(f"{path} is a run of {stored['chapter']!r}, whose generator doesn't draw images from "
                         "noise: name a run of another chapter")
    return model, stored


def when(model, stored, epoch) -> str:
    """When a generator was saved: "epoch 100", "iteration 30,000", or "training" if `epoch` is None or 0."""
    interval = getattr(make(model.Config, stored["settings"]), "sample_interval", None)
    return "training" if not epoch else f"iteration {epoch * interval:,}" if interval else f"epoch {epoch}"


def draw(path, model, count, seed) -> tuple[np.ndarray, int | None]:
    """Draw `count` samples from the newest generator in the run directory `path`.

    `model` is the module of the run's chapter. Returns the samples, in the chapter's shape and
    range, and the generator's epoch, which is None if its name doesn't contain it.
    """
    [images], epoch = _drawn(path, model, count, seed, lambda *given: [model.sample(*given)])
    return images, epoch


def draw_labelled(path, model, count, seed, label=None) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Like `draw`, for a conditional chapter: returns samples, their labels [count], and the epoch.

    If `label` is given, all samples are conditioned on it.
    """
    sample = functools.partial(model.sample_labelled, label=label)
    (images, labels), epoch = _drawn(path, model, count, seed, sample)
    return images, labels, epoch


def draw_any(path, model, count, seed) -> tuple[np.ndarray, np.ndarray | None, int | None]:
    """`draw` or `draw_labelled`, as the chapter has it: samples, their labels or None, and the epoch."""
    if hasattr(model, "sample_labelled"):
        return draw_labelled(path, model, count, seed)
    images, epoch = draw(path, model, count, seed)
    return images, None, epoch


def _drawn(path, model, count, seed, sample):
    """The arrays that `sample` returns, joined to length `count`, and the generator's epoch."""
    rng = seeds.stream(seed, seeds.SAMPLES)
    with restored(path, model) as (sess, net, config, epoch):
        batches = [sample(sess, net, rng, min(BATCH, count - start), config)
                   for start in range(0, count, BATCH)]
    return [np.concatenate(part) for part in zip(*batches)], epoch


def built(model, config, sample_shape, epoch):
    """Build the net of the chapter `model` as it is after `epoch`, in the current default graph.

    `sample_shape` is that of the run's samples, [n, ...].
    """
    if hasattr(model, "rebuild"):
        return model.rebuild(config, sample_shape, epoch)
    return model.build(config)


@contextlib.contextmanager
def restored(path, model, resource_variables=False, **settings):
    """A context with the run's newest generator, as `(sess, net, config, epoch)`.

    `path` is the run directory, and `model` the module of its chapter. The epoch is None if the
    generator's name doesn't contain it. `resource_variables` are needed to trace `generate`. The
    `settings` replace those of the run, and must leave its variables as they are.
    """
    stored = read_config(path)
    config = make(model.Config, {**stored["settings"], **settings})
    _, epoch = restore.newest_generator(path)
    with new_graph(0, resource_variables).as_default():
        net = built(model, config, stored["sample_shape"], epoch)
        with tf.Session(config=session_config()) as sess:
            yield sess, net, config, restore.restore_generator(path, net.gen_vars, sess)


def add_flags(parser) -> None:
    """Add the flags of a script that draws samples: their number, the seed, and the output."""
    add_count(parser, 16, "number of samples")
    parser.add_argument("--seed", type=seed_number, default=0,
                        help="seed of the noise (default: 0)")
    outputs.add_flags(parser, NAME, ".png", "a grid of images, or a .npy with their numbers,")


def checked(args) -> pathlib.Path:
    """The file to write, from the flags above. Raises InputError if a flag is invalid."""
    if not 1 <= args.n <= 100_000:
        raise InputError("--samples must be at least 1 and at most 100000")
    return outputs.file(args, NAME, (".png", ".npy"))


def save(images, title, out) -> None:
    """Write `images` [n, 784], [n, H, W] or [n, H, W, 3] to `out`: a grid with `title` (.png), or an array (.npy)."""
    if out.suffix == ".npy":
        with replacing(out) as temporary:
            np.save(temporary, images)
    else:
        columns = max(4, int(np.ceil(np.sqrt(len(images)))))
        figures.save(figures.sample_grid(images, title, columns, min(1.5, WIDEST / columns)), out)
    print(out)


def judged(path, image_sets):
    """Classify each of `image_sets` [n, 784] in [0, 1] with the classifier in the run `path`.

    Returns a list of `(probabilities, features)`, float64 [n, 10] and [n, 64].
    """
    with judges.digits(path) as judge:
        return [judge(images) for images in image_sets]


def _read(path):
    """The array in the `.npz` or `.npy` at `path`."""
    try:
        with open(path, "rb") as file:
            if path.suffix == ".npy":
                _check_array(file, os.fstat(file.fileno()).st_size)
                return np.load(path, mmap_mode="r", allow_pickle=False)
            with zipfile.ZipFile(file) as archive:
                member = archive.getinfo(_member(path, archive.namelist()))
                if member.file_size > UNPACKED:
                    raise ValueError(f"{member.filename} unpacks to {member.file_size} bytes, but "
                                     f"at most {UNPACKED} are read")
                with archive.open(member) as packed:
                    _check_array(packed, member.file_size)
                with archive.open(member) as packed:
                    return np.lib.format.read_array(packed, allow_pickle=False)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged or hostile file may raise anything
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise InputError(f"{path} can't be read: {reason or type(error).__name__}") from error


def _member(path, names):
    """The name of the array's file among the files `names` of an `.npz`."""
    names = {name.removesuffix(".npy"): name for name in names}
    if "samples" not in names and len(names) != 1:
        raise InputError(f"{path} holds {', '.join(names) or 'nothing'}: one array is needed, or "
                         "one called samples")
    return names["samples"] if "samples" in names else next(iter(names.values()))


def _check_array(file, size):
    """Raise ValueError if `file`, in NumPy's format, claims an array larger than its `size` bytes."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"its format is {version}")
    shape, _, dtype = HEADERS[version](file)
    if any(number < 0 for number in shape):
        raise ValueError(f"its shape is {list(shape)}")
    # math.prod, since NumPy's product overflows.
    if math.prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError(f"shape {list(shape)} of {dtype} is more than its {size} bytes hold")


def unified(path, images, count, seed, value_range) -> np.ndarray:
    """Select `count` of `images`, and return them as float32 [count, 784] in [0, 1].

    InputError names `path` if the images don't allow it; see `load`.
    """
    if images.shape[1:] not in SHAPES or images.dtype.kind not in "fiu":
        raise InputError(f"{path} holds {images.dtype} of shape {list(images.shape)}: numbers of "
                         "shape [n, 784], [n, 28, 28] or [n, 28, 28, 1] are needed")
    if len(images) < count:
        raise InputError(f"{path} holds {quantity(len(images), 'sample')}: {count} are asked for, "
                         "since all rows of the table need the same number (--samples)")
    if value_range is None:
        raise InputError(f"{path} doesn't say in what range its samples are: give it with --range, "
                         "for example --range 0 1 or --range -1 1")
    if len(images) > count:
        chosen = seeds.stream(seed, seeds.JUDGED).permutation(len(images))[:count]
        images = images[np.sort(chosen)]
    images = np.asarray(images, np.float32).reshape(count, -1)
    if not np.isfinite(images).all():
        raise InputError(f"{path} has samples that are not finite")
    low, high = value_range
    slack = 1e-3 * (high - low)  # more than rounding, less than a grey level of 255
    if images.min() < low - slack or images.max() > high + slack:
        raise InputError(f"{path} has values from {images.min():g} to {images.max():g}: outside of "
                         f"the range from {low:g} to {high:g}")
    return np.clip((images - low) / (high - low), 0, 1)
