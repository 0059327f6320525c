"""The three classes that training consists of (3.2, 3.4).

A `Module` knows the model and its loss, a `DataModule` the data, and a
`Trainer` brings them together. Read `Trainer.fit`, then `Trainer.fit_epoch`.
"""

import copy
import math
import os

import numpy as np
import torch
from torch import nn

from . import devices
from .checks import (
    check,
    check_batch,
    check_numbers,
    check_optimizer,
    check_whole,
    checked_metric,
    plain_errors,
)
from .files import cache_folder
from .oop import HyperParameters
from .plotting import ProgressBoard, in_notebook


class Module(nn.Module, HyperParameters):
    """A model with its loss, its steps and its optimiser.

    Subclasses define `loss`, and `net` or `forward`. A leaf tensor that
    requires grad becomes a parameter when it is stored as an attribute:
    `self.w = torch.zeros(3, requires_grad=True)` is saved and moved with the
    model. (`self.w` is then a new `nn.Parameter` on the same memory.)
    """

    def __init__(self, plot_train_per_epoch=2, plot_valid_per_epoch=1):
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard()

    def __setattr__(self, name, value):
        if (
            isinstance(value, torch.Tensor)
            and not isinstance(value, nn.Parameter)
            and value.requires_grad
            and value.is_leaf
        ):
            value = nn.Parameter(value)
        super().__setattr__(name, value)

    def __getstate__(self):
        # A saved or copied model leaves trainer, data and figure behind.
        state = self.__dict__.copy()
        state.pop("trainer", None)
        state.pop("board", None)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        self.board = ProgressBoard()

    def loss(self, y_hat, y):
        """Return the loss of predictions `y_hat` for targets `y`."""
        raise NotImplementedError("define loss(self, y_hat, y)")

    def forward(self, X):
        """Return the predictions for a batch `X`: `self.net(X)`."""
        if not hasattr(self, "net"):
            raise NotImplementedError("define self.net or forward(self, X)")
        return self.net(X)

    def plot(self, key, value, train):
        """Record the mean `value` of metric `key` over the current batch.

        `value` is a number or a tensor with one element. The curve is called
        `train_` or `val_` + `key`.
        """
        if not hasattr(self, "trainer"):
            raise RuntimeError("plot works once Trainer.fit has begun")
        trainer = self.trainer
        if hasattr(trainer, "record"):
            trainer.record(key, value, train)
        elif train:  # a trainer of the reader's own, which keeps no record
            x = trainer.train_batch_idx / trainer.num_train_batches
            n = trainer.num_train_batches // self.plot_train_per_epoch
            self.board.draw(x, value, f"train_{key}", every_n=n)
        else:
            n = trainer.num_val_batches // self.plot_valid_per_epoch
            self.board.draw(trainer.epoch + 1, value, f"val_{key}", every_n=n)

    def training_step(self, batch):
        """Return the loss of a batch `(*inputs, targets)` and record it."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        return loss

    def validation_step(self, batch):
        """Record the loss of a batch `(*inputs, targets)`."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=False)

    def configure_optimizers(self):
        """Return the optimiser: SGD with the learning rate `self.lr`."""
        if not hasattr(self, "lr"):
            raise NotImplementedError(
                "define configure_optimizers, or store a learning rate as lr"
            )
        return torch.optim.SGD(self.parameters(), lr=self.lr)


def _as_tensor(rows):
    """Return a dense tensor: `rows`, or a copy of a NumPy array."""
    if isinstance(rows, np.ndarray):
        # In this machine's order of bytes, and in an order that PyTorch takes.
        return torch.from_numpy(rows.astype(rows.dtype.newbyteorder("=")))
    if not isinstance(rows, torch.Tensor):
        raise ValueError(
            "batches are cut from tensors or NumPy arrays, not from "
            f"{type(rows).__name__}"
        )
    if rows.layout != torch.strided:
        raise ValueError(
            "batches are cut from dense tensors, not from one of shape "
            f"{tuple(rows.shape)} and layout {rows.layout}; give to_dense()"
        )
    return rows


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
                f"tensors of one length are needed, not of shapes {shapes}"
            )
        self.batch_size = batch_size
        self.shuffle, self.transform = shuffle, transform
        if dataset is None:
            dataset = torch.utils.data.TensorDataset(*self.tensors)
        self.dataset = dataset

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
        num_rows, orders = len(self.tensors[0]), {}
        if self.shuffle:
            # Drawn on the CPU, the order is the same for every device.
            order = torch.randperm(num_rows, device="cpu")
            places = {tensor.device for tensor in self.tensors}
            orders = {device: order.to(device) for device in places}
        for start in range(0, num_rows, self.batch_size):
            rows = slice(start, start + self.batch_size)
            if self.shuffle:  # many times faster than tensor[order]
                here = {device: orders[device][rows] for device in orders}
                batch = [
                    tensor.index_select(0, here[tensor.device])
                    for tensor in self.tensors
                ]
            else:
                batch = [tensor[rows].clone() for tensor in self.tensors]
            if self.transform is not None:
                batch[0] = self.transform(batch[0])
            yield batch


class _Counted:
    """A loader that tells the trainer how many samples each batch holds."""

    def __init__(self, loader, trainer):
        self.loader, self.trainer = loader, trainer

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        number = 0
        for number, batch in enumerate(self.loader, 1):
            if number == 1:  # once a pass costs nothing
                check_batch(batch)
            self.trainer.num_samples = len(batch[0])
            yield batch
        sentence = f"a loader of {len(self)} batches gave none in this pass"
        check(number or not len(self), sentence)


class DataModule(HyperParameters):
    """Training and validation data, given out in batches.

    Subclasses define `get_dataloader`. `root` is the folder of the data on
    disk, a str, by default `cache_folder()`.
    """

    def __init__(self, root=None, num_workers=0):
        check_whole(0, num_workers=num_workers)
        self.save_hyperparameters()

    @property
    def root(self):
        """The folder of the data on disk, looked up when it is first needed."""
        root = self.__dict__.get("root")
        if root is None:
            root = self.__dict__["root"] = str(cache_folder())
        return root

    @root.setter
    def root(self, folder):
        if folder is not None:
            folder = os.path.expanduser(os.fsdecode(folder))
        self.__dict__["root"] = folder

    def get_dataloader(self, train):
        """Return an iterable over batches, of known length."""
        raise NotImplementedError("define get_dataloader(self, train)")

    def train_dataloader(self):
        """Return the batches to train on."""
        return self.get_dataloader(train=True)

    def val_dataloader(self):
        """Return the batches to validate on, or None for no validation."""
        return self.get_dataloader(train=False)

    def get_tensorloader(self, tensors, train, indices=slice(0, None)):
        """Return batches of the rows `indices` of tensors in memory.

        Training batches are shuffled anew in every pass. Needs
        `self.batch_size`.
        """
        tensors = [tensor[indices] for tensor in tensors]
        return TensorLoader(tensors, self.batch_size, shuffle=train)


class History(dict):
    """What a fit recorded: a list of numbers by name, one for each epoch.

    `history["epoch"]` counts 1, 2, ...; the others, such as
    `history["val_loss"]`, are means over all samples of that epoch. Turn it
    into a table with `pandas.DataFrame(history)`.
    """

    def __repr__(self):
        names = ", ".join(name for name in self if name != "epoch")
        return f"<History of {len(self.get('epoch', ()))} epochs: {names}>"


class _Metric:
    """One metric in one epoch: a value, a weight and a step for each batch.

    Values wait on their device, because fetching one makes the program wait.
    """

    def __init__(self):
        self.waiting, self.values, self.weights, self.steps = [], [], [], []

    def fetch(self):
        """Fetch what waits, in one transfer; return the indices of it."""
        start = len(self.values)
        if self.waiting:
            self.values += torch.stack(self.waiting).tolist()
            self.waiting.clear()
        return slice(start, None)

    def mean(self, batches=slice(None)):
        """Return the mean over the samples of some batches."""
        return float(
            np.average(self.values[batches], weights=self.weights[batches])
        )


class Trainer(HyperParameters):
    """Trains a model on data for `max_epochs` passes.

    With `num_gpus=1` the model is moved to the GPU, and so are the batches, or
    all data at once where they are held in memory. Gradients whose joint norm
    exceeds `gradient_clip_val` are scaled down to it (0: never). A recorded
    loss that is no longer finite raises FloatingPointError, unless
    `stop_at_nan` is False. `history` is the record of the latest `fit`.

    A model of less than a million parameters, none of them in a convolution,
    is trained on one thread, and the setting is restored afterwards; unless
    `OMP_NUM_THREADS` is set, or `torch.set_num_threads` has chosen another
    number than PyTorch had when d2lmini was imported.
    """

    # For subclasses whose __init__ does without ours.
    gpus, stop_at_nan, num_samples = (), True, 1

    def __init__(
        self, max_epochs, num_gpus=0, gradient_clip_val=0, stop_at_nan=True
    ):
        self.save_hyperparameters()
        check_whole(0, max_epochs=max_epochs, num_gpus=num_gpus)
        check_numbers(0, gradient_clip_val=gradient_clip_val)
        there = devices.num_gpus()
        sentence = f"at most one GPU is used, and this machine has {there}"
        check(num_gpus <= min(there, 1), f"num_gpus={num_gpus}, but {sentence}")
        self.gpus = [devices.gpu(i) for i in range(num_gpus)]
        self.history = History(epoch=[])

    def prepare_data(self, data):
        """Ask the data module for its batches and count them."""
        sentence = f"fit(model, data) takes a DataModule, not {type(data)}"
        check(hasattr(data, "train_dataloader"), sentence)
        self.train_dataloader = self._prepare_loader(data.train_dataloader())
        self.val_dataloader = self._prepare_loader(data.val_dataloader())
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = len(self.val_dataloader or ())
        check(self.num_train_batches, "there is no batch to train on")

    def _prepare_loader(self, loader):
        if loader is None:
            return None
        if self.gpus and isinstance(loader, TensorLoader):
            loader = loader.to(self.gpus[0])  # once, not batch by batch
        return _Counted(loader, self)

    def prepare_model(self, model):
        """Introduce the model to its trainer, and move it to the GPU."""
        sentence = "the model must be a Module that calls super().__init__()"
        check(hasattr(model, "board"), f"{sentence}, not {type(model)}")
        own = type(model).configure_optimizers != Module.configure_optimizers
        sentence = "the model has no parameters; define self.net, for example"
        check(own or [*model.parameters()], sentence)
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        if isinstance(model.board, ProgressBoard):
            model.board.xlabel = "epoch"
            model.board.reset()
        if self.gpus:
            model.to(self.gpus[0])
        self.model, self._metrics = model, {}

    def prepare_batch(self, batch):
        """Move the tensors of a batch to the GPU, if one is used."""
        if self.gpus:
            batch = [tensor.to(self.gpus[0]) for tensor in batch]
        return batch

    def fit(self, model, data):
        """Train `model` on `data` and return the history."""
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        check_optimizer(self.optim, [*model.parameters()])
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self.history = History(epoch=[])
        for epoch in range(self.max_epochs):
            self.epoch, self._metrics = epoch, {}
            with devices.suitable_threads(model), plain_errors():
                self.fit_epoch()
            self._end_epoch()
        board = model.board
        if in_notebook() and isinstance(board, ProgressBoard) and board.data:
            board.redraw()  # elsewhere each epoch was printed
        return self.history

    def fit_epoch(self):
        """Pass once over the training data, then over the validation data."""
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            loss.backward()
            if self.gradient_clip_val > 0:
                self.clip_gradients(self.gradient_clip_val, self.model)
            with torch.no_grad():  # the update itself is not differentiated
                self.optim.step()
            self.train_batch_idx += 1
        if self.val_dataloader is None:
            return
        self.model.eval()
        with torch.no_grad():
            for batch in self.val_dataloader:
                self.model.validation_step(self.prepare_batch(batch))
                self.val_batch_idx += 1

    def clip_gradients(self, grad_clip_val, model):
        """Scale all gradients so that their joint norm is `grad_clip_val`.

        Smaller gradients stay as they are (Pascanu et al., 2013).
        """
        nn.utils.clip_grad_norm_(model.parameters(), grad_clip_val)

    def record(self, key, value, train):
        """Note a metric of the batch at hand; draw a point when one is due."""
        name = ("train_" if train else "val_") + key
        if name not in self._metrics:
            self._metrics[name] = _Metric()
        metric = self._metrics[name]
        metric.waiting.append(checked_metric(name, value))
        metric.weights.append(self.num_samples)
        metric.steps.append(self.train_batch_idx)
        model, num_batches = self.model, self.num_val_batches
        per_epoch = model.plot_valid_per_epoch
        if train:
            num_batches = self.num_train_batches
            per_epoch = model.plot_train_per_epoch
        if len(metric.steps) * per_epoch % num_batches < per_epoch:
            batches = metric.fetch()
            self._check_finite(name, metric)
            x = self.epoch + 1
            if train:
                x = np.mean(metric.steps[batches]) / num_batches
            model.board.draw(x, metric.mean(batches), name)

    def _check_finite(self, name, metric):
        if not (self.stop_at_nan and name.endswith("loss")):
            return
        for value, step in zip(metric.values, metric.steps, strict=False):
            if not math.isfinite(value):
                cause = "training diverged; try a smaller learning rate"
                if step == 0:
                    cause = "before any update; look at the data and the loss"
                raise FloatingPointError(
                    f"{name} is {value} at step {step} (epoch {self.epoch + 1})"
                    f": {cause}, or look on with stop_at_nan=False"
                )

    def _end_epoch(self):
        """Append the epoch's means to the history; report them as text."""
        past = len(self.history["epoch"])
        for name, metric in self._metrics.items():
            metric.fetch()
            self._check_finite(name, metric)
            self.history.setdefault(name, [math.nan] * past)
            self.history[name].append(metric.mean())
        self.history["epoch"].append(past + 1)
        for name in self.history.keys() - self._metrics.keys() - {"epoch"}:
            self.history[name].append(math.nan)
        if self.model.board.display and not in_notebook():
            latest = [f"{n} {self.history[n][-1]:.4f}" for n in self._metrics]
            epoch = f"epoch {past + 1}/{self.max_epochs}"
            print(epoch, *latest, sep="  ", flush=True)
