"""Measure how the time of our MNIST GAN grows with the batch size, the data and the epochs.

The number of images per second should rise with the batch size, and be constant with data and
epochs; then time is linear or better. Peak memory should be constant with the epochs.
"""

import csv
import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.bench import drive, work as works
from gan_tf1.files import replacing

BATCHES = (32, 64, 128, 256, 512, 1024, 2048)
PARTS_OF_DATA = (8, 4, 2, 1)  # an eighth, a quarter, ...
EPOCHS = (1, 2, 4, 8)         # per round, in one process
ROUNDS = 3


class Point(NamedTuple):
    """The measurement at one size."""
    row: str
    grown: str          # "batch size", "images" or "epochs"
    size: int
    seconds: float      # per round, median
    per_image: float    # microseconds
    against_first: float  # `per_image` divided by that of the smallest size
    peak_mib: float


def series(row, data, folder) -> dict[str, list]:
    """A dict: quantity that grows -> list of `(size, images per round, Entrant)`, smallest first.

    `data` is a work.Data, whose parts are saved in `folder`. Batches larger than the data are
    omitted.
    """
    work, count = works.WORKS["mnist_gan"], len(data.images)
    folder = pathlib.Path(folder)

    def entrant(size, images, batch=100, units=1):
        path = folder / f"growth-{images}.npz"
        if not path.exists():
            works.save(works.Data(*(array[:images] for array in data)), path)
        return size, images // batch * batch * units, drive.Entrant(
            f"{row.key} {size}", row, work, path, units, {"batch_size": batch})

    return {
        "batch size": [entrant(batch, count, batch) for batch in BATCHES if batch <= count],
        "images": [entrant(count // part, count // part) for part in PARTS_OF_DATA
                   if count // part >= 100],
        "epochs": [entrant(epochs, count, units=epochs) for epochs in EPOCHS]}


def measure(row, data, folder, rng, say=print, rounds=ROUNDS) -> list[Point]:
    """The `Point`s of `row`. Raises TrainingError if one of them fails."""
    found = []
    for grown, entrants in series(row, data, folder).items():
        say(f"{row.title}: {grown}")
        answers, _, lost = drive.measure([entrant for _, _, entrant in entrants], rounds, rng, say)
        first = None
        for size, images, entrant in entrants:
            drive.needed(entrant.name, lost)
            seconds = float(np.median([answer["seconds"] for answer in answers[entrant.name]]))
            per_image = 1e6 * seconds / images
            first = first or per_image
            found.append(Point(row.key, grown, size, seconds, per_image, per_image / first,
                               answers[entrant.name][-1]["peak_mib"]))
    return found


def markdown(points) -> str:
    """The points as a table in Markdown."""
    return tables.markdown(
        ("row", "quantity", "size", "seconds", "us per image", "relative to the first", "peak MiB"),
        [(point.row, point.grown, str(point.size), f"{point.seconds:.3g}", f"{point.per_image:.1f}",
          f"{point.against_first:.2f}", f"{point.peak_mib:.0f}") for point in points])


def write_csv(points, path, data) -> pathlib.Path:
    """Write the points to `path`, below a comment on the `data` that was trained on; return it."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        file.write(f"# data: {data}\n")
        writer = csv.writer(file)
        writer.writerow(Point._fields)
        writer.writerows([f"{value:.6g}" if isinstance(value, float) else value for value in point]
                         for point in points)
    return path
