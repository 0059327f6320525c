"""The source of the set-up cell, which every notebook has.

It takes the package from the book around the notebook, else from where it is
installed, else, once the book is published, from its release. Nothing runs that
was not looked at: a package of that name may be a stranger's, and an address
may pass to another owner.
"""

import hashlib

# How d2lmini/__init__.py begins; the cell knows our package by it.
MARK = '"""D2L Mini: '
CELL = """\
# Finds the package d2lmini: in the copy of the book around this notebook, else
# where it is installed{else_}.
{imports}

FOLDER = "{folder}"
PAGE = "{page}"
{constants}

def is_ours(package):  # before any of it runs: it may be a stranger's
    start = package / "__init__.py"
    return start.is_file() and start.read_bytes().startswith(b'{mark}')


{functions}here = Path.cwd()
# VS Code starts in another folder where its settings say so.
page = Path(globals().get("__vsc_ipynb_file__", here / PAGE))
books = [*here.parents, *page.parents, here]
books = [p for p in books if {{p, p / FOLDER}} & {{here, page.parent}}]
books = [p for p in books if (p / FOLDER / PAGE).exists()]
books = [p for p in books if (p / "_toc.yml").exists()]
books = [p for p in books if is_ours(p / "d2lmini")]
found = getattr(sys.modules.get("d2lmini"), "__file__", None)
if not is_ours(Path(found or "").parent):  # what was imported earlier, if any
    for name in [n for n in sys.modules if n.split(".")[0] == "d2lmini"]:
        del sys.modules[name]
if books:
    sys.path.insert(0, str(books[0]))
else:
    # Anybody may have put a d2lmini beside this notebook: look there last.
    sys.path.sort(key=lambda folder: folder in ("", ".", str(here)))
    found = find_spec("d2lmini")
    if not (found and found.origin and is_ours(Path(found.origin).parent)):
{lacking}"""

# Until the book is published.
FIND_IMPORTS = """\
import sys
from importlib.util import find_spec
from pathlib import Path"""
LACKING = """\
        raise ModuleNotFoundError(
            "This notebook needs the package d2lmini. Open it where it lies in "
            "a copy of the whole book, or install the package from such a copy "
            "by `pip install .`. In Colab, upload {archive}.zip, "
            "which `make zip` writes, and first run "
            "`!unzip -q {archive}.zip` and `%cd {archive}`."
        )"""

# Once it is.
FETCH_IMPORTS = """\
import os
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree, which
from tempfile import TemporaryDirectory"""
CONSTANTS = """\
REPOSITORY, RELEASE = "{repository}", "{release}"
FILES = "{checksum}"
"""
FUNCTIONS = """\
def is_release(package):  # every file as it was published, and no other
    for cache in [*package.rglob("__pycache__")]:
        rmtree(cache, ignore_errors=True)
    total = sha256()
    for path in sorted(package.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            plain = path.is_file() and not path.is_symlink()
            content = path.read_bytes() if plain else b"no file"
            name = path.relative_to(package).as_posix()
            total.update(f"{name} {len(content)}\\n".encode() + content)
    return total.hexdigest() == FILES


def fetch(home):  # whole or not at all
    command = ["git", "-c", "credential.helper=", "clone", "--quiet"]
    command += ["--depth=1", f"--branch={RELEASE}", REPOSITORY]
    silent = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""}  # fail, do not ask
    try:
        if which("git") is None:
            raise OSError("that takes git, which is not installed")
        with TemporaryDirectory(
            prefix=".d2l-mini-", dir=here, ignore_cleanup_errors=True
        ) as scrap:
            new, clone = Path(scrap, "new"), Path(scrap, "clone")
            done = subprocess.run(
                [*command, str(clone)],
                env=os.environ | silent,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                errors="replace",
                timeout=120,
            )
            if done.returncode:
                raise OSError(done.stderr.strip()[-500:] or "git failed")
            if not is_release(clone / "d2lmini"):
                what = f"there is another {RELEASE} than was released"
                raise OSError(f"{what}; none of it was run")
            new.mkdir()
            for name in ("lab", "d2lmini"):  # a page shows its table
                (clone / name).rename(new / name)
            if not home.exists():  # another notebook was not faster
                new.rename(home)
    except (OSError, subprocess.SubprocessError) as error:
        raise OSError(f"Could not fetch {REPOSITORY}: {error}") from None


"""
FETCH = """\
        home = here / f"d2l-mini-{RELEASE}"
        if not home.exists():
            fetch(home)
        beside = {path.name for path in home.glob("[!.]*")}  # hides modules
        if beside != {"lab", "d2lmini"} or not is_release(home / "d2lmini"):
            what = f"{home} is not release {RELEASE}, or was changed"
            raise OSError(f"{what}. Rename it, and run this cell again.")
        sys.path.insert(0, str(home))"""


def checksum(package):
    """Return the sum of a package's files, as the cell computes it."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package)
        if path.is_file() and "__pycache__" not in name.parts:
            content = path.read_bytes()
            line = f"{name.as_posix()} {len(content)}\n"
            total.update(line.encode() + content)
    return total.hexdigest()


def source(page, archive, repository, release, sha256):
    """Return the cell of a page, given by its path in the book.

    Without a repository nothing is fetched, and the reader is told what to do.
    """
    parts = {"else_": "", "imports": FIND_IMPORTS, "constants": ""}
    parts |= {"functions": "", "lacking": LACKING.format(archive=archive)}
    if repository:
        parts = {
            "else_": ", else in the release, which is fetched",
            "imports": FETCH_IMPORTS,
            "constants": CONSTANTS.format(
                repository=repository, release=release, checksum=sha256
            ),
            "functions": FUNCTIONS,
            "lacking": FETCH,
        }
    folder, _, name = page.rpartition("/")
    return CELL.format(folder=folder, page=name, mark=MARK, **parts)
