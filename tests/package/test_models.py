"""Models and the optimizer against PyTorch's own."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l

W, B = torch.tensor([2, -3.4]), 4.2


def test_sgd_is_torch_s_sgd():
    torch.manual_seed(0)
    ours = [torch.randn(3, 2, requires_grad=True), torch.randn(2)]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    ours[1].requires_grad_()
    pairs = (
        (ours, d2l.SGD(ours, lr=0.3)),
        (theirs, torch.optim.SGD(theirs, lr=0.3)),
    )
    for _ in range(3):
        for (w, b), optimizer in pairs:
            optimizer.zero_grad()
            ((torch.ones(4, 3) @ w + b) ** 3).sum().backward()
            optimizer.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_sgd_takes_an_iterator_and_skips_parameters_without_gradient():
    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = d2l.SGD(iter([used, unused]), lr=1.0)
    used.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert used.tolist() == [0, 0] and unused.tolist() == [1, 1]
    assert used.grad.tolist() == [0, 0] and unused.grad is None


def fitted(model, epochs):
    torch.manual_seed(0)
    data = d2l.SyntheticRegressionData(W, B)
    trainer = d2l.Trainer(epochs)
    trainer.fit(model, data)
    return trainer, data


def test_scratch_regression_finds_least_squares():
    torch.manual_seed(0)
    model = d2l.LinearRegressionScratch(2, lr=0.03)
    _, data = fitted(model, epochs=30)
    ones = torch.ones(data.num_train, 1)
    design = torch.cat([data.X[: data.num_train], ones], dim=1)
    solution = torch.linalg.lstsq(design, data.y[: data.num_train]).solution
    found = torch.cat([model.w.reshape(-1), model.b])
    torch.testing.assert_close(found, solution[:, 0], atol=3e-3, rtol=0)


def test_remaining_error_is_the_predicted_one():
    """Each step leaves 1 - lr of the error: 5.4 % after 96 steps."""
    errors = []
    for seed in range(20):
        torch.manual_seed(seed)
        model = d2l.LinearRegressionScratch(2, lr=0.03)
        data = d2l.SyntheticRegressionData(W, B)
        d2l.Trainer(3).fit(model, data)
        left = W - model.w.detach().reshape(-1)
        errors.append(torch.cat([left / W, (B - model.b.detach()) / B]))
    mean = torch.stack(errors).mean(dim=0)
    expected = torch.full((3,), (1 - 0.03) ** 96)
    torch.testing.assert_close(mean, expected, atol=0.01, rtol=0)


def test_concise_regression_is_scratch_with_half_the_rate():
    """MSELoss has no factor 1/2, so its gradients are twice as long."""
    torch.manual_seed(0)
    scratch = d2l.LinearRegressionScratch(2, lr=0.03)
    concise = d2l.LinearRegression(lr=0.015)
    concise(torch.ones(1, 2))
    with torch.no_grad():
        concise.net.weight.copy_(scratch.w.T)
    for model in (scratch, concise):
        fitted(model, epochs=3)
    w, b = concise.get_w_b()
    torch.testing.assert_close(w, scratch.w.detach().T)
    torch.testing.assert_close(b, scratch.b.detach())


def test_lazy_initialization_is_kept():
    """2,000 inputs: PyTorch's default would be a fifth larger."""
    torch.manual_seed(0)
    model = d2l.LinearRegression(lr=0.03)
    model(torch.ones(1, 2000))
    w, b = model.get_w_b()
    assert w.mean().item() == pytest.approx(0, abs=0.001)
    assert type(model.net) is nn.Linear
    assert w.std().item() == pytest.approx(0.01, rel=0.05)
    assert w.abs().max() > 0.0224  # beyond the uniform default's bound
    assert b.item() == 0


def test_lazy_initialization_with_a_single_input():
    torch.manual_seed(0)
    models = [d2l.LinearRegression(lr=0.03) for _ in range(100)]
    outputs = torch.cat([model(torch.ones(1, 1)) for model in models])
    assert outputs.std().item() == pytest.approx(0.01, rel=0.3)


def test_scratch_weights_start_as_they_should():
    torch.manual_seed(0)
    for sigma in ({}, {"sigma": 0.01}, {"sigma": 3.0}):
        model = d2l.LinearRegressionScratch(2000, 0.1, **sigma)
        std = sigma.get("sigma", 0.01)
        assert model.w.std().item() == pytest.approx(std, rel=0.05)
        assert model.w.mean().item() == pytest.approx(0, abs=std / 10)
        assert model.b.item() == 0


def test_scratch_model_has_a_state_and_moves():
    model = d2l.LinearRegressionScratch(2, lr=0.03)
    assert list(model.state_dict()) == ["w", "b"]
    assert model.to("meta").w.is_meta


@pytest.mark.parametrize(
    "model", [d2l.LinearRegressionScratch(2, 0.1), d2l.LinearRegression(0.1)]
)
def test_loss_refuses_to_broadcast(model):
    with pytest.raises(ValueError, match=r"\(4, 1\).*\(4,\); reshape one"):
        model.loss(torch.ones(4, 1), torch.ones(4))
    with pytest.raises(ValueError, match=r"\(4, 1\).*\(2, 1\); they must be"):
        model.loss(torch.ones(4, 1), torch.ones(2, 1))


def test_squared_losses():
    y_hat, y = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [5.0]])
    assert d2l.LinearRegressionScratch(1, 0.1).loss(y_hat, y).item() == 1.25
    assert d2l.LinearRegression(0.1).loss(y_hat, y).item() == 2.5


def test_accuracy_on_four_rows():
    scores = torch.tensor([[3.0, 1, 2], [0, 5, 1], [9, 8, 7], [0, 1, 2]])
    labels = torch.tensor([0, 1, 2, 2])
    model = d2l.Classifier()
    assert model.accuracy(scores, labels).item() == 0.75
    assert model.accuracy(scores, labels, averaged=False).tolist() == [
        *(1, 1, 0, 1)
    ]
    assert model.accuracy(scores, labels.to(torch.uint8)).item() == 0.75


def test_accuracy_of_a_sequence_counts_every_position():
    scores = torch.eye(3).expand(2, 3, 3)
    labels = torch.tensor([[0, 1, 2], [0, 0, 0]])
    assert d2l.Classifier().accuracy(scores, labels).item() == pytest.approx(
        4 / 6
    )


@pytest.mark.parametrize("averaged", [True, False])
def test_loss_is_the_cross_entropy(averaged):
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 4) * 50, torch.randint(0, 4, (6,))
    expected = -F.log_softmax(logits, dim=1)[torch.arange(6), labels]
    if averaged:
        expected = expected.mean()
    actual = d2l.Classifier().loss(logits, labels, averaged=averaged)
    torch.testing.assert_close(actual, expected)


class Clothes(d2l.Classifier):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Flatten(), nn.LazyLinear(8), nn.BatchNorm1d(8), nn.Dropout()
        )


class Dots(d2l.DataModule):
    """Eight rows in batches of three."""

    def __init__(self):
        super().__init__()
        self.batch_size = 3
        torch.manual_seed(0)
        self.X, self.y = torch.randn(8, 2, 2), torch.arange(8)

    def get_dataloader(self, train):
        return self.get_tensorloader((self.X, self.y), train)


def test_validation_metrics_are_exact():
    model, data = Clothes(), Dots()
    history = d2l.Trainer(2).fit(model, data)
    model.eval()
    with torch.no_grad():
        scores = model(data.X)
    hits = (scores.argmax(dim=1) == data.y).float().mean().item()
    loss = F.cross_entropy(scores, data.y).item()
    assert history["val_acc"][-1] == pytest.approx(hits, abs=1e-7)
    assert history["val_loss"][-1] == pytest.approx(loss, rel=1e-6)


def test_models_with_two_inputs_are_validated():
    class Sum(d2l.Classifier):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.w = torch.ones(1, requires_grad=True)

        def forward(self, A, B):
            return self.w * (A + B)

    class Pairs(d2l.DataModule):
        def get_dataloader(self, train):
            return [(10 * torch.eye(2), -20 * torch.eye(2), torch.arange(2))]

    history = d2l.Trainer(1).fit(Sum(lr=0.0), Pairs())
    assert history["val_acc"] == [0]
    assert history["train_loss"] == history["val_loss"]
    assert history["val_loss"][0] == pytest.approx(10, abs=1e-3)


def test_layer_summary(capsys):
    model = Clothes()
    model.layer_summary((5, 2, 2))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        *("Flatten", "Linear", "BatchNorm1d", "Dropout")
    ]
    assert [line.split("shape: ")[1] for line in lines] == [
        "(5, 4)",
        "(5, 8)",
        "(5, 8)",
        "(5, 8)",
    ]
    assert model.training
    assert model.net[2].num_batches_tracked == 0


def test_layer_summary_leaves_modes_and_generator_alone():
    model = Clothes()
    model.layer_summary((5, 2, 2))
    model.net[2].eval()
    torch.manual_seed(0)
    with pytest.raises(RuntimeError):
        model.layer_summary((5, 3, 3))
    assert model.training and not model.net[2].training
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_layer_summary_follows_the_model_to_its_device(capsys):
    model = Clothes()
    model.layer_summary((5, 2, 2))
    model.to("meta").layer_summary((3, 2, 2))
    assert "(3, 8)" in capsys.readouterr().out


def test_layer_summary_follows_the_model_to_its_type(capsys):
    model = Clothes()
    model.layer_summary((5, 2, 2))
    model.double().layer_summary((3, 2, 2))
    assert "(3, 8)" in capsys.readouterr().out


def test_layer_summary_sends_whole_zeros_to_an_embedding(capsys):
    seen = []

    class Table(nn.Embedding):
        def forward(self, X):
            seen.append(X)
            return super().forward(X)

    model = d2l.Classifier()
    model.net = nn.Sequential(Table(9, 3), nn.Flatten(), nn.LazyLinear(2))
    model.layer_summary((4, 5))
    assert torch.equal(seen[0], torch.zeros(4, 5, dtype=torch.long))
    assert "(4, 2)" in capsys.readouterr().out


def test_layer_summary_of_one_layer(capsys):
    model = d2l.Classifier()
    model.net = nn.Linear(3, 2)
    model.layer_summary((4, 3))
    assert capsys.readouterr().out.split() == [
        *("Linear", "output", "shape:", "(4,", "2)")
    ]


def test_weights_are_there_after_they_were_loaded():
    torch.manual_seed(0)
    trained, fresh = d2l.LinearRegression(0.1), d2l.LinearRegression(0.1)
    trained(torch.ones(1, 3))
    fresh.load_state_dict(trained.state_dict())
    for ours, theirs in zip(fresh.get_w_b(), trained.get_w_b(), strict=True):
        assert torch.equal(ours, theirs)


LABELS = torch.tensor([[0, 1, 2], [3, 0, 1]])


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (6,), (6, 1)])
def test_labels_may_have_one_shape_or_be_flat(shape):
    scores, model = 9 * F.one_hot(LABELS).float(), d2l.Classifier()
    assert model.accuracy(scores, LABELS.reshape(shape)) == 1
    assert model.loss(scores, LABELS.reshape(shape)) < 0.01


@pytest.mark.parametrize("shape", [(3, 2), (1, 6), (2, 1, 3), (1, 2, 3)])
def test_labels_of_another_shape_are_not_paired(shape):
    scores, model = F.one_hot(LABELS).float(), d2l.Classifier()
    for method in (model.accuracy, model.loss):
        with pytest.raises(ValueError, match=r"need labels of shape \(2, 3\)"):
            method(scores, LABELS.reshape(shape))


def test_layer_summary_of_a_net_without_parameters(capsys):
    model = d2l.Classifier()
    model.net = nn.Sequential(nn.Flatten())
    model.layer_summary((5, 2, 2))
    assert "(5, 4)" in capsys.readouterr().out
