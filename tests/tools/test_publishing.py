"""Whether and where the book is published is one setting, set by one verb."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import notebooks
import pytest
import section
import setup_cell
import yaml

FIRST, SECOND = "an-owner/a-book", "another-owner/some.book"
WORKFLOWS = notebooks.ROOT / ".github" / "workflows"
PAGE = "chapters/02-preliminaries/01-data-manipulation.ipynb"
OTHERS = "README.md SECURITY.md CITATION.cff _config.yml _toc.yml".split()


def copy(folder):
    """Copy what names the repository, with one of the pages."""
    for name in ("tools", "d2lmini"):
        shutil.copytree(notebooks.ROOT / name, folder / name)
    for name in (PAGE, *OTHERS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(notebooks.ROOT / name, folder / name)
    return folder


def tool(tree, *words):
    """Call the tool as if it belonged to a copy of the book."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "ROOT", tree)
        patch.setattr(section, "ROOT", tree)
        assert notebooks.main(words) is None
    return tree


def publish_at(tree, name):
    return tool(tree, "publish-at", f"https://github.com/{name}.git")


@pytest.fixture(scope="module")
def unpublished(tmp_path_factory):
    return copy(tmp_path_factory.mktemp("unpublished"))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A copy that was published, and another that has moved since."""
    folder = tmp_path_factory.mktemp("published")
    first = publish_at(copy(folder / "first"), FIRST)
    return first, publish_at(shutil.copytree(first, folder / "moved"), SECOND)


def texts(tree):
    """Map the files of a copy to what is in them."""
    return {
        path.relative_to(tree).as_posix(): path.read_text("utf-8")
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def cells(tree):
    found = nbformat.read(tree / PAGE, as_version=4).cells
    return {cell.id: cell.source for cell in found}


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
def test_another_kind_of_address_is_refused_and_changes_nothing(
    address, unpublished
):
    before = texts(unpublished)
    with pytest.raises(SystemExit) as stop:
        tool(unpublished, "publish-at", address)
    assert stop.value.code == (
        f"URL must be https://github.com/OWNER/NAME, not {address!r}"
    )
    assert texts(unpublished) == before


# While the book is not published.


@pytest.mark.skipif(bool(notebooks.site()[0]), reason="the book is published")
def test_no_repository_is_named_while_nobody_owns_one():
    for path in section.paths():
        badge, setup = notebooks.frame(path)
        assert "://" not in badge + setup
        assert notebooks.colab(path) == notebooks.kaggle(path) == ""
    readme, security, citation = (
        (notebooks.ROOT / name).read_text("utf-8") for name in OTHERS[:3]
    )
    assert "The book is not published yet" in readme
    assert "The book is not published yet" in security
    for text in (readme, security, citation):
        assert "git clone" not in text and "colab.research" not in text
        assert "github.com" not in text and "repository-code" not in text


def test_what_is_stamped_is_as_it_would_be_stamped(unpublished, tmp_path):
    after = texts(tool(copy(tmp_path / "again"), "stamp"))
    # The copy holds one page, and so does the table that is written there.
    for name, text in texts(unpublished).items():
        if name != "README.md":
            assert after[name] == text, name
    for name, parts in notebooks.texts().items():
        text = (notebooks.ROOT / name).read_text("utf-8")
        for key, part in parts.items():
            between = rf"(?s)stamped: {key}[^\n]*\n(.*?)[^\n]*end of {key}"
            assert re.findall(between, text) == [part]


# Once it is.


@pytest.mark.parametrize("moved", [False, True])
def test_one_verb_names_the_repository_everywhere(published, moved):
    tree, name = published[moved], (FIRST, SECOND)[moved]
    found = texts(tree)
    url = f"https://github.com/{name}"
    tag = notebooks.site()[2]
    files = setup_cell.checksum(notebooks.ROOT / "d2lmini")
    config = yaml.safe_load(found["_config.yml"])["repository"]
    assert config == {
        "url": url, "branch": "main", "release": tag, "sha256": files
    }  # fmt: skip
    colab = f"https://colab.research.google.com/github/{name}/blob/main"
    source = cells(tree)
    assert f"]({colab}/{PAGE})" in source["badge"]
    raw = f"https://raw.githubusercontent.com/{name}/main/{PAGE}"
    kaggle = f"https://kaggle.com/kernels/welcome?src={raw}"
    assert f"]({kaggle})" in source["badge"]
    assert source["setup"] == setup_cell.source(
        PAGE, notebooks.archive(), url, tag, files
    )
    assert f"| {source['badge']} |" in found["README.md"]
    assert f"git clone {url} d2l-mini" in found["README.md"]
    assert f"repository-code: {url}\n" in found["CITATION.cff"]
    yaml.safe_load(found["CITATION.cff"])
    assert f"<{url}/security/advisories/new>" in found["SECURITY.md"]
    assert not [name for name, text in found.items() if "not published" in text
                and not name.startswith("tools/")]  # fmt: skip


def test_a_moved_book_names_the_old_address_nowhere(published):
    first, moved = map(texts, published)
    assert sum(FIRST in text for text in first.values()) == 5
    assert not [name for name, text in moved.items() if FIRST in text]
    for name, text in first.items():  # and nothing else has changed
        assert moved[name] == text.replace(FIRST, SECOND), name


def test_the_set_up_cell_stays_formatted(published):
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", notebooks.ROOT / "pyproject.toml"]
    for verb in (["format", "--check"], ["check", "--no-cache"]):
        done = subprocess.run(
            [*ruff, *verb, *config, published[0] / PAGE],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


def test_a_release_is_recorded_once(published, tmp_path, capsys):
    tree = shutil.copytree(published[0], tmp_path / "tree")
    before = texts(tree)
    assert texts(tool(tree, "release")) == before  # the same once more
    init = tree / "d2lmini" / "__init__.py"
    init.write_text(init.read_text("utf-8") + "# changed\n", "utf-8")
    with pytest.raises(SystemExit) as stop:
        tool(tree, "release")
    tag = notebooks.site()[2]
    assert stop.value.code == (
        f"{tag} was released with other files; raise __version__ first."
    )
    number = tag.removeprefix("v")
    init.write_text(init.read_text("utf-8").replace(number, "77.0.0"), "utf-8")
    tool(tree, "release")
    assert "git tag v77.0.0" in capsys.readouterr().out
    files = setup_cell.checksum(tree / "d2lmini")
    source = cells(tree)["setup"]
    assert '"v77.0.0"' in source and f'"{files}"' in source


def test_a_release_holds_what_git_holds(published, tmp_path):
    """An untracked file would be part of the sum, and nobody would get it."""
    tree = shutil.copytree(published[0], tmp_path / "tree")
    shutil.rmtree(tree / "d2lmini" / "__pycache__", ignore_errors=True)
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tree, check=True)
    for folder in ("__pycache__", ".ipynb_checkpoints"):
        (tree / "d2lmini" / folder).mkdir()
    (tree / "d2lmini" / "__pycache__" / "oop.pyc").touch()
    tool(tree, "release")
    (tree / "d2lmini" / ".DS_Store").touch()
    with pytest.raises(SystemExit) as stop:
        tool(tree, "release")
    assert stop.value.code == (
        "Commit or remove these first:\nd2lmini/.DS_Store\n"
    )


def test_a_checksum_knows_no_cache_of_python(tmp_path):
    package = shutil.copytree(notebooks.ROOT / "d2lmini", tmp_path / "d2lmini")
    shutil.rmtree(package / "__pycache__", ignore_errors=True)
    before = setup_cell.checksum(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "oop.pyc").touch()
    assert setup_cell.checksum(package) == before


# Workflows.


def guard(workflow):
    """Return the step of a workflow that compares the two addresses."""
    jobs = yaml.safe_load((WORKFLOWS / workflow).read_text("utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    return next(s["run"] for s in steps if "GITHUB_REPOSITORY" in str(s))


@pytest.mark.parametrize(
    ("workflow", "kind", "code"), [("ci", "warning", 0), ("pages", "error", 1)]
)
def test_a_workflow_elsewhere_says_what_to_run(
    workflow, kind, code, published, unpublished
):
    def run(tree, name):
        return subprocess.run(
            ["bash", "-e", "-c", guard(f"{workflow}.yml")],
            cwd=tree,
            env=os.environ | {"GITHUB_REPOSITORY": name},
            capture_output=True,
            text=True,
        )

    home = run(published[0], FIRST)
    assert (home.returncode, home.stdout, home.stderr) == (0, "", "")
    # A name that only begins like ours is another one.
    elsewhere = [(published[0], f"{FIRST}-2"), (published[0], SECOND)]
    for tree, name in [*elsewhere, (unpublished, FIRST)]:
        done = run(tree, name)
        assert done.returncode == code
        assert re.fullmatch(
            rf"::{kind}::[^\n]*: make publish-at "
            rf"URL=https://github\.com/{re.escape(name)}\n",
            done.stdout,
        )
