"""What a fit records: the means of its metrics, epoch by epoch."""

import copy
import math
from collections import OrderedDict

import numpy as np
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
        return History(copy.deepcopy(dict(self), memo))


def _numbers(values):
    """Return numbers for `values`, numbers or tensors, in one transfer."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    if len({tensor.device for tensor in tensors}) > 1:
        tensors = [tensor.cpu() for tensor in tensors]
    fetched = iter(torch.stack(tensors).tolist() if tensors else ())
    return [
        float(next(fetched) if isinstance(value, torch.Tensor) else value)
        for value in values
    ]


class Metric:
    """One metric in one epoch: its mean, and what its next point is made of.

    Values that are tensors stay on their device until a number is needed,
    because fetching one makes the program wait.
    """

    def __init__(self):
        self.calls = self.total = self.weight = 0
        self._start_point()

    def _start_point(self):
        self.values, self.weights, self.steps = [], [], []
        self._num_counted = 0  # of these values, in the total

    def add(self, value, weight, step):
        """Note a value, a number or a tensor off its graph."""
        self.calls += 1
        self.values.append(value)
        self.weights.append(weight)
        self.steps.append(step)

    def _fetch(self):
        new = slice(self._num_counted, None)
        self.values[new] = _numbers(self.values[new])
        self.total += float(np.dot(self.values[new], self.weights[new]))
        self.weight += sum(self.weights[new])
        self._num_counted = len(self.values)

    def mean(self):
        """Return the mean over all samples so far."""
        self._fetch()
        return self.total / self.weight

    def take_point(self):
        """Return values, weights and steps since the last call of this."""
        self._fetch()
        point = self.values, self.weights, self.steps
        self._start_point()
        return point


def point_is_due(calls, per_epoch, num_batches):
    """Tell whether a curve of `per_epoch` points gets one at this call.

    In an epoch of one call a batch the points lie evenly, the last one at its
    end. Where the number of batches is unknown, the end of the epoch draws.
    """
    if not num_batches:
        return False
    return calls * per_epoch % num_batches < per_epoch


class Record:
    """What one fit of a trainer records, whose ever its loop is."""

    def __init__(self, trainer):
        self.trainer, self._moment = trainer, (0, 0)
        self._history, self._past = History(epoch=[]), 0
        self._metrics, self._names = {}, {}  # of this epoch, of all

    @property
    def history(self):
        """The history, with the means of the epoch that runs as its last."""
        if self._metrics:
            self._write()
        return self._history

    def add(self, key, value, train):
        """Note a metric of the batch at hand; draw a point when one is due."""
        name = ("train_" if train else "val_") + key
        value = checked_metric(name, value)
        loader, num_batches, per_epoch = self._side(train)
        weight = getattr(loader, "at_hand", 1)
        if not weight or (isinstance(value, torch.Tensor) and value.is_meta):
            return  # there is no sample, or no number in it
        self._follow_trainer()
        if name not in self._metrics:
            self._metrics[name], self._names[name] = Metric(), None
        metric, step = self._metrics[name], self.trainer.train_batch_idx
        metric.add(value, weight, step)
        if point_is_due(metric.calls, per_epoch, num_batches):
            self._draw_point(name, metric)

    def end_epoch(self):
        """Draw what is left, and close the entry; return the latest means."""
        for name, metric in self._metrics.items():
            if metric.values:
                self._draw_point(name, metric)
        self._write()
        latest = {name: self._history[name][-1] for name in self._metrics}
        self._metrics, self._past = {}, self._past + 1
        return latest

    def _follow_trainer(self):
        """See by its counters whether a fit or an epoch has begun."""
        now = self.trainer.epoch, self.trainer.train_batch_idx
        if now < self._moment:
            self.__init__(self.trainer)
        elif self._metrics and now[0] > self._moment[0]:
            self.end_epoch()  # nobody else did
        if not self._metrics:
            check_layers(self.trainer.model)  # lazy ones have their sizes now
        self._moment = now

    def _side(self, train):
        """Return loader, number of batches, and points that an epoch gets."""
        trainer, model = self.trainer, self.trainer.model
        if train:
            loader, number = trainer.train_dataloader, trainer.num_train_batches
            return loader, number, model.plot_train_per_epoch
        loader, number = trainer.val_dataloader, trainer.num_val_batches
        return loader, number, model.plot_valid_per_epoch

    def _draw_point(self, name, metric):
        """Draw the mean over all samples since the latest point."""
        values, weights, steps = metric.take_point()
        if self.trainer.stop_at_nan and name.endswith("loss"):
            self._check_finite(name, values, steps)
        _, num_batches, per_epoch = self._side(name.startswith("train_"))
        x = self._moment[0] + 1
        if name.startswith("train_") and num_batches:
            x = np.mean(steps) / num_batches
        if per_epoch:
            y = np.average(values, weights=weights)
            self.trainer.model.board.draw(x, float(y), name)

    def _check_finite(self, name, values, steps):
        for value, step in zip(values, steps, strict=True):
            if not math.isfinite(value):
                epoch = self._moment[0]
                cause = "training diverged; try a smaller learning rate"
                if step == epoch == 0:
                    cause = "before any update; look at the data and the loss"
                raise FloatingPointError(
                    f"{name} is {value} at step {step} (epoch {epoch + 1}): "
                    f"{cause}, or go on with stop_at_nan=False."
                )

    def _write(self):
        """Bring the entry of this epoch up to date."""
        epochs = self._history["epoch"]
        if len(epochs) == self._past:
            epochs.append(self._past + 1)
        for name in self._names:
            means = self._history.setdefault(name, [])
            means += [math.nan] * (len(epochs) - len(means))
            if name in self._metrics:
                means[-1] = self._metrics[name].mean()
