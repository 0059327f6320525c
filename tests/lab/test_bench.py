"""What would make the benchmark say something else than it measured."""

import bench
import pytest
import torch

LOADER = "MLP: per-sample loader against"


@pytest.mark.parametrize(
    "goal, value, loop, verdict",
    [
        ("", 9, 9, ""),
        ("at most 1 x", 1, 9, "met"),
        ("at most 1 x", 1.1, 0.9, "missed"),
        ("at least 8 x", 8, 7, "met"),
        ("at least 8 x", 7, 8, "missed"),
        ("at least 8 x", 7, 7.9, "out of reach"),
    ],
)
def test_medians_are_judged_by_goals(goal, value, loop, verdict, monkeypatch):
    goals = {f"{LOADER} Trainer": goal, f"{LOADER} that loop": "at most 1 x"}
    monkeypatch.setattr(bench, "GOALS", goals)
    medians = {f"{LOADER} Trainer": value, f"{LOADER} that loop": loop}
    row, other = (r.split(" | ") for r in bench.table(medians).splitlines()[2:])
    assert row[1:] == [goal.replace(" ", "\xa0"), f"{value}", f"{verdict} |"]
    assert other[3] == ("met |" if loop <= 1 else "missed |")


def test_each_way_is_compared_with_the_one_that_is_named(monkeypatch):
    times = dict(trainer=2, bare=1, bare_on_bytes=4, lightning=5, per_sample=30)
    monkeypatch.setattr(bench, "alone", lambda *_: times)
    found = bench.ratios()
    assert bench.GOALS.keys() <= found.keys()
    assert [*found.values()] == [2, 0.5, 15, 7.5, 2.5] * 2


@pytest.mark.parametrize("name", ["bare_on_bytes", "trainer", "lightning"])
def test_the_ways_that_are_compared_learn_the_same(name, monkeypatch):
    made = []

    class Kept(bench.Model):
        def __init__(self, num_hiddens):
            super().__init__(num_hiddens)
            made.append(self.net)

    monkeypatch.setattr(bench, "Model", Kept)
    for train, kind in (bench.WAYS["bare"], bench.WAYS[name]):
        torch.manual_seed(0)
        train(bench.images(kind, 600, 256), 16, 1)
    for p, q in zip(*(net.parameters() for net in made), strict=True):
        torch.testing.assert_close(p, q)


def test_images_that_are_prepared_one_by_one_are_the_same_images():
    kinds = "bytes", "floats", "samples"
    loaders = [bench.images(kind, 9, 300).val_dataloader() for kind in kinds]
    for (X, y), *others in zip(*loaders, strict=True):
        for X_other, y_other in others:
            assert torch.equal(X, X_other) and torch.equal(y, y_other)
