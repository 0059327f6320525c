"""What the benchmark measures, each in a process of its own.

Seconds are those of one epoch, on one thread: a pass over the training images
in shuffled batches of 256, and one over the test images for loss and accuracy.
"""

import resource
import time
import warnings

import psutil
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

BATCH_SIZE, LR = 256, 0.1
# How many images, and hidden units.
SIZES = [(n, 256) for n in (6_000, 12_000, 30_000, 60_000, 600_000)]
SIZES += [(60_000, width) for width in (64, 1024, 4096)]


class Model(d2l.Classifier):
    """Softmax regression (`num_hiddens=0`) or an MLP with one hidden layer."""

    def __init__(self, num_hiddens, lr=LR):
        super().__init__()
        self.save_hyperparameters()
        layers = [nn.Flatten(), nn.Linear(784, num_hiddens or 10)]
        if num_hiddens:
            layers += [nn.ReLU(), nn.Linear(num_hiddens, 10)]
        self.net = nn.Sequential(*layers)


def images(kind="bytes", num_train=60_000, num_val=10_000):
    """Return Fashion-MNIST as bytes, as floats, or prepared one by one.

    Images above 60,000 and 10,000 are the first ones once more.
    """
    data = d2l.FashionMNIST(BATCH_SIZE)
    for part, number in ((data.train, num_train), (data.val, num_val)):
        rows = torch.arange(number) % len(part.data)
        part.data, part.targets = part.data[rows], part.targets[rows]
        if kind == "floats":
            part.data = part.data / 255
    if kind == "samples":
        data.train, data.val = map(per_sample, (data.train, data.val))
    return data


def per_sample(part):
    """Return torchvision's data set, on images that were read already."""
    torchvision = d2l.import_torchvision()
    transforms = torchvision.transforms
    steps = [transforms.Resize((28, 28)), transforms.ToTensor()]
    kind = torchvision.datasets.FashionMNIST
    dataset = kind.__new__(kind)  # its __init__ would read files
    dataset.data, dataset.targets = part.data, part.targets
    dataset.transform = transforms.Compose(steps)
    dataset.target_transform = None
    return dataset


def trainer(data, num_hiddens, epochs):
    """Train with `d2lmini.Trainer`, its history and its board."""
    d2l.Trainer(epochs).fit(Model(num_hiddens), data)


def bare(data, num_hiddens, epochs):
    """Train in a loop that records nothing."""
    net = Model(num_hiddens).net
    train, val = data.train_dataloader(), data.val_dataloader()
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    for _ in range(epochs):
        net.train()
        for X, y in train:
            loss = F.cross_entropy(net(X), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        validate(net, val)


@torch.no_grad()
def validate(net, batches):
    """Return the summed loss and the number of hits."""
    loss = hits = 0
    for X, y in batches:
        scores = net(X)
        loss += F.cross_entropy(scores, y, reduction="sum")
        hits += (scores.argmax(dim=1) == y).sum()
    return loss.item(), hits.item()


def lightning(data, num_hiddens, epochs):
    """Train with Lightning, which takes the means of the same metrics."""
    d2l.import_torchvision()  # in its way, before Lightning does in its own
    import lightning as L

    warnings.simplefilter("ignore")  # it advises to use workers

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
    engine.fit(Adapter(), data.train_dataloader(), data.val_dataloader())


WAYS = {
    "trainer": (trainer, "bytes"),
    "bare": (bare, "floats"),
    "bare_on_bytes": (bare, "bytes"),
    "lightning": (lightning, "floats"),
    "per_sample": (trainer, "samples"),
}


def compare(names, num_hiddens, epochs):
    """Return {name: seconds of an epoch} of some of the ways to train."""
    shown, found = pretend_notebook(), {}
    for name in names:
        train, kind = WAYS[name]
        # What is done once only.
        train(images(kind, 512, 256), num_hiddens, 1)
        shown.clear()
        num_epochs = 1 if name == "per_sample" else epochs
        found[name] = seconds(train, images(kind), num_hiddens, num_epochs)
        found[name] /= num_epochs
        drew = any("image/png" in output["data"] for output in shown)
        assert drew == (train is trainer), f"{name} drew: {drew}"
    return found


def pretend_notebook():
    """Draw as in a notebook, on one thread; return what will be shown."""
    torch.set_num_threads(1)
    shell = InteractiveShell.instance()
    shell.kernel = None  # a notebook has one
    shell.display_pub = CapturingDisplayPublisher()
    d2l.set_style()
    return shell.display_pub.outputs


def seconds(function, *args, **kwargs):
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - start


def board_share(num_hiddens, epochs):
    """Return the share of a fit that goes into the history and the board.

    That is all but the training steps, and what the steps record.
    """
    pretend_notebook()
    data, model, trainer = images(), Model(num_hiddens), d2l.Trainer(epochs)
    spent = {"plot": 0, "fit_epoch": 0}

    def watch(owner, name):
        function = getattr(owner, name)

        def call(*args, **kwargs):
            spent[name] += seconds(function, *args, **kwargs)

        setattr(owner, name, call)

    watch(model, "plot")
    watch(trainer, "fit_epoch")
    whole = seconds(trainer.fit, model, data)
    return (spent["plot"] + whole - spent["fit_epoch"]) / whole


def memory():
    """Return the peak of the resident set in MB, and its excess in data sets.

    The data are loaded and passed over once; the excess is over what stays.
    """
    resident = psutil.Process().memory_info
    before = resident().rss
    data = d2l.FashionMNIST(BATCH_SIZE)
    held = resident().rss
    for loader in (data.train_dataloader(), data.val_dataloader()):
        for _ in loader:
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux
    parts = data.train, data.val
    size = sum(part.data.nbytes + part.targets.nbytes for part in parts)
    return (peak - before) / 1e6, (peak - held) / size


def growth(sizes=SIZES):
    """Return [(images, hidden units, seconds an epoch)]; first the rate.

    The rate is that of one matrix product, in operations a second.
    """
    torch.set_num_threads(1)
    X, W = torch.rand(256, 784), torch.rand(784, 1024)
    fastest = min(seconds(torch.matmul, X, W) for _ in range(400))
    found = [("rate", "", 2 * X.numel() * W.shape[1] / fastest)]
    trainer(images("bytes", 512, 256), 64, 1)  # what is done once only
    for number, width in sizes:
        data, epochs = images("bytes", number), max(1, 60_000 // number)
        data.val = None
        took = seconds(trainer, data, width, epochs) / epochs
        found.append((number, width, took))
    return found
