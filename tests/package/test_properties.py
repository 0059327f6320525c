"""What holds for every shape and type, tried on many (Hypothesis).

The examples are the same in every run: see the profile below.
"""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import d2lmini as d2l
from d2lmini.support import arrays
from d2lmini.support.resizing import resize

settings.register_profile(
    "same everywhere",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=40,
)
settings.load_profile("same everywhere")

SIZES = st.integers(1, 6)
FLOATS = st.floats(-1e3, 1e3, width=32)
DTYPES = st.sampled_from([torch.float32, torch.float64])


@st.composite
def scored(draw):
    """Scores of shape (..., num_classes), and a label for each row of them."""
    shape = draw(st.lists(SIZES, min_size=1, max_size=3))
    num_classes = draw(st.integers(2, 5))
    torch.manual_seed(draw(st.integers(0, 999)))
    scores = 30 * torch.randn(*shape, num_classes, dtype=draw(DTYPES))
    return scores, torch.randint(num_classes, shape)


@given(scored())
def test_accuracy_counts_rows(batch):
    scores, labels = batch
    rows = scores.reshape(-1, scores.shape[-1]).tolist()
    hits = [
        max(row) == row[label]
        for row, label in zip(rows, labels.flatten().tolist(), strict=True)
    ]
    model = d2l.Classifier()
    assert model.accuracy(scores, labels, averaged=False).tolist() == hits
    mean = sum(hits) / len(hits)
    assert model.accuracy(scores, labels).item() == pytest.approx(mean)


@given(scored())
def test_loss_is_log_sum_exp_minus_the_true_score(batch):
    scores, labels = batch
    true = scores.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    expected = (scores.logsumexp(dim=-1) - true).flatten()
    model = d2l.Classifier()
    each = model.loss(scores, labels, averaged=False)
    torch.testing.assert_close(each, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.loss(scores, labels), each.mean())


@given(scored(), st.integers(-3, 9), st.integers(0, 215))
def test_a_label_is_a_class_or_an_error(batch, label, place):
    scores, labels = batch
    labels = labels.flatten()
    labels[place % len(labels)] = label
    labels = labels.reshape(scores.shape[:-1])
    model = d2l.Classifier()
    if 0 <= label < scores.shape[-1]:
        assert model.loss(scores, labels).isfinite()
    else:
        with pytest.raises(ValueError, match=f"Label {label} is not"):
            model.loss(scores, labels)


@given(st.lists(SIZES, max_size=3), st.lists(SIZES, max_size=3), DTYPES)
def test_squared_losses_take_one_shape_only(first, second, dtype):
    y_hat, y = torch.ones(first, dtype=dtype), torch.zeros(second, dtype=dtype)
    for model, expected in (
        (d2l.LinearRegression(0.1), 1),
        (d2l.LinearRegressionScratch(1, 0.1), 0.5),
    ):
        if first == second:
            assert model.loss(y_hat, y) == expected
        else:
            with pytest.raises(
                ValueError, match="reshape one of them|must be the same"
            ):
                model.loss(y_hat, y)


@given(st.integers(0, 40), st.integers(1, 50), st.booleans(), st.booleans())
def test_a_loader_gives_every_row_once(num_rows, batch_size, shuffle, change):
    tensors = torch.arange(num_rows), torch.arange(2 * num_rows).reshape(-1, 2)
    transform = torch.neg if change else None
    loader = d2l.TensorLoader(tensors, batch_size, shuffle, transform)
    batches = list(loader)
    sizes = [len(X) for X, _ in batches]
    assert len(batches) == len(loader)
    assert sum(sizes) == num_rows and set(sizes[:-1]) <= {batch_size}
    for X, y in batches:
        rows = -X if change else X
        assert torch.equal(y, torch.stack([2 * rows, 2 * rows + 1], dim=1))
    seen = [abs(row) for X, _ in batches for row in X.tolist()]
    assert sorted(seen) == list(range(num_rows))
    assert shuffle or seen == sorted(seen)


class Recorder(d2l.Module):
    """Records given values, as many a batch as there are rows in it."""

    def configure_optimizers(self):
        self.w = torch.zeros(1, requires_grad=True)
        return d2l.SGD([self.w], lr=0.5)

    def training_step(self, batch):
        self.plot("mean", batch[0].mean(), train=True)
        return self.w.sum()

    def validation_step(self, batch):
        self.plot("mean", batch[0].mean().item(), train=False)


class Numbers(d2l.DataModule):
    def __init__(self, values, batch_size):
        super().__init__()
        self.save_hyperparameters()
        self.values = torch.tensor(values)

    def get_dataloader(self, train):
        return self.get_tensorloader((self.values,), train)


@settings(max_examples=15)
@given(st.lists(FLOATS, min_size=1, max_size=20), SIZES, st.integers(1, 2))
def test_history_holds_the_mean_of_all_rows(values, batch_size, num_epochs):
    model = Recorder(plot_train_per_epoch=3, plot_valid_per_epoch=2)
    model.board.display = False
    trainer = d2l.Trainer(num_epochs)
    history = trainer.fit(model, Numbers(values, batch_size))
    mean = pytest.approx(np.mean(values), abs=1e-3)
    for name in ("train_mean", "val_mean"):
        assert history[name] == [mean] * num_epochs
    assert history["epoch"] == list(range(1, num_epochs + 1))
    steps = -(-len(values) // batch_size)
    assert (
        trainer.train_batch_idx == trainer.val_batch_idx == steps * num_epochs
    )
    for name, most in (("train_mean", 3), ("val_mean", 2)):
        points = model.board.data[name]
        assert len(points) == min(steps, most) * num_epochs
        assert [x for x, _ in points] == sorted(x for x, _ in points)


@given(
    st.lists(st.lists(SIZES, max_size=2), min_size=1, max_size=3),
    DTYPES,
    st.floats(0, 2),
)
def test_sgd_steps_as_torch_s_does(shapes, dtype, lr):
    torch.manual_seed(0)
    ours = [
        torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes
    ]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    for params, kind in ((ours, d2l.SGD), (theirs, torch.optim.SGD)):
        optimizer = kind(params, lr)
        for _ in range(2):
            optimizer.zero_grad()
            sum((p**2).sum() for p in params).backward()
            optimizer.step()
    torch.testing.assert_close(ours, theirs)


@given(st.lists(SIZES, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_curves_are_taken_apart_alike(lengths, as_tensor, several):
    rows = [np.arange(n + 1.0) for n in lengths]
    given_ = rows if several else rows[0]
    if as_tensor and several:
        given_ = [torch.tensor(row, requires_grad=True) for row in rows]
    elif as_tensor:
        given_ = torch.tensor(rows[0])
    series = arrays.to_series(given_)
    expected = rows if several else rows[:1]
    assert [s.tolist() for s in series] == [row.tolist() for row in expected]


@given(SIZES, st.integers(2, 6), st.sampled_from(["list", "array", "tensor"]))
def test_a_matrix_is_a_curve_a_row(num_rows, num_columns, kind):
    matrix = np.arange(num_rows * num_columns).reshape(num_rows, num_columns)
    forms = {"list": matrix.tolist(), "array": matrix}
    series = arrays.to_series(forms.get(kind, torch.from_numpy(matrix)))
    assert [s.tolist() for s in series] == matrix.tolist()


@given(
    st.dictionaries(
        st.text("abcxyz", min_size=1, max_size=3).map(
            lambda name: "arg_" + name
        ),
        st.one_of(st.none(), st.integers(), st.text()),
        max_size=5,
    ),
    st.data(),
)
def test_all_arguments_but_the_ignored_are_saved(arguments, data):
    names = sorted(arguments)
    ignored = data.draw(st.lists(st.sampled_from(names or ["none"])))

    class Thing(d2l.HyperParameters):
        def __init__(self, first=0, **others):
            self.save_hyperparameters(ignore=ignored)

    expected = {k: v for k, v in arguments.items() if k not in ignored}
    thing = Thing(1, **arguments)
    assert thing.hparams == {"first": 1} | expected
    assert vars(thing) == {"hparams": thing.hparams} | thing.hparams


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_resized_images_keep_their_range(height, width, num_images):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_images, 28, 28), dtype=np.uint8)
    resized = resize(images, (height, width))
    assert resized.shape == (num_images, height, width)
    assert resized.dtype == np.uint8
    flat = np.full_like(images, 77)
    assert (resize(flat, (height, width)) == 77).all()
    if (height, width) == (28, 28):
        assert np.array_equal(resized, images)


@given(
    st.one_of(st.integers(-5, 5), st.floats(), st.text(max_size=3), st.none())
)
def test_a_number_from_the_bound_on_passes(value):
    number = isinstance(value, (int, float))
    for check, fits in (
        (d2l.support.checks.check_numbers, number and value >= 1),
        (d2l.support.checks.check_whole, isinstance(value, int) and value >= 1),
    ):
        for form in [value, torch.tensor(value)] if number else [value]:
            if fits:
                check(1, name=form)
            else:
                with pytest.raises(
                    ValueError, match="name must be a .*at least 1"
                ):
                    check(1, name=form)


@given(st.lists(FLOATS, min_size=1, max_size=12), st.integers(0, 5))
def test_the_board_draws_means_of_every_n(values, every_n):
    board = d2l.ProgressBoard("x")
    for x, y in enumerate(values):
        board.draw(x, y, "a", every_n)
    n = max(every_n, 1)
    full = len(values) // n
    groups = [values[i * n : (i + 1) * n] for i in range(full)]
    points = board.data.get("a", [])
    assert [y for _, y in points] == pytest.approx([np.mean(g) for g in groups])
    assert [x for x, _ in points] == [i * n + (n - 1) / 2 for i in range(full)]


@given(st.floats(0.01, 5), st.lists(FLOATS, min_size=1, max_size=6))
def test_clipping_keeps_direction_and_bounds_length(bound, gradient):
    model = d2l.LinearRegressionScratch(len(gradient), 0.1)
    before = torch.tensor(gradient).reshape(-1, 1)
    assume(before.norm() > 1e-3)
    model.w.grad, model.b.grad = before.clone(), torch.zeros(1)
    d2l.Trainer(1).clip_gradients(bound, model)
    after = model.w.grad
    assert after.norm() <= bound * 1.0001
    cosine = F.cosine_similarity(before, after, dim=0).item()
    assert cosine == pytest.approx(1, abs=1e-3)
    if before.norm() < bound * 0.999:
        torch.testing.assert_close(after, before)
