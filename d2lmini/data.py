"""The two data sets of the book (3.3, 4.2)."""

import gzip
import hashlib
import io
import os
import sys
import tempfile
import time
import urllib.request
import warnings
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch

from .plotting import show_images
from .training import DataModule, TensorLoader

CLASSES = (
    "t-shirt trouser pullover dress coat sandal shirt sneaker bag".split()
    + ["ankle boot"]
)
# Name: (length in bytes, SHA-256) of the files as their authors publish them.
FILES = {
    "train-images-idx3-ubyte.gz": (
        26421880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        29515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4422102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
# Tried in this order: the authors' repository, Keras' copy, the first home.
MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
STANDIN_NOTE = (
    "Fashion-MNIST could be neither found nor fetched. This is a stand-in "
    "that d2lmini drew: pictures of the same ten classes, other results."
)


class SyntheticRegressionData(DataModule):
    """Points y = Xw + b + noise, with X ~ N(0, 1) and Gaussian noise.

    `w` has shape (num_inputs,), `noise` is a standard deviation. `X` has
    shape (num_train + num_val, num_inputs) and `y` (num_train + num_val, 1);
    validation takes the last rows. Draws from PyTorch's global generator.
    """

    def __init__(
        self, w, b, noise=0.01, num_train=1000, num_val=1000, batch_size=32
    ):
        super().__init__()
        self.save_hyperparameters()
        n = num_train + num_val
        self.X = torch.randn(n, len(w))
        epsilon = noise * torch.randn(n, 1)
        self.y = self.X @ w.reshape(-1, 1) + b + epsilon

    def get_dataloader(self, train):
        """Return batches of (X, y), shuffled for training."""
        rows = slice(self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


def _check(name, content):
    """Raise ValueError unless `content` is the published file, bit for bit."""
    length, sha256 = FILES[name]
    if len(content) != length:
        raise ValueError(f"{name} has {len(content)} bytes, not {length}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{name} has the right length, but other content")


def _write(path, content):
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _keep(path, content):
    """Write a file for the next time; go on without it if that fails."""
    try:
        _write(path, content)
    except OSError as error:
        warnings.warn(f"{path} could not be kept: {error}", stacklevel=6)


def _download(url, length):
    """Return what is at `url`; give up below 10 kB/s or after 10 s silence."""
    start, content = time.monotonic(), bytearray()
    with urllib.request.urlopen(url, timeout=10) as response:
        while chunk := response.read1(1 << 16):
            content += chunk
            seconds = time.monotonic() - start
            if seconds > 10 and len(content) < 10_000 * seconds:
                raise TimeoutError(f"{len(content)} bytes in {seconds:.0f} s")
            if len(content) > length:
                break
    return bytes(content)


def _fetch(name):
    """Return the published file `name` from the first mirror that has it."""
    failures = []
    for mirror in MIRRORS:
        try:
            content = _download(mirror + name, FILES[name][0])
            _check(name, content)
            return content
        except (OSError, ValueError, HTTPException) as error:
            failures.append(f"  {mirror}: {error}")
    raise OSError(f"could not fetch {name}\n" + "\n".join(failures))


def _read_idx(content):
    """Turn the bytes of a gzipped IDX file into an array of uint8."""
    with gzip.open(io.BytesIO(content)) as file:
        num_dims = file.read(4)[3]
        shape = np.frombuffer(file.read(4 * num_dims), ">u4").tolist()
        values = np.empty(shape, np.uint8)
        file.readinto(values.data)
    return values


def _load_published(folder):
    """Return the four published arrays by file name, fetching what lacks."""
    contents = {}
    for name in FILES:
        path = folder / name
        content = path.read_bytes() if path.is_file() else None
        try:
            _check(name, content or b"")
        except ValueError:
            content = _fetch(name)
            _keep(path, content)
        contents[name] = content
    return {name: _read_idx(content) for name, content in contents.items()}


def _load_standin(folder):
    """Return the four stand-in arrays by file name, drawing them once."""
    from .standin import draw

    contents = {}
    for seed, part in enumerate(("train", "t10k"), 1):
        names = [name for name in FILES if name.startswith(part)]
        if all((folder / name).is_file() for name in names):
            contents |= {name: (folder / name).read_bytes() for name in names}
            continue
        arrays = draw(60_000 if part == "train" else 10_000, seed)
        for name, array in zip(names, arrays, strict=True):
            header = bytes([0, 0, 8, array.ndim])
            header += np.array(array.shape, ">u4").tobytes()
            contents[name] = gzip.compress(header + array.tobytes(), 1, mtime=0)
            _keep(folder / name, contents[name])
    return {name: _read_idx(content) for name, content in contents.items()}


def _load(root):
    """Return the four arrays and whether they are the stand-in's."""
    wish = os.environ.get("D2LMINI_STANDIN", "auto")
    if wish not in ("auto", "never", "always"):
        raise ValueError(f"D2LMINI_STANDIN={wish!r}: auto, never or always?")
    if wish != "always":
        try:
            return _load_published(root / "FashionMNIST" / "raw"), False
        except OSError as error:
            if wish == "never":
                raise
            warnings.warn(f"{STANDIN_NOTE}\n{error}", stacklevel=4)
    return _load_standin(root / "FashionMNIST-standin" / "raw"), True


def import_torchvision():
    """Import torchvision and return it, even if it was built for CUDA.

    Such a build, beside a torch without CUDA, cannot load its own operators
    and stops with "operator torchvision::nms does not exist". Data sets and
    transforms need none of them, so the two that are missed are declared.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
        for name in [n for n in sys.modules if n.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(
                f"{name}(Tensor dets, Tensor scores, float iou_threshold)"
                " -> Tensor"
            )
        import_torchvision.library = library  # lasts as long as it is held
        import torchvision
    return torchvision


def to_float(images):
    """Turn uint8 images 0..255 into float32 images 0..1."""
    return images.float().div_(255)


class ImageDataset(torch.utils.data.Dataset):
    """Grey images with labels; sample i is a pair (image, label).

    `data` holds the images as uint8 of shape (n, h, w), `targets` the labels
    as int64 of shape (n,). A sample's image is float32 of shape (1, h, w)
    with values 0..1, its label an int.
    """

    def __init__(self, data, targets):
        self.data, self.targets = data, targets
        self.classes = CLASSES

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return to_float(self.data[i].unsqueeze(0)), int(self.targets[i])


def _resize(images, size):
    """Resize uint8 images (n, h, w) as torchvision's Resize does."""
    from PIL import Image

    resized = np.empty((len(images), *size), np.uint8)
    for i, image in enumerate(images):
        picture = Image.fromarray(image)
        resized[i] = picture.resize(size[::-1], Image.Resampling.BILINEAR)
    return resized


class FashionMNIST(DataModule):
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothing.

    The published files are looked for in `root`/FashionMNIST/raw, by default
    below `cache_folder()`, and fetched once when they are not there. `train`
    and `val` are data sets of (1, h, w) images with labels 0..9; `resize` is
    (h, w), or one number for both. Where the files cannot be had, a stand-in
    is drawn, with a warning, and `is_standin` is True; $D2LMINI_STANDIN (auto,
    never, always) forbids or forces that.

    Source: Xiao, Rasul and Vollgraf, 2017.
    """

    def __init__(
        self, batch_size=64, resize=(28, 28), root=None, num_workers=0
    ):
        super().__init__(root, num_workers)
        self.save_hyperparameters(ignore=["root"])
        if isinstance(resize, int):
            resize = (resize, resize)
        self.resize = tuple(resize)
        arrays, self.is_standin = _load(self.root)
        arrays = list(arrays.values())
        self.train = self._dataset(*arrays[:2])
        self.val = self._dataset(*arrays[2:])

    def __repr__(self):
        kind = "Stand-in for" if self.is_standin else "Published"
        sizes = f"{len(self.train)} + {len(self.val)} images of "
        sizes += "x".join(str(size) for size in self.resize)
        return f"<{kind} Fashion-MNIST: {sizes}>"

    def _dataset(self, images, labels):
        if self.resize != images.shape[1:]:
            images = _resize(images, self.resize)
        return ImageDataset(
            torch.from_numpy(images), torch.from_numpy(labels).long()
        )

    def text_labels(self, indices):
        """Return the names of the classes `indices`."""
        return [CLASSES[int(i)] for i in indices]

    def get_dataloader(self, train):
        """Return batches of images (n, 1, h, w) and labels (n,).

        With `num_workers` above 0 they come from PyTorch's `DataLoader`,
        sample by sample and slower.
        """
        data = self.train if train else self.val
        if self.num_workers > 0:
            return torch.utils.data.DataLoader(
                data, self.batch_size, train, num_workers=self.num_workers
            )
        tensors = (data.data.unsqueeze(1), data.targets)
        return TensorLoader(tensors, self.batch_size, train, to_float)

    def visualize(self, batch, nrows=1, ncols=8, labels=()):
        """Show the first images of a batch with the names of their classes."""
        X, y = batch
        show_images(
            X.squeeze(1), nrows, ncols, titles=labels or self.text_labels(y)
        )
