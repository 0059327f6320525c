"""The two data sets of the book (3.3, 4.2)."""

import sys

import numpy as np
import torch

from .checks import check, check_numbers, check_whole
from .files import load_images
from .plotting import show_images
from .training import DataModule, TensorLoader

CLASSES = (
    "t-shirt trouser pullover dress coat sandal shirt sneaker bag".split()
    + ["ankle boot"]
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
        check_whole(0, num_train=num_train, num_val=num_val)
        check_numbers(0, noise=noise)
        check_numbers(-torch.inf, b=b)
        n = num_train + num_val
        self.X = torch.randn(n, len(w))
        epsilon = noise * torch.randn(n, 1)
        self.y = self.X @ w.reshape(-1, 1).to(self.X) + b + epsilon

    def get_dataloader(self, train):
        """Return batches of (X, y), shuffled for training."""
        rows = slice(self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


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
    never, always) forbids or forces that. Under auto, an attempt to fetch that
    was in vain and took longer than ten seconds is not repeated in the same
    process during the next five minutes; the cache is looked at every time.

    Source: Xiao, Rasul and Vollgraf, 2017.
    """

    def __init__(
        self, batch_size=64, resize=(28, 28), root=None, num_workers=0
    ):
        super().__init__(root, num_workers)
        self.save_hyperparameters(ignore=["root"])
        if isinstance(resize, (int, float)):
            resize = (resize, resize)
        self.resize = height, width = tuple(resize)
        check_whole(1, height=height, width=width)
        arrays, self.is_standin = load_images(self.root)
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
        indices = list(indices)
        for i in indices:
            check(i in range(len(CLASSES)), f"{i} is no label from 0 to 9")
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
        show_images(X, nrows, ncols, titles=labels or self.text_labels(y))
