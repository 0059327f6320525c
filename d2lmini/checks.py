"""Sentences for the reader, where an argument or a batch cannot be right.

No section teaches this module.
"""

import operator
import warnings
from contextlib import contextmanager


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


@contextmanager
def strict_shapes():
    """Make an error of PyTorch's warning that a loss broadcasts.

    So (n, 1) against (n,) stops. What the reader has decided about the warning
    comes first.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Using a target size", append=True)
        yield
