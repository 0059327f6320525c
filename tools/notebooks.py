"""Runs the notebooks of the book in place, and keeps their frame cells alike.

    python tools/notebooks.py run [NOTEBOOK ...]    execute and normalize
    python tools/notebooks.py lint [NOTEBOOK ...]   find what is not normalized
    python tools/notebooks.py stamp [NOTEBOOK ...]  rewrite badge, set-up, fold
    python tools/notebooks.py publish-at ADDRESS    name the book's repository
    python tools/notebooks.py release               let others fetch the package
    python tools/notebooks.py new NUMBER TITLE      begin a page

Without arguments, all notebooks of _toc.yml. Those in extras/ need packages of
their own (requirements/extras.txt), and are run where these are installed.
"""

import argparse
import copy
import json
import os
import platform
import re
import subprocess
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
import new_page
import section
import setup_cell
import yaml

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
TAGS = {
    "remove-cell",  # in the notebook, not on the page
    "hide-cell",  # folded on the page
    "hide-input",  # the output shows, the code is folded
    "raises-exception",  # the error is what the cell teaches
    "nbval-ignore-output",  # run, not compared; a check cell stands below
    "real-data",  # compared on the real images only
}
# The solutions open at a click, as on the page, where a front end can do that:
# JupyterLab keeps a fold with its heading, Colab a list of them elsewhere.
FOLD = "solutions"
KERNEL_OF_ALL = {
    "display_name": "Python 3",
    "language": "python",
    "name": "python3",
}
STRIP = [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count"]
STRIP += ["--keep-id", "--extra-keys", "metadata.language_info.version"]


def settings():
    """Return what _config.yml says about the repository and the release.

    The address is "" until the book is published.
    """
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))[
        "repository"
    ]


def tag():
    """Return the tag of the version of the package that is here."""
    source = (ROOT / "d2lmini" / "__init__.py").read_text("utf-8")
    number = source.split('__version__ = "')[1].split('"')[0]
    return f"v{number}"


def site():
    """Return the address, "" while there is none, the branch and the tag."""
    there = settings()
    return there["url"], there["branch"], tag()


def archive():
    """Return the name of the folder that `make zip` packs."""
    return f"d2l-mini-{tag().removeprefix('v')}"


def colab(path):
    """Return the address that opens a page in Colab; "" while there is none."""
    url, branch, _ = site()
    where = url.removeprefix("https://").replace(
        "github.com", "https://colab.research.google.com/github", 1
    )
    name = path.relative_to(ROOT).as_posix()
    return url and f"{where}/blob/{branch}/{name}"


def kaggle(path):
    """Return the address that opens a page in Kaggle, or "" as above."""
    url, branch, _ = site()
    raw = url.replace("github.com", "raw.githubusercontent.com", 1)
    name = path.relative_to(ROOT).as_posix()
    source = f"{raw}/{branch}/{name}"
    return url and f"https://kaggle.com/kernels/welcome?src={source}"


def frame(path):
    """Return the sources of the badge cell and the set-up cell of a page."""
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    other = "https://kaggle.com/static/images/open-in-kaggle.svg"
    there, name = settings(), path.relative_to(ROOT).as_posix()
    if there["url"]:
        badge = f"[![Open in Colab]({image})]({colab(path)}) "
        badge += f"[![Open in Kaggle]({other})]({kaggle(path)})"
    else:
        badge = (
            "*To run this page, open it in JupyterLab or VS Code where it lies "
            "in a copy of the book. In Colab, its first cell says what to "
            "upload.*"
        )
    release = there["url"], there["release"], there["sha256"]
    return badge, setup_cell.source(name, archive(), *release)


def stamp(path):
    """Write badge and set-up into a notebook, and fold its solutions."""
    notebook = nbformat.read(path, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    badge, setup = frame(path)
    if "setup" not in cells:
        cells["badge"] = nbformat.v4.new_markdown_cell(id="badge")
        cells["setup"] = nbformat.v4.new_code_cell(id="setup")
        notebook.cells.insert(0, cells["badge"])
        notebook.cells.insert(2, cells["setup"])
    cells["badge"].source, cells["setup"].source = badge, setup
    for name in ("badge", "setup"):
        cells[name].metadata["tags"] = ["remove-cell"]
    for cell in notebook.cells:
        if cell.source == "## Solutions":
            cell.id = FOLD
            cell.metadata |= {"id": FOLD, "jp-MarkdownHeadingCollapsed": True}
    notebook.metadata["colab"] = {"collapsed_sections": [FOLD]}
    notebook.metadata["kernelspec"] = KERNEL_OF_ALL
    save(notebook, path)


def shorten(traceback):
    """Leave out the frames of a traceback that lie outside the notebook.

    They name folders of this machine, and teach nothing about the cell.
    """
    colors = re.compile(r"\x1b\[[\d;]*m")
    return [t for t in traceback if not colors.sub("", t).startswith("File ")]


def save(notebook, path):
    """Replace a notebook by a normalized one, whole or not at all."""
    # A run that is killed here leaves its scrap where no tool looks for pages.
    scraps = path.parent / ".ipynb_checkpoints"
    scraps.mkdir(exist_ok=True)
    temporary = scraps / f"{path.stem}.{os.getpid()}.ipynb"
    try:
        nbformat.write(notebook, temporary)
        subprocess.run([*STRIP, temporary], check=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def seal(notebook):
    """Return a checksum of a notebook's run, its cells and what they showed.

    Order, headings, tags and texts for pictures count. Comments and layout of
    the code do not, nor do the words below a heading.
    """
    parts = [{**notebook.metadata.get("d2lmini", {}), "seal": ""}]
    for cell in notebook.cells:
        parts.append(cell.id)
        if cell.cell_type != "code":
            parts += re.findall("^#.*", cell.source, re.M)
            continue
        code = bare(cell.source) if cell.id != "setup" else ""
        parts += [code, cell.metadata]
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
    try:
        writable = os.access(Path.home(), os.W_OK)
    except RuntimeError:  # HOME is unset, and the user has no entry
        writable = False
    if not writable:
        os.environ["HOME"] = scratch().name


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
    versions = {
        "python": platform.python_version(),
        "torch": version("torch").split("+")[0],
    }
    record = notebook.metadata.get("d2lmini", {})
    last = {"seal": seal(notebook)} | versions  # what it was last run on
    if not last.items() <= record.items():
        record = {"date": time.strftime("%Y-%m-%d"), "seconds": seconds}
        notebook.metadata["d2lmini"] = record | versions
        notebook.metadata["d2lmini"]["seal"] = seal(notebook)
    save(notebook, path)
    print(f"{path.relative_to(ROOT)}: {seconds} s", flush=True)


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
        varies = "nbval-ignore-output" in new.metadata.get("tags", [])
        pictures = compare.pictures(old.outputs), compare.pictures(new.outputs)
        if untouched and varies:
            same = not compare.differences(old, new.outputs)
        else:
            texts = compare.text(old.outputs), compare.text(new.outputs)
            kinds = [o.output_type for o in old.outputs + new.outputs]
            same = (
                texts[0] == texts[1]
                and "error" not in kinds
                and compare.same_pixels(*pictures)
            )
        if same:
            new.outputs = old.outputs
            for output in new.outputs:  # a cell above may be new or gone
                if output.output_type == "execute_result":
                    output.execution_count = new.execution_count


def write_settings(**changes):
    """Change lines of _config.yml, and stamp what follows from them."""
    path = ROOT / "_config.yml"
    text = path.read_text("utf-8")
    for key, value in changes.items():
        text = re.sub(rf"(?m)^  {key}:.*$", f'  {key}: "{value}"', text)
    path.write_text(text, "utf-8")
    stamp_all()


def publish_at(address):
    """Name the repository in which the book is published, or another one.

    The set-up cell runs what it fetches from there, so HTTPS is required.
    """
    found = re.fullmatch(
        r"(https://github\.com/[\w.-]+/[\w.-]+?)(\.git)?/?", address
    )
    if found is None:
        sys.exit(f"URL must be https://github.com/OWNER/NAME, not {address!r}")
    changes = {"url": found[1]}
    if not settings()["release"]:
        changes |= released()
    write_settings(**changes)


def released():
    """Return the settings that name the package as it is now.

    Where git does not know a file of it, others would not get it.
    """
    command = ["git", "ls-files", "--others", "d2lmini", ":!*/__pycache__/*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.stdout:
        sys.exit(f"Commit or remove these first:\n{done.stdout}")
    files = setup_cell.checksum(ROOT / "d2lmini")
    return {"release": tag(), "sha256": files}


def release():
    """Let notebooks elsewhere fetch the package as it is now, and no other."""
    there, new = settings(), released()
    tag = new["release"]
    if there["release"] == tag and there["sha256"] != new["sha256"]:
        sys.exit(
            f"{tag} was released with other files; raise __version__ first."
        )
    write_settings(**new)
    print(f"Commit this and tag it: git tag {tag}; git push origin {tag}")


def stamp_all(paths=()):
    """Stamp some notebooks, or all of them and what names the repository."""
    for path in paths or section.paths():
        stamp(path)
    for name, parts in () if paths else texts().items():
        path = ROOT / name
        text = path.read_text("utf-8")
        for key, new in parts.items():
            between = rf"(?s)(stamped: {key}[^\n]*\n).*?([^\n]*end of {key})"
            text = re.sub(between, lambda m, new=new: m[1] + new + m[2], text)
        path.write_text(text, "utf-8")


def texts():
    """Return {file: {name of a stamped part: text}} for files that are read."""
    url, clone, cite = site()[0], "", ""
    report = (
        "The book is not published yet, so there is no address of its own to "
        "report\nto: tell the person from whom you have your copy.\n"
    )
    place = (
        "The book is not published yet. It has no address of its own, and who "
        "offers it\nunder one does so without us. In your copy of it:\n\n"
    )
    if url:
        place, cite = "", f"repository-code: {url}\n"
        clone = f"git clone {url} d2l-mini && cd d2l-mini\n"
        report = (
            f"Please report a weakness in private, at\n<{url}/security/"
            "advisories/new>, not in an\nissue that everybody reads.\n"
        )
    commands = """\
make book   # sets up .venv once, builds the site, prints where it lies
make test   # runs every notebook and compares its outputs; then the unit tests
"""
    return {
        "README.md": {
            "commands": f"{place}```sh\n{clone}{commands}```\n",
            "sections": "".join(f"|{row}|\n" for row in rows(bool(url))),
        },
        "CITATION.cff": {"repository": cite},
        "SECURITY.md": {"report": report},
    }


def rows(published):
    """Yield the rows of the README's table of pages."""
    yield " | section | try it " if published else " | section "
    yield "---|---|---" if published else "---|---"
    for page in section.everything():
        row = f" {page.number or ''} | [{page.title}]({page.name}) "
        yield f"{row}| {frame(page.path)[0]} " if published else row


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("run", "lint", "stamp"):
        verbs.add_parser(verb).add_argument("notebooks", nargs="*", type=Path)
    verbs.add_parser("publish-at").add_argument("address")
    verbs.add_parser("release")
    new = verbs.add_parser("new")
    new.add_argument("number")
    new.add_argument("title")
    wish = parser.parse_args(arguments)
    if wish.verb == "publish-at":
        return publish_at(wish.address)
    if wish.verb == "release":
        return release()
    if wish.verb == "new":
        path = new_page.write(wish.number, wish.title)
        stamp_all()
        wish.verb, wish.notebooks = "run", [path]
    paths = [path.resolve() for path in wish.notebooks]
    if wish.verb == "lint":
        paths = paths or section.paths()
        return subprocess.run([*STRIP, "--verify", *paths]).returncode
    if wish.verb == "stamp":
        return stamp_all(paths)
    settle()
    if not paths:
        paths = section.paths()
        if not find_spec("lightning"):  # which the optional page needs
            paths = [page.path for page in section.sections()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, paths))
    return None


if __name__ == "__main__":
    sys.exit(main())
