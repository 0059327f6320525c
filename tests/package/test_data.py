"""The data sets: what they hold, and how they give it out."""

import copy
import functools
import multiprocessing.reduction

import numpy as np
import pytest
import torch

import d2lmini as d2l
from d2lmini import data as module
from d2lmini.data import ImageDataset
from d2lmini.support import files, resizing


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


@pytest.mark.parametrize(
    "w",
    [
        [2, -3.4],
        (2.0, -3.4),
        torch.tensor([[2], [-3.4]]),
        torch.tensor([[2, -3.4]]),
        np.array([2, -3.4]),
        torch.tensor([2, -3.4], dtype=torch.float64),
        torch.tensor([2, -3.4], requires_grad=True),
    ],
    ids=str,
)
def test_weights_may_come_in_many_forms(w):
    torch.manual_seed(0)
    data = d2l.SyntheticRegressionData(w, torch.tensor([4.2]), 0, 5, 3)
    assert data.X.shape == (8, 2) and data.y.shape == (8, 1)
    assert data.y.dtype == torch.float32 and not data.y.requires_grad
    expected = data.X @ torch.tensor([[2], [-3.4]]) + 4.2
    torch.testing.assert_close(data.y, expected)
    assert data.w.reshape(-1).tolist() == pytest.approx([2, -3.4])
    assert data.hparams["w"] is w


def test_weights_of_no_input_or_of_several_rows_are_refused():
    for w in ([], torch.ones(0, 1), torch.ones(2, 3)):
        with pytest.raises(ValueError, match="one weight for each input"):
            d2l.SyntheticRegressionData(w, 0)
    assert d2l.SyntheticRegressionData(2.0, 0).X.shape == (2000, 1)


def test_synthetic_data_follow_the_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        data = d2l.SyntheticRegressionData(torch.ones(2).float(), 1)
        X, y = next(iter(data.train_dataloader()))
        assert X.dtype == y.dtype == torch.float64
        history = d2l.Trainer(1).fit(d2l.LinearRegression(0.1), data)
        assert history["val_loss"][0] < 1
    finally:
        torch.set_default_dtype(torch.float32)


def test_synthetic_data_follow_the_default_device():
    with torch.device("meta"):
        data = d2l.SyntheticRegressionData([1.0, 2.0], 1.0)
        assert data.X.device.type == data.y.device.type == "meta"
        X, y = next(iter(data.val_dataloader()))
        assert X.device.type == "meta" and y.shape == (32, 1)


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
    """Bit for bit; one image in ten as it is, one in a hundred resized."""
    pixels = torch.cat([images.train.data, images.val.data])
    pixels = pixels[:: 100 if size else 10]
    ours = ImageDataset(pixels, torch.zeros(len(pixels)), size)
    expected = torchvision_s(size)
    for image, mine in zip(pixels, ours.to_inputs(pixels), strict=True):
        assert torch.equal(expected(image), mine)


@functools.cache
def torchvision_s(size):
    """Return the function by which D2L makes an input of an image."""
    d2l.import_torchvision()
    from PIL import Image
    from torchvision import transforms

    steps = [transforms.Resize(size)] if size else []
    transform = transforms.Compose([*steps, transforms.ToTensor()])
    return lambda image: transform(Image.fromarray(image.numpy()))


# Up, down, one of each, one side only; Pillow turns the order of its passes.
SIZES = [(224, 224), (96, 64), (14, 14), (10, 21), (7, 97), (97, 7), (20, 36)]
SIZES += [(36, 20), (28, 56), (56, 28), (28, 9), (9, 28), (1, 1), (1, 40)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", [(28, 28), (17, 40)], ids=str)
def test_resized_images_equal_torchvision_s(size, shape):
    """In batches and one by one, bit for bit, also of noise."""
    rng = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (12, *shape), generator=rng)
    pixels[0], pixels[1], pixels[2] = 0, 255, pixels[2] // 30
    part = ImageDataset(pixels.to(torch.uint8), torch.arange(12), size)
    assert resizing._order(shape, (None, *size)), "slow: one by one"
    together = part.to_inputs(part.data)
    assert together.shape == (12, 1, *size)
    assert part.to_inputs(part.data[:0]).shape == (0, 1, *size)
    for i, image in enumerate(part.data):
        expected = torchvision_s(size)(image)
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


def test_resizing_waits_until_a_batch_is_asked_for(monkeypatch, few):
    data = few(resize=(224, 224))
    assert data.train.data.shape == (50, 28, 28)
    assert data.train.data.dtype == torch.uint8
    loader = data.get_dataloader(train=False)
    assert loader.nbytes == 50 * (28 * 28 + 8)
    resized = []

    def resize(images, size):
        resized.append(len(images))
        return resizing.resize(images, size)

    monkeypatch.setattr(module, "resize", resize)
    batches = iter(loader)
    assert next(batches)[0].shape == (20, 1, 224, 224)
    assert resized == [20]
    assert [len(y) for _, y in batches] == [20, 10]
    assert resized == [20, 20, 10]


def test_a_loader_that_resizes_may_be_moved(few):
    loader = few(resize=(32, 32)).get_dataloader(train=True)
    moved = loader.to("cpu")
    torch.manual_seed(0)
    expected = list(loader)
    torch.manual_seed(0)
    for (X, y), (X_moved, y_moved) in zip(expected, moved, strict=True):
        assert torch.equal(X, X_moved) and torch.equal(y, y_moved)
    assert moved.dataset is loader.dataset and moved.nbytes == loader.nbytes


def test_the_size_may_be_changed_later(few):
    data = few()
    loader = data.val_dataloader()
    for size in ((32, 40), [9, 5], 7):
        data.resize = size
        height, width = (7, 7) if size == 7 else size
        assert data.resize == (height, width)
        assert next(iter(loader))[0].shape == (20, 1, height, width)
        assert data.train[0][0].shape == (1, height, width)
    data.val = [1]  # no longer ours
    data.resize = 8
    assert data.train[0][0].shape == (1, 8, 8)
    for size in ((1, 2, 3), (4,), (2.5, 3), "ab", None, float("nan")):
        with pytest.raises(ValueError, match="must be a whole|not "):
            data.resize = size
    assert data.resize == (8, 8)


def test_bytes_become_shares_of_255():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert torch.equal(module.to_float(pixels), torch.tensor([0, 0.2, 1]))
    shares = torch.tensor([-1.5, 300])
    assert module.to_float(shares) is shares
    with pytest.raises(ValueError, match="or real numbers, not torch.int64"):
        module.to_float(torch.tensor([0, 255]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_images_have_the_default_dtype_as_torchvision_s_have(dtype, few):
    torch.set_default_dtype(dtype)
    try:
        data = few(resize=(30, 30))
        assert data.train.data.dtype == torch.uint8
        X, _ = next(iter(data.val_dataloader()))
        expected = torchvision_s((30, 30))(data.val.data[0])
        assert X.dtype == data.val[0][0].dtype == expected.dtype == dtype
        assert torch.equal(X[0], expected)
        assert torch.equal(data.val[0][0], expected)
    finally:
        torch.set_default_dtype(torch.float32)


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


@pytest.fixture
def few(monkeypatch):
    """Return a function that makes a FashionMNIST of 50 images a part."""
    pixels = np.random.default_rng(3).integers(0, 256, (50, 28, 28), np.uint8)
    part = pixels, np.arange(50, dtype=np.uint8) % 10
    images = files.Images(*part, *part, is_standin=False)
    monkeypatch.setattr(module, "load_images", lambda root: images)
    return lambda batch_size=20, **others: d2l.FashionMNIST(
        batch_size, **others
    )


def test_one_number_resizes_both_sides(few):
    data = few(resize=20)
    assert data.resize == (20, 20)
    assert d2l.FashionMNIST(resize=1).train[0][0].shape == (1, 1, 1)
    assert d2l.FashionMNIST(root="here").root == "here"
    with pytest.raises(ValueError, match="num_workers must be"):
        d2l.FashionMNIST(num_workers=-1)
    assert data.train[0][0].shape == (1, 20, 20)
    for size in ((20, 0), (0, 20), 0, -1, 2.5):
        with pytest.raises(
            ValueError, match="must be a whole number of at least 1"
        ):
            d2l.FashionMNIST(resize=size)


def test_labels_that_do_not_exist_have_no_name(images):
    for label in (10, -1, 1.5, float("nan"), "a", torch.tensor(10)):
        with pytest.raises(ValueError) as caught:
            images.text_labels([label])
        assert str(caught.value) == f"{label} is not a label from 0 to 9."
    assert images.text_labels(iter([0, 1.0])) == ["t-shirt", "trouser"]


def test_resized_dataset(few):
    data = few(resize=(32, 32))
    assert data.train[0][0].shape == (1, 32, 32)
    assert next(iter(data.val_dataloader()))[0].shape == (20, 1, 32, 32)
    assert repr(data) == ("<Published Fashion-MNIST: 50 + 50 images of 32x32>")


# What a reader puts in the place of our data set.


def samples(loader):
    """Return the images and labels of one pass, one after the other."""
    X, y = zip(*loader, strict=True)
    return torch.cat(X), torch.cat(y)


def assert_holds(loader, data):
    """Check that a loader hands out the samples of a data set, in order."""
    X, y = samples(loader)
    assert len(X) == len(y) == len(data)
    for i, (image, label) in enumerate(data):
        assert torch.equal(X[i], image) and y[i] == label


class Negative(ImageDataset):
    def __getitem__(self, i):
        image, label = super().__getitem__(i)
        return 1 - image, label


def their_own(data, size):
    """Return torchvision's data set with transforms, as D2L makes it."""
    datasets = d2l.import_torchvision().datasets

    class Own(datasets.FashionMNIST):
        def __init__(self):
            self.data, self.targets = data.data, data.targets
            self.transform = torchvision_s(size)
            self.target_transform = None

        def __getitem__(self, i):
            return self.transform(self.data[i]) - 0.5, int(self.targets[i])

    return Own()


@pytest.mark.parametrize(
    "replace",
    [
        lambda data: torch.utils.data.Subset(data, range(7, 30)),
        lambda data: torch.utils.data.random_split(data, [40, 10])[0],
        lambda data: torch.utils.data.ConcatDataset([data, data]),
        lambda data: their_own(data, (20, 20)),
        lambda data: Negative(data.data, data.targets, (9, 9)),
        lambda data: [(torch.ones(1, 2, 2), 3), (torch.zeros(1, 2, 2), 4)],
        lambda data: torch.utils.data.TensorDataset(
            torch.randn(23, 1, 8, 8), torch.arange(23)
        ),
    ],
)
def test_another_data_set_is_used_as_it_is(replace, few):
    data = few()
    data.train, data.val = replace(data.train), replace(data.val)
    assert isinstance(data.train_dataloader(), torch.utils.data.DataLoader)
    assert data.train_dataloader().batch_size == 20
    assert_holds(data.val_dataloader(), data.val)
    _, first = samples(data.train_dataloader())
    assert len(first) == len(data.train)


def change_data(part):
    part.data = 255 - part.data


def change_targets(part):
    part.targets = 9 - part.targets


def change_in_place(part):
    part.data[:5] = 0
    part.targets[:5] = 0


def shorten(part):
    part.data, part.targets = part.data[:23], part.targets[:23]


def shorten_images(part):  # as torchvision allows
    part.data = part.data[:23]


def enlarge(part):
    part.data = torch.ones(9, 40, 40, dtype=torch.uint8)
    part.targets = torch.arange(9)


def use_real_numbers(part):
    part.data = torch.randn(9, 28, 28)
    part.targets = torch.arange(9)


def use_lists(part):
    part.targets = part.targets.tolist()


def use_arrays(part):
    part.data, part.targets = part.data.numpy(), part.targets.numpy()


def use_floats_as_labels(part):
    part.targets = part.targets.double()


def use_transforms(part):
    part.transform = torchvision_free
    part.target_transform = lambda label: label // 2


def torchvision_free(picture):
    """Do what a transform may do with a PIL image."""
    picture = picture.transpose(0).resize((5, 6))
    return torch.tensor(np.asarray(picture))[None] / 128 - 1


@pytest.mark.parametrize("size", [(28, 28), (12, 30)], ids=str)
@pytest.mark.parametrize(
    "change",
    [
        change_data, change_targets, change_in_place, shorten, shorten_images,
        enlarge, use_lists, use_arrays, use_floats_as_labels, use_transforms,
    ],
)  # fmt: skip
def test_changed_data_are_those_that_come(change, size, few):
    data = few(resize=size)
    before = samples(data.val_dataloader())
    change(data.val)
    assert_holds(data.val_dataloader(), data.val)
    after = samples(data.val_dataloader())
    same = len(before[0]) == len(after[0])
    same = same and torch.equal(before[0], after[0])
    same = same and torch.equal(before[1], after[1])
    unchanged = change in (use_lists, use_arrays, use_floats_as_labels)
    assert same == unchanged
    X, y = next(iter(data.val_dataloader()))
    assert y.dtype == torch.int64
    assert X.shape[2:] == ((6, 5) if change is use_transforms else size)
    assert X.max() <= 1


def test_real_numbers_stay_as_they_are(few):
    data = few()
    use_real_numbers(data.val)
    assert_holds(data.val_dataloader(), data.val)
    assert torch.equal(samples(data.val_dataloader())[0][:, 0], data.val.data)
    data.val[0][0].zero_()  # the reader may change a sample in place
    assert data.val[0][0].any()
    data.resize = 32
    with pytest.raises(ValueError, match="Only images of bytes .* are resized"):
        next(iter(data.val_dataloader()))


def test_a_method_that_was_replaced_is_asked(few, monkeypatch):
    data = few()

    def __getitem__(self, i):
        return self.data[i].float(), int(self.targets[i])

    monkeypatch.setattr(ImageDataset, "__getitem__", __getitem__)
    assert samples(data.val_dataloader())[0].max() == 255


class Endless(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter([(torch.ones(2), 1)] * 30)


def test_a_stream_is_not_shuffled(few):
    data = few()
    data.train = Endless()
    assert [len(y) for _, y in data.train_dataloader()] == [20, 10]


def test_a_part_may_be_a_loader_or_nothing(few):
    data = few()
    data.train, data.val = data.val_dataloader(), None
    assert data.train_dataloader() is data.train
    assert data.val_dataloader() is None
    assert repr(data) == (
        "<Published Fashion-MNIST, with data sets of your own>"
    )
    data.train = torch.utils.data.DataLoader(few().val, 7)
    assert data.train_dataloader() is data.train


def test_a_part_can_be_split_and_trained_on(few):
    data = few()
    data.train, data.val = torch.utils.data.random_split(data.train, [40, 10])
    model = d2l.Classifier()
    model.lr = 0.1
    model.net = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(28 * 28, 10)
    )
    history = d2l.Trainer(1).fit(model, data)
    assert history["val_loss"][0] > 0


def test_the_batch_size_may_be_changed_later(few):
    data = few()
    data.batch_size = 30
    loader = data.val_dataloader()
    assert [len(y) for _, y in loader] == [30, 20]
    loader.batch_size = 45
    assert len(loader) == 2 and [len(y) for _, y in loader] == [45, 5]


def test_workers_that_are_spawned_can_be_given_the_data(few):
    data = few(resize=(20, 20))
    copied = copy.deepcopy(data.val)
    assert torch.equal(copied[3][0], data.val[3][0])
    sent = multiprocessing.reduction.ForkingPickler.dumps(data.val)
    assert len(sent) < 50 * 28 * 28  # shared, not copied


def test_loaders_know_their_data_set(few):
    data = few()
    for loader, part in (
        (data.train_dataloader(), data.train),
        (data.val_dataloader(), data.val),
    ):
        assert loader.dataset is part and len(loader.dataset) == 50
        assert loader.batch_size == 20 and loader.drop_last is False
        assert loader.num_workers == 0
    loader = d2l.TensorLoader((torch.ones(5, 2), torch.arange(5)), 2)
    assert len(loader.dataset) == 5 and loader.dataset[3][1] == 3


@pytest.mark.parametrize("resize", [(28, 28), (14, 14)], ids=str)
@pytest.mark.parametrize("num_workers", [0, 1])
def test_batches_may_be_changed_in_place(resize, num_workers, few):
    data = few(resize=resize, num_workers=num_workers)
    before = samples(data.val_dataloader())
    for loader in (data.train_dataloader(), data.val_dataloader()):
        for X, y in loader:
            X.sub_(1).div_(2)
            y.zero_()
    after = samples(data.val_dataloader())
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


@pytest.mark.parametrize("shuffle", [True, False])
def test_rows_of_any_loader_may_be_changed_in_place(shuffle):
    X, y = torch.ones(5, 2), torch.arange(5)
    for batch in d2l.TensorLoader((X, y), 2, shuffle):
        for rows in batch:
            rows.mul_(0)
    assert X.sum() == 10 and y.tolist() == [0, 1, 2, 3, 4]


# What can be given to a TensorLoader.


def test_a_loader_takes_an_iterator_once():
    X, y = torch.arange(5.0), torch.arange(5)
    for given in ((t for t in (X, y)), iter([X, y]), map(abs, (X, y))):
        loader = d2l.TensorLoader(given, 2)
        for _ in range(2):
            assert torch.equal(samples(loader)[0], X)


def test_arrays_become_tensors():
    X = np.arange(12.0).reshape(6, 2)
    X.flags.writeable = False
    backward, big = np.arange(6)[::-1], np.arange(6).astype(">i2")
    loader = d2l.TensorLoader((X, backward, big), 4)
    X_0, y, z = next(iter(loader))
    assert X_0.dtype == torch.float64 and X_0.tolist() == X[:4].tolist()
    assert y.tolist() == [5, 4, 3, 2] and z.tolist() == [0, 1, 2, 3]
    (rows,) = next(iter(d2l.TensorLoader(X, 4, shuffle=True)))
    assert rows.shape == (4, 2)


@pytest.mark.parametrize(
    "tensors, sentence",
    [
        ([[1, 2]], "tensors or NumPy arrays, not from list"),
        (({"a": 1},), "tensors or NumPy arrays, not from dict"),
        (
            torch.eye(3).to_sparse(),
            r"not from one of shape \(3, 3\) and layout torch.sparse_coo; give "
            r"to_dense\(\)",
        ),
        ((torch.eye(3), torch.tensor(1)), r"not of shapes \[\(3, 3\), \(\)\]"),
        ((), r"not of shapes \[\]"),
    ],
)
def test_what_a_loader_refuses(tensors, sentence):
    with pytest.raises(ValueError, match=sentence):
        d2l.TensorLoader(tensors, 2)


def test_tensors_may_lie_on_several_devices():
    tensors = torch.arange(5), torch.arange(5, device="meta")
    for shuffle in (True, False):
        batch = next(iter(d2l.TensorLoader(tensors, 2, shuffle)))
        assert [rows.device.type for rows in batch] == ["cpu", "meta"]


def test_the_order_is_drawn_on_the_cpu():
    loader = d2l.TensorLoader(torch.arange(50), 50, shuffle=True)
    torch.manual_seed(0)
    (expected,) = next(iter(loader))
    torch.manual_seed(0)
    with torch.device("meta"):
        (order,) = next(iter(loader))
    assert torch.equal(order, expected)


def test_images_stay_on_the_cpu_whatever_the_default_device(few):
    with torch.device("meta"):
        data = few(resize=(20, 30))
        assert data.train[0][0].device.type == "cpu"
        change_in_place(data.val)
        use_arrays(data.train)
        assert data.train[0][0].device.type == "cpu"
        X, y = next(iter(data.val_dataloader()))
    assert X.device.type == y.device.type == "cpu"


# Sentences.


def test_a_sample_is_asked_for_by_a_whole_number(few):
    part = few().train
    assert part[torch.tensor(3)][1] == part[np.int64(3)][1] == part[3][1] == 3
    assert part[-1][1] == 9
    assert len([label for _, label in part]) == 50
    for i in (slice(3), [1, 2], 1.5, "a"):
        with pytest.raises(TypeError, match="asked for by a whole number"):
            part[i]
    for label in (0.7, torch.nan, torch.inf, [1, 0]):
        part.targets = torch.tensor([label])
        with pytest.raises(ValueError, match="A label is a whole number, not"):
            part[0]


def test_images_with_channels_are_refused():
    part = ImageDataset(torch.zeros(4, 3, 8, 8), torch.arange(4))
    with pytest.raises(ValueError, match=r"\(n, h, w\) are needed, not \(1, 3"):
        part[0]


def test_labels_are_one_row(few):
    data = few()
    for labels, shape in (
        (torch.eye(10)[:4], r"\(4, 10\)"),
        (np.ones((3, 1)), r"\(3, 1\)"),
        ([[1, 2]], r"\(1, 2\)"),
    ):
        with pytest.raises(ValueError, match=f"not of shape {shape}; of one-"):
            data.text_labels(labels)
    for labels in (3, torch.tensor(3), None):
        with pytest.raises(ValueError, match="takes a row of labels, not"):
            data.text_labels(labels)
    assert data.text_labels(np.array([8])) == ["bag"]


def test_all_classes_have_their_names(few):
    assert few().text_labels(range(10)) == [
        "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
        "sneaker", "bag", "ankle boot",
    ]  # fmt: skip


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
    for labels in (None, [], np.array([]), ()):
        images.visualize(batch, labels=labels)
        assert [axes.get_title() for axes in plt.gcf().axes] == titles
    images.visualize(batch, 1, 2, np.array(["c", "d"]))
    assert [axes.get_title() for axes in plt.gcf().axes] == ["c", "d"]
    plt.close("all")
    for wrong in (batch[0], batch[:1], 3):
        with pytest.raises(ValueError, match="a pair of images and labels"):
            images.visualize(wrong)


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
    monkeypatch.setattr(module, "_LIBRARIES", [])
    assert d2l.import_torchvision() is sys.modules.pop("torchvision")
    assert tries == [[], []]
    boxes = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    assert declared == [
        ("torchvision", "FRAGMENT", f"{name}{boxes}")
        for name in ("nms", "qnms")
    ]
    assert [type(library) for library in module._LIBRARIES] == [Library]


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
