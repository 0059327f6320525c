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
from torch.utils.data import BatchSampler, DataLoader

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


def _sizes(loader):
    """Yield the number of samples of each batch, as far as a loader tells.

    A DataLoader cuts the order of its sampler into pieces of `batch_size`,
    also where the shape of its batches misleads: where the first dimension is
    time, for example.
    """
    if not isinstance(loader, DataLoader):
        return
    cutter = loader.batch_sampler
    if (
        type(loader).__iter__ is DataLoader.__iter__
        and type(cutter) is BatchSampler
        and hasattr(cutter.sampler, "__len__")
    ):
        left = len(cutter.sampler)
        while left > 0:
            yield min(left, cutter.batch_size)
            left -= cutter.batch_size


def _may_hold(batch, size):
    """Tell whether the tensors of a batch may be those of `size` samples.

    Not so where each item of the data set is a batch, or a bag of rows.
    """
    parts = batch if isinstance(batch, (list, tuple)) else [batch]
    shapes = [
        part.shape
        for part in parts
        if isinstance(part, torch.Tensor) and not part.is_nested
    ]
    return any(shape[:1] == (size,) for shape in shapes) or all(
        shape[1:2] == (size,) for shape in shapes
    )


class CountedLoader:
    """A loader that knows how many samples its latest batch holds.

    Means are over samples because of it, also in a loop of the reader's own,
    which asks a loader for batches and knows nothing of weights. Everything
    else is done by `loader`, and its attributes are found here.
    """

    def __init__(self, loader):
        vars(self).update(loader=loader, at_hand=1, given=False)

    def __getattr__(self, name):
        if "loader" not in vars(self):  # while it is copied
            raise AttributeError(name)
        return getattr(self.loader, name)

    def __setattr__(self, name, value):
        setattr(self.loader, name, value)

    def __len__(self):
        try:
            return len(self.loader)
        except TypeError as error:
            raise TypeError(
                f"{error}, but the trainer asks how many batches an epoch has; "
                "give a list, a DataLoader, or your own loader a __len__."
            ) from None

    def __getitem__(self, i):
        return self.loader[i]

    def __iter__(self):
        is_empty, sizes, own = True, _sizes(self.loader), vars(self)
        for batch in self.loader:
            size = next(sizes, 0)
            if not size or not _may_hold(batch, size):
                size = num_samples(batch)
            own["at_hand"] = size
            is_empty, own["given"] = False, True
            yield batch
        own["at_hand"] = 1
        if is_empty and (self.given or num_batches(self.loader)):
            raise ValueError(
                f"The loader, of type {type(self.loader).__name__}, gave no "
                "batch in this pass; every epoch walks through it once more, "
                "so give a list or a DataLoader, not an iterator."
            )


class Counted:
    """An attribute that turns the loader stored in it into a CountedLoader.

    So means are over samples whoever stores the loader. At first it is None.
    """

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, trainer, owner=None):
        return self if trainer is None else vars(trainer).get(self.name)

    def __set__(self, trainer, loader):
        if loader is not None and not isinstance(loader, CountedLoader):
            loader = CountedLoader(loader)
        vars(trainer)[self.name] = loader


def num_batches(loader):
    """Return the number of batches of a loader, 0 where it is unknown."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):
        return 0
