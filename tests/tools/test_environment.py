"""`make` repairs the environment, and a build that fails costs no site."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import build
import pytest
import section

# Stands in for Python, and tells what of it would be done.
FAKE = """\
#!/bin/sh
case "$*" in
*'-m venv --clear'*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python
    echo made ;;
*'files("pip")'*) exec test ! -e half-a-pip ;;
*'-m pip'*) for last; do :; done; echo "pip $last"; exec test ! -e fails ;;
esac
"""
A, B = "requirements.txt", "requirements/extras.txt"


def test_the_environment_is_made_once_and_then_kept_in_repair(tmp_path):
    root = tmp_path / "it's [1]"
    (root / "requirements").mkdir(parents=True)
    shutil.copy(section.ROOT / "Makefile", root)

    def make(**changes):
        for name, text in changes.items():
            (root / name).write_text(text, "utf-8")
            os.utime(root / name, (1e9, 1e9))  # the date tells nothing
        command = ["make", "PYTHON=./python", "extras"]
        shown = subprocess.run(command, cwd=root, capture_output=True).stdout
        return re.findall("^(?:made|pip .*)", shown.decode(), re.M)

    for name in ("constraints.txt", A, B):
        (root / name).touch()
    (root / "python").write_text(FAKE, "utf-8")
    (root / "python").chmod(0o755)
    a, b = f"pip {A}", f"pip {B}"
    assert [make(), make()] == [["made", a, b], []]
    for change in ({A: "1"}, {"constraints.txt": "1"}, {A: ""}):  # and back
        assert [make(**change), make()] == [[a, b], []]
    assert [make(**{B: "1"}), make()] == [[b], []]
    assert make(fails="", **{A: "2"}) == [a]
    (root / "fails").unlink()
    assert make(**{A: ""}) == [a]  # a mixture, although the file is as before
    root = root.rename(tmp_path / "moved")
    assert make() == []
    (root / ".venv" / "bin" / "python").unlink()
    assert make() == ["made", a, b]
    assert make(**{"half-a-pip": ""}) == ["made", a, b]  # as a kill leaves it


# The site.

INPUTS = "theme/book.css", "requirements.txt", "_config.yml", "_toc.yml"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Build a small book, as if Sphinx and the rules ended so.

    What is built is "anew", or "on" what an earlier build had left; return
    which of them the site shows.
    """
    (tmp_path / "theme").mkdir()
    work, site = tmp_path / "_build" / "work", tmp_path / "_build" / "html"
    for name, place in {"ROOT": tmp_path, "WORK": work, "SITE": site}.items():
        monkeypatch.setattr(build, name, place)

    def make(sphinx=0, rules=0):
        def run(command, cwd, pass_fds):
            with open(build.__file__) as other:
                with pytest.raises(BlockingIOError):  # another build waits
                    fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            assert len(pass_fds) == 1
            assert not (work / "finished").exists()  # in case all is killed
            page = work / "_build" / "html" / "index.html"
            how = "on" if page.exists() else "anew"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(how, "utf-8")
            return SimpleNamespace(returncode=sphinx)

        said = f"echo cell 3: is empty; exit {rules}"
        monkeypatch.setattr(build.subprocess, "run", run)
        monkeypatch.setattr(build, "RULES", ["sh", "-c", said])
        assert build.main() == (sphinx or rules)
        assert {path.name for path in site.parent.iterdir()} == {"html", "work"}
        return (site / "index.html").read_text("utf-8")

    return make


def test_it_starts_anew_where_sphinx_would_notice_nothing(
    make, tmp_path, monkeypatch
):
    make()
    for name in INPUTS:
        (tmp_path / name).write_text("changed", "utf-8")
        assert [make(), make()] == ["anew", "on"]
    moved = shutil.copytree(tmp_path, f"{tmp_path}-moved")
    monkeypatch.setattr(build, "ROOT", Path(moved))
    assert make() == "anew"


@pytest.mark.parametrize("fault", [{"sphinx": 1}, {"rules": 1}], ids=str)
def test_a_fault_keeps_the_site_and_is_told_again(make, fault, capfd):
    shown = [make(), make(**fault), make(**fault), make(), make()]
    assert shown == ["anew", "anew", "anew", "anew", "on"]
    assert "cell 3: is empty\n" in capfd.readouterr().out
