"""The counts of D2L's notebooks, each on a case that a naive rule gets wrong.

The notebooks are built here; D2L's own are not in this repository.
"""

import subprocess

import count_d2l
import nbformat
import notebooks
import pytest
import yaml
from nbformat import v4

TITLE = "# A Section\n:label:`sec_a`\n\n"


def text(source):
    return v4.new_markdown_cell(source)


def code(*outputs, busy="00:01.5", idle="00:03.0", source="x"):
    """Return a cell that was run in the given minute and second."""
    stamps = {
        f"iopub.status.{state}": f"2023-08-18T19:{clock}00000Z"
        for state, clock in (("busy", busy), ("idle", idle))
    }
    return v4.new_code_cell(
        source, outputs=list(outputs), metadata={"execution": stamps}
    )


def shown(*kinds):
    data = dict.fromkeys((*kinds, "text/plain"), "<Figure with 1 Axes>")
    return v4.new_output("display_data", data)


@pytest.fixture
def count(tmp_path):
    """Count a notebook of the given cells, as it is read from a file."""

    def of(*cells):
        path = tmp_path / "section.ipynb"
        nbformat.write(v4.new_notebook(cells=[text(TITLE), *cells]), path)
        return count_d2l.count(path)

    return of


def test_cell_that_installs_d2l_is_not_counted(count):
    install = v4.new_code_cell("!pip install d2l==1.0.3\n")
    other = code(source="%pip list\n!pip install d2l==1.0.3")
    assert count(install, code(), other)["cells"] == 2


def test_topics_are_headings_of_the_second_rank(count):
    found = count(
        text("## First\n:label:`a`\n\n### Inner\n\n##  Two--Spaced  \n\ntext"),
        code(source="## a comment"),
        text(
            "Try:\n\n```python\n## another comment\n```\n\n## Summary of Laws"
        ),
        text("## Summary and Discussion\n\n## Discussion\n\n## Exercises\n"),
    )
    assert found["topics"] == ["First", "Two–Spaced", "Discussion"]
    assert found["title"] == "A Section"


def test_exercises_are_the_outer_items_of_their_own_list(count):
    found = count(
        text("## Norms\n\n1. A norm scales.\n2. It is positive.\n"),
        text(
            "## Exercises\n\n1. One, which\nruns on.\n    1. Part.\n"
            "    1. Part.\n1. Two:\n    ```\n1. no item\n    ```\n"
        ),
        text("10. Ten, in a cell of its own.\n\n[Discussions](a/1.)"),
        text("## Notes\n\n1. No exercise.\n"),
    )
    assert found["exercises"] == 3
    assert count(text("1. No exercise.\n"))["exercises"] == 0


def test_pictures_are_diagrams_and_outputs_that_are_images(count):
    found = count(
        text('![A neuron (source: "B", [C]).\nIn two lines.](neuron.svg)\n'),
        text("[no picture](plot.png)\n\n```\n![no](a)\n```"),
        code(shown("image/svg+xml", "image/png"), shown("image/svg+xml")),
        code(shown(), v4.new_output("stream", text="image/png")),
    )
    assert found["pictures"] == 3


def test_errors_are_cells_that_fail(count):
    failure = v4.new_output("error", ename="E", evalue="", traceback=[])
    warning = v4.new_output("stream", name="stderr", text="Error: no such")
    assert count(code(warning, failure), code(warning))["errors"] == 1


def test_seconds_are_the_sum_of_what_the_cells_took(count):
    first = code(busy="59:58.2", idle="59:59.9")
    later = code(busy="00:10.0", idle="01:12.4")  # the pause between is none
    assert count(first, later)["seconds"] == 64.1
    assert count()["seconds"] == 0


def test_cell_that_was_never_run_has_no_seconds(count):
    with pytest.raises(KeyError, match="execution"):
        count(code(), v4.new_code_cell("x"))


@pytest.mark.parametrize(
    "cells, number",
    [
        ([text("### Analytic Solution\n\nThe solution is x.")], 0),
        ([code(), text("## Exercises\n\n1. What is the solution?\n")], 0),
        ([text("## Solutions\n\n### Solution 1\n\n### Solution 2\n")], 2),
        ([text("## Solutions\n\n1. Yes.\n    1. No.\n1. Two.\n")], 2),
        ([text("**Answer.** Yes.\n\n<details><summary>Answer</summary>")], 2),
        ([code(), text("## Exercises\n\n1. One.\n"), code(), code()], 2),
        (
            [text("## Exercises\n\n1. One.\n\n### Solution 1\n"), code()],
            1,  # its heading and its code are one solution
        ),
    ],
)
def test_solutions_are_counted_where_there_are_any(count, cells, number):
    assert count(*cells)["solutions"] == number


def test_version_is_the_one_that_all_notebooks_install(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path, words in zip(paths, ("1.0.3", "1.0.3", "none"), strict=True):
        path.write_text(f'"!pip install d2l=={words}\\n"', "utf-8")
    assert count_d2l.version(paths) == "1.0.3"
    paths[2].write_text("!pip install d2l==0.17", "utf-8")
    with pytest.raises(ValueError, match="too many"):
        count_d2l.version(paths)


def test_clone_holds_the_commit_that_is_named_not_the_newest(
    tmp_path, monkeypatch
):
    def git(*words):
        done = subprocess.run(
            ["git", "-C", tmp_path / "origin", *words],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    (tmp_path / "origin").mkdir()
    git("init", "-q")
    git("config", "uploadpack.allowReachableSHA1InWant", "true")
    commits = []
    for words in ("old", "new"):
        (tmp_path / "origin" / "page").write_text(words)
        git("add", "page")
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        git(*who, "commit", "-q", "-m", words)
        commits.append(git("rev-parse", "HEAD"))
    monkeypatch.setattr(count_d2l, "REPOSITORY", (tmp_path / "origin").as_uri())
    monkeypatch.setattr(count_d2l, "COMMIT", commits[0])
    (tmp_path / "clone").mkdir()
    count_d2l.clone(tmp_path / "clone")
    assert (tmp_path / "clone" / "page").read_text() == "old"


def test_every_page_names_the_section_that_it_re_teaches():
    found = {count_d2l.source(page) for page in notebooks.pages()}
    assert len(found) == len(notebooks.pages())
    assert "chapter_preliminaries/ndarray.ipynb" in found


def test_stored_counts_were_written_by_the_script():
    stored = (notebooks.ROOT / "site" / "d2l.yml").read_text("utf-8")
    assert stored.startswith(count_d2l.HEADER)
    counts = yaml.safe_load(stored)
    again = yaml.safe_dump(counts, sort_keys=False, allow_unicode=True)
    assert stored == count_d2l.HEADER + again
