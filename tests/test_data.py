"""The data sets: what they hold, and how they give it out."""

import numpy as np
import pytest
import torch

import d2lmini as d2l
from d2lmini import data as module
from d2lmini import files


def test_synthetic_data_is_what_it_says():
    torch.manual_seed(0)
    w, b = torch.tensor([2, -3.4]), 4.2
    data = d2l.SyntheticRegressionData(w, b, noise=0.5, num_train=20_000)
    assert data.X.shape == (21_000, 2) and data.y.shape == (21_000, 1)
    noise = data.y - data.X @ w.reshape(-1, 1) - b
    assert noise.std().item() == pytest.approx(0.5, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    assert data.noise == 0.5  # the number, not the tensor


def test_synthetic_data_draws_inputs_first_and_adds_the_noise():
    torch.manual_seed(0)
    w = torch.tensor([2, -3.4])
    data = d2l.SyntheticRegressionData(w, 4.2, 0.5, 3, 2)
    torch.manual_seed(0)
    X, noise = torch.randn(5, 2), 0.5 * torch.randn(5, 1)
    assert torch.equal(data.X, X)
    torch.testing.assert_close(data.y, (X @ w).reshape(-1, 1) + 4.2 + noise)


def test_synthetic_loaders_split_the_rows():
    torch.manual_seed(0)
    data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0, 10, 6, 4)
    val = torch.cat([X for X, _ in data.val_dataloader()])
    assert torch.equal(val, data.X[10:])
    train = torch.cat([X for X, _ in data.train_dataloader()])
    assert not torch.equal(train, data.X[:10])
    assert torch.equal(train.sort(dim=0).values, data.X[:10].sort(0).values)
    assert [len(X) for X, _ in data.train_dataloader()] == [4, 4, 2]


@pytest.fixture(scope="module")
def images():
    """Whatever this machine can have: the published images or the stand-in."""
    return d2l.FashionMNIST(batch_size=256)


def test_shapes_and_types(images):
    assert (len(images.train), len(images.val)) == (60_000, 10_000)
    image, label = images.train[0]
    assert image.shape == (1, 28, 28) and image.dtype == torch.float32
    assert type(label) is int
    assert images.train.data.dtype == torch.uint8
    assert images.train.targets.dtype == torch.int64
    assert images.val.targets.bincount().tolist() == [1000] * 10


def test_batches(images):
    loader = images.train_dataloader()
    assert len(loader) == 235
    X, y = next(iter(loader))
    assert X.shape == (256, 1, 28, 28) and X.dtype == torch.float32
    assert y.shape == (256,) and y.dtype == torch.int64
    X, y = next(iter(images.val_dataloader()))
    assert all(torch.equal(X[i], images.val[i][0]) for i in range(256))
    assert y.tolist() == [images.val[i][1] for i in range(256)]


def test_pytorch_s_loader_gives_the_same(images):
    theirs = d2l.FashionMNIST(batch_size=64, num_workers=1).val_dataloader()
    assert isinstance(theirs, torch.utils.data.DataLoader)
    ours = images.get_tensorloader((images.val.data, images.val.targets), False)
    X, y = next(iter(theirs))
    assert torch.equal(X, module.to_float(next(iter(ours))[0][:64, None]))
    assert torch.equal(y, images.val.targets[:64])


@pytest.mark.parametrize("size", [None, (32, 32), (20, 36)])
def test_every_image_is_what_torchvision_makes_of_it(size, images):
    """Bit for bit; all images as they are, one in ten when resized."""
    d2l.import_torchvision()
    from PIL import Image
    from torchvision import transforms

    steps = [transforms.Resize(size)] if size else []
    transform = transforms.Compose([*steps, transforms.ToTensor()])
    pixels = images.val.data.numpy()
    if size:
        pixels = pixels[::10]
        ours = torch.from_numpy(module._resize(pixels, size)).unsqueeze(1)
    else:
        pixels = np.concatenate([images.train.data.numpy(), pixels])
        ours = torch.from_numpy(pixels).unsqueeze(1)
    for image, mine in zip(pixels, module.to_float(ours), strict=True):
        assert torch.equal(transform(Image.fromarray(image)), mine)


def test_bytes_become_shares_of_255():
    shares = module.to_float(torch.tensor([0, 51, 255], dtype=torch.uint8))
    assert torch.equal(shares, torch.tensor([0, 0.2, 1]))


def test_data_sets_know_their_classes(images):
    assert [*images.train.classes] == images.text_labels(range(10))


def test_only_training_batches_are_shuffled(images, monkeypatch):
    for train in (True, False):
        loader = images.get_dataloader(train)
        assert isinstance(loader, d2l.TensorLoader) and loader.shuffle is train
        monkeypatch.setattr(images, "num_workers", 1)
        loader = images.get_dataloader(train)
        assert loader.num_workers == 1
        sampler = type(loader.sampler).__name__
        assert sampler == ("RandomSampler" if train else "SequentialSampler")
        monkeypatch.undo()


def test_one_number_resizes_both_sides(monkeypatch, images):
    small = images.val.data.numpy()[:3], images.val.targets.numpy()[:3]
    arrays = dict(zip("abcd", small * 2, strict=True))
    monkeypatch.setattr(module, "load_images", lambda root: (arrays, False))
    data = d2l.FashionMNIST(resize=20)
    assert data.resize == (20, 20)
    assert d2l.FashionMNIST(resize=1).train[0][0].shape == (1, 1, 1)
    assert d2l.FashionMNIST(root="here").root == module.DataModule("here").root
    with pytest.raises(ValueError, match="num_workers must be"):
        d2l.FashionMNIST(num_workers=-1)
    assert data.train[0][0].shape == (1, 20, 20)
    for size in ((20, 0), (0, 20), 0, -1, 2.5):
        with pytest.raises(ValueError, match="must be a whole number from 1"):
            d2l.FashionMNIST(resize=size)


def test_labels_that_do_not_exist_have_no_name(images):
    for label in (10, -1, 1.5, float("nan"), "a", torch.tensor(10)):
        with pytest.raises(ValueError) as caught:
            images.text_labels([label])
        assert str(caught.value) == f"{label} is no label from 0 to 9"
    assert images.text_labels(iter([0, 1.0])) == ["t-shirt", "trouser"]


def test_resized_dataset(monkeypatch, images):
    arrays = {
        name: array[:50]
        for name, array in zip(
            files.FILES,
            [
                images.train.data.numpy(),
                images.train.targets.numpy(),
                images.val.data.numpy(),
                images.val.targets.numpy(),
            ],
            strict=True,
        )
    }
    monkeypatch.setattr(module, "load_images", lambda root: (arrays, False))
    data = d2l.FashionMNIST(resize=(32, 32))
    assert data.train[0][0].shape == (1, 32, 32)
    assert next(iter(data.val_dataloader()))[0].shape == (50, 1, 32, 32)
    assert repr(data) == ("<Published Fashion-MNIST: 50 + 50 images of 32x32>")


def test_text_labels(images):
    assert images.text_labels(torch.tensor([9, 0])) == ["ankle boot", "t-shirt"]


def test_visualize(images):
    import matplotlib.pyplot as plt

    batch = next(iter(images.val_dataloader()))
    images.visualize(batch)
    titles = [axes.get_title() for axes in plt.gcf().axes]
    assert titles == images.text_labels(batch[1][:8])
    images.visualize(batch, 1, 2, labels=["a", "b"])
    assert [axes.get_title() for axes in plt.gcf().axes] == ["a", "b"]
    plt.close("all")


def test_import_torchvision_mends_that_failure(monkeypatch):
    """A package that fails until its operators are declared, as a build for
    CUDA does; and the real one, again, afterwards."""
    import importlib.util
    import types

    class Torchvision:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                return importlib.util.spec_from_loader(name, self)

        def create_module(self, spec):
            return types.ModuleType(spec.name)

        def exec_module(self, module):
            tries.append([n for n in sys.modules if n == "torchvision._C"])
            if len(tries) == 1:
                sys.modules["torchvision._C"] = module
                raise RuntimeError("operator torchvision::nms does not exist")

    tries, declared, sys = [], [], module.sys

    class Library:
        def __init__(self, *names):
            self.names = names

        def define(self, operator):
            declared.append((*self.names, operator))

    for name in [n for n in sys.modules if n.startswith("torchvision")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("sys.meta_path", [Torchvision(), *sys.meta_path])
    monkeypatch.setattr("torch.library.Library", Library)
    monkeypatch.setattr(d2l.import_torchvision, "library", None, raising=False)
    assert d2l.import_torchvision() is sys.modules.pop("torchvision")
    assert tries == [[], []]
    boxes = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    assert declared == [
        ("torchvision", "FRAGMENT", f"{name}{boxes}")
        for name in ("nms", "qnms")
    ]
    assert isinstance(d2l.import_torchvision.library, Library)


def test_import_torchvision_mends_one_failure_only(monkeypatch):
    assert hasattr(d2l.import_torchvision(), "datasets")

    class Other:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                raise RuntimeError("something else")

    for name in [n for n in module.sys.modules if n.startswith("torchvision")]:
        monkeypatch.delitem(module.sys.modules, name)
    monkeypatch.setattr("sys.meta_path", [Other()])
    with pytest.raises(RuntimeError, match="something else"):
        d2l.import_torchvision()
