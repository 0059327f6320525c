"""Models and the optimizer: closed forms, and what is kept, built and shown.

That losses, accuracy and SGD are right for every shape, `test_properties` says;
what they refuse, `test_bad_input`.
"""

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


def fit(model, *batches):
    """Train and validate for an epoch on the same batches."""
    return d2l.Trainer(1).fit(model, Batches(lambda: batches))


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
    fit(model, (X, y))
    found = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    step = 0.5 * torch.cat([X.T @ error / 8, error.mean(dim=0, keepdim=True)])
    expected = torch.cat([w.reshape(-1), b]) - step.reshape(-1)
    torch.testing.assert_close(found, expected)


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


def test_weights_are_there_after_they_were_loaded():
    trained, fresh = d2l.LinearRegression(0.1), d2l.LinearRegression(0.1)
    trained(X)
    fresh.load_state_dict(trained.state_dict())
    for ours, theirs in zip(fresh.get_w_b(), trained.get_w_b(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_score_of_nan_has_no_accuracy():
    scores = SCORES.clone()
    scores[0, 1, 3] = torch.nan
    hits = d2l.Classifier().accuracy(scores, LABELS, averaged=False)
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
    history = fit(model, *batches)
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
