"""Sentences for the reader, where an argument or a batch cannot be right.

No section teaches this module.
"""

import operator
import warnings
from contextlib import contextmanager

import torch


def check(holds, sentence):
    """Raise ValueError with a sentence for the reader unless `holds`."""
    if not holds:
        raise ValueError(sentence)


def check_numbers(least, convert=float, **arguments):
    """Raise ValueError unless all are numbers of at least `least`, none NaN."""
    for name, value in arguments.items():
        try:
            fits = not isinstance(value, str) and convert(value) >= least
        except (TypeError, ValueError, RuntimeError):
            fits = False
        kind = "number" if convert is float else "whole number"
        check(fits, f"{name} must be a {kind} from {least} on, not {value!r}")


def check_whole(least, **arguments):
    """Raise ValueError unless all are whole numbers of at least `least`."""
    check_numbers(least, operator.index, **arguments)


def check_batch(batch):
    """Refuse a batch that does not fit together; warn of bytes as floats."""
    X, y = batch[0], batch[-1]
    sentence = f"a batch has {len(X)} rows of inputs and {len(y)} targets"
    check(0 < len(X) == len(y), f"{sentence}; both must be as many, and not 0")
    if getattr(X, "ndim", 0) > 2 and X.min() >= 0 and 2 < X.max() <= 255:
        sentence = f"images of shape {tuple(X.shape)} reach up to {X.max():g}"
        warnings.warn(f"{sentence}, not to 1; divide them by 255", stacklevel=3)


def check_labels(labels, num_classes):
    """Raise ValueError unless all labels, at least one, have a score.

    On a GPU, where looking at them would make the program wait, PyTorch's loss
    finds them.
    """
    if labels.device.type != "cpu":
        return
    low, high = labels.min(), labels.max()
    wrong = int(low if low < 0 else high)
    sentence = f"by Y_hat, there are classes 0 to {num_classes - 1}"
    check(0 <= wrong < num_classes, f"label {wrong} is none: {sentence}")


def check_optimizer(optim, params):
    """Raise ValueError if an optimiser updates other tensors than `params`.

    It may leave some of them alone, and may have tensors more. Only where both
    is so, one seems to have been taken for another: the tensor, for example,
    that became a parameter when it was stored, and is not the parameter.
    """
    sentence = "configure_optimizers must return one optimiser"
    check(hasattr(optim, "step"), f"{sentence}, not {optim!r}")
    groups = getattr(optim, "param_groups", [vars(optim)])
    groups = [group.get("params") for group in groups]
    # An optimiser of the reader's own may keep its tensors in other ways.
    tensors = [t for g in groups if isinstance(g, (list, tuple)) for t in g]
    missing = {id(param) for param in params if param.requires_grad}
    missing -= {id(tensor) for tensor in tensors}
    strange = {id(tensor) for tensor in tensors} - {id(p) for p in params}
    check(
        not (missing and strange),
        f"the optimiser would not update {len(missing)} of the model's "
        f"{len(params)} parameters but {len(strange)} other tensors; give it "
        "self.parameters(), or attributes of the model",
    )


def checked_metric(name, value):
    """Return one number as a tensor without dimensions, off its graph."""
    if not isinstance(value, torch.Tensor):
        sentence = (
            f"{name} is None: the method that computes it returns nothing"
        )
        check(value is not None, sentence)
        value = torch.as_tensor(value)
    if value.dim():
        sentence = f"{name} is one number, not of shape {value.shape}"
        check(value.numel() == 1, sentence)
        value = value.reshape(())
    return value.detach()


@contextmanager
def plain_errors():
    """Make errors of what PyTorch and Python say less well in a fit.

    Of its warning that a loss broadcasts: so (n, 1) against (n,) stops. What
    the reader has decided about the warning comes first. And of a loss that
    has no `backward`, because the reader's step does not return it.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Using a target size", append=True)
            yield
    except AttributeError as error:
        if error.name != "backward":
            raise
        sentence = "training_step must return the loss, a tensor"
        raise ValueError(f"{sentence}, not {error.obj!r}") from error
