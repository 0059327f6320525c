"""What a batch holds: how many samples, and tensors that can be moved.

A batch is whatever a loader yields: a tensor, a list, a dict, a named tuple,
a dataclass, a packed sequence, or any of these inside another. No section
teaches this module.
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
    """Return how many samples a batch holds, or 1 where it does not tell.

    The targets tell: the last item of a list or tuple, and of what has names
    the one called y, label or target, else the last. A tensor or an array
    holds one sample a row, a packed sequence one a sequence, and a list of
    texts, numbers, dicts or pairs one an item.
    """
    if type(batch) in (list, tuple) and batch:  # as nearly always: be fast
        if type(batch[-1]) is torch.Tensor and batch[-1].numel():
            return len(batch[-1]) if batch[-1].dim() else 1
    return _count(batch) or 1


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
    counts = (_count(item, nested=True) for item in items)
    return next((count for count in counts if count), None)


def _holds_samples(items, nested):
    """Tell whether each item of a list is a sample, and not a part of all."""
    kinds = {type(item) for item in items}
    if len(kinds) != 1:
        return False
    kind = kinds.pop()
    if issubclass(kind, (str, bytes, int, float)):
        return True
    if isinstance(items, tuple) or issubclass(kind, PackedSequence):
        return False
    if issubclass(kind, torch.Tensor):  # targets of several sizes
        return nested and len({_count(item) for item in items}) > 1
    if issubclass(kind, Mapping):
        return len({frozenset(item) for item in items}) == 1
    return issubclass(kind, tuple)


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

    A DataLoader cuts the order of its sampler into pieces of `batch_size`.
    That is so whatever its batches look like; their shape may mislead, as
    where the first dimension is time.
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
                "give a list, a DataLoader, or your own loader a __len__"
            ) from None

    def __getitem__(self, i):
        return self.loader[i]

    def __iter__(self):
        is_empty, sizes, own = True, _sizes(self.loader), vars(self)
        for batch in self.loader:
            own["at_hand"] = next(sizes, None) or num_samples(batch)
            is_empty, own["given"] = False, True
            yield batch
        own["at_hand"] = 1
        if is_empty and (self.given or num_batches(self.loader)):
            raise ValueError(
                f"the loader, of type {type(self.loader).__name__}, gave no "
                "batch in this pass; every epoch walks through it once more, "
                "so give a list or a DataLoader, not an iterator"
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
