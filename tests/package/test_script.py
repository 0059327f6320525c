"""A plain Python script needs no notebook and no screen."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import torch
import d2lmini as d2l

torch.manual_seed(0)
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2)
model = d2l.LinearRegression(lr=0.03)
history = d2l.Trainer(max_epochs=3).fit(model, data)
"""
DRAWING = """
import matplotlib.pyplot as plt
assert plt.get_fignums() == [1] and plt.gcf() is model.board.fig
assert [len(line.get_xdata()) for line in plt.gca().lines] == [6, 3]
d2l.plt.title("A title")
d2l.plt.savefig("curves.png")
d2l.plt.show()
"""
SLOWLY = """
import time
end = d2l.Trainer._end_epoch
d2l.Trainer._end_epoch = lambda self: (end(self), time.sleep(2))
"""


def start(folder, *lines):
    """Start a script in a folder, on a machine without a screen."""
    (folder / "train.py").write_text("".join(lines))
    screens = {"DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONUNBUFFERED"}
    env = {k: v for k, v in os.environ.items() if k not in screens}
    return subprocess.Popen(
        [sys.executable, "train.py"],
        cwd=folder,
        env=env | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_script_prints_each_epoch(tmp_path):
    out, err = start(tmp_path, SCRIPT).communicate(timeout=60)
    assert err == ""
    epochs = out.splitlines()
    assert len(epochs) == 3
    losses = []
    for i, line in enumerate(epochs, 1):
        name, train, val = line.split("  ")
        assert name == f"epoch {i}/3"
        assert train.startswith("train_loss ")
        losses.append(float(val.removeprefix("val_loss ")))
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.01


def test_an_epoch_is_printed_when_it_ends(tmp_path):
    """Not when the script does, also where its output goes into a pipe."""
    script = SCRIPT.replace("torch.manual_seed", SLOWLY + "torch.manual_seed")
    process = start(tmp_path, script)
    assert process.stdout.readline().startswith("epoch 1/3")
    first = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - first > 4


def test_pyplot_knows_the_curves_of_a_script(tmp_path):
    process = start(tmp_path, SCRIPT, DRAWING)
    _, err = process.communicate(timeout=60)
    # Without a screen Matplotlib says itself that it cannot show a window.
    assert process.returncode == 0, err
    assert "non-interactive" in err or err == ""
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_screen_that_cannot_be_had_ends_no_training(tmp_path):
    """A backend with windows may have been asked for on another machine."""
    settings = "import os; os.environ['MPLBACKEND'] = 'tkagg'\n"
    process = start(tmp_path, settings, SCRIPT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err, len(out.splitlines())) == (0, "", 3)
