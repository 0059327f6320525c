"""lab/run_d2l.py, on a page of our own in D2L's format."""

import run_d2l

PAGE = """# A page

```{.python .input  n=2}
%%tab mxnet
from d2l import mxnet as d2l
```

```{.python .input #a-page-1}
%%tab pytorch, jax
%matplotlib inline
import torch
from d2l import torch as d2l
```

```{.python .input}
#@tab all
data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 4, 4)
trainer = d2l.Trainer(max_epochs=9)
trainer.fit(d2l.LinearRegression(0.1), data)
assert trainer.epoch == 1 and not tab.selected('jax')
```

```{.python .input}
1 / 0
```
"""


def test_the_cells_of_pytorch_run_and_failures_are_printed(tmp_path, capsys):
    page = tmp_path / f"chapter_{run_d2l.CHAPTERS[0]}" / "page.md"
    page.parent.mkdir()
    page.write_text(PAGE)
    assert run_d2l.main(tmp_path) is True
    assert capsys.readouterr().out.splitlines() == [
        "page: 3 cells, 1 failed",
        "    cell 3: ZeroDivisionError: division by zero",
        "3 cells: 2 ran, 1 failed",
    ]
