"""A line that is fit to ten rows: what the tests of training share."""

import torch
from torch import nn

import d2lmini as d2l


class Rows(d2l.DataModule):
    """Ten rows in batches of four: the last batch is smaller."""

    def __init__(
        self, n=10, batch_size=4, validate=True, shuffled=False, seed=0
    ):
        super().__init__()
        self.save_hyperparameters()
        generator = torch.Generator().manual_seed(seed)
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
