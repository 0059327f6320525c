"""Runs the PyTorch cells of D2L's chapters 2 to 5 on this package.

    python lab/run_d2l.py FOLDER

FOLDER is a checkout of D2L, of its release 1.0.3 or of its next edition. Each
notebook runs in a kernel of its own, with `d2lmini` in the place of `d2l.torch`
and fits of at most two epochs. Cells that fail are printed, for a person to
judge: some need the network. Nothing of D2L is kept here.
"""

import os
import re
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from nbclient import NotebookClient
from nbformat import v4

CHAPTERS = (
    "preliminaries linear-regression linear-classification "
    "multilayer-perceptrons"
).split()
CELL = re.compile(r"^```\{\.python \.input[^\n]*\}\n(.*?)^```\s*$", re.M | re.S)
TAB = re.compile(r"^(?:%%tab|#@tab)[ \t]+(.*)\n", re.M)


def cells(text):
    """Return the sources of the cells that a reader of PyTorch runs."""
    found = []
    for source in CELL.findall(text):
        tab = TAB.match(source)
        names = re.split(r"[,\s]+", tab[1].strip()) if tab else ["all"]
        if "d2lbook.tab" not in source and {"all", "pytorch"} & {*names}:
            source = TAB.sub("", source)
            found.append(re.sub(r"^(\s*)(%|!)", r"\1# \2", source, flags=re.M))
    return found


def prepare():
    """Put our package in the place of D2L's, in the kernel of a notebook.

    Return what a shared cell asks for its framework.
    """
    import d2lmini

    class Trainer(d2lmini.Trainer):
        def prepare_data(self, data):
            self.max_epochs = min(self.max_epochs, 2)
            super().prepare_data(data)

    d2lmini.Trainer = Trainer
    d2lmini.import_torchvision()  # cells import it themselves
    sys.modules["d2l"] = SimpleNamespace(torch=d2lmini)
    sys.modules["d2l.torch"] = d2lmini
    warnings.simplefilter("ignore")
    return SimpleNamespace(selected=lambda *names: "pytorch" in names)


def run(path):
    """Run the cells of a page; return the error, or "", of each."""
    sources = ["from run_d2l import prepare\ntab = prepare()"]
    sources += cells(path.read_text("utf-8"))
    notebook = v4.new_notebook(cells=[*map(v4.new_code_cell, sources)])
    here = Path(__file__).resolve().parent
    env = os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    with tempfile.TemporaryDirectory() as scratch:
        where = {"metadata": {"path": scratch}}
        client = NotebookClient(notebook, allow_errors=True, resources=where)
        client.execute(env=env)
    ends = [[{}, *cell.outputs][-1] for cell in notebook.cells[1:]]
    return [f"{e.ename}: {e.evalue}" if "ename" in e else "" for e in ends]


def main(folder):
    """Run all notebooks; tell whether a cell failed."""
    total = Counter()
    for chapter in CHAPTERS:
        for path in sorted(Path(folder).glob(f"chapter_{chapter}/*.md")):
            for number, error in enumerate(run(path), 1):
                total["failed" if error else "ran"] += 1
                if error:
                    print(f"{path.stem}, cell {number}: {error[:300]}")
    print(f"{total['ran']} cells ran, {total['failed']} failed")
    return total["failed"] > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
