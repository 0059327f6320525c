"""What the benchmark measures, each in a process of its own.

The ways to train that are compared return the seconds of one epoch: a pass
over the training images in shuffled batches of 256, and one over the test
images for loss and accuracy.
"""

import logging
import threading
import time
import warnings

import psutil
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


def lightning(data, num_hiddens, epochs):
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
    loaders = float_loaders(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advises to use workers
        return clocked(lambda: engine.fit(Adapter(), *loaders), epochs)


def per_sample(data, num_hiddens, epochs):
    """Train with the same trainer on images prepared one by one."""
    return trainer(PerSampleImages(data), num_hiddens, epochs)


def compare(names, num_hiddens, epochs, **options):
    """Return {name: seconds of an epoch} of some of the ways to train."""
    d2l.set_style()
    data, found = Images(), {}
    for name in names:
        train = globals()[name]
        train(Images(512, 256), num_hiddens, 1, **options)  # done once only
        torch.manual_seed(0)
        fewer = 1 if name == "per_sample" else epochs
        found[name] = train(data, num_hiddens, fewer, **options)
    return found


def memory():
    """Return the peak of the resident set in MB, and its excess in data sets.

    The data are loaded and passed over once; the excess is over what stays.
    """
    resident, done = psutil.Process().memory_info, threading.Event()
    peaks, before = [0], resident().rss

    def watch():
        while not done.wait(0.001):
            peaks[0] = max(peaks[0], resident().rss)

    threading.Thread(target=watch, daemon=True).start()
    data = d2l.FashionMNIST(BATCH_SIZE)
    held = resident().rss
    for loader in (data.train_dataloader(), data.val_dataloader()):
        for _ in loader:
            pass
    done.set()
    size = sum(
        tensor.nbytes
        for part in (data.train, data.val)
        for tensor in (part.data, part.targets)
    )
    return (peaks[0] - before) / 1e6, (peaks[0] - held) / size


def growth(sizes):
    """Return [(images, hidden units, seconds an epoch)]; first the rate.

    The rate is that of one matrix product, in operations a second.
    """
    X, W = torch.rand(256, 784), torch.rand(784, 1024)
    best = min(
        clocked(lambda: [X @ W for _ in range(20)], 20) for _ in range(20)
    )
    found = [("rate", 0, 2 * X.numel() * W.shape[1] / best)]
    trainer(Images(512, 256), 64, 1)  # what is done once only
    for images, repeats, width in sizes:
        data = Images(images, 0, repeats)
        data.val_dataloader = lambda: None
        seconds = trainer(data, width, max(1, 60_000 // images))
        found.append((images * repeats, width, seconds))
    return found
