"""Drawn street numbers: a replacement for SVHN on a machine that cannot reach it.

Every picture has 32x32 RGB pixels and the layout of SVHN's cropped digits: the digit that the label
names is in the middle and nearly as high as the picture, and its neighbours in the house number are
cut off at the left and right borders.

A picture is drawn in four steps:

1. The digits of the typefaces that come with matplotlib are stored as maps of signed distances to
   their outlines: there is paint where the distance is positive. Thicker strokes, rims and soft
   edges are then offsets to that distance.
2. A number of one to three digits is laid out along its baseline, on a plate or directly on the
   wall. One projective map takes it to the picture: size, aspect ratio, rotation, shear,
   perspective and shift.
3. It gets colours (light on dark or dark on light, with high or low contrast), stains, a shadow,
   and the light of the street: a gradient, the edge of another shadow, a streak.
4. A poor camera takes the picture: blur (stronger along the rows if it moved), sensor noise, JPEG
   compression by Pillow, and few pixels, enlarged.

Accuracies on these pictures can't be compared with those that papers print for SVHN.
"""

import io
from functools import lru_cache
from importlib import metadata
from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.data import cache
from gan_tf1.data.drawn_digits import CELL, GLYPH, glyph_mask, typeface, typefaces

VERSION = 2  # raise it with every change to the drawing: it is part of the cache file's name
SIZE = 32  # pixels, height and width of a picture
AXIS = np.linspace(-1, 1, SIZE, dtype=np.float32)  # from border to border, in halves of a picture
CHUNK = 500  # pictures drawn at a time: limits memory (to about 100 MB), changes no picture
DICE = 74  # uniform random numbers per picture, at least as many as the drawing uses
KNOTS = 6  # stains are noise of KNOTS x KNOTS pixels, enlarged


class DrawnStreet(NamedTuple):
    """N pictures of house numbers.

    images: [N, 32, 32, 3] uint8, RGB.
    labels: [N] uint8, 0 to 9: the digit in the middle. All digits are equally likely. (SVHN has
        three times as many ones as nines.)
    """
    images: np.ndarray
    labels: np.ndarray


class Atlas(NamedTuple):
    """The G filled glyphs; glyph 10 * t + d is digit d in typeface t, and the last one is empty.

    inside: [G, CELL, CELL] float32, distance to the outline in glyph heights, negative outside.
    width: [G] float32, in glyph heights.
    """
    inside: np.ndarray
    width: np.ndarray


class Layout(NamedTuple):
    """The place of each pixel among the objects: float32 [n, 1, 32, 32], in heights of the digit.

    digits, shadow, plate: distance to the outline of each, positive inside.
    v: distance downwards from the middle of the digit, which extends from -0.5 to 0.5.
    sharpness: [n, 1, 1, 1], pixels per height of the digit.
    """
    digits: np.ndarray
    shadow: np.ndarray
    plate: np.ndarray
    v: np.ndarray
    sharpness: np.ndarray


class Dice:
    """Uniform random numbers [n, 1, 1, 1], one for each of n pictures; each call draws new ones."""

    def __init__(self, rng, n):
        # Drawn picture by picture, so a picture's numbers don't depend on how many follow it.
        self._columns = iter(rng.random((n, DICE), np.float32).T[..., None, None, None])

    def between(self, low, high):
        """Numbers from `low` to `high`."""
        return low + (high - low) * next(self._columns)

    def maybe(self, chance, low, high):
        """Numbers from `low` to `high` with probability `chance`, and 0 otherwise."""
        return self.between(low, high) * (self.between(0, 1) < chance)

    def below(self, count):
        """Whole numbers from 0 to `count` - 1."""
        return self.between(0, count).astype(int)


@lru_cache(maxsize=None)
def _atlas():
    """The `Atlas`, built once per process."""
    masks = []
    for stem in typefaces():
        font = typeface(stem)
        font.set_size(2 * GLYPH, 72)
        masks += [glyph_mask(font, digit) for digit in range(10)]
    distance = scipy.ndimage.distance_transform_edt
    inside = [distance(mask) - distance(~mask) for mask in masks] + [np.full((CELL, CELL), -CELL)]
    width = [np.ptp(np.flatnonzero(mask.any(0))) + 1 for mask in masks] + [GLYPH / 2]
    return Atlas(np.float32(inside) / GLYPH, np.float32(width) / GLYPH)


@lru_cache(maxsize=None)
def _few_pixels():
    """Matrices [SIZE + 1, SIZE, SIZE]: matrix k shrinks a line to k pixels and enlarges it."""
    axis = (np.arange(SIZE) + 0.5) / SIZE
    lines = np.zeros((SIZE + 1, SIZE, SIZE), np.float32)
    for k in range(1, SIZE + 1):
        tent = np.maximum(0, 1 - abs(k * axis[:, None] - np.arange(k) - 0.5))
        lines[k] = (tent / tent.sum(1, keepdims=True)) @ (tent / tent.sum(0)).T
    return lines


def _layout(digit, dice):
    """The `Layout` of numbers whose middle digits are `digit`, int [n, 1, 1, 1]."""
    # The origin is the middle of the digit. (u, v), below, are in heights of the digit.
    x, y = AXIS - dice.between(-0.12, 0.12), AXIS[:, None] - dice.between(-0.1, 0.1)
    depth = 1 + dice.between(-0.2, 0.2) * x + dice.between(-0.2, 0.2) * y
    turn, height = dice.between(-0.18, 0.18), dice.between(0.65, 0.95)  # radians; of the picture
    right, down = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    aspect, lean = dice.between(0.8, 1.35), dice.between(-0.25, 0.25)
    u, v = (right + lean * down) / (2 * height * aspect * depth), down / (2 * height * depth)

    atlas = _atlas()
    typeface = 10 * dice.below(len(typefaces()))
    middle, nothing = typeface + digit, len(atlas.width) - 1
    left, right = (np.where(dice.between(0, 1) < 0.75, typeface + dice.below(10), nothing)
                   for _ in range(2))
    gap = dice.between(0.04, 0.3)
    border = (atlas.width[middle] + gap) / 2
    climb = dice.maybe(0.2, -0.4, 0.4)  # of the baseline, from digit to digit
    bold = dice.between(-0.015, 0.05)

    def inside(u, v):
        """The distance to the outline of the nearest digit, the only one looked up per pixel."""
        side = np.sign(u) * (abs(u) > border)
        glyph = np.where(side == 0, middle, np.where(side < 0, left, right))
        column = u - side * (border + (atlas.width[glyph] + gap) / 2)
        row = v - side * climb
        where = np.stack([glyph, *(GLYPH * at + (CELL - 1) / 2 for at in (row, column))])
        return bold + scipy.ndimage.map_coordinates(atlas.inside, where, order=1, mode="nearest")

    # A plate ends beside the last digit of the number, but continues behind a neighbour.
    margin = border + dice.between(0.05, 0.4)
    start, stop = (margin + np.where(at == nothing, np.float32(0), 9) for at in (left, right))
    plate = np.minimum(np.minimum(start + u, stop - u), 0.5 + dice.between(0.03, 0.4) - abs(v))
    shadow = inside(u + dice.between(-0.12, 0.12), v - dice.between(0.02, 0.14))
    return Layout(inside(u, v), shadow, plate, v, height * SIZE)


def _scene(layout, dice, stains):
    """What the camera sees, float32 [n, 3, 32, 32], from 0 (black) to 1 (white) or slightly beyond.

    stains: [n, 1, 32, 32], smooth random fields with mean 0.
    """

    def colour(light, chroma):
        # Red to yellow, or the blues opposite to them: streets have little green and purple.
        hue = np.radians(dice.between(-10, 60) + dice.maybe(0.4, 180, 180))
        thirds = np.radians([0, 120, 240], dtype=np.float32)[:, None, None]
        return light + chroma * np.cos(hue - thirds)

    def cover(image, distance, by, share=1.0, softness=1.0):
        """`image` covered with `by` where `distance` > 0; the edge is `softness` pixels wide."""
        opacity = share * np.clip(0.5 + distance * layout.sharpness / softness, 0, 1)
        return image + opacity * (by - image)

    mean, half = dice.between(0.3, 0.7), 0.05 + 0.3 * dice.between(0, 1) ** 2
    half = half * np.sign(dice.between(-1, 1))  # dark on light, or light on dark
    ground = colour(mean - half, 0.2 * dice.between(0, 1) ** 2)
    paint = colour(mean + half, 0.3 * dice.between(0, 1) ** 3)
    paint = paint * (1 + dice.maybe(0.4, -0.5, 0.5) * layout.v)

    image = ground + colour(dice.maybe(0.6, -0.35, 0.35), dice.between(0, 0.1))
    courses = (layout.v * dice.between(1.5, 6) + dice.between(0, 1)) % 1 < 0.15
    image = image * (1 - dice.maybe(0.4, 0.05, 0.3) * courses)  # of bricks or boards
    has_plate = dice.between(0, 1) < 0.6
    image = cover(image, layout.plate, ground, has_plate)
    image = image + dice.maybe(0.3, -0.3, 0.3) * has_plate * (abs(layout.plate) < 0.04)
    image = image * (1 + dice.between(0, 0.25) * stains)
    image = cover(image, layout.shadow, 0, dice.maybe(0.4, 0.1, 0.6), softness=3.0)
    rim = colour(dice.between(0, 1), dice.between(0, 0.1))
    has_rim = dice.between(0, 1) < 0.2
    image = cover(image, layout.digits + dice.between(0.02, 0.08), rim, has_rim)
    image = cover(image, layout.digits, paint)

    x, y = AXIS, AXIS[:, None]

    def across():  # the distance of each pixel to a random line, in halves of the picture
        angle = dice.between(0, 2 * np.pi)
        return np.cos(angle) * x + np.sin(angle) * y - dice.between(-0.7, 0.7)

    image = image * (1 + dice.between(-0.3, 0.3) * x + dice.between(-0.3, 0.3) * y)
    shade = np.clip(0.5 + dice.between(1, 8) * across(), 0, 1)
    image = image * (1 - dice.maybe(0.25, 0.1, 0.5) * shade)
    streak = np.exp(-(across() / dice.between(0.1, 0.4)) ** 2)
    return image + dice.maybe(0.2, 0.1, 0.4) * streak


def _compressed(images, quality):
    """`images` uint8 [n, 32, 32, 3] after JPEG compression of a `quality` [n] from 0 to 100."""
    from PIL import Image
    found = np.empty_like(images)
    for number, (image, own) in enumerate(zip(images, quality.tolist())):
        file = io.BytesIO()
        # Half the resolution of the colours, the default, is too little for 32 pixels.
        Image.fromarray(image).save(file, "JPEG", quality=own, subsampling="4:4:4")
        found[number] = Image.open(file)
    return found


def _photo(image, dice, noise):
    """The scene as a poor camera keeps it: uint8 [n, 32, 32, 3]. `noise` is standard normal."""
    steps = np.subtract.outer(np.arange(SIZE), np.arange(SIZE)).astype(np.float32)

    def blur(deviation):
        weights = np.exp(-0.5 * (steps / deviation) ** 2)
        return weights / weights.sum(-1, keepdims=True)

    lens, moved = dice.between(0.3, 1.2), 1 + 2 * dice.between(0, 1) ** 4  # lens in pixels
    image = blur(lens) @ image @ blur(lens * moved).swapaxes(-1, -2)
    image = image + (0.005 + 0.05 * dice.between(0, 1) ** 2) * noise

    # Quality 97 to 65 changes a pixel by about 5 of 255 levels (root mean square).
    quality = (98 - 33 * dice.between(0, 1)[:, 0, 0, 0] ** 2).astype(int)
    image = np.float32(_compressed(_levels(image), quality)).transpose(0, 3, 1, 2) / 255

    few = _few_pixels()[14 + dice.below(SIZE - 13)[:, :, 0, 0]]
    image = few @ image @ few.swapaxes(-1, -2)
    return _levels(image)


def _levels(image):
    """[n, 3, 32, 32] in [0, 1] or beyond as uint8 [n, 32, 32, 3]."""
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8).transpose(0, 2, 3, 1)


def draw(count, seed) -> DrawnStreet:
    """Draw `count` street numbers: the same arguments give the same pictures.

    The pictures of `draw(10, s)` are the first of `draw(20, s)`. (Another processor or another
    version of NumPy or Pillow may round a pixel differently.) Raises InputError if `count` < 1, if
    `seed` < 0, or if one of them is not a whole number.
    """
    count, seed = cache.checked(count, seed)
    # Each factor has its own stream, drawn picture by picture, so more pictures begin with the
    # same ones.
    label_rng, dice_rng, stain_rng, noise_rng = np.random.default_rng(seed).spawn(4)
    labels = label_rng.integers(10, size=count).astype(np.uint8)
    stain = (SIZE / KNOTS) ** 0.5 * _few_pixels()[KNOTS]
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        n = len(labels[part])
        dice = Dice(dice_rng, n)
        stains = stain @ stain_rng.standard_normal((n, 1, SIZE, SIZE), np.float32) @ stain.T
        noise = noise_rng.standard_normal((n, 3, SIZE, SIZE), np.float32)
        layout = _layout(labels[part, None, None, None].astype(int), dice)
        images[part] = _photo(_scene(layout, dice, stains), dice, noise)
    return DrawnStreet(images, labels)


def forms(count) -> DrawnStreet:
    """A `DrawnStreet` of the (dtype, shape) of each array of `count` pictures."""
    return DrawnStreet(("u1", (count, SIZE, SIZE, 3)), ("u1", (count,)))


def load(count, seed, cache_dir=None) -> DrawnStreet:
    """`draw(count, seed)`, stored in a file in `cache_dir` (154 MB for 50,000 pictures).

    `cache.load` describes the default of `cache_dir`. Raises InputError as `draw` does.
    """
    count, seed = cache.checked(count, seed)
    libraries = "-".join(f"{name}{metadata.version(name)}" for name in ("matplotlib", "pillow"))
    name = f"drawn_street-v{VERSION}-{libraries}-{count}-{seed}"
    return cache.load(name, forms(count), lambda: draw(count, seed), cache_dir)
