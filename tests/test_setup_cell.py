"""The set-up cell finds the package, or fetches it from a local repository."""

import json
import os
import shutil
import subprocess
import sys

import notebooks
import pytest

SETUP = notebooks.frame(notebooks.pages()[0])[1]
URL, _, RELEASE = notebooks.site()
# What the cell may have changed, printed when it is done.
REPORT = """
import json, os, sys
before = os.getcwd(), dict(os.environ), list(sys.path)
exec(compile(sys.argv[1], "set-up cell", "exec"), {})
import d2lmini
print(json.dumps({
    "package": d2lmini.__file__,
    "new on the path": [p for p in sys.path if p not in before[2]],
    "same place": os.getcwd() == before[0],
    "same environment": dict(os.environ) == before[1],
}))
"""


@pytest.fixture
def repository(tmp_path):
    """A repository with the package and the tag of the release."""
    folder = tmp_path / "repository"
    shutil.copytree(notebooks.ROOT / "d2lmini", folder / "d2lmini")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    subprocess.run([*git, "tag", RELEASE], cwd=folder, check=True)
    return folder


def environment(repository=None):
    """Return an environment where the book's address leads to `repository`.

    Without one it leads to a place where nothing is, as without a network.
    """
    address = f"file://{repository}" if repository else "file:///nowhere"
    outside = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return outside | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{address}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
    }


def run(folder, repository=None):
    """Run the cell in a folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-P" if sys.version_info > (3, 11) else "-B"]
        + ["-c", REPORT, SETUP],
        cwd=folder,
        env=environment(repository),
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("place", [".", "chapters/02-preliminaries"])
def test_in_the_repository_it_takes_the_package_beside(place):
    done = run(notebooks.ROOT / place)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "package": str(notebooks.ROOT / "d2lmini/__init__.py"),
        "new on the path": [str(notebooks.ROOT)],
        "same place": True,
        "same environment": True,
    }


def test_in_an_empty_folder_it_fetches_once(tmp_path, repository):
    folder = tmp_path / "with a space"
    folder.mkdir()
    first = run(folder, repository)
    assert first.stderr == ""
    assert json.loads(first.stdout) == {
        "package": str(folder / "d2l-mini/d2lmini/__init__.py"),
        "new on the path": [str(folder / "d2l-mini")],
        "same place": True,
        "same environment": True,
    }
    assert [path.name for path in folder.iterdir()] == ["d2l-mini"]
    second = run(folder)  # the repository is gone
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_it_fetches_the_release_and_not_what_came_after(tmp_path, repository):
    (repository / "d2lmini" / "later.py").touch()
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "add", "."], cwd=repository, check=True)
    subprocess.run([*git, "commit", "-qm", "y"], cwd=repository, check=True)
    folder = tmp_path / "empty"
    folder.mkdir()
    assert run(folder, repository).returncode == 0
    assert not (folder / "d2l-mini" / "d2lmini" / "later.py").exists()


def complaint(done):
    """Return the one line, below the traceback, that the cell ends with."""
    *traceback, last = done.stderr.strip().splitlines()
    assert done.returncode != 0 and done.stdout == ""
    assert traceback[0].startswith("Traceback")  # git itself stays silent
    return last


def test_without_network_it_says_so_in_one_sentence(tmp_path):
    assert complaint(run(tmp_path)) == (
        f"OSError: could not fetch {URL} to {tmp_path / 'd2l-mini'}: "
        "is there a network, and no folder of that name yet?"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_left_by_a_killed_clone_is_not_taken(tmp_path, repository):
    (tmp_path / "d2l-mini" / ".git").mkdir(parents=True)
    assert "no folder of that name" in complaint(run(tmp_path, repository))


@pytest.mark.parametrize("place", ["chapter", "empty folder"])
def test_a_notebook_runs_under_plain_nbconvert(place, tmp_path, repository):
    """As in JupyterLab and VS Code, the kernel starts beside the notebook."""
    page = notebooks.pages()[2]  # draws, and raises errors on purpose
    if place == "chapter":
        folder = tmp_path / "book" / page.parent.name
        shutil.copytree(notebooks.ROOT / "d2lmini", tmp_path / "book/d2lmini")
    else:
        folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(page, folder)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook"]
        + ["--execute", "--output", "executed", page.name],
        cwd=folder,
        env=environment(repository) | notebooks.KERNEL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert shown(folder / "executed.ipynb") == shown(page)
    assert (folder / "d2l-mini").exists() == (place == "empty folder")


def shown(path):
    """Return what each cell of a notebook prints and returns, as one text.

    What a cell prints may arrive in several pieces.
    """
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [
        "".join(
            "".join(output.get("text") or output["data"]["text/plain"])
            for output in cell.get("outputs", [])
            if output["output_type"] != "error"
        )
        for cell in cells
        if "nbval-ignore-output" not in cell["metadata"].get("tags", [])
    ]
