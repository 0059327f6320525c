"""`make` repairs the environment, and a build that fails costs no site."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
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

    def make(change="", verb="extras"):
        name, _, text = change.partition("=")
        if name:
            (root / name).write_text(text, "utf-8")
            os.utime(root / name, (1e9, 1e9))  # the date tells nothing
        command = ["make", "PYTHON=./python", verb]
        found = subprocess.run(
            command, cwd=root, capture_output=True, text=True
        )
        return re.findall("^(?:made|pip .*)", found.stdout, re.M)

    for name in ("constraints.txt", A, B):
        (root / name).touch()
    (root / "python").write_text(FAKE, "utf-8")
    (root / "python").chmod(0o755)
    a, b = f"pip {A}", f"pip {B}"
    assert make(verb="ready") == ["made", a]
    assert make() == [b] and make() == []
    for change in (f"{A}=1", "constraints.txt=1", f"{A}="):  # and back
        assert make(change) == [a, b] and make() == []
    assert make(f"{B}=1") == [b] and make() == []
    (root / "fails").touch()
    assert make(f"{A}=2") == [a]
    (root / "fails").unlink()
    assert make(f"{A}=") == [a]  # a mixture, although the file is as before
    root = root.rename(tmp_path / "moved")
    assert make() == []
    (root / ".venv" / "bin" / "python").unlink()
    assert make() == ["made", a, b]
    (root / "half-a-pip").touch()  # as a kill leaves it
    assert make() == ["made", a, b]


def test_half_a_pip_is_told_from_a_whole_one(tmp_path):
    makefile = (section.ROOT / "Makefile").read_text("utf-8")
    command = re.search("^WHOLE := (.*)", makefile, re.M)[1]
    for name, code in [("METADATA", 1), ("RECORD", 0)]:
        (tmp_path / "pip-1.dist-info").mkdir(exist_ok=True)
        text = "Name: pip\n" if code else "pip/__init__.py,,\n"
        (tmp_path / "pip-1.dist-info" / name).write_text(text, "utf-8")
        python = [sys.executable, "-S", "-c", command]
        env = {"PYTHONPATH": str(tmp_path)}
        assert subprocess.run(python, env=env).returncode == code


# The site.


def is_locked():
    """Tell whether another build would wait."""
    with open(build.__file__) as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Build a small book, as if Sphinx ended so; return how it was built.

    "anew", or "on" what an earlier build had left.
    """
    for name in ("theme/book.css", "requirements.txt", "_config.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    work, site = tmp_path / "_build" / "work", tmp_path / "_build" / "html"
    places = {"ROOT": tmp_path, "BUILD": site.parent, "SITE": site}
    for name, place in (places | {"WORK": work}).items():
        monkeypatch.setattr(build, name, place)

    def make(ends=0, said=""):
        def sphinx(command, cwd, pass_fds):
            assert is_locked() and len(pass_fds) == 1
            assert not (work / "finished").exists()  # in case all is killed
            page = work / "_build" / "html" / "index.html"
            how = "on" if page.exists() else "anew"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(how, "utf-8")
            if ends == "interrupted":
                raise KeyboardInterrupt
            return SimpleNamespace(returncode=0 if said else ends)

        monkeypatch.setattr(build.subprocess, "run", sphinx)
        monkeypatch.setattr(build, "RULES", [sys.executable, "-c", said])
        assert build.main() == ends
        folders = {path.name for path in site.parent.iterdir()}
        assert folders <= {"html", "work"}
        return (site / "index.html").read_text("utf-8")

    return make


def test_a_build_goes_on_from_the_last_one(make):
    assert [make(), make(), make()] == ["anew", "on", "on"]


@pytest.mark.parametrize(
    "name", ["theme/book.css", "requirements.txt", "_config.yml", "_toc.yml"]
)
def test_it_starts_anew_where_sphinx_would_notice_nothing(
    make, name, tmp_path, monkeypatch
):
    make()
    (tmp_path / name).write_text("changed", "utf-8")
    assert [make(), make()] == ["anew", "on"]
    moved = shutil.copytree(tmp_path, f"{tmp_path}-moved")
    monkeypatch.setattr(build, "ROOT", Path(moved))
    assert make() == "anew"


def test_a_fault_keeps_the_site_and_is_told_again(make):
    assert [make(), make()] == ["anew", "on"]
    assert [make(1), make(1)] == ["on", "on"]  # the site before
    assert make() == "anew"


def test_a_broken_rule_keeps_the_site_and_is_told(make, capfd):
    assert make() == "anew"
    rules = "print('cell 3: is empty')\nraise SystemExit(1)"
    assert make(1, said=rules) == "anew"
    assert "cell 3: is empty\n" in capfd.readouterr().out


def test_a_build_that_is_stopped_keeps_the_site(make):
    assert [make(), make()] == ["anew", "on"]
    with pytest.raises(KeyboardInterrupt):
        make("interrupted")
    assert (build.SITE / "index.html").read_text("utf-8") == "on"
    assert make() == "anew"


def test_one_build_waits_for_another(make):
    thread = threading.Thread(target=make)
    with open(build.__file__) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread.start()
        thread.join(timeout=0.2)
        assert thread.is_alive()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_sphinx_stops_at_warnings():
    assert {"-W", "-n", "--keep-going"} <= set(build.SPHINX)
