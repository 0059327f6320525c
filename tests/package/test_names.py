"""Code that was written for D2L finds its names, or is told what to use."""

import inspect
import re

import pytest
import torch

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
    with pytest.raises(AttributeError, match=f"{name}'; it .*s it.$") as caught:
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


# Those that the pages and the other tests do not call in all these ways.
CALLS = """
ProgressBoard xlabel ylabel xlim ylim xscale yscale ls colors fig axes figsize
ProgressBoard.draw self x y label every_n
Module plot_train_per_epoch plot_valid_per_epoch
Module.plot self key value train
DataModule.get_tensorloader self tensors train indices
Trainer max_epochs num_gpus gradient_clip_val
Trainer.clip_gradients self grad_clip_val model
Classifier.accuracy self Y_hat Y averaged
Classifier.loss self Y_hat Y averaged
SyntheticRegressionData w b noise num_train num_val batch_size
FashionMNIST.visualize self batch nrows ncols labels
LinearRegressionScratch num_inputs lr sigma
plot X Y xlabel ylabel legend xlim ylim xscale yscale fmts figsize axes
set_axes axes xlabel ylabel xlim ylim xscale yscale legend
show_heatmaps matrices xlabel ylabel titles figsize cmap
show_images imgs num_rows num_cols titles scale
download url folder sha1_hash
"""


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_parameters_come_first_and_in_order(call):
    name, *theirs = call.split()
    thing = d2l
    for part in name.split("."):
        thing = getattr(thing, part)
    ours = inspect.signature(thing).parameters
    assert [*ours][: len(theirs)] == theirs
    added = [*ours.values()][len(theirs) :]
    assert all(parameter.default is not parameter.empty for parameter in added)
