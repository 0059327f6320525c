"""The data sets of the book (2.2, 3.3, 4.2)."""

import csv
import operator
import sys
from pathlib import Path

import numpy as np
import torch

from .plotting import show_images
from .support.checks import check_numbers, check_whole
from .support.files import load_images
from .support.resizing import resize
from .training import DataModule, TensorLoader

CLASSES = (
    "t-shirt trouser pullover dress coat sandal shirt sneaker bag".split()
    + ["ankle boot"]
)

# 344 penguins of three species, a row each: species, island, bill_length_mm,
# bill_depth_mm, flipper_length_mm, body_mass_g, sex and year, with gaps. From
# Gorman, Williams and Fraser, PLOS ONE 9(3): e90081, 2014.
PENGUINS = Path(__file__).with_name("penguins.csv")


class SyntheticRegressionData(DataModule):
    """Points y = Xw + b + noise, with X ~ N(0, 1) and Gaussian noise.

    `w` has shape (num_inputs,), `noise` is a standard deviation. `X` has
    shape (num_train + num_val, num_inputs) and `y` (num_train + num_val, 1);
    validation takes the last rows. Draws from PyTorch's global generator, in
    its default dtype and on its default device.
    """

    def __init__(
        self, w, b, noise=0.01, num_train=1000, num_val=1000, batch_size=32
    ):
        super().__init__()
        self.save_hyperparameters()
        check_whole(0, num_train=num_train, num_val=num_val)
        check_numbers(0, noise=noise)
        check_numbers(-torch.inf, b=b)
        self.w = torch.as_tensor(w)
        weights = self.w.detach().reshape(-1, 1)  # (num_inputs, 1)
        if not 0 < len(weights) == max(self.w.shape, default=1):
            raise ValueError(
                "w holds one weight for each input, in one row or column; it "
                f"has shape {tuple(self.w.shape)}."
            )
        n = num_train + num_val
        self.X = torch.randn(n, len(weights))
        epsilon = float(noise) * torch.randn(n, 1)
        self.y = self.X @ weights.to(self.X) + float(b) + epsilon

    def get_dataloader(self, train):
        """Return batches of (X, y), shuffled for training."""
        rows = slice(self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


class Penguins(DataModule):
    """The mass of penguins and what else was measured of them, in three parts.

    `inputs` names columns of `PENGUINS` that hold numbers. Of the birds that
    lack none of them, `X` has the inputs, shape (n, num_inputs), and `y` the
    mass in kilograms, shape (n, 1), both in an order that is drawn with `seed`.
    The first `num_train` birds are for training and the next `num_val` for
    validation; `test` holds (X, y) of the rest, to be looked at once, when all
    is chosen. With `standardize`, each input has mean 0 and standard deviation
    1 among the birds for training; `mean` and `std`, of shape (num_inputs,),
    are those that were measured.
    """

    def __init__(
        self,
        inputs=("flipper_length_mm",),
        num_train=200,
        num_val=71,
        batch_size=32,
        standardize=True,
        seed=0,
    ):
        super().__init__()
        self.save_hyperparameters()
        check_whole(2, num_train=num_train)
        check_whole(0, num_val=num_val)
        columns = [*inputs, "body_mass_g"]
        with open(PENGUINS, newline="", encoding="utf-8") as file:
            birds = [
                [b[name] for name in columns] for b in csv.DictReader(file)
            ]
        birds = torch.tensor([[*map(float, b)] for b in birds if "NA" not in b])
        generator = torch.Generator().manual_seed(seed)
        birds = birds[torch.randperm(len(birds), generator=generator)]
        self.X, self.y = birds[:, :-1], birds[:, -1:] / 1000
        self.mean = self.X[:num_train].mean(dim=0)
        self.std = self.X[:num_train].std(dim=0)
        if standardize:
            self.X = (self.X - self.mean) / self.std
        rest = slice(num_train + num_val, None)
        self.test = self.X[rest], self.y[rest]

    def get_dataloader(self, train):
        """Return batches of (X, y), shuffled for training."""
        first, last = self.num_train, self.num_train + self.num_val
        rows = slice(first) if train else slice(first, last)
        return self.get_tensorloader((self.X, self.y), train, rows)


_LIBRARIES = []  # what was declared lasts as long as it is held


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
        _LIBRARIES.append(library)
        import torchvision
    return torchvision


def to_float(images):
    """Turn bytes 0..255 (uint8) into real numbers 0..1.

    They have PyTorch's default dtype, usually float32. Images that hold real
    numbers already stay as they are.
    """
    if images.is_floating_point():
        return images
    if images.dtype != torch.uint8:
        raise ValueError(
            "Images are bytes (torch.uint8) from 0 to 255 or real numbers, not "
            f"{images.dtype}."
        )
    return images.to(torch.get_default_dtype()).div_(255)


class ImageDataset(torch.utils.data.Dataset):
    """Gray images with labels; sample i is a pair (image, label).

    `data` holds the images as uint8 of shape (n, h, w), `targets` the labels
    as int64 of shape (n,). A sample's image has shape (1, h, w) and values
    0..1, its label is an int. Where `resize` is (h, w), images are resized
    when they are asked for. `transform`, if it is set, is given a PIL image
    and makes the sample's image of it, instead of all that; and
    `target_transform` is given the label.
    """

    transform = target_transform = None

    def __init__(self, data, targets, resize=None):
        self.data, self.targets, self.resize = data, targets, resize
        self.classes = CLASSES

    def __len__(self):
        return len(self.data)

    def to_inputs(self, images):
        """Turn images like `data` (n, h, w) into inputs (n, 1, h, w)."""
        if images.dim() != 3:
            raise ValueError(
                "Gray images of shape (n, h, w) are needed, not "
                f"{tuple(images.shape)}; for others use a data set of your own."
            )
        size = self.resize
        if size is not None and tuple(images.shape[1:]) != tuple(size):
            if images.dtype != torch.uint8:
                raise ValueError(
                    "Only images of bytes (torch.uint8) are resized, not "
                    f"{images.dtype}."
                )
            resized = torch.from_numpy(resize(images.numpy(force=True), size))
            images = resized.to(images.device)
        return to_float(images.unsqueeze(1))

    def __getitem__(self, i):
        i = operator.index(i)  # a slice would be no sample
        image, label = self.data[i], self.targets[i]
        if np.ndim(label) or not float(label).is_integer():
            raise ValueError(f"A label is a whole number, not {label}.")
        label = int(label)
        if self.transform is None:
            if not isinstance(image, torch.Tensor):
                image = torch.from_numpy(np.array(image))
            image = self.to_inputs(image.unsqueeze(0).clone())[0]
        else:
            from PIL import Image

            image = self.transform(Image.fromarray(np.asarray(image)))
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label


def _is_sliceable(data):
    """Tell whether batches of a data set may be cut from its tensors.

    Not so where the reader has put something else in the place of ours.
    """
    if type(data) is not ImageDataset:
        return False
    tensors = data.data, data.targets
    return (
        data.transform is data.target_transform is None
        and all(isinstance(tensor, torch.Tensor) for tensor in tensors)
        and data.targets.shape == (len(data.data),)
        and data.targets.dtype == torch.int64
    )


class FashionMNIST(DataModule):
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothing.

    The published files are looked for in `root`/FashionMNIST/raw, by default
    below `cache_folder()`, and fetched once when they are not there. `train`
    and `val` are data sets of (1, h, w) images with labels 0..9; `resize` is
    (h, w), or one number for both. Where the files cannot be had, a stand-in
    is drawn, with a warning, and `is_standin` is True; $D2LMINI_STANDIN (auto,
    never, always) forbids or forces that. Under auto, the usual, where nobody
    answered for ten seconds the variable becomes always: nobody waits twice.

    Source: Xiao, Rasul and Vollgraf, 2017.
    """

    def __init__(
        self, batch_size=64, resize=(28, 28), root=None, num_workers=0
    ):
        super().__init__(root, num_workers)
        self.save_hyperparameters()
        height, width = (resize, resize) if np.ndim(resize) == 0 else resize
        check_whole(1, height=height, width=width)
        self.resize = height, width
        images = load_images(self.root)
        self.is_standin = images.is_standin
        self.train = self._dataset(*images.train)
        self.val = self._dataset(*images.val)

    def __repr__(self):
        kind = "Stand-in for" if self.is_standin else "Published"
        parts = self.train, self.val
        ours = [len(part) for part in parts if isinstance(part, ImageDataset)]
        if len(ours) < 2:
            return f"<{kind} Fashion-MNIST, with data sets of your own>"
        height, width = self.resize
        sizes = f"{ours[0]} + {ours[1]} images of {height}x{width}"
        return f"<{kind} Fashion-MNIST: {sizes}>"

    def _dataset(self, images, labels):
        images, labels = torch.from_numpy(images), torch.from_numpy(labels)
        return ImageDataset(images, labels.long(), self.resize)

    def text_labels(self, indices):
        """Return the names of the classes `indices`, a row of labels."""
        names = []
        for i in indices:
            if np.ndim(i) or i not in range(len(CLASSES)):
                raise ValueError(
                    f"A label is a whole number from 0 to 9, not {i}; of "
                    "one-hot rows take argmax(dim=1), of a column flatten()."
                )
            names.append(CLASSES[int(i)])
        return names

    def get_dataloader(self, train):
        """Return batches of images (n, 1, h, w) and labels (n,).

        With `num_workers` above 0, or where `train` or `val` was replaced by
        another data set, they come from PyTorch's `DataLoader`, sample by
        sample and slower. A part that is None has no batches, and one that
        is a loader stays it.
        """
        data = self.train if train else self.val
        loaders = TensorLoader, torch.utils.data.DataLoader
        if data is None or isinstance(data, loaders):
            return data
        if self.num_workers == 0 and _is_sliceable(data):
            tensors = data.data, data.targets
            return TensorLoader(
                tensors, self.batch_size, train, data.to_inputs, data
            )
        endless = isinstance(data, torch.utils.data.IterableDataset)
        return torch.utils.data.DataLoader(
            data,
            self.batch_size,
            shuffle=train and not endless,
            num_workers=self.num_workers,
        )

    def visualize(self, batch, nrows=1, ncols=8, labels=None):
        """Show the first images of a batch with the names of their classes.

        `labels` are other titles for them.
        """
        try:
            X, y = batch
        except (TypeError, ValueError) as error:
            raise ValueError(
                "visualize takes a batch, a pair of images and labels."
            ) from error
        if labels is None or len(labels) == 0:
            labels = self.text_labels(y)
        show_images(X, nrows, ncols, titles=labels)
