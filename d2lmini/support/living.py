"""Figures that readers of the site can play with."""

import torch

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def living(figure, name, shows=None, load=None, **data):
    """Let the site bring a figure to life; elsewhere it stays a picture.

    name: a folder of `figures/`, which holds the script.
    shows: {name of a number in the living figure: what it must be at first}.
    data: what the script starts from; tensors become lists.
    load: the same, where it is too heavy to come with the page.

    The numbers lie in the metadata of the picture, where the script and the
    tests of the site find them.
    """
    parts = {"shows": shows or {}, "data": data, "load": load or {}}
    figure.living = {"name": name} | {k: plain(v) for k, v in parts.items()}


def plain(value):
    """Return a value as JSON can hold it, numbers with six digits."""
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def pack(matrix):
    """Return a matrix with twelve bits a number, two signs of base64.

    The numbers of a column lie between its smallest and its largest one, so
    that an error is at most 1/8190 of the column's range.
    """
    low, high = matrix.min(dim=0).values, matrix.max(dim=0).values
    step = ((high - low) / 4095).clamp(min=1e-30)
    levels = ((matrix - low) / step).round().int().flatten().tolist()
    codes = "".join(SIGNS[n >> 6] + SIGNS[n & 63] for n in levels)
    return {"low": low.tolist(), "step": step.tolist(), "codes": codes}
