"""What a cell shows is compared where nbval does not look.

Each fault was once planted in a page, and went unnoticed there.
"""

import io
import os

import compare
import pytest
from cells import code, error, shown
from matplotlib.figure import Figure

VARIES = ["nbval-ignore-output"]
ERROR = "\x1b[31mValueError\x1b[39m: one"


def figure(slope=9.0, label="1", dpi=200):
    """Return the picture of a curve, its tangent and a number beside them."""
    fig, file = Figure(figsize=(3.5, 2.5)), io.BytesIO()
    ax = fig.add_subplot()
    ax.plot([0, 1, 2, 3], [0, -2, 2, 18], color="C0")
    ax.plot([0, 3], [2 - 2 * slope, 2 + slope], "--", color="C1")
    ax.set(ylim=(-5, 18), xlabel="x")
    ax.text(0.5, 10, label)
    fig.savefig(file, dpi=dpi, format="png")
    return shown(picture=file.getvalue())


@pytest.fixture
def pinned(monkeypatch):
    monkeypatch.setattr(compare, "is_pinned", lambda package: True)


def passes(stored, new, **metadata):
    return compare.differences(code("", *stored, **metadata), new) == []


@pytest.mark.parametrize(
    "stored, new, how, same",
    [
        ("accuracy 0.849", "accuracy 0.856", {}, True),
        ("rows   7,850  loss -0.4", "rows 7,850 loss  -0.5", {}, True),
        ("gap 0.00", "gap 0.01", {}, True),
        ("1.23e-05", "1.24e-05", {}, True),
        ("accuracy 0.829", "accuracy 0.849", {}, False),
        ("accuracy 0.849", "accuracy -0.849", {}, False),
        ("1.23e-05", "1.23e-06", {}, False),
        ("accuracy 0.849", "error 0.849", {}, False),
        ("accuracy 0.849", "accuracy nan", {}, False),
        ("0.17 ms", "1.2 ms", {"within": 20}, True),
        ("0.17 ms", "6.21 ms", {"within": 20}, False),
    ],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_numbers_may_vary_by_a_factor(stored, new, how, same, kind):
    stored, new = [shown(**{kind: stored})], [shown(**{kind: new})]
    assert passes(stored, new, tags=VARIES, **how) == same
    assert passes(new, stored, tags=VARIES, **how) == same
    assert passes(stored, new)  # which nbval compares to the letter


@pytest.mark.parametrize(
    "how, other, same",
    [
        ("fine", {}, True),
        ("fine", {"slope": 8.5}, False),
        ("fine", {"label": "7"}, False),
        ("coarse", {"slope": 8.9}, True),
        ("coarse", {"slope": 4}, False),
        ("size", {"slope": 4}, True),
        ("size", {"dpi": 100}, False),
    ],
)
def test_pictures_may_vary_where_a_cell_says_so(how, other, same, pinned):
    assert passes([figure()], [figure(**other)], picture=how) == same


def test_pictures_of_what_varies_are_compared_coarsely_and_counted(pinned):
    assert passes([figure()], [figure(slope=8.9)], tags=VARIES)
    assert not passes([figure(), figure()], [figure()])


def test_a_traceback_that_is_nonsense_does_not_pass(pinned):
    new = [error("Cell In[4], line 1\n", "File /a/b.py:3, in f", ERROR)]
    assert passes([error("Cell \x1b[3mIn[12]\x1b[9m, line 1\n", ERROR)], new)
    assert not passes([error("nonsense")], new)


def test_what_another_version_drew_or_raised_is_not_compared(monkeypatch):
    monkeypatch.setattr(compare, "is_pinned", lambda package: False)
    assert passes([figure(), error("a")], [figure(slope=4), error("b")])


def test_versions_are_looked_up_in_the_requirements(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    monkeypatch.setattr(compare, "version", lambda package: "1.2")
    (tmp_path / "constraints.txt").write_text("a==1.2.1\na==1.1\nb==1.2")
    pins = "c==1.2; python_version >= '3.11'\nd==1.2; python_version < '3.11'"
    (tmp_path / "requirements.txt").write_text(pins)
    is_pinned = compare.is_pinned.__wrapped__
    assert [is_pinned(name) for name in "abcd"] == [False, True, True, False]


def told(folder, name):
    """Tell whether a file that is written now is noticed."""
    before = compare.listing(folder)
    (folder / name).write_text("one")
    return compare.listing(folder) != before


def test_a_file_left_beside_the_notebook_is_told(tmp_path):
    assert told(tmp_path, "points.csv") and told(tmp_path, "page.ipynb")
    os.utime(tmp_path / "points.csv", (1, 1))
    assert told(tmp_path, "points.csv")  # it was there
    assert not told(tmp_path, "page.ipynb")  # an editor may save it
