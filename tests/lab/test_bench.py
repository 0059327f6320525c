"""What the benchmark computes: medians, spreads, verdicts, tables."""

import importlib.util
import os
import platform
import subprocess
import sys

import bench
import measures
import pytest
import torch

HAS_LIGHTNING = importlib.util.find_spec("lightning") is not None


@pytest.mark.parametrize(
    "values, spread",
    [([3.0], 0), ([1, 2, 9], 1), ([1, 1, 1, 1, 50], 0), ([1, 2, 4, 8], 1.5)],
)
def test_spread_is_where_half_of_the_rounds_lie(values, spread):
    assert bench.Row("x", values).spread == spread


@pytest.mark.parametrize(
    "values, goal, limit, verdict",
    [
        ([9.0], "", None, ""),
        ([0.9, 1.0, 1.1], "at most 1", None, "met"),
        ([1.0, 1.1, 1.3], "at most 1", None, "within the spread"),
        ([1.2, 1.21, 1.22], "at most 1", None, "missed"),
        ([0.9, 1.0, 1.1], "at least 1", None, "met"),
        ([0.7, 0.9, 1.0], "at least 1", None, "within the spread"),
        ([0.8, 0.81, 0.82], "at least 1", None, "missed"),
        ([7.0], "at least 8", 9.0, "missed"),
        ([7.0], "at least 8", 7.9, "out of reach"),
        ([8.0], "at least 8", 7.9, "met"),
    ],
)
def test_a_goal_is_missed_by_more_than_the_spread(values, goal, limit, verdict):
    assert bench.Row("x", values, goal, limit=limit).verdict == verdict


def test_table():
    rows = [
        bench.Row("a", [2.0, 1.0, 4.0], "at most 3", " s"),
        bench.Row("b", [1234.5]),
    ]
    assert bench.table(rows).splitlines()[2:] == [
        "| a | at_most_3_s | 2.00_s | ±_1 | 3 | met |".replace("_", "\xa0"),
        "| b |  | 1234 |  | 1 |  |",
    ]


def test_rounds_change_the_order():
    orders = [bench.turned("abc", i) for i in range(4)]
    assert ["".join(order) for order in orders] == ["abc", "bca", "cab", "abc"]


def test_ratios_are_taken_within_a_round():
    found = [
        dict(trainer=2, bare=1, bare_on_bytes=4, per_sample=30, lightning=4),
        dict(trainer=4, bare=4, bare_on_bytes=4, per_sample=80, lightning=4),
    ]
    rows = bench.judged("softmax", found)
    assert [row.values for row in rows] == [[2, 1], [0.5, 1], [15, 20], [2, 1]]
    assert [row.limit for row in rows] == [None, None, 13.75, None]
    assert [row.goal[:8].strip() for row in rows] == (
        ["at most", "", "at least", "at least"]
    )


@pytest.fixture
def models(monkeypatch):
    """Collect the models that the loops make."""
    made = []

    class Kept(measures.Model):
        def __init__(self, num_hiddens):
            super().__init__(num_hiddens)
            made.append(self.net)

    monkeypatch.setattr(measures, "Model", Kept)
    return made


@pytest.mark.parametrize("name", ["bare_on_bytes", "trainer", "lightning"])
def test_the_loops_that_are_compared_do_the_same(name, models):
    if name == "lightning" and not HAS_LIGHTNING:
        pytest.skip("lightning is not installed")
    data = measures.Images(600, 256)
    for loop in ("bare", name):
        torch.manual_seed(0)
        assert getattr(measures, loop)(data, 16, 2) > 0
    for p, q in zip(*(net.parameters() for net in models), strict=True):
        torch.testing.assert_close(p, q)


def test_images_prepared_one_by_one_are_the_same_images():
    data = measures.Images(300, 20)
    ours, theirs = data, measures.PerSampleImages(data)
    pairs = zip(ours.val_dataloader(), theirs.val_dataloader(), strict=True)
    for (X, y), (X_one, y_one) in pairs:
        assert torch.equal(X, X_one) and torch.equal(y, y_one)


def test_the_share_of_the_board_is_a_share():
    share = measures.board_share(measures.Images(2_000, 256), 64, 2)
    assert 0 < share < 1


def test_a_kernel_counts_pictures_and_a_process_measures_memory():
    code = (
        "import json, d2lmini as d2l\n"
        "d2l.set_style(); board = d2l.ProgressBoard('x')\n"
        "board.draw(0, 1, 'a'); board.redraw(); print(json.dumps({'b': 2}))"
    )
    assert bench.in_kernel(code) == ({"b": 2}, 1)
    peak, copies = bench.in_process(bench.call("memory"))
    assert 50 < peak < 500 and 0 <= copies < 5


def test_what_is_not_a_full_run_writes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench.py", "--rounds", "1", "--without"])
    monkeypatch.setattr(
        bench,
        "measure",
        lambda parts, rounds: ([bench.Row("x", [2], "at most 1")], [], []),
    )
    monkeypatch.setattr(bench, "machine", lambda: "A machine.")
    monkeypatch.setattr(bench, "lacking", lambda: "")
    monkeypatch.setenv("D2LMINI_STANDIN", "auto")
    monkeypatch.setattr(bench, "write", lambda *_: pytest.fail("it wrote"))
    assert bench.main() is True
    assert "nothing was written" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["nothing", "half"])
def test_without_the_published_images_it_says_so_at_once(what, tmp_path):
    names = "train-images", "train-labels", "t10k-images", "t10k-labels"
    folder = tmp_path / "FashionMNIST" / "raw"
    if what == "half":
        folder.mkdir(parents=True)
        for name in names:
            (folder / f"{name}-idx3-ubyte.gz").write_bytes(b"half")
    done = subprocess.run(
        [sys.executable, bench.__file__],
        env=os.environ | {"D2LMINI_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        "The published images are measured on. "
        f"{folder / 'train-images-idx3-ubyte.gz'} is not there, or not whole: "
        "`make images` fetches it.\n"
    )


@pytest.mark.skipif(not HAS_LIGHTNING, reason="lightning is not installed")
def test_the_machine_is_described_without_its_name():
    assert platform.node() not in bench.machine()
    assert f"Python {platform.python_version()}" in bench.machine()
