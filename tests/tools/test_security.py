"""What runs on a reader's machine, and what may write to the repository.

zizmor and ruff look at the rest: triggers, rights and pins of the workflows,
pickles and archives.
"""

import re

import pytest
import section
import yaml

ROOT = section.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
UNSAFE = r"torch\.load\((?!.*weights_only=True)|allow_pickle=|extractall"
FETCHING = r"\bgit\b|urlopen|curl|wget|\bpip\b"
TO_AN_INDEX = r"pip3? install [^\n`]*\bd2l-?mini\b"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_only_the_job_that_publishes_has_rights_and_it_runs_no_code(path):
    text = path.read_text("utf-8")
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    rights = {name for name, job in jobs.items() if "permissions" in job}
    assert rights <= {"deploy"}
    for step in [step for name in rights for step in jobs[name]["steps"]]:
        assert "run" not in step and "checkout" not in step["uses"]


def test_nothing_of_ours_loads_a_pickle_or_unpacks_and_no_page_fetches():
    folders = "d2lmini", "extensions", "lab", "tools"
    ours = [p for folder in folders for p in (ROOT / folder).rglob("*.py")]
    for path in ours:
        assert not re.search(UNSAFE, path.read_text("utf-8")), path
    for page in section.everything():
        for cell in page.code:
            assert not re.search(f"{UNSAFE}|{FETCHING}", cell.source), cell.id


def test_nobody_is_sent_to_an_index_for_a_package_that_is_not_there():
    """Whoever registered that name could run code on a reader's machine."""
    for path in [*ROOT.glob("*.md"), *section.paths()]:
        assert not re.search(TO_AN_INDEX, path.read_text("utf-8")), path
