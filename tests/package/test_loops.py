"""Loops of the reader's own, metrics at any moment, and modes of a model."""

import copy
import io
import math
import pickle
import weakref
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

import d2lmini as d2l
from d2lmini.support import devices


class Rows(d2l.DataModule):
    def __init__(self, n=10, batch_size=4, validate=True):
        super().__init__()
        self.save_hyperparameters()
        generator = torch.Generator().manual_seed(0)
        self.X = torch.randn(n, 3, generator=generator)
        self.y = self.X.sum(dim=1, keepdim=True)

    def get_dataloader(self, train):
        return self.get_tensorloader((self.X, self.y), False)

    def val_dataloader(self):
        return self.get_dataloader(False) if self.validate else None


class Line(d2l.Module):
    def __init__(self, lr=0.1, **points):
        super().__init__(**points)
        self.save_hyperparameters()
        self.board.display = False
        torch.manual_seed(1)
        self.net = nn.Linear(3, 1)

    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y)


# Parts of a trainer as D2L prints them.


def own_init(self, max_epochs, num_gpus=0, gradient_clip_val=0):
    self.save_hyperparameters()


def own_prepare_data(self, data):
    self.train_dataloader = data.train_dataloader()
    self.val_dataloader = data.val_dataloader()
    self.num_train_batches = len(self.train_dataloader)
    self.num_val_batches = (
        len(self.val_dataloader) if self.val_dataloader is not None else 0
    )


def own_prepare_model(self, model):
    model.trainer = self
    model.board.xlim = [0, self.max_epochs]
    self.model = model


def own_fit(self, model, data):
    self.prepare_data(data)
    self.prepare_model(model)
    self.optim = model.configure_optimizers()
    self.epoch = 0
    self.train_batch_idx = 0
    self.val_batch_idx = 0
    for self.epoch in range(self.max_epochs):  # noqa: B020
        self.fit_epoch()


def own_fit_epoch(self):
    self.model.train()
    for batch in self.train_dataloader:
        loss = self.model.training_step(self.prepare_batch(batch))
        self.optim.zero_grad()
        with torch.no_grad():
            loss.backward()
            if self.gradient_clip_val > 0:
                self.clip_gradients(self.gradient_clip_val, self.model)
            self.optim.step()
        self.train_batch_idx += 1
    if self.val_dataloader is None:
        return
    self.model.eval()
    for batch in self.val_dataloader:
        with torch.no_grad():
            self.model.validation_step(self.prepare_batch(batch))
        self.val_batch_idx += 1


PARTS = {
    "__init__": own_init,
    "prepare_data": own_prepare_data,
    "prepare_model": own_prepare_model,
    "prepare_batch": lambda self, batch: batch,
    "fit": own_fit,
    "fit_epoch": own_fit_epoch,
}
COMBINATIONS = [
    *([name] for name in PARTS),
    ["prepare_model", "fit"],
    ["__init__", "fit_epoch"],
    ["prepare_data", "fit"],
    [*PARTS],
]


@pytest.mark.parametrize("names", COMBINATIONS, ids="+".join)
def test_parts_as_d2l_prints_them(names):
    """Twice, because nothing of the first fit may be left in the second."""
    Own = type("Own", (d2l.Trainer,), {name: PARTS[name] for name in names})
    trainer, expected = Own(3), d2l.Trainer(3).fit(Line(), Rows())
    for _ in range(2):
        model = Line()
        trainer.fit(model, Rows())
        assert trainer.history == expected
        assert [x for x, _ in model.board.data["val_loss"]] == [1, 2, 3]
        points = [x for x, _ in model.board.data["train_loss"]]
        assert len(points) == 6 and points[-1] < 3


@pytest.mark.parametrize("name", ["prepare_model", "fit", "fit_epoch"])
def test_a_second_fit_of_one_step_starts_anew(name):
    trainer = type("Own", (d2l.Trainer,), {name: PARTS[name]})(1)
    data = Rows(batch_size=10, validate=False)
    model = Line()
    nn.init.constant_(model.net.bias, 9.0)  # another loss than in the second
    trainer.fit(model, data)
    trainer.fit(Line(), data)
    assert trainer.history == d2l.Trainer(1).fit(Line(), data)


def test_a_second_fit_starts_anew_where_little_is_ours():
    names = ["prepare_model", "fit"]
    Own = type("Own", (d2l.Trainer,), {name: PARTS[name] for name in names})
    trainer = Own(1)
    for _ in range(2):
        trainer.fit(Line(), Rows())
    assert trainer.history == d2l.Trainer(1).fit(Line(), Rows())


def test_counters_start_anew_in_a_second_fit():
    trainer = d2l.Trainer(2)
    for _ in range(2):
        model = Line()
        trainer.fit(model, Rows())
        assert trainer.train_batch_idx == trainer.val_batch_idx == 6
        points = [x for x, _ in model.board.data["train_loss"]]
        assert points == sorted(points) and points[-1] < 2
    assert trainer.epoch == 1


def test_this_epoch_s_values_are_readable_in_it():
    seen = []

    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            seen.append((self.history["val_loss"][-1], len(self.history)))
            assert self.history is self.history
            assert self.history["epoch"] == [*range(1, self.epoch + 2)]

    history = Own(3).fit(Line(), Rows())
    assert [value for value, _ in seen] == history["val_loss"]
    assert len(set(history["val_loss"])) == 3
    assert {len(values) for values in history.values()} == {3}


def test_a_scheduler_may_watch_the_validation_loss():
    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            if self.epoch == 0:
                self.watch = torch.optim.lr_scheduler.ReduceLROnPlateau(
                    self.optim
                )
            self.watch.step(self.history["val_loss"][-1])

    trainer = Own(3)
    history = trainer.fit(Line(), Rows())
    assert trainer.watch.best == history["val_loss"][2]
    assert history["val_loss"][2] < min(history["val_loss"][:2])


def test_history_may_be_read_in_every_step():
    read = []

    class Reader(Line):
        def training_step(self, batch):
            loss = super().training_step(batch)
            read.append(self.trainer.history["train_loss"][-1])
            return loss

    plain, reader = Line(), Reader()
    expected = d2l.Trainer(2).fit(plain, Rows())
    assert d2l.Trainer(2).fit(reader, Rows()) == expected
    assert read[2] == pytest.approx(expected["train_loss"][0])
    assert read[5] == pytest.approx(expected["train_loss"][1])
    assert reader.board.data == plain.board.data  # its points are no others


def test_what_an_epoch_has_not_recorded_yet_is_nan_in_it():
    seen = []

    class Reader(Line):
        def training_step(self, batch):
            loss = super().training_step(batch)
            seen.append(self.trainer.history.get("val_loss", [None])[-1])
            return loss

    d2l.Trainer(2).fit(Reader(), Rows())
    assert seen[:3] == [None] * 3 and all(map(math.isnan, seen[3:]))


def test_columns_of_the_reader_s_own_stay_in_the_history():
    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            self.history.setdefault("lr", []).append(self.optim.param_groups[0])

    assert len(Own(3).fit(Line(), Rows())["lr"]) == 3


def test_a_history_of_the_reader_s_own_is_kept():
    class Own(d2l.Trainer):
        def __init__(self, max_epochs):
            super().__init__(max_epochs)
            self.history = []

        def fit_epoch(self):
            super().fit_epoch()
            self.history.append(self.epoch)

    assert Own(2).fit(Line(), Rows()) == [0, 1]


def test_history_after_an_interrupt_is_of_one_length():
    class Interrupted(Line):
        def training_step(self, batch):
            if self.trainer.train_batch_idx == 4:
                raise KeyboardInterrupt
            return super().training_step(batch)

    trainer = d2l.Trainer(3)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(Interrupted(), Rows())
    assert {len(values) for values in trainer.history.values()} == {2}
    assert trainer.fit(Line(), Rows()) == d2l.Trainer(3).fit(Line(), Rows())


def test_a_metric_may_be_recorded_once_an_epoch():
    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            self.model.plot("lr", 0.1 * (self.epoch + 1), train=True)
            self.model.plot("once", self.epoch, train=False)

    model = Line()
    history = Own(3).fit(model, Rows(n=40))
    assert history["train_lr"] == pytest.approx([0.1, 0.2, 0.3])
    assert history["val_once"] == [0, 1, 2]
    assert [p.x for p in model.board.data["train_lr"]] == [1, 2, 3]
    assert model.board.data["val_once"] == [(1, 0), (2, 1), (3, 2)]


@pytest.mark.parametrize("own", [False, True])
def test_a_validation_metric_needs_no_validation_data(own):
    """Under a fit of the reader's own, an epoch's point comes with the next."""

    class Tested(Line):
        def training_step(self, batch):
            self.plot("acc", float(self.trainer.epoch), train=False)
            return super().training_step(batch)

    parts = {"fit": own_fit} if own else {}
    trainer, model = type("Own", (d2l.Trainer,), parts)(2), Tested()
    trainer.fit(model, Rows(validate=False))
    assert trainer.history["val_acc"] == [0, 1]
    assert model.board.data["val_acc"][: 2 - own] == [(1, 0), (2, 1)][: 2 - own]


class Wrong:
    """Batches whose number is not what `len` says."""

    def __init__(self, stated):
        self.stated = stated

    def __len__(self):
        return self.stated

    def __iter__(self):
        return iter([(torch.ones(2, 3), torch.ones(2, 1))] * 3)


@pytest.mark.parametrize("stated", [0, 2, 10])
def test_validation_may_have_another_number_of_batches(stated):
    class Data(Rows):
        def val_dataloader(self):
            return Wrong(stated)

    model = Line()
    history = d2l.Trainer(2).fit(model, Data())
    assert len(history["val_loss"]) == 2
    assert model.board.data["val_loss"][-1].x == 2


def test_many_points_cost_no_more_than_few(monkeypatch):
    """A point each step looks at each value once, not at all before it."""
    looks = []
    isfinite = math.isfinite

    def counted(value):
        looks.append(value)
        return isfinite(value)

    monkeypatch.setattr(math, "isfinite", counted)
    model = Line(lr=0.01, plot_train_per_epoch=100)
    d2l.Trainer(1).fit(model, Rows(n=100, batch_size=1, validate=False))
    assert len(model.board.data["train_loss"]) == len(looks) == 100


def test_no_points_are_wished_for():
    model = Line(plot_train_per_epoch=0, plot_valid_per_epoch=0)
    history = d2l.Trainer(2).fit(model, Rows())
    assert len(history["train_loss"]) == 2 and not model.board.data


def test_a_loss_that_is_nan_is_found_where_no_point_is_drawn():
    class Bad(Line):
        def loss(self, y_hat, y):
            return y_hat.sum() * math.nan

    with pytest.raises(FloatingPointError, match="train_loss is nan at step 0"):
        data = Rows(validate=False)
        d2l.Trainer(1).fit(Bad(plot_train_per_epoch=0), data)


def test_the_first_step_alone_comes_before_any_update():
    class Later(Line):
        def loss(self, y_hat, y):
            step = self.trainer.train_batch_idx
            return y_hat.sum() * (math.nan if step else 1.0)

    sentence = "train_loss is nan at step 1 .*training diverged"
    with pytest.raises(FloatingPointError, match=sentence):
        d2l.Trainer(1).fit(Later(), Rows())


def test_a_trainer_without_our_init_stops_at_nan():
    Own = type("Own", (d2l.Trainer,), {"__init__": own_init})
    with pytest.raises(FloatingPointError):
        Own(300).fit(Line(lr=50.0), Rows())


def test_a_trainer_without_our_init_clips_no_gradient():
    Own = type("Own", (d2l.Trainer,), {"__init__": own_init})
    data, model, expected = Rows(10, 10), Line(lr=1.0), Line()
    data.y *= 100
    expected.loss(expected(data.X), data.y).backward()
    start = model.net.weight.detach().clone()
    own = Own(1)
    del own.gradient_clip_val  # as if nobody had saved it
    own.fit(model, data)
    moved = start - model.net.weight
    assert torch.allclose(moved, expected.net.weight.grad) and moved.norm() > 1


VALUES = {
    "int": 3,
    "bool": True,
    "NumPy": np.float32(3.0),
    "array": np.ones((1, 1)),
    "list": [3.0],
    "half": torch.tensor(3.0, dtype=torch.bfloat16),
    "whole": torch.tensor(3),
    "row": torch.ones(1, 1),
    "with a graph": torch.ones((), requires_grad=True) * 3,
}


@pytest.mark.parametrize("name", VALUES)
def test_numbers_of_any_type_are_recorded(name):
    class Model(Line):
        def validation_step(self, batch):
            self.plot("x", VALUES[name], train=False)

    (value,) = d2l.Trainer(1).fit(Model(), Rows())["val_x"]
    assert type(value) is float
    assert value == (1 if name in ("bool", "array", "row") else 3)


@pytest.mark.parametrize("value", ["0.5", 1j, [1, 2], torch.ones(2) + 0j, {}])
def test_what_is_no_number_is_not_recorded(value):
    class Model(Line):
        def validation_step(self, batch):
            self.plot("x", value, train=False)

    with pytest.raises(ValueError, match="val_x must be one real number, not"):
        d2l.Trainer(1).fit(Model(), Rows())


def test_numbers_and_tensors_of_several_devices_make_one_mean():
    class Far(torch.Tensor):
        is_cpu = False

    values = iter([0.5, torch.tensor(1.0).as_subclass(Far), 2, np.float64(4)])

    class Model(Line):
        def validation_step(self, batch):
            self.plot("x", next(values), train=False)

    history = d2l.Trainer(1).fit(Model(), Rows(n=16))
    assert history["val_x"] == [7.5 / 4]


@pytest.mark.parametrize("far", [False, True])
def test_a_recorded_value_may_be_changed_in_place(far):
    class Far(torch.Tensor):
        is_cpu = False

    class Model(Line):
        def __init__(self):
            super().__init__()
            self.total = torch.zeros(())
            if far:
                self.total = self.total.as_subclass(Far)

        def training_step(self, batch):
            self.total += 1
            self.plot("total", self.total, train=True)
            return super().training_step(batch)

    assert d2l.Trainer(1).fit(Model(), Rows(n=12))["train_total"] == [2]


def test_no_graph_outlives_its_step():
    """What a step computed is freed with it; only its number is kept."""
    alive = []

    class Watched(Line):
        def training_step(self, batch):
            hidden = self(batch[0])
            loss = self.loss(hidden, batch[1])
            self.plot("loss", loss, train=True)
            self.plot("first", hidden[0, 0], train=True)
            alive.append(weakref.ref(hidden))
            return loss

    d2l.Trainer(2).fit(Watched(plot_train_per_epoch=1), Rows(n=40))
    assert len(alive) == 20 and not any(ref() is not None for ref in alive)


def test_fit_stops_early_when_it_is_told_to(capsys):
    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            self.should_stop = self.epoch == 1

    model = Line()
    model.board.display = True
    trainer = Own(5)
    for _ in range(2):  # the second fit is not stopped by the first one
        assert trainer.fit(model, Rows())["epoch"] == [1, 2]
    assert "epoch 2/5" in capsys.readouterr().out


def test_fit_stops_when_max_epochs_was_lowered(capsys):
    class Own(d2l.Trainer):
        def fit_epoch(self):
            super().fit_epoch()
            if self.epoch == 2:
                self.max_epochs = 1

    model = Line()
    model.board.display = True
    assert Own(5).fit(model, Rows())["epoch"] == [1, 2, 3]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        *("epoch 1/5", "epoch 2/5", "epoch 3/3")
    ]


def test_the_model_may_stop_the_fit():
    class Enough(Line):
        def validation_step(self, batch):
            self.trainer.should_stop = True

    assert d2l.Trainer(5).fit(Enough(), Rows())["epoch"] == [1]


def test_two_optimizers_and_a_scheduler_with_an_epoch_of_one_s_own():
    class Pair(Line):
        def configure_optimizers(self):
            weight, bias = self.net.parameters()
            optimizers = [torch.optim.SGD([p], self.lr) for p in (weight, bias)]
            schedulers = [
                torch.optim.lr_scheduler.ExponentialLR(o, 1.0)
                for o in optimizers
            ]
            return optimizers, schedulers

    class Own(d2l.Trainer):
        def fit_epoch(self):
            optimizers, schedulers = self.optim
            for batch in self.train_dataloader:
                loss = self.model.training_step(batch)
                for optim in optimizers:
                    optim.zero_grad()
                loss.backward()
                for optim in optimizers:
                    optim.step()
                self.train_batch_idx += 1
            for scheduler in schedulers:
                scheduler.step()

    two, one = Pair(), Line()
    history = Own(3).fit(two, Rows())
    expected = d2l.Trainer(3).fit(one, Rows())
    assert history["train_loss"] == expected["train_loss"]
    assert torch.equal(two.net.weight, one.net.weight)


def test_an_optimizer_that_needs_a_closure_with_an_epoch_of_one_s_own():
    class Quasi(Line):
        def configure_optimizers(self):
            return torch.optim.LBFGS(self.parameters())

    class Own(d2l.Trainer):
        def fit_epoch(self):
            for batch in self.train_dataloader:

                def closure(batch=batch):
                    self.optim.zero_grad()
                    loss = self.model.loss(self.model(batch[0]), batch[1])
                    loss.backward()
                    return loss

                self.model.plot("loss", self.optim.step(closure), train=True)
                self.train_batch_idx += 1

    history = Own(2).fit(Quasi(), Rows(batch_size=10))
    assert history["train_loss"][1] < 0.01 * history["train_loss"][0]


class Slots:
    """An optimizer without __dict__ and without param_groups."""

    __slots__ = ("params", "lr")

    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p in self.params:
            p -= self.lr * p.grad


class Wrapped:
    """An optimizer around another one, whose groups are no dicts."""

    def __init__(self, params, lr):
        self.inner, self.param_groups = torch.optim.SGD(params, lr), [None]
        self.zero_grad, self.step = self.inner.zero_grad, self.inner.step


class Named(torch.optim.SGD):
    """Counts its steps with an iterator, which is no parameters."""

    def __init__(self, params, lr):
        super().__init__(params, lr)
        self.count = iter(range(100))


@pytest.mark.parametrize("kind", [Slots, Wrapped, Named])
def test_optimizers_of_any_shape(kind):
    class Own(Line):
        def configure_optimizers(self):
            return kind(self.parameters(), self.lr)

    history = d2l.Trainer(2).fit(Own(), Rows())
    expected = d2l.Trainer(2).fit(Line(), Rows())
    assert history["val_loss"] == pytest.approx(expected["val_loss"])


# Modes.


class Droopy(Line):
    """Notes in which modes its layers are."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1)
        )
        self.seen = []

    def training_step(self, batch):
        self.seen.append(("train", *self.modes()))
        return super().training_step(batch)

    def validation_step(self, batch):
        self.seen.append(("val", *self.modes()))
        super().validation_step(batch)

    def modes(self):
        return self.training, *(layer.training for layer in self.net[1:3])


@pytest.mark.parametrize("validate", [True, False])
def test_every_epoch_trains_in_train_mode(validate):
    """Also after a validation, and after the reader has predicted."""

    class Own(d2l.Trainer):
        def fit_epoch(self):
            self.model.eval()
            super().fit_epoch()

    for Trainer in (d2l.Trainer, Own):
        model = Droopy().eval()
        Trainer(3).fit(model, Rows(n=8, validate=validate))
        assert model.seen.count(("train", True, True, True)) == 6
        assert model.seen.count(("val", False, False, False)) == 6 * validate
        assert len(model.seen) == 6 + 6 * validate
        assert model.modes() == (True, True, True)


def test_dropout_is_at_work_in_the_second_epoch():
    """A layer that drops all: in train mode nothing is predicted."""
    zeros = []

    class Own(Line):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(3, 1), nn.Dropout(1.0))

        def training_step(self, batch):
            zeros.append(not self(batch[0]).any())
            return super().training_step(batch)

        def validation_step(self, batch):
            zeros.append(bool(self(batch[0]).all()))

    d2l.Trainer(3).fit(Own(), Rows())
    assert zeros == [True] * 18


def test_a_layer_that_stays_in_evaluation_mode_is_left_in_it():
    class Frozen(Droopy):
        def train(self, mode=True):
            super().train(mode)
            self.net[1].eval()
            return self

    model = Frozen()
    d2l.Trainer(2).fit(model, Rows(n=8))
    assert set(model.seen) == {
        ("train", True, False, True),
        ("val", False, False, False),
    }
    assert model.modes() == (True, False, True)
    assert model.net[1].num_batches_tracked == 0


def test_a_validation_that_fails_leaves_the_modes_as_they_were():
    class Broken(Droopy):
        def validation_step(self, batch):
            raise ZeroDivisionError

    model = Broken()
    with pytest.raises(ZeroDivisionError):
        d2l.Trainer(1).fit(model, Rows(n=8))
    assert model.modes() == (True, True, True) and torch.is_grad_enabled()


# What a trainer and a model leave in files.


def test_a_checkpoint_with_the_history_loads_without_trust(tmp_path):
    model, trainer = Line(), d2l.Trainer(2)
    trainer.fit(model, Rows())
    path = tmp_path / "checkpoint.pt"
    state = {"model": model.state_dict(), "history": trainer.history}
    torch.save(state, path)
    loaded = torch.load(path, weights_only=True)["history"]
    assert loaded == trainer.history and type(loaded) is OrderedDict
    with zipfile.ZipFile(path) as archive:  # nor with this package at hand
        (name,) = (n for n in archive.namelist() if n.endswith("data.pkl"))
        assert b"d2lmini" not in archive.read(name)


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_history_is_one(twin):
    history = d2l.Trainer(1).fit(Line(), Rows())
    again = twin(history)
    assert type(again) is d2l.History and again == history
    assert again is not history
    assert pickle.loads(pickle.dumps(history)) == history


class Saved(Line):
    """At module level, because pickle looks classes up by name."""

    def __init__(self):
        super().__init__()
        self.loss = nn.MSELoss()


def test_a_trainer_can_be_copied_after_a_fit():
    trainer = d2l.Trainer(1)
    trainer.fit(Saved(), Rows())
    for again in (
        copy.deepcopy(trainer),
        pickle.loads(pickle.dumps(trainer)),
    ):
        assert again.history == trainer.history
        assert len(again.train_dataloader) == 3


@pytest.mark.parametrize(
    "twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copied_model_keeps_the_settings_of_its_board(twin):
    model = Saved()
    model.board.yscale, model.board.figsize = "log", (2, 2)
    d2l.Trainer(1).fit(model, Rows())
    model.board.redraw()
    board = twin(model).board
    assert (board.display, board.yscale) == (False, "log")
    assert board.figsize == (2, 2) and not board.data and board.axes is None
    assert model.board.data and model.board.axes.lines


class Points:
    """A board of the reader's own."""

    def __init__(self):
        self.points, self.flushed = [], 0

    def draw(self, x, y, label):
        self.points.append(x)

    def flush(self):
        self.flushed += 1


def test_a_board_of_the_reader_s_own_is_flushed_and_copied():
    model = Line()
    model.board = Points()
    d2l.Trainer(1).fit(model, Rows())
    assert model.board.points and model.board.flushed == 1
    assert copy.deepcopy(model).board.points == model.board.points


# Losses and layers under the names of methods.


class Weighted(d2l.Classifier):
    def __init__(self):
        super().__init__()
        self.lr = 0.1
        self.board.display = False
        self.net = nn.Linear(3, 2)
        self.loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 100.0]))


class Labels(d2l.DataModule):
    def get_dataloader(self, train):
        return [(torch.eye(4, 3), torch.tensor([0, 1, 0, 0]))]


def test_a_module_stored_as_loss_is_the_loss():
    model = Weighted()
    X, y = next(iter(Labels().train_dataloader()))
    expected = nn.functional.cross_entropy(
        model(X), y, weight=torch.tensor([1.0, 100.0])
    ).item()
    history = d2l.Trainer(2).fit(model, Labels())
    assert history["train_loss"][0] == pytest.approx(expected)
    assert "loss.weight" in model.state_dict()
    assert dict(model.named_children())["loss"] is model.loss
    assert model.to(torch.float64).loss.weight.dtype == torch.float64


@pytest.mark.parametrize(
    "twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copied_model_has_a_loss_of_its_own(twin):
    model = Weighted()
    again = twin(model)
    assert again.loss is not model.loss
    assert again.loss is dict(again.named_children())["loss"]
    again.loss.weight.fill_(5)
    assert model.loss.weight.tolist() == [1, 100]
    assert again.state_dict()["loss.weight"].tolist() == [5, 5]


def test_layers_under_the_names_of_our_methods_work():
    class Model(d2l.Classifier):
        def __init__(self):
            super().__init__()
            self.lr = 0.1
            self.forward = nn.Linear(3, 2)
            self.accuracy = nn.L1Loss()

    model = Model()
    assert model(torch.ones(4, 3)).shape == (4, 2)
    assert model.accuracy(torch.ones(2), torch.zeros(2)) == 1
    model.loss = nn.CrossEntropyLoss()
    model.loss = second = nn.NLLLoss()
    assert model.loss is second
    del model.loss
    assert model.loss == d2l.Classifier.loss.__get__(model)
    assert "loss" not in dict(model.named_children())


def test_a_function_stored_as_loss_is_the_loss():
    model = Line()
    model.loss = lambda y_hat, y: (y_hat - y).abs().mean()
    history = d2l.Trainer(1).fit(model, Rows(batch_size=10))
    other = Line()
    other.loss = nn.L1Loss()
    assert d2l.Trainer(1).fit(other, Rows(batch_size=10)) == history


def test_a_default_in_the_class_does_not_hide_a_layer():
    class Model(Line):
        net = None

    assert Model()(torch.ones(2, 3)).shape == (2, 1)


def test_a_stored_leaf_shares_its_memory_with_the_parameter():
    w, model = torch.zeros(2, requires_grad=True), Line()
    model.w = w
    with torch.no_grad():
        w += 1
    assert model.w.tolist() == [1, 1]


# Devices, types, compiled models.


def test_a_gpu_that_is_not_there_is_done_without(monkeypatch):
    monkeypatch.setattr(devices, "num_gpus", lambda: 0)
    sentence = "num_gpus=1, and PyTorch finds 0 .* trained on the CPU alone"
    with pytest.warns(UserWarning, match=sentence) as caught:
        trainer = d2l.Trainer(2, num_gpus=1)
        history = trainer.fit(Line(), Rows())
    assert len(caught) == 1 and trainer.gpus == []
    assert caught[0].filename == __file__
    assert history == d2l.Trainer(2).fit(Line(), Rows())


@pytest.mark.parametrize("room", [True, False])
def test_data_goes_to_the_gpu_at_once_where_it_fits(monkeypatch, room):
    asked = []

    def has_room(device, nbytes):
        asked.append(nbytes)
        return room

    monkeypatch.setattr(devices, "has_room", has_room)
    trainer, data = d2l.Trainer(1), Rows()
    trainer.gpus = [torch.device("meta")]
    trainer.prepare_data(data)
    X, y = batch = next(iter(trainer.train_dataloader))
    assert X.is_meta == y.is_meta == room
    assert trainer.prepare_batch(batch)[0].is_meta
    assert asked == [data.X.nbytes + data.y.nbytes] * 2


def test_half_of_the_free_memory_is_left(monkeypatch):
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (1000, 9000))
    cuda = torch.device("cuda", 0)
    assert devices.has_room(cuda, 500) and not devices.has_room(cuda, 501)
    monkeypatch.setattr("torch.mps.recommended_max_memory", lambda: 1500)
    monkeypatch.setattr("torch.mps.driver_allocated_memory", lambda: 500)
    mps = torch.device("mps", 0)
    assert devices.has_room(mps, 500) and not devices.has_room(mps, 501)
    assert devices.has_room(torch.device("cpu"), 10**18)


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_another_default_type(double):
    model, data = d2l.LinearRegression(0.1), Rows()
    model.board.display = False
    history = d2l.Trainer(3).fit(model, data)
    assert model.net.weight.dtype == torch.float64
    assert history["val_loss"][2] < history["val_loss"][0]
    assert d2l.Trainer(1).fit(Weighted(), Labels64())["val_acc"]


class Labels64(d2l.DataModule):
    def get_dataloader(self, train):
        return [(torch.eye(4, 3), torch.tensor([0, 1, 0, 0]))]


def test_a_device_without_numbers_runs_through():
    """As a check of shapes: there is nothing to record."""
    with torch.device("meta"):
        model = Line()
        X, y = torch.ones(4, 3), torch.ones(4, 1)
    data = d2l.DataModule()
    data.get_dataloader = lambda train: [(X, y)]
    assert d2l.Trainer(2).fit(model, data) == {"epoch": [1, 2]}
    assert not model.board.data


def test_models_are_made_on_the_default_device():
    with torch.device("meta"):
        model = d2l.LinearRegressionScratch(2, lr=0.1)
    assert model.w.is_meta and model.b.is_meta


@pytest.mark.parametrize("in_place", [True, False])
def test_a_compiled_model_trains(in_place):
    calls = []

    def backend(graph, inputs):
        calls.append(graph)
        return graph.forward

    model, plain = Line(), Line()
    given = model
    if in_place:
        model.compile(backend=backend)
    else:
        given = torch.compile(model, backend=backend)
    history = d2l.Trainer(2).fit(given, Rows(n=8))
    assert calls  # the compiled model has run, not the one inside
    expected = d2l.Trainer(2).fit(plain, Rows(n=8))
    assert history["val_loss"] == pytest.approx(expected["val_loss"])
    X = torch.ones(4, 3)
    for other in (given, model, copy.deepcopy(model)):
        torch.testing.assert_close(other(X), plain(X))
    pickle.dumps(model.net)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
