"""How similar are images to others, and how varied are they, judged by their pixels alone?

Karras et al. 2017, "Progressive Growing of GANs", section 5, judge generators by two metrics that
need no network:

    sliced Wasserstein distance     between small patches of two sets of images, at each level of a
                                    Laplacian pyramid: do the sets agree in appearance and variation?
    MS-SSIM                         between random pairs within one set: how similar are they? It is 1
                                    for a generator with a single image; compare it with real images'

Images are [n, s, s, C] or [n, s, s], with values in [0, 1] and s a power of two. Both metrics depend
on the number of images: compare only metrics of equal numbers of images, and compare a distance with
that between two sets of real images.

Functions of whole images raise InputError if these have another shape, are not finite, or are too small.
"""

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.errors import InputError
from gan_tf1.tf1 import new_graph, session_config, tf

SMALLEST = 16            # pixels along an edge of the coarsest level of the pyramid
PATCH = 7                # pixels along an edge of a patch
PATCHES = 128            # per image and level
PROJECTIONS = 512
AT_ONCE = 16             # projections, which limits memory
BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16   # the pyramid's filter: Burt and Adelson 1983

# Wang et al. 2003: the weight of each scale, beginning with the finest. The window, a Gaussian of 11
# pixels with a standard deviation of 1.5, is TensorFlow's default and that of Wang et al. 2004.
SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
WINDOW = 11
BATCH = 64               # pairs per `session.run`, which limits memory


def sliced_wasserstein(images, reference, rng) -> dict[int, float]:
    """The distance between two sets of n images at each level: a dict of size in pixels -> distance.

    `rng` (a `numpy.random.Generator`) draws patches and directions. The tables of the paper state
    1000 times this distance, for 16,384 images. Raises InputError if the shapes of the two sets
    differ, and if the images have fewer than `SMALLEST` pixels along an edge.
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


def laplacian_pyramid(images) -> list[np.ndarray]:
    """Images [n, s, s, C] as bands of s, s/2, ..., 16 pixels; the last one is the blurred rest."""
    pyramid = [images]
    while pyramid[-1].shape[1] > SMALLEST:
        smaller = _blurred(pyramid[-1])[:, ::2, ::2]
        larger = np.zeros_like(pyramid[-1])
        larger[:, ::2, ::2] = 4 * smaller
        pyramid[-1] = pyramid[-1] - _blurred(larger)
        pyramid.append(smaller)
    return pyramid


def patches(level, rng) -> np.ndarray:
    """`PATCHES` patches of 7x7 pixels at random places of each image [n, s, s, C]: [n PATCHES, 49 C].

    Each channel is normalized over the whole set to a mean of 0 and a standard deviation of 1.
    """
    count, size, _, channels = level.shape
    windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), (1, 2))
    tops, lefts = rng.integers(0, size - PATCH + 1, (2, count, PATCHES))
    found = windows[np.arange(count)[:, None], tops, lefts]           # [n, PATCHES, C, 7, 7]
    found = found.reshape(-1, channels, PATCH * PATCH)
    found -= found.mean((0, 2), keepdims=True)
    scale = found.std((0, 2), keepdims=True)
    found /= np.where(scale > 0, scale, 1)  # it is 0 in a set of a single colour
    return found.reshape(len(found), -1)


def projected_distance(a, b, rng, projections=PROJECTIONS) -> float:
    """The mean over random directions of the 1-Wasserstein distance between a, b [n, d] along them.

    Rabin et al. 2011. On a line, the distance between two sets of n numbers is the mean difference of
    the sorted numbers. `scipy.stats.wasserstein_distance` gives the same to 14 digits, but takes 8
    times as long, because it allows for sets of different sizes (65,536 numbers: 107 against 13 ms).
    """
    directions = rng.normal(size=(projections, a.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distances = []
    for start in range(0, projections, AT_ONCE):  # one product of matrices reads the points once for all of these
        ways = directions[start:start + AT_ONCE]
        distances += [np.abs(np.sort(on_a) - np.sort(on_b)).mean() for on_a, on_b in zip(ways @ a.T, ways @ b.T)]
    return float(np.mean(distances))


def ms_ssim(a, b) -> np.ndarray:
    """The multi-scale structural similarity of each pair of images a, b: float64 [n], 1 if equal.

    Wang et al. 2003, equation 7, averaged over channels, by `tf.image.ssim_multiscale`. The paper has
    five scales, each of half the pixels of the one before. Here only as many are used as are at least
    as large as the window of 11 pixels, and their weights are divided by their sum: 4 scales for 128
    pixels, 3 for 64, 2 for 32, 1 for 16. (For images below 176 pixels the code of Karras et al., as
    recalled, shrinks the window instead.)

    TensorFlow computes in float32. In float64, single pairs differ by up to 7e-5, and the mean over
    500 pairs by less than 2e-6. Raises InputError if a and b have different shapes, or if they are
    smaller than the window.
    """
    a, b = _checked(a), _checked(b)
    if a.shape != b.shape:
        raise InputError(f"images {list(a.shape)} can't be compared with {list(b.shape)}")
    scales = sum(a.shape[1] >> scale >= WINDOW for scale in range(len(SCALE_WEIGHTS)))
    if not scales:
        raise InputError(f"images of {a.shape[1]} pixels are smaller than the window of {WINDOW}")
    weights = SCALE_WEIGHTS[:scales] / SCALE_WEIGHTS[:scales].sum()
    return compared(lambda *pair: tf.image.ssim_multiscale(*pair, 1., weights.tolist()), a, b)


def variety(images) -> float:
    """The mean MS-SSIM of pairs: the first half of the images with the second half, one to one.

    Raises InputError if there are fewer than two images.
    """
    half = len(images) // 2
    if not half:
        raise InputError("a pair needs at least 2 images")
    return float(ms_ssim(images[:half], images[half:2 * half]).mean())


def compared(measure, a, b) -> np.ndarray:
    """What TensorFlow's `measure` of two batches of images [B, H, W, C] gives for a, b: float64 [n]."""
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        pair = [tf.placeholder(tf.as_dtype(images.dtype), (None, *images.shape[1:]))
                for images in (a, b)]
        measured = measure(*pair)
        found = [sess.run(measured, dict(zip(pair, (a[start:start + BATCH], b[start:start + BATCH]))))
                 for start in range(0, len(a), BATCH)]
    return np.concatenate(found).astype(np.float64)


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
