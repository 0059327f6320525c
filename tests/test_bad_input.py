"""What a reader gets wrong, and the sentence that tells so.

Each row is a call and the whole message of the ValueError that it must raise.
What PyTorch, Matplotlib and Python refuse well by themselves stands below.
"""

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


def whole(name, least, value):
    return f"{name} must be a whole number from {least} on, not {value}"


def number(name, least, value):
    return f"{name} must be a number from {least} on, not {value}"


def curve(kind, shape):
    return (
        f"a curve is a row of real numbers, not {kind} of shape {shape}; "
        "try reshape(-1)"
    )


NO_TENSORS = "batches are cut from tensors or NumPy arrays, not from list"


def lengths(shapes):
    return f"tensors of one length are needed, not of shapes {shapes}"


def labels(shape, dtype, given, scores=(4, 3)):
    return (
        f"scores of shape {scores} need whole labels of shape {shape}, not "
        f"torch.{dtype} of {given}; of one-hot rows take argmax(dim=-1)"
    )


def rows(num_inputs, num_targets):
    return (
        f"a batch has {num_inputs} rows of inputs and {num_targets} targets; "
        "both must be as many, and not 0"
    )


def optimiser(missing, strange):
    return (
        f"the optimiser would not update {missing} of the model's 2 parameters "
        f"but {strange} other tensors; give it self.parameters(), or "
        "attributes of the model"
    )


def fit_with(optimiser):
    return fit([(X, y)], model=Stale(optimiser))


w = torch.ones(2, requires_grad=True)
scores, sorter, images = torch.eye(4, 3), d2l.Classifier(), torch.ones(2, 3, 3)
CASES = [
    # Numbers out of range.
    (lambda: d2l.Trainer(-1), whole("max_epochs", 0, "-1")),
    (lambda: d2l.Trainer(1.5), whole("max_epochs", 0, "1.5")),
    (lambda: d2l.Trainer("3"), whole("max_epochs", 0, "'3'")),
    (lambda: d2l.Trainer(None), whole("max_epochs", 0, "None")),
    (lambda: d2l.Trainer(1, num_gpus=-1), whole("num_gpus", 0, "-1")),
    (lambda: d2l.Trainer(1, 0.5), whole("num_gpus", 0, "0.5")),
    (
        lambda: d2l.Trainer(1, num_gpus=2),
        "num_gpus=2, but at most one GPU is used, and this machine has "
        f"{d2l.num_gpus()}",
    ),
    (lambda: d2l.Trainer(1, 0, -1), number("gradient_clip_val", 0, "-1")),
    (lambda: d2l.Trainer(1, 0, NAN), number("gradient_clip_val", 0, "nan")),
    (lambda: d2l.Trainer(1, 0, None), number("gradient_clip_val", 0, "None")),
    (lambda: d2l.try_gpu(-1), whole("i", 0, "-1")),
    (lambda: d2l.try_gpu(1.5), whole("i", 0, "1.5")),
    (lambda: d2l.DataModule(num_workers=-1), whole("num_workers", 0, "-1")),
    (lambda: d2l.TensorLoader((X, y), 0), whole("batch_size", 1, "0")),
    (lambda: d2l.TensorLoader((X, y), 2.0), whole("batch_size", 1, "2.0")),
    (lambda: d2l.SGD([w], lr=-1), number("lr", 0, "-1")),
    (lambda: d2l.SGD([w], lr=NAN), number("lr", 0, "nan")),
    (lambda: d2l.SGD([w], lr="0.1"), number("lr", 0, "'0.1'")),
    (
        lambda: d2l.LinearRegressionScratch(0, 0.1),
        whole("num_inputs", 1, "0"),
    ),
    (lambda: synthetic(num_train=-1), whole("num_train", 0, "-1")),
    (lambda: synthetic(num_val=-1), whole("num_val", 0, "-1")),
    (lambda: synthetic(noise=-0.1), number("noise", 0, "-0.1")),
    (lambda: synthetic(noise=w), number("noise", 0, w)),
    (lambda: synthetic(b=torch.ones(2)), number("b", "-inf", torch.ones(2))),
    (lambda: synthetic(b="one"), number("b", "-inf", "'one'")),
    (lambda: d2l.show_images(images, 0, 1), whole("num_rows", 1, "0")),
    (lambda: d2l.show_images(images, 1, 0), whole("num_cols", 1, "0")),
    (lambda: d2l.show_images(images, 1, 1, scale=0), number("scale", 0.1, "0")),
    (lambda: draw(every_n=-1), number("every_n", 0, "-1")),
    (lambda: draw(every_n=NAN), number("every_n", 0, "nan")),
    # Things of the wrong kind.
    (
        lambda: d2l.add_to_class("Line")(len),
        "a class is needed, not 'Line'",
    ),
    (
        lambda: d2l.Trainer(1).fit(nn.Flatten(), Batches([(X, y)])),
        "the model must be a Module that calls super().__init__(), not "
        "<class 'torch.nn.modules.flatten.Flatten'>",
    ),
    (
        lambda: fit([(X, y)], model=NoSuper()),
        "the model must be a Module that calls super().__init__(), not "
        f"{NoSuper}",
    ),
    (
        lambda: fit([(X, y)], model=NoNet()),
        "the model has no parameters; define self.net, for example",
    ),
    (
        lambda: d2l.Trainer(1).fit(Line(), X),
        "fit(model, data) takes a DataModule, not <class 'torch.Tensor'>",
    ),
    (
        lambda: d2l.SGD([], 0.1),
        "params must be different leaf tensors, not []",
    ),
    (
        lambda: d2l.SGD(w, 0.1),  # its rows
        f"params must be different leaf tensors, not {w!r}",
    ),
    (
        lambda: d2l.SGD([w, w], 0.1),
        f"params must be different leaf tensors, not {[w, w]}",
    ),
    (
        lambda: d2l.LinearRegression(0.1).get_w_b(),
        "fit first: the first batch makes w and b",
    ),
    # Optimisers and steps of the reader's own.
    (lambda: fit_with(lambda model: d2l.SGD([w], 0.1)), optimiser(2, 1)),
    (lambda: fit_with(lambda model: torch.optim.Adam([w])), optimiser(2, 1)),
    (
        lambda: fit_with(lambda model: d2l.SGD(Stale(0).parameters(), 0.1)),
        optimiser(2, 2),
    ),
    (
        lambda: fit_with(lambda model: d2l.SGD([w, model.net[1].bias], 0.1)),
        optimiser(1, 1),
    ),
    (
        lambda: fit_with(lambda model: None),
        "configure_optimizers must return one optimiser, not None",
    ),
    (
        lambda: fit_with(lambda model: [w]),
        f"configure_optimizers must return one optimiser, not {[w]}",
    ),
    (
        lambda: fit([(X, y)], model=NoLoss(lambda loss: None)),
        "training_step must return the loss, a tensor, not None",
    ),
    (
        lambda: fit([(X, y)], model=NoLoss(lambda loss: 0.5)),
        "training_step must return the loss, a tensor, not 0.5",
    ),
    # Tensors that do not fit together.
    (lambda: d2l.TensorLoader((), 1), lengths([])),
    (lambda: d2l.TensorLoader((X, y[:2]), 1), lengths([(4, 3), (2, 1)])),
    (lambda: d2l.TensorLoader(([1, 2], [3, 4]), 1), NO_TENSORS),
    (lambda: d2l.TensorLoader((X, [1] * 4), 1), NO_TENSORS),
    (lambda: d2l.TensorLoader((X, torch.tensor(1)), 1), lengths([(4, 3), ()])),
    (lambda: fit([]), "there is no batch to train on"),
    (lambda: fit([(X, y[:2])]), rows(4, 2)),
    (lambda: fit([(X, X, y[:2])]), rows(4, 2)),
    (lambda: fit([(X[:0], y[:0])]), rows(0, 0)),
    (lambda: fit([(X, y)], [(X, y[:1])]), rows(4, 1)),
    (
        lambda: d2l.Trainer(2).fit(Line(), Batches(Loader())),
        "a loader of 2 batches gave none in this pass",
    ),
    (
        lambda: fit([(X, y)], model=Tagged()),
        "train_loss is one number, not of shape torch.Size([4])",
    ),
    (
        lambda: fit([(X, y)], model=Speechless()),
        "train_loss is None: the method that computes it returns nothing",
    ),
    # Labels.
    (
        lambda: sorter.loss(scores, F.one_hot(LABELS)),
        labels((4,), "int64", (4, 3)),
    ),
    (
        lambda: sorter.accuracy(scores, F.one_hot(LABELS)),
        labels((4,), "int64", (4, 3)),
    ),
    (lambda: sorter.loss(scores, LABELS / 2), labels((4,), "float32", (4,))),
    (
        lambda: sorter.accuracy(scores, LABELS / 2),
        labels((4,), "float32", (4,)),
    ),
    (lambda: sorter.accuracy(scores, LABELS[:2]), labels((4,), "int64", (2,))),
    (
        lambda: sorter.accuracy(scores[0], LABELS),
        labels((), "int64", (4,), (3,)),
    ),
    (
        lambda: sorter.accuracy(scores[:, :1], LABELS),
        labels((4,), "int64", (4,), (4, 1)),
    ),
    (
        lambda: sorter.loss(scores[:0], LABELS[:0]),
        labels((0,), "int64", (0,), (0, 3)),
    ),
    (
        lambda: sorter.loss(scores[:, :2], LABELS),
        "Target 2 is out of bounds. By Y_hat, there are classes 0 to 1.",
    ),
    (
        lambda: sorter.loss(scores, LABELS - 1),
        "Target -1 is out of bounds. By Y_hat, there are classes 0 to 2.",
    ),
    (
        lambda: sorter.loss(scores, torch.tensor([0, 1, 2, -100])),
        "Target -100 is out of bounds. By Y_hat, there are classes 0 to 2.",
    ),
    (
        lambda: sorter.loss(scores, torch.tensor([0, 1, 2, -126])),
        "Target -126 is out of bounds. By Y_hat, there are classes 0 to 2.",
    ),
    (
        lambda: sorter.accuracy(scores[:, :2], LABELS),
        "label 2 is none: by Y_hat, there are classes 0 to 1",
    ),
    (
        lambda: sorter.accuracy(scores, LABELS + 1),
        "label 3 is none: by Y_hat, there are classes 0 to 2",
    ),
    (
        lambda: sorter.accuracy(scores, LABELS - 1, averaged=False),
        "label -1 is none: by Y_hat, there are classes 0 to 2",
    ),
    # Curves and pictures.
    (lambda: d2l.plot([1, 2], ["a", "b"]), curve("<U1", "(2,)")),
    (lambda: d2l.plot(None), curve("object", "()")),
    (lambda: d2l.plot("abc"), curve("<U3", "()")),
    (lambda: d2l.plot([1, 2], torch.ones(2, 1)), curve("float32", "(2, 1)")),
    (lambda: d2l.plot(torch.ones(2, 1)), curve("float32", "(2, 1)")),
    (lambda: d2l.plot(torch.ones(2, 3, 4)), curve("float32", "(3, 4)")),
    (lambda: d2l.plot([[1, 2], 3]), curve("int64", "()")),
    (
        lambda: d2l.plot([1, 2], [1j, 2j]),
        curve("complex128", "(2,)"),
    ),
    (
        lambda: d2l.plot([1, 2], legend=["a", "b"]),
        "legend must have 1 names, one a curve, not ['a', 'b']",
    ),
    (
        lambda: d2l.plot([1, 2], [[1, 2], [3, 4]], legend="a"),
        "legend must have 2 names, one a curve, not a",
    ),
    (
        lambda: d2l.show_images(torch.ones(5, 4), 1, 5),
        "an image has shape (h, w) or (3, h, w), not (4,)",
    ),
    (
        lambda: d2l.show_images(torch.ones(5, 1, 1, 4, 4), 1, 5),
        "an image has shape (h, w) or (3, h, w), not (1, 1, 4, 4)",
    ),
    (
        lambda: d2l.show_images([torch.ones(0, 4)], 1, 1),
        "an image has shape (h, w) or (3, h, w), not (0, 4)",
    ),
    (
        lambda: d2l.show_images(images, 1, 2, titles="ab"),
        "2 images need as many titles, not ['ab']",
    ),
]


@pytest.mark.parametrize("call, sentence", CASES)
def test_the_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == sentence
    assert caught.value.__suppress_context__ or not caught.value.__context__


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


@pytest.mark.parametrize(
    "high, warned", [(1, 0), (2, 0), (3, 1), (255, 1), (256, 0)]
)
@pytest.mark.parametrize("low, floor", [(0, True), (-1, False)])
@pytest.mark.parametrize("shape", [(2, 1, 3, 3), (2, 3, 3)])
def test_images_that_were_not_scaled_are_noticed(
    high, warned, low, floor, shape
):
    """Once a fit; and only what looks like bytes."""
    batch = torch.full(shape, float(high))
    batch[0, 0, 0] = low
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        fit([(batch, y[:2] * 0)] * 3, stop_at_nan=False)
    sentences = [str(warning.message) for warning in caught]
    assert sentences == [
        f"images of shape {shape} reach up to {high}, not to 1; divide them "
        "by 255"
    ] * (warned and floor)


def test_rows_of_numbers_may_be_of_any_size_and_number():
    fit([(X * 200, y)], stop_at_nan=False)
    fit([(X[:1], y[:1])])


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
            "the data and the loss, or look on with stop_at_nan=False"
        )


def test_no_epoch_is_no_error_and_an_empty_history():
    """The board, the loaders and the optimiser are made ready, as by D2L."""
    trainer = d2l.Trainer(0)
    assert trainer.fit(Line(), Batches([(X, y)])) == {"epoch": []}
    assert isinstance(trainer.optim, torch.optim.SGD)


def test_no_validation_batches_are_no_validation():
    assert list(fit([(X, y)], [])) == ["epoch", "train_loss"]


class Own:
    """An optimiser that keeps its tensors in a way of its own."""

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
def test_an_optimiser_may_have_fewer_parameters_or_more(given):
    assert len(fit_with(given)["train_loss"]) == 1


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


def test_an_error_of_another_name_stays_what_it_is():
    with pytest.raises(AttributeError, match="'Tensor'.*'forwards'"):
        fit([(X, y)], model=NoLoss(lambda loss: loss.forwards()))


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
    (lambda: fit((X, y) for _ in "ab"), TypeError, "generator.*no len"),
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
        "array of size 1",
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
