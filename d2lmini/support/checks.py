"""Sentences for the reader, where an argument or a batch cannot be right."""

import inspect
import itertools
import operator
import re
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn

PACKAGE = __package__.partition(".")[0]
REAL = "biuf"  # kinds of types, as NumPy calls them


def described(value):
    """Return what a message calls `value`: itself, or its type and size."""
    kind, is_tensor = type(value).__name__, isinstance(value, torch.Tensor)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, (str, bool, int, float, complex, type(None))):
        return repr(value)
    if getattr(value, "ndim", None) == 0:
        return repr(value)
    if isinstance(value, (list, tuple, dict)):
        return f"a {kind} of length {len(value)}"
    if isinstance(value, np.ndarray) or (is_tensor and not value.is_nested):
        kind = "a tensor" if is_tensor else "an array"
        return f"{kind} of shape {tuple(value.shape)} and {value.dtype}"
    return f"an object of type {kind}"


def check_tensors(**arguments):
    """Raise ValueError unless all are tensors."""
    for name, value in arguments.items():
        if not isinstance(value, torch.Tensor):
            raise ValueError(
                f"{name} must be a tensor, not {described(value)}."
            )


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
            raise ValueError(
                f"{name} must be a {kind}{least}, not {described(value)}."
            )


def check_whole(least, **arguments):
    """Raise ValueError unless all are whole numbers of at least `least`."""
    check_numbers(least, operator.index, **arguments)


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
    ) from None


def check_hiding(model, name, value):
    """Raise ValueError if an attribute of the model would hide a method.

    A layer, or a function, may take the place of a method of ours.
    """
    if not inspect.isroutine(getattr(type(model), name, None)):
        return
    of_pytorch = hasattr(nn.Module, name)
    hint = "store it under another name"
    if isinstance(value, nn.Module):
        hides = of_pytorch and name != "forward"
    elif isinstance(value, type):
        hides, hint = True, f"call it, as in {value.__name__}()"
    else:
        hides = not (callable(value) or of_pytorch)
    if hides:
        raise ValueError(
            f"self.{name} = {described(value)} would hide the method {name}; "
            f"{hint}."
        )


def check_layers(model):
    """Raise ValueError for a layer of the model that has no inputs at all.

    A lazy layer gets its size with the first batch.
    """
    for name, param in model.named_parameters():
        is_matrix = not nn.parameter.is_lazy(param) and param.dim() > 1
        if is_matrix and not param.numel():
            raise ValueError(
                f"The parameter {name} has shape {tuple(param.shape)}, and so "
                "no numbers to learn; give the layer at least one input and "
                "one output, and the data at least one column."
            )


def check_optimizer(optim, params, loop):
    """Raise ValueError if an optimizer cannot train the parameters.

    `loop` is the method that will use it. For our own, it must be one
    optimizer; a loop of the reader's own may use several.

    An optimizer may leave some parameters alone, and may have tensors more.
    Only where both is so, one seems to have been taken for another: the tensor,
    for example, that became a parameter when it was stored, and is not it.
    """
    if loop.__module__.startswith(f"{PACKAGE}."):
        _check_kind(optim)
    kept = _kept(optim)
    _check_iterators(optim, kept)
    # An optimizer of the reader's own may keep its tensors in other ways.
    tensors = {
        id(tensor)
        for name, value in kept
        if name == "params" and isinstance(value, (list, tuple))
        for tensor in value
    }
    missing = {id(param) for param in params if param.requires_grad} - tensors
    if missing and tensors - {id(param) for param in params}:
        raise ValueError(
            f"The optimizer lacks {len(missing)} of the model's {len(params)} "
            "parameters, and holds other tensors instead; give it "
            "self.parameters(), or attributes of the model."
        )


def _check_kind(optim):
    hint = ""
    if isinstance(optim, type):
        hint = f"; call it, as in {optim.__name__}(self.parameters(), ...)"
    elif isinstance(optim, (list, tuple, dict)):
        hint = "; to use several, or a scheduler, define your own fit_epoch"
    elif lacks := [k for k in ("step", "zero_grad") if not hasattr(optim, k)]:
        hint = f", which has no method {' or '.join(lacks)}"
    if hint:
        raise ValueError(
            "configure_optimizers must return one optimizer, not "
            f"{described(optim)}{hint}."
        )


def _kept(optim):
    """Return names and values of what an optimizer keeps, also in dicts."""
    kept = [*getattr(optim, "__dict__", {}).items()]
    inside = [value for name, value in kept if name != "hparams"]
    for group in [*inside, *getattr(optim, "param_groups", ())]:
        if isinstance(group, dict):
            kept += group.items()
    return kept


def _check_iterators(optim, kept):
    """Refuse an iterator that must be the parameters: it is used up by a step.

    It must be if it is called so, or if nothing else can hold them.
    """
    values = [value for _, value in kept]
    values += [v for vs in values if isinstance(vs, (list, tuple)) for v in vs]
    is_fed = any(isinstance(v, (torch.Tensor, nn.Module)) for v in values)
    for name, value in kept:
        made_by = getattr(value, "__name__", "")  # a generator has a name
        if isinstance(value, Iterator) and (
            not is_fed or "param" in f"{name}{made_by}"
        ):
            raise ValueError(
                f"The optimizer {type(optim).__name__} keeps its parameters in "
                f"{name}, of type {type(value).__name__}, which is empty after "
                f"the first pass; keep list({name})."
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
    elif not isinstance(value, str):
        with suppress(TypeError, ValueError):
            number = np.asarray(value)
            if number.dtype.kind in REAL:
                return float(number.item())
    hint = ", which a method without return gives" if value is None else ""
    raise ValueError(
        f"{name} must be one real number, not {described(value)}{hint}."
    )


_numbers = itertools.count()


@contextmanager
def plain_errors():
    """Make errors of what PyTorch and Python say less well in a fit.

    Of PyTorch's warning that a loss broadcasts: so (n, 1) against (n,) stops.
    And of a loss that has no `backward`, because the reader's step does not
    return it, or none that reaches a parameter.
    """
    # `warnings.catch_warnings` would put back whole lists of filters, in
    # threads also those that another thread has set meanwhile. This is one
    # filter, by its number unlike any other; the reader's own come first.
    broadcast = f"Using a target size(?#{next(_numbers)})"
    warnings.filterwarnings("error", broadcast, UserWarning, append=True)
    mine = "error", re.compile(broadcast, re.I), UserWarning, None, 0
    try:
        yield
    except AttributeError as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        raised_in = frame.f_globals.get("__name__", "")
        if error.name != "backward" or not raised_in.startswith(PACKAGE):
            raise
        raise ValueError(
            "training_step must return the loss, a tensor, not "
            f"{described(error.obj)}."
        ) from None
    except RuntimeError as error:
        if "element 0 of tensors does not require grad" not in str(error):
            raise
        raise ValueError(
            "The loss depends on no tensor that requires grad; create the "
            "parameters with requires_grad=True, and detach no results."
        ) from None
    finally:
        with suppress(ValueError):  # somebody may have reset all filters
            warnings.filters.remove(mine)
