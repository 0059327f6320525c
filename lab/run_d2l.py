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
from pathlib import Path

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


class Tab:
    """Stands for the object by which a shared cell asks for its framework."""

    @staticmethod
    def selected(*names):
        """Tell whether PyTorch is among the names."""
        return "pytorch" in names


def prepare():
    """Put our package in the place of D2L's, in the kernel of a notebook."""
    import d2lmini

    class Trainer(d2lmini.Trainer):
        def prepare_data(self, data):
            self.max_epochs = min(self.max_epochs, 2)
            super().prepare_data(data)

    d2lmini.Trainer = Trainer
    d2lmini.import_torchvision()  # cells import it themselves
    d2l = type(sys)("d2l")
    d2l.torch = d2lmini
    sys.modules |= {"d2l": d2l, "d2l.torch": d2lmini}
    warnings.simplefilter("ignore")


def run(path):
    """Run the cells of a page; return the error, or None, of each."""
    setup = "from run_d2l import Tab as tab, prepare\nprepare()"
    sources = [setup, *cells(path.read_text("utf-8"))]
    notebook = v4.new_notebook(cells=[*map(v4.new_code_cell, sources)])
    here = Path(__file__).resolve().parent
    env = os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    with tempfile.TemporaryDirectory() as scratch:
        where = {"metadata": {"path": scratch}}
        client = NotebookClient(notebook, allow_errors=True, resources=where)
        client.execute(env=env)
    errors = []
    for cell in notebook.cells[1:]:
        found = [out for out in cell.outputs if out.output_type == "error"]
        errors.append(found and f"{found[0].ename}: {found[0].evalue}")
    return errors


def main(folder):
    """Run all notebooks; tell whether a cell failed."""
    total = failed = 0
    for chapter in CHAPTERS:
        for path in sorted(Path(folder).glob(f"chapter_{chapter}/*.md")):
            errors = run(path)
            total, failed = total + len(errors), failed + sum(map(bool, errors))
            print(f"{path.stem}: {len(errors)} cells", flush=True)
            for number, error in enumerate(errors, 1):
                if error:
                    print(f"    cell {number}: {error[:300]}", flush=True)
    print(f"{total} cells: {total - failed} ran, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
