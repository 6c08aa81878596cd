"""The image functions of `scipy.misc`, as in SciPy 1.0, with Pillow."""

import numpy as np
from PIL import Image

__all__ = ["bytescale", "fromimage", "imread", "imresize", "imrotate", "imsave", "imshow",
           "toimage"]
RESAMPLING = {"nearest": Image.NEAREST, "lanczos": Image.LANCZOS, "bilinear": Image.BILINEAR,
              "bicubic": Image.BICUBIC, "cubic": Image.BICUBIC}


def bytescale(data, cmin=None, cmax=None, high=255, low=0) -> np.ndarray:
    """Scale `data` to uint8, from `cmin` ... `cmax` (default: its range) to `low` ... `high`."""
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    scale = float(high - low) / (float(cmax - cmin) or 1)
    return (np.clip((data - cmin) * scale + low, low, high) + 0.5).astype(np.uint8)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """A PIL image of [H, W], [H, W, 3 or 4], or [3 or 4, H, W], scaled by `bytescale`."""
    data = np.asarray(arr)
    if mode == "F":
        return Image.fromarray(data.astype(np.float32))
    data = bytescale(data, cmin, cmax, high, low)
    if data.ndim == 3:
        axis = channel_axis
        if axis is None:
            axis = next((axis for axis in (2, 0, 1) if data.shape[axis] in (3, 4)), None)
        if axis is None:
            raise ValueError("Could not find channel dimension.")
        data = np.moveaxis(data, axis, 2)
    elif data.ndim != 2:
        raise ValueError("'arr' does not have a suitable array shape for any mode.")
    image = Image.fromarray(np.ascontiguousarray(data))
    return image.convert(mode) if mode else image


def fromimage(im, flatten=False, mode=None) -> np.ndarray:
    """A PIL image as an array; with `flatten` as grey levels, float32 [H, W]."""
    if mode is not None:
        im = im.convert(mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def imread(name, flatten=False, mode=None) -> np.ndarray:
    """The image in a file as an array; see `fromimage`."""
    with Image.open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None) -> None:
    """Write `arr` to a file, scaled from its range to 0 ... 255."""
    image = toimage(arr)
    image.save(name) if format is None else image.save(name, format)


def imresize(arr, size, interp="bilinear", mode=None) -> np.ndarray:
    """Scale `arr` to uint8 and resize it; `size` is (rows, columns), a percentage or a factor."""
    image = toimage(arr, mode=mode)
    if np.issubdtype(np.asarray(size).dtype, np.signedinteger) and np.ndim(size) == 0:
        target = tuple(int(length * size / 100) for length in image.size)
    elif np.ndim(size) == 0:
        target = tuple(int(length * size) for length in image.size)
    else:
        target = (int(size[1]), int(size[0]))
    return fromimage(image.resize(target, RESAMPLING[interp]))


def imrotate(arr, angle, interp="bilinear") -> np.ndarray:
    """Rotate `arr` counter-clockwise by `angle` degrees; the new corners are black."""
    return fromimage(toimage(arr).rotate(angle, resample=RESAMPLING[interp]))


def imshow(arr) -> None:
    """Show `arr` as grey levels with matplotlib."""
    from matplotlib import pyplot
    pyplot.imshow(toimage(arr), cmap="gray")
    pyplot.show()
