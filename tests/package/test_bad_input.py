"""What a reader gets wrong, and the sentence that tells so.

Each row is a name, a call, and the part of the ValueError's message that tells
the reader what was wrong or what to do. What PyTorch, Matplotlib and Python
refuse well by themselves stands below.
"""

import re
import threading
import warnings

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

NAN = float("nan")
X, y = torch.ones(4, 3), torch.ones(4, 1)
LABELS = torch.tensor([0, 1, 2, 0])


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


class Batches(d2l.DataModule):
    """Whatever loaders a test wants to hand out."""

    def __init__(self, train, val=None):
        super().__init__()
        self.save_hyperparameters()

    def get_dataloader(self, train):
        return self.hparams["train" if train else "val"]


class Line(d2l.Module):
    def __init__(self, lr=0.1, num_outputs=1):
        super().__init__()
        self.save_hyperparameters()
        self.board.display = False
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

    def loss(self, y_hat, y):
        return F.mse_loss(y_hat, y)


class Sorter(Line, d2l.Classifier):
    """A classifier of three classes."""

    loss = d2l.Classifier.loss

    def __init__(self):
        super().__init__(num_outputs=3)


class NoSuper(d2l.Module):
    def __init__(self):
        pass


class NoNet(d2l.Module):
    lr = 0.1


class Stale(Line):
    """Trains whatever `given` finds in it, once its layer is built."""

    def __init__(self, given):
        super().__init__()
        self.save_hyperparameters()
        self(X)

    def configure_optimizers(self):
        return self.given(self)


class NoLoss(Line):
    """Returns what `end` makes of the loss."""

    def __init__(self, end):
        super().__init__()
        self.save_hyperparameters()

    def training_step(self, batch):
        return self.end(super().training_step(batch))


class Tagged(Line):
    """Records a vector instead of its mean."""

    def loss(self, y_hat, y):
        return ((y_hat - y) ** 2).reshape(-1)


class Speechless(Line):
    """Computes a loss and does not return it."""

    def loss(self, y_hat, y):
        ((y_hat - y) ** 2).mean()


def fit(train, val=None, model=None, **options):
    model = model or Line()
    return d2l.Trainer(1, **options).fit(model, Batches(train, val))


def synthetic(**changed):
    arguments = dict(w=torch.ones(2), b=1.0, num_train=8, num_val=8)
    return d2l.SyntheticRegressionData(**arguments | changed)


def draw(**arguments):
    d2l.ProgressBoard().draw(0, 1, "a", **arguments)


class Loader:
    """Says that it has two batches; gives them once."""

    def __init__(self):
        self.batches = iter([(X, y)] * 2)

    def __len__(self):
        return 2

    def __iter__(self):
        return self.batches


def used_up():
    loader = Loader()
    assert len([*loader]) == 2
    return loader


def whole(name, least, value):
    return f"{name} must be a whole number of at least {least}, not {value}."


def number(name, least, value):
    return f"{name} must be a number of at least {least}, not {value}."


def fit_with(optimizer):
    return fit([(X, y)], model=Stale(optimizer))


class Kept(torch.optim.SGD):
    """What D2L's readers write: the parameters as they came."""

    def __init__(self, params, lr=0.1):
        self.params, self.lr = params, lr

    def zero_grad(self):
        pass

    step = zero_grad


class Holding:
    """An optimizer that keeps what it is given under any name."""

    def __init__(self, **given):
        vars(self).update(given)

    def zero_grad(self):
        pass

    step = zero_grad


class Slotted:
    __slots__ = "params"

    def __init__(self, params):
        self.params = params

    def zero_grad(self):
        pass

    step = zero_grad


class Scratch(Line):
    """Weights by hand, for no inputs."""

    def __init__(self):
        super().__init__()
        self.net = None
        self.w = torch.zeros((0, 1), requires_grad=True)


def zero_columns(net):
    model = Line()
    model.net = net
    return fit([(X[:, :0], y)], model=model)


w = torch.ones(2, requires_grad=True)
scores, sorter, images = torch.eye(4, 3), d2l.Classifier(), torch.ones(2, 3, 3)
SGD = torch.optim.SGD
ROWS = {
    # Numbers out of range.
    "max_epochs": (lambda: d2l.Trainer(-1), whole("max_epochs", 0, "-1")),
    "max_epochs 1.5": (lambda: d2l.Trainer(1.5), whole("max_epochs", 0, "1.5")),
    "max_epochs text": (
        lambda: d2l.Trainer("3"),
        whole("max_epochs", 0, "'3'"),
    ),
    "max_epochs None": (
        lambda: d2l.Trainer(None),
        whole("max_epochs", 0, "None"),
    ),
    "num_gpus": (
        lambda: d2l.Trainer(1, num_gpus=-1),
        whole("num_gpus", 0, "-1"),
    ),
    "num_gpus 0.5": (lambda: d2l.Trainer(1, 0.5), whole("num_gpus", 0, "0.5")),
    "clip": (
        lambda: d2l.Trainer(1, 0, -1),
        number("gradient_clip_val", 0, "-1"),
    ),
    "clip NaN": (
        lambda: d2l.Trainer(1, 0, NAN),
        number("gradient_clip_val", 0, "nan"),
    ),
    "clip None": (
        lambda: d2l.Trainer(1, 0, None),
        number("gradient_clip_val", 0, "None"),
    ),
    "points None": (
        lambda: d2l.Module(plot_train_per_epoch=None),
        number("plot_train_per_epoch", 0, "None"),
    ),
    "points text": (
        lambda: d2l.Module(plot_valid_per_epoch="2"),
        number("plot_valid_per_epoch", 0, "'2'"),
    ),
    "try_gpu": (lambda: d2l.try_gpu(-1), whole("i", 0, "-1")),
    "try_gpu 1.5": (lambda: d2l.try_gpu(1.5), whole("i", 0, "1.5")),
    "num_workers": (
        lambda: d2l.DataModule(num_workers=-1),
        whole("num_workers", 0, "-1"),
    ),
    "batch_size": (
        lambda: d2l.TensorLoader((X, y), 0),
        whole("batch_size", 1, "0"),
    ),
    "batch_size 2.0": (
        lambda: d2l.TensorLoader((X, y), 2.0),
        whole("batch_size", 1, "2.0"),
    ),
    "lr": (lambda: d2l.SGD([w], lr=-1), number("lr", 0, "-1")),
    "lr NaN": (lambda: d2l.SGD([w], lr=NAN), number("lr", 0, "nan")),
    "lr text": (lambda: d2l.SGD([w], lr="0.1"), number("lr", 0, "'0.1'")),
    "num_inputs": (
        lambda: d2l.LinearRegressionScratch(0, 0.1),
        whole("num_inputs", 1, "0"),
    ),
    "num_train": (lambda: synthetic(num_train=-1), "num_train"),
    "num_val": (lambda: synthetic(num_val=-1), "num_val"),
    "noise": (lambda: synthetic(noise=-0.1), "noise"),
    "noise tensor": (lambda: synthetic(noise=w), "noise"),
    "b tensor": (lambda: synthetic(b=torch.ones(2)), "b must be a number"),
    "b text": (lambda: synthetic(b="one"), "b must be a number"),
    "num_rows": (lambda: d2l.show_images(images, 0, 1), "num_rows"),
    "num_cols": (lambda: d2l.show_images(images, 1, 0), "num_cols"),
    "scale": (lambda: d2l.show_images(images, 1, 1, scale=0), "scale"),
    "every_n": (lambda: draw(every_n=-1), "every_n"),
    "every_n NaN": (lambda: draw(every_n=NAN), "every_n"),
    # Things of the wrong kind.
    "add_to_class": (
        lambda: d2l.add_to_class("Line")(len),
        "not 'Line'",
    ),
    "model of PyTorch": (
        lambda: d2l.Trainer(1).fit(nn.Flatten(), Batches([(X, y)])),
        "must be a Module that calls super().__init__(), not an object of type "
        "Flatten",
    ),
    "model without super": (
        lambda: fit([(X, y)], model=NoSuper()),
        "calls super().__init__(), not an object of type NoSuper",
    ),
    "model class": (
        lambda: d2l.Trainer(1).fit(Line, Batches([(X, y)])),
        "not the class Line",
    ),
    "model without parameters": (
        lambda: fit([(X, y)], model=NoNet()),
        "The model has no parameters; define self.net",
    ),
    "data": (
        lambda: d2l.Trainer(1).fit(Line(), X),
        "takes a DataModule, not a tensor of shape (4, 3) and torch.float32",
    ),
    "SGD of nothing": (
        lambda: d2l.SGD([], 0.1),
        "a list of tensors with at least one, not an object of type list",
    ),
    "SGD of a tensor": (
        lambda: d2l.SGD(w, 0.1),
        "a list of tensors with at least one, not a tensor of shape (2,)",
    ),
    "SGD of rows": (
        lambda: d2l.SGD([*w], 0.1),
        "must be leaf tensors, such as parameters() gives; one of them is a "
        "tensor of shape ()",
    ),
    "SGD of names": (
        lambda: d2l.SGD(Stale(0).named_parameters(), 0.1),
        "must be leaf tensors, such as parameters() gives; one of them is an "
        "object of type tuple",
    ),
    "SGD of one twice": (
        lambda: d2l.SGD([w, w], 0.1),
        "must be different tensors; a step would move one of these 2 twice",
    ),
    "get_w_b": (
        lambda: d2l.LinearRegression(0.1).get_w_b(),
        "Fit the model first: its",
    ),
    # Layers under names that PyTorch needs.
    "train hidden": (
        lambda: setattr(Line(), "train", nn.Linear(1, 1)),
        "self.train = an object of type Linear would hide the method train",
    ),
    "double hidden": (
        lambda: setattr(Line(), "double", nn.Sequential()),
        "store the layer under another name",
    ),
    "a class as loss": (
        lambda: setattr(Line(), "loss", nn.CrossEntropyLoss),
        "self.loss = the class CrossEntropyLoss would hide the method loss; "
        "call it, as in CrossEntropyLoss()",
    ),
    "a number in place of loss": (
        lambda: setattr(Line(), "loss", 0.5),
        "self.loss = 0.5 would hide the method loss; store it under another",
    ),
    "None as accuracy": (
        lambda: setattr(Sorter(), "accuracy", None),
        "self.accuracy = None would hide the method accuracy",
    ),
    # Optimizers and steps of the reader's own.
    "strange tensors": (
        lambda: fit_with(lambda model: d2l.SGD([w], 0.1)),
        "not update 2 of the model's 2 parameters but 1 other tensors",
    ),
    "strange tensors for Adam": (
        lambda: fit_with(lambda model: torch.optim.Adam([w])),
        "not update 2 of the model's 2 parameters but 1 other tensors",
    ),
    "parameters of another model": (
        lambda: fit_with(lambda model: d2l.SGD(Stale(0).parameters(), 0.1)),
        "not update 2 of the model's 2 parameters but 2 other tensors",
    ),
    "one strange, one right": (
        lambda: fit_with(lambda model: d2l.SGD([w, model.net[1].bias], 0.1)),
        "not update 1 of the model's 2 parameters but 1 other tensors",
    ),
    "strange tensors in slots": (
        lambda: fit_with(lambda model: Slotted([w])),
        "not update 2 of the model's 2 parameters but 1 other tensors",
    ),
    "no optimizer": (
        lambda: fit_with(lambda model: None),
        "must return one optimizer, not None",
    ),
    "a list of one": (
        lambda: fit_with(lambda model: [w]),
        "must return one optimizer, not a list of Tensor",
    ),
    "two optimizers": (
        lambda: fit_with(lambda m: (SGD([w]), torch.optim.Adam([w]))),
        "must return one optimizer, not a tuple of SGD, Adam; to use several, "
        "or a scheduler, define fit_epoch in your own Trainer",
    ),
    "a dict": (
        lambda: fit_with(lambda m: {"optimizer": SGD([w])}),
        "not a dict of SGD",
    ),
    "a class": (
        lambda: fit_with(lambda m: SGD),
        "not the class SGD; call it, as in SGD(self.parameters(), ...)",
    ),
    "a scheduler": (
        lambda: fit_with(
            lambda m: torch.optim.lr_scheduler.StepLR(SGD([w]), 1)
        ),
        "not an object of type StepLR, which has no method zero_grad",
    ),
    "a closure": (
        lambda: fit_with(lambda m: torch.optim.LBFGS(m.parameters())),
        "LBFGS.step needs closure; define fit_epoch in your own Trainer",
    ),
    "a generator": (
        lambda: fit_with(lambda m: Kept(m.parameters())),
        "The optimizer Kept keeps its parameters in params, of type generator, "
        "which is empty after the first pass; keep list(params)",
    ),
    "an iterator": (
        lambda: fit_with(lambda m: Kept(iter([*m.parameters()]))),
        "of type list_iterator",
    ),
    "a filter": (
        lambda: fit_with(lambda m: Kept(filter(None, m.parameters()))),
        "of type filter",
    ),
    "a generator in a group": (
        lambda: fit_with(lambda m: Holding(groups={"of": m.parameters()})),
        "keeps its parameters in of, of type generator",
    ),
    "a generator of another name": (
        lambda: fit_with(lambda m: Holding(ws=(p for p in m.parameters()))),
        "keeps its parameters in ws, of type generator, which is empty after "
        "the first pass; keep list(ws)",
    ),
    "a generator in slots": (
        lambda: fit_with(lambda m: Slotted(m.parameters())),
        "The optimizer Slotted keeps its parameters in params",
    ),
    "no loss": (
        lambda: fit([(X, y)], model=NoLoss(lambda loss: None)),
        "training_step must return the loss, a tensor, not None",
    ),
    "a number as loss": (
        lambda: fit([(X, y)], model=NoLoss(lambda loss: 0.5)),
        "training_step must return the loss, a tensor, not 0.5",
    ),
    "a dict as loss": (
        lambda: fit([(X, y)], model=NoLoss(lambda loss: {"loss": loss})),
        "training_step must return the loss, a tensor, not an object of type "
        "dict",
    ),
    # Tensors that do not fit together, or are none.
    "no tensors": (lambda: d2l.TensorLoader((), 1), "Tensors of one length"),
    "two lengths": (
        lambda: d2l.TensorLoader((X, y[:2]), 1),
        "of shapes [(4, 3), (2, 1)]",
    ),
    "no length": (
        lambda: d2l.TensorLoader((X, torch.tensor(1)), 1),
        "of shapes [(4, 3), ()]",
    ),
    "lists as tensors": (
        lambda: d2l.TensorLoader((X, [1] * 4), 1),
        "Batches are cut from tensors or NumPy arrays, not from list",
    ),
    "no batch": (lambda: fit([]), "holds no batch to train on"),
    "no loader": (
        lambda: fit(None),
        "train_dataloader() returned None, which holds no batch to train on",
    ),
    "the class of the data": (
        lambda: d2l.Trainer(1).fit(Line(), Batches),
        "takes a DataModule, not the class Batches",
    ),
    "an iterator as loader": (
        lambda: d2l.Trainer(2).fit(Line(), Batches(Loader())),
        "The loader, of type Loader, gave no batch in this pass",
    ),
    "an iterator that was used up": (
        lambda: fit(used_up()),
        "The loader, of type Loader, gave no batch in this pass",
    ),
    "an iterator to validate": (
        lambda: d2l.Trainer(2).fit(Line(), Batches([(X, y)], iter([(X, y)]))),
        "The loader, of type list_iterator, gave no batch in this pass",
    ),
    "a vector as metric": (
        lambda: fit([(X, y)], model=Tagged()),
        "train_loss must be one real number, not a tensor of shape (4,)",
    ),
    "None as metric": (
        lambda: fit([(X, y)], model=Speechless()),
        "train_loss is None: the method that computes it returns nothing",
    ),
    # Layers of nothing.
    "Linear(0, 1)": (
        lambda: zero_columns(nn.Linear(0, 1)),
        "The parameter net.weight has shape (1, 0)",
    ),
    "LazyLinear of no column": (
        lambda: zero_columns(nn.LazyLinear(1)),
        "The parameter net.weight has shape (1, 0)",
    ),
    "LinearRegression of no column": (
        lambda: fit([(X[:, :0], y)], model=d2l.LinearRegression(0.1)),
        "The parameter net.weight has shape (1, 0)",
    ),
    "a weight by hand": (
        lambda: fit([(X, y)], model=Scratch()),
        "The parameter w has shape (0, 1)",
    ),
    # Labels.
    "one-hot for the loss": (
        lambda: sorter.loss(scores, F.one_hot(LABELS)),
        "need labels of shape (4,), not (4, 3); of one-hot rows take argmax",
    ),
    "one-hot for the accuracy": (
        lambda: sorter.accuracy(scores, F.one_hot(LABELS)),
        "need labels of shape (4,), not (4, 3); of one-hot rows take argmax",
    ),
    "float labels": (
        lambda: sorter.loss(scores, LABELS / 2),
        "Labels must be whole numbers, not torch.float32; use Y.long()",
    ),
    "complex labels": (
        lambda: sorter.accuracy(scores, LABELS + 0j),
        "Labels must be whole numbers, not torch.complex64",
    ),
    "too few labels": (
        lambda: sorter.accuracy(scores, LABELS[:2]),
        "need labels of shape (4,), not (2,)",
    ),
    "too many labels": (
        lambda: sorter.accuracy(scores[0], LABELS),
        "Scores of shape (3,) need labels of shape (), not (4,)",
    ),
    "a row of labels": (
        lambda: sorter.loss(scores, LABELS.reshape(1, 4)),
        "need labels of shape (4,), not (1, 4)",
    ),
    "transposed for the loss": (
        lambda: sorter.loss(torch.ones(2, 3, 4), torch.ones(3, 2).long()),
        "Scores of shape (2, 3, 4) need labels of shape (2, 3), not (3, 2); "
        "reshape or transpose one of them",
    ),
    "classes in the second dimension": (
        lambda: sorter.loss(torch.ones(2, 4, 5), torch.ones(2, 5).long()),
        "not (2, 5); give Y_hat.movedim(1, -1), with the classes last",
    ),
    "labels in NumPy": (
        lambda: sorter.loss(scores, LABELS.numpy()),
        "Y must be a tensor, not an array of shape (4,) and int64",
    ),
    "transposed for the accuracy": (
        lambda: sorter.accuracy(torch.ones(2, 3, 4), torch.ones(3, 2).long()),
        "Scores of shape (2, 3, 4) need labels of shape (2, 3), not (3, 2)",
    ),
    "one score": (
        lambda: sorter.accuracy(scores[:, :1], LABELS),
        "a score for each of two classes or more, not scores of shape (4, 1)",
    ),
    "one score for the loss": (
        lambda: sorter.loss(scores[:, :1], LABELS),
        "define loss and accuracy yourself",
    ),
    "no rows": (
        lambda: sorter.loss(scores[:0], LABELS[:0]),
        "Scores of shape (0, 3) hold no row of numbers",
    ),
    "a list of labels": (
        lambda: sorter.loss(scores, [0, 1, 2, 0]),
        "Y must be a tensor, not an object of type list",
    ),
    "a tuple of scores": (
        lambda: sorter.accuracy((scores, None), LABELS),
        "Y_hat must be a tensor, not an object of type tuple",
    ),
    "label above all": (
        lambda: sorter.accuracy(scores, LABELS + 1),
        "Label 3 is not one of the classes 0 to 2",
    ),
    "label below all, unaveraged": (
        lambda: sorter.accuracy(scores, LABELS - 1, averaged=False),
        "Label -1 is not one of the classes 0 to 2",
    ),
    # Curves and pictures.
    "curve of texts": (lambda: d2l.plot([1, 2], ["a", "b"]), "(2,)"),
    "curve of None": (lambda: d2l.plot(None), "object"),
    "curve of letters": (lambda: d2l.plot("abc"), "<U3"),
    "curve in three dimensions": (
        lambda: d2l.plot(torch.ones(2, 3, 4)),
        "(3, 4)",
    ),
    "curve of complex numbers": (
        lambda: d2l.plot([1, 2], [1j, 2j]),
        "complex128",
    ),
    "two names": (
        lambda: d2l.plot([1, 2], legend=["a", "b"]),
        "legend must have 1 names",
    ),
    "one name for two": (
        lambda: d2l.plot([1, 2], [[1, 2], [3, 4]], legend="a"),
        "legend must have 2 names",
    ),
    "image of one dimension": (
        lambda: d2l.show_images(torch.ones(5, 4), 1, 5),
        "(4,)",
    ),
    "image of four dimensions": (
        lambda: d2l.show_images(torch.ones(5, 1, 1, 4, 4), 1, 5),
        "(1, 1, 4, 4)",
    ),
    "empty image": (
        lambda: d2l.show_images([torch.ones(0, 4)], 1, 1),
        "(0, 4)",
    ),
    "too few titles": (
        lambda: d2l.show_images(images, 1, 2, titles="ab"),
        "2 images need as many titles",
    ),
}


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("name", ROWS)
def test_the_sentence(name):
    call, sentence = ROWS[name]
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        call()
    assert caught.value.__suppress_context__ or not caught.value.__context__


@pytest.mark.parametrize("method", ["loss", "accuracy"])
@pytest.mark.parametrize("wrong", [-1, 3, -100, -126, 255, 2**40, -(2**62)])
def test_a_label_that_is_no_class(method, wrong):
    labels = torch.tensor([0, 1, 2, wrong])
    sentence = f"Label {wrong} is not one of the classes 0 to 2 for which Y_hat"
    with pytest.raises(ValueError, match=sentence):
        getattr(sorter, method)(scores, labels)


@pytest.mark.parametrize("method", ["loss", "accuracy"])
@pytest.mark.parametrize("lowest", [-(2**63), -(2**31)])
def test_a_label_that_was_nan_is_refused(method, lowest):
    """What .long() or .int() makes of NaN on many processors."""
    labels = torch.tensor([0, 1, lowest])
    with pytest.raises(ValueError, match=f"Label {lowest} .*; NaN becomes"):
        getattr(sorter, method)(5 * torch.eye(3), labels)


@pytest.mark.parametrize("target", [y[:, 0], y.reshape(4, 1, 1)])
def test_pytorch_s_warning_of_a_broadcast_stops_a_fit(target):
    """A reader's own loss, which PyTorch would go on with."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        with pytest.raises(UserWarning, match="Using a target size .*same"):
            fit([(X, target)])


def test_who_wants_the_broadcast_can_have_it():
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.filterwarnings("ignore", "Using a target size")
        history = fit([(X, y[:, 0])])
    assert len(history["train_loss"]) == 1


def sentences_of(batch, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit([(batch, y[: len(batch)] * 0)] * 3, stop_at_nan=False, **options)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    "shape", [(2, 1, 8, 9), (2, 3, 9, 8), (2, 8, 8, 3), (2, 8, 8)]
)
@pytest.mark.parametrize("high", [128, 255])
def test_bytes_as_floats_are_noticed_once_a_fit(shape, high):
    batch = torch.full(shape, float(high))
    batch[0] = 0
    assert sentences_of(batch) == [
        f"The images of shape {shape} hold whole numbers up to {high}, not "
        "numbers from 0 to 1; divide them by 255."
    ]


def test_the_first_batch_is_looked_at_before_anything_is_done_with_it():
    class Broken(Line):
        def training_step(self, batch):
            raise ZeroDivisionError

    bytes_, scaled = torch.full((4, 1, 8, 8), 255.0), torch.ones(4, 1, 8, 8)
    for model, error in ((Broken(), ZeroDivisionError), (Line(), ())):
        with pytest.warns(UserWarning, match="divide them by 255."):
            try:
                fit([(bytes_, y), (scaled, y)], model=model, stop_at_nan=False)
            except error:
                pass


QUIET = {
    "scaled": torch.rand(2, 1, 8, 8),
    "few bits": torch.full((2, 1, 8, 8), 12.0),
    "16 bits": torch.full((2, 1, 8, 8), 256.0),
    "normalized": torch.full((2, 1, 8, 8), 200.0) * torch.tensor([[[[-1.0]]]]),
    "measured": 255 * torch.rand(2, 1, 8, 8) + 0.5,
    "time series": torch.full((2, 7, 1), 200.0),
    "panel": torch.full((2, 8, 9), 200.0),
    "counts": torch.full((4, 3), 200.0),
    "features": torch.full((2, 16, 8, 8), 200.0),
    "narrow": torch.full((2, 1, 8, 7), 200.0),
    "empty": torch.ones(0, 8, 8),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_not_surely_a_picture_of_bytes_is_no_alarm(name):
    found = sentences_of(QUIET[name])
    assert not [sentence for sentence in found if "255" in sentence]


def test_who_prepares_batches_is_not_told_to_divide():
    class Dividing(d2l.Trainer):
        def prepare_batch(self, batch):
            return batch[0] / 255, batch[1]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batch = torch.full((4, 1, 8, 8), 255.0), y
        assert len(Dividing(1).fit(Line(), Batches([batch]))["epoch"]) == 1


def test_rows_of_numbers_may_be_of_any_size_and_number():
    assert len(fit([(X * 200, y)], stop_at_nan=False)["train_loss"]) == 1
    assert len(fit([(X[:1], y[:1])])["train_loss"]) == 1


def test_inputs_need_not_be_tensors():
    class Reader(Line):
        def forward(self, texts):
            lengths = [[float(len(text))] for text in texts]
            return super().forward(torch.tensor(lengths))

    history = fit([(["one", "three"], y[:2])], model=Reader())
    assert len(history["train_loss"]) == 1


def test_a_loss_that_is_nan_before_any_update_is_not_called_divergence():
    for broken in ((X * NAN, y), (X, y * NAN)):
        with pytest.raises(FloatingPointError) as caught:
            fit([broken])
        assert str(caught.value) == (
            "train_loss is nan at step 0 (epoch 1): before any update; look at "
            "the data and the loss, or go on with stop_at_nan=False."
        )


def test_no_epoch_is_no_error_and_an_empty_history():
    """The board, the loaders and the optimizer are made ready, as by D2L."""
    trainer = d2l.Trainer(0)
    assert trainer.fit(Line(), Batches([(X, y)])) == {"epoch": []}
    assert isinstance(trainer.optim, torch.optim.SGD)


def test_no_validation_batches_are_no_validation():
    assert list(fit([(X, y)], [])) == ["epoch", "train_loss"]


class Own:
    """An optimizer that keeps its tensors in a way of its own."""

    def __init__(self, **tensors):
        self.params = tensors

    def zero_grad(self):
        pass

    step = zero_grad


def frozen(model):
    model.net[1].weight.requires_grad_(False)
    return torch.optim.SGD([w, model.net[1].bias], 0.1)


@pytest.mark.parametrize(
    "given",
    [
        lambda model: d2l.SGD([model.net[1].bias], 0.1),
        lambda model: torch.optim.Adam([*model.parameters(), w]),
        frozen,
        lambda model: Own(w=w),
    ],
)
def test_an_optimizer_may_have_fewer_parameters_or_more(given):
    assert len(fit_with(given)["train_loss"]) == 1


def test_an_iterator_beside_the_parameters_is_none_of_them():
    model = Stale(lambda m: Holding(w=[*m.parameters()], rates=iter([0.1])))
    assert len(fit([(X, y)], model=model)["train_loss"]) == 1
    hparams = {"params": iter(())}  # as saved, and made a list afterwards
    model.given = lambda m: Holding(params=[*m.parameters()], hparams=hparams)
    assert len(fit([(X, y)], model=model)["train_loss"]) == 1


def test_tensors_that_the_model_does_not_list_can_be_trained():
    class Loose(d2l.Module):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.weights = [torch.zeros(3, 1, requires_grad=True)]

        def forward(self, X):
            return X @ self.weights[0]

        loss = Line.loss

        def configure_optimizers(self):
            return d2l.SGD(self.weights, self.lr)

    model = Loose()
    fit([(X, y)], model=model)
    assert model.weights[0].detach().tolist() == [[pytest.approx(0.2)]] * 3


@pytest.mark.parametrize(
    "end, sentence",
    [
        (lambda loss: loss.forwards(), "'Tensor'.*'forwards'"),
        (lambda loss: loss.item().backward(), "'float'.*'backward'"),
    ],
)
def test_an_error_in_the_reader_s_step_stays_what_it_is(end, sentence):
    with pytest.raises(AttributeError, match=sentence):
        fit([(X, y)], model=NoLoss(end))


def test_a_filter_of_warnings_goes_with_the_last_fit():
    """Three fits in three threads, one inside the other in time."""
    begun, go_on = threading.Barrier(4), threading.Event()

    class Slow(Line):
        def training_step(self, batch):
            begun.wait(20)
            go_on.wait(20)
            return super().training_step(batch)

    before = list(warnings.filters)
    fits = [
        threading.Thread(target=fit, args=([(X, y)], None, Slow()))
        for _ in range(3)
    ]
    for thread in fits:
        thread.start()
    begun.wait(20)
    during = list(warnings.filters)
    go_on.set()
    for thread in fits:
        thread.join(20)
    assert len(during) == len(before) + 1
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(y, y[:, 0])


def test_a_filter_of_the_reader_s_own_stays():
    with warnings.catch_warnings():
        message = "Using a target size"
        warnings.filterwarnings("error", message, UserWarning, append=True)
        before = list(warnings.filters)
        fit([(X, y)])
        assert warnings.filters == before


def test_filters_that_were_reset_during_a_fit_are_no_error():
    class Resets(Line):
        def training_step(self, batch):
            warnings.resetwarnings()
            return super().training_step(batch)

    with warnings.catch_warnings():
        assert len(fit([(X, y)], model=Resets())["epoch"]) == 1


def test_scores_of_nan_have_no_accuracy():
    broken = torch.eye(3)
    broken[1, 2] = NAN
    hits = sorter.accuracy(broken, torch.arange(3), averaged=False)
    assert hits.isnan().tolist() == [False, True, False]
    assert sorter.accuracy(broken, torch.arange(3)).isnan()


def test_whole_labels_of_any_type_are_understood():
    expected = F.cross_entropy(scores, LABELS)
    for dtype in (torch.int32, torch.int16, torch.uint8):
        for shape in ((4,), (4, 1)):
            given = LABELS.to(dtype).reshape(shape)
            assert sorter.loss(scores, given) == expected
            assert sorter.accuracy(scores, given) == 1


def test_a_single_tensor_is_a_tuple_of_one():
    (batch,) = d2l.TensorLoader(X, 4)
    assert len(batch) == 1 and torch.equal(batch[0], X)


@pytest.mark.parametrize("w", [torch.tensor([2, 3]), torch.ones(2).double()])
def test_weights_of_any_type_make_data(w):
    data = synthetic(w=w, noise=0)
    torch.testing.assert_close(data.y, data.X @ w.float().reshape(-1, 1) + 1)


def test_one_name_is_one_name():
    d2l.plot([1, 2], legend="loss", fmts="--")
    axes = plt.gca()
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["loss"]
    assert axes.lines[0].get_linestyle() == "--"
    board = d2l.ProgressBoard(ls="--", colors="C1")
    board.draw(0, 1, "a")
    board.redraw()
    assert board.axes.lines[0].get_linestyle() == "--"
    assert board.axes.lines[0].get_color() == "C1"
    (axes,) = d2l.show_images(images[:1], 1, 1, titles="boot")
    assert axes.get_title() == "boot"


OTHERS = [
    (lambda: d2l.Trainer(1, lr=0.1), TypeError, "keyword argument 'lr'"),
    (lambda: d2l.plot([1], color="r"), TypeError, "keyword argument 'color'"),
    (lambda: d2l.gpu(-1), RuntimeError, "index must not be negative"),
    (lambda: d2l.DataModule(root=5), TypeError, "str.*not '?int"),
    (
        lambda: fit((X, y) for _ in "ab"),
        TypeError,
        "generator.*no len.*give a list, a DataLoader",
    ),
    (lambda: fit([(X, y[:2])]), UserWarning, "target size .*2, 1.*4, 1"),
    (lambda: fit([(X, y)], [(X, y[:1])]), UserWarning, "target size .*1, 1"),
    (
        lambda: d2l.DataModule().get_tensorloader((X, y), True),
        AttributeError,
        "no attribute 'batch_size'",
    ),
    (lambda: Line(lr=-1).configure_optimizers(), ValueError, "rate: -1"),
    (
        lambda: d2l.LinearRegressionScratch(2, 0.1)(X),
        RuntimeError,
        "4x3 and 2x1",
    ),
    (
        lambda: fit([(X.byte(), y)]),
        RuntimeError,
        "same dtype, but got Byte and Float",
    ),
    (lambda: fit([(X.to("meta"), y)]), RuntimeError, "device"),
    (
        lambda: d2l.Classifier().layer_summary((1, 2)),
        AttributeError,
        "no attribute 'net'",
    ),
    (lambda: d2l.set_figsize(5), ValueError, "figure.figsize.*5"),
    (lambda: d2l.plot([1], figsize=(-1, 2)), ValueError, "positive.*-1"),
    (lambda: d2l.plot([1], yscale="lin"), ValueError, "'lin' is not a valid"),
    (lambda: d2l.plot([1], fmts=["zz"]), ValueError, "'zz' is not a valid"),
    (
        lambda: d2l.ProgressBoard().draw(0, torch.ones(2), "a"),
        ValueError,
        "array of size 1|two real numbers",
    ),
]


@pytest.mark.parametrize("call, error, sentence", OTHERS)
def test_what_python_pytorch_and_matplotlib_say(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_labels_on_another_device_are_not_waited_for():
    # A tensor without values, on which nobody can look.
    hits = sorter.accuracy(scores.to("meta"), LABELS.to("meta"))
    assert hits.device.type == "meta"
