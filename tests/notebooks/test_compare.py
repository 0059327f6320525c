"""What a cell shows is compared where nbval does not look.

Each fault was once planted in a page, and went unnoticed there.
"""

import io
from base64 import b64encode
from types import SimpleNamespace

import compare
import nbformat.v4 as v4
import nbval.plugin
import pytest
from matplotlib.figure import Figure

import conftest

ERROR = "\x1b[31mValueError\x1b[39m: one"


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def figure(slope=9.0, width=3.5, label="1", dpi=200, color="C1"):
    """Return the picture of a curve, its tangent and a number beside them."""
    fig = Figure(figsize=(width, 2.5))
    ax = fig.add_subplot()
    ax.plot([0, 1, 2, 3], [0, -2, 2, 18], color="C0")
    ax.plot([0, 3], [2 - 2 * slope, 2 + slope], "--", color=color)
    ax.set(ylim=(-5, 18), xlabel="x")
    ax.text(0.5, 10, label)
    file = io.BytesIO()
    fig.savefig(file, dpi=dpi, format="png")
    data = {"image/png": b64encode(file.getvalue()).decode()}
    return v4.new_output("display_data", data=data)


def traceback(*lines):
    return v4.new_output(
        "error", ename="ValueError", evalue="one", traceback=list(lines)
    )


def differences(stored, new, **metadata):
    cell = v4.new_code_cell(outputs=stored, metadata=metadata)
    return compare.differences(cell, new)


def varying(stored, new, **metadata):
    """Compare two texts that a cell printed whose numbers vary."""
    tags = ["nbval-ignore-output"]
    return differences([printed(stored)], [printed(new)], tags=tags, **metadata)


@pytest.mark.parametrize(
    "stored, new",
    [
        ("accuracy 0.849", "accuracy 0.849"),
        ("accuracy 0.849", "accuracy 0.856"),
        ("rows   7,850  loss -0.4", "rows 7,850 loss  -0.5"),
        ("gap 0.00", "gap 0.01"),
        ("1.23e-05", "1.24e-05"),
    ],
)
def test_numbers_that_drifted_pass(stored, new):
    assert varying(stored, new) == []
    assert varying(new, stored) == []


@pytest.mark.parametrize(
    "stored, new",
    [
        ("accuracy 0.491", "accuracy 0.849"),  # outside of its band
        ("accuracy 0.829", "accuracy 0.849"),
        ("train 0.867 val 0.432", "train 0.432 val 0.867"),  # exchanged
        ("accuracy 0.849", "accuracy -0.849"),
        ("rows 7,850", "rows 8,850"),
        ("1.23e-05", "1.23e-06"),
        ("accuracy 0.849", "accuracy 0.849 0.849"),
        ("accuracy 0.849", "error 0.849"),
        ("accuracy 0.849", "accuracy nan"),
        ("accuracy 0.849", ""),
    ],
)
def test_other_results_do_not_pass(stored, new):
    assert varying(stored, new)
    assert varying(new, stored)


def test_times_may_vary_more_where_a_cell_says_so():
    assert varying("0.17 ms", "1.2 ms")
    assert varying("0.17 ms", "1.2 ms", within=20) == []
    assert varying("0.17 ms", "6.21 ms", within=20)


def test_tables_are_read_too():
    def table(number):
        data = {"text/html": f"<td>{number}</td>", "text/plain": "a table"}
        return v4.new_output("display_data", data=data)

    tags = ["nbval-ignore-output"]
    assert differences([table(0.4)], [table(0.9)], tags=tags)


def test_the_letters_of_other_cells_are_left_to_nbval():
    assert differences([printed("1")], [printed("2")]) == []


@pytest.fixture
def pinned(monkeypatch):
    monkeypatch.setattr(compare, "is_pinned", lambda package: True)


@pytest.mark.parametrize("how", ["fine", "coarse", "size"])
def test_the_same_picture_passes(how, pinned):
    assert differences([figure()], [figure()], picture=how) == []


@pytest.mark.parametrize(
    "other",
    [
        {"slope": 6.0},
        {"slope": 8.5},
        {"label": "7"},
        {"color": "C2"},
        {"width": 10.5},
        {"dpi": 100},
    ],
)
def test_another_picture_does_not_pass(other, pinned):
    (said,) = differences([figure()], [figure(**other)])
    assert "another size" in said or "points from the left" in said


def test_curves_that_nearly_agree_pass_where_a_cell_says_so(pinned):
    nearly, other = [figure(slope=8.9)], [figure(slope=4)]
    assert differences([figure()], nearly)
    assert differences([figure()], nearly, picture="coarse") == []
    assert differences([figure()], other, picture="coarse")
    assert differences([figure()], other, picture="size") == []
    assert differences([figure()], [figure(dpi=100)], picture="size")


def test_two_pictures_exchanged_do_not_pass(pinned):
    pair = [figure(), figure(slope=4)]
    assert len(differences(pair, pair[::-1])) == 2
    assert differences(pair, pair[:1])


def test_pictures_of_another_matplotlib_are_not_compared(monkeypatch):
    monkeypatch.setattr(compare, "is_pinned", lambda package: False)
    assert differences([figure()], [figure(slope=4)]) == []


@pytest.mark.parametrize(
    "pins, pinned",
    [
        ("pip==1.2", True),
        ("pip==1.2; python_version >= '3.11'", True),
        ("pip==1.2; python_version < '3.11'", False),
        ("pip==1.2.1\npip==1.1", False),
    ],
)
def test_versions_are_looked_up_in_the_requirements(
    pins, pinned, tmp_path, monkeypatch
):
    (tmp_path / "requirements.txt").write_text(pins)
    (tmp_path / "constraints.txt").touch()
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    monkeypatch.setattr(compare, "version", lambda package: "1.2")
    assert compare.is_pinned.__wrapped__("pip") == pinned


def test_traceback_that_is_nonsense_does_not_pass(pinned):
    new = [traceback("Cell In[4], line 1\n", "File /a/b.py:3, in f", ERROR)]
    stored = traceback("Cell \x1b[32mIn[12]\x1b[39m, line 1\n", ERROR)
    assert differences([stored], new) == []
    assert differences([traceback("nonsense")], new)
    assert differences([traceback()], new)


def run_beside(folder, action):
    """Run a cell that does something, as conftest.py has nbval run it."""
    kernel = SimpleNamespace(last_reply={"status": "ok"})
    notebook = SimpleNamespace(path=folder / "page.ipynb", kernel=kernel)
    item = SimpleNamespace(
        parent=notebook,
        cell=v4.new_code_cell("a cell"),
        cell_num=3,
        options={"check_exception": False, "on_standin": False},
        test_outputs=[],
    )
    conftest.runtest(item, run=lambda item: action())


def test_a_file_left_beside_the_notebook_is_named(tmp_path):
    (tmp_path / "page.ipynb").touch()
    left = tmp_path / "points.csv"
    run_beside(tmp_path, lambda: None)
    for action in (left.touch, lambda: left.write_text("1"), left.unlink):
        with pytest.raises(nbval.plugin.NbCellError, match="left points.csv"):
            run_beside(tmp_path, action)
    (tmp_path / "data").mkdir()
    with pytest.raises(nbval.plugin.NbCellError, match="left data.points.csv"):
        run_beside(tmp_path, (tmp_path / "data" / "points.csv").touch)
    with pytest.raises(nbval.plugin.NbCellError, match="left copy.ipynb"):
        run_beside(tmp_path, (tmp_path / "copy.ipynb").touch)
    # An editor may save the page meanwhile.
    run_beside(tmp_path, lambda: (tmp_path / "page.ipynb").write_text("{}"))


def test_a_file_left_above_the_notebook_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    page = tmp_path / "chapters" / "02"
    page.mkdir(parents=True)
    for left in (page.parent / "points.csv", tmp_path / "points.csv"):
        with pytest.raises(nbval.plugin.NbCellError, match="points.csv"):
            run_beside(page, left.touch)
    run_beside(page, (tmp_path / "_build").mkdir)
    run_beside(page, (tmp_path / ".coverage").touch)
