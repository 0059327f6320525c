"""The book is published by one verb, released by another, and nobody else's."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import notebooks
import publishing
import pytest
import section
import stamping
import yaml

PAGE = "chapters/02-preliminaries/01-data-manipulation.ipynb"
PARTS = "README.md CITATION.cff _config.yml _toc.yml .gitattributes".split()
PARTS += [PAGE, "lab/RESULTS.md", "lab/growth.csv"]
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- News.\n\n## 1.0.0\n\n- A book.\n"
ROOT = section.ROOT
FIRST, SECOND = "an-owner/a-book", "another-owner/some.book"
GITHUB = "https://github.com/"


def git(folder, *words):
    done = subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A clone of the book with one of its pages, in which the tools work."""
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "somebody")
        monkeypatch.setenv(f"{name}_EMAIL", "somebody@example.org")
    hub, tree = tmp_path / "hub.git", tmp_path / "tree"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", hub)
    git(tmp_path, "clone", "--quiet", hub, tree)
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "d2lmini", tree / "d2lmini", ignore=caches)
    for name in PARTS:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    # As it was before it was published, whatever has happened since.
    monkeypatch.setattr(section, "ROOT", tree)
    (tree / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    number = '__version__ = "1.0.0"'
    publishing.rewrite("d2lmini/__init__.py", "^__version__.*", number)
    publishing.write_settings(url="", sha256="")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message=A fork")
    return tree


def texts(tree):
    """Map the files that git knows to what is in them."""
    names = git(tree, "ls-files").splitlines()
    return {name: (tree / name).read_text("utf-8") for name in names}


def cells(tree):
    found = nbformat.read(tree / PAGE, as_version=4).cells
    return {cell.id: cell.source for cell in found}


OTHERS = "https://gitlab.com/a/b http://github.com/a/b https://github.com/a"
OTHERS += " https://github.com.example.org/a/b git@github.com:a/b.git a/b"


@pytest.mark.parametrize("address", [*OTHERS.split(), f'{GITHUB}a/b", "c', ""])
def test_another_kind_of_address_is_refused(address, monkeypatch):
    monkeypatch.setattr(section, "ROOT", None)  # nothing can be written
    with pytest.raises(SystemExit, match="^URL must be https://github.com/OWN"):
        publishing.publish_at(address)


def test_one_verb_names_the_repository_everywhere(tree):
    assert not [t for t in texts(tree).values() if FIRST in t or SECOND in t]
    publishing.publish_at(f"{GITHUB}{FIRST}.git")
    first = texts(tree)
    names = {name for name, text in first.items() if FIRST in text}
    assert names == {"README.md", "CITATION.cff", "_config.yml", PAGE}
    assert "not published" not in first["README.md"] + first[PAGE]
    assert yaml.safe_load(first["CITATION.cff"])["repository-code"]
    colab = f"https://colab.research.google.com/github/{FIRST}/blob/main/{PAGE}"
    assert f"]({colab})" in cells(tree)["badge"]
    publishing.publish_at(f"{GITHUB}{SECOND}/")
    for name, text in texts(tree).items():
        assert text == first[name].replace(FIRST, SECOND), name


@pytest.mark.parametrize(
    ("state", "version", "sentence"),
    [
        ("", "1.0", "VERSION must be a number such as 2.0.0, not '1.0'."),
        ("", "", "VERSION must be a number"),
        ("", "1.0.0", "VERSION must be higher than 1.0.0, not 1.0.0."),
        ("", "0.10.0", "VERSION must be higher"),
        ("no address", "2.0.0", "The book has no address yet: make publish-at"),
        ("tagged", "2.0.0", "There is a tag v2.0.0 already; take a higher"),
        ("dirty", "2.0.0", "Commit or remove these first:\n"),
        ("untracked", "2.0.0", "Commit or remove these first:\n"),
        ("no news", "2.0.0", "CHANGELOG.md lists nothing new"),
    ],
)
def test_a_release_is_refused_in_a_sentence(state, version, sentence, tree):
    if state != "no address":
        publishing.publish_at(GITHUB + FIRST)
    if state == "no news":
        publishing.rewrite("CHANGELOG.md", "^- News.", "Nothing.")
    git(tree, "commit", "--all", "--allow-empty", "--message=A change")
    if state == "tagged":
        git(tree, "tag", f"v{version}")
    if state == "dirty":
        publishing.rewrite("README.md", "^#", "##")
    if state == "untracked":
        (tree / "d2lmini" / ".DS_Store").touch()
    before = texts(tree), git(tree, "rev-parse", "HEAD")
    with pytest.raises(SystemExit, match=f"^{re.escape(sentence)}"):
        publishing.release(version)
    assert (texts(tree), git(tree, "rev-parse", "HEAD")) == before


def guard(workflow, tree, name):
    """Run the step of a workflow that asks where it is."""
    path = ROOT / ".github" / "workflows" / workflow
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    steps = [step.get("run", "") for job in jobs for step in job["steps"]]
    (step,) = (step for step in steps if "GITHUB_REPOSITORY" in step)
    command = ["bash", "-e", "-c", step]
    env = os.environ | {"GITHUB_REPOSITORY": name}
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True)
    return done.returncode, done.stdout.decode()


def test_from_a_fork_to_an_opened_notebook(tree, tmp_path, capsys):
    """A rehearsal, with a bare repository in the place of the hosting."""
    publishing.publish_at(GITHUB + FIRST)
    git(tree, "commit", "--all", "--message=Published")
    publishing.release("2.0.0")
    assert "git push origin HEAD v2.0.0" in capsys.readouterr().out
    git(tree, "push", "--quiet", "origin", "HEAD", "v2.0.0")

    # The workflows run here, and say elsewhere what to do.
    for name in (SECOND, f"{FIRST}-2"):  # one only begins like ours
        advice = f"make publish-at URL={GITHUB}{name}\n"
        for workflow, begins in (("ci", "::warning"), ("pages", "::error")):
            code, said = guard(f"{workflow}.yml", tree, name)
            assert code == (workflow == "pages")
            assert said.startswith(begins) and said.endswith(advice)
            assert guard(f"{workflow}.yml", tree, FIRST) == (0, "")

    # What others see: the tag, and what it says of itself.
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", tmp_path / "hub.git", clone)
    assert git(clone, "cat-file", "-t", "v2.0.0") == "tag"
    assert git(clone, "rev-parse", "v2.0.0^{}") == git(
        clone, "rev-parse", "HEAD"
    )
    citation = yaml.safe_load((clone / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == "2.0.0"
    day = citation["date-released"]
    changelog = (clone / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## 2.0.0, {day}\n\n" in changelog
    assert not [*stamping.outdated()]
    ruff = [sys.executable, "-m", "ruff", "--config", ROOT / "pyproject.toml"]
    for words in (["format", "--check"], ["check"]):
        subprocess.run([*ruff, *words, clone / PAGE], check=True)

    # The hosting packs the tag; a page that was opened elsewhere asks for it.
    packed = tmp_path / FIRST / "archive/refs/tags/v2.0.0.zip"
    packed.parent.mkdir(parents=True)
    words = ["archive", "--prefix=a-book-2.0.0/", "-o", packed, "v2.0.0"]
    git(tmp_path / "hub.git", *words)
    page = nbformat.read(clone / PAGE, as_version=4)
    setup = cells(clone)["setup"].replace(GITHUB, f"{tmp_path.as_uri()}/")
    page.cells[2].source = setup
    end = "import d2lmini\nprint(d2lmini.__version__, d2lmini.__file__)"
    page.cells[3:] = [nbformat.v4.new_code_cell(end)]
    (tmp_path / "opened").mkdir()
    nbformat.write(page, tmp_path / "opened" / "page.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook"]
        + ["--execute", "--stdout", "page.ipynb"],
        cwd=tmp_path / "opened",
        env=notebooks.environment(),
        capture_output=True,
        text=True,
    )
    shown = nbformat.reads(done.stdout, as_version=4).cells[-1].outputs[0].text
    assert shown.startswith("2.0.0 ") and str(tree) not in shown
