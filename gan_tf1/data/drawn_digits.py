"""Digits drawn by a pen: a stand-in for MNIST on a machine that cannot reach it.

Every picture is 28x28 grey, white ink on black, with MNIST's layout: the digit
fits a box of about 20x20 pixels, its centre of mass is near the picture's
centre (within a pixel or so), and its strokes are 2 to 4 pixels wide.

How one is drawn:

1. The digits of the typefaces that matplotlib ships are thinned to their centre
   lines once per process. A typeface has thick and thin strokes; a pen has one
   width. `_atlas()` keeps, for each glyph, a map of distances to its centre line.
2. Each picture has its own pen and its own paper: a baseline tilt, a stem slant,
   an aspect, a size and a shift (together one affine map), a stroke width, a
   softness of the edge, and a smooth random field that bends the strokes and
   varies the pressure on the pen.
3. For each pixel the inverse map tells where on the glyph it lies, the atlas
   tells how far that is from the centre line, and there is ink where this
   distance is below half the stroke width.

So stroke width, slant and typeface are known for each picture. Losses that a
book prints for MNIST are not to be expected here.
"""

import os
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.data import cache

VERSION = 1  # raise it with every change to the drawing: it is part of the cache file's name
SIZE = 28  # pixels, height and width of a picture
CHUNK = 2000  # pictures drawn at a time: bounds memory (about 100 MB), changes no picture
CELL = 96  # atlas pixels, height and width of a glyph's map
GLYPH = 64  # atlas pixels, height of a glyph in its map; the rest is margin
KNOTS = 5  # the random field is drawn on KNOTS x KNOTS points and interpolated
REACH = 10.0  # pixels, the centre line's greatest distance from the centre, but for bends
BEND = 0.75  # pixels, standard deviation of the strokes' displacement at a knot
PRESSURE = 0.10  # standard deviation of the stroke width at a knot, relative

GLYPH_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LEFT_OUT = {"cmti10"}  # its curls fill with ink at this size, and its 4 is a blot


class DrawnDigits(NamedTuple):
    """N pictures and the factors they were drawn from.

    images: [N, 28, 28] uint8, 0 is background and 255 ink.
    labels: [N] uint8, 0 to 9.
    weight: [N] float32, width of the pen in pixels between half-inked edges, in [1.8, 3.4].
    slant: [N] float32, lean of the stems in degrees from the vertical, positive leans right, in
        [-20, 30]. This is the whole lean: a typeface's own italic angle is taken out first.
    typeface: [N] uint8, index into `typefaces()`.
    """

    images: np.ndarray
    labels: np.ndarray
    weight: np.ndarray
    slant: np.ndarray
    typeface: np.ndarray


class Atlas(NamedTuple):
    """What the pen follows, for G = 10 * len(typefaces()) glyphs; glyph 10 * t + d is digit d.

    distance: [G, CELL, CELL] float32, atlas pixels to the nearest point of the centre line.
    centre: [G, 2] float32, (x, y) mean of the centre line.
    hull: [G, 32, 2] float32, the outermost points of the centre line, relative to `centre`.
    italic: [G] float32, tangent of the typeface's own lean.
    """

    distance: np.ndarray
    centre: np.ndarray
    hull: np.ndarray
    italic: np.ndarray


def font_path(stem):
    """The file of a typeface that matplotlib ships."""
    import matplotlib  # here, for it takes long, and --help needs none
    return os.path.join(matplotlib.get_data_path(), "fonts", "ttf", stem + ".ttf")


def typeface(stem):
    """The typeface of that file stem, as matplotlib's `FT2Font`."""
    from matplotlib.ft2font import FT2Font
    return FT2Font(font_path(stem))


@lru_cache(maxsize=None)
def typefaces() -> tuple[str, ...]:
    """File stems, sorted, of the typefaces in use: those matplotlib ships with all ten digits."""

    def has_digits(stem):
        font = typeface(stem)
        charmap = font.get_charmap()
        # By glyph name: symbol fonts put brackets and arrows at the codes of the digits.
        codes = [charmap.get(ord("0") + digit) for digit in range(10)]
        return None not in codes and tuple(map(font.get_glyph_name, codes)) == GLYPH_NAMES

    stems = {path.stem for path in Path(font_path("")).parent.glob("*.ttf")} - LEFT_OUT
    return tuple(filter(has_digits, sorted(stems)))


def glyph_mask(font, digit):
    """The digit as a bool mask [CELL, CELL], GLYPH pixels high, in the middle."""
    font.set_text(str(digit))
    font.draw_glyphs_to_bitmap(antialiased=True)
    image = np.asarray(font.get_image(), np.float32) / 255
    image = scipy.ndimage.zoom(image, GLYPH / len(image), order=1)
    # Corners and bracketed serifs would leave spurs on the centre line: round them first.
    image = scipy.ndimage.gaussian_filter(np.pad(image, CELL), 1.0)
    parts, _ = scipy.ndimage.label(image > 0.5)
    # The largest part only: some zeros have a dot inside, which handwriting has not.
    mask = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    top, left = (np.array(mask.shape) - CELL) // 2
    return mask[top : top + CELL, left : left + CELL]


def _thin(mask):
    """The centre line, one pixel wide, of a bool mask (Zhang and Suen 1984)."""
    around = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # from north
    while True:
        before = mask
        for turn in (0, 4):  # peel the south-east edge, then the north-west edge
            ring = [np.roll(mask, (-dy, -dx), (0, 1)) for dy, dx in around]
            count = sum(r.astype(int) for r in ring)
            runs = sum((~ring[i] & ring[(i + 1) % 8]).astype(int) for i in range(8))
            north, east, south, west = (ring[(i + turn) % 8] for i in (0, 2, 4, 6))
            edge = ~(north & east & south) & ~(east & south & west)
            mask = mask & ~(edge & (count >= 2) & (count <= 6) & (runs == 1))
        if np.array_equal(mask, before):
            return mask


@lru_cache(maxsize=None)
def _atlas():
    """The `Atlas`, built once per process."""
    turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    directions = np.stack([np.cos(turns), np.sin(turns)])
    distance, centre, hull, italic = [], [], [], []
    for stem in typefaces():
        font = typeface(stem)
        font.set_size(2 * GLYPH, 72)
        for digit in range(10):
            line = _thin(glyph_mask(font, digit))
            distance.append(scipy.ndimage.distance_transform_edt(~line))
            points = np.argwhere(line)[:, ::-1]  # (x, y)
            centre.append(points.mean(0))
            points = points - centre[-1]
            hull.append(points[np.argmax(points @ directions, axis=0)])
            if digit == 0:
                # An upright 0 is symmetric, so its lean is the typeface's. The angle in the font
                # file would not do: some typefaces' digits lean less than their letters.
                x, y = points.T
                lean = -(x * y).sum() / (y * y).sum()
            italic.append(lean)
    return Atlas(*(np.asarray(a, np.float32) for a in (distance, centre, hull, italic)))


def _interpolation():
    """Matrix [SIZE, KNOTS] float32: smooth weights that take the knots to the pixels."""
    steps = np.linspace(0, KNOTS - 1, SIZE)[:, None] - np.arange(KNOTS)
    weights = np.exp(-0.5 * (steps / 0.7) ** 2)
    # Unit variance at each pixel for unit variance at the knots.
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)


def _ink(glyph, weight, slant, pen, knots):
    """Draw one chunk: uint8 [n, 28, 28].

    glyph: [n] index into the atlas; weight, slant: [n] as in `DrawnDigits`;
    pen: [n, 6] uniform in [0, 1); knots: [n, 3, KNOTS, KNOTS] standard normal, of which
    channels 0 and 1 bend the strokes in x and y and channel 2 is the pressure on the pen.
    """
    atlas = _atlas()
    tilt = np.radians(8 * pen[:, 0] - 4)
    aspect = 1 + 0.4 * pen[:, 1]  # wider than type: written digits are
    side = 18.5 + 2 * pen[:, 2]  # pixels, the longer side of the digit
    softness = 0.9 + 0.6 * pen[:, 3]  # pixels, from no ink to full ink at the edge
    shift = pen[:, 4:6] - 0.5  # pixels, (x, y)

    # One step along the baseline and one step down a stem, (x, y) with y downwards. Straight down
    # in an italic glyph is down a stem and back along the baseline: that makes it upright first.
    along = aspect * np.stack([np.cos(tilt), np.sin(tilt)])
    down = np.stack([-np.tan(np.radians(slant)), np.ones_like(slant)])
    affine = np.stack([along, down + atlas.italic[glyph] * along], axis=-1).swapaxes(0, 1)
    # The box is fitted after the slant, as MNIST's was, so a leaning digit is not cut off.
    hull = np.einsum("nij,nhj->nhi", affine, atlas.hull[glyph])
    scale = (side - weight) / np.ptp(hull, axis=1).max(1)
    affine = affine * scale[:, None, None]
    # A digit with its mass at one end, such as a 7, would come too close to the border.
    reach = scale[:, None] * np.stack([hull.min(1), hull.max(1)])
    shift = np.clip(shift, -REACH - reach[0], REACH - reach[1])
    inverse = np.linalg.inv(affine)
    pixels_per_step = np.sqrt(np.linalg.det(affine))[:, None, None]

    spread = _interpolation()
    field = spread @ knots @ spread.T  # [n, 3, KNOTS, KNOTS] -> [n, 3, 28, 28]
    # Without its mean, which would be another shift.
    bend = BEND * (field[:, :2] - field[:, :2].mean((2, 3), keepdims=True))
    pressure = np.clip(1 + PRESSURE * field[:, 2], 0.7, 1.3)

    axis = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2  # pixels from the centre
    x = axis - shift[:, 0, None, None] + bend[:, 0]
    y = axis[:, None] - shift[:, 1, None, None] + bend[:, 1]
    where = np.empty((3, len(glyph), SIZE, SIZE), np.float32)  # (glyph, row, column) in the atlas
    where[0] = glyph[:, None, None]
    for i, (row, centre) in enumerate(zip(inverse.swapaxes(0, 1), atlas.centre[glyph].T)):
        row = row[..., None, None]
        where[2 - i] = row[:, 0] * x + row[:, 1] * y + centre[:, None, None]
    distance = scipy.ndimage.map_coordinates(atlas.distance, where, order=1, mode="nearest")
    inside = weight[:, None, None] * pressure / 2 - distance * pixels_per_step
    ink = np.clip(0.5 + inside / softness[:, None, None], 0, 1)
    return np.rint(255 * ink).astype(np.uint8)


def draw(count, seed) -> DrawnDigits:
    """Draw `count` digits: the same arguments give the same pictures.

    Each ten pictures in a row, from the first, hold each label once, in random order.
    `draw(10, s)` is the start of `draw(20, s)`. Raises InputError if `count` < 1 or `seed` < 0
    or one is no integer.
    """
    count, seed = cache.checked(count, seed)
    # A stream for each factor, drawn picture by picture: so a longer draw starts like a shorter.
    label_rng, face_rng, hand_rng, pen_rng, knot_rng = np.random.default_rng(seed).spawn(5)
    tens = np.tile(np.arange(10, dtype=np.uint8), (-(-count // 10), 1))
    labels = label_rng.permuted(tens, axis=1).ravel()[:count]
    typeface = face_rng.integers(len(typefaces()), size=count).astype(np.uint8)
    hand = hand_rng.standard_normal((count, 2), np.float32)
    weight = np.clip(2.35 * np.exp(0.2 * hand[:, 0]), 1.8, 3.4)
    slant = np.clip(7 + 12 * hand[:, 1], -20, 30)
    pen = pen_rng.random((count, 6), np.float32)
    glyph = 10 * typeface.astype(int) + labels

    images = np.empty((count, SIZE, SIZE), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        knots = knot_rng.standard_normal((part.stop - start, 3, KNOTS, KNOTS), np.float32)
        images[part] = _ink(glyph[part], weight[part], slant[part], pen[part], knots)
    return DrawnDigits(images, labels, weight, slant, typeface)


def forms(count):
    """The dtype and shape of each array of `count` digits, as a `DrawnDigits`."""
    return DrawnDigits(("u1", (count, SIZE, SIZE)), ("u1", (count,)), ("f4", (count,)),
                       ("f4", (count,)), ("u1", (count,)))


def load(count, seed, cache_dir=None) -> DrawnDigits:
    """`draw(count, seed)`, kept in a file in `cache_dir` (48 MB for 60,000 digits).

    `gan_tf1.data.cache` says where that is by default. Raises InputError as `draw` does.
    """
    count, seed = cache.checked(count, seed)
    name = f"drawn_digits-v{VERSION}-matplotlib{metadata.version('matplotlib')}-{count}-{seed}"
    return cache.load(name, forms(count), lambda: draw(count, seed), cache_dir)
