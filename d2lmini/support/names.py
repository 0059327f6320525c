"""Names of D2L that this package spells otherwise, or not at all."""

import sys
from functools import partial

import torch

from .displays import pyplot

# D2L writes `d2l.ones(3)` for all its frameworks where we write `torch.ones`.
FUNCTIONS = (
    "ones_like ones zeros_like zeros tensor arange meshgrid sin sinh cos cosh "
    "tanh linspace exp log normal rand randn matmul int32 int64 float32 stack "
    "abs eye sigmoid"
).split()
FUNCTIONS = dict(zip(FUNCTIONS, FUNCTIONS, strict=True))
FUNCTIONS |= {"concat": "cat", "batch_matmul": "bmm"}
METHODS = {
    "size": "numel",
    "reshape": "reshape",
    "to": "to",
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "argmax": "argmax",
    "astype": "type",
    "transpose": "t",
    "expand_dims": "unsqueeze",
    "swapaxes": "swapaxes",
    "repeat": "repeat",
}

_FIT = "d2l.Trainer(max_epochs).fit(model, data)"
_ACCURACY = "model.accuracy(model(X), y), or trainer.history['val_acc']"
_TIME = "time.perf_counter()"
_UNPACK = "shutil.unpack_archive(d2l.download(url), folder)"
_LOAD = "model.load_state_dict(torch.load(path, weights_only=True))"
_PYTORCH = "`import d2lmini as d2l`, which speaks PyTorch alone"
# What other releases of D2L had for its chapters 2 to 5.
INSTEAD = {
    "Accumulator": "trainer.history, which holds the means of each epoch",
    "Animator": "d2l.ProgressBoard: board.draw(x, y, label) adds a point",
    "Benchmark": _TIME,
    "Timer": _TIME,
    "accuracy": _ACCURACY,
    "download_all": "d2l.download(url)",
    "download_extract": _UNPACK,
    "evaluate_accuracy": _ACCURACY,
    "evaluate_accuracy_gpu": _ACCURACY,
    "evaluate_loss": "trainer.history['val_loss']",
    "extract": _UNPACK,
    "get_dataloader_workers": "num_workers: d2l.DataModule(root, num_workers)",
    "get_fashion_mnist_labels": "data.text_labels(labels) of d2l.FashionMNIST",
    "grad_clipping": "d2l.Trainer(max_epochs, gradient_clip_val=1)",
    "jax": _PYTORCH,
    "linreg": "torch.matmul(X, w) + b, or d2l.LinearRegressionScratch",
    "load_array": "d2l.TensorLoader(tensors, batch_size, shuffle=True)",
    "load_checkpoint": _LOAD,
    "load_data_fashion_mnist": "d2l.FashionMNIST(batch_size)",
    "mxnet": _PYTORCH,
    "paddle": _PYTORCH,
    "predict_ch3": "data.visualize([X, y]) of d2l.FashionMNIST",
    "save_checkpoint": "torch.save(model.state_dict(), path)",
    "sgd": "d2l.SGD(params, lr)",
    "squared_loss": "torch.nn.functional.mse_loss(y_hat, y)",
    "synthetic_data": "d2l.SyntheticRegressionData(w, b)",
    "tensorflow": _PYTORCH,
    "torch": _PYTORCH,
    "train_batch_ch13": _FIT,
    "train_ch13": _FIT,
    "train_ch3": _FIT,
    "train_ch6": _FIT,
    "train_epoch_ch3": _FIT,
    "try_all_gpus": "[d2l.gpu(i) for i in range(d2l.num_gpus())]",
}


def _call(method, x, *args, **kwargs):
    return getattr(x, method)(*args, **kwargs)


def find(name):
    """Return what D2L means by `name`, or say in an error what to use."""
    if name == "plt":  # imported with the first figure, not with the package
        return pyplot()
    if name == "nn_Module":
        return torch.nn.Module
    if name == "numpy":
        return lambda x: x.detach().cpu().numpy()
    if name in FUNCTIONS:
        return getattr(torch, FUNCTIONS[name])
    if name in METHODS:
        return partial(_call, METHODS[name])
    if name in INSTEAD:
        sentence = f"use {INSTEAD[name]}."
    else:
        sentence = (
            "it holds what chapters 2 to 5 of D2L use; print(dir(d2lmini)) "
            "lists it."
        )
    raise AttributeError(
        f"d2lmini has no {name!r}; {sentence}",
        name=name,
        obj=sys.modules["d2lmini"],
    )
