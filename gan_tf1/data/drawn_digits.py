"""Digits drawn by a pen: a replacement for MNIST on a machine that cannot reach it.

Every picture has 28x28 grey pixels, white ink on black, and the layout of MNIST: the digit fits a
box of about 20x20 pixels, its centre of mass is within about a pixel of the picture's centre, and
its strokes are 2 to 4 pixels wide.

A picture is drawn in three steps:

1. The digits of the typefaces that come with matplotlib are thinned to their centre lines, once
   per process, because a typeface has thick and thin strokes but a pen has one width. For each
   glyph, `_atlas()` has a map of the distances to its centre line.
2. Each picture has its own pen and its own paper: the tilt of the baseline, the slant of the stems,
   an aspect ratio, a size and a shift (together one affine map), the width of the stroke, the
   softness of its edge, and a smooth random field that bends the strokes and varies the pressure
   on the pen.
3. For each pixel, the inverse map gives its place on the glyph, the atlas gives the distance of
   that place to the centre line, and there is ink if this distance is less than half the width of
   the stroke.

So the stroke width, slant and typeface of each picture are known. A GAN trained on these digits has
other losses than those that a book prints for MNIST.
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
CHUNK = 2000  # pictures drawn at a time: limits memory (to about 100 MB), changes no picture
CELL = 96  # atlas pixels, height and width of a glyph's map
GLYPH = 64  # atlas pixels, height of a glyph in its map; the rest is margin
KNOTS = 5  # the random field is drawn on KNOTS x KNOTS points and interpolated
REACH = 10.0  # pixels, the largest distance of the centre line from the centre, before bending
BEND = 0.75  # pixels, standard deviation of the strokes' displacement at a knot
PRESSURE = 0.10  # standard deviation of the stroke width at a knot, relative

GLYPH_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LEFT_OUT = {"cmti10"}  # at this size, its loops fill with ink and its 4 becomes a blot


class DrawnDigits(NamedTuple):
    """N pictures and the factors that they were drawn with.

    images: [N, 28, 28] uint8, 0 is background and 255 ink.
    labels: [N] uint8, 0 to 9.
    weight: [N] float32, width of the pen in pixels between half-inked edges, in [1.8, 3.4].
    slant: [N] float32, angle of the stems from the vertical in degrees, positive to the right, in
        [-20, 30]. It is the whole angle: a typeface's own slant is removed first.
    typeface: [N] uint8, index into `typefaces()`.
    """

    images: np.ndarray
    labels: np.ndarray
    weight: np.ndarray
    slant: np.ndarray
    typeface: np.ndarray


class Atlas(NamedTuple):
    """The centre lines of G = 10 * len(typefaces()) glyphs; glyph 10 * t + d is digit d.

    distance: [G, CELL, CELL] float32, atlas pixels to the nearest point of the centre line.
    centre: [G, 2] float32, (x, y) mean of the centre line.
    hull: [G, 32, 2] float32, the outermost points of the centre line, relative to `centre`.
    italic: [G] float32, tangent of the typeface's own slant.
    """

    distance: np.ndarray
    centre: np.ndarray
    hull: np.ndarray
    italic: np.ndarray


def font_path(stem) -> str:
    """The path of the file `stem`.ttf of a typeface that comes with matplotlib."""
    import matplotlib  # here, because the import takes long and --help doesn't need it
    return os.path.join(matplotlib.get_data_path(), "fonts", "ttf", stem + ".ttf")


def typeface(stem):
    """The typeface in the file `stem`.ttf, as matplotlib's `FT2Font`."""
    from matplotlib.ft2font import FT2Font
    return FT2Font(font_path(stem))


@lru_cache(maxsize=None)
def typefaces() -> tuple[str, ...]:
    """The sorted file stems of the typefaces in use: those of matplotlib with all ten digits."""

    def has_digits(stem):
        font = typeface(stem)
        charmap = font.get_charmap()
        # Compare the names of the glyphs: symbol fonts have brackets and arrows at these codes.
        codes = [charmap.get(ord("0") + digit) for digit in range(10)]
        return None not in codes and tuple(map(font.get_glyph_name, codes)) == GLYPH_NAMES

    stems = {path.stem for path in Path(font_path("")).parent.glob("*.ttf")} - LEFT_OUT
    return tuple(filter(has_digits, sorted(stems)))


def glyph_mask(font, digit) -> np.ndarray:
    """The digit, GLYPH pixels high, in the middle of a mask: bool [CELL, CELL]."""
    font.set_text(str(digit))
    font.draw_glyphs_to_bitmap(antialiased=True)
    image = np.asarray(font.get_image(), np.float32) / 255
    image = scipy.ndimage.zoom(image, GLYPH / len(image), order=1)
    # Corners and serifs would leave spurs on the centre line, so they are rounded first.
    image = scipy.ndimage.gaussian_filter(np.pad(image, CELL), 1.0)
    parts, _ = scipy.ndimage.label(image > 0.5)
    # Only the largest part: some zeros have a dot inside, which handwritten ones don't have.
    mask = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    top, left = (np.array(mask.shape) - CELL) // 2
    return mask[top : top + CELL, left : left + CELL]


def _thin(mask):
    """The centre line of a bool mask, one pixel wide (Zhang and Suen 1984)."""
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
                # An upright 0 is symmetric, so its slant is the typeface's. The angle in the font
                # file is of no use: in some typefaces, digits slant less than letters.
                x, y = points.T
                lean = -(x * y).sum() / (y * y).sum()
            italic.append(lean)
    return Atlas(*(np.asarray(a, np.float32) for a in (distance, centre, hull, italic)))


def _interpolation():
    """The matrix [SIZE, KNOTS] float32 of smooth weights that interpolates the knots to pixels."""
    steps = np.linspace(0, KNOTS - 1, SIZE)[:, None] - np.arange(KNOTS)
    weights = np.exp(-0.5 * (steps / 0.7) ** 2)
    # With unit variance at the knots, there is unit variance at each pixel.
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)


def _ink(glyph, weight, slant, pen, knots):
    """Draw one chunk: uint8 [n, 28, 28].

    glyph: [n] index into the atlas; weight, slant: [n] as in `DrawnDigits`;
    pen: [n, 6] uniform in [0, 1); knots: [n, 3, KNOTS, KNOTS] standard normal: channels 0
    and 1 bend the strokes in x and y, channel 2 is the pressure on the pen.
    """
    atlas = _atlas()
    tilt = np.radians(8 * pen[:, 0] - 4)
    aspect = 1 + 0.4 * pen[:, 1]  # written digits are wider than printed ones
    side = 18.5 + 2 * pen[:, 2]  # pixels, the longer side of the digit
    softness = 0.9 + 0.6 * pen[:, 3]  # pixels, from no ink to full ink at the edge
    shift = pen[:, 4:6] - 0.5  # pixels, (x, y)

    # One step along the baseline and one step down a stem, (x, y) with y downwards. In an italic
    # glyph, straight down is down a stem and back along the baseline: this makes it upright first.
    along = aspect * np.stack([np.cos(tilt), np.sin(tilt)])
    down = np.stack([-np.tan(np.radians(slant)), np.ones_like(slant)])
    affine = np.stack([along, down + atlas.italic[glyph] * along], axis=-1).swapaxes(0, 1)
    # The box is fitted after slanting, as in MNIST, so a slanted digit is not cut off.
    hull = np.einsum("nij,nhj->nhi", affine, atlas.hull[glyph])
    scale = (side - weight) / np.ptp(hull, axis=1).max(1)
    affine = affine * scale[:, None, None]
    # A digit with its mass at one end, such as a 7, would otherwise come too close to the border.
    reach = scale[:, None] * np.stack([hull.min(1), hull.max(1)])
    shift = np.clip(shift, -REACH - reach[0], REACH - reach[1])
    inverse = np.linalg.inv(affine)
    pixels_per_step = np.sqrt(np.linalg.det(affine))[:, None, None]

    spread = _interpolation()
    field = spread @ knots @ spread.T  # [n, 3, KNOTS, KNOTS] -> [n, 3, 28, 28]
    # The mean is subtracted, because it would be a further shift.
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

    Every ten pictures, beginning with the first, have each label once, in random order. The
    pictures of `draw(10, s)` are the first of `draw(20, s)`. Raises InputError if `count` < 1, if
    `seed` < 0, or if one of them is not a whole number.
    """
    count, seed = cache.checked(count, seed)
    # Each factor has its own stream, drawn picture by picture, so more pictures begin with the
    # same ones.
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


def forms(count) -> DrawnDigits:
    """A `DrawnDigits` of the (dtype, shape) of each array of `count` digits."""
    return DrawnDigits(("u1", (count, SIZE, SIZE)), ("u1", (count,)), ("f4", (count,)),
                       ("f4", (count,)), ("u1", (count,)))


def load(count, seed, cache_dir=None) -> DrawnDigits:
    """`draw(count, seed)`, stored in a file in `cache_dir` (48 MB for 60,000 digits).

    `cache.load` describes the default of `cache_dir`. Raises InputError as `draw` does.
    """
    count, seed = cache.checked(count, seed)
    name = f"drawn_digits-v{VERSION}-matplotlib{metadata.version('matplotlib')}-{count}-{seed}"
    return cache.load(name, forms(count), lambda: draw(count, seed), cache_dir)
