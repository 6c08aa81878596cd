"""A replacement for `imageio` if it isn't installed: images and GIFs, with Pillow."""

import numpy as np
from PIL import Image, ImageSequence

__all__ = ["imread", "imwrite", "imsave", "mimread", "mimwrite", "mimsave", "get_writer"]


def imread(uri, format=None, **options) -> np.ndarray:
    """The first image in a file, uint8 [H, W] or [H, W, C]."""
    with Image.open(uri) as image:
        return np.array(image.convert("RGB") if image.mode == "P" else image)


def mimread(uri, format=None, **options) -> list[np.ndarray]:
    """All images in a file, a list of uint8 [H, W] or [H, W, C]."""
    with Image.open(uri) as image:
        return [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def _image(array):
    """A PIL image of `array`, brought to 0 ... 255 as imageio 2 does it.

    Numbers from 0 to 1 are multiplied by 255, whole numbers of 16 bits and more without a sign lose their
    lower bits, and all others are scaled by their own range.
    """
    array = np.asarray(array)
    if array.dtype.kind == "u" and array.dtype != np.uint8:
        array = (array >> (8 * array.dtype.itemsize - 8)).astype(np.uint8)
    elif array.dtype != np.uint8:
        low, high = float(array.min()), float(array.max())
        if not (array.dtype.kind == "f" and 0 <= low <= high <= 1) and low < high:
            array = (array.astype(float) - low) / (high - low)
        if array.dtype.kind == "f":
            array = array * 255 + 0.499999
        array = np.clip(array, 0, 255).astype(np.uint8)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(array))


def imwrite(uri, im, format=None, **options) -> None:
    """Write one image."""
    _image(im).save(uri)


def mimwrite(uri, ims, format=None, fps=None, duration=None, loop=0, **options) -> None:
    """Write a GIF, in which each image lasts `duration` seconds (default: 0.1) or 1 / `fps`."""
    first, *rest = map(_image, ims)
    each = 1 / fps if fps else 0.1 if duration is None else duration
    each = [round(1000 * each)] if np.ndim(each) == 0 else [round(1000 * one) for one in each]
    first.save(uri, format=(format or "GIF").replace("-PIL", ""), save_all=True,
               append_images=rest, loop=loop, duration=each if len(each) > 1 else each[0])


imsave, mimsave = imwrite, mimwrite


class get_writer:
    """Writes a GIF: call `append_data` for each image, then `close`."""

    def __init__(self, uri, format=None, mode="?", **options):
        self._uri, self._options, self._images = uri, options, []

    def append_data(self, im, meta=None) -> None:
        """Append an image."""
        self._images.append(np.array(im))

    def close(self) -> None:
        """Write the images to the file."""
        if self._images:
            mimwrite(self._uri, self._images, **{name: value for name, value in self._options.items()
                                                 if name in ("fps", "duration", "loop")})
            self._images = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
