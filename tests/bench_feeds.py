"""Small settings, data and feeds on which the tests compare the rows of the benchmark.

`python bench_feeds.py ROW WORK WEIGHTS.npz OUT.npz` replays one row in a process of its own. Keras
needs this, because its row uses TF2 with its own behaviour.
"""

import os
import pathlib
import subprocess
import sys

import numpy as np

from gan_tf1.bench import rows, work as works

STEPS = 4
EPSILON = 1e-12  # so small that it does not matter whether Adam adds it inside or outside its root
SMALL = {"mnist_gan": {"batch_size": 16, "gen_hidden_size": 16, "disc_hidden_size": 16},
         "semi_supervised": {"batch_size": 8, "g_size_mult": 2, "d_size_mult": 4},
         "dcgan_svhn": {"batch_size": 8, "g_size_mult": 2, "d_size_mult": 4},
         "wgan_gp": {"batch_size": 32, "hidden_size": 8}}
Z = {"mnist_gan": "uniform", "semi_supervised": "normal", "dcgan_svhn": "uniform",
     "wgan_gp": "normal"}


def small(name):
    """`(work, config, data, feeds)` of the work `name`, with 64 examples, half of them labelled."""
    work, rng = works.WORKS[name], np.random.default_rng(0)
    config = works.config_of(work, SMALL[name])
    shape = (64, 28, 28) if work.data == "digits" else (64, 32, 32, 3)
    images = rng.integers(0, 256, shape)
    if name == "wgan_gp":
        # The contrasts differ, because the bias of a unit that is active on all images has no gradient.
        images = images * rng.uniform(0, 1, (64, 1, 1))
    data = works.Data(images.astype(np.uint8), rng.integers(0, 10, 64).astype(np.int32),
                      (np.arange(64) < 32).astype(np.int32))
    return work, config, data, list(feeds(work, config, data, rng))


def feeds(work, config, data, rng):
    """Yield the arrays that each of `STEPS` steps is fed, in the order of the row's arguments."""
    images = data.flat() if work.data == "digits" else data.scaled()
    size = config.batch_size, getattr(config, "z_dim", getattr(config, "z_size", None)) or (
        config.gen_z_size)
    for _ in range(STEPS):
        batch = rng.integers(0, len(images), config.batch_size)
        z = rng.uniform(-1, 1, size) if Z[work.name] == "uniform" else rng.normal(0, 1, size)
        feed = images[batch], z.astype(np.float32)
        if work.name == "semi_supervised":
            feed += data.labels[batch], data.label_mask[batch]
        if work.name == "wgan_gp":
            feed += rng.uniform(0, 1, (config.batch_size, 1)).astype(np.float32),
        yield feed


def elsewhere(row, name, weights, folder):
    """Return `Runner.replay` of `row`, run in a process of its own from `weights` on the feeds of `small`."""
    start, out = pathlib.Path(folder) / "start.npz", pathlib.Path(folder) / "out.npz"
    np.savez(start, **{f"{part}-{number}": value for part, own in weights.items()
                       for number, value in enumerate(own)})
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run([sys.executable, __file__, row, name, start, out], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = np.load(out)
    return found["losses"], parts(found)


def parts(file):
    """The weights in an open .npz file, in the form that `Runner.replay` takes."""
    return {part: [file[f"{part}-{number}"] for number in range(
        sum(name.startswith(part) for name in file))] for part in ("gen", "disc")}


if __name__ == "__main__":
    row, name, start, out = sys.argv[1:]
    work, config, data, fed = small(name)
    module = rows.module_of(rows.ALL[row])
    losses, weights = module.WORKS[name](work, config, data, epsilon=EPSILON).replay(
        parts(np.load(start)), fed)
    np.savez(out, losses=losses, **{f"{part}-{number}": value for part, own in weights.items()
                                    for number, value in enumerate(own)})
