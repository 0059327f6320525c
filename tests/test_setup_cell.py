"""The set-up cell finds the package, or fetches it from a local repository."""

import os
import shutil
import subprocess
import sys

import notebooks
import pytest

SETUP = notebooks.frame(notebooks.pages()[0])[1]
URL, _, RELEASE = notebooks.site()


@pytest.fixture
def repository(tmp_path):
    """A repository with the package and the tag of the release."""
    folder = tmp_path / "repository"
    package = notebooks.ROOT / "d2lmini"
    shutil.copytree(package, folder / "d2lmini")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    subprocess.run([*git, "tag", RELEASE], cwd=folder, check=True)
    return folder


def run(folder, repository=None):
    """Run the cell in a folder; the book's address leads to `repository`."""
    code = f"{SETUP}\nimport d2lmini\nprint(d2lmini.__file__)"
    address = f"file://{repository}" if repository else "file:///nowhere"
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{address}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
    }
    return subprocess.run(
        [sys.executable, "-P" if sys.version_info > (3, 11) else "-B"]
        + ["-c", code],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        | settings,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("place", [".", "chapters/02-preliminaries"])
def test_in_the_repository_it_takes_the_package_beside(place):
    done = run(notebooks.ROOT / place)
    assert done.stderr == ""
    assert done.stdout.strip() == str(notebooks.ROOT / "d2lmini/__init__.py")


def test_in_an_empty_folder_it_fetches_once(tmp_path, repository):
    folder = tmp_path / "with a space"
    folder.mkdir()
    first = run(folder, repository)
    assert first.stderr == ""
    assert first.stdout.strip() == str(
        folder / "d2l-mini" / "d2lmini" / "__init__.py"
    )
    second = run(folder)  # the repository is gone
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_without_network_it_says_so(tmp_path):
    done = run(tmp_path)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last == f"OSError: could not fetch {URL}: is there a network?"
    assert list(tmp_path.iterdir()) == []
