"""Loaders: batches cut from memory, and batches whose samples are counted."""

import copy
import math

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from .batches import num_samples
from .checks import check_whole


def _as_tensor(rows):
    """Return a dense tensor: `rows`, or a copy of a NumPy array."""
    if isinstance(rows, np.ndarray):
        # In this machine's order of bytes, and in an order that PyTorch takes.
        return torch.from_numpy(rows.astype(rows.dtype.newbyteorder("=")))
    if not isinstance(rows, torch.Tensor):
        raise ValueError(
            "Batches are cut from tensors or NumPy arrays, not from "
            f"{type(rows).__name__}."
        )
    if rows.layout != torch.strided:
        raise ValueError(
            "Batches are cut from dense tensors, not from one of shape "
            f"{tuple(rows.shape)} and layout {rows.layout}; give to_dense()."
        )
    return rows


_UNSIGNED = torch.uint16, torch.uint32, torch.uint64


def _selected(tensor, indices):
    """Return `tensor[indices]`, many times faster."""
    if tensor.dim() == 1 and tensor.dtype in _UNSIGNED:  # only as rows
        return tensor[:, None].index_select(0, indices)[:, 0]
    return tensor.index_select(0, indices)


class TensorLoader:
    """Batches of tensors that are held in memory.

    Yields lists of rows, one for each tensor, as copies that may be changed;
    the last batch may be smaller. Shuffling draws a new order from PyTorch's
    global generator in each pass. `transform`, if given, is applied to the
    rows of the first tensor. NumPy arrays are copied into tensors.

    `dataset` is what the rows were taken from, by default a `TensorDataset`,
    and `nbytes` the memory that the tensors take.
    """

    drop_last, num_workers = False, 0  # as a DataLoader calls it

    def __init__(
        self, tensors, batch_size, shuffle=False, transform=None, dataset=None
    ):
        check_whole(1, batch_size=batch_size)
        if isinstance(tensors, (torch.Tensor, np.ndarray)):
            tensors = [tensors]
        self.tensors = tuple(_as_tensor(rows) for rows in tensors)
        shapes = [tuple(tensor.shape) for tensor in self.tensors]
        lengths = {shape[:1] for shape in shapes}
        if len(lengths) != 1 or () in lengths:
            raise ValueError(
                f"Tensors of one length are needed, not of shapes {shapes}."
            )
        self.batch_size = batch_size
        self.shuffle, self.transform = shuffle, transform
        self.dataset = (
            TensorDataset(*self.tensors) if dataset is None else dataset
        )

    def __len__(self):
        return math.ceil(len(self.tensors[0]) / self.batch_size)

    @property
    def nbytes(self):
        """The memory that the tensors take, in bytes."""
        return sum(tensor.nbytes for tensor in self.tensors)

    def to(self, device):
        """Return a loader of the same batches that holds them on `device`."""
        moved = copy.copy(self)
        moved.tensors = tuple(tensor.to(device) for tensor in self.tensors)
        return moved

    def __iter__(self):
        num_rows, orders = len(self.tensors[0]), []
        if self.shuffle:
            # Drawn on the CPU, the order is the same for every device.
            order = torch.randperm(num_rows, device="cpu")
            orders = [order.to(tensor.device) for tensor in self.tensors]
        for start in range(0, num_rows, self.batch_size):
            rows = slice(start, start + self.batch_size)
            if self.shuffle:
                batch = [
                    _selected(tensor, order[rows])
                    for tensor, order in zip(self.tensors, orders, strict=True)
                ]
            else:
                batch = [tensor[rows].clone() for tensor in self.tensors]
            if self.transform is not None:
                batch[0] = self.transform(batch[0])
            yield batch


def num_batches(loader):
    """Return the number of batches of a loader, 0 where it is unknown."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):
        return 0


def _stated_size(loader, i):
    """Return how many samples batch `i` of a loader holds, 0 if unknown.

    A DataLoader cuts the order of its sampler into pieces of `batch_size`,
    also where the shape of its batches misleads: where the first dimension is
    time, for example.
    """
    if type(loader).__iter__ is not DataLoader.__iter__:
        return 0
    cutter = loader.batch_sampler
    if type(cutter) is not BatchSampler or not hasattr(
        cutter.sampler, "__len__"
    ):
        return 0
    left = len(cutter.sampler) - i * cutter.batch_size
    return max(0, min(left, cutter.batch_size))


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
    """A loader that knows how many samples the batch at hand holds.

    Means are over samples because of it, also in a loop of the reader's own,
    which asks a loader for batches and knows nothing of weights. `at_hand` is
    None between passes. Everything else is done by `loader`, and its
    attributes are found here.
    """

    def __init__(self, loader):
        vars(self).update(loader=loader, at_hand=None, given=False)

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
        is_empty, own, outer = True, vars(self), self.at_hand
        try:
            for i, batch in enumerate(self.loader):
                size = _stated_size(self.loader, i)
                if not size or not _may_hold(batch, size):
                    size = num_samples(batch)
                own["at_hand"] = size
                is_empty, own["given"] = False, True
                yield batch
        finally:  # so ends also a look into a loader whose pass goes on
            own["at_hand"] = outer
        if is_empty and (self.given or num_batches(self.loader)):
            raise ValueError(
                f"The loader, of type {type(self.loader).__name__}, gave no "
                "batch in this pass; every epoch walks through it once more, "
                "so give a list or a DataLoader, not an iterator."
            )


class LoaderSlot:
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
