"""What a fit records: the means of its metrics, epoch by epoch."""

import copy
import math
from collections import OrderedDict
from typing import Any, NamedTuple

import torch

from .checks import check_layers, checked_metric


class History(dict):
    """What a fit recorded: a list of numbers by name, one for each epoch.

    `history["epoch"]` counts 1, 2, ...; the others, such as
    `history["val_loss"]`, are means over all samples of that epoch, NaN where
    an epoch recorded none. Turn it into a table with
    `pandas.DataFrame(history)`.

    In a file it is an OrderedDict, which `torch.load` reads without trust in
    this package.
    """

    def __repr__(self):
        names = ", ".join(name for name in self if name != "epoch")
        return f"<History of {len(self.get('epoch', ()))} epochs: {names}>"

    def __reduce__(self):
        return OrderedDict, ([*self.items()],)

    def __copy__(self):
        return History(self)

    def __deepcopy__(self, memo):
        return History(copy.deepcopy(dict(self)))


class Mean:
    """A mean that grows; a value counts as often as its weight says."""

    def __init__(self):
        self.total = self.weight = 0

    def add(self, value, weight=1):
        """Take in a number."""
        self.total += value * weight
        self.weight += weight

    @property
    def value(self):
        """The mean of what was taken in, at least one number."""
        return self.total / self.weight


class Sample(NamedTuple):
    """One value of a metric: its weight in means, and the step it is from."""

    value: Any
    weight: int
    step: int


class PendingPoint:
    """What the next point of a curve is made of."""

    def __init__(self):
        self.value, self.step = Mean(), Mean()
        self.not_finite = None  # the first Sample that is NaN or infinite


class Metric:
    """One metric in one epoch: its mean, and the point that is being made.

    Values that are tensors wait on their device until a number is needed,
    because fetching one makes the program wait.
    """

    def __init__(self, model, trainer, train):
        self.model, self.train = model, train
        if train:
            self.num_batches = trainer.num_train_batches
            self.points_per_epoch = model.plot_train_per_epoch
        else:
            self.num_batches = trainer.num_val_batches
            self.points_per_epoch = model.plot_valid_per_epoch
        self._num_calls, self._mean = 0, Mean()
        self._point, self._waiting = PendingPoint(), []

    def add(self, value, weight, step):
        """Note a value, a number or a tensor off its graph."""
        self._num_calls += 1
        self._waiting.append(Sample(value, weight, step))

    def point_is_due(self):
        """Tell whether the latest call completes a point.

        In an epoch of one call a batch the points lie evenly, the last one at
        its end. Where the number of batches is unknown, the end of the epoch
        draws.
        """
        if not self.num_batches:
            return False
        before, now = (
            calls * self.points_per_epoch // self.num_batches
            for calls in (self._num_calls - 1, self._num_calls)
        )
        return now > before

    def mean(self):
        """Return the mean over all samples so far."""
        self._fetch()
        return self._mean.value

    def take_point(self):
        """Return what the samples since the last call of this make up."""
        self._fetch()
        point, self._point = self._point, PendingPoint()
        return point

    def _fetch(self):
        numbers = _numbers([sample.value for sample in self._waiting])
        for number, sample in zip(numbers, self._waiting, strict=True):
            self._mean.add(number, sample.weight)
            self._point.value.add(number, sample.weight)
            self._point.step.add(sample.step)
            if not (self._point.not_finite or math.isfinite(number)):
                self._point.not_finite = sample._replace(value=number)
        self._waiting = []


def _numbers(values):
    """Return numbers for `values`, numbers or tensors, in one transfer."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    # Nearly always they are where the first one is.
    here = [tensor.to(tensors[0].device) for tensor in tensors]
    fetched = iter(torch.stack(here).tolist() if here else ())
    return [
        float(next(fetched) if isinstance(value, torch.Tensor) else value)
        for value in values
    ]


def record_of(trainer):
    """Return the record of the fit that runs, whosever trainer and loop it is.

    Where nothing of ours says that a fit has begun, the counters do: they have
    gone back. The record lies on the trainer, as it lives as long.
    """
    record = getattr(trainer, "_record", None)
    if record is None or not record.goes_on():
        record = trainer._record = Record(trainer)
    return record


class Record:
    """What one fit of a trainer records.

    The trainer counts: `epoch`, `train_batch_idx`, and how many batches there
    are. One that is not ours need not have more.
    """

    def __init__(self, trainer):
        self.trainer, self._epoch, self._step = trainer, 0, 0
        self._history, self._num_closed = History(epoch=[]), 0
        self._metrics, self._names = {}, {}  # of this epoch, of all

    @property
    def history(self):
        """The history, with the means of the epoch that runs as its last."""
        if self._metrics:
            self._write()
        return self._history

    def goes_on(self):
        """Tell whether the trainer is where this record ends, or farther."""
        now = self.trainer.epoch, self.trainer.train_batch_idx
        return now >= (self._epoch, self._step)

    def add(self, model, key, value, train):
        """Note a metric of the batch at hand; draw a point when one is due."""
        trainer, name = self.trainer, ("train_" if train else "val_") + key
        value, weight = checked_metric(name, value), self._weight(train)
        if not weight:
            return  # there is no sample
        self._follow_trainer(model)
        if name not in self._metrics:
            self._metrics[name] = Metric(model, trainer, train)
            self._names[name] = None
        metric = self._metrics[name]
        metric.add(value, weight, trainer.train_batch_idx)
        if metric.point_is_due():
            self._draw_point(name, metric)

    def _weight(self, train):
        """Return the number of samples in the batch at hand, 1 if none is.

        A validation metric may as well come from a batch to train on.
        """
        names = "train_dataloader", "val_dataloader"
        loaders = [getattr(self.trainer, name, None) for name in names]
        sizes = [getattr(loader, "at_hand", None) for loader in loaders]
        sizes = sizes if train else sizes[::-1]
        return next((size for size in sizes if size is not None), 1)

    def end_epoch(self):
        """Draw what is left, and close the entry; return the latest means."""
        for name, metric in self._metrics.items():
            self._draw_point(name, metric)
        self._write()
        latest = {name: self._history[name][-1] for name in self._metrics}
        self._metrics, self._num_closed = {}, self._num_closed + 1
        return latest

    def _follow_trainer(self, model):
        """See by the trainer's counters whether an epoch has begun."""
        if self._metrics and self.trainer.epoch > self._epoch:
            self.end_epoch()  # nobody else did
        if not self._metrics:
            check_layers(model)  # lazy ones have their sizes now
        self._epoch = self.trainer.epoch
        self._step = self.trainer.train_batch_idx

    def _draw_point(self, name, metric):
        """Draw the mean over all samples since the latest point, if any."""
        point = metric.take_point()
        if not point.value.weight:
            return
        if point.not_finite and name.endswith("loss"):
            self._stop_at_nan(name, point.not_finite)
        x = self._epoch + 1
        if metric.train and metric.num_batches:
            x = point.step.value / metric.num_batches
        if metric.points_per_epoch:
            metric.model.board.draw(x, point.value.value, name)

    def _stop_at_nan(self, name, sample):
        if not getattr(self.trainer, "stop_at_nan", False):
            return
        cause = "training diverged; try a smaller learning rate"
        if sample.step == self._epoch == 0:
            cause = "before any update; look at the data and the loss"
        raise FloatingPointError(
            f"{name} is {sample.value} at step {sample.step} (epoch "
            f"{self._epoch + 1}): {cause}, or go on with stop_at_nan=False."
        )

    def _write(self):
        """Bring the entry of this epoch up to date."""
        epochs = self._history["epoch"]
        if len(epochs) == self._num_closed:
            epochs.append(self._num_closed + 1)
        for name in self._names:
            means = self._history.setdefault(name, [])
            means += [math.nan] * (len(epochs) - len(means))
            if name in self._metrics:
                means[-1] = self._metrics[name].mean()
