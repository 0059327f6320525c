"""What a batch holds: how many samples, and tensors that can be moved.

A batch is whatever a loader yields: a tensor, a list, a dict, a named tuple,
a dataclass, a packed sequence, or any of these inside another.
"""

import copy
import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

TARGETS = "y", "label", "labels", "target", "targets"


def num_samples(batch):
    """Return how many samples a batch holds: 1 where it does not tell.

    The targets tell: the last item of a list or tuple, and of what has names
    the one called y, label or target, else the last. A tensor or an array
    holds one sample a row, a packed sequence one a sequence, and a list of
    texts, numbers, dicts or pairs one an item.
    """
    if type(batch) in (list, tuple) and batch:  # as nearly always: be fast
        if type(batch[-1]) is torch.Tensor and batch[-1].numel():
            return len(batch[-1]) if batch[-1].dim() else 1
    count = _count(batch)
    return 1 if count is None else count


def _count(part, nested=False):
    """Return the number of samples in a part of a batch, None if unknown."""
    if isinstance(part, PackedSequence):
        return int(part.batch_sizes[0])
    if isinstance(part, torch.Tensor):  # a nested one has no len
        return part.size(0) if part.dim() else 1
    if isinstance(part, np.ndarray):
        return len(part) if part.ndim else 1
    if isinstance(part, (list, tuple)) and not hasattr(part, "_fields"):
        if _holds_samples(part, nested):
            return len(part)
        items = reversed(part)
    else:
        named = _named_parts(part)
        names = [*TARGETS, *reversed(named)]
        items = (named[name] for name in names if name in named)
    counts = [_count(item, nested=True) for item in items]
    counts = [count for count in counts if count is not None]
    return next(filter(None, counts), 0) if counts else None


def _holds_samples(items, nested):
    """Tell whether each item of a list is a sample, and not a part of all."""
    kinds = {type(item) for item in items}
    if len(kinds) != 1:
        return False
    kind = kinds.pop()
    is_tuple = isinstance(items, tuple)
    if issubclass(kind, (str, bytes, int, float, np.generic)):
        return True
    if issubclass(kind, PackedSequence) or (is_tuple and not nested):
        return False
    if issubclass(kind, (torch.Tensor, np.ndarray)):
        if not nested or not any(item.ndim for item in items):
            return nested  # targets that are numbers
        return len({_count(item) for item in items}) > 1  # of several sizes
    if issubclass(kind, Mapping):
        return len({frozenset(item) for item in items}) == 1
    return issubclass(kind, tuple) and not is_tuple


def _named_parts(part):
    """Return the parts of a dict, a named tuple or an object, by name."""
    if isinstance(part, Mapping):
        return dict(part)
    if hasattr(part, "_fields"):
        return part._asdict()
    if dataclasses.is_dataclass(part):
        names = [field.name for field in dataclasses.fields(part)]
        return {name: getattr(part, name, None) for name in names}
    parts = getattr(part, "__dict__", {})  # tensors alone: it may have cycles
    kinds = torch.Tensor, np.ndarray, PackedSequence
    return {k: v for k, v in parts.items() if isinstance(v, kinds)}


def moved(batch, device):
    """Return a batch of the same kind whose tensors are on `device`.

    What is no tensor, holds none and has no `to`, such as a text, is passed on.
    """
    if hasattr(batch, "to"):
        return batch.to(device)
    if isinstance(batch, Mapping):
        parts = {name: moved(part, device) for name, part in batch.items()}
        if not hasattr(batch, "__setitem__"):
            return parts
        new = copy.copy(batch)  # a defaultdict, for example, stays one
        for name, part in parts.items():
            new[name] = part
        return new
    if isinstance(batch, (list, tuple)):
        parts = [moved(part, device) for part in batch]
        if hasattr(batch, "_fields"):
            return type(batch)(*parts)
        return type(batch)(parts)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        new = copy.copy(batch)
        for name, part in _named_parts(batch).items():
            object.__setattr__(new, name, moved(part, device))
        return new
    return batch
