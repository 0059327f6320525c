"""The three classes that training consists of (3.2, 3.4).

A `Module` knows the model and its loss, a `DataModule` the data, and a
`Trainer` brings them together. Read `Trainer.fit`, then `Trainer.fit_epoch`.
"""

import os
import warnings

import torch
from torch import nn

from .oop import HyperParameters
from .plotting import ProgressBoard, in_notebook
from .support import devices
from .support.batches import moved
from .support.checks import (
    check_hiding,
    check_layers,
    check_numbers,
    check_optimizer,
    check_whole,
    described,
    plain_errors,
)
from .support.files import cache_folder
from .support.loaders import LoaderSlot, TensorLoader, num_batches
from .support.records import History, Record, record_of


class Module(nn.Module, HyperParameters):
    """A model with its loss, its steps and its optimizer.

    Subclasses define `loss`, and `net` or `forward`. A leaf tensor that
    requires grad becomes a parameter when it is stored as an attribute:
    `self.w = torch.zeros(3, requires_grad=True)` is saved and moved with the
    model. (`self.w` is then a new `nn.Parameter` on the same memory.)

    `self.loss = nn.CrossEntropyLoss(weight=w)` is used in place of the method
    `loss`, and saved and moved with the model as well; so is a module that is
    stored under the name of any other method of ours.
    """

    def __init__(self, plot_train_per_epoch=2, plot_valid_per_epoch=1):
        super().__init__()
        check_numbers(
            0,
            plot_train_per_epoch=plot_train_per_epoch,
            plot_valid_per_epoch=plot_valid_per_epoch,
        )
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
        check_hiding(self, name, value)
        hides = isinstance(value, nn.Module) and hasattr(type(self), name)
        super().__setattr__(name, value)
        if hides:  # PyTorch keeps modules where the class is asked first
            vars(self)[name] = value

    def __getstate__(self):
        # A saved or copied model leaves trainer and data behind, and its board
        # the curves; the compiler's settings are those that Lightning notes.
        left = "trainer", "_compiled_call_impl", "_compile_kwargs"
        return {k: v for k, v in vars(self).items() if k not in left}

    def loss(self, y_hat, y):
        """Return the loss of predictions `y_hat` for targets `y`."""
        raise NotImplementedError("Define loss(self, y_hat, y).")

    def forward(self, X):
        """Return the predictions for a batch `X`: `self.net(X)`."""
        if not hasattr(self, "net"):
            raise NotImplementedError("Define self.net or forward(self, X).")
        return self.net(X)

    def plot(self, key, value, train):
        """Record the mean `value` of metric `key` over the current batch.

        `value` is a number or a tensor with one element. The curve is called
        `train_` or `val_` + `key`.
        """
        if not hasattr(self, "trainer"):
            raise RuntimeError("self.plot works once Trainer.fit has begun.")
        if hasattr(self.trainer, "record"):
            self.trainer.record(key, value, train)
        else:  # a trainer of the reader's own, as that of 3.2
            record_of(self.trainer).add(self, key, value, train)

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
        """Return the optimizer: SGD with the learning rate `self.lr`."""
        if not hasattr(self, "lr"):
            raise NotImplementedError(
                "Define configure_optimizers, or store a learning rate as lr."
            )
        return torch.optim.SGD(self.parameters(), lr=self.lr)


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
        raise NotImplementedError("Define get_dataloader(self, train).")

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


class Trainer(HyperParameters):
    """Trains a model on data for `max_epochs` passes.

    With `num_gpus=1` the model is moved to the GPU, and so are the batches, or
    all data at once where they are held in memory and fit; without a GPU there
    is a warning, and the CPU does it. Gradients whose joint norm exceeds
    `gradient_clip_val` are scaled down to it (0: never). A recorded loss that
    is no longer finite raises FloatingPointError, unless `stop_at_nan` is
    False. Setting `should_stop` to True, or lowering `max_epochs`, ends a fit
    after the epoch that runs.

    Each epoch begins with `model.train()`, which reaches all layers: one that
    is to stay in evaluation mode needs a `train` method that says so.
    Validation leaves every layer in the mode in which it was; call
    `model.eval()` before you predict.

    A model of less than a million parameters, none of them in a convolution,
    is trained on one thread, and the setting is restored afterwards; unless
    `OMP_NUM_THREADS` is set, or `torch.set_num_threads` has chosen another
    number than PyTorch had when d2lmini was imported.
    """

    # Whoever stores loaders in these, means are over samples.
    train_dataloader, val_dataloader = LoaderSlot(), LoaderSlot()
    # For subclasses that do without our __init__, fit or prepare_model.
    gpus, gradient_clip_val = (), 0
    stop_at_nan, should_stop = True, False
    num_train_batches = num_val_batches = 0
    epoch = train_batch_idx = val_batch_idx = 0  # the last is only D2L's
    _record = None

    def __init__(
        self, max_epochs, num_gpus=0, gradient_clip_val=0, stop_at_nan=True
    ):
        self.save_hyperparameters()
        check_whole(0, max_epochs=max_epochs, num_gpus=num_gpus)
        check_numbers(0, gradient_clip_val=gradient_clip_val)
        there = devices.num_gpus()
        self.gpus = [devices.gpu(i) for i in range(min(num_gpus, there))]
        if num_gpus > min(there, 1):
            used = "the first of them" if there else "the CPU"
            warnings.warn(
                f"num_gpus={num_gpus}, and PyTorch finds {there} on this "
                f"machine; the model is trained on {used} alone.",
                stacklevel=2,
            )

    @property
    def history(self):
        """The record of the latest fit, with the epoch that runs: History."""
        if "history" in vars(self):  # one of the reader's own
            return vars(self)["history"]
        return self._record.history if self._record else History(epoch=[])

    @history.setter
    def history(self, value):
        vars(self)["history"] = value

    def prepare_data(self, data):
        """Ask the data module for its batches and count them."""
        if not hasattr(data, "train_dataloader") or isinstance(data, type):
            raise ValueError(
                f"fit(model, data) takes a DataModule, not {described(data)}."
            )
        loader = data.train_dataloader()
        self.train_dataloader = self._prepare_loader(loader)
        self.val_dataloader = self._prepare_loader(data.val_dataloader())
        if self.train_dataloader is None or not len(self.train_dataloader):
            raise ValueError(
                f"train_dataloader() returned {described(loader)}, which holds "
                "no batch to train on; return a loader of samples, with "
                "drop_last=True of at least batch_size."
            )
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = num_batches(self.val_dataloader)

    def _prepare_loader(self, loader):
        if self.gpus and isinstance(loader, TensorLoader):
            if devices.has_room(self.gpus[0], loader.nbytes):
                return loader.to(self.gpus[0])  # once, not batch by batch
        return loader

    def prepare_model(self, model):
        """Introduce the model to its trainer, and move it to the GPU."""
        model = devices.uncompiled(model)
        if not hasattr(model, "board"):
            raise ValueError(
                "The model must be a Module that calls super().__init__(), not "
                f"{described(model)}."
            )
        own = type(model).configure_optimizers != Module.configure_optimizers
        if not own and not [*model.parameters()]:
            raise ValueError(
                "The model has no parameters; define self.net, for example."
            )
        check_layers(model)
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        if isinstance(model.board, ProgressBoard):
            model.board.xlabel = "epoch"
            model.board.reset()
        if self.gpus:
            model.to(self.gpus[0])
        self.model, self._record = model, Record(self)

    def prepare_batch(self, batch):
        """Move the tensors of a batch to the GPU, if one is used."""
        return moved(batch, self.gpus[0]) if self.gpus else batch

    def fit(self, model, data):
        """Train `model` on `data` and return the history."""
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        check_optimizer(self.optim, [*model.parameters()], self.fit_epoch)
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self.should_stop, self._record = False, Record(self)
        for epoch in range(self.max_epochs):
            if self.should_stop or epoch >= self.max_epochs:
                break
            self.epoch = epoch
            with devices.suitable_threads(model), plain_errors():
                self.fit_epoch()
            self._end_epoch()
        if hasattr(model.board, "flush"):
            model.board.flush()  # shows the curves up to their last point
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
        with devices.evaluating(self.model), torch.no_grad():
            for batch in self.val_dataloader:
                self.model.validation_step(self.prepare_batch(batch))
                self.val_batch_idx += 1

    def clip_gradients(self, grad_clip_val, model):
        """Scale all gradients so that their joint norm is `grad_clip_val`.

        Smaller gradients stay as they are (Pascanu et al., 2013).
        """
        nn.utils.clip_grad_norm_(model.parameters(), grad_clip_val)

    def record(self, key, value, train):
        """Note a metric of the batch at hand; draw a point when one is due.

        At any moment: what comes less often than once a batch is drawn at the
        end of the epoch.
        """
        record_of(self).add(self.model, key, value, train)

    def _end_epoch(self):
        """Append the epoch's means to the history; report them as text."""
        means = self._record.end_epoch()
        if getattr(self.model.board, "display", True) and not in_notebook():
            number = self.epoch + 1
            total = max(number, self.max_epochs)  # somebody may lower it
            latest = [f"{name} {mean:.4f}" for name, mean in means.items()]
            print(f"epoch {number}/{total}", *latest, sep="  ", flush=True)
