"""Models and the optimizer: closed forms, and what is kept, built and shown.

What they refuse, `test_bad_input` says.
"""

import numpy as np
import pytest
import torch
from line_fit import Batches
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

torch.manual_seed(0)
X, y = torch.randn(8, 3), torch.randn(8, 1)
LABELS = torch.tensor([[0, 1, 2], [3, 0, 1]])
SCORES = 9 * F.one_hot(LABELS).float()


def test_sgd_takes_an_iterator_and_skips_what_has_no_gradient():
    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = d2l.SGD(iter([used, unused]), lr=1.0)
    used.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert used.tolist() == [0, 0] and unused.tolist() == [1, 1]
    assert used.grad.tolist() == [0, 0] and unused.grad is None


# The loss from scratch has a factor 1/2, so PyTorch's needs half the rate, and
# decay that is twice as strong.
MODELS = [
    (d2l.LinearRegression(lr=0.25), 0),
    (d2l.LinearRegressionScratch(3, lr=0.5), 0),
    (d2l.WeightDecay(wd=0.6, lr=0.25), 0.3),
    (d2l.WeightDecayScratch(3, lambd=0.3, lr=0.5, sigma=1), 0.3),
]


@pytest.mark.parametrize("model, lambd", MODELS)
def test_a_step_is_that_of_the_formula_and_decay_spares_the_bias(model, lambd):
    model(X)
    w, b = model.parameters()
    with torch.no_grad():
        w.copy_(torch.arange(3.0).reshape(w.shape)), b.fill_(3)
    before = torch.arange(3.0).reshape(3, 1)
    error = X @ before + 3 - y
    d2l.Trainer(1).fit(model, Batches(lambda: [(X, y)]))
    expected = before - 0.5 * (X.T @ error / 8 + lambd * before)
    torch.testing.assert_close(w.detach().reshape(3, 1), expected)
    torch.testing.assert_close(b.detach(), 3 - 0.5 * error.mean(dim=0))


def test_a_validation_loss_holds_no_penalty():
    model = d2l.WeightDecayScratch(3, lambd=5, lr=0.1, sigma=1)
    assert torch.isclose(model.loss(y, y), 2.5 * (model.w**2).sum())
    assert model.eval().loss(y, y) == 0


def test_weights_start_as_they_are_told_and_may_be_loaded():
    """With 2,000 inputs PyTorch's own would be a fifth larger."""
    small = d2l.LinearRegressionScratch(2000, 0.1)
    large = d2l.LinearRegressionScratch(2000, 0.1, sigma=3)
    trained, loaded = d2l.LinearRegression(0.1), d2l.LinearRegression(0.1)
    trained(torch.ones(1, 2000))  # builds its layer
    loaded.load_state_dict(trained.state_dict())
    w, b = loaded.get_w_b()
    for weights, sigma in ((small.w, 0.01), (large.w, 3), (w, 0.01)):
        assert weights.mean().item() == pytest.approx(0, abs=0.1 * sigma)
        assert weights.std().item() == pytest.approx(sigma, rel=0.1)
    assert type(trained.net) is nn.Linear and b == small.b == 0
    assert [*small.state_dict()] == ["w", "b"]


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
    labels, model = torch.arange(8), d2l.SoftmaxRegression(8, 0.1)
    model.net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout())
    model.forward = lambda A, B: model.net(A - B)
    batches = [(2 * X[i], X[i], labels[i]) for i in (slice(5), slice(5, 8))]
    history = d2l.Trainer(1).fit(model, Batches(lambda: batches))
    scores = model.eval()(2 * X, X).detach()
    for name, method in (("val_acc", model.accuracy), ("val_loss", model.loss)):
        assert history[name] == [pytest.approx(method(scores, labels).item())]


image, table = nn.LazyLinear(8), nn.Embedding(1, 3)  # which takes zeros only
NETS = {  # the layers, the shape of their input, and what is printed
    "image": ([nn.Flatten(), image], (5, 2, 2), "Flatten (5, 4) Linear (5, 8)"),
    "embedding": ([table], (4,), "Embedding (4, 3)"),
    "other type": (nn.Linear(3, 2).double(), (4, 3), "Linear (4, 2)"),
    "elsewhere": (nn.Linear(3, 2).to("meta"), (4, 3), "Linear (4, 2)"),
    "no parameters": ([nn.Flatten()], (5, 2), "Flatten (5, 2)"),
}


def with_net(net):
    model = d2l.Classifier()
    model.net = net
    return model


@pytest.mark.parametrize("name", NETS)
def test_layer_summary_prints_the_shape_of_each_output(name, capsys):
    layers, X_shape, expected = NETS[name]
    net = nn.Sequential(*layers) if isinstance(layers, list) else layers
    with_net(net).layer_summary(X_shape)
    lines = capsys.readouterr().out.replace(" output shape: ", " ")
    assert " ".join(lines.split()) == expected


def test_layer_summary_changes_nothing():
    norm, dropout = nn.BatchNorm1d(8), nn.Dropout()
    layers = nn.Flatten(), nn.LazyLinear(8), norm, dropout
    model = with_net(nn.Sequential(*layers))
    model.layer_summary((1, 2, 2))
    norm.eval()
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError):
        model.layer_summary((5, 3, 3))
    assert model.training and dropout.training and not norm.training
    assert norm.num_batches_tracked == 0
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (3, 1, 2)], ids=str)
def test_accuracy_and_loss_are_those_of_each_row(shape, dtype):
    scores = 30 * torch.randn(*shape, 4)
    labels = torch.randint(4, shape).to(dtype)
    rows = scores.double().reshape(-1, 4).numpy()
    true = rows[np.arange(len(rows)), labels.flatten().numpy()]
    losses = np.logaddexp.reduce(rows, axis=1) - true
    hits, clipped = rows.max(axis=1) == true, losses.clip(max=-np.log(1e-12))
    model, column = d2l.Classifier(), labels.unsqueeze(-1)
    for Y in (labels, column, labels.flatten(), column.reshape(-1, 1)):
        for found, expected in (
            (model.accuracy(scores, Y, averaged=False), hits),
            (model.accuracy(scores, Y), hits.mean()),
            (model.loss(scores, Y, averaged=False), losses),
            (model.loss(scores, Y), losses.mean()),
            (d2l.cross_entropy(scores.softmax(-1), Y), clipped.mean()),
        ):
            np.testing.assert_allclose(found, expected, 1e-4, 1e-4)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("num_rows, batch_size", [(0, 3), (9, 3), (20, 7)])
def test_a_loader_gives_every_row_once(num_rows, batch_size, shuffle):
    """Of tensors and arrays, also of types for which PyTorch can do little."""
    numbers, orders = torch.arange(num_rows), []
    columns = np.arange(2 * num_rows, dtype=np.uint16).reshape(-1, 2)
    backward = np.arange(num_rows, dtype=">f8")[::-1]
    tensors = iter([numbers, columns, numbers.to(torch.uint32), backward])
    loader = d2l.TensorLoader(tensors, batch_size, shuffle, torch.neg)
    assert len(loader.dataset) == num_rows
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        batches = list(loader)
        assert len(batches) == len(loader)
        assert all(len(batch[0]) == batch_size for batch in batches[:-1])
        for X, y, z, last in batches:
            assert torch.equal(-X, z.long())
            assert y.tolist() == [[2 * row, 2 * row + 1] for row in z.tolist()]
            assert torch.equal(last, num_rows - 1.0 - z.double())
        orders.append([row for _, _, z, _ in batches for row in z.tolist()])
        assert sorted(orders[-1]) == numbers.tolist()
        for part in sum(batches, []):
            part.zero_()  # a copy
    assert orders[0] == orders[1]
    assert (orders[1] != orders[2]) == (shuffle and num_rows > 0)
