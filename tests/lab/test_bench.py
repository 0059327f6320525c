"""What would make the benchmark say something else than it measured."""

import importlib.util

import bench
import measures
import pytest
import torch

NEEDS_LIGHTNING = pytest.mark.skipif(
    importlib.util.find_spec("lightning") is None, reason="it is not installed"
)


@pytest.mark.parametrize(
    "values, goal, limit, verdict",
    [
        ([9.0], "x", None, ""),
        ([0.9, 1.0, 1.1], "at most 1 x", None, "met"),
        ([1.0, 1.1, 1.3], "at most 1", None, "within the spread"),
        ([1.2, 1.21, 1.22], "at most 1 x", None, "missed"),
        ([0.9, 1.0, 1.1], "at least 1 x", None, "met"),
        ([0.7, 0.9, 1.0], "at least 1", None, "within the spread"),
        ([0.8, 0.81, 0.82], "at least 1 x", None, "missed"),
        ([7.0], "at least 8 x", 9.0, "missed"),
        ([7.0], "at least 8 x", 7.9, "out of reach"),
        ([8.0], "at least 8 x", 7.9, "met"),
    ],
)
def test_a_goal_is_missed_by_more_than_the_spread(values, goal, limit, verdict):
    assert bench.Row("x", values, goal, limit=limit).verdict == verdict


def test_table():
    rows = [bench.Row("a", [2, 1, 4], "at most 3 s"), bench.Row("b", [1234.5])]
    assert bench.table(rows).splitlines()[2:] == [
        "| a | at_most_3_s | 2.00_s | ±_1 | 3 | met |".replace("_", "\xa0"),
        "| b |  | 1234_s |  | 1 |  |".replace("_", "\xa0"),
    ]


def test_ratios_are_taken_within_a_round(monkeypatch):
    times = dict(trainer=2, bare=1, bare_on_bytes=4, lightning=5, per_sample=30)
    monkeypatch.setattr(bench, "measured", lambda *_, **__: times)
    judged, behind = bench.rows(bench.measure({bench.epochs: 2}))
    values = {row.what.split(": ")[1]: row.values for row in judged}
    assert values == {
        "Trainer with board against the bare loop": [2, 2],
        "the same, loop on the trainer's batches": [0.5, 0.5],
        "per-sample loader against Trainer": [15, 15],
        "the same, that loop instead of Trainer": [7.5, 7.5],
        "Lightning with the same metrics against Trainer": [2.5, 2.5],
    }
    limits = [row.limit for row in judged if "per-sample" in row.what]
    assert limits == [7.5, 7.5]
    assert {row.what for row in behind} >= {"softmax: bare", "MLP: per_sample"}


@pytest.mark.parametrize(
    "name",
    [
        "bare_on_bytes",
        "trainer",
        pytest.param("lightning", marks=NEEDS_LIGHTNING),
    ],
)
def test_the_ways_that_are_compared_learn_the_same(name, monkeypatch):
    made = []

    class Kept(measures.Model):
        def __init__(self, num_hiddens):
            super().__init__(num_hiddens)
            made.append(self.net)

    monkeypatch.setattr(measures, "Model", Kept)
    for train, kind in (measures.WAYS["bare"], measures.WAYS[name]):
        torch.manual_seed(0)
        train(measures.images(kind, 600, 256), 16, 1)
    for p, q in zip(*(net.parameters() for net in made), strict=True):
        torch.testing.assert_close(p, q)


def test_images_that_are_prepared_one_by_one_are_the_same_images():
    kinds = "bytes", "floats", "samples"
    loaders = [measures.images(kind, 9, 300).val_dataloader() for kind in kinds]
    for (X, y), *others in zip(*loaders, strict=True):
        for X_other, y_other in others:
            assert torch.equal(X, X_other) and torch.equal(y, y_other)


def test_measures_print_what_they_found():
    peak, copies = bench.measured("memory")
    assert 50 < peak < 500 and 0 <= copies < 5
