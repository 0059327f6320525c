"""Where the book is published is one setting, which one verb changes."""

import os
import re
import shutil
import subprocess
import sys

import notebooks
import pytest
import yaml

OLD = notebooks.site()[0].removeprefix("https://github.com/")
OLD_SITE = OLD.replace("/", ".github.io/")
NEW = "another-owner/some.book"
WORKFLOWS = notebooks.ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the files that git knows, or could add, as a repository."""
    copy = tmp_path_factory.mktemp("copy")
    files = ["git", "ls-files", "-z", "--cached", "--others"]
    files = subprocess.run(
        [*files, "--exclude-standard"],
        cwd=notebooks.ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in files.stdout.strip("\0").split("\0"):
        if (notebooks.ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(notebooks.ROOT / name, copy / name)
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    return copy


def run(*command, cwd, **env):
    return subprocess.run(
        [*command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if "PYTEST" not in k} | env,
    )


def publish_at(tree, *address):
    tool = tree / "tools" / "notebooks.py"
    return run(sys.executable, tool, "publish-at", *address, cwd=tree)


def texts(tree):
    """Map the files of a copy to what is in them; git's own are left out."""
    return {
        path.relative_to(tree).as_posix(): path.read_text("utf-8")
        for path in tree.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(tree).parts
    }


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.com/a/b",
        "http://github.com/a/b",
        "https://github.com.example.org/a/b",
        "https://github.com/a",
        'https://github.com/a/b", "c',
        "git@github.com:a/b.git",
        "a/b",
        "",
    ],
)
def test_another_kind_of_address_is_refused_and_changes_nothing(tree, address):
    before = texts(tree)
    done = publish_at(tree, address)
    assert done.returncode == 1
    assert done.stderr == (
        f"URL must be https://github.com/OWNER/NAME, not {address!r}\n"
    )
    assert texts(tree) == before


def test_outside_a_repository_it_says_so(tree, tmp_path):
    for name in ("tools", "d2lmini"):
        shutil.copytree(tree / name, tmp_path / name)
    shutil.copy(tree / "_config.yml", tmp_path)
    done = publish_at(tmp_path, f"https://github.com/{NEW}")
    assert done.returncode == 1
    assert "not a git repository" in done.stderr


def test_a_moved_book_names_the_old_address_nowhere(tree):
    before = texts(tree)
    assert sum(OLD in text for text in before.values()) >= 17
    done = publish_at(tree, f"https://github.com/{NEW}.git")
    assert (done.returncode, done.stderr) == (0, "")
    after = texts(tree)
    assert not [
        name for name, text in after.items() if OLD in text or OLD_SITE in text
    ]
    # And nothing else has changed.
    new_site = NEW.replace("/", ".github.io/")
    for name, text in before.items():
        text = text.replace(OLD, NEW).replace(OLD_SITE, new_site)
        assert after[name] == text, name
    rules = ["-k", "2.3 or address or readme"]
    pytest_ = [sys.executable, "-m", "pytest", "-n", "0", "-q", *rules]
    done = run(*pytest_, "tests/test_notebooks.py", cwd=tree)
    assert done.returncode == 0, done.stdout


def guard(workflow):
    """Return the step of a workflow that compares the two addresses."""
    jobs = yaml.safe_load((WORKFLOWS / workflow).read_text("utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    return next(s["run"] for s in steps if "GITHUB_REPOSITORY" in str(s))


@pytest.mark.parametrize(
    ("workflow", "kind", "code"), [("ci", "warning", 0), ("pages", "error", 1)]
)
def test_a_workflow_elsewhere_says_what_to_run(workflow, kind, code):
    script = ["bash", "-e", "-c", guard(f"{workflow}.yml")]
    root = notebooks.ROOT
    home = run(*script, cwd=root, GITHUB_REPOSITORY=OLD)
    assert (home.returncode, home.stdout, home.stderr) == (0, "", "")
    # A name that only begins like ours is another one.
    for name in (NEW, f"{OLD}-2", OLD.replace("-", "x", 1)):
        done = run(*script, cwd=root, GITHUB_REPOSITORY=name)
        assert done.returncode == code
        assert re.fullmatch(
            rf"::{kind}::[^\n]*: make publish-at "
            rf"URL=https://github\.com/{re.escape(name)}\n",
            done.stdout,
        )
