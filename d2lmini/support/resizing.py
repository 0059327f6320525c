"""Resizing many small images at once, as torchvision resizes each of them.

torchvision leaves it to Pillow, which resizes
an image along one axis after the other. So Pillow may be given the rows of all
images at once, or their columns, as one tall image: equal bit for bit, and
faster by far for small images.
"""

import functools

import numpy as np


def _one_by_one(images, sizes):
    """Resize images (n, h, w) as Pillow does."""
    from PIL import Image

    resized = np.empty((len(images), *sizes[1:]), np.uint8)
    for i, image in enumerate(images):
        picture = Image.fromarray(image)
        resized[i] = picture.resize(sizes[:0:-1], Image.Resampling.BILINEAR)
    return resized


def _along(axes, images, sizes):
    """Resize images (n, h, w) along one axis after the other."""
    from PIL import Image

    for axis in axes:
        rows = np.ascontiguousarray(images.swapaxes(axis, 2))
        n, num_rows, length = rows.shape
        tall = Image.fromarray(rows.reshape(n * num_rows, length))
        size = (sizes[axis], tall.height)
        tall = np.asarray(tall.resize(size, Image.Resampling.BILINEAR))
        images = tall.reshape(n, num_rows, sizes[axis]).swapaxes(axis, 2)
    return images.copy()


@functools.cache
def _order(shape, sizes):
    """Return the order in which Pillow takes the axes, or None.

    It depends on the sizes, and on the release of Pillow. Noise shows it.
    """
    noise = np.random.default_rng(0).integers(0, 256, (64, *shape), np.uint8)
    expected = _one_by_one(noise, sizes)
    for axes in ((2, 1), (1, 2)):
        if np.array_equal(_along(axes, noise, sizes), expected):
            return axes
    return None


def resize(images, size):
    """Resize uint8 images (n, h, w) to `size` (height, width)."""
    sizes = (None, *size)
    axes = _order(images.shape[1:], sizes)
    if axes is None or not len(images):
        return _one_by_one(images, sizes)
    return _along(axes, images, sizes)
