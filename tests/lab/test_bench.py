"""What would make the benchmark say something else than it measured."""

import importlib.util

import bench
import measures
import pytest
import torch

NEEDS_LIGHTNING = pytest.mark.skipif(
    importlib.util.find_spec("lightning") is None, reason="it is not installed"
)


PER_SAMPLE = "MLP: per-sample loader against Trainer"


@pytest.mark.parametrize(
    "goal, values, limit, verdict",
    [
        ("", [9], 9, ""),
        ("at most 1 x", [3, 1, 0], 9, "met"),
        ("at most 1", [2, 1.1, 1], None, "missed"),
        ("at least 8 x", [8], 7, "met"),
        ("at least 8 x", [7], 8, "missed"),
        ("at least 8 x", [7], 7.9, "out of reach"),
    ],
)
def test_medians_are_judged_by_goals(goal, values, limit, verdict, monkeypatch):
    monkeypatch.setattr(bench, "GOALS", {PER_SAMPLE: goal})
    found = {PER_SAMPLE: values}
    if limit is not None:
        found[PER_SAMPLE.replace("Trainer", "that loop")] = [limit]
    row = bench.table(found).splitlines()[2].split(" | ")
    value = f"{sorted(values)[len(values) // 2]:.3g}"
    assert row[1:] == [goal.replace(" ", "\xa0"), value, f"{verdict} |"]


def test_ratios_are_taken_within_a_round(monkeypatch):
    times = dict(trainer=2, bare=1, bare_on_bytes=4, lightning=5, per_sample=30)
    monkeypatch.setattr(bench, "alone", lambda *_: times)
    found = bench.measure({bench.epochs: 2})
    assert {*found} <= {*bench.GOALS}
    for model in ("softmax", "MLP"):
        ratios = [found[f"{model}: {what}"] for what in bench.RATIOS]
        assert ratios == [[2, 2], [0.5, 0.5], [15, 15], [7.5, 7.5], [2.5, 2.5]]


LIGHTNING = pytest.param("lightning", marks=NEEDS_LIGHTNING)


@pytest.mark.parametrize("name", ["bare_on_bytes", "trainer", LIGHTNING])
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


def test_measures_run_in_processes_of_their_own():
    peak, copies = bench.alone(measures.memory)
    assert 50 < peak < 500 and 0 <= copies < 5
