"""What `import d2lmini` gives: names, cheaply and in order; also D2L's."""

import inspect
import os
import re
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
import torch

import d2lmini as d2l
from d2lmini.support import names

PACKAGE = Path(d2l.__file__).parent
TAUGHT = "oop plotting training data models".split()  # one uses those before it


def imported(path):
    """Return which of its siblings a module imports; the first word of each."""
    return {*re.findall(r"^from \.(\w*)", path.read_text("utf-8"), re.M)}


def test_imports_point_one_way():
    for i, name in enumerate(TAUGHT):
        assert imported(PACKAGE / f"{name}.py") <= {*TAUGHT[:i], "support"}
    for path in (PACKAGE / "support").glob("*.py"):  # none of those taught
        assert "" not in imported(path), path


SCRIPT = """
import sys
import torch
import d2lmini as d2l

heavy = {"IPython", "matplotlib", "pandas", "PIL", "torchvision"}
assert not heavy & sys.modules.keys(), "they load when they are needed"
from d2lmini import plt
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2)
model = d2l.LinearRegression(lr=0.03)
end_epoch = d2l.Trainer._end_epoch
d2l.Trainer._end_epoch = lambda self: (end_epoch(self), input())
d2l.Trainer(max_epochs=3).fit(model, data)
assert plt.get_fignums() == [1] and plt.gcf() is model.board.fig
assert [len(line.get_xdata()) for line in plt.gca().lines] == [6, 3]
plt.show()
"""


def test_a_script_prints_each_epoch_when_it_ends_and_keeps_its_curves():
    """Not when the script ends, also where its output goes into a pipe."""
    screens = {"DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONUNBUFFERED"}
    env = {name: os.environ[name] for name in os.environ.keys() - screens}
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    pipes = {"stdin": PIPE, "stdout": PIPE, "text": True, "cwd": PACKAGE.parent}
    with Popen(command, env=env, **pipes) as process:
        for number in (1, 2, 3):
            assert f"epoch {number}/3" in process.stdout.readline()
            process.stdin.write("\n")  # only now it goes on
            process.stdin.flush()
    assert process.returncode == 0


def test_functions_of_pytorch_have_their_names_in_d2l():
    X = d2l.reshape(d2l.arange(6.0), (2, 3))
    assert d2l.reduce_sum(X, 0, keepdims=True).tolist() == [[3, 5, 7]]
    assert d2l.astype(d2l.argmax(X, axis=1), d2l.float32).tolist() == [2, 2]
    assert d2l.concat([X, d2l.zeros_like(X)], 0).shape == (4, 3)
    assert d2l.batch_matmul(d2l.ones(1, 2, 3), d2l.ones(1, 3, 2)).sum() == 12
    assert d2l.transpose(d2l.expand_dims(X, 0)[0]).shape == (3, 2)
    assert d2l.numpy(d2l.exp(torch.zeros(1, requires_grad=True))) == [1]
    assert issubclass(d2l.Module, d2l.nn_Module)
    assert all(hasattr(d2l, name) for name in names.FUNCTIONS | names.METHODS)


def test_names_of_other_releases_say_what_to_use_which_is_there():
    for name, instead in names.INSTEAD.items():
        with pytest.raises(AttributeError) as caught:
            getattr(d2l, name)
        assert instead in str(caught.value)
        for used in re.findall(r"d2l\.(\w+)", instead):
            assert hasattr(d2l, used)


def test_any_other_name_is_an_attribute_error():
    with pytest.raises(ImportError, match="Trainerr"):
        from d2lmini import Trainerr  # noqa: F401
    with pytest.raises(AttributeError, match="Trainerr'; it .*s it.$") as error:
        d2l.Trainerr  # noqa: B018
    assert (error.value.name, error.value.obj) == ("Trainerr", d2l)


def test_import_star_leaves_the_reader_s_names_alone():
    assert dict(inspect.getmembers(d2l))["plt"] is d2l.plt
    mine = {"data": 1}
    exec("from d2lmini import *", mine)
    assert mine["data"] == 1 and mine["Trainer"] is d2l.Trainer
    assert not {"batches", "names", "models", "training"} & mine.keys()
