"""The set-up cell finds the package, or fetches it from a local repository.

The packages here are small: what the cell does depends on how they begin and,
where they are fetched, on every byte of them.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import archive
import nbformat.v4 as v4
import notebooks
import pytest
import section
import setup_cell

PAGE = "chapters/02-preliminaries/01-data-manipulation.ipynb"
EXTRA = "extras/beyond-one-machine.ipynb"
OURS = setup_cell.MARK + 'a book."""\nprint("ours", __file__)\n'
STRANGER = 'print("a stranger\'s")\n'
URL, RELEASE = "https://github.com/owner/name", "v9.0.0"
HOME = f"d2l-mini-{RELEASE}"
# Runs the cell, says what it has changed, and imports what it has found.
REPORT = """
import json, os, sys
before = os.getcwd(), dict(os.environ), list(sys.path)
exec(compile(sys.argv[1], "set-up cell", "exec"), {})
new = [folder for folder in sys.path if folder not in before[2]]
print(json.dumps(new))
assert (os.getcwd(), dict(os.environ)) == before[:2]
import d2lmini
"""


def write(folder, files):
    """Write {name: text} below a folder, which is returned."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def package(text=OURS, name="d2lmini"):
    return {f"{name}/__init__.py": text, f"{name}/part.py": "x = 1\n"}


def book(folder, **others):
    """Write a small book with two pages."""
    files = package() | {"_toc.yml": "", PAGE: "", EXTRA: ""} | others
    return write(folder, files)


def cell(page=PAGE, repository="", sha256=""):
    archive = "d2l-mini-9.0.0"
    return setup_cell.source(page, archive, repository, RELEASE, sha256)


def run(folder, source=None, before="", **env):
    """Run the cell in a folder, in a process of its own, as Jupyter would.

    `before` is code that runs there first.
    """
    outside = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", before + REPORT, source or cell()],
        cwd=folder,
        env=outside | {"PYTHONDONTWRITEBYTECODE": ""} | env,
        capture_output=True,
        text=True,
    )


def taken(done, init, *new_on_the_path):
    """Check that a run took the package with this __init__.py, and no other."""
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        json.dumps([*map(str, new_on_the_path)]),
        f"ours {init}",
    ]


def complaint(done):
    """Return the sentence that the cell ends with; nothing else was run."""
    assert done.returncode == 1 and done.stdout == ""
    traceback, _, last = done.stderr.strip().partition("Error: ")
    assert traceback.startswith("Traceback")
    return last


# In a book.


@pytest.mark.parametrize("page", [PAGE, EXTRA])
@pytest.mark.parametrize("at_root", [True, False])
def test_in_a_book_it_takes_the_package_of_the_book(tmp_path, page, at_root):
    root = book(tmp_path / "it's [1] % 책")
    place = root if at_root else (root / page).parent
    init = root / "d2lmini" / "__init__.py"
    taken(run(place, cell(page)), init, root)
    installed = write(tmp_path / "installed", package())
    taken(run(place, cell(page), PYTHONPATH=str(installed)), init, root)


@pytest.mark.parametrize("path", section.paths(), ids=lambda p: p.stem)
def test_every_page_is_in_this_book(path, monkeypatch):
    source = notebooks.frame(path)[1]
    for folder in (path.parent, notebooks.ROOT):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", ["elsewhere"])
        exec(source, {})
        assert sys.path == [str(notebooks.ROOT), "elsewhere"]


@pytest.mark.parametrize(
    "files",
    [
        package(STRANGER),
        package(OURS),  # of ours, but no book around the notebook
        package(STRANGER) | {"_toc.yml": "", PAGE: ""},
        package(OURS) | {"_toc.yml": ""},
        package(OURS) | {PAGE: ""},
        {"d2lmini/notes.txt": ""},
        {"d2lmini.py": STRANGER},
        package(STRANGER, "d2l-mini/d2lmini"),
        package(OURS, "d2l-mini/d2lmini"),
    ],
)
def test_no_folder_above_is_taken_by_its_name(tmp_path, files):
    below = tmp_path / "work" / "notes"
    below.mkdir(parents=True)
    write(tmp_path, files)
    assert complaint(run(below)).startswith("This notebook needs the package")


def test_a_book_is_taken_by_its_own_folders_only(tmp_path):
    root = book(tmp_path)
    for name in ("chapters", "chapters/02-preliminaries/mine", "work/notes"):
        (root / name).mkdir(parents=True, exist_ok=True)
        assert "needs the package" in complaint(run(root / name))


@pytest.mark.parametrize("start", ["", "book/chapters", "another/folder"])
def test_vs_code_may_start_in_another_folder(tmp_path, start):
    root = book(tmp_path / "book")
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    variable = f"__vsc_ipynb_file__ = {str(root / PAGE)!r}\n"
    done = run(tmp_path / start, f"{variable}{cell()}")
    taken(done, root / "d2lmini" / "__init__.py", root)


# Beside the notebook, and installed.

BESIDE = {
    "regular": package(STRANGER),
    "namespace": {"d2lmini/notes.txt": ""},
    "module": {"d2lmini.py": STRANGER},
    "cache": {"d2lmini/FashionMNIST/raw/a.gz": ""},
    "compiled": {"d2lmini/__init__.pyc": ""},
    "d2l-mini": package(STRANGER, "d2l-mini/d2lmini"),
    "nothing": {},
}


@pytest.mark.parametrize("beside", BESIDE)
def test_an_installed_package_is_taken_and_nothing_beside(tmp_path, beside):
    place = write(tmp_path / "d2lmini work", BESIDE[beside] | {"a.ipynb": ""})
    installed = write(tmp_path / "installed", package())
    done = run(place, PYTHONPATH=str(installed))
    taken(done, installed / "d2lmini" / "__init__.py")


@pytest.mark.parametrize("beside", BESIDE)
def test_without_one_it_says_what_to_do(tmp_path, beside):
    place = write(tmp_path / "work", BESIDE[beside] | {"a.ipynb": ""})
    installed = write(tmp_path / "other", package(STRANGER))
    for env in ({}, {"PYTHONPATH": str(installed)}):
        assert complaint(run(place, **env)) == (
            "This notebook needs the package d2lmini. Open it where it lies in "
            "a copy of the whole book, or install the package from such a copy "
            "by `pip install .`. In Colab, upload d2l-mini-9.0.0.zip, which "
            "`make zip` writes, and first run `!unzip -q d2l-mini-9.0.0.zip` "
            "and `%cd d2l-mini-9.0.0`."
        )


def test_the_package_itself_may_lie_beside_the_notebook(tmp_path):
    taken(run(write(tmp_path, package())), tmp_path / "d2lmini/__init__.py")


@pytest.mark.parametrize("beside", ["regular", "namespace", "module"])
def test_what_an_earlier_import_has_found_is_not_kept(tmp_path, beside):
    place = write(tmp_path / "work", BESIDE[beside])
    root = book(tmp_path / "book")
    early = "import os, sys\nsys.path.append('')\nimport d2lmini\n"
    early += f"os.chdir({str(root)!r})\nprint('then')\n"
    done = run(place, before=early)
    done.stdout = done.stdout.partition("then\n")[2]
    taken(done, root / "d2lmini" / "__init__.py", root)


def test_what_was_imported_of_ours_stays(tmp_path):
    root = book(tmp_path)
    early = "import d2lmini.part\n"
    again = f"{cell()}\nimport d2lmini\nassert d2lmini.part.x == 2\n"
    done = run(root, again, before=f"{early}d2lmini.part.x = 2\n")
    assert done.stderr == ""


def test_the_archive_is_a_copy_of_the_book(tmp_path):
    """Without the site, which is not built here."""
    names = {name for name in archive.files() if not name.startswith("site/")}
    for name in names:
        write(tmp_path, {name: "" if "d2lmini/" in name else "x"})
    write(tmp_path, package())
    for folder in (tmp_path, tmp_path / "chapters/02-preliminaries"):
        taken(run(folder), tmp_path / "d2lmini/__init__.py", tmp_path)
    assert {"pyproject.toml", "README.md"} <= names  # for `pip install .`


def test_the_mark_is_how_the_package_begins():
    text = (notebooks.ROOT / "d2lmini" / "__init__.py").read_text("utf-8")
    assert text.startswith(setup_cell.MARK)


# From the release.


def git(folder, *arguments):
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    command = ["git", *who, "-c", "core.autocrlf=false", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def commit(folder):
    git(folder, "add", "-f", ".")
    git(folder, "commit", "-qm", "x")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A repository with the package, tables, and the tag of the release."""
    others = {"lab/RESULTS.md": "", "matplotlib.py": STRANGER}
    folder = book(tmp_path_factory.mktemp("released"), **others)
    shutil.copy(notebooks.ROOT / ".gitattributes", folder)
    git(folder, "init", "-qb", "main")
    commit(folder)
    git(folder, "tag", RELEASE)
    return folder


@pytest.fixture
def repository(released, tmp_path):
    return shutil.copytree(released, tmp_path / "repository")


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "with a space"
    folder.mkdir()
    return folder


@pytest.fixture
def source(repository):
    files = setup_cell.checksum(repository / "d2lmini")
    return cell(repository=URL, sha256=files)


def online(repository, **config):
    """Return variables by which the address leads to a repository."""
    config |= {f"url.file://{repository}.insteadOf": URL}
    env = {"GIT_CONFIG_COUNT": str(len(config))}
    for i, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return env


def test_in_an_empty_folder_it_fetches_once(place, repository, source):
    home = place / HOME
    first = run(place, source, **online(repository))
    taken(first, home / "d2lmini" / "__init__.py", home)
    assert [path.name for path in place.iterdir()] == [HOME]
    # Nothing else of the repository can hide a module.
    assert {path.name for path in home.iterdir()} == {"lab", "d2lmini"}
    shutil.rmtree(repository)
    second = run(place, source, **online(repository))
    assert (second.stdout, second.stderr) == (first.stdout, "")


@pytest.mark.parametrize("beside", BESIDE)
def test_what_lies_beside_hides_no_release(beside, place, repository, source):
    write(place, BESIDE[beside])
    write(place, {"d2l-mini/.git/HEAD": "half a clone"})
    done = run(place, source, **online(repository))
    taken(done, place / HOME / "d2lmini" / "__init__.py", place / HOME)


def test_the_release_is_the_same_where_git_changes_line_ends(
    place, repository, source
):
    windows = {"core.autocrlf": "true", "core.eol": "crlf"}
    done = run(place, source, **online(repository, **windows))
    taken(done, place / HOME / "d2lmini" / "__init__.py", place / HOME)


CHANGES = {
    "one byte": {"d2lmini/part.py": "x = 2\n"},
    "its name": {"d2lmini/part.py": None, "d2lmini/pArt.py": "x = 1\n"},
    "one file more": {"d2lmini/more.py": ""},
    "one file less": {"d2lmini/part.py": None},
    "a folder that hides a module": {"d2lmini/part/__init__.py": STRANGER},
    "a cache that is a link": {"d2lmini/__pycache__": Path("../lab")},
    "a module that is a link": {"d2lmini/part.py": Path("../part.py")},
    "two files in one": {
        "d2lmini/part.py": None,
        "d2lmini/__init__.py": f"{OURS}part.py 6\nx = 1\n",
    },
    "everything": {"d2lmini/__init__.py": STRANGER},
}


def change(folder, files):
    for name, text in files.items():
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        if isinstance(text, Path):
            path.symlink_to(text)
        elif text is not None:
            write(folder, {name: text})


@pytest.mark.parametrize("how", CHANGES)
def test_a_moved_tag_brings_nothing_else_in(how, place, repository, source):
    write(repository, {"part.py": "x = 1\n"})
    change(repository, CHANGES[how])
    commit(repository)
    git(repository, "tag", "-f", RELEASE)
    said = complaint(run(place, source, **online(repository)))
    assert said == (
        f"Could not fetch {URL}: there is another {RELEASE} than was released; "
        "none of it was run"
    )
    assert [*place.iterdir()] == []


def test_a_branch_of_that_name_brings_nothing_else_in(
    place, repository, source
):
    write(repository, package(STRANGER))
    commit(repository)
    git(repository, "branch", RELEASE)
    said = complaint(run(place, source, **online(repository)))
    assert "none of it was run" in said


BESIDE_IT = {
    "a module beside it": {"random.py": STRANGER},
    "a package beside it": {"pandas/__init__.py": STRANGER},
}


@pytest.mark.parametrize("how", CHANGES | BESIDE_IT)
def test_a_fetched_package_that_was_changed_is_not_run(
    how, place, repository, source
):
    shutil.copytree(repository / "d2lmini", place / HOME / "d2lmini")
    (place / HOME / "lab").mkdir()
    (place / HOME / ".ipynb_checkpoints").mkdir()
    assert run(place, source).returncode == 0
    change(place / HOME, (CHANGES | BESIDE_IT)[how])
    assert complaint(run(place, source)) == (
        f"{place / HOME} is not release {RELEASE}, or was changed. Rename it, "
        "and run this cell again."
    )


def test_a_renamed_package_makes_room_for_another(place, repository, source):
    write(place / HOME, package(STRANGER))
    (place / HOME).rename(place / "mine")
    assert run(place, source, **online(repository)).returncode == 0


def test_another_owner_of_the_address_runs_nothing(place, repository, source):
    other = write(place.parent / "other", package(STRANGER))
    git(other, "init", "-q")
    commit(other)
    git(other, "tag", RELEASE)
    assert "none of it was run" in complaint(
        run(place, source, **online(other))
    )


def test_what_came_after_the_release_is_not_fetched(place, repository, source):
    write(repository, {"d2lmini/later.py": ""})
    commit(repository)
    assert run(place, source, **online(repository)).returncode == 0
    assert not (place / HOME / "d2lmini" / "later.py").exists()


def test_the_words_of_git_are_told(place, source):
    said = complaint(run(place, source, **online("/no/where")))
    assert said.startswith(f"Could not fetch {URL}: fatal: ")
    assert "/no/where" in said
    assert [*place.iterdir()] == []


def test_a_release_that_is_not_there_is_told(place, repository, source):
    git(repository, "tag", "-d", RELEASE)
    said = complaint(run(place, source, **online(repository)))
    assert RELEASE in said and "not found" in said


def test_without_git_it_says_so(place, source):
    assert complaint(run(place, source, PATH=str(place))) == (
        f"Could not fetch {URL}: that takes git, which is not installed"
    )


def test_what_stands_in_the_way_is_told(place, repository, source):
    (place / HOME).symlink_to("nowhere")
    said = complaint(run(place, source, **online(repository)))
    assert said.startswith(f"Could not fetch {URL}: [Errno ")


def other_git(tmp_path, script):
    """Return the variable that puts a script in the place of git."""
    path = write(tmp_path / "bin", {"git": f"#!/bin/sh\n{script}"}) / "git"
    path.chmod(0o755)
    return {"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("printf '\\377 no disk' >&2; exit 1", "\ufffd no disk"),
        ("printf '%09999d no disk' 0 >&2; exit 1", f"{492 * '0'} no disk"),
        ("exit 1", "git failed"),
    ],
)
def test_odd_words_of_git_are_no_trouble(
    place, source, tmp_path, script, words
):
    said = complaint(run(place, source, **other_git(tmp_path, script)))
    assert said == f"Could not fetch {URL}: {words}"


@pytest.fixture
def slow_git(tmp_path):
    """Put a git on the path that begins a clone and never ends."""
    script = 'mkdir "$PWD/begun"\nfor last; do :; done\necho words >&2\n'
    script += 'mkdir -p "$last/.git"\nexec sleep 60\n'
    return other_git(tmp_path, script)


def test_waiting_has_an_end_and_leaves_nothing(place, source, slow_git):
    brief = source.replace("timeout=120", "timeout=0.5")
    assert brief != source
    said = complaint(run(place, brief, **slow_git))
    assert re.search("Could not fetch .* timed out after 0.5 seconds", said)
    assert [path.name for path in place.iterdir()] == ["begun"]


def test_an_interrupt_leaves_nothing_even_of_the_kernel_alone(
    place, source, slow_git, repository
):
    process = subprocess.Popen(
        [sys.executable, "-c", REPORT, source],
        cwd=place,
        env=os.environ | slow_git,
        stderr=subprocess.PIPE,
    )
    while not (place / "begun").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=30)[1]
    (place / "begun").rmdir()
    assert [*place.iterdir()] == []
    assert run(place, source, **online(repository)).returncode == 0


def test_a_killed_fetch_does_not_stand_in_the_way(
    place, source, slow_git, repository
):
    process = subprocess.Popen(
        [sys.executable, "-c", REPORT, source],
        cwd=place,
        env=os.environ | slow_git,
    )
    while not (place / "begun").exists():
        time.sleep(0.02)
    process.kill()
    process.wait()
    done = run(place, source, **online(repository))
    taken(done, place / HOME / "d2lmini" / "__init__.py", place / HOME)


def test_git_asks_nobody_for_a_password(place, source, tmp_path):
    script = 'env > "$PWD/seen"\necho "$@" >> "$PWD/seen"\nexit 1\n'
    asking = {"GIT_ASKPASS": "/bin/ask"} | other_git(tmp_path, script)
    complaint(run(place, source, **asking))
    seen = (place / "seen").read_text("utf-8")
    for silent in ("GIT_TERMINAL_PROMPT=0\n", "GIT_ASKPASS=\n"):
        assert silent in seen
    assert "-c credential.helper= clone" in seen


def test_two_notebooks_may_fetch_at_once(place, repository, source):
    env = os.environ | online(repository)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", REPORT, source],
            cwd=place,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert "ours" in process.communicate(timeout=60)[0]
    assert [path.name for path in place.iterdir()] == [HOME]


def test_a_notebook_runs_under_plain_nbconvert(place, repository, source):
    """As in JupyterLab and VS Code, the kernel starts beside the notebook."""
    cells = [v4.new_code_cell(source), v4.new_code_cell("import d2lmini")]
    text = v4.writes_json(v4.new_notebook(cells=cells))
    write(place, {"page.ipynb": text})
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook"]
        + ["--execute", "--stdout", "page.ipynb"],
        cwd=place,
        env=notebooks.environment() | online(repository),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"ours {place / HOME}" in done.stdout
