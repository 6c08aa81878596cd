"""Dense generators for the page: their weights, and proof that the page computes the session's images.

The page knows dense layers, the leaky ReLU between them, tanh at the end, and an embedding of the label that
the latent vector is multiplied with. Batch norm with moving statistics is linear, so it is multiplied into
the weights of the next layer::

    (s x + t) W + b  =  x (S W) + (t W + b),    s = gamma / sqrt(variance + epsilon),  t = beta - mean s

The names and shapes of the variables say how the layers follow each other. A generator is only used if the
images that come out, with the weights as the page has them, equal those of the session within `TOLERANCE`.
"""

import base64
import re
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models, seeds
from gan_tf1.errors import InputError
from gan_tf1.generators import sample_files
from gan_tf1.training.saved_generator import saved

TOLERANCE = 0.01      # largest difference of a pixel in [-1, 1]: about one of 255 grey levels
BUDGET = 3_200_000    # bytes of the weights of all runs of a report
EXACT = 400_000       # weights: up to here they are float32, beyond float16
SAMPLES = 16          # latent vectors of the page, whose images the session computed too
DIRECTIONS = 8
EPSILON = 0.001       # of batch norm, the default of tf.layers
ACTIVATIONS = ("alpha", "leaky_relu_alpha")  # the names of the leaky ReLU's slope among the settings

_VARIABLE = re.compile(r"generator/(dense|batch_normalization|embedding)(?:_(\d+))?(?:/(\w+))?$")


class Generator(NamedTuple):
    """A generator from latent vectors [n, z] to images [n, 784] in (-1, 1)."""
    layers: list         # (weights [inputs, outputs], bias [outputs]), batch norm multiplied in
    alpha: float         # slope of the leaky ReLU below zero
    embedding: Any       # [classes, z], or None
    latents: np.ndarray  # [SAMPLES, z]
    labels: Any          # [SAMPLES], or None
    images: np.ndarray   # [SAMPLES, 784], as the session computed them
    normal: bool         # whether latent vectors are normally distributed; otherwise uniformly in [-1, 1]
    epoch: Any           # of the checkpoint, None if its name does not say

    @property
    def size(self) -> int:
        """The number of weights."""
        return sum(weights.size + bias.size for weights, bias in self.layers)

    @property
    def precision(self) -> str:
        """The type of the weights in the page."""
        return "float32" if self.size <= EXACT else "float16"

    @property
    def bytes(self) -> int:
        """The size of the weights in the page, before they are written as base64."""
        return self.size * np.dtype(self.precision).itemsize

    def forward(self, latents, labels=None) -> np.ndarray:
        """The images of `latents` [n, z], in float64, with the weights in the page's precision."""
        x = np.asarray(latents, np.float64)
        if self.embedding is not None:
            x = x * self.embedding[labels]
        for place, (weights, bias) in enumerate(self.layers):
            x = x @ weights.astype(self.precision).astype(float) + bias.astype(np.float32)
            x = np.maximum(x, self.alpha * x) if place < len(self.layers) - 1 else np.tanh(x)
        return x


def of_run(path, stored) -> Generator | None:
    """The `Generator` of the run directory `path`, or None if it has none that the page can compute."""
    model = models.of_chapter(stored["chapter"])
    alpha = next((stored["settings"][name] for name in ACTIVATIONS if name in stored["settings"]), None)
    if alpha is None or not hasattr(model, "generate") or not hasattr(model, "latent") or not saved(path):
        return None
    if stored["sample_shape"][1:] != [784]:
        return None
    try:
        with sample_files.restored(path, model) as (sess, net, config, epoch):
            found = {var.op.name: value for var, value in zip(net.gen_vars, sess.run(net.gen_vars))}
            layers = layers_of(found)
            if layers is None:
                return None
            latents = np.float32(model.latent(seeds.stream(stored["seed"], seeds.SAMPLES), SAMPLES, config))
            labels = np.arange(SAMPLES) % model.NUM_CLASSES if "generator/embedding" in found else None
            images = model.generate(sess, net, latents, *([] if labels is None else [labels]))
    except InputError:  # a damaged or missing checkpoint: the rest of the report does not need it
        return None
    made = Generator(layers, float(alpha), found.get("generator/embedding"), latents, labels, images,
                     bool(np.abs(latents).max() > 1), epoch)
    return made if np.abs(made.forward(latents, labels) - images).max() < TOLERANCE else None


def layers_of(found) -> list | None:
    """The layers of a dense generator with these variables, name -> value; None if it has other ones."""
    parts = {"dense": {}, "batch_normalization": {}, "embedding": {}}
    for name, value in found.items():
        match = _VARIABLE.match(name)
        if not match:
            return None
        parts[match[1]].setdefault(int(match[2] or 0), {})[match[3]] = np.asarray(value, np.float64)
    norms = [parts["batch_normalization"][key] for key in sorted(parts["batch_normalization"])]
    layers, scale, shift = [], 1., 0.
    for key in sorted(parts["dense"]):
        weights, bias = parts["dense"][key]["kernel"], parts["dense"][key]["bias"]
        if layers and len(weights) != layers[-1][0].shape[1]:
            return None
        layers.append((np.reshape(scale, (-1, 1)) * weights, shift @ weights + bias if np.ndim(shift) else bias))
        scale, shift = 1., 0.
        if norms and len(norms[0]["gamma"]) == weights.shape[1]:  # the widths of hidden layers differ
            norm = norms.pop(0)
            scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + EPSILON)
            shift = norm["beta"] - norm["moving_mean"] * scale
    return layers if layers and not norms and not np.ndim(shift) else None


def directions(generator) -> np.ndarray:
    """`DIRECTIONS` orthogonal unit vectors [d, z] of latent space that change the images most, the first one most.

    They are the eigenvectors of the mean of J'J over the generator's latent vectors, where J is the derivative
    of the image by the latent vector.
    """
    total = 0.
    for number, latent in enumerate(generator.latents):
        x = np.asarray(latent, np.float64)
        derivative = np.eye(len(x))
        if generator.embedding is not None:
            factor = generator.embedding[generator.labels[number]]
            x, derivative = x * factor, derivative * factor
        for place, (weights, bias) in enumerate(generator.layers):
            x, derivative = x @ weights + bias, derivative @ weights
            slope = (np.where(x > 0, 1, generator.alpha) if place < len(generator.layers) - 1 else
                     1 - np.tanh(x) ** 2)
            x, derivative = np.maximum(x, generator.alpha * x), derivative * slope
        total = total + derivative @ derivative.T
    _, vectors = np.linalg.eigh(total)  # in increasing order
    return vectors.T[::-1][:DIRECTIONS]


def as_base64(values, kind="<f4") -> str:
    """`values` as base64 of little-endian numbers, float32 unless `kind` says otherwise."""
    return base64.b64encode(np.asarray(values, kind).tobytes()).decode()


def packed(generator) -> dict:
    """The entries of a `Generator` for the page's JSON document."""
    text = as_base64
    kind = {"float32": "<f4", "float16": "<f2"}[generator.precision]
    return {"precision": generator.precision, "alpha": generator.alpha, "normal": generator.normal,
            "epoch": generator.epoch, "tolerance": TOLERANCE,
            "layers": [{"inputs": weights.shape[0], "outputs": weights.shape[1], "weights": text(weights, kind),
                        "bias": text(bias)} for weights, bias in generator.layers],
            "classes": 0 if generator.embedding is None else len(generator.embedding),
            "embedding": None if generator.embedding is None else text(generator.embedding),
            "size": generator.latents.shape[1], "latents": text(generator.latents),
            "labels": None if generator.labels is None else generator.labels.tolist(),
            "images": text(generator.images[:4]), "directions": text(directions(generator))}
