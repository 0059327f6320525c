"""Runs the PyTorch cells of D2L's chapters 2 to 5 on this package.

    python lab/run_d2l.py FOLDER

FOLDER is a checkout of D2L, of its release 1.0.3 or of its next edition. Each
notebook runs in a process of its own, cell by cell, with `d2lmini` in the place
of `d2l.torch` and fits of at most two epochs. Cells that fail are printed, for
a person to judge: some need the network. Nothing of D2L is kept here.
"""

import io
import multiprocessing
import os
import re
import sys
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

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
        if "d2lbook.tab" in source or not {"all", "pytorch"} & {*names}:
            continue
        source = TAB.sub("", source)
        found.append(re.sub(r"^(\s*)(%|!)", r"\1# \2", source, flags=re.M))
    return found


class Tab:
    """Stands for the object by which a shared cell asks for its framework."""

    @staticmethod
    def selected(*names):
        """Tell whether PyTorch is among the names."""
        return "pytorch" in names


def run(path):
    """Run the cells of a page; return the error, or None, of each."""
    from IPython.core.interactiveshell import InteractiveShell

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
    shell = InteractiveShell.instance()
    shell.user_ns |= {"tab": Tab, "__name__": "__main__"}
    errors = []
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for source in cells(path.read_text("utf-8")):
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                result = shell.run_cell(source)
            error = result.error_before_exec or result.error_in_exec
            errors.append(error and f"{type(error).__name__}: {error}")
        os.chdir(path.parent)
    return errors


def main(folder):
    """Run all notebooks; tell whether a cell failed."""
    os.environ["MPLBACKEND"] = "agg"
    total = failed = 0
    folder = Path(folder).resolve()
    paths = [
        path
        for chapter in CHAPTERS
        for path in sorted(folder.glob(f"chapter_{chapter}/*.md"))
    ]
    spawn = multiprocessing.get_context("spawn")
    for path in paths:
        with ProcessPoolExecutor(1, spawn) as pool:  # it may have children
            errors = pool.submit(run, path).result()
        count = len(errors) - errors.count(None)
        total, failed = total + len(errors), failed + count
        print(f"{path.stem}: {len(errors)} cells, {count} failed", flush=True)
        for number, error in enumerate(errors, 1):
            if error:
                print(f"    cell {number}: {error[:300]}", flush=True)
    print(f"{total} cells: {total - failed} ran, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    sys.exit(main(*sys.argv[1:]))
