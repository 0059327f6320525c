"""What runs on a reader's machine, and what may write to the repository.

zizmor and ruff look at the rest: triggers, rights and pins of the workflows,
pickles and archives.
"""

import ast
import re

import nbformat
import pytest
import section
import stamping
import yaml
from IPython.core.inputtransformer2 import TransformerManager

ROOT = section.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FOLDERS = "d2lmini", "extensions", "lab", "tools"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_only_the_job_that_publishes_has_rights_and_it_runs_no_code(path):
    text = path.read_text("utf-8")
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    rights = {name for name, job in jobs.items() if "permissions" in job}
    assert rights <= {"deploy"}
    for step in [step for name in rights for step in jobs[name]["steps"]]:
        assert "run" not in step and "checkout" not in step["uses"]


def offences(code):
    """Yield what in some code loads a pickle or unpacks an archive."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and node.attr == "extractall":
            yield node.attr
        if isinstance(node, ast.Call):
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            called = ast.unparse(node.func)
            if called == "torch.load" and given.get("weights_only") != "True":
                yield called
            if given.get("allow_pickle", "False") != "False":
                yield called


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=really)",
        "np.load(path, allow_pickle=True)",
        "archive.extractall()",
    ],
)
def test_offences_are_found(code):
    assert list(offences(code))
    assert not list(offences("model.f(torch.load(file, weights_only=True))"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_our_code_loads_no_pickle_and_unpacks_no_archive(folder):
    for path in (ROOT / folder).rglob("*.py"):
        assert not list(offences(path.read_text("utf-8"))), path


@pytest.mark.parametrize("path", section.paths(), ids=lambda path: path.stem)
def test_no_page_loads_a_pickle_or_fetches(path):
    plain = TransformerManager().transform_cell  # magics become calls
    setup = stamping.frame(path)[1]
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and cell.id != "setup":
            assert not list(offences(plain(cell.source))), cell.id
            fetching = r"\bgit\b|urlopen|curl|wget|\bpip\b|^[!%]"
            assert not re.search(fetching, cell.source, re.M), cell.id
        if cell.id == "setup":
            assert cell.source == setup


def test_nobody_is_sent_to_an_index_for_a_package_that_is_not_there():
    """Whoever registered that name could run code on a reader's machine."""
    for path in [*ROOT.glob("*.md"), *section.paths()]:
        text = path.read_text("utf-8")
        found = re.search(r"pip3? install [^\n`]*\bd2l-?mini\b", text)
        assert found is None, path
