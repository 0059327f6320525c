"""What runs on a reader's machine, and what may write to the repository."""

import ast
import re

import nbformat
import notebooks
import pytest
import section
import setup_cell
import yaml
from IPython.core.inputtransformer2 import TransformerManager

ROOT = notebooks.ROOT
WORKFLOWS = {
    path.name: yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
    for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
STEPS = [
    (name, job, step)
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job["steps"]
]

# Workflows.


def test_workflows_start_on_reviewed_code_or_without_rights():
    """`pull_request_target` and its kin hand our rights to anybody's code."""
    assert WORKFLOWS.keys() == {"ci.yml", "pages.yml", "weekly.yml"}
    harmless = {"pull_request", "push", "schedule", "workflow_dispatch"}
    for name, workflow in WORKFLOWS.items():
        assert workflow["on"].keys() <= harmless, name
        if "push" in workflow["on"]:
            assert workflow["on"]["push"] == {"branches": ["main"]}


def test_workflows_may_only_read():
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name


def test_the_only_job_with_more_rights_runs_no_code_of_ours():
    jobs = {
        (name, key): job
        for name, workflow in WORKFLOWS.items()
        for key, job in workflow["jobs"].items()
        if "permissions" in job
    }
    assert jobs.keys() == {("pages.yml", "deploy")}
    ((_, job),) = jobs.items()
    assert job["permissions"] == {"pages": "write", "id-token": "write"}
    assert all("run" not in step for step in job["steps"])


def test_actions_are_githubs_own_and_pinned_by_commit():
    pins = {}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for line in path.read_text("utf-8").splitlines():
            if "uses:" in line:
                pin = (
                    r" +(?:- )?uses: (actions/[\w-]+)@([0-9a-f]{40} # v[\d.]+)"
                )
                action, commit = re.fullmatch(pin, line).groups()
                assert pins.setdefault(action, commit) == commit
    assert len(pins) == 4


def test_no_token_is_left_beside_the_code():
    steps = [s for _, _, s in STEPS if "checkout@" in s.get("uses", "")]
    assert len(steps) > 5
    for step in steps:
        assert step["with"] == {"persist-credentials": "false"}


def test_the_stand_in_is_forbidden_but_for_the_step_that_is_meant_for_it():
    for workflow in WORKFLOWS.values():
        assert workflow["env"] == {"D2LMINI_STANDIN": "never"}
        assert all("env" not in job for job in workflow["jobs"].values())
    others = [s["run"] for _, _, s in STEPS if "D2LMINI_STANDIN" in str(s)]
    assert others == ["make test PYTEST_ARGS=chapters"]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "\nexport D2LMINI_STANDIN=never\nmake lint" in script
    assert script.count("D2LMINI_STANDIN=always make test") == 1


def test_mirrors_are_asked_every_week():
    steps = WORKFLOWS["weekly.yml"]["jobs"]["links"]["steps"]
    assert {"run": "make mirrors"} in steps


def test_the_site_is_served_to_this_machine_alone():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert makefile.count("http.server --bind 127.0.0.1") == 1
    assert makefile.count("http.server") == 1


def test_workflows_know_no_secret_and_insert_no_foreign_text():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "secrets." not in path.read_text("utf-8")
    ours = r"\$\{\{ matrix\.\w+ \}\}"
    for _, _, step in STEPS:
        assert "${{" not in re.sub(ours, "", step.get("run", ""))


def test_packages_are_audited_every_week():
    weekly = WORKFLOWS["weekly.yml"]
    assert re.fullmatch(
        r"\d+ \d+ \* \* \d", weekly["on"]["schedule"][0]["cron"]
    )
    steps = weekly["jobs"]["audit"]["steps"]
    assert steps[-1] == {"run": "make audit"}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = makefile.split("\naudit:")[1].split("\n\n")[0]
    assert re.search(r"install .*pip-audit==\d+\.\d+\.\d+\n", recipe)
    assert "--strict" in recipe  # or what is not found would pass
    listed = recipe.split("-r %,")[1].replace("\\\n", " ").split()
    assert listed[:2] == ["constraints.txt", "requirements.txt"]
    assert listed[2:] == ["$(wildcard", "requirements/*.txt))"]


def test_the_audit_reads_exact_versions():
    paths = [ROOT / "requirements.txt", ROOT / "constraints.txt"]
    for path in [*paths, *(ROOT / "requirements").glob("*.txt")]:
        for line in path.read_text("utf-8").splitlines():
            if line and not re.match(r"#|-c (\.\./)?constraints\.txt$", line):
                assert re.match(r"[\w.-]+==[\w.]+( |;|$)", line), line


# Pickles and archives.

PICKLING = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib"}
PICKLING |= {"shelve", "marshal"}
UNPACKING = {"unpack_archive", "extractall"}
ARCHIVES = {"tarfile", "zipfile"}  # may be written, but not by the package


def words(node):
    """Return the names that a node of a syntax tree mentions."""
    if isinstance(node, ast.Import):
        return {part for a in node.names for part in a.name.split(".")}
    if isinstance(node, ast.ImportFrom):
        named = {alias.name for alias in node.names}
        return named | set((node.module or "").split("."))
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {node.id} if isinstance(node, ast.Name) else set()


def offences(code):
    """Yield what in some code loads a pickle or unpacks an archive."""
    tree = ast.parse(code)
    sure = set()
    for node in ast.walk(tree):
        yield from words(node) & (PICKLING | UNPACKING)
        yield from (w for w in words(node) if w == "read_pickle")
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if (keyword.arg, ast.unparse(keyword.value)) == (
                "weights_only",
                "True",
            ):
                sure.add(node.func)
            if keyword.arg == "allow_pickle":
                yield ast.unparse(keyword)
    mentioned = {word for node in ast.walk(tree) for word in words(node)}
    if mentioned & ARCHIVES:
        yield from mentioned & {"extract"}
    for node in ast.walk(tree):
        called = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        if called == "torch.load" and node not in sure:
            yield called
        if isinstance(node, ast.ImportFrom) and node.module == "torch":
            yield from words(node) & {"load"}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import load",
        "import torch\ntorch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=really)",
        "read = torch.load\nread(path)",
        "from torch import load",
        "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)",
        "zipfile.ZipFile(path).extract(name)",
        "shutil.unpack_archive(path)",
        "archive.extractall()",
    ],
)
def test_offences_are_found(code):
    assert list(offences(code))


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path, weights_only=True)",
        "model.load_state_dict(torch.load(file, weights_only=True))",
        "np.load(path)",
        "gzip.decompress(content)",
    ],
)
def test_what_is_no_offence(code):
    assert not list(offences(code))


def test_the_package_knows_no_archive():
    for path in (ROOT / "d2lmini").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not words(node) & ARCHIVES, path


@pytest.mark.parametrize("folder", ["d2lmini", "tools", "extensions", "lab"])
def test_our_code_loads_no_pickle_and_unpacks_no_archive(folder):
    paths = list((ROOT / folder).rglob("*.py"))
    assert paths
    for path in paths:
        assert not list(offences(path.read_text("utf-8"))), path


def test_no_notebook_loads_a_pickle_or_unpacks_an_archive():
    plain = TransformerManager().transform_cell  # magics become calls
    loads = 0
    for path in section.paths():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert not list(offences(plain(cell.source))), path
                loads += cell.source.count("torch.load(")
    assert loads  # 5.2 shows how it is done


# The one address.


def test_the_set_up_cell_fetches_a_release_of_the_one_address_over_https():
    url, release = "https://github.com/owner/name", "v1.0.0"
    page = "chapters/02-preliminaries/01-data-manipulation.ipynb"
    setup = setup_cell.source(page, "archive", url, release, "sum")
    assert re.findall(r"\w+://[^\"]+", setup) == [url]
    assert "git" not in setup_cell.source(page, "archive", "", release, "sum")


@pytest.mark.parametrize("path", section.paths(), ids=lambda p: p.stem)
def test_no_other_cell_fetches(path):
    cells = nbformat.read(path, as_version=4).cells
    setup = notebooks.frame(path)[1]
    assert [c.source for c in cells if c.id == "setup"] == [setup]
    if path in [page.path for page in section.sections()]:
        for cell in cells:
            if cell.cell_type == "code" and cell.id != "setup":
                fetching = r"\bgit\b|subprocess|urlopen|curl|wget|\bpip\b|^[!%]"
                assert not re.search(fetching, cell.source, re.M), cell.id


def test_nobody_is_sent_to_an_index_for_a_package_that_is_not_there():
    """Whoever registered that name could run code on a reader's machine."""
    for path in [*ROOT.glob("*.md"), *section.paths()]:
        text = path.read_text("utf-8")
        found = re.search(r"pip3? install [^\n`]*\bd2l-?mini\b", text)
        assert found is None, path
