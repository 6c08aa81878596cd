"""Generators of any layers for a page that is served: ONNX files, which onnxruntime-web computes in the browser.

The page computes a few images of the session again and states the difference, as it does for dense generators.
"""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models, seeds
from gan_tf1.config import make
from gan_tf1.errors import InputError
from gan_tf1.generators import onnx_export
from gan_tf1.generators.export import SIGNATURE, traced
from gan_tf1.report import browser_runtime, dense
from gan_tf1.training.run_config import read_config
from gan_tf1.training.saved_generator import saved

TOLERANCE = 0.001  # largest difference of a pixel in [-1, 1] from the session's images
STEP = 0.01        # of the finite differences that approximate derivatives
POINTS = 4         # latent vectors at which they are computed
BATCH = 200        # images computed at once, to bound memory
ALONE = 1e-4       # rounding alone can change a pixel by this much between two batches


class Generator(NamedTuple):
    """A generator from latent vectors [n, z] to images in (-1, 1), as an ONNX file."""
    model: bytes            # the content of the file
    shape: tuple            # (H, W, C) of an image; C is 1 or 3
    latents: np.ndarray     # [SAMPLES, z]
    labels: Any             # [SAMPLES], or None
    classes: int            # 0 without labels
    images: np.ndarray      # [SAMPLES, H W C], as the session computed them in one batch
    together: bool          # whether an image depends on the rest of its batch
    directions: np.ndarray  # [d, z], see `dense.directions`
    normal: bool            # whether latent vectors are normally distributed; otherwise uniformly in [-1, 1]
    epoch: Any              # of the checkpoint, None if its name does not say

    @property
    def bytes(self) -> int:
        """The size of the weights in the page itself."""
        return 0


def possible(run) -> bool:
    """Whether `of_run` is likely to succeed for a `contents.Run`; this restores nothing."""
    return _of_latents(models.of_chapter(run.stored["chapter"])) and bool(
        saved(run.path)) and _image_shape(run.stored["sample_shape"][1:]) is not None


def of_run(path) -> Generator | None:
    """The `Generator` of the run directory `path`, or None if it has none that makes images of latent vectors.

    Raises InputError if the extra `[onnx]` is not installed.
    """
    onnx_export.refuse_missing()
    stored = read_config(path)
    model = models.of_chapter(stored["chapter"])
    if not _of_latents(model):
        return None
    try:
        with traced(path) as (sess, net, signatures, about):
            shape = _image_shape(signatures[SIGNATURE].output.shape.as_list()[1:])
            if shape is None:
                return None
            config = make(model.Config, stored["settings"])
            latents = np.float32(model.latent(seeds.stream(stored["seed"], seeds.SAMPLES), dense.SAMPLES, config))
            classes = model.NUM_CLASSES if "label" in signatures[SIGNATURE].inputs else 0
            labels = np.arange(dense.SAMPLES) % classes if classes else None

            def generate(z, wanted=None):
                return model.generate(sess, net, z, *([] if wanted is None else [wanted])).reshape(len(z), -1)

            images = generate(latents, labels)
            alone = generate(latents[:1], labels if labels is None else labels[:1])
            together = bool(np.abs(alone - images[:1]).max() > ALONE)
            found = directions(generate, latents, labels, together)
            graph_def, signature = onnx_export.frozen_graph(sess, signatures[SIGNATURE])
    except InputError:  # a damaged or missing checkpoint: the rest of the report does not need it
        return None
    return Generator(onnx_export.converted(graph_def, signature), shape, latents, labels, classes, images, together,
                     found, bool(np.abs(latents).max() > 1), about["epoch"])


def _of_latents(model) -> bool:
    """Whether the generator of `model` makes samples of latent vectors."""
    return all(hasattr(model, name) for name in ("generate", "latent", "SAMPLE_RANGE"))


def _image_shape(shape):
    """(H, W, C) of images with the shape [784], [H, W] or [H, W, C], or None for other samples."""
    shape = (28, 28) if list(shape) == [784] else tuple(shape)
    shape = (*shape, 1) if len(shape) == 2 else shape
    return shape if len(shape) == 3 and shape[2] in (1, 3) and min(shape[:2]) > 1 else None


def directions(generate, latents, labels, together) -> np.ndarray:
    """The directions of `dense.directions`, from differences of the images `generate(latents, labels)`.

    If the images of a batch depend on each other (`together`), each step has a batch of its own, and one
    latent vector has to do.
    """
    total = 0.
    for number in range(1 if together else POINTS):
        steps = latents[number] + STEP * np.eye(latents.shape[1], dtype=np.float32)
        label = None if labels is None else labels[number]
        if together:
            rest = latents[1:]
            moved = np.stack([generate(np.concatenate([one[None], rest]), labels)[0] for one in steps])
            start = generate(latents, labels)[0]
        else:
            parts = [steps[place:place + BATCH] for place in range(0, len(steps), BATCH)]
            moved = np.concatenate([generate(part, label if label is None else np.full(len(part), label))
                                    for part in parts])
            start = generate(latents[number:number + 1], label if label is None else np.array([label]))[0]
        derivative = (moved - start) / STEP
        total = total + derivative @ derivative.T
    _, vectors = np.linalg.eigh(total)  # in increasing order
    return vectors.T[::-1][:dense.DIRECTIONS]


def file_name(place) -> str:
    """The name of the ONNX file of the run at `place` of a report."""
    return f"generator-{place + 1}.onnx"


def packed(generator, place, folder) -> dict:
    """The entries of a `Generator`, of the run at `place`, for the page's JSON document.

    `folder` is the URL of the folder with the files, relative to the page.
    """
    text = dense.as_base64
    return {"file": f"{folder}/{file_name(place)}", "script": f"{folder}/{browser_runtime.SCRIPT}",
            "wasm": f"{folder}/{browser_runtime.WASM}", "shape": generator.shape, "normal": generator.normal,
            "epoch": generator.epoch, "tolerance": TOLERANCE, "classes": generator.classes,
            "together": generator.together, "size": generator.latents.shape[1], "latents": text(generator.latents),
            "labels": None if generator.labels is None else generator.labels.tolist(),
            "images": text(generator.images), "directions": text(generator.directions)}
