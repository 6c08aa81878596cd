"""How near images are to others, and how varied: by their pixels alone, in float64.

Karras et al. 2017, "Progressive Growing of GANs", section 5, judge generators by
two numbers. No network has part in either:

    sliced Wasserstein distance     of small patches, at each level of a Laplacian pyramid: do
                                    two sets of images agree in appearance and in variation?
    MS-SSIM                         of random pairs within a set: how alike are they? A generator
                                    that makes one image has 1; compare with real images' value

Images are [n, s, s, C] or [n, s, s], in [0, 1], s a power of two. Both numbers
depend on how many images are compared: compare equal numbers only, and read a
distance against that of two sets of real images.

Raises InputError throughout where images are of another shape, not finite, or too small.
"""

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError

SMALLEST = 16            # pixels of the coarsest level of the pyramid
PATCH = 7                # pixels of a patch's edge
PATCHES = 128            # of each image, at each level
PROJECTIONS = 512
BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16   # the pyramid's filter: Burt and Adelson 1983

# Wang et al. 2003: the weight of each scale, the finest first. The window is Wang et al. 2004's.
SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01 ** 2, 0.03 ** 2


def sliced_wasserstein(images, reference, rng):
    """The distance of two sets of n images at each level: dict of size in pixels -> distance.

    `rng` (a `numpy.random.Generator`) draws patches and directions. The paper's
    tables have 1000 times this number, of 16,384 images.
    """
    images, reference = _checked(images), _checked(reference)
    if images.shape != reference.shape:
        raise InputError(f"images {list(images.shape)} can't be compared with "
                         f"{list(reference.shape)}: equal numbers and sizes are needed")
    if images.shape[1] < SMALLEST:
        raise InputError(f"images of {images.shape[1]} pixels have no pyramid: at least "
                         f"{SMALLEST} are needed")
    return {a.shape[1]: projected_distance(patches(a, rng), patches(b, rng), rng)
            for a, b in zip(laplacian_pyramid(images), laplacian_pyramid(reference))}


def laplacian_pyramid(images):
    """Images [n, s, s, C] as bands of s, s/2, ..., 16 pixels; the last is the blurred rest."""
    pyramid = [images]
    while pyramid[-1].shape[1] > SMALLEST:
        smaller = _blurred(pyramid[-1])[:, ::2, ::2]
        larger = np.zeros_like(pyramid[-1])
        larger[:, ::2, ::2] = 4 * smaller
        pyramid[-1] = pyramid[-1] - _blurred(larger)
        pyramid.append(smaller)
    return pyramid


def patches(level, rng):
    """`PATCHES` of 7x7 pixels of each image [n, s, s, C], at random places: [n PATCHES, 49 C].

    Each channel of the set has mean 0 and deviation 1.
    """
    count, size, _, channels = level.shape
    windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), (1, 2))
    tops, lefts = rng.integers(0, size - PATCH + 1, (2, count, PATCHES))
    found = windows[np.arange(count)[:, None], tops, lefts]           # [n, PATCHES, C, 7, 7]
    found = found.reshape(-1, channels, PATCH * PATCH)
    found = found - found.mean((0, 2), keepdims=True)
    deviation = found.std((0, 2), keepdims=True)
    found /= np.where(deviation > 0, deviation, 1)  # of a set of one colour
    return found.reshape(len(found), -1)


def projected_distance(a, b, rng, projections=PROJECTIONS):
    """The mean over random directions of the 1-Wasserstein distance of a, b [n, d] along them.

    Rabin et al. 2011. On a line that distance is the mean difference of the sorted numbers.
    """
    directions = rng.normal(size=(projections, a.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return float(np.mean([np.abs(np.sort(a @ way) - np.sort(b @ way)).mean()
                          for way in directions]))


def ms_ssim(a, b):
    """The multi-scale structural similarity of each pair of images a, b: [n], 1 for equal ones.

    Wang et al. 2003, equation 7: the product over scales of contrast times
    structure, and of luminance at the coarsest, each to its weight; the mean
    over channels. There are five scales, each of half the pixels; but only as
    many are taken as hold a window of 11 pixels, and their weights divided by
    their sum: 4 of 128 pixels, 3 of 64, 2 of 32, 1 of 16. (Of images below 176
    pixels the paper's code, as recalled, shrinks the window instead.)
    """
    a, b = _checked(a), _checked(b)
    if a.shape != b.shape:
        raise InputError(f"images {list(a.shape)} can't be compared with {list(b.shape)}")
    scales = sum(a.shape[1] >> scale >= WINDOW for scale in range(len(SCALE_WEIGHTS)))
    if not scales:
        raise InputError(f"images of {a.shape[1]} pixels hold no window of {WINDOW}")
    weights = SCALE_WEIGHTS[:scales] / SCALE_WEIGHTS[:scales].sum()
    product = 1.
    for scale, weight in enumerate(weights):
        if scale:
            a, b = _halved(a), _halved(b)
        similarity, structure = ssim(a, b)
        factor = similarity if scale == scales - 1 else structure
        product = product * np.maximum(factor, 0) ** weight  # below 0 there is no such power
    return product.mean(axis=1)


def variety(images):
    """The mean MS-SSIM of pairs: of the first half of the images with the second, one to one."""
    half = len(images) // 2
    if not half:
        raise InputError("a pair needs at least 2 images")
    return float(ms_ssim(images[:half], images[half:2 * half]).mean())


def ssim(a, b):
    """The structural similarity of a, b [n, s, s, C], and that without luminance: [n, C] each.

    Wang et al. 2004, equation 13 with a Gaussian window: the means over where it fits.
    """
    mean_a, mean_b = _windowed(a), _windowed(b)
    variances = _windowed(a * a) - mean_a ** 2 + _windowed(b * b) - mean_b ** 2
    covariance = _windowed(a * b) - mean_a * mean_b
    structure = (2 * covariance + C2) / (variances + C2)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a ** 2 + mean_b ** 2 + C1)
    return (luminance * structure).mean((1, 2)), structure.mean((1, 2))


def _windowed(x):
    places = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-places ** 2 / (2 * SIGMA ** 2))
    inside = slice(WINDOW // 2, -(WINDOW // 2))
    for axis in (1, 2):
        x = scipy.ndimage.correlate1d(x, window / window.sum(), axis)
    return x[:, inside, inside]


def _halved(x):
    count, size, _, channels = x.shape
    return x.reshape(count, size // 2, 2, size // 2, 2, channels).mean((2, 4))


def _blurred(x):
    for axis in (1, 2):
        x = scipy.ndimage.correlate1d(x, BINOMIAL, axis, mode="mirror")
    return x


def _checked(images):
    images = np.asarray(images, np.float64)
    if images.ndim == 3:
        images = images[..., None]
    height, width = images.shape[1:3] if images.ndim == 4 else (0, 0)
    if not images.size or height != width or height & (height - 1) or not height:
        raise InputError(f"images of shape {list(images.shape)}: [n, s, s, channels] is needed, s "
                         "a power of two")
    if not np.isfinite(images).all():
        raise InputError("images are not finite")
    return images
