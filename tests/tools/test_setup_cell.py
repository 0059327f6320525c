"""The set-up cell takes the right package, or says what to do, and why.

The packages here are small: what the cell does depends on how they begin and,
where they are fetched, on every byte of them.
"""

import hashlib
import importlib
import re
import socket
import sys
import zipfile
from pathlib import Path
from unittest import mock

import pytest
import section
import stamping

CHAPTER = "chapters/02-preliminaries"
INIT, OURS = "d2lmini/__init__.py", '"""D2L Mini: ours."""\n'
PART = "d2lmini/part.py"
STRANGE = "raise SystemExit('a stranger ran')\n"
TABLES = {"lab/growth.csv": ""}
RELEASE = {INIT: OURS, PART: "x = 1\n"} | TABLES


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs a cell in a folder.

    As in a process that has imported no d2lmini, and could import one of two.
    """
    others = [p for p in sys.path if not (Path(p) / "d2lmini").exists()]
    sought = ["", str(tmp_path / "installed"), *others]
    monkeypatch.setattr(sys, "path", sought)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(start, source, **names):
        """Return the package that is found, or the complaint."""
        (tmp_path / start).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(tmp_path / start)
        importlib.invalidate_caches()
        try:
            exec(source, names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return str(Path(importlib.import_module("d2lmini").__file__).parent)

    with mock.patch.dict(sys.modules):
        for name in [n for n in sys.modules if n.split(".")[0] == "d2lmini"]:
            del sys.modules[name]
        yield run


def cell(**values):
    """Return the cell of a page, with other values of its constants."""
    source = stamping.frame(section.ROOT / CHAPTER / "a.ipynb")[1]
    for name, value in ({"REPOSITORY": "", "FILES": ""} | values).items():
        line = rf'(?m)^{name} = ".*?"'
        source = re.sub(line, f'{name} = "{value}"', source)
    return source


@pytest.fixture
def hub(tmp_path):
    """Where the hosting has the release, and the cell that asks for it."""
    total = "".join(f"{n} {len(t)}\n{t}" for n, t in sorted(RELEASE.items()))
    total = hashlib.sha256(total.encode()).hexdigest()
    place = tmp_path / "archive" / "refs" / "tags" / "v9.0.0.zip"
    place.parent.mkdir(parents=True)
    url = tmp_path.as_uri()
    return place, cell(VERSION="9.0.0", REPOSITORY=url, FILES=total)


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def publish(path, files):
    """Pack a release as the hosting does, with all else of the book."""
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("name-9.0.0/", "")
        for name, text in ({"random.py": "", "README.md": ""} | files).items():
            if text is not None:
                packed.writestr(f"name-9.0.0/{name}", text)


# What lies there, where the notebook starts, and where it finds the package;
# None where only a release can help.

TOP = "it's [1] % 책"
BOOK, HERE = {f"{TOP}/{INIT}": OURS}, {f"installed/{INIT}": OURS}
BESIDE = {f"work/{INIT}": STRANGE}
CASES = {
    "its page": (BOOK | HERE, f"{TOP}/{CHAPTER}", TOP),
    "its root": (BOOK | HERE, TOP, TOP),
    "a folder of the reader's": (BOOK, f"{TOP}/mine", None),
    "a stranger's": (dict.fromkeys(BOOK, STRANGE), f"{TOP}/{CHAPTER}", None),
    "ours beside it": ({f"work/{INIT}": OURS}, "work", "work"),
    "a stranger's installed": (dict.fromkeys(HERE, STRANGE), "work", None),
    "a stranger's beside ours": (BESIDE | HERE, "work", "installed"),
    "a folder beside it": ({"work/d2lmini/raw/a.gz": ""}, "work", None),
    "a module beside it": ({"work/d2lmini.py": STRANGE}, "work", None),
    "nothing": ({}, "work", None),
}


@pytest.mark.parametrize("case", CASES)
def test_it_takes_the_book_or_another_of_ours(case, run, hub, tmp_path):
    files, start, found = CASES[case]
    write(tmp_path, files)
    said = run(start, cell())
    if found:
        assert said == str(tmp_path / found / "d2lmini")
        assert run(start, hub[1]) == said  # nothing is fetched
        return
    assert said.startswith("ModuleNotFoundError") and "pip install ." in said
    publish(hub[0], RELEASE)
    place = Path(run(start, hub[1])).parent
    found = [p for p in place.rglob("*.*") if p.suffix != ".pyc"]
    found = {p.relative_to(place).as_posix(): p.read_text() for p in found}
    assert found == RELEASE


def test_vs_code_may_start_in_another_folder(run, tmp_path):
    write(tmp_path, BOOK)
    page = str(tmp_path / TOP / CHAPTER / "copy.ipynb")
    said = run("work", cell(), __vsc_ipynb_file__=page)
    assert said == str(tmp_path / TOP / "d2lmini")


@pytest.mark.parametrize("kept", [True, False])
def test_an_earlier_import_is_kept_only_if_it_is_ours(kept, run, tmp_path):
    write(tmp_path, BOOK | (HERE if kept else {"work/d2lmini/a": ""}))
    sys.path[0] = str(tmp_path / "work")
    early = importlib.import_module("d2lmini")
    run(TOP, cell())
    assert (sys.modules["d2lmini"] is early) == kept


# A release that is another one, or none.

CHANGES = {
    "code": {INIT: OURS + STRANGE},
    "a name": {PART: None, "d2lmini/pArt.py": "x = 1\n"},
    "two files in one": {INIT: f"{OURS}{PART} 6\nx = 1\n", PART: None},
    "a table": {"lab/growth.csv": "1"},
    "a file outside": {"d2lmini/../random.py": ""},
}


@pytest.mark.parametrize("how", CHANGES)
def test_nothing_but_the_release_is_run_or_written(how, run, hub, tmp_path):
    publish(hub[0], RELEASE | CHANGES[how])
    said = run("work", hub[1])
    assert said.startswith("OSError: file:///") and "none of it was run" in said
    assert not [*tmp_path.glob("work/*"), *tmp_path.glob("d2l-mini*")]


@pytest.mark.parametrize("content", [None, b"<html>"])
def test_without_an_archive_it_says_which_is_lacking(content, run, hub):
    if content:
        hub[0].write_bytes(content)
    said = run("work", hub[1])
    assert said.startswith(f"OSError: Could not fetch {hub[0].as_uri()}: ")


def test_waiting_has_an_end(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        source = cell(REPOSITORY=place, FILES="a sum")
        brief = source.replace("timeout=60", "timeout=0.1")
        assert brief != source and "timed out" in run("work", brief)
