"""What a fit records: the history, and the points of its curves."""

import copy
import math
import pickle
import weakref
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from line_fit import Batches, FarTensor, Line, Rows, own_trainer

import d2lmini as d2l


def test_a_history_is_there_before_during_and_after_a_fit():
    """In a running epoch its last entries are the means so far, or NaN."""
    seen = []

    class Reader(Line):
        def training_step(self, batch):
            loss = super().training_step(batch)
            seen.append({k: v[-1] for k, v in self.trainer.history.items()})
            return loss

    trainer, plain, reader = d2l.Trainer(2), Line(), Reader()
    assert trainer.history == {"epoch": []}
    expected = d2l.Trainer(2).fit(plain, Rows())
    assert trainer.fit(reader, Rows()) is trainer.history
    assert trainer.history == expected
    assert reader.board.data == plain.board.data  # its points are no others
    assert "val_loss" not in seen[2] and math.isnan(seen[5]["val_loss"])
    assert [seen[2]["train_loss"], seen[5]["train_loss"]] == pytest.approx(
        expected["train_loss"]
    )
    assert repr(expected) == "<History of 2 epochs: train_loss, val_loss>"
    assert repr(d2l.History()) == "<History of 0 epochs: >"


def test_a_loop_of_the_reader_s_own_may_read_and_extend_the_history():
    def fit_epoch(self):
        self.history.setdefault("lr", []).append(self.optim.param_groups[0])
        d2l.Trainer.fit_epoch(self)
        assert self.history["epoch"] == [*range(1, self.epoch + 2)]
        self.latest = [*getattr(self, "latest", []), self.history["val_loss"]]
        self.latest[-1] = self.latest[-1][-1]

    trainer = own_trainer(fit_epoch=fit_epoch)(3)
    history = trainer.fit(Line(), Rows())
    assert history["val_loss"] == trainer.latest
    assert len(set(trainer.latest)) == len(history["lr"]) == 3


def test_a_history_of_the_reader_s_own_is_kept():
    trainer = own_trainer(
        fit_epoch=lambda self: self.history.append(self.epoch)
    )(2)
    trainer.history = []
    assert trainer.fit(Line(), Rows()) == [0, 1]


def test_a_metric_that_comes_late_is_filled_with_nan():
    class Late(Line):
        def validation_step(self, batch):
            if self.trainer.epoch == 1:
                self.plot("late", 1.0, train=False)

    history = d2l.Trainer(3).fit(Late(), Rows())
    assert np.array_equal(history["val_late"], [math.nan, 1, math.nan], True)
    assert len(history["train_loss"]) == len(history["epoch"]) == 3


def test_after_an_interrupt_columns_are_of_one_length_and_a_fit_is_new():
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


# Points.


def test_points_are_means_and_lie_in_the_middle_of_their_steps():
    class Steps(Line):
        def training_step(self, batch):
            self.plot("step", self.trainer.train_batch_idx, train=True)
            return super().training_step(batch)

    model = Steps()
    d2l.Trainer(2).fit(model, Rows(n=12))  # two points from three steps
    sixths = [(0.5 / 3, 0.5), (2 / 3, 2), (3.5 / 3, 3.5), (5 / 3, 5)]
    np.testing.assert_allclose(model.board.data["train_step"], sixths)
    assert [x for x, _ in model.board.data["val_loss"]] == [1, 2]


def test_a_metric_may_be_recorded_once_an_epoch():
    def fit_epoch(self):
        d2l.Trainer.fit_epoch(self)
        self.record("lr", 0.1 * (self.epoch + 1), train=True)
        self.model.plot("once", self.epoch, train=False)

    model = Line()
    trainer = own_trainer(fit_epoch=fit_epoch)(3)
    history = trainer.fit(model, Rows(n=40))
    assert history["train_lr"] == pytest.approx([0.1, 0.2, 0.3])
    assert history["val_once"] == [0, 1, 2]
    assert [x for x, _ in model.board.data["train_lr"]] == [1, 2, 3]
    assert model.board.data["val_once"] == [(1, 0), (2, 1), (3, 2)]


def test_a_validation_metric_needs_no_validation_data():
    class Tested(Line):
        def training_step(self, batch):
            self.plot("acc", float(self.trainer.epoch), train=False)
            return super().training_step(batch)

    model = Tested()
    history = d2l.Trainer(2).fit(model, Rows(validate=False))
    assert [*history] == ["epoch", "val_acc", "train_loss"]
    assert history["val_acc"] == [0, 1]
    assert model.board.data["val_acc"] == [(1, 0), (2, 1)]


class Misstated(list):
    """Batches whose number is not what `len` says."""

    def __len__(self):
        return self.stated


@pytest.mark.parametrize("stated", [0, 2, 10])
def test_validation_may_have_another_number_of_batches(stated):
    class Data(Rows):
        def val_dataloader(self):
            batches = Misstated([(self.X, self.y)] * 3)
            batches.stated = stated
            return batches

    model = Line()
    history = d2l.Trainer(2).fit(model, Data())
    assert len(history["val_loss"]) == 2
    assert model.board.data["val_loss"][-1].x == 2


def test_no_points_are_wished_for():
    model = Line(plot_train_per_epoch=0, plot_valid_per_epoch=0)
    history = d2l.Trainer(2).fit(model, Rows())
    assert len(history["train_loss"]) == 2 and not model.board.data


# Losses that are no longer finite.


@pytest.mark.parametrize(
    "first, step, epoch, cause",
    [
        (0, 0, 1, "before any update; look at the data"),
        (1, 1, 1, "training diverged; try a smaller learning rate"),
        (3, 3, 2, "training diverged"),
    ],
)
@pytest.mark.parametrize("points", [0, 1, 3])
def test_a_loss_that_is_nan_ends_the_fit(first, step, epoch, cause, points):
    class Bad(Line):
        def loss(self, y_hat, y):
            late = self.trainer.train_batch_idx >= first
            return y_hat.sum() * (math.nan if late else 1)

    data = Rows(validate=False)
    sentence = rf"train_loss is nan at step {step} \(epoch {epoch}\): {cause}"
    trainer = d2l.Trainer(2)
    with pytest.raises(FloatingPointError, match=sentence):
        trainer.fit(Bad(plot_train_per_epoch=points), data)
    assert math.isnan(trainer.history["train_loss"][-1])
    free = d2l.Trainer(2, stop_at_nan=False)
    assert math.isnan(free.fit(Bad(), data)["train_loss"][1])


def test_other_metrics_may_be_nan():
    class Undefined(Line):
        def validation_step(self, batch):
            self.plot("precision", math.nan, train=False)

    (value,) = d2l.Trainer(1).fit(Undefined(), Rows())["val_precision"]
    assert math.isnan(value)


# Values.


def recorded(values):
    """Return the mean of what is recorded, one value for each batch."""

    class Model(Line):
        def validation_step(self, batch):
            self.plot("x", next(values), train=False)

    values = iter(values)
    return d2l.Trainer(1).fit(Model(), Rows(n=16))["val_x"]


THREE = {
    "int": 3,
    "NumPy": np.float32(3.0),
    "array": np.full((1, 1), 3.0),
    "list": [3.0],
    "half": torch.tensor(3.0, dtype=torch.bfloat16),
    "whole": torch.tensor(3),
    "row": torch.full((1, 1), 3.0),
    "with a graph": torch.ones((), requires_grad=True) * 3,
    "on a GPU": torch.tensor([3.0]).as_subclass(FarTensor),
}


@pytest.mark.parametrize("value", THREE.values(), ids=THREE)
def test_numbers_of_any_type_are_recorded(value):
    (mean,) = recorded([value, 0.5, True, torch.tensor(0.5)])
    assert type(mean) is float and mean == 5 / 4


@pytest.mark.parametrize(
    "value", ["0.5", 1j, [1, 2], None, torch.ones(2), torch.tensor(1j)]
)
def test_what_is_no_number_is_not_recorded(value):
    with pytest.raises(ValueError, match="val_x (must be one real number|is)"):
        recorded([value])


def test_values_on_a_gpu_are_fetched_once_a_point(monkeypatch):
    fetches, stack = [], torch.stack

    def counted(values):
        fetches.append(len(values))
        return stack(values)

    class FarAway(Line):
        def plot(self, key, value, train):
            super().plot(key, value.as_subclass(FarTensor), train)

    expected = d2l.Trainer(1).fit(Line(), Rows(n=40))
    monkeypatch.setattr(torch, "stack", counted)
    monkeypatch.setattr(torch.Tensor, "item", None)
    history = d2l.Trainer(1).fit(FarAway(), Rows(n=40))
    assert fetches == [5, 5, 10]
    assert history["train_loss"] == pytest.approx(expected["train_loss"])


@pytest.mark.parametrize("kind", [torch.Tensor, FarTensor])
def test_a_recorded_value_may_be_changed_in_place(kind):
    class Model(Line):
        total = torch.zeros(()).as_subclass(kind)

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
            self.plot("first", hidden[0, 0].as_subclass(FarTensor), train=True)
            alive.append(weakref.ref(hidden))
            return self.loss(hidden, batch[1])

    d2l.Trainer(1).fit(Watched(plot_train_per_epoch=1), Rows(n=40))
    assert len(alive) == 10 and not any(ref() is not None for ref in alive)


def test_a_device_without_numbers_runs_through():
    """As a check of shapes: there is nothing to record."""
    with torch.device("meta"):
        model, batch = Line(), (torch.ones(4, 3), torch.ones(4, 1))
    history = d2l.Trainer(2).fit(model, Batches(lambda: [batch]))
    assert history == {"epoch": [1, 2]} and not model.board.data


# Files and copies.


def test_a_history_in_a_file_loads_without_trust(tmp_path):
    history, path = d2l.Trainer(2).fit(Line(), Rows()), tmp_path / "saved.pt"
    torch.save(history, path)
    loaded = torch.load(path, weights_only=True)
    assert loaded == history and type(loaded) is OrderedDict
    with zipfile.ZipFile(path) as archive:  # nor with this package at hand
        (name,) = (n for n in archive.namelist() if n.endswith("data.pkl"))
        assert b"d2lmini" not in archive.read(name)


def test_histories_and_trainers_can_be_copied():
    trainer = d2l.Trainer(1)
    history = trainer.fit(d2l.LinearRegression(0.1), Rows())
    for again in (copy.copy(history), copy.deepcopy(history)):
        assert type(again) is d2l.History and again == history
        assert again is not history
    for again in (copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))):
        assert again.history == history and len(again.train_dataloader) == 3
