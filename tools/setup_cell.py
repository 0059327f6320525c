"""The set-up cell, which every notebook has: all that stands below.

stamping.py copies it and fills in the names that are empty. Nothing runs that
was not looked at: a package of that name may be a stranger's, and an address
may pass to another owner.
"""

# Finds the package d2lmini: in the copy of the book around this notebook, else
# where it is installed, else in the release, once there is one.
import atexit
import sys
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from urllib.request import urlopen
from zipfile import ZipFile

FOLDER = ""
VERSION = ""
REPOSITORY = ""
# The SHA-256 of what a page needs of the release.
FILES = ""


def is_ours(package):  # before any of it runs: it may be a stranger's
    start = package / "__init__.py"
    return start.is_file() and start.read_bytes().startswith(b'"""D2L Mini: ')


def fetch():  # every file as it was published, and no other, for this kernel
    if not FILES:
        raise ModuleNotFoundError(
            "This notebook needs the package d2lmini. Open it where it lies in "
            "a copy of the whole book, or install the package from such a copy "
            "by `pip install .`. In Colab, upload the archive that `make zip` "
            f"writes, and first run `!unzip -q d2l-mini-{VERSION}.zip` and "
            f"`%cd d2l-mini-{VERSION}`."
        )
    address = f"{REPOSITORY}/archive/refs/tags/v{VERSION}.zip"
    try:
        with urlopen(address, timeout=60) as answer:
            archive = ZipFile(BytesIO(answer.read()))
        names = [n for n in archive.namelist() if not n.endswith("/")]
        files = {n.partition("/")[2]: archive.read(n) for n in names}
    except Exception as error:
        raise OSError(
            f"Could not fetch {address}: {error}. Is there a network? On "
            "Kaggle, Internet is switched on in the settings of the notebook."
        ) from None
    needed = "d2lmini/", "lab/growth.csv"
    files = {n: files[n] for n in sorted(files) if n.startswith(needed)}
    total = sha256()
    for name, content in files.items():
        total.update(f"{name} {len(content)}\n".encode() + content)
    if total.hexdigest() != FILES:
        what = f"{address} is not the version that was released"
        raise OSError(f"{what}; none of it was run.")
    folder = mkdtemp(prefix="d2l-mini-")
    atexit.register(rmtree, folder, ignore_errors=True)
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


here = Path.cwd()
# VS Code starts in another folder where its settings say so.
page = Path(globals().get("__vsc_ipynb_file__", here / "page"))
books = [Path(page.parent.as_posix().removesuffix(FOLDER)), here]
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
        sys.path.insert(0, fetch())
