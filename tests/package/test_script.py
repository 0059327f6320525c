"""A plain Python script needs no notebook and no screen."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import faulthandler
import matplotlib.pyplot as plt
import torch
import d2lmini as d2l

faulthandler.dump_traceback_later(300, exit=True)
torch.manual_seed(0)
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
    env["PYTHONPATH"], pipe, losses = str(ROOT), subprocess.PIPE, []
    command = [sys.executable, "-c", SCRIPT]
    pipes = {"stdin": pipe, "stdout": pipe, "stderr": pipe}
    with subprocess.Popen(command, env=env, text=True, **pipes) as process:
        for number in (1, 2, 3):
            line = process.stdout.readline()
            pattern = rf"epoch {number}/3  train_loss .*  val_loss (\d\S*)\n"
            losses.append(float(re.fullmatch(pattern, line)[1]))
            process.stdin.write("\n")  # only now it goes on
            process.stdin.flush()
        err = process.communicate()[1]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.01
    # Without a screen Matplotlib says itself that it cannot show a window.
    assert process.returncode == 0 and ("non-interactive" in err or not err)
