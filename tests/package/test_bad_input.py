"""What a reader gets wrong, and the sentence that tells so.

A row of a table is a name, a call, and the part of the message that says what
was wrong or what to do. `test_the_sentence` goes through all tables, and asks
of each sentence what is true of every one.
"""

import re
import warnings
from functools import partial

import pytest
import torch
from line_fit import Batches, Line
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR

import d2lmini as d2l
from d2lmini.support.checks import plain_errors

NAN = float("nan")
X, y = torch.ones(4, 3), torch.ones(4, 1)
SCORES, LABELS = torch.eye(4, 3), torch.tensor([0, 1, 2, 0])
sorter, concise = d2l.Classifier(), d2l.LinearRegression(0.1)
scratch = d2l.LinearRegressionScratch(3, 0.1)
IMAGES, w = torch.ones(2, 3, 3), torch.ones(2, requires_grad=True)


# A loader that knows its length, and has given its batches before.
UsedUp = type("UsedUp", (list,), {"__iter__": lambda self: iter(())})


class Keeping:
    """An optimizer that keeps what it is given, and does nothing."""

    def __init__(self, **given):
        vars(self).update(given)

    def step(self):
        pass

    zero_grad = step


class Hiding(d2l.HyperParameters):
    def __init__(self, save_hyperparameters):
        super().save_hyperparameters()


def line(lr=0.1, **attributes):
    """Return a linear model of inputs of any shape."""
    model = Line(lr)
    model.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(1))
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def fit(train=((X, y),), val=None, model=None, **options):
    data = Batches(lambda: train)
    data.val_dataloader = lambda: val
    return d2l.Trainer(2, **options).fit(model or line(), data)


def fit_with(optimizer):
    model = line()
    model(X)  # builds the layer
    model.configure_optimizers = lambda: optimizer(model)
    return fit(model=model)


def synthetic(**changed):
    arguments = dict(w=torch.ones(2), b=1.0, num_train=8, num_val=8)
    return d2l.SyntheticRegressionData(**arguments | changed)


def image(pixels):
    d2l.show_images([pixels], 1, 1)


def heatmaps(matrices, titles=None):
    d2l.show_heatmaps(matrices, "", "", titles)


def draw(y, every_n=1):
    d2l.ProgressBoard().draw(0, y, "a", every_n)


SIZES = {  # the least one, and who takes it
    "max_epochs": (0, d2l.Trainer),
    "num_gpus": (0, lambda n: d2l.Trainer(1, n)),
    "num_workers": (0, lambda n: d2l.DataModule(num_workers=n)),
    "num_train": (0, lambda n: synthetic(num_train=n)),
    "num_val": (0, lambda n: synthetic(num_val=n)),
    "i": (0, d2l.try_gpu),
    "batch_size": (1, lambda n: d2l.TensorLoader(X, n)),
    "num_inputs": (1, lambda n: d2l.LinearRegressionScratch(n, 0.1)),
    "num_outputs": (1, lambda n: d2l.SoftmaxRegression(n, 0.1)),
    "num_rows": (1, lambda n: d2l.show_images(IMAGES, n, 1)),
    "num_cols": (1, lambda n: d2l.show_images(IMAGES, 1, n)),
}
NUMBERS = {
    "lr": (0, lambda x: d2l.SGD([w], x)),
    "gradient_clip_val": (0, lambda x: d2l.Trainer(1, 0, x)),
    "plot_train_per_epoch": (0, d2l.Module),
    "plot_valid_per_epoch": (0, lambda x: d2l.Module(2, x)),
    "lambd": (0, lambda x: d2l.WeightDecayScratch(3, x, 0.1)),
    "wd": (0, lambda x: d2l.WeightDecay(x, 0.1)),
    "noise": (0, lambda x: synthetic(noise=x)),
    "every_n": (0, lambda x: draw(1, x)),
    "scale": (0.1, lambda x: d2l.show_images(IMAGES, 1, 1, scale=x)),
}
CLASSES = {  # scores and labels, for loss, accuracy and cross_entropy
    "one-hot": (SCORES, F.one_hot(LABELS), "not (4, 3); of one-hot rows take"),
    "halves": (SCORES, LABELS / 2, "not torch.float32; use Y.long()"),
    "few": (SCORES, LABELS[:2], "labels of shape (4,), not (2,)."),
    "transposed": (SCORES, LABELS[None], "not (1, 4); reshape or transpose"),
    "one score": (SCORES[:, :1], LABELS, "define loss and accuracy yourself"),
    "no rows": (SCORES[:0], LABELS[:0], "Scores of shape (0, 3) hold no row"),
    "a number": (w[0], LABELS[0], "Scores of shape () hold no row"),
    "swapped": (LABELS, SCORES, "of shape (), not (4, 3); give scores of the"),
    "NumPy": (SCORES, LABELS.numpy(), "not an array of shape (4,) and int64"),
    "above": (SCORES, LABELS * 2, "to 2 for which Y_hat has scores."),
    "-100": (SCORES, LABELS.masked_fill(LABELS > 1, -100), "Label -100 is"),
    "was NaN": (SCORES, LABELS - 2**63, "scores; NaN becomes this number"),
    "was NaN on ARM": (SCORES, (LABELS > 1) * 2**31, "; NaN becomes this num"),
    "was NaN of 32 bits": (SCORES, LABELS - 2**31, "; NaN becomes this number"),
    "classes second": (IMAGES[..., :2], LABELS[:4].reshape(2, 2), "); give Y_"),
}
OPTIMIZERS = {
    "none": (lambda m: None, "not None, which has no method step or zero_grad"),
    "list": (lambda m: [w], "not a list of length 1; to use several"),
    "class": (lambda m: SGD, "class SGD; call it, as in SGD(self.parameters()"),
    "StepLR": (lambda m: StepLR(SGD([w]), 1), "which has no method zero_grad"),
    "strange": (lambda m: d2l.SGD([w], 0.1), "give it self.parameters()"),
    "generator": (lambda m: Keeping(of={}, params=m.parameters()), "params,"),
    "in a group": (lambda m: Keeping(of={"ws": iter([w])}), "Keeping keeps"),
    "beside all": (lambda m: Keeping(m=m, ws=m.parameters()), "keep list(ws)"),
    "filter": (lambda m: Keeping(w=w, params=filter(None, [w])), "type filter"),
}
OTHERS = {
    "plain module": (lambda: fit(model=nn.Flatten()), "of type Flatten"),
    "no parameters": (lambda: fit(model=d2l.Module()), "define self.net"),
    "to an object": (lambda: d2l.add_to_class(NAN), "takes a class, not n"),
    "no name": (lambda: d2l.add_to_class(Line)(3), "has a name, not 3"),
    "argument": (lambda: Hiding(1), "hide the method Hiding.save_hyperparamet"),
    "tensor": (lambda: d2l.Trainer(1).fit(line(), X), "not a tensor of shape"),
    "data class": (lambda: d2l.Trainer(1).fit(line(), Batches), "the class B"),
    "no batch": (lambda: fit([]), "a list of length 0, which holds no batch"),
    "used up": (lambda: fit(UsedUp("ab")), "of type UsedUp, gave no batch"),
    "no weight": (lambda: synthetic(w=[]), "w holds one weight for each input"),
    "matrix": (lambda: synthetic(w=X), "it has shape (4, 3)."),
    "b": (lambda: synthetic(b="one"), "b must be a number, not 'one'"),
    "SGD of a tensor": (lambda: d2l.SGD(w, 0.1), "not a tensor of s"),
    "SGD of names": (lambda: d2l.SGD([("w", w)], 0.1), "a tuple of length 2"),
    "SGD of one twice": (lambda: d2l.SGD([w, w], 0.1), "one tensor twice"),
    "get_w_b": (concise.get_w_b, "Fit the model first: its first batch makes"),
    "layer as train": (lambda: line(train=nn.Flatten()), "train; store it un"),
    "class as loss": (lambda: line(loss=nn.MSELoss), "as in MSELoss()"),
    "number as loss": (lambda: line(loss=0.5), "self.loss = 0.5 would hide"),
    "scores": (lambda: d2l.cross_entropy(SCORES * 2, LABELS), "from 0 to 2;"),
    "below 0": (lambda: d2l.cross_entropy(-SCORES, LABELS), "from -1 to -0;"),
    "no loss": (lambda: fit(model=line(loss=lambda *_: None)), "not None, whi"),
    "loss a row": (lambda: fit(model=line(loss=torch.sub)), "torch.float32."),
    "no grad": (lambda: fit(model=line(loss=lambda a, b: b.sum())), "detach n"),
    "length": (lambda: fit(model=line(training_step=len)), "a tensor, not 2"),
    "no y": (lambda: concise.loss(y, None), "y must be a tensor, not None"),
    "y as a row": (lambda: concise.loss(y, y[:, 0]), "shape (4,); reshape"),
    "few y": (lambda: scratch.loss(y, y[:2]), "(2, 1); they must be the same"),
    "lengths": (lambda: d2l.TensorLoader((X, y[:2]), 1), "[(4, 3), (2, 1)]"),
    "a scalar": (lambda: d2l.TensorLoader((w[0],), 1), "not of shapes [()]"),
    "lists": (lambda: d2l.TensorLoader((X, [1] * 4), 1), "not from list"),
    "sparse": (lambda: d2l.TensorLoader(X.to_sparse(), 1), "give to_dense()"),
    "no column": (lambda: fit([(X[:, :0], y)]), "(1, 0), and so no numbers"),
    "curve of texts": (lambda: d2l.plot([1], ["a"]), "(1,); try reshape(-1)."),
    "curve in 3-D": (lambda: d2l.plot(torch.ones(2, 3, 4)), "A curve is"),
    "curves": (lambda: d2l.plot([1, 2, 3], [1, 2]), "[(3,)], but Y of shapes"),
    "legend": (lambda: d2l.plot([[1], [2]], legend="a"), "each of the curves,"),
    "titles": (lambda: d2l.show_images(IMAGES, 1, 2, "a"), "2 images need"),
    "empty image": (lambda: image(X[:0]), "(0, 3)"),
    "image of one axis": (lambda: image(y[:, 0]), "float32 of shape (4,)."),
    "image of four axes": (lambda: image(IMAGES[None]), "An image has real"),
    "complex image": (lambda: image(IMAGES[0] * 1j), "not complex64"),
    "one matrix": (lambda: heatmaps(X), "for one matrix try"),
    "no matrix": (lambda: heatmaps(IMAGES[None, :0]), "(1, 0, 3, 3)"),
    "columns": (lambda: heatmaps(IMAGES[None], "a"), "each of the columns,"),
}
BLANK = d2l.Module()
MISSING = {  # what a reader's class has to define, or to do first
    "loss": (NotImplementedError, lambda: BLANK.loss(y, y), "Define loss("),
    "net": (NotImplementedError, lambda: BLANK(X), "self.net or forward"),
    "rate": (NotImplementedError, BLANK.configure_optimizers, "rate as lr"),
    "loader": (NotImplementedError, d2l.DataModule().val_dataloader, "get_da"),
    "fit": (RuntimeError, lambda: BLANK.plot("a", 1, True), "fit has begun"),
    "broadcast": (UserWarning, lambda: fit([(X, y[:, 0])]), "Size([4]))"),
}
LATE = {  # what shows only after a step
    "val broadcast": (UserWarning, lambda: fit(val=[(X, y[:1])]), "([1, 1])"),
    "val iterator": (ValueError, lambda: fit(val=iter([(X, y)])), "no batch"),
}


def rows():
    """Yield the name of each row, its call, and a part of the message."""
    for name, row in OTHERS.items():
        yield name, *row
    for name, (least, call) in (SIZES | NUMBERS).items():
        kind = "whole number" if name in SIZES else "number"
        wrong = {"-1": -1, "nan": NAN, "'3'": "3", "None": None, "a tensor": X}
        for words, value in wrong.items():
            part = f"{name} must be a {kind} of at least {least}, not {words}"
            yield f"{name} {words}", partial(call, value), part
    for name, (optimizer, part) in OPTIMIZERS.items():
        yield f"optimizer {name}", partial(fit_with, optimizer), part
    for name, (scores, labels, part) in CLASSES.items():
        for method in (sorter.loss, sorter.accuracy, d2l.cross_entropy):
            call = partial(method, scores, labels)
            yield f"{method.__name__} {name}", call, part


ROWS = {name: (ValueError, *row) for name, *row in rows()}
ROWS |= LATE | MISSING
NAMES = r"[a-zA-Z]+_\w+|self|fit|i|b|w|y|lr|noise|scale|params|legend"
DEFECTS = r"\s\s|\n|[{}]|\.\.$|\ba [aeio]|\ban [^aeiou]|\b1 (?!is)\w+s\b"


@pytest.mark.parametrize("name", ROWS)
def test_the_sentence(name, monkeypatch):
    (error, call, part), steps = ROWS[name], []
    monkeypatch.setattr(SGD, "step", lambda *_: steps.append(1))
    with warnings.catch_warnings(), pytest.raises(error) as caught:
        warnings.resetwarnings()
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        call()
    d2l.plt.close("all")
    assert bool(steps) == (name in LATE)
    sentence, problem = str(caught.value), caught.value
    assert part in sentence and len(sentence) < 250
    assert re.match(rf"([A-Z]?[a-z]+|[A-Z0-9]|{NAMES})\b", sentence)
    assert sentence.endswith(".") and not re.search(DEFECTS, sentence)
    assert problem.__suppress_context__ or not problem.__context__
    assert not problem.__cause__  # one traceback is enough


ACCEPTED = {
    "fewer": lambda m: d2l.SGD([m.net[1].bias], 0.1),
    "more": lambda m: SGD([*m.parameters(), w]),
    "kept in a way of its own": lambda m: Keeping(params={"w": w}),
    "iterator beside a tensor": lambda m: Keeping(w=w, lr=iter([0.1])),
    "iterator of rates": lambda m: Keeping(w=[w], lr=iter([0.1])),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_optimizer_may_have(name):
    assert len(fit_with(ACCEPTED[name])["train_loss"]) == 2


@pytest.mark.parametrize("words", ["forwards", "backward", "tensor size"])
def test_another_error_in_a_step_stays_what_it_is(words):
    def training_step(batch):
        return getattr(batch, words) if "ward" in words else w @ y[:, 0]

    with pytest.raises((AttributeError, RuntimeError), match=words):
        fit(model=line(training_step=training_step))


def test_warnings_of_a_broadcast_are_errors_while_a_fit_runs():
    """Also while one of two fits goes on that began at other times.

    What the reader decides about warnings holds.
    """
    first, second = plain_errors(), plain_errors()
    with warnings.catch_warnings():
        warnings.resetwarnings()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        with pytest.raises(UserWarning, match="Using a target size"):
            F.mse_loss(y, y[:, 0])
        second.__exit__(None, None, None)
        assert warnings.filters == []
        with plain_errors():
            warnings.resetwarnings()
        warnings.filterwarnings("ignore", "Using a target size", UserWarning)
        assert len(fit([(X, y[:, 0])])["train_loss"]) == 2


def test_nothing_to_do_is_no_error():
    batches = Batches(lambda: [(X, y)])
    assert d2l.Trainer(0).fit(line(), batches) == {"epoch": []}
    assert list(fit(val=[])) == ["epoch", "train_loss"]
