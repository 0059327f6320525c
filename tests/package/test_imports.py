"""Imports point one way and stay cheap; a script needs no notebook."""

import os
import re
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import d2lmini

PACKAGE = Path(d2lmini.__file__).parent
TAUGHT = "oop plotting training data models".split()  # one uses those before it


def test_imports_point_one_way():
    for i, name in enumerate(TAUGHT):
        source = (PACKAGE / f"{name}.py").read_text("utf-8")
        imported = {*re.findall(r"^from \.(\w*)", source, re.M)}
        assert imported <= {*TAUGHT[:i], "support"}, name


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
