"""The data sets: what they hold, and how the files are got."""

import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch

import d2lmini as d2l
from d2lmini import data as module


def test_synthetic_data_is_what_it_says():
    torch.manual_seed(0)
    w, b = torch.tensor([2, -3.4]), 4.2
    data = d2l.SyntheticRegressionData(w, b, noise=0.5, num_train=20_000)
    assert data.X.shape == (21_000, 2) and data.y.shape == (21_000, 1)
    noise = data.y - data.X @ w.reshape(-1, 1) - b
    assert noise.std().item() == pytest.approx(0.5, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    assert data.noise == 0.5  # the number, not the tensor


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


def test_resized_dataset(monkeypatch, images):
    arrays = {
        name: array[:50]
        for name, array in zip(
            module.FILES,
            [
                images.train.data.numpy(),
                images.train.targets.numpy(),
                images.val.data.numpy(),
                images.val.targets.numpy(),
            ],
            strict=True,
        )
    }
    monkeypatch.setattr(module, "_load", lambda root: (arrays, False))
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


# Getting the files. Small ones stand for the published four.

CONTENTS = {
    name: gzip.compress(header + bytes(range(count)), mtime=0)
    for name, header, count in [
        ("images.gz", bytes([0, 0, 8, 3] + [0, 0, 0, 2] * 3), 8),
        ("labels.gz", bytes([0, 0, 8, 1] + [0, 0, 0, 2]), 2),
    ]
}


@pytest.fixture
def files(monkeypatch):
    sizes = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENTS.items()
    }
    monkeypatch.setattr(module, "FILES", sizes)
    monkeypatch.setenv("D2LMINI_STANDIN", "never")


@pytest.fixture
def serve(monkeypatch):
    """Return a function that starts a mirror on loopback."""
    servers = []

    def start(*answers):
        mirrors = []
        for answer in answers:

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self, answer=answer):
                    name = self.path.split("/")[-1]
                    asked.append((mirrors.index(self.server.address), name))
                    status, body = answer(CONTENTS.get(name, b""))
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *_):
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.address = f"http://127.0.0.1:{server.server_port}/"
            mirrors.append(server.address)
            servers.append(server)
            threading.Thread(target=server.serve_forever, args=[0.02]).start()
        monkeypatch.setattr(module, "MIRRORS", mirrors)
        return asked

    asked = []
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def good(content):
    return 200, content


def test_files_are_fetched_once(files, serve, tmp_path):
    asked = serve(good)
    arrays = module._load_published(tmp_path / "raw")
    assert arrays["images.gz"].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert arrays["labels.gz"].tolist() == [0, 1]
    assert asked == [(0, "images.gz"), (0, "labels.gz")]
    module._load_published(tmp_path / "raw")
    assert len(asked) == 2
    names = sorted(path.name for path in (tmp_path / "raw").iterdir())
    assert names == ["images.gz", "labels.gz"]


@pytest.mark.parametrize(
    "broken",
    [
        lambda content: (404, b""),
        lambda content: (500, content),
        lambda content: (200, content[:-1]),
        lambda content: (200, content + b"more"),
        lambda content: (200, bytes(len(content))),
        lambda content: (200, b"<html>please log in</html>"),
    ],
    ids=["404", "500", "short", "long", "other content", "page"],
)
def test_a_broken_mirror_is_passed_over(broken, files, serve, tmp_path):
    asked = serve(broken, good)
    module._load_published(tmp_path)
    assert [mirror for mirror, _ in asked] == [0, 1, 0, 1]
    for name, content in CONTENTS.items():
        assert (tmp_path / name).read_bytes() == content


def test_files_put_there_by_hand_are_used(files, serve, tmp_path):
    asked = serve(good)
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    module._load_published(tmp_path)
    assert asked == []


def test_a_damaged_file_is_fetched_again(files, serve, tmp_path):
    asked = serve(good)
    module._load_published(tmp_path)
    damaged = bytearray(CONTENTS["labels.gz"])
    damaged[-1] ^= 1
    (tmp_path / "labels.gz").write_bytes(damaged)
    module._load_published(tmp_path)
    assert asked[2:] == [(0, "labels.gz")]
    assert (tmp_path / "labels.gz").read_bytes() == CONTENTS["labels.gz"]


def test_without_a_mirror_the_error_names_them(files, serve, tmp_path):
    serve(lambda content: (404, b""))
    with pytest.raises(OSError, match=r"images.gz\n  http://127.0.0.1.*404"):
        module._load_published(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_stand_in_is_drawn_announced_and_kept(
    files, serve, tmp_path, monkeypatch
):
    serve(lambda content: (404, b""))
    monkeypatch.setenv("D2LMINI_STANDIN", "auto")
    drawn = []

    def draw(num_images, seed):
        drawn.append((num_images, seed))
        shape = (num_images, 28, 28)
        return np.full(shape, seed, np.uint8), np.zeros(num_images, np.uint8)

    monkeypatch.setattr("d2lmini.standin.draw", draw)
    names = [
        f"{part}-{kind}.gz"
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    ]
    monkeypatch.setattr(module, "FILES", dict.fromkeys(names, (1, "")))
    with pytest.warns(UserWarning, match="stand-in"):
        data = d2l.FashionMNIST(root=tmp_path)
    assert data.is_standin
    assert repr(data).startswith("<Stand-in for Fashion-MNIST")
    assert drawn == [(60_000, 1), (10_000, 2)]
    assert data.train.data.unique().tolist() == [1]
    assert data.val.data.unique().tolist() == [2]
    monkeypatch.setenv("D2LMINI_STANDIN", "always")
    assert d2l.FashionMNIST(root=tmp_path).is_standin
    assert len(drawn) == 2
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    with pytest.raises(OSError, match="could not fetch"):
        d2l.FashionMNIST(root=tmp_path)


def test_a_folder_that_cannot_be_written_is_no_obstacle(files, serve, tmp_path):
    serve(good)
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="could not be kept"):
        arrays = module._load_published(tmp_path / "file" / "raw")
    assert arrays["labels.gz"].tolist() == [0, 1]


def test_unknown_wish_for_the_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_STANDIN", "maybe")
    with pytest.raises(ValueError, match="'maybe'"):
        d2l.FashionMNIST(root=tmp_path)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path))
    assert d2l.cache_folder() == tmp_path
    monkeypatch.delenv("D2LMINI_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert d2l.cache_folder() == tmp_path / "d2lmini"
    monkeypatch.setattr("sys.platform", "darwin")
    assert d2l.cache_folder().parts[-3:] == ("Library", "Caches", "d2lmini")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert d2l.cache_folder() == tmp_path / "local" / "d2lmini"


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
