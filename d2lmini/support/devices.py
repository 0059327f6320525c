"""What a model runs on and how: CPU or GPU, threads, modes, compiled or not."""

import os
from contextlib import contextmanager

import torch
from torch import nn

from .checks import check_whole


def cpu():
    """Return the CPU device."""
    return torch.device("cpu")


def num_gpus():
    """Return how many GPUs there are (CUDA, or one on Apple silicon)."""
    return torch.cuda.device_count() or int(torch.backends.mps.is_available())


def gpu(i=0):
    """Return the i-th GPU as a device, whether or not it exists."""
    kind = "mps" if torch.backends.mps.is_available() else "cuda"
    return torch.device(kind, i)


def try_gpu(i=0):
    """Return the i-th GPU if it exists, else the CPU."""
    check_whole(0, i=i)
    return gpu(i) if i < num_gpus() else cpu()


def has_room(device, nbytes):
    """Tell whether data fits on a device and leaves as much free memory.

    The model, its gradients and the results of its layers need the rest.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    elif device.type == "mps":
        free = torch.mps.recommended_max_memory()
        free -= torch.mps.driver_allocated_memory()
    else:
        return True
    return nbytes <= free / 2


def uncompiled(model):
    """Return the model inside what `torch.compile` returns, or `model`.

    Its steps are those of the model inside, which calls itself: from now on
    what was compiled answers that call, as after `model.compile()`.
    """
    inside = getattr(model, "_orig_mod", None)
    if inside is None:
        return model
    inside._compiled_call_impl = model.dynamo_ctx(inside._call_impl)
    return inside


@contextmanager
def evaluating(model):
    """Put a model into evaluation mode, then each part back into its own."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


_num_threads = torch.get_num_threads()  # PyTorch's own choice, as a rule


def _is_small(model):
    """Tell whether a second thread would gain less than it can lose.

    Measured on two cores with layers of 64 to 4,096 units: a second thread
    makes steps 1.3 to 1.8 times faster while its core is free. When another
    program uses that core, small steps become up to 30 times slower, because
    threads wait for each other in every operation. A convolution computes
    long with few parameters. Lazy layers count once they are built.
    """
    params = [p for p in model.parameters() if not nn.parameter.is_lazy(p)]
    if any(param.dim() > 2 for param in params):
        return False
    return sum(param.numel() for param in params) < 1_000_000


@contextmanager
def suitable_threads(model):
    """Use one thread for a small model, if nobody asked for a number."""
    found = torch.get_num_threads()
    asked = os.environ.keys() & {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}
    if asked or found != _num_threads or not _is_small(model):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(found)
