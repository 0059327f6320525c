"""What a fit does and records, in loops of ours and of the reader's own."""

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from line_fit import Batches, FarTensor, Line, Rows, own_trainer, pickled
from torch import nn

import d2lmini as d2l
from d2lmini.support import devices


def test_long_gradients_are_scaled_down():
    steps = []
    for clip in (0, 9, 0.5):
        model = Line(lr=1.0)
        before = nn.utils.parameters_to_vector(model.parameters())
        trainer = d2l.Trainer(1, gradient_clip_val=clip)
        trainer.fit(model, Rows(4, validate=False))
        after = nn.utils.parameters_to_vector(model.parameters())
        steps.append(before - after)
    gradient, untouched, clipped = steps
    assert 0.5 < gradient.norm() < 9 and torch.equal(untouched, gradient)
    torch.testing.assert_close(clipped, gradient * 0.5 / gradient.norm())


def test_each_step_runs_in_its_mode():
    model, seen = Line().eval(), []

    def step(batch):
        seen.append((model.training, torch.is_grad_enabled()))
        return model.net.bias.sum()

    model.training_step = model.validation_step = step
    d2l.Trainer(2).fit(model, Rows(n=4))
    assert seen == [(True, True), (False, False)] * 2
    assert model.training and torch.is_grad_enabled()


class Printed(d2l.HyperParameters):
    """A trainer as D2L prints it: it knows nothing of a record."""

    def __init__(self, max_epochs):
        self.save_hyperparameters()

    def prepare_data(self, data):
        self.train_dataloader = data.train_dataloader()
        self.val_dataloader = data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = len(self.val_dataloader)

    def prepare_model(self, model):
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        self.model = model

    def fit(self, model, data):
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        for self.epoch in range(self.max_epochs):  # noqa: B020
            self.fit_epoch()

    def fit_epoch(self):
        for batch in self.train_dataloader:
            loss = self.model.training_step(batch)
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
            self.train_batch_idx += 1
        for batch in self.val_dataloader or ():
            self.model.validation_step(batch)
            self.val_batch_idx += 1


PARTS = "__init__ prepare_data prepare_model fit fit_epoch".split()
COMBINATIONS = [[], *([name] for name in PARTS), PARTS[2:4], PARTS]


@pytest.mark.parametrize("names", COMBINATIONS, ids="+".join)
def test_parts_as_d2l_prints_them(names):
    """In a trainer of ours, or all of them in one that is not ours at all.

    Twice, because nothing of the first fit may be left in the second.
    """
    methods = {name: vars(Printed)[name] for name in names}
    trainer, data = own_trainer(**methods)(3), Rows()
    if not names:
        trainer, data = Printed(3), Rows(n=12)  # batches of one size
        trainer.fit(Line(lr=math.inf), data)  # which never stops at NaN
    plain, expected = d2l.Trainer(3), Line()
    plain.fit(expected, data)
    for _ in range(2):
        model = Line()
        trainer.fit(model, data)
        assert getattr(trainer, "history", plain.history) == plain.history
        assert trainer.train_batch_idx == trainer.val_batch_idx == 9
        assert model.board.data == expected.board.data
        torch.testing.assert_close(model.state_dict(), expected.state_dict())


# The end of a fit, and what it says.


ENDS = [("should_stop", True, 5), ("max_epochs", 1, 2), ("max_epochs", 2, 2)]


@pytest.mark.parametrize("name, value, total", ENDS)
def test_a_line_an_epoch_until_the_end(capsys, name, value, total):
    class Enough(Line):
        def validation_step(self, batch):
            self.plot("x", 0.5, train=False)
            if self.trainer.epoch == 1:
                setattr(self.trainer, name, value)

    model, trainer = Enough(), d2l.Trainer(5)
    model.board.display = trainer.should_stop = True  # by an earlier fit
    first, second = trainer.fit(model, Rows())["train_loss"]
    trainer.fit(Line(), Rows())  # whose board does not display
    assert capsys.readouterr().out == (
        f"epoch 1/5  train_loss {first:.4f}  val_x 0.5000\n"
        f"epoch 2/{total}  train_loss {second:.4f}  val_x 0.5000\n"
    )


def test_a_board_may_be_the_reader_s_own(capsys):
    model, points = Line(), []
    model.board = SimpleNamespace(draw=lambda *point: points.append(point))
    d2l.Trainer(1).fit(model, Rows())
    assert [label for _, _, label in points[-2:]] == ["train_loss", "val_loss"]
    assert model.board.xlim == [0, 1] and "epoch 1/1" in capsys.readouterr().out


# Threads.


def threads(model):
    with devices.suitable_threads(model):
        return torch.get_num_threads()


def test_threads_are_used_where_they_pay(monkeypatch):
    """On a reader's machine: PyTorch chose two threads, and nobody else did."""
    seen, model, counts, variables = [], Line(), [2], ("OMP", "MKL")
    for name in variables:
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)
    monkeypatch.setattr(devices, "_num_threads", 2)
    monkeypatch.setattr("torch.get_num_threads", lambda: counts[-1])
    monkeypatch.setattr("torch.set_num_threads", counts.append)
    model.loss = lambda y_hat, y: seen.append(counts[-1]) or y_hat.sum()
    d2l.Trainer(1).fit(model, Rows(4, validate=False))
    assert seen == [1] and counts[-1] == 2
    assert threads(nn.Linear(3, 249_999)) == 1  # of 999,996 parameters
    assert threads(nn.Linear(3, 250_000)) == threads(nn.Conv1d(1, 1, 3)) == 2
    assert threads(nn.LazyLinear(250_000)) == 1  # until it is built
    with pytest.raises(ZeroDivisionError), devices.suitable_threads(model):
        1 / 0  # noqa: B018
    assert counts[-1] == 2
    for name in variables:
        with monkeypatch.context() as patch:
            patch.setenv(f"{name}_NUM_THREADS", "2")
            assert threads(model) == 2
    counts.append(3)  # somebody asks for it
    assert threads(model) == 3


# Devices. Meta tensors, which have no values, stand for those of a GPU.


def test_gpus_are_counted_named_and_done_without(monkeypatch):
    def pretend(cuda, mps):
        monkeypatch.setattr("torch.cuda.device_count", lambda: cuda)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)

    pretend(2, False)
    assert d2l.num_gpus() == 2 and d2l.try_gpu(2) == d2l.cpu()
    assert d2l.try_gpu(1) == d2l.gpu(1) == torch.device("cuda", 1)
    assert d2l.Trainer(1, num_gpus=1).gpus == [d2l.gpu()]
    with pytest.warns(UserWarning, match="3, .* 2 .* on the first"):
        assert len(d2l.Trainer(1, num_gpus=3).gpus) == 2
    pretend(0, True)
    assert d2l.try_gpu() == d2l.gpu() == torch.device("mps", 0)
    pretend(0, False)
    with pytest.warns(UserWarning, match="1, .* 0 .* the CPU") as caught:
        assert d2l.Trainer(1, num_gpus=1).gpus == []
    assert caught[0].filename == __file__


@pytest.mark.parametrize("room", [True, False])
def test_data_goes_to_the_gpu_at_once_where_it_fits(monkeypatch, room):
    trainer, model, far = d2l.Trainer(1), Line(), torch.device("meta")
    loader = Rows(shuffled=True).train_dataloader()
    trainer.gpus, fits = [far], {(far, 160): room}  # 10 rows of 4 floats
    monkeypatch.setattr(devices, "has_room", lambda *args: fits[args])
    trainer.prepare_data(Batches(lambda: loader))
    trainer.prepare_model(model)
    assert model.net.weight.is_meta and not loader.tensors[0].is_meta
    with far:  # the order is drawn on the CPU all the same
        batch = next(iter(trainer.train_dataloader))
    assert [part.is_meta for part in batch] == [room] * 2
    assert all(part.is_meta for part in trainer.prepare_batch(batch))


def test_half_of_the_free_memory_is_left(monkeypatch):
    memory = {d2l.gpu(): (1000, 9000)}
    monkeypatch.setattr("torch.cuda.mem_get_info", memory.get)
    monkeypatch.setattr("torch.mps.recommended_max_memory", lambda: 1500)
    monkeypatch.setattr("torch.mps.driver_allocated_memory", lambda: 500)
    for device in (d2l.gpu(), torch.device("mps", 0)):
        assert devices.has_room(device, 500)
        assert not devices.has_room(device, 501)
    assert devices.has_room(d2l.cpu(), 10**18)


@pytest.mark.filterwarnings("ignore:Guards may run slower")  # 3.13.0
def test_a_compiled_model_trains():
    model, plain, graphs = Line(), Line(), []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(model, backend=backend)
    compiled._compile_kwargs = {"backend": backend}  # once Lightning is there
    history = d2l.Trainer(2).fit(compiled, Rows(n=8))
    assert graphs  # what was compiled has run, and not the model inside
    expected = d2l.Trainer(2).fit(plain, Rows(n=8))
    assert history["val_loss"] == pytest.approx(expected["val_loss"])
    saved = pickled(model)
    torch.testing.assert_close(saved(torch.eye(3)), plain(torch.eye(3)))


# Models: what is stored in them, and copies of them.


def weighted():
    """Return a classifier and data, with a loss of its own."""
    model = d2l.SoftmaxRegression(2, 0.1)
    model.loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 100.0]))
    model.board.display, model.board.yscale = False, "log"
    X, y = torch.eye(4, 3), torch.tensor([0, 1, 0, 0])
    return model, Batches(lambda: [(X, y)]), model.loss(model(X), y)


def test_what_is_stored_under_the_name_of_a_method_takes_its_place():
    model, data, loss = weighted()
    history = d2l.Trainer(2).fit(model, data)
    assert history["train_loss"][0] == pytest.approx(loss.item())
    other = d2l.SoftmaxRegression(2, 0.1)
    other.loss = lambda Y_hat, Y: 0 * Y_hat.sum() + 5
    assert d2l.Trainer(1).fit(other, data)["val_loss"] == [5]
    other.forward = nn.Linear(3, 4)
    assert other(torch.ones(4, 3)).shape == (4, 4)


@pytest.mark.parametrize("twin", [copy.deepcopy, pickled])
def test_copies_are_whole_and_a_model_leaves_the_fit_behind(twin):
    model, data, _ = weighted()
    trainer = d2l.Trainer(1)
    history = trainer.fit(model, data)
    assert twin(trainer).history == history
    again = twin(model)
    assert not hasattr(again, "trainer") and hasattr(model, "trainer")
    assert (again.board.yscale, again.board.data) == ("log", {})
    assert model.board.data and model.board.xlabel == "epoch"
    again.loss.weight.fill_(5)
    assert again.state_dict()["loss.weight"].tolist() == [5, 5]
    assert model.loss.weight.tolist() == [1, 100]
    assert len(d2l.Trainer(1).fit(again, data)["val_acc"]) == 1


def test_leaf_tensors_become_parameters_on_the_same_memory():
    class Scratch(d2l.Module):
        net = None  # a default in the class hides no layer

    model, w = Scratch(), torch.zeros(2, requires_grad=True)
    model.w, model.constant, model.result = w, torch.ones(2), w * 2
    model.b = model.tied = given = nn.Parameter(torch.ones(1))
    model.net = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        w += 1
    assert [*model.state_dict()] == ["w", "b", "tied", "net.weight"]
    assert model.w.tolist() == [1, 1] and model.b is model.tied is given
    assert model(torch.ones(3, 2)).shape == (3, 1)


# What a fit records: its history.


def test_a_history_is_there_before_during_and_after_a_fit():
    """In a running epoch its last entries are the means so far, or NaN."""
    seen = []

    class Reader(Line):
        def training_step(self, batch):
            loss = super().training_step(batch)
            seen.append({k: v[-1] for k, v in self.trainer.history.items()})
            return loss

    trainer, expected = d2l.Trainer(2), d2l.Trainer(2).fit(Line(), Rows())
    assert trainer.history == {"epoch": []}
    assert trainer.fit(Reader(), Rows()) is trainer.history == expected
    assert "val_loss" not in seen[2] and math.isnan(seen[5]["val_loss"])
    means = [seen[2]["train_loss"], seen[5]["train_loss"]]
    assert means == pytest.approx(expected["train_loss"])
    assert repr(expected) == "<History of 2 epochs: train_loss, val_loss>"
    trainer.history = ["mine"]
    assert trainer.fit(Line(), Rows()) == ["mine"]


def test_a_loop_of_the_reader_s_own_has_its_optimizers_and_metrics():
    latest = []

    def fit_epoch(self):
        self.history.setdefault("mine", []).append(self.epoch)
        self.optim = optims[self.epoch % 2]
        d2l.Trainer.fit_epoch(self)
        self.record("lr", 0.1 * (self.epoch + 1), train=True)
        self.model.plot("once", self.epoch, train=False)
        if self.epoch == 1:
            self.record("rare", 5, train=False)
        latest.append(self.history["train_loss"][-1])

    model, trainer = Line(), own_trainer(fit_epoch=fit_epoch)(3)
    optims = [torch.optim.SGD([p], 0.1) for p in model.parameters()]
    model.configure_optimizers = lambda: optims
    history = trainer.fit(model, Rows(n=40, validate=False))
    assert history["train_loss"] == latest and history["mine"] == [0, 1, 2]
    assert history["train_lr"] == pytest.approx([0.1, 0.2, 0.3])
    assert [x for x, _ in model.board.data["train_lr"]] == [1, 2, 3]
    assert model.board.data["val_once"] == [(1, 0), (2, 1), (3, 2)]
    rare = pytest.approx([math.nan, 5, math.nan], nan_ok=True)
    assert history["val_rare"] == rare


# Points.


def test_points_are_means_and_lie_in_the_middle_of_their_steps():
    class Steps(Line):
        def training_step(self, batch):
            self.plot("step", self.trainer.train_batch_idx, train=True)
            return super().training_step(batch)

    model, data = Steps(), Rows(n=18)  # the fifth batch is smaller
    data.val_dataloader = lambda: [(data.X, data.y)]
    d2l.Trainer(2).fit(model, data)
    points = [(0.2, 1), (0.7, 10 / 3), (1.2, 6), (1.7, 25 / 3)]
    np.testing.assert_allclose(model.board.data["train_step"], points)
    assert [x for x, _ in model.board.data["val_loss"]] == [1, 2]


# Losses that are no longer finite.

CAUSES = [(0, "before any"), (1, "training div"), (3, "training div")]


@pytest.mark.parametrize("points", [0, 1, 3])
@pytest.mark.parametrize("step, cause", CAUSES)
def test_a_loss_that_is_nan_ends_the_fit(step, cause, points):
    class Diverging(Line):
        def loss(self, y_hat, y):
            late = self.training and self.trainer.train_batch_idx >= step
            return y_hat.sum() + (math.nan if late else 0)

    model, trainer = Diverging(plot_train_per_epoch=points), d2l.Trainer(2)
    where = rf"train_loss is nan at step {step} \(epoch {step // 3 + 1}\)"
    with pytest.raises(FloatingPointError, match=f"{where}: {cause}.*, or"):
        trainer.fit(model, Rows())
    assert math.isnan(trainer.history["train_loss"][-1])
    lengths = {len(column) for column in trainer.history.values()}
    assert lengths == {step // 3 + 1}  # also of what is not yet recorded
    assert trainer.fit(Line(), Rows()) == d2l.Trainer(2).fit(Line(), Rows())
    free = d2l.Trainer(2, stop_at_nan=False)
    assert math.isnan(free.fit(model, Rows())["train_loss"][1])
    assert len(model.board.data.get("train_loss", [])) == 2 * points


# Values.


def recorded(values):
    """Return the mean of what is recorded, one value for each batch."""

    model, values = Line(), iter(values)
    model.validation_step = lambda batch: model.plot("x", next(values), False)
    return d2l.Trainer(1).fit(model, Rows(n=16))["val_x"]


def test_numbers_of_any_type_are_recorded():
    grown = torch.full((1, 1), 3.0, requires_grad=True)
    far = torch.tensor([3]).as_subclass(FarTensor)
    for value in (np.full((1, 1), 3.0), grown.bfloat16(), far):
        (mean,) = recorded([value, 0.5, True, torch.tensor(0.5)])
        assert type(mean) is float and mean == 5 / 4


NO_NUMBERS = "5", 1j, [1, 2], [1, [2]], None, torch.ones(2), torch.tensor(1j)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_not_recorded(value):
    with pytest.raises(ValueError, match="val_x must be one real number"):
        recorded([value])


def test_values_on_a_gpu_are_fetched_once_a_point(monkeypatch):
    """Until then only copies of them wait, without their graphs."""
    fetches = []

    def stack(values, stack=torch.stack):
        fetches.append([value.requires_grad for value in values])
        return stack(values)

    class FarAway(Line):
        def plot(self, key, value, train):
            super().plot(key, value.as_subclass(FarTensor), train)
            value.data.zero_()

    expected = d2l.Trainer(1).fit(Line(), Rows(n=40))
    monkeypatch.setattr(torch, "stack", stack)
    monkeypatch.setattr(torch.Tensor, "item", None)
    history = d2l.Trainer(1).fit(FarAway(), Rows(n=40))
    assert fetches == [[False] * 5, [False] * 5, [False] * 10]
    assert history["train_loss"] == pytest.approx(expected["train_loss"])


def test_a_history_can_be_saved_and_copied(tmp_path):
    history, path = d2l.Trainer(1).fit(Line(), Rows()), tmp_path / "saved.pt"
    torch.save(history, path)
    assert torch.load(path, weights_only=True) == history  # no trust in us
    for again in (copy.copy(history), copy.deepcopy(history)):
        assert type(again) is d2l.History and again == history is not again
