"""Run the PyTorch cells of D2L's chapters 2 to 5 on this package.

    python lab/run_d2l.py FOLDER [NAME ...] [--epochs N]

FOLDER is a clone of D2L, of its release 1.0.3 or of its next edition, or a
bare git directory. Each notebook, or each whose path holds a NAME, runs in a
process of its own, cell by cell, with `d2lmini` in the place of
`d2l.torch` and fits of at most N epochs (2). Nothing of D2L is kept here.
"""

import argparse
import ast
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from urllib.error import URLError

CHAPTERS = (
    "preliminaries linear-regression linear-classification "
    "multilayer-perceptrons"
).split()
CELL = re.compile(r"^```\{\.python \.input[^\n]*\}\n(.*?)^```\s*$", re.M | re.S)
TAB = re.compile(r"^(?:%%tab|#@tab)[ \t]+(.*)\n", re.M)


def notebooks(folder):
    """Yield path and text of each notebook, in the order of the book."""

    def read(path):
        if (folder / "HEAD").is_file():
            show = ["git", f"--git-dir={folder}", "show", f"HEAD:{path}"]
            return subprocess.run(
                show, check=True, stdout=subprocess.PIPE, text=True
            ).stdout
        return (folder / path).read_text("utf-8")

    for chapter in CHAPTERS:
        index = read(f"chapter_{chapter}/index.md")
        names = re.search(r"```toc\n(.*?)```", index, re.S).group(1)
        for name in re.findall(r"^[\w-]+$", names, re.M):
            path = f"chapter_{chapter}/{name}.md"
            yield path, read(path)


def cells(text):
    """Return the sources of the cells that a reader of PyTorch runs."""
    found = []
    for source in CELL.findall(text):
        tab = TAB.match(source)
        names = re.split(r"[,\s]+", tab.group(1).strip()) if tab else ["all"]
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


def run(sources, max_epochs):
    """Run cells one after the other; return the error, or None, of each."""
    import IPython.core.interactiveshell as ipython

    import d2lmini

    prepare = d2lmini.Trainer.prepare_data

    def shorten(self, data):
        self.max_epochs = min(self.max_epochs, max_epochs)
        prepare(self, data)

    d2lmini.Trainer.prepare_data = shorten
    d2lmini.import_torchvision()  # cells import it themselves
    d2l = type(sys)("d2l")
    d2l.torch = d2lmini
    sys.modules |= {"d2l": d2l, "d2l.torch": d2lmini}
    shell = ipython.InteractiveShell.instance()
    shell.user_ns |= {"tab": Tab, "__name__": "__main__"}
    errors, missing = [], set()
    for source in sources:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        errors.append(error and describe(error, missing))
        if error and errors[-1]["network"]:
            missing |= bound(source)
    return errors


def bound(source):
    """Return the names that a cell would have given a value."""
    nodes = ast.walk(ast.parse(source))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def describe(error, missing):
    """Return the last line of a traceback, and whether the network is why.

    It also is where a name is `missing` because an earlier cell needed it.
    """
    line = traceback.format_exception_only(error)[-1].splitlines()[0][:300]
    network = isinstance(error, NameError) and error.name in missing
    while error is not None:
        network |= isinstance(error, (URLError, ConnectionError, TimeoutError))
        network |= isinstance(error, OSError) and "urlopen" in str(error)
        error = error.__cause__ or error.__context__
    return {"text": line, "network": network}


def report(path, sources, errors):
    """Print a line for a notebook and one for each cell that failed."""
    failed = [error for error in errors if error]
    print(f"{path}: {len(sources)} cells, {len(failed)} failed", flush=True)
    for number, error in enumerate(errors, 1):
        if error:
            why = "needs the network: " if error["network"] else ""
            print(f"    cell {number}: {why}{error['text']}", flush=True)


def main():
    """Run all notebooks; exit with 1 if a cell fails that should not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    totals = {"cells": 0, "ran": 0, "network": 0, "failed": 0}
    for path, text in notebooks(options.folder.resolve()):
        sources = cells(text)
        wanted = any(name in path for name in options.names or [""])
        if not (sources and wanted):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            done = subprocess.run(
                [sys.executable, __file__, "--child"],
                input=json.dumps([sources, options.epochs]),
                stdout=subprocess.PIPE,
                text=True,
                cwd=scratch,
                env=os.environ | {"MPLBACKEND": "agg"},
            )
        errors = json.loads(done.stdout.splitlines()[-1])
        report(path, sources, errors)
        totals["cells"] += len(sources)
        totals["ran"] += errors.count(None)
        network = sum(bool(e and e["network"]) for e in errors)
        totals["network"] += network
        totals["failed"] += len(errors) - errors.count(None) - network
    print(
        "{cells} cells: {ran} ran, {network} need the network, "
        "{failed} failed otherwise".format(**totals)
    )
    return totals["failed"] > 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    if sys.argv[1:] == ["--child"]:
        warnings.simplefilter("ignore")
        print(json.dumps(run(*json.load(sys.stdin))))
    else:
        sys.exit(main())
