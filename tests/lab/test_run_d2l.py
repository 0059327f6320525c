"""lab/run_d2l.py, on a book of our own in D2L's two formats."""

import subprocess
import sys
from pathlib import Path

import run_d2l

TOOL = Path(run_d2l.__file__)
BOOK = """# A page

```{.python .input}
%load_ext d2lbook.tab
tab.interact_select('mxnet', 'pytorch')
```

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
class Model(d2l.LinearRegression):
    if tab.selected('jax'):
        wrong
    if tab.selected('pytorch', 'jax'):
        right = True
assert Model.right
```

```{.python .input}
trainer = d2l.Trainer(max_epochs=9)
data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 4, 4)
trainer.fit(Model(0.1), data)
assert trainer.epoch == 0
```

```{.python}
not a cell
```

```{.python .input}
%%tab pytorch
1 / 0
```

```{.python .input}
%%tab pytorch
import urllib.error
try:
    raise urllib.error.URLError("no network")
except OSError as error:
    raise OSError("could not be fetched") from error
rows = []
```

```{.python .input}
table = rows
```

```{.python .input}
table + unknown
```
"""


def book(folder):
    for chapter in run_d2l.CHAPTERS:
        place = folder / f"chapter_{chapter}"
        place.mkdir(parents=True)
        names = "page" if chapter == "preliminaries" else ""
        (place / "index.md").write_text(f"```toc\n:maxdepth: 2\n\n{names}\n```")
    (folder / "chapter_preliminaries/page.md").write_text(BOOK)


def test_cells_are_those_of_pytorch():
    found = run_d2l.cells(BOOK)
    assert len(found) == 7
    assert found[0].startswith("# %matplotlib inline\nimport torch\n")


def test_a_clone_and_a_bare_directory_are_run_cell_by_cell(tmp_path):
    clone, bare = tmp_path / "clone", tmp_path / "bare.git"
    book(clone)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *command], cwd=clone, check=True)
    subprocess.run([*git, "clone", "-q", "--bare", clone, bare], check=True)
    pages = [*run_d2l.notebooks(clone)]
    assert pages == [*run_d2l.notebooks(bare)]
    assert [path for path, _ in pages] == ["chapter_preliminaries/page.md"]
    done = subprocess.run(
        [sys.executable, TOOL, bare, "--epochs", "1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        "chapter_preliminaries/page.md: 7 cells, 4 failed",
        "    cell 4: ZeroDivisionError: division by zero",
        "    cell 5: needs the network: OSError: could not be fetched",
        "    cell 6: needs the network: NameError: name 'rows' is not defined",
        "    cell 7: needs the network: NameError: name 'table' is not defined",
        "7 cells: 3 ran, 3 need the network, 1 failed otherwise",
    ]
