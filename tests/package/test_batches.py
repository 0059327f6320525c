"""Batches of any structure: how many samples they hold, and how they move."""

import copy
import dataclasses
import pickle
from collections import OrderedDict, defaultdict, namedtuple
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    SequentialSampler,
    Subset,
    TensorDataset,
    random_split,
)

import d2lmini as d2l
from d2lmini.support.batches import moved, num_samples
from d2lmini.support.loaders import CountedLoader

Pair = namedtuple("Pair", ["label", "image"])


@dataclasses.dataclass(frozen=True)
class Record:
    image: torch.Tensor
    label: torch.Tensor
    name: str = "a"


class Cyclic:
    """An object with attributes, one of them itself."""

    def __init__(self):
        self.x, self.y, self.me = torch.ones(7, 5), torch.ones(5), self


def f(*shape):
    return torch.ones(shape)


X, y = f(7, 5, 2), f(5, 1)  # seven moments of five samples
packed = pack_sequence([f(3, 2), f(2, 2), f(1, 2), f(1, 2), f(1, 2)])
FIVE = {
    "a tensor": f(5, 3),
    "a list of one": [f(5, 3)],
    "inputs and targets": (f(5, 3), y),
    "two inputs": [f(5, 3), f(5, 2), y],
    "time first": (X, y),
    "nested inputs": ((X, f(2, 5)), y),
    "nested targets": (X, (y, f(5, 2))),
    "nested targets, collated": [X, [y, f(5, 2)]],
    "dict": {"image": X, "label": y},
    "dict, targets first": {"y": y, "x": X},
    "dict with another at the end": {"target": y, "names": ["a"] * 3},
    "dict of unknown names": {"a": X, "b": y},
    "dict of texts": OrderedDict(a=["one"] * 5),
    "targets in a dict": (X, {"label": y}),
    "inputs in a dict": ({"x": X}, y),
    "read-only": MappingProxyType({"label": y}),
    "named tuple": Pair(y, X),
    "dataclass": Record(X, y),
    "object": SimpleNamespace(x=X, label=y),
    "object with a cycle": Cyclic(),
    "packed": packed,
    "packed inputs": (packed, y),
    "packed targets": (X, packed),
    "packed in a dict": {"a": packed},
    "texts": ["one"] * 5,
    "texts and targets": (["one"] * 5, y),
    "texts as targets": (X, ["one"] * 5),
    "numbers": [1, 2, 3, 4, 5],
    "samples": [(f(3), 1)] * 5,
    "samples in dicts": [{"x": f(3), "y": 1}] * 5,
    "boxes of each picture": (
        f(5, 3, 8, 8),
        [f(2, 4), f(1, 4), *[f(3, 4)] * 3],
    ),
    "dicts of each picture": (f(5, 3, 8, 8), [{"boxes": f(2, 4)}] * 5),
    "boxes in a tuple": ((f(3, 8, 8),) * 5, (*[f(2, 4)] * 4, f(1, 4))),
    "boxes in NumPy": (X, [*[np.ones((2, 4))] * 4, np.ones((1, 4))]),
    "dicts in a tuple": ((f(3, 8, 8),) * 5, ({"boxes": f(2, 4)},) * 5),
    "labels in a list": ([f(3, 8, 8)] * 5, [torch.tensor(1)] * 5),
    "labels in a tuple": ((f(3, 8, 8),) * 5, (np.int64(1),) * 5),
    "two of everything": (X, (y, y)),
    "two in dicts": ({"x": y}, {"x": y}),
    "a number beside the targets": (X, y, 0.5),
    "a text beside the targets": (X, y, "train"),
    "None beside the targets": (X, y, None),
    "no targets among five": (f(5, 3), f(0, 4)),
    "NumPy": (np.ones((7, 5)), np.ones(5)),
    "sparse": (X, torch.eye(5).to_sparse()),
    "nested tensors": torch.nested.nested_tensor(
        [f(2), f(3), f(2), f(3), f(1)], layout=torch.jagged
    ),
    "complex": (X, torch.ones(5, dtype=torch.complex64)),
    "without numbers": (X, torch.ones(5, device="meta")),
    "no columns": f(5, 0),
}


@pytest.mark.parametrize("name", FIVE)
def test_five_samples(name):
    assert num_samples(FIVE[name]) == 5


ONE = {
    "one number": torch.tensor(3.0),
    "a label of one sample": (f(7), torch.tensor(3)),
    "a text": "one",
    "nothing": None,
    "an empty list": [],
    "an empty dict": {},
    "an object without tensors": object(),
}


@pytest.mark.parametrize("name", ONE)
def test_what_does_not_tell_is_one_sample(name):
    assert num_samples(ONE[name]) == 1


def test_tensors_in_any_structure_move():
    boxes = [f(2), "text", None, 3]
    batch = {
        "a": (f(1), boxes),
        "b": Pair(f(1), [f(2)]),
        "c": Record(f(1), f(2)),
        "d": packed,
        "e": defaultdict(list, z=f(3)),
        "g": MappingProxyType({"z": f(3)}),
        "h": OrderedDict(z=f(3)),
    }
    new = moved(batch, torch.device("meta"))
    assert [type(part) for part in new.values()] == [
        *(tuple, Pair, Record, PackedSequence, defaultdict, dict, OrderedDict)
    ]
    assert new["a"][0].is_meta and type(new["a"][1]) is list
    assert new["a"][1][0].is_meta and new["a"][1][1:] == ["text", None, 3]
    assert new["b"].label.is_meta and new["b"].image[0].is_meta
    assert new["c"].image.is_meta and new["c"].name == "a"
    assert new["d"].data.is_meta
    assert new["e"]["z"].is_meta and new["e"]["new"] == []
    assert new["g"]["z"].is_meta and new["h"]["z"].is_meta
    # The batch itself is as it was.
    assert not batch["a"][0].is_meta and not batch["c"].image.is_meta
    assert not batch["e"]["z"].is_meta
    assert moved(f(2), "meta").is_meta
    assert moved(Record, "meta") is Record
    assert moved(3, "meta") == 3 and moved(("a", 1), "meta") == ("a", 1)


def test_a_trainer_moves_what_has_tensors_and_keeps_the_kind():
    trainer = d2l.Trainer(1)
    batch = Pair(f(2), ["a", "b"])
    assert trainer.prepare_batch(batch) is batch
    trainer.gpus = [torch.device("meta")]
    prepared = trainer.prepare_batch(batch)
    assert type(prepared) is Pair and prepared.label.is_meta
    assert prepared.image == ["a", "b"]


class Mean(d2l.Module):
    """Records a number that is known for each sample."""

    def __init__(self, value):
        super().__init__()
        self.lr, self.value = 0.0, value
        self.board.display = False
        self.w = torch.zeros(1, requires_grad=True)

    def training_step(self, batch):
        self.plot("x", self.value(batch), train=True)
        return self.w.sum()

    def validation_step(self, batch):
        self.plot("x", self.value(batch), train=False)


class Loaders(d2l.DataModule):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def get_dataloader(self, train):
        return self.make()


rows = torch.arange(10.0).reshape(10, 1)


def collated(shape):
    """Return a function that makes a batch of a shape of its own."""
    return lambda samples: shape(torch.stack([x for (x,) in samples]))


def loader(shape, **options):
    options = {"batch_size": 4} | options
    collate = collated(shape)
    return DataLoader(TensorDataset(rows), collate_fn=collate, **options)


PASSES = {
    "of one tensor": (lambda: loader(lambda t: t), lambda b: b.mean()),
    "time first": (
        lambda: loader(lambda t: t.T.expand(7, -1)),
        lambda b: b.mean(),
    ),
    "dicts": (lambda: loader(lambda t: {"x": t}), lambda b: b["x"].mean()),
    "objects": (
        lambda: loader(lambda t: SimpleNamespace(hidden=[t])),
        lambda b: b.hidden[0].mean(),
    ),
    "shuffled": (
        lambda: loader(lambda t: t.T, shuffle=True),
        lambda b: b.mean(),
    ),
    "in dicts, by a list": (
        lambda: [{"x": r.T.expand(7, -1), "y": r} for r in rows.split(4)],
        lambda b: b["y"].mean(),
    ),
    "of a sampler of batches": (
        lambda: loader(
            lambda t: t.T,
            batch_size=1,
            batch_sampler=BatchSampler(SequentialSampler(rows), 4, False),
        ),
        lambda b: b.mean(),
    ),
    "of another sampler of batches": (
        lambda: DataLoader(
            TensorDataset(rows), batch_sampler=[[0], [*range(1, 10)]]
        ),
        lambda b: b[0].mean(),
    ),
    "that are the items": (
        lambda: DataLoader(
            rows.split([1, 7, 2]),
            collate_fn=lambda items: (items[0].expand(-1, 3), items[0]),
        ),
        lambda b: b[1].mean(),
    ),
    "of bags of rows": (
        lambda: DataLoader(
            rows.split([1, 6, 1, 2]), 2, collate_fn=lambda bags: torch.cat(bags)
        ),
        lambda b: b.mean(),
    ),
    "of texts in one row": (
        lambda: DataLoader(
            rows.split(1),
            4,
            collate_fn=lambda r: (torch.cat(r)[:, 0], torch.zeros(20)),
        ),
        lambda b: b[0].mean(),
    ),
    "of which one is empty": (
        lambda: [(rows[:1],), (rows[:0],), (rows[1:],)],
        lambda b: b[0].mean(),
    ),
    "of a subset": (
        lambda: DataLoader(Subset(TensorDataset(rows), range(10)), 4),
        lambda b: b[0].mean(),
    ),
    "of a split": (
        lambda: DataLoader(random_split(TensorDataset(rows), [10])[0], 4),
        lambda b: b[0].mean(),
    ),
    "of our own loader": (
        lambda: d2l.TensorLoader((rows, rows), 4, shuffle=True),
        lambda b: b[0].mean(),
    ),
}


@pytest.mark.parametrize("name", PASSES)
def test_means_are_over_samples(name):
    make, value = PASSES[name]
    history = d2l.Trainer(2).fit(Mean(value), Loaders(make))
    mean = pytest.approx(rows.mean().item())
    assert history["train_x"] == history["val_x"] == [mean, mean]


def test_the_last_batch_that_is_dropped_is_not_counted():
    data = Loaders(lambda: loader(lambda t: t, drop_last=True))
    history = d2l.Trainer(1).fit(Mean(lambda b: b.mean()), data)
    assert history["train_x"] == [pytest.approx(rows[:8].mean().item())]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(rows)


class SizedStream(Stream):
    def __len__(self):
        return 10


def test_a_stream_of_known_length_trains():
    data = Loaders(lambda: DataLoader(SizedStream(), 4))
    history = d2l.Trainer(1).fit(Mean(lambda b: b.mean()), data)
    assert history["train_x"] == [pytest.approx(rows.mean().item())]


def test_a_stream_of_unknown_length_validates_and_is_refused_for_training():
    class Data(Loaders):
        def train_dataloader(self):
            return [rows]

    model = Mean(lambda b: b.mean())
    history = d2l.Trainer(2).fit(model, Data(lambda: DataLoader(Stream(), 4)))
    mean = pytest.approx(rows.mean().item())
    assert history["val_x"] == [mean, mean]
    assert model.board.data["val_x"] == [(1, mean), (2, mean)]
    with pytest.raises(TypeError, match="no len.*give a list, a DataLoader"):
        d2l.Trainer(1).fit(model, Loaders(lambda: DataLoader(Stream(), 4)))


def test_a_loader_s_own_attributes_come_through():
    own = loader(lambda t: t)
    counted = CountedLoader(own)
    assert counted.dataset is own.dataset and counted.batch_size == 4
    assert counted.sampler is own.sampler and len(counted) == 3
    assert not hasattr(counted, "nothing")
    counted.mark = 5
    assert own.mark == 5
    assert CountedLoader([f(1), f(2)])[1].shape == (2,)
    assert list(CountedLoader([1, 2])) == [1, 2]


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_loader_can_be_copied(twin):
    again = twin(CountedLoader([f(3, 1), f(2, 1)]))
    sizes = [again.at_hand for _ in again]
    assert sizes == [3, 2] and again.at_hand == 1


def test_a_loader_that_somebody_else_stores_is_counted():
    """prepare_data as D2L prints it, and loaders that change on the way."""

    class Own(d2l.Trainer):
        def prepare_data(self, data):
            self.train_dataloader = data.train_dataloader()
            self.val_dataloader = data.val_dataloader()
            self.num_train_batches = len(self.train_dataloader)
            self.num_val_batches = len(self.val_dataloader)

        def fit_epoch(self):
            self.train_dataloader = rows.split(8)
            super().fit_epoch()

    data = Loaders(lambda: [f(9, 1)])
    history = Own(1).fit(Mean(lambda b: b.mean()), data)
    assert history["train_x"] == [pytest.approx(rows.mean().item())]


def test_a_look_at_other_batches_does_not_change_the_weights():
    """Validation rows are read in the middle of a training step."""

    class Peeking(Mean):
        def training_step(self, batch):
            self.peek = next(iter(self.trainer.val_dataloader))
            for _ in self.trainer.val_dataloader:
                pass
            return super().training_step(batch)

    history = d2l.Trainer(1).fit(
        Peeking(lambda b: b.mean()), Loaders(lambda: rows.split(4))
    )
    assert history["train_x"] == [pytest.approx(rows.mean().item())]


class Recurrent(d2l.Module):
    """Takes sequences time first, as PyTorch's RNN does."""

    def __init__(self):
        super().__init__()
        self.lr = 0.1
        self.board.display = False
        self.rnn, self.net = nn.RNN(2, 3), nn.Linear(3, 1)

    def forward(self, X):
        return self.net(self.rnn(X)[1][0])

    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y)


@pytest.mark.parametrize("inputs", [X, packed])
def test_sequences_train(inputs):
    history = d2l.Trainer(2).fit(Recurrent(), Loaders(lambda: [(inputs, y)]))
    assert history["train_loss"][1] < history["train_loss"][0]


KINDS = {
    "uint16": torch.ones(4, 1, 8, 8).to(torch.uint16),
    "uint32": torch.ones(4, 8, 8).to(torch.uint32),
    "complex": torch.ones(4, 8, 8, dtype=torch.complex64),
    "float8": torch.ones(4, 8, 8).to(torch.float8_e4m3fn),
    "sparse": torch.ones(4, 8, 8).to_sparse(),
    "empty": torch.ones(4, 0, 8),
    "tokens": torch.full((4, 8, 8), 200),
    "texts": ["a"] * 4,
    "bool": torch.ones(4, 3, 8, 8, dtype=torch.bool),
}


@pytest.mark.parametrize("name", KINDS)
def test_inputs_of_any_type_reach_the_model(name):
    class Ignorant(Recurrent):
        def forward(self, X):
            assert X is KINDS[name]
            return self.net(f(4, 3))

    data = Loaders(lambda: [(KINDS[name], f(4, 1))])
    assert len(d2l.Trainer(1).fit(Ignorant(), data)["val_loss"]) == 1


def test_batches_of_dicts_reach_prepare_batch():
    class Mine(d2l.Trainer):
        def prepare_batch(self, batch):
            return batch["x"], batch["y"]

    data = Loaders(lambda: [{"x": X, "y": y}])
    assert len(Mine(1).fit(Recurrent(), data)["val_loss"]) == 1


@pytest.mark.parametrize("name", ["uint16", "uint32", "uint64", "bool"])
@pytest.mark.parametrize("shape", [(7,), (7, 1)])
def test_rows_of_any_type_are_shuffled(name, shape):
    numbers = torch.arange(7)
    tensors = numbers, numbers.to(getattr(torch, name)).reshape(shape)
    for chosen, values in d2l.TensorLoader(tensors, 3, shuffle=True):
        assert torch.equal(values, tensors[1][chosen])
