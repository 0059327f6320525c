"""The book is published by one verb, released by another, and nobody else's."""

import os
import re
import shutil
import subprocess
import sys

import publishing
import pytest
import section
import stamping
import yaml

PAGE = "chapters/02-preliminaries/01-data-manipulation.ipynb"
PARTS = "README.md CITATION.cff _config.yml _toc.yml .gitattributes".split()
PARTS += [PAGE, ".gitignore", "lab/growth.csv"]
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- News.\n\n## 1.0.0\n\n- A book.\n"
ROOT = section.ROOT
GITHUB = "https://github.com"
FIRST, SECOND = f"{GITHUB}/an-owner/a-book", f"{GITHUB}/another/some.book"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the book with one of its pages, in which the tools work."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "d2lmini", tree / "d2lmini")
    for name in PARTS:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    # As it was before it was published, whatever has happened since.
    monkeypatch.setattr(section, "ROOT", tree)
    (tree / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    number = '__version__ = "1.10.0"'
    publishing.rewrite("d2lmini/__init__.py", "^__version__.*", number)
    publishing.write_settings(url="", sha256="")
    publishing.git("init", "--quiet")
    publishing.git("config", "user.name", "somebody")
    publishing.git("config", "user.email", "somebody@example.org")
    commit()
    return tree


def commit():
    publishing.git("add", ".")
    publishing.git("commit", "--quiet", "--message=A change")


def texts(tree):
    """Map the files that git knows to what is in them."""
    names = publishing.git("ls-files").splitlines()
    return {name: (tree / name).read_text("utf-8") for name in names}


OTHERS = "http://github.com/a/b https://github.com/a git@github.com:a/b.git"
OTHERS += " https://github.com.example.org/a/b https://gitlab.com/a/b"


@pytest.mark.parametrize("address", [*OTHERS.split(), f'{FIRST}", "c', ""])
def test_another_kind_of_address_is_refused(address, monkeypatch):
    monkeypatch.setattr(section, "ROOT", None)  # nothing can be written
    with pytest.raises(SystemExit, match="^URL must be https://github.com/OWN"):
        publishing.publish_at(address)


def test_one_verb_names_the_repository_everywhere(tree):
    assert GITHUB not in str([texts(tree)[n] for n in ("README.md", PAGE)])
    publishing.publish_at(f"{FIRST}.git")
    first = texts(tree)
    where = FIRST.removeprefix(GITHUB)
    names = {name for name, text in first.items() if where in text}
    assert names == {"README.md", "CITATION.cff", "_config.yml", PAGE}
    assert "not published" not in first["README.md"] + first[PAGE]
    assert yaml.safe_load(first["CITATION.cff"])["repository-code"] == FIRST
    colab = f"https://colab.research.google.com/github{where}/blob/main/{PAGE}"
    assert f"]({colab})" in first[PAGE]
    raw = f"https://raw.githubusercontent.com{where}/main/{PAGE}"
    assert f"](https://kaggle.com/kernels/welcome?src={raw})" in first[PAGE]
    publishing.publish_at(f"{SECOND}/")
    for name, text in texts(tree).items():
        other = first[name].replace(where, SECOND.removeprefix(GITHUB))
        assert text == other, name


def test_a_release_is_refused_in_a_sentence(tree):
    def refusal(version="2.0.0"):
        return next(publishing.refusals(version), "")

    for version in ("2.0", "1.10.0", "1.9.0"):
        assert f"above 1.10.0, not '{version}'." in refusal(version)
    assert "has no address yet: make publish-at" in refusal()
    publishing.publish_at(FIRST)
    assert "Commit or remove these first:\n M CITATION.cff" in refusal()
    commit()
    assert refusal() == ""
    (tree / "d2lmini" / ".DS_Store").touch()
    assert "Commit or remove these first:\n?? d2lmini/.DS_Store" in refusal()
    publishing.git("tag", "v2.0.0")
    assert "There is a tag v2.0.0 already" in refusal()
    publishing.rewrite("CHANGELOG.md", "^- News.", "Nothing.")
    commit()
    before = texts(tree)
    with pytest.raises(SystemExit, match="lists nothing new"):
        publishing.release("3.0.0")
    assert texts(tree) == before


@pytest.mark.parametrize("workflow, code", [("ci", 0), ("pages", 1)])
def test_a_workflow_elsewhere_says_what_to_do(workflow, code, tree):
    publishing.publish_at(FIRST)
    path = ROOT / ".github" / "workflows" / f"{workflow}.yml"
    step = re.search(r"here=(?s:.*?)(?=\n +- )", path.read_text("utf-8"))[0]
    for url, ends in {FIRST: 0, f"{FIRST}-2": code}.items():
        env = os.environ | {"GITHUB_REPOSITORY": url.removeprefix(f"{GITHUB}/")}
        command = ["bash", "-e", "-c", step]
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True)
        advice = f"make publish-at URL={url}\n"
        assert done.returncode == ends
        assert done.stdout.decode().endswith(advice) == (url != FIRST)


def test_a_release_is_what_notebooks_elsewhere_fetch(tree, tmp_path, capsys):
    publishing.publish_at(FIRST)
    commit()
    publishing.release("2.0.0")
    assert "git push origin HEAD v2.0.0" in capsys.readouterr().out
    assert not publishing.git("status", "--porcelain")
    said = publishing.git("tag", "--format=%(contents)", "--list", "v2.0.0")
    assert said.split() == "D2L Mini 2.0.0 - News.".split()
    assert publishing.git("cat-file", "-t", "v2.0.0") == "tag\n"
    citation = yaml.safe_load((tree / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == "2.0.0"
    changelog = (tree / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## 2.0.0, {citation['date-released']}\n\n- News" in changelog
    assert not [*stamping.outdated()]

    # The hosting packs the tag; the cell of a page elsewhere asks for it.
    packed = tmp_path / "archive/refs/tags/v2.0.0.zip"
    packed.parent.mkdir(parents=True)
    words = "--prefix=a-book-2.0.0/", "--output", str(packed)
    publishing.git("archive", *words, "v2.0.0")
    _, setup = stamping.frame(tree / PAGE)
    setup = setup.replace(FIRST, tmp_path.as_uri())
    code = (
        f"{setup}\nprint(Path(sys.path[0], 'd2lmini/__init__.py').read_text())"
    )
    command = [sys.executable, "-I", "-c", code]
    shown = subprocess.check_output(command, cwd=tmp_path, text=True)
    assert '\n__version__ = "2.0.0"\n' in shown
