"""Classes that grow over several notebook cells (section 3.2)."""

import inspect


def add_to_class(Class):
    """Return a decorator that makes a function a method of `Class`.

    The decorated name stays bound to the function, so the cell that
    defines it can still be read, tested and re-run.
    """
    if not isinstance(Class, type):
        raise ValueError(
            f"add_to_class takes a class, not {Class!r}; write its name "
            "without parentheses."
        )

    def register(function):
        # A property has no name, but the function in it has.
        named = getattr(function, "fget", None) or function
        if not hasattr(named, "__name__"):
            raise ValueError(
                "add_to_class decorates a function that has a name, not "
                f"{function!r}."
            )
        setattr(Class, named.__name__, function)
        return function

    return register


class HyperParameters:
    """Mix-in that stores the arguments of `__init__` as attributes."""

    def save_hyperparameters(self, ignore=None):
        """Store the caller's arguments as attributes and in `self.hparams`.

        Call it in `__init__`. Only the arguments are stored, with the values
        that they have at the call; other local variables, names in `ignore`
        and names that start with an underscore are not. What a base class
        has saved stays in `self.hparams`, unless an argument has its name.

        Raises ValueError for an argument that would hide a method.
        """
        if ignore is None or isinstance(ignore, str):
            ignore = [ignore]
        frame = inspect.currentframe().f_back
        names, varargs, keywords, values = inspect.getargvalues(frame)
        names = names[1:] + ([varargs] if varargs else [])
        given = {name: values[name] for name in names}
        given |= values.get(keywords, {})
        saved = {
            name: value
            for name, value in given.items()
            if name not in ignore and not name.startswith("_")
        }
        for name, value in saved.items():
            if callable(getattr(type(self), name, None)):
                raise ValueError(
                    f"The argument {name!r} would hide the method "
                    f"{type(self).__name__}.{name}; rename it, or ignore it "
                    f"with save_hyperparameters(ignore=[{name!r}])."
                )
            setattr(self, name, value)
        self.hparams = getattr(self, "hparams", {}) | saved
