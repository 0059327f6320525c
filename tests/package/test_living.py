"""What a living figure takes along from the notebook that draws it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import d2lmini as d2l
from d2lmini.support import pictures
from d2lmini.support.living import SIGNS


def test_its_numbers_lie_beside_its_picture():
    fig = d2l.plotting.pyplot().figure(figsize=(2, 1))
    points = torch.tensor([[1 / 3, 2.0]])
    d2l.living(fig, "map", shows={"loss": 0.1 + 0.2}, points=points, n=(3, "a"))
    _, about = pictures.png(fig)
    assert about["living"] == {
        "name": "map",
        "shows": {"loss": 0.3},
        "data": {"points": [[0.333333, 2.0]], "n": [3, "a"]},
        "load": {},
    }
    plain = d2l.plotting.pyplot().figure(figsize=(2, 1))
    assert "living" not in pictures.png(plain)[1]


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=6, max_size=6))
def test_packed_numbers_are_nearly_the_same(values):
    matrix = torch.tensor(values).reshape(3, 2)
    packed = d2l.pack(matrix)
    pairs = zip(packed["codes"][::2], packed["codes"][1::2], strict=True)
    levels = [64 * SIGNS.index(a) + SIGNS.index(b) for a, b in pairs]
    assert set(levels) <= set(range(4096))
    found = torch.tensor(levels).reshape(3, 2) * torch.tensor(packed["step"])
    found += torch.tensor(packed["low"])
    ranges = matrix.amax(dim=0) - matrix.amin(dim=0)
    assert ((found - matrix).abs() <= ranges / 8190 + 1e-4).all()


def test_a_column_of_equal_numbers_is_packed():
    assert d2l.pack(torch.ones(2, 1))["codes"] == "AAAA"
    assert d2l.pack(torch.ones(2, 1))["low"] == pytest.approx([1])
