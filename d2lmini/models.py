"""Models and the optimizer that the sections share (3.4, 3.5, 3.7, 4.3)."""

import torch
from torch import nn
from torch.nn import functional as F

from .oop import HyperParameters
from .support.checks import (
    check_labels,
    check_numbers,
    check_tensors,
    check_whole,
    described,
)
from .support.devices import evaluating
from .training import Module


class SGD(HyperParameters):
    """Minibatch stochastic gradient descent, by hand.

    `params` are the tensors to update, `lr` is the learning rate. A
    parameter without a gradient is left as it is.
    """

    def __init__(self, params, lr):
        check_numbers(0, lr=lr)
        self.save_hyperparameters()
        is_list = hasattr(params, "__iter__") and not torch.is_tensor(params)
        self.params = list(params) if is_list else []
        for param in self.params or [params]:
            if param is params or not getattr(param, "is_leaf", False):
                raise ValueError(
                    "params must be leaf tensors in a list, such as "
                    f"parameters() gives, not {described(param)}."
                )
        if len(set(map(id, self.params))) < len(self.params):
            raise ValueError("params holds one tensor twice; give it once.")

    @torch.no_grad()
    def step(self):
        """Move every parameter against its gradient."""
        for param in self.params:
            if param.grad is not None:
                param -= self.lr * param.grad

    def zero_grad(self):
        """Set every gradient to zero."""
        for param in self.params:
            if param.grad is not None:
                param.grad.zero_()


class LinearRegressionScratch(Module):
    """Linear regression by hand: maps (n, num_inputs) to (n, 1).

    The weights `w` of shape (num_inputs, 1) start at random, with standard
    deviation `sigma`; the bias `b` of shape (1,) starts at zero.
    """

    def __init__(self, num_inputs, lr, sigma=0.01):
        super().__init__()
        check_whole(1, num_inputs=num_inputs)
        self.save_hyperparameters()
        w = torch.empty(num_inputs, 1).normal_(0, sigma)
        self.w = w.requires_grad_()
        self.b = torch.zeros(1, requires_grad=True)

    def forward(self, X):
        """Return Xw + b."""
        return torch.matmul(X, self.w) + self.b

    def loss(self, y_hat, y):
        """Return half the mean squared error; both shapes must be equal."""
        _check_same_shape(y_hat, y)
        return ((y_hat - y) ** 2 / 2).mean()

    def configure_optimizers(self):
        """Return the hand-written SGD."""
        return SGD([self.w, self.b], self.lr)


class _LazyLinear(nn.LazyLinear):
    """A lazy layer that starts as N(0, 0.01) and keeps that when it is built.

    Writing to the weights of a LazyLinear before the first batch has no
    effect: it draws them anew as soon as it learns its input size.
    """

    def reset_parameters(self):
        if self.in_features > 0 and not self.has_uninitialized_params():
            nn.init.normal_(self.weight, 0, 0.01)
            nn.init.zeros_(self.bias)


class LinearRegression(Module):
    """Linear regression with PyTorch's layer, loss and optimizer.

    Maps (n, num_inputs) to (n, 1); num_inputs is taken from the first batch.
    """

    def __init__(self, lr):
        super().__init__()
        self.save_hyperparameters()
        self.net = _LazyLinear(1)

    def loss(self, y_hat, y):
        """Return the mean squared error; both shapes must be equal."""
        _check_same_shape(y_hat, y)
        return F.mse_loss(y_hat, y)

    def get_w_b(self):
        """Return the weights (1, num_inputs) and the bias (1,)."""
        if nn.parameter.is_lazy(self.net.weight):
            raise ValueError(
                "Fit the model first: its first batch makes w and b."
            )
        return self.net.weight.data, self.net.bias.data


class WeightDecayScratch(LinearRegressionScratch):
    """Linear regression by hand with a penalty on its weights (3.7).

    While it trains, `lambd` times half the sum of the squared weights is added
    to the loss. The bias is spared, and a validation loss holds no penalty.
    """

    def __init__(self, num_inputs, lambd, lr, sigma=0.01):
        check_numbers(0, lambd=lambd)
        super().__init__(num_inputs, lr, sigma)
        self.save_hyperparameters()

    def loss(self, y_hat, y):
        """Return half the mean squared error, in training with the penalty."""
        loss = super().loss(y_hat, y)
        if self.training:
            loss = loss + self.lambd * (self.w**2).sum() / 2
        return loss


class WeightDecay(LinearRegression):
    """Linear regression whose optimizer shrinks the weights (3.7).

    A step first takes `lr * wd` times the weights from them; the bias is
    spared. With a mean squared error that is not halved, `wd` is twice the
    `lambd` of `WeightDecayScratch`.
    """

    def __init__(self, wd, lr):
        check_numbers(0, wd=wd)
        super().__init__(lr)
        self.save_hyperparameters()

    def configure_optimizers(self):
        """Return PyTorch's SGD with decay of the weights alone."""
        decayed = {"params": [self.net.weight], "weight_decay": self.wd}
        spared = {"params": [self.net.bias]}
        return torch.optim.SGD([decayed, spared], lr=self.lr)


def _check_same_shape(y_hat, y):
    """Refuse to broadcast: (n, 1) minus (n,) would be an (n, n) matrix."""
    check_tensors(y_hat=y_hat, y=y)
    if y_hat.shape != y.shape:
        same_number = y_hat.numel() == y.numel()
        todo = "reshape one of them" if same_number else "they must be the same"
        raise ValueError(
            f"y_hat has shape {tuple(y_hat.shape)} and y has shape "
            f"{tuple(y.shape)}; {todo}."
        )


def _rows(Y_hat, Y):
    """Return scores (n, num_classes) and labels (n,), or raise ValueError."""
    check_tensors(Y_hat=Y_hat, Y=Y)
    shape, rows = tuple(Y_hat.shape), tuple(Y_hat.shape[:-1])
    if not Y_hat.numel() or not shape:
        raise ValueError(f"Scores of shape {shape} hold no row of numbers.")
    num_classes = shape[-1]
    if num_classes == 1:
        raise ValueError(
            f"Scores of shape {shape} are of one class; where one stands for "
            "two classes, define loss and accuracy yourself."
        )
    num_rows = Y_hat.shape[:-1].numel()
    if Y.shape not in [rows, (*rows, 1), (num_rows,), (num_rows, 1)]:
        hint = ""
        if not Y_hat.is_floating_point():
            hint = "; give scores of the classes first, and labels second"
        elif Y.numel() == num_rows:
            hint = "; reshape or transpose one of them"
        elif Y.shape == shape:
            hint = "; of one-hot rows take argmax(dim=-1)"
        elif Y.shape == shape[:1] + shape[2:]:
            hint = "; give Y_hat.movedim(1, -1), with the classes last"
        raise ValueError(
            f"Scores of shape {shape} need labels of shape {rows}, not "
            f"{tuple(Y.shape)}{hint}."
        )
    if Y.is_floating_point():
        raise ValueError(
            f"Labels must be whole numbers, not {Y.dtype}; use Y.long(), or "
            "define loss and accuracy yourself."
        )
    return Y_hat.reshape(-1, num_classes), Y.reshape(-1).long()


# PyTorch leaves out rows of one label: this one, which no cast of a float gives
# and nobody counts up to. (That of NaN is -2 ** 63.)
_NO_LABEL = -(2**62) - 12345


class Classifier(Module):
    """Base class of models that return one score (logit) for each class."""

    def validation_step(self, batch):
        """Record loss and accuracy of a batch `(*inputs, labels)`."""
        Y_hat = self(*batch[:-1])
        self.plot("loss", self.loss(Y_hat, batch[-1]), train=False)
        self.plot("acc", self.accuracy(Y_hat, batch[-1]), train=False)

    def accuracy(self, Y_hat, Y, averaged=True):
        """Return the share of rows whose largest score is at the label.

        `Y_hat` has shape (..., num_classes), `Y` holds labels of shape (...).
        With `averaged=False`: 1.0 or 0.0 for each row, in one dimension. A
        row with a score that is NaN has no answer, and counts as NaN.
        """
        scores, labels = _rows(Y_hat, Y)
        check_labels(labels, scores.shape[1])
        top, predictions = scores.max(dim=1)
        hits = (predictions == labels).float()
        hits.masked_fill_(top.isnan(), torch.nan)
        return hits.mean() if averaged else hits

    def loss(self, Y_hat, Y, averaged=True):
        """Return the cross-entropy of logits `Y_hat` and labels `Y`.

        Shapes as in `accuracy`; with `averaged=False`, one loss a row.
        """
        scores, labels = _rows(Y_hat, Y)
        reduction = "mean" if averaged else "none"
        try:
            return F.cross_entropy(
                scores, labels, ignore_index=_NO_LABEL, reduction=reduction
            )
        except IndexError:
            check_labels(labels, scores.shape[1])
            raise

    @torch.no_grad()
    def layer_summary(self, X_shape):
        """Print the output shape of each layer of `net` for input `X_shape`.

        The input is zeros: whole ones where the first layer is an embedding,
        else of the type of the parameters, and on their device. Lazy layers
        are built by this; nothing else changes.
        """
        layers = self.net if hasattr(self.net, "__iter__") else [self.net]
        params = [p for p in self.parameters() if p.is_floating_point()]
        like = params[0] if params else torch.zeros(())
        is_table = isinstance(layers[0], (nn.Embedding, nn.EmbeddingBag))
        dtype = torch.long if is_table else like.dtype
        X = torch.zeros(X_shape, dtype=dtype, device=like.device)
        with evaluating(self):
            for layer in layers:
                X = layer(X)
                name = type(layer).__name__
                print(f"{name:12} output shape: {tuple(X.shape)}")


def cross_entropy(y_hat, y):
    """Return the mean cross-entropy of probabilities `y_hat` and labels `y`.

    `y_hat` has shape (..., num_classes), `y` holds labels of shape (...). A
    probability below 1e-12 counts as 1e-12, so that the logarithm is finite.
    Of scores (logits), `Classifier.loss` is the cross-entropy.
    """
    probabilities, labels = _rows(y_hat, y)
    check_labels(labels, probabilities.shape[1])
    low, high = probabilities.detach().aminmax()
    if not low.is_meta and (low < 0 or high > 1.001):  # of rounding: 1.000001
        raise ValueError(
            "cross_entropy takes probabilities from 0 to 1, not numbers from "
            f"{low:.4g} to {high:.4g}; for scores use Classifier.loss."
        )
    at_label = probabilities.gather(1, labels.reshape(-1, 1))
    return -at_label.clamp(min=1e-12).log().mean()


class SoftmaxRegression(Classifier):
    """Softmax regression: maps images to one score for each of the classes.

    Maps (n, ...) to (n, num_outputs); the number of inputs is taken from the
    first batch.
    """

    def __init__(self, num_outputs, lr):
        super().__init__()
        check_whole(1, num_outputs=num_outputs)
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))
