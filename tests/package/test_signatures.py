"""Calls that were written for D2L find its parameters, by place or name."""

import inspect

import pytest

import d2lmini as d2l

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
