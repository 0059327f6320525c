"""lab/run_d2l.py, on a page of our own in D2L's format."""

import run_d2l

CELLS = {
    "%%tab mxnet": "from d2l import mxnet as d2l",
    "%%tab pytorch, jax": "%matplotlib inline\nfrom d2l import torch as d2l",
    "#@tab all": "(trainer := d2l.Trainer(9)).prepare_data("
    "d2l.SyntheticRegressionData([1.0], 0))\nassert not tab.selected('jax')",
    "#@tab pytorch": "1 / (trainer.max_epochs - 2)",
}


def test_pytorch_s_cells_run_and_failures_are_printed(tmp_path, capsys):
    path = tmp_path / "chapter_preliminaries" / "page.md"
    path.parent.mkdir()
    fence = "```{{.python .input n=2}}\n{}\n{}\n```\n"
    path.write_text("".join(fence.format(*cell) for cell in CELLS.items()))
    assert run_d2l.main(tmp_path) is True
    error, total = capsys.readouterr().out.splitlines()
    assert error == "page, cell 3: ZeroDivisionError: division by zero"
    assert total == "2 cells ran, 1 failed"
