"""Sentences for the reader, where an argument or a batch cannot be right."""

import inspect
import operator
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn

PACKAGE = __package__.partition(".")[0]


def described(value):
    """Return what a message calls `value`: itself, or its type and shape."""
    if isinstance(value, (str, bool, int, float, complex, type(None))):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    words = f"an object of type {type(value).__name__}"
    if isinstance(value, (torch.Tensor, np.ndarray)) and not (
        isinstance(value, torch.Tensor) and value.is_nested
    ):
        kind = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        words = f"{kind} of shape {tuple(value.shape)} and {value.dtype}"
    return words


def check_numbers(least, convert=float, **arguments):
    """Raise ValueError unless all are numbers of at least `least`, none NaN."""
    for name, value in arguments.items():
        try:
            fits = not isinstance(value, str) and convert(value) >= least
        except (TypeError, ValueError, RuntimeError):
            fits = False
        if not fits:
            kind = "number" if convert is float else "whole number"
            least = f" of at least {least}" if least > -np.inf else ""
            raise ValueError(f"{name} must be a {kind}{least}, not {value!r}.")


def check_whole(least, **arguments):
    """Raise ValueError unless all are whole numbers of at least `least`."""
    check_numbers(least, operator.index, **arguments)


def warn_of_bytes(batch):
    """Warn of pictures whose bytes became floats and were not divided.

    Only where that is sure. Whole numbers up to 255 may as well be counts,
    tokens or a time series: so the shape must be that of gray or RGB pictures,
    and the largest number one that only bytes reach.
    """
    X = batch[0] if isinstance(batch, (list, tuple)) and batch else None
    if not isinstance(X, torch.Tensor) or not _may_be_pictures(X):
        return
    low, high = X.min(), X.max()
    if low >= 0 and 128 <= high <= 255 and bool((X == X.round()).all()):
        warnings.warn(
            f"The images of shape {tuple(X.shape)} hold whole numbers up to "
            f"{high:g}, not numbers from 0 to 1; divide them by 255.",
            stacklevel=2,
        )


def _may_be_pictures(X):
    if X.is_nested or X.layout != torch.strided or X.is_meta or not X.numel():
        return False
    if X.dtype not in (torch.float32, torch.float64):
        return False
    if X.dim() == 3:
        return X.shape[1] == X.shape[2] >= 8
    if X.dim() != 4:
        return False
    _, first, height, last = X.shape
    return (first in (1, 3) and min(height, last) >= 8) or (
        last in (1, 3) and min(first, height) >= 8
    )


def check_labels(labels, num_classes):
    """Raise ValueError unless all labels, at least one, have a score.

    On a GPU, where looking at them would make the program wait, PyTorch's loss
    finds them.
    """
    if labels.device.type != "cpu":
        return
    low, high = labels.min(), labels.max()
    wrong = int(low if low < 0 else high)
    if 0 <= wrong < num_classes:
        return
    hint = ""
    if wrong in (-(2**63), -(2**31), 2**31):
        hint = "; NaN becomes this number when it is cast to a whole one"
    raise ValueError(
        f"Label {wrong} is not one of the classes 0 to {num_classes - 1} for "
        f"which Y_hat has scores{hint}."
    )


def check_hiding(model, name, value):
    """Raise ValueError if an attribute of the model would hide a method.

    A layer, or a function, may take the place of a method of ours.
    """
    of_pytorch = hasattr(nn.Module, name)
    if isinstance(value, nn.Module):
        hides, what = of_pytorch and name != "forward", "the layer"
    else:
        is_class = isinstance(value, type)
        hides, what = is_class or not (callable(value) or of_pytorch), "it"
    if not hides or not inspect.isroutine(getattr(type(model), name, None)):
        return
    hint = f"store {what} under another name"
    if isinstance(value, type):
        hint = f"call it, as in {value.__name__}()"
    raise ValueError(
        f"self.{name} = {described(value)} would hide the method {name}; "
        f"{hint}."
    )


def check_layers(model):
    """Raise ValueError for a layer of the model that has no inputs at all.

    A lazy layer gets its size with the first batch.
    """
    for name, param in model.named_parameters():
        if nn.parameter.is_lazy(param) or param.dim() < 2:
            continue
        if not param.numel():
            raise ValueError(
                f"The parameter {name} has shape {tuple(param.shape)}, and so "
                "no numbers to learn; give the layer at least one input and "
                "one output, and the data at least one column."
            )


def check_optimizer(optim, params, loop):
    """Raise ValueError if an optimizer cannot train the parameters.

    `loop` is the method that will use it. For our own, it must be one optimizer
    whose `step` needs no argument; a loop of the reader's own may use several.

    An optimizer may leave some parameters alone, and may have tensors more.
    Only where both is so, one seems to have been taken for another: the tensor,
    for example, that became a parameter when it was stored, and is not it.
    """
    if getattr(loop, "__module__", "").startswith(f"{PACKAGE}."):
        _check_shape(optim)
    attributes = _attributes(optim)
    groups = getattr(optim, "param_groups", [attributes])
    groups = [group for group in groups if hasattr(group, "get")]
    inside = [v for k, v in attributes.items() if k != "hparams"]
    _check_iterators(optim, [attributes, *inside, *groups])
    groups = [group.get("params") for group in groups]
    # An optimizer of the reader's own may keep its tensors in other ways.
    tensors = [t for g in groups if isinstance(g, (list, tuple)) for t in g]
    missing = {id(param) for param in params if param.requires_grad}
    missing -= {id(tensor) for tensor in tensors}
    strange = {id(tensor) for tensor in tensors} - {id(p) for p in params}
    if missing and strange:
        raise ValueError(
            f"The optimizer would not update {len(missing)} of the model's "
            f"{len(params)} parameters but {len(strange)} other tensors; give "
            "it self.parameters(), or attributes of the model."
        )


def _check_iterators(optim, places):
    """Refuse an iterator that must be the parameters: it is used up by a step.

    It must be if it is called so, or if nothing else can hold them.
    """
    places = [place for place in places if isinstance(place, dict)]
    items = [item for place in places for item in place.items()]
    is_fed = any(
        isinstance(value, (torch.Tensor, nn.Module))
        or (
            isinstance(value, (list, tuple))
            and any(map(torch.is_tensor, value))
        )
        for _, value in items
    )
    for name, value in items:
        made_by = getattr(value, "__name__", "")  # a generator has a name
        if isinstance(value, Iterator) and (
            not is_fed or "param" in f"{name}{made_by}"
        ):
            raise ValueError(
                f"The optimizer {type(optim).__name__} keeps its parameters in "
                f"{name}, of type {type(value).__name__}, which is empty after "
                f"the first pass; keep list({name})."
            )


def _check_shape(optim):
    sentence = "configure_optimizers must return one optimizer"
    if isinstance(optim, type):
        raise ValueError(
            f"{sentence}, not the class {optim.__name__}; call it, as in "
            f"{optim.__name__}(self.parameters(), ...)."
        )
    if isinstance(optim, (list, tuple, dict)):
        items = optim.values() if isinstance(optim, dict) else optim
        names = ", ".join(type(item).__name__ for item in items)
        raise ValueError(
            f"{sentence}, not a {type(optim).__name__} of {names}; to use "
            "several, or a scheduler, define fit_epoch in your own Trainer."
        )
    lacks = [k for k in ("step", "zero_grad") if not hasattr(optim, k)]
    if lacks:
        raise ValueError(
            f"{sentence}, not {described(optim)}, which has no method "
            f"{' or '.join(lacks)}."
        )
    parameters = inspect.signature(optim.step).parameters.values()
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind == parameter.POSITIONAL_OR_KEYWORD
    ]
    if needed:
        raise ValueError(
            f"{type(optim).__name__}.step needs {', '.join(needed)}; define "
            "fit_epoch in your own Trainer to give it."
        )


def _attributes(thing):
    """Return the attributes of an object, also those in `__slots__`."""
    slots = [getattr(kind, "__slots__", ()) for kind in type(thing).__mro__]
    slots = [[s] if isinstance(s, str) else s for s in slots]
    names = [name for group in slots for name in group if hasattr(thing, name)]
    return {name: getattr(thing, name) for name in names} | getattr(
        thing, "__dict__", {}
    )


def checked_metric(name, value):
    """Return one real number, or off the CPU a tensor that holds it.

    Nobody waits for a tensor on the CPU. One on a GPU is fetched later; its
    copy has neither the graph nor the memory of `value`, which may be changed
    in place until then.
    """
    if isinstance(value, torch.Tensor):
        if value.numel() == 1 and not value.is_complex():
            if value.is_cpu:
                return float(value.item())
            return value.detach().reshape(()).clone()
    elif value is None:
        raise ValueError(
            f"{name} is None: the method that computes it returns nothing."
        )
    elif not isinstance(value, str):
        with suppress(TypeError, ValueError):
            number = np.asarray(value)
            if number.size == 1 and number.dtype.kind in "biuf":
                return float(number.item())
    raise ValueError(f"{name} must be one real number, not {described(value)}.")


_BROADCAST = "Using a target size"  # so begins PyTorch's warning of it
_filter = ("error", re.compile(_BROADCAST, re.I), UserWarning, None, 0)
_fits, _is_ours, _lock = 0, False, threading.Lock()


def _count_fits(change):
    """Make the warning of a broadcast an error while a fit runs anywhere.

    `warnings.catch_warnings` would put back whole lists of filters, in threads
    also those that another thread has set meanwhile; this is one filter, which
    comes with the first fit and goes with the last.
    """
    global _fits, _is_ours
    with _lock:
        _fits += change
        if _fits == change == 1 and _filter not in warnings.filters:
            # What the reader has decided about the warning comes first.
            warnings.filterwarnings(
                "error", _BROADCAST, UserWarning, append=True
            )
            _is_ours = True
        elif not _fits and _is_ours:
            _is_ours = False
            with suppress(ValueError):  # somebody may have reset all filters
                warnings.filters.remove(_filter)


@contextmanager
def plain_errors():
    """Make errors of what PyTorch and Python say less well in a fit.

    Of PyTorch's warning that a loss broadcasts: so (n, 1) against (n,) stops.
    And of a loss that has no `backward`, because the reader's step does not
    return it.
    """
    _count_fits(1)
    try:
        yield
    except AttributeError as error:
        trace = error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
        raised_in = trace.tb_frame.f_globals.get("__name__", "")
        if error.name != "backward" or not raised_in.startswith(PACKAGE):
            raise
        raise ValueError(
            "training_step must return the loss, a tensor, not "
            f"{described(error.obj)}."
        ) from error
    finally:
        _count_fits(-1)
