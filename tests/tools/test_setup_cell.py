"""The set-up cell takes the right package, or says what to do, and why.

The packages here are small: what the cell does depends on how they begin and,
where they are fetched, on every byte of them.
"""

import hashlib
import importlib
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import archive
import pytest
import section
import stamping

PAGE = "chapters/02-preliminaries/01-data-manipulation.ipynb"
INIT = '"""D2L Mini: ours."""\n'
OURS = {"__init__.py": INIT, "part.py": "x = 1\n"}
STRANGER = {"__init__.py": "raise SystemExit('a stranger ran')\n"}


def below(folder, files):
    return {f"{folder}/{name}": text for name, text in files.items()}


BOOK = below("d2lmini", OURS) | {"_toc.yml": "", PAGE: ""}


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


@pytest.fixture(autouse=True)
def kernel(tmp_path, monkeypatch):
    """A process that has imported no d2lmini, and could import one of two."""

    def forget():
        names = [n for n in sys.modules if n.split(".")[0] == "d2lmini"]
        return {name: sys.modules.pop(name) for name in names}

    others = [p for p in sys.path if not (Path(p) / "d2lmini").exists()]
    path = ["", str(tmp_path / "installed"), *others]
    monkeypatch.setattr(sys, "path", path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    before = forget()
    yield
    forget()
    sys.modules.update(before)


def cell(page=PAGE, **values):
    """Return the cell of a page, with other values of its constants."""
    source = stamping.frame(section.ROOT / page)[1]
    for name, value in ({"REPOSITORY": "", "FILES": ""} | values).items():
        line = rf'(?m)^{name} = ".*?"'
        source, count = re.subn(line, f'{name} = "{value}"', source)
        assert count == 1
    return source


def run(folder, source, **names):
    """Run the cell in a folder; return the package found, or its complaint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        importlib.invalidate_caches()
        try:
            exec(source, names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return str(Path(importlib.import_module("d2lmini").__file__).parent)


RELEASE = below("d2lmini", OURS) | {"lab/RESULTS.md": "", "lab/growth.csv": ""}


@pytest.fixture
def hub(tmp_path):
    """A folder that answers for the hosting, and the cell that asks it."""
    total = "".join(f"{n} {len(t)}\n{t}" for n, t in sorted(RELEASE.items()))
    total = hashlib.sha256(total.encode()).hexdigest()
    place = tmp_path / "owner" / "name"
    (tmp_path / "work").mkdir()
    source = cell(VERSION="9.0.0", REPOSITORY=place.as_uri(), FILES=total)
    return place / "archive" / "refs" / "tags" / "v9.0.0.zip", source


def publish(path, files):
    """Pack a release as the hosting does, with all else of the book."""
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("name-9.0.0/", "")
        for name, text in ({"random.py": "", "README.md": ""} | files).items():
            if text is not None:
                packed.writestr(f"name-9.0.0/{name}", text)


# What lies there, where the notebook starts, and where it finds the package;
# None where only a release can help.

CHAPTER = str(Path(PAGE).parent)
TOP, ODD = below("top", BOOK), "it's [1] % 책"
HERE = below("installed/d2lmini", OURS)
ALIEN = below("top/d2lmini", STRANGER)
FOREIGN = below("installed/d2lmini", STRANGER)
BESIDE = {
    "a package": below("work/d2lmini", STRANGER),
    "a folder": {"work/d2lmini/FashionMNIST/raw/a.gz": ""},
    "a module": {"work/d2lmini.py": STRANGER["__init__.py"]},
    "compiled code": {"work/d2lmini/__init__.pyc": ""},
}
CASES = {
    "book, its page": (TOP, f"top/{CHAPTER}", "top"),
    "book, its root": (TOP, "top", "top"),
    "book, odd name": (below(ODD, BOOK), f"{ODD}/{CHAPTER}", ODD),
    "book, not what is installed": (TOP | HERE, f"top/{CHAPTER}", "top"),
    "book, a folder of the reader's": (TOP, "top/mine", None),
    "book, below its page": (TOP, f"top/{CHAPTER}/mine", None),
    "book of a stranger": (TOP | ALIEN, f"top/{CHAPTER}", None),
    "package above": (below("top/d2lmini", OURS), "top/work", None),
    "no list of pages": (TOP | {"top/_toc.yml": None}, f"top/{CHAPTER}", None),
    "no such page": (TOP | {f"top/{PAGE}": None}, f"top/{CHAPTER}", None),
    "ours beside it": (below("work/d2lmini", OURS), "work", "work"),
    "installed": (HERE, "work", "installed"),
    "a stranger's is installed": (FOREIGN, "work", None),
    "nothing": ({}, "work", None),
}
for what, files in BESIDE.items():
    CASES[f"{what} beside it"] = files, "work", None
    CASES[f"{what}, ours installed"] = files | HERE, "work", "installed"


@pytest.mark.parametrize("case", CASES)
def test_it_takes_the_book_or_what_is_installed_or_the_release(
    case, hub, tmp_path
):
    files, start, found = CASES[case]
    write(tmp_path, {n: text for n, text in files.items() if text is not None})
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    said = run(tmp_path / start, cell())
    if found:
        assert said == str(tmp_path / found / "d2lmini")
        assert run(tmp_path / start, hub[1]) == said  # nothing is fetched
        return
    assert said.startswith("ModuleNotFoundError: This notebook needs the packa")
    assert "pip install ." in said
    publish(hub[0], RELEASE)
    place = Path(run(tmp_path / start, hub[1])).parent
    assert place.parent == tmp_path / "temporary"
    found = [p for p in place.rglob("*.*") if p.suffix != ".pyc"]
    assert {
        p.relative_to(place).as_posix(): p.read_text("utf-8") for p in found
    } == RELEASE


def test_vs_code_may_start_in_another_folder(tmp_path):
    write(tmp_path, TOP | {"work/a": ""})
    page = str(tmp_path / "top" / PAGE)
    said = run(tmp_path / "work", cell(), __vsc_ipynb_file__=page)
    assert said == str(tmp_path / "top" / "d2lmini")


@pytest.mark.parametrize("beside", ["a folder", "our own"])
def test_what_was_imported_before_is_kept_only_if_it_is_ours(beside, tmp_path):
    files = {"work/d2lmini/a": ""} if beside == "a folder" else HERE
    write(tmp_path, files | TOP)
    sys.path[0] = str(tmp_path / "work")
    early = importlib.import_module("d2lmini")
    run(tmp_path / "top", cell())
    assert (sys.modules["d2lmini"] is early) == (beside == "our own")


@pytest.mark.parametrize("page", section.paths(), ids=lambda p: p.stem)
def test_every_page_is_in_this_book(page, monkeypatch):
    for folder in (page.parent, section.ROOT):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", [])
        exec(stamping.frame(page)[1], {})
        assert sys.path == [str(section.ROOT)]


def test_the_archive_is_a_copy_of_the_book(tmp_path):
    """Without the site, which may not be built here."""
    for name, path in archive.files().items():
        if not name.startswith("site/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / name)
    code = f"{cell()}\nimport d2lmini\nprint(d2lmini.__file__)"
    command = [sys.executable, "-I", "-c", code]
    found = subprocess.check_output(command, cwd=tmp_path, text=True)
    assert found == f"{tmp_path / 'd2lmini' / '__init__.py'}\n"
    assert {"pyproject.toml", "README.md"} <= archive.files().keys()


# A release that is another one, or none.

CHANGES = {
    "one byte": {"d2lmini/part.py": "x = 2\n"},
    "a name": {"d2lmini/part.py": None, "d2lmini/pArt.py": "x = 1\n"},
    "one file more": {"d2lmini/more.py": ""},
    "one file less": {"d2lmini/part.py": None},
    "a table": {"lab/growth.csv": "1"},
    "a file outside": {"d2lmini/../random.py": ""},
    "two files in one": {
        "d2lmini/__init__.py": f"{INIT}d2lmini/part.py 6\nx = 1\n",
        "d2lmini/part.py": None,
    },
    "everything": below("d2lmini", STRANGER),
}


@pytest.mark.parametrize("how", CHANGES)
def test_nothing_but_the_release_is_run_or_written(how, hub, tmp_path):
    publish(hub[0], RELEASE | CHANGES[how])
    said = run(tmp_path / "work", hub[1])
    assert said.startswith("OSError: file:///") and "none of it was run" in said
    assert not [*tmp_path.glob("work/*"), *tmp_path.glob("temporary/*")]


@pytest.mark.parametrize("content", [None, b"", b"<html>"])
def test_without_an_archive_it_says_which_is_lacking(content, hub, tmp_path):
    if content is not None:
        hub[0].parent.mkdir(parents=True)
        hub[0].write_bytes(content)
    said = run(tmp_path / "work", hub[1])
    assert said.startswith(f"OSError: Could not fetch {hub[0].as_uri()}: ")
    assert "Is there a network?" in said


def test_waiting_has_an_end(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        source = cell(REPOSITORY=place, FILES="a sum")
        brief = source.replace("timeout=60", "timeout=0.1")
        assert brief != source
        assert "timed out" in run(tmp_path, brief)


def test_the_package_begins_as_the_cell_knows_it():
    begins = re.search(r"startswith\(b'(.*)'\)", cell())[1]
    init = section.ROOT / "d2lmini" / "__init__.py"
    assert init.read_text("utf-8").startswith(begins)
