"""The samples of a run in a few hundred kilobytes: a sprite sheet of images, or coordinates of points.

A sprite sheet is one PNG file with all images in rows. A page shows a part of it, so that an epoch slider
needs no more than one file.
"""

import base64
import io
import math
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures

BUDGET = 3_400_000    # bytes of grey levels of all runs of a report, before they are compressed, and of weights
LEAST = 500_000       # bytes of grey levels, whatever the weights take
SHEET = 8192          # pixels: browsers draw sheets of this width and height
MOST_IMAGES = 100     # of a set
MOST_POINTS = 500     # of a set
MOST_SETS = 400


class Sheet(NamedTuple):
    """Images of some epochs in one PNG file, or None in `png` if the samples are points."""
    sets: list           # the places of the sets that are shown, beginning at 0
    count: int           # samples per set
    columns: int         # in which the page shows them
    size: tuple          # (height, width) of an image
    across: int          # images in a row of the sheet
    data: bytes          # PNG, or little-endian int16 [sets, n, dimensions] of points
    kind: str            # "images" or "points"
    reach: float = 1.    # the coordinate that the int16 32767 stands for
    targets: Any = None  # `targets.Targets` of the points


def sheet(samples, columns=None, budget=3_000_000, modes=None) -> Sheet | None:
    """The `Sheet` of the samples [sets, n, ...] in [-1, 1], or None if there are none that can be shown.

    Images are [784], [H, W] or [H, W, 3], and points [1] or [2], of any range. If the images have more
    than `budget` bytes, only some sets are kept, evenly spaced, with the first and the last.
    """
    if not len(samples) or samples.ndim < 3:
        return None
    if samples.ndim == 3 and samples.shape[2] in (1, 2):
        return _points(samples, modes)
    shape = (28, 28) if samples.shape[2:] == (784,) else samples.shape[2:]
    if not (len(shape) == 2 or len(shape) == 3 and shape[2] == 3) or max(shape[:2]) > SHEET:
        return None
    count = min(samples.shape[1], MOST_IMAGES)
    fit = budget // (count * math.prod(shape))
    area = (SHEET // shape[0]) * (SHEET // shape[1]) // count
    sets = spaced(len(samples), max(1, min(fit, area, MOST_SETS)))
    images = np.concatenate([figures.as_images(samples[place][:count].reshape(count, *shape)) for place in sets])
    across = min(SHEET // shape[1], max(count, math.ceil(math.sqrt(len(images) * shape[0] / shape[1]))))
    levels = np.rint(255 * np.nan_to_num(figures.tiled(2 * images - 1, across))).astype(np.uint8)
    return Sheet(sets, count, columns or _columns(count), shape[:2], across, _png(levels), "images")


def spaced(number, most) -> list[int]:
    """At most `most` of the places 0, ..., `number` - 1, evenly spaced, with the last and if possible the first."""
    if most == 1:
        return [number - 1]
    return sorted({round(place) for place in np.linspace(0, number - 1, min(number, most))})


def _points(samples, modes):
    sets = spaced(len(samples), MOST_SETS)
    points = np.asarray(samples, np.float64)[sets, :MOST_POINTS]
    finite = np.abs(points[np.isfinite(points)])
    # A few points may be far away: they are drawn at the border.
    reach = float(np.quantile(finite, 0.999)) * 1.05 if finite.size else 1.
    reach = reach or 1.
    if modes:
        reach = max(reach, float(np.abs(modes.means).max() + 4 * modes.deviation))
    levels = np.rint(32767 * np.clip(np.nan_to_num(points / reach), -1, 1)).astype("<i2")
    return Sheet(sets, points.shape[1], 1, (0, 0), 0, levels.tobytes(), "points", reach, modes)


def _columns(count):
    return 4 if count <= 16 else 8 if count % 10 else 10


def _png(levels):
    from PIL import Image
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def packed(one: Sheet | None) -> dict[str, Any] | None:
    """The entries of a `Sheet` for the page's JSON document."""
    if one is None:
        return None
    return {"kind": one.kind, "sets": one.sets, "count": one.count, "columns": one.columns,
            "targets": one.targets and {"means": one.targets.means.tolist(), "deviation": one.targets.deviation},
            "height": one.size[0], "width": one.size[1], "across": one.across, "reach": one.reach,
            "data": base64.b64encode(one.data).decode()}
