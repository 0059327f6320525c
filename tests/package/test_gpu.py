"""What only a GPU can show: the same numbers there, and data that move once."""

import pytest
import torch
from line_fit import Batches

import d2lmini as d2l
from d2lmini.support import devices

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
X = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


def fitted(num_gpus):
    """Return model, history, and where each batch was before and after."""
    torch.manual_seed(0)
    model, seen, y = d2l.Classifier(), set(), X.argmax(dim=1)
    model.board.display = False
    model.W, model.V = (w.requires_grad_() for w in torch.randn(2, 4, 4))
    model.forward = lambda X: torch.relu(X @ model.W) @ model.V.T
    model.configure_optimizers = lambda: torch.optim.Adam(model.parameters())
    data = Batches(lambda: d2l.TensorLoader((X, y), 16, shuffle=True))
    trainer = d2l.Trainer(3, num_gpus, gradient_clip_val=1)

    def prepare_batch(batch):
        ready = d2l.Trainer.prepare_batch(trainer, batch)
        seen.add((batch[0].device.type, ready[0].device.type))
        return ready

    trainer.prepare_batch = prepare_batch
    return model, trainer.fit(model, data), seen


def test_a_fit_on_the_gpu_is_that_on_the_cpu():
    here, means, seen = fitted(0)
    assert seen == {("cpu", "cpu")}
    there, history, seen = fitted(1)
    assert seen == {("cuda", "cuda")}  # all data were moved before
    assert history == {k: pytest.approx(v, rel=1e-3) for k, v in means.items()}
    for key, weights in there.named_parameters():
        assert weights.device == d2l.try_gpu() == torch.device("cuda", 0)
        expected = here.get_parameter(key)
        assert torch.allclose(weights.cpu(), expected, atol=1e-3)


def test_data_for_which_there_is_no_room_move_batch_by_batch(monkeypatch):
    assert devices.has_room(d2l.gpu(), 8)
    assert not devices.has_room(d2l.gpu(), 10**15)
    monkeypatch.setattr(devices, "has_room", lambda *_: False)
    assert fitted(1)[2] == {("cpu", "cuda")}


def test_figures_and_metrics_take_what_lies_there():
    far, board = X.to(d2l.gpu()), d2l.ProgressBoard(display=False)
    board.draw(far[0, 0], far[0, 1], "a")
    assert board.data["a"] == [tuple(X[0, :2].tolist())]
    assert d2l.Classifier().accuracy(far, far.argmax(dim=1)) == 1
    (axes,) = d2l.show_images([far], 1, 1)
    assert axes.images[0].get_array().shape == (50, 4)
    d2l.plt.close("all")
