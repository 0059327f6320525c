"""Code that was written for D2L finds its names, or is told what to use."""

import inspect
import re

import pytest
import torch
from torch.nn import functional as F

import d2lmini as d2l
from d2lmini.support import names


def test_functions_of_pytorch_have_their_names_in_d2l():
    X = d2l.reshape(d2l.arange(6.0), (2, 3))
    assert d2l.reduce_sum(X, 0, keepdims=True).tolist() == [[3, 5, 7]]
    assert d2l.reduce_mean(X) == 2.5
    assert d2l.astype(d2l.argmax(X, axis=1), d2l.float32).tolist() == [2, 2]
    assert d2l.concat([X, d2l.zeros_like(X)], 0).shape == (4, 3)
    assert d2l.batch_matmul(d2l.ones(1, 2, 3), d2l.ones(1, 3, 2)).sum() == 12
    assert d2l.transpose(X).shape == (3, 2) and d2l.size(X) == 6
    assert d2l.to(X, "cpu") is X and d2l.repeat(X, 2, 1).shape == (4, 3)
    assert d2l.swapaxes(d2l.expand_dims(X, 0), 0, 2).shape == (3, 2, 1)
    assert d2l.numpy(d2l.exp(torch.zeros(1, requires_grad=True))) == [1]
    assert issubclass(d2l.Module, d2l.nn_Module)
    assert all(hasattr(d2l, name) for name in names.FUNCTIONS | names.METHODS)


def test_names_of_other_releases_say_what_to_use_which_is_there():
    for name, instead in names.INSTEAD.items():
        with pytest.raises(AttributeError) as caught:
            getattr(d2l, name)
        assert str(caught.value).endswith(f"no {name!r}; use {instead}.")
        for used in re.findall(r"d2l\.(\w+)", instead):
            assert hasattr(d2l, used)


@pytest.mark.parametrize("name", ["foo", "__wrapped__", "Trainerr"])
def test_any_other_name_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=f"no '{name}'.*dir") as caught:
        getattr(d2l, name)
    assert (caught.value.name, caught.value.obj) == (name, d2l)  # for a hint
    assert name not in dir(d2l)
    with pytest.raises(ImportError, match=name):
        exec(f"from d2lmini import {name}")


def test_import_star_leaves_the_reader_s_names_alone():
    assert dict(inspect.getmembers(d2l))["plt"] is d2l.plt
    mine = {"data": 1}
    exec("from d2lmini import *", mine)
    assert mine["data"] == 1 and mine["Trainer"] is d2l.Trainer
    assert not {"batches", "names", "models", "training"} & mine.keys()


def test_cross_entropy_is_of_probabilities():
    y_hat = torch.rand(5, 3).softmax(dim=1).requires_grad_()
    y = torch.tensor([0, 2, 1, 1, 0])
    loss = d2l.cross_entropy(y_hat, y)
    assert torch.isclose(loss, F.nll_loss(y_hat.log(), y))
    loss.backward()
    assert (y_hat.grad != 0).sum() == 5
    zero = d2l.cross_entropy(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    assert torch.isclose(zero, -torch.tensor(1e-12).log())
    for wrong, y, words in (
        ([[0.1, -2]], [0], "probabilities from 0 to 1, not .* -2 to 0.1"),
        ([[0.1, 3]], [0], "from 0.1 to 3; for scores use Classifier.loss"),
        ([[0.1, 0.9]], [2], "2"),
        ([[0.1, 0.9]], [0, 1], "shape"),
    ):
        with pytest.raises(ValueError, match=words):
            d2l.cross_entropy(torch.tensor(wrong), torch.tensor(y))


def test_softmax_regression_is_one_layer():
    model = d2l.SoftmaxRegression(num_outputs=10, lr=0.1)
    assert model(torch.rand(4, 1, 28, 28)).shape == (4, 10)
    assert [tuple(p.shape) for p in model.parameters()] == [(10, 784), (10,)]
    assert model.hparams["num_outputs"] == 10 and model.lr == 0.1
