"""Arrays of what a figure is given: curves, images, points."""

import numpy as np
import torch

from .checks import REAL

DATES = "mM"


def to_array(values):
    """Turn a tensor, an array or lists of them into one array.

    A tensor may require grad, be sparse, or have a type that NumPy lacks.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().to_dense().resolve_conj().resolve_neg()
        if values.is_floating_point() and values.dtype != torch.float64:
            values = values.float()
        return values.numpy()
    if isinstance(values, (list, tuple)):
        values = [to_array(value) for value in values]
    return np.asarray(values)


def check_real(values, fits, sentence, advice="", kinds=REAL):
    """Raise ValueError unless an array fits and has one of these `kinds`."""
    if not fits or values.dtype.kind not in kinds:
        raise ValueError(
            f"{sentence}, not {values.dtype} of shape {values.shape}{advice}."
        )


def to_series(data):
    """Split `data` into a list of 1-D arrays, one for each curve."""
    if isinstance(data, (list, tuple)):
        data = [to_array(item) for item in data]
    if not isinstance(data, list) or not any(item.ndim for item in data):
        data = to_array(data)
        data = [data] if data.ndim < 2 or data.shape[1] == 1 else list(data)
    return [_curve(item) for item in data]


def _curve(values):
    """Return a row or a column of real numbers or dates as a 1-D array."""
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    expected = "A curve is a row or a column of real numbers"
    advice = "; try reshape(-1)"
    check_real(values, values.ndim == 1, expected, advice, REAL + DATES)
    return values


def to_number(value):
    """Return a number, a tensor of one, or what a function returns of these."""
    value = to_array(value() if callable(value) else value)
    expected = "A point of a curve is made of two real numbers"
    check_real(value, value.size == 1, expected)
    return value.item()


def to_pixels(image):
    """Bring a (1, h, w), (3, h, w), (h, w) or (h, w, 3) image to pixels."""
    image = to_array(image)
    h, _, w = image.shape if image.ndim == 3 else [0] * 3
    if h in (1, 3) or (h == 4 and w not in (3, 4)):
        image = np.moveaxis(image, 0, -1)
    colors = image.shape[2:]
    fits = image.ndim > 1 and image.size and colors in ((), (1,), (3,), (4,))
    expected = "An image has real numbers in shape (h, w) or (3, h, w)"
    check_real(image, fits, expected)
    return image.astype(float) if image.dtype == bool else image


def finite_range(values):
    """Return the least and the greatest number, infinite ones left out."""
    finite = values[np.isfinite(values)]
    return (finite.min(), finite.max()) if finite.size else (0, 1)
