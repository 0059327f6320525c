"""The trainer against loops written out by hand."""

import copy
import io
import math
import re
import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import d2lmini as d2l


class Rows(d2l.DataModule):
    """Ten rows, in batches of four: the last batch is smaller."""

    def __init__(self, n=10, batch_size=4, shuffled=False, validate=True):
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
    """A linear model that also records how often it was called."""

    def __init__(self, lr=0.1, plot_train_per_epoch=2):
        super().__init__(plot_train_per_epoch)
        self.save_hyperparameters()
        torch.manual_seed(1)
        self.net = nn.Linear(3, 1)

    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y)


def by_hand(model, data, epochs, clip=0.0):
    """Train as a textbook does; return the weighted means of each epoch."""
    train, val = [], []
    for _ in range(epochs):
        total = 0.0
        for i in range(0, len(data.X), data.batch_size):
            X, y = (t[i : i + data.batch_size] for t in (data.X, data.y))
            model.zero_grad()
            loss = model.loss(model(X), y)
            loss.backward()
            grads = [p.grad for p in model.parameters()]
            norm = torch.sqrt(sum((g**2).sum() for g in grads))
            with torch.no_grad():
                for p in model.parameters():
                    scale = clip / norm if clip and norm > clip else 1.0
                    p -= model.lr * scale * p.grad
            total += loss.item() * len(X)
        train.append(total / len(data.X))
        with torch.no_grad():
            val.append(model.loss(model(data.X), data.y).item())
    return train, val


@pytest.mark.parametrize("clip", [0, 0.5])
def test_fit_is_the_loop_by_hand(clip):
    data, ours, theirs = Rows(), Line(), Line()
    history = d2l.Trainer(4, gradient_clip_val=clip).fit(ours, data)
    train, val = by_hand(theirs, data, epochs=4, clip=clip)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert history["epoch"] == [1, 2, 3, 4]
    assert history["train_loss"] == pytest.approx(train, rel=1e-6)
    assert history["val_loss"] == pytest.approx(val, rel=1e-6)


def test_clipping_was_needed_for_the_test_above():
    data, free, clipped = Rows(), Line(), Line()
    d2l.Trainer(4).fit(free, data)
    d2l.Trainer(4, gradient_clip_val=0.5).fit(clipped, data)
    assert not torch.allclose(free.net.weight, clipped.net.weight)


def test_history_is_returned_and_kept():
    trainer = d2l.Trainer(2)
    history = trainer.fit(Line(), Rows())
    assert history is trainer.history
    assert repr(history) == "<History of 2 epochs: train_loss, val_loss>"


def test_means_are_weighted_by_sample():
    """Four, four and two rows: the mean of batch means would be another."""

    class Counter(Line):
        def validation_step(self, batch):
            self.plot("rows", float(len(batch[0])), train=False)

    history = d2l.Trainer(1).fit(Counter(), Rows())
    assert history["val_rows"] == [(4 * 4 + 4 * 4 + 2 * 2) / 10]


def test_metric_that_comes_late_is_filled_with_nan():
    class Late(Line):
        def validation_step(self, batch):
            if self.trainer.epoch == 1:
                self.plot("late", 1.0, train=False)

    history = d2l.Trainer(3).fit(Late(), Rows())
    assert math.isnan(history["val_late"][0])
    assert history["val_late"][1] == 1
    assert math.isnan(history["val_late"][2])
    assert len(history["train_loss"]) == len(history["epoch"]) == 3


def test_curve_points_are_means_between_points():
    class Steps(Line):
        def training_step(self, batch):
            self.plot("step", float(self.trainer.train_batch_idx), train=True)
            return super().training_step(batch)

    model = Steps()
    d2l.Trainer(2).fit(model, Rows(n=16))
    assert model.board.data["train_step"] == [
        (0.125, 0.5),
        (0.625, 2.5),
        (1.125, 4.5),
        (1.625, 6.5),
    ]
    assert [x for x, _ in model.board.data["val_loss"]] == [1, 2]


def test_full_batch_training_has_a_curve():
    model = Line()
    history = d2l.Trainer(3).fit(model, Rows(batch_size=10))
    assert len(model.board.data["train_loss"]) == 3
    assert len(history["train_loss"]) == 3


def test_no_point_waits_across_epochs():
    """Two points an epoch from three batches: none is left over."""
    model = Line()
    d2l.Trainer(2).fit(model, Rows())
    assert len(model.board.data["train_loss"]) == 4
    assert not any(model.board.raw_points.values())


class Far(torch.Tensor):
    """A tensor on the CPU that says it is on a GPU."""

    is_cpu = False


def test_values_on_a_gpu_are_fetched_once_a_plotted_point(monkeypatch):
    fetches = []
    stack = torch.stack

    def counted(values):
        fetches.append(len(values))
        return stack(values)

    class FarAway(Line):
        def plot(self, key, value, train):
            super().plot(key, value.as_subclass(Far), train)

    expected = d2l.Trainer(1).fit(Line(), Rows(n=40))
    monkeypatch.setattr(torch, "stack", counted)
    monkeypatch.setattr(torch.Tensor, "item", None)
    history = d2l.Trainer(1).fit(FarAway(), Rows(n=40))
    assert fetches == [5, 5, 10]
    assert history["train_loss"] == pytest.approx(expected["train_loss"])


def test_a_second_fit_starts_anew():
    model, trainer = Line(), d2l.Trainer(2)
    trainer.fit(model, Rows())
    first = trainer.history
    trainer.fit(model, Rows())
    assert len(trainer.history["epoch"]) == len(first["epoch"]) == 2
    assert len(model.board.data["val_loss"]) == 2


def test_settings_of_the_board_survive_a_fit():
    model = Line()
    model.board.yscale = "log"
    d2l.Trainer(2).fit(model, Rows())
    model.board.redraw()
    assert model.board.axes.get_yscale() == "log"
    assert model.board.axes.get_xlabel() == "epoch"
    assert model.board.axes.get_xlim() == (0, 2)


def test_outside_a_notebook_a_line_an_epoch(capsys):
    history = d2l.Trainer(2).fit(Line(), Rows())
    train, val = history["train_loss"], history["val_loss"]
    assert capsys.readouterr().out == "".join(
        f"epoch {i + 1}/2  train_loss {train[i]:.4f}  val_loss {val[i]:.4f}\n"
        for i in range(2)
    )


def test_a_board_that_does_not_display_is_silent(capsys):
    model = Line()
    model.board.display = False
    d2l.Trainer(1).fit(model, Rows())
    assert capsys.readouterr().out == ""


def test_without_validation():
    history = d2l.Trainer(2).fit(Line(), Rows(validate=False))
    assert list(history) == ["epoch", "train_loss"]


def test_modes_are_switched():
    seen = []

    class Modes(Line):
        def training_step(self, batch):
            seen.append(("train", self.training, torch.is_grad_enabled()))
            return super().training_step(batch)

        def validation_step(self, batch):
            seen.append(("val", self.training, torch.is_grad_enabled()))

    d2l.Trainer(1).fit(Modes(), Rows())
    assert set(seen) == {("train", True, True), ("val", False, False)}


def test_optimizers_without_no_grad_of_their_own_work():
    class Bare:
        def __init__(self, params):
            self.params = list(params)

        def step(self):
            for p in self.params:
                p -= 0.1 * p.grad

        def zero_grad(self):
            for p in self.params:
                p.grad = None

    class Model(Line):
        def configure_optimizers(self):
            return Bare(self.parameters())

    bare, packaged = Model(), Line()
    d2l.Trainer(1).fit(bare, Rows())
    d2l.Trainer(1).fit(packaged, Rows())
    torch.testing.assert_close(bare.net.weight, packaged.net.weight)


def test_grad_is_enabled_during_backward():
    """D2L runs backward inside no_grad; hooks could not differentiate."""
    modes = []

    class Watched(Line):
        def training_step(self, batch):
            loss = super().training_step(batch)
            loss.register_hook(lambda _: modes.append("hook"))
            return loss

    def backward(loss, run=torch.Tensor.backward):
        modes.append(torch.is_grad_enabled())
        run(loss)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "backward", backward)
        d2l.Trainer(1).fit(Watched(), Rows())
    assert modes == [True, "hook"] * 3


def test_divergence_stops_and_says_where():
    with pytest.raises(FloatingPointError) as caught:
        d2l.Trainer(200).fit(Line(lr=50.0), Rows())
    sentence = (
        r"train_loss is inf at step [1-9]\d* \(epoch [1-9]\d*\): "
        "training diverged; try a smaller learning rate, or go on with "
        r"stop_at_nan=False\."
    )
    assert re.fullmatch(sentence, str(caught.value))


def test_divergence_can_be_watched():
    model = Line(lr=50.0)
    history = d2l.Trainer(200, stop_at_nan=False).fit(model, Rows())
    assert not math.isfinite(history["train_loss"][-1])


def test_nothing_to_train_on():
    with pytest.raises(ValueError, match="no batch"):
        d2l.Trainer(1).fit(Line(), Rows(n=0))


@pytest.mark.skipif(d2l.num_gpus() == 0, reason="there is no GPU")
def test_training_on_a_gpu():
    on_cpu, on_gpu = Line(), Line()
    torch.manual_seed(2)  # for the order of the rows, drawn on the CPU
    expected = d2l.Trainer(3).fit(on_cpu, Rows(shuffled=True))
    torch.manual_seed(2)
    history = d2l.Trainer(3, num_gpus=1).fit(on_gpu, Rows(shuffled=True))
    assert on_gpu.net.weight.device == d2l.gpu()
    assert history["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-3)


class Operations(TorchDispatchMode):
    """Notes (operation, device, dtype) of everything that yields a tensor."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            name = function.overloadpacket.__name__
            self.seen.append((name, result.device.type, result.dtype))
        return result


class Bytes(d2l.DataModule):
    """Ten images as bytes, shuffled, turned into floats batch by batch."""

    def get_dataloader(self, train):
        tensors = torch.ones(10, 2, 2, dtype=torch.uint8), torch.arange(10)
        return d2l.TensorLoader(tensors, 4, train, d2l.data.to_float)


@pytest.mark.parametrize("train", [True, False])
def test_data_in_memory_moves_to_the_device_once(train):
    """Later no tensor of the CPU is made or moved: batches are cut there."""
    trainer = d2l.Trainer(1)
    trainer.gpus = [torch.device("meta")]  # a device that every machine has
    trainer.prepare_data(Bytes())
    loader = trainer.train_dataloader if train else trainer.val_dataloader
    images, labels = loader.loader.tensors
    assert (images.device.type, images.dtype) == ("meta", torch.uint8)
    batches = iter(loader.loader)
    next(batches)  # the order of the pass moves with the first batch
    with Operations() as operations:
        X, y = batch = next(batches)
        moved = trainer.prepare_batch(batch)
    assert moved[0] is X and moved[1] is y
    assert (X.shape, X.dtype) == ((4, 2, 2), torch.float32)
    rows = (
        ["slice", "index_select", "index_select"]
        if train
        else ["slice", "clone", "slice", "clone"]
    )
    names = [name for name, _, _ in operations.seen]
    assert names == [*rows, "_to_copy", "div_"]  # bytes become floats last
    assert {device for _, device, _ in operations.seen} == {"meta"}


def test_a_loader_that_is_moved_stays_as_it_was():
    loader = Bytes().train_dataloader()
    moved = loader.to("meta")
    assert {tensor.device.type for tensor in loader.tensors} == {"cpu"}
    assert (len(moved), moved.shuffle) == (len(loader), loader.shuffle)


def test_the_order_of_batches_is_the_same_on_every_device():
    torch.manual_seed(0)
    expected = [y for X, y in Bytes().train_dataloader()]
    torch.manual_seed(0)
    moved = Bytes().train_dataloader().to(d2l.try_gpu())
    for (_, y), labels in zip(moved, expected, strict=True):
        assert torch.equal(y.cpu(), labels)


@pytest.fixture
def two_threads(monkeypatch):
    """A reader's machine: PyTorch chose two threads, and nobody else did."""
    before = torch.get_num_threads()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(d2l.support.devices, "_num_threads", 2)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Watched(Line):
    """Notes the number of threads in each step."""

    def training_step(self, batch):
        self.__dict__.setdefault("threads", []).append(torch.get_num_threads())
        return super().training_step(batch)


class Wide(Watched):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 200_000), nn.Linear(200_000, 1))


class Convolution(Watched):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Unflatten(1, (1, 3)), nn.Conv1d(1, 1, 3), nn.Flatten()
        )


class LazyAndWide(Watched):
    def __init__(self):
        super().__init__(plot_train_per_epoch=1)
        self.net = nn.Sequential(nn.LazyLinear(250_000), nn.LazyLinear(1))


@pytest.mark.parametrize(
    "kind, expected",
    [
        (Watched, [1, 1]),
        (Wide, [2, 2]),
        (Convolution, [2, 2]),
        (LazyAndWide, [1, 2]),
    ],
)
def test_threads_are_used_where_they_pay(two_threads, kind, expected):
    model = kind()
    d2l.Trainer(2, stop_at_nan=False).fit(model, Rows(batch_size=10))
    assert model.threads == expected
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_a_wish_in_the_environment_is_kept(two_threads, monkeypatch, name):
    monkeypatch.setenv(name, "2")
    model = Watched()
    d2l.Trainer(1).fit(model, Rows())
    assert set(model.threads) == {2}


def test_a_wish_told_to_torch_is_kept(two_threads):
    torch.set_num_threads(3)
    model = Watched()
    d2l.Trainer(1).fit(model, Rows())
    assert set(model.threads) == {3} and torch.get_num_threads() == 3


def test_threads_are_given_back_after_an_exception(two_threads):
    class Broken(Watched):
        def validation_step(self, batch):
            raise ZeroDivisionError

    model = Broken()
    with pytest.raises(ZeroDivisionError):
        d2l.Trainer(1).fit(model, Rows())
    assert set(model.threads) == {1} and torch.get_num_threads() == 2


def test_one_and_two_threads_train_alike(monkeypatch, two_threads):
    """Sums are rounded in another order; nothing else differs."""
    histories = []
    for wish in ({}, {"OMP_NUM_THREADS": "2"}):
        for name, value in wish.items():
            monkeypatch.setenv(name, value)
        torch.manual_seed(0)
        images = torch.rand(2_000, 784)
        data = d2l.DataModule()
        data.batch_size = 256
        tensors = images, (images[:, :10] * 3).argmax(dim=1)
        data.get_dataloader = lambda train, data=data, tensors=tensors: (
            data.get_tensorloader(tensors, train)
        )
        model = d2l.Classifier()
        model.lr = 0.1
        model.net = nn.Sequential(
            nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)
        )
        histories.append(d2l.Trainer(3).fit(model, data))
    one, two = histories
    for name in ("train_loss", "val_loss", "val_acc"):
        assert one[name] == pytest.approx(two[name], rel=1e-4)


def test_a_device_takes_model_and_batches():
    """Meta tensors, which have no values, stand for those of a GPU."""
    trainer, model, data = d2l.Trainer(1), Line(), Rows()
    trainer.gpus = [torch.device("meta")]
    trainer.prepare_model(model)
    assert all(p.is_meta for p in model.parameters())
    batch = trainer.prepare_batch([data.X, data.y])
    assert [tensor.is_meta for tensor in batch] == [True, True]


def test_a_board_of_the_reader_s_own_is_left_alone():
    class Board:
        """Has what a model needs: room for limits, and draw."""

        display, points = False, ()

        def draw(self, x, y, label):
            self.points += ((x, label),)

    model = Line()
    model.board = Board()
    d2l.Trainer(1).fit(model, Rows())
    assert model.board.xlim == [0, 1]
    assert (1, "val_loss") in model.board.points
    assert not hasattr(model.board, "xlabel")


def test_devices():
    assert d2l.cpu() == torch.device("cpu")
    assert d2l.gpu(1).index == 1
    assert d2l.try_gpu(d2l.num_gpus()) == d2l.cpu()


def test_gpus_are_counted_and_named(monkeypatch):
    """As on a machine with two GPUs, then on one with Apple silicon."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert d2l.num_gpus() == 2
    assert d2l.try_gpu(1) == d2l.gpu(1) == torch.device("cuda", 1)
    assert d2l.try_gpu(2) == d2l.cpu()
    assert d2l.Trainer(1, num_gpus=1).gpus == [torch.device("cuda", 0)]
    assert d2l.Trainer(1).gpus == []
    sentence = "num_gpus=2, and PyTorch finds 2 .* on the first of them alone"
    with pytest.warns(UserWarning, match=sentence):
        assert len(d2l.Trainer(1, num_gpus=2).gpus) == 2
    with pytest.warns(UserWarning, match="num_gpus=3, and PyTorch finds 2"):
        assert len(d2l.Trainer(1, num_gpus=3).gpus) == 2
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert d2l.num_gpus() == 1
    assert d2l.try_gpu() == d2l.gpu() == torch.device("mps", 0)


def test_a_trainer_has_a_history_before_it_trains():
    assert d2l.Trainer(1).history == {"epoch": []}


def test_models_with_two_inputs_are_trained_and_validated():
    class Sum(Line):
        def forward(self, A, B):
            return self.net(A + B)

    class Pairs(d2l.DataModule):
        def get_dataloader(self, train):
            rows = Rows()
            return [(rows.X / 2, rows.X / 2, rows.y)]

    histories = [
        d2l.Trainer(2).fit(Sum(), Pairs()),
        d2l.Trainer(2).fit(Line(), Rows(batch_size=10)),
    ]
    for name in ("train_loss", "val_loss"):
        first, second = (history[name] for history in histories)
        assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize("base", [d2l.Module, d2l.Classifier])
def test_steps_say_whether_they_train(base):
    class Model(base):
        """Writes down what is plotted."""

        loss = accuracy = lambda self, y_hat, y: y_hat
        notes = ()

        def forward(self, X):
            return X

        def plot(self, key, value, train):
            self.notes += ((key, value, train),)

    model = Model()
    assert model.training_step((1, 2)) == 1
    model.validation_step((3, 4))
    keys = ["loss"] if base is d2l.Module else ["loss", "acc"]
    steps = [("loss", 1, True), *((key, 3, False) for key in keys)]
    assert model.notes == tuple(steps)
    assert all(train in (True, False) for *_, train in model.notes)
    assert [type(train) for *_, train in model.notes] == [bool] * len(steps)


def test_loaders_are_asked_for_by_truth_values():
    class Data(d2l.DataModule):
        def get_dataloader(self, train):
            return train

    assert Data().train_dataloader() is True
    assert Data().val_dataloader() is False


def test_points_under_a_plain_trainer_are_spaced_by_whole_batches():
    """Two points from three batches: each batch is one."""
    model = Line()
    model.plot_valid_per_epoch = 2
    model.trainer = SimpleNamespace(
        num_train_batches=3, num_val_batches=6, epoch=4
    )
    for i in range(3):
        model.trainer.train_batch_idx = i
        model.plot("loss", 10.0 * i, train=True)
        model.plot("loss", 20.0 * i, train=False)
    thirds = [(0, 0), (1 / 3, 10), (2 / 3, 20)]
    assert model.board.data["train_loss"] == thirds
    assert model.board.data["val_loss"] == [(5, 20)]


def test_a_fit_of_the_reader_s_own_draws_and_keeps_a_history():
    class Own(d2l.Trainer):
        def fit(self, model, data):
            self.prepare_data(data)
            self.prepare_model(model)
            self.optim = model.configure_optimizers()
            self.train_batch_idx = self.val_batch_idx = 0
            for epoch in range(self.max_epochs):
                self.epoch = epoch
                self.fit_epoch()

    model = Line()
    trainer = Own(1)
    trainer.fit(model, Rows())
    assert len(model.board.data["train_loss"]) == 2
    assert trainer.history == d2l.Trainer(1).fit(Line(), Rows())


def test_a_model_can_be_copied_before_training():
    model = Line()
    assert torch.equal(copy.deepcopy(model).net.weight, model.net.weight)
    del model.board
    assert copy.deepcopy(model).board.data == {}


def test_a_loss_may_have_the_shape_of_one_row():
    class Row(Line):
        def loss(self, y_hat, y):
            return super().loss(y_hat, y).reshape(1)

    histories = [d2l.Trainer(2).fit(kind(), Rows()) for kind in (Line, Row)]
    assert histories[0] == histories[1]


def test_other_warnings_stay_warnings():
    class Warns(Line):
        def forward(self, X):
            warnings.warn("something else", stacklevel=1)
            return super().forward(X)

    with pytest.warns(UserWarning, match="something else"):
        history = d2l.Trainer(1).fit(Warns(), Rows())
    assert len(history["train_loss"]) == 1


def test_a_model_can_be_saved_after_training():
    model = Line()
    d2l.Trainer(1).fit(model, Rows())
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = Line()
    other.load_state_dict(torch.load(file, weights_only=True))
    X = torch.ones(2, 3)
    assert torch.equal(model(X), other(X))


class Savable(Line):
    """At module level, because pickle looks classes up by name."""


def test_a_whole_model_can_be_saved_after_training():
    model = Savable()
    d2l.Trainer(1).fit(model, Rows())
    file = io.BytesIO()
    torch.save(model, file)
    assert len(file.getvalue()) < 10_000
    file.seek(0)
    other = torch.load(file, weights_only=False)  # of this very test
    assert torch.equal(model.net.weight, other.net.weight)
    d2l.Trainer(1).fit(other, Rows())


def test_a_copy_leaves_trainer_and_data_behind():
    model = Line()
    d2l.Trainer(1).fit(model, Rows())
    other = copy.deepcopy(model)
    assert not hasattr(other, "trainer")
    assert other.board is not model.board and not other.board.data
    assert hasattr(model, "trainer") and model.board.data


def test_leaf_tensors_become_parameters():
    class Scratch(d2l.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.zeros(2, requires_grad=True)
            self.constant = torch.ones(2)

    model = Scratch()
    assert list(model.state_dict()) == ["w"]
    assert [name for name, _ in model.named_parameters()] == ["w"]
    assert model.to("meta").w.is_meta
    w = torch.zeros(2, requires_grad=True)
    model.w = w
    assert model.w is not w and model.w.data_ptr() == w.data_ptr()


def test_parameters_stay_the_ones_they_are():
    class Tied(d2l.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(2))
            self.tied = self.w

    given = nn.Parameter(torch.ones(1))
    model = Tied()
    model.given = given
    assert model.given is given
    assert model.tied is model.w
    assert len(list(model.parameters())) == 2


def test_means_are_weighted_under_a_loop_of_the_reader_s_own():
    """D2L's loop, with backward inside no_grad, put on a trainer."""

    class Own(d2l.Trainer):
        def prepare_batch(self, batch):
            return batch

        def fit_epoch(self):
            for batch in self.train_dataloader:
                loss = self.model.training_step(self.prepare_batch(batch))
                self.optim.zero_grad()
                with torch.no_grad():
                    loss.backward()
                    self.optim.step()
                self.train_batch_idx += 1
            for batch in self.val_dataloader:
                with torch.no_grad():
                    self.model.validation_step(self.prepare_batch(batch))
                self.val_batch_idx += 1

    ours, theirs = (T(3).fit(Line(), Rows()) for T in (d2l.Trainer, Own))
    assert ours == theirs


def test_a_trainer_of_the_reader_s_own_draws_curves():
    """As built in 3.2: it knows the counters, and keeps no record."""

    class Own(d2l.HyperParameters):
        def __init__(self, max_epochs):
            self.save_hyperparameters()

        def fit(self, model, data):
            self.num_train_batches = len(data.train_dataloader())
            self.num_val_batches = len(data.val_dataloader())
            model.trainer, optim = self, model.configure_optimizers()
            self.train_batch_idx = 0
            for self.epoch in range(self.max_epochs):  # noqa: B020
                for batch in data.train_dataloader():
                    loss = model.training_step(batch)
                    optim.zero_grad()
                    loss.backward()
                    optim.step()
                    self.train_batch_idx += 1
                for batch in data.val_dataloader():
                    model.validation_step(batch)

    model = Line()
    Own(2).fit(model, Rows(n=16))
    assert [x for x, _ in model.board.data["train_loss"]] == [
        *(0.125, 0.625, 1.125, 1.625)
    ]
    assert [x for x, _ in model.board.data["val_loss"]] == [1, 2]


def test_a_trainer_that_forgets_our_init_still_fits():
    class Own(d2l.Trainer):
        def __init__(self, max_epochs, gradient_clip_val=0):
            self.save_hyperparameters()

    assert len(Own(2).fit(Line(), Rows())["val_loss"]) == 2


def test_other_metrics_may_be_nan():
    class Undefined(Line):
        def validation_step(self, batch):
            self.plot("precision", math.nan, train=False)

    history = d2l.Trainer(1).fit(Undefined(), Rows())
    assert math.isnan(history["val_precision"][0])


def test_an_empty_history_has_a_name():
    assert repr(d2l.History()) == "<History of 0 epochs: >"


def test_data_module_knows_its_folder(tmp_path):
    assert d2l.DataModule().root == str(d2l.cache_folder())
    for root in (tmp_path, str(tmp_path)):
        assert d2l.DataModule(root).root + "/file" == f"{tmp_path}/file"


def test_lazy_layers_keep_their_parameters():
    class Lazy(Line):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.LazyLinear(4), nn.LazyLinear(1))

    torch.manual_seed(0)
    model = Lazy()
    history = d2l.Trainer(20).fit(model, Rows())
    assert history["train_loss"][-1] < history["train_loss"][0]


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (
            lambda: d2l.Module()(torch.ones(1)),
            NotImplementedError,
            "Define self.net or forward(self, X).",
        ),
        (
            lambda: d2l.Module().loss(1, 2),
            NotImplementedError,
            "Define loss(self, y_hat, y).",
        ),
        (
            lambda: d2l.Module().configure_optimizers(),
            NotImplementedError,
            "Define configure_optimizers, or store a learning rate as lr.",
        ),
        (
            lambda: d2l.Module().plot("loss", 1.0, train=True),
            RuntimeError,
            "plot works once Trainer.fit has begun.",
        ),
        (
            lambda: d2l.DataModule().train_dataloader(),
            NotImplementedError,
            "Define get_dataloader(self, train).",
        ),
    ],
)
def test_what_is_missing_is_named(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence


def test_tensor_loader_gives_every_row_once():
    loader = d2l.TensorLoader((torch.arange(10), -torch.arange(10)), 4)
    assert len(loader) == 3
    batches = list(loader)
    assert [len(X) for X, _ in batches] == [4, 4, 2]
    assert torch.cat([X for X, _ in batches]).tolist() == list(range(10))
    assert all(torch.equal(X, -y) for X, y in batches)


def test_tensor_loader_shuffles_anew_and_keeps_pairs():
    tensors = (torch.arange(100), -torch.arange(100))
    loader = d2l.TensorLoader(tensors, 30, shuffle=True)
    torch.manual_seed(0)
    first, second = (
        [torch.cat(t) for t in zip(*loader, strict=True)] for _ in range(2)
    )
    assert not torch.equal(first[0], second[0])
    for X, y in (first, second):
        assert torch.equal(X.sort().values, torch.arange(100))
        assert torch.equal(X, -y)
    torch.manual_seed(0)
    again = torch.cat([X for X, _ in loader])
    assert torch.equal(again, first[0])


def test_tensor_loader_refuses_tensors_of_two_lengths():
    with pytest.raises(ValueError, match=r"\(3,\), \(4,\)"):
        d2l.TensorLoader((torch.ones(3), torch.ones(4)), 2)


def test_get_tensorloader_takes_rows():
    data = Rows()
    loader = data.get_tensorloader((data.X, data.y), False, slice(2, 5))
    assert torch.equal(torch.cat([X for X, _ in loader]), data.X[2:5])
