"""What holds for every shape and type, tried on many (Hypothesis).

The examples are the same in every run: see the profile below.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from line_fit import Batches, Mean

import d2lmini as d2l

settings.register_profile(
    "same", derandomize=True, deadline=None, database=None, max_examples=40
)
settings.load_profile("same")

SIZES = st.integers(1, 6)
FLOATS = st.floats(-1e3, 1e3, width=32)
WHOLE = st.sampled_from([torch.int64, torch.int32, torch.uint8])
DTYPES = st.sampled_from([torch.float32, torch.float64])


@st.composite
def scored(draw):
    """Scores of shape (..., num_classes), and a label for each row of them.

    Labels may be flat, in a column, and of any whole type.
    """
    shape = draw(st.lists(SIZES, min_size=1, max_size=3))
    num_classes = draw(st.integers(2, 5))
    torch.manual_seed(draw(st.integers(0, 999)))
    scores = 30 * torch.randn(*shape, num_classes, dtype=draw(DTYPES))
    labels = torch.randint(num_classes, shape).to(draw(WHOLE))
    forms = labels, labels.unsqueeze(-1), labels.flatten(), labels.view(-1, 1)
    return scores, draw(st.sampled_from(forms))


@given(scored())
def test_accuracy_and_loss_are_those_of_each_row(batch):
    scores, labels = batch
    rows = scores.double().reshape(-1, scores.shape[-1]).numpy()
    true = rows[np.arange(len(rows)), labels.flatten().numpy()]
    losses = np.logaddexp.reduce(rows, axis=1) - true
    model = d2l.Classifier()
    hits, clipped = rows.max(axis=1) == true, losses.clip(max=-np.log(1e-12))
    for found, expected in (
        (model.accuracy(scores, labels, averaged=False), hits),
        (model.accuracy(scores, labels), hits.mean()),
        (model.loss(scores, labels, averaged=False), losses),
        (model.loss(scores, labels), losses.mean()),
        (d2l.cross_entropy(scores.softmax(-1), labels), clipped.mean()),
    ):
        np.testing.assert_allclose(found, expected, 1e-4, 1e-4)


@given(st.integers(0, 20), st.integers(1, 25), st.booleans(), st.booleans())
def test_a_loader_gives_every_row_once(num_rows, batch_size, shuffle, change):
    """Of tensors and arrays, also of types for which PyTorch can do little."""
    numbers = torch.arange(num_rows)
    columns = np.arange(2 * num_rows, dtype=np.uint16).reshape(-1, 2)
    backward = np.arange(num_rows, dtype=">f8")[::-1]
    backward.flags.writeable = False
    tensors = numbers, columns, numbers.to(torch.uint32), backward
    transform = torch.neg if change else None
    loader = d2l.TensorLoader(iter(tensors), 99, shuffle, transform)
    loader.batch_size, orders = batch_size, []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        batches = list(loader)
        sizes = [len(X) for X, *_ in batches]
        assert len(sizes) == len(loader) and sum(sizes) == num_rows
        assert set(sizes[:-1]) <= {batch_size}
        for X, y, z, last in batches:
            assert torch.equal(-X if change else X, z.long())
            assert y.tolist() == [[2 * row, 2 * row + 1] for row in z.tolist()]
            assert torch.equal(last, num_rows - 1.0 - z.double())
        orders.append([row for _, _, z, _ in batches for row in z.tolist()])
        for part in sum(batches, []):
            part.zero_()  # a copy
        assert sorted(orders[-1]) == list(range(num_rows))
    assert orders[0] == orders[1]
    assert (orders[1] != orders[2]) == shuffle or num_rows < 9


@settings(max_examples=15)
@given(st.lists(FLOATS, min_size=1, max_size=20), SIZES, st.integers(1, 2))
def test_history_holds_the_mean_of_all_rows(values, batch_size, num_epochs):
    model = Mean(plot_train_per_epoch=3, plot_valid_per_epoch=2)
    rows = torch.tensor(values)
    data = Batches(lambda: d2l.TensorLoader(rows, batch_size, shuffle=True))
    history = d2l.Trainer(num_epochs).fit(model, data)
    means = pytest.approx([np.mean(values)] * num_epochs, abs=1e-3)
    assert history["train_x"] == means and history["val_x"] == means
    assert history["epoch"] == list(range(1, num_epochs + 1))
    steps = -(-len(values) // batch_size)
    for name, most in (("train_x", 3), ("val_x", 2)):
        points = model.board.data[name]
        assert len(points) == min(steps, most) * num_epochs
        assert [x for x, _ in points] == sorted(x for x, _ in points)


@given(st.lists(FLOATS, min_size=1, max_size=12), st.integers(0, 5))
def test_the_board_draws_means_of_every_n(values, every_n):
    board, n = d2l.ProgressBoard(display=False), max(every_n, 1)
    for x, y in enumerate(values):
        board.draw(x, y, "a", every_n)
    points = np.array([*enumerate(values)][: len(values) // n * n])
    means = points.reshape(-1, n, 2).mean(axis=1)
    assert np.allclose(np.reshape(board.data.get("a", []), (-1, 2)), means)
