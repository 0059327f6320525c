"""Models and the optimizer: closed forms, and what is kept, built and shown.

What they refuse, `test_bad_input` says.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from line_fit import Batches, Mean
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

torch.manual_seed(0)
X, y = torch.randn(8, 3), torch.randn(8, 1)
LABELS = torch.tensor([[0, 1, 2], [3, 0, 1]])
SCORES = 9 * F.one_hot(LABELS).float()


def classifier(net):
    model = d2l.Classifier()
    model.net, model.lr = net, 0.1
    return model


def test_sgd_takes_an_iterator_and_skips_what_has_no_gradient():
    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = d2l.SGD(iter([used, unused]), lr=1.0)
    used.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert used.tolist() == [0, 0] and unused.tolist() == [1, 1]
    assert used.grad.tolist() == [0, 0] and unused.grad is None


# The loss from scratch has a factor 1/2, so PyTorch's needs half the rate.
CONCISE = d2l.LinearRegression(lr=0.25)
SCRATCH = d2l.LinearRegressionScratch(3, lr=0.5)


@pytest.mark.parametrize("model", [CONCISE, SCRATCH])
def test_a_step_of_linear_regression_is_that_of_the_formula(model):
    model(X)
    w, b = (p.detach().clone() for p in model.parameters())
    error = X @ w.reshape(3, 1) + b - y
    d2l.Trainer(1).fit(model, Batches(lambda: [(X, y)]))
    found = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    step = 0.5 * torch.cat([X.T @ error / 8, error.mean(dim=0, keepdim=True)])
    expected = torch.cat([w.reshape(-1), b]) - step.reshape(-1)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "model",
    [
        d2l.WeightDecay(wd=0.6, lr=0.25),
        d2l.WeightDecayScratch(3, lambd=0.3, lr=0.5, sigma=1),
    ],
)
def test_decay_shrinks_the_weights_and_spares_the_bias(model):
    model(X)
    w, b = model.parameters()
    with torch.no_grad():
        w.fill_(2), b.fill_(3)
    bare = (X.sum(dim=1, keepdim=True) * 2 + 3 - y).mean(dim=0) / 2
    kept = w.detach() * (1 - 0.5 * 0.3)
    d2l.Trainer(1).fit(model, Batches(lambda: [(X, y)]))
    error = X.sum(dim=1, keepdim=True) * 2 + 3 - y
    step = 0.5 * (X.T @ error / 8).reshape(w.shape)
    torch.testing.assert_close(w.detach(), kept - step)
    assert b.item() == pytest.approx(3 - bare.item())


def test_a_validation_loss_holds_no_penalty():
    model = d2l.WeightDecayScratch(3, lambd=5, lr=0.1, sigma=1)
    trained, plain = model.loss(y, y), model.eval().loss(y, y)
    assert plain == 0 and trained.item() == pytest.approx(
        2.5 * (model.w**2).sum().item()
    )


def test_weights_of_a_lazy_layer_start_small_and_stay_so_when_it_is_built():
    """With 2,000 inputs PyTorch's own would be a fifth larger."""
    for num_inputs, num_models in ((2000, 1), (1, 400)):
        models = [d2l.LinearRegression(0.1) for _ in range(num_models)]
        for model in models:
            model(torch.ones(1, num_inputs))
            assert type(model.net) is nn.Linear and model.net.bias == 0
        w = torch.cat([model.get_w_b()[0].flatten() for model in models])
        assert w.mean().item() == pytest.approx(0, abs=0.002)
        assert w.std().item() == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize("sigma", [[], [3.0]])
def test_weights_by_hand_start_as_they_are_told(sigma):
    model = d2l.LinearRegressionScratch(2000, 0.1, *sigma)
    share = model.w / (sigma or [0.01])[0]
    assert share.std().item() == pytest.approx(1, abs=0.1)
    assert share.mean().item() == pytest.approx(0, abs=0.1)
    assert (model.w.shape, model.b.tolist()) == ((2000, 1), [0])
    assert [*model.state_dict()] == ["w", "b"]


def test_weights_are_there_after_they_were_loaded():
    trained, fresh = d2l.LinearRegression(0.1), d2l.LinearRegression(0.1)
    trained(X)
    fresh.load_state_dict(trained.state_dict())
    for ours, theirs in zip(fresh.get_w_b(), trained.get_w_b(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_score_of_nan_has_no_accuracy():
    scores = SCORES.clone()
    scores[0, 1, 3] = torch.nan
    hits = d2l.Classifier().accuracy(scores, 0 * LABELS, averaged=False)
    assert hits.isnan().tolist() == [False, True] + 4 * [False]


def test_labels_off_the_cpu_are_not_waited_for():
    far = SCORES.to("meta"), LABELS.to("meta")  # nobody can look at them
    assert d2l.Classifier().accuracy(*far).is_meta
    assert d2l.cross_entropy(*far).is_meta


def test_an_index_error_that_is_not_about_labels_is_passed_on(monkeypatch):
    monkeypatch.setattr(F, "cross_entropy", lambda *_, **options: [][0])
    with pytest.raises(IndexError, match="list index"):
        d2l.Classifier().loss(SCORES, LABELS)


def test_validation_is_exact_over_batches_of_two_sizes_with_two_inputs():
    labels = torch.arange(8)
    layers = nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout()
    model = classifier(nn.Sequential(*layers))
    model.forward = lambda A, B: model.net(A - B)
    batches = [(2 * X[i], X[i], labels[i]) for i in (slice(5), slice(5, 8))]
    history = d2l.Trainer(1).fit(model, Batches(lambda: batches))
    scores = model.eval()(2 * X, X).detach()
    hits = (scores.argmax(dim=1) == labels).float().mean().item()
    loss = F.cross_entropy(scores, labels).item()
    assert history["val_acc"] == [pytest.approx(hits, abs=1e-7)]
    assert history["val_loss"] == [pytest.approx(loss, rel=1e-6)]


image, table = nn.LazyLinear(8), nn.Embedding(1, 3)  # which takes zeros only
NETS = {  # the layers, the shape of their input, and what is printed
    "image": ([nn.Flatten(), image], (5, 2, 2), "Flatten (5, 4) Linear (5, 8)"),
    "embedding": ([table], (4,), "Embedding (4, 3)"),
    "other type": (nn.Linear(3, 2).double(), (4, 3), "Linear (4, 2)"),
    "elsewhere": (nn.Linear(3, 2).to("meta"), (4, 3), "Linear (4, 2)"),
    "no parameters": ([nn.Flatten()], (5, 2), "Flatten (5, 2)"),
}


@pytest.mark.parametrize("name", NETS)
def test_layer_summary_prints_the_shape_of_each_output(name, capsys):
    layers, X_shape, expected = NETS[name]
    net = nn.Sequential(*layers) if isinstance(layers, list) else layers
    classifier(net).layer_summary(X_shape)
    lines = capsys.readouterr().out.replace(" output shape: ", " ")
    assert " ".join(lines.split()) == expected


def test_layer_summary_changes_nothing():
    norm, dropout = nn.BatchNorm1d(8), nn.Dropout()
    layers = nn.Flatten(), nn.LazyLinear(8), norm, dropout
    model = classifier(nn.Sequential(*layers))
    model.layer_summary((1, 2, 2))
    norm.eval()
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError):
        model.layer_summary((5, 3, 3))
    assert model.training and dropout.training and not norm.training
    assert norm.num_batches_tracked == 0
    assert torch.equal(torch.get_rng_state(), state)


# What holds for every shape and type, tried on many. The examples are the same
# in every run.

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
    assert len(loader.dataset) == num_rows
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        batches = list(loader)
        sizes = [len(X) for X, *_ in batches]
        assert len(sizes) == len(loader) and {*sizes[:-1]} <= {batch_size}
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


@given(st.lists(FLOATS, min_size=1, max_size=12), st.integers(0, 5))
def test_the_board_draws_means_of_every_n(values, every_n):
    board, n = d2l.ProgressBoard(display=False), max(every_n, 1)
    for x, y in enumerate(values):
        board.draw(x, y, "a", every_n)
    points = np.array([*enumerate(values)][: len(values) // n * n])
    means = points.reshape(-1, n, 2).mean(axis=1)
    assert np.allclose(np.reshape(board.data.get("a", []), (-1, 2)), means)
