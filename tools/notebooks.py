"""Runs the notebooks of the book in place, stamps and lints them.

    python tools/notebooks.py run [NOTEBOOK ...]    execute; keep what is equal
    python tools/notebooks.py stamp                 rewrite badge, set-up, fold
    python tools/notebooks.py lint                  find what is not as stamped

Without arguments, all notebooks of _toc.yml. Those in extras/ need packages of
their own (requirements/extras.txt), and are run where these are installed.
"""

import copy
import json
import os
import platform
import re
import sys
import tempfile
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

import nbformat
import section
import stamping

ROOT = section.ROOT
# Numbers of trained models drift in their last digits with the number of
# threads and the instruction set. The stored outputs are made, and compared
# strictly, under these settings.
NUMERICS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2",
}
KERNEL = NUMERICS | {
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONHASHSEED": "0",
    "MATPLOTLIBRC": os.devnull,  # its defaults, whatever a user likes better
}
# What a user or a server may have set, and what then changes or adds to what a
# page prints and draws: another backend, colors, verbose libraries, asserts
# that are skipped. Where Python finds its modules stays as it is.
FOREIGN = re.compile(
    "MPLBACKEND|COLUMNS|LINES|NO_COLOR|(CLI|FORCE_)COLOR"
    "|(PYTEST|TORCH|PYTORCH|ATEN|ONEDNN|DNNL|MKL|OMP|KMP|GOMP|NPY|NUMPY)_"
    "|PYTHON(?!PATH|HOME|USERBASE|NOUSERSITE|PYCACHEPREFIX|DONTWRITE)"
)


def seal(notebook):
    """Return a checksum of a notebook's run, its cells and what they showed.

    Order, headings, tags and texts for pictures count. Comments and layout of
    the code do not, nor do the words below a heading, nor what is folded.
    """
    parts = [{**notebook.metadata.get("d2lmini", {}), "seal": ""}]
    for cell in notebook.cells:
        parts.append(cell.id)
        if cell.cell_type != "code":
            parts += re.findall("^#.*", cell.source, re.M)
            continue
        code = bare(cell.source) if cell.id != "setup" else ""
        about = cell.metadata.items()
        about = {
            k: v for k, v in about if v != stamping.SOURCE and k != "folds"
        }
        parts += [code, about]
        parts += [dict(o, execution_count=None) for o in cell.outputs]
    return f"{crc32(json.dumps(parts, sort_keys=True).encode()):08x}"


def bare(source):
    """Return code without comments and white space."""
    rows = source.splitlines(keepends=True)
    try:
        for token in tokenize.generate_tokens(iter(rows).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                rows[row - 1] = rows[row - 1][:column]
    except (SyntaxError, tokenize.TokenError):
        pass  # a fault that another rule names
    return "".join("".join(rows).split())


@cache
def scratch():
    """Return a folder that lasts as long as this process."""
    return tempfile.TemporaryDirectory(
        prefix="d2l-mini-", ignore_cleanup_errors=True
    )


def settle():
    """Make absolute what kernels in other folders would misunderstand.

    Where there is no home to write to, as in some containers, libraries would
    complain in the middle of a page: then there is one for a while.
    """
    data = os.environ.get("D2LMINI_DATA", "")
    if data and not data.startswith("~"):
        os.environ["D2LMINI_DATA"] = os.path.abspath(data)
    home = scratch().name  # made here, before two threads ask for it at once
    if not os.access(os.path.expanduser("~"), os.W_OK):
        os.environ["HOME"] = home


def environment(**wishes):
    """Return the environment of a kernel whose outputs are stored or compared.

    No profile of the user's IPython belongs to it.
    """
    kept = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    profile = {"IPYTHONDIR": os.path.join(scratch().name, "ipython")}
    return kept | profile | KERNEL | wishes


def run(path):
    """Execute a notebook in its folder and store what it prints and draws."""
    from nbclient import NotebookClient

    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    before = copy.deepcopy(notebook)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        shutdown_kernel="immediate",  # it has nothing to tidy up
        coalesce_streams=True,
        # ipykernel warns at each start of a kernel that others could listen.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    # What is stored comes from the published images, or there is an error.
    client.execute(env=environment(D2LMINI_STANDIN="never"))
    seconds = round(time.monotonic() - start, 1)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = shorten(output.traceback)
    keep(before, notebook)
    last = {"python": platform.python_version()}
    last["torch"] = version("torch").split("+")[0]
    same = last | {"seal": seal(notebook)}
    if not same.items() <= notebook.metadata.get("d2lmini", {}).items():
        record = {"date": time.strftime("%Y-%m-%d"), "seconds": seconds} | last
        notebook.metadata["d2lmini"] = record
        notebook.metadata.d2lmini["seal"] = seal(notebook)
    stamping.replace(path, stamping.normalized(notebook))
    print(f"{path.relative_to(section.ROOT)}: {seconds} s", flush=True)


def keep(before, after):
    """Put back the stored outputs that a run has not changed.

    Equal pictures may be other bytes. Where no code has changed, numbers that
    vary and are near the stored ones, as the tests demand, are no change.
    """
    import compare

    untouched = before.metadata.get("d2lmini", {}).get("seal") == seal(before)
    for old, new in zip(before.cells, after.cells, strict=True):
        if new.cell_type != "code":
            continue
        if untouched and "nbval-ignore-output" in section.tags(new):
            same = not compare.differences(old, new.outputs)
        else:
            same = shown(old.outputs) == shown(new.outputs)
        if same:
            new.outputs = old.outputs
        for output in new.outputs:
            if "execution_count" in output:
                output.execution_count = new.execution_count


def shown(outputs):
    """Return what outputs show: pictures by their pixels, and no number."""
    from compare import decoded

    found = [dict(output, execution_count=None) for output in outputs]
    for output in found:
        if picture := output.get("data", {}).get("image/png"):
            pixels = {"image/png": decoded(picture)}
            output["data"] = {**output["data"], **pixels}
    return found


def shorten(traceback):
    """Leave out the frames of a traceback that lie outside the notebook.

    They name folders of this machine, and teach nothing about the cell.
    """
    colors = re.compile(r"\x1b\[[\d;]*m")
    return [t for t in traceback if not colors.sub("", t).startswith("File ")]


def run_all(*paths):
    """Run some notebooks, or all whose packages are installed."""
    settle()
    if not paths:
        pages = section.everything()
        if not find_spec("lightning"):  # which the optional page needs
            pages = section.sections()
        paths = [page.path for page in pages]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, [Path(path).resolve() for path in paths]))


VERBS = {"run": run_all, "stamp": stamping.stamp, "lint": stamping.lint}


def main(verb="", *paths):
    if verb not in VERBS:
        sys.exit(__doc__)
    return VERBS[verb](*paths)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
