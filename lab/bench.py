"""Measures what the book says about speed, and judges it.

    python lab/bench.py

Writes RESULTS.md and growth.csv beside this file, executes the pages, some of
which read them, and exits with 1 when a goal is missed.

Seconds are those of one epoch, on one thread: a pass over the training images
in shuffled batches of 256, and one over the test images for loss and accuracy.
"""

import csv
import os
import platform
import re
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

import d2lmini as d2l  # noqa: E402

BATCH_SIZE, LR, ROUNDS = 256, 0.1, 4
MODELS = {"softmax": (0, 10), "MLP": (256, 5)}  # hidden units, epochs of a fit
# Whose seconds are divided by whose, in the order of the report.
RATIOS = {
    "Trainer with board against the bare loop": ("trainer", "bare"),
    "the same, loop on the trainer's batches": ("trainer", "bare_on_bytes"),
    "per-sample loader against Trainer": ("per_sample", "trainer"),
    "per-sample loader against that loop": ("per_sample", "bare_on_bytes"),
    "Lightning, same metrics, against Trainer": ("lightning", "trainer"),
}
# The others are shown without being judged.
GOALS = {
    "softmax: Trainer with board against the bare loop": "at most 1.1 x",
    "softmax: per-sample loader against Trainer": "at least 15 x",
    "softmax: Lightning, same metrics, against Trainer": "at least 1.6 x",
    "MLP: Trainer with board against the bare loop": "at most 1.1 x",
    "MLP: per-sample loader against Trainer": "at least 8 x",
    "MLP: Lightning, same metrics, against Trainer": "at least 1.4 x",
}
# How many images, and hidden units, one epoch of growth.csv has.
SIZES = [(n, 256) for n in (6_000, 12_000, 30_000, 60_000, 600_000)]
SIZES += [(60_000, width) for width in (64, 1024, 4096)]
REPORT = """\
# Results

Written by `make bench`; do not edit. {machine}.

*Median* is over the rounds, each of which measured both sides of a ratio. The
goals are for two cores. One is *out of reach* where a loop without any trainer
misses it as well.

{table}
"""


# The ways to train that are compared.


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


# Measuring.


def alone(function, *arguments):
    """Return what a function returns in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def seconds(function, *args):
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def compare(names, num_hiddens, epochs):
    """Return {name: seconds of an epoch}, drawing as in a notebook."""
    torch.set_num_threads(1)
    shell = InteractiveShell.instance()
    shell.kernel = None  # a notebook has one
    shell.display_pub = CapturingDisplayPublisher()
    d2l.set_style()
    shown, found = shell.display_pub.outputs, {}
    for name in names:
        train, kind = WAYS[name]
        # What is done once only.
        train(images(kind, 512, 256), num_hiddens, 1)
        shown.clear()
        count = 1 if name == "per_sample" else epochs
        found[name] = seconds(train, images(kind), num_hiddens, count) / count
        drew = any("image/png" in output["data"] for output in shown)
        assert drew == (train is trainer), f"{name} drew: {drew}"
    return found


def ratios():
    """Return {what: median}, the ways in another order in each round."""
    found, ways = defaultdict(list), [*WAYS]
    for i in range(ROUNDS):
        for model, sizes in MODELS.items():
            times = alone(compare, ways[i:] + ways[:i], *sizes)
            for what, (one, other) in RATIOS.items():
                found[f"{model}: {what}"].append(times[one] / times[other])
    return {what: median(values) for what, values in found.items()}


def growth():
    """Return [(images, hidden units, seconds an epoch)]; first the rate.

    The rate is that of one matrix product, in operations a second.
    """
    torch.set_num_threads(1)
    X, W = torch.rand(256, 784), torch.rand(784, 1024)
    fastest = min(seconds(torch.matmul, X, W) for _ in range(400))
    found = [("rate", "", 2 * X.numel() * W.shape[1] / fastest)]
    trainer(images("bytes", 512, 256), 64, 1)  # what is done once only
    for number, width in SIZES:
        data, epochs = images("bytes", number), max(1, 60_000 // number)
        data.val = None
        took = seconds(trainer, data, width, epochs) / epochs
        found.append((number, width, took))
    return found


# Judging.


def is_met(goal, value):
    """Tell whether a value meets a goal such as "at most 2 x"."""
    _, bound, number, _ = goal.split()
    sign = 1 if bound == "most" else -1
    return sign * value <= sign * float(number)


def verdict(what, medians):
    """Return what became of a goal."""
    goal = GOALS.get(what)
    if not goal or is_met(goal, medians[what]):
        return goal and "met"
    # No trainer is faster than the loop that records nothing.
    loop = what.replace("loader against Trainer", "loader against that loop")
    is_reachable = loop == what or is_met(goal, medians[loop])
    return "missed" if is_reachable else "out of reach"


def table(medians):
    """Return the judged medians as Markdown."""
    lines = ["| what | goal | median | verdict |", "| --- | --- | --: | --- |"]
    for what, value in medians.items():
        goal = GOALS.get(what, "").replace(" ", "\xa0")
        result = verdict(what, medians) or ""
        lines.append(f"| {what} | {goal} | {value:.3g} | {result} |")
    return "\n".join(lines)


def machine():
    """Return a sentence on what ran here; it names no host."""
    facts = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*: (.*)", facts)
    names = "torch", "lightning", "numpy", "matplotlib"
    packages = [f"{name} {version(name).split('+')[0]}" for name in names]
    where = processor[1] if processor else platform.machine()
    cores, python = os.cpu_count(), platform.python_version()
    facts = [where, f"{cores} cores", f"Python {python}", *packages]
    return ", ".join([time.strftime("%Y-%m-%d"), platform.system(), *facts])


def main():
    """Measure and write all; tell whether a goal was missed."""
    # As a reader has it: drawing in a notebook, on the published images.
    backend = "module://matplotlib_inline.backend_inline"
    os.environ |= {"D2LMINI_STANDIN": "never", "MPLBACKEND": backend}
    text = REPORT.format(machine=machine(), table=table(ratios()))
    print(text)
    (ROOT / "lab" / "RESULTS.md").write_text(text, "utf-8")
    with open(ROOT / "lab" / "growth.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["images", "hidden", "seconds"])
        for number, width, value in alone(growth):
            writer.writerow([number, width, f"{value:.4g}"])
    command = [sys.executable, "tools/notebooks.py", "run"]
    subprocess.run(command, cwd=ROOT, check=True)
    return "| missed |" in text


if __name__ == "__main__":
    sys.exit(main())
