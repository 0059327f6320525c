"""Batches of any structure: how many samples they hold, and how they move."""

import copy
import dataclasses
from collections import defaultdict, namedtuple
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import torch
import torch.utils.data as loading
from line_fit import Batches, Mean, own_trainer, pickled
from torch.nn.utils.rnn import pack_sequence

import d2lmini as d2l
from d2lmini.support.batches import moved, num_samples
from d2lmini.support.loaders import CountedLoader

Pair = namedtuple("Pair", ["label", "image"])


@dataclasses.dataclass(frozen=True)
class Record:
    image: torch.Tensor
    label: torch.Tensor
    name: str = "a"


def f(*shape):
    return torch.ones(shape)


X, y = f(7, 5, 2), f(5, 1)  # seven moments of five samples
packed = pack_sequence([f(3, 2), f(2, 2), f(1, 2), f(1, 2), f(1, 2)])
boxes = [f(2, 4)] * 4 + [f(1, 4)]  # in each of five pictures
jagged = [f(2), f(3), f(2), f(3), f(1)]
cyclic = SimpleNamespace(x=f(7, 5), y=f(5))
cyclic.me = cyclic
FIVE = {
    "time first": (X, y),
    "nested targets": (X, (y, f(5, 2))),
    "dict, targets first": {"y": y, "x": X},
    "dict with another at the end": {"target": y, "names": ["a"] * 3},
    "targets in a dict": (X, {"label": y}),
    "read-only": MappingProxyType({"label": y}),
    "named tuple": Pair(y, X),
    "dataclass": Record(X, y),
    "object with a cycle": cyclic,
    "packed targets": (X, packed),
    "texts": ["one"] * 5,
    "samples": [(f(3), 1)] * 5,
    "samples in dicts": [{"x": f(3), "y": 1}] * 5,
    "labels in a list": ([f(3)] * 5, [torch.tensor(1)] * 5),
    "boxes of each picture": (f(5, 3, 8, 8), boxes),
    "dicts of each picture": (f(5, 3, 8, 8), [{"boxes": f(2, 4)}] * 5),
    "pairs in a tuple": (X, ((y, y), (y, y))),
    "dicts of other names": [{"x": X}, {"y": y}],
    "NumPy": (np.ones((7, 5)), np.ones(5)),
    "nested tensors": torch.nested.nested_tensor(jagged, layout=torch.jagged),
}
ONE = {
    "one number": torch.tensor(3.0),
    "one number of NumPy": np.array(3.0),
    "a label of one sample": (f(7), torch.tensor(3)),
    "a text": "one",
    "a text and a number": ["one", 3],
    "nothing": None,
    "an empty list": [],
}


@pytest.mark.parametrize("name", FIVE | ONE)
def test_the_samples_of_a_batch_are_counted(name):
    """What does not tell is one sample."""
    assert num_samples((FIVE | ONE)[name]) == (5 if name in FIVE else 1)


def structure(dtype):
    """Return a batch of many parts whose tensors have a type."""
    ones = torch.ones(2, 1, dtype=dtype)
    some = [ones, "text", None, 3, Record], (ones, [ones]), Pair(ones, ["a"])
    others = Record(ones, ones), pack_sequence([ones, ones])
    return defaultdict(list, some=some, others=others)


def test_tensors_in_any_structure_move_into_another_of_its_kind():
    """To another type, because there is another device on few machines."""
    before, after = structure(torch.float32), structure(torch.float64)
    assert repr(moved(before, torch.float64)) == repr(after)
    assert repr(before) == repr(structure(torch.float32))  # is as it was
    read_only = MappingProxyType(before)
    assert repr(moved(read_only, torch.float64)) == repr(dict(after))


# Means over samples, whatever gives out the batches.

rows, mean = torch.arange(10.0).reshape(10, 1), pytest.approx(4.5)


def loader(data=None, collate=None, size=4, **options):
    data = loading.TensorDataset(rows) if data is None else data
    return loading.DataLoader(data, size, collate_fn=collate, **options)


def time_first(samples):
    return torch.cat([x for (x,) in samples]).expand(7, -1)


class Stream(loading.IterableDataset):
    def __iter__(self):
        return iter(rows)


def first_twice(parts):
    return parts[0].expand(-1, 3), parts[0]


def with_a_long_row(parts):
    return torch.cat(parts)[:, 0], f(20)


by_four = loading.BatchSampler(loading.SequentialSampler(rows), 4, False)
uneven = [[0], [*range(1, 10)]]
LOADERS = {
    "a list": lambda: rows.split(4),
    "an empty batch": lambda: [(rows[:1],), (rows[:0],), (rows[1:],)],
    "objects": lambda: [SimpleNamespace(x=part) for part in rows.split(4)],
    "time first": lambda: loader(None, time_first),
    "sampler": lambda: loader(None, time_first, 1, batch_sampler=by_four),
    "uneven batches": lambda: loader(size=1, batch_sampler=uneven),
    "items are batches": lambda: loader(rows.split([1, 7, 2]), first_twice, 1),
    "bags of rows": lambda: loader(rows.split([1, 6, 1, 2]), torch.cat, 2),
    "a long row of targets": lambda: loader(rows.split(1), with_a_long_row),
}


@pytest.mark.parametrize("name", LOADERS)
def test_means_are_over_samples(name):
    history = d2l.Trainer(2).fit(Mean(), Batches(LOADERS[name]))
    assert history["train_x"] == history["val_x"] == [mean, mean]


def test_a_stream_of_unknown_length_validates_and_is_refused_for_training():
    data, model = Batches(lambda: loader(Stream())), Mean()
    with pytest.raises(TypeError, match="no len.* has; give .* __len__.$"):
        d2l.Trainer(1).fit(model, data)
    data.train_dataloader = lambda: [rows]
    assert d2l.Trainer(2).fit(model, data)["val_x"] == [mean, mean]
    assert model.board.data["val_x"] == [(1, mean), (2, mean)]


def test_loaders_may_be_replaced_looked_into_and_used_for_anything():
    class Peeking(Mean):
        def training_step(self, inputs):
            next(iter(trainer.train_dataloader))
            for batch in trainer.val_dataloader:
                self.plot("inner", batch.mean(), train=False)
                self.plot("outer", batch.mean(), train=True)
            return super().training_step(inputs)

    def fit_epoch(self):
        self.train_dataloader = rows.split(4)
        d2l.Trainer.fit_epoch(self)
        for batch in self.train_dataloader:
            self.model.plot("again", batch.mean(), train=False)

    trainer = own_trainer(fit_epoch=fit_epoch)(1)
    history = trainer.fit(Peeking(), Batches(lambda: [f(9), 11 * f(1)]))
    # Weighed by the batch to validate on, and by the one to train on.
    assert (history["val_inner"], history["train_outer"]) == ([2], [6])
    assert history["train_x"] == history["val_again"] == [mean]


def test_a_counted_loader_looks_like_the_loader_and_can_be_copied():
    own = loader()
    counted = CountedLoader(own)
    counted.mark = 5
    assert own.mark == 5 and counted.dataset is own.dataset
    assert not hasattr(counted, "nothing")
    for again in (counted, copy.copy(counted), pickled(counted)):
        assert [again.at_hand for _ in again] == [4, 4, 2]
        assert again.at_hand is None
    assert CountedLoader([f(3, 1), f(2, 1)])[1].shape == (2, 1)
