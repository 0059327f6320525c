"""The bands of the check cells catch a model that has learned nothing.

A check such as `assert 0.83 < history["val_acc"][-1] < 0.90` stands for
numbers that no test compares digit by digit. It is worth something only if
an untrained model, and one that was trained on shuffled labels, fall out of it.
"""

import ast

import nbformat
import pytest
import section
import torch
from torch import nn

import d2lmini as d2l


def bands():
    """Yield (page, low, high) of every check of an accuracy in a notebook."""
    for path in section.paths():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code" or cell.id == "setup":
                continue
            for node in ast.walk(ast.parse(cell.source)):
                match node:
                    case ast.Compare(
                        left=ast.Constant(low),
                        comparators=[middle, ast.Constant(high)],
                    ) if "val_acc" in ast.unparse(middle):
                        yield path.stem[3:], low, high


BANDS = sorted(set(bands()))


class Linear(d2l.Classifier):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


class MLP(d2l.Classifier):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)
        )


@pytest.fixture(scope="module")
def data():
    return d2l.FashionMNIST(batch_size=256)


@pytest.fixture(scope="module", params=[Linear, MLP])
def useless_accuracies(request, data):
    """Accuracies of an untrained and of a label-shuffled model."""
    torch.manual_seed(0)
    untrained, shuffled = request.param(), request.param()
    X = data.val.data.unsqueeze(1).float() / 255
    labels = data.train.targets
    data.train.targets = labels[torch.randperm(len(labels))]
    d2l.Trainer(2).fit(shuffled, data)
    data.train.targets = labels
    with torch.no_grad():
        return [
            model.accuracy(model(X), data.val.targets).item()
            for model in (untrained, shuffled)
        ]


def test_the_pages_that_train_on_images_have_bands():
    assert {page for page, _, _ in BANDS} >= {
        "base-classification-model",
        "softmax-regression-from-scratch",
        "implementation-of-mlps",
    }


@pytest.mark.parametrize("page, low, high", BANDS)
def test_useless_models_fall_out_of_the_band(
    page, low, high, useless_accuracies
):
    assert high - low <= 0.2
    for accuracy in useless_accuracies:
        assert not low < accuracy < high
