"""A line that is fit to ten rows: what the tests of training share."""

import pickle

import torch
from torch import nn

import d2lmini as d2l


class Rows(d2l.DataModule):
    """Ten rows in batches of four: the last batch is smaller."""

    def __init__(self, n=10, batch_size=4, validate=True, shuffled=False):
        super().__init__()
        self.save_hyperparameters()
        generator = torch.Generator().manual_seed(0)
        self.X = torch.randn(n, 3, generator=generator)
        self.y = torch.randn(n, 1, generator=generator)

    def get_dataloader(self, train):
        return self.get_tensorloader((self.X, self.y), train and self.shuffled)

    def val_dataloader(self):
        return self.get_dataloader(False) if self.validate else None


class Line(d2l.Module):
    """A linear model that starts with the same weights each time."""

    def __init__(self, lr=0.1, **points_per_epoch):
        super().__init__(**points_per_epoch)
        self.save_hyperparameters()
        self.board.display = False
        torch.manual_seed(1)
        self.net = nn.Linear(3, 1)

    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y)


class Mean(Line):
    """Records the mean of the rows in a batch, which come first in it."""

    def training_step(self, batch):
        self.validation_step(batch, train=True)
        return self.net.bias.sum() * 0

    def validation_step(self, batch, train=False):
        while not isinstance(batch, torch.Tensor):
            batch = batch[0] if isinstance(batch, (list, tuple)) else batch.x
        self.plot("x", batch.mean(), train)


class Batches(d2l.DataModule):
    """What `make()` returns, to train on and to validate on."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def get_dataloader(self, train):
        return self.make()


class FarTensor(torch.Tensor):
    """A tensor on the CPU that says it is on a GPU."""

    is_cpu = False


def own_trainer(**methods):
    """Return a class of trainers with some methods of the reader's own."""
    return type("OwnTrainer", (d2l.Trainer,), methods)


def pickled(thing):
    """Return a copy by way of a file."""
    return pickle.loads(pickle.dumps(thing))
