"""`make` repairs the environment, and a build that fails costs no site."""

import os
import signal
import subprocess
import sys
import threading
import time
import venv

import build
import environment
import notebooks
import pytest

# The environment.


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A folder with small requirements, and a log of what would be called."""
    root = tmp_path / "it's [1]"
    root.mkdir()
    for name in ("constraints.txt", "a.txt", "b.txt"):
        (root / name).write_text(f"{name}\n", "utf-8")
    calls = []

    def run(command, real=subprocess.run, **options):
        if command[1] == "-c":
            return real(command, **options)
        calls.append(command[2] if command[2] == "venv" else command[-1])
        if command[2] == "venv":
            link(root, sys.executable)
        elif command[-1] == run.fails:
            raise subprocess.CalledProcessError(3, command)
        return None

    run.fails = ""
    monkeypatch.setattr(environment, "ROOT", root)
    monkeypatch.setattr(environment.subprocess, "run", run)
    return root, calls, run


def link(root, python):
    """Make the Python of an environment a link, as the module venv does."""
    path = root / ".venv" / "bin" / "python"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(python)


def prepare(root, *names):
    return environment.main(root / ".venv", *names)


def test_an_environment_is_made_once_and_then_updated(book):
    root, calls, _ = book
    assert prepare(root, "a.txt") is None
    assert calls == ["venv", "a.txt"]
    assert prepare(root, "a.txt") is None
    assert calls == ["venv", "a.txt"]
    assert prepare(root, "a.txt", "b.txt") is None
    assert calls == ["venv", "a.txt", "b.txt"]
    calls.clear()
    for path, again in [
        ("b.txt", ["b.txt"]),
        ("a.txt", ["a.txt", "b.txt"]),
        ("constraints.txt", ["a.txt", "b.txt"]),
    ]:
        (root / path).write_text("another version\n", "utf-8")
        (root / path).touch()
        assert prepare(root, "a.txt", "b.txt") is None
        assert calls == again
        calls.clear()


def test_another_date_alone_installs_nothing(book):
    """As after a switch to another branch, and back."""
    root, calls, _ = book
    prepare(root, "a.txt")
    calls.clear()
    os.utime(root / "a.txt", (2e9, 2e9))
    os.utime(root / "constraints.txt", (2e9, 2e9))
    assert prepare(root, "a.txt") is None and calls == []


def test_after_a_branch_and_back_the_versions_are_those_of_the_branch(book):
    root, calls, _ = book
    prepare(root, "a.txt")
    for text in ("another\n", "a.txt\n"):
        calls.clear()
        (root / "a.txt").write_text(text, "utf-8")
        prepare(root, "a.txt")
        assert calls == ["a.txt"]


def test_an_interrupted_installation_is_made_good(book):
    root, calls, run = book
    prepare(root, "a.txt")
    (root / "a.txt").write_text("another\n", "utf-8")
    run.fails = "a.txt"
    assert prepare(root, "a.txt") == 3
    run.fails = ""
    (root / "a.txt").write_text("a.txt\n", "utf-8")  # what was there before
    calls.clear()
    assert prepare(root, "a.txt") is None and calls == ["a.txt"]


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", None])
def test_without_a_python_that_runs_it_is_made_anew(book, python):
    root, calls, _ = book
    prepare(root, "a.txt", "b.txt")
    calls.clear()
    link(root, python or sys.executable)
    if python is None:
        (root / ".venv" / "bin" / "python").unlink()
    assert prepare(root, "a.txt") is None
    assert calls == ["venv", "a.txt"]
    assert prepare(root, "a.txt", "b.txt") is None
    assert calls == ["venv", "a.txt", "b.txt"]


def test_half_a_pip_is_none(book):
    """As a kill leaves it, in the middle of making the environment."""
    root, _, _ = book
    venv.create(root / ".venv", symlinks=True)
    python = root / ".venv" / "bin" / "python"
    (packages,) = root.glob(".venv/lib/*/site-packages")
    (packages / "pip").mkdir()
    (packages / "pip" / "__init__.py").touch()
    assert not environment.works(python)
    (packages / "pip-1.dist-info").mkdir()
    (packages / "pip-1.dist-info" / "METADATA").write_text("Name: pip\n")
    assert not environment.works(python)
    (packages / "pip-1.dist-info" / "RECORD").write_text("pip/__init__.py,,\n")
    assert environment.works(python)


def test_a_moved_environment_is_taken_as_it_is(book, monkeypatch):
    root, calls, _ = book
    prepare(root, "a.txt")
    calls.clear()
    moved = root.rename(root.with_name("moved"))
    monkeypatch.setattr(environment, "ROOT", moved)
    assert prepare(moved, "a.txt") is None and calls == []


def test_two_at_once_make_one_environment(book):
    root, calls, _ = book
    threads = [
        threading.Thread(target=prepare, args=(root, "a.txt")) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["venv", "a.txt"]


def test_a_checkout_that_cannot_be_written_to_is_no_trouble(book, monkeypatch):
    root, calls, _ = book
    prepare(root, "a.txt")
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("it wrote"))
    assert prepare(root, "a.txt") is None


def test_no_recipe_calls_a_script_that_knows_only_its_first_place():
    text = (notebooks.ROOT / "Makefile").read_text("utf-8")
    assert "/bin/python" in text
    assert text.count("/bin/") == text.count("/bin/python")
    assert "CURDIR" not in text  # it may hold an apostrophe


# The site.

FAKE = """
import os, pathlib, sys, time
work = pathlib.Path(sys.argv[1])
html = work / "_build" / "html"
html.mkdir(parents=True, exist_ok=True)
(html / "index.html").write_text(f"{(html / 'kept').exists()}")
(html / "kept").touch()
page = pathlib.Path("page").read_text()
if page == "waits":
    pathlib.Path("begun").touch()
    time.sleep(60)
sys.exit(page == "faulty")
"""


@pytest.fixture
def site(tmp_path):
    """A small book, the build of which a stand-in for Sphinx does."""
    for name, text in {
        "tools/build.py": "",
        "tools/notebooks.py": "",
        "tools/rules.py": "",  # finds nothing
        "theme/book.css": "",
        "requirements.txt": "",
        "_config.yml": "",
        "d2lmini/oop.py": "",
        "page": "good",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    source = (notebooks.ROOT / "tools" / "build.py").read_text("utf-8")
    fake = f"SPHINX = [sys.executable, '-c', {FAKE!r}]\n\n\ndef state"
    source = source.replace("def state", fake, 1)
    (tmp_path / "tools" / "build.py").write_text(source, "utf-8")
    return tmp_path


def start(site):
    command = [sys.executable, site / "tools" / "build.py"]
    return subprocess.Popen(
        command, cwd=site, stdout=subprocess.DEVNULL, start_new_session=True
    )


def make(site):
    process = start(site)
    return process.wait(timeout=60)


def built(site):
    """Tell whether the site was built on what an earlier build had left."""
    return (site / "_build" / "html" / "index.html").read_text() == "True"


def test_a_build_goes_on_from_the_last_one(site):
    assert make(site) == 0 and not built(site)
    assert make(site) == 0 and built(site)
    (site / "page").write_text("another")
    assert make(site) == 0 and built(site)
    folders = {path.name for path in (site / "_build").iterdir()}
    assert folders == {"html", "work"}


@pytest.mark.parametrize(
    "name", ["theme/book.css", "requirements.txt", "_config.yml", "_toc.yml"]
)
def test_it_starts_anew_where_sphinx_would_notice_nothing(site, name):
    assert make(site) == 0
    (site / name).write_text("changed")
    assert make(site) == 0 and not built(site)


def test_it_starts_anew_in_another_place(site):
    assert make(site) == 0
    moved = site.rename(site.with_name("moved [2]"))
    assert make(moved) == 0 and not built(moved)


def test_a_fault_keeps_the_site_and_is_told_again(site):
    assert make(site) == make(site) == 0
    (site / "page").write_text("faulty")
    assert make(site) == make(site) == 1
    assert built(site)  # the one before
    (site / "page").write_text("good")
    assert make(site) == 0 and not built(site)


def test_a_broken_rule_stops_the_build_in_its_own_words(site):
    words = "page, cell 3: is empty; delete it"
    rules = f"print({words!r})\nraise SystemExit(1)"
    (site / "tools" / "rules.py").write_text(rules)
    command = [sys.executable, site / "tools" / "build.py"]
    done = subprocess.run(command, cwd=site, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, f"{words}\n")
    assert not (site / "_build" / "html").exists()


def test_a_build_waits_for_a_sphinx_that_has_outlived_another(site):
    (site / "page").write_text("waits")
    process = start(site)
    while not (site / "begun").exists():
        time.sleep(0.02)
    process.kill()
    process.wait()
    (site / "page").write_text("good")
    other = start(site)
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(timeout=0.5)
    os.killpg(process.pid, signal.SIGKILL)
    assert other.wait(timeout=60) == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_is_stopped_keeps_the_site(site, sign):
    assert make(site) == make(site) == 0
    (site / "page").write_text("waits")
    process = start(site)
    while not (site / "begun").exists():
        time.sleep(0.02)
    os.killpg(process.pid, sign)  # as Ctrl-C does, or whoever ends all of it
    assert process.wait(timeout=60) in (130, -signal.SIGKILL)
    assert built(site)
    (site / "page").write_text("good")
    assert make(site) == 0 and not built(site)


def test_a_place_that_cannot_be_written_to_is_named(site):
    (site / "_build").touch()
    command = [sys.executable, site / "tools" / "build.py"]
    done = subprocess.run(command, cwd=site, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("The site could not be written: [Errno ")


def test_two_builds_at_once_wait_for_each_other(site):
    both = [start(site), start(site)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert built(site)


def test_sphinx_is_told_to_stop_at_warnings():
    assert {"-W", "-n", "--keep-going"} <= set(build.SPHINX)
