"""Classes that grow over several notebook cells (section 3.2)."""

import inspect

from .checks import check


def add_to_class(Class):
    """Return a decorator that makes a function a method of `Class`.

    The decorated name stays bound to the function, so the cell that
    defines it can still be read, tested and re-run.
    """
    check(isinstance(Class, type), f"a class is needed, not {Class!r}")

    def register(function):
        setattr(Class, function.__name__, function)
        return function

    return register


class HyperParameters:
    """Mix-in that stores the arguments of `__init__` as attributes."""

    def save_hyperparameters(self, ignore=()):
        """Store the caller's arguments as attributes and in `self.hparams`.

        Call it in `__init__`. Only the arguments are stored, with the values
        that they have at the call; other local variables, names in `ignore`
        and names that start with an underscore are not. What a base class
        has saved stays in `self.hparams`, unless an argument has its name.

        Raises ValueError for an argument that would hide a method.
        """
        ignore = [ignore] if isinstance(ignore, str) else ignore
        frame = inspect.currentframe().f_back
        names, varargs, keywords, values = inspect.getargvalues(frame)
        saved = {name: values[name] for name in names[1:]}
        if varargs:
            saved[varargs] = values[varargs]
        if keywords:
            saved |= values[keywords]
        saved = {
            name: value
            for name, value in saved.items()
            if name not in ignore and not name.startswith("_")
        }
        for name in saved:
            if callable(getattr(type(self), name, None)):
                raise ValueError(
                    f"the argument {name!r} would hide the method "
                    f"{type(self).__name__}.{name}; rename it or ignore it"
                )
        self.hparams = getattr(self, "hparams", {}) | saved
        for name, value in saved.items():
            setattr(self, name, value)
