"""What a fit records: the history, and the points of its curves."""

import copy
import math

import numpy as np
import pytest
import torch
from line_fit import FarTensor, Line, Rows, own_trainer, pickled

import d2lmini as d2l


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


def test_a_loop_of_the_reader_s_own_may_read_and_extend_the_history():
    latest = []

    def fit_epoch(self):
        self.history.setdefault("lr", []).append(0.1)
        d2l.Trainer.fit_epoch(self)
        latest.append(self.history["val_loss"][-1])

    history = own_trainer(fit_epoch=fit_epoch)(3).fit(Line(), Rows())
    assert history["val_loss"] == latest and history["lr"] == [0.1] * 3
    assert history["epoch"] == [1, 2, 3]


def test_a_history_of_the_reader_s_own_is_kept():
    trainer = d2l.Trainer(2)
    trainer.history = ["mine"]
    assert trainer.fit(Line(), Rows()) == ["mine"]


def test_an_epoch_without_a_metric_holds_nan():
    model, trainer = Line(), d2l.Trainer(3)
    model.validation_step = lambda batch: (
        trainer.epoch == 1 and model.plot("rare", 1, train=False)
    )
    history = trainer.fit(model, Rows())
    expected = [math.nan, 1, math.nan]
    assert history["val_rare"] == pytest.approx(expected, nan_ok=True)


def test_after_an_interrupt_columns_are_of_one_length_and_a_fit_is_new():
    def clip_gradients(self, grad_clip_val, model):
        if self.train_batch_idx == 4:
            raise KeyboardInterrupt

    trainer = own_trainer(clip_gradients=clip_gradients)(3)
    trainer.gradient_clip_val = 1
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(Line(), Rows())
    assert {len(values) for values in trainer.history.values()} == {2}
    trainer.gradient_clip_val = 0
    assert trainer.fit(Line(), Rows()) == d2l.Trainer(3).fit(Line(), Rows())


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


def test_a_metric_may_be_recorded_once_an_epoch_and_without_validation():
    def fit_epoch(self):
        d2l.Trainer.fit_epoch(self)
        self.record("lr", 0.1 * (self.epoch + 1), train=True)
        self.model.plot("once", self.epoch, train=False)

    model, trainer = Line(), own_trainer(fit_epoch=fit_epoch)(3)
    history = trainer.fit(model, Rows(n=40, validate=False))
    assert history["train_lr"] == pytest.approx([0.1, 0.2, 0.3])
    assert [x for x, _ in model.board.data["train_lr"]] == [1, 2, 3]
    assert model.board.data["val_once"] == [(1, 0), (2, 1), (3, 2)]


# Losses that are no longer finite.

CAUSES = [(0, "before any"), (1, "training div"), (3, "training div")]


@pytest.mark.parametrize("points", [0, 1, 3])
@pytest.mark.parametrize("step, cause", CAUSES)
def test_a_loss_that_is_nan_ends_the_fit(step, cause, points):
    model, data, trainer = Line(), Rows(validate=False), d2l.Trainer(2)
    model.plot_train_per_epoch = points
    model.loss = lambda y_hat, y: (
        y_hat.sum() * (math.nan if model.trainer.train_batch_idx >= step else 1)
    )
    where = rf"train_loss is nan at step {step} \(epoch {step // 3 + 1}\)"
    with pytest.raises(FloatingPointError, match=f"{where}: {cause}.*, or"):
        trainer.fit(model, data)
    assert math.isnan(trainer.history["train_loss"][-1])
    free = d2l.Trainer(2, stop_at_nan=False)
    assert math.isnan(free.fit(model, data)["train_loss"][1])
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


# Files and copies.


def test_histories_and_trainers_can_be_saved_and_copied(tmp_path):
    trainer, path = d2l.Trainer(1), tmp_path / "saved.pt"
    history = trainer.fit(d2l.LinearRegression(0.1), Rows())
    torch.save(history, path)
    assert torch.load(path, weights_only=True) == history  # no trust in us
    for again in (copy.copy(history), copy.deepcopy(history)):
        assert type(again) is d2l.History and again == history is not again
    for again in (copy.deepcopy(trainer), pickled(trainer)):
        assert again.history == history and len(again.train_dataloader) == 3
