"""The ways to train that are compared, each as seconds for one epoch.

An epoch is a pass over the training images in shuffled batches of 256, and one
over the test images for loss and accuracy.
"""

import logging
import time
import warnings

import torch
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

BATCH_SIZE, LR = 256, 0.1


class Model(d2l.Classifier):
    """Softmax regression (`num_hiddens=0`) or an MLP with one hidden layer."""

    def __init__(self, num_hiddens, lr=LR):
        super().__init__()
        self.save_hyperparameters()
        layers = [nn.Flatten(), nn.Linear(784, num_hiddens or 10)]
        if num_hiddens:
            layers += [nn.ReLU(), nn.Linear(num_hiddens, 10)]
        self.net = nn.Sequential(*layers)


class Images(d2l.DataModule):
    """The first images of Fashion-MNIST, or all of them `repeats` times."""

    def __init__(self, num_train=None, num_val=None, repeats=1):
        super().__init__()
        data = d2l.FashionMNIST(BATCH_SIZE)
        parts = (data.train, num_train, repeats), (data.val, num_val, 1)
        self.parts = [
            (
                part.data[:num].unsqueeze(1).repeat(times, 1, 1, 1),
                part.targets[:num].repeat(times),
            )
            for part, num, times in parts
        ]

    def get_dataloader(self, train):
        """Return batches as `d2lmini.FashionMNIST` does."""
        tensors = self.parts[0 if train else 1]
        return d2l.TensorLoader(tensors, BATCH_SIZE, train, d2l.data.to_float)


def per_sample_images(images, labels):
    """Return torchvision's data set, which prepares images one by one.

    It holds images that were read already: its own `__init__` reads files.
    """
    torchvision = d2l.import_torchvision()
    transforms = torchvision.transforms
    steps = [transforms.Resize((28, 28)), transforms.ToTensor()]

    class PerSample(torchvision.datasets.FashionMNIST):
        def __init__(self):
            self.data, self.targets = images.squeeze(1), labels
            self.transform = transforms.Compose(steps)
            self.target_transform = None

    return PerSample()


class PerSampleImages(d2l.DataModule):
    """The same images in `DataLoader`s without workers."""

    def __init__(self, data):
        super().__init__()
        self.parts = [per_sample_images(*part) for part in data.parts]

    def get_dataloader(self, train):
        """Return batches that are stacked sample by sample."""
        samples = self.parts[0 if train else 1]
        return torch.utils.data.DataLoader(samples, BATCH_SIZE, shuffle=train)


def clocked(run, epochs):
    """Return the seconds that `run` takes for one of its epochs."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) / epochs


class Rows:
    """Batches of images that lie in memory as floats.

    Rows are taken by indexing, as one writes it in a loop of one's own.
    """

    def __init__(self, images, labels, train):
        self.X, self.y, self.train = d2l.data.to_float(images), labels, train

    def __len__(self):
        return -(-len(self.y) // BATCH_SIZE)

    def to(self, device):
        """Move all rows to a device."""
        self.X, self.y = self.X.to(device), self.y.to(device)
        return self

    def __iter__(self):
        order = torch.randperm(len(self.y)) if self.train else None
        for start in range(0, len(self.y), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            if order is not None:
                rows = order[rows]
            yield self.X[rows], self.y[rows]


def float_loaders(data):
    """Return the training and the validation batches of prepared floats."""
    return [Rows(*data.parts[i], train=i == 0) for i in (0, 1)]


def byte_loaders(data):
    """Return the batches that the trainer gets."""
    return [data.train_dataloader(), data.val_dataloader()]


def bare(data, num_hiddens, epochs, loaders=float_loaders, num_gpus=0):
    """Train in a loop that records nothing."""
    device = d2l.gpu() if num_gpus else d2l.cpu()
    net = Model(num_hiddens).net.to(device)
    train, val = (batches.to(device) for batches in loaders(data))
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)

    def run():
        for _ in range(epochs):
            net.train()
            for images, labels in train:
                loss = F.cross_entropy(net(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            net.eval()
            validate(net, val)

    return clocked(run, epochs)


@torch.no_grad()
def validate(net, batches):
    """Return the summed loss and the number of hits."""
    loss = hits = 0
    for images, labels in batches:
        scores = net(images)
        loss += F.cross_entropy(scores, labels, reduction="sum")
        hits += (scores.argmax(dim=1) == labels).sum()
    return loss.item(), hits.item()


def bare_on_bytes(data, num_hiddens, epochs):
    """Train in the bare loop on the trainer's batches."""
    return bare(data, num_hiddens, epochs, byte_loaders)


def trainer(data, num_hiddens, epochs, num_gpus=0):
    """Train with `d2lmini.Trainer`, its history and its board."""
    model, fitting = Model(num_hiddens), d2l.Trainer(epochs, num_gpus)
    return clocked(lambda: fitting.fit(model, data), epochs)


def board_share(data, num_hiddens, epochs):
    """Return the share of a fit that goes into the history and the board."""
    model, fitting, spent, depth = Model(num_hiddens), d2l.Trainer(epochs), 0, 0

    def timed(function):
        def call(*args, **kwargs):
            nonlocal spent, depth
            start, depth = time.perf_counter(), depth + 1
            try:
                return function(*args, **kwargs)
            finally:
                depth -= 1
                if depth == 0:  # one of these calls another
                    spent += time.perf_counter() - start

        return call

    model.plot = timed(model.plot)
    model.board.redraw = timed(model.board.redraw)
    fitting._end_epoch = timed(fitting._end_epoch)
    seconds = clocked(lambda: fitting.fit(model, data), 1)
    return spent / seconds


def lightning(data, num_hiddens, epochs, loaders=float_loaders, log=True):
    """Train with Lightning on the bare loop's batches.

    It takes the mean of the same three metrics over each epoch.
    """
    d2l.import_torchvision()  # in its way, before Lightning does in its own
    import lightning as L

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Adapter(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = Model(num_hiddens).net

        def record(self, name, value):
            if log:
                self.log(name, value, on_step=False, on_epoch=True)

        def training_step(self, batch):
            loss = F.cross_entropy(self.net(batch[0]), batch[1])
            self.record("train_loss", loss)
            return loss

        def validation_step(self, batch):
            scores = self.net(batch[0])
            self.record("val_loss", F.cross_entropy(scores, batch[1]))
            hits = scores.argmax(dim=1) == batch[1]
            self.record("val_acc", hits.float().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=LR)

    off = ["logger", "enable_checkpointing", "enable_progress_bar"]
    off += ["enable_model_summary", "num_sanity_val_steps"]
    engine = L.Trainer(
        max_epochs=epochs, accelerator="cpu", **dict.fromkeys(off, False)
    )
    loaders = loaders(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advises to use workers
        return clocked(lambda: engine.fit(Adapter(), *loaders), epochs)


def lightning_silent(data, num_hiddens, epochs):
    """Train with Lightning on the trainer's batches; it records nothing."""
    return lightning(data, num_hiddens, epochs, byte_loaders, log=False)


def per_sample(data, num_hiddens, epochs):
    """Train with the same trainer on images prepared one by one."""
    return trainer(PerSampleImages(data), num_hiddens, epochs)
