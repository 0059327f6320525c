"""What a fit records: the means of its metrics, epoch by epoch.

No section teaches this module.
"""

import copy
import math
from collections import OrderedDict

import numpy as np
import torch


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


class Record:
    """The metrics of the epoch that runs, and the history before it."""

    def __init__(self):
        self._history, self._past = History(epoch=[]), 0
        self.metrics, self._names, self.moment = {}, {}, (0, 0)

    def metric(self, name):
        """Return the metric `name` of this epoch."""
        if name not in self.metrics:
            self.metrics[name], self._names[name] = Metric(), None
        return self.metrics[name]

    @property
    def history(self):
        """The history, with the means of the epoch that runs as its last."""
        if self.metrics:
            self._write()
        return self._history

    def end_epoch(self):
        """Finish the entry of this epoch; what comes now is of the next."""
        self._write()
        self.metrics, self._past = {}, self._past + 1

    def _write(self):
        epochs = self._history["epoch"]
        if len(epochs) == self._past:
            epochs.append(self._past + 1)
        for name in self._names:
            means = self._history.setdefault(name, [])
            means += [math.nan] * (len(epochs) - len(means))
            if name in self.metrics:
                means[-1] = self.metrics[name].mean()


def point_is_due(calls, per_epoch, num_batches):
    """Tell whether a curve of `per_epoch` points gets one at this call.

    In an epoch of one call a batch the points lie evenly, the last one at its
    end. Where the number of batches is unknown, the end of the epoch draws.
    """
    if not num_batches:
        return False
    return calls * per_epoch % num_batches < per_epoch
