"""The data sets: what they hold, and how they give it out."""

import builtins
import sys
import types
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, RandomSampler, Subset

import d2lmini as d2l
from d2lmini import data as module
from d2lmini.data import ImageDataset
from d2lmini.support import files, resizing


@pytest.fixture
def few(monkeypatch):
    """Return a function that makes a FashionMNIST of 50 images a part."""
    pixels = np.random.default_rng(3).integers(0, 256, (50, 28, 28), np.uint8)
    part = files.Part(pixels, np.arange(50, dtype=np.uint8) % 10)
    images = files.Images(part, part)
    monkeypatch.setattr(module, "load_images", lambda root: images)
    return lambda **options: d2l.FashionMNIST(20, **options)


def samples(loader):
    """Return the images and labels of one pass, one after the other."""
    return [torch.cat(column) for column in zip(*loader, strict=True)]


def assert_holds(loader, data):
    """Check that a loader hands out the samples of a data set, in order."""
    X, y = samples(loader)
    assert len(X) == len(y) == len(data)
    for i, (image, label) in enumerate(data):
        assert torch.equal(X[i], image) and y[i] == label


def torchvision_s(image, size):
    """Return the input that torchvision makes of an image, as D2L does."""
    transforms = d2l.import_torchvision().transforms
    steps = [transforms.Resize(size), transforms.ToTensor()]
    return transforms.Compose(steps)(Image.fromarray(image.numpy()))


# Points.


def test_points_are_drawn_inputs_first():
    grown = torch.tensor([2, -3.4], requires_grad=True)
    for w in ([2, -3.4], np.array([[2], [-3.4]]), grown):
        torch.manual_seed(0)
        data = d2l.SyntheticRegressionData(w, torch.tensor([4.2]), 0.5, 3, 2)
        torch.manual_seed(0)
        X, noise = torch.randn(5, 2), 0.5 * torch.randn(5, 1)
        expected = X @ torch.tensor([[2], [-3.4]]) + 4.2 + noise
        assert torch.equal(data.X, X) and not data.y.requires_grad
        torch.testing.assert_close(data.y, expected)
        assert torch.equal(samples(data.val_dataloader())[0], X[3:])
        train, _ = samples(data.train_dataloader())
        assert {*train[:, 0].tolist()} == {*X[:3, 0].tolist()}
    usual = d2l.SyntheticRegressionData(torch.tensor(2), 0)
    assert 0.005 < (usual.y - 2 * usual.X).std() < 0.02
    assert usual.train_dataloader().shuffle


def test_penguins_are_split_once_and_scaled_by_those_for_training():
    names = "flipper_length_mm", "bill_depth_mm"
    data = d2l.Penguins(names, 190, 72)
    raw = d2l.Penguins(names, 190, 72, standardize=False)
    assert data.X.shape == (342, 2) and 170 < raw.X[:, 0].min()
    assert data.y.shape == (342, 1) and data.y.max() < 7  # in kilograms
    train, _ = samples(data.train_dataloader())
    X, y = samples(data.val_dataloader())
    assert (len(train), len(X), len(data.test[0])) == (190, 72, 80)
    assert torch.equal(torch.cat([y, data.test[1]]), data.y[190:])
    for found in (train.mean(dim=0), train.std(dim=0) - 1):
        torch.testing.assert_close(found, torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(data.X * data.std + data.mean, raw.X)
    other = d2l.Penguins(names, 190, 72, seed=1).y
    assert not torch.equal(other, data.y)
    assert torch.equal(other.sort(dim=0).values, data.y.sort(dim=0).values)


# Images.

# Up, down, one of each, one side only; Pillow turns the order of its passes.
SIZES = [(28, 28), (224, 224), (96, 64), (14, 14), (10, 21), (7, 97), (97, 7)]
SIZES += [(20, 36), (36, 20), (28, 56), (28, 9), (9, 28), (1, 1), (1, 40)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", [(28, 28), (17, 40)], ids=str)
def test_inputs_equal_torchvision_s(size, shape):
    """In batches and one by one, bit for bit, also of noise."""
    pixels = torch.rand(9, *shape, generator=torch.Generator().manual_seed(1))
    part = ImageDataset((256 * pixels).byte(), torch.arange(9), size)
    assert resizing._order(shape, (None, *size)), "slow: one by one"
    together = part.to_inputs(part.data)
    assert part.to_inputs(part.data[:0]).shape == (0, 1, *size)
    for i, image in enumerate(part.data):
        expected = torchvision_s(image, size)
        assert torch.equal(together[i], expected)
        assert torch.equal(part[i][0], expected)


def test_another_release_of_pillow_is_still_followed(monkeypatch):
    """Where neither order fits, images are resized one by one."""
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    expected = resizing.resize(images, (20, 31))
    monkeypatch.setattr(resizing, "_along", lambda *_: np.zeros(3))
    resizing._order.cache_clear()
    assert np.array_equal(resizing.resize(images, (20, 31)), expected)
    resizing._order.cache_clear()


def test_inputs_follow_the_default_dtype_and_stay_on_the_cpu(few, monkeypatch):
    monkeypatch.setattr("torch.get_default_dtype", lambda: torch.float64)
    data = few(resize=(30, 30))
    expected = torchvision_s(data.val.data[0], (30, 30))
    with torch.device("meta"):
        X, y = next(iter(data.val_dataloader()))
    assert X.dtype == torch.float64 and y.device.type == "cpu"
    assert torch.equal(X[0], expected) and torch.equal(data.val[0][0], expected)


def test_sizes_are_one_number_or_two(few):
    for size, expected in ((20, (20, 20)), ([9, 5], (9, 5)), (1, (1, 1))):
        loader = few(resize=size).val_dataloader()
        assert loader.nbytes == 50 * (28 * 28 + 8)  # resized batch by batch
        assert next(iter(loader))[0].shape == (20, 1, *expected)
    for size in ((1, 2, 3), (2.5, 3), (0, 3), (3, 0), "ab", None):
        with pytest.raises(ValueError):
            few(resize=size)


def test_bytes_become_shares_of_255():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert torch.equal(module.to_float(pixels), torch.tensor([0, 0.2, 1]))
    with pytest.raises(ValueError, match="or real numbers, not torch.int64"):
        module.to_float(pixels.long())


@pytest.mark.parametrize("train", [True, False])
def test_only_training_batches_are_shuffled(train, few):
    data = few()
    loader = data.get_dataloader(train)
    assert isinstance(loader, d2l.TensorLoader) and loader.shuffle is train
    assert loader.dataset is (data.train if train else data.val)
    loader = few(num_workers=1).get_dataloader(train)
    assert (loader.num_workers, loader.batch_size) == (1, 20)
    assert isinstance(loader.sampler, RandomSampler) == train


# What a reader puts in the place of our data, or into it.


class Negative(ImageDataset):
    def __getitem__(self, i):
        image, label = super().__getitem__(i)
        return 1 - image, label


def test_another_data_set_is_used_as_it_is(few):
    data = few()
    part, pair = data.train, [(torch.ones(1, 2, 2), 3)] * 2
    ours = Negative(part.data, part.targets, (9, 9))
    for data.train in (Subset(part, range(7, 30)), ours, pair):
        data.val = data.train
        assert data.train_dataloader().batch_size == 20
        assert_holds(data.val_dataloader(), data.val)
        is_ours = data.train is ours
        assert repr(data).endswith("sets of your own>") != is_ours


def small(picture):
    """Do what a transform may do with a PIL image."""
    return torch.tensor(np.asarray(picture.resize((5, 6))))[None] / 128 - 1


CHANGES = {
    "data": lambda part: {"data": 255 - part.data},
    "targets": lambda part: {"targets": 9 - part.targets},
    "shorter": lambda part: {"data": part.data[:23]},  # as torchvision allows
    "larger": lambda part: {"data": part.data.repeat(1, 2, 3)},
    "real": lambda part: {"data": torch.randn(50, 28, 28)},
    "lists": lambda part: {"targets": part.targets.tolist()},
    "arrays": lambda part: {"data": part.data.numpy()},
    "floats": lambda part: {"targets": part.targets.double()},
    "transform": lambda part: {"transform": small},
    "target": lambda part: {"target_transform": lambda label: label // 2},
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_data_are_those_that_come(change, few):
    data = few()
    before = samples(data.val_dataloader())
    vars(data.val).update(CHANGES[change](data.val))
    assert_holds(data.val_dataloader(), data.val)
    X, y = samples(data.val_dataloader())
    is_same = all(map(torch.equal, before, (X, y)))
    assert is_same == (change in ("lists", "arrays", "floats"))
    assert y.dtype == torch.int64
    data.val[0][0].zero_()  # a sample may be changed in place
    assert_holds([(X, y)], data.val)


def test_a_part_may_be_a_stream_a_loader_or_nothing(few):
    class Endless(IterableDataset):
        def __iter__(self):
            return iter([(torch.ones(2), 1)] * 30)

    data = few()
    data.val, data.train = None, Endless()
    assert data.val_dataloader() is None
    assert [len(y) for _, y in data.train_dataloader()] == [20, 10]
    for loader in (few().val_dataloader(), DataLoader(few().val, 7)):
        data.train = loader
        assert data.train_dataloader() is loader


# Sentences.


def test_a_sample_is_asked_for_by_a_whole_number(few):
    part = few().train
    assert part[torch.tensor(3)][1] == 3
    assert part[-1][1] == 9 and len([*part]) == 50
    with pytest.raises(TypeError, match="slice"):
        part[:3]
    for label in (0.7, torch.nan, torch.inf, [1, 0]):
        part.targets = torch.tensor([label])
        with pytest.raises(ValueError, match="A label is a whole number, not"):
            part[0]
    part.data, part.targets = torch.zeros(4, 9, 9), torch.arange(4)
    with pytest.raises(ValueError, match="not torch.float32"):
        part[0]
    part.data = torch.zeros(4, 3, 8, 8)
    with pytest.raises(ValueError, match=r"\(n, h, w\) are needed, not \(1, 3"):
        part[0]


def test_classes_have_their_names(few):
    data = few()
    assert data.text_labels(torch.tensor([9.0, 4])) == ["ankle boot", "coat"]
    assert data.text_labels(range(10)) == data.val.classes
    for labels in ([10], [-1], [1.5], ["a"], torch.eye(10), np.ones((3, 1))):
        with pytest.raises(ValueError, match="9, not .*; of one-hot rows"):
            data.text_labels(labels)


def test_visualize(few):
    data, own = few(), [*"abcdefgh"]
    batch = next(iter(data.val_dataloader()))
    for labels in (None, np.array([]), own):
        data.visualize(batch, labels=labels)
        titles = [axes.get_title() for axes in d2l.plt.gcf().axes]
        assert titles == (own if labels is own else data.text_labels(range(8)))
    d2l.plt.close("all")
    with pytest.raises(ValueError, match="^visualize takes a batch, a"):
        data.visualize(batch[0])


def test_import_torchvision_mends_one_failure(monkeypatch):
    """That of a build for CUDA, which fails until its operators are known."""
    known = RuntimeError("operator torchvision::nms does not exist")
    outcomes = Mock(side_effect=[known, types, RuntimeError("something else")])
    library, real = Mock(), builtins.__import__

    def importing(name, *others):
        return outcomes() if name == "torchvision" else real(name, *others)

    half_loaded = sys.modules | {"torchvision._C": types}
    monkeypatch.setattr(sys, "modules", half_loaded)
    monkeypatch.setattr(builtins, "__import__", importing)
    monkeypatch.setattr("torch.library.Library", lambda *_: library)
    monkeypatch.setattr(module, "_LIBRARIES", [])
    assert d2l.import_torchvision() is types
    declared = [call.args[0] for call in library.define.call_args_list]
    assert [text.split("(")[0] for text in declared] == ["nms", "qnms"]
    assert all(text.endswith(") -> Tensor") for text in declared)
    assert "torchvision._C" not in sys.modules
    assert module._LIBRARIES == [library]  # held, or they would be forgotten
    with pytest.raises(RuntimeError, match="something else"):
        d2l.import_torchvision()
