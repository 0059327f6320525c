"""Broken notebooks must fail: conftest.py is tested on tiny bad ones."""

import base64
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat.v4 as v4
import PIL.Image
import pytest

ROOT = Path(__file__).resolve().parents[2]


def cell(source, *outputs, tags=(), count=1):
    return v4.new_code_cell(
        source,
        outputs=list(outputs),
        execution_count=count,
        metadata={"tags": list(tags)},
    )


def printed(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def value(text):
    data = {"text/plain": text}
    return v4.new_output("execute_result", data=data, execution_count=1)


def picture(name="image/png"):
    return v4.new_output("display_data", data={name: "", "text/plain": "x"})


def dot(color):
    """Return a picture of one point, as stored, and code that makes it."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (1, 1), color).save(file, "png")
    data = {"image/png": base64.b64encode(file.getvalue()).decode()}
    data["text/plain"] = "<IPython.core.display.Image object>"
    stored = v4.new_output("display_data", data=data)
    return stored, f"Image(bytes.fromhex('{file.getvalue().hex()}'))"


(RED, MAKE_RED), (BLUE, MAKE_BLUE) = dot("red"), dot("blue")
SHOW = "from IPython.display import Image, display\n"
SHOW += f"handle = display({MAKE_RED}, display_id=True)\n"
UPDATE = SHOW + f"handle.update({MAKE_BLUE})"
VARIES = ["nbval-ignore-output"]
# What each notebook would have to be caught at.
BAD = {
    "drifted-loss": [cell("print('loss 0.4801')", printed("loss 0.4802\n"))],
    "drifted-value": [cell("0.1 + 0.2", value("0.3"))],
    "another-shape": [cell("(2, 3)", value("(3, 2)"))],
    "bad-magic": [cell("%no_such_magic\nprint('not reached')")],
    "dead-kernel": [cell("import os\nos._exit(1)"), cell("1", value("1"))],
    "exception": [cell("1 / 0")],
    "no-exception": [cell("1", value("1"), tags=["raises-exception"])],
    "another-exception": [
        cell(
            "raise ValueError('two')",
            v4.new_output(
                "error", ename="ValueError", evalue="one", traceback=[]
            ),
            tags=["raises-exception"],
        )
    ],
    "new-warning": [cell("import warnings; warnings.warn('new')")],
    "printed-by-c-code": [  # what C code prints arrives a little later
        cell("import os, time\nn = os.write(1, b'hello')\ntime.sleep(1)")
    ],
    "figure-is-missing": [cell("1", value("1"), picture())],
    "semicolon": [cell("5;")],
    "failed-check": [cell("val_acc = 0.1\nassert 0.8 < val_acc < 0.9")],
    "output-is-missing": [cell("print('hello')")],
    "number-outside-its-band": [cell("0.849", value("0.491"), tags=VARIES)],
    "another-picture": [cell(SHOW, BLUE)],
    "another-picture-in-the-end": [cell(UPDATE, RED)],
    "nonsense-traceback": [
        cell(
            "raise ValueError('one')",
            v4.new_output(
                "error", ename="ValueError", evalue="one", traceback=["a"]
            ),
            tags=["raises-exception"],
        )
    ],
}
GOOD = {
    "good": [
        cell("print('loss 0.48')", printed("loss 0.48\n")),
        cell("object()", value("<object at 0x7f0123456789>")),
        cell("0.849", value("0.855"), tags=VARIES),
        cell(SHOW, RED),
        cell(UPDATE, BLUE),
    ],
}
# What must not even be collected, and the complaint.
REFUSED = {
    "not-run": ([cell("1 / 0", count=None)], "saved without being run"),
    "unknown-tag": ([cell("1", tags=["nbval-skip"])], "unknown tags"),
    "comment": ([cell("# NBVAL_IGNORE_OUTPUT\n1")], "by a comment"),
}


def write(folder, notebooks):
    folder.mkdir(parents=True, exist_ok=True)
    kernel = {"display_name": "Python 3", "name": "python3"}
    for name, cells in notebooks.items():
        notebook = v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = kernel
        (folder / f"{name}.ipynb").write_text(v4.writes_json(notebook), "utf-8")


PATHS = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")])}


def pytest_command(*options):
    return [
        *(sys.executable, "-m", "pytest", "-p", "conftest", *options),
        *("-c", ROOT / "pyproject.toml", "--rootdir", ROOT),
    ]


def pytest_run(folder, *options):
    """Run the notebooks of a folder as `make test` does."""
    command = pytest_command("-p", "no:cacheprovider", *options)
    return subprocess.run(
        [*command, folder],
        capture_output=True,
        text=True,
        env=os.environ | PATHS,
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Return what one run over all of them says, and its report."""
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder, BAD | GOOD)
    report = folder / "report.xml"
    done = pytest_run(folder, f"--junitxml={report}")
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout, report


@pytest.fixture(scope="module")
def outcome(everything):
    """Map each notebook to its failures."""
    _, report = everything
    failures = {name: [] for name in BAD | GOOD}
    for case in ElementTree.parse(report).iter("testcase"):
        name = re.search(r"([\w-]+)(\.ipynb)?$", case.get("classname"))[1]
        if name == "ipynb":
            name = case.get("classname").split(".")[-2]
        texts = [node.text or "" for node in case.iter("failure")]
        failures[name.removesuffix(".ipynb")] += texts
    return failures


@pytest.mark.parametrize("name", BAD)
def test_bad_notebook_fails(name, outcome):
    assert outcome[name]


def test_good_notebook_passes(outcome):
    assert outcome["good"] == []


def summary(stdout):
    """Return the lines on cells, which stand last where nothing fails."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", stdout)
    _, _, text = plain.partition(" cells of notebooks ")
    lines = re.split("(?m)^=", text.partition("\n")[2])[0].splitlines()
    return [line for line in lines if line]


def test_the_last_lines_count_the_cells_that_were_compared(everything):
    count = sum(len(cells) for cells in (BAD | GOOD).values())
    assert summary(everything[0]) == [
        f"{count} ran, {count - 2} of them were compared",
        "2 only ran: it varies: near the stored output, and judged by a check",
    ]


@pytest.fixture
def images(tmp_path):
    """A notebook with a cell whose stored value comes from the images."""
    cells = [
        cell("1 + 1", value("3"), tags=["real-data"]),
        cell("1 + 1", value("2"), count=2),
    ]
    write(tmp_path / "pages", {"images": cells})
    return tmp_path / "pages"


def test_cells_on_images_are_relaxed_on_the_stand_in_aloud(images, monkeypatch):
    monkeypatch.setenv("D2LMINI_STANDIN", "always")
    done = pytest_run(images, "-n", "0")
    assert done.returncode == 0
    assert summary(done.stdout) == [
        "2 ran, 1 of them were compared",
        "1 only ran: its images are a stand-in. D2LMINI_STANDIN=always",
    ]


def test_cells_on_images_are_compared_where_it_is_forbidden(
    images, monkeypatch
):
    monkeypatch.setenv("D2LMINI_STANDIN", "never")
    done = pytest_run(images, "-n", "0")
    assert done.returncode == 1
    assert summary(done.stdout)[0] == "2 ran, 2 of them were compared"


def test_it_says_why_there_are_no_images(images, tmp_path, monkeypatch):
    """Such as a cache that cannot be reached, and then no network."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("D2LMINI_STANDIN", "")  # as if unset
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path / "file"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    done = pytest_run(images, "-n", "0")
    assert done.returncode == 0
    first, *why = summary(done.stdout)
    assert first == "2 ran, 1 of them were compared"
    assert "1 only ran: its images are a stand-in" in why[0]
    assert f"{tmp_path / 'file'}" in why[1] and "Not a directory" in why[1]


def test_a_home_that_nobody_has_is_named(images, monkeypatch):
    monkeypatch.delenv("D2LMINI_STANDIN", raising=False)
    monkeypatch.setenv("D2LMINI_DATA", "~nobody-of-that-name/x")
    done = pytest_run(images, "-n", "0")
    assert "ERROR: The home folder that D2LMINI_DATA=~nobody" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_other_numerics_reach_the_kernel_and_a_user_s_settings_do_not(
    tmp_path, monkeypatch
):
    names = "OMP_NUM_THREADS", "MPLBACKEND"
    code = f"import os\nfor name in {names}:\n    print(os.environ.get(name))"
    backend = "module://matplotlib_inline.backend_inline"
    output = printed(f"2\n{backend}\n")
    write(tmp_path, {"environment": [cell(code, output)]})
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("D2LMINI_NUMERICS", "OMP_NUM_THREADS=2")
    done = pytest_run(tmp_path, "-n", "0")
    assert done.returncode == 0, done.stdout


def test_it_runs_from_any_folder_and_where_nothing_can_be_written(
    tmp_path, monkeypatch
):
    write(tmp_path, {"good": GOOD["good"]})
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [*pytest_command("-n", "0"), "-o", "cache_dir=/proc/nothing", "."],
        capture_output=True,
        text=True,
        env=os.environ | PATHS,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_dead_kernel_is_named(outcome):
    assert "the kernel died in this cell" in outcome["dead-kernel"][0]


def test_some_notebooks_are_refused(tmp_path):
    write(tmp_path, {name: cells for name, (cells, _) in REFUSED.items()})
    done = pytest_run(tmp_path, "-n", "0")
    assert done.returncode != 0
    for name, (_, complaint) in REFUSED.items():
        found = f"{name}.ipynb, cell 0 [^;]*{complaint}"
        assert re.search(found, done.stdout + done.stderr)


def sanitized(text):
    """Return a text as nbval compares it."""
    lines = (
        (ROOT / "tests" / "notebooks" / "sanitize.cfg")
        .read_text("utf-8")
        .splitlines()
    )
    patterns = [x.removeprefix("regex: ") for x in lines if "regex: " in x]
    assert patterns
    for pattern in patterns:
        text = re.sub(pattern, "REPLACED", text)
    return text


@pytest.mark.parametrize(
    "text", ["loss 0.4802", "val_acc 0.833", "(3, 4)", "203530", "1e-05", "0x1"]
)
def test_numbers_come_through_the_sanitizer(text):
    assert sanitized(text) == text


def test_addresses_do_not():
    assert sanitized("<a at 0x7f01234567>") == "<a at REPLACED>"
