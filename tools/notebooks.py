"""Runs the notebooks of the book in place, and keeps their frame cells alike.

    python tools/notebooks.py run [NOTEBOOK ...]    execute and normalise
    python tools/notebooks.py lint [NOTEBOOK ...]   find what is not normalised
    python tools/notebooks.py stamp [NOTEBOOK ...]  rewrite badge, set-up, fold
    python tools/notebooks.py publish-at ADDRESS    move the book to ADDRESS

Without arguments, all notebooks of _toc.yml. Those in extras/ need packages of
their own (requirements/extras.txt), and are run where these are installed.
"""

import os
import platform
import re
import subprocess
import sys
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
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
KERNEL = NUMERICS | {"CUDA_VISIBLE_DEVICES": "", "PYTHONHASHSEED": "0"}
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
STRIP = [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count"]
STRIP += ["--keep-id", "--extra-keys", "metadata.language_info.version"]
SETUP = """\
# Finds d2lmini beside this notebook, or fetches its release (as in Colab).
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY, RELEASE = "{repository}", "{release}"
places = [Path.cwd(), *Path.cwd().parents, Path.cwd() / "d2l-mini"]
home = next((p for p in places if (p / "d2lmini").is_dir()), places[-1])
if not (home / "d2lmini").is_dir():
    clone = ["git", "clone", "--depth=1", f"--branch={{RELEASE}}", REPOSITORY]
    env = os.environ | {{"GIT_TERMINAL_PROMPT": "0"}}  # fail, do not ask
    done = subprocess.run([*clone, str(home)], env=env, capture_output=True)
    if done.returncode:
        hint = "is there a network, and no folder of that name yet?"
        raise OSError(f"could not fetch {{REPOSITORY}} to {{home}}: {{hint}}")
sys.path.insert(0, str(home))"""


def listed(folder):
    """Return the notebooks of a folder that _toc.yml lists, in its order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    names = [
        page["file"]
        for chapter in toc["chapters"]
        for page in [chapter, *chapter.get("sections", [])]
    ]
    names = [name for name in names if name.startswith(f"{folder}/")]
    notebooks = [(ROOT / name).with_suffix(".ipynb") for name in names]
    return [path for path in notebooks if path.exists()]


def pages():
    """Return the paths of the sections in reading order."""
    return listed("chapters")


def extras():
    """Return the paths of the optional pages, which need more packages."""
    return listed("extras")


def everything():
    """Return the paths of all notebooks: the sections, then the extras."""
    return pages() + extras()


def site():
    """Return the repository's address, branch and release tag."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    source = (ROOT / "d2lmini" / "__init__.py").read_text("utf-8")
    version = source.split('__version__ = "')[1].split('"')[0]
    repository = config["repository"]
    return repository["url"], repository["branch"], f"v{version}"


def colab(path):
    """Return the address that opens a page in Colab."""
    url, branch, _ = site()
    where = url.removeprefix("https://").replace(
        "github.com", "https://colab.research.google.com/github", 1
    )
    return f"{where}/blob/{branch}/{path.relative_to(ROOT).as_posix()}"


def frame(path):
    """Return the sources of the badge cell and the set-up cell of a page."""
    url, _, release = site()
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    badge = f"[![Open in Colab]({image})]({colab(path)})"
    return badge, SETUP.format(repository=url, release=release)


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
    save(notebook, path)


def shorten(traceback):
    """Leave out the frames of a traceback that lie outside the notebook.

    They name folders of this machine, and teach nothing about the cell.
    """
    colours = re.compile(r"\x1b\[[\d;]*m")
    return [t for t in traceback if not colours.sub("", t).startswith("File ")]


def save(notebook, path):
    """Replace a notebook by a normalised one, whole or not at all."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = shorten(output.traceback)
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
    """Return a checksum of the code of a notebook and of what it showed.

    Comments and layout of the code do not count, nor do metadata.
    """
    parts = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.id == "setup":
            continue
        parts.append(bare(cell.source))
        for output in cell.outputs:
            parts += [output.get(key) for key in ("text", "ename", "evalue")]
            parts += sorted(output.get("data", {}).items())
            parts += shorten(output.get("traceback", []))
    return f"{crc32(repr(parts).encode()):08x}"


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


def run(path):
    """Execute a notebook in its folder and store what it prints and draws."""
    from nbclient import NotebookClient

    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    # What is stored comes from the published images, or there is an error.
    client.execute(env=os.environ | KERNEL | {"D2LMINI_STANDIN": "never"})
    seconds = round(time.monotonic() - start, 1)
    notebook.metadata["d2lmini"] = {  # what the page was last run on
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "torch": version("torch").split("+")[0],
        "seconds": seconds,
        "seal": seal(notebook),
    }
    save(notebook, path)
    print(f"{path.relative_to(ROOT)}: {seconds} s", flush=True)


def publish_at(address=""):
    """Move the book to another repository, wherever it is named.

    The set-up cell runs what it fetches from there, so HTTPS is required.
    """
    found = re.fullmatch(
        r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?", address
    )
    if found is None:
        sys.exit(f"URL must be https://github.com/OWNER/NAME, not {address!r}")
    moves = {site()[0].removeprefix("https://github.com/"): found[1]}
    # The address of the site that GitHub publishes for a repository.
    moves |= {
        old.replace("/", ".github.io/"): new.replace("/", ".github.io/")
        for old, new in moves.items()
    }
    for path in naming(moves):
        text = path.read_text("utf-8")
        for old, new in moves.items():
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


def naming(texts):
    """Return the files that git knows, or could add, that name a text."""
    search = ["git", "grep", "-lzIF", "--untracked"]
    search += [f"-e{text}" for text in texts]
    done = subprocess.run(search, cwd=ROOT, capture_output=True, text=True)
    if done.returncode > 1:  # 1: found nothing
        sys.exit(done.stderr)
    return [ROOT / name for name in done.stdout.split("\0") if name]


def main(verb, *names):
    if verb == "publish-at":
        return publish_at(*names)
    paths = [Path(name).resolve() for name in names]
    if not paths:
        optional = verb == "run" and not find_spec("lightning")
        paths = pages() if optional else everything()
    if verb == "stamp":
        for path in paths:
            stamp(path)
    elif verb == "lint":
        return subprocess.run([*STRIP, "--verify", *paths]).returncode
    else:
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(run, paths))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
